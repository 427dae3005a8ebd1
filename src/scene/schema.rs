//! The keys of a scene file: one table that the reader, `--set`, the environment and the reference page are made from.
//!
//! A key that is not here is refused, and a key here has its type, its range and its one-line description in one place.

use super::adapt::ADAPT;
use super::audience::AUDIENCE;
use super::cues::CUES;
use super::delivery::RENDITION;
use super::moderation::MODERATION;
use super::obs::OBS;
use super::recording::RECORDING;
use super::relay::RELAY;
use super::rules_keys::{DATA, RULES};
use super::scene_keys::{SCENE, TRANSITION};
use super::source_keys::SOURCE;
use crate::picture::PICTURE_PARAMS;
use crate::sound::{BUS_PARAMS, Param, ParamKind, STRIP_PARAMS};
use crate::vision::MaskKind;

/// One key of a table.
#[derive(Debug)]
pub(super) struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What may stand behind it.
    pub kind: Kind,
    /// One line for the reference page.
    pub doc: &'static str,
}

/// What may stand behind a key.
#[derive(Debug)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number from the first to the second bound.
    Integer(i64, i64),
    /// One of these whole numbers.
    OneOf(&'static [i64]),
    /// A number from the first to the second bound.
    Number(f64, f64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Frames per second: `30` or `"30000/1001"`.
    Rate,
    /// Two lengths, across and down: pixels of the program, or shares of it as `"50%"`.
    Lengths,
    /// One length: pixels of the program, or a share of its height as `"5%"`.
    Length,
    /// A colour: `"#rrggbb"`, or `"#rrggbbaa"` where it may be seen through.
    Color,
    /// An address, which may have a password or a stream key in it: shown without.
    Address,
    /// A table of texts (or numbers, which are taken as they are written) whose names the writer chooses.
    Values,
    /// Text that is never shown: written out, or `{ env = "VARIABLE" }`, or `{ file = "path" }`.
    Secret,
    /// A list of texts.
    Texts,
    /// A table with these keys.
    Table(&'static [Key]),
    /// Tables with names that the writer chooses: `[source.NAME]`.
    Named(&'static [Key]),
    /// A list of tables.
    List(&'static [Key]),
}

pub(super) const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, doc }
}

/// The whole file.
pub(super) const ROOT: &[Key] = &[
    key(
        "title",
        Kind::Text,
        "what the show is called on screen; else the name of the file",
    ),
    key(
        "include",
        Kind::Texts,
        "presets to read first: paths relative to this file, or names of shipped presets",
    ),
    key(
        "video",
        Kind::Table(VIDEO),
        "the program's picture and how it is encoded",
    ),
    key("audio", Kind::Table(AUDIO), "how the program's sound is encoded"),
    key("source", Kind::Named(SOURCE), "where pictures and sound come from"),
    key(
        "strip",
        Kind::Named(STRIP),
        "the mixer strip of the source of the same name",
    ),
    key(
        "picture",
        Kind::Named(PICTURE),
        "the picture chain of the source of the same name",
    ),
    key("bus", Kind::Table(BUS), "the buses: loudness, limiter, ducking"),
    key("scene", Kind::Named(SCENE), "what is seen together, and where"),
    key(
        "start",
        Kind::Table(START),
        "what is on air and what is next when the show starts",
    ),
    key("transition", Kind::Table(TRANSITION), "how a take changes the program"),
    key("analysis", Kind::Table(ANALYSIS), "what is watched on program"),
    key("occlusion", Kind::Table(OCCLUSION), "what hides faces on program"),
    key(
        "moderation",
        Kind::Table(MODERATION),
        "what is held back, and looked for in it, before it goes out",
    ),
    key(
        "relay",
        Kind::Table(RELAY),
        "the media server in this rig, for browsers and players",
    ),
    key(
        "obs",
        Kind::Table(OBS),
        "controllers made for OBS that may drive this show (obs-websocket)",
    ),
    key("recording", Kind::Table(RECORDING), "the show onto a disk"),
    key("uplink", Kind::Table(UPLINK), "the way out of this rig"),
    key(
        "adapt",
        Kind::Table(ADAPT),
        "how the show follows the network and its audience",
    ),
    key(
        "audience",
        Kind::Named(AUDIENCE),
        "servers that are asked how many watch; viewers of this rig's own relay are counted without",
    ),
    key(
        "rendition",
        Kind::Named(RENDITION),
        "the program in a smaller size, encoded while somebody takes it; with none, 720p and 480p as far as they are smaller",
    ),
    key(
        "destination",
        Kind::Named(DESTINATION),
        "where the show is published to",
    ),
    key(
        "rules",
        Kind::Table(RULES),
        "rules that choose the scene by business data",
    ),
    key("data", Kind::Table(DATA), "where business data comes from"),
    key(
        "cues",
        Kind::Table(CUES),
        "commands at their time, in a file of their own",
    ),
    key("live", Kind::Table(LIVE), "how the running show follows its file"),
];

const LIVE: &[Key] = &[key(
    "watch",
    Kind::Flag,
    "whether a save of this file is applied at once (default true)",
)];
/// The key that comes before the settings of a table.
pub(super) const PRESET_OF_TABLE: Key = key(
    "preset",
    Kind::Text,
    "begins as a preset has it: its name, or the path of its file relative to this one; keys beside it change it",
);

const VIDEO: &[Key] = &[
    PRESET_OF_TABLE,
    key("width", Kind::Integer(16, 3840), "pixels across, even"),
    key("height", Kind::Integer(16, 2160), "pixels down, even"),
    key(
        "aspect",
        Kind::Choice(&["16:9", "9:16", "1:1"]),
        "the shape: one of width and height is enough beside it; with neither, the shorter side stays as it was",
    ),
    key("frame_rate", Kind::Rate, "frames per second, from 1 to 120"),
    key(
        "bitrate_kbps",
        Kind::Integer(100, 50_000),
        "kilobits per second of H.264",
    ),
    key(
        "rate_control",
        Kind::Choice(&["cbr", "vbr", "abr", "quality"]),
        "what is held: the bitrate over every second, the bitrate where it is needed and up to a cap, the bitrate over the show, or the quality (default \"cbr\")",
    ),
    key(
        "max_bitrate_kbps",
        Kind::Integer(100, 100_000),
        "the cap of \"vbr\", in kilobits per second (default half as much again as bitrate_kbps)",
    ),
    key(
        "quality",
        Kind::Integer(10, 51),
        "the quantiser of \"quality\": 18 is hardly to be told from the source, 40 is coarse (default 26)",
    ),
    key(
        "gop_seconds",
        Kind::Number(0.5, 10.0),
        "seconds from one IDR to the next",
    ),
    key(
        "threads",
        Kind::Integer(1, 8),
        "threads of the encoder: 1 costs the least CPU, 2 the least time",
    ),
];

const AUDIO: &[Key] = &[
    PRESET_OF_TABLE,
    key(
        "bitrate_kbps",
        Kind::Integer(16, 512),
        "kilobits per second of AAC-LC: 32 at least in stereo, 256 at most in mono",
    ),
    key("sample_rate", Kind::OneOf(&[44_100, 48_000]), "samples per second"),
    key(
        "channels",
        Kind::Choice(&["mono", "stereo"]),
        "mono is half the sum of left and right",
    ),
];

/// The key that comes before the parameters of a picture.
const PRESET_OF_PICTURE: Key = key(
    "preset",
    Kind::Text,
    "begins as a preset has it: its name, or the path of its file relative to this one; keys beside it change it",
);

/// The key that comes before the parameters of a strip.
const PRESET_OF_STRIP: Key = key(
    "preset",
    Kind::Text,
    "begins with the sound of a preset: its name, or the path of its file relative to this one; keys beside it change it",
);

/// What a preset may hold: a file of its own kind, no layer of a show.
pub(super) const PRESET: &[Key] = &[
    key("title", Kind::Text, "what it is for, in a line"),
    key("strip", Kind::Table(STRIP_PARAMETERS), "the sound of a strip"),
    key("bus", Kind::Table(BUS), "the buses"),
    key(
        "picture",
        Kind::Table(PICTURE_PARAMETERS),
        "the picture chain of a source",
    ),
    key(
        "video",
        Kind::Table(settings(VIDEO)),
        "the program's picture and its encoding",
    ),
    key(
        "audio",
        Kind::Table(settings(AUDIO)),
        "the encoding of the program's sound",
    ),
    key("destination", Kind::Table(settings(DESTINATION)), "an address"),
    key("occlusion", Kind::Table(settings(OCCLUSION)), "what hides faces"),
    key(
        "moderation",
        Kind::Table(settings(MODERATION)),
        "what is held back and looked for",
    ),
    key("adapt", Kind::Table(settings(ADAPT)), "how the network is followed"),
];

/// The keys of a table that may name a preset, without that one: presets do not begin with others.
const fn settings(keys: &'static [Key]) -> &'static [Key] {
    match keys {
        [_, rest @ ..] => rest,
        [] => keys,
    }
}

/// What a set of stickers may hold: a file of its own kind, no layer of a show.
pub(super) const STICKER_SET: &[Key] = &[
    key("title", Kind::Text, "what it shows, in a line"),
    key("face", Kind::Table(STICKER), "on a face that is hidden as a whole"),
    key("forehead", Kind::Table(STICKER), "on a hidden forehead"),
    key("eyebrows", Kind::Table(STICKER), "on hidden eyebrows"),
    key("eyes", Kind::Table(STICKER), "on hidden eyes"),
    key("nose", Kind::Table(STICKER), "on a hidden nose"),
    key("cheeks", Kind::Table(STICKER), "on hidden cheeks"),
    key("mouth", Kind::Table(STICKER), "on a hidden mouth"),
    key("chin", Kind::Table(STICKER), "on a hidden chin"),
    key("ears", Kind::Table(STICKER), "on hidden ears"),
    key("neck", Kind::Table(STICKER), "on a hidden neck"),
];

const STICKER: &[Key] = &[
    key(
        "png",
        Kind::Text,
        "the drawing: a PNG beside this file, or the name of a shipped one",
    ),
    key(
        "right",
        Kind::Number(-4.0, 4.0),
        "its middle from the face's, to the right, in sizes of the face (default 0)",
    ),
    key(
        "down",
        Kind::Number(-4.0, 4.0),
        "its middle from the face's, towards the chin, in sizes of the face (default 0)",
    ),
    key("width", Kind::Number(0.05, 8.0), "how wide it is, in sizes of the face"),
];

/// What an occlusion policy may hold: a file of its own kind, no layer of a show.
pub(super) const OCCLUSION_POLICY: &[Key] = &[
    key("title", Kind::Text, "what it is for, in a line"),
    key(
        "mask",
        Kind::Choice(MaskKind::WORDS),
        "the mask that it is made for, if it is made for one",
    ),
    key(
        "level",
        Kind::List(OCCLUSION_LEVEL),
        "levels 0, 1, 2 …: the first hides everything, none hides more than the one before it",
    ),
];

const OCCLUSION_LEVEL: &[Key] = &[
    key(
        "open",
        Kind::Texts,
        "regions that are shown: forehead, eyebrows, eyes, nose, cheeks, mouth, chin, ears, neck (default none)",
    ),
    key(
        "strength_percent",
        Kind::Number(0.0, 100.0),
        "of blur or mosaic: 100 leaves nothing to recognise, 0 is no mask at all (default 100)",
    ),
];

const STRIP: &[Key] = &parameters::<_, { STRIP_PARAMS.len() + 1 }>(STRIP_PARAMS, Some(PRESET_OF_STRIP));
pub(super) const STRIP_PARAMETERS: &[Key] = &parameters::<_, { STRIP_PARAMS.len() }>(STRIP_PARAMS, None);
const PICTURE: &[Key] = &parameters::<_, { PICTURE_PARAMS.len() + 1 }>(PICTURE_PARAMS, Some(PRESET_OF_PICTURE));
const PICTURE_PARAMETERS: &[Key] = &parameters::<_, { PICTURE_PARAMS.len() }>(PICTURE_PARAMS, None);
const BUS: &[Key] = &parameters::<_, { BUS_PARAMS.len() }>(BUS_PARAMS, None);

/// The keys of a table of parameters, behind `first`.
const fn parameters<S, const N: usize>(params: &[Param<S>], first: Option<Key>) -> [Key; N] {
    let mut keys = [const { key("", Kind::Flag, "") }; N];
    let offset = N - params.len();
    if let Some(first) = first {
        keys[0] = first;
    }
    let mut at = 0;
    while at < params.len() {
        let param = &params[at];
        let kind = match param.kind {
            ParamKind::Switch => Kind::Flag,
            ParamKind::Choice(words) => Kind::Choice(words),
            ParamKind::Number { low, high, .. } => Kind::Number(low, high),
        };
        keys[at + offset] = key(param.name, kind, param.doc);
        at += 1;
    }
    keys
}

const START: &[Key] = &[
    key("program", Kind::Text, "the scene on air (default: the first)"),
    key(
        "preview",
        Kind::Text,
        "the scene that is next (default: the second, else the first)",
    ),
];

const ANALYSIS: &[Key] = &[
    key(
        "black_s",
        Kind::Number(0.0, 3600.0),
        "seconds for which the picture must be black to be told as an event; 0 is never",
    ),
    key(
        "frozen_s",
        Kind::Number(0.0, 3600.0),
        "seconds for which it must not have moved; 0 is never",
    ),
    key(
        "silence_s",
        Kind::Number(0.0, 3600.0),
        "seconds for which nothing above -60 dBFS must have been heard; 0 is never",
    ),
];

const OCCLUSION: &[Key] = &[
    PRESET_OF_TABLE,
    key(
        "armed",
        Kind::Flag,
        "whether faces are looked for and hidden; what has not been looked at is covered then",
    ),
    key(
        "policy",
        Kind::Text,
        "what each level shows: the name of an occlusion policy, or the path of its file relative to this one",
    ),
    key(
        "level",
        Kind::Integer(0, 31),
        "the level at the start: 0 hides everything, the highest of the policy shows the face",
    ),
    key(
        "mask",
        Kind::Choice(MaskKind::WORDS),
        "what hides faces (default: what the policy is made for, else solid)",
    ),
    key("sticker", Kind::Text, "the set of stickers, for masks of that kind"),
    key(
        "zone",
        Kind::List(ZONE),
        "parts of the picture that are hidden for good, armed or not: a door, a screen in a corner",
    ),
];

const ZONE: &[Key] = &[
    key("name", Kind::Text, "what it is called; unique among the zones"),
    key("position", Kind::Lengths, "top left corner (default [0, 0])"),
    key("size", Kind::Lengths, "width and height (default [\"100%\", \"100%\"])"),
];

const UPLINK: &[Key] = &[key(
    "kbps",
    Kind::Integer(100, 10_000_000),
    "kilobits per second that it carries: destinations that need more together are warned about before they start",
)];

const DESTINATION: &[Key] = &[
    PRESET_OF_TABLE,
    key(
        "url",
        Kind::Address,
        "rtmp:// or rtmps:// address of the server and the application",
    ),
    key(
        "key",
        Kind::Secret,
        "the stream key: becomes the last part of the address",
    ),
    key(
        "rendition",
        Kind::Text,
        "which rendition it is sent (default: source, the program as it is)",
    ),
    key("token", Kind::Secret, "RTP over WebSocket: who may publish"),
    key(
        "ca_file",
        Kind::Text,
        "PEM file with root certificates to trust besides the usual ones, relative to this file",
    ),
];

/// What the dotted key `path` may hold; `None` where there is no such key.
pub(super) fn kind_at(path: &str) -> Option<&'static Kind> {
    let mut parts = path.split('.');
    let mut keys = ROOT;
    loop {
        let part = parts.next()?;
        let kind = &keys.iter().find(|key| key.name == part)?.kind;
        match kind {
            Kind::Table(inner) => keys = inner,
            Kind::Named(inner) => {
                parts.next()?;
                keys = inner;
            }
            Kind::Values => {
                let is_entry = parts.next().is_some() && parts.next().is_none();
                return is_entry.then_some(&Kind::Text);
            }
            _ => return parts.next().is_none().then_some(kind),
        }
    }
}

/// Whether a source, scene, strip or destination may be called this: letters, digits, `-` and `_`, 32 at most. So a name
/// can be typed in a command, stands in a dotted key without quotes and fits on screen.
pub(super) fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.chars().count()) && text.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
}

/// What an environment variable can set: the variable's name, the path of the key, and what may stand there. These are
/// the keys of the tables without chosen names, so `video.width` is `RIGCAST_VIDEO_WIDTH`.
pub(super) fn variables() -> impl Iterator<Item = (String, String, &'static Kind)> {
    ROOT.iter().flat_map(|section| {
        let keys = if let Kind::Table(keys) = section.kind {
            keys
        } else {
            &[]
        };
        let values = keys.iter().filter(|key| !matches!(key.kind, Kind::Table(_)));
        values.map(|key| {
            let variable = format!("RIGCAST_{}_{}", section.name, key.name).to_uppercase();
            (variable, format!("{}.{}", section.name, key.name), &key.kind)
        })
    })
}
