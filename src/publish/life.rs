//! When to connect, when to wait and when to give up. No clock, no socket: time and jitter come in as values.
//!
//! The first retry comes at once, the next after 1, 2, 4, 8, 16 and then every 30 s, so that a server in trouble is not
//! stormed. With one exception: a host that *refuses* TCP connections is up, answers within a round trip and merely has
//! no server on that port yet. That costs it nothing, so for the first minute we ask it every half second, and are back
//! within a second of the server's return.
//!
//! A connection counts as live only once the server has taken media for [`PROVEN_AFTER`] or acknowledged some: nginx
//! answers a publisher whom it will refuse with `NetStream.Publish.Start` and then hangs up. And only one that stayed
//! for [`STABLE_AFTER`] resets the backoff, else such a server would be stormed for ever.

use super::DestinationState;
use crate::media::{TimeDelta, Timestamp};

/// Seconds to wait before the second, third … retry.
const BACKOFF_SECONDS: [i64; 6] = [1, 2, 4, 8, 16, 30];

/// Between attempts while the host refuses connections, in the first [`REFUSAL_GRACE_MS`].
const REFUSED_RETRY_MS: i64 = 500;

/// How long a refusing host is asked that often.
const REFUSAL_GRACE_MS: i64 = 60_000;

/// Media taken for so long means that the server accepts it, in milliseconds.
pub const PROVEN_AFTER: i64 = 1500;

/// Live for so long means that the next failure is a new story, in milliseconds.
pub const STABLE_AFTER: i64 = 10_000;

/// What a failure means for the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The host is up and has no server there.
    Refused,
    /// Anything else that may pass.
    Passing,
    /// Credentials refused, or a destination that cannot work: trying again is pointless, or worse, locks the account.
    Final,
}

#[derive(Debug)]
enum Phase {
    Idle,
    Connecting,
    Proving { since: Timestamp },
    Live { since: Timestamp },
    Waiting { until: Timestamp, reason: String },
    Failed { reason: String },
}

/// The life of one destination.
#[derive(Debug)]
pub struct Life {
    phase: Phase,
    /// Failed attempts since the last stable connection.
    failures: u32,
    outage_since: Option<Timestamp>,
}

impl Default for Life {
    fn default() -> Self {
        Self::new()
    }
}

impl Life {
    /// Idle.
    #[must_use]
    pub fn new() -> Self {
        Self {
            phase: Phase::Idle,
            failures: 0,
            outage_since: None,
        }
    }

    /// An attempt begins.
    pub fn connecting(&mut self) {
        self.phase = Phase::Connecting;
    }

    /// The server said that media may come.
    pub fn started(&mut self, now: Timestamp) {
        self.phase = Phase::Proving { since: now };
    }

    /// Tells how media fares: whether the server acknowledged some, or whether at least the socket has taken some. True
    /// if that made the destination live.
    pub fn progress(&mut self, now: Timestamp, is_acknowledged: bool, is_taken: bool) -> bool {
        let Phase::Proving { since } = self.phase else {
            return false;
        };
        let is_proven = is_acknowledged || (is_taken && now - since >= TimeDelta::from_millis(PROVEN_AFTER));
        if is_proven {
            self.phase = Phase::Live { since };
            self.outage_since = None;
        }
        is_proven
    }

    /// Whether the server has proven that it takes the stream.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    /// The attempt or connection is over. `jitter` in 0..1 shortens the wait by up to a tenth, so that destinations that
    /// fell together do not come back together.
    pub fn failed(&mut self, now: Timestamp, kind: FailureKind, reason: String, jitter: f64) {
        if let Phase::Live { since } = self.phase
            && now - since >= TimeDelta::from_millis(STABLE_AFTER)
        {
            self.failures = 0;
        }
        if kind == FailureKind::Final {
            self.phase = Phase::Failed { reason };
            return;
        }
        let outage_since = *self.outage_since.get_or_insert(now);
        let wait = self.wait(kind, now - outage_since);
        let wait = TimeDelta::from_secs_f64(wait.as_secs_f64() * (1.0 - 0.1 * jitter.clamp(0.0, 1.0)));
        self.failures = self.failures.saturating_add(1);
        self.phase = Phase::Waiting {
            until: now + wait,
            reason,
        };
    }

    fn wait(&self, kind: FailureKind, outage: TimeDelta) -> TimeDelta {
        let Some(step) = self.failures.checked_sub(1) else {
            return TimeDelta::ZERO;
        };
        let step = (step as usize).min(BACKOFF_SECONDS.len() - 1);
        let grown = TimeDelta::from_millis(BACKOFF_SECONDS[step] * 1000);
        if kind == FailureKind::Refused && outage < TimeDelta::from_millis(REFUSAL_GRACE_MS) {
            grown.min(TimeDelta::from_millis(REFUSED_RETRY_MS))
        } else {
            grown
        }
    }

    /// The operator wants an attempt now: ends a wait or a failure, and forgives what came before. Nothing otherwise.
    pub fn retry_now(&mut self, now: Timestamp) {
        if let Phase::Waiting { until, .. } = &mut self.phase {
            *until = now;
            self.failures = 0;
        } else if let Phase::Failed { reason } = &mut self.phase {
            let reason = std::mem::take(reason);
            self.failures = 0;
            self.phase = Phase::Waiting { until: now, reason };
        }
    }

    /// The operator has ended it.
    pub fn stopped(&mut self) {
        self.phase = Phase::Idle;
    }

    /// When the next attempt is due; `None` where none is planned.
    #[must_use]
    pub fn next_attempt(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Waiting { until, .. } => Some(until),
            _ => None,
        }
    }

    /// As operators see it at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> DestinationState {
        match &self.phase {
            Phase::Idle => DestinationState::Idle,
            Phase::Connecting | Phase::Proving { .. } => DestinationState::Connecting,
            Phase::Live { .. } => DestinationState::Live,
            Phase::Waiting { until, reason } => DestinationState::Backoff {
                reason: reason.clone(),
                retry_in_ms: u64::try_from((*until - now).to_millis()).unwrap_or(0),
                attempt: self.failures,
            },
            Phase::Failed { reason } => DestinationState::Failed { reason: reason.clone() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FailureKind::{Final, Passing, Refused};
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    /// Fails attempt after attempt, each as soon as it is due, and gives the waits in milliseconds.
    fn waits(life: &mut Life, now: &mut Timestamp, kinds: &[FailureKind]) -> Vec<i64> {
        let mut waits = Vec::new();
        for kind in kinds {
            life.connecting();
            life.failed(*now, *kind, "x".into(), 0.0);
            let next = life.next_attempt().unwrap();
            waits.push((next - *now).to_millis());
            *now = next;
        }
        waits
    }

    fn live_for(life: &mut Life, now: &mut Timestamp, ms: i64) {
        life.connecting();
        life.started(*now);
        assert!(life.progress(*now, true, true));
        *now += TimeDelta::from_millis(ms);
    }

    #[test]
    fn waits_grow_to_thirty_seconds() {
        let (mut life, mut now) = (Life::new(), at(0));
        assert_eq!(
            waits(&mut life, &mut now, &[Passing; 9]),
            [0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]
        );
    }

    #[test]
    fn a_refusing_host_is_asked_twice_a_second_for_a_minute() {
        let (mut life, mut now) = (Life::new(), at(5000));
        let waits = waits(&mut life, &mut now, &[Refused; 130]);
        assert_eq!(waits[0], 0);
        assert!(waits[1..121].iter().all(|wait| *wait == 500), "{waits:?}");
        assert_eq!(waits[122..], [30_000; 8]);
    }

    #[test]
    fn only_a_stable_connection_resets_the_backoff() {
        let (mut life, mut now) = (Life::new(), at(0));
        waits(&mut life, &mut now, &[Passing; 4]);
        live_for(&mut life, &mut now, 3000);
        life.failed(now, Passing, "x".into(), 0.0);
        assert_eq!((life.next_attempt().unwrap() - now).to_millis(), 8000);
        live_for(&mut life, &mut now, STABLE_AFTER);
        life.failed(now, Passing, "x".into(), 0.0);
        assert_eq!(life.next_attempt(), Some(now));
    }

    #[test]
    fn a_start_that_is_followed_by_a_hangup_was_no_success() {
        let mut life = Life::new();
        let mut now = at(0);
        for expected in [0, 1000, 2000] {
            life.connecting();
            life.started(now);
            assert!(!life.progress(now + TimeDelta::from_millis(400), false, true));
            assert_eq!(life.state(now), DestinationState::Connecting);
            life.failed(now, Passing, "closed".into(), 0.0);
            assert_eq!((life.next_attempt().unwrap() - now).to_millis(), expected);
            now = life.next_attempt().unwrap();
        }
    }

    #[test]
    fn media_taken_for_long_enough_is_proof() {
        let mut life = Life::new();
        life.started(at(0));
        assert!(!life.progress(at(5000), false, false), "nothing taken");
        assert!(life.progress(at(5000), false, true));
        assert!(!life.progress(at(6000), true, true), "told only once");
        assert_eq!(life.state(at(0)), DestinationState::Live);
    }

    #[test]
    fn refused_credentials_wait_for_the_operator() {
        let mut life = Life::new();
        life.connecting();
        life.failed(at(0), Final, "denied".into(), 0.0);
        assert_eq!(life.next_attempt(), None);
        assert_eq!(
            life.state(at(0)),
            DestinationState::Failed {
                reason: "denied".into()
            }
        );
        life.retry_now(at(10));
        assert_eq!(life.next_attempt(), Some(at(10)));
    }

    #[test]
    fn retry_now_ends_a_wait_and_starts_the_count_again() {
        let (mut life, mut now) = (Life::new(), at(0));
        waits(&mut life, &mut now, &[Passing; 7]);
        life.retry_now(at(1));
        assert_eq!(life.next_attempt(), Some(at(1)));
        assert_eq!(waits(&mut life, &mut now, &[Passing; 2]), [0, 1000]);
        let mut idle = Life::new();
        idle.retry_now(at(1));
        assert_eq!(idle.state(at(1)), DestinationState::Idle);
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_the_cap(jitter in 0.0f64..1.0, failures in 1usize..40) {
            let mut life = Life::new();
            for _ in 0..failures {
                life.failed(at(0), Passing, String::new(), jitter);
            }
            let wait = (life.next_attempt().unwrap() - at(0)).to_millis();
            prop_assert!((0..=30_000).contains(&wait));
            prop_assert!(failures < 8 || wait >= 27_000);
        }
    }
}
