//! The page of items: the list, the frame on the picture, what differs from the file, and its keys.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_imports,
    dead_code,
    missing_docs
)]

use crate::tui_fixture;
use insta::assert_snapshot;
use rigcast::studio::model::*;
use rigcast::tui::terminal::Colors;
use tui_fixture::*;

/// A scene with one of everything on preview.
fn shop() -> Studio {
    let mut studio = studio();
    let rect = |x, y, width, height| Rect { x, y, width, height };
    let text = Shown::Text(TextItem {
        text: "{title}\nnow {price}".into(),
        style: TextStyle::default(),
    });
    let badge = vec![
        item("back", Shown::Color([200, 30, 40, 255]), rect(0, 0, 1280, 720)),
        item(
            "logo",
            Shown::Image(ImageItem {
                path: "pictures/logo.png".into(),
            }),
            rect(320, 180, 640, 360),
        ),
    ];
    let scene = &mut studio.scenes[1];
    scene.items.push(item("lower-third", text, rect(64, 540, 800, 144)));
    scene
        .items
        .push(item("badge", Shown::Group(badge), rect(960, 36, 256, 144)));
    scene.parameters = vec![("title".into(), "Blue mug".into()), ("price".into(), "9.90 €".into())];
    studio.edits = Edits::none(&studio.scenes);
    studio
}

fn page(studio: Studio, columns: u16, rows: u16, keys: &str) -> Screen {
    let mut screen = Screen::of(studio, columns, rows);
    screen.act(format!("I {keys}").trim_end());
    screen.ui.toast = None;
    screen.with_pictures()
}

#[test]
fn the_page_shows_what_is_where() {
    assert_snapshot!("items_page_60x16", page(shop(), 60, 16, "").text());
    assert_snapshot!("items_page_80x24", page(shop(), 80, 24, "j j j").text());
    assert_snapshot!(
        "items_page_120x34",
        page(shop(), 120, 34, "j j j right right down").text()
    );
    assert_snapshot!("items_page_200x50", page(shop(), 200, 50, "k space k {").text());
}

#[test]
fn it_reads_without_colour() {
    let mut screen = page(shop(), 80, 24, "j j j right j f");
    screen.ui.capabilities = capabilities(Colors::None);
    screen.ui.toast = None;
    assert_snapshot!("items_page_80x24_without_colour", marked_text(&screen.buffer()));
}

#[test]
fn any_scene_can_be_looked_at() {
    let screen = page(shop(), 80, 24, "[");
    assert_snapshot!("items_page_of_program_80x24", screen.text());
    let screen = page(shop(), 80, 24, "]");
    assert!(
        screen.text().contains("neither on program nor on preview"),
        "{}",
        screen.text()
    );
}

#[test]
fn keys_move_the_chosen_item_whatever_lies_where() {
    let mut screen = page(shop(), 120, 34, "");
    let at = |screen: &Screen, path: &str| {
        let target = item_at(&screen.studio.scenes[1].items, path).unwrap().target;
        (target.x, target.y, target.width, target.height)
    };
    // The highest first: the badge.
    for (keys, expected) in [
        ("right", (973, 36, 256, 144)),
        ("ctrl-down", (973, 72, 256, 144)),
        ("alt-left alt-up", (972, 71, 256, 144)),
        ("+", (972, 71, 282, 159)),
        ("<", (972, 71, 154, 87)),
        ("u u", (972, 71, 256, 144)),
    ] {
        screen.act(keys);
        assert_eq!(at(&screen, "badge"), expected, "{keys}");
    }
    screen.act("j left pagedown pagedown left");
    assert_eq!(
        at(&screen, "badge/logo").0,
        320 - 26,
        "a group's items are reached, and stay chosen"
    );
    screen.act("k pagedown pagedown right");
    assert_eq!(
        at(&screen, "badge").0,
        985,
        "it lies lower now, and is the one that keys move"
    );
    let names: Vec<&str> = screen.studio.scenes[1]
        .items
        .iter()
        .map(|item| item.name.as_str())
        .collect();
    assert_eq!(names, ["camera", "badge", "guest", "lower-third"]);
    screen.act("X");
    assert!(screen.studio.edits.changed.is_empty());
}

#[test]
fn enter_types_what_the_item_is_about() {
    let mut screen = page(shop(), 120, 34, "");
    screen.press("enter");
    assert_eq!(
        screen.ui.prompt.as_ref().unwrap().text(),
        "item move \"two shot\" badge "
    );
    screen.press("esc j j j enter");
    assert_eq!(
        screen.ui.prompt.as_ref().unwrap().text(),
        "item text \"two shot\" lower-third "
    );
    screen.press("esc s");
    assert_eq!(screen.ui.prompt.as_ref().unwrap().text(), "scene set \"two shot\" ");
    screen.press("esc 4");
    assert_eq!(
        screen.ui.prompt.as_ref().unwrap().text(),
        "item move \"two shot\" lower-third 4"
    );
}

#[test]
fn names_of_items_and_parameters_are_completed() {
    let studio = shop();
    let words = |line: &str| {
        let completion = rigcast::tui::app::complete(line, &studio);
        completion
            .candidates
            .into_iter()
            .map(|candidate| candidate.word)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        words("item move \"two shot\" "),
        ["camera", "guest", "lower-third", "badge", "badge/back", "badge/logo"]
    );
    assert_eq!(words("item move 2 badge/"), ["badge/back", "badge/logo"]);
    assert_eq!(words("scene set \"two shot\" p"), ["price"]);
    assert_eq!(words("item crop 2 badge "), ["left", "top", "right", "bottom", "all"]);
}
