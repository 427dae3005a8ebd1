//! What this rig has that could be a source, and what it has not, with the reason: for `rigcast probe` and for choosing on screen.

use serde::{Deserialize, Serialize};

use super::{camera, microphone, pipe, rtmp, screen};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// What is here.
    pub found: Vec<Found>,
    /// What is not.
    pub absent: Vec<Absent>,
}

/// Something that can be made a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The kind of source, as the scene file calls it.
    pub kind: String,
    /// A name for the source: short, in small letters, without spaces.
    pub name: String,
    /// What people call the device.
    pub title: String,
    /// Formats, sizes, channels: what is worth knowing before it is chosen.
    pub details: Vec<String>,
    /// The lines under `[source.NAME]` that make it a source, in TOML; `kind` is the first.
    pub scene: String,
    /// Whether it is the one that the system would choose.
    pub is_default: bool,
}

/// A kind of source that this rig does not have now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absent {
    /// The kind of source, as the scene file calls it, and of which system where there are several (`microphone (alsa)`).
    pub kind: String,
    /// Why it is not here, and what would change that.
    pub reason: String,
}

impl Inventory {
    /// Notes that something is here.
    pub fn has(&mut self, found: Found) {
        self.found.push(found);
    }

    /// Notes that a kind is not here.
    pub fn lacks(&mut self, kind: &str, reason: impl Into<String>) {
        self.absent.push(Absent {
            kind: kind.to_owned(),
            reason: reason.into(),
        });
    }
}

/// Looks around. Opens nothing that would disturb who uses it, and takes two seconds at most: servers that do not answer count as
/// absent.
#[must_use]
pub fn look_around() -> Inventory {
    let mut inventory = Inventory::default();
    camera::look(&mut inventory);
    screen::look(&mut inventory);
    microphone::look(&mut inventory);
    rtmp::look(&mut inventory);
    pipe::look(&mut inventory);
    inventory
}
