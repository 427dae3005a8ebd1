//! Analysis as the studio sees it: items go in, findings and stamps come out, and a worker that dies is none of its business.

use std::sync::Arc;

use super::analyser::Wants;
use super::finding::{Finding, Opening, Stamp, Told};
use super::message::{self, Head, Picture, Reply};
use super::settings::AnalysisSettings;
use crate::clock::Clock;
use crate::media::{AudioBlock, Timestamp, TrackKind, Turn, VideoFrame};
use crate::worker::arena::Arena;
use crate::worker::crew::{Crew, Parts, Reporter};
use crate::worker::spawn::Program;

/// Analyses in a worker process. What a lost worker had told goes on with the next one: it is not told twice, and its end
/// is told. What was shown while there was none is seen by nobody, and so no stamp covers it.
#[derive(Debug)]
pub struct RemoteAnalysis {
    crew: Crew,
    arena: Arc<Arena>,
    wants: Wants,
    told: Vec<Told>,
    /// The PTS of the newest picture and of the newest block that were sent: nobody can have seen more.
    sent: [Option<Timestamp>; 2],
}

impl RemoteAnalysis {
    /// Starts the worker and waits until it is ready. `arena` is where pictures are expected; others are copied into it.
    ///
    /// # Errors
    /// Why no worker comes up, in words.
    pub fn open(
        settings: AnalysisSettings,
        program: Program,
        arena: Arc<Arena>,
        clock: Clock,
        report: Reporter,
    ) -> Result<Self, String> {
        let opening = Opening {
            settings,
            told: Vec::new(),
        };
        let parts = Parts {
            program,
            role: "analyse",
            arena: Arc::clone(&arena),
            clock,
            // Findings can wait for the time that a new one takes, and models will be large.
            has_spare: false,
            report,
        };
        let (crew, wants) = Crew::open(parts, &opening).map_err(|loss| loss.to_string())?;
        Ok(Self {
            crew,
            arena,
            wants,
            told: Vec::new(),
            sent: [None; 2],
        })
    }

    /// What it is to be fed with.
    #[must_use]
    pub fn wants(&self) -> Wants {
        self.wants
    }

    /// Lets a worker look and listen, and waits for what it has to say. `None` where nobody answered, which has been
    /// reported; these items are lost then.
    pub fn ask(&mut self, frame: Option<&VideoFrame>, blocks: &[AudioBlock]) -> Option<Reply> {
        // Held until the worker has answered or is gone: nobody draws on what it reads.
        let settled = frame.and_then(|frame| self.arena.settle(frame));
        let picture = settled.as_ref().map(|(frame, slot)| Picture {
            slot: *slot,
            pts: frame.pts,
        });
        let told = &self.told;
        let build = |is_new: bool, payload: &mut Vec<u8>| {
            let told = is_new.then(|| told.clone());
            message::encode(&Head { told, picture }, blocks, payload);
            message::ITEMS
        };
        let read = |answer| message::reply(&answer).map_err(|error| error.to_string());
        let [pictures, sound] = &mut self.sent;
        *pictures = picture.map(|picture| picture.pts).max(*pictures);
        *sound = blocks.last().map(|block| block.pts).max(*sound);
        let mut reply = self.crew.ask(build, read).ok()?;
        for finding in &reply.findings {
            remember(&mut self.told, finding);
        }
        reply.stamps.retain_mut(|stamp| is_honest(stamp, self.sent));
        Some(reply)
    }
}

/// Keeps what has been told and goes on.
fn remember(told: &mut Vec<Told>, finding: &Finding) {
    let Finding::Program { condition, turn } = *finding else {
        return;
    };
    told.retain(|told| told.condition != condition);
    if let Turn::Began { since } = turn {
        told.push(Told { condition, since });
    }
}

/// Whether a stamp can be true, cut down to what was sent: a worker that has gone wrong must not clear the future.
fn is_honest(stamp: &mut Stamp, [pictures, sound]: [Option<Timestamp>; 2]) -> bool {
    let sent = match stamp.track {
        TrackKind::Video => pictures,
        TrackKind::Audio => sound,
    };
    let Some(sent) = sent else { return false };
    stamp.until = stamp.until.min(sent);
    stamp.from <= stamp.until
}

#[cfg(test)]
mod tests {
    use super::super::Condition;
    use super::*;

    fn ms(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn what_is_told_is_remembered_until_it_ends() {
        let program = |condition, turn| Finding::Program { condition, turn };
        let mut told = Vec::new();
        remember(&mut told, &program(Condition::Black, Turn::Began { since: ms(10) }));
        remember(&mut told, &program(Condition::Silent, Turn::Began { since: ms(20) }));
        let since = |told: &[Told]| told.iter().map(|told| told.since.to_millis()).collect::<Vec<_>>();
        assert_eq!(since(&told), [10, 20]);
        let ended = Turn::Ended {
            since: ms(10),
            until: ms(30),
        };
        remember(&mut told, &program(Condition::Black, ended));
        assert_eq!(since(&told), [20]);
    }

    #[test]
    fn a_stamp_for_what_was_not_sent_is_cut_down_or_refused() {
        let stamp = |track, from, until| Stamp {
            analyser: "faces".to_owned(),
            track,
            from: ms(from),
            until: ms(until),
        };
        let sent = [Some(ms(100)), None];
        for (mut stamp, expected) in [
            (stamp(TrackKind::Video, 0, 50), Some(50)),
            (stamp(TrackKind::Video, 0, 5000), Some(100)),
            (stamp(TrackKind::Video, 200, 5000), None),
            (stamp(TrackKind::Audio, 0, 50), None),
        ] {
            let kept = is_honest(&mut stamp, sent).then_some(stamp.until.to_millis());
            assert_eq!(kept, expected, "{stamp:?}");
        }
    }
}
