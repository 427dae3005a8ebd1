//! What the rows of the command table are made with.

use super::action::{Command, Switch};
use super::spec::{ArgKind, ArgSpec, CommandSpec, KeyNeed, Scope, UsageError, Words};
use super::word;

/// On, off, or the other one.
pub(super) const SWITCH: ArgKind = ArgKind::Choice(&["on", "off", "toggle"]);

/// An argument that must be there.
pub(super) const fn arg(name: &'static str, kind: ArgKind) -> ArgSpec {
    ArgSpec {
        name,
        kind,
        is_optional: false,
    }
}

/// An argument that may be left out.
pub(super) const fn may(name: &'static str, kind: ArgKind) -> ArgSpec {
    ArgSpec {
        name,
        kind,
        is_optional: true,
    }
}

/// A command that the studio carries out.
pub(super) const fn row(
    name: &'static str,
    args: &'static [ArgSpec],
    doc: &'static str,
    build: fn(&mut Words<'_>) -> Result<Command, UsageError>,
) -> CommandSpec {
    CommandSpec {
        name,
        args,
        scope: Scope::Studio,
        is_confirmed: false,
        key: KeyNeed::Key,
        doc,
        build,
    }
}

/// A command that the client carries out where it is typed.
pub(super) const fn client(
    name: &'static str,
    args: &'static [ArgSpec],
    doc: &'static str,
    build: fn(&mut Words<'_>) -> Result<Command, UsageError>,
) -> CommandSpec {
    let mut spec = row(name, args, doc, build);
    spec.scope = Scope::Client;
    spec
}

/// The same, asked for twice in the TUI.
pub(super) const fn confirmed(mut spec: CommandSpec) -> CommandSpec {
    spec.is_confirmed = true;
    spec
}

/// The same, typed: no key can know what its arguments are to be.
pub(super) const fn prompt_only(mut spec: CommandSpec, why: &'static str) -> CommandSpec {
    spec.key = KeyNeed::PromptOnly(why);
    spec
}

/// `command`, where no word is left.
pub(super) fn only(words: &Words<'_>, command: Command) -> Result<Command, UsageError> {
    words.end().map(|()| command)
}

/// A command about a strip that is switched on and off; without a word it is switched over.
pub(super) fn switched(words: &mut Words<'_>, make: fn(String, Switch) -> Command) -> Result<Command, UsageError> {
    let strip = words.required(word::name)?;
    let switch = words.optional(word::switch)?.unwrap_or(Switch::Toggle);
    only(words, make(strip, switch))
}

/// A command about one thing that has a name.
pub(super) fn named(words: &mut Words<'_>, make: fn(String) -> Command) -> Result<Command, UsageError> {
    let name = words.required(word::name)?;
    only(words, make(name))
}
