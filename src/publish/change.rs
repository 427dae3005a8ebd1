//! What decoders must be told anew in the middle of a stream.

use super::StreamConfig;
use crate::media::{AudioCodec, VideoConfig};
pub use crate::wire::session::TrackChange;

impl StreamConfig {
    /// Takes a change over. True if decoders have to be told: not where only what is said of a track is new, its bitrate, and
    /// not where the stream has no such track.
    pub(super) fn apply(&mut self, change: &TrackChange) -> bool {
        match change {
            TrackChange::Video(new) => {
                let Some(old) = &mut self.video else { return false };
                let is_told = !is_decoded_alike(old, new);
                *old = new.clone();
                is_told
            }
            TrackChange::Audio(new) => {
                let track = match new.codec {
                    AudioCodec::Aac { .. } => &mut self.audio,
                    AudioCodec::Opus => &mut self.opus,
                };
                let Some(old) = track else { return false };
                let is_told =
                    old.codec != new.codec || (old.sample_rate, old.channels) != (new.sample_rate, new.channels);
                *old = new.clone();
                is_told
            }
        }
    }
}

/// Whether a decoder that knows `old` can go on with pictures of `new`.
fn is_decoded_alike(old: &VideoConfig, new: &VideoConfig) -> bool {
    (&old.sps, &old.pps, old.width, old.height, old.frame_rate)
        == (&new.sps, &new.pps, new.width, new.height, new.frame_rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    use crate::media::{AudioConfig, FrameRate};

    fn video(height: u32, kbps: u32) -> VideoConfig {
        VideoConfig {
            width: 16,
            height,
            frame_rate: FrameRate::whole(30),
            sps: Bytes::copy_from_slice(&height.to_be_bytes()),
            pps: Bytes::from_static(b"p"),
            bitrate_kbps: kbps,
        }
    }

    fn sound(codec: AudioCodec, sample_rate: u32) -> AudioConfig {
        AudioConfig {
            codec,
            sample_rate,
            channels: 2,
            bitrate_kbps: 128,
        }
    }

    #[test]
    fn decoders_are_told_what_they_need_and_no_more() {
        let aac = |rate| {
            let asc = Bytes::copy_from_slice(&u32::to_be_bytes(rate));
            sound(AudioCodec::Aac { asc }, rate)
        };
        let mut stream = StreamConfig {
            video: Some(video(720, 4500)),
            audio: Some(aac(48_000)),
            opus: None,
        };
        for (change, is_told) in [
            (TrackChange::Video(video(720, 4500)), false),
            (TrackChange::Video(video(720, 900)), false),
            (TrackChange::Video(video(480, 900)), true),
            (TrackChange::Audio(aac(48_000)), false),
            (TrackChange::Audio(aac(44_100)), true),
            (TrackChange::Audio(sound(AudioCodec::Opus, 48_000)), false),
        ] {
            assert_eq!(stream.apply(&change), is_told, "{change:?}");
        }
        assert_eq!((stream.video, stream.opus), (Some(video(480, 900)), None));
        assert_eq!(stream.audio, Some(aac(44_100)));
    }
}
