//! Occlusion policies: files that say what each level of a show hides (see [`Policy`]).
//!
//! ```toml
//! title = "hidden, or shown"
//! [[level]]
//! [[level]]
//! strength_percent = 0
//! ```
//! Own ones live in the folder `occlusion` beside own sound presets and come before shipped ones, as those do.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::error::{Diagnostic, Place, SceneErrors};
use super::layer;
use super::library::Library;
use super::places::Places;
use super::schema;
use super::script::Shelf;
use super::shipped;
use crate::suggest;
use crate::vision::{MaskKind, OcclusionLevel, Policy, Region, Regions};

/// The folder of policies, under that of presets.
pub(super) const FOLDER: &str = "occlusion";

/// As it is written; the schema has seen to kinds and ranges.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawPolicy {
    title: Option<String>,
    mask: Option<MaskKind>,
    level: Vec<RawLevel>,
}

#[derive(Deserialize)]
struct RawLevel {
    #[serde(default)]
    open: Vec<String>,
    strength_percent: Option<f64>,
}

/// Reads a policy from `text`, which errors call `label`.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn read_policy(name: &str, label: &str, text: &str) -> Result<Policy, SceneErrors> {
    let (mut places, mut errors) = (Places::default(), Vec::new());
    let file: Arc<str> = label.into();
    let table =
        layer::read_text(0, &file, text, schema::OCCLUSION_POLICY, &mut places, &mut errors).unwrap_or_default();
    let raw = config::Value::from(table)
        .try_deserialize::<RawPolicy>()
        .unwrap_or_default();
    let whole = Place::file(0, &file);
    let mut levels = Vec::new();
    for (at, level) in raw.level.iter().enumerate() {
        let mut open = Regions::NONE;
        for word in &level.open {
            if let Some(region) = Region::of(word) {
                open = open.with(region);
            } else {
                let key = format!("level[{at}].open");
                let hint = suggest::hint(word, Region::WORDS);
                let message = format!("no region \"{word}\"{hint}");
                errors.push(Diagnostic::error(places.of(&key, &whole), &key, message));
            }
        }
        let strength = level.strength_percent.map_or(1.0, |percent| (percent / 100.0) as f32);
        levels.push(OcclusionLevel { open, strength });
    }
    if !errors.is_empty() {
        return Err(SceneErrors(errors));
    }
    Policy::new(name.to_owned(), raw.title.unwrap_or_default(), raw.mask, levels).map_err(|error| {
        let key = error
            .level()
            .map_or_else(String::new, |level| format!("level[{level}]"));
        SceneErrors(vec![Diagnostic::error(
            places.of(&key, &whole),
            &key,
            error.to_string(),
        )])
    })
}

impl Library {
    /// Reads the policy `name`: one's own, a shipped one, or where it has a `/` or a `.`, the file of that path, which starts
    /// from `folder` where it is relative.
    ///
    /// # Errors
    /// There is none, with the nearest name; or everything that is wrong with it, each with its place.
    pub fn read_policy(&self, name: &str, folder: &Path) -> Result<Policy, String> {
        self.read_policy_from(&mut Shelf::disk(), name, folder)
    }

    /// The same with files from `shelf`.
    pub(super) fn read_policy_from(&self, shelf: &mut Shelf, name: &str, folder: &Path) -> Result<Policy, String> {
        let found = self.find(shelf, FOLDER, name, folder, shipped::OCCLUSION_POLICIES)?;
        let Some((label, text)) = found else {
            let names = self.policy_names();
            let hint = suggest::hint(name, names.iter().map(String::as_str));
            return Err(format!("there is no occlusion policy \"{name}\"{hint}"));
        };
        read_policy(&Self::short(name), &label, &text).map_err(|errors| errors.to_string())
    }

    /// The names of all policies that can be had by name: one's own, then the shipped ones.
    #[must_use]
    pub fn policy_names(&self) -> Vec<String> {
        self.names_in(FOLDER, shipped::OCCLUSION_POLICIES)
    }

    /// Reads all policies that can be had by name; those that are broken are left out.
    #[must_use]
    pub fn policies(&self) -> Vec<Policy> {
        let read = |name: &String| self.read_policy(name, Path::new("")).ok();
        self.policy_names().iter().filter_map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn errors(text: &str) -> String {
        read_policy("mine", "mine.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn the_shipped_policies_do_what_they_say() {
        let library = Library::new(&|_: &str| None);
        let policy = |name: &str| library.read_policy(name, Path::new("")).unwrap();
        assert_eq!(library.policies().len(), 3);

        let regions = policy("regions");
        assert_eq!(usize::from(regions.top()), Region::ALL.len());
        for level in 0..=regions.top() {
            assert_eq!(regions.level(level).open.iter().count(), usize::from(level));
        }
        assert!(regions.level(regions.top()).is_open());

        let blur = policy("blur");
        assert_eq!((blur.top(), blur.mask), (10, Some(MaskKind::Blur)));
        for level in 0..=10u8 {
            let strength = blur.level(level).strength;
            assert!((strength - (1.0 - f32::from(level) / 10.0)).abs() < 1e-6);
        }
        assert!(blur.level(10).is_open() && !blur.level(9).is_open());

        let one = policy("all-or-nothing");
        assert_eq!(one.top(), 1);
        assert!(one.level(1).is_open());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, expected) in [
            ("", "mine.toml: 0 levels; from 1 to 32 can be"),
            (
                "[[level]]\n[[level]]\nopen = [\"eys\"]",
                "mine.toml:3:8: level[1].open: no region \"eys\"; did you mean \"eyes\"?",
            ),
            (
                "[[level]]\nstrength_percent = 120",
                "mine.toml:2:20: level[0].strength_percent: expected a number from 0 to 100, found 120",
            ),
            (
                "[[level]]\n[[level]]\nopen = [\"nose\"]\n[[level]]",
                "mine.toml:4:1: level[2]: level 2 hides the nose, which level 1 shows: a higher level shows more, never less",
            ),
            ("mask = \"hat\"\n[[level]]", "mine.toml:1:8: mask: expected one of"),
        ] {
            let found = errors(text);
            assert!(found.starts_with(expected), "{found}");
        }
    }

    #[test]
    fn own_policies_come_first() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().to_str().unwrap().to_owned();
        let library = Library::new(&|name: &str| (name == "XDG_CONFIG_HOME").then(|| folder.clone()));
        let own = home.path().join("rigcast/presets/occlusion");
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("regions.toml"), "title = \"mine\"\n[[level]]").unwrap();
        let policy = library.read_policy("regions", Path::new("")).unwrap();
        assert_eq!((policy.title.as_str(), policy.top()), ("mine", 0));
        assert_eq!(library.policy_names(), ["regions", "blur", "all-or-nothing"]);
        let error = library.read_policy("blurr", Path::new("")).unwrap_err();
        assert_eq!(error, "there is no occlusion policy \"blurr\"; did you mean \"blur\"?");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\[\\[level\\]\\]\n([a-z_]{1,9} = [a-z0-9\"\\[\\].-]{0,9}\n){0,2}){0,4}.{0,20}") {
            let _ = read_policy("any", "any", &text);
        }
    }
}
