//! Files in, keys and errors out.

use super::*;
use crate::studio::command::Page;
use crate::tui::app::Pane;
use proptest::prelude::*;

const STRIP: Context = Context::Page(Page::Strip);
const BUSES: Context = Context::Page(Page::Buses);
const MIXER: Context = Context::Pane(Pane::Mixer);
const EVENTS: Context = Context::Pane(Pane::Events);

fn keys(names: &str) -> Vec<Key> {
    names.split(' ').map(|name| Key::parse(name).unwrap()).collect()
}

fn line<'a>(keymap: &'a Keymap, context: Context, names: &str) -> &'a str {
    match keymap.lookup(context, &keys(names)) {
        Lookup::Bound(binding) => &binding.line,
        Lookup::Pending(_) => "…",
        Lookup::Unbound => "",
    }
}

#[test]
fn the_shipped_file_loads() {
    let keymap = Keymap::shipped().unwrap();
    for context in [Context::Everywhere, STRIP, BUSES, MIXER] {
        assert_eq!(line(&keymap, context, "m"), "mute {strip} toggle");
        assert!(matches!(keymap.lookup(context, &keys("g")), Lookup::Pending(ways) if ways.len() > 2));
        assert_eq!(line(&keymap, context, "f12"), "");
    }
}

#[test]
fn keys_of_a_page_hold_there_and_go_before_the_others() {
    let mut keymap = Keymap::empty();
    let text = "[any]\na = \"take\"\n\"g a\" = \"cut\"\n\"g b\" = \"help\"\nx = \"redraw\"\n\
                [\"Page: all of them\"]\na = \"fade\"\n\"x y\" = \"detach\"\n\
                [\"strip page\"]\na = \"retry\"\ng = \"keyframe\"";
    keymap.merge("k.toml", text).unwrap();
    for (names, everywhere, strip, buses) in [
        ("a", "take", "retry", "fade"),
        ("g", "…", "keyframe", "…"),
        ("g a", "cut", "", "cut"),
        ("x", "redraw", "…", "…"),
        ("x y", "", "detach", "detach"),
    ] {
        let found = [Context::Everywhere, STRIP, BUSES].map(|it| line(&keymap, it, names));
        assert_eq!(found, [everywhere, strip, buses], "{names}");
    }
    let is_active = |context, line| keymap.active(context).any(|binding| binding.line == line);
    assert!(is_active(Context::Everywhere, "take") && !is_active(STRIP, "take"));
    keymap.merge("mine", "[\"Strip page\"]\na = \"\"").unwrap();
    assert_eq!(line(&keymap, STRIP, "a"), "fade", "what lay under it holds again");
    assert_eq!(line(&keymap, Context::Everywhere, "a"), "take");
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (text, expected) in [
        (
            "[a]\nx = \"tkae\"",
            "k.toml:2:5: there is no command 'tkae'; did you mean 'take'?",
        ),
        (
            "[a]\nx = \"take\"\nx = \"cut\"",
            "k.toml:3:1: key 'x' is bound twice: here and at k.toml:2:1",
        ),
        (
            "[a]\ny = \"take\"\n[\"ä\"]\nx = \"take\"\n \"x\" = \"cut\"",
            "k.toml:5:2: key 'x' is bound twice: here and at k.toml:4:1",
        ),
        (
            "[\"a b\"]\ny = \"take\"\n[c]\n[\"a b\"]\nx = \"cut\"",
            "k.toml:4:2: key 'a b' is bound twice: here and at k.toml:1:1",
        ),
        (
            "[\"Mixer pane\"]\nx = \"take\"\n[\"mixer pane, again\"]\nx = \"cut\"",
            "k.toml:4:1: key 'x' is bound twice: here and at k.toml:2:1",
        ),
        (
            "[a]\nx = \"take\"\n[b]\n  x = \"cut\"",
            "k.toml:4:3: key 'x' is bound twice: here and at k.toml:2:1",
        ),
        (
            "[a]\n\"ä ü\" = \"take\"\n\"ä\" = \"cut\"",
            "k.toml:3:1: keys 'ä' and 'ä ü' (k.toml:2:1) begin alike: one of them could never be reached",
        ),
        ("[a]\nhyper-x = \"take\"", "k.toml:2:1: there is no key 'hyper-x'"),
        ("[a]\nx = 3", "k.toml:2:5: key 'x' must be bound to a line of text"),
        ("x = \"take\"", "k.toml:1:1: 'x' must be a table of keys"),
        (
            "[a]\nx = \"mute {strp}\"",
            "k.toml:2:5: there is no placeholder '{strp}'; there are {strip}, {source}, {scene}, {item}, {destination}, \
             {parameter}, {stage}, {switch}, {marked}, {marked_source}, {face}, {next_policy}, {next_mask}, \
             {next_sticker}, {word}, {span}, {from}, {until}, {cue}, {find}, {trial}, {hold_up}, {hold_down}",
        ),
        (
            "[\"Strip page\"]\nx = \"set {strip} {switch} loud\"",
            "k.toml:2:5: set: PARAMETER is 'name', expected a parameter; known: role, bypass, high_pass, high_pass_hz, \
             denoise, denoise_percent, gate, gate_threshold_db, gate_ratio, gate_range_db, gate_attack_ms, gate_hold_ms, \
             gate_release_ms, eq and 31 more",
        ),
        (
            "[a]\nx = \"gain {strip} loud\"",
            "k.toml:2:5: gain: DB is 'loud', expected dB: -6 sets, +3 or -=3 changes",
        ),
    ] {
        let mut keymap = Keymap::shipped().unwrap();
        assert_eq!(keymap.merge("k.toml", text).unwrap_err().to_string(), expected);
        assert_eq!(keymap, Keymap::shipped().unwrap());
    }
}

#[test]
fn a_users_file_replaces_adds_and_takes_away() {
    let mut keymap = Keymap::shipped().unwrap();
    keymap
        .merge(
            "mine",
            "[mine]\nspace = \"cut\"\nx = \"mute {strip}\"\nQ = \"\"\ng = \"keyframe\"",
        )
        .unwrap();
    let found = ["space", "x", "Q", "g"].map(|names| line(&keymap, Context::Everywhere, names));
    assert_eq!(
        found,
        ["cut", "mute {strip}", "", "keyframe"],
        "a sequence gives way to the user's key"
    );
}

proptest! {
    #[test]
    fn no_file_panics(text in "(\\[[a-z]\\]\n)?(\"?[a-z{} -]{0,6}\"? ?= ?\"?[a-z{} -]{0,12}\"?\n?){0,3}.{0,20}") {
        let _ = Keymap::shipped().unwrap().merge("any", &text);
    }
}

#[test]
fn keys_of_a_pane_hold_while_it_has_the_focus() {
    let mut keymap = Keymap::empty();
    let text = "[any]\na = \"take\"\nb = \"cut\"\n[\"Events pane\"]\na = \"redraw\"\n[Page]\nb = \"page close\"";
    keymap.merge("k.toml", text).unwrap();
    for (context, a, b) in [
        (MIXER, "take", "cut"),
        (EVENTS, "redraw", "cut"),
        (STRIP, "take", "page close"),
    ] {
        assert_eq!(
            (line(&keymap, context, "a"), line(&keymap, context, "b")),
            (a, b),
            "{context:?}"
        );
    }
    let first = keymap.bindings()[0];
    assert_eq!(first.origin.to_string(), "k.toml:2:1");
}
