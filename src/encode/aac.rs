//! AAC-LC by libfdk-aac: blocks of 480 samples in, raw data blocks of 1024 samples out; 48 or 44.1 kHz, mono or stereo.
//!
//! **Time** and gaps are as in `encode::timeline`. The encoder's delay is 1600 samples: half an MDCT and its
//! look-ahead for block switching. A decoder needs two packets for each stretch of sound (they overlap), so it fades the
//! first 21 ms in, as for any viewer who joins later.
//!
//! **Quality.** The library's own low-pass is for low bitrates: 15.5 kHz at 128 kbit/s stereo, which a young ear misses. We
//! set it ourselves, as far up as the bits carry (`bandwidth_hz`), and let the library refine its quantisation
//! ("afterburner"). What that gives and costs was measured: docs/performance.md.
//!
//! **Bitrate, live.** The library takes another target and low-pass between two frames and keeps what is inside, so nothing
//! is lost at the change and a decoder hears no seam.

use bytes::Bytes;

use super::fdk_raw::{RawEncoder, RawSettings};
use super::timeline::{Frame, FrameShape, Timeline, TimelineStats};
use super::{AudioEncoder, AudioSettings, Channels, EncodeError, RawError};
use crate::media::{AudioBlock, AudioCodec, AudioConfig, Packet, TrackKind};

const CODEC: &str = "AAC (fdk-aac)";

/// Samples per channel in one packet.
pub const FRAME_SAMPLES: usize = 1024;

/// The AAC-LC encoder.
pub struct AacEncoder {
    timeline: Timeline,
    codec: Codec,
    config: AudioConfig,
    channels: Channels,
}

struct Codec {
    encoder: RawEncoder,
    output: Vec<u8>,
}

impl AacEncoder {
    /// Opens the encoder. A bitrate outside [`AudioSettings::bitrate_range`] is brought inside; see
    /// [`AudioEncoder::config`].
    pub fn open(settings: AudioSettings) -> Result<Self, EncodeError> {
        let AudioSettings {
            sample_rate, channels, ..
        } = settings;
        let bitrate_kbps = clamped(settings.bitrate_kbps, channels);
        let encoder = RawEncoder::open(&RawSettings {
            sample_rate: sample_rate.hz(),
            channels: channels.count() as u32,
            bits_per_second: bitrate_kbps * 1000,
            bandwidth_hz: bandwidth_hz(bitrate_kbps, channels),
            has_afterburner: true,
        })
        .map_err(library)?;
        let info = encoder.info().map_err(library)?;
        let refused = |reason: String| EncodeError::Settings { encoder: CODEC, reason };
        if info.frame_samples != FRAME_SAMPLES {
            return Err(refused(format!("frames of {} samples", info.frame_samples)));
        }
        let shape = FrameShape {
            rate: sample_rate,
            channels,
            samples: FRAME_SAMPLES,
            delay: info.delay,
        };
        Ok(Self {
            timeline: Timeline::new(shape).ok_or_else(|| refused("no resampler".to_owned()))?,
            codec: Codec {
                encoder,
                output: vec![0; info.packet_bytes],
            },
            config: AudioConfig {
                codec: AudioCodec::Aac { asc: info.asc.into() },
                sample_rate: sample_rate.hz(),
                channels: channels.count() as u8,
                bitrate_kbps,
            },
            channels,
        })
    }

    /// What was amiss with the blocks so far.
    #[must_use]
    pub const fn stats(&self) -> TimelineStats {
        self.timeline.stats()
    }
}

impl AudioEncoder for AacEncoder {
    fn config(&self) -> &AudioConfig {
        &self.config
    }

    fn encode(&mut self, block: &AudioBlock, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        let codec = &mut self.codec;
        self.timeline.code_block(block, &mut |frame| codec.code(frame, sink))
    }

    fn set_bitrate(&mut self, kbps: u32) -> Result<(), EncodeError> {
        let kbps = clamped(kbps, self.channels);
        if kbps != self.config.bitrate_kbps {
            let bandwidth_hz = bandwidth_hz(kbps, self.channels);
            self.codec.encoder.retune(kbps * 1000, bandwidth_hz).map_err(library)?;
            self.config.bitrate_kbps = kbps;
        }
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
        let coded = self.encoder.encode(frame.samples, &mut self.output);
        let (taken, written) = coded.map_err(|error| failed(format!("{} says {}", error.call, error.code)))?;
        if taken != frame.samples.len() {
            // Anything else than one frame in, one packet out, and the PTS would be wrong from here on.
            return Err(failed(format!("took {taken} of {} values", frame.samples.len())));
        }
        let data = self.output.get(..written).unwrap_or_default();
        if frame.is_kept && !data.is_empty() {
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

fn clamped(kbps: u32, channels: Channels) -> u32 {
    let range = AudioSettings::bitrate_range(channels);
    kbps.clamp(*range.start(), *range.end())
}

/// Where the low-pass is put, in Hz; 0 leaves it to the library, whose table is for the low bitrates.
fn bandwidth_hz(kbps: u32, channels: Channels) -> u32 {
    match kbps / channels.count() as u32 {
        0..56 => 0,
        56..80 => 18_000,
        _ => 20_000,
    }
}

fn library(error: RawError) -> EncodeError {
    error.of(CODEC)
}
