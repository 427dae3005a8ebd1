//! Where fragments and parts end.
//!
//! A fragment is a GOP: what a crash costs is the GOP that was not finished. A part ends where a decoder can start anew, and
//! neither a picture nor a sound is lost or doubled there.

use crate::media::{Packet, TimeDelta, Timestamp};

use super::settings::RecordSettings;

/// The longest fragment of a stream with pictures, for encoders whose GOPs are longer.
const LONGEST_MS: i64 = 4000;
/// Fragments of sound alone.
const SOUND_MS: i64 = 2000;
/// The shortest, for encoders that make nothing but IDRs: each fragment is a write and a flush of the disk.
const SHORTEST_MS: i64 = 400;
/// Bytes after which a fragment ends, whatever its length.
const MAX_FRAGMENT_BYTES: usize = 64 << 20;

/// What may end before a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing.
    Inside,
    /// A fragment.
    Fragment,
    /// A fragment, and a part as well.
    Join,
}

/// Looks at packets in the order of their times.
#[derive(Debug)]
pub(super) struct Cutter {
    /// The track that fragments go by: the pictures, or the first sound.
    lead: usize,
    has_video: bool,
    start: Option<Timestamp>,
}

impl Cutter {
    /// For a stream whose track `lead` decides.
    pub(super) const fn new(lead: usize, has_video: bool) -> Self {
        Self {
            lead,
            has_video,
            start: None,
        }
    }

    /// Whether a part may start with this packet.
    pub(super) const fn can_start(&self, track: usize, packet: &Packet) -> bool {
        track == self.lead && packet.is_idr
    }

    /// What may end before `packet`, when `pending_bytes` wait for the fragment.
    pub(super) fn before(&self, track: usize, packet: &Packet, pending_bytes: usize) -> Place {
        let Some(start) = self.start.filter(|_| track == self.lead) else {
            return Place::Inside;
        };
        let length = packet.dts - start;
        let longest = TimeDelta::from_millis(if self.has_video { LONGEST_MS } else { SOUND_MS });
        let is_long_enough = length >= TimeDelta::from_millis(SHORTEST_MS);
        if packet.is_idr
            && (if self.has_video {
                is_long_enough
            } else {
                length >= longest
            })
        {
            Place::Join
        } else if length >= longest || pending_bytes >= MAX_FRAGMENT_BYTES {
            Place::Fragment
        } else {
            Place::Inside
        }
    }

    /// A fragment starts at `at`.
    pub(super) const fn start(&mut self, at: Timestamp) {
        self.start = Some(at);
    }
}

/// Whether a part of `bytes` bytes and `duration`, whose largest fragment had `largest` bytes, ends here: another
/// fragment of that size would take it over its limit, or it has lasted long enough.
pub(super) fn is_part_full(settings: &RecordSettings, bytes: u64, largest: u64, duration: TimeDelta) -> bool {
    settings.split_bytes.is_some_and(|limit| bytes + largest > limit)
        || settings.split_every.is_some_and(|limit| duration >= limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::TrackKind;
    use bytes::Bytes;

    fn packet(track: TrackKind, ms: i64, is_idr: bool) -> Packet {
        let at = Timestamp::from_millis(ms);
        Packet {
            track,
            pts: at,
            dts: at,
            is_idr,
            data: Bytes::new(),
        }
    }

    #[test]
    fn fragments_are_gops_within_reason() {
        let mut cutter = Cutter::new(0, true);
        let picture = |ms, is_idr| packet(TrackKind::Video, ms, is_idr);
        assert!(cutter.can_start(0, &picture(0, true)) && !cutter.can_start(0, &picture(0, false)));
        assert!(!cutter.can_start(1, &packet(TrackKind::Audio, 0, true)));
        assert_eq!(cutter.before(0, &picture(0, true), 0), Place::Inside);
        cutter.start(Timestamp::ZERO);
        let cases = [
            (0, 40, true, 0, Place::Inside),
            (0, 400, true, 0, Place::Join),
            (0, 3999, false, 0, Place::Inside),
            (0, 4000, false, 0, Place::Fragment),
            (0, 100, false, MAX_FRAGMENT_BYTES, Place::Fragment),
            (1, 9000, true, 0, Place::Inside),
        ];
        for (track, ms, is_idr, pending, expected) in cases {
            assert_eq!(cutter.before(track, &picture(ms, is_idr), pending), expected, "{ms} ms");
        }
    }

    #[test]
    fn sound_alone_is_cut_by_time() {
        let mut cutter = Cutter::new(0, false);
        cutter.start(Timestamp::ZERO);
        let places = [1999, 2000].map(|ms| cutter.before(0, &packet(TrackKind::Audio, ms, true), 0));
        assert_eq!(places, [Place::Inside, Place::Join]);
    }

    #[test]
    fn parts_end_by_size_and_by_time() {
        let settings = RecordSettings {
            split_bytes: Some(1000),
            split_every: Some(TimeDelta::from_millis(60_000)),
            ..RecordSettings::default()
        };
        let is_full = |bytes, largest, ms| is_part_full(&settings, bytes, largest, TimeDelta::from_millis(ms));
        assert!(!is_full(700, 300, 59_999) && is_full(701, 300, 0) && is_full(0, 0, 60_000));
        assert!(!is_part_full(
            &RecordSettings::default(),
            u64::MAX / 2,
            1,
            TimeDelta::from_millis(i64::MAX / 1_000_000)
        ));
    }
}
