//! What is set on the devices of sources: focus, exposure, white balance.

use super::super::action::Command;
use super::super::row::{arg, may, named, only, prompt_only, row};
use super::super::spec::{ArgKind, CommandSpec};
use super::super::word;

/// Why there is no key: each camera has others.
const OWN: &str = "which controls there are, each camera says itself: names and values are completed";

/// What is set on the devices of sources.
pub(super) const ROWS: &[CommandSpec] = &[
    prompt_only(
        row(
            "camera controls",
            &[arg("SOURCE", ArgKind::Source)],
            "lists what can be set on a camera, with what it is and what it may be",
            |words| named(words, Command::CameraControls),
        ),
        OWN,
    ),
    prompt_only(
        row(
            "camera set",
            &[
                arg("SOURCE", ArgKind::Source),
                arg("CONTROL", ArgKind::CameraControl),
                arg("VALUE", ArgKind::ControlValue),
            ],
            "sets or changes a control of a camera",
            |words| {
                let source = words.required(word::name)?;
                let control = words.required(word::name)?;
                let value = words.required(word::name)?;
                only(words, Command::CameraSet(source, control, value))
            },
        ),
        OWN,
    ),
    prompt_only(
        row(
            "camera reset",
            &[arg("SOURCE", ArgKind::Source), may("CONTROL", ArgKind::CameraControl)],
            "brings a control of a camera, or all of them, back to the camera's default",
            |words| {
                let source = words.required(word::name)?;
                let control = words.optional(word::name)?;
                only(words, Command::CameraReset(source, control))
            },
        ),
        OWN,
    ),
];
