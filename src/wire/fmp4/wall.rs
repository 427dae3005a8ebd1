//! Studio time as the time of day: what a recording's fragments are stamped with.

use std::time::Duration;

use crate::media::{TimeDelta, Timestamp};

/// Seconds from 1900, where NTP counts from (RFC 5905 §6), to 1970.
const NTP_TO_UNIX: u64 = 2_208_988_800;

/// One moment on both clocks. Whoever holds the studio clock makes it, once per recording: a wall clock that is set
/// meanwhile does not tear the file's times apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallClock {
    at: Timestamp,
    unix: Duration,
}

impl WallClock {
    /// The studio clock read `at` when `unix` had passed since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn new(at: Timestamp, unix: Duration) -> Self {
        Self { at, unix }
    }

    /// The time of day at `at`, as time since 1970. Before 1970 it stays at 1970.
    #[must_use]
    pub fn unix_at(self, at: Timestamp) -> Duration {
        let since = at - self.at;
        if since < TimeDelta::ZERO {
            self.unix.saturating_sub(since.abs().to_duration())
        } else {
            self.unix.saturating_add(since.to_duration())
        }
    }

    /// The same as an NTP timestamp: seconds since 1900 in the upper 32 bits, their fraction in the lower. It starts anew in
    /// 2036, as NTP does.
    #[must_use]
    pub fn ntp_at(self, at: Timestamp) -> u64 {
        let unix = self.unix_at(at);
        let seconds = unix.as_secs().wrapping_add(NTP_TO_UNIX) & 0xffff_ffff;
        let fraction = (u64::from(unix.subsec_nanos()) << 32) / 1_000_000_000;
        seconds << 32 | fraction
    }
}

/// Time since 1970 of an NTP timestamp of the years 1970 to 2106: those before 1970 are taken as after 2036.
pub(super) fn unix_of_ntp(ntp: u64) -> Duration {
    let seconds = ntp >> 32;
    let seconds = if seconds < NTP_TO_UNIX {
        seconds + (1 << 32)
    } else {
        seconds
    } - NTP_TO_UNIX;
    let nanos = ((ntp & 0xffff_ffff) * 1_000_000_000).div_ceil(1 << 32);
    Duration::from_secs(seconds) + Duration::from_nanos(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_clocks_run_alike() {
        let wall = WallClock::new(Timestamp::from_millis(5000), Duration::from_millis(1_700_000_000_250));
        assert_eq!(
            wall.unix_at(Timestamp::from_millis(6500)),
            Duration::from_millis(1_700_000_001_750)
        );
        assert_eq!(
            wall.unix_at(Timestamp::from_millis(4000)),
            Duration::from_millis(1_699_999_999_250)
        );
        // 1 700 000 000 + 2 208 988 800 s, and a quarter.
        assert_eq!(wall.ntp_at(Timestamp::from_millis(5000)), 3_908_988_800 << 32 | 1 << 30);
    }

    proptest! {
        #[test]
        fn ntp_reads_back_to_the_nanosecond(seconds in 0_u64..4_294_967_296, nanos in 0_u32..1_000_000_000) {
            let unix = Duration::new(seconds, nanos);
            let ntp = WallClock::new(Timestamp::ZERO, unix).ntp_at(Timestamp::ZERO);
            prop_assert_eq!(unix_of_ntp(ntp), unix);
        }
    }
}
