//! Commands at their time.

use super::super::action::{ClientCommand, Command, Page, Selection};
use super::super::row::{arg, client, confirmed, may, named, only, prompt_only, row};
use super::super::spec::{ArgKind, CommandSpec};
use super::super::word;

/// Commands at their time.
pub(super) const ROWS: &[CommandSpec] = &[
    prompt_only(
        row(
            "cue load",
            &[arg("FILE", ArgKind::CueFile)],
            "reads a cue file and holds it against the show; nothing runs yet",
            |words| {
                let path = words.required(word::file)?;
                only(words, Command::CueLoad(path))
            },
        ),
        "the file has a name that nobody can guess",
    ),
    row(
        "cue run",
        &[may("CUE", ArgKind::Cue)],
        "runs the cues from their beginning, or from CUE on, which comes at once",
        |words| {
            let cue = words.optional(word::name)?;
            only(words, Command::CueRun(cue))
        },
    ),
    row("cue hold", &[], "lets the clock of the cues stand", |words| {
        only(words, Command::CueHold)
    }),
    confirmed(row(
        "cue go",
        &[],
        "lets it go on; where it goes, fires the next cue that waits for a hand",
        |words| only(words, Command::CueGo),
    )),
    row("cue skip", &[], "leaves the next cue out", |words| {
        only(words, Command::CueSkip)
    }),
    confirmed(row(
        "cue fire",
        &[arg("CUE", ArgKind::Cue)],
        "does at once what CUE does, whatever its time",
        |words| named(words, Command::CueFire),
    )),
    client(
        "select cue",
        &[arg("STEP", ArgKind::Choice(&["next", "previous"]))],
        "selects the next or previous cue",
        |words| {
            let step = words.required(word::step)?;
            only(words, Command::Client(ClientCommand::Select(Selection::Cue, step)))
        },
    ),
    client(
        "page cues",
        &[],
        "opens the page of the cues: what has come, and what comes next",
        |words| only(words, Command::Client(ClientCommand::Page(Some(Page::Cues)))),
    ),
    confirmed(row("cue stop", &[], "ends the run: nothing comes any more", |words| {
        only(words, Command::CueStop)
    })),
];
