//! What was seen, as numbers.
//!
//! The lag of a picture is the time of its arrival less its timestamp, less the smallest such difference of its connection: how
//! much later than at best a viewer sees it. Of the whole connection and not of the warm-up alone: a machine that is slow to
//! start would make everything later look good.

use serde::Serialize;

use super::reader::Kind;
use super::run::Observed;
use super::wire::SLOT;

/// What is later than this is of no use to somebody who watches live.
const IN_TIME_MS: f64 = 1000.0;

/// A publisher that starts over stamps from zero again; a timestamp that jumps by more than this is such a start.
const JUMP_MS: i64 = 20_000;

/// From one picture to the next, and from one block of sound to the next.
const PICTURE_MS: f64 = 1000.0 / 30.0;
const SOUND_MS: f64 = 1024.0 / 48.0;

/// A tag with its lag.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// When it came, in seconds of the trace.
    pub at: f64,
    pub lag_ms: f64,
    pub timestamp_ms: i64,
    pub bytes: usize,
    pub kind: Kind,
}

/// The figures of one run. `None`: the trace has no such moment, or it never came.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    pub trace: &'static str,
    pub pusher: &'static str,
    /// Of pictures that came in the first two seconds after the drop, and of those that came later.
    pub worst_after_drop_ms: Option<f64>,
    pub worst_later_ms: Option<f64>,
    pub worst_ms: f64,
    pub lag_p50_ms: f64,
    pub lag_p95_ms: f64,
    /// Longest time without a new picture.
    pub longest_wait_ms: f64,
    /// Megabits of sound and pictures that came within a second, and in all.
    pub in_time_mbit: f64,
    pub delivered_mbit: f64,
    /// What the publisher used of the line in the steady part, headers and what was sent again included.
    pub used_percent: f64,
    /// Pictures per second of the show, in the two seconds where they were fewest.
    pub least_fps: f64,
    pub lost_percent: f64,
    pub lost_pictures: u64,
    /// Breaks in the sound, and how much is missing.
    pub sound_gaps: u64,
    pub sound_gap_ms: f64,
    /// Beyond the first connection.
    pub reconnects: usize,
    /// From the recovery of the line to nine tenths of the bits of the warm-up, and to a lag below half a second.
    pub full_rate_after_s: Option<f64>,
    pub caught_up_after_s: Option<f64>,
    pub queue_drops: u64,
    pub wire_losses: u64,
}

/// Arrivals with their lag, oldest first.
pub fn points(observed: &Observed) -> Vec<Point> {
    let mut points = Vec::with_capacity(observed.arrivals.len());
    let mut epoch = 0_usize;
    let mut epochs = Vec::new();
    let mut last = None::<i64>;
    for arrival in &observed.arrivals {
        if last.is_some_and(|last| (arrival.timestamp_ms - last).abs() > JUMP_MS) {
            epoch += 1;
        }
        last = Some(arrival.timestamp_ms);
        epochs.push(epoch);
        let at = observed.seconds(arrival.at);
        points.push(Point {
            at,
            lag_ms: at * 1000.0 - arrival.timestamp_ms as f64,
            timestamp_ms: arrival.timestamp_ms,
            bytes: arrival.bytes,
            kind: arrival.kind,
        });
    }
    for number in 0..=epoch {
        let of_epoch = points
            .iter()
            .zip(&epochs)
            .filter(|(point, of)| **of == number && point.kind != Kind::Sound);
        let base = of_epoch.map(|(point, _)| point.lag_ms).min_by(f64::total_cmp);
        for (point, _) in points.iter_mut().zip(&epochs).filter(|(_, of)| **of == number) {
            point.lag_ms -= base.unwrap_or_default();
        }
    }
    points
}

/// All figures of a run.
pub fn figures(observed: &Observed, points: &[Point]) -> Figures {
    let trace = &observed.trace;
    let shown = points
        .iter()
        .filter(|point| point.at >= 0.0 && point.at <= trace.seconds);
    let pictures = shown
        .clone()
        .filter(|point| point.kind != Kind::Sound)
        .copied()
        .collect::<Vec<_>>();
    let sound = shown
        .clone()
        .filter(|point| point.kind == Kind::Sound)
        .copied()
        .collect::<Vec<_>>();
    let worst = |from: f64, to: f64| {
        let within = pictures.iter().filter(|point| point.at >= from && point.at < to);
        within.map(|point| point.lag_ms).max_by(f64::total_cmp)
    };
    let mut lags = pictures.iter().map(|point| point.lag_ms).collect::<Vec<_>>();
    lags.sort_by(f64::total_cmp);
    let share = |share: f64| {
        lags.get((lags.len() as f64 * share) as usize)
            .copied()
            .unwrap_or(f64::NAN)
    };
    let megabits =
        |points: &mut dyn Iterator<Item = &Point>| points.map(|point| point.bytes as f64).sum::<f64>() * 8e-6;
    let (missing, of) = missing(&pictures, PICTURE_MS);
    let gaps = gaps(&sound, SOUND_MS);
    Figures {
        trace: trace.name,
        pusher: observed.pusher,
        worst_after_drop_ms: trace.drop_at.and_then(|drop| worst(drop, drop + 2.0)),
        worst_later_ms: trace.drop_at.and_then(|drop| worst(drop + 2.0, f64::INFINITY)),
        worst_ms: worst(f64::NEG_INFINITY, f64::INFINITY).unwrap_or(f64::NAN),
        lag_p50_ms: share(0.5),
        lag_p95_ms: share(0.95),
        longest_wait_ms: longest_wait(&pictures, trace.seconds) * 1000.0,
        in_time_mbit: megabits(&mut shown.clone().filter(|point| point.lag_ms <= IN_TIME_MS)),
        delivered_mbit: megabits(&mut shown.clone()),
        used_percent: used(observed) * 100.0,
        least_fps: least_fps(&pictures),
        lost_percent: missing / of.max(1.0) * 100.0,
        lost_pictures: missing as u64,
        sound_gaps: gaps.len() as u64,
        sound_gap_ms: gaps.iter().sum(),
        reconnects: observed.publishes.saturating_sub(1),
        full_rate_after_s: trace
            .recovery_at
            .and_then(|recovery| full_rate_after(points, recovery, trace.seconds)),
        caught_up_after_s: trace
            .recovery_at
            .and_then(|recovery| caught_up_after(&pictures, recovery)),
        queue_drops: observed.queue_drops,
        wire_losses: observed.wire_losses,
    }
}

/// Tags that are not there between others, at one each `spacing_ms`, and how many there should be.
fn missing(points: &[Point], spacing_ms: f64) -> (f64, f64) {
    let steps = steps(points).map(|step| (step / spacing_ms).round());
    steps.fold((0.0, 0.0), |(missing, of), step| {
        (missing + (step - 1.0).max(0.0), of + step)
    })
}

/// How much is missing at each break, in ms.
fn gaps(points: &[Point], spacing_ms: f64) -> Vec<f64> {
    let gaps = steps(points).filter(|step| *step > spacing_ms * 1.5);
    gaps.map(|step| step - spacing_ms).collect()
}

/// From each timestamp to the next, but for new connections.
fn steps(points: &[Point]) -> impl Iterator<Item = f64> + '_ {
    let steps = points
        .windows(2)
        .map(|pair| pair[1].timestamp_ms - pair[0].timestamp_ms);
    steps
        .filter(|step| *step > 0 && *step < JUMP_MS)
        .map(|step| step as f64)
}

/// Up to the end of the trace: who stops sending makes a viewer wait, too.
fn longest_wait(pictures: &[Point], end: f64) -> f64 {
    let waits = pictures.windows(2).map(|pair| pair[1].at - pair[0].at);
    let last = pictures.last().map_or(end, |last| end - last.at);
    waits.fold(last, f64::max)
}

/// Pictures in two seconds of the show, by their timestamps, where they are fewest.
fn least_fps(pictures: &[Point]) -> f64 {
    let mut least = f64::INFINITY;
    let mut first = 0;
    for (at, picture) in pictures.iter().enumerate() {
        while picture.timestamp_ms - pictures[first].timestamp_ms > 2000 {
            // From one picture to another there is one picture less than there are of them.
            least =
                least.min((at - first) as f64 * 1000.0 / (picture.timestamp_ms - pictures[first].timestamp_ms) as f64);
            first += 1;
        }
    }
    least
}

/// What the publisher used of what the line could carry in the steady part of its trace, in slots that lie wholly within it.
fn used(observed: &Observed) -> f64 {
    let (from, to) = observed.trace.steady;
    let width = SLOT.as_secs_f64();
    let begins = (0..observed.slots.len()).map(|at| observed.slots_begun + at as f64 * width);
    let within = begins
        .zip(&observed.slots)
        .filter(|(begin, _)| *begin >= from && begin + width <= to);
    let (sent, could) = within.fold((0.0, 0.0), |(sent, could), (begin, slot)| {
        let kilobits = observed.trace.kilobits(begin, begin + width);
        (sent + slot.published as f64 * 8e-3, could + kilobits)
    });
    sent / could
}

/// Kilobits per second that came in the two seconds before `end`.
pub fn delivered_kbps(points: &[Point], from: f64, end: f64) -> f64 {
    let within = points.iter().filter(|point| point.at >= from && point.at < end);
    within.map(|point| point.bytes as f64).sum::<f64>() * 8e-3 / (end - from)
}

fn full_rate_after(points: &[Point], recovery: f64, end: f64) -> Option<f64> {
    let full = delivered_kbps(points, -4.0, 0.0) * 0.9;
    let tenths = 20..((end - recovery) * 10.0) as u32;
    let mut ends = tenths.map(|tenth| recovery + f64::from(tenth) / 10.0);
    let reached = ends.find(|end| delivered_kbps(points, end - 2.0, *end) >= full)?;
    Some(reached - recovery)
}

/// The last picture that is late, from the recovery on; none: caught up at once.
fn caught_up_after(pictures: &[Point], recovery: f64) -> Option<f64> {
    let after = pictures.iter().filter(|point| point.at >= recovery).collect::<Vec<_>>();
    let is_late = |point: &&Point| point.lag_ms > 500.0;
    if after.last().is_none_or(is_late) {
        return None;
    }
    Some(
        after
            .iter()
            .rev()
            .find(|point| is_late(point))
            .map_or(0.0, |point| point.at - recovery),
    )
}
