//! The settings of the sound encoders, and what keeps both honest: which rates, channels and bitrates there are.

use serde::{Deserialize, Serialize};

/// Samples per second that sound is encoded at. The studio's own 48 kHz, or 44.1 kHz for servers and players of the music
/// world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum AudioRate {
    /// 44 100 Hz: the program is resampled.
    Hz44100,
    /// 48 000 Hz, as the studio mixes.
    #[default]
    Hz48000,
}

impl AudioRate {
    /// In Hz.
    #[must_use]
    pub const fn hz(self) -> u32 {
        match self {
            Self::Hz44100 => 44_100,
            Self::Hz48000 => 48_000,
        }
    }
}

impl From<AudioRate> for u32 {
    fn from(rate: AudioRate) -> Self {
        rate.hz()
    }
}

impl TryFrom<u32> for AudioRate {
    type Error = UnknownRate;

    fn try_from(hz: u32) -> Result<Self, UnknownRate> {
        [Self::Hz44100, Self::Hz48000]
            .into_iter()
            .find(|rate| rate.hz() == hz)
            .ok_or(UnknownRate(hz))
    }
}

/// A sample rate that sound is not encoded at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sound is encoded at 44100 or 48000 Hz, not at {0} Hz")]
pub struct UnknownRate(pub u32);

/// How many channels are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channels {
    /// Half the sum of left and right. What is the same on both sides (voices, bass: what is in the middle) keeps its level,
    /// and whatever the two are, the sum is never above the higher of them: what the limiter holds at −1 dBTP stays there.
    Mono,
    /// Left and right.
    #[default]
    Stereo,
}

impl Channels {
    /// 1 or 2.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::Mono => 1,
            Self::Stereo => 2,
        }
    }
}

/// AAC as asked for. Plain data: what a scene file's `[audio]` table comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioSettings {
    /// Target in kbit/s, in [`bitrate_range`](Self::bitrate_range).
    pub bitrate_kbps: u32,
    /// Samples per second.
    #[serde(default)]
    pub sample_rate: AudioRate,
    /// Mono or stereo.
    #[serde(default)]
    pub channels: Channels,
}

impl AudioSettings {
    /// The bitrates at which AAC-LC makes sense, in kbit/s: from where it still sounds like a telephone to where the frames
    /// are as large as the standard lets them be (6144 bits per channel, ISO/IEC 14496-3 §4.5.3.3).
    #[must_use]
    pub const fn bitrate_range(channels: Channels) -> std::ops::RangeInclusive<u32> {
        match channels {
            Channels::Mono => 16..=256,
            Channels::Stereo => 32..=512,
        }
    }
}

impl Default for AudioSettings {
    fn default() -> Self {
        Self {
            bitrate_kbps: 128,
            sample_rate: AudioRate::default(),
            channels: Channels::default(),
        }
    }
}

/// Opus as asked for, for RTP: always 48 kHz and frames of 20 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpusSettings {
    /// Target in kbit/s.
    pub bitrate_kbps: u32,
    /// Mono or stereo.
    pub channels: Channels,
    /// How much of what is sent the receiver is thought to lose, in percent. Above 5, each packet carries a rougher copy of
    /// the one before it (in-band FEC), at the cost of its own quality: see [`opus`](super::opus).
    pub expected_loss_percent: u8,
}

impl Default for OpusSettings {
    fn default() -> Self {
        Self {
            bitrate_kbps: 96,
            channels: Channels::Stereo,
            expected_loss_percent: 10,
        }
    }
}

/// Rounds to 16 bit, which is what both codecs take; their own noise lies far above that of the rounding. What is beyond
/// full scale stays at its end, what is no number becomes zero.
pub(super) fn to_i16(sample: f32) -> i16 {
    (sample * 32_768.0).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_written_as_its_number_and_others_are_refused() {
        let settings = AudioSettings {
            sample_rate: AudioRate::Hz44100,
            channels: Channels::Mono,
            ..AudioSettings::default()
        };
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(text, r#"{"bitrate_kbps":128,"sample_rate":44100,"channels":"mono"}"#);
        assert_eq!(serde_json::from_str::<AudioSettings>(&text).unwrap(), settings);
        // What was written before there was a choice.
        assert_eq!(
            serde_json::from_str::<AudioSettings>(r#"{"bitrate_kbps":128}"#).unwrap(),
            AudioSettings::default()
        );
        let error = serde_json::from_str::<AudioSettings>(r#"{"bitrate_kbps":128,"sample_rate":22050}"#).unwrap_err();
        assert!(error.to_string().contains("not at 22050 Hz"), "{error}");
    }

    #[test]
    fn samples_are_held_in_sixteen_bits() {
        let table = [(0.0, 0), (1.0, 32_767), (-1.0, -32_768), (2.5, 32_767), (f32::NAN, 0)];
        for (sample, wanted) in table {
            assert_eq!(to_i16(sample), wanted);
        }
    }
}
