//! How the core task lets the running show follow its scene file: what is read is held against what was read before, merged with
//! what operators have set, and carried out.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::super::applying::{Asked, Found, read_show};
use super::super::cast::{Cast, Player, Recast};
use super::super::counting::Counting;
use super::super::errands::Brought;
use super::super::picture_loop::PictureMessage;
use super::super::plan::Plan;
use super::super::raise::start_source;
use super::super::regroup::Regroup;
use super::super::reporters::source_reporter;
use super::super::sound_loop::SoundMessage;
use super::super::sourcing::Sourcing;
use super::super::watching::Watching;
use super::Core;
use crate::control::desk::Reply;
use crate::media::{TimeDelta, Timestamp};
use crate::scene::{Show, ShowDifference, When, diff, keep_running, merge, on_canvas, renames};
use crate::studio::command::{Answer, Command};
use crate::studio::model::{Cause, Confirm, DiskState, EventLevel};
use crate::studio::opening::Waiting;
use crate::studio::saved::{SavedWaiting, Standing};
use crate::studio::update::{Effect, Input, NewShow, Recasting, Why, live_show, update_for};

/// What was applied for a time: all that takes it back.
pub(super) struct Pending {
    /// The show and its file before and after.
    pub waiting: Waiting,
    /// When it goes back, by the clock of the wall: it outlives this process.
    pub deadline: SystemTime,
}

impl Pending {
    /// What waits from now on.
    pub(super) fn new(waiting: Waiting) -> Self {
        Self {
            deadline: SystemTime::now() + waiting.left,
            waiting,
        }
    }

    /// The same as it is saved.
    pub(super) fn saved(&self) -> SavedWaiting {
        let until = self.deadline.duration_since(SystemTime::UNIX_EPOCH);
        SavedWaiting::new(
            &self.waiting.read.script,
            self.waiting.standing.clone(),
            until.unwrap_or_default(),
        )
    }

    /// The same as clients see it.
    pub(super) fn confirm(&self, now: Timestamp) -> Confirm {
        let left = TimeDelta::from_secs_f64(self.waiting.left.as_secs_f64());
        Confirm {
            until: now + left,
            within: left,
            changes: diff(&self.waiting.before, &self.waiting.after).len(),
            told: left,
        }
    }
}

impl Core {
    /// Takes up what waited to be confirmed when the show was cut off, and watches the scene file.
    pub(super) fn begin_live(&mut self) {
        self.watch_files(self.studio.live.is_watched);
        // One that goes on after a crash may be another one than what lies on the disk.
        self.look();
    }

    /// Sees whether the scene file is what runs; nothing is applied.
    fn look(&self) {
        if let Some(path) = self.read.script.scene.clone() {
            self.read_in_background(path, Asked::Look, None);
        }
    }

    /// The next word that a watched file has changed.
    pub(super) fn watch_files(&mut self, is_watched: bool) {
        self.watching = None;
        if !is_watched || self.read.script.scene.is_none() {
            return;
        }
        match Watching::start(&self.read.files) {
            Ok(watching) => self.watching = Some(watching),
            Err(reason) => {
                let text = format!("the scene file cannot be watched, reload reads it again: {reason}");
                self.feed(Input::Event(EventLevel::Warning, "show".to_owned(), text));
            }
        }
    }

    /// Has a scene file read, away from this task. A command that needs none comes back.
    pub(super) fn fetch(&self, command: Command, reply: Reply) -> Option<(Command, Reply)> {
        let asked = match &command {
            Command::Apply(path, _) | Command::Plan(path) if !path.is_absolute() => {
                let text = format!(
                    "{} is no whole path: the studio runs in a folder of its own",
                    path.display()
                );
                reply.send(Err(text));
                return None;
            }
            Command::Apply(_, within) => Asked::Apply(*within),
            Command::Plan(_) => Asked::Plan,
            Command::Reload => Asked::Reload,
            _ => return Some((command, reply)),
        };
        let path = match command {
            Command::Apply(path, _) | Command::Plan(path) => Some(path),
            _ => self.read.script.scene.clone(),
        };
        let Some(path) = path else {
            reply.send(Err(
                "this show is inside the program; apply FILE takes another".to_owned()
            ));
            return None;
        };
        self.read_in_background(path, asked, Some(reply));
        None
    }

    /// A watched file has changed.
    pub(super) fn on_saved(&self) {
        if let Some(path) = self.read.script.scene.clone() {
            self.read_in_background(path, Asked::Saved, None);
        }
    }

    fn read_in_background(&self, path: std::path::PathBuf, asked: Asked, reply: Option<Reply>) {
        let (script, bring) = (self.read.script.clone(), self.errands.bringer());
        tokio::task::spawn_blocking(move || {
            let show = read_show(&script, &path);
            let found = Found {
                path,
                asked,
                show,
                reply,
            };
            // The studio has ended where nobody takes it.
            drop(bring.blocking_send(Brought::Show(Box::new(found))));
        });
    }

    /// A scene file has been read.
    pub(super) fn found(&mut self, found: Found) {
        let Found {
            path,
            asked,
            show,
            reply,
        } = found;
        let show = match show {
            Ok(show) => *show,
            Err(errors) => {
                let errors = errors.diagnostics().iter().map(ToString::to_string).collect::<Vec<_>>();
                if let Some(reply) = reply {
                    reply.send(Err(errors.join("\n")));
                }
                if matches!(asked, Asked::Saved | Asked::Reload | Asked::Look) {
                    self.feed(Input::Disk(DiskState::Invalid, errors));
                }
                return;
            }
        };
        let why = match asked {
            Asked::Plan => {
                let answer = self.plan_of(&show, &path.display().to_string());
                if let Some(reply) = reply {
                    reply.send(Ok(answer));
                }
                return;
            }
            Asked::Apply(within) => Why::Applied(path.display().to_string(), within),
            Asked::Saved | Asked::Reload | Asked::Look => Why::Saved,
        };
        if matches!(asked, Asked::Saved | Asked::Look) {
            if show.script.texts == *self.texts_on_disk() {
                if self.studio.live.disk != DiskState::Same {
                    self.feed(Input::Disk(DiskState::Same, Vec::new()));
                }
                return;
            }
            if asked == Asked::Look || !self.studio.live.is_watched || self.studio.live.confirm.is_some() {
                self.feed(Input::Disk(DiskState::Differs, Vec::new()));
                return;
            }
        }
        let cause = reply.as_ref().map(|reply| reply.cause().clone());
        let (show, sourcing) = self.rebased(show);
        let done = self.become_file(show, &why, cause.as_ref());
        if done.is_ok() {
            self.sourcing_before = Some(self.sourcing.clone());
            self.stand_sources(sourcing);
        }
        if let (Err(reason), Asked::Saved) = (&done, asked) {
            let text = format!("the saved file is not applied: {reason}");
            self.feed(Input::Event(EventLevel::Warning, "show".to_owned(), text));
            self.feed(Input::Disk(DiskState::Differs, Vec::new()));
        }
        self.publish();
        if let Some(reply) = reply {
            reply.send(done);
        }
    }

    /// What the show becomes by what has changed from `from` to `to`.
    pub(super) fn becoming(&self, from: &Show, to: &Show, live: &Show, why: Why) -> NewShow {
        // The size of the pictures waits for the next start; what is seen in them does not.
        let canvas = (live.video.width, live.video.height);
        let (from, to) = (&on_canvas(from, canvas), &on_canvas(to, canvas));
        let show = keep_running(live, &merge(from, to, live));
        let replaced = show.sources.iter().filter(|spec| {
            let was = live.sources.iter().find(|was| was.name == spec.name);
            was.is_some_and(|was| was != *spec)
        });
        let moved = show.destinations.iter().filter(|spec| {
            let was = live.destinations.iter().find(|was| was.name == spec.name);
            was.is_some_and(|was| was != *spec)
        });
        let waits = diff(&self.started, to);
        let waits = waits.iter().filter(|difference| !difference.when.is_live());
        NewShow {
            read: to.scenes.clone(),
            renames: renames(from, to),
            source_renames: Vec::new(),
            replaced: replaced.map(|spec| spec.name.clone()).collect(),
            moved: moved.map(|spec| spec.name.clone()).collect(),
            differences: diff(from, to),
            waits: waits.map(ShowDifference::key).collect(),
            show,
            why,
        }
    }

    pub(super) fn live_show(&self) -> Show {
        live_show(&self.show, &self.studio, self.destinations.specs())
    }

    /// The running show becomes what `file` says, as far as that is another than what was read last.
    fn become_file(&mut self, file: Show, why: &Why, cause: Option<&Cause>) -> Result<Answer, String> {
        let live = self.live_show();
        let new = self.becoming(&self.read, &file, &live, why.clone());
        let differences = new.differences.clone();
        let after = new.show.clone();
        let standing = self.standing();
        let within = match why {
            Why::Applied(_, within) => *within,
            Why::Saved | Why::Back(_) | Why::Chosen(_) => None,
        };
        if differences.is_empty() && within.is_none() {
            // Comments, perhaps: there is nothing to tell of.
            self.read = file;
            self.keep_script();
            if self.studio.live.disk != DiskState::Same {
                self.feed(Input::Disk(DiskState::Same, Vec::new()));
            }
            return Ok(told(&differences, None));
        }
        self.become_new(new, cause)?;
        let before = std::mem::replace(&mut self.read, file);
        self.of_scene.clone_from(&self.read.destinations);
        if let Some(within) = within {
            let within = Duration::from_millis(u64::try_from(within.to_millis()).unwrap_or_default());
            self.pending = Some(Pending::new(Waiting {
                before: live,
                after,
                read: before,
                standing,
                left: within,
            }));
        }
        self.keep_script();
        self.watch_files(self.studio.live.is_watched);
        Ok(told(&differences, None))
    }

    /// What was applied for a time goes back; what operators have set since stays where that had not touched it.
    pub(super) fn go_back(&mut self, reason: &'static str) {
        let Some(Pending { waiting, .. }) = self.pending.take() else {
            return;
        };
        let live = self.live_show();
        let mut new = self.becoming(&waiting.after, &waiting.before, &live, Why::Back(reason));
        let waits = diff(&self.started, &waiting.read);
        new.waits = waits
            .iter()
            .filter(|it| !it.when.is_live())
            .map(ShowDifference::key)
            .collect();
        new.show.script = waiting.read.script.clone();
        new.read.clone_from(&waiting.read.scenes);
        if let Err(reason) = self.become_new(new, None) {
            let text = format!("what was applied cannot be taken back: {reason}");
            self.feed(Input::Event(EventLevel::Error, "show".to_owned(), text));
            self.studio.live.confirm = None;
            return;
        }
        self.read = waiting.read;
        self.of_scene.clone_from(&self.read.destinations);
        let generation = self.sourcing.generation + 1;
        let before = self.sourcing_before.take().unwrap_or_default();
        self.stand_sources(Sourcing { generation, ..before });
        self.keep_script();
        self.watch_files(self.studio.live.is_watched);
        self.look();
    }

    /// What was applied for a time stays.
    pub(super) fn keep_applied(&mut self) {
        self.pending = None;
        self.keep_script();
    }

    pub(super) fn become_new(&mut self, new: NewShow, cause: Option<&Cause>) -> Result<(), String> {
        let show = new.show.clone();
        let effects = update_for(&mut self.studio, Input::Show(Box::new(new)), self.clock.now(), cause);
        let effects = effects.map_err(|refusal| refusal.to_string())?;
        let before = std::mem::replace(&mut self.show, show);
        self.carry_out(effects);
        self.follow(&before);
        Ok(())
    }

    /// What is no part of the model and has changed with the show.
    fn follow(&mut self, before: &Show) {
        let show = &self.show;
        if before.audience != show.audience {
            self.counting = Counting::start(&show.audience, self.clock);
        }
        if before.moderation.slate != show.moderation.slate {
            self.moderator.holding().set_title(&show.moderation.slate);
        }
        if before.adapt != show.adapt
            || before.video != show.video
            || before.audio != show.audio
            || before.uplink_kbps != show.uplink_kbps
        {
            self.adapting.rebase(show, before.adapt.policy != show.adapt.policy);
            self.adapt();
        }
        self.check_uplink();
    }

    /// Has what the show is read from saved, so that it is resumed as it is now.
    pub(super) fn keep_script(&mut self) {
        let waiting = self.pending.as_ref().map(Pending::saved);
        let standing = self.standing();
        self.saver.change_show(&self.read.script, waiting, standing);
    }

    /// Where the show stands now.
    pub(super) fn standing(&self) -> Standing {
        let is_started = |name: &str| self.destinations.is_started(name);
        Standing::of(&self.studio, self.destinations.specs(), &self.of_scene, is_started)
    }

    /// Other sources take over, in pictures and in sound.
    pub(super) fn recast(&mut self, recasting: &Recasting) {
        let Recasting { from, is_fresh } = recasting;
        let fresh_names = self.names_to_report_by(recasting);
        let (mut players, mut rings, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (at, spec) in self.show.sources.iter().enumerate() {
            let was = from.get(at).copied().flatten();
            if !is_fresh.get(at).is_some_and(|is_fresh| *is_fresh) {
                players.push(None);
                rings.push(None);
                kept.push(was);
                continue;
            }
            let report = source_reporter(fresh_names[at].clone(), self.post.clone());
            let mut source = start_source(&self.show, spec, self.context.clone(), report);
            rings.push(source.take_audio());
            let settings = self.show.picture(&spec.name);
            players.push(Some(Player::new(source, settings, self.context.pool.clone())));
            kept.push(None);
        }
        let names = self.show.sources.iter().map(|spec| spec.name.clone()).collect();
        let plan = Arc::new(Plan::new(&self.studio));
        let (recast, left) = Recast::new(Cast::new(players, names), kept, plan);
        self.tell_pictures(PictureMessage::Cast(recast));
        // Taken apart here: memory is given back neither by the picture thread nor by the sound thread.
        tokio::task::spawn_blocking(move || drop(left.recv()));
        let strips = self.studio.strips.iter().map(|strip| self.studio.effective(strip));
        let strips = strips.collect::<Vec<_>>();
        let (regroup, left) = Regroup::new(from.clone(), &strips, rings, is_fresh.clone());
        self.tell_sound(SoundMessage::Strips(regroup));
        tokio::task::spawn_blocking(move || drop(left.recv()));
    }

    /// What `file` would change, and whether it would be refused.
    fn plan_of(&self, file: &Show, name: &str) -> Answer {
        let live = self.live_show();
        let new = self.becoming(&self.read, file, &live, Why::Applied(name.to_owned(), None));
        let differences = new.differences.clone();
        let mut trial = self.studio.clone();
        let refused = update_for(&mut trial, Input::Show(Box::new(new)), self.clock.now(), None);
        told(&differences, refused.err().map(|refusal| refusal.to_string()))
    }

    /// Does what concerns the scene file; what does not comes back.
    pub(super) fn carry_out_live(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Sources(recasting) => self.recast(&recasting),
            Effect::KnowDestination(name, is_started) => {
                let spec = self.show.destinations.iter().find(|spec| spec.name == name);
                if let Some(spec) = spec.cloned() {
                    self.destinations.know(spec);
                    if is_started {
                        self.destinations.start(&name);
                    }
                }
            }
            Effect::Rollback => self.go_back("rolled back"),
            Effect::Confirmed => self.keep_applied(),
            Effect::Watch(is_watched) => {
                self.watch_files(is_watched);
                if is_watched {
                    self.on_saved();
                }
            }
            other => return Some(other),
        }
        None
    }
}

/// Differences as an answer: sentences for people, and a list for scripts.
fn told(differences: &[ShowDifference], refused: Option<String>) -> Answer {
    let line = |difference: &ShowDifference| match &difference.when {
        When::Live => difference.to_string(),
        When::NextStart(reason) => format!("{difference} (at the next start: {reason})"),
    };
    let mut lines = differences.iter().map(line).collect::<Vec<_>>();
    if lines.is_empty() {
        lines.push("nothing changes".to_owned());
    }
    lines.extend(refused.iter().map(|reason| format!("refused: {reason}")));
    let fields = differences.iter().map(|difference| {
        let (when, reason) = match &difference.when {
            When::Live => ("live", None),
            When::NextStart(reason) => ("next_start", Some(reason.clone())),
        };
        serde_json::json!({
            "key": difference.key(), "before": difference.before, "after": difference.after, "when": when, "reason": reason,
        })
    });
    Answer::text(lines.join("\n"))
        .with("differences", fields.collect::<Vec<_>>())
        .with("refused", refused)
}
