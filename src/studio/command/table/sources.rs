//! Sources while the show runs: found, tried, added, renamed, moved, taken out, saved.

use super::super::action::{ClientCommand, Command, Page, Selection};
use super::super::row::{arg, client, confirmed, may, only, row};
use super::super::sources::{SourcesCommand, Toward, setting};
use super::super::spec::{ArgKind, ArgSpec, CommandSpec, UsageError, Words};
use super::super::word;

const SOURCE: ArgSpec = arg("SOURCE", ArgKind::Source);

/// The most settings that a source is given in one line.
const SETTING: ArgSpec = may("KEY=VALUE", ArgKind::SourceSetting);

fn sources(words: &Words<'_>, command: SourcesCommand) -> Result<Command, UsageError> {
    only(words, Command::Sources(command))
}

/// A command about one source.
fn of(words: &mut Words<'_>, make: fn(String) -> SourcesCommand) -> Result<Command, UsageError> {
    let source = words.required(word::name)?;
    sources(words, make(source))
}

/// Sources while the show runs.
pub(super) const ROWS: &[CommandSpec] = &[
    client(
        "page sources",
        &[],
        "opens the page of what could be a source here: tried, added, named, put in order",
        |words| only(words, Command::Client(ClientCommand::Page(Some(Page::Sources)))),
    ),
    client(
        "select find",
        &[arg("STEP", ArgKind::Choice(&["next", "previous"]))],
        "selects the next or previous thing that could be a source",
        |words| {
            let step = words.required(word::step)?;
            only(words, Command::Client(ClientCommand::Select(Selection::Find, step)))
        },
    ),
    row(
        "source find",
        &[],
        "looks around for what could be a source here: cameras, screens, sound inputs",
        |words| sources(words, SourcesCommand::Find),
    ),
    row(
        "source try",
        &[arg("FIND", ArgKind::Find)],
        "makes what was found a source for a try: seen and metered, in no scene, and not saved",
        |words| of(words, SourcesCommand::Try),
    ),
    row(
        "source keep",
        &[may("NAME", ArgKind::NewName)],
        "keeps the source that is tried, under NAME or the name that it has",
        |words| {
            let name = words.optional(word::name)?;
            sources(words, SourcesCommand::Keep(name))
        },
    ),
    row("source drop", &[], "lets the source go that is tried", |words| {
        sources(words, SourcesCommand::Drop)
    }),
    row(
        "source add",
        &[
            arg("NAME", ArgKind::NewName),
            arg("FIND", ArgKind::Find),
            SETTING,
            SETTING,
            SETTING,
            SETTING,
            SETTING,
            SETTING,
        ],
        "adds a source: something that was found, or a kind with its settings as camera device=/dev/video0; no scene shows it yet",
        |words| {
            let name = words.required(word::name)?;
            let what = words.required(word::name)?;
            let mut settings = Vec::new();
            while let Some(found) = words.optional_or(setting)? {
                settings.push(found);
            }
            sources(words, SourcesCommand::Add(name, what, settings))
        },
    ),
    row(
        "source rename",
        &[SOURCE, arg("NAME", ArgKind::NewName)],
        "gives a source another name, wherever the scene file names it; it plays on",
        |words| {
            let source = words.required(word::name)?;
            let name = words.required(word::name)?;
            sources(words, SourcesCommand::Rename(source, name))
        },
    ),
    row(
        "source raise",
        &[SOURCE],
        "puts a source before the one that comes before it",
        |words| of(words, |source| SourcesCommand::Move(source, Toward::First)),
    ),
    row(
        "source lower",
        &[SOURCE],
        "puts a source after the one that comes after it",
        |words| of(words, |source| SourcesCommand::Move(source, Toward::Last)),
    ),
    confirmed(row(
        "source remove",
        &[SOURCE],
        "takes a source out, with the items that show it, unless it is seen on program",
        |words| of(words, SourcesCommand::Remove),
    )),
    row(
        "source save",
        &[may("FILE", ArgKind::File)],
        "writes what was done to sources and items into the scene file; a show without one into FILE, which is new",
        |words| {
            let file = words.optional(word::file)?;
            sources(words, SourcesCommand::Save(file))
        },
    ),
    confirmed(row(
        "source revert",
        &[],
        "takes everything back that was done to sources and items and is not saved",
        |words| sources(words, SourcesCommand::Revert),
    )),
    confirmed(row(
        "item add",
        &[arg("SCENE", ArgKind::Scene), SOURCE, may("NAME", ArgKind::NewName)],
        "shows a source in a scene, on top of what is there: in its lower right corner, or over all of one that is empty",
        |words| {
            let scene = words.required(word::name)?;
            let source = words.required(word::name)?;
            let name = words.optional(word::name)?;
            sources(words, SourcesCommand::AddItem(scene, source, name))
        },
    )),
    confirmed(row(
        "item remove",
        &[arg("SCENE", ArgKind::Scene), arg("ITEM", ArgKind::Item)],
        "takes an item out of a scene",
        |words| {
            let scene = words.required(word::name)?;
            let item = words.required(word::name)?;
            sources(words, SourcesCommand::RemoveItem(scene, item))
        },
    )),
];
