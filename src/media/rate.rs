//! How an encoder of pictures spends its bits.

use serde::{Deserialize, Serialize};

/// What is held constant, and what may vary for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum RateControl {
    /// CBR: the target is held over every second. Hard pictures get worse, easy ones cost what is left.
    #[default]
    Constant,
    /// Capped VBR: the quality of the target where it can be had for less, and more than the target for hard pictures, up to the cap.
    Capped {
        /// Never more than this over a second, in kbit/s; at least the target.
        max_kbps: u32,
    },
    /// ABR: the target is held over the show; what easy pictures leave is spent on hard ones.
    Average,
    /// Constant quality: every picture by the same quantiser, whatever it costs.
    Quality {
        /// H.264's QP, 10 (hardly to be told from the source) to 51 (blocks).
        quantiser: u8,
    },
}

/// What an encoder is told to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// How.
    pub control: RateControl,
    /// The target in kbit/s. With [`RateControl::Quality`], what is promised to nobody but shown.
    pub kbps: u32,
}

impl Rate {
    /// The same way of spending with another target. A cap keeps its proportion to it.
    #[must_use]
    pub fn at(self, kbps: u32) -> Self {
        let control = match self.control {
            RateControl::Capped { max_kbps } => {
                let scaled = u64::from(max_kbps) * u64::from(kbps) / u64::from(self.kbps.max(1));
                RateControl::Capped {
                    max_kbps: u32::try_from(scaled).unwrap_or(u32::MAX).max(kbps),
                }
            }
            control => control,
        };
        Self { control, kbps }
    }
}
