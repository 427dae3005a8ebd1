//! Scene and preset files: what is written, what is meant, and what is wrong with it, by file, line and column.
//!
//! ```text
//! default preset < machine < user < included < scene file < RIGCAST_… < --set   layers, each held against the schema
//!   └────────────── layer: text → values + places ─────────────┘          unknown keys, types, ranges
//!                    layers: values merged by `config`
//!                    raw: merged values as types                          names may still point nowhere
//!                    check: raw → Show                                    references, sizes, addresses, secrets
//! ```
//! The format is TOML 1.1 and is described in `docs/scenes.md`, whose tables are made from [the schema](reference_markdown).

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

mod adapt;
mod adapt_keys;
mod adapt_policy;
mod audience;
mod check;
mod cues;
mod delivery;
mod diff;
mod error;
mod facts;
mod item;
mod layer;
mod layers;
mod library;
mod live_settings;
mod merge;
mod moderation;
mod obs;
mod occlusion;
mod picture_checks;
mod placeholder;
mod places;
mod policy;
mod preset;
mod raw;
mod raw_scene;
mod read;
mod recording;
mod reference;
mod relay;
mod rename;
mod rules;
mod rules_keys;
mod scene_checks;
mod scene_keys;
mod schema;
mod script;
mod secrets;
mod settings;
mod shipped;
mod show;
mod source_checks;
mod source_keys;
mod sticker;
mod toml_errors;
mod transition_checks;
mod value;
mod video_checks;
mod words;
mod write_back;

pub use adapt::AdaptChoice;
pub use adapt_keys::adapt_policy_markdown;
pub use adapt_policy::read_adapt_policy;
pub use cues::{CueNames, cues_markdown, read_cue_file, read_cues};
pub use diff::{ShowDifference, When, diff};
pub use error::{Diagnostic, Place, SceneErrors, Severity};
pub use item::{ImageItem, Item, SceneStrip, Shown, TextItem, sources_seen};
pub use layers::Rank;
pub use library::{CatalogEntry, Library, is_preset_path};
pub use live_settings::LiveSettings;
pub use merge::{dangling, keep_running, merge, on_canvas, renames};
pub use moderation::{ModerationSettings, Unjudged};
pub use occlusion::{MAX_ZONES, OcclusionSettings, Zone};
pub use picture_checks::PictureCheckSettings;
pub use placeholder::{Piece, Placeholder, PlaceholderError, pieces};
pub use policy::read_policy;
pub use preset::{Difference, Preset, bus_preset_text, picture_preset_text, strip_preset_text};
pub use recording::{MAX_STRIP_TRACKS, RecordingSettings};
pub use reference::reference_markdown;
pub use relay::RelayChoice;
pub use rename::with_sources_renamed;
pub use rules::{DataChoice, MAX_RULES, RulesChoice, RulesFile, read_rules};
pub use rules_keys::rules_markdown;
pub use script::{Change, Script};
pub use settings::{Setting, config_files, settings};
pub use show::{MAX_ITEMS, MAX_LAYERS, Matte, Scene, Show, Start, Stinger, TransitionKind, TransitionSettings};
pub use source_keys::{is_source_kind, is_source_name, source_keys_of, source_kinds, source_lines};
pub use sticker::{Sticker, StickerSet};
pub use words::{read_word_list, word_list_markdown};
pub use write_back::{SceneBack, SourceEdit, SourceEditError, WriteBackError, has_of_scene, write_back};

use check::{Check, Purpose};
use layers::Layers;
use raw::RawShow;
use script::Shelf;

use crate::secret::Secret;
use crate::speech::WordList;
use crate::vision::Policy;

/// Reads the show in the file at `path`, with `overrides` of `--set KEY=VALUE` on top. `env` looks up environment
/// variables: those of the schema (`RIGCAST_VIDEO_WIDTH` …) and those that the file names for its secrets.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn load(
    path: &Path,
    overrides: &[(String, String)],
    env: &impl Fn(&str) -> Option<String>,
) -> Result<Show, SceneErrors> {
    start(Text::File(path), Shelf::disk(), overrides, env)
}

/// The demo that is shipped inside the program: needs no file and no network.
///
/// # Errors
/// What is wrong with `overrides` or the environment.
pub fn demo(overrides: &[(String, String)], env: &impl Fn(&str) -> Option<String>) -> Result<Show, SceneErrors> {
    start(DEMO, Shelf::disk(), overrides, env)
}

/// Reads the show in `text`, which errors call `name`. Its relative paths start from the current folder. Its script does not
/// hold `text`: whoever wants it once more has it.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn from_text(
    name: &str,
    text: &str,
    overrides: &[(String, String)],
    env: &impl Fn(&str) -> Option<String>,
) -> Result<Show, SceneErrors> {
    start(Text::Inside { name, text }, Shelf::disk(), overrides, env)
}

/// Reads a show once more from what it was read from the first time: no file and no variable is looked at.
///
/// # Errors
/// What is wrong with it, for a program of another version than the one that read it first.
pub fn load_again(script: &Script) -> Result<Show, SceneErrors> {
    let env = |name: &str| script.environment.get(name).map(|value| value.expose().to_owned());
    start_again(script, Shelf::kept(script), &env)
}

/// The same for texts that were changed: a variable or a file that they name for the first time is looked up, by `env` and on disk.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn load_changed(script: &Script, env: &impl Fn(&str) -> Option<String>) -> Result<Show, SceneErrors> {
    let env = |name: &str| {
        let kept = script.environment.get(name).map(|value| value.expose().to_owned());
        kept.or_else(|| env(name))
    };
    start_again(script, Shelf::kept_and_disk(script), &env)
}

fn start_again(script: &Script, shelf: Shelf, env: &impl Fn(&str) -> Option<String>) -> Result<Show, SceneErrors> {
    let inside = script.inside.as_ref().map_or(DEMO, |text| Text::Inside {
        name: shipped::DEMO_NAME,
        text: text.expose(),
    });
    let text = script.scene.as_deref().map_or(inside, Text::File);
    let overrides = script
        .overrides
        .iter()
        .map(|(key, value)| (key.clone(), value.expose().to_owned()))
        .collect::<Vec<_>>();
    let mut show = start(text, shelf, &overrides, env)?;
    show.script.inside.clone_from(&script.inside);
    show.script.on_disk.clone_from(&script.on_disk);
    show.script.unsaved.clone_from(&script.unsaved);
    Ok(show)
}

/// The text of the show that is inside the program.
#[must_use]
pub fn demo_text() -> &'static str {
    shipped::DEMO
}

/// The shipped preset that has items for the scene of that name.
#[must_use]
pub fn shipped_scene(name: &str) -> Option<&'static str> {
    shipped::preset_names().find(|preset| {
        let text = shipped::preset(preset).map_or("", |(_, text)| text);
        has_of_scene(text, name, &["items", "template"])
    })
}

/// What is wrong with each of these files, without starting anything. A file without scenes is taken for a preset, which
/// need not make a whole show. Media files and secrets that are not there now are warnings: the file may be reviewed on
/// another machine than the one it is for.
pub fn check(paths: &[PathBuf], env: &impl Fn(&str) -> Option<String>) -> Vec<Diagnostic> {
    let found = paths.iter().flat_map(|path| {
        if let Some(result) = stage_preset(path) {
            return result.err().map_or_else(Vec::new, |errors| errors.0);
        }
        if let Some(result) = occlusion_policy(path) {
            return result.err().map_or_else(Vec::new, |errors| errors.0);
        }
        if let Some(result) = adaptation_policy(path) {
            return result.err().map_or_else(Vec::new, |errors| errors.0);
        }
        if let Some(result) = word_list(path) {
            return result.err().map_or_else(Vec::new, |errors| errors.0);
        }
        if let Some(result) = rules_file(path) {
            return result.err().map_or_else(Vec::new, |errors| errors.0);
        }
        if let Some(result) = cue_file(path) {
            return result.err().map_or_else(Vec::new, |errors| errors.0);
        }
        let mut layers = Layers::new(Shelf::disk(), env);
        read(Text::File(path), &mut layers, &[], env, Purpose::Review).1
    });
    found.collect()
}

/// Reads the file at `path` as a preset of sound or picture, if it looks like one: nothing but a title, a strip, a picture and
/// buses, and strip and picture have parameters where a show has names.
fn stage_preset(path: &Path) -> Option<Result<Preset, SceneErrors>> {
    let text = String::from_utf8(read::read_limited(path).ok()?).ok()?;
    let table = text.parse::<toml::Table>().ok()?;
    let has_only = table
        .keys()
        .all(|key| schema::PRESET.iter().any(|known| known.name == key));
    // What a show has by name has settings here.
    let treated = ["strip", "picture", "destination"].map(|key| table.get(key));
    let is_nameless = if treated.iter().all(Option::is_none) {
        table.len() > 1 && table.contains_key("title")
    } else {
        let has_parameters = |value: &toml::Value| matches!(value, toml::Value::Table(keys) if !keys.values().any(toml::Value::is_table));
        treated.into_iter().flatten().all(has_parameters)
    };
    let name = path.file_stem()?.to_string_lossy();
    (has_only && is_nameless).then(|| Preset::read(&name, &path.display().to_string(), &text))
}

/// Reads the file at `path` as an occlusion policy, if it looks like one: it has levels, and nothing that a show has.
fn occlusion_policy(path: &Path) -> Option<Result<Policy, SceneErrors>> {
    let text = String::from_utf8(read::read_limited(path).ok()?).ok()?;
    let table = text.parse::<toml::Table>().ok()?;
    let has_only = table
        .keys()
        .all(|key| matches!(key.as_str(), "title" | "mask" | "level"));
    let name = path.file_stem()?.to_string_lossy();
    (has_only && table.contains_key("level")).then(|| read_policy(&name, &path.display().to_string(), &text))
}

/// Reads the file at `path` as an adaptation policy, if it looks like one.
fn adaptation_policy(path: &Path) -> Option<Result<crate::adapt::Policy, SceneErrors>> {
    let text = String::from_utf8(read::read_limited(path).ok()?).ok()?;
    let table = text.parse::<toml::Table>().ok()?;
    let name = path.file_stem()?.to_string_lossy();
    adapt_policy::is_adapt_policy(&table).then(|| read_adapt_policy(&name, &path.display().to_string(), &text))
}

/// Reads the file at `path` as a word list, if it looks like one.
fn word_list(path: &Path) -> Option<Result<WordList, SceneErrors>> {
    let text = String::from_utf8(read::read_limited(path).ok()?).ok()?;
    let table = text.parse::<toml::Table>().ok()?;
    let name = path.file_stem()?.to_string_lossy();
    words::is_word_list(&table).then(|| read_word_list(&name, &path.display().to_string(), &text))
}

/// Reads the file at `path` as rules, if it looks like them. Which scenes there are is the business of the show that names it.
fn rules_file(path: &Path) -> Option<Result<RulesFile, SceneErrors>> {
    let text = String::from_utf8(read::read_limited(path).ok()?).ok()?;
    let table = text.parse::<toml::Table>().ok()?;
    rules::is_rules(&table).then(|| read_rules(&path.display().to_string(), &text))
}
/// Reads the file at `path` as a cue file, if it looks like one.
fn cue_file(path: &Path) -> Option<Result<crate::cue::CueList, SceneErrors>> {
    let text = String::from_utf8(read::read_limited(path).ok()?).ok()?;
    // A cue file that is no TOML is known by its name.
    let is_named = path.to_string_lossy().ends_with(".cues.toml");
    let is_ours = text
        .parse::<toml::Table>()
        .map_or(is_named, |table| cues::is_cue_file(&table) || is_named);
    is_ours.then(|| read_cue_file(path, None))
}

/// Where the text of a show is.
#[derive(Clone, Copy)]
enum Text<'a> {
    File(&'a Path),
    Inside { name: &'a str, text: &'a str },
}

/// The demo.
const DEMO: Text<'static> = Text::Inside {
    name: shipped::DEMO_NAME,
    text: shipped::DEMO,
};

/// Reads a show that is to start, and notes what it was read from.
fn start(
    text: Text<'_>,
    shelf: Shelf,
    overrides: &[(String, String)],
    env: &impl Fn(&str) -> Option<String>,
) -> Result<Show, SceneErrors> {
    let environment = RefCell::new(BTreeMap::new());
    let noting = |name: &str| {
        let value = env(name)?;
        environment
            .borrow_mut()
            .insert(name.to_owned(), Secret::new(value.as_str()));
        Some(value)
    };
    let mut layers = Layers::new(shelf, &noting);
    let (show, diagnostics) = read(text, &mut layers, overrides, &noting, Purpose::Start);
    let Some(mut show) = show.filter(|_| !diagnostics.iter().any(Diagnostic::is_error)) else {
        return Err(SceneErrors(diagnostics));
    };
    show.script = Script {
        scene: match text {
            Text::File(path) => Some(layers.shelf.absolute(path)),
            Text::Inside { .. } => None,
        },
        inside: None,
        overrides: overrides
            .iter()
            .map(|(key, value)| (key.clone(), Secret::new(value.as_str())))
            .collect(),
        environment: environment.into_inner(),
        folder: layers.shelf.folder,
        texts: layers.shelf.taken,
        on_disk: BTreeMap::new(),
        unsaved: Vec::new(),
    };
    Ok(show)
}

fn read(
    text: Text<'_>,
    layers: &mut Layers,
    overrides: &[(String, String)],
    env: layers::Environment<'_>,
    purpose: Purpose,
) -> (Option<Show>, Vec<Diagnostic>) {
    let name = match text {
        Text::File(path) => path.display().to_string(),
        Text::Inside { name, .. } => name.to_owned(),
    };
    let title = Path::new(&name)
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    match text {
        Text::File(path) => {
            if let Err(message) = layers.read_file(path) {
                let place = Place::file(usize::MAX, &name.as_str().into());
                return (None, vec![Diagnostic::error(place, "", message)]);
            }
        }
        Text::Inside { name, text } => layers.read_text(name, text, None),
    }
    let show = if layers.is_unreadable() {
        None
    } else {
        layers.read_environment(env);
        layers.read_overrides(overrides);
        let whole = Place::file(usize::MAX, &name.as_str().into());
        merged(layers, &whole).map(|raw| {
            let is_preset = purpose == Purpose::Review && layers.places.names("scene").is_empty();
            let mut check = Check {
                layers,
                environment: env,
                purpose,
                whole,
                is_preset,
                kinds: HashMap::new(),
            };
            check.show(raw, &title)
        })
    };
    let mut diagnostics = std::mem::take(&mut layers.errors);
    error::sort(&mut diagnostics);
    (show, diagnostics)
}

/// The layers as one raw show.
fn merged(layers: &mut Layers, whole: &Place) -> Option<RawShow> {
    match layers.merge().and_then(config::Config::try_deserialize) {
        Ok(raw) => Some(raw),
        Err(error) => {
            // The schema has seen every value, so this is a schema that disagrees with `raw`. `config` may quote the value,
            // which may be a secret: only the key is passed on.
            let key = match &error {
                config::ConfigError::Type { key, .. } => key.clone().unwrap_or_default(),
                _ => String::new(),
            };
            let message = "this value has a form that the schema lets through and the program cannot read";
            layers
                .errors
                .push(Diagnostic::error(layers.places.of(&key, whole), key, message));
            None
        }
    }
}
