//! Screenshots: of which picture, how large, and written how.

use super::super::code::Status;
use super::super::names::Thing;
use super::{Fields, Handler, Outcome, Refusal, View};
use crate::control::protocol::{MAX_PICTURE, MonitorTarget};

pub(super) const HANDLERS: &[(&str, Handler)] = &[("GetSourceScreenshot", take), ("SaveSourceScreenshot", save)];

/// The smallest picture that can be asked for.
const LEAST: f64 = 8.0;

/// The largest that the protocol knows.
const MOST: f64 = 4096.0;

/// What a JPEG has that nobody said how good it is to be.
const USUAL_QUALITY: u8 = 85;

/// A picture that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shot {
    /// Of what.
    pub target: MonitorTarget,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Written so.
    pub format: Format,
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Without loss.
    Png,
    /// With that quality of 100.
    Jpeg(u8),
}

impl Format {
    /// For a data URI.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg(_) => "image/jpeg",
        }
    }
}

fn take(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let studio = view.studio;
    let (thing, name) = fields.source(studio)?;
    let quality = fields.maybe_number("imageCompressionQuality", -1.0..=100.0)?;
    let quality = quality.filter(|quality| *quality >= 0.0);
    let format = match fields.text("imageFormat")? {
        "png" => Format::Png,
        "jpg" | "jpeg" => Format::Jpeg(quality.map_or(USUAL_QUALITY, |quality| quality.max(1.0) as u8)),
        _ => {
            let comment = "imageFormat can be png, jpg or jpeg";
            return Err(Refusal::new(Status::InvalidRequestField, comment));
        }
    };
    let wanted = (
        fields.maybe_number("imageWidth", LEAST..=MOST)?,
        fields.maybe_number("imageHeight", LEAST..=MOST)?,
    );
    let (target, full) = match thing {
        Thing::Input => {
            let source = studio.sources.iter().find(|source| source.name == name);
            let video = source.and_then(|source| source.format).and_then(|format| format.video);
            let size = video.map(|video| (video.width, video.height));
            (MonitorTarget::Source(name.to_owned()), size)
        }
        _ if studio.program == name => (MonitorTarget::Program, None),
        _ if studio.preview == name => (MonitorTarget::Preview, None),
        _ => (MonitorTarget::Scene(name.to_owned()), None),
    };
    let (width, height) = fitting(full.unwrap_or((studio.format.width, studio.format.height)), wanted);
    Ok(Outcome::Screenshot(Shot {
        target,
        width,
        height,
        format,
    }))
}

/// A size of the form of `full` within what is `wanted`, and within what monitors can have.
fn fitting(full: (u32, u32), wanted: (Option<f64>, Option<f64>)) -> (u32, u32) {
    let (width, height) = (f64::from(full.0.max(1)), f64::from(full.1.max(1)));
    let most = f64::from(MAX_PICTURE);
    let share = match wanted {
        (None, None) => 1.0,
        (Some(across), None) => across / width,
        (None, Some(down)) => down / height,
        (Some(across), Some(down)) => (across / width).min(down / height),
    };
    let share = share.min(most / width).min(most / height);
    let pixels = |side: f64| (side * share).round().clamp(1.0, most) as u32;
    (pixels(width), pixels(height))
}

/// Files are the operator's.
fn save(_: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let comment = "controllers write no files here; GetSourceScreenshot gives the picture";
    Err(Refusal::new(Status::InvalidResourceState, comment))
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn pictures_keep_their_form() {
        for (full, wanted, expected) in [
            ((1280, 720), (None, None), (1280, 720)),
            ((1280, 720), (Some(320.0), None), (320, 180)),
            ((1280, 720), (None, Some(72.0)), (128, 72)),
            ((1280, 720), (Some(100.0), Some(100.0)), (100, 56)),
            ((720, 1280), (Some(100.0), Some(100.0)), (56, 100)),
            ((3840, 2160), (None, None), (1920, 1080)),
            ((1280, 720), (Some(4096.0), None), (1920, 1080)),
            ((0, 0), (None, None), (1, 1)),
        ] {
            assert_eq!(fitting(full, wanted), expected, "{full:?} {wanted:?}");
        }
    }
}
