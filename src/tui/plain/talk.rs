//! The conversation: what was heard last, what is wrong, what is being asked.

use std::collections::HashMap;

use super::say;
use crate::media::{TimeDelta, Timestamp};
use crate::studio::command::table::TABLE;
use crate::studio::command::{self, ClientCommand, Command, Scope};
use crate::studio::model::{Alarm, Event, EventLevel, Meters, Studio};

/// The same sentence with other figures is said again after this long at the earliest.
const CHATTER_MS: i64 = 10_000;

/// Different sentences of that kind that are remembered.
const CHATTER_KEPT: usize = 64;

/// What events of alarms are about.
const ALARM: &str = "alarm";

/// What is done about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TalkAction {
    /// A sentence.
    Say(String),
    /// A command for the studio.
    Command {
        /// Of the table.
        name: String,
        /// As typed.
        args: Vec<String>,
        /// Whether the operator has said yes to it.
        is_asked: bool,
    },
    /// The operator leaves; the show goes on.
    Leave,
}

/// A sentence whose figures change too often to be said each time.
#[derive(Debug)]
struct Chatter {
    said: Timestamp,
    /// What has not been said since, and how many before it.
    kept: Option<(String, u32)>,
}

/// The state of a conversation.
#[derive(Debug, Default)]
pub struct Talk {
    /// The newest state; none before there was any.
    studio: Option<Studio>,
    meters: Meters,
    has_meters: bool,
    ticks: u32,
    /// The alarms that were told.
    alarms: Vec<Alarm>,
    /// A command that waits for a yes.
    question: Option<(String, Vec<String>)>,
    /// By sentence without its figures.
    chatter: HashMap<String, Chatter>,
}

impl Talk {
    /// Before anything was heard.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is a studio to talk about, and how loud it is: the first line may ask for that. Meters that do not come
    /// are not waited for long.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.studio.is_some() && (self.has_meters || self.ticks > 2)
    }

    /// The name of the show, once it is known.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.studio.as_ref().map(|studio| studio.name.as_str())
    }

    /// Takes a new state. The first one is told whole.
    pub fn on_state(&mut self, studio: Studio) -> Vec<String> {
        let mut said = Vec::new();
        if self.studio.is_none() {
            said = say::status(&studio);
        }
        let is_first = self.studio.is_none();
        said.extend(self.tell_alarms(studio.alarms.raised()));
        self.studio = Some(studio);
        if is_first {
            if self.alarms.is_empty() {
                said.push("No alarm.".to_owned());
            }
            said.push("Type help for what can be said; quit leaves, and the show goes on.".to_owned());
        }
        said
    }

    /// Takes new meters: they are told when somebody asks.
    pub fn on_meters(&mut self, meters: Meters) {
        self.meters = meters;
        self.has_meters = true;
    }

    /// Alarms that begin, and those that are over.
    fn tell_alarms(&mut self, now: &[Alarm]) -> Vec<String> {
        let holds = |alarms: &[Alarm], alarm: &Alarm| alarms.iter().any(|other| other.kind == alarm.kind);
        let begun = now.iter().filter(|alarm| !holds(&self.alarms, alarm));
        let over = self.alarms.iter().filter(|alarm| !holds(now, alarm));
        let said = begun.map(say::alarm).chain(over.map(say::alarm_over)).collect();
        self.alarms = now.to_vec();
        said
    }

    /// Takes note of what happened. What differs from what was just said in its figures alone waits a while.
    pub fn on_event(&mut self, event: &Event, now: Timestamp) -> Vec<String> {
        // The state tells them as well, and of none that is missed.
        if event.subject == ALARM && !event.text.ends_with("acknowledged") {
            return Vec::new();
        }
        let text = say::event(event);
        if event.level != EventLevel::Info || !text.contains(|c: char| c.is_ascii_digit()) {
            return vec![text];
        }
        let key: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
        if let Some(chatter) = self.chatter.get_mut(&key)
            && now - chatter.said < TimeDelta::from_millis(CHATTER_MS)
        {
            let before = chatter.kept.take().map_or(0, |(_, before)| before + 1);
            chatter.kept = Some((text, before));
            return Vec::new();
        }
        if self.chatter.len() >= CHATTER_KEPT {
            let oldest = self.chatter.iter().min_by_key(|(_, chatter)| chatter.said);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.chatter.remove(&key);
            }
        }
        self.chatter.insert(key, Chatter { said: now, kept: None });
        vec![text]
    }

    /// Says what has waited long enough. To be called once per second.
    pub fn on_tick(&mut self, now: Timestamp) -> Vec<String> {
        self.ticks = self.ticks.saturating_add(1);
        let mut said = Vec::new();
        for chatter in self.chatter.values_mut() {
            if now - chatter.said >= TimeDelta::from_millis(CHATTER_MS)
                && let Some((text, before)) = chatter.kept.take()
            {
                chatter.said = now;
                said.push(match before {
                    0 => text,
                    more => format!("{text} It changed {more} more times before."),
                });
            }
        }
        said
    }

    /// What a line leads to. It is answered with at least a sentence, at once or by the studio.
    pub fn hear(&mut self, line: &str) -> Vec<TalkAction> {
        let say = |text: &str| vec![TalkAction::Say(say::sentence(text))];
        let words = command::split_words(line);
        if let Some((name, args)) = self.question.take() {
            return match words.first().map(|word| word.to_lowercase()).as_deref() {
                Some("y" | "yes") => vec![TalkAction::Command {
                    name,
                    args,
                    is_asked: true,
                }],
                _ => say(&format!("{name} was not done")),
            };
        }
        let Some(studio) = &self.studio else {
            return say("there is no studio yet");
        };
        let typed: Vec<&str> = words.iter().map(String::as_str).collect();
        let all = |lines: Vec<String>| lines.into_iter().map(TalkAction::Say).collect();
        match typed.as_slice() {
            [] => return Vec::new(),
            ["quit" | "detach" | "exit"] => return vec![TalkAction::Leave],
            ["status"] => {
                let mut lines = say::status(studio);
                lines.extend(self.alarms.iter().map(say::alarm));
                return all(lines);
            }
            ["say", "levels"] => return all(say::levels(studio, &self.meters)),
            ["say", ..] => return say("what can be said is: say levels"),
            ["help"] => return all(help()),
            ["help", rest @ ..] => return all(help_about(&rest.join(" "))),
            _ => {}
        }
        let (spec, args) = match command::find(&words) {
            Ok((spec, args)) => (spec, args.to_vec()),
            Err(error) => return say(&error.to_string()),
        };
        match command::parse(&words) {
            Err(error) => say(&error.to_string()),
            Ok(Command::Client(ClientCommand::Detach)) => vec![TalkAction::Leave],
            Ok(Command::Client(_)) => say(&format!("{} concerns a screen, and there is none here", spec.name)),
            Ok(command) if spec.is_confirmed && command::reveals_or_ends(&command, studio) => {
                let question = format!("{}: {}. Are you sure? Type y or n.", spec.name, spec.doc);
                self.question = Some((spec.name.to_owned(), args));
                say(&question)
            }
            Ok(command) => vec![TalkAction::Command {
                name: spec.name.to_owned(),
                args: command::meant_args(&command, args, studio),
                is_asked: false,
            }],
        }
    }
}

/// What can be said, in a few lines.
fn help() -> Vec<String> {
    let mut words: Vec<&str> = Vec::new();
    for spec in TABLE.iter().filter(|spec| spec.scope == Scope::Studio) {
        let word = spec.name.split(' ').next().unwrap_or_default();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.sort_unstable();
    vec![
        "status tells the state of everything; say levels tells how loud it is.".to_owned(),
        "quit leaves, and the show goes on; end ends the show.".to_owned(),
        format!("Commands begin with: {}.", words.join(", ")),
        "help WORD tells the commands that begin with a word; names with blanks go in double quotes.".to_owned(),
    ]
}

/// The commands that begin with these words, or that say something of them.
fn help_about(about: &str) -> Vec<String> {
    let about = about.to_lowercase();
    let specs = || TABLE.iter().filter(|spec| spec.scope == Scope::Studio);
    let mut found: Vec<_> = specs().filter(|spec| spec.name.starts_with(&about)).collect();
    if found.is_empty() {
        found = specs()
            .filter(|spec| spec.doc.to_lowercase().contains(&about))
            .collect();
    }
    if found.is_empty() {
        return vec![say::sentence(&format!("there is no command that begins with {about}"))];
    }
    let line = |spec: &&command::CommandSpec| format!("{}: {}.", spec.usage(), spec.doc);
    found.iter().map(line).collect()
}
