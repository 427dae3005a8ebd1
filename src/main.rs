//! The one binary: studio, clients and workers alike.

use std::process::ExitCode;

fn main() -> ExitCode {
    rigcast::cli::main()
}
