//! A spell: a stretch of media time in which something holds without a break (the picture is black, nothing is heard).
//!
//! One state machine for every watch, fed with observations and their PTS, so that all of them begin, end and deal with
//! holes alike. It never asks a clock: hours of show are judged in microseconds.

use serde::{Deserialize, Serialize};

use super::time::{TimeDelta, Timestamp};

/// A spell that is told has begun, or has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "turn", rename_all = "snake_case")]
pub enum Turn {
    /// It has held for as long as it takes to be told.
    Began {
        /// Since when: the first observation that it held.
        since: Timestamp,
    },
    /// It holds no longer.
    Ended {
        /// Since when it had held.
        since: Timestamp,
        /// Until when: the first observation that it did not, or the last that it did where observations have a hole.
        until: Timestamp,
    },
}

/// Watches for spells of at least a given length.
#[derive(Clone, Debug)]
pub struct Spell {
    needed: TimeDelta,
    longest_step: TimeDelta,
    since: Option<Timestamp>,
    last: Option<Timestamp>,
    is_told: bool,
}

impl Spell {
    /// Tells spells that last `needed`. Observations further apart than `longest_step` have a hole between them, in which
    /// anything may have been: what had not lasted long enough before it starts anew after it.
    #[must_use]
    pub const fn new(needed: TimeDelta, longest_step: TimeDelta) -> Self {
        Self {
            needed,
            longest_step,
            since: None,
            last: None,
            is_told: false,
        }
    }

    /// Goes on with a spell that was told by another, which is gone: its end will be told here.
    #[must_use]
    pub const fn resume(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self.is_told = true;
        self
    }

    /// The next observation: whether it holds at `at`. Time that runs backwards is another timeline: what was told ends
    /// with the old one.
    pub fn note(&mut self, at: Timestamp, holds: bool) -> Option<Turn> {
        let last = self.last.replace(at).unwrap_or(at);
        let is_back = at < last;
        let has_hole = is_back || at - last > self.longest_step;
        let ended = match self.since {
            Some(since) if self.is_told && (is_back || !holds) => {
                let until = if has_hole { last } else { at };
                Some(Turn::Ended { since, until })
            }
            _ => None,
        };
        if ended.is_some() || !holds || (has_hole && !self.is_told) {
            self.since = None;
            self.is_told = false;
        }
        if !holds {
            return ended;
        }
        let since = *self.since.get_or_insert(at);
        if !self.is_told && ended.is_none() && at - since >= self.needed {
            self.is_told = true;
            return Some(Turn::Began { since });
        }
        ended
    }

    /// The start of a spell that has been told and goes on.
    #[must_use]
    pub fn told_since(&self) -> Option<Timestamp> {
        self.since.filter(|_| self.is_told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NEEDED_MS: i64 = 1000;
    const STEP_MS: i64 = 300;

    fn ms(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn spell() -> Spell {
        Spell::new(TimeDelta::from_millis(NEEDED_MS), TimeDelta::from_millis(STEP_MS))
    }

    /// `b SINCE` and `e SINCE UNTIL`, each with the observation at which it was told.
    fn told(mut spell: Spell, observations: impl IntoIterator<Item = (i64, bool)>) -> Vec<String> {
        let turns = observations.into_iter().filter_map(|(at, holds)| {
            spell.note(ms(at), holds).map(|turn| match turn {
                Turn::Began { since } => format!("{at}: b {}", since.to_millis()),
                Turn::Ended { since, until } => format!("{at}: e {} {}", since.to_millis(), until.to_millis()),
            })
        });
        turns.collect()
    }

    fn every(step: i64, holds: &str) -> impl Iterator<Item = (i64, bool)> {
        (0..).map(move |n| n * step).zip(holds.chars().map(|c| c == '#'))
    }

    #[test]
    fn what_is_told_and_when() {
        let cases: [(&str, &[&str]); 6] = [
            ("..........", &[]),
            ("..####......", &[]),
            ("..#########.", &["1400: b 400", "2200: e 400 2200"]),
            ("######", &["1000: b 0"]),
            ("#####.######.", &["2200: b 1200", "2400: e 1200 2400"]),
            (
                "######.######.",
                &["1000: b 0", "1200: e 0 1200", "2400: b 1400", "2600: e 1400 2600"],
            ),
        ];
        for (holds, expected) in cases {
            assert_eq!(told(spell(), every(200, holds)), expected, "{holds}");
        }
    }

    #[test]
    fn what_was_not_seen_is_not_claimed() {
        // A hole of a second after 800 ms: counting starts anew.
        let holds = [0, 200, 400, 600, 800, 1800, 2000, 2200, 2400, 2600, 2800];
        assert_eq!(told(spell(), holds.map(|at| (at, true))), ["2800: b 1800"]);
        // One that is told goes on through a hole, and if it does not, it ended when it was last seen.
        let through = [
            (0, true),
            (300, true),
            (600, true),
            (900, true),
            (1200, true),
            (9000, true),
        ];
        assert_eq!(told(spell(), through), ["1200: b 0"]);
        let gone = [
            (0, true),
            (300, true),
            (600, true),
            (900, true),
            (1200, true),
            (9000, false),
        ];
        assert_eq!(told(spell(), gone), ["1200: b 0", "9000: e 0 1200"]);
        // Time that runs back ends what was told.
        let back = [
            (0, true),
            (300, true),
            (600, true),
            (900, true),
            (1200, true),
            (500, true),
            (700, true),
        ];
        assert_eq!(told(spell(), back), ["1200: b 0", "500: e 0 1200"]);
    }

    #[test]
    fn a_resumed_spell_is_not_told_twice_and_ends() {
        assert_eq!(
            told(spell().resume(ms(0)), every(200, "########")),
            Vec::<String>::new()
        );
        assert_eq!(told(spell().resume(ms(-500)), every(200, "###.")), ["600: e -500 600"]);
        assert_eq!(told(spell().resume(ms(-5000)), every(200, ".###")), ["0: e -5000 0"]);
    }

    proptest! {
        #[test]
        fn turns_alternate_and_never_faster_than_the_length(
            steps in prop::collection::vec((-50i64..400, any::<u8>()), 0..400),
        ) {
            let mut spell = spell();
            let mut at = 0;
            let mut is_on = false;
            let mut last_end = None;
            for (step, dice) in steps {
                // Mostly true, so that spells happen.
                let holds = dice > 12;
                at += step;
                match spell.note(ms(at), holds) {
                    Some(Turn::Began { since }) => {
                        prop_assert!(!is_on && holds);
                        prop_assert!((ms(at) - since).to_millis() >= NEEDED_MS);
                        if step >= 0 && let Some(end) = last_end {
                            prop_assert!(ms(at) - end >= TimeDelta::from_millis(NEEDED_MS));
                        }
                        is_on = true;
                    }
                    Some(Turn::Ended { since, until }) => {
                        prop_assert!(is_on && until >= since);
                        is_on = false;
                        last_end = Some(until);
                    }
                    None => {}
                }
                if step < 0 {
                    last_end = None; // of another timeline
                }
                prop_assert_eq!(spell.told_since().is_some(), is_on);
                if !holds {
                    prop_assert!(!is_on);
                }
            }
        }

        #[test]
        fn without_holes_it_is_told_exactly_when_it_has_lasted(holds in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut spell = spell();
            let mut run = 0;
            for (index, dice) in holds.iter().enumerate() {
                let holds = *dice > 30;
                run = if holds { run + 1 } else { 0 };
                spell.note(ms(index as i64 * 100), holds);
                prop_assert_eq!(spell.told_since().is_some(), (run - 1) * 100 >= NEEDED_MS);
            }
        }
    }
}
