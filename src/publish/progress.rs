//! Does a connection move? Judged from what the socket took, what the peer's system confirmed and what its program
//! acknowledged: three different things when a server freezes.

use crate::media::{TimeDelta, Timestamp};

/// Without any byte confirmed for so long, the peer has stopped reading.
pub(super) const STALL_SECONDS: u64 = 10;

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
            self.confirmed = confirmed;
            self.confirmed_at = now;
        }
    }

    /// Whether the peer has stopped reading: its system confirms nothing more, or (its buffers may be large) its program,
    /// which used to acknowledge, no longer does.
    pub(super) fn is_stalled(&self, now: Timestamp) -> bool {
        let patience = TimeDelta::from_millis(STALL_SECONDS as i64 * 1000);
        let is_silent = self.acknowledgements >= ACK_HABIT
            && self.written.saturating_sub(self.acknowledged) > 2 * self.acknowledged_step + ACK_SLACK
            && now - self.acknowledged_at > patience;
        now - self.confirmed_at > patience || is_silent
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
        for second in 0..=10 {
            progress.look(60_000, true, at(second));
            assert!(!progress.is_stalled(at(second)));
        }
        progress.look(60_000, true, at(11));
        assert!(progress.is_stalled(at(11)));
        progress.look(59_000, true, at(11));
        assert!(!progress.is_stalled(at(11)));
    }

    #[test]
    fn nothing_to_send_is_no_stall() {
        let mut progress = Progress::new(at(0));
        progress.look(0, false, at(100));
        assert!(!progress.is_stalled(at(100)));
    }

    #[test]
    fn a_peer_that_used_to_acknowledge_and_stopped_is_stalled() {
        let mut progress = Progress::new(at(0));
        for second in 1..=3 {
            progress.acknowledge(second * 250_000, at(second as i64));
        }
        // Its system's buffer goes on taking.
        progress.written = 3_000_000;
        progress.look(0, false, at(12));
        assert!(!progress.is_stalled(at(12)));
        progress.look(0, false, at(14));
        assert!(progress.is_stalled(at(14)));
        // One that never acknowledged is not judged by it.
        let mut silent = Progress::new(at(0));
        silent.written = 3_000_000;
        silent.look(0, false, at(14));
        assert!(!silent.is_stalled(at(14)));
    }
}
