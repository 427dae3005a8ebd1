//! Keys that hold while a pane has the focus.

use rigcast::tui::app::Pane;
use rigcast::tui::keymap::Binding;

use super::Show;
use super::commands::asks_and_is_refused;
use super::page::unknown;

/// Gives the pane the focus, presses the key, and checks what it changes.
pub fn press_and_check(show: &mut Show, binding: &Binding, pane: Pane) {
    show.select_strip("tone");
    let tabs = Pane::ALL.iter().position(|known| *known == pane).unwrap();
    for _ in 0..tabs {
        show.tmux.keys(&["Tab"]);
    }
    check(show, binding);
    for _ in 0..tabs {
        show.tmux.keys(&["BTab"]);
    }
}

fn check(show: &mut Show, binding: &Binding) {
    let line = binding.line.as_str();
    match line {
        "set {strip} bypass toggle" | "set {strip} afv toggle" => {
            let field = if line.contains("afv") { "is_afv" } else { "is_bypassed" };
            for is_on in [true, false] {
                show.press(&binding.keys);
                show.until(|status| status["strips"][0][field] == is_on);
            }
        }
        "set {strip} eq toggle" => {
            for is_on in [true, false] {
                show.press(&binding.keys);
                show.until(|status| status["strips"][0]["eq"]["is_on"] == is_on);
            }
        }
        "picture set {source} bypass toggle" => {
            for is_bypassed in [true, false] {
                show.press(&binding.keys);
                show.until(|status| status["sources"][0]["picture"]["is_bypassed"] == is_bypassed);
            }
        }
        "mark" => {
            show.press(&binding.keys);
            show.tmux.wait_for("tone is marked to copy from");
        }
        "copy strip {marked} {strip}" => {
            show.control.order("set grid gate_ratio 9");
            show.tmux.keys(&["Right"]);
            show.tmux.type_text("y");
            show.tmux.wait_for("grid is marked to copy from");
            show.tmux.keys(&["Left"]);
            show.press(&binding.keys);
            show.until(|status| status["strips"][0]["gate"]["ratio"] == 9.0);
            show.control.order("undo");
            show.control.order("reset grid gate");
            show.until(|status| status["strips"][0]["gate"]["ratio"] != 9.0);
        }
        _ if line.starts_with("prompt ") => {
            show.press(&binding.keys);
            show.tmux.wait_for(":preset apply");
            show.tmux.keys(&["Escape"]);
            show.tmux.wait_for("? help");
        }
        "select source next" | "select source previous" => {
            show.press(&binding.keys);
            show.tmux.wait_for(if line.ends_with("next") {
                "╭▸grid ─"
            } else {
                "╭▸white ─"
            });
            show.select_strip("tone");
        }
        "select destination next" | "select destination previous" => {
            let selected =
                |screen: &str| ["main", "spare"].map(|name| crate::has_destination(screen, name)) == [true, false];
            let before = selected(&show.tmux.text());
            show.press(&binding.keys);
            show.tmux
                .wait_until("the other destination", |screen| selected(screen) != before);
        }
        "page picture" | "page network" => {
            show.press(&binding.keys);
            show.tmux.wait_for(if line == "page picture" {
                "PICTURE tone "
            } else {
                "CHANGES, AND WHY"
            });
            show.tmux.keys(&["Escape"]);
            show.wait_desk();
        }
        "destination remove {destination}" => asks_and_is_refused(show, binding),
        other => unknown(binding, other),
    }
}
