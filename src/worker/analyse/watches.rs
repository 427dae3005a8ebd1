//! The analysers of today: black, frozen and silent program.

use super::analyser::{Analyser, Wants};
use super::finding::{Condition, Finding, Opening};
use crate::media::{AudioBlock, TimeDelta, Timestamp, Turn, VideoFrame};
use crate::picture::{BlackWatch, FrozenWatch};
use crate::sound::SilenceWatch;

/// How often black and frozen are looked for: what lasts seconds is found to a fifth of one.
const LOOKS_PER_SECOND: u32 = 5;

/// Tells black program.
pub(super) struct Black(BlackWatch);

/// Tells program that does not move.
pub(super) struct Frozen(FrozenWatch);

/// Tells program without sound.
pub(super) struct Silence(SilenceWatch);

impl Black {
    /// As `opening` asks for it, if it does.
    pub fn boxed(opening: &Opening) -> Option<Box<dyn Analyser>> {
        let watch = BlackWatch::new(wanted(opening.settings.black)?);
        Some(Box::new(Self(match since(opening, Condition::Black) {
            Some(since) => watch.resume(since),
            None => watch,
        })))
    }
}

impl Frozen {
    /// As `opening` asks for it, if it does.
    pub fn boxed(opening: &Opening) -> Option<Box<dyn Analyser>> {
        let watch = FrozenWatch::new(wanted(opening.settings.frozen)?);
        Some(Box::new(Self(match since(opening, Condition::Frozen) {
            Some(since) => watch.resume(since),
            None => watch,
        })))
    }
}

impl Silence {
    /// As `opening` asks for it, if it does.
    pub fn boxed(opening: &Opening) -> Option<Box<dyn Analyser>> {
        let watch = SilenceWatch::new(wanted(opening.settings.silence)?);
        Some(Box::new(Self(match since(opening, Condition::Silent) {
            Some(since) => watch.resume(since),
            None => watch,
        })))
    }
}

fn wanted(needed: TimeDelta) -> Option<TimeDelta> {
    (needed > TimeDelta::ZERO).then_some(needed)
}

fn since(opening: &Opening, condition: Condition) -> Option<Timestamp> {
    let told = opening.told.iter().find(|told| told.condition == condition);
    told.map(|told| told.since)
}

fn program(condition: Condition, turn: Option<Turn>) -> Option<Finding> {
    turn.map(|turn| Finding::Program { condition, turn })
}

impl Analyser for Black {
    fn name(&self) -> &'static str {
        "black"
    }

    fn wants(&self) -> Wants {
        Wants {
            pictures_per_second: LOOKS_PER_SECOND,
            sound: false,
        }
    }

    fn look(&mut self, frame: &VideoFrame, found: &mut Vec<Finding>) -> Option<Timestamp> {
        found.extend(program(Condition::Black, self.0.look(frame)));
        Some(frame.pts)
    }
}

impl Analyser for Frozen {
    fn name(&self) -> &'static str {
        "frozen"
    }

    fn wants(&self) -> Wants {
        Wants {
            pictures_per_second: LOOKS_PER_SECOND,
            sound: false,
        }
    }

    fn look(&mut self, frame: &VideoFrame, found: &mut Vec<Finding>) -> Option<Timestamp> {
        found.extend(program(Condition::Frozen, self.0.look(frame)));
        Some(frame.pts)
    }
}

impl Analyser for Silence {
    fn name(&self) -> &'static str {
        "silence"
    }

    fn wants(&self) -> Wants {
        Wants {
            pictures_per_second: 0,
            sound: true,
        }
    }

    fn listen(&mut self, block: &AudioBlock, found: &mut Vec<Finding>) -> Option<Timestamp> {
        found.extend(program(Condition::Silent, self.0.listen(block)));
        Some(block.pts)
    }
}
