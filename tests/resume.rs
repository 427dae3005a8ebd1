//! A show that crashed goes on: killed with -9 and resumed, with the real binary and a real server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::home::Home;
use common::media::Pull;
use common::nginx::Nginx;
use common::pace::in_real_time_beside;
use common::proc::Process;
use common::studio::Studio;
use common::{peer, wait_for};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(20);

fn scene(folder: &Path, port: u16) -> PathBuf {
    let path = folder.join("show.toml");
    let text = format!(
        "include = [\"size.toml\"]\n[source.bars]\nkind = \"pattern\"\n[source.grid]\nkind = \"pattern\"\n\
         [scene.one]\nitems = [{{ source = \"bars\" }}]\n[scene.two]\nitems = [{{ source = \"grid\" }}]\n\
         [destination.main]\nurl = \"rtmp://127.0.0.1:{port}/live\"\nkey = {{ env = \"SHOW_KEY\" }}\n\
         [destination.spare]\nurl = \"rtmp://127.0.0.1:{port}/live/spare\"\n"
    );
    fs::write(&path, text).unwrap();
    fs::write(folder.join("size.toml"), "[video]\nwidth = 640\nheight = 360\n").unwrap();
    path
}

/// `rigcast studio ARGS` in the folders of `home`.
fn start(home: &Home, args: &[&str]) -> Studio {
    start_with(home, args, &[])
}

fn start_with(home: &Home, args: &[&str], env: &[(&str, &str)]) -> Studio {
    Studio::start_in(args, |command| {
        command
            .env("XDG_RUNTIME_DIR", home.folder.path())
            .env("XDG_STATE_HOME", home.folder.path())
            .env_remove("SHOW_KEY")
            .envs(env.iter().copied());
    })
}

fn state_file(home: &Home) -> PathBuf {
    home.folder.path().join("rigcast/studio.state")
}

fn order(home: &Home, line: &str) {
    let output = home.ctl(line);
    assert!(
        output.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Waits until the state file holds `text`: what is saved is written by a thread of its own.
fn wait_saved(home: &Home, text: &str) {
    wait_for("the state to be saved", PATIENCE, || {
        fs::read_to_string(state_file(home)).ok()?.contains(text).then_some(())
    });
}

/// What must come back.
fn standing(status: &Value) -> Value {
    let destinations = status["destinations"].as_array().unwrap().iter();
    let is_idle = |destination: &Value| destination["state"]["state"] == "idle";
    let destinations: Vec<_> = destinations
        .map(|it| serde_json::json!([it["name"], it["url"], is_idle(it)]))
        .collect();
    let of = [
        "format",
        "scenes",
        "program",
        "preview",
        "transition",
        "strips",
        "encoder",
    ];
    let mut standing: serde_json::Map<_, _> = of.iter().map(|key| ((*key).to_owned(), status[key].clone())).collect();
    // Measured, not set.
    standing["encoder"]["seconds_over"] = 0.into();
    standing.insert("destinations".to_owned(), destinations.into());
    standing.into()
}

fn events(status: &Value) -> Vec<(String, String)> {
    let events = status["events"].as_array().unwrap().iter();
    let text = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
    events
        .map(|event| (text(event, "level"), text(event, "text")))
        .collect()
}

fn find_event(status: &Value, part: &str) -> (String, String) {
    let events = events(status);
    let found = events.iter().find(|(_, text)| text.contains(part));
    found
        .unwrap_or_else(|| panic!("no event with '{part}' among {events:#?}"))
        .clone()
}

/// The process and everything that it has started.
fn family(pid: u32) -> Vec<Process> {
    let studio = Process::find(pid).unwrap();
    let mut family = studio.children();
    family.push(studio);
    family
}

/// Kills a studio and waits until nothing of it runs.
fn kill(studio: &mut Studio) {
    let family = family(studio.process.pid());
    studio.process.kill();
    wait_for("the end of every process", Duration::from_secs(2), || {
        family.iter().all(Process::has_ended).then_some(())
    });
}

#[test]
fn a_killed_show_goes_on_as_it_was() {
    let Some(nginx) = Nginx::start() else { return };
    let home = Home::new();
    let scene = scene(home.folder.path(), nginx.port);
    let path = scene.to_str().unwrap();
    let given = nginx.url("sk-given");
    let args = [path, "--set", "audio.bitrate_kbps=96", "--publish", &given];
    let mut studio = start_with(&home, &args, &[("SHOW_KEY", "sk-env")]);
    for line in [
        "cut two",
        "preview two",
        "transition fade 1.5s",
        "gain bars -6.5",
        "mute grid on",
        "denoise grid on",
        "bitrate 1700",
        "destination stop spare",
    ] {
        order(&home, line);
    }
    order(&home, &format!("destination add more {}", nginx.url("sk-added")));
    let is_settled = |status: &Value| {
        let destinations = status["destinations"].as_array().unwrap().iter();
        let states: Vec<_> = destinations.map(|it| it["state"]["state"].as_str().unwrap()).collect();
        states == ["live", "idle", "live", "live"]
    };
    let before = home.wait_until("three live destinations and a stopped one", is_settled);
    assert_eq!(before["encoder"]["video_kbps"], 1700);
    wait_saved(&home, "sk-added");
    let mode = fs::metadata(state_file(&home)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    kill(&mut studio);

    // Whatever has become of the files meanwhile, and with a shell that knows no key.
    fs::write(&scene, "[source.bars\n").unwrap();
    fs::remove_file(home.folder.path().join("size.toml")).unwrap();
    let publishes = nginx.publishes();
    let mut studio = start(&home, &["--resume"]);
    wait_for("three publishers", PATIENCE, || {
        (nginx.publishes() >= publishes + 3).then_some(())
    });
    let after = home.wait_until("the show as it was", is_settled);
    assert_eq!(standing(&after), standing(&before));
    assert_eq!(
        find_event(&after, "show.toml has been changed; the show goes on as it was").0,
        "warning"
    );
    assert_eq!(
        find_event(&after, "size.toml: no such file; the show goes on as it was").0,
        "warning"
    );
    let (level, text) = find_event(&after, "resumed: scene two, 3 destinations, off air for ");
    assert!(level == "info" && text.ends_with(" s"), "{text}");
    assert!(!after.to_string().contains("sk-"), "{after:#}");

    // A second crash, with the arguments of the first start: as a service manager does it.
    order(&home, "destination start spare");
    order(&home, "destination remove more");
    wait_for("the state to be saved", PATIENCE, || {
        (!fs::read_to_string(state_file(&home)).ok()?.contains("sk-added")).then_some(())
    });
    studio.process.kill();
    let args = [&args[..], &["--resume"]].concat();
    let mut studio = start_with(&home, &args, &[("SHOW_KEY", "sk-env")]);
    let again = home.status();
    let names: Vec<_> = again["destinations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names, ["main", "spare", "publish-1"]);
    assert!(
        !events(&again).iter().any(|(_, text)| text.contains("--set")),
        "{again:#}"
    );
    home.wait_until("three live destinations", |status| {
        status["destinations"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["state"]["state"] == "live")
    });

    // An end as it should be: nothing is left to resume.
    order(&home, "end");
    assert_eq!(studio.wait_end(PATIENCE), Some(0));
    assert!(!state_file(&home).exists());
    let log = studio.whole_log();
    assert!(!log.contains("sk-"), "{log}");
    let nothing = home.rigcast(&["studio", "--resume"]);
    assert_eq!(nothing.status.code(), Some(1));
    let said = String::from_utf8_lossy(&nothing.stderr);
    assert!(said.contains("there is no show to resume"), "{said}");
}

#[test]
fn a_killed_show_is_on_air_again_in_two_seconds() {
    let (Some(nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    in_real_time_beside("a show that is resumed", |_| {
        let home = Home::new();
        let mut studio = start(&home, &["--publish", &nginx.url("again")]);
        order(&home, "cut grid");
        order(&home, "gain bars -12");
        home.wait_until("a live destination", |status| {
            status["destinations"][0]["state"]["state"] == "live"
        });
        let before = home.status();
        wait_saved(&home, "-12");
        kill(&mut studio);
        let published = nginx.publishes();
        let begun = Instant::now();
        let _studio = start(&home, &["--resume"]);
        wait_for("a publisher", PATIENCE, || {
            (nginx.publishes() > published).then_some(())
        });
        let took = begun.elapsed();
        eprintln!("publishing {took:?} after it was started");
        assert!(took < Duration::from_secs(2), "{took:?}");
        // A viewer looks at a stream for seconds before it shows anything; so that it does is not part of the measure.
        let received = Pull::start(&nginx.url("again"), 5.0).finish(PATIENCE);
        assert!(received.frames.len() > 30, "{} pictures", received.frames.len());
        assert_eq!(received.complaints, "");
        assert_eq!(standing(&home.status()), standing(&before));
    });
}

#[test]
fn what_cannot_be_resumed_is_said() {
    let home = Home::new();
    let scene = scene(home.folder.path(), 1);
    let path = scene.to_str().unwrap();
    let key = [("SHOW_KEY", "sk-env")];

    // A clean end, by a signal: the scene starts fresh, and says so.
    let mut studio = start(&home, &[]);
    studio.process.signal(rustix::process::Signal::TERM);
    assert_eq!(studio.wait_end(PATIENCE), Some(0));
    assert!(!state_file(&home).exists());
    let mut studio = start_with(&home, &[path, "--resume"], &key);
    let status = home.status();
    assert_eq!(status["program"], "one");
    assert_eq!(find_event(&status, "there is no show to resume").0, "info");

    // Without --resume a crashed show is over.
    order(&home, "cut two");
    wait_saved(&home, "\"program\":\"two\"");
    studio.process.kill();
    let mut studio = start_with(&home, &[path], &key);
    assert_eq!(home.status()["program"], "one");
    wait_saved(&home, "\"program\":\"one\"");

    // Another scene is asked for than the one that was cut off.
    studio.process.kill();
    let mut studio = start(&home, &["scenes/demo.toml", "--resume"]);
    let status = home.status();
    assert_eq!(status["program"], "bars");
    assert_eq!(
        find_event(&status, "show.toml was cut off and is not resumed").0,
        "warning"
    );

    // A torn state is kept for a look, and never mistaken for a show.
    studio.process.kill();
    let whole = fs::read(state_file(&home)).unwrap();
    let tear = || fs::write(state_file(&home), &whole[..whole.len() / 2]).unwrap();
    tear();
    let refused = home.rigcast(&["studio", "--resume"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    let bad = home.folder.path().join("rigcast/studio.state.bad");
    assert!(
        said.contains("studio.state:1:") && said.contains("ends in the middle"),
        "{said}"
    );
    assert!(
        bad.exists() && !state_file(&home).exists() && said.contains("studio.state.bad"),
        "{said}"
    );
    tear();
    let _studio = start_with(&home, &[path, "--resume"], &key);
    let status = home.status();
    assert_eq!(status["program"], "one");
    assert_eq!(find_event(&status, "the last show cannot be resumed").0, "error");

    // A studio that runs is nothing to resume, and loses nothing by the attempt.
    let taken = home.rigcast(&["studio", "--resume"]);
    assert_eq!(taken.status.code(), Some(1));
    let said = String::from_utf8_lossy(&taken.stderr);
    assert!(said.contains("is already running"), "{said}");
    assert!(state_file(&home).exists());
}

#[test]
fn rigcast_asks_whether_a_crashed_show_is_to_go_on() {
    let home = Home::new();
    let Some(tmux) = home.terminal(100, 30) else { return };
    tmux.run("rigcast");
    tmux.wait_for("MIXER");
    order(&home, "cut grid");
    wait_saved(&home, "\"program\":\"grid\"");
    home.kill_studio();
    tmux.wait_for("rigcast studio --resume --name studio");
    assert!(tmux.is_given_back());

    tmux.run("clear; rigcast");
    tmux.wait_for("Continue it now");
    tmux.keys(&["Enter"]);
    tmux.wait_for("MIXER");
    let status = home.status();
    assert_eq!(status["program"], "grid");
    find_event(&status, "resumed: scene grid");

    // Once more without being asked, and once with a no.
    home.kill_studio();
    tmux.wait_for("rigcast studio --resume --name studio");
    tmux.run("clear; rigcast --resume");
    tmux.wait_for("MIXER");
    assert_eq!(home.status()["program"], "grid");
    home.kill_studio();
    tmux.wait_for("rigcast studio --resume --name studio");
    tmux.run("clear; rigcast");
    tmux.wait_for("Continue it now");
    tmux.run("n");
    tmux.wait_for("MIXER");
    assert_eq!(home.status()["program"], "bars");
}
