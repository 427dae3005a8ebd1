//! What the screen knows beyond the studio: selection, prompt, overlays, pictures. Plain data; [`UiState::on_key`] is a pure
//! function of it, the studio and a key.

mod alarms;
mod complete;
mod cues;
mod events;
mod faces;
mod finds;
mod fuzzy;
mod heard;
mod held;
mod history;
mod items;
mod keys;
mod layout;
mod line;
mod page;
mod palette;
mod pictures;
mod prompt;
mod times;

use std::collections::HashMap;

use crate::control::protocol::MonitorTarget;
use crate::media::{TimeDelta, Timestamp};
use crate::studio::command::{ColorMode, Layout, MonitorMode, Page, Step, Zoom};
use crate::studio::model::{DestinationState, Meters, Studio, UndoNote};
use crate::tui::governor;
use crate::tui::keymap::{Context, Key, Keymap};
use crate::tui::monitor::Prepared;
use crate::tui::terminal::{Capabilities, Colors};
use crate::tui::view::theme::{Depth, Theme};

pub use alarms::Bell;
pub use complete::{Candidate, Completion, complete};
pub use events::{EventKey, EventsView};
pub use finds::{FindRow, FindsView, find_rows};
pub use heard::Heard;
pub use held::{Fate, Held, HeldRow, delay, held_rows, is_slate};
pub use history::{History, LINES_KEPT, may_hold_secret};
pub use items::{ItemRow, ItemsView, item_rows};
pub use layout::MULTIVIEW;
pub use page::{Entry, Place, entries, is_stage_switch};
pub use palette::{CommandPalette, Found};
pub use prompt::Prompt;

/// How long a reply stays on screen, in ms.
pub const TOAST_MS: i64 = 4000;

/// The state of one screen.
#[derive(Clone, Debug)]
pub struct UiState {
    /// What keys do.
    pub keymap: Keymap,
    /// What the terminal can do.
    pub capabilities: Capabilities,
    /// How the operator wants monitors drawn.
    pub monitor_mode: MonitorMode,
    /// How many colours the operator wants.
    pub color_mode: ColorMode,
    /// The look of the screen.
    pub theme: Theme,
    /// The theme of the operator's own file.
    pub own_theme: Option<Theme>,
    /// The studio clock as this client reckons it.
    pub now: Timestamp,
    /// What keys act on.
    pub selected: Selected,
    /// The pane that is shown where there is room for one only.
    pub pane: Pane,
    /// How the screen is laid out while no page is open.
    pub layout: Layout,
    /// What has the focus.
    pub focus: Focus,
    /// What stands over the whole body.
    pub zoom: Option<Zoom>,
    /// The page that is open.
    pub page: Option<Page>,
    /// Which parameters are selected on the pages.
    pub place: Place,
    /// What was chosen on the page of items.
    pub items: ItemsView,
    /// What was chosen on the page of sources.
    pub finds: FindsView,
    /// The strip that was marked to copy from.
    pub marked: Option<String>,
    /// The source that was marked to copy the picture settings from.
    pub marked_source: Option<String>,
    /// The held word or span that was marked as the beginning of a longer one, and when it begins.
    pub marked_held: Option<(Held, Timestamp)>,
    /// What lies over the screen.
    pub overlay: Overlay,
    /// The command prompt while it is open.
    pub prompt: Option<Prompt>,
    /// Lines typed at the prompt.
    pub history: History,
    /// How often the next command is to be done, if that was said.
    pub count: Option<u8>,
    /// What would have been undone when the operator was asked.
    pub asked_undo: Option<UndoNote>,
    /// The last line that asked something of the studio, with its placeholders.
    pub last_line: Option<String>,
    /// Keys of a sequence that is not complete.
    pub pending: Vec<Key>,
    /// The newest reply.
    pub toast: Option<Toast>,
    /// The newest meters.
    pub meters: Meters,
    /// How loud program was.
    pub heard: Heard,
    /// What the monitors show.
    pub pictures: HashMap<MonitorTarget, Prepared>,
    /// How good pictures are made, which the governor of the link says.
    pub step: governor::Step,
    /// What the governor does, for the corner.
    pub flow: Flow,
    /// Bytes of pictures per second at most, where the operator has said so; in kB.
    pub cap_kb: Option<u32>,
    /// What is shown of the events.
    pub events: EventsView,
    /// Whether the bell rings for alarms.
    pub bell: Bell,
    /// Since when each lost destination waits for its attempt of that number.
    pub backoffs: HashMap<String, (u32, Timestamp)>,
}

/// What keys act on, as positions in the studio's lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    /// In [`Studio::strips`].
    pub strip: usize,
    /// In [`Studio::sources`].
    pub source: usize,
    /// In [`Studio::destinations`].
    pub destination: usize,
    /// The track of a face. It stays selected while it is gone: a key never acts on another face than the one that was chosen.
    pub face: Option<u32>,
    /// What is selected of what is held.
    pub held: Option<Held>,
    /// In the list of cues.
    pub cue: usize,
}

/// The parts of the lower screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pane {
    /// Strips and meters.
    Mixer,
    /// Sources as a list.
    Sources,
    /// Where the show goes.
    Destinations,
    /// What happened.
    Events,
}

impl Pane {
    /// In the order of the key.
    pub const ALL: [Self; 4] = [Self::Mixer, Self::Sources, Self::Destinations, Self::Events];

    /// Its title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Mixer => "MIXER",
            Self::Sources => "SOURCES",
            Self::Destinations => "DESTINATIONS",
            Self::Events => "EVENTS",
        }
    }
}

/// What the governor of the link does, as the corner of the screen shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// Bytes that go to the terminal.
    pub bytes_per_second: u32,
    /// Changes of pictures that go out whole.
    pub pictures_per_second: u32,
    /// How long the terminal takes to answer, where it does.
    pub round_trip: Option<TimeDelta>,
    /// How many steps pictures are below the best that the terminal can show.
    pub depth: usize,
}

/// What has the focus, which `tab` moves and `zoom` enlarges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The pane that [`UiState::pane`] names.
    Pane,
    /// The picture on air.
    Program,
    /// What take would put there.
    Preview,
    /// The selected source.
    Source,
}

/// What lies over the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// Nothing.
    None,
    /// The help, scrolled down by so many lines.
    Help {
        /// Lines; the view does not scroll past the end.
        scroll: u16,
    },
    /// All commands, to search in them.
    Palette(CommandPalette),
    /// A question before something that cannot be undone.
    Confirm {
        /// The command of the table.
        name: String,
        /// Its arguments.
        args: Vec<String>,
    },
}

/// A reply to the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// In words.
    pub text: String,
    /// Whether something was refused.
    pub is_error: bool,
    /// Until when it is shown.
    pub until: Timestamp,
}

/// What a key asks of the world outside the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UiAction {
    /// A command for the studio.
    Command {
        /// Of the table.
        name: String,
        /// As typed.
        args: Vec<String>,
        /// Whether the operator has said yes to it.
        is_asked: bool,
    },
    /// Leave the screen; the show goes on.
    Detach,
    /// Draw everything anew.
    Redraw,
    /// Give this text to the clipboard of the terminal.
    Copy(String),
    /// Ring the bell of the terminal.
    Bell,
}

impl UiState {
    /// A fresh screen.
    #[must_use]
    pub fn new(keymap: Keymap, capabilities: Capabilities) -> Self {
        Self {
            keymap,
            capabilities,
            monitor_mode: MonitorMode::Auto,
            color_mode: ColorMode::Auto,
            theme: Theme::new(capabilities.colors != Colors::None),
            own_theme: None,
            now: Timestamp::ZERO,
            selected: Selected::default(),
            pane: Pane::Mixer,
            layout: Layout::Desk,
            focus: Focus::Pane,
            zoom: None,
            page: None,
            place: Place::default(),
            items: ItemsView::default(),
            finds: FindsView::default(),
            marked: None,
            marked_source: None,
            marked_held: None,
            overlay: Overlay::None,
            prompt: None,
            history: History::default(),
            count: None,
            asked_undo: None,
            last_line: None,
            pending: Vec::new(),
            toast: None,
            meters: Meters::default(),
            heard: Heard::default(),
            pictures: HashMap::new(),
            step: governor::Step::BEST,
            flow: Flow::default(),
            cap_kb: None,
            events: EventsView::default(),
            bell: Bell::default(),
            backoffs: HashMap::new(),
        }
    }

    /// Where keys are pressed.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::of(self.page, self.focused_pane())
    }

    /// The theme as this terminal shows it.
    #[must_use]
    pub fn look(&self) -> Theme {
        self.theme.at(match self.colors() {
            Colors::None => Depth::None,
            Colors::Ansi16 => Depth::Ansi16,
            Colors::Xterm256 => Depth::Xterm256,
            Colors::TrueColor => Depth::TrueColor,
        })
    }

    /// Follows a new state of the studio: selections stay inside its lists, pauses before the next attempt are timed.
    pub fn follow(&mut self, studio: &Studio) {
        let clamp = |at: usize, len: usize| at.min(len.saturating_sub(1));
        self.selected = Selected {
            strip: clamp(self.selected.strip, studio.strips.len()),
            source: clamp(self.selected.source, studio.sources.len()),
            destination: clamp(self.selected.destination, studio.destinations.len()),
            face: self.selected.face,
            held: self.selected.held,
            cue: clamp(
                self.selected.cue,
                studio.cues.list.as_ref().map_or(0, |list| list.cues.len()),
            ),
        };
        self.follow_held(studio);
        self.bell.follow(studio);
        self.heard.recall(&studio.history);
        self.marked
            .take_if(|marked| !studio.strips.iter().any(|strip| strip.name == *marked));
        self.marked_source
            .take_if(|marked| !studio.sources.iter().any(|source| source.name == *marked));
        let is_nothing_left = match self.page {
            Some(Page::Strip) => studio.strips.is_empty(),
            Some(Page::Picture) => studio.sources.is_empty(),
            Some(_) | None => false,
        };
        if is_nothing_left {
            self.page = None;
        }
        let now = studio.now;
        let before = std::mem::take(&mut self.backoffs);
        for destination in &studio.destinations {
            if let DestinationState::Backoff { attempt, .. } = destination.state {
                let since = before
                    .get(&destination.name)
                    .filter(|(known, _)| *known == attempt)
                    .map_or(now, |(_, since)| *since);
                self.backoffs.insert(destination.name.clone(), (attempt, since));
            }
        }
    }

    /// Lets time pass; returns whether the screen looks different for it.
    pub fn tick(&mut self, now: Timestamp) -> bool {
        let is_new_second = now.to_millis().div_euclid(1000) != self.now.to_millis().div_euclid(1000);
        self.now = now;
        // On the page of moderation everything moves towards air.
        let is_moving = self.page == Some(Page::Moderation);
        self.toast.take_if(|toast| toast.until <= now).is_some() || is_new_second || is_moving
    }

    /// Takes new meters; returns whether the screen looks different for them.
    pub fn hear(&mut self, meters: Meters) -> bool {
        self.heard.note(self.now, meters.loudness.short_term_lufs);
        let is_new = self.meters != meters;
        self.meters = meters;
        is_new
    }

    /// Shows a reply for a while.
    pub fn say(&mut self, text: impl Into<String>, is_error: bool) {
        self.toast = Some(Toast {
            text: text.into(),
            is_error,
            until: self.now + TimeDelta::from_millis(TOAST_MS),
        });
    }
}

/// The position after or before `at` in a list of `len`, round the end.
fn step(at: usize, len: usize, step: Step) -> usize {
    match (len, step) {
        (0, _) => 0,
        (_, Step::Next) => (at + 1) % len,
        (_, Step::Previous) => (at + len - 1) % len,
    }
}
