//! Texts that are written back mean what they were made for, and nothing else in them has changed.

use super::*;
use crate::picture::{Rect, TextStyle};
use crate::scene::TextItem;
use proptest::prelude::*;

const PROGRAM: (u32, u32) = (1280, 720);

fn rect(x: i32, y: i32, width: i32, height: i32) -> Rect {
    Rect { x, y, width, height }
}

fn source(name: &str, target: Rect) -> Item {
    Item {
        name: name.to_owned(),
        what: Shown::Source(name.to_owned()),
        target,
        fit: Fit::Contain,
        crop: Crop::default(),
        key: None,
        z: 0,
        opacity: 1.0,
        is_hidden: false,
    }
}

fn text_item(name: &str, text: &str) -> Item {
    Item {
        what: Shown::Text(TextItem {
            text: text.to_owned(),
            style: TextStyle::default(),
        }),
        ..source(name, rect(0, 0, 1280, 720))
    }
}

fn back<'a>(name: &'a str, read: &'a [Item], now: &'a [Item]) -> SceneBack<'a> {
    SceneBack {
        name,
        read,
        now,
        parameters: &[],
    }
}

fn written(text: &str, scenes: &[SceneBack<'_>]) -> String {
    write_back(text, scenes, PROGRAM).unwrap()
}

#[test]
fn values_are_replaced_where_they_stand() {
    let text = "# mine\n[scene.duo] # two of them\nitems = [\n  { source = \"a\", position = [ \"0%\", 0 ], size = ['50%', \"100%\"] }, # left\n  { source = \"b\", position = [640, 0], size = [\"50%\", \"100%\"], fit = \"cover\" },\n]\n";
    let read = [source("a", rect(0, 0, 640, 720)), source("b", rect(640, 0, 640, 720))];
    let mut now = read.clone();
    now[0].target = rect(128, 0, 320, 720);
    now[1].target.y = 36;
    now[1].fit = Fit::Stretch;
    assert_eq!(
        written(text, &[back("duo", &read, &now)]),
        "# mine\n[scene.duo] # two of them\nitems = [\n  { source = \"a\", position = [ \"10%\", 0 ], size = ['25%', \"100%\"] }, # left\n  { source = \"b\", position = [640, 36], size = [\"50%\", \"100%\"], fit = \"stretch\" },\n]\n"
    );
    assert_eq!(written(text, &[back("duo", &read, &read)]), text);
}

#[test]
fn what_is_new_comes_after_the_rest_of_its_item() {
    let read = [source("a", rect(0, 0, 1280, 720))];
    let mut now = read.clone();
    now[0].target = rect(64, 36, 640, 360);
    now[0].opacity = 0.5;
    now[0].crop.left = 0.1;
    now[0].is_hidden = true;
    let added =
        "position = [\"5%\", \"5%\"], size = [\"50%\", \"50%\"], crop = { left = 0.1 }, opacity = 0.5, hidden = true";
    for (text, expected) in [
        (
            "[scene.x]\r\nitems = [{ source = \"a\" }] # all",
            format!("[scene.x]\r\nitems = [{{ source = \"a\", {added} }}] # all"),
        ),
        (
            "[scene.x]\nitems = [{ source = \"a\", }]\n",
            format!("[scene.x]\nitems = [{{ source = \"a\", {added}, }}]\n"),
        ),
        (
            "[[scene.x.items]]\r\n\tsource = \"a\" # the camera\r\n\r\n[start]",
            format!(
                "[[scene.x.items]]\r\n\tsource = \"a\" # the camera\r\n\t{}\r\n\r\n[start]",
                added
                    .replace(", size", "\r\n\tsize")
                    .replace(", crop", "\r\n\tcrop")
                    .replace(", opacity", "\r\n\topacity")
                    .replace(", hidden", "\r\n\thidden")
            ),
        ),
        (
            "scene.x.items = [{ source = \"a\" }]",
            format!("scene.x.items = [{{ source = \"a\", {added} }}]"),
        ),
    ] {
        assert_eq!(written(text, &[back("x", &read, &now)]), expected);
    }
}

#[test]
fn dotted_keys_stay_dotted() {
    let text = "[[scene.x.items]]\nsource = \"a\"\ncrop.left = 0.2\nfit = \"cover\"\n";
    let read = [Item {
        fit: Fit::Cover,
        ..source("a", rect(0, 0, 1280, 720))
    }];
    let mut now = read.clone();
    now[0].crop = Crop {
        left: 0.3,
        top: 0.25,
        ..Crop::default()
    };
    let mut read = read;
    read[0].crop.left = 0.2;
    assert_eq!(
        written(text, &[back("x", &read, &now)]),
        "[[scene.x.items]]\nsource = \"a\"\ncrop.left = 0.3\ncrop.top = 0.25\nfit = \"cover\"\n"
    );
    let text = "[scene]\nx.items = [{ source = \"a\", crop.left = 0.2, fit = \"cover\" }]\n";
    assert_eq!(
        written(text, &[back("x", &read, &now)]),
        "[scene]\nx.items = [{ source = \"a\", crop.left = 0.3, crop.top = 0.25, fit = \"cover\" }]\n"
    );
}

#[test]
fn texts_and_parameters_are_quoted_as_they_must_be() {
    let text = "[scene.product]\nparameters = { title = 'Mug', price = \"9.90\" }\nitems = [{ text = '''\nold'''}]\n[scene.sale]\ntemplate = \"product\"\n[scene.other]\ntemplate = \"product\"\nwith.title = \"Cap\"\n";
    let read = [text_item("text", "old")];
    let now = [text_item("text", "say \"{price}\"\n\\o/")];
    let parameters = [("price".to_owned(), "8".to_owned())];
    let of = |name| SceneBack {
        name,
        read: &[],
        now: &[],
        parameters: &parameters,
    };
    let product = SceneBack {
        parameters: &parameters,
        ..back("product", &read, &now)
    };
    assert_eq!(
        written(text, &[product, of("sale"), of("other")]),
        "[scene.product]\nparameters = { title = 'Mug', price = \"8\" }\nitems = [{ text = \"say \\\"{price}\\\"\\n\\\\o/\"}]\n[scene.sale]\ntemplate = \"product\"\nwith = { price = \"8\" }\n[scene.other]\ntemplate = \"product\"\nwith.title = \"Cap\"\nwith.price = \"8\"\n"
    );
}

#[test]
fn items_in_groups_are_found_by_their_names() {
    let text = "[scene.x]\nitems = [\n { source = \"a\" }, { source = \"a\" },\n { group = [ { source = \"a\" }, { color = \"#000\", name = \"back\", z = -1 } ], opacity = 0.5 },\n]\n";
    let group = |items: Vec<Item>| Item {
        what: Shown::Group(items),
        opacity: 0.5,
        ..source("group", rect(0, 0, 1280, 720))
    };
    let mut second = source("a-2", rect(0, 0, 1280, 720));
    let mut back_item = source("back", rect(0, 0, 1280, 720));
    back_item.what = Shown::Color([0, 0, 0, 255]);
    back_item.z = -1;
    let inner = source("a", rect(0, 0, 1280, 720));
    let read = [
        inner.clone(),
        second.clone(),
        group(vec![back_item.clone(), inner.clone()]),
    ];
    second.is_hidden = true;
    let mut moved = inner.clone();
    moved.target.x = 128;
    let now = [inner, second, group(vec![back_item, moved])];
    assert_eq!(
        written(text, &[back("x", &read, &now)]),
        text.replace("}, { source = \"a\" },", "}, { source = \"a\", hidden = true },")
            .replace("[ { source = \"a\" }", "[ { source = \"a\", position = [\"10%\", 0] }")
    );
}

#[test]
fn what_lies_on_what_is_written_so_that_it_is_read_so() {
    let text = "[scene.x]\nitems = [{ source = \"a\" }, { source = \"b\", z = 2 }, { source = \"c\" }]\n";
    let of = |name: &str, z| Item {
        z,
        ..source(name, rect(0, 0, 1280, 720))
    };
    let read = [of("a", 0), of("c", 0), of("b", 2)];
    // As it is seen: b was lowered onto the z of c, and lies under it, though c comes later in the file.
    let now = [of("b", 0), of("a", 0), of("c", 0)];
    assert_eq!(
        written(text, &[back("x", &read, &now)]),
        "[scene.x]\nitems = [{ source = \"a\", z = 1 }, { source = \"b\", z = 0 }, { source = \"c\", z = 1 }]\n"
    );
}

#[test]
fn what_stands_elsewhere_is_refused_by_name() {
    let read = [source("a", rect(0, 0, 1280, 720))];
    let now = [source("a", rect(2, 0, 1280, 720))];
    let refused = |text: &str| {
        write_back(text, &[back("x", &read, &now)], PROGRAM)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused("[scene"), "it is no TOML any more; repair it first");
    assert_eq!(refused("[scene.y]\nitems = []"), "scene x does not stand in it");
    assert_eq!(
        refused("[scene.x]\ntemplate = \"product\""),
        "scene x has the items of its template product: change those, and save that scene"
    );
    assert_eq!(refused("[scene.x]\noo = 1"), "the items of scene x do not stand in it");
    assert_eq!(
        refused("[scene.x]\nitems = [{ source = \"b\" }]"),
        "item a of scene x does not stand in it"
    );
    assert_eq!(
        refused("[scene.x]\nitems = [{ source = \"a\", position = 7 }]"),
        "a position of scene x is written in a way that cannot be changed here: write it as docs/scenes.md has it"
    );
}

/// How an item is written, and what becomes of it.
#[derive(Clone, Debug)]
struct Drawn {
    position: Option<(String, String)>,
    size: Option<(String, String)>,
    z: i32,
    opacity: Option<f32>,
    has_crop: bool,
    is_text: bool,
    comment: String,
    edit: Option<Edit>,
}

#[derive(Clone, Debug)]
struct Edit {
    target: Option<(i32, i32, i32, i32)>,
    fit: Fit,
    crop: Option<f32>,
    opacity: Option<f32>,
    is_hidden: bool,
    z: Option<i32>,
    text: Option<String>,
}

fn lengths() -> impl Strategy<Value = Option<(String, String)>> {
    let length = || {
        prop_oneof![
            (0u32..1000).prop_map(|permille| format!("\"{}%\"", f64::from(permille) / 10.0)),
            (2i32..1200).prop_map(|pixels| pixels.to_string()),
            (2i32..1200).prop_map(|pixels| format!("{pixels}.5")),
            (2i32..90).prop_map(|percent| format!("'{percent} %'")),
        ]
    };
    proptest::option::of((length(), length()))
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let edit = (
        proptest::option::of((-2000i32..2000, -2000i32..2000, 2i32..3000, 2i32..3000)),
        prop_oneof![Just(Fit::Contain), Just(Fit::Cover), Just(Fit::Stretch)],
        proptest::option::of((0u8..99).prop_map(|percent| f32::from(percent) / 100.0)),
        proptest::option::of(0.0f32..1.0),
        any::<bool>(),
        proptest::option::of(-9i32..9),
        proptest::option::of(".{0,9}"),
    );
    let edit = edit.prop_map(|(target, fit, crop, opacity, is_hidden, z, text)| Edit {
        target,
        fit,
        crop,
        opacity,
        is_hidden,
        z,
        text,
    });
    let how = (
        lengths(),
        lengths(),
        -3i32..3,
        proptest::option::of(0.0f32..1.0),
        any::<bool>(),
    );
    (
        how,
        any::<bool>(),
        "( # [a-z\\]\\[=\"{}]{0,9})?",
        proptest::option::of(edit),
    )
        .prop_map(
            |((position, size, z, opacity, has_crop), is_text, comment, edit)| Drawn {
                position,
                size,
                z,
                opacity,
                has_crop,
                is_text,
                comment,
                edit,
            },
        )
}

impl Drawn {
    /// Its keys and values.
    fn keys(&self, at: usize) -> Vec<String> {
        let mut keys = vec![if self.is_text {
            format!("text = 'say {at}'")
        } else {
            format!("source = \"s{at}\"")
        }];
        keys.extend(self.position.iter().map(|(x, y)| format!("position = [{x},  {y}]")));
        keys.extend(self.size.iter().map(|(w, h)| format!("size=[ {w},{h} ]")));
        keys.extend((self.z != 0).then(|| format!("z = {}", self.z)));
        keys.extend(self.opacity.map(|opacity| format!("opacity = {opacity:?}")));
        keys.extend(self.has_crop.then(|| "crop.top = 0.125".to_owned()));
        keys.push(format!("name = \"i{at}\""));
        keys
    }
}

/// The items of a scene as the reader of scenes has them, as far as they are written back.
fn read(text: &str) -> Vec<Item> {
    let table = text.parse::<toml::Table>().unwrap();
    let items = table["scene"]["x"]["items"].as_array().unwrap();
    let length = |value: &toml::Value, whole: u32| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        crate::scene::value::Length::parse(&text).unwrap().of(whole)
    };
    let mut read: Vec<Item> = items
        .iter()
        .map(|item| {
            let number = |key: &str| item.get(key).map(|value| value.as_float().unwrap() as f32);
            let pair = |key: &str, usual: [f64; 2]| {
                item.get(key)
                    .map_or(usual, |pair| [length(&pair[0], PROGRAM.0), length(&pair[1], PROGRAM.1)])
            };
            let position = pair("position", [0.0, 0.0]);
            let size = pair("size", [1280.0, 720.0]);
            let edge = |at: usize| (position[at].round() as i32, (position[at] + size[at]).round() as i32);
            let ((x, right), (y, bottom)) = (edge(0), edge(1));
            let name = item["name"].as_str().unwrap();
            let mut made = match item.get("text") {
                Some(text) => text_item(name, text.as_str().unwrap()),
                None => Item {
                    what: Shown::Source(item["source"].as_str().unwrap().to_owned()),
                    ..source(name, Rect::default())
                },
            };
            made.target = rect(x, y, right - x, bottom - y);
            made.fit = match item.get("fit").and_then(toml::Value::as_str) {
                Some("cover") => Fit::Cover,
                Some("stretch") => Fit::Stretch,
                _ => Fit::Contain,
            };
            let side = |side: &str| {
                let crop = item.get("crop").and_then(|crop| crop.get(side));
                crop.map_or(0.0, |share| share.as_float().unwrap() as f32)
            };
            made.crop = Crop {
                left: side("left"),
                top: side("top"),
                right: side("right"),
                bottom: side("bottom"),
            };
            made.z = item.get("z").map_or(0, |z| z.as_integer().unwrap() as i32);
            made.opacity = number("opacity").unwrap_or(1.0);
            made.is_hidden = item.get("hidden").is_some_and(|hidden| hidden.as_bool().unwrap());
            made
        })
        .collect();
    read.sort_by_key(|item| item.z);
    read
}

proptest! {
    #[test]
    fn what_was_edited_is_read_again_and_no_other_line_has_changed(
        drawn in proptest::collection::vec(drawn(), 1..6), is_inline in any::<bool>(), has_crlf in any::<bool>(),
        ends in any::<bool>(), is_last in any::<bool>(),
    ) {
        let line_end = if has_crlf { "\r\n" } else { "\n" };
        // Each line, and whether it may change.
        let mut lines: Vec<(String, bool)> = vec![("# äöü = [scene]".to_owned(), false), ("[video]".to_owned(), false), ("width = 1280 # px".to_owned(), false)];
        if is_inline {
            lines.extend([("[ scene . x ]".to_owned(), false), ("items = [ # all".to_owned(), false)]);
        }
        for (at, item) in drawn.iter().enumerate() {
            // What is raised may raise what lies on it.
            let may_change = item.edit.is_some() || drawn.iter().any(|other| other.edit.as_ref().is_some_and(|edit| edit.z.is_some()));
            let keys = item.keys(at);
            if is_inline {
                lines.push((format!("  {{ {} }},{}", keys.join(" , "), item.comment), may_change));
            } else {
                lines.push((format!("[[scene.x.items]]{}", item.comment), false));
                lines.extend(keys.into_iter().map(|key| (format!(" {key}{}", item.comment), may_change)));
                lines.push((String::new(), false));
            }
        }
        if is_inline {
            lines.push(("]".to_owned(), false));
        }
        if is_last {
            lines.pop_if(|(line, _)| line.is_empty());
        } else {
            lines.extend([("[start]".to_owned(), false), ("program = \"x\"".to_owned(), false)]);
        }
        let mut text = lines.iter().map(|(line, _)| line.as_str()).collect::<Vec<_>>().join(line_end);
        if ends {
            text.push_str(line_end);
        }
        let before = read(&text);
        let mut now = before.clone();
        for (at, item) in drawn.iter().enumerate() {
            let Some(edit) = &item.edit else { continue };
            let name = format!("i{at}");
            let item = now.iter_mut().find(|item| item.name == name).unwrap();
            if let Some((x, y, width, height)) = edit.target {
                item.target = rect(x, y, width, height);
            }
            item.fit = edit.fit;
            if let Some(crop) = edit.crop {
                item.crop.left = crop;
                item.crop.top = crop;
            }
            item.opacity = edit.opacity.unwrap_or(item.opacity);
            item.is_hidden = edit.is_hidden;
            if let (Shown::Text(shown), Some(text)) = (&mut item.what, &edit.text) {
                shown.text.clone_from(text);
            }
            if let Some(z) = edit.z {
                item.z = z;
                let item = now.iter().position(|item| item.name == name).unwrap();
                let item = now.remove(item);
                let above = now.iter().position(|other| other.z > z).unwrap_or(now.len());
                now.insert(above, item);
            }
        }
        let made = written(&text, &[back("x", &before, &now)]);
        let again = read(&made);
        // Order is what is seen; numbers may have to differ for it.
        let flat = |items: &[Item]| items.iter().map(|item| Item { z: 0, ..item.clone() }).collect::<Vec<_>>();
        prop_assert_eq!(flat(&again), flat(&now), "{}\n-----\n{}", text, made);
        let mut rest = made.split_inclusive('\n');
        let kept = lines.iter().enumerate().filter(|(_, (_, may_change))| !may_change);
        for (at, (line, _)) in kept {
            // The last line has its line end only where something was added after it.
            let is_end = at + 1 == lines.len() && !ends;
            let whole = if is_end { line.clone() } else { format!("{line}{line_end}") };
            let found = rest.any(|line| line == whole || (is_end && line.trim_end() == whole));
            prop_assert!(found, "{} is gone:\n{}\n-----\n{}", line, text, made);
        }
        prop_assert_eq!(made.ends_with('\n'), text.ends_with('\n'));
        prop_assert_eq!(made.matches('\n').count() - made.matches("\r\n").count(), if has_crlf { 0 } else { made.matches('\n').count() });
    }

    #[test]
    fn no_text_panics(text in "(\\[scene\\.x\\]\n)?(items = \\[\\{ ?source = \"a\"[^\n]{0,12}\n?){0,2}.{0,20}") {
        let read = [source("a", rect(0, 0, 1280, 720))];
        let mut now = read.clone();
        now[0].target = rect(3, 4, 500, 600);
        now[0].crop.left = 0.5;
        now[0].z = 4;
        let _ = write_back(&text, &[back("x", &read, &now)], PROGRAM);
        let _ = has_of_scene(&text, "x", &["items"]);
    }
}
