//! How the hold is to change, and the course that comes of it, block by block.
//!
//! The sound's way out draws the course, always [`LEAD_BLOCKS`] ahead of itself: so the pictures' way out, which runs on
//! another thread, has been told before it gets there. Each block is decided by itself from what the hold is and what it is to
//! be, so a plan may be changed at any time.

use serde::{Deserialize, Serialize};

use super::{Course, HoldPhase, Tempo, longest};
use crate::media::{AudioBlock, TimeDelta, Timestamp};

/// How far ahead of the sound that leaves its course is decided: 100 ms.
pub const LEAD_BLOCKS: i64 = 10;

/// Percent of the tempo while the hold grows by slower playback.
const SLOWER: i64 = 96;
/// While it shrinks where somebody may be heard.
const FASTER: i64 = 102;
/// While it shrinks in a pause.
const FASTER_IN_PAUSES: i64 = 125;

/// How a change of the hold comes about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// It grows by playback that is 4 % slower, and shrinks by playback that is 25 % faster in pauses and 2 % elsewhere.
    #[default]
    Slow,
    /// It grows at once, under a slate. Shrinks as with `Slow`.
    Slate,
    /// It shrinks by a jump: what is between is never seen. Grows as with `Slate`, for what has gone out cannot be held.
    Now,
}

/// What the hold is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Whole blocks, none to [`longest`].
    target: TimeDelta,
    pace: Pace,
}

impl Plan {
    /// A hold of about `target`, come to by `pace`: brought inside its limits and onto the grid of blocks.
    #[must_use]
    pub fn new(target: TimeDelta, pace: Pace) -> Self {
        let target = target.max(TimeDelta::ZERO).min(longest());
        Self {
            target: AudioBlock::time_of(AudioBlock::index_at(Timestamp::ZERO + target)).since_zero(),
            pace,
        }
    }

    /// How long the hold is to be.
    #[must_use]
    pub const fn target(&self) -> TimeDelta {
        self.target
    }

    /// Decides the course up to [`LEAD_BLOCKS`] behind `out`, the block that leaves now. `is_pause` says whether there is
    /// nothing but a pause from that moment of the content on, for a while.
    pub fn extend(&self, course: &mut Course, out: Timestamp, is_pause: impl Fn(Timestamp) -> bool) {
        let until = out + AudioBlock::duration() * (1 + LEAD_BLOCKS);
        while course.end() < until {
            let (hold, content) = (course.hold_at_end(), course.content_end());
            if hold > self.target && self.pace == Pace::Now {
                course.jump(course.end() - self.target);
            }
            course.extend(self.tempo(course.hold_at_end(), || is_pause(content)));
        }
    }

    fn tempo(&self, hold: TimeDelta, is_pause: impl Fn() -> bool) -> Tempo {
        let block = AudioBlock::duration();
        let missing = self.target - hold;
        let fastest = if missing == TimeDelta::ZERO {
            TimeDelta::ZERO
        } else if missing > TimeDelta::ZERO {
            match self.pace {
                Pace::Slow => block - Tempo::percent(SLOWER).per_block(),
                Pace::Slate | Pace::Now => block,
            }
        } else if is_pause() {
            block - Tempo::percent(FASTER_IN_PAUSES).per_block()
        } else {
            block - Tempo::percent(FASTER).per_block()
        };
        // The last block of a change is as much as is left, so that it ends on the grid.
        let growth = if missing < TimeDelta::ZERO {
            fastest.max(missing)
        } else {
            fastest.min(missing)
        };
        Tempo::growing_by(growth)
    }

    /// What the hold does while `hold` long.
    #[must_use]
    pub fn phase(&self, hold: TimeDelta) -> HoldPhase {
        if hold > self.target {
            HoldPhase::Shrinking
        } else if hold < self.target {
            match self.pace {
                Pace::Slow => HoldPhase::Growing,
                Pace::Slate | Pace::Now => HoldPhase::Filling,
            }
        } else if hold == TimeDelta::ZERO {
            HoldPhase::Off
        } else {
            HoldPhase::Steady
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: i64) -> TimeDelta {
        TimeDelta::from_millis(ms)
    }

    /// Blocks until the hold is what `plan` says, which it then stays.
    fn blocks_until_reached(course: &mut Course, plan: Plan, is_pause: bool) -> i64 {
        let begin = course.end();
        let mut reached = None;
        for index in 0..60_000 {
            let out = begin + AudioBlock::duration() * index;
            plan.extend(course, out - AudioBlock::duration() * LEAD_BLOCKS, |_| is_pause);
            let is_reached = course.hold_at_end() == plan.target();
            assert!(reached.is_none() || is_reached, "it stays");
            if is_reached {
                let since = *reached.get_or_insert(index + 1);
                if index > since + 20 {
                    return since;
                }
            }
        }
        panic!("never");
    }

    #[test]
    fn each_pace_has_its_time() {
        let start = Timestamp::from_millis(500);
        let mut course = Course::new(start, start);
        assert_eq!(
            blocks_until_reached(&mut course, Plan::new(ms(1000), Pace::Slow), false),
            2500
        );
        assert_eq!(
            blocks_until_reached(&mut course, Plan::new(ms(3000), Pace::Slate), false),
            200
        );
        assert_eq!(
            blocks_until_reached(&mut course, Plan::new(ms(2000), Pace::Slow), true),
            400
        );
        assert_eq!(
            blocks_until_reached(&mut course, Plan::new(ms(1900), Pace::Slate), false),
            500
        );
        assert_eq!(blocks_until_reached(&mut course, Plan::new(ms(0), Pace::Now), false), 1);
        assert_eq!(course.content_end(), course.end());
    }

    #[test]
    fn a_change_that_is_changed_half_way_still_ends_on_the_grid() {
        let mut course = Course::new(Timestamp::ZERO, Timestamp::ZERO);
        let grow = Plan::new(ms(5000), Pace::Slow);
        for index in 0..333 {
            grow.extend(&mut course, AudioBlock::time_of(index), |_| false);
        }
        assert_ne!((Timestamp::ZERO + course.hold_at_end()).to_48k() % 480, 0);
        let pauses = std::cell::Cell::new(0_u32);
        let shrink = Plan::new(ms(50), Pace::Slow);
        for index in 333..2000 {
            shrink.extend(&mut course, AudioBlock::time_of(index), |_| {
                pauses.set(pauses.get() + 1);
                pauses.get().is_multiple_of(3)
            });
        }
        assert_eq!(course.hold_at_end(), ms(50));
    }

    #[test]
    fn what_is_asked_for_is_brought_inside_the_limits() {
        assert_eq!(Plan::new(ms(-5), Pace::Slow).target(), TimeDelta::ZERO);
        assert_eq!(Plan::new(ms(40_000), Pace::Slow).target(), longest());
        assert_eq!(Plan::new(ms(1237), Pace::Slow).target(), ms(1230));
    }

    #[test]
    fn the_phase_says_what_happens() {
        let phase = |target, hold, pace| Plan::new(ms(target), pace).phase(ms(hold));
        assert_eq!(phase(0, 0, Pace::Slow), HoldPhase::Off);
        assert_eq!(phase(5000, 5000, Pace::Slow), HoldPhase::Steady);
        assert_eq!(phase(5000, 4000, Pace::Slow), HoldPhase::Growing);
        assert_eq!(phase(5000, 4000, Pace::Slate), HoldPhase::Filling);
        assert_eq!(phase(0, 4000, Pace::Slate), HoldPhase::Shrinking);
    }
}
