//! Sources that are called otherwise than when they were opened: their threads report by the name of then.

use super::Core;
use crate::studio::update::{Input, Recasting};

impl Core {
    /// By which names the sources are to report that are about to be opened: their own, unless one that has got another name still
    /// reports by it.
    pub(super) fn names_to_report_by(&mut self, recasting: &Recasting) -> Vec<String> {
        let show = &self.show;
        let mut called = std::mem::take(&mut self.called);
        called.retain(|(_, now)| {
            let at = show.source_index(now);
            at.is_some_and(|at| !recasting.is_fresh.get(at).is_some_and(|is_fresh| *is_fresh))
        });
        let mut names = Vec::new();
        for (at, spec) in show.sources.iter().enumerate() {
            let is_fresh = recasting.is_fresh.get(at).is_some_and(|is_fresh| *is_fresh);
            let is_taken = |name: &String| called.iter().any(|(known, _)| known == name);
            if !is_fresh || !is_taken(&spec.name) {
                names.push(spec.name.clone());
                continue;
            }
            // No source can be called so.
            let numbered = (2..).map(|number| format!("{}/{number}", spec.name));
            let name = numbered
                .filter(|name| !is_taken(name))
                .take(1)
                .next()
                .unwrap_or_default();
            called.push((name.clone(), spec.name.clone()));
            names.push(name);
        }
        self.called = called;
        names
    }

    /// Notes that sources are called otherwise, which their threads do not know.
    pub(super) fn call(&mut self, renames: &[(String, String)]) {
        let of = |name: &str| renames.iter().find(|(old, _)| old == name).map(|(_, new)| new.clone());
        let mut known = Vec::new();
        for (_, now) in &mut self.called {
            known.push(now.clone());
            if let Some(new) = of(now) {
                *now = new;
            }
        }
        let new = renames.iter().filter(|(old, _)| !known.contains(old));
        self.called.extend(new.cloned());
    }

    /// A report of a source that is called otherwise now.
    pub(super) fn as_called_now(&self, input: Input) -> Input {
        if self.called.is_empty() {
            return input;
        }
        let now = |name: String| {
            let found = self.called.iter().find(|(known, _)| *known == name);
            found.map_or(name, |(_, now)| now.clone())
        };
        match input {
            Input::SourceState(name, state) => Input::SourceState(now(name), state),
            Input::SourceFormat(name, format) => Input::SourceFormat(now(name), format),
            Input::SourceControls(name, controls) => Input::SourceControls(now(name), controls),
            Input::SourceDropped(name, frames, blocks) => Input::SourceDropped(now(name), frames, blocks),
            Input::Event(level, subject, text) => {
                let name = subject.strip_prefix("source ").map(|name| now(name.to_owned()));
                let subject = name.map_or(subject.clone(), |name| format!("source {name}"));
                Input::Event(level, subject, text)
            }
            other => other,
        }
    }
}
