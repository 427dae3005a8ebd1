//! `[video]`: the size, which may be said by its shape, and what of the bitrate is held.

use super::check::Check;
use super::raw::{RawRateControl, RawShow, RawVideo};
use crate::encode::VideoSettings;
use crate::media::RateControl;

/// The quantiser of a quality that nobody named: good, at a few Mbit/s for moving pictures.
const USUAL_QUALITY: u8 = 26;

/// Bounds of the schema for either side.
const WIDEST: u32 = 3840;
const HIGHEST: u32 = 2160;

impl Check<'_> {
    pub(super) fn video(&mut self, raw: &RawShow) -> VideoSettings {
        let video = &raw.video;
        let (width, height) = match video.aspect.as_deref().and_then(shape) {
            Some(shape) => self.shaped(shape, (video.width, video.height)),
            None => (video.width, video.height),
        };
        for (key, pixels) in [("video.width", width), ("video.height", height)] {
            if pixels % 2 != 0 {
                let even = pixels + 1;
                self.error(
                    key,
                    format!("{pixels} is odd; pictures in 4:2:0 need an even size, as {even}"),
                );
            }
        }
        VideoSettings {
            width,
            height,
            frame_rate: video.frame_rate,
            bitrate_kbps: video.bitrate_kbps,
            rate_control: self.rate_control(video),
            gop_seconds: video.gop_seconds,
            threads: video.threads,
        }
    }

    fn rate_control(&mut self, video: &RawVideo) -> RateControl {
        let kbps = video.bitrate_kbps;
        let mut only_for = |key: &str, is_given: bool, mode: &str| {
            if is_given {
                self.error(key, format!("goes with rate_control = \"{mode}\" alone"));
            }
        };
        let is_vbr = matches!(video.rate_control, RawRateControl::Vbr);
        let is_quality = matches!(video.rate_control, RawRateControl::Quality);
        only_for(
            "video.max_bitrate_kbps",
            video.max_bitrate_kbps.is_some() && !is_vbr,
            "vbr",
        );
        only_for("video.quality", video.quality.is_some() && !is_quality, "quality");
        match video.rate_control {
            RawRateControl::Cbr => RateControl::Constant,
            RawRateControl::Abr => RateControl::Average,
            RawRateControl::Quality => RateControl::Quality {
                quantiser: video.quality.unwrap_or(USUAL_QUALITY),
            },
            RawRateControl::Vbr => {
                let max_kbps = video.max_bitrate_kbps.unwrap_or(kbps + kbps / 2);
                if max_kbps < kbps {
                    let message = format!("{max_kbps} is less than the {kbps} of bitrate_kbps, which it caps");
                    self.error("video.max_bitrate_kbps", message);
                }
                RateControl::Capped {
                    max_kbps: max_kbps.max(kbps),
                }
            }
        }
    }

    /// The size of a picture that is `across` by `down`. What is written beside the shape or after it counts: with one side the
    /// other follows, both must agree with it, and with none the shorter side stays as it was.
    fn shaped(&mut self, (across, down): (u32, u32), (width, height): (u32, u32)) -> (u32, u32) {
        let layer = |key: &str| self.layers.places.of(key, &self.whole).order().0;
        let since = layer("video.aspect");
        let is_said = |key: &str| layer(key) >= since;
        let wide = even(u64::from(height) * u64::from(across), down);
        let high = even(u64::from(width) * u64::from(down), across);
        let size = match (is_said("video.width"), is_said("video.height")) {
            (true, true) => {
                if width.abs_diff(wide) > 2 && height.abs_diff(high) > 2 {
                    let message = format!(
                        "{width} by {height} is not {across}:{down}: take one of width, height and aspect out, or make it {wide} by {height}"
                    );
                    self.error("video.aspect", message);
                }
                (width, height)
            }
            (true, false) => (width, high),
            (false, true) => (wide, height),
            (false, false) => {
                let short = width.min(height);
                if across < down {
                    (short, even(u64::from(short) * u64::from(down), across))
                } else {
                    (even(u64::from(short) * u64::from(across), down), short)
                }
            }
        };
        if size.0 > WIDEST || size.1 > HIGHEST {
            let message = format!(
                "{} by {} is too large: {WIDEST} by {HIGHEST} at most; make width or height smaller",
                size.0, size.1
            );
            self.error("video.aspect", message);
        }
        size
    }
}

/// Across and down.
fn shape(aspect: &str) -> Option<(u32, u32)> {
    let (across, down) = aspect.split_once(':')?;
    Some((across.parse().ok()?, down.parse().ok()?))
}

/// The even number that is nearest to `pixels / by`.
fn even(pixels: u64, by: u32) -> u32 {
    let by = 2 * u64::from(by.max(1));
    u32::try_from((pixels + by / 2) / by * 2).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use crate::scene::from_text;

    fn size(text: &str, overrides: &[(&str, &str)]) -> Result<(u32, u32), String> {
        let text =
            format!("{text}\n[source.cam]\nkind = \"pattern\"\n[scene.wide]\nitems = [{{ source = \"cam\" }}]\n");
        let overrides: Vec<_> = overrides
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let show = from_text("show.toml", &text, &overrides, &|_| None).map_err(|errors| errors.to_string())?;
        Ok((show.video.width, show.video.height))
    }

    #[test]
    fn a_shape_and_one_side_are_a_size() {
        for (text, meant) in [
            ("", (1280, 720)),
            ("[video]\naspect = \"9:16\"", (720, 1280)),
            ("[video]\naspect = \"1:1\"", (720, 720)),
            ("[video]\naspect = \"16:9\"", (1280, 720)),
            ("[video]\naspect = \"9:16\"\nheight = 1920", (1080, 1920)),
            ("[video]\naspect = \"9:16\"\nwidth = 540", (540, 960)),
            ("[video]\naspect = \"16:9\"\nheight = 480", (854, 480)),
            ("[video]\naspect = \"16:9\"\nheight = 480\nwidth = 852", (852, 480)),
            ("include = [\"1080p30\"]\n[video]\naspect = \"9:16\"", (1080, 1920)),
            ("include = [\"portrait-720\"]", (720, 1280)),
            ("include = [\"portrait-720\"]\n[video]\nheight = 1920", (1080, 1920)),
            ("include = [\"square-720\"]", (720, 720)),
        ] {
            assert_eq!(size(text, &[]), Ok(meant), "{text}");
        }
        let square = size("[video]\naspect = \"1:1\"\nheight = 480", &[("video.aspect", "9:16")]);
        assert_eq!(
            square,
            Ok((480, 854)),
            "what is said last wins; nothing was said beside it"
        );
    }

    #[test]
    fn a_size_that_is_not_of_the_shape_is_told() {
        assert_eq!(
            size("[video]\naspect = \"9:16\"\nwidth = 1280\nheight = 720", &[]).unwrap_err(),
            "show.toml:2:10: video.aspect: 1280 by 720 is not 9:16: take one of width, height and aspect out, or make it 406 by 720"
        );
        assert_eq!(
            size("[video]\naspect = \"9:16\"\nwidth = 2160", &[]).unwrap_err(),
            "show.toml:2:10: video.aspect: 2160 by 3840 is too large: 3840 by 2160 at most; make width or height smaller"
        );
    }
}
