//! Sets of stickers: files that say what is drawn on a hidden face, and on each hidden part of one.
//!
//! ```toml
//! title = "glasses"
//! [eyes]
//! png = "glasses.png"   # beside this file, or a shipped one
//! down = -0.13          # from the middle of the face, in sizes of the face
//! width = 1.05
//! ```
//! A sticker moves, grows and turns with its face. It is drawn on the mask: a set hides nothing by itself, and a part that it
//! does not name has the mask alone.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::error::{Diagnostic, Place, SceneErrors};
use super::layer;
use super::library::{Library, is_preset_path};
use super::places::Places;
use super::read::read_limited;
use super::script::Shelf;
use super::{schema, shipped};
use crate::picture::occlude::Art;
use crate::suggest;
use crate::vision::Region;

/// Where sets are among presets, shipped and own.
pub(super) const FOLDER: &str = "stickers";

/// What is drawn, and where on a face: lengths are in sizes of the face, which is upright here.
#[derive(Clone, Debug)]
pub struct Sticker {
    /// What is drawn.
    pub art: Arc<Art>,
    /// Its middle, to the right of the face's.
    pub x: f32,
    /// Its middle, below the face's.
    pub y: f32,
    /// How wide it is.
    pub width: f32,
}

/// A set of stickers that was read, with its art.
#[derive(Clone, Debug)]
pub struct StickerSet {
    /// As it is asked for.
    pub name: String,
    /// What it shows.
    pub title: Option<String>,
    face: Option<Sticker>,
    parts: Vec<(Region, Sticker)>,
}

#[derive(Default, Deserialize)]
struct RawSticker {
    png: Option<String>,
    #[serde(default)]
    right: f32,
    #[serde(default)]
    down: f32,
    width: Option<f32>,
}

impl StickerSet {
    /// Reads a set from `text`, which errors call `label`; `art_of` gives the art of a file that it names.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place.
    pub fn read(
        name: &str,
        label: &str,
        text: &str,
        art_of: impl FnMut(&str) -> Result<Arc<Art>, String>,
    ) -> Result<Self, SceneErrors> {
        let (mut places, mut errors) = (Places::default(), Vec::new());
        let file: Arc<str> = label.into();
        let read = layer::read_text(0, &file, text, schema::STICKER_SET, &mut places, &mut errors);
        let mut table = read.unwrap_or_default();
        let mut reader = Reader {
            whole: Place::file(0, &file),
            places,
            errors,
            art_of,
            known: HashMap::new(),
        };
        let mut sticker = |word: &str| reader.sticker(word, table.remove(word)?.try_deserialize().ok()?);
        let face = sticker("face");
        let of_part = |region: Region| Some((region, sticker(region.word())?));
        let parts = Region::ALL.into_iter().filter_map(of_part).collect::<Vec<_>>();
        let Reader { mut errors, whole, .. } = reader;
        if errors.is_empty() && face.is_none() && parts.is_empty() {
            let message = "a set of stickers needs a table [face], or one of a part of a face";
            errors.push(Diagnostic::error(whole, "", message));
        }
        if !errors.is_empty() {
            return Err(SceneErrors(errors));
        }
        Ok(Self {
            name: name.to_owned(),
            title: table.remove("title").and_then(|title| title.into_string().ok()),
            face,
            parts,
        })
    }

    /// What is drawn on a hidden `region`, or with `None`, on a face that is hidden as a whole.
    #[must_use]
    pub fn sticker(&self, region: Option<Region>) -> Option<&Sticker> {
        let Some(region) = region else {
            return self.face.as_ref();
        };
        let found = self.parts.iter().find(|(part, _)| *part == region);
        found.map(|(_, sticker)| sticker)
    }
}

/// Reads the stickers of one file.
struct Reader<F> {
    whole: Place,
    places: Places,
    errors: Vec<Diagnostic>,
    art_of: F,
    /// What was read already: a set may draw the same art in two places.
    known: HashMap<String, Arc<Art>>,
}

impl<F: FnMut(&str) -> Result<Arc<Art>, String>> Reader<F> {
    fn sticker(&mut self, word: &str, raw: RawSticker) -> Option<Sticker> {
        if raw.png.is_none() {
            self.error(word, "needs a png".to_owned());
        }
        if raw.width.is_none() {
            self.error(word, "needs a width".to_owned());
        }
        let (png, width) = (raw.png?, raw.width?);
        let art = match self.known.get(&png) {
            Some(art) => Arc::clone(art),
            None => match (self.art_of)(&png) {
                Ok(art) => Arc::clone(self.known.entry(png).or_insert(art)),
                Err(message) => {
                    self.error(&format!("{word}.png"), message);
                    return None;
                }
            },
        };
        Some(Sticker {
            art,
            x: raw.right,
            y: raw.down,
            width,
        })
    }

    fn error(&mut self, key: &str, message: String) {
        let place = self.places.of(key, &self.whole);
        self.errors.push(Diagnostic::error(place, key, message));
    }
}

impl Library {
    /// Reads the sticker set `name`: one's own in the folder `stickers` of one's presets, a shipped one, or where it has a `/`
    /// or a `.`, the file of that path. Relative paths start from `folder`. Art lies beside the set, or is shipped.
    ///
    /// # Errors
    /// There is none, with the nearest name; or everything that is wrong with it, each with its place.
    pub fn read_stickers(&self, name: &str, folder: &Path) -> Result<StickerSet, String> {
        let found = self.find(&mut Shelf::disk(), FOLDER, name, folder, shipped::STICKER_SETS)?;
        let Some((label, text)) = found else {
            let names = self.sticker_names();
            let hint = suggest::hint(name, names.iter().map(String::as_str));
            return Err(format!("there is no set of stickers \"{name}\"{hint}"));
        };
        let path = if is_preset_path(name) {
            Some(folder.join(name))
        } else {
            self.path_in(&Shelf::disk(), FOLDER, name)
        };
        let beside = path.as_deref().and_then(Path::parent);
        let art_of = |png: &str| {
            let own = beside.map(|folder| folder.join(png)).filter(|path| path.exists());
            let bytes = match (own, shipped::sticker_art(png)) {
                (Some(path), _) => read_limited(&path)?,
                (None, Some(bytes)) => bytes.to_vec(),
                (None, None) => return Err("there is no such file beside this one, and none is shipped".to_owned()),
            };
            Art::from_png(&bytes).map(Arc::new).map_err(|error| error.to_string())
        };
        StickerSet::read(&Self::short(name), &label, &text, art_of).map_err(|errors| errors.to_string())
    }

    /// The names of all sets of stickers that can be had by name: one's own, then the shipped ones.
    #[must_use]
    pub fn sticker_names(&self) -> Vec<String> {
        self.names_in(FOLDER, shipped::STICKER_SETS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = include_bytes!("../../presets/stickers/brows.png");

    fn read(text: &str) -> Result<StickerSet, String> {
        let art_of = |png: &str| match png {
            "brows.png" => Ok(Arc::new(Art::from_png(PNG).unwrap())),
            _ => Err("there is no such file".to_owned()),
        };
        StickerSet::read("mine", "mine.toml", text, art_of).map_err(|errors| errors.to_string())
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, expected) in [
            (
                "title = \"none\"",
                "mine.toml: a set of stickers needs a table [face], or one of a part of a face",
            ),
            (
                "[eyes]\npng = \"brows.png\"\nwidth = 1\n[mouht]\n",
                "mine.toml:4:2: mouht: unknown key; did you mean \"mouth\"?",
            ),
            ("[eyes]\nwidth = 1", "mine.toml:1:2: eyes: needs a png"),
            ("[eyes]\npng = \"brows.png\"", "mine.toml:1:2: eyes: needs a width"),
            (
                "[face]\nwidth = 1\npng = \"gone.png\"",
                "mine.toml:3:7: face.png: there is no such file",
            ),
            (
                "[nose]\npng = \"brows.png\"\nwidth = 40",
                "mine.toml:3:9: nose.width: expected a number from 0.05 to 8, found 40",
            ),
            (
                "[nose]\npng = \"brows.png\"\ndown = \"low\"",
                "mine.toml:3:8: nose.down: expected a number from -4 to 4, found text",
            ),
        ] {
            let found = read(text).unwrap_err();
            assert_eq!(found.lines().next(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_sticker_has_its_place_and_the_same_art_is_read_once() {
        let text =
            "[eyes]\npng = \"brows.png\"\nright = 0.5\ndown = -1\nwidth = 2\n[face]\npng = \"brows.png\"\nwidth = 1.5";
        let set = read(text).unwrap();
        assert!(set.sticker(Some(Region::Nose)).is_none());
        let (eyes, face) = (set.sticker(Some(Region::Eyes)).unwrap(), set.sticker(None).unwrap());
        let halves = |sticker: &Sticker| [sticker.x, sticker.y, sticker.width].map(|length| (length * 2.0) as i32);
        assert_eq!((halves(eyes), halves(face)), ([1, -2, 4], [0, 0, 3]));
        assert!(Arc::ptr_eq(&eyes.art, &face.art));
    }

    #[test]
    fn every_shipped_set_is_right_and_one_has_something_for_every_part() {
        let library = Library::new(&|_: &str| None);
        assert_eq!(library.sticker_names(), ["disguise", "smile", "cat"]);
        for name in library.sticker_names() {
            let set = library.read_stickers(&name, Path::new("")).unwrap();
            assert!(set.sticker(None).is_some() && set.title.is_some(), "{name}");
        }
        let disguise = library.read_stickers("disguise", Path::new("")).unwrap();
        assert!(
            Region::ALL
                .iter()
                .all(|region| disguise.sticker(Some(*region)).is_some())
        );
        let error = library.read_stickers("smyle", Path::new("")).unwrap_err();
        assert_eq!(error, "there is no set of stickers \"smyle\"; did you mean \"smile\"?");
    }

    #[test]
    fn own_sets_come_first_and_may_use_shipped_art() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().to_str().unwrap().to_owned();
        let library = Library::new(&|name: &str| (name == "XDG_CONFIG_HOME").then(|| folder.clone()));
        let own = home.path().join("rigcast/presets/stickers");
        std::fs::create_dir_all(&own).unwrap();
        let text = "[eyes]\npng = \"mine.png\"\nwidth = 1\n[nose]\npng = \"clown-nose.png\"\nwidth = 1\n";
        std::fs::write(own.join("smile.toml"), text).unwrap();
        let error = library.read_stickers("smile", Path::new("")).unwrap_err();
        assert!(
            error.ends_with("smile.toml:2:7: eyes.png: there is no such file beside this one, and none is shipped"),
            "{error}"
        );
        std::fs::write(own.join("mine.png"), b"\x89PNG nonsense").unwrap();
        let error = library.read_stickers("smile", Path::new("")).unwrap_err();
        assert!(error.contains("smile.toml:2:7: eyes.png: not a PNG"), "{error}");
        std::fs::write(own.join("mine.png"), PNG).unwrap();
        let set = library.read_stickers("smile", Path::new("")).unwrap();
        assert!(set.sticker(Some(Region::Nose)).is_some() && set.sticker(None).is_none());
        assert_eq!(library.sticker_names(), ["smile", "disguise", "cat"]);
        let by_path = library.read_stickers("stickers/smile.toml", own.parent().unwrap());
        assert_eq!(by_path.unwrap().name, "smile");
    }
}
