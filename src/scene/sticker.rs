//! Sets of stickers.
use std::path::Path;

use super::library::Library;
use crate::picture::occlude::Art;
use crate::vision::Region;

/// A set.
#[derive(Debug)]
pub struct StickerSet {
    /// Its name.
    pub name: String,
}

/// One sticker.
#[derive(Debug)]
pub struct Sticker {
    /// Art.
    pub art: Art,
    /// Offset.
    pub x: f32,
    /// Offset.
    pub y: f32,
    /// Width.
    pub width: f32,
}

impl StickerSet {
    /// The sticker of a region, or of the whole face.
    #[must_use]
    pub fn sticker(&self, _region: Option<Region>) -> Option<&Sticker> {
        None
    }
}

impl Library {
    /// Reads a set.
    ///
    /// # Errors
    /// None.
    pub fn read_stickers(&self, name: &str, _folder: &Path) -> Result<StickerSet, String> {
        Ok(StickerSet { name: name.to_owned() })
    }

    /// Names.
    #[must_use]
    pub fn sticker_names(&self) -> Vec<String> {
        Vec::new()
    }
}
