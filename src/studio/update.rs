//! The pure heart of the studio: `update` takes the model, one input and the time, and says what is to be done.
//!
//! It reads no clock, does no IO and starts no thread; so a whole evening can be replayed in a test in milliseconds. The
//! runtime carries the effects out and feeds what comes of them back in as inputs.

mod adapt;
mod air;
mod alarms;
mod apply;
mod border;
mod camera;
mod cues;
mod delivery;
mod desk;
mod moderation;
mod obs;
mod occlusion;
mod picture;
mod reports;
mod rules;
mod scenes;
pub(in crate::studio) mod settings_preset;
mod sources;
mod undo;

pub use adapt::AdaptOrder;
pub use air::STINGER_WAITS_MS;
pub use apply::{NewShow, Recasting, Why, live_show};
pub use border::{Effect, Input, Refusal};
pub(in crate::studio) use camera::{controls_as_they_are, controls_of};
pub use cues::CueNews;
pub use delivery::{RecordingNews, RelayNews};
pub(in crate::studio) use desk::check_target;
pub use moderation::ModerationNews;
pub use obs::ObsNews;
pub use rules::{DataNews, Ruled, RuledChoice, RulesNews};
pub(in crate::studio) use scenes::inverse_of_item;
pub use sources::{SourcesNews, Standing as SourcesStanding};

use super::command::Command;
use super::model::{
    Cause, DestinationModel, DestinationState, DestinationStats, Event, EventLevel, MAX_GAIN_DB, MIN_GAIN_DB, Studio,
    Transition, TransitionKind,
};
use crate::media::Timestamp;
use crate::secret::SecretUrl;
use crate::studio::undo::inverse_of_preset;

/// The range of a strip's gain in dB. Below it, mute is the right tool; above it, the source is.
pub const GAIN_RANGE_DB: std::ops::RangeInclusive<f32> = MIN_GAIN_DB..=MAX_GAIN_DB;

/// How long, in ms, sound that follows video takes over a cut: too short to be noticed, long enough not to click.
const CUT_SOUND_MS: i64 = 20;

struct Unit<'a> {
    studio: &'a mut Studio,
    now: Timestamp,
    /// Who asked, and how.
    cause: Option<&'a Cause>,
    effects: Vec<Effect>,
}

/// Applies `input` at `now` and returns what is to be done about it.
///
/// # Errors
/// A command that cannot be carried out; the model is then unchanged.
pub fn update(studio: &mut Studio, input: Input, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    update_for(studio, input, now, None)
}

/// The same because somebody asked for it: every event that comes of it says who, and how.
///
/// # Errors
/// As [`update`].
pub fn update_for(
    studio: &mut Studio,
    input: Input,
    now: Timestamp,
    cause: Option<&Cause>,
) -> Result<Vec<Effect>, Refusal> {
    studio.now = now;
    let mut unit = Unit {
        studio,
        now,
        cause,
        effects: Vec::new(),
    };
    unit.end_fade();
    match input {
        Input::Command(Command::Undo) => unit.undo()?,
        Input::Command(command) => {
            let program = unit.studio.program.clone();
            unit.undoable(command)?;
            unit.notice_override(&program);
        }
        Input::Presets(presets) => unit.studio.presets = presets,
        Input::Preset(preset, strip) => {
            let by = inverse_of_preset(unit.studio, &preset, strip.as_deref());
            unit.apply_preset(&preset, strip.as_deref())?;
            unit.undoable_by(format!("preset apply {}", preset.name), by);
        }
        Input::ScenesSaved(asked, read) => unit.scenes_saved(&asked, read),
        Input::SourceState(name, state) => {
            unit.stinger_state(&name, &state);
            unit.source_state(&name, state);
        }
        Input::SourceFormat(name, format) => {
            if let Some(source) = unit.studio.source_mut(&name) {
                source.format = Some(format);
            }
        }
        Input::SourceControls(name, controls) => {
            if let Some(source) = unit.studio.source_mut(&name) {
                source.controls = controls;
            }
        }
        Input::SourceDropped(name, frames, blocks) => {
            if let Some(source) = unit.studio.source_mut(&name) {
                source.dropped_frames = frames;
                source.dropped_blocks = blocks;
            }
        }
        Input::DestinationState(name, state) => unit.destination_state(&name, &state),
        Input::DestinationStats(name, stats) => {
            if let Some(destination) = unit.studio.destination_mut(&name) {
                destination.stats = stats;
            }
        }
        Input::Faces(faces, cover) => unit.faces(faces, cover),
        Input::Recording(news) => unit.recording(news),
        Input::Relay(news) => unit.relay(news),
        Input::Obs(news) => unit.obs(news),
        Input::Worker(name, report) => unit.worker(&name, report),
        Input::Stats(stats, kbps) => {
            for (rendition, kbps) in unit.studio.renditions.iter_mut().zip(kbps) {
                rendition.measured_kbps = kbps;
            }
            unit.stats(stats);
        }
        Input::Show(new) => unit.become_show(&new)?,
        Input::Disk(disk, errors) => unit.disk(disk, errors),
        Input::Moderation(news) => unit.moderation(news),
        Input::Adapted(changes, state) => unit.adapted(changes, *state),
        Input::Audience(counts) => unit.studio.adapt.audience = counts,
        Input::Trace(path) => unit.trace(path),
        Input::Event(level, subject, text) => unit.event(level, subject, text),
        Input::Program(condition, turn) => unit.program(condition, turn),
        Input::Second(lufs) => unit.second(lufs),
        Input::Data(news) => unit.data_news(news),
        Input::Rules(news) => unit.rules_loaded(news),
        Input::Ruled(ruled) => unit.ruled(*ruled),
        Input::Cues(news) => unit.cues(news)?,
        Input::Sources(news) => unit.sources_news(news)?,
        // With nothing that could be refused: what comes of it must not be lost.
        Input::Tick => unit.watch_confirm(),
    }
    unit.see_for_cues();
    Ok(unit.effects)
}

impl Unit<'_> {
    fn event(&mut self, level: EventLevel, subject: impl Into<String>, text: impl Into<String>) {
        let event = Event::new(self.now, level, subject, text).because(self.cause);
        self.studio.remember(event.clone());
        self.effects.push(Effect::Event(event));
    }

    fn command(&mut self, command: Command) -> Result<(), Refusal> {
        match command {
            Command::Take(scene) => self.take_as_set(scene.as_deref()),
            Command::Cut(scene) => self.take(scene, &self.as_kind(TransitionKind::Cut)),
            Command::Fade(duration) => {
                let set = self.as_kind(TransitionKind::Fade);
                let duration = duration.unwrap_or(set.duration);
                self.take(None, &Transition { duration, ..set })
            }
            Command::Wipe(direction, duration) => {
                let set = self.as_kind(TransitionKind::Wipe);
                let duration = duration.unwrap_or(set.duration);
                let direction = direction.unwrap_or(set.direction);
                let wipe = Transition {
                    duration,
                    direction,
                    ..set
                };
                self.take(None, &wipe)
            }
            Command::Stinger => self.take_by_stinger(),
            Command::Preview(scene) => {
                self.studio.preview = self.scene(&scene)?;
                self.tally();
                self.effects.push(Effect::Picture);
                Ok(())
            }
            Command::Transition(kind, duration) => self.set_transition(kind, duration),
            Command::Item(item, change) => self.item(&item, &change),
            Command::SceneSet(scene, parameter, value) => self.scene_set(&scene, &parameter, value),
            Command::SceneReset(scene) => self.scene_reset(&scene),
            Command::Gain(strip, gain) => self.gain(&strip, gain),
            Command::Mute(strip, switch) => self.strip(&strip, |settings| {
                settings.is_muted = switch.apply(settings.is_muted);
                Some(if settings.is_muted { "muted" } else { "unmuted" })
            }),
            Command::Solo(strip, switch) => self.strip(&strip, |settings| {
                settings.is_solo = switch.apply(settings.is_solo);
                None
            }),
            Command::Denoise(strip, switch) => self.strip(&strip, |settings| {
                settings.denoise.is_on = switch.apply(settings.denoise.is_on);
                Some(if settings.denoise.is_on {
                    "denoise on"
                } else {
                    "denoise off"
                })
            }),
            Command::Set(strip, param, adjust) => self.set(&strip, param, adjust),
            Command::Reset(strip, what) => self.reset(&strip, what),
            Command::CopyStrip(from, to) => self.copy_strip(&from, &to),
            Command::BusSet(param, adjust) => self.bus_set(param, adjust),
            Command::BusReset(what) => {
                self.bus_reset(what);
                Ok(())
            }
            Command::AlarmAck(kind) => self.alarm_ack(kind),
            Command::LoudnessReset => {
                self.effects.push(Effect::ResetLoudness);
                self.event(EventLevel::Info, "program", "loudness is measured anew");
                Ok(())
            }
            Command::SceneSave(_)
            | Command::PresetApply(..)
            | Command::PresetDiff(..)
            | Command::PresetSave(..)
            | Command::PictureSave(..)
            | Command::Apply(..)
            | Command::Plan(_)
            | Command::Reload
            | Command::CueLoad(_)
            | Command::RulesLoad(_)
            | Command::RulesExplain(_)
            | Command::Sources(_)
            | Command::CameraControls(_)
            | Command::Record(..) => Err(Refusal::NeedsFiles),
            Command::Confirm => self.confirm(),
            Command::Rollback => self.rollback(),
            Command::WatchFile(switch) => {
                self.watch_file(switch);
                Ok(())
            }
            Command::CueRun(first) => self.cue_run(first),
            Command::CueHold => self.cue_hold(),
            Command::CueGo => self.cue_go(),
            Command::CueSkip => self.cue_skip(),
            Command::CueFire(name) => self.cue_fire(&name),
            Command::CueStop => self.cue_stop(),
            Command::PictureSet(source, param, adjust) => self.picture_set(&source, param, adjust),
            Command::PictureReset(source, what) => self.picture_reset(&source, what),
            Command::PictureCopy(from, to) => self.picture_copy(&from, &to),
            Command::CameraSet(source, control, value) => self.camera_set(&source, &control, &value),
            Command::CameraReset(source, control) => self.camera_reset(&source, control.as_deref()),
            Command::OcclusionArm(is_armed) => {
                self.arm(is_armed);
                Ok(())
            }
            Command::OcclusionLevel(level) => self.level(level),
            Command::RecordStart(path) => self.record_start(path),
            Command::RecordStop => self.record_stop(),
            Command::RecordSplit => self.record_split(),
            Command::RenditionLevel(name, level) => self.rendition_level(&name, level),
            Command::OcclusionStep(is_more_hidden) => self.step_level(is_more_hidden),
            Command::OcclusionPolicy(name) => self.policy(name),
            Command::OcclusionMask(mask) => {
                self.mask(mask);
                Ok(())
            }
            Command::OcclusionSticker(name) => self.sticker(name),
            Command::FaceExempt(track, is_exempt) => self.exempt(track, is_exempt),
            Command::FaceRelease => {
                self.effects.push(Effect::ReleaseFaces);
                self.event(EventLevel::Warning, "occlusion", "lost faces count as gone");
                Ok(())
            }
            Command::ZoneAdd(name, place) => {
                let rect = place.on(self.studio.format);
                self.add_zone(crate::scene::Zone { name, rect })
            }
            Command::ZoneRemove(name) => self.remove_zone(name),
            Command::Hold(hold, pace) => {
                self.hold(hold, pace);
                Ok(())
            }
            Command::Dump(last) => self.dump(last),
            Command::Moderate(is_armed) => self.moderate(is_armed),
            Command::Unjudged(is_passed) => {
                self.unjudged(is_passed);
                Ok(())
            }
            Command::ModerateProgram(switch) => {
                self.moderate_program(switch);
                Ok(())
            }
            Command::ModerateStrip(strip, switch) => self.moderate_strip(&strip, switch),
            Command::ModerateWord(word, kind) => self.moderate_word(word, kind),
            Command::ModerateSpan(from, until, kind) => self.moderate_span(from, until, kind),
            Command::ModerateRestore(span) => self.restore(span),
            Command::ModerateReveal(seen) => self.reveal(seen),
            Command::Bitrate(kbps) => {
                self.bitrate(kbps);
                Ok(())
            }
            Command::Adapt(switch) => {
                self.adapt(switch);
                Ok(())
            }
            Command::AdaptPolicy(name) => self.adapt_policy(name),
            Command::AdaptPin(pinned) => self.pin(pinned),
            Command::AdaptRelease(what) => self.release(what),
            Command::TraceStart(path) => {
                if !path.is_absolute() {
                    return Err(Refusal::RelativePath(path.display().to_string()));
                }
                self.effects.push(Effect::TraceStart(path));
                Ok(())
            }
            Command::TraceStop if self.studio.adapt.trace.is_none() => Err(Refusal::NoTrace),
            Command::TraceStop => {
                self.effects.push(Effect::TraceStop);
                Ok(())
            }
            Command::Keyframe => {
                self.effects.push(Effect::Keyframe);
                Ok(())
            }
            Command::DestinationAdd(name, url, rendition) => self.add_destination(name, url, rendition),
            Command::DestinationRemove(name) => {
                self.destination(&name)?;
                self.studio.destinations.retain(|destination| destination.name != name);
                self.effects.push(Effect::RemoveDestination(name.clone()));
                self.event(EventLevel::Info, format!("destination {name}"), "removed");
                Ok(())
            }
            Command::DestinationStart(name) => {
                self.destination(&name)?;
                self.effects.push(Effect::StartDestination(name));
                Ok(())
            }
            Command::DestinationStop(name) => {
                self.destination(&name)?;
                self.effects.push(Effect::StopDestination(name));
                Ok(())
            }
            Command::Retry(Some(name)) => {
                self.destination(&name)?;
                self.effects.push(Effect::RetryDestination(name));
                Ok(())
            }
            Command::Retry(None) => {
                let waiting = self.studio.destinations.iter().filter(|destination| {
                    matches!(
                        destination.state,
                        DestinationState::Backoff { .. } | DestinationState::Failed { .. }
                    )
                });
                self.effects
                    .extend(waiting.map(|destination| Effect::RetryDestination(destination.name.clone())));
                Ok(())
            }
            Command::SourceRestart(name) => {
                if self.studio.source_mut(&name).is_none() {
                    return Err(unknown_source(self.studio, &name));
                }
                self.effects.push(Effect::RestartSource(name));
                Ok(())
            }
            command @ (Command::DataSet(_)
            | Command::DataMerge(_)
            | Command::DataClear
            | Command::Rules(_)
            | Command::RulesRelease) => self.data_and_rules(command),
            Command::End => {
                self.event(EventLevel::Info, "studio", "the show ends");
                self.effects.push(Effect::End);
                Ok(())
            }
            // Only what was done by an operator is taken back, and that only as a whole.
            Command::Undo => Err(Refusal::NothingToUndo),
            Command::Client(_) => Err(Refusal::ClientOnly),
        }
    }

    fn destination(&self, name: &str) -> Result<(), Refusal> {
        let mut names = self.studio.destinations.iter().map(|destination| &destination.name);
        if names.clone().any(|known| known == name) {
            Ok(())
        } else {
            Err(unknown("destination", name.to_owned(), &mut names))
        }
    }

    fn add_destination(&mut self, name: String, url: SecretUrl, rendition: Option<String>) -> Result<(), Refusal> {
        if self.destination(&name).is_ok() {
            return Err(Refusal::Exists(name));
        }
        let rendition = rendition.filter(|wanted| wanted != "source");
        if let Some(wanted) = &rendition {
            self.check_rendition(wanted)?;
        }
        self.studio.destinations.push(DestinationModel {
            name: name.clone(),
            url: url.to_string(),
            rendition: rendition.clone(),
            state: DestinationState::Idle,
            loss: None,
            stats: DestinationStats::default(),
        });
        self.effects.push(Effect::AddDestination(name.clone(), url, rendition));
        self.effects.push(Effect::StartDestination(name));
        Ok(())
    }
}

/// There is no source of that name.
pub(in crate::studio) fn unknown_source(studio: &Studio, name: &str) -> Refusal {
    unknown(
        "source",
        name.to_owned(),
        studio.sources.iter().map(|source| &source.name),
    )
}

/// That there is no strip of that name.
pub(in crate::studio) fn unknown_strip(studio: &Studio, name: &str) -> Refusal {
    let names = studio.strips.iter().map(|strip| &strip.name);
    unknown("strip", name.to_owned(), names)
}

fn unknown<'a>(kind: &'static str, name: String, known: impl Iterator<Item = &'a String>) -> Refusal {
    let known = known.map(String::as_str).collect::<Vec<_>>().join(", ");
    let known = if known.is_empty() { "none".to_owned() } else { known };
    Refusal::Unknown { kind, name, known }
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
