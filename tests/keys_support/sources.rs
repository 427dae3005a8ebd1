//! Keys of the page of sources. What this machine has is not for this test to say, so nothing is tried here that it may not have; what
//! is done to sources goes back at once. What a viewer sees of it is looked at in `tests/show/choose.rs`.

use rigcast::tui::keymap::Binding;
use serde_json::Value;

use super::Show;
use super::page::unknown;

const OPENED: &str = " IN THE SHOW ";

fn first(status: &Value) -> &str {
    status["sources"][0]["name"].as_str().unwrap_or_default()
}

/// Everywhere: the page.
pub fn everywhere(show: &mut Show, binding: &Binding) {
    show.press(&binding.keys);
    show.tmux.wait_for(OPENED);
    show.until(|status| !status["choosing"]["looked_at"].is_null());
    show.tmux.keys(&["Escape"]);
    show.wait_desk();
}

/// On the page, which is open.
pub fn on_page(show: &mut Show, binding: &Binding) {
    show.until(|status| !status["choosing"]["looked_at"].is_null());
    match binding.line.as_str() {
        "page close" => show.press(&binding.keys),
        "select find next" | "select find previous" | "source try {find}" => {
            show.press(&binding.keys);
            show.tmux.wait_for(OPENED);
        }
        line @ ("select source next" | "select source previous") => {
            show.press(&binding.keys);
            show.tmux.wait_gone("▸  tone ");
            show.tmux.type_text(if line.ends_with("next") { "[" } else { "]" });
            show.tmux.wait_for("▸  tone ");
        }
        "prompt \"source keep {trial}\"" | "source drop" => {
            show.control.order("source find");
            // Something may be on trial of the key before.
            show.tmux.keys(&["Escape"]);
            show.until(|status| status["choosing"]["trial"].is_null());
            show.tmux.type_text("+");
            show.tmux.wait_for(OPENED);
            show.press(&binding.keys);
            show.tmux.wait_for("nothing is on trial");
        }
        "source find" => {
            let before = show.control.status()["choosing"]["looked_at"].clone();
            show.press(&binding.keys);
            show.until(|status| status["choosing"]["looked_at"] != before);
        }
        line if line.starts_with("prompt ") => {
            show.press(&binding.keys);
            let begins = line.trim_start_matches("prompt ").trim_matches(['\'', '"']);
            let begins = begins.split(" {").next().unwrap_or_default().trim_end();
            show.tmux.wait_for(&format!(":{begins}"));
            // The footer of this page has no room for how it is closed.
            show.tmux.keys(&["Escape"]);
            show.tmux.wait_for("space try");
        }
        "source raise {source}" => {
            show.press(&binding.keys);
            show.tmux.wait_for("is the first already");
        }
        "source lower {source}" => {
            show.press(&binding.keys);
            show.until(|status| first(status) != "tone");
            show.control.order("undo");
            show.until(|status| first(status) == "tone");
            show.tmux.wait_for("▸  ");
        }
        "source remove {source}" => {
            show.press(&binding.keys);
            show.tmux.wait_for("SURE?");
            show.tmux.keys(&["n"]);
            show.tmux.wait_gone("SURE?");
        }
        "source save" | "source revert" => {
            show.press(&binding.keys);
            show.tmux.wait_for("everything that was done to sources");
        }
        other => unknown(binding, other),
    }
}
