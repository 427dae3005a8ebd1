//! What there is to see: displays, their monitors and windows, each with the lines that make it a source.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::{Duration, Instant};

use x11rb::protocol::xproto::ConnectionExt as _;
use x11rb::reexports::x11rb_protocol::parse_display::parse_display;

use super::display::Display;
use super::error::ScreenError;
use super::{view, windows};
use crate::source::inventory::{Found, Inventory};

/// How long all displays together may take to answer.
const LIMIT: Duration = Duration::from_millis(1_500);

/// Displays that are looked at, at most, of those where anybody answers.
const DISPLAYS: usize = 8;

/// Windows of a display that are listed, at most, the topmost first.
const WINDOWS: usize = 16;

/// Windows smaller than this are no content.
const SMALL: u32 = 32;

/// Where servers of this machine have their sockets.
const SOCKETS: &str = "/tmp/.X11-unix";

/// What helps on a rig without a screen.
const REMEDY: &str = "a rig without a screen can have one in memory: Xvfb :7 -screen 0 1280x720x24 & then DISPLAY=:7 PROGRAM (apt-get install xvfb)";

/// What is said of Wayland.
const WAYLAND: &str = "the desktop is a Wayland session, and its screens are given out by a portal only, which is not built in. \
    Programs that run under Xwayland are seen as windows of its display; a whole screen can come by a pipe: \
    kind = \"pipe\", command = [\"wf-recorder\", \"-c\", \"libx264\", \"-m\", \"mpegts\", \"-f\", \"/dev/stdout\"]";

/// The display that the environment names.
pub(super) fn display_of_environment() -> Option<String> {
    std::env::var("DISPLAY").ok().filter(|name| !name.is_empty())
}

/// Notes what is here.
pub(in crate::source) fn look(inventory: &mut Inventory) {
    let own = display_of_environment();
    let is_wayland = std::env::var_os("WAYLAND_DISPLAY").is_some_and(|name| !name.is_empty());
    let started = Instant::now();
    let mut names = BTreeSet::new();
    let all = own.clone().into_iter().chain(sockets());
    let is_new = |name: &String| names.insert(parse_display(Some(name)).map_or(u16::MAX, |parsed| parsed.display));
    let (mut answered, mut silent) = (0, Vec::new());
    for name in all.filter(is_new) {
        let is_default = Some(&name) == own.as_ref();
        let gives_up = Box::new(move || started.elapsed() >= LIMIT);
        match Display::open(&name, gives_up).and_then(|display| note(inventory, &name, is_default, &display)) {
            // A server that was killed leaves its socket.
            Err(ScreenError::Unreachable { .. }) if !is_default => {
                silent.push(name);
                continue;
            }
            Err(error) => inventory.lacks(&format!("screen ({name})"), error.to_string()),
            Ok(()) => {}
        }
        answered += 1;
        if answered == DISPLAYS {
            break;
        }
    }
    if !silent.is_empty() {
        let remedy = if answered == 0 {
            format!("; {REMEDY}")
        } else {
            String::new()
        };
        let silent = silent.join(", ");
        inventory.lacks(
            "screen",
            format!("no X server answers at {silent}: what {SOCKETS} has of them is left over{remedy}"),
        );
    }
    if is_wayland {
        inventory.lacks("screen (wayland)", WAYLAND);
    } else if names.is_empty() {
        inventory.lacks(
            "screen",
            format!("DISPLAY is not set and no X server listens in {SOCKETS}; {REMEDY}"),
        );
    }
}

/// Names of the displays that have a socket here.
fn sockets() -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(SOCKETS) else {
        return Vec::new();
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut numbers: Vec<u16> = names.filter_map(|name| name.strip_prefix('X')?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.into_iter().map(|number| format!(":{number}")).collect()
}

fn note(inventory: &mut Inventory, name: &str, is_default: bool, display: &Display) -> Result<(), ScreenError> {
    let geometry = display.connection.get_geometry(display.root)?.reply()?;
    display.check_pixels(geometry.depth, display.root_visual)?;
    let monitors = view::monitors(display)?;
    let windows = windows::list(display)?;
    let short = if is_default {
        "screen".to_owned()
    } else {
        slug(&format!("screen {name}"))
    };
    let mut add =
        |own: String, title: String, size: (u32, u32), more: &[(&str, &str)], is_default: bool, notes: &[&str]| {
            let mut details = vec![format!("{}×{}", size.0, size.1)];
            details.extend(notes.iter().map(|note| (*note).to_owned()));
            inventory.has(Found {
                kind: "screen".to_owned(),
                name: unused(inventory, own),
                title,
                details,
                scene: scene(name, more),
                is_default,
            });
        };
    let size = (u32::from(geometry.width), u32::from(geometry.height));
    add(short.clone(), format!("Screen {name}"), size, &[], is_default, &[]);
    for monitor in monitors.iter().filter(|_| monitors.len() > 1) {
        let (_, _, width, height) = monitor.part;
        let notes: &[&str] = if monitor.is_primary { &["the main monitor"] } else { &[] };
        let title = format!("Monitor {} of {name}", monitor.name);
        let own = slug(&format!("{short} {}", monitor.name));
        add(own, title, (width, height), &[("monitor", &monitor.name)], false, notes);
    }
    let is_content = |window: &&windows::Titled| window.size.0 >= SMALL && window.size.1 >= SMALL;
    for window in windows.iter().filter(is_content).take(WINDOWS) {
        let notes: &[&str] = if window.is_shown {
            &[]
        } else {
            &["minimised or hidden now"]
        };
        let title = format!("Window \"{}\" on {name}", window.title);
        add(
            slug(&window.title),
            title,
            window.size,
            &[("window", &window.title)],
            false,
            notes,
        );
    }
    Ok(())
}

/// The lines of a source on `display`.
fn scene(display: &str, more: &[(&str, &str)]) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut lines = format!("kind = \"screen\"\ndisplay = {}\n", quoted(display));
    for (key, value) in more {
        // Writing to a text cannot fail.
        let _ = writeln!(lines, "{key} = {}", quoted(value));
    }
    lines
}

/// Longest name of a source.
const NAME: usize = 24;

/// A name for a source: small letters, figures and hyphens.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.to_lowercase().chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(NAME);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "window".to_owned()
    } else {
        slug.to_owned()
    }
}

/// `name`, with a number behind it where it has been given already.
fn unused(inventory: &Inventory, name: String) -> String {
    let is_used = |name: &str| inventory.found.iter().any(|found| found.name == name);
    if !is_used(&name) {
        return name;
    }
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    numbered.into_iter().find(|name| !is_used(name)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_lines_are_toml() {
        assert_eq!(slug("Notes — \"draft\" (2)"), "notes-draft-2");
        assert_eq!(slug("Ωμέγα"), "window");
        assert_eq!(
            slug("a title that is much too long for a name"),
            "a-title-that-is-much-too"
        );
        let lines = scene(":7", &[("window", "a \"b\" \\ c\n'''")]);
        let parsed: toml::Table = lines.parse().unwrap();
        assert_eq!(parsed["display"].as_str(), Some(":7"));
        assert_eq!(parsed["window"].as_str(), Some("a \"b\" \\ c\n'''"));
        assert!(lines.starts_with("kind = \"screen\"\n"));
    }
}
