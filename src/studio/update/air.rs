//! What goes on program, and how: takes and the transitions that they go by.

use super::{CUT_SOUND_MS, Effect, Refusal, Unit, unknown};
use crate::media::TimeDelta;
use crate::scene::Stinger;
use crate::studio::model::{EventLevel, Fade, FadeKind, SourceState, Transition, TransitionKind};

/// How long, in ms, program waits for the first picture of a stinger: then it is a cut.
pub const STINGER_WAITS_MS: i64 = 500;

/// The longest stinger, in ms: one whose source does not say that it has ended is over then.
const LONGEST_STINGER_MS: i64 = 30_000;

impl Unit<'_> {
    /// Ends a transition that is over, or that cannot go on.
    pub(super) fn end_fade(&mut self) {
        let Some(fade) = &self.studio.fade else { return };
        let gone = self.now - fade.start;
        let mut is_over = gone >= fade.duration;
        if let FadeKind::Stinger { source, has_begun, .. } = &fade.kind
            && !has_begun
            && gone >= TimeDelta::from_millis(STINGER_WAITS_MS)
        {
            let text = format!("the stinger {source} does not begin: the scenes are cut");
            is_over = true;
            self.event(EventLevel::Warning, "program", text);
        }
        if is_over {
            self.drop_fade();
        }
    }

    /// What a stinger's source does decides how the transition goes on.
    pub(super) fn stinger_state(&mut self, name: &str, state: &SourceState) {
        let Some(fade) = &mut self.studio.fade else { return };
        let FadeKind::Stinger { source, has_begun, .. } = &mut fade.kind else {
            return;
        };
        if source != name {
            return;
        }
        match state {
            SourceState::Starting => {}
            SourceState::Live => *has_begun = true,
            SourceState::Ended if !*has_begun => {}
            SourceState::Ended | SourceState::Away { .. } | SourceState::Failed { .. } => self.drop_fade(),
        }
    }

    /// The transition is over: program is the new scene alone.
    fn drop_fade(&mut self) {
        let Some(fade) = self.studio.fade.take() else { return };
        if let FadeKind::Stinger { source, .. } = &fade.kind {
            self.stinger_sound(source, false);
        }
        self.tally();
        self.effects.push(Effect::Picture);
    }

    /// The sound of a stinger that follows its picture: it is on program while it plays.
    fn stinger_sound(&mut self, source: &str, is_on: bool) {
        let strip = self.studio.strips.iter().position(|strip| strip.name == source);
        let is_seen = self.studio.is_in_scene(&self.studio.program, source);
        if let Some(at) = strip.filter(|_| !is_seen) {
            let over = TimeDelta::from_millis(CUT_SOUND_MS);
            self.effects.push(Effect::OnProgram(at, is_on, over));
        }
    }

    /// The scene of that name, or of that number counted from 1.
    pub(super) fn scene(&self, wanted: &str) -> Result<String, Refusal> {
        let by_name = self.studio.scene(wanted);
        let by_number = || {
            wanted
                .parse::<usize>()
                .ok()
                .and_then(|number| self.studio.scenes.get(number.wrapping_sub(1)))
        };
        let scene = by_name.or_else(by_number);
        let names = || self.studio.scenes.iter().map(|scene| &scene.name);
        scene
            .map(|scene| scene.name.clone())
            .ok_or_else(|| unknown("scene", wanted.to_owned(), names()))
    }

    /// Puts a scene, or preview, on program by the transition that it has, or else the show.
    pub(super) fn take_as_set(&mut self, scene: Option<&str>) -> Result<(), Refusal> {
        let next = match scene {
            Some(wanted) => self.scene(wanted)?,
            None => self.studio.preview.clone(),
        };
        let own = self.studio.scene(&next).and_then(|scene| scene.transition.clone());
        let transition = own.unwrap_or_else(|| self.studio.transition.clone());
        self.take(Some(next), &transition)
    }

    /// The set transition, as one of that kind.
    pub(super) fn as_kind(&self, kind: TransitionKind) -> Transition {
        Transition {
            kind,
            ..self.studio.transition.clone()
        }
    }

    /// Takes preview by the stinger of its scene, or else that of the show.
    pub(super) fn take_by_stinger(&mut self) -> Result<(), Refusal> {
        let next = self.studio.scene(&self.studio.preview);
        let own = next.and_then(|scene| scene.transition.as_ref()?.stinger.clone());
        let stinger = own.or_else(|| self.studio.transition.stinger.clone());
        let stinger = stinger.ok_or(Refusal::NoStinger)?;
        let transition = Transition {
            stinger: Some(stinger),
            ..self.as_kind(TransitionKind::Stinger)
        };
        self.take(None, &transition)
    }

    /// Sets what `take` does.
    pub(super) fn set_transition(&mut self, kind: TransitionKind, duration: Option<TimeDelta>) -> Result<(), Refusal> {
        if kind == TransitionKind::Stinger && self.studio.transition.stinger.is_none() {
            return Err(Refusal::NoStinger);
        }
        self.studio.transition.kind = kind;
        if let Some(duration) = duration {
            self.studio.transition.duration = duration;
        }
        Ok(())
    }

    /// Puts a scene, or preview, on program.
    pub(super) fn take(&mut self, scene: Option<String>, transition: &Transition) -> Result<(), Refusal> {
        let next = match scene {
            Some(wanted) => self.scene(&wanted)?,
            None => self.studio.preview.clone(),
        };
        let last = self.studio.program.clone();
        if next == last {
            return Ok(());
        }
        let occlusion_level = self.scene_level(&next);
        let before = self.studio.fade.take();
        if let Some(FadeKind::Stinger { source, .. }) = before.as_ref().map(|fade| &fade.kind) {
            let source = source.clone();
            self.stinger_sound(&source, false);
        }
        // What a transition that was under way still shows goes over into this one.
        let occlusion_level = before.map_or(occlusion_level, |before| before.occlusion_level.min(occlusion_level));
        let kind = self.kind_of(transition);
        let over = match &kind {
            None => TimeDelta::from_millis(CUT_SOUND_MS),
            Some((_, duration, over)) => {
                debug_assert!(over <= duration);
                *over
            }
        };
        self.studio.fade = kind.map(|(kind, duration, _)| Fade {
            from: last.clone(),
            start: self.now,
            duration,
            occlusion_level,
            kind,
            since: self.studio.air.since,
        });
        self.studio.program.clone_from(&next);
        self.studio.air.since = self.now;
        self.follow_video(&last, over);
        self.change_scene_strips();
        if let Some(FadeKind::Stinger { source, .. }) = self.studio.fade.as_ref().map(|fade| &fade.kind) {
            let source = source.clone();
            self.stinger_sound(&source, true);
            self.effects.push(Effect::RestartSource(source));
        }
        // Program and preview change places, so that the next take goes back.
        if self.studio.preview == next {
            self.studio.preview = last;
        }
        self.tally();
        self.effects.push(Effect::Picture);
        self.event(EventLevel::Info, "program", format!("scene {next} is on program"));
        Ok(())
    }

    /// What is seen between two scenes, for how long at the longest, and how long sound takes that follows; none is a cut.
    fn kind_of(&mut self, transition: &Transition) -> Option<(FadeKind, TimeDelta, TimeDelta)> {
        let duration = transition.duration;
        let is_seen = duration > TimeDelta::ZERO;
        match transition.kind {
            TransitionKind::Cut => None,
            TransitionKind::Fade => is_seen.then_some((FadeKind::Fade, duration, duration)),
            TransitionKind::Wipe => is_seen.then_some((FadeKind::Wipe(transition.direction), duration, duration)),
            TransitionKind::Stinger => {
                let Some(Stinger { source, cut_at, matte }) = transition.stinger.clone() else {
                    self.event(EventLevel::Warning, "program", "no stinger is set: the scenes are cut");
                    return None;
                };
                if let Some(SourceState::Failed { reason }) = self.studio.source_mut(&source).map(|found| &found.state)
                {
                    let text = format!("the stinger {source} has failed ({reason}): the scenes are cut");
                    self.event(EventLevel::Warning, "program", text);
                    return None;
                }
                let longest = TimeDelta::from_millis(STINGER_WAITS_MS + LONGEST_STINGER_MS) + cut_at;
                let over = cut_at.max(TimeDelta::from_millis(CUT_SOUND_MS)).min(longest);
                let kind = FadeKind::Stinger {
                    source,
                    cut_at,
                    matte,
                    has_begun: false,
                };
                Some((kind, longest, over))
            }
        }
    }

    /// Marks which sources are seen where.
    pub(super) fn tally(&mut self) {
        for at in 0..self.studio.sources.len() {
            let studio = &*self.studio;
            let name = &studio.sources[at].name;
            let is_fading = studio.fade.as_ref().is_some_and(|fade| {
                let is_stinger = matches!(&fade.kind, FadeKind::Stinger { source, .. } if source == name);
                is_stinger || studio.is_in_scene(&fade.from, name)
            });
            let is_on_program = is_fading || studio.is_in_scene(&studio.program, name);
            let is_on_preview = studio.is_in_scene(&studio.preview, name);
            self.studio.sources[at].is_on_program = is_on_program;
            self.studio.sources[at].is_on_preview = is_on_preview;
        }
    }
}

#[cfg(test)]
#[path = "air_tests.rs"]
mod tests;
