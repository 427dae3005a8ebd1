//! Where stream keys and passwords come from: the text itself, the environment, or a file beside the scene.
//!
//! The errors say which variable or file is meant, and never what is in it.

use super::check::Check;
use super::raw::RawSecret;
use crate::secret::Secret;

/// The value of the secret at `key`, with the line end of its file taken off. `None` where it cannot be had.
pub(super) fn resolve(check: &mut Check<'_>, key: &str, secret: RawSecret) -> Option<Secret> {
    let (found, from) = match secret {
        RawSecret::Text(secret) => (Some(secret.expose().to_owned()), "the text".to_owned()),
        RawSecret::Environment(name) => {
            let found = (check.environment)(&name);
            let from = format!("environment variable {name}");
            if found.is_none() {
                check.missing_here(key, format!("{from} is not set"));
            }
            (found, from)
        }
        RawSecret::File(written) => {
            let path = check
                .layers
                .resolve(&check.layers.places.of(key, &check.whole), &written);
            let from = format!("file {}", path.display());
            let read = check.layers.shelf.read(&path);
            match read.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "not text".to_owned())) {
                Ok(text) => (Some(text), from),
                Err(reason) => {
                    check.missing_here(key, format!("{from}: {reason}"));
                    (None, from)
                }
            }
        }
    };
    let found = found?;
    let found = found.trim_end_matches(['\r', '\n']);
    if found.is_empty() {
        check.missing_here(key, format!("{from} is empty"));
        return None;
    }
    Some(Secret::new(found))
}
