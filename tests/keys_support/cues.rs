//! Keys of cues: what they run, hold, leave out and fire. The cues do nothing, so that nothing else of the show changes.

use rigcast::tui::keymap::Binding;
use serde_json::Value;

use super::Show;
use super::page::unknown;

const LIST: &str = "[[cue]]\nname = \"a\"\nat = \"1h\"\n[[cue]]\nname = \"b\"\nat = \"2h\"\n[[cue]]\nname = \"c\"\n";

fn phase(status: &Value) -> &str {
    status["cues"]["run"]["phase"].as_str().unwrap_or_default()
}

/// Three cues, none of which has come; no run is under way.
fn load(show: &mut Show) {
    end(show);
    let path = show.home.folder.path().join("keys.cues.toml");
    std::fs::write(&path, LIST).unwrap();
    show.control.order(&format!("cue load {}", path.display()));
    show.until(|status| status["cues"]["list"]["title"] == "keys");
}

fn end(show: &mut Show) {
    if matches!(phase(&show.control.status()), "running" | "held") {
        show.control.order("cue stop");
        show.until(|status| phase(status) == "over");
    }
}

/// Everywhere: the page, and go.
pub fn everywhere(show: &mut Show, binding: &Binding) {
    load(show);
    match binding.line.as_str() {
        "page cues" => {
            show.press(&binding.keys);
            show.tmux.wait_for(" CUES keys ");
            show.tmux.keys(&["Escape"]);
            show.wait_desk();
        }
        "cue go" => {
            show.control.order("cue run");
            show.control.order("cue hold");
            show.press(&binding.keys);
            show.until(|status| phase(status) == "running");
            show.press(&binding.keys);
            show.until(|status| status["cues"]["run"]["cues"][2]["phase"] == "done");
        }
        other => unknown(binding, other),
    }
    end(show);
}

/// On the page of cues, which is open.
pub fn on_page(show: &mut Show, binding: &Binding) {
    load(show);
    let line = binding.line.as_str();
    let phase_of =
        |at: usize, phase: &'static str| move |status: &Value| status["cues"]["run"]["cues"][at]["phase"] == phase;
    match line {
        "select cue next" | "select cue previous" => {
            select(show, "1:00:00 ·");
            show.press(&binding.keys);
            let to = if line.ends_with("next") {
                "2:00:00 ·"
            } else {
                "by hand ·"
            };
            show.tmux.wait_for(to);
        }
        "cue fire {cue}" => {
            select(show, "1:00:00 ·");
            show.control.order("cue run");
            show.press(&binding.keys);
            show.until(phase_of(0, "done"));
        }
        "cue run" => {
            show.press(&binding.keys);
            show.until(|status| phase(status) == "running");
            show.tmux.wait_for("RUNNING 0:0");
        }
        "cue run {cue}" => {
            select(show, "2:00:00 ·");
            show.press(&binding.keys);
            show.until(phase_of(1, "done"));
            show.tmux.wait_for("RUNNING 2:00:0");
        }
        "cue hold" => {
            show.control.order("cue run");
            show.press(&binding.keys);
            show.until(|status| phase(status) == "held");
            show.tmux.wait_for("HELD 0:0");
        }
        "cue skip" => {
            show.control.order("cue run");
            show.press(&binding.keys);
            show.until(phase_of(0, "skipped"));
            show.tmux.wait_for("left out");
        }
        "cue stop" => {
            show.control.order("cue run");
            show.press(&binding.keys);
            show.tmux.wait_for("SURE?");
            show.tmux.keys(&["y"]);
            show.until(|status| phase(status) == "over");
        }
        other => unknown(binding, other),
    }
    end(show);
}

/// Selects the cue whose detail begins so.
fn select(show: &Show, detail: &str) {
    const DETAILS: [&str; 3] = ["1:00:00 · errors", "2:00:00 · errors", "by hand · errors"];
    for _ in DETAILS {
        let screen = show.tmux.wait_for("· errors: stop");
        if screen.contains(detail) {
            return;
        }
        let here = DETAILS.into_iter().find(|known| screen.contains(known));
        show.tmux.keys(&["Down"]);
        show.tmux.wait_gone(here.unwrap_or_default());
    }
    show.tmux.wait_for(detail);
}
