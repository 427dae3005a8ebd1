//! Scenes are written into the files that they stand in, whole or not at all.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::media::Timestamp;
use crate::scene::load;
use crate::studio::command::{parse, split_words};
use crate::studio::opening;
use crate::studio::update::{Input, update};

const SOURCES: &str = "# what there is\n[source.bars]\nkind = \"pattern\"\n[source.grid]\nkind = \"pattern\"\n";
const DUO: &str = "[scene.duo] # both\r\nitems = [\r\n  { source = \"bars\", size = [\"50%\", \"50%\"] },\r\n  { source = \"grid\" }, # behind\r\n]\r\n";

struct Rig {
    folder: tempfile::TempDir,
    show: Show,
    studio: Studio,
}

impl Rig {
    /// A show whose scene duo stands in an included file.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.toml");
        fs::write(folder.path().join("duo.toml"), DUO).unwrap();
        let one = "include = [\"duo.toml\"]\n[scene.one]\nitems = [{ source = \"bars\" }]";
        fs::write(&path, format!("{one}\n{SOURCES}")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let show = load(&path, &[], &|_| None).unwrap();
        let studio = opening::studio("test", &show);
        Self { folder, show, studio }
    }

    fn run(&mut self, line: &str) {
        let command = parse(&split_words(line)).unwrap();
        update(&mut self.studio, Input::Command(command), Timestamp::ZERO).unwrap();
    }

    fn save(&self, wanted: Option<&str>) -> Result<Saved, String> {
        Saving::new(&self.studio, &self.show, wanted).unwrap().unwrap().run()
    }

    fn take(&mut self, saved: Saved) {
        self.show.script.texts.extend(saved.texts);
        let input = Input::ScenesSaved(saved.scenes, saved.read);
        update(&mut self.studio, input, Timestamp::ZERO).unwrap();
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap()
    }
}

#[test]
fn each_scene_is_written_where_it_stands() {
    let mut rig = Rig::new();
    let before = rig.text("show.toml");
    rig.run("item move duo bars 25% 25%");
    rig.run("item opacity one bars 50%");
    rig.run("item opacity duo grid 0.5");
    let saved = rig.save(None).unwrap();
    assert_eq!(saved.scenes, ["duo", "one"]);
    assert_eq!(saved.texts.len(), 2);
    assert_eq!(
        rig.text("duo.toml"),
        DUO.replace("\"50%\"] }", "\"50%\"], position = [\"25%\", \"25%\"] }")
            .replace("\"grid\" }", "\"grid\", opacity = 0.5 }")
    );
    assert_eq!(
        rig.text("show.toml"),
        before.replace("\"bars\" }]", "\"bars\", opacity = 0.5 }]")
    );
    let mode = fs::metadata(rig.folder.path().join("show.toml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    let names = fs::read_dir(rig.folder.path()).unwrap().count();
    assert_eq!(names, 2, "nothing is left beside them");
    let scenes = rig.studio.scenes.clone();
    rig.take(saved);
    assert!(rig.studio.edits.changed.is_empty());
    assert_eq!(rig.studio.scenes, scenes);
    assert!(Saving::new(&rig.studio, &rig.show, None).unwrap().is_none());
    // What was written is what the next save goes on from.
    rig.run("item move duo 1 +1% 0");
    assert_eq!(rig.studio.edits.changed[0].name, "duo");
    rig.save(Some("duo")).unwrap();
    assert!(
        rig.text("duo.toml").contains("position = [\"26%\", \"0%\"]"),
        "{}",
        rig.text("duo.toml")
    );
}

#[test]
fn what_was_changed_on_disk_is_not_overwritten() {
    let mut rig = Rig::new();
    rig.run("item opacity duo grid 0.5");
    let other = DUO.replace("both", "two of them");
    fs::write(rig.folder.path().join("duo.toml"), &other).unwrap();
    let refused = rig.save(None).unwrap_err();
    assert!(
        refused.ends_with("duo.toml has been changed since it was read: apply or reload it first, then save again"),
        "{refused}"
    );
    assert_eq!(rig.text("duo.toml"), other);
    fs::remove_file(rig.folder.path().join("duo.toml")).unwrap();
    assert!(rig.save(None).unwrap_err().contains("duo.toml: "));
}

#[test]
fn a_link_stays_a_link() {
    let mut rig = Rig::new();
    let path = rig.folder.path().join("duo.toml");
    let real = rig.folder.path().join("real.toml");
    fs::rename(&path, &real).unwrap();
    std::os::unix::fs::symlink("real.toml", &path).unwrap();
    rig.run("item opacity duo grid 0.5");
    rig.save(Some("1")).unwrap_or_else(|error| panic!("{error}"));
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert!(rig.text("real.toml").contains("opacity = 0.5"));
}

#[test]
fn a_show_without_a_file_is_told_so() {
    let show = crate::scene::demo(&[], &|_| None).unwrap();
    let mut studio = opening::studio("test", &show);
    assert!(Saving::new(&studio, &show, None).unwrap().is_none());
    let command = parse(&split_words("item hide 1 1")).unwrap();
    update(&mut studio, Input::Command(command), Timestamp::ZERO).unwrap();
    assert_eq!(
        Saving::new(&studio, &show, None).unwrap_err(),
        "this show is inside the program, and has no file to be written into"
    );
    assert!(
        Saving::new(&studio, &show, Some("nowhere"))
            .unwrap_err()
            .starts_with("there is no scene 'nowhere'")
    );
}

/// One of everything that a scene can have.
const SHOP: &str = r##"
# Shop
[source.camera]
kind = "pattern"

[scene.product] # a template
parameters = { title = "Mug", price = '9.90' } # of today
items = [
    { source = "camera" }, # behind all
    { text = "{title}", name = "title", position = ["5%", "75%"], size = ["60%", "20%"], style = { size = "8%" } },
    { group = [
        { color = "#c81e28", name = "back" },
        { text = '''{price}''', position = [ 320, 180 ], size = ["50%", 360], z = 1 },
      ], name = "badge", position = ["75%", 36], size = [256, "20%"], opacity = 0.9 },
]

[scene.sale]
template = "product"
with = { price = "8" }

[scene.gift]
template = "product"

[[scene.host.items]]
source = "camera"
crop.left = 0.1

[[scene.host.items]] # nested
    scene = "product"
    with = { price = "free" }
    hidden = true
[start]
program = "host""##;

impl Rig {
    fn of(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.toml");
        fs::write(&path, text).unwrap();
        let show = load(&path, &[], &|_| None).unwrap_or_else(|errors| panic!("{errors}"));
        let studio = opening::studio("test", &show);
        Self { folder, show, studio }
    }
}

#[test]
fn templates_and_those_made_from_them_are_written_apart() {
    let mut rig = Rig::of(SHOP);
    for line in [
        "item move product badge/text 25% 100",
        "item text product title \"{title}!\"",
        "scene set product price 10",
        "scene set sale price 7.50",
        "scene set gift title \"Gift \u{e9}\"",
        "item show host product",
    ] {
        rig.run(line);
    }
    let saved = rig.save(None).unwrap();
    let text = rig.text("show.toml");
    assert_eq!(
        text,
        SHOP.replace("position = [ 320, 180 ]", "position = [ 320, 100 ]")
            .replace("{ text = \"{title}\"", "{ text = \"{title}!\"")
            .replace("price = '9.90'", "price = \"10\"")
            .replace("price = \"8\"", "price = \"7.50\"")
            .replace(
                "template = \"product\"\n\n[[",
                "template = \"product\"\nwith = { title = \"Gift \u{e9}\" }\n\n[["
            )
            .replace("hidden = true", "hidden = false")
    );
    rig.take(saved);
    assert!(rig.studio.edits.changed.is_empty(), "{:?}", rig.studio.edits.changed);
    // What is made from the template goes with it, as it will when the file is read again.
    let again = load(&rig.folder.path().join("show.toml"), &[], &|_| None).unwrap();
    for scene in &again.scenes {
        let model = rig.studio.scene(&scene.name).unwrap();
        assert_eq!(model.items, scene.items, "{}", scene.name);
        assert_eq!(model.parameters, scene.parameters, "{}", scene.name);
    }
    // Its own items it has none.
    rig.run("item hide sale camera");
    let refused = rig.save(Some("sale")).unwrap_err();
    assert!(
        refused.contains("scene sale has the items of its template product"),
        "{refused}"
    );
    assert_eq!(rig.text("show.toml"), text);
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let mut rig = Rig::of(SHOP);
    rig.run("item text product title {nobody}");
    let refused = rig.save(None).unwrap_err();
    assert!(
        refused.starts_with("that could not be read again, so nothing was written: ") && refused.contains("nobody"),
        "{refused}"
    );
    assert_eq!(rig.text("show.toml"), SHOP);
}

fn lines() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let shift = || {
        prop_oneof![
            "-?[0-9]{1,4}",
            "[+][0-9]{1,3}",
            "-=[0-9]{1,3}",
            "-?[0-9]{1,2}%",
            "[+][0-9]{1,2}%"
        ]
    };
    let item = || {
        prop::sample::select(vec![
            "product 1",
            "product title",
            "product badge",
            "product badge/text",
            "product badge/back",
            "host 1",
            "host 2",
        ])
    };
    prop_oneof![
        (item(), shift(), shift()).prop_map(|(item, x, y)| format!("item move {item} {x} {y}")),
        (item(), shift(), prop::option::of(shift()))
            .prop_map(|(item, w, h)| format!("item size {item} {w} {}", h.unwrap_or_default())),
        (item(), "(left|top|right|bottom|all)", shift())
            .prop_map(|(item, side, by)| format!("item crop {item} {side} {by}")),
        (item(), shift()).prop_map(|(item, by)| format!("item opacity {item} {by}")),
        (item(), "(-?[0-9]{1,3}|[+][0-9]|-=[0-9])").prop_map(|(item, z)| format!("item z {item} {z}")),
        (item(), "(raise|lower|fit|hide|show|toggle|reset)").prop_map(|(item, what)| format!("item {what} {item}")),
        "[a-zA-Z#=\u{e4}' ]{0,9}".prop_map(|text| format!("item text product title \"{text}\"")),
        ("(product|sale|gift)", "(price|title)", "[a-z\\\\' ]{0,6}")
            .prop_map(|(scene, name, text)| format!("scene set {scene} {name} \"{text}\"")),
    ]
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_saved_is_read_as_it_is_seen(
        lines in proptest::collection::vec(lines(), 1..12), more in proptest::collection::vec(lines(), 0..6),
    ) {
        let mut rig = Rig::of(SHOP);
        for lines in [lines, more] {
            for line in &lines {
                let command = parse(&split_words(line)).unwrap();
                let _ = update(&mut rig.studio, Input::Command(command), Timestamp::ZERO);
            }
            let Some(saving) = Saving::new(&rig.studio, &rig.show, None).unwrap() else { continue };
            let saved = saving.run().unwrap_or_else(|error| panic!("{error}\n{lines:?}\n{}", rig.text("show.toml")));
            rig.take(saved);
            proptest::prop_assert!(rig.studio.edits.changed.is_empty());
            let text = rig.text("show.toml");
            let again = load(&rig.folder.path().join("show.toml"), &[], &|_| None).unwrap();
            for scene in &again.scenes {
                let model = rig.studio.scene(&scene.name).unwrap();
                proptest::prop_assert_eq!(&model.items, &scene.items, "{}\n{}", &scene.name, &text);
                proptest::prop_assert_eq!(&model.parameters, &scene.parameters);
            }
            // Comments and all that is not about items stand where they stood.
            for line in ["# Shop", "[scene.product] # a template", "    { source = \"camera\"", "kind = \"pattern\"", "[[scene.host.items]] # nested"] {
                proptest::prop_assert!(text.contains(line), "{}", text);
            }
            proptest::prop_assert!(text.ends_with("[start]\nprogram = \"host\""));
        }
    }
}
