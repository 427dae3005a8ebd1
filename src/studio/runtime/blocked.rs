//! The images of a block list, from their files to what they are known by. The worker gets no file and no image, only that.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageReader, Limits, RgbImage};

use crate::vision::check::{BlockedImage, CheckError};

/// The largest side of an image, in pixels.
const LARGEST: u32 = 8192;

/// Most memory that decoding one may take.
const MEMORY: u64 = 512 << 20;

/// Why an image cannot be put on the block list.
#[derive(Debug, thiserror::Error)]
pub enum BlockedError {
    /// Its file cannot be read, or is no PNG or JPEG.
    #[error("{path}: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// It has too little in it.
    #[error(transparent)]
    Image(#[from] CheckError),
}

/// What the image in the file at `path` is known by, called `name`. What is transparent is taken for black, as it is on program.
///
/// # Errors
/// It cannot be read, or cannot be told from others.
pub fn load(name: &str, path: &Path) -> Result<BlockedImage, BlockedError> {
    let wrong = |reason: &dyn std::fmt::Display| BlockedError::File {
        path: path.to_owned(),
        reason: reason.to_string(),
    };
    let file = File::open(path).map_err(|error| wrong(&error))?;
    let mut reader = ImageReader::new(BufReader::new(file))
        .with_guessed_format()
        .map_err(|error| wrong(&error))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST);
    limits.max_image_height = Some(LARGEST);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let rgb = on_black(reader.decode().map_err(|error| wrong(&error))?);
    Ok(BlockedImage::of(name, rgb.as_raw(), rgb.width(), rgb.height())?)
}

fn on_black(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [red, green, blue, alpha] = rgba.get_pixel(x, y).0;
        let shown = |value: u8| (u16::from(value) * u16::from(alpha) / 255) as u8;
        image::Rgb([red, green, blue].map(shown))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    #[test]
    fn files_become_what_they_are_known_by_and_errors_name_them() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let waves = RgbaImage::from_fn(120, 90, |x, y| {
            let wave = ((x as f32 * 0.2).sin() + (y as f32 * 0.13).cos()) * 60.0 + 127.0;
            Rgba([wave as u8, 90, 255 - wave as u8, 255])
        });
        waves.save(at("waves.png")).unwrap();
        DynamicImage::ImageRgba8(waves).to_rgb8().save(at("waves.jpg")).unwrap();
        assert_eq!(load("waves", &at("waves.png")).unwrap().name, "waves");
        assert!(load("waves", &at("waves.jpg")).is_ok());

        RgbaImage::from_pixel(64, 64, Rgba([200, 10, 10, 255]))
            .save(at("flat.png"))
            .unwrap();
        std::fs::write(at("text.png"), "no picture").unwrap();
        // Transparent to the eye: what is in its colours is not seen on program either.
        RgbaImage::from_fn(64, 64, |x, y| Rgba([(x * 4) as u8, (y * 4) as u8, 0, 0]))
            .save(at("clear.png"))
            .unwrap();
        for (name, expected) in [
            ("flat.png", "flat"),
            ("text.png", "text.png"),
            ("none.png", "none.png"),
            ("clear.png", "clear"),
        ] {
            let error = load(name.trim_end_matches(".png"), &at(name)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
