//! Keys of the page of a source's picture: what they set is in the state, and the brightness that they set is what a viewer
//! sees.

use rigcast::tui::keymap::Binding;
use serde_json::Value;

use super::page::{leave_prompt, select, unknown};
use super::{Heard, Show};

/// Keys of the page, which is open for the source `tone`.
pub fn on_page(show: &mut Show, binding: &Binding) {
    let picture = |status: &Value| status["sources"][0]["picture"].clone();
    match binding.line.as_str() {
        "picture set {source} {parameter} next" => brightness(show, binding, 0.0, 5.0),
        "picture set {source} {parameter} previous" => brightness(show, binding, 0.0, -5.0),
        "picture set {source} {parameter} +10steps" => brightness(show, binding, 0.0, 50.0),
        "picture set {source} {parameter} -=10steps" => brightness(show, binding, 0.0, -50.0),
        "picture reset {source} {parameter}" => brightness(show, binding, 50.0, 0.0),
        "picture set {source} {switch} toggle" => {
            select(show, "sharpen_floor");
            for is_on in [true, false] {
                show.press(&binding.keys);
                show.until(|status| status["sources"][0]["picture"]["sharpen"]["is_on"] == is_on);
            }
        }
        "picture set {source} bypass toggle" => {
            for is_bypassed in [true, false] {
                show.press(&binding.keys);
                show.until(|status| status["sources"][0]["picture"]["is_bypassed"] == is_bypassed);
                if is_bypassed {
                    show.tmux.wait_for("BYPASS");
                } else {
                    show.tmux.wait_gone("BYPASS");
                }
            }
        }
        "picture reset {source} {stage}" => {
            let before = picture(&show.control.status());
            show.control.order("picture set tone sharpen_percent 80");
            show.control.order("picture set tone sharpen_floor 5");
            select(show, "sharpen_floor");
            show.press(&binding.keys);
            show.until(|status| picture(status) == before);
        }
        "mark" => {
            show.press(&binding.keys);
            show.tmux.wait_for("marked");
        }
        "picture copy {marked_source} {source}" => {
            show.control.order("picture set tone sharpen_percent 85");
            show.tmux.type_text("y]");
            show.tmux.wait_for("PICTURE grid ");
            show.press(&binding.keys);
            show.until(|status| status["sources"][1]["picture"]["sharpen"]["percent"] == 85.0);
            show.control.order("picture reset tone");
            show.control.order("picture reset grid");
            show.tmux.type_text("[");
            show.tmux.wait_for("PICTURE tone ");
        }
        line @ ("select source next" | "select source previous") => {
            show.press(&binding.keys);
            let (other, back) = if line.ends_with("next") {
                ("grid", "[")
            } else {
                ("white", "]")
            };
            show.tmux.wait_for(&format!("PICTURE {other} "));
            show.tmux.type_text(back);
            show.tmux.wait_for("PICTURE tone ");
        }
        "prompt \"picture save \"" => {
            show.press(&binding.keys);
            show.tmux.wait_for(":picture save");
            leave_prompt(show);
        }
        other => unknown(binding, other),
    }
}

/// Brightness, set on the page, is what the viewer sees. A step of 5 is too small to be told from what moves in the picture.
fn brightness(show: &mut Show, binding: &Binding, from: f64, to: f64) {
    show.control
        .order(&format!("picture set tone brightness_percent {from}"));
    select(show, "brightness_percent");
    let before = show.held(0.4);
    show.press(&binding.keys);
    show.until(|status| status["sources"][0]["picture"]["tone"]["brightness_percent"] == to);
    if (to - from).abs() >= 50.0 {
        let (begin, end) = show.held(0.4);
        let by = 4.0 * (to - from).signum();
        show.note(Heard::Brighter { before, by }, begin, end);
    }
    show.control.order("picture set tone brightness_percent 0");
}
