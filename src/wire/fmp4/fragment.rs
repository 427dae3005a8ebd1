//! One fragment: `prft` for each track, `moof`, `mdat` (ISO/IEC 14496-12 §8.8.4 to §8.8.12, §8.16.5).
//!
//! Its size is known before it is written, so that it is one allocation, and each sample is copied once.

use std::ops::Range;

use bytes::Bytes;
use mp4_atom::{Prft, ReferenceTime};

use super::boxes::{boxed, full_box, put, put_u32, put_u64};
use super::init::{NO_SYNC, SYNC};
use super::wall::WallClock;
use crate::media::{TimeDelta, Timestamp};

/// A finished fragment. Appended to the initialisation segment, alone or with others in order, it can be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The boxes.
    pub bytes: Bytes,
    /// A decoder may join here: its first picture is an IDR, or there are no pictures in the stream.
    pub starts_with_idr: bool,
    /// When its first picture is shown (of sound alone: heard), on the studio clock.
    pub pts: Timestamp,
    /// How long its pictures last; of sound alone, how long that lasts.
    pub duration: TimeDelta,
    /// Where in the bytes its `moof` starts: 0 without wall clock.
    pub moof_at: usize,
    /// What it holds of each track, in the order of the tracks. A track without samples is left out.
    pub runs: Vec<Run>,
}

/// What a fragment holds of one track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Index of the track.
    pub track: usize,
    /// When its first sample is shown or heard, on the studio clock.
    pub pts: Timestamp,
    /// From the first sample to the end of the last.
    pub duration: TimeDelta,
    /// Access units.
    pub samples: usize,
    /// Where in the fragment's bytes they lie, one behind the other.
    pub data: Range<usize>,
}

/// One access unit that waits for its fragment. Times are in ticks of its track.
#[derive(Debug)]
pub(super) struct Sample {
    pub decode_time: u64,
    pub composition_offset: i32,
    pub duration: u32,
    pub is_sync: bool,
    pub pts: Timestamp,
    pub data: Bytes,
}

/// What waits of one track; never empty.
pub(super) struct Part<'a> {
    pub track: usize,
    pub timescale: u32,
    pub is_video: bool,
    pub samples: &'a [Sample],
}

const PRFT_SIZE: usize = 32;
const MFHD_SIZE: usize = 16;
const BOX_HEADER: usize = 8;

// `tfhd` and `trun` flags, §8.8.7.1 and §8.8.8.1.
const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;
const DEFAULT_DURATION: u32 = 0x08;
const DATA_OFFSET: u32 = 0x001;
const SAMPLE_DURATION: u32 = 0x100;
const SAMPLE_SIZE: u32 = 0x200;
const SAMPLE_FLAGS: u32 = 0x400;
const SAMPLE_COMPOSITION_OFFSET: u32 = 0x800;

impl Part<'_> {
    /// The duration that all samples share, if they do.
    fn common_duration(&self) -> Option<u32> {
        let first = self.samples.first()?.duration;
        self.samples
            .iter()
            .all(|sample| sample.duration == first)
            .then_some(first)
    }

    /// What each row of the `trun` tells.
    fn row_flags(&self) -> u32 {
        let mut flags = SAMPLE_SIZE;
        if self.common_duration().is_none() {
            flags |= SAMPLE_DURATION;
        }
        if self.is_video {
            flags |= SAMPLE_FLAGS;
        }
        if self.samples.iter().any(|sample| sample.composition_offset != 0) {
            flags |= SAMPLE_COMPOSITION_OFFSET;
        }
        flags
    }

    fn traf_size(&self) -> usize {
        let tfhd = 16 + if self.common_duration().is_some() { 4 } else { 0 };
        let row = 4 * self.row_flags().count_ones() as usize;
        BOX_HEADER + tfhd + 20 + 20 + row * self.samples.len()
    }

    fn data_size(&self) -> usize {
        self.samples.iter().map(|sample| sample.data.len()).sum()
    }

    fn ticks(&self) -> u64 {
        match (self.samples.first(), self.samples.last()) {
            (Some(first), Some(last)) => last.decode_time + u64::from(last.duration) - first.decode_time,
            _ => 0,
        }
    }

    fn write_traf(&self, out: &mut Vec<u8>, data_offset: usize) {
        let common = self.common_duration();
        let flags = self.row_flags();
        boxed(out, *b"traf", |out| {
            let tfhd = DEFAULT_BASE_IS_MOOF | if common.is_some() { DEFAULT_DURATION } else { 0 };
            full_box(out, *b"tfhd", 0, tfhd, |out| {
                put_u32(out, self.track as u32 + 1);
                if let Some(duration) = common {
                    put_u32(out, duration);
                }
            });
            full_box(out, *b"tfdt", 1, 0, |out| put_u64(out, self.samples[0].decode_time));
            // Version 1: composition offsets may be negative.
            full_box(out, *b"trun", 1, DATA_OFFSET | flags, |out| {
                put_u32(out, self.samples.len() as u32);
                put_u32(out, data_offset as u32);
                for sample in self.samples {
                    if flags & SAMPLE_DURATION != 0 {
                        put_u32(out, sample.duration);
                    }
                    put_u32(out, sample.data.len() as u32);
                    if flags & SAMPLE_FLAGS != 0 {
                        put_u32(out, if sample.is_sync { SYNC } else { NO_SYNC });
                    }
                    if flags & SAMPLE_COMPOSITION_OFFSET != 0 {
                        put_u32(out, sample.composition_offset.cast_unsigned());
                    }
                }
            });
        });
    }
}

/// Writes the fragment number `sequence` of `parts`, of which there is at least one.
pub(super) fn write(sequence: u32, parts: &[Part<'_>], wall_clock: Option<WallClock>) -> Fragment {
    let prft_size = if wall_clock.is_some() {
        PRFT_SIZE * parts.len()
    } else {
        0
    };
    let moof_size = BOX_HEADER + MFHD_SIZE + parts.iter().map(Part::traf_size).sum::<usize>();
    let mdat_size = BOX_HEADER + parts.iter().map(Part::data_size).sum::<usize>();
    let mut out = Vec::with_capacity(prft_size + moof_size + mdat_size);
    if let Some(wall) = wall_clock {
        for part in parts {
            write_prft(&mut out, part, wall);
        }
    }
    debug_assert!(out.len() <= prft_size, "prft of 28 or 32 bytes");
    let moof_start = out.len();
    boxed(&mut out, *b"moof", |out| {
        full_box(out, *b"mfhd", 0, 0, |out| put_u32(out, sequence));
        let mut data_offset = moof_size + BOX_HEADER;
        for part in parts {
            part.write_traf(out, data_offset);
            data_offset += part.data_size();
        }
    });
    debug_assert_eq!(
        out.len() - moof_start,
        moof_size,
        "the size that offsets were reckoned with"
    );
    let mut runs = Vec::with_capacity(parts.len());
    boxed(&mut out, *b"mdat", |out| {
        for part in parts {
            let start = out.len();
            for sample in part.samples {
                out.extend_from_slice(&sample.data);
            }
            runs.push(Run {
                track: part.track,
                pts: part.samples[0].pts,
                duration: TimeDelta::from_rate(part.ticks() as i64, part.timescale),
                samples: part.samples.len(),
                data: start..out.len(),
            });
        }
    });
    let lead = parts.iter().position(|part| part.is_video).unwrap_or(0);
    Fragment {
        bytes: Bytes::from(out),
        starts_with_idr: parts[lead].samples[0].is_sync,
        pts: runs[lead].pts,
        duration: runs[lead].duration,
        moof_at: moof_start,
        runs,
    }
}

/// When the first sample of `part` was made. Its box is four bytes shorter while the media time fits into 32 bits.
fn write_prft(out: &mut Vec<u8>, part: &Part<'_>, wall: WallClock) {
    put(
        out,
        &Prft {
            reference_track_id: part.track as u32 + 1,
            ntp_timestamp: wall.ntp_at(part.samples[0].pts),
            media_time: part.samples[0]
                .decode_time
                .saturating_add_signed(i64::from(part.samples[0].composition_offset)),
            utc_time_semantics: ReferenceTime::Input,
        },
    );
}
