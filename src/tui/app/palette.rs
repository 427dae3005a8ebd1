//! The palette: all commands, searched by name, sentence or key.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::fuzzy::Fuzzy;
use super::{Overlay, Prompt, UiAction, UiState, step};
use crate::studio::command::table::TABLE;
use crate::studio::command::{self, CommandSpec, Step, split_words};
use crate::studio::model::Studio;
use crate::tui::keymap::{Context, Keymap};

/// The open palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandPalette {
    /// What is searched for.
    pub query: Prompt,
    /// What is found, the best first.
    pub found: Vec<Found>,
    /// Which of them is chosen.
    pub chosen: usize,
}

/// A command that is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its place in the table.
    row: usize,
    /// The keys that do it, where they hold here.
    pub keys: String,
    /// Which characters of its usage were searched for.
    pub marks: Vec<u32>,
}

impl Found {
    /// Its row of the table.
    #[must_use]
    pub fn spec(&self) -> &'static CommandSpec {
        &TABLE[self.row]
    }
}

impl CommandPalette {
    /// All commands, in the order of the table.
    #[must_use]
    pub fn open(keymap: &Keymap, context: Context) -> Self {
        let mut palette = Self {
            query: Prompt::default(),
            found: Vec::new(),
            chosen: 0,
        };
        palette.search(keymap, context);
        palette
    }

    fn search(&mut self, keymap: &Keymap, context: Context) {
        let query = self.query.text().trim();
        let mut fuzzy = Fuzzy::new(query);
        let mut found: Vec<(u32, Found)> = Vec::new();
        for (row, spec) in TABLE.iter().enumerate() {
            let keys = keys_of(keymap, context, spec);
            let is_key = keys.split(", ").any(|key| key == query);
            let named = fuzzy.scattered(&spec.usage());
            // A key that is typed is what is looked for; a name is better than a sentence.
            let rank = match (&named, is_key) {
                (_, true) => 1_000_000,
                (Some((score, _)), _) => 1_000 + score * 2 - spec.usage().len().min(500) as u32 / 8,
                (None, _) => match fuzzy.together(&format!("{} {}", spec.usage(), spec.doc)) {
                    Some(score) => score.min(999),
                    None => continue,
                },
            };
            let marks = named.map(|(_, at)| at).unwrap_or_default();
            found.push((rank, Found { row, keys, marks }));
        }
        if !query.is_empty() {
            found.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        }
        self.found = found.into_iter().map(|(_, found)| found).collect();
        self.chosen = 0;
    }
}

/// The keys that do a command, or open the prompt with its name: those that hold in `context`, else none.
fn keys_of(keymap: &Keymap, context: Context, spec: &CommandSpec) -> String {
    let mut keys: Vec<String> = Vec::new();
    for binding in keymap.active(context) {
        let words = split_words(&binding.line);
        let does = |words: &[String]| command::find(words).is_ok_and(|(found, _)| found.name == spec.name);
        let opens = || words.len() == 2 && words[0] == "prompt" && does(&split_words(&words[1]));
        if (does(&words) || opens()) && keys.len() < 3 {
            keys.push(binding.keys_text());
        }
    }
    keys.join(", ")
}

impl UiState {
    /// A key while the palette is open; what it asks of the world outside comes back.
    pub(super) fn on_palette_key(&mut self, studio: &Studio, event: KeyEvent) -> Vec<UiAction> {
        let context = self.context();
        let Overlay::Palette(palette) = &mut self.overlay else {
            return Vec::new();
        };
        let is_ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let count = palette.found.len();
        match event.code {
            KeyCode::Esc => self.overlay = Overlay::None,
            KeyCode::Char('c') if is_ctrl => self.overlay = Overlay::None,
            KeyCode::Up => palette.chosen = step(palette.chosen, count, Step::Previous),
            KeyCode::Down => palette.chosen = step(palette.chosen, count, Step::Next),
            KeyCode::Char('p') if is_ctrl => palette.chosen = step(palette.chosen, count, Step::Previous),
            KeyCode::Char('n') if is_ctrl => palette.chosen = step(palette.chosen, count, Step::Next),
            KeyCode::PageUp => palette.chosen = palette.chosen.saturating_sub(10),
            KeyCode::PageDown => palette.chosen = (palette.chosen + 10).min(count.saturating_sub(1)),
            KeyCode::Enter | KeyCode::Tab => {
                let Some(spec) = palette.found.get(palette.chosen).map(Found::spec) else {
                    return Vec::new();
                };
                self.overlay = Overlay::None;
                let needs_words = spec.args.iter().any(|arg| !arg.is_optional);
                if needs_words || event.code == KeyCode::Tab {
                    self.prompt = Some(Prompt::beginning(format!("{} ", spec.name)));
                } else {
                    return self.run_line(studio, spec.name);
                }
            }
            _ => {
                let before = palette.query.text().to_owned();
                palette.query.edit(event);
                if palette.query.text() != before {
                    palette.search(&self.keymap, context);
                }
            }
        }
        Vec::new()
    }

    /// Text that was pasted into the palette.
    pub(super) fn paste_to_palette(&mut self, text: &str) {
        let context = self.context();
        if let Overlay::Palette(palette) = &mut self.overlay {
            text.chars()
                .filter(|c| !c.is_control())
                .for_each(|c| palette.query.insert(c));
            palette.search(&self.keymap, context);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::command::Page;
    use crate::tui::app::Pane;

    fn first(query: &str, context: Context) -> Vec<(&'static str, String)> {
        let keymap = Keymap::shipped().unwrap();
        let mut palette = CommandPalette::open(&keymap, context);
        query.chars().for_each(|c| palette.query.insert(c));
        palette.search(&keymap, context);
        palette
            .found
            .iter()
            .take(2)
            .map(|found| (found.spec().name, found.keys.clone()))
            .collect()
    }

    #[test]
    fn commands_are_found_by_name_by_sentence_and_by_key() {
        let desk = Context::Pane(Pane::Mixer);
        for (query, name) in [
            ("take", "take"),
            ("dest rem", "destination remove"),
            ("ocllev", "occlusion level"),
            ("level occ", "occlusion level"),
            ("IDR", "keyframe"),
            ("g x", "destination stop"),
            ("K", "keyframe"),
            ("gain", "gain"),
            ("mod off", "moderate off"),
        ] {
            assert_eq!(first(query, desk)[0].0, name, "{query}");
        }
        assert_eq!(first("zzzq", desk), []);
        assert_eq!(
            CommandPalette::open(&Keymap::shipped().unwrap(), desk).found.len(),
            TABLE.len()
        );
    }

    #[test]
    fn keys_are_those_that_hold_here() {
        let faces = Context::Page(Page::Faces);
        assert_eq!(first("face release", faces)[0].1, "r");
        assert_eq!(first("face release", Context::Pane(Pane::Mixer))[0].1, "");
        assert_eq!(
            first("zone add", faces)[0].1,
            "z",
            "a key that opens the prompt with it"
        );
    }
}
