//! Keys of rules and business data: what they switch, release and forget is in the state.

use rigcast::tui::keymap::Binding;
use serde_json::Value;

use super::Show;
use super::page::unknown;

/// Rules that choose nothing by themselves, so that all other keys have program as ever.
const QUIET: &str = "[[rule]]\nname = \"never\"\nwhen = \"never\"\nscene = \"s1\"\n";

/// There are rules from now on.
fn load(show: &mut Show) {
    let file = std::env::temp_dir().join(format!("keys-{}.rules.toml", std::process::id()));
    std::fs::write(&file, QUIET).unwrap();
    show.control.order(&format!("rules load {}", file.display()));
    show.control.order("rules on");
    let _ = std::fs::remove_file(file);
}

/// Everywhere: program is given back to the rules.
pub fn release(show: &mut Show, binding: &Binding) {
    load(show);
    let before = show.control.status()["program"].as_str().unwrap().to_owned();
    let other = if before == "s3" { "s4" } else { "s3" };
    show.control.order(&format!("cut {other}"));
    show.until(|status| status["rules"]["overridden"]["scene"] == other);
    show.press(&binding.keys);
    show.until(|status| status["rules"]["overridden"] == Value::Null);
    show.control.order("rules off");
    show.control.order(&format!("cut {before}"));
}

/// On the page of rules, which is open.
pub fn on_page(show: &mut Show, binding: &Binding) {
    match binding.line.as_str() {
        "rules toggle" => {
            load(show);
            for is_on in [false, true] {
                show.press(&binding.keys);
                show.until(|status| status["rules"]["is_on"] == is_on);
            }
            show.control.order("rules off");
        }
        "rules release" => release(show, binding),
        "rules explain" => {
            load(show);
            show.press(&binding.keys);
            show.tmux.wait_for("no rule holds");
            show.control.order("rules off");
        }
        "data clear" => {
            show.control.order_words("data", &["set", "{\"a\":1}"]);
            show.until(|status| status["data"]["values"]["a"] == 1);
            show.press(&binding.keys);
            show.until(|status| status["data"]["values"] == serde_json::json!({}));
        }
        line if line.starts_with("prompt ") => super::network::adapt(show, binding),
        other => unknown(binding, other),
    }
}
