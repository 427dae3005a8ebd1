//! The list of events as this screen shows it: what is left out, and what is selected.

use super::{Prompt, UiAction, UiState};
use crate::media::Timestamp;
use crate::studio::command::{EventsCommand, Leap, Step};
use crate::studio::model::{Event, EventLevel, Studio};

/// How far a page leaps.
const PAGE: usize = 10;

/// Stands in a command line for what was secret.
const SECRET: char = '•';

/// Which event: its time, and which of those of that very time.
pub type EventKey = (Timestamp, usize);

/// What is shown of the events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventsView {
    /// All of these must be in an event.
    pub words: Vec<String>,
    /// Those that matter less are left out.
    pub level: EventLevel,
    /// Stays on its event while others come. None follows the newest.
    pub selected: Option<EventKey>,
}

impl EventsView {
    /// Whether any are left out on purpose.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        !self.words.is_empty() || self.level > EventLevel::Info
    }

    /// The events that are shown, oldest first.
    #[must_use]
    pub fn shown<'a>(&self, studio: &'a Studio) -> Vec<(EventKey, &'a Event)> {
        let mut last = None;
        let mut count = 0;
        let keyed = studio.events.iter().map(|event| {
            count = if last == Some(event.at) { count + 1 } else { 0 };
            last = Some(event.at);
            ((event.at, count), event)
        });
        keyed
            .filter(|(_, event)| event.level >= self.level && event.has_words(&self.words))
            .collect()
    }

    /// Which of those that are shown is selected; one that is shown no longer is the next older one.
    #[must_use]
    pub fn at(&self, shown: &[(EventKey, &Event)]) -> Option<usize> {
        let last = shown.len().checked_sub(1)?;
        let Some(selected) = self.selected else {
            return Some(last);
        };
        Some(shown.iter().rposition(|(key, _)| *key <= selected).unwrap_or(0))
    }

    /// The filter in words: `warning and worse, with "disk"`.
    #[must_use]
    pub fn filter(&self) -> String {
        let level = match self.level {
            EventLevel::Info => None,
            EventLevel::Warning => Some("warning and worse".to_owned()),
            EventLevel::Error => Some("errors".to_owned()),
        };
        let words = (!self.words.is_empty()).then(|| format!("with \"{}\"", self.words.join(" ")));
        [level, words].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn select(&mut self, shown: &[(EventKey, &Event)], to: usize) {
        // At the newest it follows what comes.
        let is_last = to + 1 >= shown.len();
        self.selected = if is_last {
            None
        } else {
            shown.get(to).map(|(key, _)| *key)
        };
    }
}

impl UiState {
    /// Goes to the next event or the one before.
    pub(super) fn step_event(&mut self, studio: &Studio, by: Step) {
        let shown = self.events.shown(studio);
        if let Some(at) = self.events.at(&shown) {
            let to = match by {
                Step::Next => at + 1,
                Step::Previous => at.saturating_sub(1),
            };
            self.events.select(&shown, to);
        }
    }

    /// Does what concerns the list of events.
    pub(super) fn run_events(&mut self, studio: &Studio, command: EventsCommand) -> Vec<UiAction> {
        match command {
            EventsCommand::Filter(words) => {
                if words.is_empty() {
                    self.say("no word leaves any event out", false);
                }
                self.events.words = words;
            }
            EventsCommand::Level(level) => {
                self.events.level = level.unwrap_or_else(|| self.events.level.next());
                let text = match self.events.level {
                    EventLevel::Info => "all events are shown",
                    EventLevel::Warning => "warnings and errors are shown",
                    EventLevel::Error => "errors are shown",
                };
                self.say(text, false);
            }
            EventsCommand::Go(leap) => self.leap_event(studio, leap),
            EventsCommand::Copy => {
                if let Some(line) = self.event_command(studio) {
                    self.say(format!("copied: {line}"), false);
                    return vec![UiAction::Copy(line)];
                }
            }
            EventsCommand::Edit => {
                if let Some(line) = self.event_command(studio) {
                    self.prompt = Some(Prompt::beginning(line));
                }
            }
        }
        Vec::new()
    }

    fn leap_event(&mut self, studio: &Studio, leap: Leap) {
        let shown = self.events.shown(studio);
        if let Some(at) = self.events.at(&shown) {
            let to = match leap {
                Leap::PageUp => at.saturating_sub(PAGE),
                Leap::PageDown => at + PAGE,
                Leap::First => 0,
                Leap::Last => shown.len(),
            };
            self.events.select(&shown, to);
        }
    }

    /// The command that caused the selected event, if it can be given again.
    fn event_command(&mut self, studio: &Studio) -> Option<String> {
        let shown = self.events.shown(studio);
        let event = self.events.at(&shown).and_then(|at| shown.get(at));
        let (said, line) = match event.map(|(_, event)| event.command.as_ref()) {
            None => ("there is no event", None),
            Some(None) => ("no command has caused that", None),
            Some(Some(line)) if line.contains(SECRET) => ("that command had a secret, which is not kept", None),
            Some(Some(line)) => ("", Some(line.clone())),
        };
        if line.is_none() {
            self.say(said, true);
        }
        line
    }
}
