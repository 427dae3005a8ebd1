//! How many bytes may go to the terminal now, so that a key that is pressed next waits behind few of them.
//!
//! Two token buckets (RFC 2697 has the idea) share what the link carries: one for the screen itself where nobody pressed a key
//! (meters, clocks), one for pictures. Their depth is a burst that the link has passed on within [`BURST_S`]. What answers a key is
//! always sent at once and only paid for afterwards.

use crate::media::{TimeDelta, Timestamp};

/// How long a key may wait behind a burst of pictures.
const BURST_S: f64 = 0.014;

/// Shares of the link: for the screen, for pictures. What is left over lets queues run empty.
const SCREEN: f64 = 0.35;
const PICTURES: f64 = 0.45;

/// A burst of fewer bytes than this is mostly cursor moves.
const SMALLEST: f64 = 300.0;

/// A bucket.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    bytes: f64,
    most: f64,
}

impl Bucket {
    fn fill(&mut self, rate: f64, burst: f64, seconds: f64) {
        self.most = burst;
        self.bytes = (self.bytes + rate * seconds).min(burst);
    }
}

/// Both buckets.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    screen: Bucket,
    pictures: Bucket,
    rates: (f64, f64),
    filled: Option<Timestamp>,
}

impl Pace {
    /// Fills the buckets for a link of `rate` bytes per second, of which pictures may take at most `cap`.
    pub fn fill(&mut self, now: Timestamp, rate: f64, cap: Option<f64>) {
        let seconds = self
            .filled
            .map_or(1.0, |before| (now - before).as_secs_f64().clamp(0.0, 1.0));
        self.filled = Some(now);
        let burst = (rate * BURST_S).max(SMALLEST);
        let pictures = (rate * PICTURES).min(cap.unwrap_or(f64::INFINITY));
        self.rates = (rate * SCREEN, pictures);
        self.screen.fill(self.rates.0, burst, seconds);
        // A cap below the link's rate must not come in bursts of the link.
        let burst = burst.min((pictures * 0.2).max(SMALLEST));
        self.pictures.fill(pictures, burst, seconds);
    }

    /// Whether what nobody asked for may be drawn on the screen.
    #[must_use]
    pub fn is_screen_due(&self) -> bool {
        self.screen.bytes >= 0.0
    }

    /// Bytes of pictures that may be sent now.
    #[must_use]
    pub fn pictures(&self) -> usize {
        let is_due = self.screen.bytes >= -self.screen.most && self.pictures.bytes >= self.enough();
        if is_due { self.pictures.bytes as usize } else { 0 }
    }

    /// Bytes of pictures per second that are allowed.
    #[must_use]
    pub fn room(&self) -> f64 {
        self.rates.1
    }

    /// Bytes for which it is worth to begin.
    fn enough(&self) -> f64 {
        SMALLEST.min(self.pictures.most)
    }

    /// So many bytes were sent of the screen and of pictures.
    pub fn spent(&mut self, screen: usize, pictures: usize) {
        // A screen drawn anew is paid for within a second, or nothing would move for long.
        self.screen.bytes = (self.screen.bytes - screen as f64).max(-self.rates.0);
        self.pictures.bytes = (self.pictures.bytes - pictures as f64).max(-self.rates.1 * 4.0);
    }

    /// How long until there may be something to send again, where all of it is spent.
    #[must_use]
    pub fn next(&self, wants_screen: bool) -> TimeDelta {
        let wait = |bucket: Bucket, level: f64, rate: f64| ((level - bucket.bytes) / rate.max(1.0)).clamp(0.0, 1.0);
        let (screen_rate, picture_rate) = self.rates;
        let behind = wait(self.screen, -self.screen.most, screen_rate);
        let pictures = wait(self.pictures, self.enough(), picture_rate).max(behind);
        let screen = if wants_screen {
            wait(self.screen, 0.0, screen_rate)
        } else {
            1.0
        };
        TimeDelta::from_secs_f64(pictures.min(screen).max(0.004))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_burst_is_longer_than_a_key_may_wait() {
        for rate in [8_000.0, 125_000.0, 10e6] {
            let mut pace = Pace::default();
            let mut now = Timestamp::ZERO;
            let mut total = 0;
            for _ in 0..2000 {
                pace.fill(now, rate, None);
                let bytes = pace.pictures();
                assert!(bytes as f64 <= (rate * 0.0141).max(SMALLEST), "{rate}: {bytes}");
                pace.spent(0, bytes);
                total += bytes;
                now += TimeDelta::from_millis(5);
            }
            let share = total as f64 / 10.0 / rate;
            assert!((0.40..0.50).contains(&share), "{rate}: {share}");
        }
    }

    #[test]
    fn a_cap_holds_whatever_the_link_carries() {
        let mut pace = Pace::default();
        let mut now = Timestamp::ZERO;
        let mut total = 0;
        for _ in 0..1000 {
            pace.fill(now, 50e6, Some(30_000.0));
            let bytes = pace.pictures();
            pace.spent(100, bytes);
            total += bytes;
            now += TimeDelta::from_millis(10);
        }
        assert!((270_000..310_000).contains(&total), "{total}");
    }

    #[test]
    fn what_a_key_has_spent_is_paid_for_afterwards() {
        let mut pace = Pace::default();
        pace.fill(Timestamp::ZERO, 8_000.0, None);
        pace.spent(3_000, 0);
        assert!(!pace.is_screen_due());
        assert_eq!(pace.pictures(), 0, "pictures wait, too");
        assert!(pace.next(true) > TimeDelta::from_millis(50));
        pace.fill(Timestamp::from_millis(1000), 8_000.0, None);
        assert!(pace.is_screen_due() && pace.pictures() > 0);
    }
}
