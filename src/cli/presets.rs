//! `rigcast presets`: what can be had by name, of all kinds, and where it comes from.

use std::path::Path;

use super::{complain, exit, say};
use crate::folders::Folders;
use crate::scene::{CatalogEntry, Library};
use crate::tui::view::theme::Theme;

/// The files of `folder`, each of which is a `kind`.
fn files_in(folder: &Path, kind: &str) -> Vec<CatalogEntry> {
    let files = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = files.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let entry = |path: std::path::PathBuf| CatalogEntry {
        kind: kind.to_owned(),
        name: path
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
        title: String::new(),
        origin: path.display().to_string(),
        is_shipped: false,
    };
    paths.into_iter().map(entry).collect()
}

/// Lists them; `is_json` is for programs.
pub fn run(is_json: bool) -> u8 {
    let env = |key: &str| std::env::var(key).ok();
    let mut entries = Library::new(&env).catalog();
    for (kind, name) in [("theme", "themes"), ("keymap", "keymaps")] {
        for folder in Folders::new(&env).all() {
            entries.extend(files_in(&folder.join(name), kind));
        }
    }
    entries.extend(Theme::names().map(|name| CatalogEntry {
        kind: "theme".to_owned(),
        name: name.to_owned(),
        title: String::new(),
        origin: format!("presets/themes/{name}.toml"),
        is_shipped: true,
    }));
    if is_json {
        match serde_json::to_string_pretty(&entries) {
            Ok(text) => {
                say(&text);
            }
            Err(error) => {
                complain(&error.to_string());
                return exit::REFUSED;
            }
        }
        return exit::OK;
    }
    let width = entries
        .iter()
        .map(|entry| entry.name.chars().count())
        .max()
        .unwrap_or(0);
    let mut kind = "";
    for entry in &entries {
        if entry.kind != kind {
            kind = &entry.kind;
            say(&format!("{kind}:"));
        }
        let origin = if entry.is_shipped {
            "shipped"
        } else {
            entry.origin.as_str()
        };
        let title = if entry.title.is_empty() {
            String::new()
        } else {
            format!("  {}", entry.title)
        };
        if !say(&format!("  {:width$}{title}  ({origin})", entry.name)) {
            break;
        }
    }
    exit::OK
}
