//! Live media time onto the studio clock: when did the moment that this packet shows really happen?
//!
//! A packet arrives when it was made plus a network delay that is never negative and sometimes almost nothing. So the
//! least of `arrival - media time` over a while is the best guess of the offset between the clocks; everything above it
//! is jitter (the same idea as the minimum filters of NTP and of RTP playout, RFC 3550 §6.4.4 gives the rest). The
//! minimum is taken over a sliding window, because the two clocks drift apart, and is approached slowly, because every
//! step of it would be a step of sound.

use crate::media::{TimeDelta, Timestamp};

/// Half of the window in which the least delay is looked for.
const HALF_WINDOW: i64 = 5_000;

/// Offsets move by at most this share of the time that passes: well above real drift, well below what can be heard.
const SLEW: i64 = 1_000;

/// Beyond this the offset jumps: the peer has restarted its clock or slept.
const JUMP_MS: i64 = 300;

/// While the window is young, earlier arrivals are believed at once.
const SETTLING_MS: i64 = 400;

/// The offset between the clock of one live stream and the studio's.
#[derive(Clone, Debug, Default)]
pub struct ArrivalTimeline {
    state: Option<State>,
}

#[derive(Clone, Debug)]
struct State {
    started: TimeDelta,
    offset: TimeDelta,
    last: TimeDelta,
    half_started: TimeDelta,
    least: TimeDelta,
    least_before: TimeDelta,
    jumps: u32,
}

impl ArrivalTimeline {
    /// The point of the studio clock that `media` (time on the stream's own clock) stands for, given that it came in
    /// at `arrival`. To be played, a latency must be added that covers the jitter.
    pub fn place(&mut self, media: TimeDelta, arrival: Timestamp) -> Timestamp {
        let seen = arrival.since_zero() - media;
        let state = self.state.get_or_insert_with(|| State::new(media, seen));
        state.see(media, seen);
        Timestamp::ZERO + media + state.offset
    }

    /// Whether enough has been seen to rely on the offset. Sound, which cannot be moved unheard, should start only then.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.state
            .as_ref()
            .is_some_and(|state| state.last - state.started >= TimeDelta::from_millis(SETTLING_MS))
    }

    /// The offset now in use: studio time minus media time. `None` before the first packet.
    #[must_use]
    pub fn offset(&self) -> Option<TimeDelta> {
        self.state.as_ref().map(|state| state.offset)
    }

    /// How often the offset had to jump.
    #[must_use]
    pub fn jumps(&self) -> u32 {
        self.state.as_ref().map_or(0, |state| state.jumps)
    }
}

impl State {
    fn new(media: TimeDelta, seen: TimeDelta) -> Self {
        Self {
            started: media,
            offset: seen,
            last: media,
            half_started: media,
            least: seen,
            least_before: seen,
            jumps: 0,
        }
    }

    fn see(&mut self, media: TimeDelta, seen: TimeDelta) {
        if seen + TimeDelta::from_millis(JUMP_MS) < self.offset
            || media + TimeDelta::from_millis(JUMP_MS) < self.last
            || media > self.last + TimeDelta::from_millis(2 * HALF_WINDOW)
        {
            // Earlier than any delay explains, or media time itself has jumped back or far ahead.
            let jumps = self.jumps + 1;
            *self = Self::new(media, seen);
            self.jumps = jumps;
            return;
        }
        if media - self.half_started >= TimeDelta::from_millis(HALF_WINDOW) {
            self.half_started = media;
            self.least_before = self.least;
            self.least = seen;
        }
        self.least = self.least.min(seen);
        let target = self.least.min(self.least_before);
        let passed = (media - self.last).max(TimeDelta::ZERO);
        self.last = self.last.max(media);
        let way = target - self.offset;
        if way.abs() > TimeDelta::from_millis(JUMP_MS) {
            self.offset = target;
            self.jumps += 1;
        } else if media - self.started < TimeDelta::from_millis(SETTLING_MS) && way < TimeDelta::ZERO {
            self.offset = target;
        } else {
            let most = passed / SLEW;
            self.offset += way.min(most).max(-most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::drift::{DriftControl, MAX_CORRECTION};
    use proptest::prelude::*;

    /// Eight hours of 20 ms packets from a clock that is off by `ppm`, through a network with up to 40 ms of jitter, onto
    /// a resampled output position. Returns the worst distance from the truth, and the learnt drift in ppm.
    fn eight_hours(ppm: f64) -> (f64, f64) {
        let mut timeline = ArrivalTimeline::default();
        let mut control = DriftControl::default();
        let mut random = 0x2545_F491_4F6C_DD1D_u64;
        let (mut position, mut ratio, mut worst) = (None, 1.0, 0.0_f64);
        for n in 0..8 * 3600 * 50_i64 {
            let made = n as f64 * 0.02;
            let media = TimeDelta::from_secs_f64(made);
            let truth = made * (1.0 + ppm * 1e-6);
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            // Skewed towards little delay, as networks are.
            let jitter = (random % 1000) as f64 / 1000.0;
            let arrival = Timestamp::ZERO + TimeDelta::from_secs_f64(truth + 0.04 * jitter * jitter);
            let pts = timeline.place(media, arrival).as_secs_f64();
            if !timeline.is_settled() {
                continue;
            }
            let at = *position.get_or_insert(pts);
            let correction = control.update(TimeDelta::from_secs_f64(pts - at), TimeDelta::from_millis(20));
            ratio = 1.0 + correction;
            position = Some(at + 0.02 * ratio);
            worst = worst.max((at - truth).abs());
        }
        assert!((ratio - 1.0).abs() <= MAX_CORRECTION);
        assert_eq!(timeline.jumps(), 0);
        (worst, control.learnt() * 1e6)
    }

    #[test]
    fn eight_hours_of_drift_stay_below_five_milliseconds() {
        for ppm in [-200.0, -35.0, 0.0, 35.0, 200.0] {
            let (worst, learnt) = eight_hours(ppm);
            // A block is 10 ms and a source runs 200 ms ahead: below 5 ms none can be missing or too many.
            assert!(worst < 0.005, "{ppm} ppm: off by {worst} s");
            assert!((learnt - ppm).abs() < 60.0, "{ppm} ppm: learnt {learnt}");
        }
    }

    #[test]
    fn a_stream_that_starts_again_is_found_again() {
        let mut timeline = ArrivalTimeline::default();
        for n in 0..500 {
            timeline.place(TimeDelta::from_millis(n * 20), Timestamp::from_millis(1_000 + n * 20));
        }
        // The peer restarts its clock at zero.
        let pts = timeline.place(TimeDelta::ZERO, Timestamp::from_millis(60_000));
        assert_eq!(pts, Timestamp::from_millis(60_000));
        assert_eq!(timeline.jumps(), 1);
    }

    proptest! {
        #[test]
        fn nothing_a_peer_sends_overflows(points in proptest::collection::vec((any::<i64>(), any::<i64>()), 0..50)) {
            let mut timeline = ArrivalTimeline::default();
            for (media, arrival) in points {
                timeline.place(TimeDelta::from_rate(media, 90_000), Timestamp::from_rate(arrival, 48_000));
            }
        }
    }
}
