//! Mending a recording that was cut off: it is shortened to its last whole fragment.
//!
//! A crash needs none of it: the recorder sees to that. But a file that was cut off later, by a copy that broke off say, may end
//! inside the index of a fragment (a thousandth of the bytes at usual bitrates). ffmpeg and the players built on it refuse
//! the whole file then, their own recordings alike, unless told to read on (`-fflags +ignidx`).

use std::fs::OpenOptions;
use std::path::Path;

use super::error::RecordError;
use crate::media::TimeDelta;
use crate::wire::fmp4::{self, ReadError};

/// What mending found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mended {
    /// Whole fragments in the file.
    pub fragments: usize,
    /// How much show they hold.
    pub duration: TimeDelta,
    /// Torn bytes that were cut off its end; 0 for a file that was whole.
    pub cut_bytes: u64,
}

/// Cuts the torn end off the recording at `path`. A whole one is left as it is. Not for one that is still being written.
///
/// # Errors
/// If the file cannot be opened or changed, or is no recording.
pub fn mend(path: &Path) -> Result<Mended, RecordError> {
    let failed = |source| RecordError::Mend {
        path: path.to_owned(),
        source,
    };
    let at = |position| move |source| failed(ReadError::Io { position, source });
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(at(0))?;
    let listing = fmp4::read(&mut file).map_err(failed)?;
    if listing.whole_bytes < listing.length {
        let shortened = file.set_len(listing.whole_bytes).and_then(|()| file.sync_all());
        shortened.map_err(at(listing.whole_bytes))?;
    }
    let runs = listing.fragments.iter().flat_map(|fragment| &fragment.runs);
    let end = runs.map(|run| run.start + run.duration).max();
    Ok(Mended {
        fragments: listing.fragments.len(),
        duration: end.unwrap_or(TimeDelta::ZERO),
        cut_bytes: listing.length - listing.whole_bytes,
    })
}
