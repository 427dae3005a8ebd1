//! Where stream keys and passwords come from: the text itself, the environment, or a file beside the scene.
//!
//! The errors say which variable or file is meant, and never what is in it.

use std::path::PathBuf;

use super::raw::RawSecret;
use crate::secret::Secret;

/// The value of `secret`, with the line end of its file taken off. `environment` looks up variables; `read` finds a file by
/// its path as written, and gives its content.
///
/// # Errors
/// Why it cannot be had, in words.
pub(super) fn resolve(
    secret: RawSecret,
    environment: &dyn Fn(&str) -> Option<String>,
    read: impl FnOnce(&str) -> (PathBuf, Result<Vec<u8>, String>),
) -> Result<Secret, String> {
    let (found, from) = match secret {
        RawSecret::Text(secret) => (secret.expose().to_owned(), "the text".to_owned()),
        RawSecret::Environment(name) => {
            let from = format!("environment variable {name}");
            let found = environment(&name).ok_or_else(|| format!("{from} is not set"))?;
            (found, from)
        }
        RawSecret::File(written) => {
            let (path, bytes) = read(&written);
            let from = format!("file {}", path.display());
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "not text".to_owned()));
            (text.map_err(|reason| format!("{from}: {reason}"))?, from)
        }
    };
    match found.trim_end_matches(['\r', '\n']) {
        "" => Err(format!("{from} is empty")),
        found => Ok(Secret::new(found)),
    }
}
