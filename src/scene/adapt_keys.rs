//! The keys of an adaptation policy, and the page that is made from them.

use std::fmt::Write;

use super::adapt_policy::read_adapt_policy;
use super::reference::section;
use super::schema::{Key, Kind, key};
use super::shipped;
use crate::adapt::{Order, Spending};

/// What a policy may hold: a file of its own kind, no layer of a show.
pub(super) const ADAPT_POLICY: &[Key] = &[
    key("title", Kind::Text, "what it is for, in a line"),
    key("network", Kind::Table(NETWORK), "how the network is followed"),
    key(
        "picture",
        Kind::Table(PICTURE),
        "when pictures become fewer and smaller",
    ),
    key("sound", Kind::Table(SOUND), "what sound has to give"),
    key(
        "audience",
        Kind::Table(AUDIENCE),
        "where the tiers of the audience begin",
    ),
    key("tier", Kind::Table(TIERS), "what is spent on each tier"),
];

const NETWORK: &[Key] = &[
    key(
        "follow",
        Kind::Flag,
        "whether the bitrate follows the network at all (default true)",
    ),
    key(
        "floor_kbps",
        Kind::Integer(30, 50_000),
        "pictures get at least so much, whatever the network says (default 150)",
    ),
    key(
        "headroom_percent",
        Kind::Number(0.0, 50.0),
        "of what is carried, what is left unused (default 5)",
    ),
    key(
        "patience_ms",
        Kind::Integer(20, 2000),
        "how much more than expected may wait before the bitrate is cut (default 80)",
    ),
    key(
        "drain_ms",
        Kind::Integer(200, 10_000),
        "in what time a backlog is to be gone (default 900)",
    ),
    key(
        "hold_ms",
        Kind::Integer(0, 60_000),
        "how long nothing is tried after a cut (default 1000)",
    ),
    key(
        "climb_percent",
        Kind::Number(1.0, 100.0),
        "the largest step of a climb (default 20)",
    ),
    key(
        "probe_percent",
        Kind::Number(1.0, 10.0),
        "how far a probe goes beyond what is known to be carried (default 8)",
    ),
    key(
        "probe_every_s",
        Kind::Number(1.0, 60.0),
        "from one probe to the next (default 4)",
    ),
    key(
        "left_behind_percent",
        Kind::Number(0.0, 95.0),
        "a destination that carries less than this share of what the others carry is not waited for; 0: all are (default 50)",
    ),
];

const PICTURE: &[Key] = &[
    key(
        "order",
        Kind::Choice(Order::WORDS),
        "what gives way first, after the bitrate (default \"frame-rate-first\")",
    ),
    key(
        "max_divisor",
        Kind::Integer(1, 3),
        "the program's frame rate is divided by no more than this; 1: never (default 2)",
    ),
    key(
        "min_height",
        Kind::Integer(64, 2160),
        "no picture is made lower than this (default 360)",
    ),
    key(
        "min_bits_per_pixel",
        Kind::Number(0.0, 1.0),
        "fewer bits than this for each pixel make pictures fewer or smaller (default 0.02)",
    ),
    key(
        "down_after_s",
        Kind::Number(0.0, 600.0),
        "how long before a step down (default 3)",
    ),
    key(
        "up_after_s",
        Kind::Number(0.0, 600.0),
        "how long before one back up (default 8)",
    ),
];

const SOUND: &[Key] = &[key(
    "floor_kbps",
    Kind::Integer(16, 512),
    "what sound is lowered to while pictures are at their floor (default 64)",
)];

const AUDIENCE: &[Key] = &[
    key(
        "good_above",
        Kind::Integer(0, 1_000_000_000),
        "more viewers than this are good (default 100)",
    ),
    key(
        "excellent_above",
        Kind::Integer(1, 1_000_000_000),
        "more viewers than this are excellent (default 1000)",
    ),
    key(
        "rise_after_s",
        Kind::Number(0.0, 3600.0),
        "how long there are enough before the tier rises (default 3)",
    ),
    key(
        "fall_after_s",
        Kind::Number(0.0, 3600.0),
        "how long there are too few before it falls (default 30)",
    ),
];

const TIERS: &[Key] = &[
    key("normal", Kind::Table(TIER), "few viewers"),
    key("good", Kind::Table(TIER), "many"),
    key("excellent", Kind::Table(TIER), "very many"),
];

const TIER: &[Key] = &[
    key(
        "ceiling_percent",
        Kind::Number(5.0, 100.0),
        "of the scene file's bitrate, what may be spent (default 100)",
    ),
    key(
        "ladder",
        Kind::Integer(0, 16),
        "how many renditions are offered besides the source (default all)",
    ),
    key(
        "sound_kbps",
        Kind::Integer(16, 512),
        "bitrate of sound, never above the scene file's (default the scene file's)",
    ),
    key(
        "sample_rate",
        Kind::OneOf(&[44_100, 48_000]),
        "samples of sound per second, never more than in the scene file (default the scene file's)",
    ),
    key(
        "rate_control",
        Kind::Choice(Spending::WORDS),
        "how pictures spend their bits (default as in the scene file)",
    ),
];

/// The reference of all keys and the shipped policies, in Markdown, for `docs/adapt.md`.
#[must_use]
pub fn adapt_policy_markdown() -> String {
    let mut page = String::new();
    for (title, keys) in [
        ("`[network]`", NETWORK),
        ("`[picture]`", PICTURE),
        ("`[sound]`", SOUND),
        ("`[audience]`", AUDIENCE),
        ("`[tier.normal]`, `[tier.good]`, `[tier.excellent]`", TIER),
    ] {
        section(&mut page, title, "", keys);
    }
    page.push_str("### Shipped policies\n\n");
    for (name, text) in shipped::ADAPT_POLICIES {
        let title = read_adapt_policy(name, name, text)
            .map(|policy| policy.title)
            .unwrap_or_default();
        let _ = writeln!(page, "- [`{name}`](../presets/adapt/{name}.toml): {title}");
    }
    page
}
