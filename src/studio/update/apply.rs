//! What the update makes of another show: a scene file that was saved, one that is applied, and one that goes back.
//!
//! What the studio is to become is worked out outside (`scene::merge`): a whole [`Show`] in which everything that is not to
//! change is as it is now. Here the model becomes that show, and the effects are what is different.

use std::collections::BTreeMap;

use super::{Effect, Refusal, Unit};
use crate::media::TimeDelta;
use crate::publish::DestinationSpec;
use crate::scene::{Scene, SceneStrip, Show, ShowDifference, Unjudged, dangling};
use crate::studio::command::Switch;
use crate::studio::model::{
    Confirm, DestinationModel, DestinationState, DestinationStats, DiskState, EventLevel, SceneModel, SourceModel,
    SourceState, Strip, Studio,
};
use crate::studio::opening;

/// As events call what is applied.
const SUBJECT: &str = "show";

/// The most differences that are told one by one: a whole new show is told by its number.
const MOST_TOLD: usize = 40;

/// How long before its end a time to confirm is told once more.
const LAST_CALL_MS: i64 = 5000;

/// Sound that follows video takes so long, in ms, where a scene on program has got other sources.
const FOLLOW_MS: i64 = 20;

/// A show that the running one is to become.
#[derive(Clone, Debug, PartialEq)]
pub struct NewShow {
    /// All of it.
    pub show: Show,
    /// The scenes as the file has them.
    pub read: Vec<Scene>,
    /// Scenes that have got another name: the old one and the new one.
    pub renames: Vec<(String, String)>,
    /// Sources that have got another name and play on: the old one and the new one.
    pub source_renames: Vec<(String, String)>,
    /// Sources that are known by name and come from elsewhere now.
    pub replaced: Vec<String>,
    /// Destinations likewise.
    pub moved: Vec<String>,
    /// What is told of it.
    pub differences: Vec<ShowDifference>,
    /// Keys that wait for the next start.
    pub waits: Vec<String>,
    /// Why it comes.
    pub why: Why,
}

/// Why a show becomes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its scene file was saved, or is read again.
    Saved,
    /// That file is applied; for a time, if one is given.
    Applied(String, Option<TimeDelta>),
    /// What was applied goes back.
    Back(&'static str),
    /// Sources or items were changed, as these words say: nothing of it stands in the file.
    Chosen(String),
}

/// Which sources take over from which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recasting {
    /// For each source its number until now, if it had one.
    pub from: Vec<Option<usize>>,
    /// Whether it is opened anew.
    pub is_fresh: Vec<bool>,
}

/// The show as it runs: `show` with everything that operators have set since, sent to `destinations`.
#[must_use]
pub fn live_show(show: &Show, studio: &Studio, destinations: &[DestinationSpec]) -> Show {
    let mut live = show.clone();
    let scenes = studio.scenes.iter().map(|scene| Scene {
        name: scene.name.clone(),
        items: scene.items.clone(),
        occlusion_level: scene.occlusion_level,
        strips: scene.strips.clone(),
        transition: scene.transition.clone(),
        parameters: scene.parameters.clone(),
    });
    live.scenes = scenes.collect();
    let strips = studio.strips.iter();
    live.strips = strips.map(|strip| (strip.name.clone(), strip.settings)).collect();
    let sources = studio.sources.iter();
    live.pictures = sources.map(|source| (source.name.clone(), source.picture)).collect();
    live.buses = studio.buses;
    live.transition = studio.transition.clone();
    live.occlusion = studio.occlusion.settings();
    let moderation = &studio.moderation;
    live.moderation.hold = moderation.hold.target;
    live.moderation.pace = moderation.pace;
    live.moderation.unjudged = if moderation.is_unjudged_passed {
        Unjudged::Pass
    } else {
        Unjudged::Mute
    };
    for rendition in &mut live.renditions {
        if let Some(now) = studio.renditions.iter().find(|now| now.name == rendition.name) {
            rendition.occlusion_level = now.occlusion_level;
        }
    }
    let adapt = &studio.adapt.state;
    live.adapt.is_on = adapt.is_on;
    live.adapt.pins.clone_from(&adapt.pins);
    live.adapt.chosen = (adapt.policy != live.adapt.policy.name).then(|| adapt.policy.clone());
    live.destinations = destinations.to_vec();
    live.is_watched = studio.live.is_watched;
    live
}

impl Unit<'_> {
    /// Becomes `new`, or refuses to and stays as it is.
    pub(super) fn become_show(&mut self, new: &NewShow) -> Result<(), Refusal> {
        let is_back = matches!(new.why, Why::Back(_));
        if self.studio.live.confirm.is_some() && matches!(new.why, Why::Applied(..) | Why::Saved | Why::Chosen(_)) {
            return Err(Refusal::Unconfirmed);
        }
        if let Some(reason) = dangling(&new.show) {
            return Err(Refusal::Unfit(reason));
        }
        let named = |name: &str| {
            let renamed = new.renames.iter().find(|(old, _)| old == name);
            renamed.map_or_else(|| name.to_owned(), |(_, new)| new.clone())
        };
        let mut program = named(&self.studio.program);
        let mut preview = named(&self.studio.preview);
        let has = |name: &str| new.show.scene(name).is_some();
        let fallback = || {
            let start = [&new.show.start.program, &new.show.start.preview];
            let found = start.into_iter().find(|name| has(name)).cloned();
            found.or_else(|| new.show.scenes.first().map(|scene| scene.name.clone()))
        };
        // What goes back must go back, so something else is shown then. It is never black.
        for (name, bus) in [(&mut program, "program"), (&mut preview, "preview")] {
            if has(name) {
                continue;
            }
            match fallback().filter(|_| is_back) {
                Some(other) => *name = other,
                None => return Err(Refusal::SceneOnAir(name.clone(), bus)),
            }
        }
        if !matches!(new.why, Why::Chosen(_)) {
            self.tell_differences(new);
        }
        self.rename_sources(&new.source_renames);
        let NewShow {
            show,
            read,
            renames,
            replaced,
            moved,
            ..
        } = &new;
        let heard_before = self.strips_on_program();
        let set_before = self.scene_strips();
        self.become_sources(show, replaced, !new.source_renames.is_empty());
        self.become_scenes(show, read, renames, (program, preview));
        self.become_sound(show, &heard_before);
        if set_before != self.scene_strips() {
            self.change_scene_strips();
        }
        self.become_pictures(show);
        self.become_hidden(show);
        self.become_destinations(show, moved);
        if self.studio.moderation.hold.target != show.moderation.hold {
            self.hold(show.moderation.hold, None);
        }
        if self.studio.live.is_watched != show.is_watched {
            self.watch_file(if show.is_watched { Switch::On } else { Switch::Off });
        }
        self.studio.moderation.pace = show.moderation.pace;
        self.unjudged(show.moderation.unjudged == Unjudged::Pass);
        self.studio.adapt.state.is_on = show.adapt.is_on;
        let policy = show.adapt.chosen.as_ref().unwrap_or(&show.adapt.policy.name);
        self.studio.adapt.state.policy.clone_from(policy);
        self.tally();
        self.effects.push(Effect::Picture);
        // What would be taken back may be of things that are gone.
        self.note_undo();
        self.note_new(new);
        Ok(())
    }

    /// Says what changes, each by itself as far as that can be read.
    fn tell_differences(&mut self, new: &NewShow) {
        for difference in new.differences.iter().take(MOST_TOLD) {
            let text = difference.to_string();
            // What it is about, then what becomes of it.
            let names = difference.path.len().min(2);
            let subject = difference.path[..names].join(" ");
            let text = text.strip_prefix(&subject).unwrap_or(&text).trim_start().to_owned();
            let text = match &difference.when {
                crate::scene::When::Live => text,
                crate::scene::When::NextStart(reason) => format!("{text}, at the next start: {reason}"),
            };
            self.event(EventLevel::Info, subject, text);
        }
        let more = new.differences.len().saturating_sub(MOST_TOLD);
        if more > 0 {
            self.event(EventLevel::Info, SUBJECT, format!("and {more} more differences"));
        }
    }

    fn note_new(&mut self, new: &NewShow) {
        if let Why::Chosen(said) = &new.why {
            self.studio.live.waits.clone_from(&new.waits);
            let text = format!("{said}, not saved");
            return self.event(EventLevel::Info, "sources", text);
        }
        let count = new.differences.len();
        let waiting = new
            .differences
            .iter()
            .filter(|difference| !difference.when.is_live())
            .count();
        let plural = |count: usize| if count == 1 { "change" } else { "changes" };
        let waits = if waiting > 0 {
            format!(", {waiting} of them at the next start")
        } else {
            String::new()
        };
        let live = &mut self.studio.live;
        live.waits.clone_from(&new.waits);
        live.applied += 1;
        live.disk = DiskState::Same;
        live.errors.clear();
        let text = match &new.why {
            Why::Saved => format!("the scene file was saved: {count} {}{waits}", plural(count)),
            Why::Applied(file, None) => {
                live.file = Some(file.clone());
                format!("{file} is applied: {count} {}{waits}", plural(count))
            }
            Why::Applied(file, Some(within)) => {
                live.file = Some(file.clone());
                live.confirm = Some(Confirm {
                    until: self.now + *within,
                    within: *within,
                    changes: count,
                    told: *within,
                });
                let seconds = within.as_secs_f64();
                format!(
                    "{file} is applied: {count} {}{waits}; they go back in {seconds} s unless they are confirmed",
                    plural(count)
                )
            }
            // Told above.
            Why::Chosen(said) => said.clone(),
            Why::Back(reason) => {
                live.file = new.show.script.scene.as_ref().map(|path| path.display().to_string());
                live.confirm = None;
                format!(
                    "{reason}: {count} {} taken back",
                    if count == 1 { "change is" } else { "changes are" }
                )
            }
        };
        let level = match new.why {
            Why::Back(_) => EventLevel::Warning,
            _ => EventLevel::Info,
        };
        self.event(level, SUBJECT, text);
    }

    /// What the scene on program sets on strips.
    fn scene_strips(&self) -> Vec<SceneStrip> {
        let scene = self.studio.scene(&self.studio.program);
        scene.map(|scene| scene.strips.clone()).unwrap_or_default()
    }

    /// For each strip by its name, whether its source is seen on program.
    fn strips_on_program(&self) -> BTreeMap<String, bool> {
        let studio = &*self.studio;
        let strips = studio.strips.iter();
        strips
            .map(|strip| (strip.name.clone(), studio.is_in_scene(&studio.program, &strip.name)))
            .collect()
    }

    /// Calls sources by their new names wherever the model has them: what plays on is the same as before then.
    fn rename_sources(&mut self, renames: &[(String, String)]) {
        let of = |name: &str| renames.iter().find(|(old, _)| old == name).map(|(_, new)| new.clone());
        let rename = |name: &mut String| {
            if let Some(new) = of(name) {
                *name = new;
            }
        };
        {
            let studio = &mut *self.studio;
            let sources = studio.sources.iter_mut().map(|source| &mut source.name);
            let strips = studio.strips.iter_mut().map(|strip| &mut strip.name);
            let muted = studio.moderation.muted_strips.iter_mut();
            let lent = studio.lent.iter_mut().map(|lent| &mut lent.strip);
            let shown = studio.scenes.iter_mut().flat_map(|scene| &mut scene.sources);
            let names = sources.chain(strips).chain(muted).chain(lent).chain(shown);
            names.for_each(&rename);
            let of_scenes = studio.scenes.iter_mut().flat_map(|scene| &mut scene.strips);
            of_scenes.for_each(|strip| rename(&mut strip.strip));
        }
    }

    fn become_sources(&mut self, show: &Show, replaced: &[String], is_renamed: bool) {
        let old = std::mem::take(&mut self.studio.sources);
        let old_strips = std::mem::take(&mut self.studio.strips);
        let mut recasting = Recasting::default();
        for spec in &show.sources {
            let was = old.iter().position(|source| source.name == spec.name);
            let is_fresh = was.is_none() || replaced.contains(&spec.name);
            recasting.from.push(was);
            recasting.is_fresh.push(is_fresh);
            let kept = was.map(|at| &old[at]);
            let source = match kept.filter(|_| !is_fresh) {
                Some(source) => source.clone(),
                None => SourceModel {
                    is_on_program: kept.is_some_and(|kept| kept.is_on_program),
                    is_on_preview: kept.is_some_and(|kept| kept.is_on_preview),
                    picture: kept.map_or_else(|| show.picture(&spec.name), |kept| kept.picture),
                    state: SourceState::Starting,
                    ..opening::source(spec)
                },
            };
            self.studio.sources.push(source);
            let strip = old_strips.iter().find(|strip| strip.name == spec.name).cloned();
            let strip = strip.unwrap_or_else(|| {
                let of_show = show.strips.iter().find(|(name, _)| *name == spec.name);
                Strip {
                    name: spec.name.clone(),
                    settings: of_show.map(|(_, settings)| *settings).unwrap_or_default(),
                }
            });
            self.studio.strips.push(strip);
        }
        let is_same = recasting.from.iter().enumerate().all(|(at, was)| *was == Some(at))
            && old.len() == recasting.from.len()
            && !recasting.is_fresh.contains(&true);
        if is_same && !is_renamed {
            return;
        }
        let is_gone = |name: &String| show.sources.iter().all(|source| source.name != *name);
        self.studio.moderation.muted_strips.retain(|name| !is_gone(name));
        self.effects.push(Effect::Sources(recasting));
    }

    fn become_scenes(
        &mut self,
        show: &Show,
        read: &[Scene],
        renames: &[(String, String)],
        (program, preview): (String, String),
    ) {
        let scenes = show.scenes.iter().map(|scene| SceneModel {
            name: scene.name.clone(),
            sources: Vec::new(),
            items: scene.items.clone(),
            occlusion_level: scene.occlusion_level,
            strips: scene.strips.clone(),
            transition: scene.transition.clone(),
            parameters: scene.parameters.clone(),
        });
        self.studio.scenes = scenes.collect();
        for scene in read {
            self.studio.edits.take(&scene.name, &scene.items, &scene.parameters);
        }
        self.studio.find_edits();
        self.studio.find_sources();
        self.studio.program = program;
        self.studio.preview = preview;
        self.studio.transition = show.transition.clone();
        if let Some(fade) = &mut self.studio.fade {
            if let Some((_, new)) = renames.iter().find(|(old, _)| *old == fade.from) {
                fade.from.clone_from(new);
            }
            if show.scene(&fade.from).is_none() {
                self.studio.fade = None;
            }
        }
    }

    fn become_sound(&mut self, show: &Show, heard_before: &BTreeMap<String, bool>) {
        for at in 0..self.studio.strips.len() {
            let name = self.studio.strips[at].name.clone();
            let wanted = show.strips.iter().find(|(known, _)| *known == name);
            let Some((_, wanted)) = wanted else { continue };
            let is_new = !heard_before.contains_key(&name);
            if self.studio.strips[at].settings != *wanted || is_new {
                self.studio.strips[at].settings = *wanted;
                let settings = self.studio.effective(&self.studio.strips[at]);
                self.effects.push(Effect::Strip(at, settings));
            }
            let is_heard = self.studio.is_in_scene(&self.studio.program, &name);
            // A strip that is new counts as seen until it is told.
            if heard_before.get(&name).copied().unwrap_or(true) != is_heard {
                // Of one that was not there before nothing is heard while it closes.
                let over = TimeDelta::from_millis(if is_new { 0 } else { FOLLOW_MS });
                self.effects.push(Effect::OnProgram(at, is_heard, over));
            }
        }
        if self.studio.buses != show.buses {
            self.studio.buses = show.buses;
            self.effects.push(Effect::Buses(show.buses));
        }
    }

    fn become_pictures(&mut self, show: &Show) {
        for at in 0..self.studio.sources.len() {
            let source = &mut self.studio.sources[at];
            let wanted = show.picture(&source.name);
            if source.picture != wanted {
                source.picture = wanted;
                self.effects.push(Effect::Enhance(at, wanted));
            }
        }
    }

    /// What hides faces, and the levels of renditions.
    fn become_hidden(&mut self, show: &Show) {
        let occlusion = &mut self.studio.occlusion;
        let before = occlusion.settings();
        let wanted = &show.occlusion;
        let was_armed = before.is_armed;
        if before != *wanted {
            occlusion.policy = wanted.policy.clone();
            occlusion.level = wanted.level.min(wanted.policy.top());
            occlusion.mask = wanted.mask;
            occlusion.sticker.clone_from(&wanted.sticker);
            occlusion.zones.clone_from(&wanted.zones);
            self.effects.push(Effect::Occlusion);
        }
        if was_armed != wanted.is_armed {
            self.arm(wanted.is_armed);
        }
        let mut is_changed = false;
        for rendition in &mut self.studio.renditions {
            let wanted = show.renditions.iter().find(|wanted| wanted.name == rendition.name);
            if let Some(wanted) = wanted.filter(|wanted| wanted.occlusion_level != rendition.occlusion_level) {
                rendition.occlusion_level = wanted.occlusion_level;
                is_changed = true;
            }
        }
        if is_changed {
            self.effects.push(Effect::Occlusion);
        }
    }

    fn become_destinations(&mut self, show: &Show, moved: &[String]) {
        let old = std::mem::take(&mut self.studio.destinations);
        for gone in &old {
            if show.destinations.iter().all(|spec| spec.name != gone.name) {
                self.effects.push(Effect::RemoveDestination(gone.name.clone()));
            }
        }
        for spec in &show.destinations {
            let was = old.iter().find(|known| known.name == spec.name);
            let is_moved = moved.contains(&spec.name);
            if let Some(was) = was.filter(|_| !is_moved) {
                self.studio.destinations.push(was.clone());
                continue;
            }
            self.studio.destinations.push(DestinationModel {
                name: spec.name.clone(),
                url: spec.url.to_string(),
                rendition: spec.rendition.clone(),
                state: DestinationState::Idle,
                loss: None,
                stats: DestinationStats::default(),
            });
            // One that an operator has stopped stays so.
            let is_started = was.is_none_or(|was| was.state != DestinationState::Idle);
            if was.is_some() {
                self.effects.push(Effect::RemoveDestination(spec.name.clone()));
            }
            self.effects
                .push(Effect::KnowDestination(spec.name.clone(), is_started));
        }
    }

    pub(super) fn confirm(&mut self) -> Result<(), Refusal> {
        let confirm = self.studio.live.confirm.take().ok_or(Refusal::NothingWaits)?;
        self.effects.push(Effect::Confirmed);
        let text = format!("confirmed: {} changes stay", confirm.changes);
        self.event(EventLevel::Info, SUBJECT, text);
        Ok(())
    }

    pub(super) fn rollback(&mut self) -> Result<(), Refusal> {
        if self.studio.live.confirm.is_none() {
            return Err(Refusal::NothingWaits);
        }
        self.effects.push(Effect::Rollback);
        Ok(())
    }

    /// Time has passed for what waits to be confirmed.
    pub(super) fn watch_confirm(&mut self) {
        let now = self.now;
        let Some(confirm) = &mut self.studio.live.confirm else {
            return;
        };
        let left = confirm.until - now;
        if left <= TimeDelta::ZERO {
            // Told again and again until it is done, should it be lost on its way.
            if confirm.told > TimeDelta::ZERO {
                confirm.told = TimeDelta::ZERO;
                self.effects.push(Effect::Rollback);
            }
            return;
        }
        let half = TimeDelta::from_millis(confirm.within.to_millis() / 2);
        let last = TimeDelta::from_millis(LAST_CALL_MS);
        let is_due = |at: TimeDelta| left <= at && confirm.told > at && confirm.within > at;
        let Some(at) = [last.min(half), last.max(half)].into_iter().find(|at| is_due(*at)) else {
            return;
        };
        confirm.told = at;
        let seconds = confirm.left_s(now);
        let text = format!("what was applied goes back in {seconds} s unless it is confirmed");
        self.event(EventLevel::Warning, SUBJECT, text);
    }

    pub(super) fn watch_file(&mut self, switch: Switch) {
        let live = &mut self.studio.live;
        live.is_watched = switch.apply(live.is_watched);
        let is_watched = live.is_watched;
        self.effects.push(Effect::Watch(is_watched));
        let text = if is_watched {
            "a save of the scene file is applied at once"
        } else {
            "a save of the scene file changes nothing until reload"
        };
        self.event(EventLevel::Info, SUBJECT, text);
    }

    /// What is on the disk in the place of the scene file. Told once, until it changes.
    pub(super) fn disk(&mut self, disk: DiskState, errors: Vec<String>) {
        let live = &mut self.studio.live;
        let is_news = live.disk != disk || live.errors != errors;
        (live.disk, live.errors) = (disk, errors);
        if !is_news {
            return;
        }
        let live = &self.studio.live;
        let file = live.file.clone().unwrap_or_default();
        let (level, text) = match disk {
            DiskState::Same => (EventLevel::Info, "what runs is what is on the disk".to_owned()),
            DiskState::Differs => {
                let text = format!("{file} says something else than what runs; reload applies it");
                (EventLevel::Warning, text)
            }
            DiskState::Invalid => {
                let text = format!(
                    "nothing is changed, the scene file has errors: {}",
                    live.errors.join("; ")
                );
                (EventLevel::Warning, text)
            }
        };
        self.event(level, SUBJECT, text);
    }
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
