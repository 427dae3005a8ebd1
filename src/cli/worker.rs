//! `rigcast worker`: what a studio starts to do what may crash.

use std::io::IsTerminal;

use super::{WorkerRole, complain, exit};
use crate::worker::{self, Role};

/// Serves the studio that has started this process.
pub fn run(role: WorkerRole) -> u8 {
    if std::io::stdin().is_terminal() {
        complain("a worker is started by its studio, which is what it talks to; start a studio with: rigcast studio");
        return exit::USAGE;
    }
    let role = match role {
        WorkerRole::Encode => Role::Encode,
        WorkerRole::Analyse => Role::Analyse,
    };
    match worker::serve(role) {
        Ok(()) => exit::OK,
        Err(error) => {
            complain(&error.to_string());
            exit::REFUSED
        }
    }
}
