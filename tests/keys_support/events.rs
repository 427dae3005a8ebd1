//! Keys of events, charts, alarms and the bell: what they open, select, leave out, and know.

use rigcast::tui::keymap::Binding;
use serde_json::Value;

use super::Show;
use super::page::unknown;

/// Everywhere: an alarm is known, the bell rings or does not.
pub fn everywhere(show: &mut Show, binding: &Binding) {
    match binding.line.as_str() {
        "alarm ack" => {
            let is_there = |status: &Value| !status["alarms"].as_array().unwrap().is_empty();
            if !is_there(&show.control.status()) {
                // Faces that were hidden and are no longer.
                show.control.order("occlusion on");
                show.control.order("occlusion off");
                show.until(is_there);
            }
            show.tmux.wait_for("! acknowledges");
            show.press(&binding.keys);
            show.until(|status| {
                status["alarms"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|alarm| alarm["is_acked"] == true)
            });
            show.tmux.wait_gone("! acknowledges");
        }
        "bell toggle" => {
            for said in ["the bell rings", "the bell is silent"] {
                show.press(&binding.keys);
                show.tmux.wait_for(said);
            }
        }
        other => unknown(binding, other),
    }
}

/// On the page of events, which is open. Two events come first that a script has caused.
pub fn on_page(show: &mut Show, binding: &Binding) {
    show.control.order("mute white on");
    show.control.order("mute white off");
    show.tmux.wait_for("by script: mute white off");
    let line = binding.line.as_str();
    match line {
        "select event previous" | "select event next" => {
            show.tmux.keys(&["End"]);
            let last = place(show);
            show.tmux.keys(&["Up", "Up"]);
            let two_up = last - 2;
            wait_place(show, two_up);
            show.press(&binding.keys);
            let to = if line.ends_with("next") { two_up + 1 } else { two_up - 1 };
            wait_place(show, to);
        }
        "events go first" | "events go last" | "events go up" | "events go down" => {
            let is_down = line.ends_with("down") || line.ends_with("last");
            let last = place(show);
            show.tmux.keys(&[if is_down { "Home" } else { "End" }]);
            let before = if is_down { 1 } else { last };
            wait_place(show, before);
            show.press(&binding.keys);
            show.tmux.wait_until("another event", |screen| {
                place_on(screen).is_some_and(|at| at != before)
            });
        }
        "events copy" => {
            show.press(&binding.keys);
            show.tmux.wait_for("copied: mute white off");
        }
        "events edit" => {
            show.press(&binding.keys);
            show.tmux.wait_for(":mute white off");
            show.tmux.keys(&["Escape"]);
        }
        "events level" => {
            for said in [
                "warnings and errors are shown",
                "errors are shown",
                "all events are shown",
            ] {
                show.press(&binding.keys);
                show.tmux.wait_for(said);
            }
        }
        "events filter" => {
            show.tmux.type_text("/white");
            show.tmux.keys(&["Enter"]);
            show.tmux.wait_for("hidden; shown: with \"white\"");
            show.press(&binding.keys);
            show.tmux.wait_gone("hidden; shown:");
        }
        _ if line.starts_with("prompt ") => {
            show.press(&binding.keys);
            show.tmux.wait_for(":events filter");
            show.tmux.keys(&["Escape"]);
        }
        other => unknown(binding, other),
    }
    show.tmux.keys(&["End"]);
}

/// On the page of charts, which is open: the other destination's.
pub fn on_charts(show: &mut Show, binding: &Binding) {
    match binding.line.as_str() {
        "select destination next" | "select destination previous" => {
            let before = show.tmux.wait_for("RTT ");
            let other = if before.contains("RTT main") {
                "RTT spare"
            } else {
                "RTT main"
            };
            show.press(&binding.keys);
            show.tmux.wait_for(other);
        }
        other => unknown(binding, other),
    }
}

/// Which event is selected, counted from the oldest that is shown.
fn place(show: &Show) -> usize {
    // Events that are still on their way to the screen would count as steps.
    let seen = std::cell::Cell::new((None, 0));
    let screen = show.tmux.wait_until("a list of events at rest", |screen| {
        let (last, times) = seen.get();
        let now = place_on(screen);
        let times = if now == last { times + 1 } else { 0 };
        seen.set((now, times));
        now.is_some() && times >= 15
    });
    place_on(&screen).unwrap()
}

fn place_on(screen: &str) -> Option<usize> {
    let title = screen.lines().find(|line| line.contains(" EVENTS "))?;
    let (before, _) = title.split_once('/')?;
    before.rsplit([' ', '─']).next()?.parse().ok()
}

fn wait_place(show: &Show, wanted: usize) {
    show.tmux
        .wait_until("that event", |screen| place_on(screen) == Some(wanted));
}
