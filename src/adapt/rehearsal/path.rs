//! A model of a network path with TCP over it: one bottleneck with a drop-tail queue, any number of flows, a round trip, losses,
//! outages. Its clock is a step of five milliseconds.
//!
//! It is a model, not TCP: what it has in common with it is what a controller of bitrate sees. In-order confirmations that stall
//! behind a loss for a round trip, a window that grows while it is used and shrinks on loss, slow start, timeouts that back off
//! when nothing comes back, little unsent in the kernel and the rest in one's own queue.

use std::collections::VecDeque;

use super::dice::Dice;

/// The step of the model, in seconds.
pub(super) const STEP: f64 = 0.005;
/// Bytes of payload in a segment.
const SEGMENT: f64 = 1448.0;
/// The longest wait between two attempts to send into an outage, in seconds.
const LONGEST_RTO: f64 = 2.0;
/// What the kernel takes beyond what it has sent, in bytes.
pub(super) const UNSENT: f64 = 16_384.0;

/// What the path is like at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weather {
    /// What it carries in kbit/s of TCP payload; 0 is an outage.
    pub kbps: f64,
    /// The round trip without queues, in milliseconds.
    pub rtt_ms: f64,
    /// Share of segments that get lost.
    pub loss: f64,
    /// How many other flows that always have something to send share it.
    pub rivals: u32,
    /// What its queue holds, in milliseconds of its capacity.
    pub buffer_ms: f64,
}

impl Default for Weather {
    fn default() -> Self {
        Self {
            kbps: 5000.0,
            rtt_ms: 10.0,
            loss: 0.0,
            rivals: 0,
            buffer_ms: 200.0,
        }
    }
}

/// One TCP connection.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    /// Given to the kernel, not yet sent.
    pub unsent: f64,
    pub written: f64,
    pub confirmed: f64,
    pub retransmits: u64,
    pub srtt: f64,
    in_flight: f64,
    window: f64,
    threshold: f64,
    /// Confirmations under way: when they come, for how many bytes, and how long those took.
    under_way: VecDeque<(f64, f64, f64)>,
    /// Confirmed in truth, but behind a hole until then.
    behind: f64,
    hole_until: f64,
    cut: f64,
    /// Since an outage has swallowed what was under way: when the next attempt is made, and how long the one after waits.
    retry: Option<(f64, f64)>,
}

impl Flow {
    pub(super) fn new(rtt: f64) -> Self {
        Self {
            unsent: 0.0,
            written: 0.0,
            confirmed: 0.0,
            retransmits: 0,
            srtt: rtt,
            in_flight: 0.0,
            window: 10.0 * SEGMENT,
            threshold: 1e9,
            under_way: VecDeque::new(),
            behind: 0.0,
            hole_until: 0.0,
            cut: 0.0,
            retry: None,
        }
    }

    /// What the kernel would take now.
    pub(super) fn room(&self) -> f64 {
        (UNSENT - self.unsent).max(0.0)
    }

    pub(super) fn write(&mut self, bytes: f64) {
        self.unsent += bytes;
        self.written += bytes;
    }

    fn lose(&mut self, now: f64, rtt: f64) {
        self.retransmits += 1;
        self.hole_until = self.hole_until.max(now + rtt);
        if now - self.cut > rtt {
            self.cut = now;
            self.window = (self.window * 0.7).max(2.0 * SEGMENT);
            self.threshold = self.window;
        }
    }

    fn hear(&mut self, now: f64) {
        while let Some((at, bytes, took)) = self.under_way.front().copied() {
            if at > now {
                break;
            }
            self.under_way.pop_front();
            self.srtt += (took - self.srtt) * 0.1;
            self.in_flight = (self.in_flight - bytes).max(0.0);
            self.behind += bytes;
            // A window that is not used does not grow (RFC 7661).
            if self.unsent > 0.0 {
                self.window += if self.window < self.threshold {
                    bytes
                } else {
                    2.0 * SEGMENT * bytes / self.window
                };
            }
        }
        if now >= self.hole_until {
            self.confirmed += std::mem::take(&mut self.behind);
        }
    }

    /// Whether anything can be sent: an outage is over when the next attempt gets through.
    fn is_awake(&mut self, now: f64, is_out: bool) -> bool {
        match self.retry {
            None if !is_out => true,
            None => {
                self.retry = Some((now + 0.25, 0.5));
                false
            }
            Some((at, _)) if now < at => false,
            Some((_, wait)) if is_out => {
                self.retransmits += 1;
                self.retry = Some((now + wait, (wait * 2.0).min(LONGEST_RTO)));
                false
            }
            Some(_) => {
                self.retry = None;
                self.window = 4.0 * SEGMENT;
                self.threshold = 1e9;
                true
            }
        }
    }

    /// What was under way has to be sent again.
    fn swallow(&mut self, bytes: f64) {
        self.in_flight = (self.in_flight - bytes).max(0.0);
        self.unsent += bytes;
    }
}

/// The bottleneck and all flows.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub flows: Vec<Flow>,
    rivals: Vec<Flow>,
    /// What waits at the bottleneck: whose, how much, and since when. Rivals come after the flows.
    queue: VecDeque<(usize, f64, f64)>,
    waiting: f64,
    dice: Dice,
    /// Bytes carried for our flows.
    pub carried: f64,
}

impl Path {
    pub(super) fn new(flows: usize, rtt_ms: f64, seed: u64) -> Self {
        Self {
            flows: vec![Flow::new(rtt_ms / 1000.0); flows],
            rivals: Vec::new(),
            queue: VecDeque::new(),
            waiting: 0.0,
            dice: Dice::new(seed),
            carried: 0.0,
        }
    }

    pub(super) fn step(&mut self, now: f64, weather: &Weather) {
        let rtt = weather.rtt_ms / 1000.0;
        self.rivals.resize_with(weather.rivals as usize, || Flow::new(rtt));
        let own = self.flows.len();
        let capacity = weather.kbps * 125.0;
        let is_out = weather.kbps <= 0.0;
        let limit = (capacity * weather.buffer_ms / 1000.0).max(6.0 * SEGMENT);
        if is_out {
            for (index, bytes, _) in std::mem::take(&mut self.queue) {
                let flow = if index < own {
                    self.flows.get_mut(index)
                } else {
                    self.rivals.get_mut(index - own)
                };
                if let Some(flow) = flow {
                    flow.swallow(bytes);
                }
            }
            self.waiting = 0.0;
        }
        for index in 0..own + self.rivals.len() {
            let is_rival = index >= own;
            let flow = if is_rival {
                &mut self.rivals[index - own]
            } else {
                &mut self.flows[index]
            };
            if is_rival {
                flow.unsent = 1e6;
            }
            flow.hear(now);
            if !flow.is_awake(now, is_out) {
                continue;
            }
            while flow.unsent > 0.0 && flow.in_flight + SEGMENT <= flow.window {
                let bytes = flow.unsent.min(SEGMENT);
                flow.unsent -= bytes;
                flow.in_flight += bytes;
                if self.dice.share() < weather.loss || self.waiting + bytes > limit {
                    flow.lose(now, rtt.max(0.01));
                }
                // What is lost is sent again at once, so it takes its place in the queue all the same.
                self.waiting += bytes;
                self.queue.push_back((index, bytes, now));
            }
        }
        self.drain(now, capacity * STEP, rtt);
    }

    fn drain(&mut self, now: f64, mut budget: f64, rtt: f64) {
        let own = self.flows.len();
        while budget > 0.0 {
            let Some((index, bytes, sent)) = self.queue.pop_front() else {
                break;
            };
            let part = bytes.min(budget);
            budget -= part;
            self.waiting = (self.waiting - part).max(0.0);
            if part < bytes {
                self.queue.push_front((index, bytes - part, sent));
            }
            let flow = if index < own {
                self.flows.get_mut(index)
            } else {
                self.rivals.get_mut(index - own)
            };
            if index < own {
                self.carried += part;
            }
            if let Some(flow) = flow {
                flow.under_way.push_back((now + rtt, part, now + rtt - sent));
            }
        }
    }
}
