//! When to look: in step with the ticks of the program, and so long before each that its picture is there when the tick takes it.
//!
//! A picture is stamped with the tick that it is for. One that is late all the same is shown with the next tick, and nothing else is
//! lost. Pure: time comes in as a value.

use crate::media::{FrameRate, TimeDelta, Timestamp};

/// How long before a tick a screen is looked at: reading and converting 1920×1080 takes 2 to 4 ms. Half a frame at most.
const LEAD_MS: i64 = 10;

/// The ticks at which a screen is looked at.
pub(super) struct Pace {
    rate: FrameRate,
    lead: TimeDelta,
    last: Option<i64>,
}

impl Pace {
    /// For a program of `program`, and no oftener than `wanted`.
    pub(super) fn new(program: FrameRate, wanted: Option<FrameRate>) -> Self {
        let slower = wanted.filter(|wanted| wanted.frame_duration() > program.frame_duration());
        let lead = TimeDelta::from_millis(LEAD_MS).min(program.frame_duration() / 2);
        Self {
            rate: slower.unwrap_or(program),
            lead,
            last: None,
        }
    }

    /// The rate at which pictures can come.
    pub(super) fn rate(&self) -> FrameRate {
        self.rate
    }

    /// When to look next, and the tick that the picture is for.
    pub(super) fn next(&mut self, now: Timestamp) -> (Timestamp, Timestamp) {
        let soonest = self.rate.frame_at(now + self.lead) + 1;
        let tick = self.last.map_or(soonest, |last| soonest.max(last + 1));
        self.last = Some(tick);
        let tick = self.rate.frame_time(tick);
        (tick - self.lead, tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn each_tick_gets_its_picture_and_none_two() {
        let mut pace = Pace::new(FrameRate::whole(25), None);
        assert_eq!(pace.next(at(5)), (at(30), at(40)));
        assert_eq!(pace.next(at(30)), (at(70), at(80)), "at once after the last");
        assert_eq!(pace.next(at(75)), (at(110), at(120)));
        assert_eq!(pace.next(at(500)), (at(510), at(520)), "what is past is left out");
    }

    #[test]
    fn a_slower_rate_is_kept_and_a_faster_one_is_of_no_use() {
        let program = FrameRate::whole(50);
        let mut slow = Pace::new(program, Some(FrameRate::whole(5)));
        assert_eq!(slow.next(at(0)), (at(190), at(200)));
        assert_eq!(slow.next(at(191)), (at(390), at(400)));
        let fast = Pace::new(program, Some(FrameRate::whole(120)));
        assert_eq!(fast.rate(), program);
    }
}
