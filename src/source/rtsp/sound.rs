//! The sound of an RTSP session: AAC (RFC 3640) through a decoder, PCMU (ITU-T G.711 µ-law) by table.

use retina::codec::AudioParameters;

use crate::source::aac::AacDecoder;

/// A decoder for one track of sound.
pub(super) enum SoundDecoder {
    Aac(AacDecoder),
    Pcmu { rate: u32, channels: u16 },
}

impl SoundDecoder {
    /// G.711 needs to know nothing but its clock.
    pub(super) fn pcmu(rate: u32, channels: u16) -> Self {
        Self::Pcmu { rate, channels }
    }

    /// A decoder for AAC with these parameters.
    ///
    /// # Errors
    /// Why this AAC is not played, in words.
    pub(super) fn aac(parameters: &AudioParameters) -> Result<Self, String> {
        AacDecoder::new(parameters.extra_data(), parameters.clock_rate()).map(Self::Aac)
    }

    /// Decodes one frame into `samples` (interleaved, what was in there is gone). Returns sample rate and channels.
    ///
    /// # Errors
    /// What is wrong with the frame, in words. The next one may be fine.
    pub(super) fn decode(&mut self, frame: &[u8], samples: &mut Vec<f32>) -> Result<(u32, usize), String> {
        match self {
            Self::Pcmu { rate, channels } => {
                samples.clear();
                samples.extend(frame.iter().map(|byte| linear_of_ulaw(*byte)));
                Ok((*rate, usize::from(*channels)))
            }
            Self::Aac(decoder) => decoder.decode(frame, samples),
        }
    }
}

/// G.711 µ-law to linear, full scale ±1.
fn linear_of_ulaw(byte: u8) -> f32 {
    let code = !byte;
    let exponent = code >> 4 & 7;
    let mantissa = i32::from(code & 0x0f);
    let magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84;
    let linear = if code & 0x80 != 0 { -magnitude } else { magnitude };
    linear as f32 / 32_768.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulaw_has_its_known_values() {
        // ITU-T G.711 table 2a/2b, scaled by 4 as 16-bit codecs do.
        for (byte, linear) in [
            (0xff, 0),
            (0x7f, 0),
            (0x80, 32_124),
            (0x00, -32_124),
            (0xef, 132),
            (0x6f, -132),
            (0x8f, 16_764),
        ] {
            assert_eq!((linear_of_ulaw(byte) * 32_768.0) as i32, linear, "{byte:#04x}");
        }
    }
}
