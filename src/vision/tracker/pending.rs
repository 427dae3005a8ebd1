//! Pictures whose verdicts wait for what the next pictures tell of them.

use super::super::face::{CoverReason, FaceBox, FaceVerdict, Sight, TrackedFace};
use super::motion::hull;
use crate::media::Timestamp;

/// What is known so far of one picture.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub number: u64,
    pub pts: Timestamp,
    pub faces: Vec<TrackedFace>,
    /// Tracks that ask for a cover here.
    pub lost: Vec<u32>,
    pub is_cut: bool,
    /// Whether no whole turn was done yet when this picture came.
    pub is_not_seen: bool,
}

impl Pending {
    /// What `track` has in this picture.
    pub(super) fn of(&mut self, track: u32) -> Option<&mut TrackedFace> {
        self.faces.iter_mut().find(|face| face.track == track)
    }

    /// Says that `track` is here: what was said of it before stays hidden as well.
    pub(super) fn add(&mut self, track: u32, face: FaceBox, sight: Sight) {
        match self.of(track) {
            Some(known) if known.sight != Sight::Seen => {
                known.face = hull(known.face, face);
                known.sight = sight;
            }
            Some(_) => {}
            None => self.faces.push(TrackedFace { track, face, sight }),
        }
    }

    /// Says that `track` is not, and never was.
    pub(super) fn forget(&mut self, track: u32) {
        self.faces.retain(|face| face.track != track);
        self.lost.retain(|lost| *lost != track);
    }

    /// The final word.
    pub(super) fn verdict(mut self) -> FaceVerdict {
        self.faces.sort_by_key(|face| face.track);
        let lost = self.lost.first().map(|track| CoverReason::Lost { track: *track });
        FaceVerdict {
            pts: self.pts,
            faces: self.faces,
            cover: lost.or(self.is_not_seen.then_some(CoverReason::NotSeen)),
            is_cut: self.is_cut,
        }
    }
}
