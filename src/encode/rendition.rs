//! The ladder: the same show in smaller sizes, for viewers whose network does not carry the program as it is.

use serde::{Deserialize, Serialize};

use super::VideoSettings;

/// The most renditions beside the source: each may cost an encoder.
pub const MAX_RENDITIONS: usize = 6;

/// The sizes offered where a show names none: the shorter side in pixels, and the most kbit/s.
const USUAL: [(u32, u32); 2] = [(720, 1500), (480, 700)];

/// One rendition of the program beside the source itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenditionSettings {
    /// As viewers and destinations ask for it; unique.
    pub name: String,
    /// Luma width in pixels; even.
    pub width: u32,
    /// Luma height in pixels; even.
    pub height: u32,
    /// Target in kbit/s.
    pub bitrate_kbps: u32,
    /// Its own occlusion level; `None` goes with the show's.
    pub occlusion_level: Option<u8>,
}

impl RenditionSettings {
    /// What its encoder is told, in a show of `program`. IDRs come as often, so that viewers can change over,
    /// and bits are spent in the same way: a cap keeps its proportion to the target.
    #[must_use]
    pub fn video(&self, program: &VideoSettings) -> VideoSettings {
        VideoSettings {
            width: self.width,
            height: self.height,
            bitrate_kbps: self.bitrate_kbps,
            rate_control: program.rate().at(self.bitrate_kbps).control,
            ..program.clone()
        }
    }

    /// `program` with its shorter side scaled to `side` pixels, at `bitrate_kbps`.
    #[must_use]
    pub fn scaled(name: String, side: u32, bitrate_kbps: u32, program: &VideoSettings) -> Self {
        let shorter = program.width.min(program.height).max(1);
        let scaled = |pixels: u32| {
            let exact = f64::from(pixels) * f64::from(side) / f64::from(shorter);
            // Even, as 4:2:0 needs it.
            ((exact / 2.0).round() as u32 * 2).max(2)
        };
        Self {
            name,
            width: scaled(program.width),
            height: scaled(program.height),
            bitrate_kbps,
            occlusion_level: None,
        }
    }
}

/// The usual sizes below that of `program`, largest first: `720p`, `480p`.
#[must_use]
pub fn usual_ladder(program: &VideoSettings) -> Vec<RenditionSettings> {
    let shorter = program.width.min(program.height);
    let smaller = USUAL.iter().filter(|(side, _)| *side < shorter);
    smaller
        .map(|(side, kbps)| {
            // A step that saves a viewer little is none.
            let kbps = (*kbps).min(program.bitrate_kbps * 2 / 3).max(100);
            RenditionSettings::scaled(format!("{side}p"), *side, kbps, program)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(width: u32, height: u32, bitrate_kbps: u32) -> Vec<(String, u32, u32, u32)> {
        let program = VideoSettings {
            width,
            height,
            bitrate_kbps,
            ..VideoSettings::default()
        };
        let ladder = usual_ladder(&program).into_iter();
        ladder
            .map(|it| (it.name, it.width, it.height, it.bitrate_kbps))
            .collect()
    }

    #[test]
    fn the_usual_ladder_has_what_is_smaller_than_the_program() {
        let of = |name: &str, width, height, kbps| (name.to_owned(), width, height, kbps);
        assert_eq!(
            sizes(1920, 1080, 6000),
            [of("720p", 1280, 720, 1500), of("480p", 854, 480, 700)]
        );
        assert_eq!(sizes(1280, 720, 2500), [of("480p", 854, 480, 700)]);
        assert_eq!(sizes(1280, 720, 900), [of("480p", 854, 480, 600)]);
        assert_eq!(
            sizes(1080, 1920, 6000),
            [of("720p", 720, 1280, 1500), of("480p", 480, 854, 700)],
            "upright"
        );
        assert_eq!(sizes(640, 480, 1000), []);
        assert_eq!(sizes(16, 16, 100), []);
    }
}
