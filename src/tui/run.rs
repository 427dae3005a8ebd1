//! The loop of a client: keys first, then news of the studio, then pictures.
//!
//! Nothing here waits for the terminal or for a picture. Each turn takes one thing that has happened, the most urgent
//! first; what has changed is drawn at once after a key, and otherwise at most 30 times per second and as far as the governor
//! of the link allows.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ratatui::layout::{Rect, Size};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout_at};

use super::app::{Flow, History, UiAction, UiState};
use super::governor::{Ladder, Link, Pace, Sent, Watch};
use super::history_file::{self, HistoryFile};
use super::monitor::{Monitors, Picture, Renderer, Slot, Thrift};
use super::options::Options;
use super::screen::{Budget, Drawn, Screen, Waits};
use super::terminal::{Answer, BELL, Input, InputThread, Taken, clipboard, is_foreground};
use super::view::layout::Arrangement;
use crate::clock::Clock;
use crate::control::client::{CUT, Incoming, Live};
use crate::control::protocol::{MonitorTarget, Notification, TapMonitor};
use crate::media::{TimeDelta, Timestamp};
use crate::studio::command;
use crate::studio::model::Studio;

/// The least time between frames that pictures and meters cause: 30 per second.
const FRAME_TIME: Duration = Duration::from_millis(33);

/// How long answers may take that come when one has left.
const LAST_ANSWERS: Duration = Duration::from_millis(600);

/// A frame of fewer bytes tells nothing about the link.
const TELLING_FRAME: usize = 300;

/// Why a client ended. The terminal has been given back when this is returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leave {
    /// The operator detached, or a signal asked the client to end; the show goes on.
    Detached,
    /// The show ended as it should, for this reason.
    Ended(String),
    /// The connection broke: the studio has died, or what carries the connection has.
    Lost {
        /// What was seen of it.
        reason: String,
        /// The studio's name, if it has come as far as telling it.
        name: Option<String>,
    },
}

/// Runs a client on the terminal of this process until the operator leaves or the studio ends.
///
/// # Errors
/// The terminal cannot be used, or is gone.
pub async fn run(live: Live, options: Options) -> io::Result<Leave> {
    let mut taken = Taken::take()?;
    let mut client = Client::new(live, &mut taken, options)?;
    // `client` is dropped before `taken`: its last frame is out before the terminal is given back.
    let leave = client.run().await;
    client.hear_out().await;
    leave
}

/// A running client.
struct Client {
    live: Live,
    ui: UiState,
    /// Until the first state has come, there is nothing to draw.
    studio: Option<Studio>,
    clock: Clock,
    /// What to add to the own clock to get the studio's.
    studio_ahead: TimeDelta,
    screen: Screen,
    input: InputThread,
    link: Link,
    pace: Pace,
    ladder: Ladder,
    watch: Watch,
    /// What of the last frame is not out yet.
    waits: Waits,
    monitors: Monitors,
    wake: Arc<Notify>,
    /// What has been asked of the studio.
    wanted: Vec<TapMonitor>,
    /// What the monitors on screen are.
    slots: Vec<Slot>,
    /// Commands that have not been answered, by number.
    asked: Vec<(u64, String)>,
    history: Option<HistoryFile>,
    is_dirty: bool,
    /// A key was pressed whose answer could not be drawn yet.
    owes_answer: bool,
    last_frame: Instant,
    /// No frame before this, except after a key.
    next_frame: Instant,
}

/// The arguments with the paths of files whole: the studio runs in another folder.
fn whole(name: &str, args: Vec<String>) -> Vec<String> {
    let name = command::split_words(name);
    let words = name.iter().cloned().chain(args).collect();
    let folder = std::env::current_dir().unwrap_or_default();
    command::with_whole_paths(words, &folder).split_off(name.len())
}

/// What a turn of the loop leads to.
enum Turn {
    Stay,
    /// A key: draw at once.
    Answer,
    Leave(Leave),
}

impl Client {
    fn new(live: Live, taken: &mut Taken, options: Options) -> io::Result<Self> {
        let wake = Arc::new(Notify::new());
        let waker = |wake: &Arc<Notify>| {
            let wake = Arc::clone(wake);
            move || wake.notify_one()
        };
        let mut ui = UiState::new(options.keymap, taken.capabilities());
        ui.monitor_mode = options.monitor;
        ui.color_mode = options.colors;
        ui.cap_kb = options.cap_kb;
        ui.layout = options.layout;
        ui.bell.is_on = options.bell;
        if let Some(theme) = options.theme {
            ui.choose(theme);
        }
        let ladder = Ladder::new(ui.has_pixels());
        ui.step = ladder.step();
        let mut screen = Screen::new(taken.size()?, ui.has_color(), io::stdout(), waker(&wake))?;
        screen.synchronize(taken.is_synchronized());
        screen.set_passage(taken.capabilities().multiplexer.passage());
        let monitors = Monitors::start(waker(&wake))?;
        monitors.set_terminal(taken.pixel_terminal());
        monitors.set_thrift(Thrift::new(ladder.step().thrift));
        let history = options.history.map(|path| {
            ui.history = History::of(history_file::read(&path));
            HistoryFile::start(path)
        });
        Ok(Self {
            screen,
            input: taken.input()?,
            link: Link::default(),
            pace: Pace::default(),
            ladder,
            watch: Watch::default(),
            waits: Waits::default(),
            monitors,
            live,
            ui,
            studio: None,
            clock: Clock::start(),
            studio_ahead: TimeDelta::ZERO,
            wake,
            wanted: Vec::new(),
            slots: Vec::new(),
            asked: Vec::new(),
            history: history.transpose()?,
            is_dirty: false,
            owes_answer: false,
            last_frame: Instant::now(),
            next_frame: Instant::now(),
        })
    }

    async fn run(&mut self) -> io::Result<Leave> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut resized = signal(SignalKind::window_change())?;
        let mut tick = interval(Duration::from_millis(200));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let wake = Arc::clone(&self.wake);
        loop {
            let turn = tokio::select! {
                biased;
                _ = terminate.recv() => Turn::Leave(Leave::Detached),
                _ = hangup.recv() => Turn::Leave(Leave::Detached),
                _ = interrupt.recv() => Turn::Leave(Leave::Detached),
                input = self.input.next() => self.on_input(input?).await?,
                _ = resized.recv() => self.on_resize()?,
                () = sleep_until(self.next_frame), if self.is_dirty => {
                    self.draw(false)?;
                    Turn::Stay
                }
                news = self.live.news.recv() => self.on_news(news),
                () = wake.notified() => self.on_wake(),
                Some(picture) = self.live.pictures.recv() => {
                    self.on_picture(picture);
                    Turn::Stay
                }
                _ = tick.tick() => {
                    self.on_tick();
                    Turn::Stay
                }
            };
            match turn {
                Turn::Stay => {}
                Turn::Answer => self.draw(true)?,
                Turn::Leave(leave) => return Ok(leave),
            }
        }
    }

    async fn on_input(&mut self, input: Input) -> io::Result<Turn> {
        let actions = match (input, &self.studio) {
            (Input::Answer(answer), _) => {
                if answer == Answer::Status {
                    self.link.answered(self.clock.now());
                    self.next_frame = self.next_frame.min(Instant::now() + self.wait());
                }
                return Ok(Turn::Stay);
            }
            (Input::Key(key), Some(studio)) => self.ui.on_key(studio, key),
            (Input::Key(key), None) => {
                // Before there is a studio to act on, only leaving makes sense.
                let is_leaving = matches!(key.code, crossterm::event::KeyCode::Char('q' | 'c'));
                if is_leaving { vec![UiAction::Detach] } else { Vec::new() }
            }
            (Input::Paste(text), _) => {
                self.ui.on_paste(&text);
                Vec::new()
            }
        };
        self.is_dirty = true;
        let typed = self.ui.history.take_new();
        if let Some(history) = &self.history {
            for line in typed {
                history.add(line);
            }
        }
        for action in actions {
            match action {
                UiAction::Detach => return Ok(Turn::Leave(Leave::Detached)),
                UiAction::Redraw => self.screen.clear(),
                UiAction::Copy(text) => self.screen.tell(&clipboard(&text)),
                UiAction::Bell => self.screen.tell(BELL),
                UiAction::Command { name, args, is_asked } => {
                    match self.live.command(&name, &whole(&name, args), is_asked).await {
                        Ok(id) => self.asked.push((id, name)),
                        // What has become of the studio comes by the way that news come: it may have ended as it should.
                        Err(error) => self.ui.say(error.to_string(), true),
                    }
                }
            }
        }
        Ok(Turn::Answer)
    }

    /// Takes the answers that are still on their way: after us, the shell would take them for keys.
    async fn hear_out(&mut self) {
        let patience = self.link.round_trip(self.clock.now()).unwrap_or_default().to_duration();
        let deadline = Instant::now() + (patience * 2).clamp(Duration::from_millis(20), LAST_ANSWERS);
        while self.link.is_waiting() {
            match timeout_at(deadline, self.input.next()).await {
                Ok(Ok(Input::Answer(Answer::Status))) => self.link.answered(self.clock.now()),
                Ok(Ok(_)) => {}
                // Nothing came in time, or the terminal is gone.
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }

    fn on_resize(&mut self) -> io::Result<Turn> {
        let (width, height) = crossterm::terminal::size()?;
        self.screen.resize(Size { width, height });
        self.is_dirty = true;
        Ok(Turn::Answer)
    }

    fn on_news(&mut self, news: Option<Incoming>) -> Turn {
        match news {
            None => return Turn::Leave(self.lost(CUT.to_owned())),
            Some(Incoming::Lost(reason)) => return Turn::Leave(self.lost(reason)),
            Some(Incoming::Notification(Notification::Ended { reason })) => return Turn::Leave(Leave::Ended(reason)),
            Some(Incoming::Notification(Notification::State(studio))) => self.on_state(*studio),
            Some(Incoming::Notification(Notification::Event(event))) => {
                if let Some(studio) = &mut self.studio {
                    studio.remember(event);
                }
            }
            Some(Incoming::Notification(Notification::Meters(meters))) => {
                if !self.ui.hear(meters) {
                    return Turn::Stay;
                }
            }
            Some(Incoming::Reply { id, result }) => self.on_reply(id, result),
            // It is in the state as well.
            Some(Incoming::Notification(Notification::Sample(_)) | Incoming::Picture(..)) => {}
        }
        self.is_dirty = true;
        Turn::Stay
    }

    fn lost(&self, reason: String) -> Leave {
        let name = self.studio.as_ref().map(|studio| studio.name.clone());
        Leave::Lost { reason, name }
    }

    fn on_state(&mut self, mut studio: Studio) {
        // Only the first state brings the events and what was measured; after it they come one by one.
        if let Some(before) = self.studio.take() {
            studio.go_on_from(before);
        }
        self.studio_ahead = studio.now - self.clock.now();
        self.ui.tick(studio.now);
        self.ui.follow(&studio);
        if self.ui.ring().is_some() {
            self.screen.tell(BELL);
        }
        self.studio = Some(studio);
    }

    fn on_reply(&mut self, id: u64, result: Result<Option<String>, String>) {
        let name = self
            .asked
            .iter()
            .position(|(asked, _)| *asked == id)
            .map(|at| self.asked.swap_remove(at).1);
        match (result, name) {
            // What was let go with its page was perhaps never there.
            (Err(_), Some(name)) if name == "source drop" && self.ui.page != Some(command::Page::Sources) => {}
            (Err(reason), _) => self.ui.say(reason, true),
            // The page has the list.
            (Ok(_), Some(name)) if name == "source find" && self.ui.page == Some(command::Page::Sources) => {}
            (Ok(Some(text)), _) => self.ui.say(text, false),
            // What a page shows already needs no words, and its keys stay readable while one is held down.
            (Ok(None), Some(name))
                if self.ui.page.is_none() || !matches!(name.as_str(), "set" | "bus set" | "picture set") =>
            {
                self.ui.say(name, false);
            }
            (Ok(None), _) => {}
        }
    }

    /// A frame is out, or pictures are ready, or both.
    fn on_wake(&mut self) -> Turn {
        if let Some((bytes, took)) = self.screen.written() {
            self.link.wrote(bytes, took);
        }
        // A picture that is half out is finished first: else none is ever whole on a thin link.
        if !self.waits.pictures {
            for (target, prepared) in self.monitors.take() {
                self.ui.pictures.insert(target, prepared);
                self.is_dirty = true;
            }
        }
        if self.owes_answer {
            return Turn::Answer;
        }
        self.next_frame = self.next_frame.min(self.last_frame + self.wait().max(FRAME_TIME));
        Turn::Stay
    }

    fn on_picture(&mut self, incoming: Incoming) {
        if let Incoming::Picture(target, picture) = incoming {
            let (width, height) = (usize::from(picture.header.width), usize::from(picture.header.height));
            if let Some(shown) = Picture::new(width, height, picture.rgb) {
                self.monitors.show(target, shown, picture.marks);
            }
        }
    }

    fn on_tick(&mut self) {
        let now = self.clock.now();
        self.link.tick(now);
        if self.ui.tick(self.studio_now()) {
            self.is_dirty = true;
        }
        self.ladder.allow_pixels(self.ui.has_pixels());
        if let Some(load) = self.watch.look(now, self.pace.room(), self.link.rate()) {
            if self.ladder.look(load, now) {
                self.ui.step = self.ladder.step();
                self.monitors.set_thrift(Thrift::new(self.ui.step.thrift));
                self.is_dirty = true;
            }
            // Figures that change more often than they can be read only cost bytes.
            if let Some((bytes_per_second, pictures_per_second)) = self.watch.counted() {
                self.ui.flow = Flow {
                    bytes_per_second,
                    pictures_per_second,
                    round_trip: self.link.round_trip(now).filter(|_| self.link.answers()),
                    depth: self.ladder.depth(),
                };
                self.is_dirty = true;
            }
        }
    }

    /// How long until there may be something to send.
    fn wait(&self) -> Duration {
        self.pace.next(self.waits.screen).to_duration()
    }

    fn studio_now(&self) -> Timestamp {
        self.clock.now() + self.studio_ahead
    }

    /// Draws if the terminal can take a frame; else it is drawn when [`Output`](super::terminal::Output) wakes the loop. What
    /// answers a key goes out at once, everything else as far as the link allows.
    fn draw(&mut self, is_answer: bool) -> io::Result<()> {
        let Some(studio) = &self.studio else {
            return Ok(());
        };
        let area = self.screen.area();
        let (wanted, slots) = wishes(area, studio, &self.ui);
        if slots != self.slots {
            let has_pixels = |slots: &[Slot]| slots.iter().any(|slot| slot.renderer.is_pixels());
            if has_pixels(&slots) || has_pixels(&self.slots) {
                // Pixels and cells do not wipe each other out reliably, nor do pixels where a picture stood before.
                self.screen.clear();
                self.ui.pictures.clear();
            }
            self.monitors.arrange(&slots);
            self.ui
                .pictures
                .retain(|target, _| slots.iter().any(|slot| slot.target == *target));
            self.slots = slots;
        }
        if wanted != self.wanted && self.live.want(wanted.clone()) {
            self.wanted = wanted;
        }
        let now = self.clock.now();
        self.screen.set_color(self.ui.has_color());
        self.pace
            .fill(now, self.link.rate() * self.link.relief(now), self.ui.cap_bytes());
        let is_asking = self.link.is_worth_asking() && is_foreground();
        let budget = Budget {
            has_screen: is_answer || self.owes_answer || self.pace.is_screen_due(),
            pictures: self.pace.pictures(),
            asks_before: is_asking && self.link.is_base_old(now),
            asks_after: is_asking.then_some(TELLING_FRAME),
        };
        let Some(drawn) = self.screen.draw(studio, &self.ui, budget)? else {
            self.owes_answer |= is_answer;
            // `on_wake` brings it forward when the terminal has taken the frame that is on its way.
            self.next_frame = Instant::now() + Duration::from_secs(1);
            return Ok(());
        };
        self.owes_answer = false;
        self.account(drawn, now);
        Ok(())
    }

    /// Pays for what was sent, and decides when to draw again.
    fn account(&mut self, drawn: Drawn, now: Timestamp) {
        let bytes = drawn.screen + drawn.pictures;
        if drawn.asked.before {
            self.link.asked(now, 0);
        }
        self.link.sent(bytes as u64);
        if drawn.asked.after {
            self.link.asked(now, bytes as u64);
        }
        self.pace.spent(drawn.screen, drawn.pictures);
        self.waits = drawn.waits;
        let pictures = Sent {
            bytes: drawn.pictures,
            largest: drawn.largest,
            is_waiting: drawn.waits.pictures,
        };
        self.watch.note(bytes, pictures, now);
        self.last_frame = Instant::now();
        self.is_dirty = drawn.waits.screen || drawn.waits.pictures;
        let pause = if self.is_dirty { self.wait() } else { FRAME_TIME };
        self.next_frame = self.last_frame + pause;
        if !drawn.waits.pictures {
            // What became ready while the picture before was on its way.
            self.wake.notify_one();
        }
    }
}

/// What the screen needs: of the studio, and of the worker.
fn wishes(area: Rect, studio: &Studio, ui: &UiState) -> (Vec<TapMonitor>, Vec<Slot>) {
    let renderer = ui.renderer();
    let Some(arrangement) = Arrangement::new(area, studio, ui).filter(|_| renderer != Renderer::Off) else {
        return (Vec::new(), Vec::new());
    };
    let mut wanted = Vec::new();
    let mut slots = Vec::new();
    for (target, area) in arrangement.monitors(studio) {
        let Some((width, height)) = renderer.picture_size(area.width, area.height, ui.cell_size(), ui.step.scale)
        else {
            continue;
        };
        let per_second = match target {
            MonitorTarget::Program => ui.step.per_second.0,
            MonitorTarget::Preview => ui.step.per_second.1,
            MonitorTarget::Source(_) | MonitorTarget::Scene(_) => ui.step.per_second.2,
        };
        wanted.push(TapMonitor {
            what: target.clone(),
            width,
            height,
            per_second,
        });
        slots.push(Slot {
            target,
            renderer,
            cells: (area.width, area.height),
            width,
            height,
        });
    }
    (wanted, slots)
}
