//! ffmpeg and GStreamer push RTMP: with the right key and with wrong ones, drop, come back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rigcast::secret::Secret;
use rigcast::source::{IngestSpec, SourceKind, SourceReport, SourceState};
use rustix::process::Signal;

use crate::common::media::{Pull, Received};
use crate::common::nginx::Nginx;
use crate::common::pace::in_real_time_beside;
use crate::common::studio::{Studio, output_within};
use crate::common::{Guard, PATIENCE, free_port, peer, skip, wait_for};
use crate::rig::{MOMENT, Rig, assert_in_sync_for_viewers, ffmpeg, flashes};

const KEY: &str = "k3y-0f-the-stage";

fn place(port: u16, key: &str) -> SourceKind {
    SourceKind::Rtmp(IngestSpec {
        listen: SocketAddr::from(([127, 0, 0, 1], port)),
        app: "live".to_owned(),
        key: Secret::new(key),
    })
}

/// An ffmpeg that pushes flashes and beeps.
fn push(port: u16, key: &str, coding: &str) -> Guard {
    let mut arguments = flashes("-re", &format!("{coding} -f flv"));
    arguments.push(format!("rtmp://127.0.0.1:{port}/live/{key}"));
    Guard::spawn(ffmpeg(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()))
}

fn has_gst(element: &str) -> bool {
    let found = peer("gst-inspect-1.0").is_some()
        && Command::new("gst-inspect-1.0")
            .args(["--exists", element])
            .status()
            .is_ok_and(|status| status.success());
    if !found {
        skip(element);
    }
    found
}

/// A GStreamer that pushes a ball and a tone to `sink`.
fn gst_push(sink: &str) -> Guard {
    let pipeline = format!(
        "flvmux name=m streamable=true ! {sink} \
         videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=180,framerate=25/1 \
         ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse ! m. \
         audiotestsrc is-live=true wave=ticks ! audio/x-raw,rate=48000,channels=2 ! voaacenc ! aacparse ! m."
    );
    let mut command = Command::new("gst-launch-1.0");
    command
        .arg("-q")
        .args(pipeline.split_whitespace())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    Guard::spawn(&mut command)
}

fn assert_silent_about(rig: &mut Rig, secret: &str) {
    let said = format!("{:?}", rig.said());
    assert!(!said.contains(secret), "{said}");
}

fn plays(what: &str, coding: &str) {
    if peer("ffmpeg").is_none() {
        return;
    }
    in_real_time_beside(what, |_| {
        let port = free_port();
        let mut rig = Rig::start(place(port, KEY));
        rig.wait_away("nobody pushes to rtmp://127.0.0.1");
        let _push = push(port, KEY, coding);
        rig.wait_live();
        rig.watch(1_500);
        let seen = rig.watch(4_000);
        assert!(seen.pictures.len() >= 96, "{} pictures in 4 s", seen.pictures.len());
        seen.assert_whole(2);
        assert_silent_about(&mut rig, KEY);
    });
}

#[test]
fn what_ffmpeg_pushes_is_played_in_sync() {
    plays("a push of ffmpeg", "-tune zerolatency");
}

#[test]
fn what_ffmpeg_pushes_in_another_order_is_played_in_sync() {
    plays("a push with B-frames", "-bf 3");
}

#[test]
fn what_gstreamer_pushes_is_played() {
    for (element, sink) in [
        (
            "rtmp2sink",
            format!("rtmp2sink location=rtmp://127.0.0.1:PORT/live/{KEY}"),
        ),
        (
            "rtmpsink",
            format!("rtmpsink location=rtmp://127.0.0.1:PORT/live/{KEY}"),
        ),
    ] {
        if !has_gst(element) {
            continue;
        }
        in_real_time_beside(element, |_| {
            let port = free_port();
            let mut rig = Rig::start(place(port, KEY));
            rig.wait_away("nobody pushes");
            let _push = gst_push(&sink.replace("PORT", &port.to_string()));
            rig.wait_live();
            rig.watch(1_500);
            // Its live sources leave out what they are too late for, on a machine that others use too: then what comes jumps.
            let whole = (0..4).find_map(|_| {
                let seen = rig.watch(3_000);
                eprintln!(
                    "{element}: {} pictures, {} blocks",
                    seen.pictures.len(),
                    seen.blocks.len()
                );
                (seen.pictures.len() >= 70 && seen.blocks.len() >= 285).then_some(())
            });
            assert!(whole.is_some(), "{:?}", rig.said());
        });
    }
}

#[test]
fn wrong_keys_are_refused_at_once_and_told_without_the_key() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let port = free_port();
    let mut rig = Rig::start(place(port, KEY));
    rig.wait_away("nobody pushes");
    for wrong in ["wr0ng", "k3y-0f-the-stag", "k3y-0f-the-stagee"] {
        let mut attempt = push(port, wrong, "-tune zerolatency");
        let begun = Instant::now();
        let notice = rig.wait_notice("was refused");
        assert!(notice.starts_with("127.0.0.1:") && !notice.contains(wrong), "{notice}");
        let child = std::mem::replace(&mut attempt.0, Command::new("true").spawn().unwrap());
        let output = output_within(child, MOMENT);
        assert!(!output.status.success());
        assert!(begun.elapsed() < MOMENT);
    }
    if has_gst("rtmp2sink") {
        let _attempt = gst_push(&format!("rtmp2sink location=rtmp://127.0.0.1:{port}/live/wr0ng"));
        rig.wait_notice("was refused");
    }
    // Whoever has the right one is not in the way of these.
    let _push = push(port, KEY, "-tune zerolatency");
    rig.wait_live();
    assert_silent_about(&mut rig, "wr0ng");
    assert_silent_about(&mut rig, KEY);
}

#[test]
fn a_pusher_drops_and_comes_back_and_a_second_one_waits() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let port = free_port();
    let mut rig = Rig::start(place(port, KEY));
    rig.wait_away("nobody pushes");
    let mut first = push(port, KEY, "-tune zerolatency");
    rig.wait_live();
    let _second = push(port, KEY, "-tune zerolatency");
    let notice = rig.wait_notice("pushes here already");
    assert!(notice.contains("was refused"), "{notice}");
    first.kill();
    rig.wait_notice("has gone");
    rig.wait_away("nobody pushes");
    let third = push(port, KEY, "-tune zerolatency");
    rig.wait_live();
    // One that is frozen is as good as gone, and does not keep others out.
    third.signal(Signal::STOP);
    rig.wait_notice("sent nothing for 5 s");
    rig.wait_away("nobody pushes");
    let _fourth = push(port, KEY, "-tune zerolatency");
    rig.wait_live();
    drop(third);
}

#[test]
fn sources_share_a_port_and_keys_tell_them_apart() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let port = free_port();
    let mut stage = Rig::start(place(port, "stage"));
    let mut hall = Rig::start(place(port, "hall"));
    stage.wait_away("nobody pushes");
    hall.wait_away("nobody pushes");
    let reason = Rig::start(place(port, "hall")).wait_failed();
    assert!(reason.contains("another source"), "{reason}");
    let _push = push(port, "hall", "-tune zerolatency");
    hall.wait_live();
    assert!(!stage.said().contains(&SourceReport::State(SourceState::Live)));
    // The port stays as long as one of them does, and is free after the last.
    drop(hall);
    let _push = push(port, "stage", "-tune zerolatency");
    stage.wait_live();
    drop(stage);
    wait_for("the port", MOMENT, || {
        std::net::TcpListener::bind(("127.0.0.1", port)).ok()
    });
}

#[test]
fn a_port_that_is_taken_is_said() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let reason = Rig::start(place(port, KEY)).wait_failed();
    assert!(reason.contains("set \"listen\"") && !reason.contains(KEY), "{reason}");
}

#[test]
fn a_pusher_that_is_faster_than_time_is_held_back() {
    if peer("ffmpeg").is_none() {
        return;
    }
    in_real_time_beside("a push without a clock", |_| {
        let port = free_port();
        let mut rig = Rig::start(place(port, KEY));
        rig.wait_away("nobody pushes");
        let mut arguments = flashes("", "-t 180 -vf noise=alls=40:allf=t -b:v 8M -f flv");
        arguments.push(format!("rtmp://127.0.0.1:{port}/live/{KEY}"));
        let mut pusher = Guard::spawn(ffmpeg(&arguments).stdout(Stdio::null()).stderr(Stdio::null()));
        rig.wait_live();
        let before = resident_kib();
        rig.watch(5_000).assert_whole(3);
        assert!(
            pusher.0.try_wait().unwrap().is_none(),
            "it is not through with its three minutes"
        );
        let more = resident_kib().saturating_sub(before);
        assert!(more < 64 << 10, "{more} KiB more");
    });
}

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What peers send that are no publishers, or bad ones.
#[test]
fn strangers_are_sent_away_and_the_listener_stays() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let port = free_port();
    let mut rig = Rig::start(place(port, KEY));
    rig.wait_away("nobody pushes");
    let mut zero_chunks = vec![3; 1 + 2 * 1536];
    // SetChunkSize to nothing, which would make a reader turn in a circle.
    zero_chunks.extend_from_slice(&[2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let noise: Vec<u8> = (0..200_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let half = vec![3; 1_536];
    for bytes in [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        zero_chunks,
        [vec![3; 3_073], noise].concat(),
    ] {
        let mut stranger = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stranger.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = stranger.write_all(&bytes);
        let mut answer = Vec::new();
        // Closed, and not left open.
        let _ = stranger.read_to_end(&mut answer);
    }
    // One that stops in the middle of the handshake holds nobody up.
    let mut sleeper = TcpStream::connect(("127.0.0.1", port)).unwrap();
    sleeper.write_all(&half).unwrap();
    let _push = push(port, KEY, "-tune zerolatency");
    rig.wait_live();
}

#[test]
fn a_push_goes_out_in_sync_and_its_key_nowhere() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let Some(nginx) = Nginx::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    in_real_time_beside("a push, as viewers get it", |witness| {
        let port = free_port();
        let scene = folder.path().join("show.toml");
        let text = format!(
            "[video]\nwidth = 320\nheight = 180\nframe_rate = 50\n[source.stage]\nkind = \"rtmp\"\nlisten = \"127.0.0.1:{port}\"\nkey = {{ env = \"STAGE_KEY\" }}\n\
             [scene.all]\nitems = [{{ source = \"stage\" }}]\n"
        );
        std::fs::write(&scene, text).unwrap();
        let mut studio = Studio::start_in(
            &[scene.to_str().unwrap(), "--publish", &nginx.url("stage")],
            |command| {
                command
                    .env("STAGE_KEY", KEY)
                    .env("RIGCAST_LOG", "debug,rtmp=trace,streamhub=trace");
            },
        );
        let wrong = push(port, "wr0ng", "-tune zerolatency");
        studio.wait_for_log("was refused", PATIENCE);
        drop(wrong);
        let _push = push(port, KEY, "-tune zerolatency");
        studio.wait_until("the push", PATIENCE, |status| {
            status["sources"][0]["state"]["state"] == "live"
        });
        studio.wait_live(0);
        let pulled = Pull::start(&nginx.url("stage"), 7.0).save(Duration::from_mins(1));
        let status = studio.status();
        witness.hear(&status);
        assert_in_sync_for_viewers(&Received::read(&pulled.path));
        studio.process.signal(Signal::TERM);
        studio.wait_end(PATIENCE);
        let log = studio.whole_log();
        for secret in [KEY, "wr0ng"] {
            assert!(!log.contains(secret), "the log has {secret}");
            assert!(!status.to_string().contains(secret), "the status has {secret}");
        }
    });
}
