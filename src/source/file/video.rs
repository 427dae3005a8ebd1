//! The pictures of a movie: access units from the file, through the decoder, in order, with their times.

use std::fs::File;

use super::error::Fault;
use super::mp4::{AvcCodec, Codec, Sample, Track};
use super::read_at;
use crate::media::{FramePool, TimeDelta, Timestamp, VideoFrame};
use crate::source::SourceVideo;
use crate::source::h264::{DecodeError, Decoder};

/// So many damaged access units in a row end the attempt. Fewer are left out.
const MAX_DAMAGED: u32 = 120;

/// Pictures that a decoder can hold back at most (the largest decoded picture buffer of H.264, A.3.1).
const MAX_REORDERED: usize = 16;

/// The video track of an open movie.
pub(super) struct VideoTrack {
    file: File,
    track: Track,
    codec: AvcCodec,
    decoder: Decoder,
    next: usize,
    damaged: u32,
    /// One access unit as it lies in the file, and in Annex B form; kept for their memory.
    avcc: Vec<u8>,
    annex_b: Vec<u8>,
}

impl VideoTrack {
    /// Makes `track` of `file` ready.
    pub(super) fn open(track: Track, file: File, pool: &FramePool) -> Result<Self, Fault> {
        let Codec::Avc(codec) = track.codec.clone() else {
            return Err(Fault::NothingToPlay);
        };
        let decoder =
            Decoder::new(pool, held_back(&track.samples)).map_err(|error| Fault::Unrecognised(error.to_string()))?;
        Ok(Self {
            file,
            track,
            codec,
            decoder,
            next: 0,
            damaged: 0,
            avcc: Vec::new(),
            annex_b: Vec::new(),
        })
    }

    /// Width, height and mean frame rate.
    pub(super) fn format(&self) -> SourceVideo {
        let ticks: i64 = self.track.samples.iter().map(|sample| i64::from(sample.duration)).sum();
        let seconds = ticks as f64 / f64::from(self.track.timescale);
        let rate = if seconds > 0.0 {
            self.track.samples.len() as f64 / seconds
        } else {
            0.0
        };
        SourceVideo::new(u32::from(self.codec.width), u32::from(self.codec.height), rate)
    }

    /// Starts again at the first sample. What the decoder holds is handed over now or in the next steps.
    pub(super) fn rewind(&mut self, sink: &mut impl FnMut(VideoFrame)) -> Result<(), Fault> {
        let ended = self.decoder.end_round(|frame| show(frame, sink));
        ended.map_err(|error| self.fault(&error))?;
        self.next = 0;
        Ok(())
    }

    /// Decodes the next access unit of a round that begins at `begin`, and hands what is ready to `sink`: perhaps pictures of
    /// the round before. `false` where there is no more.
    pub(super) fn step(&mut self, begin: Timestamp, sink: &mut impl FnMut(VideoFrame)) -> Result<bool, Fault> {
        let Some(sample) = self.track.samples.get(self.next).copied() else {
            return Ok(false);
        };
        let shown = self.shown(&sample);
        // What the edit list puts before the start is decoded, but not shown.
        let pts = if shown < TimeDelta::ZERO {
            hidden()
        } else {
            begin + shown
        };
        read_at(&self.file, sample.position, sample.size as usize, &mut self.avcc)?;
        if self.next == 0 {
            self.annex_b.clone_from(&self.codec.parameter_sets);
        } else {
            self.annex_b.clear();
        }
        let split = to_annex_b(&self.avcc, self.codec.length_size, &mut self.annex_b);
        let decoded = match split {
            Ok(()) => self.decoder.decode(&self.annex_b, pts, |frame| show(frame, sink)),
            Err(()) => Err(DecodeError::CUT),
        };
        match decoded {
            Ok(()) => self.damaged = 0,
            Err(error @ DecodeError::Damaged { .. }) if self.damaged < MAX_DAMAGED => {
                self.damaged += 1;
                tracing::debug!(sample = self.next, position = sample.position, %error, "left out");
            }
            Err(error) => return Err(self.fault(&error)),
        }
        self.next += 1;
        Ok(true)
    }

    /// Hands over the pictures that are held back for reordering, after the last step.
    pub(super) fn finish(&mut self, sink: &mut impl FnMut(VideoFrame)) -> Result<(), Fault> {
        let finished = self.decoder.finish(|frame| show(frame, sink));
        finished.map_err(|error| self.fault(&error))
    }

    /// When a sample is shown, from the start of the round.
    fn shown(&self, sample: &Sample) -> TimeDelta {
        let ticks = sample
            .shown_at()
            .saturating_sub(self.track.starts_at)
            .saturating_add(self.track.delay);
        TimeDelta::from_rate(ticks, self.track.timescale)
    }

    fn fault(&self, error: &DecodeError) -> Fault {
        let at = self.next.min(self.track.samples.len().saturating_sub(1));
        Fault::Sample {
            track: "video",
            sample: self.next as u64,
            position: self.track.samples.get(at).map_or(0, |sample| sample.position),
            what: error.to_string(),
        }
    }
}

/// The most samples that come before another one in the file and are shown after it.
fn held_back(samples: &[Sample]) -> u32 {
    let most = samples.iter().enumerate().map(|(at, sample)| {
        let before = &samples[at.saturating_sub(MAX_REORDERED)..at];
        before
            .iter()
            .filter(|earlier| earlier.shown_at() > sample.shown_at())
            .count()
    });
    most.max().unwrap_or(0) as u32
}

/// The time of pictures that are never shown.
fn hidden() -> Timestamp {
    Timestamp::from_millis(-1_000_000_000_000)
}

fn show(frame: VideoFrame, sink: &mut impl FnMut(VideoFrame)) {
    if frame.pts != hidden() {
        sink(frame);
    }
}

/// Appends the NAL units of `avcc`, each behind a start code (ISO/IEC 14496-15 §5.3.3 to ITU-T H.264 Annex B). Lengths
/// that do not fit are an error; what was whole before them has been appended.
pub(super) fn to_annex_b(avcc: &[u8], length_size: usize, annex_b: &mut Vec<u8>) -> Result<(), ()> {
    let mut rest = avcc;
    while !rest.is_empty() {
        let (length, tail) = rest.split_at_checked(length_size).ok_or(())?;
        let length = length
            .iter()
            .fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
        let (nal, tail) = tail.split_at_checked(length).ok_or(())?;
        annex_b.extend_from_slice(&[0, 0, 0, 1]);
        annex_b.extend_from_slice(nal);
        rest = tail;
    }
    Ok(())
}
