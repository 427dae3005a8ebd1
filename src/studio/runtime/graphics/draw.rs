//! Draws single graphics: letters with the fonts that there are, images from files.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use image::{DynamicImage, ImageDecoder, ImageReader, Limits, imageops::FilterType};

use super::board::Drawn;
use crate::media::{FramePool, MAX_DIMENSION};
use crate::picture::lettering::{Fonts, Letterer, own_fonts};
use crate::picture::{Graphic, TextStyle};

/// The largest image that is read, in pixels in either direction; it is made smaller where it is larger than a picture can be.
const LARGEST: u32 = 16_384;

/// Most memory that decoding may take.
const MAX_MEMORY: u64 = 512 << 20;

/// What is drawn, with all that was to be filled in: the same subject is the same graphic.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// Nothing.
    Nothing,
    /// Letters in a place of so many pixels.
    Text {
        /// The letters.
        text: String,
        /// What they look like.
        style: Box<TextStyle>,
        /// Pixels across and down.
        size: (u32, u32),
    },
    /// A picture from a file.
    Image(Image),
    /// Red, green, blue, opacity.
    Color([u8; 4]),
}

impl Subject {
    /// Whether fonts are needed for it.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text { .. })
    }
}

/// A file as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    path: PathBuf,
    /// When it was changed last, and its bytes; `None`: it is not there.
    stamp: Option<(SystemTime, u64)>,
}

/// What draws.
pub struct Artist {
    letterer: Letterer,
    pool: FramePool,
    locale: String,
    /// Files that have been looked at since the last plan.
    files: HashMap<PathBuf, Image>,
}

impl Artist {
    /// With the fonts inside the program.
    #[must_use]
    pub fn new() -> Self {
        let locale = locale();
        Self {
            letterer: Letterer::new(own_fonts(), &locale),
            pool: FramePool::new(),
            locale,
            files: HashMap::new(),
        }
    }

    /// Draws with these from now on.
    pub fn set_fonts(&mut self, fonts: Fonts) {
        self.letterer = Letterer::new(fonts, &self.locale);
    }

    /// Whether there is a font family of that name.
    #[must_use]
    pub fn has_family(&self, name: &str) -> bool {
        self.letterer.has_family(name)
    }

    /// Files are looked at again.
    pub fn forget_files(&mut self) {
        self.files.clear();
    }

    /// The file at `path` as it was when it was looked at.
    pub fn image(&mut self, path: &Path) -> Image {
        if let Some(image) = self.files.get(path) {
            return image.clone();
        }
        let found = fs::metadata(path).ok().filter(fs::Metadata::is_file);
        let stamp = found.map(|found| (found.modified().unwrap_or(SystemTime::UNIX_EPOCH), found.len()));
        let image = Image {
            path: path.to_owned(),
            stamp,
        };
        self.files.insert(path.to_owned(), image.clone());
        image
    }

    /// Draws `subject`.
    ///
    /// # Errors
    /// Why there is nothing to show, in words.
    pub fn draw(&mut self, subject: &Subject) -> Result<Drawn, String> {
        let whole = |graphic| Drawn {
            graphic: Some(graphic),
            missing: Vec::new(),
        };
        match subject {
            Subject::Nothing => Ok(Drawn {
                graphic: None,
                missing: Vec::new(),
            }),
            Subject::Color(rgba) => Ok(whole(Graphic::plain(&self.pool, *rgba))),
            Subject::Image(image) => {
                // Decoders are many, and some image is always more broken than any that was tried.
                let read =
                    catch_unwind(|| read(&image.path)).unwrap_or_else(|_| Err("it cannot be decoded".to_owned()));
                let picture =
                    read.map_err(|reason| format!("image {}: {reason}; it is not shown", image.path.display()))?;
                Ok(whole(paint(&picture, &self.pool)))
            }
            Subject::Text { text, style, size } => {
                let (letterer, pool) = (&mut self.letterer, &self.pool);
                let drawn = catch_unwind(AssertUnwindSafe(|| letterer.letter(text, style, *size, pool)));
                let Ok(drawn) = drawn else {
                    // What is left of it is not to be trusted; the fonts inside the program are.
                    self.letterer = Letterer::new(own_fonts(), &self.locale);
                    return Err("a font is broken: from now on the one inside the program is used".to_owned());
                };
                Ok(Drawn {
                    graphic: Some(drawn.graphic),
                    missing: drawn.missing,
                })
            }
        }
    }
}

/// As the environment has it: `ja-JP` of `ja_JP.UTF-8`.
fn locale() -> String {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let set = set.unwrap_or_default();
    let language = set.split(['.', '@']).next().unwrap_or_default();
    if language.is_empty() || language == "C" || language == "POSIX" {
        return "en-US".to_owned();
    }
    language.replace('_', "-")
}

/// The picture at `path`, upright, and no larger than a picture can be.
fn read(path: &Path) -> Result<DynamicImage, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let reader = ImageReader::new(BufReader::new(file)).with_guessed_format();
    let mut reader = reader.map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST);
    limits.max_image_height = Some(LARGEST);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| error.to_string())?;
    let orientation = decoder.orientation();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| error.to_string())?;
    if let Ok(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    if picture.width() > MAX_DIMENSION || picture.height() > MAX_DIMENSION {
        picture = picture.resize(MAX_DIMENSION, MAX_DIMENSION, FilterType::Triangle);
    }
    Ok(picture)
}

fn paint(picture: &DynamicImage, pool: &FramePool) -> Graphic {
    let rgba = picture.to_rgba8();
    let (width, height) = rgba.dimensions();
    Graphic::paint(pool, width, height, |x, y| {
        // A side of one pixel is two on a picture.
        rgba.get_pixel(x.min(width - 1), y.min(height - 1)).0
    })
}
