//! A server that shares nothing with nginx: xiu's `rtmp` crate takes what we publish and gives it to ffmpeg.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod common;

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::media::{Pull, Received, gaps};
use common::pace::in_real_time;
use common::studio::{Studio, rigcast};
use common::{Guard, PATIENCE, extent, free_port, peer, skip, wait_for};

/// Where `./test` builds it: beside the program's own build.
fn xiu() -> Option<PathBuf> {
    let target = Path::new(rigcast()).ancestors().nth(2).unwrap();
    let path = target.join("peers/debug/xiu-peer");
    if path.is_file() {
        return Some(path);
    }
    // Its 273 packages take minutes to build from nothing: more than the gate has.
    if extent(true, false) {
        eprintln!("SKIPPED: the xiu peer belongs to the full run: RIGCAST_TESTS=full ./test --test rtmp_xiu");
    } else {
        skip("the xiu peer");
    }
    None
}

#[test]
fn xiu_takes_the_show_and_ffmpeg_gets_it_back() {
    let (Some(xiu), Some(_)) = (xiu(), peer("ffmpeg")) else {
        return;
    };
    let port = free_port();
    let mut command = Command::new(xiu);
    let server = Guard::spawn(
        command
            .arg(port.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    wait_for("xiu", PATIENCE, || TcpStream::connect(("127.0.0.1", port)).ok());

    let url = format!("rtmp://127.0.0.1:{port}/live/show");
    let studio = in_real_time("a show through xiu", |witness| {
        let studio = Studio::small(&["--publish", &url]);
        studio.wait_live(0);
        let pulled = Pull::start(&url, 8.0).save(Duration::from_mins(1));
        witness.hear(&studio.status());
        assert_is_whole(&Received::read(&pulled.path));
        studio
    });
    drop(server);
    studio.wait_until("the loss", PATIENCE, |status| {
        status["destinations"][0]["state"]["state"] == "backoff"
    });
}

fn assert_is_whole(received: &Received) {
    let find = |kind: &str| {
        received
            .streams
            .iter()
            .find(|stream| stream["codec_type"] == kind)
            .unwrap()
    };
    assert_eq!(find("video")["codec_name"], "h264");
    assert_eq!(
        (
            find("audio")["codec_name"].as_str(),
            find("audio")["sample_rate"].as_str()
        ),
        (Some("aac"), Some("48000"))
    );
    assert!(received.frames.len() > 60, "{} pictures", received.frames.len());
    assert_eq!(gaps(&received.numbers()), []);
    let offsets = received.offsets_ms();
    assert!(
        !offsets.is_empty() && offsets.iter().all(|(_, offset)| offset.abs() < 20.0),
        "{offsets:?}"
    );
}
