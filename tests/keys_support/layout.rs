//! Keys that change how the screen is laid out and what it looks like.

use rigcast::tui::keymap::Binding;

use super::Show;
use super::page::unknown;

/// What only the desk has at 200×50.
const DESK: &str = "╭ DESTINATIONS ─";

/// Presses such a key on the desk, sees what it does, and goes back there.
pub fn press_and_check(show: &mut Show, binding: &Binding) {
    show.tmux.wait_for(DESK);
    match binding.line.as_str() {
        "layout" => {
            show.press(&binding.keys);
            show.tmux.wait_for("✓ layout: program");
            show.tmux.type_text("Ld");
        }
        "layout desk" => {
            show.tmux.type_text("Lp");
            show.tmux.wait_for("✓ layout: program");
            show.press(&binding.keys);
        }
        "layout line" => {
            show.press(&binding.keys);
            show.tmux.wait_gone(DESK);
            show.tmux.wait_for("● ON AIR ");
            show.tmux.type_text("Ld");
        }
        line if line.starts_with("layout ") => {
            show.press(&binding.keys);
            show.tmux.wait_for(&format!("✓ {}", line.replacen(' ', ": ", 1)));
            show.tmux.type_text("Ld");
        }
        line if line.starts_with("zoom") => {
            show.press(&binding.keys);
            show.tmux.wait_gone(DESK);
            show.press(&binding.keys);
        }
        "theme" => {
            for name in ["light", "high-contrast", "none", "dark"] {
                show.press(&binding.keys);
                show.tmux.wait_for(&format!("✓ theme: {name}"));
            }
        }
        line => unknown(binding, line),
    }
    show.tmux.wait_for(DESK);
}
