//! How the picture of a source looks.

use super::super::action::{Command, Reset};
use super::super::row::{arg, confirmed, may, only, prompt_only, row};
use super::super::spec::{ArgKind, CommandSpec, UsageError, Words};
use super::super::word;
use crate::studio::model::PICTURE_PARAMS;

fn picture_save(words: &mut Words<'_>, is_replacing: bool) -> Result<Command, UsageError> {
    let name = words.required(word::name)?;
    let source = words.required(word::name)?;
    only(words, Command::PictureSave(name, source, is_replacing))
}

/// How the picture of a source looks.
pub(super) const ROWS: &[CommandSpec] = &[
    row(
        "picture set",
        &[
            arg("SOURCE", ArgKind::Source),
            arg("PARAMETER", ArgKind::PictureParameter),
            arg("VALUE", ArgKind::Value),
        ],
        "sets or changes a parameter of a source's picture",
        |words| {
            let source = words.required(word::name)?;
            let param = words.required_or(|word| word::parameter(PICTURE_PARAMS, word))?;
            let value = words.required_or(|word| word::value(param, word))?;
            only(words, Command::PictureSet(source, param.name, value))
        },
    ),
    row(
        "picture reset",
        &[arg("SOURCE", ArgKind::Source), may("PART", ArgKind::PicturePart)],
        "brings a parameter, a stage or all of a source's picture back to the default",
        |words| {
            let source = words.required(word::name)?;
            let part = words.optional_or(|word| word::part(PICTURE_PARAMS, word))?;
            only(words, Command::PictureReset(source, part.unwrap_or(Reset::All)))
        },
    ),
    row(
        "picture copy",
        &[arg("FROM", ArgKind::Source), arg("TO", ArgKind::Source)],
        "gives a source the picture settings of another",
        |words| {
            let from = words.required(word::name)?;
            let to = words.required(word::name)?;
            only(words, Command::PictureCopy(from, to))
        },
    ),
    row(
        "picture save",
        &[arg("NAME", ArgKind::NewName), arg("SOURCE", ArgKind::Source)],
        "saves the picture settings of a source as a preset of a new name",
        |words| picture_save(words, false),
    ),
    prompt_only(
        confirmed(row(
            "picture replace",
            &[arg("NAME", ArgKind::Preset), arg("SOURCE", ArgKind::Source)],
            "the same over a preset of your own; what it was is kept beside it",
            |words| picture_save(words, true),
        )),
        "overwrites a file of the operator: nothing for a slip of the finger",
    ),
];
