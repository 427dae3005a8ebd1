//! `rigcast check`: every error of scene files and presets, with its place.

use std::path::PathBuf;

use super::{complain, exit, say};
use crate::scene;

/// Checks `files`; starts nothing.
pub fn run(files: &[PathBuf]) -> u8 {
    let mut is_good = true;
    for file in files {
        match scene::check(file, &|key| std::env::var(key).ok()) {
            Ok(warnings) => {
                for warning in &warnings {
                    complain(&warning.to_string());
                }
                say(&format!("{}: good", file.display()));
            }
            Err(errors) => {
                is_good = false;
                complain(&errors.to_string());
            }
        }
    }
    if is_good { exit::OK } else { exit::REFUSED }
}
