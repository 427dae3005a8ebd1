//! The last ten minutes in figures, one sample per second, so that whoever attaches sees what has been.
//!
//! It is bounded in time and in breadth, and shared by reference: the state is copied for each client at each change, and
//! that must not copy ten minutes. Over the control socket only what is new goes with a state, as bare rows: a whole
//! history with names would be most of what is sent.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{DestinationState, Studio};
use crate::media::Timestamp;

/// How many samples are kept: ten minutes.
pub const SAMPLES_KEPT: usize = 600;

/// Of how many destinations figures are kept, in their order: nobody looks at the charts of more, and it bounds a state.
pub const REACHES_KEPT: usize = 6;

/// What was measured in one second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The end of that second, on the studio clock.
    pub at: Timestamp,
    /// Encoded video in kbit/s.
    pub made_kbps: u32,
    /// What the video encoder may spend, in kbit/s.
    pub allowed_kbps: u32,
    /// How many watch, where anybody says.
    pub viewers: Option<u64>,
    /// Short-term loudness of program, where there is any.
    pub lufs: Option<f32>,
    /// The destinations that were live.
    pub destinations: Vec<Reach>,
}

/// How a destination was reached in one second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// The destination.
    pub name: String,
    /// What went to its socket, in kbit/s.
    pub sent_kbps: u32,
    /// Round-trip time in milliseconds, where it is known.
    pub rtt_ms: Option<f32>,
    /// How much media waited, in milliseconds.
    pub queue_ms: u32,
    /// Pictures dropped since the start, because the network was late.
    pub dropped_frames: u64,
}

/// Samples of the last ten minutes, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    samples: VecDeque<Arc<Sample>>,
}

impl Sample {
    /// What there is to measure of a studio.
    #[must_use]
    pub fn of(studio: &Studio, lufs: Option<f32>) -> Self {
        let live = studio
            .destinations
            .iter()
            .filter(|destination| destination.state == DestinationState::Live);
        let reach = live.map(|destination| {
            let stats = &destination.stats;
            Reach {
                name: destination.name.clone(),
                sent_kbps: stats.bitrate_kbps,
                rtt_ms: stats.rtt_ms.map(|rtt| rtt as f32).filter(|rtt| rtt.is_finite()),
                queue_ms: stats.queue_ms,
                dropped_frames: stats.dropped_frames,
            }
        });
        let own = studio.relay.is_some().then(|| studio.viewers() as u64);
        Self {
            at: studio.now,
            made_kbps: studio.stats.video_kbps,
            allowed_kbps: studio.encoder.video_kbps,
            viewers: studio.adapt.state.viewers.or(own),
            lufs: lufs.filter(|lufs| lufs.is_finite()),
            destinations: reach.take(REACHES_KEPT).collect(),
        }
    }

    /// How the destination of that name was reached.
    #[must_use]
    pub fn reach(&self, name: &str) -> Option<&Reach> {
        self.destinations.iter().find(|reach| reach.name == name)
    }
}

impl History {
    /// Adds a sample; the oldest is forgotten beyond [`SAMPLES_KEPT`]. One that is no newer than the newest is known already.
    pub fn push(&mut self, sample: impl Into<Arc<Sample>>) {
        let sample = sample.into();
        if self.newest().is_some_and(|newest| newest.at >= sample.at) {
            return;
        }
        if self.samples.len() >= SAMPLES_KEPT {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// The newest sample.
    #[must_use]
    pub fn newest(&self) -> Option<&Sample> {
        self.samples.back().map(Arc::as_ref)
    }

    /// The newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter().rev().map(Arc::as_ref)
    }

    /// The oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sample> + ExactSizeIterator {
        self.samples.iter().map(Arc::as_ref)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Forgets all up to `at`, which somebody has already.
    pub fn forget_until(&mut self, at: Timestamp) {
        while self.samples.front().is_some_and(|sample| sample.at <= at) {
            self.samples.pop_front();
        }
    }

    /// Puts what was known before in front of what is new.
    pub fn go_on_from(&mut self, before: Self) {
        let new = std::mem::replace(self, before);
        for sample in new.samples {
            self.push(sample);
        }
    }
}

/// A sample as it goes over the socket within a state: time, made, allowed, viewers, loudness, destinations.
#[derive(Serialize, Deserialize)]
struct Row(
    Timestamp,
    u32,
    u32,
    Option<u64>,
    Option<f32>,
    Vec<(String, u32, Option<f32>, u32, u64)>,
);

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tenths = |value: Option<f32>| value.map(|value| (value * 10.0).round() / 10.0);
        serializer.collect_seq(self.iter().map(|sample| {
            let reach = sample.destinations.iter().map(|reach| {
                let rtt_ms = tenths(reach.rtt_ms);
                (
                    reach.name.clone(),
                    reach.sent_kbps,
                    rtt_ms,
                    reach.queue_ms,
                    reach.dropped_frames,
                )
            });
            let (made, allowed) = (sample.made_kbps, sample.allowed_kbps);
            Row(
                sample.at,
                made,
                allowed,
                sample.viewers,
                tenths(sample.lufs),
                reach.collect(),
            )
        }))
    }
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut history = Self::default();
        for Row(at, made_kbps, allowed_kbps, viewers, lufs, reaches) in Vec::<Row>::deserialize(deserializer)? {
            let reach = |(name, sent_kbps, rtt_ms, queue_ms, dropped_frames)| Reach {
                name,
                sent_kbps,
                rtt_ms,
                queue_ms,
                dropped_frames,
            };
            history.push(Sample {
                at,
                made_kbps,
                allowed_kbps,
                viewers,
                lufs,
                destinations: reaches.into_iter().take(REACHES_KEPT).map(reach).collect(),
            });
        }
        Ok(history)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample(second: i64) -> Sample {
        Sample {
            at: Timestamp::from_millis(second * 1000),
            made_kbps: second as u32,
            lufs: Some(-17.4),
            destinations: vec![Reach {
                name: "main".to_owned(),
                sent_kbps: 2600,
                rtt_ms: Some(23.4),
                queue_ms: 40,
                dropped_frames: 1,
            }],
            ..Sample::default()
        }
    }

    #[test]
    fn ten_minutes_are_kept_and_no_more() {
        let mut history = History::default();
        for second in 0..1000 {
            history.push(sample(second));
        }
        assert_eq!(history.len(), SAMPLES_KEPT);
        assert_eq!(history.newest().unwrap().made_kbps, 999);
        assert_eq!(history.iter().next().unwrap().made_kbps, 400);
        history.push(sample(999));
        assert_eq!(history.len(), SAMPLES_KEPT, "known already");
    }

    #[test]
    fn what_is_new_goes_on_from_what_was_known() {
        let mut studio = History::default();
        let mut client = History::default();
        for second in 0..20 {
            studio.push(sample(second));
            if second % 3 == 0 {
                let mut new = studio.clone();
                new.forget_until(client.newest().map_or(Timestamp::from_millis(-1), |newest| newest.at));
                let json = serde_json::to_string(&new).unwrap();
                let mut new: History = serde_json::from_str(&json).unwrap();
                new.go_on_from(std::mem::take(&mut client));
                client = new;
            }
        }
        studio.samples.truncate(19);
        assert_eq!(client, studio);
    }

    #[test]
    fn ten_minutes_of_all_destinations_fit_into_a_line() {
        let mut history = History::default();
        for second in 0..SAMPLES_KEPT as i64 {
            let mut full = sample(second);
            full.destinations = (0..REACHES_KEPT)
                .map(|at| Reach {
                    name: format!("destination number {at}"),
                    sent_kbps: 123_456,
                    rtt_ms: Some(1234.5),
                    queue_ms: 12_345,
                    dropped_frames: 123_456,
                })
                .collect();
            history.push(full);
        }
        let json = serde_json::to_string(&history).unwrap();
        assert!(json.len() < crate::control::protocol::MAX_LINE / 2, "{}", json.len());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = serde_json::from_str::<History>(&text);
        }
    }
}
