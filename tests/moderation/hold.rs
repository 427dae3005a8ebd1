//! The hold on air, through a real server: it grows, is dumped and shrinks while flash and beep stay together, and what was dumped
//! never arrives.

use std::thread::sleep;
use std::time::Duration;

use crate::common::extent::extent;
use crate::common::media::{Pull, Received};
use crate::common::nginx::Nginx;
use crate::common::pace::in_real_time_beside;
use crate::common::peer;
use crate::common::studio::Studio;

/// Program ticks per second.
const FPS: f64 = 30.0;

/// For each picture that tells when it was made: when it was shown, and how long it had been held then, up to a constant.
fn holds(received: &Received) -> Vec<(f64, f64)> {
    let told = received
        .frames
        .iter()
        .filter_map(|frame| Some((frame.pts, frame.number?)))
        // A slate is dark where numbers are.
        .filter(|(_, number)| *number > 0);
    told.map(|(pts, number)| (pts, pts - f64::from(number) / FPS)).collect()
}

fn mean(holds: &[(f64, f64)], from: f64, until: f64) -> f64 {
    let inside = holds.iter().filter(|(pts, _)| (from..until).contains(pts));
    let (sum, count) = inside.fold((0.0, 0), |(sum, count), (_, hold)| (sum + hold, count + 1));
    assert!(count > 10, "pictures from {from} s to {until} s");
    sum / f64::from(count)
}

#[test]
fn flash_and_beep_stay_together_while_the_hold_grows_is_dumped_and_shrinks() {
    let (Some(nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    in_real_time_beside("the hold", |witness| {
        let url = nginx.url("hold");
        let mut studio = Studio::small(&["scenes/demo.toml", "--publish", &url, "--set", "moderation.hold_s=2"]);
        studio.wait_live(0);
        // 2 s of slate, 4 s held, 8 s growing, 3 s held, a dump of 2.3 s, 5 s after it, 15 s shrinking, 4 s held.
        let pull = Pull::start(&url, 42.0);
        let wait = |seconds: f64| sleep(Duration::from_secs_f64(seconds));
        wait(6.0);
        studio.order("hold 2.3 slow");
        wait(11.0);
        studio.order("dump");
        wait(7.0);
        studio.order("hold 2 slow");
        wait(19.0);
        let pulled = pull.save(Duration::from_mins(1));
        witness.hear(&studio.status());
        studio.order("end");
        assert_eq!(studio.wait_end(Duration::from_mins(1)), Some(0));

        let received = Received::read(&pulled.path);
        // Slower playback has more pictures in a second than the time base that ffmpeg writes raw pictures with.
        let complaints = received.complaints.lines().filter(|line| !line.contains("[rawvideo @"));
        assert_eq!(
            complaints.collect::<Vec<_>>(),
            [""; 0],
            "it decodes without a complaint"
        );
        let all = holds(&received);
        let (first, last) = (all[0].0, all[all.len() - 1].0);
        // The longest stretch without a picture of the show is the dump.
        let dump = all
            .windows(2)
            .max_by(|a, b| (a[1].0 - a[0].0).total_cmp(&(b[1].0 - b[0].0)));
        let (dump_from, dump_until) = dump.map(|pair| (pair[0].0, pair[1].0)).unwrap();
        let gone = dump_until - dump_from;
        assert!((1.9..5.0).contains(&gone), "{gone} s of slate");
        let slates = received
            .video_pts
            .iter()
            .filter(|pts| (dump_from..dump_until).contains(pts));
        assert!(slates.count() >= 8, "the slate is shown meanwhile");
        assert!(
            received.rms_dbfs(dump_from + 0.2, dump_from + 1.9) < -60.0,
            "and it is silent"
        );

        let offsets = received.offsets_ms();
        let pairs = offsets
            .iter()
            .filter(|(_, offset)| offset.abs() < 400.0)
            .collect::<Vec<_>>();
        assert!(pairs.len() >= 25, "flashes with beeps: {offsets:?}");
        assert!(pairs.iter().all(|(_, offset)| offset.abs() < 20.0), "{offsets:?}");

        let before = mean(&all, first, first + 2.0);
        let grown = mean(&all, dump_from - 1.5, dump_from);
        let after = mean(&all, last - 1.5, last);
        assert!((grown - before - 0.3).abs() < 0.02, "it grew by {} s", grown - before);
        assert!((after - before).abs() < 0.02, "and shrank by {} s", grown - after);
    });
}

#[test]
fn a_held_show_neither_drifts_nor_leaks() {
    let (Some(nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    in_real_time_beside("a soak of the hold", |witness| {
        let seconds = extent(14.0, 600.0);
        let url = nginx.url("soak");
        let mut studio = Studio::small(&["scenes/demo.toml", "--publish", &url, "--set", "moderation.hold_s=5"]);
        studio.wait_live(0);
        let pulled = Pull::start(&url, seconds).save(Duration::from_secs_f64(seconds + 60.0));
        witness.hear(&studio.status());
        studio.order("end");
        assert_eq!(studio.wait_end(Duration::from_mins(1)), Some(0));
        let received = Received::read(&pulled.path);
        let all = holds(&received);
        let (first, last) = (all[0].0, all[all.len() - 1].0);
        let drift = mean(&all, last - 2.0, last) - mean(&all, first, first + 2.0);
        assert!(drift.abs() < 0.002, "{drift} s");
        let offsets = received.offsets_ms();
        let pairs = offsets
            .iter()
            .filter(|(_, offset)| offset.abs() < 400.0)
            .collect::<Vec<_>>();
        assert!(pairs.len() as f64 > seconds - 10.0, "{offsets:?}");
        assert!(pairs.iter().all(|(_, offset)| offset.abs() < 20.0), "{offsets:?}");
    });
}
