//! From a trace to the weather that it was made in.
//!
//! While something waits, what is confirmed is what the path carries: that is measured, half a second at a time. While nothing waits,
//! the path has carried all that there was, and nobody knows how much more it would have; then it is taken for the more of what was
//! last measured and of the fastest fifth of a second around, which a burst has shown. Before anything has ever waited, it is
//! taken to carry all that could be asked of it, with room to spare. A time without any confirmation although something waits is an
//! outage.

use std::collections::BTreeMap;

use super::super::base::LineBase;
use super::super::policy::Policy;
use super::super::sample::Sample;
use super::super::trace::{Trace, TraceEntry};
use super::path::Weather;
use super::play::{Cast, Course, Player};
use crate::media::Timestamp;

/// One stretch of weather, in seconds.
const STRETCH: f64 = 0.5;
/// Waiting bytes below this are the tail of a picture.
const FEW_BYTES: u64 = 4000;
/// What a path carries that has not yet limited anything, in shares of all that could be sent.
const AMPLE: f64 = 1.5;
/// Payload of a segment.
const SEGMENT: f64 = 1448.0;

/// What is known of one stretch.
#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    confirmed: f64,
    seconds: f64,
    fastest: f64,
    waiting: u32,
    looks: u32,
    segments_again: u64,
    rtt_ms: Option<f64>,
}

/// `ample` is what is enough for everything, in bytes per second.
fn weather_of(samples: &[&Sample], start: Timestamp, ample: f64) -> Course {
    let mut stretches: BTreeMap<u64, Stretch> = BTreeMap::new();
    for pair in samples.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        let seconds = (after.at - before.at).as_secs_f64();
        if before.connection != after.connection || seconds <= 0.0 || seconds > 5.0 {
            continue;
        }
        let index = ((after.at - start).as_secs_f64().max(0.0) / STRETCH) as u64;
        let stretch = stretches.entry(index).or_default();
        let confirmed = after.confirmed_bytes.saturating_sub(before.confirmed_bytes) as f64;
        stretch.confirmed += confirmed;
        stretch.seconds += seconds;
        if seconds >= 0.02 {
            stretch.fastest = stretch.fastest.max(confirmed / seconds.max(0.2));
        }
        stretch.looks += 1;
        stretch.waiting += u32::from(before.queued_bytes + before.unsent_bytes > FEW_BYTES);
        stretch.segments_again += after.retransmits.saturating_sub(before.retransmits);
        if let Some(rtt) = after.rtt {
            let ms = rtt.as_secs_f64() * 1000.0;
            stretch.rtt_ms = Some(stretch.rtt_ms.map_or(ms, |known: f64| known.min(ms)));
        }
    }
    let rtt_ms = stretches
        .values()
        .filter_map(|stretch| stretch.rtt_ms)
        .fold(f64::MAX, f64::min);
    let rtt_ms = if rtt_ms < 10_000.0 { rtt_ms.max(1.0) } else { 20.0 };
    let mut measured = 0.0f64;
    let mut has_limited = false;
    let mut course = Course::new();
    for (index, stretch) in &stretches {
        let rate = stretch.confirmed / stretch.seconds.max(0.05);
        let is_measured = stretch.waiting * 3 >= stretch.looks * 2;
        let fastest = (index.saturating_sub(2)..=index + 2)
            .filter_map(|near| stretches.get(&near))
            .map(|near| near.fastest)
            .fold(0.0, f64::max);
        let bytes = if is_measured {
            measured = rate;
            has_limited = true;
            rate
        } else if !has_limited {
            rate.max(fastest).max(ample)
        } else {
            rate.max(fastest).max(measured)
        };
        let segments = (stretch.confirmed / SEGMENT).max(1.0);
        course.push((
            *index as f64 * STRETCH,
            Weather {
                kbps: (bytes / 125.0).round(),
                rtt_ms,
                loss: (stretch.segments_again as f64 / segments).clamp(0.0, 0.05),
                ..Weather::default()
            },
        ));
    }
    course
}

/// Everything that takes part in a rehearsal of what the trace saw, by another policy. `None` where it holds no samples.
#[must_use]
pub fn cast_of(trace: &Trace, policy: Policy) -> Option<Cast> {
    let mut samples: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    let mut takes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut audience = Vec::new();
    for entry in &trace.entries {
        match entry {
            TraceEntry::Sample { destination, sample } => samples.entry(destination).or_default().push(sample),
            TraceEntry::Connected { destination, line, .. } => {
                takes.insert(destination, *line);
            }
            TraceEntry::Audience { at, viewers } => audience.push((*at, *viewers)),
            TraceEntry::Gone { .. } | TraceEntry::Encoded { .. } | TraceEntry::Change { .. } => {}
        }
    }
    let times = || samples.values().flatten().map(|sample| sample.at);
    let (start, end) = (times().min()?, times().max()?);
    let most = |line: &LineBase| line.ceiling_kbps();
    let pictures = trace.base.lines.iter().map(most).max().unwrap_or_default();
    let ample = f64::from(pictures.saturating_add(trace.base.sound.kbps)) * 125.0 * AMPLE;
    let mut courses = Vec::new();
    let mut players = Vec::new();
    for (name, samples) in &samples {
        let line = takes.get(name).copied().unwrap_or(0).min(trace.base.lines.len() - 1);
        players.push(Player {
            path: courses.len(),
            line,
        });
        courses.push(weather_of(samples, start, ample));
    }
    Some(Cast {
        base: trace.base.clone(),
        policy,
        courses,
        players,
        content: Vec::new(),
        viewers: audience
            .into_iter()
            .map(|(at, viewers)| ((at - start).as_secs_f64(), viewers))
            .collect(),
        seconds: (end - start).as_secs_f64().min(6.0 * 3600.0),
        seed: 1,
        is_on: true,
    })
}
