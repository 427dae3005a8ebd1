//! Where the control socket of a session lies, and that only one studio has it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;
use tokio::net::UnixListener;

/// Why a session's socket cannot be had.
#[derive(Debug, Error)]
pub enum SocketError {
    /// The name cannot be a file's name.
    #[error("'{0}' cannot name a session: letters, digits, '-', '_' and '.' only, at most 64 of them, no leading dot")]
    Name(String),
    /// Another studio of that name runs.
    #[error("a studio named '{name}' is already running; join it with: rigcast attach --name {name}")]
    Taken {
        /// The session.
        name: String,
    },
    /// The folder is not ours alone.
    #[error("{path}: the folder belongs to somebody else; refusing to put a control socket there")]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// The file system says no.
    #[error("{path}: {error}")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Accepts names that are safe as file names.
///
/// # Errors
/// [`SocketError::Name`].
pub fn check_name(name: &str) -> Result<(), SocketError> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.chars().all(is_safe) {
        return Err(SocketError::Name(name.to_owned()));
    }
    Ok(())
}

/// The folder of all sessions of this user: `$XDG_RUNTIME_DIR/rigcast`, else one in the temp directory that carries the
/// user's number.
#[must_use]
pub fn folder() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| Path::new(dir).is_dir()) {
        Some(dir) => PathBuf::from(dir).join("rigcast"),
        None => std::env::temp_dir().join(format!("rigcast-{}", rustix::process::getuid().as_raw())),
    }
}

/// The socket of session `name`.
#[must_use]
pub fn path_of(name: &str) -> PathBuf {
    folder().join(format!("{name}.sock"))
}

/// A session's socket while its studio holds it. Dropping it removes the file.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    /// Holds the lock for as long as the process lives, whatever kills it.
    _lock: File,
}

impl Claim {
    /// Where clients connect.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Best effort: a socket that stays is cleaned at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// Takes the session's socket: a lock decides who has it, so that a socket left by a killed studio is simply replaced.
///
/// # Errors
/// [`SocketError`], [`SocketError::Taken`] where a studio of that name runs.
pub fn claim(name: &str) -> Result<(Claim, UnixListener), SocketError> {
    check_name(name)?;
    let folder = folder();
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| SocketError::Io { path, error }
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(io(&folder))?;
    let owner = fs::symlink_metadata(&folder).map_err(io(&folder))?;
    if !owner.is_dir() || owner.uid() != rustix::process::getuid().as_raw() {
        return Err(SocketError::Foreign { path: folder });
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).map_err(io(&folder))?;

    let lock_path = folder.join(format!("{name}.lock"));
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&lock_path);
    let lock = lock.map_err(io(&lock_path))?;
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| SocketError::Taken { name: name.to_owned() })?;

    let path = path_of(name);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(&path)(error)),
        _ => {}
    }
    let listener = UnixListener::bind(&path).map_err(io(&path))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(io(&path))?;
    Ok((Claim { path, _lock: lock }, listener))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_file_names() {
        for name in ["studio", "show-2", "a.b_c"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "../x", ".hidden", "a/b", "a b", "ä", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
