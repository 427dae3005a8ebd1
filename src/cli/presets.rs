//! `rigcast presets`: what can be had by name, of all kinds, and where it comes from.

use super::{complain, exit, say};
use crate::scene::{CatalogEntry, Library};
use crate::tui::view::theme::Theme;

/// Lists them; `is_json` is for programs.
pub fn run(is_json: bool) -> u8 {
    let library = Library::new(&|key: &str| std::env::var(key).ok());
    let mut entries = library.catalog();
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
