//! Time as a type. A [`Timestamp`] is a point on the studio clock, a [`TimeDelta`] the way between two of them.
//!
//! Both count *flicks* (1/705 600 000 s): the smallest unit in which one frame of every common frame rate (24, 25, 30,
//! 50, 60, 90, 120 and their 1000/1001 kin) and one sample of every common sample rate (8, 16, 22.05, 24, 44.1, 48,
//! 96 kHz) is a whole number, as is one tick of the 90 kHz RTP clock and of the millisecond clock of RTMP. So
//! converting there and back is exact, and hours of show add up without drift. An `i64` of them holds 414 years.

use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};
use std::time::Duration;

/// Flicks in one second.
const FLICKS: i64 = 705_600_000;

/// Floor division of `value * num / den` in 128 bits, so that no real show can overflow it.
fn scale(value: i64, num: i64, den: i64) -> i64 {
    let wide = i128::from(value) * i128::from(num);
    let quotient = wide.div_euclid(i128::from(den));
    i64::try_from(quotient).unwrap_or(if quotient < 0 { i64::MIN } else { i64::MAX })
}

/// A point on the studio clock, in flicks since the clock started. May be negative (media from before the start).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A signed distance between two [`Timestamp`]s, in flicks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeDelta(i64);

impl Timestamp {
    /// The start of the studio clock.
    pub const ZERO: Self = Self(0);

    /// The point `count` ticks of a clock of `rate` Hz after zero, rounded down to a flick (exact for the usual rates).
    #[must_use]
    pub fn from_rate(count: i64, rate: u32) -> Self {
        Self(scale(count, FLICKS, i64::from(rate.max(1))))
    }

    /// Ticks of a clock of `rate` Hz since zero, rounded down. 90 000 gives RTP video time, 48 000 sample positions.
    #[must_use]
    pub fn to_rate(self, rate: u32) -> i64 {
        scale(self.0, i64::from(rate), FLICKS)
    }

    /// The point that many flicks after zero, as [`to_flicks`](Self::to_flicks) gave them.
    #[must_use]
    pub const fn from_flicks(flicks: i64) -> Self {
        Self(flicks)
    }

    /// Flicks since zero: the exact value, for messages between processes of this program.
    #[must_use]
    pub const fn to_flicks(self) -> i64 {
        self.0
    }

    /// The point `ms` milliseconds after zero.
    #[must_use]
    pub fn from_millis(ms: i64) -> Self {
        Self::from_rate(ms, 1000)
    }

    /// Whole milliseconds since zero, rounded down: the clock of RTMP and FLV.
    #[must_use]
    pub fn to_millis(self) -> i64 {
        self.to_rate(1000)
    }

    /// Ticks of the 90 kHz clock of RTP video (RFC 6184), rounded down.
    #[must_use]
    pub fn to_90k(self) -> i64 {
        self.to_rate(90_000)
    }

    /// Position in samples at 48 kHz, rounded down.
    #[must_use]
    pub fn to_48k(self) -> i64 {
        self.to_rate(48_000)
    }

    /// The point of sample `index` at 48 kHz.
    #[must_use]
    pub fn from_48k(index: i64) -> Self {
        Self::from_rate(index, 48_000)
    }

    /// Seconds since zero; for display and statistics only.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / FLICKS as f64
    }

    /// The way from zero to here.
    #[must_use]
    pub fn since_zero(self) -> TimeDelta {
        TimeDelta(self.0)
    }
}

impl TimeDelta {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `count` ticks of a clock of `rate` Hz, rounded down to a flick.
    #[must_use]
    pub fn from_rate(count: i64, rate: u32) -> Self {
        Self(scale(count, FLICKS, i64::from(rate.max(1))))
    }

    /// Ticks of a clock of `rate` Hz, rounded down.
    #[must_use]
    pub fn to_rate(self, rate: u32) -> i64 {
        scale(self.0, i64::from(rate), FLICKS)
    }

    /// `ms` milliseconds.
    #[must_use]
    pub fn from_millis(ms: i64) -> Self {
        Self::from_rate(ms, 1000)
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub fn to_millis(self) -> i64 {
        self.to_rate(1000)
    }

    /// `seconds`, rounded to the nearest flick. For values that people typed.
    #[must_use]
    pub fn from_secs_f64(seconds: f64) -> Self {
        Self((seconds * FLICKS as f64).round() as i64)
    }

    /// In seconds; for display and statistics only.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / FLICKS as f64
    }

    /// As a [`Duration`], a negative delta as zero: what one hands to a timer.
    #[must_use]
    pub fn to_duration(self) -> Duration {
        let flicks = u64::try_from(self.0).unwrap_or(0);
        let nanos = u128::from(flicks) * 1_000_000_000 / FLICKS as u128;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// From a [`Duration`], rounded down to a flick; saturates after 414 years.
    #[must_use]
    pub fn from_duration(duration: Duration) -> Self {
        let nanos = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        Self(scale(nanos, FLICKS, 1_000_000_000))
    }

    /// The same distance without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// `self / other` as a plain ratio. `other` of zero gives zero.
    #[must_use]
    pub fn ratio(self, other: Self) -> f64 {
        if other.0 == 0 {
            0.0
        } else {
            self.0 as f64 / other.0 as f64
        }
    }
}

impl Add<TimeDelta> for Timestamp {
    type Output = Self;
    fn add(self, rhs: TimeDelta) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign<TimeDelta> for Timestamp {
    fn add_assign(&mut self, rhs: TimeDelta) {
        *self = *self + rhs;
    }
}

impl Sub<TimeDelta> for Timestamp {
    type Output = Self;
    fn sub(self, rhs: TimeDelta) -> Self {
        Self(self.0.saturating_sub(rhs.0))
    }
}

impl Sub for Timestamp {
    type Output = TimeDelta;
    fn sub(self, rhs: Self) -> TimeDelta {
        TimeDelta(self.0.saturating_sub(rhs.0))
    }
}

impl Add for TimeDelta {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign for TimeDelta {
    fn add_assign(&mut self, rhs: Self) {
        *self = *self + rhs;
    }
}

impl Sub for TimeDelta {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        Self(self.0.saturating_sub(rhs.0))
    }
}

impl SubAssign for TimeDelta {
    fn sub_assign(&mut self, rhs: Self) {
        *self = *self - rhs;
    }
}

impl Neg for TimeDelta {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Mul<i64> for TimeDelta {
    type Output = Self;
    fn mul(self, rhs: i64) -> Self {
        Self(self.0.saturating_mul(rhs))
    }
}

impl Div<i64> for TimeDelta {
    type Output = Self;
    fn div(self, rhs: i64) -> Self {
        Self(self.0.checked_div_euclid(rhs).unwrap_or(0))
    }
}

/// Serialised as whole milliseconds: what scripts and the control socket speak.
impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.to_millis())
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <i64 as serde::Deserialize>::deserialize(deserializer).map(Self::from_millis)
    }
}

/// Serialised as whole milliseconds.
impl serde::Serialize for TimeDelta {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.to_millis())
    }
}

impl<'de> serde::Deserialize<'de> for TimeDelta {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <i64 as serde::Deserialize>::deserialize(deserializer).map(Self::from_millis)
    }
}

impl fmt::Display for Timestamp {
    /// `H:MM:SS.mmm`, as the clocks on screen and in events read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.to_millis();
        let (sign, ms) = if ms < 0 { ("-", -ms) } else { ("", ms) };
        let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(f, "{sign}{h}:{m:02}:{s:02}.{:03}", ms % 1000)
    }
}

/// Frames per second as a fraction: 30/1, 30000/1001.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct FrameRate {
    /// Frames in `den` seconds. Never zero.
    pub num: u32,
    /// Seconds in which `num` frames pass. Never zero.
    pub den: u32,
}

impl FrameRate {
    /// A whole number of frames per second; zero is taken as one.
    #[must_use]
    pub const fn whole(fps: u32) -> Self {
        Self {
            num: if fps == 0 { 1 } else { fps },
            den: 1,
        }
    }

    /// The fraction, or `None` where either part is zero.
    #[must_use]
    pub const fn new(num: u32, den: u32) -> Option<Self> {
        if num == 0 || den == 0 {
            None
        } else {
            Some(Self { num, den })
        }
    }

    /// When frame `index` of a constant-rate stream that starts at zero is due.
    #[must_use]
    pub fn frame_time(self, index: i64) -> Timestamp {
        Timestamp(scale(index, FLICKS * i64::from(self.den), i64::from(self.num)))
    }

    /// The newest frame that is due at `at`: the inverse of [`frame_time`](Self::frame_time).
    #[must_use]
    pub fn frame_at(self, at: Timestamp) -> i64 {
        // One flick of slack makes the inverse exact for rates whose frame is no whole number of flicks.
        scale(
            at.0.saturating_add(1),
            i64::from(self.num),
            FLICKS * i64::from(self.den),
        )
    }

    /// How long one frame lasts, rounded down to a flick.
    #[must_use]
    pub fn frame_duration(self) -> TimeDelta {
        TimeDelta(scale(FLICKS, i64::from(self.den), i64::from(self.num)))
    }

    /// Frames per second as a float, for display and for encoders that take one.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 {
            write!(f, "{}", self.num)
        } else {
            write!(f, "{:.2}", self.as_f64())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATES: [u32; 8] = [1000, 8000, 16_000, 22_050, 44_100, 48_000, 90_000, 96_000];

    proptest! {
        #[test]
        fn every_usual_clock_converts_there_and_back(count in -10_000_000_000_i64..10_000_000_000, pick in 0usize..8) {
            let rate = RATES[pick];
            prop_assert_eq!(Timestamp::from_rate(count, rate).to_rate(rate), count);
            prop_assert_eq!(TimeDelta::from_rate(count, rate).to_rate(rate), count);
        }

        #[test]
        fn frame_index_and_frame_time_are_inverse(index in -100_000_000_i64..100_000_000, pick in 0usize..8) {
            let rates = [(24, 1), (25, 1), (30, 1), (60, 1), (30_000, 1001), (24_000, 1001), (7, 3), (120, 1)];
            let (num, den) = rates[pick];
            let rate = FrameRate { num, den };
            prop_assert_eq!(rate.frame_at(rate.frame_time(index)), index);
        }

        #[test]
        fn durations_survive(ms in 0u64..1_000_000_000_000) {
            let delta = TimeDelta::from_duration(Duration::from_millis(ms));
            prop_assert_eq!(delta.to_millis() as u64, ms);
            prop_assert_eq!(delta.to_duration().as_millis() as u64, ms);
        }

        #[test]
        fn nothing_overflows(a in any::<i64>(), b in any::<i64>(), rate in any::<u32>()) {
            let (x, y) = (Timestamp(a), TimeDelta(b));
            let _ = (x + y, x - y, x - Timestamp(b), -y, y * b, y / b, x.to_rate(rate), Timestamp::from_rate(a, rate));
            let _ = (y.to_duration(), x.to_string(), y.abs());
        }
    }

    #[test]
    fn a_clock_reads_as_hours_minutes_seconds() {
        assert_eq!(Timestamp::from_millis(3_661_005).to_string(), "1:01:01.005");
        assert_eq!(Timestamp::from_millis(-250).to_string(), "-0:00:00.250");
    }
}
