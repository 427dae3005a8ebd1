//! Commands about commands: counts, repeat, undo, the palette, the history; and what is shown of keys that are begun.

use crate::tui_fixture;
use insta::assert_snapshot;
use rigcast::studio::command::Page;
use rigcast::tui::app::{History, Overlay, UiAction};
use rigcast::tui::keymap::{Context, Lookup};
use tui_fixture::*;

fn asked(screen: &mut Screen, keys: &str) -> Vec<String> {
    let line = |action: UiAction| match action {
        UiAction::Command { name, args, .. } => std::iter::once(name).chain(args).collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    };
    screen.press(keys).into_iter().map(line).collect()
}

#[test]
fn a_count_makes_steps_longer_and_does_the_rest_again() {
    for (keys, expected) in [
        ("alt-5 up", vec!["gain camera +5"]),
        ("alt-1 alt-2 down", vec!["gain camera -=12"]),
        ("alt-3 m", vec!["mute camera toggle"; 3]),
        ("alt-4 a j", vec!["bitrate -=1000"]),
        ("alt-2 right m", vec!["mute clip toggle"]),
        ("alt-3 esc up", vec!["gain camera +1"]),
        ("alt-3 ~ up", vec!["gain camera +1"]),
        ("alt-0 up", vec!["gain camera +1"]),
        ("alt-9 alt-9 alt-9 K", vec!["keyframe"; 99]),
        ("alt-3 Q y", vec!["end"]),
        ("alt-3 S y", vec!["occlusion less"]),
        ("alt-2 H", vec!["occlusion more"; 2]),
        ("alt-3 : K esc up", vec!["gain camera +1"]),
        ("d alt-2 .", vec!["denoise camera toggle"; 3]),
        ("enter alt-7 right", vec!["set camera role +7steps"]),
        ("up up .", vec!["gain camera +1"; 3]),
        ("up ? esc .", vec!["gain camera +1"; 2]),
        ("m right .", vec!["mute camera toggle", "mute guest toggle"]),
        ("m u .", vec!["mute camera toggle", "undo", "mute camera toggle"]),
        ("S n .", vec![]),
        ("S n . y", vec!["occlusion less"]),
        (".", vec![]),
    ] {
        assert_eq!(asked(&mut Screen::new(80, 24), keys), expected, "{keys}");
    }
}

#[test]
fn a_count_is_kept_for_the_line_that_is_typed() {
    let mut screen = Screen::new(80, 24);
    screen.press("alt-3 :");
    screen.type_text("gain guest +2");
    assert_eq!(asked(&mut screen, "enter"), ["gain guest +6"]);
    screen.press("alt-2 p");
    screen.type_text("keyframe");
    assert_eq!(asked(&mut screen, "enter"), ["keyframe"; 2]);
    assert_eq!(asked(&mut screen, "up"), ["gain camera +1"]);
}

#[test]
fn a_hold_is_counted_in_seconds() {
    let mut screen = Screen::new(120, 34);
    held(&mut screen.studio);
    screen.ui.follow(&screen.studio);
    assert_eq!(asked(&mut screen, "W alt-3 +"), ["hold 8"]);
    assert_eq!(asked(&mut screen, "alt-3 -"), [""; 0], "a shorter one is asked");
    assert_eq!(asked(&mut screen, "y"), ["hold 2"]);
}

#[test]
fn undo_asks_where_it_reveals() {
    let mut screen = Screen::new(120, 34);
    screen.act("up");
    assert_eq!(asked(&mut screen, "u"), ["undo"]);
    armed(&mut screen.studio);
    screen.studio.occlusion.level = 1;
    screen.act("H");
    assert_eq!(asked(&mut screen, "u"), [""; 0]);
    assert!(screen.text().contains("undo: occlusion more"), "{}", screen.text());
    assert_eq!(asked(&mut screen, "y"), ["undo"]);
    screen.press("u");
    screen.studio.undo.next.as_mut().unwrap().did = "hold 9".to_owned();
    assert_eq!(asked(&mut screen, "y"), [""; 0], "a yes is for what was read");
}

#[test]
fn an_undone_command_is_undone() {
    let mut screen = Screen::new(120, 34);
    let gain = |screen: &Screen| screen.studio.strips[0].settings.gain_db;
    let before = gain(&screen);
    screen.act("up up pageup");
    screen.act("u u u");
    assert!((gain(&screen) - before).abs() < f32::EPSILON);
    screen.act("u");
    assert!(screen.text().contains("there is nothing to undo"));
}

#[test]
fn what_reveals_or_ends_asks_and_what_hides_does_not() {
    for (keys, expected) in [
        ("H", vec!["occlusion more"]),
        ("S", vec![]),
        ("F X", vec![]),
        ("F A", vec!["occlusion on"]),
        ("F down e", vec![]),
        ("F down down h", vec!["face hide 5"]),
        ("F r", vec![]),
        ("W O", vec![]),
        ("W -", vec![]),
        ("W +", vec!["hold 6"]),
        ("W left r", vec![]),
        ("W left b", vec!["moderate word 13 beep"]),
        ("M", vec!["moderate program on"]),
        ("D", vec!["dump"]),
        ("g x", vec![]),
        ("g d", vec![]),
        ("g e", vec![]),
        ("g r", vec!["record start"]),
        ("Q", vec![]),
    ] {
        let mut screen = Screen::new(120, 34);
        armed(&mut screen.studio);
        held(&mut screen.studio);
        screen.ui.follow(&screen.studio);
        assert_eq!(asked(&mut screen, keys), expected, "{keys}");
        let is_asked = matches!(screen.ui.overlay, Overlay::Confirm { .. });
        assert_eq!(is_asked, expected.is_empty(), "{keys}");
    }
}

#[test]
fn the_palette_finds_runs_and_fills_the_prompt() {
    let mut screen = Screen::new(120, 34);
    screen.press("p");
    screen.type_text("keyf");
    assert_eq!(asked(&mut screen, "enter"), ["keyframe"]);
    screen.press("ctrl-p");
    screen.type_text("pin ada");
    assert_eq!(asked(&mut screen, "enter"), [""; 0]);
    assert_eq!(screen.ui.prompt.as_ref().unwrap().text(), "adapt pin ");
    screen.press("esc enter ctrl-p");
    screen.type_text("tak");
    screen.press("tab");
    assert_eq!(screen.ui.prompt.as_ref().unwrap().text(), "take ");
    screen.press("esc ctrl-p down down up");
    assert!(matches!(&screen.ui.overlay, Overlay::Palette(found) if found.chosen == 1));
    screen.press("esc");
    assert_eq!(screen.ui.overlay, Overlay::None);
    screen.press("ctrl-p");
    screen.ui.on_paste("zzz\nqqq");
    assert!(screen.text().contains("no command is called so"));
    assert_eq!(
        asked(&mut screen, "enter m"),
        [""; 0],
        "letters are searched for, they act no more"
    );
}

#[test]
fn the_palette_asks_as_a_key_does() {
    let mut screen = Screen::new(120, 34);
    screen.press("p");
    screen.type_text("end");
    assert_eq!(asked(&mut screen, "enter"), [""; 0]);
    assert_eq!(asked(&mut screen, "n"), [""; 0]);
    screen.press("p");
    screen.type_text("end");
    assert_eq!(asked(&mut screen, "enter y"), ["end"]);
}

#[test]
fn the_history_of_earlier_screens_is_there() {
    let mut screen = Screen::new(80, 24);
    screen.ui.history = History::of(["gain guest -3", "take", "mute camera"].map(str::to_owned).to_vec());
    assert_eq!(asked(&mut screen, ": up up enter"), ["take"]);
    screen.press(": ctrl-r");
    screen.type_text("gu");
    assert!(
        screen.text().contains("history 'gu': gain guest -3"),
        "{}",
        screen.text()
    );
    assert_eq!(asked(&mut screen, "enter"), ["gain guest -3"]);
    assert_eq!(screen.ui.history.take_new(), ["take", "gain guest -3"]);
    screen.press(":");
    screen.type_text("destination add x rtmp://h/a/sk-secret");
    screen.press("enter");
    assert_eq!(screen.ui.history.take_new(), [""; 0]);
    assert_eq!(asked(&mut screen, "."), ["gain guest -3"], "nor is it repeated");
}

#[test]
fn panes_have_keys_of_their_own() {
    for (keys, expected) in [
        ("b", vec!["set camera bypass toggle"]),
        ("tab b", vec!["picture set camera bypass toggle"]),
        ("tab down b", vec!["picture set guest bypass toggle"]),
        ("tab down up", vec![]),
        ("tab tab down r", vec!["retry backup"]),
        ("tab tab up m", vec!["mute camera toggle"]),
        ("up", vec!["gain camera +1"]),
    ] {
        assert_eq!(asked(&mut Screen::new(80, 24), keys), expected, "{keys}");
    }
    let mut screen = Screen::new(80, 24);
    screen.press("tab enter");
    assert_eq!(screen.ui.page, Some(Page::Picture));
}

#[test]
fn what_is_shown_as_pending_is_what_is_bound() {
    let mut screen = Screen::new(120, 34);
    screen.press("g");
    let Lookup::Pending(ways) = screen.ui.keymap.lookup(screen.ui.context(), &screen.ui.pending) else {
        panic!("g begins sequences");
    };
    let text = screen.text();
    for way in ways {
        let line = way.line.replace("prompt \"", "").replace(" \"", " …");
        assert!(text.contains(&line), "{line}:\n{text}");
    }
}

#[test]
fn the_help_has_every_key_that_is_bound_here_before_those_that_are_not() {
    for (keys, page) in [("", None), ("F", Some(Page::Faces)), ("enter", Some(Page::Strip))] {
        let mut screen = Screen::new(120, 200);
        if !keys.is_empty() {
            screen.press(keys);
        }
        assert_eq!(screen.ui.page, page);
        screen.press("?");
        let text = screen.text();
        let (here, elsewhere) = text.split_once("NOT HERE, BUT").unwrap();
        let context = screen.ui.context();
        let active: Vec<_> = screen.ui.keymap.active(context).collect();
        let is_alone = |binding: &rigcast::tui::keymap::Binding| {
            active.iter().filter(|other| other.line == binding.line).count() == 1
                && !binding.line.ends_with(char::is_numeric)
        };
        for binding in active.iter().filter(|binding| is_alone(binding)) {
            let row = here
                .lines()
                .find(|row| row.contains(&format!(" {} ", binding.keys_text())));
            assert!(row.is_some(), "{} {}:\n{here}", binding.keys_text(), binding.line);
        }
        assert_eq!(
            elsewhere.contains("Sound of the selected strip"),
            page.is_some(),
            "{elsewhere}"
        );
        assert!(context == Context::Pane(rigcast::tui::app::Pane::Mixer) || page.is_some());
    }
}

#[test]
fn screens() {
    let after = |width, height, keys: &str| {
        let mut screen = Screen::new(width, height).with_pictures();
        screen.press(keys);
        screen
    };
    let mut palette = after(120, 34, "p");
    assert_snapshot!("palette_120x34", palette.text());
    palette.type_text("occ lev");
    assert_snapshot!("palette_found_120x34", palette.text());
    let mut palette = after(60, 16, "p");
    palette.type_text("dest");
    assert_snapshot!("palette_60x16", palette.text());
    assert_snapshot!("pending_120x34", after(120, 34, "g").text());
    assert_snapshot!("pending_60x16", after(60, 16, "a").text());
    assert_snapshot!("count_80x24", after(80, 24, "alt-1 alt-2 a").text());
    assert_snapshot!("help_faces_page", after(120, 34, "F ?").text());
    assert_snapshot!("help_sources_pane", after(120, 34, "tab ?").text());
    let mut search = after(80, 24, ":");
    search.ui.history = History::of(vec!["gain guest -3".to_owned()]);
    search.press("ctrl-r g u");
    assert_snapshot!("history_80x24", search.text());
    let mut undo = after(80, 24, "up");
    armed(&mut undo.studio);
    undo.studio.occlusion.level = 1;
    undo.act("H");
    undo.press("u");
    assert_snapshot!("undo_asks_80x24", undo.text());
}
