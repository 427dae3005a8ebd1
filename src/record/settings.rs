//! How a recording is to be made, as a scene file or a command says it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::media::TimeDelta;

/// What is left free on the disk unless said otherwise: the system and its logs live there too.
pub const KEEP_FREE_BYTES: u64 = 1 << 30;

/// How a recording is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordSettings {
    /// Where to: a file, with `{name}`, `{date}`, `{time}` and `{part}` filled in for each part. Its folder must be there:
    /// none is made, so that nothing lands in the place where a disk should have been mounted.
    pub path: PathBuf,
    /// Where to go on when that place fails, in the same form.
    pub fallback: Option<PathBuf>,
    /// What `{name}` stands for: the name of the session.
    pub name: String,
    /// A part is ended before it grows beyond this.
    pub split_bytes: Option<u64>,
    /// A part is ended at the first IDR after this long.
    pub split_every: Option<TimeDelta>,
    /// Recording stops rather than leave less than this free. At twice as much it warns.
    pub keep_free_bytes: u64,
    /// Whether each strip of the mixer is recorded as a track of its own, beside the program. Up to who offers the packets.
    pub has_strip_tracks: bool,
}

impl Default for RecordSettings {
    fn default() -> Self {
        Self {
            path: PathBuf::from("{name}-{date}-{time}.mp4"),
            fallback: None,
            name: "main".to_owned(),
            split_bytes: None,
            split_every: None,
            keep_free_bytes: KEEP_FREE_BYTES,
            has_strip_tracks: false,
        }
    }
}
