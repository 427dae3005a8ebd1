//! Where files that set up this program are: those of a person before those of the machine, as the XDG Base Directory
//! Specification 0.8 has it.

use std::path::{Path, PathBuf};

/// The folder of this program in each of them.
const OWN: &str = "rigcast";

/// Where the machine's files are when nobody says.
const USUAL_SYSTEM: &str = "/etc/xdg";

/// Folders with files of this program, which need not be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folders {
    /// `$XDG_CONFIG_HOME/rigcast`, else `~/.config/rigcast`; none where neither variable is set.
    pub user: Option<PathBuf>,
    /// `rigcast` in each of `$XDG_CONFIG_DIRS`, else `/etc/xdg/rigcast`; the first goes before the others.
    pub system: Vec<PathBuf>,
}

impl Folders {
    /// The folders of whoever has this environment. Relative paths count for nothing, as the specification says.
    #[must_use]
    pub fn new(env: &(impl Fn(&str) -> Option<String> + ?Sized)) -> Self {
        let absolute = |path: &str| Path::new(path).is_absolute().then(|| PathBuf::from(path));
        let folder = |name: &str| env(name).and_then(|path| absolute(&path));
        let config = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
        let dirs = env("XDG_CONFIG_DIRS").filter(|dirs| !dirs.is_empty());
        let dirs = dirs.unwrap_or_else(|| USUAL_SYSTEM.to_owned());
        Self {
            user: config.map(|config| config.join(OWN)),
            system: dirs.split(':').filter_map(absolute).map(|dir| dir.join(OWN)).collect(),
        }
    }

    /// The user's folder, then the machine's, the most important first.
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.user.iter().chain(&self.system)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(variables: &'static [(&str, &str)]) -> Vec<String> {
        let found = Folders::new(&move |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        found.all().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn the_users_folder_goes_before_those_of_the_machine() {
        assert_eq!(folders(&[]), ["/etc/xdg/rigcast"]);
        assert_eq!(folders(&[("HOME", "/h")]), ["/h/.config/rigcast", "/etc/xdg/rigcast"]);
        assert_eq!(
            folders(&[
                ("HOME", "/h"),
                ("XDG_CONFIG_HOME", "/c"),
                ("XDG_CONFIG_DIRS", "/a:b::/d")
            ]),
            ["/c/rigcast", "/a/rigcast", "/d/rigcast"]
        );
        assert_eq!(
            folders(&[("XDG_CONFIG_HOME", "c"), ("XDG_CONFIG_DIRS", "")]),
            ["/etc/xdg/rigcast"]
        );
    }
}
