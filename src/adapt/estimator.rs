//! What one connection carries, from what is seen of it.
//!
//! At the heart is a **shadow queue**: a queue into which goes what the destination is given, and out of which comes what the
//! connection is believed to carry. While the belief is right, as much waits in the shadow as in truth, through every IDR and every
//! pause. As soon as more waits in truth (the **excess**), the connection carries less than was believed, and how fast bytes are
//! confirmed says how much. Thus the burst of an IDR is expected and alarms nobody, while a link that falls from 5 to 1 Mbit/s is
//! noticed as soon as 100 ms of excess have gathered, which takes less than that.
//!
//! Bytes that were given less than a round trip ago cannot have been confirmed, so the shadow is asked for a round trip ago. The
//! round trip is the shortest of the last ten seconds: an own backlog in the network makes an excess, somebody else's that stays
//! becomes how the path is. After segments were sent anew, a stall of two round trips is expected too: one loss holds up all
//! confirmations behind it, and says nothing of the rate.

use super::history::{History, Look};
use super::sample::Sample;
use crate::media::{TimeDelta, Timestamp};

/// One confirmation may wait that long at the peer (delayed ACK) or for the next look.
const SLACK_MS: i64 = 20;
/// What a round trip is taken for while nobody knows.
const USUAL_RTT_MS: i64 = 50;
/// Unsent bytes below this are the tail of a picture that is just being written.
const FEW_BYTES: u64 = 4000;
/// A window in which the speed of bursts is measured.
const BURST_MS: i64 = 100;
/// A new connection may need that long for its first burst.
const GRACE_MS: i64 = 1500;
/// Losses are a habit of the path where that many looks …
const HABIT: f64 = 1.5;
/// … of about so many seconds saw some, without any excess.
const HABIT_SECONDS: f64 = 10.0;
/// Nothing confirmed for that long is a hole, at any rate that a show can live on.
const PATCHY_MS: i64 = 100;
/// Over so long a path is found to get narrower still, if it carried less than such a share of what it did since the excess began.
const FALLING_MS: i64 = 250;
const FALLING: f64 = 0.85;
/// For how many seconds round trips are remembered.
const RTT_SECONDS: usize = 10;

/// The shortest round trip of the last seconds, by second.
#[derive(Clone, Debug)]
struct RttFloor {
    second: i64,
    shortest: [Option<TimeDelta>; RTT_SECONDS],
}

impl RttFloor {
    fn new() -> Self {
        Self {
            second: 0,
            shortest: [None; RTT_SECONDS],
        }
    }

    fn see(&mut self, at: Timestamp, rtt: TimeDelta) {
        let second = at.to_millis().div_euclid(1000);
        let passed = (second - self.second).clamp(0, RTT_SECONDS as i64);
        for back in 0..passed {
            self.shortest[(second - back).rem_euclid(RTT_SECONDS as i64) as usize] = None;
        }
        self.second = self.second.max(second);
        let slot = &mut self.shortest[second.rem_euclid(RTT_SECONDS as i64) as usize];
        *slot = Some(slot.map_or(rtt, |known| known.min(rtt)));
    }

    fn shortest(&self) -> Option<TimeDelta> {
        self.shortest.iter().flatten().min().copied()
    }

    /// What was short once is so no longer.
    fn forget_before(&mut self, at: Timestamp) {
        let newest = at.to_millis().div_euclid(1000);
        for back in 2..RTT_SECONDS as i64 {
            self.shortest[(newest - back).rem_euclid(RTT_SECONDS as i64) as usize] = None;
        }
    }
}

/// What is known of one connection.
#[derive(Clone, Debug)]
pub(super) struct Estimator {
    history: History,
    rtt: RttFloor,
    connection: u32,
    first: Timestamp,
    newest: Option<Sample>,
    /// When bytes were last confirmed, or nothing was there to confirm.
    progress: Timestamp,
    /// Since when there has been an excess.
    excess_since: Option<Timestamp>,
    retransmitted: Option<Timestamp>,
    /// How many looks of about the last ten seconds saw segments sent anew while all else was well, and when that was counted.
    habit: f64,
    /// Bytes per second at which bursts went through of late, and when: a lower bound of what is carried.
    burst: Option<(f64, Timestamp)>,
    /// Bytes per second that were carried over a second without an excess, and when.
    proven: Option<(f64, Timestamp)>,
    /// The protocol's bytes for each of media, and the media's sound in bytes per second, smoothed.
    overhead: f64,
    audio: Option<f64>,
    media_mark: Option<(Timestamp, u64, u64, u64)>,
    dropped: u64,
}

/// A judgement of the newest moment. Rates in bit/s of TCP payload.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Finding {
    /// For how much time more waits than expected, at the rate that is carried.
    pub excess: TimeDelta,
    /// For how much time is waiting in all, less the round trip and the newest IDR.
    pub wait: TimeDelta,
    /// Bits of the excess.
    pub excess_bits: f64,
    /// What has been confirmed since the excess began, but over at least 100 ms.
    pub carried: f64,
    /// Whether `carried` is all that the connection carries, and not just all that there was to carry.
    pub is_measure: bool,
    /// Whether what was confirmed came in pieces with long holes between them: a machine that paused, a segment that was lost. How
    /// fast it came says little then.
    pub is_patchy: bool,
    /// Whether it waits here and not in the network: the connection takes no more.
    pub is_limited: bool,
    /// What has been given to it over the last second.
    pub offered: f64,
    /// At what rate bursts went through of late; 0 if none did.
    pub burst: f64,
    /// The most that it carried for a second in the last minute without an excess.
    pub proven: f64,
    /// For how long nothing has been confirmed although something waits.
    pub silence: TimeDelta,
    /// The round trip without queues.
    pub rtt: TimeDelta,
    /// Share of packets missed, where the peer says so.
    pub loss: f64,
}

impl Estimator {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            history: History::default(),
            rtt: RttFloor::new(),
            connection: 0,
            first: now,
            newest: None,
            progress: now,
            excess_since: None,
            retransmitted: None,
            habit: 0.0,
            burst: None,
            proven: None,
            overhead: 1.0,
            audio: None,
            media_mark: None,
            dropped: 0,
        }
    }

    /// Bytes that the protocol sends for each byte of media.
    pub(super) fn overhead(&self) -> f64 {
        self.overhead
    }

    /// Sound in bit/s, where it has been measured.
    pub(super) fn audio(&self) -> Option<f64> {
        self.audio.map(|bytes| bytes * 8.0)
    }

    /// What has arrived over the last second, in bit/s.
    pub(super) fn arriving(&self) -> f64 {
        self.history.speed(TimeDelta::from_millis(1000), |look| look.confirmed) * 8.0
    }

    /// When it was last seen.
    pub(super) fn seen(&self) -> Option<Timestamp> {
        self.newest.as_ref().map(|sample| sample.at)
    }

    pub(super) fn newest(&self) -> Option<&Sample> {
        self.newest.as_ref()
    }

    fn restart(&mut self, sample: &Sample) {
        let (overhead, audio) = (self.overhead, self.audio);
        *self = Self::new(sample.at);
        (self.overhead, self.audio) = (overhead, audio);
        self.connection = sample.connection;
        self.dropped = sample.dropped_frames;
    }

    fn base_rtt(&self) -> TimeDelta {
        self.rtt
            .shortest()
            .unwrap_or_else(|| TimeDelta::from_millis(USUAL_RTT_MS))
    }

    fn is_lossy(&self, at: Timestamp) -> bool {
        self.retransmitted
            .is_some_and(|when| at - when <= self.base_rtt() * 3 + TimeDelta::from_millis(100))
    }

    /// What is new; `belief` in bit/s is what the connection should carry.
    pub(super) fn observe(&mut self, sample: &Sample, belief: f64) {
        let is_new = self.newest.as_ref().is_none_or(|newest| {
            sample.connection != self.connection || sample.confirmed_bytes < newest.confirmed_bytes
        });
        if is_new {
            self.restart(sample);
        }
        let before = self.history.newest().copied();
        let passed = before.map_or(0.0, |before| (sample.at - before.at).as_secs_f64());
        if before.is_some() && passed <= 0.0 {
            return;
        }
        if let Some(rtt) = sample.rtt {
            self.rtt.see(sample.at, rtt);
        }
        self.habit *= (-passed / HABIT_SECONDS).exp();
        if before.is_some_and(|before| sample.retransmits > before.retransmits) {
            let is_new = self.retransmitted.is_none_or(|when| sample.at - when > self.base_rtt());
            self.habit += f64::from(u8::from(is_new && self.excess_since.is_none()));
            self.retransmitted = Some(sample.at);
        }
        let confirmed = sample.confirmed_bytes as f64;
        let given = sample.written_bytes.max(sample.confirmed_bytes) as f64 + sample.queued_bytes as f64;
        let has_dropped = sample.dropped_frames != self.dropped;
        self.dropped = sample.dropped_frames;
        let last = self.newest.as_ref().map_or(given, |newest| {
            newest.written_bytes.max(newest.confirmed_bytes) as f64 + newest.queued_bytes as f64
        });
        let waiting = given - confirmed;
        let offered = before.map_or(given, |before| before.offered + (given - last).max(0.0));
        let model = before.map_or(0.0, |before| {
            (before.model + (given - last).max(0.0) - belief / 8.0 * passed).max(0.0)
        });
        // What was dropped waits no longer, here or there.
        let model = if has_dropped { model.min(waiting) } else { model };

        let is_progress = before.is_none_or(|before| confirmed > before.confirmed) || waiting <= 0.0;
        if is_progress {
            self.progress = sample.at;
        }
        let mut look = Look {
            at: sample.at,
            offered,
            confirmed,
            model,
            excess: 0.0,
            retransmits: sample.retransmits,
            is_limited: sample.queued_bytes + sample.unsent_bytes > FEW_BYTES,
        };
        self.history.push(look);
        let then = sample.at - self.base_rtt() - TimeDelta::from_millis(SLACK_MS);
        let expected =
            self.history.value_at(then, |look| look.model) + offered - self.history.value_at(then, |look| look.offered);
        look.excess = (waiting - expected).max(0.0);
        self.history.replace_newest(look);

        self.excess_since = if look.excess <= FEW_BYTES as f64 {
            None
        } else {
            self.excess_since.or(before.map(|before| before.at))
        };
        self.see_bursts(sample.at);
        self.see_proof(sample.at);
        self.see_media(sample);
        self.newest = Some(sample.clone());
    }

    /// A burst that began without an excess and lost nothing shows what the path can do.
    fn see_bursts(&mut self, at: Timestamp) {
        let span = TimeDelta::from_millis(BURST_MS);
        if self
            .burst
            .is_some_and(|(_, when)| at - when > TimeDelta::from_millis(2500))
        {
            self.burst = None;
        }
        let is_clean = self
            .history
            .within(span * 2)
            .all(|look| look.excess <= FEW_BYTES as f64);
        if !is_clean || self.is_lossy(at) || self.history.oldest().is_none_or(|oldest| at - oldest.at < span) {
            return;
        }
        let speed = self.history.speed(span, |look| look.confirmed);
        if self.burst.is_none_or(|(known, _)| speed >= known) {
            self.burst = Some((speed, at));
        }
    }

    fn see_proof(&mut self, at: Timestamp) {
        let span = TimeDelta::from_millis(1000);
        if self
            .proven
            .is_some_and(|(_, when)| at - when > TimeDelta::from_millis(60_000))
        {
            self.proven = None;
        }
        if self.history.oldest().is_none_or(|oldest| at - oldest.at < span) || self.excess_since.is_some() {
            return;
        }
        let speed = self.history.speed(span, |look| look.confirmed);
        if self.proven.is_none_or(|(known, _)| speed >= known) {
            self.proven = Some((speed, at));
        }
    }

    fn see_media(&mut self, sample: &Sample) {
        let mark = (sample.at, sample.written_bytes, sample.media_bytes, sample.audio_bytes);
        let Some((at, written, media, audio)) = self.media_mark else {
            self.media_mark = Some(mark);
            return;
        };
        let seconds = (sample.at - at).as_secs_f64();
        if seconds < 2.0 {
            return;
        }
        self.media_mark = Some(mark);
        let of = |now: u64, before: u64| now.saturating_sub(before) as f64;
        let media = of(sample.media_bytes, media);
        if media > 10_000.0 {
            // FEC may double it; more than that is a burst of the handshake's, or an error in the sums.
            let seen = (of(sample.written_bytes, written) / media).clamp(1.0, 2.0);
            self.overhead += (seen - self.overhead) * 0.3;
            let seen = of(sample.audio_bytes, audio) / seconds;
            self.audio = Some(self.audio.map_or(seen, |audio| audio + (seen - audio) * 0.5));
        }
    }

    /// Whoever else is on the path is there to stay: its queue is how the path is.
    pub(super) fn accept_path(&mut self, at: Timestamp) {
        self.rtt.forget_before(at);
        self.excess_since = None;
    }

    /// The judgement of `now`, where the connection is believed to carry `belief` bit/s.
    pub(super) fn finding(&self, now: Timestamp, belief: f64) -> Finding {
        let (Some(look), Some(sample)) = (self.history.newest(), &self.newest) else {
            return Finding::default();
        };
        let rtt = self.base_rtt();
        let is_lossy = self.is_lossy(look.at);
        let least = if is_lossy {
            rtt * 3 + TimeDelta::from_millis(100)
        } else {
            TimeDelta::from_millis(100)
        };
        let most = TimeDelta::from_millis(1000).max(least);
        let window = self
            .excess_since
            .map_or(most, |since| look.at - since)
            .clamp(least, most);
        let waiting = (sample.written_bytes.saturating_sub(sample.confirmed_bytes) + sample.queued_bytes) as f64;
        let silence = if waiting > 0.0 {
            now - self.progress
        } else {
            TimeDelta::ZERO
        };
        // Where losses are usual, several follow each other; elsewhere they begin with a queue that overflows.
        let hole = if self.habit > HABIT {
            rtt * 4 + TimeDelta::from_millis(100)
        } else {
            rtt
        };
        let is_stalled = is_lossy && silence <= hole;
        let until = if is_stalled { self.progress } else { look.at };
        let carried = self.history.speed_until(until, window, |look| look.confirmed) * 8.0;
        let gap = self
            .history
            .longest_gap(window.max(TimeDelta::from_millis(PATCHY_MS * 2)));
        let is_patchy = gap >= TimeDelta::from_millis(PATCHY_MS);
        let grown = (self.history.speed(window, |look| look.offered) * 8.0 - carried) * window.as_secs_f64();
        let (limited, looks) = self.history.within(window).fold((0, 0), |(limited, looks), look| {
            (limited + usize::from(look.is_limited), looks + 1)
        });
        let is_limited = limited * 3 >= looks * 2;
        // A path that goes on getting narrower, with everything waiting here, carries less by now than it did on the way.
        let moment = TimeDelta::from_millis(FALLING_MS).max(rtt * 3).min(window);
        let lately = self.history.speed_until(until, moment, |look| look.confirmed) * 8.0;
        let is_alone = sample.rtt.is_none_or(|now| now < rtt * 2 + TimeDelta::from_millis(60));
        let is_falling = is_limited && !is_patchy && !is_lossy && is_alone && lately < carried * FALLING;
        let carried = if is_falling { lately } else { carried };
        let is_growing = grown > 0.03 * belief.min(carried.max(1.0)).max(64_000.0) && look.excess > FEW_BYTES as f64;
        let rate = carried.max(belief * 0.1).max(32_000.0);
        let mut excess_bits = look.excess * 8.0;
        if is_lossy {
            // Behind a hole nothing is confirmed, whatever arrives.
            excess_bits -= belief * silence.clamp(rtt, hole).as_secs_f64();
        }
        if look.at - self.first < TimeDelta::from_millis(GRACE_MS) {
            excess_bits -= belief * 0.3;
        }
        let excess_bits = excess_bits.max(0.0);
        let young = look.offered
            - self
                .history
                .value_at(look.at - rtt - TimeDelta::from_millis(SLACK_MS), |look| look.offered);
        let idr = sample.idr_at.map_or(0.0, |at| {
            let left = sample.idr_bytes as f64 - (look.at - at).as_secs_f64() * rate / 8.0;
            left.clamp(0.0, rate / 8.0 * 0.5)
        });
        Finding {
            excess: TimeDelta::from_secs_f64(excess_bits / rate),
            wait: TimeDelta::from_secs_f64(((waiting - young - idr).max(0.0) * 8.0 / rate).min(60.0)),
            excess_bits,
            carried,
            is_measure: self.excess_since.is_some() && (is_limited || is_growing),
            is_patchy,
            is_limited,
            offered: self.history.speed(TimeDelta::from_millis(1000), |look| look.offered) * 8.0,
            burst: self.burst.map_or(0.0, |(speed, _)| speed * 8.0),
            proven: self.proven.map_or(0.0, |(speed, _)| speed * 8.0),
            silence,
            rtt,
            loss: sample.loss.unwrap_or(0.0),
        }
    }
}
