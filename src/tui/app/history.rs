//! Lines that were typed at the prompt, for the prompt: none that may hold a secret.

use crate::studio::command::{self, ArgKind, told_setting};

/// How many lines are kept.
pub const LINES_KEPT: usize = 500;

/// Lines typed at the prompt, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    lines: Vec<String>,
    /// Those that have not been taken to where they are kept.
    new: Vec<String>,
}

impl History {
    /// What was kept of earlier screens.
    #[must_use]
    pub fn of(lines: Vec<String>) -> Self {
        let mut history = Self::default();
        for line in lines {
            history.add(line);
        }
        history
    }

    /// All lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Remembers a line, unless it may hold a secret: a stream key is typed, not kept.
    pub fn remember(&mut self, line: &str) {
        if !may_hold_secret(line) && self.add(line.to_owned()) {
            self.new.push(line.to_owned());
        }
    }

    /// Returns whether the line is another one than the newest.
    fn add(&mut self, line: String) -> bool {
        if self.lines.last() == Some(&line) {
            return false;
        }
        if self.lines.len() >= LINES_KEPT {
            self.lines.remove(0);
        }
        self.lines.push(line);
        true
    }

    /// Lines that are new since they were last taken.
    pub fn take_new(&mut self) -> Vec<String> {
        std::mem::take(&mut self.new)
    }
}

/// Whether a line may hold a secret: an address, also behind a mistyped command.
#[must_use]
pub fn may_hold_secret(line: &str) -> bool {
    let words = command::split_words(line);
    let takes_url = command::find(&words).is_ok_and(|(spec, _)| spec.args.iter().any(|arg| arg.kind == ArgKind::Url));
    let has_setting = command::find(&words).is_ok_and(|(spec, args)| {
        let pairs = spec.args.iter().zip(args);
        let mut settings = pairs.filter(|(arg, _)| arg.kind == ArgKind::SourceSetting);
        settings.any(|(_, word)| told_setting(word) != *word)
    });
    takes_url || has_setting || line.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_are_kept_but_no_address() {
        let mut history = History::default();
        for line in [
            "take",
            "take",
            "destination add x rtmp://h/a/k",
            "destinaton add x rtmp://h/a/k",
            "destination add x",
            "cut",
            "take",
        ] {
            history.remember(line);
        }
        assert_eq!(history.lines(), ["take", "cut", "take"]);
        assert_eq!(history.take_new(), ["take", "cut", "take"]);
        assert_eq!(history.take_new(), [""; 0]);
        let many = (0..LINES_KEPT + 2).map(|at| at.to_string()).collect();
        let history = History::of(many);
        assert_eq!((history.lines().len(), history.lines()[0].as_str()), (LINES_KEPT, "2"));
    }
}
