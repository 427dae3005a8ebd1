//! What was changed by hand and what a file changes, put together.

#![allow(
    clippy::float_cmp,
    clippy::match_same_arms,
    reason = "what is set is compared with what was written; edits that do nothing stay beside their kind"
)]

use proptest::prelude::*;

use super::super::diff::diff;
use super::*;
use crate::picture::Fit;
use crate::scene::{ImageItem, TransitionKind, from_text};
use crate::source::{FileSpec, SourceKind, SourceSpec};

/// What shows are made of here, with a number each to make them different.
pub(crate) fn show(text: &str) -> Show {
    from_text("/shows/show.toml", text, &[], &|_| None).unwrap_or_else(|errors| panic!("{errors}"))
}

const BASE: &str = r#"
[source.one]
kind = "pattern"
[source.two]
kind = "pattern"
style = "ramp"
[strip.one]
gain_db = -3
[scene.wide]
items = [{ source = "one" }, { source = "two", position = ["50%", 0], size = ["50%", "50%"] }]
[scene.close]
items = [{ source = "two" }]
[destination.main]
url = "rtmp://host/live"
key = "secret"
"#;

/// Something that a person may do to a show.
#[derive(Clone, Debug)]
enum Edit {
    Title(u8),
    Kbps(u32),
    Size(u32),
    AddSource(u8),
    RemoveSource(u8),
    OtherSource(u8),
    Gain(u8, i8),
    Mute(u8, bool),
    Target(i8),
    Brightness(u8, i8),
    AddScene(u8),
    RemoveScene(u8),
    RenameScene(u8, u8),
    SwapScenes,
    Move(u8, u8, i32),
    Z(u8, u8, i32),
    AddText(u8, u8),
    Text(u8, u8),
    RemoveItem(u8, u8),
    Parameter(u8, u8, u8),
    Level(u8, Option<u8>),
    Fade(i64),
    AddDestination(u8),
    OtherKey(u8),
    RemoveDestination(u8),
    Zone(u8, i32),
    Hold(i64),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    use Edit::*;
    let edit = prop_oneof![
        any::<u8>().prop_map(Title),
        (100u32..9000).prop_map(Kbps),
        (1u32..10).prop_map(Size),
        (0u8..4).prop_map(AddSource),
        (0u8..4).prop_map(RemoveSource),
        (0u8..4).prop_map(OtherSource),
        (0u8..4, -20i8..20).prop_map(|(at, db)| Gain(at, db)),
        (0u8..4, any::<bool>()).prop_map(|(at, is)| Mute(at, is)),
        (-30i8..-5).prop_map(Target),
        (0u8..4, -20i8..20).prop_map(|(at, by)| Brightness(at, by)),
        (0u8..4).prop_map(AddScene),
        (0u8..4).prop_map(RemoveScene),
        (0u8..4, 0u8..3).prop_map(|(at, to)| RenameScene(at, to)),
        Just(SwapScenes),
        (0u8..4, 0u8..4, -900i32..900).prop_map(|(scene, item, x)| Move(scene, item, x)),
        (0u8..4, 0u8..4, -3i32..3).prop_map(|(scene, item, z)| Z(scene, item, z)),
        (0u8..4, 0u8..3).prop_map(|(scene, name)| AddText(scene, name)),
        (0u8..4, any::<u8>()).prop_map(|(scene, text)| Text(scene, text)),
        (0u8..4, 0u8..4).prop_map(|(scene, item)| RemoveItem(scene, item)),
        (0u8..4, 0u8..2, any::<u8>()).prop_map(|(scene, name, value)| Parameter(scene, name, value)),
        (0u8..4, prop::option::of(0u8..3)).prop_map(|(scene, level)| Level(scene, level)),
        (0i64..5000).prop_map(Fade),
        (0u8..3).prop_map(AddDestination),
        any::<u8>().prop_map(OtherKey),
        (0u8..3).prop_map(RemoveDestination),
        (0u8..3, 0i32..300).prop_map(|(name, x)| Zone(name, x)),
        (0i64..9000).prop_map(Hold),
    ];
    prop::collection::vec(edit, 0..12)
}

fn pattern(name: &str) -> SourceSpec {
    SourceSpec {
        name: name.to_owned(),
        kind: SourceKind::Pattern(crate::source::PatternSpec::default()),
    }
}

fn text_item(name: &str, text: &str) -> Item {
    Item {
        name: name.to_owned(),
        what: Shown::Text(TextItem {
            text: text.to_owned(),
            style: crate::picture::TextStyle::default(),
        }),
        target: Rect::full(640, 100),
        fit: Fit::Contain,
        crop: crate::picture::Crop::default(),
        key: None,
        z: 5,
        opacity: 1.0,
        is_hidden: false,
    }
}

fn edited(show: &Show, edits: &[Edit]) -> Show {
    let mut show = show.clone();
    for edit in edits {
        one_edit(&mut show, edit);
    }
    show
}

fn one_edit(show: &mut Show, edit: &Edit) {
    let scene_at = |show: &Show, at: u8| usize::from(at) % show.scenes.len();
    match edit.clone() {
        Edit::Title(number) => show.title = format!("title {number}"),
        Edit::Kbps(kbps) => show.video.bitrate_kbps = kbps,
        Edit::Size(number) => show.video.width = number * 64,
        Edit::AddSource(number) => {
            let name = format!("new-{number}");
            if show.source_index(&name).is_none() {
                show.sources.push(pattern(&name));
                show.strips.push((name.clone(), crate::sound::StripSettings::default()));
                show.pictures
                    .push((name.clone(), crate::picture::PictureSettings::default()));
            }
        }
        Edit::RemoveSource(at) => {
            let at = usize::from(at) % show.sources.len();
            let name = show.sources[at].name.clone();
            let is_seen = show
                .scenes
                .iter()
                .flat_map(|scene| &scene.items)
                .any(|item| item.what == Shown::Source(name.clone()));
            if !is_seen {
                show.sources.remove(at);
                show.strips.remove(at);
                show.pictures.remove(at);
            }
        }
        Edit::OtherSource(at) => {
            let at = usize::from(at) % show.sources.len();
            show.sources[at].kind = SourceKind::File(FileSpec {
                path: format!("/media/{at}.mp4").into(),
                is_looping: at == 0,
            });
        }
        Edit::Gain(at, db) => {
            let at = usize::from(at) % show.strips.len();
            show.strips[at].1.gain_db = f32::from(db);
        }
        Edit::Mute(at, is_muted) => {
            let at = usize::from(at) % show.strips.len();
            show.strips[at].1.is_muted = is_muted;
        }
        Edit::Target(lufs) => show.buses.target_lufs = f32::from(lufs),
        Edit::Brightness(at, by) => {
            let at = usize::from(at) % show.pictures.len();
            let param = PICTURE_PARAMS
                .iter()
                .find(|param| param.name == "brightness_percent")
                .unwrap();
            (param.set)(&mut show.pictures[at].1, crate::param::Value::Number(f32::from(by)));
        }
        Edit::AddScene(number) => {
            let name = format!("scene-{number}");
            if show.scene(&name).is_none() {
                show.scenes.push(Scene {
                    name,
                    items: vec![text_item("words", "hello")],
                    ..Scene::default()
                });
            }
        }
        Edit::RemoveScene(at) if show.scenes.len() > 1 => {
            show.scenes.remove(scene_at(show, at));
        }
        Edit::RemoveScene(_) => {}
        Edit::RenameScene(at, to) => {
            let name = format!("other-{to}");
            let at = scene_at(show, at);
            if show.scene(&name).is_none() {
                show.scenes[at].name = name;
            }
        }
        Edit::SwapScenes => show.scenes.rotate_left(1),
        Edit::Move(scene, item, x) => {
            let at = scene_at(show, scene);
            let items = &mut show.scenes[at].items;
            let count = items.len().max(1);
            if let Some(item) = items.get_mut(usize::from(item) % count) {
                item.target.x = x;
            }
        }
        Edit::Z(scene, item, z) => {
            let at = scene_at(show, scene);
            let items = &mut show.scenes[at].items;
            let count = items.len().max(1);
            if let Some(item) = items.get_mut(usize::from(item) % count) {
                item.z = z;
            }
            items.sort_by_key(|item| item.z);
        }
        Edit::AddText(scene, name) => {
            let at = scene_at(show, scene);
            let name = format!("text-{name}");
            let items = &mut show.scenes[at].items;
            if items.iter().all(|item| item.name != name) {
                items.push(text_item(&name, "new"));
                items.sort_by_key(|item| item.z);
            }
        }
        Edit::Text(scene, text) => {
            let at = scene_at(show, scene);
            for item in &mut show.scenes[at].items {
                if let Shown::Text(item) = &mut item.what {
                    item.text = format!("text {text}");
                }
            }
        }
        Edit::RemoveItem(scene, item) => {
            let at = scene_at(show, scene);
            let items = &mut show.scenes[at].items;
            if items.len() > 1 {
                items.remove(usize::from(item) % items.len());
            }
        }
        Edit::Parameter(scene, name, value) => {
            let at = scene_at(show, scene);
            let name = format!("parameter-{name}");
            let parameters = &mut show.scenes[at].parameters;
            parameters.retain(|(known, _)| *known != name);
            parameters.push((name, value.to_string()));
        }
        Edit::Level(scene, level) => {
            let at = scene_at(show, scene);
            show.scenes[at].occlusion_level = level;
        }
        Edit::Fade(ms) => {
            show.transition.kind = TransitionKind::Fade;
            show.transition.duration = crate::media::TimeDelta::from_millis(ms);
        }
        Edit::AddDestination(number) => {
            let name = format!("target-{number}");
            if show.destinations.iter().all(|known| known.name != name) {
                let url = crate::secret::SecretUrl::parse("rtmp://other/live/key").unwrap();
                show.destinations.push(crate::publish::DestinationSpec::new(name, url));
            }
        }
        Edit::OtherKey(key) => {
            if let Some(first) = show.destinations.first_mut() {
                first.url = crate::secret::SecretUrl::parse(&format!("rtmp://host/live/secret{key}")).unwrap();
            }
        }
        Edit::RemoveDestination(at) if !show.destinations.is_empty() => {
            show.destinations.remove(usize::from(at) % show.destinations.len());
        }
        Edit::RemoveDestination(_) => {}
        Edit::Zone(name, x) => {
            let name = format!("zone-{name}");
            let rect = Rect {
                x,
                y: 0,
                width: 10,
                height: 10,
            };
            show.occlusion.zones.retain(|zone| zone.name != name);
            show.occlusion.zones.push(crate::scene::Zone { name, rect });
        }
        Edit::Hold(ms) => show.moderation.hold = crate::media::TimeDelta::from_millis(ms),
    }
}

proptest! {
    #[test]
    fn there_is_a_difference_where_there_is_one(before in edits(), after in edits()) {
        let old = edited(&show(BASE), &before);
        let new = edited(&old, &after);
        prop_assert_eq!(diff(&old, &old), []);
        prop_assert_eq!(diff(&old, &new).is_empty(), old == new);
        let said = diff(&old, &new).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        prop_assert!(!said.contains("secret") && !said.contains("live/key"), "{}", said);
    }

    #[test]
    fn what_nobody_has_touched_becomes_what_the_file_says(before in edits(), after in edits()) {
        let old = edited(&show(BASE), &before);
        let new = edited(&old, &after);
        let merged = merge(&old, &new, &old);
        prop_assert_eq!(diff(&merged, &new), []);
        prop_assert_eq!(merged, new);
    }

    #[test]
    fn a_file_that_says_nothing_new_changes_nothing(by_hand in edits()) {
        let file = show(BASE);
        let now = edited(&file, &by_hand);
        prop_assert_eq!(merge(&file, &file, &now), now);
    }

    #[test]
    fn what_was_applied_can_be_taken_back(by_hand in edits(), saved in edits()) {
        let file = show(BASE);
        let before = edited(&file, &by_hand);
        let after = merge(&file, &edited(&file, &saved), &before);
        prop_assert_eq!(merge(&after, &before, &after), before);
    }

    #[test]
    fn what_runs_is_what_was_wanted_but_for_what_waits(saved in edits()) {
        let running = show(BASE);
        let wanted = edited(&running, &saved);
        // Another size waits, and everything is placed on the canvas that runs: then places differ by what they are counted in.
        prop_assume!((wanted.video.width, wanted.video.height) == (running.video.width, running.video.height));
        let kept = keep_running(&running, &wanted);
        let left = diff(&kept, &wanted);
        prop_assert!(left.iter().all(|difference| !difference.when.is_live()), "{:?}", left);
        let waits = diff(&running, &wanted).into_iter().filter(|difference| !difference.when.is_live());
        prop_assert_eq!(waits.collect::<Vec<_>>(), left);
    }
}

#[test]
fn an_operators_change_stays_where_the_file_says_nothing_of_it() {
    let file = show(BASE);
    let mut now = file.clone();
    now.strips[0].1.gain_db = -12.0;
    now.strips[1].1.is_muted = true;
    now.scenes[0].items[1].target.x = 10;
    now.transition.kind = TransitionKind::Fade;
    let saved = show(
        &BASE
            .replace("position = [\"50%\", 0]", "position = [\"50%\", 20]")
            .replace("gain_db = -3", "gain_db = -3\npan_percent = 20"),
    );
    let merged = merge(&file, &saved, &now);
    assert_eq!(
        (merged.strips[0].1.gain_db, merged.strips[0].1.pan_percent),
        (-12.0, 20.0)
    );
    assert!(merged.strips[1].1.is_muted);
    let target = merged.scenes[0].items[1].target;
    assert_eq!((target.x, target.y), (10, 20));
    assert_eq!(merged.transition.kind, TransitionKind::Fade);
    let again = show(&BASE.replace("gain_db = -3", "gain_db = -4"));
    assert_eq!(merge(&file, &again, &now).strips[0].1.gain_db, -4.0);
}

#[test]
fn a_scene_with_another_name_is_the_same_scene() {
    let file = show(BASE);
    let mut now = file.clone();
    now.scenes[0].items[0].opacity = 0.5;
    let saved = show(&BASE.replace("scene.wide", "scene.everybody"));
    assert_eq!(renames(&file, &saved), [("wide".to_owned(), "everybody".to_owned())]);
    let merged = merge(&file, &saved, &now);
    assert_eq!(merged.scenes[0].name, "everybody");
    assert_eq!(merged.scenes[0].items[0].opacity, 0.5);
    let other = show(&BASE.replace(
        "[scene.wide]\nitems = [{ source = \"one\" }",
        "[scene.everybody]\nitems = [{ source = \"two\" }",
    ));
    assert_eq!(renames(&file, &other), []);
}

#[test]
fn what_would_point_nowhere_is_told() {
    let mut both = show(BASE);
    assert_eq!(dangling(&both), None);
    both.sources.remove(0);
    assert_eq!(dangling(&both).unwrap(), "scene wide shows source one, which is gone");
    let mut both = show(BASE);
    both.scenes[0].items[0].what = Shown::Group(vec![Item {
        what: Shown::Scene {
            name: "nowhere".into(),
            with: Vec::new(),
        },
        ..both.scenes[0].items[0].clone()
    }]);
    assert_eq!(
        dangling(&both).unwrap(),
        "scene wide shows scene nowhere, which is gone"
    );
    let mut both = show(BASE);
    both.scenes[0].items[0].what = Shown::Image(ImageItem { path: "/a.png".into() });
    assert_eq!(dangling(&both), None);
}

#[test]
fn what_is_said_for_larger_pictures_lies_at_the_same_place_on_smaller_ones() {
    let small = show(&format!("[video]\nwidth = 640\nheight = 360\n{BASE}"));
    let large = on_canvas(&show(BASE), (640, 360));
    assert_eq!(large.scenes, small.scenes);
    assert_eq!(large.video.width, 1280);
    assert_eq!(on_canvas(&small, (640, 360)), small);
}
