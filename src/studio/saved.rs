//! What is kept of a running show, so that it can go on after a crash: the texts it was read from, and where it stands.
//!
//! The show is read again from the texts of its start, and [`Standing::apply`] puts everything that operators have changed
//! since then on top. Nothing here touches a disk: `runtime/saver.rs` does.
//!
//! **This file alone writes secrets in clear** (`Clear`), since an added destination is nowhere else. What it makes must
//! go nowhere but into a file of mode 0600.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

use super::model::{
    BusSettings, CueList, CueRun, Cues, Lent, ModerationStanding, PictureSettings, Pin, RulesKept, RunPhase,
    SceneEdits, Strip, Studio, Transition,
};
use crate::media::{TimeDelta, Timestamp};
use crate::publish::DestinationSpec;
use crate::scene::{OcclusionSettings, Script, Show};
use crate::secret::{Secret, SecretUrl};

/// The form of the file. A file of another version is not read: half a state is worse than none.
pub const VERSION: u32 = 3;

/// The range of the video target in kbit/s, as commands and scene files have it.
const KBPS: std::ops::RangeInclusive<u32> = 50..=100_000;

/// The longest fade in ms, as commands and scene files have it.
const LONGEST_FADE_MS: i64 = 10_000;

/// A show that can go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    version: u32,
    script: SavedScript,
    /// The addresses of `--publish`, to notice when others are given.
    published: Vec<Clear>,
    standing: Standing,
    /// What was applied for a time and waits to be confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiting: Option<SavedWaiting>,
}

/// What takes back something that was applied for a time, should nobody confirm it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedWaiting {
    script: SavedScript,
    standing: Standing,
    /// Milliseconds since 1970.
    until_ms: u64,
}

impl SavedWaiting {
    /// Before it the show was read from `script` and stood so; it goes back at `until`, which is counted from the beginning of 1970.
    #[must_use]
    pub fn new(script: &Script, standing: Standing, until: Duration) -> Self {
        Self {
            script: script.into(),
            standing,
            until_ms: u64::try_from(until.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// What the show was read from before.
    #[must_use]
    pub fn script(&self) -> Script {
        (&self.script).into()
    }

    /// Where it stood.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// How long it waits from `now` on, which is counted from the beginning of 1970; `None` once that is over.
    #[must_use]
    pub fn left(&self, now: Duration) -> Option<Duration> {
        /// No time to confirm is longer, whatever clocks have done meanwhile.
        const LONGEST: Duration = Duration::from_mins(10);
        let left = Duration::from_millis(self.until_ms).checked_sub(now)?;
        (!left.is_zero()).then(|| left.min(LONGEST))
    }
}

/// Where a show stands: what operators can change. Names that are not in a scene file carry their address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The scene on program.
    pub program: String,
    /// The scene on preview.
    pub preview: String,
    /// What `take` does.
    pub transition: Transition,
    /// All strips.
    pub strips: Vec<Strip>,
    /// The pictures of all sources, by their names.
    #[serde(default)]
    pub pictures: Vec<(String, PictureSettings)>,
    /// Loudness target, limiter, ducking.
    pub buses: BusSettings,
    /// The video target in kbit/s that the scene file says; what the operator holds is among the pins, and what the network makes of
    /// it is not kept.
    pub video_kbps: u32,
    /// How the show follows the network and its audience; in files of before, as its scene file says.
    #[serde(default)]
    adapt: Option<SavedAdapt>,
    /// Occlusion levels of renditions, by their names.
    #[serde(default)]
    pub rendition_levels: Vec<(String, Option<u8>)>,
    /// What hides faces. Exemptions are not kept: nobody knows whose face a number would be.
    pub occlusion: OcclusionSettings,
    /// What is done before air; in files of before, as the scene file says.
    #[serde(default)]
    pub moderation: Option<ModerationStanding>,
    /// What was changed by hand in scenes, and what they have set; in files of before, nothing.
    #[serde(default)]
    pub scenes: ScenesStanding,
    /// Business data, and who holds program against the rules.
    #[serde(default)]
    pub rules: Option<RulesKept>,
    /// The cues that are loaded, and where the run of them is.
    #[serde(default)]
    cues: Option<SavedCues>,
    destinations: Vec<SavedDestination>,
}

/// What is kept of scenes beside their file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenesStanding {
    /// What was changed by hand.
    pub edits: Vec<SceneEdits>,
    /// What the scene on program has set on strips.
    pub lent: Vec<Lent>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SavedCues {
    list: CueList,
    run: Option<CueRun>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedAdapt {
    is_on: bool,
    policy: String,
    pins: Vec<Pin>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedDestination {
    name: String,
    /// Only where the scene file does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<Clear>,
    /// Likewise: the rendition that it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rendition: Option<String>,
    /// `false` where an operator has stopped it.
    is_started: bool,
}

/// What remains to be done after a standing was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Destinations that an operator had stopped.
    pub stopped: Vec<String>,
    /// What could not be had again, in words.
    pub missing: Vec<String>,
}

/// Why a saved state cannot be used. Never quotes it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SavedError {
    /// The text breaks off.
    #[error("{line}:{column}: it ends in the middle")]
    Torn {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// The text is something else.
    #[error("{line}:{column}: this is no saved state")]
    Foreign {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// Another version of the program wrote it.
    #[error("it was written in form {found}; this program reads form {VERSION}")]
    Version {
        /// What it says of itself.
        found: u64,
    },
}

impl Saved {
    /// The state of a show that was read from `script`, with `published` added, and stands so.
    #[must_use]
    pub fn new(script: &Script, published: &[SecretUrl], standing: Standing) -> Self {
        Self {
            version: VERSION,
            script: script.into(),
            published: published.iter().map(Clear::url).collect(),
            standing,
            waiting: None,
        }
    }

    /// What was applied for a time, if something waits.
    #[must_use]
    pub fn waiting(&self) -> Option<&SavedWaiting> {
        self.waiting.as_ref()
    }

    /// It is read from that now, and that waits to be confirmed.
    pub fn set_show(&mut self, script: &Script, waiting: Option<SavedWaiting>) {
        self.script = script.into();
        self.waiting = waiting;
    }

    /// Reads a state.
    ///
    /// # Errors
    /// What it is instead, and where it stops making sense.
    pub fn from_json(bytes: &[u8]) -> Result<Self, SavedError> {
        #[derive(Deserialize)]
        struct Head {
            version: u64,
        }
        let head = serde_json::from_slice::<Head>(bytes).map_err(|error| place(&error, bytes))?;
        if head.version != u64::from(VERSION) {
            return Err(SavedError::Version { found: head.version });
        }
        serde_json::from_slice(bytes).map_err(|error| place(&error, bytes))
    }

    /// The state as a file holds it, **with its secrets**.
    ///
    /// # Errors
    /// A path in it is no UTF-8, which JSON cannot say.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// What the show was read from.
    #[must_use]
    pub fn script(&self) -> Script {
        (&self.script).into()
    }

    /// The addresses of `--publish` that the show was started with.
    #[must_use]
    pub fn published(&self) -> Vec<SecretUrl> {
        let urls = self.published.iter();
        urls.filter_map(|url| SecretUrl::parse(url.0.expose()).ok()).collect()
    }

    /// Where it stands.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// It stands so now.
    pub fn set_standing(&mut self, standing: Standing) {
        self.standing = standing;
    }
}

/// serde_json's own words may quote a value, and values are secrets.
fn place(error: &serde_json::Error, bytes: &[u8]) -> SavedError {
    let (line, column) = (error.line(), error.column());
    // A word that breaks off, `fal`, is a syntax error at the last character.
    let is_at_end = error.is_syntax()
        && bytes
            .split(|byte| *byte == b'\n')
            .enumerate()
            .last()
            .is_some_and(|(at, last)| (at + 1, last.len()) == (line, column));
    if error.is_eof() || is_at_end {
        SavedError::Torn { line, column }
    } else {
        SavedError::Foreign { line, column }
    }
}

impl Standing {
    /// Where `studio` stands, whose destinations are `specs`; those that are `of_scene` are kept by name alone.
    #[must_use]
    pub fn of(
        studio: &Studio,
        specs: &[DestinationSpec],
        of_scene: &[DestinationSpec],
        is_started: impl Fn(&str) -> bool,
    ) -> Self {
        let destinations = specs.iter().map(|spec| SavedDestination {
            name: spec.name.clone(),
            url: (!of_scene.contains(spec)).then(|| Clear::url(&spec.url)),
            rendition: spec.rendition.clone().filter(|_| !of_scene.contains(spec)),
            is_started: is_started(&spec.name),
        });
        Self {
            program: studio.program.clone(),
            preview: studio.preview.clone(),
            transition: studio.transition.clone(),
            strips: studio.strips.clone(),
            pictures: studio
                .sources
                .iter()
                .map(|source| (source.name.clone(), source.picture))
                .collect(),
            buses: studio.buses,
            video_kbps: base_kbps(studio),
            adapt: Some(SavedAdapt {
                is_on: studio.adapt.state.is_on,
                policy: studio.adapt.state.policy.clone(),
                pins: studio.adapt.state.pins.clone(),
            }),
            rendition_levels: studio
                .renditions
                .iter()
                .map(|rendition| (rendition.name.clone(), rendition.occlusion_level))
                .collect(),
            occlusion: studio.occlusion.settings(),
            moderation: Some(studio.moderation.standing()),
            scenes: ScenesStanding {
                edits: SceneEdits::of(&studio.edits, &studio.scenes),
                lent: studio.lent.clone(),
            },
            rules: Some(RulesKept::of(&studio.rules, &studio.data)),
            cues: cues(&studio.cues, studio.now),
            destinations: destinations.collect(),
        }
    }

    /// The run of the cues that was under way; it is held.
    #[must_use]
    pub fn cue_run(&self) -> Option<&CueRun> {
        let cues = self.cues.as_ref()?;
        let run = cues.run.as_ref().filter(|run| run.fits(&cues.list));
        run.filter(|run| run.phase != RunPhase::Over)
    }

    /// Puts `show`, as it was read from its texts, where it stood. Whatever this holds, the show stays one that can start.
    pub fn apply(&self, show: &mut Show) -> Applied {
        let mut applied = Applied::default();
        for (name, place) in [
            (&self.program, &mut show.start.program),
            (&self.preview, &mut show.start.preview),
        ] {
            if show.scenes.iter().any(|scene| scene.name == *name) {
                place.clone_from(name);
            } else {
                applied.missing.push(format!("there is no scene {name} any more"));
            }
        }
        show.transition = self.transition.clone();
        show.transition.duration = self
            .transition
            .duration
            .clamp(TimeDelta::ZERO, TimeDelta::from_millis(LONGEST_FADE_MS));
        for strip in &self.strips {
            match show.strips.iter_mut().find(|(name, _)| *name == strip.name) {
                Some((_, settings)) => {
                    *settings = strip.settings.sanitised();
                }
                None => applied
                    .missing
                    .push(format!("there is no strip {} any more", strip.name)),
            }
        }
        for (name, settings) in &self.pictures {
            match show.pictures.iter_mut().find(|(known, _)| known == name) {
                Some((_, picture)) => *picture = settings.sanitised(),
                None => applied.missing.push(format!("there is no source {name} any more")),
            }
        }
        show.buses = self.buses.sanitised();
        if let Some(cues) = &self.cues {
            show.cues = Some(cues.list.clone());
        }
        show.video.bitrate_kbps = self.video_kbps.clamp(*KBPS.start(), *KBPS.end());
        if let Some(adapt) = &self.adapt {
            show.adapt.is_on = adapt.is_on;
            show.adapt.pins.clone_from(&adapt.pins);
            show.adapt.chosen = (adapt.policy != show.adapt.policy.name).then(|| adapt.policy.clone());
        }
        show.occlusion = self.occlusion.clone().sanitised();
        let top = show.occlusion.policy.top();
        for rendition in &mut show.renditions {
            let saved = self.rendition_levels.iter().find(|(name, _)| *name == rendition.name);
            // A level that nobody has kept is of a policy that nobody knows.
            let level = saved.map_or_else(|| rendition.occlusion_level.map(|_| 0), |(_, level)| *level);
            rendition.occlusion_level = level.map(|level| level.min(top));
        }
        let of_scene = std::mem::take(&mut show.destinations);
        for saved in &self.destinations {
            let name = &saved.name;
            let spec = match &saved.url {
                None => of_scene.iter().find(|spec| spec.name == *name).cloned(),
                Some(url) => SecretUrl::parse(url.0.expose())
                    .ok()
                    .filter(DestinationSpec::accepts)
                    .map(|url| DestinationSpec {
                        rendition: saved.rendition.clone(),
                        ..DestinationSpec::new(name, url)
                    }),
            };
            let is_new = show.destinations.iter().all(|known| known.name != *name);
            match spec.filter(|_| is_new) {
                Some(spec) => show.destinations.push(spec),
                None => applied.missing.push(format!("there is no destination {name} any more")),
            }
            if !saved.is_started {
                applied.stopped.push(name.clone());
            }
        }
        applied
    }
}

/// The cues as they are kept: of a clock that goes, whole seconds, or the file would be written as often as anybody looks.
fn cues(cues: &Cues, now: Timestamp) -> Option<SavedCues> {
    Some(SavedCues {
        list: cues.list.clone()?,
        run: cues.run.as_ref().map(|run| run.kept(now)),
    })
}

/// The video target that the scene file says, whatever the network has made of it.
fn base_kbps(studio: &Studio) -> u32 {
    let base = studio.adapt.state.lines.first().map(|line| line.base_kbps);
    base.unwrap_or(studio.encoder.video_kbps)
}

/// A secret that is written as it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
struct Clear(Secret);

impl Clear {
    fn url(url: &SecretUrl) -> Self {
        Self(Secret::new(url.expose().as_str()))
    }
}

impl Serialize for Clear {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

/// A [`Script`] in clear.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedScript {
    scene: Option<PathBuf>,
    /// The text of a show inside the program that was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inside: Option<Clear>,
    folder: PathBuf,
    overrides: Vec<(String, Clear)>,
    environment: BTreeMap<String, Clear>,
    texts: BTreeMap<PathBuf, Clear>,
    /// What is on the disk instead of changes that nobody has saved.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    on_disk: BTreeMap<PathBuf, Clear>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unsaved: Vec<String>,
}

impl From<&Script> for SavedScript {
    fn from(script: &Script) -> Self {
        let clear = |secret: &Secret| Clear(secret.clone());
        Self {
            scene: script.scene.clone(),
            inside: script.inside.as_ref().map(clear),
            folder: script.folder.clone(),
            overrides: script
                .overrides
                .iter()
                .map(|(key, value)| (key.clone(), clear(value)))
                .collect(),
            environment: script
                .environment
                .iter()
                .map(|(name, value)| (name.clone(), clear(value)))
                .collect(),
            texts: script
                .texts
                .iter()
                .map(|(path, text)| (path.clone(), clear(text)))
                .collect(),
            on_disk: script
                .on_disk
                .iter()
                .map(|(path, text)| (path.clone(), clear(text)))
                .collect(),
            unsaved: script.unsaved.clone(),
        }
    }
}

impl From<&SavedScript> for Script {
    fn from(saved: &SavedScript) -> Self {
        let hidden = |clear: &Clear| clear.0.clone();
        Self {
            scene: saved.scene.clone(),
            inside: saved.inside.as_ref().map(hidden),
            folder: saved.folder.clone(),
            overrides: saved
                .overrides
                .iter()
                .map(|(key, value)| (key.clone(), hidden(value)))
                .collect(),
            environment: saved
                .environment
                .iter()
                .map(|(name, value)| (name.clone(), hidden(value)))
                .collect(),
            texts: saved
                .texts
                .iter()
                .map(|(path, text)| (path.clone(), hidden(text)))
                .collect(),
            on_disk: saved
                .on_disk
                .iter()
                .map(|(path, text)| (path.clone(), hidden(text)))
                .collect(),
            unsaved: saved.unsaved.clone(),
        }
    }
}

#[cfg(test)]
#[path = "saved_tests.rs"]
mod tests;
