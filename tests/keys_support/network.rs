//! Keys of adaptation, everywhere and on the page of the network: what they hold and give back is in the state.

use rigcast::tui::keymap::Binding;
use serde_json::Value;

use super::Show;
use super::page::unknown;

fn kbps(status: &Value) -> u64 {
    status["encoder"]["video_kbps"].as_u64().unwrap()
}

/// A key of adaptation. The page of the network may be open.
pub fn adapt(show: &mut Show, binding: &Binding) {
    let line = binding.line.as_str();
    match line {
        "bitrate +250" | "bitrate -=250" => {
            let before = kbps(&show.control.status());
            let after = if line.ends_with("+250") {
                before + 250
            } else {
                before - 250
            };
            show.press(&binding.keys);
            show.until(|status| kbps(status) == after && status["adapt"]["pins"][0]["kbps"][1] == after);
            show.control.order("adapt release");
            show.until(|status| kbps(status) == before);
        }
        "adapt release" => {
            show.control.order("adapt pin sound 96");
            show.until(|status| status["encoder"]["audio_kbps"] == 96);
            show.press(&binding.keys);
            show.until(|status| status["adapt"]["pins"] == Value::Array(Vec::new()));
            show.until(|status| status["encoder"]["audio_kbps"] != 96);
        }
        "adapt toggle" => {
            for is_on in [false, true] {
                show.press(&binding.keys);
                show.until(|status| status["adapt"]["is_on"] == is_on);
            }
        }
        _ if line.starts_with("prompt ") => {
            show.press(&binding.keys);
            let begins = line.trim_start_matches("prompt ").trim_matches('"').trim_end();
            show.tmux.wait_for(&format!(":{begins}"));
            // Whether a page is open below it or not.
            show.tmux.keys(&["Escape"]);
            show.tmux.wait_for("? help");
        }
        _ => unknown(binding, line),
    }
}

/// Keys of the page, which is open.
pub fn on_page(show: &mut Show, binding: &Binding) {
    match binding.line.as_str() {
        // Which one is selected is not seen on this page, but on the screen below it.
        "select destination next" | "select destination previous" => {
            show.press(&binding.keys);
            show.tmux.wait_for("CHANGES, AND WHY");
        }
        _ => adapt(show, binding),
    }
}
