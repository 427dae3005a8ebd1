//! The command prompt: a line with a cursor, history and completion.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::complete::complete;
use crate::studio::command::Step;
use crate::studio::model::Studio;

/// The longest line that can be typed, in bytes.
const LONGEST: usize = 1024;

/// An open prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    text: String,
    /// Byte position, always between characters.
    cursor: usize,
    /// Where in the history the line is, and what was typed before it was left.
    recalled: Option<(usize, String)>,
    /// The line before completion began, and which candidate is in it.
    cycling: Option<(String, usize)>,
    /// A search of the history.
    search: Option<Search>,
}

/// A search of the history, from its newest line to the oldest.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Search {
    wanted: String,
    /// Where in the history the line is.
    at: Option<usize>,
    /// What was typed before.
    typed: String,
}

impl Prompt {
    /// A prompt in which a line has been begun.
    #[must_use]
    pub fn beginning(line: String) -> Self {
        let mut prompt = Self::default();
        prompt.set(line);
        prompt
    }

    /// What has been typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What has been typed before the cursor.
    #[must_use]
    pub fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// The line that candidates are shown for: what was typed, not what a candidate made of it.
    #[must_use]
    pub fn typed(&self) -> &str {
        self.cycling.as_ref().map_or(&self.text, |(typed, _)| typed)
    }

    /// Which of the candidates for [`typed`](Self::typed) is in the line.
    #[must_use]
    pub fn chosen(&self) -> Option<usize> {
        self.cycling.as_ref().map(|(_, chosen)| *chosen)
    }

    /// Puts a character at the cursor.
    pub fn insert(&mut self, character: char) {
        if self.text.len() + character.len_utf8() <= LONGEST {
            self.text.insert(self.cursor, character);
            self.cursor += character.len_utf8();
            self.cycling = None;
        }
    }

    fn set(&mut self, text: String) {
        self.cursor = text.len();
        self.text = text;
    }

    /// Keys that move the cursor or change the line: the usual ones, and those of a shell.
    pub fn edit(&mut self, event: KeyEvent) {
        let is_ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Left => self.cursor = self.left(),
            KeyCode::Right => self.cursor = self.right(),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            KeyCode::Backspace => self.delete(self.left(), self.cursor),
            KeyCode::Delete => self.delete(self.cursor, self.right()),
            KeyCode::Char('a') if is_ctrl => self.cursor = 0,
            KeyCode::Char('e') if is_ctrl => self.cursor = self.text.len(),
            KeyCode::Char('u') if is_ctrl => self.delete(0, self.cursor),
            KeyCode::Char('k') if is_ctrl => self.delete(self.cursor, self.text.len()),
            KeyCode::Char('w') if is_ctrl => {
                let before = self.before_cursor().trim_end();
                let from = before.rfind(' ').map_or(0, |at| at + 1);
                self.delete(from, self.cursor);
            }
            KeyCode::Char(character) if !is_ctrl && !event.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(character);
            }
            _ => {}
        }
    }

    fn left(&self) -> usize {
        self.before_cursor().char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        self.text[self.cursor..]
            .chars()
            .next()
            .map_or(self.cursor, |c| self.cursor + c.len_utf8())
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
        self.cycling = None;
    }

    /// Goes through the history; below its newest line is what was being typed.
    pub fn recall(&mut self, history: &[String], step: Step) {
        self.cycling = None;
        let at = self.recalled.as_ref().map_or(history.len(), |(at, _)| *at);
        let to = match step {
            Step::Previous => at.checked_sub(1),
            Step::Next => Some(at + 1).filter(|to| *to <= history.len()),
        };
        let Some(to) = to else { return };
        let typed = self
            .recalled
            .take()
            .map_or_else(|| self.text.clone(), |(_, typed)| typed);
        match history.get(to) {
            Some(line) => {
                self.set(line.clone());
                self.recalled = Some((to, typed));
            }
            None => self.set(typed),
        }
    }

    /// What is searched for in the history, while it is.
    #[must_use]
    pub fn searched(&self) -> Option<&str> {
        self.search.as_ref().map(|search| search.wanted.as_str())
    }

    /// Begins to search the history; once begun, goes on to the next older line.
    pub fn search(&mut self, history: &[String]) {
        if let Some(search) = &self.search {
            let older = search.at.unwrap_or(history.len());
            self.find(history, older);
        } else {
            self.search = Some(Search {
                wanted: String::new(),
                at: None,
                typed: self.text.clone(),
            });
        }
    }

    /// Puts the newest line before `before` that has what is wanted into the prompt; without any, it stays as it is.
    fn find(&mut self, history: &[String], before: usize) {
        let Some(search) = &mut self.search else { return };
        let found = history[..before.min(history.len())]
            .iter()
            .rposition(|line| line.contains(&search.wanted));
        if let Some(at) = found {
            search.at = Some(at);
            self.set(history[at].clone());
        }
    }

    /// A key while the history is searched; `false` for those that do what they always do, with the line that was found.
    pub fn on_search_key(&mut self, event: KeyEvent, history: &[String]) -> bool {
        let Some(search) = &mut self.search else {
            return false;
        };
        let is_typed = !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match event.code {
            KeyCode::Char(character) if is_typed => search.wanted.push(character),
            KeyCode::Backspace if !search.wanted.is_empty() => {
                search.wanted.pop();
            }
            KeyCode::Esc => {
                let typed = std::mem::take(&mut search.typed);
                self.search = None;
                self.set(typed);
                return true;
            }
            _ => {
                self.search = None;
                return false;
            }
        }
        self.find(history, history.len());
        true
    }

    /// Completes the last word: as far as all candidates agree, then one candidate after the other.
    pub fn complete(&mut self, studio: &Studio, step: Step) {
        let typed = self.typed().to_owned();
        let completion = complete(&typed, studio);
        let count = completion.candidates.len();
        let stem = &typed[..completion.start];
        let chosen = match (self.chosen(), step) {
            _ if count == 0 => return,
            (None, _) if count == 1 => {
                let word = &completion.candidates[0].word;
                // A key waits for its value.
                let gap = if word.ends_with('=') { "" } else { " " };
                let line = format!("{stem}{word}{gap}");
                self.set(line);
                return;
            }
            (None, Step::Next) => {
                let common = completion.common();
                if common.len() > typed.len() - completion.start {
                    let line = format!("{stem}{common}");
                    self.set(line);
                    return;
                }
                0
            }
            (None, Step::Previous) => count - 1,
            (Some(at), step) => super::step(at, count, step),
        };
        let line = format!("{stem}{}", completion.candidates[chosen].word);
        self.set(line);
        self.cycling = Some((typed, chosen));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_key() -> impl Strategy<Value = KeyEvent> {
        let code = prop_oneof![
            any::<char>().prop_map(KeyCode::Char),
            Just(KeyCode::Left),
            Just(KeyCode::Right),
            Just(KeyCode::Home),
            Just(KeyCode::Backspace),
            Just(KeyCode::Delete),
            prop_oneof![Just('a'), Just('u'), Just('k'), Just('w')].prop_map(KeyCode::Char),
        ];
        (code, any::<bool>()).prop_map(|(code, is_ctrl)| {
            KeyEvent::new(
                code,
                if is_ctrl {
                    KeyModifiers::CONTROL
                } else {
                    KeyModifiers::NONE
                },
            )
        })
    }

    proptest! {
        #[test]
        fn the_cursor_stays_between_characters(keys in proptest::collection::vec(any_key(), 0..60)) {
            let mut prompt = Prompt::default();
            for key in keys {
                prompt.edit(key);
                prop_assert!(prompt.text.is_char_boundary(prompt.cursor));
            }
        }
    }

    #[test]
    fn history_comes_back_and_so_does_what_was_typed() {
        let history = ["one".to_owned(), "two".to_owned()];
        let mut prompt = Prompt::default();
        prompt.insert('x');
        let mut seen = Vec::new();
        for step in [
            Step::Previous,
            Step::Previous,
            Step::Previous,
            Step::Next,
            Step::Next,
            Step::Next,
        ] {
            prompt.recall(&history, step);
            seen.push(prompt.text().to_owned());
        }
        assert_eq!(seen, ["two", "one", "one", "two", "x", "x"]);
    }

    #[test]
    fn the_history_is_searched_backwards() {
        let history = ["gain a +1", "take", "gain b +2"].map(str::to_owned);
        let mut prompt = Prompt::beginning("mute".to_owned());
        let key = |code| KeyEvent::new(code, KeyModifiers::NONE);
        assert!(
            !prompt.on_search_key(key(KeyCode::Char('x')), &history),
            "nothing is searched yet"
        );
        prompt.search(&history);
        assert_eq!((prompt.searched(), prompt.text()), (Some(""), "mute"));
        for (step, expected) in [('g', "gain b +2"), ('a', "gain b +2"), ('i', "gain b +2")] {
            assert!(prompt.on_search_key(key(KeyCode::Char(step)), &history));
            assert_eq!(prompt.text(), expected);
        }
        prompt.search(&history);
        assert_eq!(prompt.text(), "gain a +1");
        prompt.search(&history);
        assert_eq!(prompt.text(), "gain a +1", "there is no older one");
        let mut left = prompt.clone();
        assert!(left.on_search_key(key(KeyCode::Esc), &history));
        assert_eq!((left.searched(), left.text()), (None, "mute"));
        assert!(!prompt.on_search_key(key(KeyCode::Enter), &history), "it is run");
        assert_eq!((prompt.searched(), prompt.text()), (None, "gain a +1"));
    }
}
