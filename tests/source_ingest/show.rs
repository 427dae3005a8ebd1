//! A whole studio that something is piped into.

use std::process::Stdio;
use std::time::Duration;

use crate::common::media::{Pull, Received};
use crate::common::nginx::Nginx;
use crate::common::pace::in_real_time_beside;
use crate::common::studio::Studio;
use crate::common::{Guard, PATIENCE, peer};
use crate::rig::{assert_in_sync_for_viewers, ffmpeg, flashes};

const SCENE: &str = "[video]\nwidth = 320\nheight = 180\nframe_rate = 50\n[source.piped]\nkind = \"pipe\"\npath = \"-\"\n[scene.all]\nitems = [{ source = \"piped\" }]\n";

#[test]
fn what_is_piped_into_the_studio_goes_out_in_sync() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let Some(nginx) = Nginx::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("show.toml");
    std::fs::write(&scene, SCENE).unwrap();
    in_real_time_beside("standard input", |witness| {
        let mut arguments = flashes("-re", "-f mpegts");
        arguments.push("-".to_owned());
        let mut writer = Guard::spawn(ffmpeg(&arguments).stdout(Stdio::piped()));
        let output = writer.0.stdout.take().unwrap();
        let arguments = [scene.to_str().unwrap(), "--publish", &nginx.url("piped")];
        let studio = Studio::start_in(&arguments, |command| {
            command.stdin(Stdio::from(output));
        });
        studio.wait_until("what is piped in", PATIENCE, |status| {
            status["sources"][0]["state"]["state"] == "live"
        });
        studio.wait_live(0);
        let pulled = Pull::start(&nginx.url("piped"), 7.0).save(Duration::from_mins(1));
        witness.hear(&studio.status());
        assert_in_sync_for_viewers(&Received::read(&pulled.path));
        // The end of what is piped is the end of the source, not of the show.
        writer.kill();
        studio.wait_until("the end of the source", PATIENCE, |status| {
            status["sources"][0]["state"]["state"] == "ended"
        });
    });
}

#[test]
fn a_studio_without_a_pipe_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("show.toml");
    std::fs::write(&scene, SCENE).unwrap();
    let studio = Studio::start(&[scene.to_str().unwrap()]);
    let status = studio.wait_until("the reason", PATIENCE, |status| {
        status["sources"][0]["state"]["state"] == "failed"
    });
    let reason = status["sources"][0]["state"]["reason"].as_str().unwrap();
    assert!(reason.contains("| rigcast studio"), "{reason}");
}
