//! The one command table. Keymap, help, prompt, `rigcast ctl` and docs/commands.md are all made from it, so that help
//! cannot disagree with behaviour and the TUI can do nothing that a script cannot.

use super::action::{
    Bus, ClientCommand, Command, EventsCommand, Leap, Page, PinWord, Place, RecordPoint, Reset, Selection, Switch,
};
use super::row::{arg, client, confirmed, may, only, row};
use super::spec::{ArgKind, CommandSpec, UsageError, Words};
use super::word;
use crate::studio::model::{AlarmKind, BUS_PARAMS, EditKind, EventLevel, MaskKind, PICTURE_PARAMS, STRIP_PARAMS};

/// The row of that name.
#[must_use]
pub fn spec(name: &str) -> Option<&'static CommandSpec> {
    TABLE.iter().find(|spec| spec.name == name)
}

const SWITCH: ArgKind = ArgKind::Choice(&["on", "off", "toggle"]);
const RECORD: ArgKind = ArgKind::Choice(&["record"]);
const STEP: ArgKind = ArgKind::Choice(&["next", "previous"]);
const PACE: ArgKind = ArgKind::Choice(&["slow", "slate", "now"]);
const EDIT: ArgKind = ArgKind::Choice(&["beep", "mute"]);
const MONITORS: ArgKind = ArgKind::Choice(&["auto", "half-blocks", "ascii", "sixel", "off"]);

fn switched(words: &mut Words<'_>, make: fn(String, Switch) -> Command) -> Result<Command, UsageError> {
    let strip = words.required(word::name)?;
    let switch = words.optional(word::switch)?.unwrap_or(Switch::Toggle);
    only(words, make(strip, switch))
}

fn select(words: &mut Words<'_>, what: Selection) -> Result<Command, UsageError> {
    let step = words.required(word::step)?;
    only(words, Command::Client(ClientCommand::Select(what, step)))
}

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

fn picture_save(words: &mut Words<'_>, is_replacing: bool) -> Result<Command, UsageError> {
    let name = words.required(word::name)?;
    let source = words.required(word::name)?;
    only(words, Command::PictureSave(name, source, is_replacing))
}

fn named(words: &mut Words<'_>, make: fn(String) -> Command) -> Result<Command, UsageError> {
    let name = words.required(word::name)?;
    only(words, make(name))
}

/// Every command, in the order of the reference page.
pub const TABLE: &[CommandSpec] = &[
    row(
        "take",
        &[may("SCENE", ArgKind::Scene)],
        "puts preview, or SCENE, on program by the set transition",
        |words| {
            let scene = words.optional(word::name)?;
            only(words, Command::Take(scene))
        },
    ),
    row(
        "cut",
        &[may("SCENE", ArgKind::Scene)],
        "puts preview, or SCENE, on program from one frame to the next",
        |words| {
            let scene = words.optional(word::name)?;
            only(words, Command::Cut(scene))
        },
    ),
    row(
        "fade",
        &[may("DURATION", ArgKind::Duration)],
        "fades from program to preview, in DURATION or the set time",
        |words| {
            let duration = words.optional(word::duration)?;
            only(words, Command::Fade(duration))
        },
    ),
    row(
        "preview",
        &[arg("SCENE", ArgKind::Scene)],
        "chooses the scene that take puts on program next",
        |words| named(words, Command::Preview),
    ),
    row(
        "transition",
        &[
            arg("KIND", ArgKind::Choice(&["cut", "fade"])),
            may("DURATION", ArgKind::Duration),
        ],
        "sets what take does, and how long a fade lasts",
        |words| {
            let kind = words.required(word::transition)?;
            let duration = words.optional(word::duration)?;
            only(words, Command::Transition(kind, duration))
        },
    ),
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
        "gives the strip, or the picture, of a source what a preset has; one for the buses needs no STRIP",
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
        "saves the sound of a strip, or without STRIP the buses, as a preset of a new name",
        |words| preset(words, |name, strip| Command::PresetSave(name, strip, false)),
    ),
    confirmed(row(
        "preset replace",
        &[arg("NAME", ArgKind::Preset), may("STRIP", ArgKind::Strip)],
        "the same over a preset of your own; what it was is kept beside it",
        |words| preset(words, |name, strip| Command::PresetSave(name, strip, true)),
    )),
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
    confirmed(row(
        "picture replace",
        &[arg("NAME", ArgKind::Preset), arg("SOURCE", ArgKind::Source)],
        "the same over a preset of your own; what it was is kept beside it",
        |words| picture_save(words, true),
    )),
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
    row(
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
    ),
    confirmed(row(
        "zone remove",
        &[arg("NAME", ArgKind::Zone)],
        "shows that part again",
        |words| named(words, Command::ZoneRemove),
    )),
    row(
        "hold",
        &[arg("SECONDS", ArgKind::Hold), may("PACE", PACE)],
        "how long everything is held before it goes out: slow by playback, slate at once, now by a jump",
        |words| {
            let hold = words.required(word::hold)?;
            let pace = words.optional(word::pace)?;
            only(words, Command::Hold(hold, pace))
        },
    ),
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
    row(
        "moderate restore",
        &[arg("SPAN", ArgKind::Span)],
        "lets out what would be muted or beeped",
        |words| {
            let span = words.required(word::number)?;
            only(words, Command::ModerateRestore(span))
        },
    ),
    confirmed(row(
        "moderate reveal",
        &[arg("SEEN", ArgKind::Seen)],
        "shows again what was found in the picture and is hidden",
        |words| {
            let seen = words.required(word::number)?;
            only(words, Command::ModerateReveal(seen))
        },
    )),
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
    confirmed(row("end", &[], "ends the show and the studio", |words| {
        only(words, Command::End)
    })),
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
        &[may("MODE", MONITORS)],
        "how monitors are drawn; without MODE, the next way",
        |words| {
            let mode = words.optional(word::monitor_mode)?;
            only(words, Command::Client(ClientCommand::Monitor(mode)))
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
    client("redraw", &[], "draws the screen anew", |words| {
        only(words, Command::Client(ClientCommand::Redraw))
    }),
];

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
