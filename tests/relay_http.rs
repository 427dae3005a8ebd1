//! The relay from outside: who is let in, what viewers get, and what it does about those that are slow, wrong or hostile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]
#![allow(
    clippy::duplicate_mod,
    reason = "what two kinds of tests share brings the same peers"
)]

#[path = "relay_support/media.rs"]
mod media;
mod relay_support;
mod rtmp_support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use relay_support::{
    PATIENCE, Rig, Seen, Viewer, audio_config, picture, rendition, sound, status, video_config, wait_for,
};
use rigcast::media::AudioCodec;
use rigcast::relay::{Demand, Feed, RelaySettings};
use rigcast::secret::Secret;
use tungstenite::Message;

fn wanted(rendition: usize) -> Demand {
    Demand::Wanted {
        rendition,
        is_wanted: true,
    }
}

#[test]
fn only_those_with_a_token_are_let_in() {
    let rig = Rig::start(RelaySettings {
        read_tokens: vec![Secret::new("sesame")],
        ..RelaySettings::default()
    });
    let _feed = rig.publish(vec![rendition("source", 720, 2500)]);
    for path in ["/api/streams", "/metrics"] {
        for (query, headers, code) in [
            ("", "", 401),
            ("?token=wrong", "", 401),
            ("", "Authorization: Bearer wrong\r\n", 401),
            ("?token=sesame", "", 200),
            ("", "Authorization: Bearer sesame\r\n", 200),
            ("?token=sesame", "Origin: https://evil.example\r\n", 403),
        ] {
            let (got, answer) = rig.get(&format!("{path}{query}"), headers);
            assert_eq!(got, code, "{path}{query} {headers}: {answer}");
            assert!(!answer.contains("sesame"));
        }
    }
    assert_eq!(status(&Viewer::connect(rig.address, "/ws/main").unwrap_err()), 401);
    let with = |origin: &str| Viewer::connect_with(rig.address, "/ws/main?token=sesame", origin);
    assert_eq!(status(&with("Origin: https://evil.example\r\n").unwrap_err()), 403);
    assert!(with(&format!("Origin: http://{}\r\n", rig.address)).is_ok());
    // The page is no secret: it has nothing in it before it has a token.
    for path in ["/", "/live/main", "/page/player.js", "/page/style.css"] {
        assert_eq!(rig.get(path, "").0, 200, "{path}");
    }
    let stats = rig.relay().stats();
    assert!(stats.refused_tokens >= 9, "{stats:?}");
    assert!(!format!("{:?}", rig.relay()).contains("sesame"));
}

#[test]
fn what_is_not_there_is_not_found_and_no_address_is_too_strange() {
    let rig = Rig::start(RelaySettings {
        origins: vec!["https://tv.example".to_owned()],
        ..RelaySettings::default()
    });
    let _feed = rig.publish(vec![rendition("source", 720, 2500)]);
    for (path, code) in [
        ("/ws/other", 404),
        ("/ws/main?rendition=8k", 404),
        ("/ws/main?format=avi", 400),
    ] {
        assert_eq!(status(&Viewer::connect(rig.address, path).unwrap_err()), code, "{path}");
    }
    assert_eq!(rig.get("/ws/main", "").0, 426);
    for path in [
        "/nowhere",
        "/live",
        "/live/a/b",
        "/api",
        "/../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/ws/",
    ] {
        assert_eq!(rig.get(path, "").0, 404, "{path}");
    }
    let (code, answer) = rig.get("/api/streams", "Origin: https://tv.example\r\n");
    assert_eq!(code, 200);
    assert!(
        answer
            .to_lowercase()
            .contains("access-control-allow-origin: https://tv.example"),
        "{answer}"
    );

    // Bytes of every kind where a request should be: an answer or a hangup, and the next one is served as ever.
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..200 {
        let mut noise = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 24) as u8
        };
        let path = (0..noise() % 40).map(|_| noise()).collect::<Vec<_>>();
        let mut stream = TcpStream::connect(rig.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = [
            b"GET /",
            &path[..],
            b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ]
        .concat();
        let _ = stream.write_all(&request);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 "),
            "{answer:?} to {path:?}"
        );
        assert!(!answer.starts_with(b"HTTP/1.1 5"), "{path:?}");
    }
    assert_eq!(rig.get("/api/streams", "").0, 200);
}

#[test]
fn a_late_joiner_starts_at_the_last_idr_and_misses_nothing_after_it() {
    let rig = Rig::start(RelaySettings::default());
    let feed = rig.publish(vec![rendition("source", 720, 2500), rendition("audio", 0, 0)]);
    for number in 0..40 {
        feed.offer(0, &picture(number, number % 30 == 0, 0, 2000));
        feed.offer_audio(&sound(number));
    }
    let mut viewer = rig.viewer("/ws/main?rendition=source");
    let config = viewer.next();
    assert_eq!(config.kind, 1);
    let json = config.json();
    assert_eq!(json["rendition"], "source");
    assert_eq!(json["renditions"], serde_json::json!(["source", "audio"]));
    assert_eq!(json["video"]["codec"], "avc1.64001f");
    assert_eq!(
        (&json["video"]["width"], &json["audio"]["codec"]),
        (&1280.into(), &"mp4a.40.2".into())
    );
    assert_eq!(json["audio"]["description"], "EZA=");
    let first = viewer.next_of(2);
    assert!(first.is_idr && first.number() == 30, "{first:?}");
    assert_eq!(first.pts_us, 1_000_000);
    let since_1970 = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros() as i64;
    assert!((since_1970 - first.made_us).abs() < 40_000_000, "{first:?}");
    for number in 31..40 {
        assert_eq!(viewer.next_of(2).number(), number);
    }
    for number in 40..100 {
        feed.offer(0, &picture(number, number % 30 == 0, 0, 2000));
        assert_eq!(viewer.next_of(2).number(), number);
    }
    // Sound alone has no pictures in it, and begins at once.
    let mut listener = rig.viewer("/ws/main?rendition=audio");
    assert_eq!(listener.next().json()["video"], serde_json::Value::Null);
    for number in 40..60 {
        feed.offer_audio(&sound(number));
    }
    let first = listener.next();
    assert!(first.kind == 3 && first.number() == 39, "{first:?}");
    for number in 40..60 {
        assert_eq!(listener.next().number(), number);
    }
    drop(feed);
    assert_eq!(listener.goodbye(), (1001, "the stream is over".to_owned()));
    assert_eq!(viewer.goodbye().0, 1001);
    wait_for("the end of the viewers", || {
        (rig.relay().stats().viewers == 0).then_some(())
    });
    assert_eq!(status(&Viewer::connect(rig.address, "/ws/main").unwrap_err()), 404);
}

#[test]
fn renditions_are_asked_for_while_someone_reads_them() {
    let rig = Rig::start(RelaySettings::default());
    let feed = rig.publish(vec![rendition("source", 720, 2500), rendition("480p", 480, 1000)]);
    assert!(rig.demands.lock().unwrap().is_empty());
    let first = rig.viewer("/ws/main?rendition=480p");
    let second = rig.viewer("/ws/main?rendition=480p");
    wait_for("both viewers", || {
        (rig.relay().stats().streams[0].renditions[1].viewers == 2).then_some(())
    });
    assert_eq!(
        *rig.demands.lock().unwrap(),
        [wanted(1), Demand::Keyframe { rendition: 1 }]
    );
    drop((first, second));
    let not_wanted = Demand::Wanted {
        rendition: 1,
        is_wanted: false,
    };
    let from = Instant::now();
    wait_for("the end of the demand", || {
        rig.demands.lock().unwrap().contains(&not_wanted).then_some(())
    });
    assert!(
        from.elapsed() > Duration::from_secs(3),
        "viewers come back: {:?}",
        from.elapsed()
    );
    assert!(!rig.relay().stats().streams[0].renditions[1].is_wanted);
    drop(feed);
}

#[test]
fn a_viewer_moves_between_renditions_without_a_break() {
    let rig = Rig::start(RelaySettings::default());
    let feed = rig.publish(vec![rendition("source", 720, 2500), rendition("480p", 480, 1000)]);
    let mut viewer = rig.viewer("/ws/main?rendition=source");
    let mut next = 0;
    let mut step = |low_from: Option<u32>| {
        feed.offer(0, &picture(next, next % 30 == 0, 0, 3000));
        if let Some(from) = low_from
            && next >= from
        {
            // This encoder has its IDRs elsewhere.
            feed.offer(1, &picture(next, (next - from) % 30 == 0, 1, 1000));
        }
        feed.offer_audio(&sound(2 * next));
        feed.offer_audio(&sound(2 * next + 1));
        next += 1;
        next
    };
    for _ in 0..20 {
        step(None);
    }
    viewer.say(r#"{"rendition":"480p"}"#);
    wait_for("the wish", || {
        rig.demands
            .lock()
            .unwrap()
            .contains(&Demand::Keyframe { rendition: 1 })
            .then_some(())
    });
    let from = 25;
    for _ in 0..40 {
        step(Some(from));
    }
    wait_for("the step", || {
        (rig.relay().stats().streams[0].renditions[1].switches == 1).then_some(())
    });
    let mut frames: Vec<(u32, _, bool)> = Vec::new();
    let mut sounds = Vec::new();
    let mut configs = Vec::new();
    while frames.last().is_none_or(|(number, ..)| *number != 59) {
        let seen = viewer.next();
        match seen.kind {
            1 => configs.push((frames.len(), seen.json()["rendition"].as_str().unwrap().to_owned())),
            2 => frames.push((seen.number(), seen.rendition(), seen.is_idr)),
            _ => sounds.push(seen.number()),
        }
    }
    // First every picture of the one, then every picture of the other, from an IDR on; the sound goes through. Who has seen the
    // picture of that IDR already gets it once more: players leave it out.
    let step_at = frames.iter().position(|(_, rendition, _)| *rendition == 1).unwrap();
    let (before, after) = frames.split_at(step_at);
    let numbers = |frames: &[(u32, _, bool)]| frames.iter().map(|(number, ..)| *number).collect::<Vec<_>>();
    let last = before.last().unwrap().0;
    let first = after[0].0;
    assert_eq!(numbers(before), (0..=last).collect::<Vec<_>>());
    assert_eq!(numbers(after), (first..60).collect::<Vec<_>>());
    assert!(after.iter().all(|(_, rendition, _)| *rendition == 1), "{frames:?}");
    assert!(after[0].2 && (from..=last + 1).contains(&first), "{frames:?}");
    assert_eq!(configs, [(0, "source".to_owned()), (step_at, "480p".to_owned())]);
    assert!(
        sounds.windows(2).all(|pair| pair[1] == pair[0] + 1) && sounds[0] == 0,
        "{sounds:?}"
    );
}

#[test]
fn a_slow_viewer_loses_pictures_and_nobody_else_does() {
    let rig = Rig::start(RelaySettings::default());
    let feed = rig.publish(vec![rendition("source", 720, 20_000)]);
    feed.offer(0, &picture(0, true, 0, 60_000));
    let slow = rig.viewer("/ws/main?rendition=source");
    let mut quick = rig.viewer("/ws/main?rendition=source");
    let reader = std::thread::spawn(move || (0..150).map(|_| quick.next_of(2).number()).collect::<Vec<_>>());
    // Five seconds of pictures in real time, far more than sockets hold; the slow viewer reads nothing.
    let from = Instant::now();
    for number in 1..160 {
        let due = Duration::from_micros(u64::from(number) * 1_000_000 / 30);
        std::thread::sleep(due.saturating_sub(from.elapsed()));
        feed.offer(0, &picture(number, number % 30 == 0, 0, 80_000));
        feed.offer_audio(&sound(number));
    }
    assert_eq!(reader.join().unwrap(), (0..150).collect::<Vec<_>>());
    // Now it reads: the pictures that it has are in order, and after each hole comes an IDR.
    let mut slow = slow;
    let mut seen = vec![slow.next_of(2)];
    while seen.last().unwrap().number() < 159 {
        seen.push(slow.next_of(2));
    }
    let holes = seen
        .windows(2)
        .filter(|pair| pair[1].number() != pair[0].number() + 1)
        .collect::<Vec<_>>();
    assert!(
        !holes.is_empty()
            && holes
                .iter()
                .all(|pair| pair[1].is_idr && pair[1].number() > pair[0].number())
    );
    let stats = rig.relay().stats();
    let lost = 160 - seen.len() as u64;
    assert_eq!(stats.streams[0].renditions[0].dropped_frames, lost, "{stats:?}");
}

#[test]
fn a_viewer_whose_network_is_narrow_is_moved_down_by_itself() {
    let rig = Rig::start(RelaySettings::default());
    let feed = rig.publish(vec![rendition("source", 720, 20_000), rendition("480p", 480, 500)]);
    let mut viewer = rig.viewer("/ws/main?rendition=auto");
    let is_over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let feeder = std::thread::spawn({
        let is_over = std::sync::Arc::clone(&is_over);
        move || {
            let from = Instant::now();
            for number in 0.. {
                if is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                let due = Duration::from_micros(u64::from(number) * 1_000_000 / 30);
                std::thread::sleep(due.saturating_sub(from.elapsed()));
                feed.offer(0, &picture(number, number % 15 == 0, 0, 80_000));
                feed.offer(1, &picture(number, number % 15 == 0, 1, 2000));
            }
        }
    });
    // Reads 400 kB a second at most: a tenth of the one, and enough for the other.
    let deadline = Instant::now() + PATIENCE;
    let (mut bytes, from) = (0, Instant::now());
    loop {
        let seen = viewer.next();
        assert!(Instant::now() < deadline, "it stayed where it was");
        if seen.kind == 2 && seen.rendition() == 1 {
            assert!(seen.is_idr);
            break;
        }
        bytes += seen.payload.len();
        std::thread::sleep(Duration::from_secs_f64(bytes as f64 / 400_000.0).saturating_sub(from.elapsed()));
    }
    for _ in 0..20 {
        let seen = viewer.next_of(2);
        assert_eq!(seen.rendition(), 1);
    }
    is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    feeder.join().unwrap();
}

#[test]
fn limits_are_told_and_breaches_end_with_a_reason() {
    let rig = Rig::start(RelaySettings {
        max_viewers: 2,
        max_viewer_kbps: Some(6000),
        ..RelaySettings::default()
    });
    let _feed = rig.publish(vec![rendition("source", 720, 4000), rendition("480p", 480, 1000)]);
    let source = rig.viewer("/ws/main?rendition=source");
    // By what they are sent first, then by their number.
    let refused = |path: &str| {
        let answer = Viewer::connect(rig.address, path).unwrap_err().to_lowercase();
        assert!(status(&answer) == 503 && answer.contains("retry-after: 10"), "{answer}");
    };
    refused("/ws/main?rendition=source");
    let mut low = rig.viewer("/ws/main?rendition=480p");
    refused("/ws/main?rendition=480p");
    assert_eq!(rig.relay().stats().refused_viewers, 2);
    drop(source);

    low.socket.send(Message::text("x".repeat(5000))).unwrap();
    assert_eq!(low.goodbye(), (1009, "the message is too large".to_owned()));
    for (said, code) in [
        (Message::binary(vec![0; 10]), 1003),
        (Message::text("{\"rendition\":\"8k\"}"), 1008),
        (Message::text("hello"), 1008),
    ] {
        let mut viewer = wait_for("a place", || {
            Viewer::connect(rig.address, "/ws/main?rendition=480p").ok()
        });
        viewer.socket.send(said).unwrap();
        assert_eq!(viewer.goodbye().0, code);
    }
    // Whoever behaves is heard.
    let mut viewer = wait_for("a place", || {
        Viewer::connect(rig.address, "/ws/main?rendition=480p").ok()
    });
    viewer.say(r#"{"report":{"latency_ms":123.4,"dropped_frames":1}}"#);
    wait_for("the report", || {
        (rig.relay().stats().streams[0].renditions[1].latency_ms == Some(123)).then_some(())
    });
    wait_for("the end of the others", || {
        (rig.relay().stats().viewers == 1).then_some(())
    });
    let (_, figures) = rig.get("/metrics", "");
    assert!(figures.contains("\nrigcast_relay_viewers 1\n"), "{figures}");
    assert!(
        figures.contains("rigcast_relay_rendition_viewers{stream=\"main\",rendition=\"480p\"} 1\n"),
        "{figures}"
    );
}

#[test]
fn a_request_that_never_ends_is_closed() {
    let rig = Rig::start(RelaySettings::default());
    let mut slow = TcpStream::connect(rig.address).unwrap();
    slow.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut silent = TcpStream::connect(rig.address).unwrap();
    silent.set_read_timeout(Some(PATIENCE)).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ").unwrap();
    let from = Instant::now();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).unwrap();
    silent.read_to_end(&mut answer).unwrap();
    assert!(from.elapsed() < Duration::from_secs(20), "{:?}", from.elapsed());
    wait_for("its end", || (rig.relay().stats().connections == 0).then_some(()));
}

#[test]
fn names_are_taken_once_and_addresses_too() {
    let rig = Rig::start(RelaySettings::default());
    let feed = rig.publish(vec![rendition("source", 720, 2500)]);
    let add = |name: &str, renditions: &[&str]| {
        let renditions = renditions.iter().map(|name| rendition(name, 720, 2500)).collect();
        let added = rig.relay().publish(name, renditions, audio_config(), |_| {});
        added.map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(
        add("main", &["source"]).unwrap_err(),
        "relay: a stream named main is being shown already"
    );
    assert!(add("a/b", &["source"]).unwrap_err().contains("is no name"));
    assert!(add("other", &["auto"]).unwrap_err().contains("is no name"));
    assert!(
        add("other", &["a", "a"])
            .unwrap_err()
            .contains("two renditions have one name")
    );
    assert!(add("other", &[]).unwrap_err().contains("there is no rendition"));
    drop(feed);
    add("main", &["source"]).unwrap();

    let settings = RelaySettings {
        listen: rig.address,
        ..RelaySettings::default()
    };
    let again = rigcast::relay::Relay::start(settings, rigcast::clock::Clock::start(), |_| {});
    let error = rig.runtime.block_on(again).unwrap_err().to_string();
    assert!(error.contains(&format!("cannot listen on {}", rig.address)), "{error}");
}

/// Feeds two renditions of one show, four times as fast as real, until it is dropped.
struct Feeding {
    feed: Arc<Feed>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Feeding {
    fn start(feed: Feed) -> Self {
        let (feed, stop) = (Arc::new(feed), Arc::new(AtomicBool::new(false)));
        let (own, is_over) = (Arc::clone(&feed), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for number in (0..).take_while(|_| !is_over.load(Ordering::Relaxed)) {
                for rendition in 0..2 {
                    let is_idr = number % 10 == 5 * u32::from(rendition);
                    own.offer(usize::from(rendition), &picture(number, is_idr, rendition, 500));
                }
                own.offer_audio(&sound(2 * number));
                own.offer_audio(&sound(2 * number + 1));
                std::thread::sleep(Duration::from_millis(8));
            }
        });
        Self {
            feed,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Feeding {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// The next message of that kind for which `pick` gives something.
fn seen<T>(viewer: &mut Viewer, kind: u8, pick: impl Fn(&Seen) -> Option<T>) -> T {
    loop {
        if let Some(found) = pick(&viewer.next_of(kind)) {
            return found;
        }
    }
}

#[test]
fn what_is_not_offered_any_more_is_left_and_come_back_to() {
    let rig = Rig::start(RelaySettings::default());
    let feeding = Feeding::start(rig.publish(vec![rendition("source", 720, 2500), rendition("480p", 480, 1000)]));
    let mut auto = rig.viewer("/ws/main");
    let mut pinned = rig.viewer("/ws/main?rendition=source");
    for viewer in [&mut auto, &mut pinned] {
        seen(viewer, 2, |picture| (picture.rendition() == 0).then_some(()));
    }
    feeding.feed.offer_only(&[false, true]);
    for viewer in [&mut auto, &mut pinned] {
        seen(viewer, 1, |config| {
            let json = config.json();
            (json["rendition"] == "480p" && json["renditions"] == serde_json::json!(["480p"])).then_some(())
        });
        seen(viewer, 2, |picture| (picture.rendition() == 1).then_some(()));
    }
    let (_, master) = rig.get("/hls/main/index.m3u8", "");
    assert!(
        master.contains("480p/index.m3u8") && !master.contains("source/"),
        "{master}"
    );
    assert_eq!(rig.get("/hls/main/source/index.m3u8", "").0, 404);
    let mut late = rig.viewer("/ws/main?rendition=source");
    assert_eq!(late.next_of(2).rendition(), 1, "the nearest below");
    feeding.feed.offer_only(&[true, true]);
    for viewer in [&mut pinned, &mut late] {
        seen(viewer, 2, |picture| (picture.rendition() == 0).then_some(()));
    }
    let (_, master) = rig.get("/hls/main/index.m3u8", "");
    assert!(
        master.contains("480p/index.m3u8") && master.contains("source/"),
        "{master}"
    );
}

#[test]
fn another_size_and_another_rate_are_told_in_the_middle_of_a_stream() {
    let rig = Rig::start(RelaySettings::default());
    let feeding = Feeding::start(rig.publish(vec![rendition("source", 720, 2500), rendition("480p", 480, 1000)]));
    let mut units = rig.viewer("/ws/main?rendition=source");
    let mut fragments = rig.viewer("/ws/main?rendition=source&format=fmp4");
    let height = |config: &Seen| config.json()["video"]["height"].as_u64();
    assert_eq!(height(&units.next_of(1)), Some(720));
    let first = fragments.next_of(4).payload.to_vec();
    let (_, playlist) = rig.get("/hls/main/source/index.m3u8", "");
    assert!(playlist.contains("init-0.mp4"), "{playlist}");

    feeding.feed.set_video(0, video_config(360));
    assert_eq!(height(&units.next_of(1)), Some(360));
    // An IDR is the feeder's duty: this one's come often.
    let second = fragments.next_of(4).payload.to_vec();
    assert_ne!(first, second);

    let mut audio = audio_config();
    audio.sample_rate = 44_100;
    audio.codec = AudioCodec::Aac {
        asc: Bytes::from_static(&[0x12, 0x10]),
    };
    rig.demands.lock().unwrap().clear();
    feeding.feed.set_audio(&audio);
    let config = units.next_of(1).json();
    assert_eq!(
        (&config["audio"]["sample_rate"], &config["video"]["height"]),
        (&44_100.into(), &360.into())
    );
    assert!(
        rig.demands.lock().unwrap().contains(&Demand::Keyframe { rendition: 0 }),
        "fragments begin anew"
    );
    let third = fragments.next_of(4).payload.to_vec();
    assert_ne!(second, third);
    seen(&mut fragments, 5, |fragment| fragment.is_idr.then_some(()));
    let playlist = wait_for("the discontinuities", || {
        let (_, playlist) = rig.get("/hls/main/source/index.m3u8", "");
        playlist.contains("init-2.mp4").then_some(playlist)
    });
    assert!(playlist.contains("#EXT-X-DISCONTINUITY"), "{playlist}");
    let (_, master) = rig.get("/hls/main/index.m3u8", "");
    assert!(master.contains("RESOLUTION=640x360"), "{master}");
}
