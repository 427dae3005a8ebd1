//! What is in scenes: items moved by hand, parameters, and both written back into the scene file.

use super::super::action::Command;
use super::super::item::{self, FITS, Height, ItemChange, ItemRef, Side};
use super::super::row::{arg, confirmed, may, only, prompt_only, row};
use super::super::spec::{ArgKind, ArgSpec, CommandSpec, UsageError, Words};
use super::super::word;

const SCENE: ArgSpec = arg("SCENE", ArgKind::Scene);
const ITEM: ArgSpec = arg("ITEM", ArgKind::Item);

/// The item that the next two words name.
fn named(words: &mut Words<'_>) -> Result<ItemRef, UsageError> {
    let scene = words.required(word::name)?;
    let item = words.required(word::name)?;
    Ok(ItemRef { scene, item })
}

/// A change without more words.
fn plain(words: &mut Words<'_>, change: ItemChange) -> Result<Command, UsageError> {
    let item = named(words)?;
    only(words, Command::Item(item, change))
}

/// What is in scenes.
pub(super) const ROWS: &[CommandSpec] = &[
    confirmed(row(
        "item move",
        &[SCENE, ITEM, arg("X", ArgKind::Shift), arg("Y", ArgKind::Shift)],
        "moves the top left corner of an item: pixels or percent of the program",
        |words| {
            let item = named(words)?;
            let x = words.required(item::shift)?;
            let y = words.required(item::shift)?;
            only(words, Command::Item(item, ItemChange::Move(x, y)))
        },
    )),
    confirmed(row(
        "item size",
        &[SCENE, ITEM, arg("WIDTH", ArgKind::Shift), may("HEIGHT", ArgKind::Shift)],
        "sets how large an item is; without a height it keeps its shape",
        |words| {
            let item = named(words)?;
            let width = words.required(item::shift)?;
            let height = words.optional(item::shift)?;
            only(words, Command::Item(item, ItemChange::Size(width, height)))
        },
    )),
    confirmed(row(
        "item crop",
        &[
            SCENE,
            ITEM,
            arg("SIDE", ArgKind::Choice(Side::WORDS)),
            arg("SHARE", ArgKind::Share),
        ],
        "cuts a share of the picture away at one side: 10% or 0.1; item crop SCENE ITEM all 0 cuts nothing",
        |words| {
            let item = named(words)?;
            let side = words.required(Side::of)?;
            let share = words.required(item::shift)?;
            only(words, Command::Item(item, ItemChange::Crop(side, share)))
        },
    )),
    row(
        "item opacity",
        &[SCENE, ITEM, arg("SHARE", ArgKind::Share)],
        "sets how much of an item is seen: 0% is invisible, 100% hides what lies below",
        |words| {
            let item = named(words)?;
            let share = words.required(item::shift)?;
            only(words, Command::Item(item, ItemChange::Opacity(share)))
        },
    ),
    prompt_only(
        row(
            "item z",
            &[SCENE, ITEM, arg("Z", ArgKind::Height)],
            "sets how high an item lies: higher ones lie on top",
            |words| {
                let item = named(words)?;
                let height = words.required(item::height)?;
                only(words, Command::Item(item, ItemChange::Height(height)))
            },
        ),
        "item raise and item lower have keys",
    ),
    row(
        "item raise",
        &[SCENE, ITEM],
        "puts an item over the one that lies next above it",
        |words| plain(words, ItemChange::Height(Height::Raise)),
    ),
    row(
        "item lower",
        &[SCENE, ITEM],
        "puts an item under the one that lies next below it",
        |words| plain(words, ItemChange::Height(Height::Lower)),
    ),
    confirmed(row(
        "item fit",
        &[SCENE, ITEM, may("FIT", ArgKind::Choice(FITS))],
        "sets how an item's picture fills its place; without a word, the next way",
        |words| {
            let item = named(words)?;
            let fit = words.optional(item::fit_of)?;
            only(words, Command::Item(item, ItemChange::Fit(fit)))
        },
    )),
    prompt_only(
        row(
            "item hide",
            &[SCENE, ITEM],
            "leaves an item out of its scene",
            |words| plain(words, ItemChange::Show(Some(false))),
        ),
        "item toggle has a key",
    ),
    confirmed(prompt_only(
        row(
            "item show",
            &[SCENE, ITEM],
            "shows an item that was left out",
            |words| plain(words, ItemChange::Show(Some(true))),
        ),
        "item toggle has a key",
    )),
    confirmed(row(
        "item toggle",
        &[SCENE, ITEM],
        "hides an item, or shows it again",
        |words| plain(words, ItemChange::Show(None)),
    )),
    row(
        "item text",
        &[SCENE, ITEM, arg("TEXT", ArgKind::Text)],
        "sets what an item of letters says; \\n begins a new line",
        |words| {
            let item = named(words)?;
            let text = words.required(item::text)?;
            only(words, Command::Item(item, ItemChange::Text(text)))
        },
    ),
    confirmed(row(
        "item reset",
        &[SCENE, ITEM],
        "brings an item back to what the scene file says",
        |words| plain(words, ItemChange::Reset),
    )),
    row(
        "scene set",
        &[
            SCENE,
            arg("PARAMETER", ArgKind::SceneParameter),
            arg("VALUE", ArgKind::Text),
        ],
        "sets a parameter of a scene, which its texts and images refer to",
        |words| {
            let scene = words.required(word::name)?;
            let parameter = words.required(word::name)?;
            let value = words.required(item::text)?;
            only(words, Command::SceneSet(scene, parameter, value))
        },
    ),
    confirmed(row(
        "scene reset",
        &[SCENE],
        "brings all items and parameters of a scene back to what the scene file says",
        |words| {
            let scene = words.required(word::name)?;
            only(words, Command::SceneReset(scene))
        },
    )),
    row(
        "scene save",
        &[may("SCENE", ArgKind::Scene)],
        "writes what was changed by hand in a scene, or in all of them, into the scene file",
        |words| {
            let scene = words.optional(word::name)?;
            only(words, Command::SceneSave(scene))
        },
    ),
];
