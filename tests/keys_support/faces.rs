//! Keys that hide faces or show them. The show has no face in it: what a key makes of a face is looked at in
//! `tests/tui/faces.rs`, and what a viewer sees of faces in `tests/faces_on_air.rs`. Here it is that each key reaches the
//! studio, asks before it shows anything, and that a zone is hidden from the viewer.

use rigcast::tui::keymap::Binding;
use serde_json::Value;

use super::page::{leave_prompt, unknown};
use super::{Heard, Show};

/// The highest level of the first policy: nothing is covered there, so the other keys' pictures stay readable.
const TOP: u64 = 9;

/// Commands that hold everywhere and on the page alike.
pub fn occlusion(show: &mut Show, binding: &Binding) {
    let level = |status: &Value| status["occlusion"]["level"].as_u64();
    let is_armed = |status: &Value| status["occlusion"]["is_armed"] == true;
    match binding.line.as_str() {
        "occlusion more" => {
            show.control.order("occlusion level 3");
            show.press(&binding.keys);
            show.until(|status| level(status) == Some(2));
        }
        "occlusion less" => {
            show.control.order("occlusion level 1");
            show.press(&binding.keys);
            show.tmux.wait_for("SURE?");
            show.tmux.keys(&["n"]);
            show.tmux.wait_gone("SURE?");
            assert_eq!(
                level(&show.control.status()),
                Some(1),
                "without a yes nothing more is shown"
            );
            show.press(&binding.keys);
            yes(show);
            show.until(|status| level(status) == Some(2));
        }
        "occlusion on" => {
            show.control.order(&format!("occlusion level {TOP}"));
            show.press(&binding.keys);
            show.until(is_armed);
            show.tmux.wait_for("OCC FACES SHOWN");
            show.control.order("occlusion off");
            show.until(|status| !is_armed(status));
        }
        "occlusion off" => {
            show.control.order(&format!("occlusion level {TOP}"));
            show.control.order("occlusion on");
            show.tmux.wait_for("OCC FACES SHOWN");
            show.press(&binding.keys);
            yes(show);
            show.until(|status| !is_armed(status));
            show.tmux.wait_gone("OCC FACES SHOWN");
        }
        other => unknown(binding, other),
    }
    show.control.order("occlusion level 0");
}

fn yes(show: &Show) {
    show.tmux.wait_for("SURE?");
    show.tmux.keys(&["y"]);
    show.tmux.wait_gone("SURE?");
}

/// Keys of the page of faces, which is open.
pub fn on_page(show: &mut Show, binding: &Binding) {
    match binding.line.as_str() {
        "select face next" | "select face previous" => {
            // With no face there is nothing to select, and the page says so.
            show.press(&binding.keys);
            show.tmux.wait_for("not looked for");
        }
        "face exempt {face}" | "face hide {face}" => {
            show.press(&binding.keys);
            show.tmux.wait_for("no face is selected");
            assert!(!show.tmux.text().contains("SURE?"));
        }
        "face release" => {
            show.press(&binding.keys);
            yes(show);
            show.tmux.wait_for("✓ face release");
        }
        "occlusion mask {next_mask}" => {
            for mask in ["mosaic", "blur", "sticker", "solid"] {
                show.press(&binding.keys);
                show.until(|status| status["occlusion"]["mask"] == mask);
                show.tmux.wait_for(&format!("mask    {mask}"));
            }
        }
        "occlusion sticker {next_sticker}" => {
            let occlusion = show.control.status()["occlusion"].clone();
            let sets = occlusion["stickers"].as_array().unwrap();
            // The set that is chosen already comes last, after one turn through all of them.
            let chosen = sets.iter().position(|set| *set == occlusion["sticker"]).unwrap_or(0);
            for set in sets.iter().cycle().skip(chosen + 1).take(sets.len()) {
                show.press(&binding.keys);
                show.until(|status| status["occlusion"]["sticker"] == *set);
                // Which set is the next is the screen's to know.
                show.tmux.wait_for(set.as_str().unwrap());
            }
            if sets.is_empty() {
                show.press(&binding.keys);
                show.tmux.wait_for("there is no set of stickers");
            }
            show.control.order("occlusion mask solid");
        }
        "occlusion policy {next_policy}" => {
            let status = show.control.status();
            let first = status["occlusion"]["policy"]["name"].clone();
            let count = status["occlusion"]["policies"].as_array().unwrap().len();
            assert!(count >= 3, "the shipped ones");
            for _ in 0..count {
                let before = show.control.status()["occlusion"]["policy"]["name"].clone();
                show.press(&binding.keys);
                show.until(|status| status["occlusion"]["policy"]["name"] != before);
                // Which policy is the next is the screen's to know.
                let status = show.control.status();
                let name = status["occlusion"]["policy"]["name"].as_str().unwrap().to_owned();
                show.tmux.wait_for(&format!("policy  {name}"));
            }
            assert_eq!(
                show.control.status()["occlusion"]["policy"]["name"],
                first,
                "round the end"
            );
            show.control.order("occlusion mask solid");
        }
        "prompt \"rendition level \"" => {
            show.press(&binding.keys);
            show.tmux.wait_for(":rendition level");
            leave_prompt(show);
        }
        line if line.starts_with("prompt ") => zone(show, binding),
        line if line.starts_with("occlusion level ") => {
            // From the level above: what hides more asks nothing.
            let wanted: u64 = line.trim_start_matches("occlusion level ").parse().unwrap();
            show.control.order(&format!("occlusion level {}", wanted + 1));
            // What asks is the screen, by the level that it knows.
            show.tmux.wait_for(&format!("LEVEL {} of ", wanted + 1));
            show.press(&binding.keys);
            show.until(|status| status["occlusion"]["level"] == wanted);
            show.control.order("occlusion level 0");
        }
        _ => occlusion(show, binding),
    }
}

/// A zone over the patch of the scene on program: the viewer does not see it until the zone is gone.
fn zone(show: &mut Show, binding: &Binding) {
    let zones = |status: &Value| status["occlusion"]["zones"].as_array().unwrap().len();
    if binding.line.contains("add") {
        show.press(&binding.keys);
        show.tmux.wait_for(":zone add");
        show.tmux.type_text("patch 8 25 14 20");
        show.tmux.keys(&["Enter"]);
        show.until(|status| zones(status) == 1);
        show.tmux.wait_for("patch");
        let (from, to) = show.held(0.4);
        show.note(Heard::Hidden(1), from, to);
        show.control.order("zone remove patch");
    } else {
        show.control.order("zone add patch 8 25 14 20");
        show.press(&binding.keys);
        show.tmux.wait_for(":zone remove");
        show.tmux.type_text("patch");
        show.tmux.keys(&["Enter"]);
        yes(show);
        show.until(|status| zones(status) == 0);
        let (from, to) = show.held(0.4);
        show.note(Heard::Scene(1), from, to);
    }
    if show.tmux.text().contains("tab completes") {
        leave_prompt(show);
    }
}
