//! What a key does.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{Overlay, Pane, Prompt, UiAction, UiState, step};
use crate::studio::command::ArgKind;
use crate::studio::command::{self, ClientCommand, Command, MonitorMode, Selection, Step};
use crate::studio::model::Studio;
use crate::tui::keymap::{Key, Lookup, Placeholder};
use crate::tui::monitor::Renderer;

/// Lines of prompt history that are kept.
const HISTORY: usize = 100;

impl UiState {
    /// Handles a key; what it asks of the world outside comes back.
    pub fn on_key(&mut self, studio: &Studio, event: KeyEvent) -> Vec<UiAction> {
        if event.kind == KeyEventKind::Release {
            return Vec::new();
        }
        self.toast.take_if(|toast| toast.is_error);
        if let Overlay::Confirm { name, args } = &self.overlay {
            let action = UiAction::Command {
                name: name.clone(),
                args: args.clone(),
            };
            self.overlay = Overlay::None;
            return match event.code {
                KeyCode::Char('y' | 'Y') => vec![action],
                _ => Vec::new(),
            };
        }
        if self.prompt.is_some() {
            return self.on_prompt_key(studio, event);
        }
        if self.on_help_key(event) {
            return Vec::new();
        }
        self.on_bound_key(studio, event)
    }

    /// Text that was pasted: it goes to the prompt, never to the keys.
    pub fn on_paste(&mut self, text: &str) {
        if let Some(prompt) = &mut self.prompt {
            text.chars().filter(|c| !c.is_control()).for_each(|c| prompt.insert(c));
        }
    }

    fn on_bound_key(&mut self, studio: &Studio, event: KeyEvent) -> Vec<UiAction> {
        if event.code == KeyCode::Esc && !self.pending.is_empty() {
            self.pending.clear();
            return Vec::new();
        }
        self.pending.push(Key::from(event));
        let line = match self.keymap.lookup(&self.pending) {
            Lookup::Pending(_) => return Vec::new(),
            Lookup::Bound(binding) => Some(binding.line.clone()),
            Lookup::Unbound => None,
        };
        let pressed = std::mem::take(&mut self.pending);
        if let Some(line) = line {
            return self.run_line(studio, &line);
        }
        // A key alone that means nothing stays silent; a sequence that leads nowhere says so.
        if pressed.len() > 1 {
            let names: Vec<String> = pressed.iter().map(Key::to_string).collect();
            self.say(format!("{} is not bound", names.join(" ")), true);
        }
        Vec::new()
    }

    /// Keys that scroll or close the help; `false` for all others.
    fn on_help_key(&mut self, event: KeyEvent) -> bool {
        let Overlay::Help { scroll } = &mut self.overlay else {
            return false;
        };
        let by: i32 = match event.code {
            KeyCode::Down | KeyCode::Char('j') => 1,
            KeyCode::Up | KeyCode::Char('k') => -1,
            KeyCode::PageDown | KeyCode::Char(' ') => 10,
            KeyCode::PageUp => -10,
            KeyCode::Home => i32::MIN,
            KeyCode::End => i32::MAX,
            KeyCode::Char('c') if event.modifiers.contains(KeyModifiers::CONTROL) => return false,
            _ => {
                self.overlay = Overlay::None;
                return true;
            }
        };
        *scroll = i32::from(*scroll).saturating_add(by).clamp(0, 1000) as u16;
        true
    }

    fn on_prompt_key(&mut self, studio: &Studio, event: KeyEvent) -> Vec<UiAction> {
        let is_ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let Some(prompt) = &mut self.prompt else {
            return Vec::new();
        };
        match event.code {
            KeyCode::Esc => self.prompt = None,
            KeyCode::Char('c') if is_ctrl => self.prompt = None,
            KeyCode::Enter => {
                let line = prompt.text().trim().to_owned();
                self.prompt = None;
                if !line.is_empty() {
                    self.remember_line(&line);
                    return self.run_line(studio, &line);
                }
            }
            KeyCode::Backspace if prompt.text().is_empty() => self.prompt = None,
            KeyCode::Tab => prompt.complete(studio, Step::Next),
            KeyCode::BackTab => prompt.complete(studio, Step::Previous),
            KeyCode::Up => prompt.recall(&self.history, Step::Previous),
            KeyCode::Down => prompt.recall(&self.history, Step::Next),
            _ => prompt.edit(event),
        }
        Vec::new()
    }

    /// Remembers a line for the prompt, unless it has an address: a stream key is typed, not kept.
    fn remember_line(&mut self, line: &str) {
        let words = command::split_words(line);
        let has_secret =
            command::find(&words).is_ok_and(|(spec, _)| spec.args.iter().any(|arg| arg.kind == ArgKind::Url));
        if has_secret || self.history.last().is_some_and(|last| last == line) {
            return;
        }
        if self.history.len() >= HISTORY {
            self.history.remove(0);
        }
        self.history.push(line.to_owned());
    }

    /// Runs a line of a key or of the prompt: here, or by asking the studio.
    pub fn run_line(&mut self, studio: &Studio, line: &str) -> Vec<UiAction> {
        let mut words = command::split_words(line);
        for word in &mut words {
            if let Some(placeholder) = Placeholder::of(word) {
                let Some(name) = self.filled(studio, placeholder) else {
                    self.say(format!("there is no {} to do that to", placeholder.noun()), true);
                    return Vec::new();
                };
                *word = name;
            }
        }
        let (spec, args) = match command::find(&words) {
            Ok((spec, args)) => (spec, args.to_vec()),
            Err(error) => {
                self.say(error.to_string(), true);
                return Vec::new();
            }
        };
        match command::parse(&words) {
            Err(error) => self.say(error.to_string(), true),
            Ok(Command::Client(client)) => return self.run_client(studio, client),
            Ok(_) if spec.is_confirmed => {
                let name = spec.name.to_owned();
                self.overlay = Overlay::Confirm { name, args };
            }
            Ok(_) => {
                let name = spec.name.to_owned();
                return vec![UiAction::Command { name, args }];
            }
        }
        Vec::new()
    }

    fn filled(&self, studio: &Studio, placeholder: Placeholder) -> Option<String> {
        match placeholder {
            Placeholder::Strip => studio.strips.get(self.selected.strip).map(|strip| strip.name.clone()),
            Placeholder::Source => studio
                .sources
                .get(self.selected.source)
                .map(|source| source.name.clone()),
            Placeholder::Scene => Some(studio.preview.clone()),
            Placeholder::Destination => studio
                .destinations
                .get(self.selected.destination)
                .map(|destination| destination.name.clone()),
        }
    }

    fn run_client(&mut self, studio: &Studio, client: ClientCommand) -> Vec<UiAction> {
        match client {
            ClientCommand::Help => {
                self.overlay = match self.overlay {
                    Overlay::Help { .. } => Overlay::None,
                    _ => Overlay::Help { scroll: 0 },
                };
            }
            ClientCommand::Prompt => self.prompt = Some(Prompt::default()),
            ClientCommand::Detach => return vec![UiAction::Detach],
            ClientCommand::Redraw => return vec![UiAction::Redraw],
            ClientCommand::Monitor(mode) => {
                self.monitor_mode = mode.unwrap_or_else(|| self.next_mode());
                self.pictures.clear();
                self.say(format!("monitors: {}", self.renderer().name()), false);
            }
            ClientCommand::Select(what, by) => self.select(studio, what, by),
        }
        Vec::new()
    }

    /// The next way of drawing; sixels only where the terminal claimed them.
    fn next_mode(&self) -> MonitorMode {
        match self.renderer() {
            Renderer::Blocks(_) => MonitorMode::Ascii,
            Renderer::Ascii if self.capabilities.has_sixel => MonitorMode::Sixel,
            Renderer::Ascii | Renderer::Sixel => MonitorMode::Off,
            Renderer::Off => MonitorMode::HalfBlocks,
        }
    }

    /// Moves a selection. A strip and the source whose sound it is are selected together.
    fn select(&mut self, studio: &Studio, what: Selection, by: Step) {
        let selected = &mut self.selected;
        match what {
            Selection::Strip => {
                selected.strip = step(selected.strip, studio.strips.len(), by);
                let name = studio.strips.get(selected.strip).map(|strip| &strip.name);
                if let Some(at) = studio.sources.iter().position(|source| Some(&source.name) == name) {
                    selected.source = at;
                }
            }
            Selection::Source => {
                selected.source = step(selected.source, studio.sources.len(), by);
                let name = studio.sources.get(selected.source).map(|source| &source.name);
                if let Some(at) = studio.strips.iter().position(|strip| Some(&strip.name) == name) {
                    selected.strip = at;
                }
            }
            Selection::Destination => {
                selected.destination = step(selected.destination, studio.destinations.len(), by);
            }
            Selection::Pane => {
                let at = Pane::ALL.iter().position(|pane| *pane == self.pane).unwrap_or(0);
                self.pane = Pane::ALL[step(at, Pane::ALL.len(), by)];
            }
        }
    }
}
