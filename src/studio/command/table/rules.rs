//! Business data, and the rules that choose scenes by it.

use super::super::action::{Command, Switch};
use super::super::row::{SWITCH, arg, may, only, row};
use super::super::spec::{ArgKind, CommandSpec};
use super::super::word;

/// Business data, and the rules that choose scenes by it.
pub(super) const ROWS: &[CommandSpec] = &[
    row(
        "data set",
        &[arg("JSON", ArgKind::Json)],
        "replaces the business data that rules look at and texts show",
        |words| {
            let data = words.required_or(word::data)?;
            only(words, Command::DataSet(data))
        },
    ),
    row(
        "data merge",
        &[arg("JSON", ArgKind::Json)],
        "changes what is named of it; null takes a value away (RFC 7396)",
        |words| {
            let patch = words.required_or(word::patch)?;
            only(words, Command::DataMerge(patch))
        },
    ),
    row("data clear", &[], "forgets all of it", |words| {
        only(words, Command::DataClear)
    }),
    row(
        "rules",
        &[may("SWITCH", SWITCH)],
        "whether rules choose what is on program",
        |words| {
            let switch = words.optional(word::switch)?.unwrap_or(Switch::Toggle);
            only(words, Command::Rules(switch))
        },
    ),
    row(
        "rules release",
        &[],
        "gives program back to the rules after a take by hand",
        |words| only(words, Command::RulesRelease),
    ),
    row(
        "rules load",
        &[arg("FILE", ArgKind::RulesFile)],
        "reads rules from a file, in the place of those that there are",
        |words| {
            let file = words.required(word::file)?;
            only(words, Command::RulesLoad(file))
        },
    ),
    row(
        "rules explain",
        &[may("JSON", ArgKind::Json)],
        "tells why the rules choose what they choose; with JSON, what they would if that came now",
        |words| {
            let data = words.optional_or(word::data)?;
            only(words, Command::RulesExplain(data))
        },
    ),
];
