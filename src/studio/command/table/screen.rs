//! What the client carries out where it is typed: it concerns that screen only.

use super::super::action::{
    ClientCommand, Command, EventsCommand, Layout, Leap, Page, Selection, Switch, ThemeName, Zoom,
};
use super::super::monitor::{ColorMode, MonitorMode};
use super::super::row::{SWITCH, arg, client, may, only};
use super::super::spec::{ArgKind, CommandSpec, UsageError, Words};
use super::super::word;
use crate::studio::model::EventLevel;

const STEP: ArgKind = ArgKind::Choice(&["next", "previous"]);

fn select(words: &mut Words<'_>, what: Selection) -> Result<Command, UsageError> {
    let step = words.required(word::step)?;
    only(words, Command::Client(ClientCommand::Select(what, step)))
}

/// What the client carries out where it is typed: it concerns that screen only.
pub(super) const ROWS: &[CommandSpec] = &[
    client("help", &[], "shows or hides this help", |words| {
        only(words, Command::Client(ClientCommand::Help))
    }),
    client(
        "prompt",
        &[may("LINE", ArgKind::Text)],
        "opens the command prompt, with LINE in it",
        |words| {
            let line = words.optional(word::name)?;
            only(words, Command::Client(ClientCommand::Prompt(line)))
        },
    ),
    client("detach", &[], "leaves the screen; the show goes on", |words| {
        only(words, Command::Client(ClientCommand::Detach))
    }),
    client(
        "monitor",
        &[may("MODE", ArgKind::Choice(MonitorMode::WORDS))],
        "how monitors are drawn; without MODE, the next way that the terminal can",
        |words| {
            let mode = words.optional(MonitorMode::of)?;
            only(words, Command::Client(ClientCommand::Monitor(mode)))
        },
    ),
    client(
        "colors",
        &[may("MODE", ArgKind::Choice(ColorMode::WORDS))],
        "how many colours the screen uses; without MODE, the next way",
        |words| {
            let mode = words.optional(ColorMode::of)?;
            only(words, Command::Client(ClientCommand::Colors(mode)))
        },
    ),
    client(
        "cap",
        &[arg("KB", ArgKind::Cap)],
        "lets pictures take at most so many kB per second of the link to this terminal",
        |words| {
            let cap = words.required(word::cap)?;
            only(words, Command::Client(ClientCommand::Cap(cap)))
        },
    ),
    client(
        "layout",
        &[may("NAME", ArgKind::Choice(Layout::WORDS))],
        "how the screen is laid out; without NAME, the next way",
        |words| {
            let layout = words.optional(Layout::of)?;
            only(words, Command::Client(ClientCommand::Layout(layout)))
        },
    ),
    client(
        "zoom",
        &[may("WHAT", ArgKind::Choice(Zoom::WORDS))],
        "shows one thing over the whole screen; without WHAT, what has the focus, or all again",
        |words| {
            let zoom = words.optional(Zoom::of)?;
            only(words, Command::Client(ClientCommand::Zoom(zoom)))
        },
    ),
    client(
        "theme",
        &[may("NAME", ArgKind::Choice(ThemeName::WORDS))],
        "the colours of the screen (own: those of --theme FILE); without NAME, the next theme",
        |words| {
            let theme = words.optional(ThemeName::of)?;
            only(words, Command::Client(ClientCommand::Theme(theme)))
        },
    ),
    client(
        "select strip",
        &[arg("STEP", STEP)],
        "selects the next or previous strip",
        |words| select(words, Selection::Strip),
    ),
    client(
        "select source",
        &[arg("STEP", STEP)],
        "selects the next or previous source",
        |words| select(words, Selection::Source),
    ),
    client(
        "select destination",
        &[arg("STEP", STEP)],
        "selects the next or previous destination",
        |words| select(words, Selection::Destination),
    ),
    client(
        "select pane",
        &[arg("STEP", STEP)],
        "moves between the panes",
        |words| select(words, Selection::Pane),
    ),
    client(
        "select parameter",
        &[arg("STEP", STEP)],
        "selects the next or previous parameter of the page",
        |words| select(words, Selection::Parameter),
    ),
    client(
        "select stage",
        &[arg("STEP", STEP)],
        "selects the next or previous stage of the page",
        |words| select(words, Selection::Stage),
    ),
    client(
        "select face",
        &[arg("STEP", STEP)],
        "selects the next or previous face on program",
        |words| select(words, Selection::Face),
    ),
    client(
        "select word",
        &[arg("STEP", STEP)],
        "selects the next or previous word or span of what is held",
        |words| select(words, Selection::Word),
    ),
    client(
        "select item",
        &[arg("STEP", STEP)],
        "selects the next or previous item of the scene on the page of items, the highest first",
        |words| select(words, Selection::Item),
    ),
    client(
        "select scene",
        &[arg("STEP", STEP)],
        "shows the next or previous scene on the page of items",
        |words| select(words, Selection::Scene),
    ),
    client(
        "page strip",
        &[],
        "opens the page of the selected strip: all stages, EQ and compressor curve",
        |words| only(words, Command::Client(ClientCommand::Page(Some(Page::Strip)))),
    ),
    client(
        "page buses",
        &[],
        "opens the page of the buses: loudness, limiter, ducking",
        |words| only(words, Command::Client(ClientCommand::Page(Some(Page::Buses)))),
    ),
    client(
        "page faces",
        &[],
        "opens the page of occlusion: level, policy, mask, faces, zones",
        |words| only(words, Command::Client(ClientCommand::Page(Some(Page::Faces)))),
    ),
    client(
        "page picture",
        &[],
        "opens the page of the selected source's picture: denoise, sharpen, levels, tone",
        |words| only(words, Command::Client(ClientCommand::Page(Some(Page::Picture)))),
    ),
    client(
        "page network",
        &[],
        "opens the page of the network: what is sent and why, how destinations are reached, who watches",
        |words| only(words, Command::Client(ClientCommand::Page(Some(Page::Network)))),
    ),
    client(
        "page moderation",
        &[],
        "opens the page of the hold: what will be heard when, words, spans, what is seen",
        |words| only(words, Command::Client(ClientCommand::Page(Some(Page::Moderation)))),
    ),
    client(
        "page events",
        &[],
        "opens the page of events: what has happened, who wanted it, and by which command",
        |words| only(words, Command::Client(ClientCommand::Page(Some(Page::Events)))),
    ),
    client(
        "page charts",
        &[],
        "opens the page of charts: bitrate, round trip, queue, drops, viewers, loudness of the last ten minutes",
        |words| only(words, Command::Client(ClientCommand::Page(Some(Page::Charts)))),
    ),
    client(
        "page rules",
        &[],
        "opens the page of rules: business data, what rules make of it, and who holds program against them",
        |words| only(words, Command::Client(ClientCommand::Page(Some(Page::Rules)))),
    ),
    client(
        "page items",
        &[],
        "opens the page of items: what is in the scene on preview, to be moved by keys",
        |words| only(words, Command::Client(ClientCommand::Page(Some(Page::Items)))),
    ),
    client("page close", &[], "closes the page", |words| {
        only(words, Command::Client(ClientCommand::Page(None)))
    }),
    client(
        "type",
        &[may("BEGINNING", ArgKind::Text)],
        "types a value for the selected parameter",
        |words| {
            let beginning = words.optional(word::name)?;
            only(words, Command::Client(ClientCommand::Type(beginning)))
        },
    ),
    client(
        "mark",
        &[],
        "marks what is selected: to copy from, or as the beginning of a span",
        |words| only(words, Command::Client(ClientCommand::Mark)),
    ),
    client(
        "select event",
        &[arg("STEP", STEP)],
        "selects the next or previous event",
        |words| select(words, Selection::Event),
    ),
    client(
        "events filter",
        &[
            may("WORD", ArgKind::Text),
            may("WORD", ArgKind::Text),
            may("WORD", ArgKind::Text),
        ],
        "shows only events that have all of these words; without any, all of them",
        |words| {
            let mut wanted = Vec::new();
            while let Some(word) = words.optional(word::name)? {
                wanted.push(word);
            }
            only(
                words,
                Command::Client(ClientCommand::Events(EventsCommand::Filter(wanted))),
            )
        },
    ),
    client(
        "events level",
        &[may("LEVEL", ArgKind::Choice(EventLevel::WORDS))],
        "shows only events of LEVEL and worse; without one, goes to the next level",
        |words| {
            let level = words.optional(EventLevel::of)?;
            only(
                words,
                Command::Client(ClientCommand::Events(EventsCommand::Level(level))),
            )
        },
    ),
    client(
        "events go",
        &[arg("WHERE", ArgKind::Choice(Leap::WORDS))],
        "selects the event a page further up or down, the first or the last",
        |words| {
            let leap = words.required(Leap::of)?;
            only(words, Command::Client(ClientCommand::Events(EventsCommand::Go(leap))))
        },
    ),
    client(
        "events copy",
        &[],
        "copies the command that caused the selected event to the clipboard of the terminal",
        |words| only(words, Command::Client(ClientCommand::Events(EventsCommand::Copy))),
    ),
    client(
        "events edit",
        &[],
        "puts the command that caused the selected event into the prompt",
        |words| only(words, Command::Client(ClientCommand::Events(EventsCommand::Edit))),
    ),
    client(
        "bell",
        &[may("SWITCH", SWITCH)],
        "rings the bell of the terminal when an alarm begins, or no longer",
        |words| {
            let switch = words.optional(word::switch)?.unwrap_or(Switch::Toggle);
            only(words, Command::Client(ClientCommand::Bell(switch)))
        },
    ),
    client(
        "count",
        &[arg("N", ArgKind::Count)],
        "does the next command so many times; digits add up, and what goes a step goes so many at once",
        |words| {
            let count = words.required(word::count)?;
            only(words, Command::Client(ClientCommand::Count(count)))
        },
    ),
    client(
        "repeat",
        &[],
        "does the last command for the studio again, with what is selected now",
        |words| only(words, Command::Client(ClientCommand::Repeat)),
    ),
    client(
        "palette",
        &[],
        "searches all commands, by name, sentence or key",
        |words| only(words, Command::Client(ClientCommand::Palette)),
    ),
    client("redraw", &[], "draws the screen anew", |words| {
        only(words, Command::Client(ClientCommand::Redraw))
    }),
];
