//! `rigcast check`: every error of scene files and presets, with its place.

use std::path::PathBuf;

use super::{complain, exit, say};
use crate::scene;

/// Checks `files`; starts nothing.
pub fn run(files: &[PathBuf]) -> u8 {
    let found = scene::check(files, &|key| std::env::var(key).ok());
    for diagnostic in &found {
        complain(&diagnostic.to_string());
    }
    let errors = found.iter().filter(|diagnostic| diagnostic.is_error()).count();
    if errors > 0 {
        return exit::REFUSED;
    }
    say(&format!("{} checked, nothing wrong", files.len()));
    exit::OK
}
