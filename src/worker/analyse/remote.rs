//! Analysis as the studio sees it: items go in, findings and stamps come out, and a worker that dies is none of its business.

use std::collections::VecDeque;
use std::sync::Arc;

use super::analyser::Wants;
use super::finding::{Finding, KnownFaces, Opening, Stamp, Told};
use super::message::{self, Head, Picture, Reply};
use super::settings::AnalysisSettings;
use crate::clock::Clock;
use crate::media::{AudioBlock, Timestamp, TrackKind, Turn, VideoFrame};
use crate::worker::arena::Arena;
use crate::worker::crew::{Crew, Parts, Reporter};
use crate::worker::spawn::Program;

/// Pictures that may be without a verdict: more than a finder looks ahead.
const VERDICTS_OPEN: usize = 64;

/// Analyses in a worker process. What a lost worker had told goes on with the next one: it is not told twice, and its end
/// is told. What was shown while there was none is seen by nobody, and so no stamp covers it.
#[derive(Debug)]
pub struct RemoteAnalysis {
    crew: Crew,
    arena: Arc<Arena>,
    wants: Wants,
    /// What the worker is to do, and what it knows: for the next one.
    opening: Opening,
    /// Whether the worker has not been told yet what it is to do now.
    is_changed: bool,
    /// The PTS of the newest picture and of the newest block that were sent: nobody can have seen more.
    sent: [Option<Timestamp>; 2],
    /// Those of the pictures that have no verdict yet, oldest first.
    without_verdict: VecDeque<Timestamp>,
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
            ..Opening::default()
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
            opening,
            is_changed: false,
            sent: [None; 2],
            without_verdict: VecDeque::with_capacity(VERDICTS_OPEN),
        })
    }

    /// It is to do this from now on. What it is to be fed with is known after the next answer.
    pub fn set(&mut self, settings: &AnalysisSettings) {
        if self.opening.settings != *settings {
            self.opening.settings = settings.clone();
            if settings.faces.is_none() {
                self.opening.faces = None;
            }
            self.is_changed = true;
        }
    }

    /// Whether the worker does not know yet what it is to do.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// What it is to be fed with.
    #[must_use]
    pub fn wants(&self) -> Wants {
        self.wants
    }

    /// Lets a worker look and listen, and waits for what it has to say. `None` where nobody answered, which has been
    /// reported; these items are lost then.
    /// `is_release`: faces that were lost have left.
    pub fn ask(&mut self, frame: Option<&VideoFrame>, blocks: &[AudioBlock], is_release: bool) -> Option<Reply> {
        // Held until the worker has answered or is gone: nobody draws on what it reads.
        let settled = frame.and_then(|frame| self.arena.settle(frame));
        let picture = settled.as_ref().map(|(frame, slot)| Picture {
            slot: *slot,
            pts: frame.pts,
        });
        let (opening, is_changed) = (&self.opening, self.is_changed);
        let build = |is_new: bool, payload: &mut Vec<u8>| {
            let head = Head {
                opening: (is_new || is_changed).then(|| opening.clone()),
                is_release,
                picture,
            };
            message::encode(&head, blocks, payload);
            message::ITEMS
        };
        let read = |answer| message::reply(&answer).map_err(|error| error.to_string());
        let [pictures, sound] = &mut self.sent;
        *pictures = picture.map(|picture| picture.pts).max(*pictures);
        *sound = blocks.last().map(|block| block.pts).max(*sound);
        if let Some(picture) = picture {
            if self.without_verdict.len() >= VERDICTS_OPEN {
                self.without_verdict.pop_front();
            }
            self.without_verdict.push_back(picture.pts);
        }
        let mut reply = self.crew.ask(build, read).ok()?;
        self.is_changed = false;
        self.wants = reply.wants;
        reply
            .findings
            .retain(|finding| is_expected(finding, &mut self.without_verdict));
        for finding in &reply.findings {
            remember(&mut self.opening, finding);
        }
        reply.stamps.retain_mut(|stamp| is_honest(stamp, self.sent));
        Some(reply)
    }
}

/// Keeps what has been told and goes on, for a worker that comes after this one.
fn remember(opening: &mut Opening, finding: &Finding) {
    match finding {
        Finding::Program { condition, turn } => {
            opening.told.retain(|told| told.condition != *condition);
            if let Turn::Began { since } = *turn {
                let condition = *condition;
                opening.told.push(Told { condition, since });
            }
        }
        Finding::Faces(verdict) => {
            let before = opening.faces.as_ref().map_or(1, |known| known.next_track);
            let newest = verdict.faces.iter().map(|face| face.track.saturating_add(1)).max();
            opening.faces = Some(KnownFaces {
                verdict: verdict.clone(),
                next_track: before.max(newest.unwrap_or(0)),
            });
        }
        Finding::Listening { .. }
        | Finding::Deaf { .. }
        | Finding::Words { .. }
        | Finding::Picture(_)
        | Finding::AnalyserLost { .. } => {}
    }
}

/// Whether a finding can be one: a verdict is for a picture that was sent and has none yet, and clears nothing else.
fn is_expected(finding: &Finding, without_verdict: &mut VecDeque<Timestamp>) -> bool {
    let Finding::Faces(verdict) = finding else { return true };
    let at = without_verdict.iter().position(|pts| *pts == verdict.pts);
    at.is_some_and(|at| {
        without_verdict.drain(..=at);
        true
    })
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
    use crate::vision::FaceVerdict;

    fn ms(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn what_is_told_is_remembered_until_it_ends() {
        let program = |condition, turn| Finding::Program { condition, turn };
        let mut opening = Opening::default();
        remember(&mut opening, &program(Condition::Black, Turn::Began { since: ms(10) }));
        remember(&mut opening, &program(Condition::Silent, Turn::Began { since: ms(20) }));
        let since = |opening: &Opening| {
            opening
                .told
                .iter()
                .map(|told| told.since.to_millis())
                .collect::<Vec<_>>()
        };
        assert_eq!(since(&opening), [10, 20]);
        let ended = Turn::Ended {
            since: ms(10),
            until: ms(30),
        };
        remember(&mut opening, &program(Condition::Black, ended));
        assert_eq!(since(&opening), [20]);
    }

    #[test]
    fn a_verdict_is_for_a_picture_that_was_sent_and_has_none() {
        let verdict = |at| {
            Finding::Faces(FaceVerdict {
                pts: ms(at),
                faces: Vec::new(),
                cover: None,
                is_cut: false,
            })
        };
        let mut open = VecDeque::from([ms(0), ms(33), ms(66)]);
        for (at, expected) in [(33, true), (0, false), (33, false), (99, false), (66, true)] {
            assert_eq!(is_expected(&verdict(at), &mut open), expected, "{at}");
        }
        let mut opening = Opening::default();
        remember(&mut opening, &verdict(66));
        assert_eq!(opening.faces.map(|known| known.verdict.pts), Some(ms(66)));
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
