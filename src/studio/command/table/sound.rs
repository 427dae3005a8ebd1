//! Strips, buses and the presets that set them.

use super::super::action::{Bus, Command, RecordPoint, Reset};
use super::super::row::{SWITCH, arg, confirmed, may, only, prompt_only, row, switched};
use super::super::spec::{ArgKind, CommandSpec, UsageError, Words};
use super::super::word;
use crate::studio::model::{BUS_PARAMS, STRIP_PARAMS};

const RECORD: ArgKind = ArgKind::Choice(&["record"]);

fn record(words: &mut Words<'_>, point: RecordPoint) -> Result<Command, UsageError> {
    words.required(|word| (word == "record").then_some(()))?;
    let length = words.required(word::length)?;
    let file = words.required(word::file)?;
    only(words, Command::Record(point, length, file))
}

fn preset(words: &mut Words<'_>, make: fn(String, Option<String>) -> Command) -> Result<Command, UsageError> {
    let name = words.required(word::name)?;
    let strip = words.optional(word::name)?;
    only(words, make(name, strip))
}

/// Strips, buses and the presets that set them.
pub(super) const ROWS: &[CommandSpec] = &[
    row(
        "gain",
        &[arg("STRIP", ArgKind::Strip), arg("DB", ArgKind::Gain)],
        "sets a strip's gain, or changes it by a step",
        |words| {
            let strip = words.required(word::name)?;
            let gain = words.required(word::gain)?;
            only(words, Command::Gain(strip, gain))
        },
    ),
    row(
        "mute",
        &[arg("STRIP", ArgKind::Strip), may("SWITCH", SWITCH)],
        "takes a strip off program, or puts it back",
        |words| switched(words, Command::Mute),
    ),
    row(
        "solo",
        &[arg("STRIP", ArgKind::Strip), may("SWITCH", SWITCH)],
        "hears a strip alone on the monitor bus (PFL); program stays",
        |words| switched(words, Command::Solo),
    ),
    row(
        "denoise",
        &[arg("STRIP", ArgKind::Strip), may("SWITCH", SWITCH)],
        "takes noise out of a voice",
        |words| switched(words, Command::Denoise),
    ),
    row(
        "set",
        &[
            arg("STRIP", ArgKind::Strip),
            arg("PARAMETER", ArgKind::Parameter),
            arg("VALUE", ArgKind::Value),
        ],
        "sets or changes a parameter of a strip",
        |words| {
            let strip = words.required(word::name)?;
            let param = words.required_or(|word| word::parameter(STRIP_PARAMS, word))?;
            let value = words.required_or(|word| word::value(param, word))?;
            only(words, Command::Set(strip, param.name, value))
        },
    ),
    row(
        "reset",
        &[arg("STRIP", ArgKind::Strip), may("PART", ArgKind::Part)],
        "brings a parameter, a stage or a whole strip back to the default; mute, solo and AFV stay",
        |words| {
            let strip = words.required(word::name)?;
            let part = words.optional_or(|word| word::part(STRIP_PARAMS, word))?;
            only(words, Command::Reset(strip, part.unwrap_or(Reset::All)))
        },
    ),
    row(
        "copy strip",
        &[arg("FROM", ArgKind::Strip), arg("TO", ArgKind::Strip)],
        "gives a strip the sound of another; mute, solo and AFV stay",
        |words| {
            let from = words.required(word::name)?;
            let to = words.required(word::name)?;
            only(words, Command::CopyStrip(from, to))
        },
    ),
    prompt_only(
        row(
            "strip",
            &[
                arg("STRIP", ArgKind::Strip),
                arg("VERB", RECORD),
                arg("LENGTH", ArgKind::Length),
                arg("FILE", ArgKind::File),
            ],
            "writes what leaves a strip, muted or not, into a WAV file, and tells its level when it is done",
            |words| {
                let point = RecordPoint::Strip(words.required(word::name)?);
                record(words, point)
            },
        ),
        "a new file each time",
    ),
    prompt_only(
        row(
            "bus",
            &[
                arg("BUS", ArgKind::Bus),
                arg("VERB", RECORD),
                arg("LENGTH", ArgKind::Length),
                arg("FILE", ArgKind::File),
            ],
            "writes what is on a bus into a WAV file, and tells its level when it is done",
            |words| {
                let point = RecordPoint::Bus(words.required(Bus::of)?);
                record(words, point)
            },
        ),
        "a new file each time",
    ),
    row(
        "bus set",
        &[arg("PARAMETER", ArgKind::BusParameter), arg("VALUE", ArgKind::Value)],
        "sets or changes a parameter of the buses",
        |words| {
            let param = words.required_or(|word| word::parameter(BUS_PARAMS, word))?;
            let value = words.required_or(|word| word::value(param, word))?;
            only(words, Command::BusSet(param.name, value))
        },
    ),
    row(
        "bus reset",
        &[may("PART", ArgKind::BusPart)],
        "brings a parameter, a stage or all of the buses back to the default",
        |words| {
            let part = words.optional_or(|word| word::part(BUS_PARAMS, word))?;
            only(words, Command::BusReset(part.unwrap_or(Reset::All)))
        },
    ),
    row(
        "loudness reset",
        &[],
        "integrated loudness, loudness range and true peak start anew",
        |words| only(words, Command::LoudnessReset),
    ),
    row(
        "preset apply",
        &[arg("PRESET", ArgKind::Preset), may("STRIP", ArgKind::Strip)],
        "gives the strip, or the picture, of a source what a preset has; one for buses, encoder, occlusion, moderation or network needs no STRIP",
        |words| preset(words, Command::PresetApply),
    ),
    row(
        "preset diff",
        &[arg("PRESET", ArgKind::Preset), may("STRIP", ArgKind::Strip)],
        "tells what a preset would change",
        |words| preset(words, Command::PresetDiff),
    ),
    row(
        "preset save",
        &[arg("NAME", ArgKind::NewName), may("STRIP", ArgKind::Strip)],
        "saves the sound of a strip, or without STRIP the buses, as a preset of a new name; video, occlusion, moderation and adapt for STRIP save those settings",
        |words| preset(words, |name, strip| Command::PresetSave(name, strip, false)),
    ),
    prompt_only(
        confirmed(row(
            "preset replace",
            &[arg("NAME", ArgKind::Preset), may("STRIP", ArgKind::Strip)],
            "the same over a preset of your own; what it was is kept beside it",
            |words| preset(words, |name, strip| Command::PresetSave(name, strip, true)),
        )),
        "overwrites a file of the operator: nothing for a slip of the finger",
    ),
];
