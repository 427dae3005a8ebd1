//! The loop of a client: keys first, then news of the studio, then pictures.
//!
//! Nothing here waits for the terminal or for a picture. Each turn takes one thing that has happened, the most urgent
//! first; what has changed is drawn at once after a key, and otherwise at most 30 times per second.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event as TerminalEvent, EventStream};
use futures::StreamExt as _;
use ratatui::layout::{Rect, Size};
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::app::{History, UiAction, UiState};
use super::history_file::{self, HistoryFile};
use super::keymap::{Keymap, KeymapError};
use super::monitor::{Monitors, Picture, Renderer, Slot};
use super::screen::Screen;
use super::terminal::Taken;
use super::view::layout::Arrangement;
use crate::clock::Clock;
use crate::control::client::{CUT, Incoming, Live};
use crate::control::protocol::{MonitorTarget, Notification, TapMonitor};
use crate::media::{TimeDelta, Timestamp};
use crate::studio::command::{self, ClientCommand, Command, MonitorMode, UsageError};
use crate::studio::model::Studio;

/// The least time between frames that pictures and meters cause: 30 per second.
const FRAME_TIME: Duration = Duration::from_millis(33);

/// Pictures per second of program, preview and tiles.
const RATES: (f32, f32, f32) = (15.0, 8.0, 3.0);

/// How a client is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// How monitors are drawn.
    pub monitor: MonitorMode,
    /// What keys do.
    pub keymap: Keymap,
    /// The file that the lines of the prompt are kept in, if they are.
    pub history: Option<PathBuf>,
}

impl Options {
    /// Options from words of the command line: a mode of the `monitor` command, and a keymap file to merge over the
    /// shipped one.
    ///
    /// # Errors
    /// There is no such mode, the file cannot be read, or something in it is wrong.
    pub fn new(monitor: &str, keymap: Option<&Path>) -> Result<Self, OptionsError> {
        let monitor = match command::parse(&["monitor".to_owned(), monitor.to_owned()])? {
            Command::Client(ClientCommand::Monitor(Some(mode))) => mode,
            _ => MonitorMode::Auto,
        };
        let mut keys = Keymap::shipped()?;
        if let Some(path) = keymap {
            let text = std::fs::read_to_string(path).map_err(|error| OptionsError::KeymapFile {
                path: path.to_owned(),
                error,
            })?;
            keys.merge(&path.display().to_string(), &text)?;
        }
        let history = history_file::path(&|name: &str| std::env::var(name).ok());
        Ok(Self {
            monitor,
            keymap: keys,
            history,
        })
    }
}

/// Why options cannot be used.
#[derive(Debug, Error)]
pub enum OptionsError {
    /// There is no such way to draw monitors.
    #[error(transparent)]
    Monitor(#[from] UsageError),
    /// The keymap cannot be read.
    #[error("keymap {path}: {error}")]
    KeymapFile {
        /// As it was given.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The keymap is wrong.
    #[error("keymap {0}")]
    Keymap(#[from] KeymapError),
}

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
    let taken = Taken::take()?;
    let mut client = Client::new(live, &taken, options)?;
    // `client` is dropped before `taken`: its last frame is out before the terminal is given back.
    client.run().await
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
    fn new(live: Live, taken: &Taken, options: Options) -> io::Result<Self> {
        let wake = Arc::new(Notify::new());
        let waker = |wake: &Arc<Notify>| {
            let wake = Arc::clone(wake);
            move || wake.notify_one()
        };
        let mut ui = UiState::new(options.keymap, taken.capabilities());
        ui.monitor_mode = options.monitor;
        let history = options.history.map(|path| {
            ui.history = History::of(history_file::read(&path));
            HistoryFile::start(path)
        });
        Ok(Self {
            screen: Screen::new(taken.size()?, ui.has_color(), io::stdout(), waker(&wake))?,
            monitors: Monitors::start(waker(&wake))?,
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
            last_frame: Instant::now(),
            next_frame: Instant::now(),
        })
    }

    async fn run(&mut self) -> io::Result<Leave> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut events = EventStream::new();
        let mut tick = interval(Duration::from_millis(200));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let wake = Arc::clone(&self.wake);
        loop {
            let turn = tokio::select! {
                biased;
                _ = terminate.recv() => Turn::Leave(Leave::Detached),
                _ = hangup.recv() => Turn::Leave(Leave::Detached),
                _ = interrupt.recv() => Turn::Leave(Leave::Detached),
                event = events.next() => match event {
                    Some(event) => self.on_terminal(event?).await?,
                    None => return Err(io::ErrorKind::UnexpectedEof.into()),
                },
                () = sleep_until(self.next_frame), if self.is_dirty => {
                    self.draw()?;
                    Turn::Stay
                }
                news = self.live.news.recv() => self.on_news(news),
                () = wake.notified() => {
                    self.on_wake();
                    Turn::Stay
                }
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
                Turn::Answer => self.draw()?,
                Turn::Leave(leave) => return Ok(leave),
            }
        }
    }

    async fn on_terminal(&mut self, event: TerminalEvent) -> io::Result<Turn> {
        self.is_dirty = true;
        let actions = match (event, &self.studio) {
            (TerminalEvent::Key(key), Some(studio)) => self.ui.on_key(studio, key),
            (TerminalEvent::Key(key), None) => {
                // Before there is a studio to act on, only leaving makes sense.
                let is_leaving = matches!(key.code, crossterm::event::KeyCode::Char('q' | 'c'));
                if is_leaving { vec![UiAction::Detach] } else { Vec::new() }
            }
            (TerminalEvent::Paste(text), _) => {
                self.ui.on_paste(&text);
                Vec::new()
            }
            (TerminalEvent::Resize(width, height), _) => {
                self.screen.resize(Size { width, height });
                Vec::new()
            }
            (TerminalEvent::FocusGained | TerminalEvent::FocusLost | TerminalEvent::Mouse(_), _) => Vec::new(),
        };
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
                UiAction::Command { name, args } => match self.live.command(&name, &whole(&name, args)).await {
                    Ok(id) => self.asked.push((id, name)),
                    // What has become of the studio comes by the way that news come: it may have ended as it should.
                    Err(error) => self.ui.say(error.to_string(), true),
                },
            }
        }
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
            Some(Incoming::Picture(..)) => {}
        }
        self.is_dirty = true;
        Turn::Stay
    }

    fn lost(&self, reason: String) -> Leave {
        let name = self.studio.as_ref().map(|studio| studio.name.clone());
        Leave::Lost { reason, name }
    }

    fn on_state(&mut self, mut studio: Studio) {
        // Only the first state brings the events; after it they come one by one.
        if let Some(before) = &mut self.studio
            && studio.events.is_empty()
        {
            studio.events = std::mem::take(&mut before.events);
        }
        self.studio_ahead = studio.now - self.clock.now();
        self.ui.tick(studio.now);
        self.ui.follow(&studio);
        self.studio = Some(studio);
    }

    fn on_reply(&mut self, id: u64, result: Result<Option<String>, String>) {
        let name = self
            .asked
            .iter()
            .position(|(asked, _)| *asked == id)
            .map(|at| self.asked.swap_remove(at).1);
        match (result, name) {
            (Err(reason), _) => self.ui.say(reason, true),
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
    fn on_wake(&mut self) {
        for (target, prepared) in self.monitors.take() {
            self.ui.pictures.insert(target, prepared);
            self.is_dirty = true;
        }
        self.next_frame = self.last_frame + FRAME_TIME;
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
        if self.ui.tick(self.studio_now()) {
            self.is_dirty = true;
        }
    }

    fn studio_now(&self) -> Timestamp {
        self.clock.now() + self.studio_ahead
    }

    /// Draws if the terminal can take a frame; else it is drawn when [`Output`](super::terminal::Output) wakes the loop.
    fn draw(&mut self) -> io::Result<()> {
        let Some(studio) = &self.studio else {
            return Ok(());
        };
        let area = self.screen.area();
        let (wanted, slots) = wishes(area, studio, &self.ui);
        if slots != self.slots {
            let renderer = |slots: &[Slot]| slots.first().map(|slot| slot.renderer);
            if renderer(&slots) != renderer(&self.slots) || renderer(&slots) == Some(Renderer::Sixel) {
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
        if self.screen.draw(studio, &self.ui)? {
            self.is_dirty = false;
            self.last_frame = Instant::now();
            self.next_frame = self.last_frame + FRAME_TIME;
        } else {
            // `on_wake` brings it forward when the terminal has taken the frame that is on its way.
            self.next_frame = Instant::now() + Duration::from_secs(1);
        }
        Ok(())
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
        let Some((width, height)) = renderer.picture_size(area.width, area.height, ui.cell_size()) else {
            continue;
        };
        let per_second = match target {
            MonitorTarget::Program => RATES.0,
            MonitorTarget::Preview => RATES.1,
            MonitorTarget::Source(_) => RATES.2,
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
            width,
            height,
        });
    }
    (wanted, slots)
}
