//! Does a connection move? Judged from what the socket took, what the peer's system confirmed and what its program
//! acknowledged: three different things when a server freezes.

use crate::media::{TimeDelta, Timestamp};

/// Without any byte confirmed for so long, the connection is given up. A new one costs viewers more than a wait that ends, and
/// while the network is away none can be had: an outage of 10 s must not end it. To TCP such an outage looks up to 19 s long, for it
/// doubles the wait between its attempts where the kernel cannot be told otherwise (200 ms, 400 ms … 6.4 s, 12.8 s).
pub(super) const STALL_SECONDS: u64 = 20;

/// A peer that is there and takes nothing hangs, which no network explains: its system answers and confirms no byte, or goes on
/// taking bytes while its program, which used to acknowledge, no longer does.
const HANG_SECONDS: u64 = 10;

/// A gap in what is confirmed that was no mere loss of a packet.
const GAP_MS: i64 = 1000;

/// Unacknowledged bytes beyond the peer's habit before its silence means something.
const ACK_SLACK: u64 = 256 * 1024;

/// Acknowledgements before a peer has a habit: the first may answer the greeting and say nothing about media.
const ACK_HABIT: u32 = 3;

/// What is measured on one connection.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) opened: Timestamp,
    /// Bytes that the socket has taken, and how many of them the peer's system has confirmed at best knowledge.
    pub(super) written: u64,
    pub(super) confirmed: u64,
    confirmed_at: Timestamp,
    /// When the peer's system last said anything.
    answered_at: Timestamp,
    /// `written` when media could begin.
    pub(super) media_from: Option<u64>,
    pub(super) acknowledged: u64,
    acknowledged_at: Timestamp,
    /// The largest step from one acknowledgement to the next: the peer's habit.
    acknowledged_step: u64,
    acknowledgements: u32,
    /// For the bitrate: when, and `written` then.
    pub(super) measured: (Timestamp, u64),
}

impl Progress {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            opened: now,
            written: 0,
            confirmed: 0,
            confirmed_at: now,
            answered_at: now,
            media_from: None,
            acknowledged: 0,
            acknowledged_at: now,
            acknowledged_step: 0,
            acknowledgements: 0,
            measured: (now, 0),
        }
    }

    pub(super) fn acknowledge(&mut self, total: u64, now: Timestamp) {
        self.acknowledged_step = self.acknowledged_step.max(total.saturating_sub(self.acknowledged));
        self.acknowledgements += 1;
        self.acknowledged = self.acknowledged.max(total);
        self.acknowledged_at = now;
    }

    /// Takes a look: `unconfirmed` bytes in the kernel, and whether we have more to write.
    pub(super) fn look(&mut self, unconfirmed: u64, has_output: bool, now: Timestamp) {
        let confirmed = self.written.saturating_sub(unconfirmed);
        if confirmed > self.confirmed || (unconfirmed == 0 && !has_output) {
            if self.silence(now) > TimeDelta::from_millis(GAP_MS) {
                // What its program says has been held up as well.
                self.acknowledged_at = now;
            }
            self.confirmed = confirmed;
            self.confirmed_at = now;
        }
    }

    /// The peer's system has said something, if only that it takes nothing.
    pub(super) fn answered(&mut self, at: Timestamp) {
        self.answered_at = at;
    }

    /// For how long nothing was confirmed, with something under way.
    pub(super) fn silence(&self, now: Timestamp) -> TimeDelta {
        now - self.confirmed_at
    }

    /// Whether the peer has stopped reading: its system confirms nothing more, or (its buffers may be large) its program,
    /// which used to acknowledge, no longer does.
    ///
    /// Gives the seconds that this has lasted at least.
    pub(super) fn stalled_for(&self, now: Timestamp) -> Option<u64> {
        let lasts = |since: Timestamp, seconds: u64| now - since > TimeDelta::from_millis(seconds as i64 * 1000);
        let gap = TimeDelta::from_millis(GAP_MS);
        let is_silent = self.acknowledgements >= ACK_HABIT
            && self.written.saturating_sub(self.acknowledged) > 2 * self.acknowledged_step + ACK_SLACK
            && lasts(self.acknowledged_at, HANG_SECONDS)
            // Else it is the network that is silent.
            && self.silence(now) <= gap;
        let is_full = lasts(self.confirmed_at, HANG_SECONDS) && self.answered_at > self.confirmed_at + gap;
        if is_silent || is_full {
            return Some(HANG_SECONDS);
        }
        lasts(self.confirmed_at, STALL_SECONDS).then_some(STALL_SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_peer_whose_system_confirms_nothing_is_stalled() {
        let mut progress = Progress::new(at(0));
        progress.written = 100_000;
        for second in 0..=20 {
            progress.look(60_000, true, at(second));
            assert_eq!(progress.stalled_for(at(second)), None);
        }
        progress.look(60_000, true, at(21));
        assert_eq!(progress.stalled_for(at(21)), Some(STALL_SECONDS));
        progress.look(59_000, true, at(21));
        assert_eq!(progress.stalled_for(at(21)), None);
    }

    #[test]
    fn a_peer_whose_system_answers_and_takes_nothing_hangs() {
        let mut progress = Progress::new(at(0));
        progress.written = 100_000;
        for second in 0..=10 {
            progress.look(60_000, true, at(second));
            progress.answered(at(second));
            assert_eq!(progress.stalled_for(at(second)), None);
        }
        assert_eq!(progress.stalled_for(at(11)), Some(HANG_SECONDS));
    }

    #[test]
    fn after_an_outage_the_program_has_time_to_acknowledge() {
        let mut progress = Progress::new(at(0));
        for second in 1..=3 {
            progress.acknowledge(second * 250_000, at(second as i64));
        }
        progress.written = 3_000_000;
        progress.look(2_000_000, true, at(3));
        assert_eq!(progress.stalled_for(at(19)), None, "the network is away");
        progress.look(0, true, at(19));
        assert_eq!(progress.stalled_for(at(19)), None);
        progress.look(0, false, at(30));
        assert_eq!(progress.stalled_for(at(30)), None, "only now is it known to be silent");
    }

    #[test]
    fn nothing_to_send_is_no_stall() {
        let mut progress = Progress::new(at(0));
        progress.look(0, false, at(100));
        assert_eq!(progress.stalled_for(at(100)), None);
    }

    #[test]
    fn a_peer_that_used_to_acknowledge_and_stopped_is_stalled() {
        let mut progress = Progress::new(at(0));
        for second in 1..=3 {
            progress.acknowledge(second * 250_000, at(second as i64));
        }
        // Its system's buffer goes on taking.
        progress.written = 3_000_000;
        for second in 3..=12 {
            progress.look(0, false, at(second));
        }
        assert_eq!(progress.stalled_for(at(12)), None);
        for second in 13..=14 {
            progress.look(0, false, at(second));
        }
        assert_eq!(progress.stalled_for(at(14)), Some(10));
        // One that never acknowledged is not judged by it.
        let mut silent = Progress::new(at(0));
        silent.written = 3_000_000;
        silent.look(0, false, at(14));
        assert_eq!(silent.stalled_for(at(14)), None);
    }
}
