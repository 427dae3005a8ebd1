//! What hides faces and parts of the picture.

use super::super::action::{Command, Place};
use super::super::row::{arg, confirmed, named, only, row};
use super::super::spec::{ArgKind, CommandSpec};
use super::super::word;
use crate::studio::model::MaskKind;

/// What hides faces and parts of the picture.
pub(super) const ROWS: &[CommandSpec] = &[
    row(
        "occlusion on",
        &[],
        "looks for faces on program and hides them; what has not been looked at is covered",
        |words| only(words, Command::OcclusionArm(true)),
    ),
    confirmed(row("occlusion off", &[], "shows faces, and looks for none", |words| {
        only(words, Command::OcclusionArm(false))
    })),
    row(
        "occlusion more",
        &[],
        "goes to the occlusion level below, which hides more",
        |words| only(words, Command::OcclusionStep(true)),
    ),
    confirmed(row(
        "occlusion less",
        &[],
        "goes to the occlusion level above, which shows more",
        |words| only(words, Command::OcclusionStep(false)),
    )),
    confirmed(row(
        "occlusion level",
        &[arg("LEVEL", ArgKind::Level)],
        "sets the occlusion level: 0 hides everything, the highest of the policy shows the face",
        |words| {
            let level = words.required(word::level)?;
            only(words, Command::OcclusionLevel(level))
        },
    )),
    confirmed(row(
        "rendition level",
        &[
            arg("RENDITION", ArgKind::Rendition),
            arg("LEVEL", ArgKind::RenditionLevel),
        ],
        "gives a rendition an occlusion level of its own; show: it goes with the show's",
        |words| {
            let name = words.required(word::name)?;
            let level = words.required(word::rendition_level)?;
            only(words, Command::RenditionLevel(name, level))
        },
    )),
    row(
        "occlusion policy",
        &[arg("POLICY", ArgKind::Policy)],
        "chooses what each level shows, and begins with level 0",
        |words| named(words, Command::OcclusionPolicy),
    ),
    row(
        "occlusion mask",
        &[arg("KIND", ArgKind::Choice(MaskKind::WORDS))],
        "chooses what hides faces",
        |words| {
            let mask = words.required(MaskKind::of)?;
            only(words, Command::OcclusionMask(mask))
        },
    ),
    row(
        "occlusion sticker",
        &[arg("SET", ArgKind::Stickers)],
        "hides faces with stickers of this set",
        |words| named(words, Command::OcclusionSticker),
    ),
    confirmed(row(
        "face exempt",
        &[arg("FACE", ArgKind::Face)],
        "shows one face until it is lost",
        |words| {
            let track = words.required(word::track)?;
            only(words, Command::FaceExempt(track, true))
        },
    )),
    row(
        "face hide",
        &[arg("FACE", ArgKind::Face)],
        "hides an exempted face again",
        |words| {
            let track = words.required(word::track)?;
            only(words, Command::FaceExempt(track, false))
        },
    ),
    confirmed(row(
        "face release",
        &[],
        "says that lost faces have left: the picture is no longer covered for them",
        |words| only(words, Command::FaceRelease),
    )),
    confirmed(row(
        "zone add",
        &[
            arg("NAME", ArgKind::NewName),
            arg("LEFT", ArgKind::Percent),
            arg("TOP", ArgKind::Percent),
            arg("WIDTH", ArgKind::Percent),
            arg("HEIGHT", ArgKind::Percent),
        ],
        "hides a part of the picture for good: a door, a screen in a corner",
        |words| {
            let name = words.required(word::name)?;
            let mut place = [0.0; 4];
            for share in &mut place {
                *share = words.required(word::percent)?;
            }
            only(words, Command::ZoneAdd(name, Place(place)))
        },
    )),
    confirmed(row(
        "zone remove",
        &[arg("NAME", ArgKind::Zone)],
        "shows that part again",
        |words| named(words, Command::ZoneRemove),
    )),
];
