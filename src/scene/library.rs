//! Where presets are: the shipped ones inside the program, a person's own in a folder of theirs, those of the machine between.
//!
//! Own presets live in `$XDG_CONFIG_HOME/rigcast/presets` (else `~/.config/rigcast/presets`) of the machine of the studio, those
//! for all its users in `/etc/xdg/rigcast/presets` (else `rigcast/presets` in each of `$XDG_CONFIG_DIRS`). They come before
//! shipped ones, so that a preset that a later version ships under the same name changes nothing; and a shipped name cannot be
//! saved under, so that scenes that use it go on to mean what they say.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::preset::Preset;
use super::schema::is_name;
use super::script::Shelf;
use super::shipped;
use crate::folders::Folders;
use crate::suggest;

/// Presets that can be had.
#[derive(Clone, Debug)]
pub struct Library {
    /// Where a person's own are.
    own: Option<PathBuf>,
    /// Where those of the machine are, the most important first.
    system: Vec<PathBuf>,
}

/// The folder of presets among the files of this program.
const PRESETS: &str = "presets";

/// A file that can be had by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CatalogEntry {
    /// What it is, in words.
    pub kind: String,
    /// As it is asked for.
    pub name: String,
    /// What it is for.
    pub title: String,
    /// Its path; of a shipped one, that in the repository.
    pub origin: String,
    /// Whether it is inside the program.
    pub is_shipped: bool,
}

impl CatalogEntry {
    fn new(kind: &str, name: &str, title: impl Into<String>, origin: &str, is_shipped: bool) -> Self {
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            title: title.into(),
            origin: origin.to_owned(),
            is_shipped,
        }
    }
}

/// The title in a preset's text.
fn title_of(text: &str) -> String {
    let table = text.parse::<toml::Table>().unwrap_or_default();
    table
        .get("title")
        .and_then(toml::Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Whether what is asked for is the path of a preset's file rather than its name: no name has a `/` or a `.` in it.
#[must_use]
pub fn is_preset_path(word: &str) -> bool {
    word.contains(['/', '.'])
}

/// Files inside the program: names and texts.
type Texts = &'static [(&'static str, &'static str)];

impl Library {
    /// The library of whoever has this environment.
    #[must_use]
    pub fn new(env: &(impl Fn(&str) -> Option<String> + ?Sized)) -> Self {
        let folders = Folders::new(env);
        Self {
            own: folders.user.map(|folder| folder.join(PRESETS)),
            system: folders.system.iter().map(|folder| folder.join(PRESETS)).collect(),
        }
    }

    /// Folders of presets, the most important first.
    fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        self.own.iter().chain(&self.system)
    }

    /// Reads the preset `name`: one's own, a shipped one, or where it has a `/` or a `.`, the file of that path. Relative paths start from `folder`.
    ///
    /// # Errors
    /// There is none, with the nearest name; or everything that is wrong with it, each with its place.
    pub fn read(&self, name: &str, folder: &Path) -> Result<Preset, String> {
        self.read_from(&mut Shelf::disk(), name, folder)
    }

    /// The same with files from `shelf`.
    pub(super) fn read_from(&self, shelf: &mut Shelf, name: &str, folder: &Path) -> Result<Preset, String> {
        let (label, text, _) = self.text_of(shelf, name, folder)?;
        Preset::read(&Self::short(name), &label, &text).map_err(|errors| errors.to_string())
    }

    /// The text of the preset `name`, what errors call it, and its file, if it is none that is shipped.
    pub(super) fn text_of(
        &self,
        shelf: &mut Shelf,
        name: &str,
        folder: &Path,
    ) -> Result<(String, String, Option<PathBuf>), String> {
        let file = if is_preset_path(name) {
            Some(folder.join(name))
        } else {
            self.path_in(shelf, "", name)
        };
        let found = self.find(shelf, "", name, folder, &[])?;
        let shipped = || shipped::stage_preset(name).map(|(label, text)| (label, text.to_owned()));
        let Some((label, text)) = found.or_else(shipped) else {
            let names = self.names();
            let hint = suggest::hint(name, names.iter().map(String::as_str));
            return Err(format!("there is no preset \"{name}\"{hint}"));
        };
        Ok((label, text, file))
    }

    /// The names of all presets that can be had by name: one's own, then the shipped ones.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names = self.names_in("", shipped::SOUND_PRESETS);
        let others = shipped::PICTURE_PRESETS.iter().map(|(name, _)| *name);
        let others = others.chain(shipped::SETTINGS_PRESETS.iter().map(|(_, name, _)| *name));
        for shipped in others {
            if !names.iter().any(|name| name == shipped) {
                names.push(shipped.to_owned());
            }
        }
        names
    }

    /// Reads all presets that can be had by name; those that are broken are left out.
    #[must_use]
    pub fn all(&self) -> Vec<Preset> {
        let read = |name: &String| self.read(name, Path::new("")).ok();
        self.names().iter().filter_map(read).collect()
    }

    /// All files of all kinds that can be had by name, those that are broken too.
    #[must_use]
    pub fn catalog(&self) -> Vec<CatalogEntry> {
        let shelf = &mut Shelf::disk();
        let mut entries = Vec::new();
        let includes: Vec<(&str, &str)> = shipped::includes().collect();
        for (name, text) in includes {
            let said = text
                .lines()
                .find_map(|line| line.strip_prefix("# "))
                .unwrap_or_default();
            // Its first sentence.
            let said = said.split(". ").next().unwrap_or_default().trim_end_matches(['.', ':']);
            entries.push(CatalogEntry::new(
                "layer",
                name,
                said,
                &format!("presets/{name}.toml"),
                true,
            ));
        }
        let kinds: [(&str, &str, Texts); 4] = [
            ("occlusion policy", super::policy::FOLDER, shipped::OCCLUSION_POLICIES),
            (
                "adaptation policy",
                super::adapt_policy::FOLDER,
                shipped::ADAPT_POLICIES,
            ),
            ("word list", super::words::FOLDER, shipped::WORD_LISTS),
            ("stickers", super::sticker::FOLDER, shipped::STICKER_SETS),
        ];
        for name in self.names() {
            let Ok((label, text, file)) = self.text_of(shelf, &name, Path::new("")) else {
                continue;
            };
            let table = text.parse::<toml::Table>().unwrap_or_default();
            let is_for = super::schema::PRESET.iter().map(|key| key.name);
            let is_for = is_for.filter(|key| *key != "title" && table.contains_key(*key));
            let kind = format!("preset for {}", is_for.collect::<Vec<_>>().join(", "));
            entries.push(CatalogEntry::new(&kind, &name, title_of(&text), &label, file.is_none()));
        }
        for (kind, folder, shipped) in kinds {
            for name in self.names_in(folder, shipped) {
                let Ok(Some((label, text))) = self.find(shelf, folder, &name, Path::new(""), shipped) else {
                    continue;
                };
                let is_shipped = self.path_in(shelf, folder, &name).is_none();
                entries.push(CatalogEntry::new(kind, &name, title_of(&text), &label, is_shipped));
            }
        }
        entries
    }

    /// Saves `text` as one's own preset `name`, and says where. One that exists is replaced only where `is_replacing`, and is
    /// kept beside the new one as `NAME.toml~`.
    ///
    /// # Errors
    /// The name is none, or taken; or the system refuses.
    pub fn save(&self, name: &str, text: &str, is_replacing: bool) -> Result<PathBuf, String> {
        if !is_name(name) {
            return Err(format!(
                "\"{name}\" is not a name: letters, digits, \"-\" and \"_\", 32 at most"
            ));
        }
        if shipped::stage_preset(name).is_some() {
            return Err(format!("\"{name}\" is a shipped preset: take another name"));
        }
        let Some(path) = self.own_path(name) else {
            return Err("there is no folder for presets: neither XDG_CONFIG_HOME nor HOME is set".to_owned());
        };
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        if path.exists() && !is_replacing {
            return Err(format!(
                "there is a preset \"{name}\" already: take another name, or \"preset replace\""
            ));
        }
        let fresh = path.with_extension("toml.new");
        let mut file = std::fs::File::create(&fresh).map_err(failed)?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        if path.exists() {
            std::fs::rename(&path, path.with_extension("toml~")).map_err(failed)?;
        }
        std::fs::rename(&fresh, &path).map_err(failed)?;
        Ok(path)
    }

    /// Where one's own preset `name` is, or would be.
    fn own_path(&self, name: &str) -> Option<PathBuf> {
        let own = self.own.as_ref().filter(|_| is_name(name))?;
        Some(own.join(name).with_extension("toml"))
    }

    /// Where the file `name` of the folder `kind` is: one's own, or one of the machine.
    pub(super) fn path_in(&self, shelf: &Shelf, kind: &str, name: &str) -> Option<PathBuf> {
        let mut folders = self.folders().filter(|_| is_name(name));
        folders.find_map(|folder| {
            let path = folder.join(kind).join(name).with_extension("toml");
            shelf.has(&path).then_some(path)
        })
    }

    /// The text of the file `name` of the folder `kind` and what errors call it: one's own, one of the machine, one of `shipped`, or where it has a
    /// `/` or a `.`, the file of that path, which starts from `folder` where it is relative. `None` where there is none.
    pub(super) fn find(
        &self,
        shelf: &mut Shelf,
        kind: &str,
        name: &str,
        folder: &Path,
        shipped: &[(&str, &'static str)],
    ) -> Result<Option<(String, String)>, String> {
        let path = if is_preset_path(name) {
            Some(folder.join(name))
        } else {
            self.path_in(shelf, kind, name)
        };
        if let Some(path) = path {
            let label = path.display().to_string();
            let bytes = shelf.read(&path).map_err(|error| format!("{label}: {error}"))?;
            let text = String::from_utf8(bytes).map_err(|_| format!("{label}: not UTF-8 text"))?;
            return Ok(Some((label, text)));
        }
        let kind = if kind.is_empty() { "sound" } else { kind };
        let found = shipped.iter().find(|(known, _)| *known == name);
        Ok(found.map(|(_, text)| (format!("presets/{kind}/{name}.toml"), (*text).to_owned())))
    }

    /// What a preset is called that was asked for so: a path is long, and what its file is called says enough.
    pub(super) fn short(name: &str) -> String {
        let stem = Path::new(name).file_stem();
        stem.map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned())
    }

    /// The names of one's own files of the folder `kind`, sorted, then those of the machine, then those of `shipped`, each once.
    pub(super) fn names_in(&self, kind: &str, shipped: &[(&str, &str)]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut add = |found: Vec<String>| {
            for name in found {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        };
        for folder in self.folders() {
            let entries = std::fs::read_dir(folder.join(kind)).ok();
            let files = entries
                .into_iter()
                .flatten()
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            let mut found: Vec<String> = files
                .filter_map(|file| file.strip_suffix(".toml").map(str::to_owned))
                .filter(|name| is_name(name))
                .collect();
            found.sort();
            add(found);
        }
        add(shipped.iter().map(|(name, _)| (*name).to_owned()).collect());
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOICE: &str = "title = \"mine\"\n[strip]\ngate = true\n";

    #[test]
    fn own_presets_are_saved_found_first_and_never_lost() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().to_str().unwrap().to_owned();
        let library = Library::new(&|name: &str| (name == "XDG_CONFIG_HOME").then(|| folder.clone()));
        assert_eq!(library.names()[0], "podcast-voice", "no folder yet");

        let path = library.save("mine", VOICE, false).unwrap();
        assert_eq!(path, home.path().join("rigcast/presets/mine.toml"));
        assert_eq!(library.names()[0], "mine");
        let read = library.read("mine", Path::new("")).unwrap();
        assert!(read.is_for_strip() && read.title.as_deref() == Some("mine"));

        let taken = library.save("mine", "[bus]\n", false).unwrap_err();
        assert!(taken.starts_with("there is a preset \"mine\" already"), "{taken}");
        library.save("mine", "[bus]\n", true).unwrap();
        assert!(library.read("mine", Path::new("")).unwrap().is_for_buses());
        let kept = std::fs::read_to_string(path.with_extension("toml~")).unwrap();
        assert_eq!(kept, VOICE);

        assert!(library.save("music", VOICE, true).unwrap_err().contains("shipped"));
        assert!(library.save("../x", VOICE, true).unwrap_err().contains("not a name"));

        std::fs::write(path.with_file_name("broken.toml"), "[strip]\ngate = 3").unwrap();
        assert_eq!(library.all().len(), library.names().len() - 1);
        let error = library.read("broken", Path::new("")).unwrap_err();
        assert!(error.contains("broken.toml:2:8: strip.gate"), "{error}");
    }

    #[test]
    fn presets_of_the_machine_come_behind_ones_own_and_before_shipped_ones() {
        let (home, machine) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (user, system) = (home.path().display().to_string(), machine.path().display().to_string());
        let library = Library::new(&|name: &str| match name {
            "XDG_CONFIG_HOME" => Some(user.clone()),
            "XDG_CONFIG_DIRS" => Some(format!("/nowhere:{system}")),
            _ => None,
        });
        let write = |folder: &Path, name: &str, title: &str| {
            let folder = folder.join("rigcast/presets");
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(name), format!("title = \"{title}\"\n[strip]\n")).unwrap();
        };
        write(machine.path(), "music.toml", "the house's");
        write(machine.path(), "stage.toml", "the house's");
        write(home.path(), "stage.toml", "mine");
        let title = |name: &str| library.read(name, Path::new("")).unwrap().title.unwrap();
        assert_eq!(
            (title("music"), title("stage")),
            ("the house's".to_owned(), "mine".to_owned())
        );
        assert_eq!(library.names()[..3], ["stage", "music", "podcast-voice"]);
    }

    #[test]
    fn what_there_is_not_is_told_with_the_nearest_name() {
        let library = Library::new(&|_: &str| None);
        let error = library.read("noisy-stret", Path::new("")).unwrap_err();
        assert_eq!(
            error,
            "there is no preset \"noisy-stret\"; did you mean \"noisy-street\"?"
        );
        let error = library.read("./mine.toml", Path::new("/nowhere")).unwrap_err();
        assert_eq!(error, "/nowhere/./mine.toml: no such file");
        assert!(library.save("mine", VOICE, false).unwrap_err().contains("neither"));
    }
}
