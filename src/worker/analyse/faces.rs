//! The analyser that faces are hidden by: every picture of program through a [`FaceFinder`], a verdict for each.

use super::analyser::{Analyser, Wants};
use super::finding::{Finding, Opening};
use crate::media::{Timestamp, VideoFrame};
use crate::vision::{FaceFinder, FaceVerdict};

/// Finds faces.
pub(super) struct Faces {
    finder: FaceFinder,
    pictures_per_second: u32,
    verdicts: Vec<FaceVerdict>,
}

impl Faces {
    /// As `opening` asks for it, if it does. What the worker before this one knew at last goes on being followed.
    pub fn boxed(opening: &Opening) -> Option<Box<dyn Analyser>> {
        let settings = opening.settings.faces?;
        let mut finder = FaceFinder::new(settings);
        if let Some(known) = &opening.faces {
            finder.resume(&known.verdict, known.next_track);
        }
        let rate = settings.frame_rate;
        Some(Box::new(Self {
            finder,
            pictures_per_second: rate.num.div_ceil(rate.den.max(1)),
            verdicts: Vec::new(),
        }))
    }
}

impl Analyser for Faces {
    fn name(&self) -> &'static str {
        "faces"
    }

    fn wants(&self) -> Wants {
        Wants {
            pictures_per_second: self.pictures_per_second,
            sound: false,
        }
    }

    fn look(&mut self, frame: &VideoFrame, found: &mut Vec<Finding>) -> Option<Timestamp> {
        self.finder.look(frame, &mut self.verdicts);
        let until = self.verdicts.last().map(|verdict| verdict.pts);
        found.extend(self.verdicts.drain(..).map(Finding::Faces));
        until
    }

    fn release(&mut self) {
        self.finder.release();
    }
}
