//! What delivery costs, each part as a share of a core or beside the plainest thing that could be done instead.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod record;

fn main() {
    record::run();
}
