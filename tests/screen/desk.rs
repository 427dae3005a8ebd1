//! The sound desk in a real terminal: rigcast inside tmux, keys pressed from outside, and the studio asked what has become
//! of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use crate::common;
use common::home::Home;

#[test]
fn a_strip_is_set_by_keys_alone() {
    let home = Home::new();
    let Some(tmux) = home.terminal(80, 24) else { return };
    tmux.run("rigcast");
    tmux.wait_for("MIXER");
    tmux.keys(&["Enter"]);
    tmux.wait_for("STRIP bars");
    tmux.keys(&["Tab", "Space"]);
    home.wait_until("a high-pass", |status| {
        status["strips"][0]["high_pass"]["is_on"] == true
    });
    tmux.wait_for("TONE high-pass");
    tmux.keys(&["Down", "Right"]);
    home.wait_until("one step more", |status| {
        status["strips"][0]["high_pass"]["hz"]
            .as_f64()
            .is_some_and(|hz| (hz - 89.8).abs() < 0.01)
    });
    tmux.wait_for("*   89.8Hz");
    tmux.keys(&["1"]);
    tmux.wait_for(":set bars high_pass_hz 1");
    tmux.type_text("20");
    tmux.keys(&["Enter"]);
    home.wait_until("the typed value", |status| {
        status["strips"][0]["high_pass"]["hz"] == 120.0
    });
    tmux.keys(&["1"]);
    tmux.type_text("9");
    tmux.keys(&["Enter"]);
    tmux.wait_for("20 to 400 Hz");
    tmux.keys(&["BSpace"]);
    home.wait_until("the default", |status| status["strips"][0]["high_pass"]["hz"] == 80.0);
    tmux.keys(&["y", "]"]);
    tmux.wait_for("STRIP grid");
    tmux.keys(&["p"]);
    home.wait_until("a copy", |status| status["strips"][1]["high_pass"]["is_on"] == true);
    tmux.keys(&["b"]);
    tmux.wait_for("BYPASS");

    tmux.resize(120, 34);
    tmux.keys(&["B"]);
    tmux.wait_for("SHORT-TERM");
    tmux.keys(&["Left"]);
    home.wait_until("another target", |status| status["buses"]["target_lufs"] == -17.0);
    tmux.wait_for("to -17.0 LUFS");
    // Program is a tone: its loudness is known after three seconds.
    tmux.wait_until("a measured loudness", |screen| {
        screen
            .lines()
            .any(|line| line.contains("range") && line.contains("TP -") && !line.contains("--.-"))
    });
    tmux.keys(&["Escape"]);
    tmux.wait_for("PVW");
}
