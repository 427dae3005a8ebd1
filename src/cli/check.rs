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
    let warnings = match found.len() {
        0 => "nothing wrong".to_owned(),
        1 => "1 warning".to_owned(),
        count => format!("{count} warnings"),
    };
    say(&format!("{} checked, {warnings}", files.len()));
    exit::OK
}
