//! `rigcast config`: every setting of a show with its value, and where it was said last; the files that are looked for.

use std::path::PathBuf;

use clap::Subcommand;

use super::{complain, exit, key_value, say};
use crate::folders::Folders;
use crate::scene::{self, Rank, Setting};

/// What to say.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Every setting of a show with its value; secrets are dots
    Show {
        /// Scene file; without one, what all shows begin with
        scene: Option<PathBuf>,
        /// Change one setting, as a studio would be started with it
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
        set: Vec<(String, String)>,
        /// Where each was said: file:line:column, a variable, an argument, or a shipped default
        #[arg(long)]
        origin: bool,
        /// As JSON, one list, with the origins
        #[arg(long)]
        json: bool,
    },
    /// The files that are looked for on this machine, the most important first
    Path,
}

/// Values longer than this push no others to the right.
const WIDEST: usize = 48;

/// Says it.
pub fn run(command: &ConfigCommand) -> u8 {
    match command {
        ConfigCommand::Show {
            scene,
            set,
            origin,
            json,
        } => show(scene.as_ref(), set, *origin, *json),
        ConfigCommand::Path => path(),
    }
}

fn show(scene: Option<&PathBuf>, set: &[(String, String)], has_origins: bool, is_json: bool) -> u8 {
    let env = |key: &str| std::env::var(key).ok();
    let (settings, diagnostics) = scene::settings(scene.map(PathBuf::as_path), set, &env);
    for diagnostic in &diagnostics {
        complain(&diagnostic.to_string());
    }
    if is_json {
        match serde_json::to_string_pretty(&settings) {
            Ok(text) => {
                say(&text);
            }
            Err(error) => complain(&error.to_string()),
        }
    } else {
        let lines: Vec<(String, &Setting)> = settings
            .iter()
            .map(|setting| (format!("{} = {}", setting.key, setting.written()), setting))
            .collect();
        let lengths = lines.iter().map(|(line, _)| line.chars().count());
        let width = lengths.filter(|length| *length <= WIDEST).max().unwrap_or(0);
        for (line, setting) in &lines {
            let is_read = if has_origins {
                say(&format!("{line:width$}  # {}", setting.said()))
            } else {
                say(line)
            };
            if !is_read {
                break;
            }
        }
    }
    if diagnostics.iter().any(scene::Diagnostic::is_error) {
        exit::REFUSED
    } else {
        exit::OK
    }
}

fn path() -> u8 {
    let env = |key: &str| std::env::var(key).ok();
    for (rank, path, is_there) in scene::config_files(&env) {
        let whose = if rank == Rank::User { "yours" } else { "all users'" };
        let is_there = if is_there { "read" } else { "not there" };
        say(&format!("shows    {whose:10}  {}  ({is_there})", path.display()));
    }
    let folders = Folders::new(&env);
    for folder in folders.all() {
        let whose = if Some(folder) == folders.user.as_ref() {
            "yours"
        } else {
            "all users'"
        };
        for (what, name) in [
            ("screens", "console.toml"),
            ("presets", "presets"),
            ("themes", "themes"),
            ("keymaps", "keymaps"),
        ] {
            let path = folder.join(name);
            let is_there = match path.metadata() {
                Ok(found) if found.is_dir() => "searched",
                Ok(_) => "read",
                Err(_) => "not there",
            };
            say(&format!("{what:8} {whose:10}  {}  ({is_there})", path.display()));
        }
    }
    exit::OK
}
