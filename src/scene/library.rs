//! Where presets of sound and picture are: the shipped ones inside the program, a person's own in a folder of theirs.
//!
//! Own presets live in `$XDG_CONFIG_HOME/rigcast/presets` (else `~/.config/rigcast/presets`) of the machine of the studio. They
//! come before shipped ones, so that a preset that a later version ships under the same name changes nothing; and a shipped
//! name cannot be saved under, so that scenes that use it go on to mean what they say.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::preset::Preset;
use super::schema::is_name;
use super::script::Shelf;
use super::shipped;
use crate::suggest;

/// Presets that can be had.
#[derive(Clone, Debug)]
pub struct Library {
    own: Option<PathBuf>,
}

/// Whether what is asked for is the path of a preset's file rather than its name: no name has a `/` or a `.` in it.
#[must_use]
pub fn is_preset_path(word: &str) -> bool {
    word.contains(['/', '.'])
}

impl Library {
    /// The library of whoever has this environment.
    #[must_use]
    pub fn new(env: &(impl Fn(&str) -> Option<String> + ?Sized)) -> Self {
        let folder = |name: &str| {
            env(name)
                .filter(|path| Path::new(path).is_absolute())
                .map(PathBuf::from)
        };
        let config = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
        Self {
            own: config.map(|config| config.join("rigcast").join("presets")),
        }
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
        let found = self.find(shelf, "", name, folder, shipped::SOUND_PRESETS)?;
        let shipped = || shipped::stage_preset(name).map(|(label, text)| (label, text.to_owned()));
        let Some((label, text)) = found.or_else(shipped) else {
            let names = self.names();
            let hint = suggest::hint(name, names.iter().map(String::as_str));
            return Err(format!("there is no preset \"{name}\"{hint}"));
        };
        Preset::read(&Self::short(name), &label, &text).map_err(|errors| errors.to_string())
    }

    /// The names of all presets that can be had by name: one's own, then the shipped ones.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names = self.names_in("", shipped::SOUND_PRESETS);
        for (shipped, _) in shipped::PICTURE_PRESETS {
            if !names.iter().any(|name| name == shipped) {
                names.push((*shipped).to_owned());
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

    fn own_path(&self, name: &str) -> Option<PathBuf> {
        self.own_path_in("", name)
    }

    /// Where one's own file `name` of the folder `kind` is, or would be.
    pub(super) fn own_path_in(&self, kind: &str, name: &str) -> Option<PathBuf> {
        let own = self.own.as_ref().filter(|_| is_name(name))?;
        Some(own.join(kind).join(name).with_extension("toml"))
    }

    /// The text of the file `name` of the folder `kind` and what errors call it: one's own, one of `shipped`, or where it has a
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
            self.own_path_in(kind, name).filter(|path| shelf.has(path))
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

    /// The names of one's own files of the folder `kind`, sorted, then those of `shipped` that are not among them.
    pub(super) fn names_in(&self, kind: &str, shipped: &[(&str, &str)]) -> Vec<String> {
        let own = self.own.as_ref().map(|own| own.join(kind));
        let entries = own.and_then(|own| std::fs::read_dir(own).ok());
        let files = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = files
            .filter_map(|file| file.strip_suffix(".toml").map(str::to_owned))
            .filter(|name| is_name(name))
            .collect();
        names.sort();
        for (name, _) in shipped {
            if !names.iter().any(|known| known == name) {
                names.push((*name).to_owned());
            }
        }
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
