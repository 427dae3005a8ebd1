//! From the RTP time of each track to the studio clock.
//!
//! What a sender's reports say of its wall clock (RFC 3550 §6.4.1) puts its tracks beside each other, and where its clock and
//! ours agree it also tells when a picture was made. Until the first report the time of arrival has to do.

use crate::media::{TimeDelta, Timestamp};

/// Clocks that are further apart are not the same clock set badly: one of them does not tell the time of day.
const PLAUSIBLE_MS: i64 = 10_000;

/// By so much a track may be off before it is set right: clocks drift, and reports are rounded.
const TOLERANCE_MS: i64 = 40;

/// What all tracks of a sender share.
#[derive(Debug, Default)]
pub(super) struct SenderClock {
    /// From the sender's wall clock to ours, both on the studio clock.
    shift: Option<TimeDelta>,
}

/// The time of one track.
#[derive(Debug)]
pub(super) struct Timeline {
    clock_rate: u32,
    /// RTP time and studio time of one moment.
    base: Option<(i64, Timestamp)>,
}

impl Timeline {
    pub(super) const fn new(clock_rate: u32) -> Self {
        Self { clock_rate, base: None }
    }

    /// The studio time of something with RTP time `ticks` that came at `now`. `made` is what the sender's reports say of it.
    pub(super) fn stamp(
        &mut self,
        ticks: i64,
        made: Option<Timestamp>,
        now: Timestamp,
        clock: &mut SenderClock,
    ) -> Timestamp {
        let made = made.map(|made| {
            let off = now - made;
            let is_plausible = off.abs() < TimeDelta::from_millis(PLAUSIBLE_MS);
            let shift = clock
                .shift
                .get_or_insert(if is_plausible { TimeDelta::ZERO } else { off });
            made + *shift
        });
        let (base_ticks, base) = *self.base.get_or_insert((ticks, made.unwrap_or(now)));
        let pts = base + TimeDelta::from_rate(ticks.saturating_sub(base_ticks), self.clock_rate);
        match made {
            Some(made) if (made - pts).abs() > TimeDelta::from_millis(TOLERANCE_MS) => {
                self.base = Some((ticks, made));
                made
            }
            _ => pts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn arrival_has_to_do_until_a_report_comes() {
        let mut clock = SenderClock::default();
        let mut video = Timeline::new(90_000);
        assert_eq!(video.stamp(9000, None, at(500), &mut clock), at(500));
        // Jitter on the way is not in it.
        assert_eq!(video.stamp(12_000, None, at(590), &mut clock).to_millis(), 533);
        // Made at 420 by a clock that agrees with ours: that is the time.
        assert_eq!(video.stamp(15_000, Some(at(480)), at(600), &mut clock), at(480));
        assert_eq!(video.stamp(18_000, Some(at(515)), at(640), &mut clock).to_millis(), 513);
    }

    #[test]
    fn tracks_of_a_clock_that_is_years_off_keep_their_distance() {
        let mut clock = SenderClock::default();
        let (mut video, mut audio) = (Timeline::new(90_000), Timeline::new(48_000));
        let years = |ms: i64| at(ms - 1_000_000_000_000);
        assert_eq!(video.stamp(0, Some(years(100)), at(5000), &mut clock), at(5000));
        assert_eq!(audio.stamp(0, Some(years(70)), at(5100), &mut clock), at(4970));
    }
}
