//! What an analyser is, to whoever runs it.

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use crate::media::{AudioBlock, Timestamp, VideoFrame};

/// What an analyser is fed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wants {
    /// How many pictures per second it needs; 0 where it needs none. It may get fewer on a rig that is busy.
    pub pictures_per_second: u32,
    /// Whether it hears every block of sound.
    pub sound: bool,
}

/// Something that looks at program or listens to it.
pub trait Analyser: Send {
    /// What its findings, stamps and clearances are called by. Unique in a registry.
    fn name(&self) -> &'static str;

    /// What it is fed with; always the same.
    fn wants(&self) -> Wants;

    /// Looks at a picture; adds what it has to say to `found`. Gives the PTS up to which it is done with pictures: that
    /// of this one, an earlier one where it needs to see more first, none where it is done with nothing yet.
    fn look(&mut self, _frame: &VideoFrame, _found: &mut Vec<Finding>) -> Option<Timestamp> {
        None
    }

    /// What was lost has left, says an operator.
    fn release(&mut self) {}

    /// Whether it hears nothing now, so that what it was given is not what it has heard.
    fn is_deaf(&self) -> bool {
        false
    }

    /// Listens to a block of sound, likewise.
    fn listen(&mut self, _block: &AudioBlock, _found: &mut Vec<Finding>) -> Option<Timestamp> {
        None
    }
}
