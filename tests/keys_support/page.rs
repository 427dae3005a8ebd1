//! Keys that hold while a page is open. Here those of the sound desk; those of faces and pictures have files of their own.

use rigcast::studio::command::Page;
use rigcast::tui::keymap::{Binding, Context};
use serde_json::Value;

use super::{Heard, Show};

/// Opens the page that the key belongs to, presses it, and checks what it changes: on the screen, in the state, and for
/// those that set the gain what a viewer hears.
pub fn press_and_check(show: &mut Show, binding: &Binding) {
    show.select_strip("tone");
    let (key, opened, check): (&str, &str, fn(&mut Show, &Binding)) = match binding.context {
        Context::Page(Page::Buses) => ("B", "SHORT-TERM", on_buses),
        Context::Page(Page::Faces) => ("F", "REGIONS NOW", super::faces::on_page),
        Context::Page(Page::Picture) => ("i", "PICTURE tone ", super::picture::on_page),
        Context::Page(Page::Network) => ("N", "CHANGES, AND WHY", super::network::on_page),
        Context::Page(Page::Moderation) => ("W", "WHO JUDGES", super::moderation::on_page),
        Context::Page(Page::Events) => ("E", "newest at the bottom", super::events::on_page),
        Context::Page(Page::Items) => ("I", "as in the scene file", super::items::on_page),
        Context::Page(Page::Cues) => ("U", " CUES ", super::cues::on_page),
        Context::Page(Page::Sources) => ("+", " IN THE SHOW ", super::sources::on_page),
        Context::Page(Page::Rules) => ("O", "a take by hand holds program", super::rules::on_page),
        Context::Page(Page::Charts) => ("C", "the last ten minutes", super::events::on_charts),
        Context::Everywhere | Context::AnyPage | Context::Pane(_) | Context::Page(Page::Strip) => {
            ("Enter", "STRIP tone ", on_strip)
        }
    };
    show.tmux.keys(&[key]);
    show.tmux.wait_for(opened);
    check(show, binding);
    if binding.line != "page close" {
        show.tmux.keys(&["Escape"]);
    }
    show.wait_desk();
}

fn on_strip(show: &mut Show, binding: &Binding) {
    let settings = |status: &Value| status["strips"][0].clone();
    let line = binding.line.as_str();
    match line {
        "page close" => show.press(&binding.keys),
        "select parameter next" | "select parameter previous" => {
            select(show, "gain_db");
            show.press(&binding.keys);
            wait_selected(
                show,
                if line.ends_with("next") {
                    "pan_percent"
                } else {
                    "ride_range_db"
                },
            );
        }
        "select stage next" | "select stage previous" => {
            select(show, "gate_hold_ms");
            show.press(&binding.keys);
            wait_selected(show, if line.ends_with("next") { "eq" } else { "denoise" });
        }
        "select strip next" | "select strip previous" => {
            show.press(&binding.keys);
            let (other, back) = if line.ends_with("next") {
                ("grid", "[")
            } else {
                ("white", "]")
            };
            show.tmux.wait_for(&format!("STRIP {other} "));
            show.tmux.type_text(back);
            show.tmux.wait_for("STRIP tone ");
        }
        _ if line == "type" || line.starts_with("type ") => {
            select(show, "gain_db");
            show.press(&binding.keys);
            let typed = line.strip_prefix("type").unwrap_or_default().trim();
            // tmux leaves out the blank at the end of a row.
            show.tmux.wait_for(format!(":set tone gain_db {typed}").trim_end());
            leave_prompt(show);
        }
        _ if line.starts_with("prompt ") => {
            show.press(&binding.keys);
            let begins = line.trim_start_matches("prompt ").trim_matches('"').trim_end();
            show.tmux.wait_for(&format!(":{begins}"));
            leave_prompt(show);
        }
        "set {strip} {parameter} next" => gain(show, binding, 0.0, 1.0),
        "set {strip} {parameter} previous" => gain(show, binding, 0.0, -1.0),
        "set {strip} {parameter} +10steps" => gain(show, binding, -6.0, 4.0),
        "set {strip} {parameter} -=10steps" => gain(show, binding, 4.0, -6.0),
        "reset {strip} {parameter}" => gain(show, binding, 5.0, 0.0),
        "set {strip} {switch} toggle" => {
            select(show, "gate_hold_ms");
            for is_on in [true, false] {
                show.press(&binding.keys);
                show.until(|status| status["strips"][0]["gate"]["is_on"] == is_on);
            }
        }
        "set {strip} bypass toggle" => {
            for is_bypassed in [true, false] {
                show.press(&binding.keys);
                show.until(|status| status["strips"][0]["is_bypassed"] == is_bypassed);
                let mark = "BYPASS";
                if is_bypassed {
                    show.tmux.wait_for(mark);
                } else {
                    show.tmux.wait_gone(mark);
                }
            }
        }
        "reset {strip} {stage}" => {
            let before = settings(&show.control.status());
            show.control.order("set tone gate_ratio 7");
            show.control.order("set tone gate_range_db 50");
            select(show, "gate_hold_ms");
            show.press(&binding.keys);
            show.until(|status| settings(status) == before);
        }
        "mark" => {
            show.press(&binding.keys);
            show.tmux.type_text("]");
            show.tmux.wait_for("STRIP grid ");
            // What is marked is what a paste takes.
            show.tmux.wait_for("p paste");
            show.tmux.type_text("[");
            show.tmux.wait_for("STRIP tone ");
        }
        "copy strip {marked} {strip}" => {
            let before = settings(&show.control.status());
            show.control.order("set grid gate_ratio 9");
            show.tmux.type_text("]");
            show.tmux.wait_for("STRIP grid ");
            show.tmux.type_text("y[");
            show.tmux.wait_for("STRIP tone ");
            show.press(&binding.keys);
            show.until(|status| status["strips"][0]["gate"]["ratio"] == 9.0);
            show.control.order("reset grid gate");
            // The other strip has no gain and no mute of its own: only the copied gate is to be taken back.
            show.control.order("reset tone gate");
            show.until(|status| settings(status)["gate"] == before["gate"]);
            show.control.order("gain tone 0");
        }
        other => unknown(binding, other),
    }
}

fn on_buses(show: &mut Show, binding: &Binding) {
    let set = |show: &mut Show, from: f64, to: f64| {
        show.control.order(&format!("bus set duck_by_db {from}"));
        select(show, "duck_by_db");
        show.press(&binding.keys);
        show.until(|status| status["buses"]["ducking"]["by_db"] == to);
        show.control.order("bus reset duck");
    };
    match binding.line.as_str() {
        "bus set {parameter} next" => set(show, 12.0, 13.0),
        "bus set {parameter} previous" => set(show, 12.0, 11.0),
        "bus set {parameter} +10steps" => set(show, 12.0, 22.0),
        "bus set {parameter} -=10steps" => set(show, 12.0, 2.0),
        "bus reset {parameter}" | "bus reset {stage}" => set(show, 20.0, 12.0),
        "bus set {switch} toggle" => {
            select(show, "duck_by_db");
            for is_on in [false, true] {
                show.press(&binding.keys);
                show.until(|status| status["buses"]["ducking"]["is_on"] == is_on);
            }
        }
        "loudness reset" => {
            let told = |status: &Value| super::super::count_events(status, "program", "loudness is measured anew");
            let before = told(&show.control.status());
            show.press(&binding.keys);
            show.until(|status| told(status) == before + 1);
        }
        other => unknown(binding, other),
    }
}

/// Gain, set on the page, is what the viewer hears.
fn gain(show: &mut Show, binding: &Binding, from: f64, to: f64) {
    show.control.order(&format!("gain tone {from}"));
    select(show, "gain_db");
    show.press(&binding.keys);
    show.until(|status| status["strips"][0]["gain_db"] == to);
    let (from, until) = show.held(0.6);
    show.note(Heard::Tone(to), from, until);
    show.control.order("gain tone 0");
}

/// The parameter that the line above the keys explains.
fn selected(screen: &str) -> Option<String> {
    let line = screen.trim_end().lines().rev().nth(1)?;
    line.split_whitespace().next().map(str::to_owned)
}

pub fn wait_selected(show: &Show, parameter: &str) {
    show.tmux
        .wait_until(parameter, |screen| selected(screen).as_deref() == Some(parameter));
}

/// Moves down until it is there.
pub fn select(show: &Show, parameter: &str) {
    for _ in 0..60 {
        let before = selected(&show.tmux.text());
        if before.as_deref() == Some(parameter) {
            return;
        }
        show.tmux.keys(&["Down"]);
        show.tmux
            .wait_until("another parameter", |screen| selected(screen) != before);
    }
    panic!("{parameter} cannot be selected:\n{}", show.tmux.text());
}

pub fn leave_prompt(show: &Show) {
    show.tmux.keys(&["Escape"]);
    show.tmux.wait_for("esc close");
}

pub fn unknown(binding: &Binding, line: &str) -> ! {
    panic!(
        "the key {} of a page is bound to '{line}', which no check covers",
        binding.keys_text()
    )
}
