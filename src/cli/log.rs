//! Where a studio writes what happens: standard error, or a file for one in the background.

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

use crate::studio::runtime;

/// Where a background studio logs: `$XDG_STATE_HOME/rigcast/NAME.log`.
pub fn path(name: &str) -> PathBuf {
    runtime::state_folder().join(format!("{name}.log"))
}

/// Starts the log of the studio named `name`; `RIGCAST_LOG` says how much of it.
///
/// # Errors
/// The file cannot be opened.
pub fn start(name: &str, is_background: bool) -> io::Result<()> {
    let filter = EnvFilter::try_from_env("RIGCAST_LOG").unwrap_or_else(|_| EnvFilter::new("info,retina=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .log_internal_errors(false);
    if is_background {
        let path = path(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        builder
            .with_ansi(false)
            .with_writer(Mutex::new(BestEffort(file)))
            .init();
    } else {
        builder
            .with_ansi(io::stderr().is_terminal())
            .with_writer(|| BestEffort(io::stderr()))
            .init();
    }
    Ok(())
}

/// Writes where it can. A terminal that is gone or a disk that is full costs lines of the log, never the show.
struct BestEffort<W>(W);

impl<W: Write> Write for BestEffort<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // `write_all` gives up at the first error, and so do we: the rest of this line is lost.
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}
