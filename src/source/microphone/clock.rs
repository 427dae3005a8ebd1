//! When the sound of a device of this machine was made, on the studio clock.
//!
//! A device counts samples by a crystal of its own, and hands them over in fragments that arrive a little late: by the
//! way through the sound server, by whatever the machine did meanwhile. Never early, though. So the least of `arrival -
//! samples / rate` over some seconds says where its clock stands, as [`crate::source::ArrivalTimeline`] does it for networks;
//! with a window of four seconds instead of ten, because here almost every fragment is almost on time, and with one thing that
//! networks do not have: a device can lose samples (an overrun) or stand still (suspended). Then all that follows comes
//! late *for good*, at the pace of time. A machine that was merely busy delivers what it owes in a burst, much faster than time
//! passes, and is on time again at its end. That is how the two are told apart.

use crate::media::{TimeDelta, Timestamp};

/// How long the first fragments are only looked at: sound that was placed cannot be moved unheard.
const SETTLING_MS: i64 = 200;

/// The same after a stop that the device has told.
const RESUMING_MS: i64 = 60;

/// The window in which the least delay is looked for: so many parts …
const PARTS: usize = 8;
/// … of this length.
const PART_MS: i64 = 500;

/// Places move by at most one part in so many of the time that passes: well above real drift, well below what can be heard.
const SLEW: i64 = 1_000;

/// Fragments that come at the pace of time, and all by this much too late for [`LOSS_WINDOW_MS`]: samples were lost.
const LOSS_MS: i64 = 4;

/// How long that has to last.
const LOSS_WINDOW_MS: i64 = 200;

/// Of the time that fragments are worth, what must have passed while they came, so that they are no burst. In hundredths.
const PACE: i64 = 75;

/// So much earlier than any delay explains: the device has begun anew.
const JUMP_MS: i64 = 100;

/// Where a fragment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// Nowhere yet: the device is being listened to.
    Settling,
    /// Its first frame sounds at `pts`.
    At {
        /// On the studio clock. No latency is in it.
        pts: Timestamp,
        /// Whether it does not follow what came before it: so much time in between has no sound.
        lost: Option<TimeDelta>,
    },
}

/// The clock of one device.
#[derive(Debug)]
pub(super) struct DeviceClock {
    rate: u32,
    /// Frames so far.
    frames: i64,
    phase: Phase,
    /// The offset before the last stop, to know what was lost.
    before: Option<TimeDelta>,
}

#[derive(Debug)]
enum Phase {
    /// For so long from the first fragment on, which was the frame of that number.
    Settling {
        since: Option<i64>,
        until: TimeDelta,
        least: TimeDelta,
    },
    Running(Running),
}

#[derive(Debug)]
struct Running {
    /// Studio time minus device time.
    offset: TimeDelta,
    parts: [TimeDelta; PARTS],
    part: usize,
    /// The frame with which the part ends.
    part_ends: i64,
    /// Since when losses are looked for: frame and arrival.
    loss_since: (i64, Timestamp),
    loss_least: TimeDelta,
}

impl DeviceClock {
    /// The clock of a device that makes `rate` frames per second.
    pub(super) fn new(rate: u32) -> Self {
        Self {
            rate,
            frames: 0,
            phase: Phase::settling(SETTLING_MS),
            before: None,
        }
    }

    /// The device says that it has stood still, or that samples are lost.
    pub(super) fn stop(&mut self) {
        if let Phase::Running(running) = &self.phase {
            self.before = Some(running.offset);
            self.phase = Phase::settling(RESUMING_MS);
        }
    }

    /// Takes note of a fragment of `frames`, whose last frame was there at `arrival`, and says when its first one was made.
    pub(super) fn place(&mut self, frames: usize, arrival: Timestamp) -> Placed {
        let first = self.frames;
        let end = first.saturating_add(frames as i64);
        self.frames = end;
        let length = TimeDelta::from_rate(frames as i64, self.rate);
        let media = TimeDelta::from_rate(end, self.rate);
        let seen = arrival.since_zero() - media;
        let lost = match &mut self.phase {
            Phase::Settling { since, until, least } => {
                *least = since.map_or(seen, |_| (*least).min(seen));
                let since = *since.get_or_insert(first);
                if TimeDelta::from_rate(end - since, self.rate) < *until {
                    return Placed::Settling;
                }
                let offset = *least;
                self.phase = Phase::Running(Running::new(offset, end, arrival, self.rate));
                // A start is one, too: nothing came before it.
                Some(self.before.map_or(TimeDelta::ZERO, |before| offset - before))
            }
            Phase::Running(running) => running.see(seen, end, length, arrival, self.rate),
        };
        let Phase::Running(running) = &self.phase else {
            return Placed::Settling;
        };
        Placed::At {
            pts: Timestamp::ZERO + (media - length) + running.offset,
            lost,
        }
    }

    /// How much later than the first frame of a fragment that came now would have to be it really is; positive where it is late.
    /// `None` while nothing is known.
    pub(super) fn is_ahead(&self, now: Timestamp) -> Option<TimeDelta> {
        let Phase::Running(running) = &self.phase else {
            return None;
        };
        Some(TimeDelta::from_rate(self.frames, self.rate) + running.offset - now.since_zero())
    }
}

impl Phase {
    fn settling(ms: i64) -> Self {
        Self::Settling {
            since: None,
            until: TimeDelta::from_millis(ms),
            least: TimeDelta::ZERO,
        }
    }
}

impl Running {
    fn new(offset: TimeDelta, end: i64, arrival: Timestamp, rate: u32) -> Self {
        Self {
            offset,
            parts: [offset; PARTS],
            part: 0,
            part_ends: end.saturating_add(frames_of(PART_MS, rate)),
            loss_since: (end, arrival),
            loss_least: TimeDelta::from_millis(i64::from(i32::MAX)),
        }
    }

    /// Follows what was seen; the time that was lost, where the place jumps.
    fn see(
        &mut self,
        seen: TimeDelta,
        end: i64,
        length: TimeDelta,
        arrival: Timestamp,
        rate: u32,
    ) -> Option<TimeDelta> {
        if seen + TimeDelta::from_millis(JUMP_MS) < self.offset {
            return Some(self.jump(seen, end, arrival, rate));
        }
        self.loss_least = self.loss_least.min(seen);
        let window = TimeDelta::from_rate(end - self.loss_since.0, rate);
        if window >= TimeDelta::from_millis(LOSS_WINDOW_MS) {
            let passed = arrival - self.loss_since.1;
            let (least, late) = (self.loss_least, self.loss_least - self.offset);
            let is_at_pace = passed.to_millis().saturating_mul(100) >= window.to_millis().saturating_mul(PACE);
            if is_at_pace && late > TimeDelta::from_millis(LOSS_MS) {
                return Some(self.jump(least, end, arrival, rate));
            }
            self.loss_since = (end, arrival);
            self.loss_least = seen;
        }
        if end >= self.part_ends {
            self.part = (self.part + 1) % PARTS;
            self.parts[self.part] = seen;
            self.part_ends = end.saturating_add(frames_of(PART_MS, rate));
        }
        self.parts[self.part] = self.parts[self.part].min(seen);
        let target = self.parts.iter().copied().min().unwrap_or(seen);
        let most = length / SLEW;
        self.offset += (target - self.offset).min(most).max(-most);
        None
    }

    fn jump(&mut self, offset: TimeDelta, end: i64, arrival: Timestamp, rate: u32) -> TimeDelta {
        let lost = offset - self.offset;
        *self = Self::new(offset, end, arrival, rate);
        lost
    }
}

fn frames_of(ms: i64, rate: u32) -> i64 {
    TimeDelta::from_millis(ms).to_rate(rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: u32 = 48_000;

    /// Feeds fragments of 10 ms, number `n` of which is complete after `made(n)` ms and arrives after `arrives(n)` ms; gives how far
    /// off each is in ms, and the numbers of those that do not follow.
    fn run(count: i64, made: impl Fn(i64) -> f64, arrives: impl Fn(i64) -> f64) -> (Vec<Option<f64>>, Vec<i64>) {
        let mut clock = DeviceClock::new(RATE);
        let mut jumps = Vec::new();
        let errors = (0..count).map(|n| {
            let at = |ms: f64| Timestamp::from_millis(1_000) + TimeDelta::from_secs_f64(ms / 1_000.0);
            match clock.place(480, at(arrives(n))) {
                Placed::Settling => None,
                Placed::At { pts, lost } => {
                    if lost.is_some() {
                        jumps.push(n);
                    }
                    let end = pts + TimeDelta::from_millis(10);
                    Some((end - at(made(n))).as_secs_f64() * 1_000.0)
                }
            }
        });
        let errors = errors.collect();
        (errors, jumps)
    }

    fn worst(errors: &[Option<f64>]) -> f64 {
        errors
            .iter()
            .flatten()
            .fold(0.0, |worst: f64, error| worst.max(error.abs()))
    }

    fn noise(n: i64) -> f64 {
        let mixed = (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / f64::from(1 << 24)
    }

    #[test]
    fn jitter_and_drift_move_nothing_far() {
        for ppm in [-200.0, 0.0, 200.0] {
            let made = |n: i64| (n + 1) as f64 * 10.0 * (1.0 + ppm * 1e-6);
            let (errors, jumps) = run(60_000, made, |n| made(n) + 8.0 * noise(n) * noise(n));
            assert!(worst(&errors) < 2.0, "{ppm} ppm: {} ms", worst(&errors));
            assert_eq!(jumps, [19], "only the beginning is one");
        }
    }

    #[test]
    fn a_busy_machine_is_no_loss() {
        // For 1.3 s nothing runs; then all of it comes at once.
        let made = |n: i64| (n + 1) as f64 * 10.0;
        let arrives = |n: i64| {
            if (500..630).contains(&n) {
                made(630)
            } else {
                made(n) + noise(n)
            }
        };
        let (errors, jumps) = run(2_000, made, arrives);
        assert!(worst(&errors) < 1.5, "{} ms", worst(&errors));
        assert_eq!(jumps, [19]);
    }

    #[test]
    fn lost_samples_are_noticed_and_what_follows_is_in_place() {
        for lost in [6.0, 40.0, 700.0] {
            let made = |n: i64| (n + 1) as f64 * 10.0 + if n >= 500 { lost } else { 0.0 };
            let (errors, jumps) = run(2_000, made, |n| made(n) + noise(n));
            assert_eq!(jumps.len(), 2, "{lost} ms: {jumps:?}");
            assert!((500..545).contains(&jumps[1]), "{lost} ms: {jumps:?}");
            assert!(worst(&errors[jumps[1] as usize..]) < 1.5, "{lost} ms");
        }
    }

    #[test]
    fn a_device_that_says_it_stopped_is_found_again_at_once() {
        let mut clock = DeviceClock::new(RATE);
        let at = Timestamp::from_millis;
        for n in 0..100 {
            clock.place(480, at(1_000 + n * 10));
        }
        clock.stop();
        let found: Vec<Placed> = (0..10).map(|n| clock.place(480, at(9_000 + n * 10))).collect();
        assert_eq!(found[4], Placed::Settling);
        let lost = Some(TimeDelta::from_millis(7_000));
        assert_eq!(found[5], Placed::At { pts: at(9_040), lost });
        assert_eq!(
            found[6],
            Placed::At {
                pts: at(9_050),
                lost: None
            }
        );
    }

    #[test]
    fn a_device_that_is_ahead_of_time_is_seen() {
        let mut clock = DeviceClock::new(RATE);
        assert_eq!(clock.is_ahead(Timestamp::ZERO), None);
        for n in 0..50 {
            clock.place(480, Timestamp::from_millis(n * 10));
        }
        let ahead = clock.is_ahead(Timestamp::from_millis(440)).unwrap();
        assert_eq!(ahead, TimeDelta::from_millis(50));
    }

    proptest! {
        #[test]
        fn nothing_overflows(
            rate in prop_oneof![Just(0_u32), Just(1), Just(48_000), Just(u32::MAX)],
            fragments in proptest::collection::vec((any::<u32>(), any::<i64>(), any::<bool>()), 0..60),
        ) {
            let mut clock = DeviceClock::new(rate);
            for (frames, arrival, is_stopped) in fragments {
                if is_stopped {
                    clock.stop();
                }
                clock.place(frames as usize, Timestamp::from_flicks(arrival));
                let _ = clock.is_ahead(Timestamp::from_flicks(arrival));
            }
        }
    }
}
