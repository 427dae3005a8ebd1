//! The index beside a recording, `FILE.index.ndjson`: one line about the file, then one for each fragment, with the time of
//! day. So who looks for what was said at 20:15:07 finds its bytes without reading the film. All of it is in the film too
//! (`prft`, `moof`): an index that is lost can be made again.

use serde::Serialize;

use crate::media::{TimeDelta, Timestamp, TrackKind};
use crate::wire::fmp4::{Fragment, TrackConfig, WallClock};

/// The first line. Times in the lines are in microseconds; those of media count from zero of the file.
#[derive(Serialize)]
struct Head<'a> {
    /// Which form the lines have.
    version: u32,
    file: &'a str,
    /// The bytes before the first fragment.
    init_bytes: u64,
    tracks: Vec<Track<'a>>,
}

#[derive(Serialize)]
struct Track<'a> {
    kind: TrackKind,
    name: &'a str,
    codec: String,
    timescale: u32,
}

#[derive(Serialize)]
struct Line {
    offset: u64,
    bytes: u64,
    pts_us: i64,
    duration_us: i64,
    /// When the first picture was made, since 1970.
    unix_us: u64,
    starts_with_idr: bool,
    runs: Vec<RunLine>,
}

#[derive(Serialize)]
struct RunLine {
    track: usize,
    offset: u64,
    bytes: u64,
    samples: usize,
    pts_us: i64,
    duration_us: i64,
    unix_us: u64,
}

/// The line about the file, with its end.
pub(super) fn head(file: &str, init_bytes: u64, tracks: &[TrackConfig]) -> Vec<u8> {
    let tracks = tracks.iter().map(|track| Track {
        kind: track.kind(),
        name: match track {
            TrackConfig::Video(_) => "program",
            TrackConfig::Audio { name, .. } => name,
        },
        codec: track.codec_string(),
        timescale: track.timescale(),
    });
    line(&Head {
        version: 1,
        file,
        init_bytes,
        tracks: tracks.collect(),
    })
}

/// The line about `fragment`, which starts at byte `offset` of a file whose time is zero at `origin`.
pub(super) fn entry(fragment: &Fragment, offset: u64, origin: Timestamp, wall: WallClock) -> Vec<u8> {
    let pts_us = |at: Timestamp| micros(at - origin);
    let unix_us = |at: Timestamp| u64::try_from(wall.unix_at(at).as_micros()).unwrap_or(u64::MAX);
    let runs = fragment.runs.iter().map(|run| RunLine {
        track: run.track,
        offset: offset + run.data.start as u64,
        bytes: run.data.len() as u64,
        samples: run.samples,
        pts_us: pts_us(run.pts),
        duration_us: micros(run.duration),
        unix_us: unix_us(run.pts),
    });
    line(&Line {
        offset,
        bytes: fragment.bytes.len() as u64,
        pts_us: pts_us(fragment.pts),
        duration_us: micros(fragment.duration),
        unix_us: unix_us(fragment.pts),
        starts_with_idr: fragment.starts_with_idr,
        runs: runs.collect(),
    })
}

fn micros(delta: TimeDelta) -> i64 {
    delta.to_rate(1_000_000)
}

fn line(value: &impl Serialize) -> Vec<u8> {
    // Structs of numbers and text cannot fail to become JSON; an empty line would be passed over by readers.
    let mut bytes = serde_json::to_vec(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
