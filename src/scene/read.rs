//! Files of scenes, within bounds.

use std::io::Read;
use std::path::Path;

/// No scene file of a person is longer; a device or a film that was named by mistake is.
const LARGEST_FILE: u64 = 1 << 20;

/// The content of a file, unless it is longer than any scene file or secret would be.
pub(super) fn read_limited(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| no_file(&error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err("is a folder, not a file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| no_file(&error))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!("longer than {} KiB: not a scene file", LARGEST_FILE >> 10));
    }
    Ok(bytes)
}

/// Why there is no such text, in words.
pub(super) fn no_file(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
