//! `rigcast mend`: recordings that were cut off later, by a copy that broke off say, made whole up to their last fragment.

use std::path::PathBuf;

use super::{complain, exit, say};
use crate::record;

/// Mends `files`, each by itself.
pub fn run(files: &[PathBuf]) -> u8 {
    let mut code = exit::OK;
    for file in files {
        match record::mend(file) {
            Ok(mended) => {
                let what = match mended.cut_bytes {
                    0 => "is whole".to_owned(),
                    bytes => format!("{bytes} torn bytes cut off its end"),
                };
                let seconds = mended.duration.as_secs_f64();
                say(&format!(
                    "{}: {what}; {} fragments, {seconds:.1} s",
                    file.display(),
                    mended.fragments
                ));
            }
            Err(error) => {
                complain(&error.to_string());
                code = exit::REFUSED;
            }
        }
    }
    code
}
