//! What the link to the terminal carries, measured by how long the answer to a status query takes.
//!
//! After a burst comes a query (`CSI 5 n`); the terminal answers when it has read up to it. What the answer takes beyond the
//! shortest round trip was spent waiting: behind the burst itself, and behind what was left of the burst before. The second part
//! follows from the answer before (Lindley's recursion for a queue), so the burst over the first part is the rate of the link.
//! A machine that is late now and then makes a sample too low and hardly ever too high, so of the newest samples the highest
//! counts. Where nothing answers, the time that writing was blocked has to do.

use std::collections::VecDeque;

use crate::media::{TimeDelta, Timestamp};

/// Bytes per second until something is known: what any link carries on which one would try.
const FIRST_RATE: f64 = 32_000.0;

/// The least that is believed of a link: 9600 bit/s.
const LEAST_RATE: f64 = 1_200.0;

/// The most that matters.
const MOST_RATE: f64 = 200_000_000.0;

/// A delay below this is the machines', not the link's.
const NOISE_S: f64 = 0.004;

/// Answers that wait longer than this stand behind a queue that does not run off by itself.
const STANDING_S: f64 = 0.03;

/// Fewer bytes than this say nothing about a rate.
const TELLING: u64 = 300;

/// Samples of which the highest counts.
const SAMPLES: usize = 5;

/// For so long the shortest round trip counts; a route may change.
const BASE_KEPT_S: f64 = 20.0;

/// So often a query stands alone.
const ALONE_S: f64 = 2.0;

/// How long everything must have waited to tell what is carried, and over how long that is looked at.
const BUSY_S: (f64, f64) = (0.25, 1.0);

/// So much faster than it was thought to be may a link be found at once.
const MOST_GROWTH: f64 = 2.0;

/// A query that is not answered by then never will be.
const LOST_S: f64 = 4.0;

/// A query on its way.
#[derive(Clone, Copy, Debug)]
struct Query {
    at: Timestamp,
    /// Bytes sent before its answer, all told.
    sent: u64,
    /// Bytes that were sent with it, all at once.
    burst: u64,
}

/// The estimate.
#[derive(Clone, Debug)]
pub struct Link {
    queries: VecDeque<Query>,
    sent: u64,
    arrived: u64,
    /// The shortest round trips of this while and of the one before.
    base: Option<(TimeDelta, TimeDelta, Timestamp)>,
    round_trip: Option<TimeDelta>,
    /// When the query before was sent, and how long it waited.
    before: Option<(Timestamp, TimeDelta)>,
    /// When the newest query was sent that stands alone.
    alone: Option<Timestamp>,
    /// When the newest answers came, and how many bytes had arrived then; only of bursts of which each stood behind
    /// the one before.
    busy: VecDeque<(Timestamp, u64)>,
    samples: VecDeque<f64>,
    rate: f64,
    has_answered: bool,
    unanswered: u32,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            queries: VecDeque::new(),
            sent: 0,
            arrived: 0,
            base: None,
            round_trip: None,
            before: None,
            alone: None,
            busy: VecDeque::new(),
            samples: VecDeque::new(),
            rate: FIRST_RATE,
            has_answered: false,
            unanswered: 0,
        }
    }
}

impl Link {
    /// Bytes have been handed to the terminal.
    pub fn sent(&mut self, bytes: u64) {
        self.sent += bytes;
    }

    /// A query stands at the end of a burst of so many bytes, the last of what was sent.
    pub fn asked(&mut self, now: Timestamp, burst: u64) {
        if burst < TELLING {
            self.alone = Some(now);
        }
        self.queries.push_back(Query {
            at: now,
            sent: self.sent,
            burst,
        });
    }

    /// The oldest query has been answered.
    pub fn answered(&mut self, now: Timestamp) {
        let Some(query) = self.queries.pop_front() else {
            return;
        };
        self.has_answered = true;
        self.unanswered = 0;
        self.arrived = query.sent;
        let took = now - query.at;
        self.round_trip = Some(took);
        // A burst takes its own time; what stands alone tells the way there and back.
        if query.burst < TELLING || took < self.base_round_trip() || self.base.is_none() {
            self.note_base(took, now);
        }
        let waited = took - self.base_round_trip();
        let left_over = self.before.map_or(TimeDelta::ZERO, |(at, waited)| {
            (waited - (query.at - at)).max(TimeDelta::ZERO)
        });
        self.before = Some((query.at, waited));
        self.note_rate(query.burst, waited - left_over);
        self.note_busy(now, waited.as_secs_f64() > STANDING_S && left_over > TimeDelta::ZERO);
    }

    /// Writing `bytes` took so long.
    pub fn wrote(&mut self, bytes: u64, took: TimeDelta) {
        // A link that answers is measured better by its answers: a pipe takes a lot before it blocks.
        if !self.has_answered {
            self.note_rate(bytes, took);
        }
    }

    /// Lets time pass: queries that are too old are given up.
    pub fn tick(&mut self, now: Timestamp) {
        while self
            .queries
            .front()
            .is_some_and(|query| (now - query.at).as_secs_f64() > LOST_S)
        {
            self.queries.pop_front();
            self.unanswered = self.unanswered.saturating_add(1);
            if self.queries.is_empty() {
                self.arrived = self.sent;
            }
        }
    }

    /// Whether the way there and back should be measured anew, by a query that stands alone.
    #[must_use]
    pub fn is_base_old(&self, now: Timestamp) -> bool {
        self.alone.is_none_or(|at| (now - at).as_secs_f64() > ALONE_S)
    }

    /// Whether asking is of any use: it has been answered, or may be yet.
    #[must_use]
    pub fn is_worth_asking(&self) -> bool {
        self.unanswered < 2 && self.queries.len() < 16
    }

    /// Whether answers come.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.has_answered && self.unanswered < 2
    }

    /// Whether an answer is on its way.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.has_answered && !self.queries.is_empty()
    }

    /// Bytes per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The share of the rate that should be used now, from 0 to 1: less while answers wait, so that what stands in the way runs off.
    #[must_use]
    pub fn relief(&self, now: Timestamp) -> f64 {
        let waits = self
            .round_trip(now)
            .map_or(0.0, |took| (took - self.base_round_trip()).as_secs_f64());
        if waits <= STANDING_S {
            1.0
        } else {
            (STANDING_S / waits).max(0.1)
        }
    }

    /// Bytes that are not known to have arrived.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        if self.answers() { self.sent - self.arrived } else { 0 }
    }

    /// The shortest time in which an answer has come lately.
    #[must_use]
    pub fn base_round_trip(&self) -> TimeDelta {
        self.base.map_or(TimeDelta::ZERO, |(now, before, _)| now.min(before))
    }

    /// How long the newest answer took, or the oldest query that waits for one if that is longer.
    #[must_use]
    pub fn round_trip(&self, now: Timestamp) -> Option<TimeDelta> {
        let waiting = self.queries.front().map(|query| now - query.at);
        self.round_trip.max(waiting.filter(|_| self.has_answered))
    }

    fn note_base(&mut self, took: TimeDelta, now: Timestamp) {
        self.base = Some(match self.base {
            None => (took, took, now),
            Some((newest, _, since)) if (now - since).as_secs_f64() > BASE_KEPT_S => (took, newest, now),
            Some((newest, before, since)) => (newest.min(took), before, since),
        });
    }

    /// While everything has to wait, what arrives is what the link carries, whatever single bursts seem to say: a line that hands
    /// on several at once makes each but the first look quick.
    fn note_busy(&mut self, now: Timestamp, is_behind_another: bool) {
        if !is_behind_another {
            self.busy.clear();
        }
        self.busy.push_back((now, self.arrived));
        while self.busy.len() > 2
            && self
                .busy
                .front()
                .is_some_and(|(at, _)| (now - *at).as_secs_f64() > BUSY_S.1)
        {
            self.busy.pop_front();
        }
        let Some((since, arrived)) = self.busy.front() else {
            return;
        };
        let seconds = (now - *since).as_secs_f64();
        if seconds >= BUSY_S.0 {
            let carried = ((self.arrived - arrived) as f64 / seconds).clamp(LEAST_RATE, MOST_RATE);
            if carried * 1.1 < self.rate {
                self.rate = carried * 1.1;
                self.samples.clear();
                self.samples.push_back(self.rate);
            }
        }
    }

    /// `bytes` took so long.
    fn note_rate(&mut self, bytes: u64, took: TimeDelta) {
        let bytes_f = bytes as f64;
        let expected = bytes_f / self.rate;
        let sample = if bytes < TELLING {
            return;
        } else if took.as_secs_f64() > NOISE_S {
            bytes_f / took.as_secs_f64()
        } else if expected * 2.0 > NOISE_S {
            // Sooner than was thought possible. How much more there is shows when more is sent.
            (bytes_f / NOISE_S).clamp(self.rate, self.rate * MOST_GROWTH)
        } else {
            return;
        };
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sample.clamp(LEAST_RATE, MOST_RATE));
        self.rate = self.samples.iter().copied().fold(0.0, f64::max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A link of so many bytes per second that takes `delay_ms` there and back, in simulated time.
    pub struct Pipe {
        pub rate: f64,
        pub delay_ms: i64,
        /// When what has been sent so far has left.
        pub free: Timestamp,
        pub answers: VecDeque<Timestamp>,
    }

    impl Pipe {
        pub fn new(rate: f64, delay_ms: i64) -> Self {
            Self {
                rate,
                delay_ms,
                free: Timestamp::ZERO,
                answers: VecDeque::new(),
            }
        }

        /// Sends; returns when the last byte has been read by the terminal.
        pub fn send(&mut self, bytes: u64, now: Timestamp) -> Timestamp {
            self.free = self.free.max(now) + TimeDelta::from_secs_f64(bytes as f64 / self.rate);
            self.free + TimeDelta::from_millis(self.delay_ms / 2)
        }

        pub fn ask(&mut self, now: Timestamp) {
            let at = self.send(0, now) + TimeDelta::from_millis(self.delay_ms / 2);
            self.answers.push_back(at);
        }
    }

    /// Sends bursts of `bytes`, each after the answer to the one before, for so many times.
    fn run(link: &mut Link, pipe: &mut Pipe, bytes: u64, times: usize, mut now: Timestamp) -> Timestamp {
        for _ in 0..times {
            pipe.send(bytes, now);
            link.sent(bytes);
            link.asked(now, bytes);
            pipe.ask(now);
            now = pipe.answers.pop_front().unwrap();
            link.answered(now);
            now += TimeDelta::from_millis(20);
        }
        now
    }

    #[test]
    fn the_rate_of_a_link_is_found() {
        for (rate, delay) in [(8_000.0, 150), (125_000.0, 150), (125_000.0, 2), (2_000_000.0, 40)] {
            let (mut link, mut pipe) = (Link::default(), Pipe::new(rate, delay));
            // A key or two: the base.
            let now = run(&mut link, &mut pipe, 40, 3, Timestamp::ZERO);
            let bytes = (rate / 20.0) as u64 + 2000;
            run(&mut link, &mut pipe, bytes, 8, now);
            let found = link.rate() / rate;
            assert!((0.85..1.2).contains(&found), "{rate} {delay}: {found}");
        }
    }

    #[test]
    fn bursts_that_do_not_wait_for_answers_tell_the_same() {
        for (rate, delay, burst) in [
            (125_000.0, 150, 2_400),
            (125_000.0, 300, 2_400),
            (1_000_000.0, 150, 18_000),
        ] {
            let (mut link, mut pipe) = (Link::default(), Pipe::new(rate, delay));
            let mut now = run(&mut link, &mut pipe, 40, 2, Timestamp::ZERO);
            for _ in 0..300 {
                now += TimeDelta::from_millis(22);
                while pipe.answers.front().is_some_and(|at| *at <= now) {
                    link.answered(pipe.answers.pop_front().unwrap());
                }
                pipe.send(burst, now);
                link.sent(burst);
                link.asked(now, burst);
                pipe.ask(now);
            }
            let found = link.rate() / rate;
            assert!((0.8..1.3).contains(&found), "{rate} {delay}: {found}");
        }
    }

    #[test]
    fn a_line_that_hands_on_several_bursts_at_once_is_not_taken_for_a_fast_one() {
        let (mut link, mut pipe) = (Link::default(), Pipe::new(8_000.0, 150));
        let mut now = run(&mut link, &mut pipe, 40, 2, Timestamp::ZERO);
        for _ in 0..200 {
            now += TimeDelta::from_millis(40);
            while pipe.answers.front().is_some_and(|at| *at <= now) {
                link.answered(pipe.answers.pop_front().unwrap());
            }
            let burst = (link.rate() * link.relief(now) * 0.03) as u64 + 100;
            pipe.send(burst, now);
            link.sent(burst);
            link.asked(now, burst);
            pipe.ask(now);
            // It hands on what it has each 128 ms.
            let at = pipe.answers.pop_back().unwrap();
            let gathered = Timestamp::from_millis((at.to_millis() / 128 + 1) * 128);
            pipe.answers.push_back(gathered);
        }
        assert!(link.rate() < 16_000.0, "{}", link.rate());
        assert!(
            (pipe.free - now).as_secs_f64() < 0.5,
            "nothing piles up: {:?}",
            pipe.free - now
        );
    }

    #[test]
    fn small_things_make_no_link_fast() {
        let (mut link, mut pipe) = (Link::default(), Pipe::new(125_000.0, 150));
        let now = run(&mut link, &mut pipe, 40, 2, Timestamp::ZERO);
        let now = run(&mut link, &mut pipe, 2_500, 6, now);
        run(&mut link, &mut pipe, 350, 500, now);
        assert!(link.rate() < 200_000.0, "{}", link.rate());
    }

    #[test]
    fn a_fast_link_is_known_soon() {
        let (mut link, mut pipe) = (Link::default(), Pipe::new(1e9, 0));
        let mut now = Timestamp::ZERO;
        for _ in 0..12 {
            let burst = (link.rate() * 0.02) as u64;
            now = run(&mut link, &mut pipe, burst, 1, now);
        }
        assert!(link.rate() > 20e6, "{}", link.rate());
    }

    #[test]
    fn a_hiccup_does_not_count_and_a_slower_link_does() {
        let (mut link, mut pipe) = (Link::default(), Pipe::new(1e6, 10));
        let now = run(&mut link, &mut pipe, 40, 2, Timestamp::ZERO);
        let now = run(&mut link, &mut pipe, 20_000, 10, now);
        let before = link.rate();
        pipe.delay_ms = 200;
        let now = run(&mut link, &mut pipe, 20_000, 1, now);
        assert!(link.rate() >= before * 0.9);
        pipe.delay_ms = 10;
        pipe.rate = 1e5;
        run(&mut link, &mut pipe, 20_000, 6, now);
        assert!(link.rate() < 1.2e5, "{}", link.rate());
    }

    #[test]
    fn a_terminal_that_says_nothing_is_measured_by_blocked_writes() {
        let mut link = Link::default();
        let mut now = Timestamp::ZERO;
        for _ in 0..3 {
            link.sent(4000);
            assert!(link.is_worth_asking() || link.unanswered >= 2);
            link.asked(now, 4000);
            now += TimeDelta::from_millis(5000);
            link.tick(now);
        }
        assert!(!link.is_worth_asking() && !link.answers());
        assert_eq!(link.in_flight(), 0);
        for _ in 0..6 {
            link.wrote(4000, TimeDelta::from_millis(500));
        }
        assert!((7_000.0..9_000.0).contains(&link.rate()), "{}", link.rate());
    }

    #[test]
    fn what_stands_in_the_way_runs_off() {
        let (mut link, mut pipe) = (Link::default(), Pipe::new(8_000.0, 150));
        let now = run(&mut link, &mut pipe, 40, 2, Timestamp::ZERO);
        assert!((link.relief(now) - 1.0).abs() < 1e-9);
        pipe.send(12_000, now);
        link.sent(12_000);
        link.asked(now, 12_000);
        let later = now + TimeDelta::from_millis(1200);
        assert!(
            link.relief(later) < 0.1 + 1e-9,
            "it waits, and no answer is needed to know it"
        );
        pipe.ask(now);
        link.answered(pipe.answers.pop_front().unwrap());
        assert!(link.relief(now) < 0.1 + 1e-9);
        run(&mut link, &mut pipe, 40, 1, now + TimeDelta::from_millis(4000));
        assert!((link.relief(now + TimeDelta::from_millis(5000)) - 1.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn nothing_that_a_terminal_does_breaks_it(steps in proptest::collection::vec((0u8..5, 0i64..10_000), 0..200)) {
            let mut link = Link::default();
            let mut now = Timestamp::ZERO;
            for (what, amount) in steps {
                match what {
                    0 => link.sent(amount.unsigned_abs()),
                    1 => link.asked(now, amount.unsigned_abs()),
                    2 => link.answered(now),
                    3 => link.wrote(amount.unsigned_abs(), TimeDelta::from_millis(amount)),
                    _ => { now += TimeDelta::from_millis(amount); link.tick(now); }
                }
                prop_assert!((LEAST_RATE..=MOST_RATE).contains(&link.rate()));
                prop_assert!(link.in_flight() <= link.sent);
            }
        }
    }
}
