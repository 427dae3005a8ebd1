//! Keys that are about commands: do again, take back, count, search; and those that begin and end recordings.

use rigcast::tui::keymap::Binding;
use serde_json::Value;

use super::Show;
use super::page::unknown;

/// Presses a key that asks, says no, and nothing has changed.
pub fn asks_and_is_refused(show: &mut Show, binding: &Binding) {
    let names = |status: &Value| -> Vec<Value> {
        let destinations = status["destinations"].as_array().unwrap();
        destinations.iter().map(|to| to["name"].clone()).collect()
    };
    let before = names(&show.control.status());
    show.press(&binding.keys);
    show.tmux.wait_for("SURE?");
    show.tmux.keys(&["n"]);
    show.tmux.wait_gone("SURE?");
    assert_eq!(names(&show.control.status()), before);
}

/// Keys that decide about what was applied for a time: it no longer waits.
pub fn kept_or_taken_back(show: &mut Show, binding: &Binding) {
    let file = show.control.status()["live"]["file"].as_str().unwrap().to_owned();
    let other = format!("{file}.other.toml");
    std::fs::copy(&file, &other).unwrap();
    show.control.order(&format!("apply {other} 60s"));
    show.until(|status| !status["live"]["confirm"].is_null());
    show.tmux.wait_for("BACK IN");
    show.press(&binding.keys);
    show.until(|status| status["live"]["confirm"].is_null());
    show.tmux.wait_gone("BACK IN");
}

/// Keys of these commands, which hold everywhere.
pub fn everywhere(show: &mut Show, binding: &Binding) {
    let line = binding.line.as_str();
    match line {
        "palette" => {
            show.press(&binding.keys);
            show.tmux.wait_for("COMMANDS · enter runs");
            show.tmux.type_text("loudness reset");
            show.tmux.keys(&["Enter"]);
            show.tmux.wait_gone("COMMANDS · enter runs");
            show.tmux.wait_for("✓ loudness reset");
        }
        "repeat" => {
            show.select_strip("tone");
            show.tmux.type_text("s");
            show.until(|status| status["strips"][0]["is_solo"] == true);
            show.press(&binding.keys);
            show.until(|status| status["strips"][0]["is_solo"] == false);
        }
        "undo" => {
            show.control.order("transition cut");
            show.until(|status| status["transition"]["kind"] == "cut");
            // Whether it asks is the screen's to say, by the command that it knows to be the last.
            show.tmux.wait_for("take: cut");
            show.press(&binding.keys);
            show.until(|status| status["transition"]["kind"] == "fade");
            show.tmux.wait_for("undone: transition cut");
        }
        "record start" => {
            show.press(&binding.keys);
            show.until(|status| status["recording"]["is_on"] == true);
            show.until(|status| status["recording"]["bytes"].as_u64() > Some(0));
        }
        "record split" => {
            show.press(&binding.keys);
            show.until(|status| status["recording"]["part"] == 2);
        }
        "record stop" => {
            show.press(&binding.keys);
            show.tmux.wait_for("SURE?");
            show.tmux.keys(&["y"]);
            show.until(|status| status["recording"]["is_on"] == false);
        }
        _ if line.starts_with("count ") => {
            let digit = line.trim_start_matches("count ");
            if digit == "0" {
                // Alone it counts nothing.
                show.tmux.keys(&["M-1"]);
            }
            show.press(&binding.keys);
            let count = if digit == "0" { "10" } else { digit };
            show.tmux.wait_for(&format!(" {count} ×"));
            show.tmux.keys(&["Escape"]);
            show.tmux.wait_gone(&format!(" {count} ×"));
        }
        other => unknown(binding, other),
    }
}
