//! What is held, and what is done to it before it goes out.

use super::super::action::{Command, Switch};
use super::super::row::{SWITCH, arg, confirmed, may, only, row, switched};
use super::super::spec::{ArgKind, CommandSpec};
use super::super::word;
use crate::studio::model::EditKind;

const PACE: ArgKind = ArgKind::Choice(&["slow", "slate", "now"]);
const EDIT: ArgKind = ArgKind::Choice(&["beep", "mute"]);

/// What is held, and what is done to it before it goes out.
pub(super) const ROWS: &[CommandSpec] = &[
    confirmed(row(
        "hold",
        &[arg("SECONDS", ArgKind::Hold), may("PACE", PACE)],
        "how long everything is held before it goes out: slow by playback, slate at once, now by a jump",
        |words| {
            let hold = words.required(word::hold)?;
            let pace = words.optional(word::pace)?;
            only(words, Command::Hold(hold, pace))
        },
    )),
    row(
        "dump",
        &[may("SECONDS", ArgKind::Hold)],
        "drops the last SECONDS of what is held, or all of it; a slate goes out in its place",
        |words| {
            let last = words.optional(word::hold)?;
            only(words, Command::Dump(last))
        },
    ),
    row(
        "moderate on",
        &[],
        "listens for prohibited words; sound that has not been judged goes out silent",
        |words| only(words, Command::Moderate(true)),
    ),
    confirmed(row(
        "moderate off",
        &[],
        "listens no more: every word goes out",
        |words| only(words, Command::Moderate(false)),
    )),
    row(
        "unjudged mute",
        &[],
        "sound that nobody has judged in time goes out silent",
        |words| only(words, Command::Unjudged(false)),
    ),
    confirmed(row(
        "unjudged pass",
        &[],
        "sound that nobody has judged in time goes out all the same",
        |words| only(words, Command::Unjudged(true)),
    )),
    row(
        "moderate program",
        &[may("SWITCH", SWITCH)],
        "mutes program at once and on what is held, or lets it be heard again",
        |words| {
            let switch = words.optional(word::switch)?.unwrap_or(Switch::Toggle);
            only(words, Command::ModerateProgram(switch))
        },
    ),
    row(
        "moderate strip",
        &[arg("STRIP", ArgKind::Strip), may("SWITCH", SWITCH)],
        "mutes a strip at once, and of what is held all in which it could be heard",
        |words| switched(words, Command::ModerateStrip),
    ),
    row(
        "moderate word",
        &[arg("WORD", ArgKind::HeardWord), may("KIND", EDIT)],
        "beeps or mutes a word that is still held",
        |words| {
            let word = words.required(word::number)?;
            let kind = words.optional(word::edit)?.unwrap_or(EditKind::Beep);
            only(words, Command::ModerateWord(word, kind))
        },
    ),
    row(
        "moderate span",
        &[
            arg("FROM", ArgKind::Hold),
            arg("UNTIL", ArgKind::Hold),
            may("KIND", EDIT),
        ],
        "mutes or beeps what was heard from FROM to UNTIL seconds ago and is still held",
        |words| {
            let from = words.required(word::hold)?;
            let until = words.required(word::hold)?;
            let kind = words.optional(word::edit)?.unwrap_or(EditKind::Mute);
            only(words, Command::ModerateSpan(from, until, kind))
        },
    ),
    confirmed(row(
        "moderate restore",
        &[arg("SPAN", ArgKind::Span)],
        "lets out what would be muted or beeped",
        |words| {
            let span = words.required(word::number)?;
            only(words, Command::ModerateRestore(span))
        },
    )),
    confirmed(row(
        "moderate reveal",
        &[arg("SEEN", ArgKind::Seen)],
        "shows again what was found in the picture and is hidden",
        |words| {
            let seen = words.required(word::number)?;
            only(words, Command::ModerateReveal(seen))
        },
    )),
];
