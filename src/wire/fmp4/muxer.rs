//! Packets in, fragments out.

use bytes::Bytes;

use super::fragment::{self, Fragment, Part, Sample};
use super::init::init_segment;
use super::track::TrackConfig;
use super::wall::WallClock;
use crate::media::{Packet, TimeDelta, Timestamp, TrackKind};

/// The most bytes that may wait for one fragment: offsets in a fragment have 31 bits.
const MAX_FRAGMENT_BYTES: usize = 1 << 30;

/// The longest that the last picture of a fragment is made to last. Beyond that `end` is not the end of that picture.
const MAX_LAST_DURATION_MS: i64 = 10_000;

/// Joins packets of several tracks into fragments of one stream.
///
/// Time in the stream starts with the first packet: near zero, the same for all tracks. Within a track it only goes on: a
/// packet whose time does not is moved by as little as it takes.
#[derive(Debug)]
pub struct Muxer {
    tracks: Vec<Track>,
    init: Bytes,
    origin: Option<Timestamp>,
    sequence: u32,
    pending_bytes: usize,
    omitted: u64,
}

#[derive(Debug)]
struct Track {
    config: TrackConfig,
    timescale: u32,
    nominal: u32,
    /// Kept between fragments, so that none allocates for its samples.
    samples: Vec<Sample>,
    /// The earliest decode time of the next sample.
    next: u64,
}

impl Muxer {
    /// A stream of `tracks`, which are named by their index from here on.
    #[must_use]
    pub fn new(tracks: Vec<TrackConfig>) -> Self {
        let init = Bytes::from(init_segment(&tracks));
        let tracks = tracks.into_iter().map(|config| Track {
            timescale: config.timescale(),
            nominal: config.nominal_duration(),
            config,
            samples: Vec::new(),
            next: 0,
        });
        Self {
            tracks: tracks.collect(),
            init,
            origin: None,
            sequence: 0,
            pending_bytes: 0,
            omitted: 0,
        }
    }

    /// The same with zero of the stream's time at `origin`, for streams that must agree on it: renditions of one program.
    #[must_use]
    pub fn with_origin(tracks: Vec<TrackConfig>, origin: Timestamp) -> Self {
        Self {
            origin: Some(origin),
            ..Self::new(tracks)
        }
    }

    /// `ftyp` and `moov`: what comes before the first fragment, and before any other for who joins later.
    #[must_use]
    pub fn init_segment(&self) -> Bytes {
        self.init.clone()
    }

    /// Where on the studio clock the stream's time is zero; `None` before the first packet.
    #[must_use]
    pub const fn origin(&self) -> Option<Timestamp> {
        self.origin
    }

    /// The codecs of all tracks, as `codecs=` of a MIME type and HLS's `CODECS` want them (RFC 6381).
    #[must_use]
    pub fn codecs(&self) -> String {
        let names: Vec<String> = self.tracks.iter().map(|track| track.config.codec_string()).collect();
        names.join(",")
    }

    /// Media bytes that wait for the next fragment.
    #[must_use]
    pub const fn pending_bytes(&self) -> usize {
        self.pending_bytes
    }

    /// Packets left out: of a track that does not exist, from before the stream's zero, or beyond what a fragment can hold.
    #[must_use]
    pub const fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Takes a packet for the next fragment.
    pub fn push(&mut self, track: usize, packet: &Packet) {
        let is_too_much = self.pending_bytes + packet.data.len() > MAX_FRAGMENT_BYTES;
        let Some(track) = self.tracks.get_mut(track).filter(|_| !is_too_much) else {
            self.omitted += 1;
            return;
        };
        let origin = *self.origin.get_or_insert(packet.dts);
        if packet.dts < origin {
            self.omitted += 1;
            return;
        }
        let wanted = (packet.dts - origin).to_rate(track.timescale);
        let decode_time = (wanted as u64).max(track.next);
        let shown = (packet.pts - origin).to_rate(track.timescale);
        let composition_offset = i32::try_from(shown.saturating_sub(decode_time as i64)).unwrap_or(0);
        if let Some(before) = track.samples.last_mut() {
            let duration = decode_time - before.decode_time;
            before.duration = u32::try_from(duration).unwrap_or(u32::MAX);
        }
        track.samples.push(Sample {
            decode_time,
            // A picture that had to be moved is shown when it is decoded.
            composition_offset: if packet.pts == packet.dts {
                0
            } else {
                composition_offset
            },
            duration: track.config.own_duration(&packet.data).unwrap_or(track.nominal),
            is_sync: packet.is_idr || packet.track == TrackKind::Audio,
            pts: packet.pts,
            data: packet.data.clone(),
        });
        track.next = decode_time + 1;
        self.pending_bytes += packet.data.len();
    }

    /// Makes one fragment of all that has been pushed since the last; `None` if nothing has.
    ///
    /// `end` is when the picture after the last one is due (usually the IDR that starts the next fragment): it tells how long
    /// the last one lasts. Sound lasts as long as it does. `wall_clock` puts the time of day at which the first sample of each
    /// track was made before the fragment (`prft`).
    pub fn fragment(&mut self, end: Timestamp, wall_clock: Option<WallClock>) -> Option<Fragment> {
        let origin = self.origin?;
        let longest = TimeDelta::from_millis(MAX_LAST_DURATION_MS);
        for track in &mut self.tracks {
            let is_video = track.config.kind() == TrackKind::Video;
            if let Some(last) = track.samples.last_mut().filter(|_| is_video) {
                let end = (end - origin).to_rate(track.timescale);
                let left = end.saturating_sub(last.decode_time as i64);
                if (1..=longest.to_rate(track.timescale)).contains(&left) {
                    last.duration = left as u32;
                }
            }
        }
        let parts: Vec<Part<'_>> = self
            .tracks
            .iter()
            .enumerate()
            .filter(|(_, track)| !track.samples.is_empty())
            .map(|(index, track)| Part {
                track: index,
                timescale: track.timescale,
                is_video: track.config.kind() == TrackKind::Video,
                samples: &track.samples,
            })
            .collect();
        if parts.is_empty() {
            return None;
        }
        self.sequence = self.sequence.wrapping_add(1);
        let has_video = self.tracks.iter().any(|track| track.config.kind() == TrackKind::Video);
        let mut fragment = fragment::write(self.sequence, &parts, wall_clock);
        // Sound of a stream with pictures is no place to join.
        fragment.starts_with_idr &= !has_video || parts.iter().any(|part| part.is_video);
        for track in &mut self.tracks {
            track.samples.clear();
        }
        self.pending_bytes = 0;
        Some(fragment)
    }
}
