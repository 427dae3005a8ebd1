//! Keys of moderation, everywhere and on its page. The show is not held and nobody listens in it, so that all other keys are
//! heard and seen when they are pressed: here it is that each key reaches the studio, that a mute is heard at once, and that a
//! key which has nothing to act on says so. What keys do with words that are held is looked at in `tests/tui/moderation.rs`.

use rigcast::tui::keymap::Binding;
use serde_json::Value;

use super::page::unknown;
use super::{Heard, Show};

fn target_ms(status: &Value) -> Option<i64> {
    let target = &status["moderation"]["hold"]["target_ms"];
    target.as_i64().or_else(|| target.as_f64().map(|ms| ms.round() as i64))
}

/// Keys that hold on every screen.
pub fn everywhere(show: &mut Show, binding: &Binding) {
    show.select_strip("tone");
    match binding.line.as_str() {
        "moderate program" => {
            for is_muted in [true, false] {
                show.press(&binding.keys);
                show.until(|status| status["moderation"]["is_program_muted"] == is_muted);
                if is_muted {
                    show.tmux.wait_for("MUTED BY MODERATION");
                } else {
                    show.tmux.wait_gone("MUTED BY MODERATION");
                }
                muted(show, is_muted);
            }
        }
        "moderate strip {strip}" => {
            for is_muted in [true, false] {
                show.press(&binding.keys);
                show.until(|status| {
                    let strips = status["moderation"]["muted_strips"].as_array();
                    strips.is_some_and(|strips| strips.iter().any(|strip| strip == "tone") == is_muted)
                });
                // The mixer's own mute is another one, and stays as it was.
                show.strip_shows(&format!("▸tone    {}·", if is_muted { 'X' } else { '·' }));
                assert_eq!(show.control.status()["strips"][0]["is_muted"], false);
                muted(show, is_muted);
            }
        }
        "dump" => nothing_to_dump(show, binding),
        other => unknown(binding, other),
    }
}

fn muted(show: &mut Show, is_muted: bool) {
    let (from, to) = show.held(0.6);
    show.note(if is_muted { Heard::Silence } else { Heard::Tone(0.0) }, from, to);
}

/// It is done at once, without a question; and where nothing is held, it is said.
fn nothing_to_dump(show: &mut Show, binding: &Binding) {
    show.press(&binding.keys);
    let screen = show.tmux.wait_for("nothing is held");
    assert!(!screen.contains("SURE?"), "{screen}");
}

/// Keys of the page, which is open.
pub fn on_page(show: &mut Show, binding: &Binding) {
    let line = binding.line.as_str();
    let refused = |show: &mut Show, text: &str| {
        show.press(&binding.keys);
        let screen = show.tmux.wait_for(text);
        assert!(!screen.contains("SURE?"), "{screen}");
    };
    match line {
        // Nothing is held that could be selected, and the page says so.
        "select word next" | "select word previous" => refused(show, "nothing is held: what is said goes out at once"),
        "moderate word {word} beep" | "moderate word {word} mute" => refused(show, "no word is selected"),
        "mark" | "moderate span {from} {until} mute" => refused(show, "nothing is selected of what is held"),
        "moderate span 2 0 mute" => refused(show, "that is on air already"),
        "dump 2" => nothing_to_dump(show, binding),
        // With nothing else to take back, it is that program is muted.
        "moderate restore {span}" => {
            show.control.order("moderate program on");
            show.tmux.wait_for("PROGRAM MUTED");
            show.press(&binding.keys);
            show.tmux.wait_for("SURE?");
            show.tmux.keys(&["y"]);
            show.until(|status| status["moderation"]["is_program_muted"] == false);
            show.tmux.wait_gone("PROGRAM MUTED");
            muted(show, false);
            // What has gone out stays selected for a moment; the next keys want nothing selected.
            let empty = "nobody listens for words";
            show.tmux
                .wait_until("an empty list", |screen| screen.matches(empty).count() == 2);
        }
        "hold {hold_up}" => {
            show.press(&binding.keys);
            show.until(|status| target_ms(status) == Some(1000));
            not_held(show);
        }
        "hold {hold_down}" => {
            show.control.order("hold 1");
            show.until(|status| target_ms(status) == Some(1000));
            show.tmux.wait_for("→1.0 s");
            show.press(&binding.keys);
            show.tmux.wait_for("SURE?");
            show.tmux.keys(&["y"]);
            show.until(|status| target_ms(status) == Some(0));
            not_held(show);
        }
        "moderate on" => refused(show, "there are no lists of words"),
        "moderate off" => {
            show.press(&binding.keys);
            show.tmux.wait_for("SURE?");
            show.tmux.keys(&["n"]);
            show.tmux.wait_gone("SURE?");
            show.press(&binding.keys);
            show.tmux.wait_for("SURE?");
            show.tmux.keys(&["y"]);
            show.tmux.wait_for("✓ moderate off");
        }
        _ if line.starts_with("prompt ") => {
            show.press(&binding.keys);
            let begins = line.trim_start_matches("prompt ").trim_matches('"').trim_end();
            show.tmux.wait_for(&format!(":{begins}"));
            if begins == "unjudged" {
                unjudged(show);
            } else {
                show.tmux.keys(&["Escape"]);
            }
            show.tmux.wait_for("esc close");
        }
        other => unknown(binding, other),
    }
}

/// What nobody has judged goes out only when that was meant.
fn unjudged(show: &mut Show) {
    show.tmux.type_text("pass");
    show.tmux.keys(&["Enter"]);
    show.tmux.wait_for("SURE?");
    show.tmux.keys(&["y"]);
    show.until(|status| status["moderation"]["is_unjudged_passed"] == true);
    show.tmux.wait_for("GOES OUT");
    show.control.order("unjudged mute");
    show.until(|status| status["moderation"]["is_unjudged_passed"] == false);
}

/// The keys that come after are looked at when they are pressed, so nothing may be held any more.
fn not_held(show: &mut Show) {
    show.control.order("hold 0");
    show.until(|status| {
        let hold = &status["moderation"]["hold"];
        target_ms(status) == Some(0) && hold["now_ms"].as_f64() == Some(0.0)
    });
}
