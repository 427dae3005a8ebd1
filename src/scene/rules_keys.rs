//! The keys of a rules file, of `[rules]` and of `[data]`, and the page that is made from them.

use std::fmt::Write;

use super::reference::section;
use super::schema::{Key, Kind, key};

/// What a rules file may hold: a file of its own kind, no layer of a show.
pub(super) const RULES_FILE: &[Key] = &[
    key("title", Kind::Text, "what the rules are for, in a line"),
    key(
        "default",
        Kind::Text,
        "the scene that is shown where no rule holds (default: what is on program stays)",
    ),
    key("default_with", Kind::Values, "values for its parameters"),
    key(
        "default_hold",
        Kind::Text,
        "for how long it stays at least, as in \"10s\" (default \"5s\")",
    ),
    key(
        "stale_after",
        Kind::Text,
        "data that is older says nothing any more, as in \"1m\" (default never)",
    ),
    key(
        "changes_per_minute",
        Kind::Integer(1, 60),
        "how often rules change the program in any minute at most (default 12)",
    ),
    key("rule", Kind::List(RULE), "the rules: one table [[rule]] each"),
];

const RULE: &[Key] = &[
    key("name", Kind::Text, "what events and explanations call it; unique"),
    key(
        "when",
        Kind::Text,
        "what must be true of the data: \"product.stock > 0 and room == 'live'\"",
    ),
    key(
        "until",
        Kind::Text,
        "what ends it once it holds, in the place of when being false: \"product.stock == 0\"",
    ),
    key(
        "for",
        Kind::Text,
        "for how long it must have held to be chosen, as in \"2s\" (default \"0s\")",
    ),
    key(
        "hold",
        Kind::Text,
        "for how long its choice stays at least, whatever the data says (default \"5s\")",
    ),
    key(
        "priority",
        Kind::Integer(-1000, 1000),
        "the highest one that holds is chosen, the first of equal ones (default 0)",
    ),
    key("scene", Kind::Text, "the scene that it shows"),
    key(
        "with",
        Kind::Values,
        "values for the parameters of that scene: \"{product.price:.2} €\"",
    ),
];

/// The keys of `[rules]`.
pub(super) const RULES: &[Key] = &[
    key(
        "file",
        Kind::Text,
        "the rules file, relative to this file: shop.rules.toml",
    ),
    key(
        "on",
        Kind::Flag,
        "whether they choose from the start (default true); rules on and rules off switch",
    ),
];

/// The keys of `[data]`.
pub(super) const DATA: &[Key] = &[
    key(
        "file",
        Kind::Text,
        "a JSON file that is read whenever it changes, relative to this file",
    ),
    key(
        "listen",
        Kind::Text,
        "address and port where data is posted to, as in 127.0.0.1:8470 (default nowhere)",
    ),
    key(
        "token",
        Kind::Secret,
        "what must be shown there as Authorization: Bearer TOKEN; without one only this machine can be listened to",
    ),
];

/// The reference of a rules file's keys in Markdown, for `docs/rules.md`.
#[must_use]
pub fn rules_markdown() -> String {
    let mut page = String::new();
    section(&mut page, "A rules file", "", RULES_FILE);
    let _ = writeln!(page, "`items[].KEY` above is a key of a table `[[rule]]`.\n");
    section(&mut page, "`[rules]` in a scene file", "", RULES);
    section(&mut page, "`[data]` in a scene file", "", DATA);
    page
}
