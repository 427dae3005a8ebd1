//! A studio far away: its socket forwarded by `ssh -L`, a script and a screen at this end of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use crate::common;
use common::home::Home;
use common::ssh::Sshd;
use common::studio::Studio;
use common::tmux::PROMPT;
use serde_json::Value;

#[test]
fn a_studio_is_run_through_a_forwarded_socket_and_outlives_the_line() {
    // Two users: nothing but the tunnel leads from one to the other.
    let (far, near) = (Home::new(), Home::new());
    let (Some(sshd), Some(tmux)) = (Sshd::start(), near.terminal(120, 34)) else {
        return;
    };
    let _studio = Studio::start_in(&[], |command| {
        command.env("XDG_RUNTIME_DIR", far.folder.path());
    });
    assert_eq!(near.ctl("status").status.code(), Some(3), "no studio on this side");
    let remote = far.folder.path().join("rigcast/studio.sock");
    let tunnel = sshd.tunnel(&remote);
    let socket = tunnel.socket.to_str().unwrap().to_owned();

    // Scripts.
    let output = near.rigcast(&["ctl", "--socket", &socket, "status"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&status["name"], &status["program"]),
        (&"studio".into(), &"bars".into())
    );
    let muted = near.rigcast(&["ctl", "--socket", &socket, "mute", "grid", "off"]);
    assert!(muted.status.success(), "{}", String::from_utf8_lossy(&muted.stderr));
    far.wait_until("an unmuted strip", |status| status["strips"][1]["is_muted"] == false);

    // A screen: keys go there, pictures come back.
    let before = tmux.stty();
    let attach = format!("rigcast attach --socket {socket}");
    tmux.run(&attach);
    tmux.wait_for("MIXER");
    tmux.wait_for("▀");
    tmux.keys(&["m"]);
    far.wait_until("a key's effect", |status| status["strips"][0]["is_muted"] == true);
    tmux.wait_for("▸bars    M");

    // The line drops: the screen says so and gives the terminal back, and the show goes on.
    let seen = frames(&far.status());
    tunnel.cut();
    tmux.wait_for("the connection to it broke");
    tmux.wait_for(&format!("come back with: {attach}"));
    tmux.wait_until("the prompt", |screen| screen.trim_end().ends_with(PROMPT.trim_end()));
    assert!(tmux.is_given_back(), "{}", tmux.text());
    assert_eq!(tmux.stty(), before);
    far.wait_until("no client", |status| status["stats"]["clients"] == 0);
    far.wait_until("a second more of the show", |status| frames(status) > seen + 30);

    // Through a dead line nobody answers, and a new one leads to the same show.
    let output = near.rigcast(&["ctl", "--socket", &socket, "status"]);
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let _tunnel = sshd.tunnel(&remote);
    tmux.run(&format!("clear; {attach}"));
    tmux.wait_for("▸bars    M");
    tmux.keys(&["q"]);
    tmux.wait_for("Come back with: rigcast attach");
}

fn frames(status: &Value) -> u64 {
    status["stats"]["frames"].as_u64().unwrap()
}
