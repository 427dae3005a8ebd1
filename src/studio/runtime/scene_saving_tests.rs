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
