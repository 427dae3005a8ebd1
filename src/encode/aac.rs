//! AAC-LC by libfdk-aac: blocks of 480 samples in, raw data blocks of 1024 samples out, 48 kHz stereo.
//!
//! **Time.** Sample `k` that a decoder makes of a packet sounds at the packet's PTS + `k`. The encoder's delay (1600
//! samples: half an MDCT and its look-ahead for block switching) is taken off each PTS, after padding it to whole
//! frames, so that the first packet starts exactly where the first block does. Packets that would lie before that hold
//! silence and are left out. A decoder needs two packets for each stretch of sound (they overlap), so it fades the first
//! 21 ms in, as for any viewer who joins later.
//!
//! **Gaps.** Lost blocks up to one second become silence. After a longer gap, and where time goes back by more than
//! that, the encoder is emptied with silence and the timeline starts anew at the next block (one packet of silence before
//! it, so that nothing fades in). A block that comes twice or late is left out. All are counted.
//!
//! **Bitrate, live.** The library's safe API sets it at opening only. So a second encoder is opened, fed the last frames
//! until it is where the first one is, and takes over: a decoder's overlap joins the two, since both coded the same
//! sound.
//!
//! Samples go in as 16 bit, which is what the library takes; AAC's own noise lies far above that of the rounding.

use bytes::Bytes;
use fdk_aac::enc::{AudioObjectType, BitRate, ChannelMode, Encoder, EncoderError, EncoderParams, Transport};

use super::{AudioEncoder, AudioSettings, EncodeError};
use crate::media::{AudioBlock, AudioConfig, BLOCK_FRAMES, Packet, SAMPLE_RATE, Timestamp, TrackKind};

const CODEC: &str = "AAC (fdk-aac)";
const CHANNELS: usize = 2;

/// Samples per channel in one packet.
pub const FRAME_SAMPLES: usize = 1024;

/// The bitrates for which the library codes stereo at 48 kHz, in kbit/s. Others are brought to the nearer end.
pub const BITRATE_KBPS: std::ops::RangeInclusive<u32> = 32..=512;

/// The longest gap that is filled with silence: 1 s.
const MAX_GAP: i64 = SAMPLE_RATE as i64;

/// Frames that a new encoder is fed before it takes over: its delay, its bit reservoir and its psychoacoustics.
const HISTORY_FRAMES: usize = 6;

type Frame = [i16; FRAME_SAMPLES * CHANNELS];

/// How often the timeline of the blocks was not what it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AacStats {
    /// Samples of silence put in for lost blocks.
    pub filled_samples: u64,
    /// Times that the timeline started anew after a long gap.
    pub restarts: u64,
    /// Blocks left out because their time had been coded already.
    pub late_blocks: u64,
}

/// The AAC-LC encoder.
pub struct AacEncoder {
    encoder: Encoder,
    config: AudioConfig,
    /// The codec's delay and the padding that makes it whole frames.
    delay: usize,
    padding: usize,
    /// The frame that is being filled.
    frame: Box<Frame>,
    filled: usize,
    /// The last frames that were coded, a ring, for an encoder that takes over.
    history: Box<[Frame]>,
    history_at: usize,
    output: Vec<u8>,
    timeline: Option<Timeline>,
    stats: AacStats,
}

/// Where we are; in samples at 48 kHz.
#[derive(Clone, Copy)]
struct Timeline {
    /// Packets before this time are left out.
    keep_from: i64,
    /// The time of the next sample to come in.
    next_in: i64,
    /// The time of the first sample of the next packet.
    next_out: i64,
}

impl AacEncoder {
    /// Opens the encoder. A bitrate outside [`BITRATE_KBPS`] is brought inside; see [`AudioEncoder::config`].
    pub fn open(settings: AudioSettings) -> Result<Self, EncodeError> {
        let bitrate_kbps = settings.bitrate_kbps.clamp(*BITRATE_KBPS.start(), *BITRATE_KBPS.end());
        let encoder = open(bitrate_kbps)?;
        let info = encoder.info().map_err(|error| refused(&error))?;
        let asc = info.confBuf.get(..info.confSize as usize);
        let is_as_asked = info.frameLength as usize == FRAME_SAMPLES && info.inputChannels as usize == CHANNELS;
        let Some(asc) = asc.filter(|_| is_as_asked) else {
            return Err(EncodeError::Settings {
                encoder: CODEC,
                reason: format!("frames of {} × {} samples", info.inputChannels, info.frameLength),
            });
        };
        let delay = (info.nDelay as usize).next_multiple_of(FRAME_SAMPLES);
        Ok(Self {
            config: AudioConfig {
                sample_rate: SAMPLE_RATE,
                channels: CHANNELS as u8,
                asc: Bytes::copy_from_slice(asc),
                bitrate_kbps,
            },
            delay,
            padding: delay - info.nDelay as usize,
            frame: Box::new([0; FRAME_SAMPLES * CHANNELS]),
            filled: 0,
            history: vec![[0; FRAME_SAMPLES * CHANNELS]; HISTORY_FRAMES].into_boxed_slice(),
            history_at: 0,
            output: vec![0; info.maxOutBufBytes as usize],
            timeline: None,
            stats: AacStats::default(),
            encoder,
        })
    }

    /// Goes on with another bitrate, without a gap; brought inside [`BITRATE_KBPS`]. Where it fails, the old encoder
    /// goes on as if nothing had been asked.
    pub fn set_bitrate(&mut self, kbps: u32) -> Result<(), EncodeError> {
        let kbps = kbps.clamp(*BITRATE_KBPS.start(), *BITRATE_KBPS.end());
        if kbps == self.config.bitrate_kbps {
            return Ok(());
        }
        let successor = open(kbps)?;
        for back in 0..HISTORY_FRAMES {
            let frame = &self.history[(self.history_at + back) % HISTORY_FRAMES];
            successor
                .encode(frame, &mut self.output)
                .map_err(|error| refused(&error))?;
        }
        self.encoder = successor;
        self.config.bitrate_kbps = kbps;
        Ok(())
    }

    /// What was amiss with the blocks so far.
    #[must_use]
    pub const fn stats(&self) -> AacStats {
        self.stats
    }

    /// Codes what is left, padded with silence, so that the last block is heard to its end. Afterwards the encoder may
    /// be used again: the next block starts a new timeline.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        if self.timeline.is_some() {
            let to_frame_end = (FRAME_SAMPLES - self.filled) % FRAME_SAMPLES;
            self.push_silence(to_frame_end + self.delay, sink)?;
            self.timeline = None;
        }
        Ok(())
    }

    /// Makes the time of the next sample that of the block, or says that the block is to be left out.
    fn align(&mut self, pts: i64, sink: &mut dyn FnMut(Packet)) -> Result<bool, EncodeError> {
        if let Some(timeline) = self.timeline {
            let gap = pts - timeline.next_in;
            if (0..=MAX_GAP).contains(&gap) {
                self.stats.filled_samples += gap as u64;
                self.push_silence(gap as usize, sink)?;
                return Ok(true);
            }
            if (-MAX_GAP..0).contains(&gap) {
                self.stats.late_blocks += 1;
                return Ok(false);
            }
            self.stats.restarts += 1;
            self.finish(sink)?;
        }
        // Whether the encoder is new or was emptied by `finish`, a frame begins here and only silence is inside. With
        // the padding in front, the packets that cover this silence end where the block starts.
        let lead = if self.stats.restarts == 0 {
            0
        } else {
            FRAME_SAMPLES as i64
        };
        self.timeline = Some(Timeline {
            keep_from: pts - lead,
            next_in: pts - self.padding as i64,
            next_out: pts - self.delay as i64,
        });
        self.push_silence(self.padding, sink)?;
        Ok(true)
    }

    fn push_silence(&mut self, samples: usize, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        let mut left = samples;
        while left > 0 {
            let count = left.min(FRAME_SAMPLES - self.filled);
            self.frame[self.filled * CHANNELS..][..count * CHANNELS].fill(0);
            left -= count;
            self.advance(count, sink)?;
        }
        Ok(())
    }

    fn push_block(&mut self, block: &AudioBlock, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        let [left, right] = &block.channels;
        let mut from = 0;
        while from < BLOCK_FRAMES {
            let count = (BLOCK_FRAMES - from).min(FRAME_SAMPLES - self.filled);
            let pairs = self.frame[self.filled * CHANNELS..][..count * CHANNELS].chunks_exact_mut(CHANNELS);
            for ((pair, left), right) in pairs.zip(&left[from..]).zip(&right[from..]) {
                pair[0] = to_i16(*left);
                pair[1] = to_i16(*right);
            }
            from += count;
            self.advance(count, sink)?;
        }
        Ok(())
    }

    /// Counts samples that were put into the frame, and codes the frame when it is full.
    fn advance(&mut self, samples: usize, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        self.filled += samples;
        let Some(timeline) = &mut self.timeline else {
            return Ok(());
        };
        timeline.next_in += samples as i64;
        if self.filled < FRAME_SAMPLES {
            return Ok(());
        }
        self.filled = 0;
        let (keep_from, at) = (timeline.keep_from, timeline.next_out);
        timeline.next_out += FRAME_SAMPLES as i64;
        let pts = Timestamp::from_48k(at);

        let failed = |reason: String| EncodeError::Encode {
            encoder: CODEC,
            at: pts,
            reason,
        };
        let coded = self.encoder.encode(&self.frame[..], &mut self.output);
        let size = coded.map_err(|error| failed(error.to_string()))?;
        if size.input_consumed != self.frame.len() {
            // Anything else than one frame in, one packet out, and the PTS would be wrong from here on.
            return Err(failed(format!(
                "took {} of {} samples",
                size.input_consumed,
                self.frame.len()
            )));
        }
        self.history[self.history_at] = *self.frame;
        self.history_at = (self.history_at + 1) % HISTORY_FRAMES;
        let data = self.output.get(..size.output_size).unwrap_or_default();
        if at >= keep_from && !data.is_empty() {
            sink(Packet {
                track: TrackKind::Audio,
                pts,
                dts: pts,
                is_idr: true,
                data: Bytes::copy_from_slice(data),
            });
        }
        Ok(())
    }
}

impl AudioEncoder for AacEncoder {
    fn config(&self) -> &AudioConfig {
        &self.config
    }

    fn encode(&mut self, block: &AudioBlock, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        if self.align(block.pts.to_48k(), sink)? {
            self.push_block(block, sink)?;
        }
        Ok(())
    }
}

fn open(bitrate_kbps: u32) -> Result<Encoder, EncodeError> {
    Encoder::new(EncoderParams {
        bit_rate: BitRate::Cbr(bitrate_kbps * 1000),
        sample_rate: SAMPLE_RATE,
        transport: Transport::Raw,
        channels: ChannelMode::Stereo,
        audio_object_type: AudioObjectType::Mpeg4LowComplexity,
    })
    .map_err(|error| refused(&error))
}

fn refused(error: &EncoderError) -> EncodeError {
    EncodeError::Settings {
        encoder: CODEC,
        reason: error.to_string(),
    }
}

/// Rounds to 16 bit; what is beyond full scale stays at its end, what is no number becomes zero.
fn to_i16(sample: f32) -> i16 {
    (sample * 32_768.0).round() as i16
}
