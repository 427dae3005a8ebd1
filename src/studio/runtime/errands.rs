//! Commands that touch files: presets and recordings. Nobody waits for a disk: a task runs the errand, and what comes of it
//! returns to the core task, which alone changes the model.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::applying::Found;
use super::core::SourcesSaved;
use super::data;
use super::recording::{self, Recorder, Writer};
use super::scene_saving::{Saved, Saving};
use crate::control::desk::Reply;
use crate::cue::CueList;
use crate::media::TimeDelta;
use crate::scene::{
    CueNames, Difference, Library, Preset, RulesFile, StickerSet, bus_preset_text, picture_preset_text, read_cue_file,
    strip_preset_text,
};
use crate::sound::Point;
use crate::source::Inventory;
use crate::studio::command::{Answer, Bus, Command, RecordPoint};
use crate::studio::model::{EventLevel, PresetModel, SourceModel, Studio};
use crate::studio::update::settings_preset;
use crate::studio::update::{Refusal, check_target, unknown_source, unknown_strip};

/// Errands under way that may wait for the core task.
const WAITING: usize = 16;

/// What an errand brings back to the core task.
pub enum Brought {
    /// A preset to be applied, to which strip, and who asked.
    Apply(Box<Preset>, Option<String>, Reply),
    /// A preset to be compared with a strip or the buses, and who asked.
    Compare(Box<Preset>, Option<String>, Reply),
    /// Scenes that were written into their files, and who asked.
    ScenesSaved(Box<Saved>, Reply),
    /// The presets that there are now.
    Presets(Vec<PresetModel>),
    /// A set of stickers to hide faces with, the command that takes it, and who asked.
    Stickers(Arc<StickerSet>, Command, Reply),
    /// A cue list to be loaded, and who asked.
    Cues(Box<CueList>, Reply),
    /// A recording whose file is there: its end for the sound thread, and the rest.
    Recording(Box<Recorder>, Recording),
    /// A scene file that was read.
    Show(Box<Found>),
    /// What this rig has that could be a source, and who asked.
    Inventory(Box<Inventory>, Reply),
    /// Sources that were written into files, or why they were not.
    SourcesSaved(Box<SourcesSaved>, Result<(), String>),
    /// Rules that were read from that file, to be held against the scenes, and who asked.
    Rules(Box<RulesFile>, PathBuf, Reply),
    /// Something to tell: of what, and what.
    News(EventLevel, String, String),
}

/// A recording that the sound thread is still to be told of.
pub struct Recording {
    /// What is recorded, as events call it.
    pub subject: String,
    /// For how long, and where to.
    pub begins: String,
    writer: Writer,
    permit: OwnedSemaphorePermit,
    bring: mpsc::Sender<Brought>,
    reply: Reply,
}

impl Recording {
    /// Writes what the sound thread takes, which it does if it could be `told`.
    pub fn run(self, told: Result<(), String>) {
        tokio::task::spawn_blocking(move || {
            let done = told.and_then(|()| self.writer.run());
            let (level, text) = match &done {
                Ok(answer) => (EventLevel::Info, format!("recorded {}", answer.said())),
                Err(error) => (EventLevel::Warning, format!("not recorded: {error}")),
            };
            // The studio has ended where nobody takes it.
            let _ = self.bring.blocking_send(Brought::News(level, self.subject, text));
            answer(self.reply, done);
            drop(self.permit);
        });
    }
}

/// Runs errands.
pub struct Errands {
    library: Library,
    recorders: Arc<Semaphore>,
    bring: mpsc::Sender<Brought>,
    brought: mpsc::Receiver<Brought>,
}

impl Errands {
    /// Ready for errands of the person whose environment this is.
    #[must_use]
    pub fn new() -> Self {
        let (bring, brought) = mpsc::channel(WAITING);
        Self {
            library: Library::new(&|name: &str| std::env::var(name).ok()),
            recorders: Arc::new(Semaphore::new(recording::MOST)),
            bring,
            brought,
        }
    }

    /// Where presets, policies and stickers are.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The presets that there are.
    #[must_use]
    pub fn presets(&self) -> Vec<PresetModel> {
        presets(&self.library)
    }

    /// Where errands bring what they have.
    #[must_use]
    pub fn bringer(&self) -> mpsc::Sender<Brought> {
        self.bring.clone()
    }

    /// What the next errand brings.
    pub async fn next(&mut self) -> Option<Brought> {
        self.brought.recv().await
    }

    /// Starts an errand; a command that is none comes back.
    #[must_use]
    pub fn start(&self, command: Command, reply: Reply, studio: &Studio) -> Option<(Command, Reply)> {
        match command {
            Command::PresetApply(name, strip) => self.fetch(name, strip, reply, Brought::Apply),
            Command::PresetDiff(name, strip) => self.fetch(name, strip, reply, Brought::Compare),
            Command::PresetSave(name, strip, is_replacing) => match preset_text(studio, strip.as_deref()) {
                Ok(text) => self.save(name, text, is_replacing, reply),
                Err(refusal) => answer(reply, Err(refusal.to_string())),
            },
            Command::CueLoad(path) => self.fetch_cues(path, cue_names(studio), reply),
            Command::OcclusionSticker(name) => {
                self.fetch_stickers(name.clone(), Command::OcclusionSticker(name), reply);
            }
            // What is taken back may be that other stickers were chosen: those before have to be read again.
            Command::Undo => match stickers_before(studio) {
                Some(name) => self.fetch_stickers(name, Command::Undo, reply),
                None => return Some((command, reply)),
            },
            Command::PictureSave(name, source, is_replacing) => match picture_text(studio, &source) {
                Ok(text) => self.save(name, text, is_replacing, reply),
                Err(refusal) => answer(reply, Err(refusal.to_string())),
            },
            Command::Record(point, length, path) => match point_of(studio, &point) {
                Ok(at) => self.record(at, subject(&point), length, path, reply),
                Err(refusal) => answer(reply, Err(refusal.to_string())),
            },
            Command::RulesLoad(path) => self.fetch_rules(path, reply),
            command => return Some((command, reply)),
        }
        None
    }

    /// Writes scenes into their files.
    pub fn save_scenes(&self, saving: Saving, reply: Reply) {
        let bring = self.bring.clone();
        tokio::task::spawn_blocking(move || match saving.run() {
            // The studio has ended where nobody takes it.
            Ok(saved) => drop(bring.blocking_send(Brought::ScenesSaved(Box::new(saved), reply))),
            Err(error) => answer(reply, Err(error)),
        });
    }

    fn fetch(
        &self,
        name: String,
        strip: Option<String>,
        reply: Reply,
        what_for: fn(Box<Preset>, Option<String>, Reply) -> Brought,
    ) {
        let (library, bring) = (self.library.clone(), self.bring.clone());
        tokio::task::spawn_blocking(move || match library.read(&name, Path::new("")) {
            // The studio has ended where nobody takes it.
            Ok(preset) => drop(bring.blocking_send(what_for(Box::new(preset), strip, reply))),
            Err(error) => answer(reply, Err(error)),
        });
    }

    fn fetch_rules(&self, path: PathBuf, reply: Reply) {
        if !path.is_absolute() {
            return answer(
                reply,
                Err(Refusal::RelativePath(path.display().to_string()).to_string()),
            );
        }
        let bring = self.bring.clone();
        tokio::task::spawn_blocking(move || match data::read(&path) {
            Ok(file) => drop(bring.blocking_send(Brought::Rules(Box::new(file), path, reply))),
            Err(error) => answer(reply, Err(error)),
        });
    }

    fn fetch_stickers(&self, name: String, command: Command, reply: Reply) {
        let (library, bring) = (self.library.clone(), self.bring.clone());
        tokio::task::spawn_blocking(move || match library.read_stickers(&name, Path::new("")) {
            Ok(set) => drop(bring.blocking_send(Brought::Stickers(Arc::new(set), command, reply))),
            Err(error) => answer(reply, Err(error)),
        });
    }

    fn fetch_cues(&self, path: PathBuf, names: CueNames, reply: Reply) {
        let bring = self.bring.clone();
        if !path.is_absolute() {
            return answer(
                reply,
                Err(Refusal::RelativePath(path.display().to_string()).to_string()),
            );
        }
        tokio::task::spawn_blocking(move || match read_cue_file(&path, Some(&names)) {
            Ok(list) => drop(bring.blocking_send(Brought::Cues(Box::new(list), reply))),
            Err(errors) => answer(reply, Err(errors.to_string())),
        });
    }

    fn record(&self, point: Point, subject: String, length: TimeDelta, path: PathBuf, reply: Reply) {
        let Ok(permit) = Arc::clone(&self.recorders).try_acquire_owned() else {
            return answer(reply, Err(format!("{} recordings are under way", recording::MOST)));
        };
        let bring = self.bring.clone();
        tokio::task::spawn_blocking(move || match recording::prepare(point, length, &path) {
            Ok((recorder, writer)) => {
                let begins = format!("is recorded for {:.1} s to {}", length.as_secs_f64(), path.display());
                let again = bring.clone();
                let recording = Recording {
                    subject,
                    begins,
                    writer,
                    permit,
                    bring: again,
                    reply,
                };
                let _ = bring.blocking_send(Brought::Recording(Box::new(recorder), recording));
            }
            Err(error) => answer(reply, Err(error)),
        });
    }

    fn save(&self, name: String, text: String, is_replacing: bool, reply: Reply) {
        let (library, bring) = (self.library.clone(), self.bring.clone());
        tokio::task::spawn_blocking(move || {
            let saved = library.save(&name, &text, is_replacing);
            let _ = bring.blocking_send(Brought::Presets(presets(&library)));
            let said = saved.map(|path| {
                let path = path.display().to_string();
                Answer::text(format!("saved as {path}")).with("file", path)
            });
            answer(reply, said);
        });
    }
}

/// What cues can name in this studio.
fn cue_names(studio: &Studio) -> CueNames {
    CueNames {
        scenes: studio.scenes.iter().map(|scene| scene.name.clone()).collect(),
        sources: studio.sources.iter().map(|source| source.name.clone()).collect(),
        strips: studio.strips.iter().map(|strip| strip.name.clone()).collect(),
        destinations: studio.destinations.iter().map(|to| to.name.clone()).collect(),
    }
}

/// The set of stickers that `undo` brings back, if it brings one back.
fn stickers_before(studio: &Studio) -> Option<String> {
    let commands = &studio.undo.newest()?.by;
    commands.iter().find_map(|command| match command {
        Command::OcclusionSticker(name) => Some(name.clone()),
        _ => None,
    })
}

/// What a preset would change.
///
/// # Errors
/// There is no such strip, or the preset is not for one.
pub fn diff(studio: &Studio, preset: &Preset, strip: Option<&str>) -> Result<Answer, Refusal> {
    let mut found = Vec::new();
    if let Some(name) = check_target(preset, strip)? {
        if preset.is_for_strip() {
            let strip = studio.strips.iter().find(|strip| strip.name == name);
            let strip = strip.ok_or_else(|| unknown_strip(studio, name))?;
            found.extend(preset.diff_strip(&strip.settings));
        }
        if preset.is_for_picture() {
            found.extend(preset.diff_picture(&source_of(studio, name)?.picture));
        }
    }
    found.extend(preset.diff_buses(&studio.buses));
    let said = |difference: &Difference| format!("{} {} → {}", difference.parameter, difference.now, difference.preset);
    let settings = settings_preset::differences(studio, preset);
    let mut lines: Vec<String> = found.iter().map(said).collect();
    lines.extend(settings.iter().map(|(key, now, then)| format!("{key} {now} → {then}")));
    let waiting = &preset.live().waiting;
    if !waiting.is_empty() {
        lines.push(format!("for the next start: {}", waiting.join(" ")));
    }
    let text = if lines.is_empty() {
        format!("preset {} changes nothing", preset.name)
    } else {
        lines.join(", ")
    };
    let field = |parameter: &str, now: &str, then: &str| serde_json::json!({ "parameter": parameter, "now": now, "preset": then });
    let fields = found
        .iter()
        .map(|difference| field(difference.parameter, &difference.now, &difference.preset));
    let fields = fields.chain(settings.iter().map(|(key, now, then)| field(key, now, then)));
    Ok(Answer::text(text).with("differences", fields.collect::<Vec<_>>()))
}

fn presets(library: &Library) -> Vec<PresetModel> {
    let model = |preset: Preset| PresetModel {
        is_for_strip: preset.is_for_strip(),
        is_for_buses: preset.is_for_buses(),
        is_for_picture: preset.is_for_picture(),
        title: preset.title.unwrap_or_default(),
        name: preset.name,
    };
    library.all().into_iter().map(model).collect()
}

fn preset_text(studio: &Studio, strip: Option<&str>) -> Result<String, Refusal> {
    let Some(name) = strip else {
        return Ok(bus_preset_text(&studio.buses));
    };
    let strip = studio.strips.iter().find(|strip| strip.name == name);
    strip
        .map(|strip| strip_preset_text(&strip.settings))
        // A part of the settings, unless a strip is called so.
        .or_else(|| settings_preset::settings_of(studio, name).map(|settings| settings.preset_text()))
        .ok_or_else(|| unknown_strip(studio, name))
}

fn picture_text(studio: &Studio, source: &str) -> Result<String, Refusal> {
    source_of(studio, source).map(|source| picture_preset_text(&source.picture))
}

fn source_of<'a>(studio: &'a Studio, name: &str) -> Result<&'a SourceModel, Refusal> {
    let found = studio.sources.iter().find(|source| source.name == name);
    found.ok_or_else(|| unknown_source(studio, name))
}

fn point_of(studio: &Studio, point: &RecordPoint) -> Result<Point, Refusal> {
    match point {
        RecordPoint::Strip(name) => {
            let at = studio.strips.iter().position(|strip| strip.name == *name);
            at.map(Point::Strip).ok_or_else(|| unknown_strip(studio, name))
        }
        RecordPoint::Bus(bus) => Ok(match bus {
            Bus::Program => Point::Program,
            Bus::Monitor => Point::Monitor,
            Bus::AuxA => Point::AuxA,
            Bus::AuxB => Point::AuxB,
        }),
    }
}

/// What is recorded, as events call it.
fn subject(point: &RecordPoint) -> String {
    match point {
        RecordPoint::Strip(name) => format!("strip {name}"),
        RecordPoint::Bus(bus) => format!("bus {}", bus.word()),
    }
}

fn answer(reply: Reply, with: Result<Answer, String>) {
    reply.send(with);
}
