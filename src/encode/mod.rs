//! Encoders.

pub mod aac;

use crate::media::{AudioBlock, AudioConfig, Packet, Timestamp};

/// What the sound encoder is opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSettings {
    /// Target in kbit/s.
    pub bitrate_kbps: u32,
}

/// Why an encoder cannot be opened or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The library refuses the settings.
    #[error("{codec}: cannot open the encoder: {reason}")]
    Open {
        /// Which encoder.
        codec: &'static str,
        /// What it said.
        reason: String,
    },
    /// The library failed at a frame.
    #[error("{codec}: cannot encode at {at}: {reason}")]
    Encode {
        /// Which encoder.
        codec: &'static str,
        /// Where in the show.
        at: Timestamp,
        /// What it said.
        reason: String,
    },
}

/// Blocks in, packets out.
pub trait AudioEncoder: Send {
    /// What a decoder needs to know.
    fn config(&self) -> &AudioConfig;
    /// Takes the next block; gives `sink` the packets that are done.
    fn encode(&mut self, block: &AudioBlock, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError>;
}
