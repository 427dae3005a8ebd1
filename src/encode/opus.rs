//! Opus for RTP: blocks of 480 samples in, packets of 20 ms out, 48 kHz, mono or stereo (RFC 6716; RFC 7587 carries it).
//!
//! **Time** and gaps are as in `encode::timeline`. The encoder's look-ahead, 312 samples, is taken off each PTS, so
//! a receiver has nothing to skip.
//!
//! **In-band FEC.** A packet may carry a rougher copy of the one before it, from which a receiver mends a loss. Only the
//! SILK half of Opus can do that, and at the bitrates of a show the codec would not use SILK by itself. So it goes by the loss
//! that is expected, as the reference does: up to 5 % it stays with CELT, which sounds better and costs a third of the CPU, and
//! leaves losses to the receiver's concealment; above 5 % it codes hybrid, with the copy. Packets where it changes over carry
//! both, so there is no click. Of the encoders in Rust, opus-rs never leaves CELT for the sake of a loss, so at 96 kbit/s its
//! FEC is a word only; ropus follows the reference to the bit.
//!
//! **Cost.** Complexity 5: at 9, hybrid takes nearly twice the CPU and comes no nearer to what it was (measured:
//! docs/performance.md). No DTX: a packet every 20 ms, whatever is heard, is what receivers measure loss and jitter by. The
//! library allocates scratch space in each frame; it runs on the thread of the encoder, not on that of the mixer.

use bytes::Bytes;
use ropus::{Application, Bitrate, Encoder, InbandFec};

use super::audio::OpusSettings;
use super::timeline::{Frame, FrameShape, Timeline, TimelineStats};
use super::{AudioEncoder, AudioRate, Channels, EncodeError};
use crate::media::opus::{MAX_FRAME_BYTES, OpusHead};
use crate::media::{AudioBlock, AudioCodec, AudioConfig, Packet, TimeDelta, TrackKind};

const CODEC: &str = "Opus (ropus)";

/// Samples per channel in one packet: 20 ms.
pub const FRAME_SAMPLES: usize = 960;

/// The bitrates that are taken, in kbit/s. Others are brought to the nearer end. The highest fills the largest packet.
pub const BITRATE_KBPS: std::ops::RangeInclusive<u32> = 16..=510;

const COMPLEXITY: u8 = 5;

/// The Opus encoder.
pub struct OpusEncoder {
    timeline: Timeline,
    codec: Codec,
    config: AudioConfig,
    expected_loss_percent: u8,
}

struct Codec {
    encoder: Encoder,
    output: Box<[u8; 1 + MAX_FRAME_BYTES]>,
}

impl OpusEncoder {
    /// Opens the encoder. A bitrate outside [`BITRATE_KBPS`] is brought inside; see [`AudioEncoder::config`].
    ///
    /// # Errors
    /// [`EncodeError::Settings`] with what the library said.
    pub fn open(settings: OpusSettings) -> Result<Self, EncodeError> {
        let bitrate_kbps = clamped(settings.bitrate_kbps);
        let expected_loss_percent = settings.expected_loss_percent.min(100);
        let channels = match settings.channels {
            Channels::Mono => ropus::Channels::Mono,
            Channels::Stereo => ropus::Channels::Stereo,
        };
        let encoder = Encoder::builder(AudioRate::Hz48000.hz(), channels, Application::Audio)
            .bitrate(Bitrate::Bits(bitrate_kbps * 1000))
            .complexity(COMPLEXITY)
            .vbr(true)
            .vbr_constraint(true)
            .inband_fec(InbandFec::Enabled)
            .packet_loss_perc(expected_loss_percent)
            .dtx(false)
            .build()
            .map_err(|error| refused(error.to_string()))?;
        let shape = FrameShape {
            rate: AudioRate::Hz48000,
            channels: settings.channels,
            samples: FRAME_SAMPLES,
            delay: encoder.lookahead() as usize,
        };
        Ok(Self {
            timeline: Timeline::new(shape).ok_or_else(|| refused("no timeline".to_owned()))?,
            codec: Codec {
                encoder,
                output: Box::new([0; 1 + MAX_FRAME_BYTES]),
            },
            config: AudioConfig {
                codec: AudioCodec::Opus,
                sample_rate: AudioRate::Hz48000.hz(),
                channels: settings.channels.count() as u8,
                bitrate_kbps,
            },
            expected_loss_percent,
        })
    }

    /// Says how much of what is sent the receiver is thought to lose, in percent, from the next packet on. Above 5, packets
    /// carry FEC.
    ///
    /// # Errors
    /// What the library said.
    pub fn set_expected_loss(&mut self, percent: u8) -> Result<(), EncodeError> {
        let percent = percent.min(100);
        self.codec
            .encoder
            .set_packet_loss_perc(percent)
            .map_err(|error| refused(error.to_string()))?;
        self.expected_loss_percent = percent;
        Ok(())
    }

    /// What was last said to be lost, in percent.
    #[must_use]
    pub const fn expected_loss_percent(&self) -> u8 {
        self.expected_loss_percent
    }

    /// What was amiss with the blocks so far.
    #[must_use]
    pub const fn stats(&self) -> TimelineStats {
        self.timeline.stats()
    }
}

impl AudioEncoder for OpusEncoder {
    fn config(&self) -> &AudioConfig {
        &self.config
    }

    fn encode(&mut self, block: &AudioBlock, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        let codec = &mut self.codec;
        self.timeline.code_block(block, &mut |frame| codec.code(frame, sink))
    }

    fn set_bitrate(&mut self, kbps: u32) -> Result<(), EncodeError> {
        let kbps = clamped(kbps);
        self.codec
            .encoder
            .set_bitrate(Bitrate::Bits(kbps * 1000))
            .map_err(|error| refused(error.to_string()))?;
        self.config.bitrate_kbps = kbps;
        Ok(())
    }

    fn finish(&mut self, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        let codec = &mut self.codec;
        self.timeline.code_rest(&mut |frame| codec.code(frame, sink))
    }
}

impl Codec {
    fn code(&mut self, frame: &Frame<'_>, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        let failed = |reason: String| EncodeError::Encode {
            encoder: CODEC,
            at: frame.pts,
            reason,
        };
        let coded = self.encoder.encode(frame.samples, &mut self.output[..]);
        let written = coded.map_err(|error| failed(error.to_string()))?;
        let data = self.output.get(..written).unwrap_or_default();
        // What is sent on must be what receivers were promised: one frame, 20 ms.
        let head = OpusHead::parse(data).map_err(|error| failed(error.to_string()))?;
        if head.frames != 1 || head.duration() != TimeDelta::from_rate(FRAME_SAMPLES as i64, 48_000) {
            return Err(failed(format!(
                "{} frames, {} ms",
                head.frames,
                head.duration().to_millis()
            )));
        }
        if frame.is_kept {
            sink(Packet {
                track: TrackKind::Audio,
                pts: frame.pts,
                dts: frame.pts,
                is_idr: true,
                data: Bytes::copy_from_slice(data),
            });
        }
        Ok(())
    }
}

fn clamped(kbps: u32) -> u32 {
    kbps.clamp(*BITRATE_KBPS.start(), *BITRATE_KBPS.end())
}

fn refused(reason: String) -> EncodeError {
    EncodeError::Settings { encoder: CODEC, reason }
}
