//! The core task: the one owner of the model. Orders, reports and time come in; effects go out; clients see each state.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use super::analysis;
use super::destinations::Destinations;
use super::encoding::FRAMES_WAITING;
use super::error::RunError;
use super::gate::{self, Covering, Gate};
use super::outlet::Outlet;
use super::picture_loop::PictureMessage;
use super::plan::Plan;
use super::process::ProcessMeter;
use super::saver::{self, Saver};
use super::service::Service;
use super::stage::{Parts, Stage};
use crate::clock::Clock;
use crate::control::desk::{Audience, Desk, EVENTS_BEHIND, Order};
use crate::control::server;
use crate::control::socket;
use crate::control::taps::Taps;
use crate::encode::aac::AacEncoder;
use crate::encode::{AudioEncoder, VideoEncoder};
use crate::publish::{DestinationSpec, StreamConfig};
use crate::scene::Show;
use crate::source::{self, SourceContext, SourceReport};
use crate::studio::model::{Event, EventLevel, Meters, SourceState, Stats, Studio};
use crate::studio::opening::{self, Opening};
use crate::studio::saved::{Saved, Standing};
use crate::studio::update::{Effect, Input, update};
use crate::worker::arena::{Arena, MAX_SLOTS};
use crate::worker::{self, Program, RemoteEncoder};

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
    let (core, desk) = Core::open(&options, clock, ended_out)?;
    let service = Service::start(desk.state.clone(), Arc::clone(&core.outlet));
    let server = tokio::spawn(server::serve(listener, desk));
    (options.on_ready)(&format!(
        "studio ready name={} socket={}",
        options.name,
        claim.path().display()
    ));
    let result = core.run(&options, service).await;
    server.abort();
    // Without a word where the show was lost: that is how clients tell a crash.
    ended.send_replace(Some(result?));
    // Each connection lets go of its end when it has said so. One that is not read is not waited for.
    let _ = tokio::time::timeout(GOODBYE, ended.closed()).await;
    Ok(())
}

struct Core {
    clock: Clock,
    studio: Studio,
    show: Show,
    /// The destinations that the scene file names: those of the state that need no address.
    of_scene: Vec<DestinationSpec>,
    saver: Saver,
    stage: Stage,
    outlet: Arc<Outlet>,
    destinations: Destinations,
    inputs: mpsc::Receiver<Input>,
    orders: mpsc::Receiver<Order>,
    state: watch::Sender<Arc<Studio>>,
    events: broadcast::Sender<Event>,
    meters: watch::Sender<Arc<Meters>>,
    audience: Audience,
    process: ProcessMeter,
    last: Totals,
    is_dirty: bool,
    is_over: bool,
}

/// Counters as they were a second ago.
#[derive(Clone, Copy)]
struct Totals {
    at: Instant,
    frames: u64,
    encoded_frames: u64,
    encode_us: u64,
    video_bytes: u64,
}

impl Core {
    fn open(options: &Options, clock: Clock, ended: watch::Receiver<Option<String>>) -> Result<(Self, Desk), RunError> {
        let show = options.opening.show.clone();
        let studio = opening::studio(&options.name, &show);
        let (inputs_in, inputs) = mpsc::channel(INPUTS_WAITING);
        let (orders_in, orders) = mpsc::channel(ORDERS_WAITING);
        let (events, _) = broadcast::channel(EVENTS_BEHIND);
        let (state, state_out) = watch::channel(Arc::new(studio.clone()));
        let (meters, meters_out) = watch::channel(Arc::new(Meters::default()));
        let taps = Taps::default();

        let (width, height) = (show.video.width, show.video.height);
        let arena = Arena::new(width, height, slots(show.sources.len())).map_err(RunError::Memory)?;
        let arena = Arc::new(arena);
        let context = SourceContext {
            clock,
            width,
            height,
            frame_rate: show.video.frame_rate,
            pool: arena.pool().clone(),
        };
        let sources = show.sources.iter().map(|spec| {
            let report = source_reporter(spec.name.clone(), inputs_in.clone());
            (spec.name.clone(), source::start(spec.clone(), context.clone(), report))
        });
        // Running already while the encoder's process comes up.
        let sources = sources.collect();
        let report = worker_reporter("encode", inputs_in.clone());
        let video = RemoteEncoder::open(&show.video, Program::this(), Arc::clone(&arena), clock, report)?;
        let audio = Box::new(AacEncoder::open(show.audio)?);
        let stream = StreamConfig {
            video: Some(video.config().clone()),
            audio: Some(audio.config().clone()),
        };
        let outlet = Arc::new(Outlet::new(show.video.bitrate_kbps));
        let mut destinations = Destinations::new(stream, clock, Arc::clone(&outlet), inputs_in.clone());
        for spec in &show.destinations {
            destinations.know(spec.clone());
        }
        let gate = Arc::new(Gate::default());
        let analysis = (!show.analysis.is_off()).then(|| analysis::Parts {
            settings: show.analysis,
            program: Program::this(),
            arena: Arc::clone(&arena),
            clock,
            gate: Arc::clone(&gate),
            outlet: Arc::clone(&outlet),
            tell: teller(inputs_in.clone()),
            report: worker_reporter("analyse", inputs_in.clone()),
        });
        let encoder_inputs = inputs_in.clone();
        let stage = Stage::start(Parts {
            clock,
            size: (width, height),
            frame_rate: show.video.frame_rate,
            pool: arena.pool().clone(),
            sources,
            strips: studio.strips.iter().map(|strip| strip.settings).collect(),
            strip_sources: opening::strip_sources(&studio),
            plan: Arc::new(Plan::new(&studio, &show.scenes)),
            video: Box::new(video),
            audio,
            outlet: Arc::clone(&outlet),
            taps: taps.clone(),
            analysis,
            gate,
            cover_report: cover_reporter(inputs_in.clone()),
            report: Arc::new(move |text| {
                post(&encoder_inputs, Input::Event(EventLevel::Error, "encoder".into(), text));
            }),
        })?;
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
        let saved = Saved::new(&show.script, &options.opening.published, standing);
        let saver_inputs = inputs_in.clone();
        let saver = Saver::start(saver::state_path(&options.name), saved, move |text| {
            post(&saver_inputs, Input::Event(EventLevel::Warning, "studio".into(), text));
        });
        let saver = saver.map_err(|error| RunError::Thread {
            name: "save".into(),
            error,
        })?;
        let last = Totals {
            at: Instant::now(),
            frames: 0,
            encoded_frames: 0,
            encode_us: 0,
            video_bytes: 0,
        };
        let core = Self {
            clock,
            studio,
            show,
            of_scene,
            saver,
            stage,
            outlet,
            destinations,
            inputs,
            orders,
            state,
            events,
            meters,
            audience: desk.audience.clone(),
            process: ProcessMeter::start(),
            last,
            is_dirty: false,
            is_over: false,
        };
        Ok((core, desk))
    }

    /// Runs until the show ends, and says why it did.
    async fn run(mut self, options: &Options, mut service: Service) -> Result<String, RunError> {
        let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signals)?;
        // Listening is what makes a lost terminal harmless: the default action would end the show.
        let mut hangup = signal(SignalKind::hangup()).map_err(RunError::Signals)?;
        let deadline = options.run_for.map(|time| Instant::now() + time);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);

        for destination in &self.show.destinations {
            if !options.opening.stopped.contains(&destination.name) {
                self.destinations.start(&destination.name);
            }
        }
        for (level, text) in &options.opening.news {
            self.tell(*level, text);
        }
        let mut lost = None;
        while !self.is_over {
            tokio::select! {
                biased;
                _ = terminate.recv() => self.tell(EventLevel::Info, "told to end by a signal"),
                _ = interrupt.recv() => self.tell(EventLevel::Info, "interrupted"),
                () = until(deadline) => self.tell(EventLevel::Info, "its time is up"),
                Some(order) = self.orders.recv() => { self.order(order); continue }
                Some(input) = self.inputs.recv() => { self.feed(input); continue }
                _ = hangup.recv() => { self.tell(EventLevel::Warning, "the terminal is gone; the show goes on"); continue }
                _ = tick.tick() => { self.tick(); continue }
                _ = second.tick() => {
                    self.measure();
                    lost = self.stage.has_lost_a_thread().map(str::to_owned);
                    if lost.is_none() {
                        continue;
                    }
                }
            }
            self.is_over = true;
        }
        self.publish();
        service.stopping();
        // The threads first: their last packets are still sent, and nothing new comes while we say goodbye.
        tokio::task::block_in_place(|| self.stage.end());
        self.destinations.stop_all().await;
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
        let result = update(&mut self.studio, Input::Command(order.command), self.clock.now());
        let answer = result
            .map(|effects| self.carry_out(effects))
            .map_err(|refusal| refusal.to_string());
        // At once, so that whoever asked sees the new state right after the answer.
        self.publish();
        // The client may have gone; the command is done all the same.
        let _ = order.reply.send(answer);
    }

    fn feed(&mut self, input: Input) {
        if let Input::SourceState(name, state) = &input {
            self.show_absence(name, state);
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
            tracing::error!("the picture thread is gone");
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Picture => {
                    let plan = Arc::new(Plan::new(&self.studio, &self.show.scenes));
                    self.tell_pictures(PictureMessage::Plan(plan));
                }
                Effect::Strip(at, settings) => {
                    if self.stage.strips.push((at, settings)).is_err() {
                        tracing::error!("the sound thread does not fetch its settings");
                    }
                }
                Effect::Bitrate(kbps) => self.outlet.set_video_kbps(kbps),
                Effect::Keyframe => self.outlet.want_idr(),
                Effect::AddDestination(name, url) => self.destinations.know(DestinationSpec::new(name, url)),
                Effect::StartDestination(name) | Effect::RetryDestination(name) => self.destinations.start(&name),
                Effect::StopDestination(name) => self.destinations.stop(&name),
                Effect::RemoveDestination(name) => self.destinations.forget(&name),
                Effect::RestartSource(name) => {
                    if let Some(at) = self.studio.sources.iter().position(|source| source.name == name) {
                        self.tell_pictures(PictureMessage::Restart(at));
                    }
                }
                Effect::Event(event) => self.announce(event),
                Effect::End => self.is_over = true,
            }
        }
    }

    fn announce(&mut self, event: Event) {
        let Event {
            at,
            level,
            subject,
            text,
        } = &event;
        match level {
            EventLevel::Info => tracing::info!("{at} {subject}: {text}"),
            EventLevel::Warning => tracing::warn!("{at} {subject}: {text}"),
            EventLevel::Error => tracing::error!("{at} {subject}: {text}"),
        }
        // First among the state's events, then to those who listen: a screen that opens now gets it one way or the other.
        self.publish();
        // Nobody may be listening.
        let _ = self.events.send(event);
    }

    fn tick(&mut self) {
        self.outlet.counters.turns.fetch_add(1, Ordering::Relaxed);
        if self.studio.fade.is_some() {
            self.feed(Input::Tick);
        }
        if self.is_dirty {
            self.publish();
        }
        if self.audience.count() > 0 {
            let newest = self
                .stage
                .meters
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .clone();
            self.meters.send_replace(Arc::new(newest));
        }
    }

    fn publish(&mut self) {
        self.is_dirty = false;
        self.studio.now = self.clock.now();
        self.state.send_replace(Arc::new(self.studio.clone()));
        let is_started = |name: &str| self.destinations.is_started(name);
        let specs = self.destinations.specs();
        self.saver
            .save(Standing::of(&self.studio, specs, &self.of_scene, is_started));
    }

    /// Once per second.
    fn measure(&mut self) {
        let counters = &self.outlet.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let now = Totals {
            at: Instant::now(),
            frames: read(&counters.frames),
            encoded_frames: read(&counters.encoded_frames),
            encode_us: read(&counters.encode_us),
            video_bytes: read(&counters.video_bytes),
        };
        let last = std::mem::replace(&mut self.last, now);
        let seconds = (now.at - last.at).as_secs_f64().max(0.001);
        let encoded = (now.encoded_frames - last.encoded_frames) as f64;
        let (cpu_percent, memory_mb) = self.process.measure();
        self.feed(Input::Stats(Stats {
            fps: (now.frames - last.frames) as f64 / seconds,
            frames: now.frames,
            skipped_frames: read(&self.outlet.counters.skipped_frames),
            late_ticks: read(&self.outlet.counters.late_ticks),
            late_blocks: read(&self.outlet.counters.late_blocks),
            covered_frames: read(&self.outlet.counters.covered_frames),
            silenced_blocks: read(&self.outlet.counters.silenced_blocks),
            unseen: read(&self.outlet.counters.unseen),
            video_kbps: ((now.video_bytes - last.video_bytes) as f64 * 0.008 / seconds).round() as u32,
            encode_ms: if encoded > 0.0 {
                (now.encode_us - last.encode_us) as f64 / 1000.0 / encoded
            } else {
                0.0
            },
            cpu_percent,
            memory_mb,
            clients: self.audience.count(),
        }));
    }
}

/// Waits for a deadline that may not exist.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn source_reporter(name: String, inputs: mpsc::Sender<Input>) -> impl Fn(SourceReport) + Send + Sync + 'static {
    move |report| {
        let name = name.clone();
        post(
            &inputs,
            match report {
                SourceReport::State(state) => Input::SourceState(name, state),
                SourceReport::Format(format) => Input::SourceFormat(name, format),
                SourceReport::Dropped { frames, blocks } => Input::SourceDropped(name, frames, blocks),
                SourceReport::Notice(text) => Input::Event(EventLevel::Warning, format!("source {name}"), text),
            },
        );
    }
}

fn cover_reporter(inputs: mpsc::Sender<Input>) -> gate::Report {
    Arc::new(move |covering, text| {
        let level = match covering {
            Covering::Began => EventLevel::Warning,
            Covering::Ended => EventLevel::Info,
        };
        post(&inputs, Input::Event(level, "program".to_owned(), text));
    })
}

fn teller(inputs: mpsc::Sender<Input>) -> analysis::Teller {
    Arc::new(move |level, subject, text| post(&inputs, Input::Event(level, subject, text)))
}

fn worker_reporter(name: &'static str, inputs: mpsc::Sender<Input>) -> worker::Reporter {
    Arc::new(move |report| post(&inputs, Input::Worker(name.to_owned(), report)))
}

/// Pictures that can be under way at once: for each source those of its queue and a few more, and for the program those
/// that wait for the encoder. What is never drawn on takes no memory.
fn slots(sources: usize) -> u32 {
    let count = FRAMES_WAITING + 8 + sources * (source::CAPACITY + 4);
    u32::try_from(count).unwrap_or(MAX_SLOTS)
}

/// From threads that must not wait.
fn post(inputs: &mpsc::Sender<Input>, input: Input) {
    if inputs.try_send(input).is_err() {
        tracing::warn!("a report was lost");
    }
}
