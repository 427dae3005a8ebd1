//! All analysers of a worker, fed together and kept apart from each other's failures.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::analyser::{Analyser, Wants};
use super::checks::Checks;
use super::faces::Faces;
use super::finding::{Finding, Opening, Stamp};
use super::watches::{Black, Frozen, Silence};
use super::words::Words;
use crate::media::{AudioBlock, TimeDelta, Timestamp, TrackKind, VideoFrame};

/// All analysers of a worker.
pub struct Registry {
    seats: Vec<Seat>,
}

/// An analyser and what is known of it from outside.
struct Seat {
    analyser: Box<dyn Analyser>,
    wants: Wants,
    is_lost: bool,
    pictures: Seen,
    sound: Seen,
}

/// What an analyser has been given of a track, and how far it is done with that.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// The first and the last item since the last hole.
    given: Option<(Timestamp, Timestamp)>,
    done: Option<Timestamp>,
}

impl Seen {
    /// Notes an item at `at`. Further than `longest_step` from the last one there is a hole between them: nobody vouches
    /// for what was in it, so what is seen starts anew.
    fn give(&mut self, at: Timestamp, longest_step: TimeDelta) {
        self.given = match self.given {
            Some((first, last)) if at >= last && at - last <= longest_step => Some((first, at)),
            _ => {
                self.done = None;
                Some((at, at))
            }
        };
    }

    /// Notes that the analyser is done up to `until`, and no further than what it was given.
    fn finish(&mut self, until: Option<Timestamp>) {
        if let (Some(until), Some((first, last))) = (until, self.given)
            && until >= first
        {
            self.done = Some(until.min(last)).max(self.done);
        }
    }

    fn range(&self) -> Option<(Timestamp, Timestamp)> {
        self.given.zip(self.done).map(|((first, _), done)| (first, done))
    }
}

impl Registry {
    /// The analysers that `opening` asks for. Those of words and of what pictures must not show open models and programs, so they
    /// can be had before the worker shuts itself in and not later.
    ///
    /// # Errors
    /// Which of them cannot be had, and why.
    pub fn new(opening: &Opening) -> Result<Self, String> {
        let settings = &opening.settings;
        let words = settings.words.as_ref().map(Words::boxed).transpose()?;
        let checks = settings.checks.as_ref().map(Checks::boxed).transpose();
        let all = [
            Black::boxed(opening),
            Frozen::boxed(opening),
            Silence::boxed(opening),
            Faces::boxed(opening),
            words,
            checks.map_err(|error| error.to_string())?,
        ];
        Ok(Self::of(all.into_iter().flatten().collect()))
    }

    /// These analysers.
    #[must_use]
    pub fn of(analysers: Vec<Box<dyn Analyser>>) -> Self {
        let seats = analysers.into_iter().map(|analyser| Seat {
            wants: analyser.wants(),
            analyser,
            is_lost: false,
            pictures: Seen::default(),
            sound: Seen::default(),
        });
        Self { seats: seats.collect() }
    }

    /// What all of them together are to be fed with.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let working = self.seats.iter().filter(|seat| !seat.is_lost);
        working.fold(Wants::default(), |all, seat| Wants {
            pictures_per_second: all.pictures_per_second.max(seat.wants.pictures_per_second),
            sound: all.sound || seat.wants.sound,
        })
    }

    /// Shows a picture to each analyser for which one is due.
    pub fn look(&mut self, frame: &VideoFrame, found: &mut Vec<Finding>) {
        for seat in &mut self.seats {
            let Some(period) = seat.picture_period() else {
                continue;
            };
            // A quarter of leeway: pictures come on the program's ticks, which are seldom on this analyser's.
            let is_due = seat.pictures.given.is_none_or(|(_, last)| {
                let since = frame.pts - last;
                since < TimeDelta::ZERO || since >= period * 3 / 4
            });
            if seat.is_lost || !is_due {
                continue;
            }
            seat.pictures.give(frame.pts, period * 3 / 2);
            let until = seat.guard(found, |analyser, found| analyser.look(frame, found));
            seat.pictures.finish(until);
        }
    }

    /// Lets each analyser that listens hear a block.
    pub fn listen(&mut self, block: &AudioBlock, found: &mut Vec<Finding>) {
        for seat in &mut self.seats {
            if seat.is_lost || !seat.wants.sound {
                continue;
            }
            seat.sound.give(block.pts, AudioBlock::duration());
            let until = seat.guard(found, |analyser, found| analyser.listen(block, found));
            if seat.analyser.is_deaf() {
                seat.sound = Seen::default();
            } else {
                seat.sound.finish(until);
            }
        }
    }

    /// Tells each analyser that what was lost has left.
    pub fn release(&mut self) {
        for seat in self.seats.iter_mut().filter(|seat| !seat.is_lost) {
            seat.guard(&mut Vec::new(), |analyser, _| {
                analyser.release();
                None
            });
        }
    }

    /// What each analyser has seen of each track. One that is lost has seen nothing any more: what it saw before it went
    /// was stamped when it saw it.
    pub fn stamps(&self) -> impl Iterator<Item = Stamp> {
        let working = self.seats.iter().filter(|seat| !seat.is_lost);
        working.flat_map(|seat| {
            let tracks = [(TrackKind::Video, &seat.pictures), (TrackKind::Audio, &seat.sound)];
            tracks.into_iter().filter_map(|(track, seen)| {
                let (from, until) = seen.range()?;
                Some(Stamp {
                    analyser: seat.analyser.name().to_owned(),
                    track,
                    from,
                    until,
                })
            })
        })
    }
}

impl Seat {
    fn picture_period(&self) -> Option<TimeDelta> {
        let rate = self.wants.pictures_per_second;
        (rate > 0).then(|| TimeDelta::from_rate(1, rate))
    }

    /// Runs the analyser. If it panics it is not run again: its state may be anything.
    fn guard(
        &mut self,
        found: &mut Vec<Finding>,
        run: impl FnOnce(&mut dyn Analyser, &mut Vec<Finding>) -> Option<Timestamp>,
    ) -> Option<Timestamp> {
        let analyser = &mut *self.analyser;
        let before = found.len();
        match catch_unwind(AssertUnwindSafe(|| run(analyser, &mut *found))) {
            Ok(until) => until,
            Err(panic) => {
                self.is_lost = true;
                // Half an answer is none.
                found.truncate(before);
                found.push(Finding::AnalyserLost {
                    analyser: self.analyser.name().to_owned(),
                    reason: message(&*panic),
                });
                None
            }
        }
    }
}

/// The words of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::{AnalysisSettings, Condition, Told};
    use super::*;
    use crate::media::{FramePool, FrameRate, Turn};

    /// Is done with what it was given `lag` ago, and panics at `fails_at`.
    struct Probe {
        wants: Wants,
        lag: TimeDelta,
        fails_at: Option<Timestamp>,
        seen: usize,
    }

    impl Analyser for Probe {
        fn name(&self) -> &'static str {
            "probe"
        }

        fn wants(&self) -> Wants {
            self.wants
        }

        fn look(&mut self, frame: &VideoFrame, found: &mut Vec<Finding>) -> Option<Timestamp> {
            self.seen += 1;
            found.push(Finding::AnalyserLost {
                analyser: "half an answer".to_owned(),
                reason: String::new(),
            });
            assert!(
                self.fails_at.is_none_or(|at| frame.pts < at),
                "no model for {}",
                frame.pts
            );
            found.pop();
            Some(frame.pts - self.lag)
        }

        fn listen(&mut self, block: &AudioBlock, _: &mut Vec<Finding>) -> Option<Timestamp> {
            self.seen += 1;
            Some(block.pts - self.lag)
        }
    }

    fn probe(per_second: u32, lag_ms: i64, fails_at_ms: Option<i64>) -> Box<dyn Analyser> {
        Box::new(Probe {
            wants: Wants {
                pictures_per_second: per_second,
                sound: per_second == 0,
            },
            lag: TimeDelta::from_millis(lag_ms),
            fails_at: fails_at_ms.map(Timestamp::from_millis),
            seen: 0,
        })
    }

    fn black(at: Timestamp) -> VideoFrame {
        let mut frame = FramePool::new().frame(64, 36);
        frame.fill([16, 128, 128]);
        frame.freeze(at)
    }

    /// `FROM-UNTIL` in ms, for each stamp.
    fn stamps(registry: &Registry) -> Vec<String> {
        let stamp = |stamp: Stamp| format!("{}-{}", stamp.from.to_millis(), stamp.until.to_millis());
        registry.stamps().map(stamp).collect()
    }

    fn look(registry: &mut Registry, at_ms: i64) -> Vec<Finding> {
        let mut found = Vec::new();
        registry.look(&black(Timestamp::from_millis(at_ms)), &mut found);
        found
    }

    #[test]
    fn an_analyser_gets_the_pictures_that_it_wants_and_no_more() {
        let mut registry = Registry::of(vec![probe(5, 0, None)]);
        let rate = FrameRate::whole(30);
        let mut looked = Vec::new();
        for tick in 0..30 {
            let before = registry.seats[0].pictures.given;
            registry.look(&black(rate.frame_time(tick)), &mut Vec::new());
            if registry.seats[0].pictures.given != before {
                looked.push(tick);
            }
        }
        // Every 150 ms at the soonest.
        assert_eq!(looked, [0, 5, 10, 15, 20, 25]);
        assert_eq!(
            registry.wants(),
            Wants {
                pictures_per_second: 5,
                sound: false
            }
        );
    }

    #[test]
    fn a_stamp_covers_what_was_seen_without_a_hole() {
        let mut registry = Registry::of(vec![probe(10, 0, None)]);
        assert_eq!(stamps(&registry), Vec::<String>::new());
        for (at, expected) in [
            (0, "0-0"),
            (100, "0-100"),
            (240, "0-240"),
            (400, "400-400"),
            (500, "400-500"),
            (20, "20-20"),
        ] {
            look(&mut registry, at);
            assert_eq!(stamps(&registry), [expected]);
        }
    }

    #[test]
    fn an_analyser_that_needs_to_see_more_first_stamps_later() {
        let mut registry = Registry::of(vec![probe(10, 150, None)]);
        for (at, expected) in [
            (0, None),
            (100, None),
            (200, Some("0-50")),
            (300, Some("0-150")),
            (900, None),
        ] {
            look(&mut registry, at);
            assert_eq!(stamps(&registry).first().map(String::as_str), expected, "{at}");
        }
        // Nor can it be done with what it has not been given.
        let mut hasty = Registry::of(vec![probe(10, -5000, None)]);
        look(&mut hasty, 0);
        assert_eq!(stamps(&hasty), ["0-0"]);
    }

    #[test]
    fn a_missing_block_is_a_hole() {
        let mut registry = Registry::of(vec![probe(0, 0, None)]);
        for (index, expected) in [(0, "0-0"), (1, "0-10"), (2, "0-20"), (4, "40-40"), (5, "40-50")] {
            registry.listen(&AudioBlock::silence(AudioBlock::time_of(index)), &mut Vec::new());
            assert_eq!(stamps(&registry), [expected]);
        }
    }

    #[test]
    fn one_that_panics_is_switched_off_and_the_others_go_on() {
        let mut registry = Registry::of(vec![probe(10, 0, Some(200)), probe(5, 0, None)]);
        assert_eq!(registry.wants().pictures_per_second, 10);
        assert_eq!(look(&mut registry, 0), []);
        let lost = Finding::AnalyserLost {
            analyser: "probe".to_owned(),
            reason: "no model for 0:00:00.200".to_owned(),
        };
        assert_eq!(look(&mut registry, 200), [lost]);
        assert_eq!(look(&mut registry, 400), []);
        assert_eq!(stamps(&registry), ["0-400"]);
        assert_eq!(registry.wants().pictures_per_second, 5);
    }

    #[test]
    fn settings_make_analysers_and_a_zero_makes_none() {
        let second = TimeDelta::from_millis(1000);
        let cases = [
            (AnalysisSettings::default(), vec![]),
            (
                AnalysisSettings {
                    black: second,
                    ..AnalysisSettings::default()
                },
                vec!["black"],
            ),
            (
                AnalysisSettings {
                    black: second,
                    frozen: second,
                    silence: second,
                    ..AnalysisSettings::default()
                },
                vec!["black", "frozen", "silence"],
            ),
            (
                AnalysisSettings {
                    faces: Some(crate::vision::FinderSettings {
                        width: 64,
                        height: 36,
                        frame_rate: FrameRate::whole(30),
                    }),
                    ..AnalysisSettings::default()
                },
                vec!["faces"],
            ),
        ];
        for (settings, expected) in cases {
            let registry = Registry::new(&Opening {
                settings: settings.clone(),
                ..Opening::default()
            })
            .unwrap();
            let names: Vec<&str> = registry.seats.iter().map(|seat| seat.analyser.name()).collect();
            assert_eq!(names, expected);
            assert_eq!(registry.wants() == Wants::default(), settings.is_off());
        }
    }

    #[test]
    fn black_and_frozen_program_is_found_and_what_was_told_is_not_told_again() {
        let settings = AnalysisSettings {
            black: TimeDelta::from_millis(1000),
            frozen: TimeDelta::from_millis(1500),
            ..AnalysisSettings::default()
        };
        let found = |told: &[Told]| {
            let mut registry = Registry::new(&Opening {
                settings: settings.clone(),
                told: told.to_vec(),
                faces: None,
            })
            .unwrap();
            (0..12)
                .flat_map(|index| look(&mut registry, index * 200))
                .collect::<Vec<_>>()
        };
        let began = |condition| Finding::Program {
            condition,
            turn: Turn::Began { since: Timestamp::ZERO },
        };
        assert_eq!(found(&[]), [began(Condition::Black), began(Condition::Frozen)]);
        let told = Told {
            condition: Condition::Black,
            since: Timestamp::from_millis(-3000),
        };
        assert_eq!(found(&[told]), [began(Condition::Frozen)]);
    }
}
