//! Keys of the page of items: what they change is in the state, and goes back afterwards. What a viewer sees of it is looked at in
//! `tests/show/edit.rs`.

use rigcast::tui::keymap::Binding;
use serde_json::Value;

use super::Show;
use super::page::{leave_prompt, unknown};

/// Keys of the page, which is open for the scene on preview.
pub fn on_page(show: &mut Show, binding: &Binding) {
    let status = show.control.status();
    let preview = status["preview"].as_str().unwrap_or_default().to_owned();
    let scene = move |status: &Value| {
        let scenes = status["scenes"].as_array().cloned().unwrap_or_default();
        scenes
            .into_iter()
            .find(|scene| scene["name"] == preview.as_str())
            .unwrap_or_default()
    };
    let before = scene(&status);
    let name = before["name"].as_str().unwrap_or_default().to_owned();
    let items = before["items"].as_array().map_or(0, Vec::len);
    match binding.line.as_str() {
        "page close" => show.press(&binding.keys),
        "type" => {
            show.press(&binding.keys);
            show.tmux.wait_for(&format!(":item move {name}"));
            leave_prompt(show);
        }
        line if line.starts_with("type ") => {
            show.press(&binding.keys);
            show.tmux.wait_for(&format!(":item move {name}"));
            leave_prompt(show);
        }
        line if line.starts_with("prompt ") => {
            show.press(&binding.keys);
            let begins = line.trim_start_matches("prompt ").trim_matches(['\'', '"']);
            let begins = begins.split(" {").next().unwrap_or_default();
            show.tmux.wait_for(&format!(":{begins} {name}"));
            leave_prompt(show);
        }
        "select item next" | "select item previous" => {
            // With one item there is no other; the page stays as it is.
            show.press(&binding.keys);
            show.tmux.wait_for(&format!("ITEMS {name}"));
        }
        line @ ("select scene next" | "select scene previous") => {
            show.press(&binding.keys);
            show.tmux.wait_gone(&format!("ITEMS {name} "));
            show.tmux.type_text(if line.ends_with("next") { "[" } else { "]" });
            show.tmux.wait_for(&format!("ITEMS {name} "));
        }
        "item reset {scene} {item}" | "scene reset {scene}" => {
            show.control.order(&format!("item move {name} {items} 30 40"));
            show.until(|status| scene(status) != before);
            show.press(&binding.keys);
            show.until(|status| scene(status) == before);
        }
        "scene save {scene}" => {
            // Nothing was changed: that is what it says, and no file is written.
            show.press(&binding.keys);
            show.tmux.wait_for("nothing there was changed by hand");
        }
        "item remove {scene} {item}" => {
            show.press(&binding.keys);
            show.tmux.wait_for("SURE?");
            show.tmux.keys(&["n"]);
            show.tmux.wait_gone("SURE?");
            show.until(|status| scene(status) == before);
        }
        "item raise {scene} {item}" | "item lower {scene} {item}" if items < 2 => show.press(&binding.keys),
        line if line.starts_with("item ") => {
            if line.contains("opacity {scene} {item} +") {
                show.control.order(&format!("item opacity {name} {items} 50%"));
                show.until(|status| scene(status) != before);
            }
            // What is on top cannot be raised, and what lies lowest not lowered.
            let names = before["items"].as_array().into_iter().flatten();
            let mut names = names.filter_map(|item| item["name"].as_str());
            let wanted = if line.starts_with("item raise") {
                names.next()
            } else {
                names.next_back()
            };
            choose(show, wanted.unwrap_or_default());
            let now = scene(&show.control.status());
            show.press(&binding.keys);
            show.until(|status| scene(status) != now);
            show.control.order(&format!("scene reset {name}"));
            show.until(|status| scene(status) == before);
        }
        other => unknown(binding, other),
    }
}

/// Goes down the list, and round, until the item of that name is the chosen one.
fn choose(show: &Show, name: &str) {
    for _ in 0..12 {
        let screen = show.tmux.text();
        let chosen = screen
            .lines()
            .find_map(|line| line.split_once('▸'))
            .map(|(_, rest)| rest.to_owned());
        let chosen = chosen.unwrap_or_default();
        let is_so = |row: &str| row.trim_start_matches(['●', '○', ' ']).starts_with(name);
        if is_so(&chosen) {
            return;
        }
        show.tmux.type_text("j");
        show.tmux.wait_until("another item", |screen| {
            let row = screen.lines().find_map(|line| line.split_once('▸'));
            row.is_some_and(|(_, rest)| rest.split_whitespace().nth(1) != chosen.split_whitespace().nth(1))
        });
    }
}
