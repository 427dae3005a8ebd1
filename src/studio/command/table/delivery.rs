//! What is sent, recorded and received, and the end of it all.

use super::super::action::{Command, PinWord, Switch};
use super::super::row::{SWITCH, arg, confirmed, may, named, only, row};
use super::super::spec::{ArgKind, CommandSpec};
use super::super::word;
use crate::studio::model::AlarmKind;

/// What is sent, recorded and received, and the end of it all.
pub(super) const ROWS: &[CommandSpec] = &[
    row(
        "bitrate",
        &[arg("KBPS", ArgKind::Kbps)],
        "sets or changes the video bitrate, and holds it there until adapt release",
        |words| {
            let kbps = words.required(word::kbps_change)?;
            only(words, Command::Bitrate(kbps))
        },
    ),
    row(
        "adapt",
        &[may("SWITCH", SWITCH)],
        "whether bitrate, frame rate, size and sound follow the network and the audience; off: as the scene file says",
        |words| {
            let switch = words.optional(word::switch)?.unwrap_or(Switch::Toggle);
            only(words, Command::Adapt(switch))
        },
    ),
    row(
        "adapt policy",
        &[arg("POLICY", ArgKind::AdaptPolicy)],
        "chooses how network and audience combine",
        |words| named(words, Command::AdaptPolicy),
    ),
    row(
        "adapt pin",
        &[
            arg("WHAT", ArgKind::Choice(PinWord::WORDS)),
            arg("VALUE", ArgKind::PinValue),
        ],
        "holds a value, whatever network and audience say, until it is released",
        |words| {
            let what = words.required(PinWord::of)?;
            let pinned = words.required_or(|word| word::pinned(what, word))?;
            only(words, Command::AdaptPin(pinned))
        },
    ),
    row(
        "adapt release",
        &[may("WHAT", ArgKind::Choice(PinWord::WORDS))],
        "gives control of a pinned value back, or of all of them",
        |words| {
            let what = words.optional(PinWord::of)?;
            only(words, Command::AdaptRelease(what))
        },
    ),
    row(
        "trace start",
        &[arg("FILE", ArgKind::File)],
        "writes what is seen of the network into FILE, for rigcast adapt replay",
        |words| {
            let file = words.required(word::file)?;
            only(words, Command::TraceStart(file))
        },
    ),
    row("trace stop", &[], "ends that file", |words| {
        only(words, Command::TraceStop)
    }),
    row("keyframe", &[], "makes the next picture an IDR", |words| {
        only(words, Command::Keyframe)
    }),
    row(
        "record start",
        &[may("FILE", ArgKind::File)],
        "records the show, into FILE or where the scene file says",
        |words| {
            let file = words.optional(word::file)?;
            only(words, Command::RecordStart(file))
        },
    ),
    confirmed(row("record stop", &[], "ends the recording", |words| {
        only(words, Command::RecordStop)
    })),
    row(
        "record split",
        &[],
        "goes on recording in a new file, without a gap",
        |words| only(words, Command::RecordSplit),
    ),
    row(
        "destination add",
        &[
            arg("NAME", ArgKind::NewName),
            arg("URL", ArgKind::Url),
            may("RENDITION", ArgKind::Rendition),
        ],
        "adds a destination and starts to publish to it: the program, or a smaller rendition",
        |words| {
            let name = words.required(word::name)?;
            let url = words.required(word::url)?;
            let rendition = words.optional(word::name)?;
            only(words, Command::DestinationAdd(name, url, rendition))
        },
    ),
    confirmed(row(
        "destination remove",
        &[arg("NAME", ArgKind::Destination)],
        "stops a destination and forgets it",
        |words| named(words, Command::DestinationRemove),
    )),
    row(
        "destination start",
        &[arg("NAME", ArgKind::Destination)],
        "starts to publish to a destination",
        |words| named(words, Command::DestinationStart),
    ),
    confirmed(row(
        "destination stop",
        &[arg("NAME", ArgKind::Destination)],
        "stops publishing to a destination",
        |words| named(words, Command::DestinationStop),
    )),
    row(
        "retry",
        &[may("NAME", ArgKind::Destination)],
        "tries a lost destination again at once; without NAME, all of them",
        |words| {
            let name = words.optional(word::name)?;
            only(words, Command::Retry(name))
        },
    ),
    row(
        "source restart",
        &[arg("NAME", ArgKind::Source)],
        "opens a source anew",
        |words| named(words, Command::SourceRestart),
    ),
    row(
        "alarm ack",
        &[may("KIND", ArgKind::Choice(AlarmKind::WORDS))],
        "acknowledges an alarm, or all of them: it stays in sight, dimmed, and its bell is silent",
        |words| {
            let kind = words.optional(AlarmKind::of)?;
            only(words, Command::AlarmAck(kind))
        },
    ),
    confirmed(row(
        "undo",
        &[],
        "takes back the last command that changed a setting; what has gone out stays out",
        |words| only(words, Command::Undo),
    )),
    confirmed(row("end", &[], "ends the show and the studio", |words| {
        only(words, Command::End)
    })),
];
