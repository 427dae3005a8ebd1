//! The keys of a scene: its items, what text in it looks like, its strips, and how it comes on program.
//!
//! A table of its own beside `schema`, which says what a key is. Items are a `static` because a group holds items again.

use super::schema::{Key, Kind, STRIP_PARAMETERS, key};

/// What an item may show: one of these keys, and no more.
pub(super) const SHOWN: &[&str] = &["source", "scene", "group", "text", "image", "color"];

/// The keys of `[scene.NAME]`.
pub(super) const SCENE: &[Key] = &[
    key("items", Kind::List(&ITEMS), "what is in this scene, the lowest first"),
    key(
        "template",
        Kind::Text,
        "instead of items: the scene whose items these are, with other values for its parameters",
    ),
    key(
        "with",
        Kind::Values,
        "beside template: a value for each parameter that differs from the template's",
    ),
    key(
        "parameters",
        Kind::Values,
        "makes this scene a template: names that its texts and images may have in braces, each with its usual value",
    ),
    key(
        "occlusion_level",
        Kind::Integer(0, 31),
        "the occlusion level that is set when this scene comes on program (default: it stays as it is)",
    ),
    key(
        "strips",
        Kind::Named(STRIP_PARAMETERS),
        "what this scene sets on mixer strips while it is on program; what nobody changed meanwhile goes back when it leaves",
    ),
    key(
        "transition",
        Kind::Table(TRANSITION),
        "how this scene comes on program; what it leaves out is as in [transition]",
    ),
];

/// The keys of an item.
pub(super) static ITEMS: [Key; 17] = [
    key("source", Kind::Text, "shows the source of that name"),
    key(
        "scene",
        Kind::Text,
        "shows another scene, as a picture of the program's size",
    ),
    key(
        "group",
        Kind::List(&ITEMS),
        "shows items that are placed, faded and hidden together, on a canvas of the program's size",
    ),
    key(
        "text",
        Kind::Text,
        "shows letters; {clock}, {viewers}, {price} … stand for what is known of the show and for parameters",
    ),
    key("image", Kind::Text, "shows a PNG or JPEG, relative to this file"),
    key("color", Kind::Color, "shows nothing but this colour"),
    key(
        "name",
        Kind::Text,
        "what commands call it; unique in its scene or group (default: what it shows)",
    ),
    key("with", Kind::Values, "of a scene: values for its parameters"),
    key("style", Kind::Table(STYLE), "of a text: what its letters look like"),
    key("position", Kind::Lengths, "top left corner (default [0, 0])"),
    key("size", Kind::Lengths, "width and height (default [\"100%\", \"100%\"])"),
    key(
        "fit",
        Kind::Choice(&["contain", "cover", "stretch"]),
        "contain: all of it is seen, with bars; cover: no bars, the edges are cut; stretch: distorted (default contain)",
    ),
    key(
        "crop",
        Kind::Table(CROP),
        "cut away at the edges first, as shares of the source from 0 to 1",
    ),
    key(
        "key",
        Kind::Table(CHROMA_KEY),
        "a colour that is taken out: a green screen",
    ),
    key(
        "z",
        Kind::Integer(-1000, 1000),
        "higher lies on top; equal ones as listed (default 0)",
    ),
    key(
        "opacity",
        Kind::Number(0.0, 1.0),
        "0 is invisible, 1 hides what lies below (default 1)",
    ),
    key(
        "hidden",
        Kind::Flag,
        "left out until it is shown by command (default false)",
    ),
];

const CROP: &[Key] = &[
    key("left", Kind::Number(0.0, 1.0), "share of the width"),
    key("top", Kind::Number(0.0, 1.0), "share of the height"),
    key("right", Kind::Number(0.0, 1.0), "share of the width"),
    key("bottom", Kind::Number(0.0, 1.0), "share of the height"),
];

const CHROMA_KEY: &[Key] = &[
    key(
        "color",
        Kind::Color,
        "what is taken out (default \"#00b140\", the green of screens)",
    ),
    key(
        "similarity",
        Kind::Number(0.0, 1.0),
        "how far a colour may be from it to go wholly (default 0.3)",
    ),
    key(
        "smoothness",
        Kind::Number(0.0, 1.0),
        "how much further it may be to go in part (default 0.1)",
    ),
    key(
        "spill",
        Kind::Number(0.0, 1.0),
        "how much of its tint is taken from what stays (default 0.5)",
    ),
];

const STYLE: &[Key] = &[
    key(
        "font",
        Kind::Text,
        "name of a font family on this machine (default: the font inside the program)",
    ),
    key(
        "size",
        Kind::Length,
        "height of the letters; a line that is too long is made smaller, down to half of it (default 48)",
    ),
    key("bold", Kind::Flag, "thicker strokes (default false)"),
    key("italic", Kind::Flag, "slanted (default false)"),
    key("color", Kind::Color, "of the letters (default \"#ffffff\")"),
    key(
        "background",
        Kind::Color,
        "behind them, over the whole place of the item (default: nothing)",
    ),
    key(
        "outline",
        Kind::Length,
        "width of a line around each letter (default: none)",
    ),
    key("outline_color", Kind::Color, "of that line (default \"#000000\")"),
    key(
        "align",
        Kind::Choice(&["left", "center", "right"]),
        "where lines stand across (default left)",
    ),
    key(
        "valign",
        Kind::Choice(&["top", "middle", "bottom"]),
        "where they stand down (default middle)",
    ),
    key(
        "padding",
        Kind::Length,
        "between the edges of the place and the letters (default 0)",
    ),
    key(
        "wrap",
        Kind::Flag,
        "long lines are broken; otherwise they are made smaller and then cut (default true)",
    ),
];

/// The keys of `[transition]`.
pub(super) const TRANSITION: &[Key] = &[
    key(
        "kind",
        Kind::Choice(&["cut", "fade", "wipe", "stinger"]),
        "at once; one picture into the other; an edge that moves over the picture; a clip behind which one becomes the other",
    ),
    key(
        "duration_ms",
        Kind::Integer(0, 10_000),
        "how long a fade or a wipe takes, in milliseconds",
    ),
    key(
        "direction",
        Kind::Choice(&["right", "left", "down", "up"]),
        "where the edge of a wipe goes (default right)",
    ),
    key(
        "stinger",
        Kind::Text,
        "the source of kind file that a stinger plays from its beginning; its strip is its sound",
    ),
    key(
        "cut_at_ms",
        Kind::Integer(0, 60_000),
        "stinger: when the scenes change behind the clip, from its first picture (default 500)",
    ),
    key(
        "matte",
        Kind::Choice(&["none", "side", "below"]),
        "stinger: what of the clip is seen: all; the left half as far as the right half is white; the upper half as far as the lower is (default none)",
    ),
    key(
        "key",
        Kind::Table(CHROMA_KEY),
        "stinger: what of the clip is seen: all but this colour",
    ),
];
