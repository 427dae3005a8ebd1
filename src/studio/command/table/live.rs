//! The scene file and the running show.

use super::super::action::Command;
use super::super::row::{SWITCH, arg, may, only, prompt_only, row};
use super::super::spec::{ArgKind, CommandSpec};
use super::super::word;

/// The scene file and the running show.
pub(super) const ROWS: &[CommandSpec] = &[
    prompt_only(
        row(
            "apply",
            &[arg("FILE", ArgKind::File), may("WITHIN", ArgKind::Length)],
            "changes the running show to what FILE says; with WITHIN it goes back after that time unless it is confirmed",
            |words| {
                let file = words.required(word::file)?;
                let within = words.optional(word::length)?;
                only(words, Command::Apply(file, within))
            },
        ),
        "a file has to be named",
    ),
    prompt_only(
        row(
            "plan",
            &[arg("FILE", ArgKind::File)],
            "tells what FILE would change on the running show, and what of it would wait for the next start",
            |words| {
                let file = words.required(word::file)?;
                only(words, Command::Plan(file))
            },
        ),
        "a file has to be named",
    ),
    prompt_only(
        row(
            "reload",
            &[],
            "reads the scene file again and applies what has changed in it",
            |words| only(words, Command::Reload),
        ),
        "a save is applied by itself",
    ),
    row("confirm", &[], "keeps what was applied for a time", |words| {
        only(words, Command::Confirm)
    }),
    row(
        "rollback",
        &[],
        "takes back at once what was applied for a time",
        |words| only(words, Command::Rollback),
    ),
    prompt_only(
        row(
            "watch",
            &[arg("SWITCH", SWITCH)],
            "whether a save of the scene file is applied at once",
            |words| {
                let switch = words.required(word::switch)?;
                only(words, Command::WatchFile(switch))
            },
        ),
        "it is set once, if ever",
    ),
];
