//! The core task: the one owner of the model. Orders, reports and time come in; effects go out; clients see each state.

mod called;
mod cueing;
mod doing;
mod held;
mod live;
mod ruled;
mod scenes;
mod source_saving;
mod sourcing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use self::live::Pending;
pub use self::source_saving::SourcesSaved;
use super::adapting::{self, Adapting};
use super::air::{FaceWatch, MaskPlan};
use super::compliance_file::ComplianceFile;
use super::counting::Counting;
use super::data::{Feeds, Ruling};
use super::destinations::Destinations;
use super::errands::{self, Brought, Errands};
use super::error::RunError;
use super::graphics::GraphicsMessage;
use super::measure::Measure;
use super::moderating::Moderator;
use super::obs;
use super::outlet::Outlet;
use super::picture_loop::PictureMessage;
use super::raise::{Raised, raise};
use super::relaying::{Offer, Relaying};
use super::reporters::{Inputs, post};
use super::saver::{self, Saver};
use super::service::Service;
use super::sound_loop::SoundMessage;
use super::sourcing::Sourcing;
use super::stage::Stage;
use super::taping::Taping;
use super::watching::Watching;
use crate::clock::Clock;
use crate::control::desk::{Audience, Desk, EVENTS_BEHIND, Order, Reply};
use crate::control::server;
use crate::control::socket;
use crate::control::taps::Taps;
use crate::media::AudioConfig;
use crate::publish::DestinationSpec;
use crate::record;
use crate::scene::{Show, StickerSet};
use crate::source::SourceContext;
use crate::studio::command::{Answer, Command, reveals_or_ends};
use crate::studio::model::{AdaptPolicyModel, DestinationState, Event, EventLevel, Meters, SourceState, Studio};
use crate::studio::opening::{self, Opening};
use crate::studio::saved::{Saved, Standing};
use crate::studio::update::{CueNews, Input, RecordingNews, controls_of, update, update_for};

/// Inputs that may wait for the core task.
const INPUTS_WAITING: usize = 1024;

/// Orders that may wait.
const ORDERS_WAITING: usize = 64;

/// How often meters go out, fades end and pent-up changes are shown.
const TICK: Duration = Duration::from_millis(50);

/// How long clients have to hear that the show has ended.
const GOODBYE: Duration = Duration::from_millis(500);

/// What a studio is started with.
#[derive(Debug)]
pub struct Options {
    /// The session's name.
    pub name: String,
    /// What is shown.
    pub opening: Opening,
    /// Ends the show after this long.
    pub run_for: Option<Duration>,
    /// Called once with the ready line.
    pub on_ready: fn(&str),
}

/// Runs a studio until its show ends.
///
/// # Errors
/// [`RunError`]; nothing is left running then.
pub async fn run(options: Options) -> Result<(), RunError> {
    let (claim, listener) = socket::claim(&options.name)?;
    let clock = Clock::start();
    let (ended, ended_out) = watch::channel(None);
    // Before anybody is told that the studio is ready, and may want it to end.
    let signals = Signals::listen().map_err(RunError::Signals)?;
    let (core, desk) = Core::open(&options, clock, ended_out)?;
    let service = Service::start(desk.state.clone(), Arc::clone(&core.outlet));
    if let Some(settings) = &core.show.obs {
        // Lets go by itself when the show has ended.
        tokio::spawn(obs::serve(settings.clone(), desk.clone(), core.post.clone()));
    }
    let server = tokio::spawn(server::serve(listener, desk));
    (options.on_ready)(&format!(
        "studio ready name={} socket={}",
        options.name,
        claim.path().display()
    ));
    // On the heap: it is the largest of all tasks, and there is one.
    let result = Box::pin(core.run(&options, service, signals)).await;
    server.abort();
    // Without a word where the show was lost: that is how clients tell a crash.
    ended.send_replace(Some(result?));
    // Each connection lets go of its end when it has said so. One that is not read is not waited for.
    let _ = tokio::time::timeout(GOODBYE, ended.closed()).await;
    Ok(())
}

/// What the system or a person at the terminal may want of the studio.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Listening is what makes a lost terminal harmless: the default action would end the show.
    hangup: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

struct Core {
    clock: Clock,
    studio: Studio,
    show: Show,
    /// The scene file as it was read last: what the next one is held against.
    read: Show,
    /// The scene file as it was at the start.
    started: Show,
    /// What waits to be confirmed.
    pending: Option<Pending>,
    /// What was done to sources and is not saved.
    sourcing: Sourcing,
    /// The same before what waits to be confirmed.
    sourcing_before: Option<Sourcing>,
    /// Sources that report by another name than they have now: that name, and the one of now.
    called: Vec<(String, String)>,
    watching: Option<Watching>,
    /// What sources that come later have to know.
    context: SourceContext,
    /// The destinations that the scene file names: those of the state that need no address.
    of_scene: Vec<DestinationSpec>,
    saver: Saver,
    stage: Stage,
    outlet: Arc<Outlet>,
    watch: Arc<FaceWatch>,
    stickers: Option<Arc<StickerSet>>,
    destinations: Destinations,
    relaying: Relaying,
    taping: Taping,
    adapting: Adapting,
    counting: Counting,
    ruling: Ruling,
    /// For those who bring data, once the show runs.
    desk: Desk,
    moderator: Arc<Moderator>,
    compliance: Option<ComplianceFile>,
    /// Since the start.
    ticks: u32,
    /// What the program's sound is encoded as, for those who take AAC.
    sound: AudioConfig,
    errands: Errands,
    post: Inputs,
    inputs: mpsc::Receiver<Input>,
    orders: mpsc::Receiver<Order>,
    state: watch::Sender<Arc<Studio>>,
    events: broadcast::Sender<Event>,
    meters: watch::Sender<Arc<Meters>>,
    audience: Audience,
    measure: Measure,
    is_dirty: bool,
    /// Whether letters on pictures show what the state says.
    is_state_drawn: bool,
    is_over: bool,
}

impl Core {
    fn open(options: &Options, clock: Clock, ended: watch::Receiver<Option<String>>) -> Result<(Self, Desk), RunError> {
        let show = options.opening.show.clone();
        let errands = Errands::new();
        let mut studio = opening::studio(&options.name, &show);
        if let Some(scenes) = &options.opening.scenes {
            opening::resume_scenes(&mut studio, &show, scenes);
        }
        if let Some(standing) = &options.opening.moderation {
            studio.moderation.resume(standing);
        }
        if let Some(kept) = &options.opening.rules {
            kept.apply(&mut studio.rules, &mut studio.data);
        }
        if let Some(run) = &options.opening.cues {
            studio.cues.resume(run.clone());
        }
        studio.presets = errands.presets();
        studio.occlusion.policies = errands.library().policies();
        studio.occlusion.stickers = errands.library().sticker_names();
        if studio.occlusion.sticker.is_none() {
            studio.occlusion.sticker = studio.occlusion.stickers.first().cloned();
        }
        let policies = errands.library().adapt_policies();
        let (samples_in, samples) = adapting::channel();
        let adapting = Adapting::new(&show, policies, samples);
        studio.adapt.state.clone_from(adapting.state());
        studio.adapt.policies = adapting
            .policies()
            .map(|policy| AdaptPolicyModel {
                name: policy.name.clone(),
                title: policy.title.clone(),
            })
            .collect();
        let name = studio.occlusion.sticker.as_deref().unwrap_or_default();
        let stickers = errands.library().read_stickers(name, Path::new(""));
        let stickers = stickers.map(Arc::new).inspect_err(|error| {
            // Faces are hidden all the same: stickers lie on a solid mask.
            tracing::warn!("no stickers: {error}");
        });
        let stickers = stickers.ok();
        let plan = MaskPlan::new(&studio, stickers.clone());
        let (inputs_in, inputs) = mpsc::channel(INPUTS_WAITING);
        let (orders_in, orders) = mpsc::channel(ORDERS_WAITING);
        let (events, _) = broadcast::channel(EVENTS_BEHIND);
        let pending = options.opening.waiting.clone().map(Pending::new);
        if let Some(pending) = &pending {
            studio.live.confirm = Some(pending.confirm(clock.now()));
        }
        let sourcing = Sourcing::resumed(&options.opening.read);
        let unsaved = sourcing.standing();
        (studio.choosing.unsaved, studio.choosing.changed) = (unsaved.unsaved, unsaved.changed);
        let (state, state_out) = watch::channel(Arc::new(studio.clone()));
        let (meters, meters_out) = watch::channel(Arc::new(Meters::default()));
        let taps = Taps::default();

        let Raised {
            stage,
            outlet,
            watch,
            destinations,
            moderator,
            sound,
            context,
        } = raise(&show, &studio, plan, clock, (&inputs_in, samples_in), taps.clone())?;
        let counting = Counting::start(&show.audience, clock);
        let desk = Desk {
            orders: orders_in,
            state: state_out,
            events: events.clone(),
            meters: meters_out,
            taps,
            audience: Audience::default(),
            ended,
            clock,
        };
        let of_scene = options.opening.of_scene.clone();
        let is_started = |name: &str| !options.opening.stopped.iter().any(|stopped| stopped == name);
        let standing = Standing::of(&studio, destinations.specs(), &of_scene, is_started);
        let mut saved = Saved::new(&options.opening.read.script, &options.opening.published, standing);
        // A second crash finds the way back as the first did.
        saved.set_show(&options.opening.read.script, pending.as_ref().map(Pending::saved));
        let saver_inputs = inputs_in.clone();
        let saver = Saver::start(saver::state_path(&options.name), saved, move |text| {
            post(&saver_inputs, Input::Event(EventLevel::Warning, "studio".into(), text));
        });
        let saver = saver.map_err(|error| RunError::Thread {
            name: "save".into(),
            error,
        })?;
        let core = Self {
            clock,
            studio,
            show,
            read: options.opening.read.clone(),
            started: options.opening.read.clone(),
            pending,
            sourcing,
            sourcing_before: None,
            called: Vec::new(),
            watching: None,
            context,
            of_scene,
            saver,
            stage,
            outlet,
            watch,
            stickers,
            destinations,
            relaying: Relaying::default(),
            taping: Taping::default(),
            adapting,
            counting,
            ruling: Ruling::new(&options.opening.show.rules),
            desk: desk.clone(),
            moderator,
            compliance: None,
            ticks: 0,
            sound,
            errands,
            post: inputs_in,
            inputs,
            orders,
            state,
            events,
            meters,
            audience: desk.audience.clone(),
            measure: Measure::start(),
            // At once, for what the letters of the first plan need.
            is_dirty: true,
            is_state_drawn: true,
            is_over: false,
        };
        Ok((core, desk))
    }

    /// Runs until the show ends, and says why it did.
    async fn run(mut self, options: &Options, mut service: Service, mut signals: Signals) -> Result<String, RunError> {
        let deadline = options.run_for.map(|time| Instant::now() + time);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);

        self.check_uplink();
        self.open_compliance();
        self.resume_moderation();
        self.tell_cues_the_time();
        for destination in &self.show.destinations {
            if !options.opening.stopped.contains(&destination.name) {
                self.destinations.start(&destination.name);
            }
        }
        for (level, text) in &options.opening.news {
            self.tell(*level, text);
        }
        let offer = Offer::new(&options.name, &self.show, self.sound.clone());
        self.relaying = Relaying::start(&self.show, offer, self.clock, &self.outlet, &self.post).await;
        if let Some(path) = &self.show.adapt.trace {
            match record::names(path, &self.studio.name) {
                Ok(names) => self.trace(&names),
                Err(error) => self.feed(Input::Trace(Err(error.to_string()))),
            }
        }
        if self.show.recording.is_at_start {
            self.record(None);
        }
        self.begin_live();
        let feeds = Feeds::start(&self.show.data, &self.desk, &self.post).await;
        self.rule();
        let mut lost = None;
        while !self.is_over {
            tokio::select! {
                biased;
                _ = signals.terminate.recv() => self.tell(EventLevel::Info, "told to end by a signal"),
                _ = signals.interrupt.recv() => self.tell(EventLevel::Info, "interrupted"),
                () = until(deadline) => self.tell(EventLevel::Info, "its time is up"),
                () = until(self.next_cue()) => { self.cue(); continue }
                Some(order) = self.orders.recv() => { self.order(order); continue }
                Some(input) = self.inputs.recv() => { self.feed(input); continue }
                Some(brought) = self.errands.next() => { self.take_in(brought); continue }
                Some(()) = changed(&mut self.watching) => { self.on_saved(); continue }
                _ = signals.hangup.recv() => { self.tell(EventLevel::Warning, "the terminal is gone; the show goes on"); continue }
                _ = tick.tick() => { self.tick(); continue }
                _ = second.tick() => {
                    let (stats, kbps) = self.measure.take(&self.outlet.counters, self.audience.count());
                    self.feed(Input::Stats(stats, kbps));
                    self.count();
                    self.tell_cues_the_time();
                    let loudness = self.newest_meters().loudness.short_term_lufs;
                    self.feed(Input::Second(loudness));
                    lost = self.stage.has_lost_a_thread().map(str::to_owned);
                    if lost.is_none() {
                        continue;
                    }
                }
            }
            self.is_over = true;
        }
        drop(feeds);
        self.publish();
        service.stopping();
        // The threads first: their last packets are still sent, and nothing new comes while we say goodbye.
        tokio::task::block_in_place(|| self.stage.end());
        if let Some(wait) = self.taping.stop(&self.outlet) {
            let ended = tokio::task::block_in_place(wait);
            self.feed(Input::Recording(RecordingNews::Ended(ended)));
            // What the recorder has said meanwhile: what was written, and where. What others said of the end of each other is no news:
            // that nobody looked for faces any more, say.
            while let Ok(input) = self.inputs.try_recv() {
                if matches!(input, Input::Recording(_)) {
                    self.feed(input);
                }
            }
        }
        self.destinations.stop_all().await;
        std::mem::take(&mut self.relaying).stop(&self.outlet).await;
        if let Some(thread) = lost {
            // The state stays: such a show is to be resumed.
            return Err(RunError::Lost(thread));
        }
        self.saver.finish();
        let last = self.studio.events.iter().rfind(|event| event.subject == "studio");
        Ok(last.map_or_else(String::new, |event| event.text.clone()))
    }

    /// Tells what happened to the studio itself.
    fn tell(&mut self, level: EventLevel, text: &str) {
        self.feed(Input::Event(level, "studio".to_owned(), text.to_owned()));
    }

    fn order(&mut self, order: Order) {
        if order.is_unasked && reveals_or_ends(&order.command, &self.studio) {
            let refusal = "by now that reveals or ends something, and nobody was asked about it: nothing was done";
            return order.reply.send(Err(refusal.to_owned()));
        }
        let order = match order {
            Order {
                command: Command::SceneSave(scene),
                reply,
                ..
            } => return self.save_scenes(scene.as_deref(), reply),
            Order {
                command: Command::Sources(command),
                reply,
                ..
            } => return self.choose(command, reply),
            order => order,
        };
        if order.command == Command::Undo
            && let Some(before) = self.sources_to_undo()
        {
            return self.undo_sources(before, order.reply);
        }
        if let Some((command, reply)) = self.errands.start(order.command, order.reply, &self.studio)
            && let Some((command, reply)) = self.fetch(command, reply)
        {
            self.obey_command(command, reply);
        }
    }

    fn obey_command(&mut self, command: Command, reply: Reply) {
        if let Command::RulesExplain(asked) = &command {
            return reply.send(self.explain(asked.as_ref()));
        }
        if let Command::CameraControls(name) = &command {
            let found = controls_of(&self.studio, name);
            return reply.send(found.map_err(|refusal| refusal.to_string()));
        }
        // Whoever takes something back wants to know what it was.
        let undone = (command == Command::Undo).then(|| self.studio.undo.next.clone());
        let said = undone
            .flatten()
            .map(|note| Answer::text(format!("undone: {}", note.did)));
        self.obey(Input::Command(command), said.unwrap_or_default(), reply);
    }

    /// Does what is wanted, if it can be done, and says so to whoever asked.
    fn obey(&mut self, input: Input, said: Answer, reply: Reply) {
        let result = update_for(&mut self.studio, input, self.clock.now(), Some(reply.cause()));
        let answer = result
            .map(|effects| self.carry_out(effects))
            .map(|()| said)
            .map_err(|refusal| refusal.to_string());
        // At once, so that whoever asked sees the new state right after the answer.
        self.publish();
        // The client may have gone; the command is done all the same.
        reply.send(answer);
    }

    fn take_in(&mut self, brought: Brought) {
        match brought {
            Brought::Apply(preset, strip, reply) => self.obey(Input::Preset(preset, strip), Answer::default(), reply),
            Brought::Compare(preset, strip, reply) => {
                let found = errands::diff(&self.studio, &preset, strip.as_deref());
                reply.send(found.map_err(|refusal| refusal.to_string()));
            }
            Brought::Stickers(set, command, reply) => {
                self.stickers = Some(set);
                self.obey_command(command, reply);
            }
            Brought::Recording(recorder, recording) => {
                let (subject, text) = (recording.subject.clone(), recording.begins.clone());
                self.feed(Input::Event(EventLevel::Info, subject, text));
                let told = self.stage.sound.push(SoundMessage::Record(*recorder));
                recording.run(told.map_err(|_| "the sound thread does not listen".to_owned()));
            }
            Brought::ScenesSaved(saved, reply) => self.scenes_saved(*saved, reply),
            Brought::Rules(file, path, reply) => self.load_rules(*file, &path, reply),
            Brought::Cues(list, reply) => self.obey(Input::Cues(CueNews::Loaded(list)), Answer::default(), reply),
            Brought::News(level, subject, text) => self.feed(Input::Event(level, subject, text)),
            Brought::Presets(presets) => self.feed(Input::Presets(presets)),
            Brought::Show(found) => self.found(*found),
            Brought::Inventory(inventory, reply) => self.sources_found(*inventory, reply),
            Brought::SourcesSaved(saved, result) => self.sources_saved(*saved, result),
        }
    }

    fn feed(&mut self, input: Input) {
        let input = self.as_called_now(input);
        match &input {
            Input::SourceState(name, state) => self.show_absence(name, state),
            Input::DestinationState(name, state) => {
                let (line, is_live) = (self.destinations.line(name), *state == DestinationState::Live);
                self.adapting.connection(name, line, is_live, self.clock.now());
            }
            _ => {}
        }
        match update(&mut self.studio, input, self.clock.now()) {
            Ok(effects) => self.carry_out(effects),
            // Only commands are refused.
            Err(refusal) => tracing::error!(%refusal, "an input was refused"),
        }
        self.is_dirty = true;
    }

    /// Lets the compositor show a slate for a source that has nothing to show.
    fn show_absence(&self, name: &str, state: &SourceState) {
        let Some(at) = self.studio.sources.iter().position(|source| source.name == name) else {
            return;
        };
        let reason = match state {
            SourceState::Starting => Some("starting".to_owned()),
            SourceState::Live | SourceState::Ended => None,
            SourceState::Away { reason } | SourceState::Failed { reason } => Some(reason.clone()),
        };
        self.tell_pictures(PictureMessage::Absent(at, reason));
    }

    fn tell_pictures(&self, message: PictureMessage) {
        if self.stage.pictures.send(message).is_err() {
            self.miss("the picture thread is gone");
        }
    }

    fn tell_graphics(&self, message: GraphicsMessage) {
        if self.stage.graphics.send(message).is_err() {
            self.miss("the graphics thread is gone");
        }
    }

    fn tell_sound(&mut self, message: SoundMessage) {
        if self.stage.sound.push(message).is_err() {
            self.miss("the sound thread does not fetch its messages");
        }
    }

    /// Tells that a thread was not reached, which is as it should be once the show is over.
    fn miss(&self, what: &str) {
        if !self.stage.has_ended() {
            tracing::error!("{what}");
        }
    }

    fn announce(&mut self, event: Event) {
        let Event {
            at,
            level,
            subject,
            text,
            by,
            ..
        } = &event;
        let by = by.as_ref().map_or_else(String::new, |by| format!(" ({by})"));
        match level {
            EventLevel::Info => tracing::info!("{at} {subject}: {text}{by}"),
            EventLevel::Warning => tracing::warn!("{at} {subject}: {text}{by}"),
            EventLevel::Error => tracing::error!("{at} {subject}: {text}{by}"),
        }
        // First among the state's events, then to those who listen: a screen that opens now gets it one way or the other.
        self.publish();
        // Nobody may be listening.
        let _ = self.events.send(event);
    }

    fn tick(&mut self) {
        self.outlet.counters.turns.fetch_add(1, Ordering::Relaxed);
        self.destinations.tick();
        self.relaying.tick(&self.outlet);
        self.look_at_hold();
        self.listen_for_cues();
        self.adapt();
        if self.studio.fade.is_some() || self.studio.live.confirm.is_some() {
            self.feed(Input::Tick);
        }
        if self.ruling.is_due(self.clock.now()) {
            self.rule();
        }
        if self.is_dirty {
            self.publish();
        }
        if self.audience.wants_meters() {
            self.meters.send_replace(Arc::new(self.newest_meters()));
        }
    }

    fn newest_meters(&self) -> Meters {
        let meters = self.stage.meters.lock();
        meters.unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Lets the controller see what there is to see, and does what it decides.
    fn adapt(&mut self) {
        let now = self.clock.now();
        for note in self.counting.tick(now) {
            let level = if note.is_warning {
                EventLevel::Warning
            } else {
                EventLevel::Info
            };
            self.feed(Input::Event(level, "audience".to_owned(), note.text));
        }
        self.adapting.audience(self.counting.viewers(), now);
        if let Some((changes, state)) = self.adapting.tick(&self.outlet, now) {
            self.feed(Input::Adapted(changes, Box::new(state)));
        }
    }

    /// Writes what is seen of the network into the first of `paths` that is not there.
    fn trace(&mut self, paths: &[PathBuf]) {
        let inputs = self.post.clone();
        let fail = move |reason| post(&inputs, Input::Trace(Err(reason)));
        let begun = self.adapting.trace(paths, fail);
        post(&self.post, Input::Trace(begun.map(Some)));
    }

    /// Once a second: who watches.
    fn count(&mut self) {
        if self.studio.relay.is_some() {
            self.counting.relay(self.studio.viewers(), self.clock.now());
        }
        let counts = self.counting.counts();
        if counts != self.studio.adapt.audience {
            self.feed(Input::Audience(counts));
        }
    }

    fn publish(&mut self) {
        self.is_dirty = false;
        self.studio.now = self.clock.now();
        let state = Arc::new(self.studio.clone());
        if self.is_state_drawn {
            self.tell_graphics(GraphicsMessage::State(Arc::clone(&state)));
        }
        self.state.send_replace(state);
        let standing = self.standing();
        self.saver.save(standing);
    }
}

/// Waits for news of files that may not be watched.
async fn changed(watching: &mut Option<Watching>) -> Option<()> {
    match watching {
        Some(watching) => watching.changed().await,
        None => std::future::pending().await,
    }
}

/// Waits for a deadline that may not exist.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
