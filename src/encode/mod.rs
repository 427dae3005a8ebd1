//! Pictures and sound into packets.
//!
//! Both traits are narrow on purpose: frames in, access units out, and a few live settings, all of it plain data. An
//! encoder may therefore live in this process or behind a worker's border without its caller noticing.

pub mod aac;
mod audio;
mod fdk_raw;
pub mod h264;
mod openh264_raw;
pub mod opus;
mod rate_control;
mod rendition;
mod resample;
mod switching;
mod timeline;

pub use aac::AacEncoder;
pub use audio::{AudioRate, AudioSettings, Channels, OpusSettings, UnknownRate};
pub use h264::H264Encoder;
pub use opus::OpusEncoder;
pub use rendition::{MAX_RENDITIONS, RenditionSettings, usual_ladder};
pub use switching::SwitchingAac;
pub use timeline::TimelineStats;

use serde::{Deserialize, Serialize};

use crate::media::h264::BitstreamError;
use crate::media::{AudioBlock, AudioConfig, FrameRate, Packet, Rate, RateControl, Timestamp, VideoConfig, VideoFrame};

/// Whether openh264 was built with its assembly. Without it, encoding costs more than twice the CPU: `rigcast probe` and
/// the status line say so.
pub const HAS_NASM: bool = matches!(env!("RIGCAST_NASM").as_bytes(), b"yes");

/// H.264 as asked for. Plain data: what a scene file's `[encoder]` table comes down to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoSettings {
    /// Luma width in pixels; even.
    pub width: u32,
    /// Luma height in pixels; even.
    pub height: u32,
    /// The constant rate of the program.
    pub frame_rate: FrameRate,
    /// Target in kbit/s.
    pub bitrate_kbps: u32,
    /// What is held constant, and what may vary for it.
    #[serde(default)]
    pub rate_control: RateControl,
    /// Seconds from one IDR to the next.
    pub gop_seconds: f64,
    /// Threads, and slices per picture, that one encoder may use. 1 costs the least CPU and bits; 2 cut the time of a hard
    /// 720p picture from 6.3 to 3.6 ms where a second core is free, and cost up to 0.7 dB where there is much grain.
    pub threads: u16,
}

impl Default for VideoSettings {
    fn default() -> Self {
        Self {
            width: 1280,
            height: 720,
            frame_rate: FrameRate::whole(30),
            bitrate_kbps: 2500,
            rate_control: RateControl::Constant,
            gop_seconds: 2.0,
            threads: 1,
        }
    }
}

impl VideoSettings {
    /// What the encoder may spend.
    #[must_use]
    pub fn rate(&self) -> Rate {
        Rate {
            control: self.rate_control,
            kbps: self.bitrate_kbps,
        }
    }

    /// Has its encoder spend that.
    pub const fn set_rate(&mut self, rate: Rate) {
        self.rate_control = rate.control;
        self.bitrate_kbps = rate.kbps;
    }
}

/// Why an encoder could not be opened, set or fed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The settings cannot be met; says which and why.
    #[error("{encoder} cannot be set up: {reason}")]
    Settings {
        /// The codec library.
        encoder: &'static str,
        /// What is wrong with which setting, in words.
        reason: String,
    },
    /// A call into the codec library failed.
    #[error("{encoder}: {call} failed with code {code}")]
    Library {
        /// The codec library.
        encoder: &'static str,
        /// What was being done.
        call: &'static str,
        /// What the library answered.
        code: i64,
    },
    /// The codec library failed at one moment of the show.
    #[error("{encoder} cannot encode the sound of {at}: {reason}")]
    Encode {
        /// The codec library.
        encoder: &'static str,
        /// Where in the show.
        at: Timestamp,
        /// What the library said.
        reason: String,
    },
    /// A picture of another size than the encoder was opened for.
    #[error("the encoder is open for {width}x{height} but was given a {given_width}x{given_height} picture")]
    FrameSize {
        /// Luma width that the encoder was opened with.
        width: u32,
        /// Luma height that the encoder was opened with.
        height: u32,
        /// Luma width of the picture.
        given_width: u32,
        /// Luma height of the picture.
        given_height: u32,
    },
    /// The worker that encodes says this, or does not come up for this reason.
    #[error("the encoder worker: {0}")]
    Worker(String),
    /// A picture in a place that does not exist.
    #[error("there is no slot {0} for pictures")]
    Slot(u32),
    /// The codec library produced something that is no valid bitstream.
    #[error("{encoder} wrote a broken bitstream")]
    Bitstream {
        /// The codec library.
        encoder: &'static str,
        /// What is broken, and where.
        #[source]
        source: BitstreamError,
    },
}

/// Pictures in, H.264 access units out.
pub trait VideoEncoder: Send {
    /// What a decoder needs before the first packet. Parameter sets never change while the encoder lives; the bitrate
    /// and frame rate are those last set.
    fn config(&self) -> &VideoConfig;

    /// Encodes one picture; its PTS becomes the packet's. `is_idr_wanted` makes this very picture an IDR. `None` where
    /// rate control left the picture out: the caller counts it.
    ///
    /// # Errors
    /// [`EncodeError::FrameSize`] for a picture of another size, otherwise what the library said.
    fn encode(&mut self, frame: &VideoFrame, is_idr_wanted: bool) -> Result<Option<Packet>, EncodeError>;

    /// Changes what may be spent while live, from the very next picture on.
    ///
    /// # Errors
    /// [`EncodeError::Settings`] for what cannot be met; then the old rate holds.
    fn set_rate(&mut self, rate: Rate) -> Result<(), EncodeError>;

    /// What was set last, or at the start.
    fn rate(&self) -> Rate;

    /// Changes the rate at which pictures will come, while live.
    ///
    /// # Errors
    /// What the library said.
    fn set_frame_rate(&mut self, rate: FrameRate) -> Result<(), EncodeError>;
}

/// That `frame` has the size of the pictures that an encoder of that `config` takes.
///
/// # Errors
/// [`EncodeError::FrameSize`].
pub fn check_size(config: &VideoConfig, frame: &VideoFrame) -> Result<(), EncodeError> {
    let (width, height) = (config.width, config.height);
    let (given_width, given_height) = (frame.width(), frame.height());
    if (given_width, given_height) == (width, height) {
        return Ok(());
    }
    Err(EncodeError::FrameSize {
        width,
        height,
        given_width,
        given_height,
    })
}

/// A call into a codec library that it refused: its name and what it returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RawError {
    call: &'static str,
    code: i64,
}

impl RawError {
    /// As an error of that encoder.
    fn of(self, encoder: &'static str) -> EncodeError {
        EncodeError::Library {
            encoder,
            call: self.call,
            code: self.code,
        }
    }
}

/// Sound in, AAC or Opus out.
pub trait AudioEncoder: Send {
    /// What a decoder needs before the first packet.
    fn config(&self) -> &AudioConfig;

    /// Encodes one block; hands each packet that became complete to `sink`, stamped with the time of its content.
    ///
    /// # Errors
    /// What the library said.
    fn encode(&mut self, block: &AudioBlock, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError>;

    /// Changes the target while live, without a seam; brought inside what the codec takes.
    ///
    /// # Errors
    /// What the library said; then the old target holds.
    fn set_bitrate(&mut self, kbps: u32) -> Result<(), EncodeError>;

    /// Changes rate and channels as well, for encoders that can while live; the others take the bitrate of it alone.
    ///
    /// # Errors
    /// What the library said; then everything stays as it was.
    fn set_audio(&mut self, settings: AudioSettings) -> Result<(), EncodeError> {
        self.set_bitrate(settings.bitrate_kbps)
    }

    /// Codes what is left, padded with silence, so that the last block is heard to its end. Afterwards the encoder may be
    /// used again: the next block starts a new timeline.
    ///
    /// # Errors
    /// What the library said.
    fn finish(&mut self, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError>;
}
