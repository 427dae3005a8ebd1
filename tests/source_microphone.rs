//! Sound inputs: a real sound server with a sink that goes nowhere, a server of our own whose clock is off, and ALSA without a sound card.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

#[path = "common/pace.rs"]
mod pace;
#[path = "source_microphone_support/mod.rs"]
mod support;

use std::fmt::Write;
use std::time::{Duration, Instant};

use pace::in_real_time_beside;
use rigcast::source::{MicrophoneSpec, SoundSystem, SourceReport, SourceState, look_around};
use support::fake::Fake;
use support::server::{Player, Server};
use support::{Capture, PATIENCE, left, level_db, right, wait_for};

fn of(server: &Server, device: &str) -> MicrophoneSpec {
    MicrophoneSpec {
        device: Some(device.to_owned()),
        system: SoundSystem::Pulse,
        server: Some(server.address()),
        channels: Vec::new(),
    }
}

#[test]
fn what_is_played_is_captured_in_pitch_and_level() {
    let Some(server) = Server::start(&["module-null-sink sink_name=stage rate=48000 channels=2"]) else {
        return;
    };
    let _player = Player::tones(&server, "stage", &[(440.0, -20.0), (1_000.0, -26.0)]);
    for (device, channels) in [
        ("stage.monitor", vec![]),
        ("desktop", vec![]),
        ("monitor of null", vec![2]),
        ("stage.monitor", vec![2, 1]),
    ] {
        let capture = Capture::start(MicrophoneSpec {
            channels: channels.clone(),
            ..of(&server, device)
        });
        let (low, high) = ([-20.0, -120.0], [-120.0, -26.0]);
        let wanted = match channels.as_slice() {
            [] => [low, high],
            [_] => [high, high],
            _ => [high, low],
        };
        // The player may still be on its way, or not have kept up with the machine for a moment.
        let mut wrong = String::new();
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let blocks = capture.blocks(50);
            wrong = difference(&[left(&blocks), right(&blocks)], wanted);
            if wrong.is_empty() {
                break;
            }
        }
        assert_eq!(wrong, "", "{device} {channels:?}");
        assert_eq!(
            capture.format().map(|sound| (sound.sample_rate, sound.channels)),
            Some((48_000, 2))
        );
    }
}

/// What is wrong with the levels of 440 and of 1000 Hz on the two sides.
fn difference(sides: &[Vec<f32>; 2], wanted: [[f64; 2]; 2]) -> String {
    let mut wrong = String::new();
    for ((side, samples), wanted) in ["left", "right"].iter().zip(sides).zip(wanted) {
        for (hz, wanted) in [440.0, 1_000.0].into_iter().zip(wanted) {
            let level = level_db(samples, hz);
            let is_right = if wanted < -100.0 {
                level < -60.0
            } else {
                (level - wanted).abs() < 0.5
            };
            if !is_right {
                let _ = write!(wrong, "{hz} Hz on the {side} has {level:.1} dBFS, not {wanted}; ");
            }
        }
    }
    wrong
}

#[test]
fn a_server_that_is_killed_is_away_and_back_within_about_a_second_of_its_return() {
    const SINK: &[&str] = &["module-null-sink sink_name=stage rate=44100"];
    let Some(mut server) = Server::start(SINK) else { return };
    let capture = Capture::start(of(&server, "stage.monitor"));
    capture.wait_live();
    server.kill();
    let killed = Instant::now();
    let reason = capture.wait_away();
    assert!(killed.elapsed() < Duration::from_secs(2), "{:?}", killed.elapsed());
    assert!(reason.contains("sound server"), "{reason}");
    // While it is away it is asked for again and again.
    capture.wait_report("a try", |report| {
        matches!(report, SourceReport::State(SourceState::Away { reason }) if reason.contains("nobody listens") || reason.contains("not there"))
    });
    server.start_again(SINK);
    let returned = Instant::now();
    capture.wait_live();
    // A sink that goes nowhere begins with two seconds of nothing.
    eprintln!("live {:?} after the server's return", returned.elapsed());
    assert!(returned.elapsed() < Duration::from_secs(5), "{:?}", returned.elapsed());
    assert!(!capture.blocks(20).is_empty());
}

#[test]
fn an_input_that_goes_is_silence_and_comes_back_by_itself() {
    let Some(server) = Server::start(&[
        "module-null-sink sink_name=first",
        "module-null-sink sink_name=second rate=44100",
    ]) else {
        return;
    };
    let capture = Capture::start(of(&server, "second.monitor"));
    capture.wait_live();
    server.pactl(&["unload-module", "module-null-sink"]);
    let reason = capture.wait_away();
    assert!(
        reason.contains("has gone") || reason.contains("no input is called second.monitor"),
        "{reason}"
    );
    let plugged = Instant::now();
    server.pactl(&["load-module", "module-null-sink", "sink_name=second", "rate=48000"]);
    wait_for("its new rate", PATIENCE, || {
        (capture.format()?.sample_rate == 48_000).then_some(())
    });
    eprintln!("opened {:?} after it was plugged in", plugged.elapsed());
    assert!(plugged.elapsed() < Duration::from_secs(2), "{:?}", plugged.elapsed());
    capture.wait_live();
}

#[test]
fn where_none_is_named_the_default_is_followed() {
    let Some(server) = Server::start(&[
        "module-null-sink sink_name=first rate=48000",
        "module-null-sink sink_name=second rate=44100",
    ]) else {
        return;
    };
    server.pactl(&["set-default-source", "first.monitor"]);
    let capture = Capture::start(MicrophoneSpec {
        device: None,
        ..of(&server, "")
    });
    capture.wait_live();
    assert_eq!(capture.format().unwrap().sample_rate, 48_000);
    server.pactl(&["set-default-source", "second.monitor"]);
    wait_for("the other input", PATIENCE, || {
        (capture.format()?.sample_rate == 44_100).then_some(())
    });
    // A named one stays where it is.
    let named = Capture::start(of(&server, "first.monitor"));
    named.wait_live();
    server.pactl(&["set-default-source", "first.monitor"]);
    server.pactl(&["set-default-source", "second.monitor"]);
    assert!(!named.blocks(20).is_empty());
    assert_eq!(named.format().unwrap().sample_rate, 48_000);
}

#[test]
fn a_suspended_input_says_so_and_goes_on() {
    let Some(server) = Server::start(&["module-null-sink sink_name=stage rate=48000"]) else {
        return;
    };
    let capture = Capture::start(of(&server, "stage.monitor"));
    capture.wait_live();
    server.pactl(&["suspend-sink", "stage", "1"]);
    let reason = capture.wait_away();
    assert!(
        reason.contains("suspended") || reason.contains("sends nothing"),
        "{reason}"
    );
    server.pactl(&["suspend-sink", "stage", "0"]);
    capture.wait_live();
    assert!(!capture.blocks(20).is_empty());
}

#[test]
fn what_cannot_be_is_said_with_what_can() {
    let Some(server) = Server::start(&["module-null-sink sink_name=stage"]) else {
        return;
    };
    let capture = Capture::start(of(&server, "focusrite"));
    let reason = capture.wait_away();
    assert!(
        reason.contains("no input is called focusrite; there are: Monitor of Null Output"),
        "{reason}"
    );
    let capture = Capture::start(MicrophoneSpec {
        channels: vec![7],
        ..of(&server, "stage.monitor")
    });
    let reason = capture.wait_state("a failure", |state| match state {
        SourceState::Failed { reason } => Some(reason.clone()),
        _ => None,
    });
    assert!(
        reason.contains("channel 7 is asked for, and the input has 2"),
        "{reason}"
    );
}

/// A clock that is twice as far off as any that is sold, so that half a minute shows what hours would.
#[test]
fn a_device_whose_clock_is_off_stays_in_place() {
    for ppm in [400.0, -400.0] {
        in_real_time_beside("a device whose clock is off", |witness| {
            let fake = Fake::start(ppm);
            let capture = Capture::start_on(fake.clock, fake.spec());
            capture.wait_live();
            let seconds = support::extent(20, 60);
            let heard = capture.mix(seconds * 100);
            // Sound that came too late, as the mixer found it and as the source tells it: within two seconds after.
            let rest = capture.mix(200);
            if heard.missing + rest.missing > 0 {
                witness.omit(format!("{} blocks", heard.missing + rest.missing));
            }
            let late = capture
                .notices()
                .into_iter()
                .filter(|notice| notice.contains("too late"));
            late.for_each(|notice| witness.omit(notice));
            let (worst, latency) = heard.offsets_ms();
            let drifted = f64::from(seconds) * ppm.abs() / 1_000.0;
            eprintln!("{ppm} ppm: {heard}, off by {worst:.2} ms around {latency:.1} ms; uncorrected {drifted:.1} ms");
            assert!(heard.missing == 0 && worst < 5.0, "{ppm} ppm: {worst} ms, {heard}");
        });
    }
}

#[test]
fn a_server_that_comes_back_is_heard_within_about_a_second() {
    let mut fake = Fake::start(0.0);
    let capture = Capture::start_on(fake.clock, fake.spec());
    capture.wait_live();
    for _ in 0..3 {
        fake.stop();
        capture.wait_away();
        // The longest pauses are reached.
        for _ in 0..2 {
            fake.wait_for_nobody();
        }
        fake.start_again();
        let returned = Instant::now();
        capture.wait_live();
        eprintln!("live {:?} after the server's return", returned.elapsed());
        assert!(returned.elapsed() < Duration::from_secs(2), "{:?}", returned.elapsed());
    }
}

#[test]
fn a_server_that_talks_nonsense_is_left_and_tried_again() {
    let fake = Fake::start(0.0);
    let capture = Capture::start_on(fake.clock, fake.spec());
    capture.wait_live();
    fake.send_nonsense();
    let reason = capture.wait_away();
    assert!(reason.contains("sent what is no message"), "{reason}");
    capture.wait_live();
}

#[test]
fn what_a_server_has_is_listed_with_the_text_to_put_into_a_scene() {
    let Some(server) = Server::start(&[
        "module-null-sink sink_name=stage rate=48000 sink_properties=device.description=Stage",
        "module-null-sink sink_name=other sink_properties=device.description=Stage",
    ]) else {
        return;
    };
    server.pactl(&["set-default-sink", "stage"]);
    // The environment of this process cannot be changed safely, so another one looks around.
    let text = support::in_a_child("prints_what_is_here", &[("PULSE_SERVER", &server.address())]);
    assert!(text.contains("kind = \"microphone\"\ndevice = \"desktop\""), "{text}");
    assert!(
        text.contains("kind = \"microphone\"\ndevice = \"other.monitor\""),
        "{text}"
    );
    assert!(text.contains("48000 Hz, 2 channels"), "{text}");
    let bare = support::in_a_child("prints_what_is_here", &[("PULSE_SERVER", "unix:/nowhere/native")]);
    assert!(
        bare.contains("no sound server answers (/nowhere/native: not there)"),
        "{bare}"
    );
    assert!(bare.contains("apt-get install pulseaudio"), "{bare}");
}

#[test]
#[ignore = "is run by another test, in an environment of its own"]
fn prints_what_is_here() {
    let asked = Instant::now();
    let inventory = look_around();
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    let sounds = inventory.found.iter().filter(|found| found.kind == "microphone");
    for found in sounds {
        eprintln!(
            "[{}] {} ({})\n{}",
            found.name,
            found.title,
            found.details.join("; "),
            found.scene
        );
    }
    for absent in inventory
        .absent
        .iter()
        .filter(|absent| absent.kind.starts_with("microphone"))
    {
        eprintln!("{}: {}", absent.kind, absent.reason);
    }
}

/// ALSA's own plugins are its sound cards here: a file is read as if it were recorded.
#[test]
fn alsa_is_found_at_run_time_and_recorded_from() {
    if !support::has_library("libasound.so.2") {
        return support::peers::skip("libasound.so.2");
    }
    let folder = tempfile::tempdir().unwrap();
    let (sound, config) = (folder.path().join("in.raw"), folder.path().join("asound.conf"));
    let frames = (0..48_000 * 20).flat_map(|frame| {
        let sine =
            |hz: f64, peak: f64| (peak * (std::f64::consts::TAU * hz * f64::from(frame) / 48_000.0).sin()) as f32;
        [sine(440.0, 0.1), sine(1_000.0, 0.05)]
    });
    std::fs::write(&sound, frames.flat_map(f32::to_le_bytes).collect::<Vec<u8>>()).unwrap();
    let text = format!(
        "pcm.rigtest {{ type file slave.pcm {{ type null }} file /dev/null infile {:?} format raw }}\n",
        sound.display().to_string()
    );
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap().to_owned();
    let text = support::in_a_child("records_from_alsa", &[("ALSA_CONFIG_PATH", &config)]);
    assert!(text.contains("all of it is there"), "{text}");
    assert!(
        !text.contains("ALSA lib"),
        "nothing of the library's is printed: {text}"
    );
}

#[test]
#[ignore = "is run by another test, in an environment of its own"]
fn records_from_alsa() {
    let spec = |device: &str| MicrophoneSpec {
        device: Some(device.to_owned()),
        system: SoundSystem::Alsa,
        ..MicrophoneSpec::default()
    };
    let capture = Capture::start(spec("nobody"));
    let reason = capture.wait_away();
    assert!(reason.contains("nobody: it does not open: "), "{reason}");
    let capture = Capture::start(spec("rigtest"));
    capture.wait_live();
    let started = Instant::now();
    let blocks = capture.blocks(100);
    assert!(
        started.elapsed() > Duration::from_millis(500),
        "a file is played at the pace of time"
    );
    let wrong = difference(&[left(&blocks), right(&blocks)], [[-20.0, -120.0], [-120.0, -26.0]]);
    assert_eq!(wrong, "", "{:?}", capture.notices());
    eprintln!("all of it is there");
}
