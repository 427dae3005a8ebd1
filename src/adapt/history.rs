//! What has been seen of one connection over the last seconds: running sums that can be asked for any moment between.

use std::collections::VecDeque;

use crate::media::{TimeDelta, Timestamp};

/// Looks that are kept: more than three seconds of the usual twenty a second.
const LOOKS: usize = 80;

/// The sums of one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub at: Timestamp,
    /// Bytes that were ever given to the destination and not dropped.
    pub offered: f64,
    /// Bytes that have arrived.
    pub confirmed: f64,
    /// Bytes that would wait now if the connection carried what it is believed to carry.
    pub model: f64,
    /// More bytes wait than expected.
    pub excess: f64,
    /// Segments sent anew.
    pub retransmits: u64,
    /// Whether something waited that the system had not even tried to send.
    pub is_limited: bool,
}

/// The newest looks, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    looks: VecDeque<Look>,
}

impl History {
    pub(super) fn push(&mut self, look: Look) {
        if self.looks.len() == LOOKS {
            self.looks.pop_front();
        }
        self.looks.push_back(look);
    }

    /// The newest again, judged by now.
    pub(super) fn replace_newest(&mut self, look: Look) {
        if let Some(newest) = self.looks.back_mut() {
            *newest = look;
        }
    }

    pub(super) fn newest(&self) -> Option<&Look> {
        self.looks.back()
    }

    pub(super) fn oldest(&self) -> Option<&Look> {
        self.looks.front()
    }

    /// The looks of the last `span`, newest first.
    pub(super) fn within(&self, span: TimeDelta) -> impl Iterator<Item = &Look> {
        let from = self.newest().map(|look| look.at - span);
        self.looks
            .iter()
            .rev()
            .take_while(move |look| from.is_some_and(|from| look.at >= from))
    }

    /// The longest time within the last `span` in which nothing arrived.
    pub(super) fn longest_gap(&self, span: TimeDelta) -> TimeDelta {
        let (mut gap, mut end): (TimeDelta, Option<&Look>) = (TimeDelta::ZERO, None);
        for look in self.within(span) {
            match end {
                Some(last) if look.confirmed >= last.confirmed => gap = gap.max(last.at - look.at),
                // Between this look and the one after it something did.
                _ => end = Some(look),
            }
        }
        gap
    }

    /// `value` at a moment, between two looks by proportion, beyond the ends as at the ends.
    pub(super) fn value_at(&self, at: Timestamp, value: impl Fn(&Look) -> f64) -> f64 {
        let mut later: Option<&Look> = None;
        for look in self.looks.iter().rev() {
            if look.at <= at {
                let Some(later) = later else { return value(look) };
                let share = (at - look.at).ratio(later.at - look.at);
                return value(look) + (value(later) - value(look)) * share;
            }
            later = Some(look);
        }
        later.map_or(0.0, value)
    }

    /// How fast `value` has grown over the last `span`, in units per second.
    pub(super) fn speed(&self, span: TimeDelta, value: impl Fn(&Look) -> f64) -> f64 {
        self.newest()
            .map_or(0.0, |newest| self.speed_until(newest.at, span, value))
    }

    /// How fast `value` has grown over the `span` before `until`, in units per second.
    pub(super) fn speed_until(&self, until: Timestamp, span: TimeDelta, value: impl Fn(&Look) -> f64) -> f64 {
        let Some(oldest) = self.oldest() else { return 0.0 };
        let from = oldest.at.max(until - span);
        let seconds = (until - from).as_secs_f64();
        if seconds <= 0.0 {
            return 0.0;
        }
        (self.value_at(until, &value) - self.value_at(from, &value)) / seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_those_of_the_span() {
        let mut history = History::default();
        assert!(history.speed(TimeDelta::from_millis(100), |look| look.confirmed).abs() < 1e-9);
        for step in 0..200u32 {
            let confirmed = if step < 180 {
                f64::from(step) * 100.0
            } else {
                18_000.0 + f64::from(step - 180) * 10.0
            };
            history.push(Look {
                at: Timestamp::from_millis(i64::from(step) * 50),
                offered: 0.0,
                confirmed,
                model: 0.0,
                excess: 0.0,
                retransmits: 0,
                is_limited: false,
            });
        }
        let speed = |ms| history.speed(TimeDelta::from_millis(ms), |look| look.confirmed);
        assert!((speed(200) - 200.0).abs() < 1e-6);
        assert!((speed(75) - 200.0).abs() < 1e-6, "between two looks");
        assert!(speed(3000) > 1000.0);
        assert_eq!(history.within(TimeDelta::from_millis(100)).count(), 3);
    }
}
