//! What a key does.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{Overlay, UiAction, UiState};
use crate::studio::command::Step;
use crate::studio::model::Studio;
use crate::tui::keymap::{Key, Lookup};

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
                is_asked: true,
            };
            let is_undo = name == "undo";
            self.overlay = Overlay::None;
            return match event.code {
                // Somebody else may have done something meanwhile: a yes is for what was read.
                KeyCode::Char('y' | 'Y') if is_undo && self.asked_undo != studio.undo.next => {
                    self.say("something else would be undone now; nothing was", true);
                    Vec::new()
                }
                KeyCode::Char('y' | 'Y') => vec![action],
                _ => Vec::new(),
            };
        }
        if self.prompt.is_some() {
            return self.on_prompt_key(studio, event);
        }
        if matches!(self.overlay, Overlay::Palette(_)) {
            return self.on_palette_key(studio, event);
        }
        if self.on_help_key(event) {
            return Vec::new();
        }
        self.on_bound_key(studio, event)
    }

    /// Text that was pasted: it goes to the prompt, never to the keys.
    pub fn on_paste(&mut self, text: &str) {
        if matches!(self.overlay, Overlay::Palette(_)) {
            self.paste_to_palette(text);
        } else if let Some(prompt) = &mut self.prompt {
            text.chars().filter(|c| !c.is_control()).for_each(|c| prompt.insert(c));
        }
    }

    fn on_bound_key(&mut self, studio: &Studio, event: KeyEvent) -> Vec<UiAction> {
        if event.code == KeyCode::Esc && (!self.pending.is_empty() || self.count.is_some()) {
            self.pending.clear();
            self.count = None;
            return Vec::new();
        }
        self.pending.push(Key::from(event));
        let line = match self.keymap.lookup(self.context(), &self.pending) {
            Lookup::Pending(_) => return Vec::new(),
            Lookup::Bound(binding) => Some(binding.line.clone()),
            Lookup::Unbound => None,
        };
        let pressed = std::mem::take(&mut self.pending);
        if let Some(line) = line {
            return self.run_line(studio, &line);
        }
        if let [key] = pressed[..]
            && let Some(line) = Self::line_of_cue_key(studio, key)
        {
            return self.run_line(studio, &line);
        }
        self.count = None;
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
            KeyCode::Char('r') if is_ctrl => prompt.search(self.history.lines()),
            _ if prompt.on_search_key(event, self.history.lines()) => {}
            KeyCode::Esc => self.leave_prompt(),
            KeyCode::Char('c') if is_ctrl => self.leave_prompt(),
            KeyCode::Enter => {
                let line = prompt.text().trim().to_owned();
                self.prompt = None;
                if !line.is_empty() {
                    self.history.remember(&line);
                    return self.run_line(studio, &line);
                }
            }
            KeyCode::Backspace if prompt.text().is_empty() => self.leave_prompt(),
            KeyCode::Tab => prompt.complete(studio, Step::Next),
            KeyCode::BackTab => prompt.complete(studio, Step::Previous),
            KeyCode::Up => prompt.recall(self.history.lines(), Step::Previous),
            KeyCode::Down => prompt.recall(self.history.lines(), Step::Next),
            _ => prompt.edit(event),
        }
        Vec::new()
    }

    /// Closes the prompt without running what is in it.
    fn leave_prompt(&mut self) {
        self.prompt = None;
        self.count = None;
    }
}
