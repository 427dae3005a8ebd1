//! What goes on program next, and how.

use super::super::action::Command;
use super::super::row::{arg, may, named, only, prompt_only, row};
use super::super::spec::{ArgKind, CommandSpec};
use super::super::word;

/// What goes on program next, and how.
pub(super) const ROWS: &[CommandSpec] = &[
    row(
        "take",
        &[may("SCENE", ArgKind::Scene)],
        "puts preview, or SCENE, on program by the set transition",
        |words| {
            let scene = words.optional(word::name)?;
            only(words, Command::Take(scene))
        },
    ),
    row(
        "cut",
        &[may("SCENE", ArgKind::Scene)],
        "puts preview, or SCENE, on program from one frame to the next",
        |words| {
            let scene = words.optional(word::name)?;
            only(words, Command::Cut(scene))
        },
    ),
    row(
        "fade",
        &[may("DURATION", ArgKind::Duration)],
        "fades from program to preview, in DURATION or the set time",
        |words| {
            let duration = words.optional(word::duration)?;
            only(words, Command::Fade(duration))
        },
    ),
    prompt_only(
        row(
            "wipe",
            &[
                may("DIRECTION", ArgKind::Choice(&["right", "left", "down", "up"])),
                may("DURATION", ArgKind::Duration),
            ],
            "wipes from program to preview, in DIRECTION and DURATION or those that are set",
            |words| {
                let direction = words.optional(word::wipe)?;
                let duration = words.optional(word::duration)?;
                only(words, Command::Wipe(direction, duration))
            },
        ),
        "the way that it goes is typed; t w makes take a wipe",
    ),
    prompt_only(
        row(
            "stinger",
            &[],
            "plays the stinger over program, behind which preview comes on program",
            |words| only(words, Command::Stinger),
        ),
        "most shows have none; t s makes take a stinger",
    ),
    row(
        "preview",
        &[arg("SCENE", ArgKind::Scene)],
        "chooses the scene that take puts on program next",
        |words| named(words, Command::Preview),
    ),
    row(
        "transition",
        &[
            arg("KIND", ArgKind::Choice(&["cut", "fade", "wipe", "stinger"])),
            may("DURATION", ArgKind::Duration),
        ],
        "sets what take does, and how long a fade or a wipe lasts",
        |words| {
            let kind = words.required(word::transition)?;
            let duration = words.optional(word::duration)?;
            only(words, Command::Transition(kind, duration))
        },
    ),
];
