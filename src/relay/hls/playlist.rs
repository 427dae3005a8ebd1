//! The last segments of a rendition and what a playlist says of them (RFC 8216, and its second edition for low latency:
//! draft-pantos-hls-rfc8216bis). Logic only.
//!
//! A segment starts with an IDR and consists of parts; a part is one fragment of [`Mux`](crate::relay::mux::Mux). Players that
//! know parts fetch them as they come, the others whole segments.

use std::collections::VecDeque;
use std::fmt::Write;

use bytes::{Bytes, BytesMut};

use crate::media::{TimeDelta, Timestamp};

/// Whole segments that are kept.
const SEGMENTS: usize = 6;

/// Initialisation segments that are kept: one for each segment at most.
const INITS: usize = SEGMENTS + 2;

/// Parts are told to be no longer than this, or than the longest that there was.
const PART_TARGET_MS: i64 = 250;

/// Of these the playlist tells the parts (§6.2.2: the last three target durations and no more).
const WITH_PARTS: usize = 3;

/// An IDR starts a new segment only after so long: viewers that join cause IDRs out of turn.
const MIN_SEGMENT_MS: i64 = 1500;

/// Without any IDR a segment ends after so long.
const MAX_SEGMENT_MS: i64 = 10_000;

/// One fragment as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay) struct Part {
    pub(in crate::relay) bytes: Bytes,
    pub(in crate::relay) pts: Timestamp,
    pub(in crate::relay) duration: TimeDelta,
    /// Whether decoding can begin with it.
    pub(in crate::relay) is_join: bool,
    /// Which initialisation segment it needs.
    pub(in crate::relay) init: usize,
}

#[derive(Clone, Debug)]
struct Segment {
    parts: Vec<Part>,
    /// All parts together, once it is complete.
    whole: Option<Bytes>,
}

impl Segment {
    fn duration(&self) -> TimeDelta {
        self.parts.iter().fold(TimeDelta::ZERO, |sum, part| sum + part.duration)
    }

    fn init(&self) -> usize {
        self.parts.first().map_or(0, |part| part.init)
    }
}

/// What can be asked for by its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay) enum Piece {
    Init(usize),
    Segment(u64),
    Part(u64, usize),
}

/// What became of the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay) enum Found {
    Here(Bytes),
    /// It is what comes next: worth waiting for.
    Soon,
    Never,
}

/// The segments of one rendition.
#[derive(Debug, Default)]
pub(in crate::relay) struct Playlist {
    /// The number of the oldest segment.
    first: u64,
    segments: VecDeque<Segment>,
    inits: Vec<Bytes>,
    discontinuities: u64,
    longest: TimeDelta,
    longest_part: TimeDelta,
}

impl Playlist {
    /// What decoders need from the next part on.
    pub(in crate::relay) fn push_init(&mut self, bytes: Bytes) -> usize {
        // Those that no kept segment can need are not kept either; their numbers are.
        let oldest = self.inits.len().saturating_sub(INITS);
        if let Some(old) = oldest.checked_sub(1).and_then(|old| self.inits.get_mut(old)) {
            *old = Bytes::new();
        }
        self.inits.push(bytes);
        self.inits.len() - 1
    }

    /// Appends a part, to the last segment or as the first of a new one.
    pub(in crate::relay) fn push(&mut self, part: Part) {
        self.longest_part = self.longest_part.max(part.duration);
        let is_new = match self.segments.back() {
            None => true,
            Some(last) => {
                let duration = last.duration();
                last.init() != part.init
                    || (part.is_join && duration >= TimeDelta::from_millis(MIN_SEGMENT_MS))
                    || duration >= TimeDelta::from_millis(MAX_SEGMENT_MS)
            }
        };
        if is_new {
            self.complete();
            self.segments.push_back(Segment {
                parts: Vec::new(),
                whole: None,
            });
        }
        if let Some(last) = self.segments.back_mut() {
            last.parts.push(part);
        }
        while self.segments.len() > SEGMENTS + 1 {
            let gone = self.segments.pop_front();
            self.first += 1;
            let gone = gone.map_or(0, |gone| gone.init());
            if self.segments.front().is_some_and(|front| front.init() != gone) {
                self.discontinuities += 1;
            }
        }
    }

    fn complete(&mut self) {
        let Some(last) = self.segments.back_mut() else { return };
        let mut whole = BytesMut::with_capacity(last.parts.iter().map(|part| part.bytes.len()).sum());
        for part in &last.parts {
            whole.extend_from_slice(&part.bytes);
        }
        let whole = whole.freeze();
        let mut at = 0;
        for part in &mut last.parts {
            // Nothing is kept twice.
            part.bytes = whole.slice(at..at + part.bytes.len());
            at += part.bytes.len();
        }
        self.longest = self.longest.max(last.duration());
        last.whole = Some(whole);
    }

    /// The number of the segment that is being made, and how many parts it has.
    pub(in crate::relay) fn edge(&self) -> (u64, usize) {
        let last = self.segments.back().map_or(0, |last| last.parts.len());
        (self.first + self.segments.len().saturating_sub(1) as u64, last)
    }

    /// Whether players that know no parts find something.
    pub(in crate::relay) fn has_segment(&self) -> bool {
        self.segments.len() > 1
    }

    /// Whether part `part` of segment `segment` is in it, or anything later.
    pub(in crate::relay) fn has_reached(&self, segment: u64, part: Option<usize>) -> bool {
        let (edge, parts) = self.edge();
        edge > segment || (edge == segment && part.is_some_and(|part| parts > part))
    }

    pub(in crate::relay) fn find(&self, piece: Piece) -> Found {
        let segment = |number: u64| {
            self.segments
                .get(usize::try_from(number.checked_sub(self.first)?).ok()?)
        };
        let (edge, parts) = self.edge();
        match piece {
            Piece::Init(number) => self.inits.get(number).cloned().map_or(Found::Never, Found::Here),
            Piece::Segment(number) => match segment(number).map(|segment| &segment.whole) {
                Some(Some(whole)) => Found::Here(whole.clone()),
                Some(None) => Found::Soon,
                None => Found::Never,
            },
            Piece::Part(number, part) => match segment(number).and_then(|segment| segment.parts.get(part)) {
                Some(part) => Found::Here(part.bytes.clone()),
                None if (number, part) == (edge, parts) || (number, part) == (edge + 1, 0) => Found::Soon,
                None => Found::Never,
            },
        }
    }

    /// The playlist. `suffix` goes behind every address (`?token=…`), `date` writes a PTS as a time of day.
    pub(in crate::relay) fn text(&self, suffix: &str, date: impl Fn(Timestamp) -> String) -> String {
        let target = self.longest.as_secs_f64().round().max(2.0);
        let part_target = self
            .longest_part
            .max(TimeDelta::from_millis(PART_TARGET_MS))
            .as_secs_f64();
        let mut out = format!(
            "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:{target}\n\
             #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={:.3}\n#EXT-X-PART-INF:PART-TARGET={part_target:.3}\n\
             #EXT-X-MEDIA-SEQUENCE:{}\n",
            part_target * 3.0,
            self.first
        );
        if self.discontinuities > 0 {
            line(
                &mut out,
                format_args!("#EXT-X-DISCONTINUITY-SEQUENCE:{}", self.discontinuities),
            );
        }
        let mut init = None;
        let parts_from = self.segments.len().saturating_sub(WITH_PARTS + 1);
        for (at, segment) in self.segments.iter().enumerate() {
            let number = self.first + at as u64;
            let Some(first) = segment.parts.first() else { continue };
            if init != Some(segment.init()) {
                if init.is_some() {
                    line(&mut out, format_args!("#EXT-X-DISCONTINUITY"));
                }
                init = Some(segment.init());
                line(
                    &mut out,
                    format_args!("#EXT-X-MAP:URI=\"init-{}.mp4{suffix}\"", segment.init()),
                );
            }
            line(&mut out, format_args!("#EXT-X-PROGRAM-DATE-TIME:{}", date(first.pts)));
            if at >= parts_from {
                for (index, part) in segment.parts.iter().enumerate() {
                    let independent = if part.is_join { ",INDEPENDENT=YES" } else { "" };
                    let duration = part.duration.as_secs_f64();
                    line(
                        &mut out,
                        format_args!(
                            "#EXT-X-PART:DURATION={duration:.5},URI=\"{number}.{index}.m4s{suffix}\"{independent}"
                        ),
                    );
                }
            }
            if segment.whole.is_some() {
                let duration = segment.duration().as_secs_f64();
                line(&mut out, format_args!("#EXTINF:{duration:.5},\n{number}.m4s{suffix}"));
            }
        }
        let (edge, parts) = self.edge();
        line(
            &mut out,
            format_args!("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{edge}.{parts}.m4s{suffix}\""),
        );
        out
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

impl Piece {
    /// `init-0.mp4`, `12.m4s`, `12.3.m4s`.
    pub(in crate::relay) fn parse(name: &str) -> Option<Self> {
        if let Some(number) = name.strip_prefix("init-").and_then(|rest| rest.strip_suffix(".mp4")) {
            return number.parse().ok().map(Self::Init);
        }
        let name = name.strip_suffix(".m4s")?;
        match name.split_once('.') {
            None => name.parse().ok().map(Self::Segment),
            Some((segment, part)) => Some(Self::Part(segment.parse().ok()?, part.parse().ok()?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(number: i64, is_join: bool, init: usize) -> Part {
        Part {
            bytes: Bytes::from(vec![number as u8; 10]),
            pts: Timestamp::from_millis(number * 250),
            duration: TimeDelta::from_millis(250),
            is_join,
            init,
        }
    }

    fn text(playlist: &Playlist) -> String {
        playlist.text("?token=t", |pts| format!("@{}", pts.to_millis()))
    }

    #[test]
    fn segments_start_with_idrs_and_consist_of_their_parts() {
        let mut playlist = Playlist::default();
        assert_eq!(playlist.push_init(Bytes::from_static(b"init")), 0);
        // An IDR every two seconds, and one out of turn.
        for number in 0..20 {
            playlist.push(part(number, number % 8 == 0 || number == 9, 0));
        }
        assert_eq!(playlist.edge(), (2, 4));
        assert!(
            playlist.has_reached(2, Some(3)) && !playlist.has_reached(2, Some(4)) && !playlist.has_reached(2, None)
        );
        let Found::Here(whole) = playlist.find(Piece::Segment(1)) else {
            panic!()
        };
        let parts = (0..8).map(|at| match playlist.find(Piece::Part(1, at)) {
            Found::Here(bytes) => bytes,
            other => panic!("{other:?}"),
        });
        assert_eq!(parts.collect::<Vec<_>>().concat(), whole);
        for (piece, found) in [
            (Piece::Segment(2), Found::Soon),
            (Piece::Segment(3), Found::Never),
            (Piece::Part(2, 4), Found::Soon),
            (Piece::Part(3, 0), Found::Soon),
            (Piece::Part(2, 5), Found::Never),
            (Piece::Part(1, 8), Found::Never),
            (Piece::Init(0), Found::Here(Bytes::from_static(b"init"))),
            (Piece::Init(1), Found::Never),
        ] {
            assert_eq!(playlist.find(piece), found, "{piece:?}");
        }
        let text = text(&playlist);
        assert!(
            text.starts_with("#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n"),
            "{text}"
        );
        assert!(
            text.contains("#EXT-X-MAP:URI=\"init-0.mp4?token=t\"\n#EXT-X-PROGRAM-DATE-TIME:@0\n"),
            "{text}"
        );
        assert!(text.contains("#EXTINF:2.00000,\n1.m4s?token=t\n"), "{text}");
        assert!(
            text.contains("#EXT-X-PART:DURATION=0.25000,URI=\"1.1.m4s?token=t\",INDEPENDENT=YES\n"),
            "{text}"
        );
        assert!(
            text.ends_with("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"2.4.m4s?token=t\"\n"),
            "{text}"
        );
    }

    #[test]
    fn what_is_old_goes_and_what_changes_is_marked() {
        let mut playlist = Playlist::default();
        playlist.push_init(Bytes::new());
        for number in 0..40 {
            playlist.push(part(number, number % 8 == 0, 0));
        }
        let init = playlist.push_init(Bytes::new());
        playlist.push(part(41, true, init));
        assert!(text(&playlist).contains("#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"init-1.mp4?token=t\""));
        for number in 42..200 {
            playlist.push(part(number, number % 8 == 0, init));
        }
        assert_eq!(playlist.segments.len(), SEGMENTS + 1);
        assert_eq!(playlist.find(Piece::Segment(0)), Found::Never);
        let text = text(&playlist);
        assert!(
            text.contains("#EXT-X-DISCONTINUITY-SEQUENCE:1\n") && !text.contains("#EXT-X-DISCONTINUITY\n"),
            "{text}"
        );
        assert_eq!(text.matches("#EXTINF").count(), SEGMENTS);
    }

    proptest! {
        #[test]
        fn no_name_is_too_strange(name in "([0-9a-z.-]{0,30}|[0-9]{1,25}(\\.[0-9]{1,25})?\\.m4s)") {
            let playlist = Playlist::default();
            if let Some(piece) = Piece::parse(&name) {
                playlist.find(piece);
            }
        }
    }
}
