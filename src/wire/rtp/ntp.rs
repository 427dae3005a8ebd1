//! Wall-clock time as RTCP writes it (RFC 3550 §4).

use std::time::Duration;

use crate::media::TimeDelta;

/// Seconds from 1900 to 1970.
const UNIX_EPOCH: u64 = 2_208_988_800;

/// Seconds since 1900 in 32.32 fixed point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NtpTime(u64);

impl NtpTime {
    /// A point of the wall clock, as time since 1970. Wraps in 2036, as the format does.
    #[must_use]
    pub fn from_unix(since_1970: Duration) -> Self {
        let seconds = since_1970.as_secs().wrapping_add(UNIX_EPOCH) << 32;
        let fraction = (u64::from(since_1970.subsec_nanos()) << 32) / 1_000_000_000;
        Self(seconds | fraction)
    }

    /// Time since 1970; points before it, as from senders without a wall clock, as zero.
    #[must_use]
    pub fn to_unix(self) -> Duration {
        let nanos = ((self.0 & 0xFFFF_FFFF) * 1_000_000_000) >> 32;
        let seconds = (self.0 >> 32).saturating_sub(UNIX_EPOCH);
        Duration::new(seconds, nanos as u32)
    }

    /// The 64 bits of a sender report.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The 64 bits of a sender report.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The middle 32 bits, 16.16, by which reports refer to each other (§6.4.1).
    #[must_use]
    pub const fn compact(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// Time from 16.16 fixed point.
pub(super) fn from_compact(bits: u32) -> TimeDelta {
    TimeDelta::from_rate(i64::from(bits), 65_536)
}

/// Time as 16.16 fixed point, within what that holds.
pub(super) fn to_compact(delta: TimeDelta) -> u32 {
    delta.to_rate(65_536).clamp(0, i64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_goes_there_and_back() {
        for nanos in [0, 1_700_000_000_123_456_789, 999_999_999, 1_900_000_000_000_000_000] {
            let time = Duration::from_nanos(nanos);
            let back = NtpTime::from_unix(time).to_unix();
            assert!(time.abs_diff(back) < Duration::from_nanos(2), "{time:?} {back:?}");
        }
        assert_eq!(NtpTime::from_bits(1 << 32).to_unix(), Duration::ZERO);
    }

    #[test]
    fn the_middle_bits_count_in_65536ths() {
        let time = NtpTime::from_bits(0x1234_5678_9ABC_DEF0);
        assert_eq!(time.compact(), 0x5678_9ABC);
        assert_eq!(from_compact(0x8000), TimeDelta::from_millis(500));
        assert_eq!(to_compact(TimeDelta::from_millis(500)), 0x8000);
        assert_eq!(to_compact(TimeDelta::from_millis(-5)), 0);
    }
}
