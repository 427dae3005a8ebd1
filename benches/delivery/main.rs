//! What delivery costs, each part as a share of a core or beside the plainest thing that could be done instead.
//!
//! `cargo bench --bench delivery -- packetise` runs one part.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod packetise;
mod record;
mod relay;

const PARTS: [(&str, fn()); 3] = [
    ("packetise", packetise::run),
    ("record", record::run),
    ("relay", relay::run),
];

fn main() {
    let words = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect::<Vec<_>>();
    for (name, run) in PARTS {
        if words.is_empty() || words.iter().any(|word| word == name) {
            run();
        }
    }
}
