//! What the core task does about effects: each goes to whoever carries it out.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::air::MaskPlan;
use super::super::graphics::{self, GraphicsMessage};
use super::super::picture_loop::PictureMessage;
use super::super::plan::Plan;
use super::super::reporters::post;
use super::super::sound_loop::SoundMessage;
use super::super::taping::Reel;
use super::Core;
use crate::publish::{DestinationSpec, Scheme, Uplink, budget};
use crate::studio::model::EventLevel;
use crate::studio::update::{Effect, Input, RecordingNews};

impl Core {
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let Some(effect) = self.carry_out_live(effect) else {
                continue;
            };
            match effect {
                // Those are carried out by now.
                Effect::Sources(_)
                | Effect::KnowDestination(..)
                | Effect::Rollback
                | Effect::Confirmed
                | Effect::Watch(_) => {}
                Effect::Picture => {
                    let plan = Arc::new(Plan::new(&self.studio));
                    self.is_state_drawn = graphics::asks_state(&plan);
                    self.tell_graphics(GraphicsMessage::Plan(Arc::clone(&plan)));
                    self.tell_pictures(PictureMessage::Plan(plan));
                }
                Effect::Strip(at, settings) => self.tell_sound(SoundMessage::Strip(at, settings)),
                Effect::Enhance(at, settings) => self.tell_pictures(PictureMessage::Enhance(at, settings)),
                Effect::Buses(settings) => self.tell_sound(SoundMessage::Buses(settings)),
                Effect::OnProgram(at, is_on, over) => self.tell_sound(SoundMessage::OnProgram(at, is_on, over)),
                Effect::Hold(target, pace) => self.moderator.holding().set(target, pace),
                Effect::Dump(last) => {
                    self.moderator.holding().dump(last);
                }
                Effect::Edit(edit) => self.moderator.holding().edit(edit),
                Effect::CloseEdit(id, until) => self.moderator.holding().close(id, until),
                Effect::RestoreEdit(id) => {
                    // What has left meanwhile is left.
                    self.moderator.holding().restore(id);
                }
                Effect::Reveal(id) => {
                    // It may have gone meanwhile.
                    self.moderator.areas().release(id);
                }
                Effect::Checks => self.moderator.arm(&self.studio.moderation, self.clock.now()),
                Effect::Compliance(entry) => self.comply(&entry),
                Effect::Occlusion => self.hide(),
                Effect::ReleaseFaces => self.watch.want_release(),
                Effect::ResetLoudness => self.tell_sound(SoundMessage::ResetLoudness),
                Effect::Rate(line, rate) => self.outlet.aim(line, |target| target.rate = rate),
                Effect::FrameRate(line, divisor) => self.outlet.aim(line, |target| target.divisor = divisor.max(1)),
                Effect::Size(line, width, height) => {
                    self.outlet.aim(line, |target| target.size = Some((width, height)));
                }
                Effect::SoundKbps(kbps) => self.outlet.aim_sound(|sound| sound.bitrate_kbps = kbps),
                Effect::SoundRate(rate) => self.outlet.aim_sound(|sound| sound.sample_rate = rate),
                Effect::Ladder(count) => self.relaying.offer_only(count),
                Effect::TraceStart(path) => self.trace(&[path]),
                Effect::TraceStop => {
                    let lost = self.adapting.end_trace();
                    if lost > 0 {
                        let text = format!("the disk was late: {lost} lines are missing");
                        post(&self.post, Input::Event(EventLevel::Warning, "trace".to_owned(), text));
                    }
                    post(&self.post, Input::Trace(Ok(None)));
                }
                Effect::Adapt(order) => {
                    self.adapting.obey(order);
                    // At once: what is pinned and given back within a tick would else be told by nobody.
                    self.adapt();
                }
                Effect::Keyframe => self.outlet.want_idrs(),
                Effect::AddDestination(name, url, rendition) => {
                    self.destinations.know(DestinationSpec {
                        rendition,
                        ..DestinationSpec::new(name, url)
                    });
                    self.check_uplink();
                }
                Effect::RecordStart(path) => self.record(path),
                Effect::RecordStop => self.stop_recording(),
                Effect::RecordSplit => self.taping.split(&self.outlet),
                Effect::StartDestination(name) | Effect::RetryDestination(name) => self.destinations.start(&name),
                Effect::StopDestination(name) => self.destinations.stop(&name),
                Effect::RemoveDestination(name) => self.destinations.forget(&name),
                Effect::RestartSource(name) => {
                    if let Some(at) = self.studio.sources.iter().position(|source| source.name == name) {
                        self.tell_pictures(PictureMessage::Restart(at));
                    }
                }
                Effect::SetControl(name, control, value) => {
                    if let Some(at) = self.studio.sources.iter().position(|source| source.name == name) {
                        self.tell_pictures(PictureMessage::Control(at, control, value));
                    }
                }
                Effect::Rules { is_anew } => {
                    if is_anew {
                        self.ruling.forget_choice();
                    }
                    self.rule();
                }
                Effect::Cue(firing) => self.do_cue(firing),
                Effect::Event(event) => self.announce(event),
                Effect::End => self.is_over = true,
            }
        }
    }

    /// Warns where the destinations need more than the way out carries.
    pub(super) fn check_uplink(&mut self) {
        let Some(uplink_kbps) = self.show.uplink_kbps else {
            return;
        };
        let shares = self.destinations.specs().iter().filter_map(|spec| {
            let rendition = spec.rendition.as_ref();
            let rendition = rendition.and_then(|name| self.studio.renditions.iter().find(|known| known.name == *name));
            Some(Uplink {
                scheme: Scheme::of(&spec.url)?,
                video_kbps: rendition.map_or(self.studio.encoder.video_kbps, |rendition| rendition.video_kbps),
                frames_per_second: self.show.video.frame_rate.as_f64(),
                audio_kbps: self.sound.bitrate_kbps,
            })
        });
        let budget = budget(&shares.collect::<Vec<_>>());
        if budget.is_tight(uplink_kbps) {
            let text = format!(
                "the destinations take {} kbit/s together, and {uplink_kbps} is all that the uplink carries: a fifth of it should stay free",
                budget.total_kbps
            );
            self.tell(EventLevel::Warning, &text);
        }
    }

    /// Records the show, into `path` or where the scene file says.
    pub(super) fn record(&mut self, path: Option<PathBuf>) {
        let recording = &self.show.recording;
        let mut settings = recording.record.clone();
        settings.name.clone_from(&self.studio.name);
        if let Some(path) = path {
            settings.path = path;
        }
        let number = |name: &String| self.studio.strips.iter().position(|strip| strip.name == *name);
        let strips = recording.strips.iter();
        let reel = Reel {
            settings,
            audio: self.outlet.sound_config().unwrap_or_else(|| self.sound.clone()),
            strips: strips.filter_map(|name| Some((name.clone(), number(name)?))).collect(),
        };
        match self.taping.start(reel, self.clock, &self.outlet, &self.post) {
            Ok(taps) => {
                for tap in taps {
                    self.tell_sound(SoundMessage::Record(tap));
                }
            }
            Err(reason) => post(&self.post, Input::Recording(RecordingNews::Refused(reason))),
        }
    }

    pub(super) fn stop_recording(&mut self) {
        let Some(wait) = self.taping.stop(&self.outlet) else {
            return;
        };
        let inputs = self.post.clone();
        tokio::task::spawn_blocking(move || {
            let ended = wait();
            post(&inputs, Input::Recording(RecordingNews::Ended(ended)));
        });
    }

    /// What hides faces has changed.
    pub(super) fn hide(&mut self) {
        let plan = MaskPlan::new(&self.studio, self.stickers.clone());
        self.watch.set_plan(plan);
    }
}
