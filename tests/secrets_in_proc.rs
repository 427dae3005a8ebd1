//! Stream keys are in no process's arguments and environment: not in the studio's, not in that of `rigcast` which started it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use std::fs;
use std::time::Duration;

use common::home::Home;
use common::studio::Studio;

const SCENE: &str = "[source.bars]\nkind = \"pattern\"\n[scene.bars]\nitems = [{ source = \"bars\" }]\n\
    [destination.main]\nurl = \"rtmp://127.0.0.1:1/live\"\nkey = { env = \"SHOW_KEY\" }\n\
    [destination.spare]\nurl = \"rtmp://127.0.0.1:1/live\"\nkey = \"replaced\"\n";

/// What `/proc` says of a process to those who may look.
fn shown(pid: u32) -> String {
    let read =
        |name: &str| String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/{name}")).unwrap()).replace('\0', "\n");
    read("cmdline") + &read("environ")
}

fn assert_hidden(who: &str, pid: u32) {
    let shown = shown(pid);
    for key in ["sk-env", "sk-set", "sk-given"] {
        assert!(!shown.contains(key), "{who} shows {key}:\n{shown}");
    }
}

#[test]
fn a_studio_hides_what_it_was_started_with() {
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("show.toml");
    fs::write(&scene, SCENE).unwrap();
    let args = [
        scene.to_str().unwrap(),
        "--publish",
        "rtmp://127.0.0.1:1/live/sk-given",
        "--publish=rtmp://127.0.0.1:1/live/sk-given-2",
        "--set",
        "destination.spare.key=sk-set",
        "--name",
        "hidden",
    ];
    let studio = Studio::start_in(&args, |command| {
        // The same text elsewhere in the environment is not touched.
        command.env("SHOW_KEY", "sk-env").env("OTHER", "kept");
    });
    assert_hidden("the studio", studio.process.pid());
    let shown = shown(studio.process.pid());
    for kept in [
        scene.to_str().unwrap(),
        "--publish\nrtmp://***",
        "destination.spare.key=***",
        "hidden",
        "SHOW_KEY=******\n",
        "OTHER=kept",
    ] {
        assert!(shown.contains(kept), "'{kept}' is gone:\n{shown}");
    }
    // Hidden, not lost: all of them are what the studio publishes with.
    let state = fs::read_to_string(studio.socket_folder().join("rigcast/hidden.state")).unwrap();
    for key in ["sk-env", "sk-set", "sk-given", "sk-given-2"] {
        assert!(state.contains(key), "{key}");
    }
}

#[test]
fn rigcast_hands_secrets_over_in_secret() {
    let home = Home::new();
    fs::write(home.folder.path().join("show.toml"), SCENE).unwrap();
    let Some(tmux) = home.terminal_with(100, 30, &[("COLORTERM", "truecolor"), ("SHOW_KEY", "sk-env")]) else {
        return;
    };
    let scene = home.folder.path().join("show.toml");
    tmux.run(&format!(
        "rigcast {} --set destination.spare.key=sk-set",
        scene.display()
    ));
    tmux.wait_for("MIXER");
    let pid = |pid: rustix::process::Pid| u32::try_from(pid.as_raw_nonzero().get()).unwrap();
    assert_hidden("rigcast", pid(tmux.child()));
    let studio = pid(home.studio_pid().unwrap());
    assert_hidden("its studio", studio);
    // The pipe that handed them over has gone: nothing else reads there, and no source is offered for it.
    let input = fs::read_link(format!("/proc/{studio}/fd/0")).unwrap();
    assert_eq!(input.to_str(), Some("/dev/null"));
    let state = home.folder.path().join("rigcast/studio.state");
    let state = common::wait_for("the state", Duration::from_secs(10), || fs::read_to_string(&state).ok());
    assert!(state.contains("sk-env") && state.contains("sk-set"));
}
