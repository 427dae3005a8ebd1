//! What becomes of scenes in scenes, groups and texts: layers where that is exact, canvases where not, and never too many.

#![allow(clippy::float_cmp, reason = "what is planned is compared with what was written")]

use super::*;
use crate::scene;
use crate::studio::opening;

fn plan(text: &str) -> Plan {
    Plan::new(&studio(text))
}

fn studio(text: &str) -> Studio {
    let base =
        "[video]\nwidth = 640\nheight = 360\n[source.cam]\nkind = \"pattern\"\n[source.pc]\nkind = \"pattern\"\n";
    let show = scene::from_text("show.toml", &format!("{base}{text}"), &[], &|_| None).unwrap();
    opening::studio("test", &show)
}

fn layers<'a>(plan: &'a Plan, name: &str) -> &'a [PlannedLayer] {
    &plan.scenes.iter().find(|scene| scene.name == name).unwrap().layers
}

fn texts(plan: &Plan) -> Vec<String> {
    let drawn = plan.graphics.iter().filter_map(|wanted| match &wanted.drawing {
        Drawing::Text { pieces, .. } => Some(fill::letters(pieces)),
        _ => None,
    });
    drawn.collect()
}

const NESTED: &str = r##"
[scene.inner]
parameters = { name = "{{inner}" }
items = [{ source = "cam" }, { text = "hello {name}", size = [200, 40] }]
[scene.other]
items = [{ source = "pc" }, { scene = "inner", position = ["50%", 0], size = ["50%", "50%"], with = { name = "other" } }]
[scene.faint]
items = [{ opacity = 0.5, group = [{ source = "cam" }, { color = "#ffffff" }] }, { opacity = 0.5, group = [{ source = "pc" }] }]
"##;

#[test]
fn scenes_in_scenes_are_layers_with_their_values() {
    let plan = plan(NESTED);
    assert_eq!(layers(&plan, "inner").len(), 2);
    let other = layers(&plan, "other");
    assert_eq!(other.len(), 3);
    assert!(matches!(other[0].what, Planned::Source(1)) && matches!(other[1].what, Planned::Source(0)));
    assert_eq!(other[0].view, View::default());
    assert_eq!(other[1].view, other[2].view);
    assert_ne!(other[1].view, View::default());
    let texts = texts(&plan);
    assert!(texts.contains(&"hello other".to_owned()), "{texts:?}");
}

#[test]
fn a_translucent_group_is_a_canvas_unless_it_has_one_layer() {
    let plan = plan(NESTED);
    let faint = layers(&plan, "faint");
    assert_eq!(faint.len(), 2);
    assert!(matches!(&faint[0].what, Planned::Canvas(inner) if inner.len() == 2));
    assert!(matches!(faint[1].what, Planned::Source(1)) && faint[1].opacity == 0.5);
}

#[test]
fn a_value_changes_the_version_and_not_the_id() {
    let mut studio = studio(NESTED);
    let before = Plan::new(&studio);
    studio.scenes[0].parameters[0].1 = "{clock}".into();
    let after = Plan::new(&studio);
    assert_eq!(before.graphics.len(), after.graphics.len());
    for (before, after) in before.graphics.iter().zip(&after.graphics) {
        assert_eq!(before.id, after.id);
        assert_eq!(before.version != after.version, after.scene == 0, "{after:?}");
    }
    assert!(
        texts(&after).contains(&"hello {clock}".to_owned()),
        "values are letters"
    );
}

#[test]
fn hidden_items_show_nothing() {
    let mut studio = studio(NESTED);
    studio.scenes[0].items[0].is_hidden = true;
    assert_eq!(layers(&Plan::new(&studio), "other").len(), 2);
}

#[test]
fn what_no_check_has_seen_is_bounded() {
    // Each scene shows the next one eight times, and the last the first.
    let mut studio = studio(NESTED);
    let item = studio.scenes[1].items[1].clone();
    for number in 0..studio.scenes.len() {
        let next = studio.scenes[(number + 1) % studio.scenes.len()].name.clone();
        let items = (0..8).map(|at| Item {
            name: format!("n{at}"),
            what: Shown::Scene {
                name: next.clone(),
                with: Vec::new(),
            },
            ..item.clone()
        });
        studio.scenes[number].items = items.collect();
    }
    let plan = Plan::new(&studio);
    assert!(plan.scenes.iter().all(|scene| scene.layers.len() <= MAX_LAYERS));
}

#[test]
fn values_do_not_lead_out_of_the_folder_of_images() {
    let values = |value: &str| vec![("photo".to_owned(), fill::literal(value))];
    let path = std::path::Path::new("/show/{photo}");
    assert_eq!(image_path(path, &values("mug.png")), Some("/show/mug.png".into()));
    for value in ["../mug.png", "/etc/passwd", "..", "", "a\\b"] {
        assert_eq!(image_path(path, &values(value)), None, "{value}");
    }
    assert_eq!(image_path(path, &Vec::new()), None);
    assert_eq!(
        image_path(std::path::Path::new("/a/b.png"), &Vec::new()),
        Some("/a/b.png".into())
    );
}
