//! A screen on air: what is drawn on it reaches viewers as it was, in order, and soon.

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rigcast::clock::Clock;
use rigcast::media::TimeDelta;
use rigcast::source::pattern::number;

use crate::common::media::Pull;
use crate::common::nginx::Nginx;
use crate::common::pace::in_real_time;
use crate::common::studio::Studio;
use crate::common::{PATIENCE, peer};
use crate::xserver_support::{Painter, Server, colour_of};

/// The size in which pictures are looked at: cells of 16 pixels, a row of 4.
const LOOK: (usize, usize) = (number::CELLS * 16, 216);

/// How far a colour may be from what was drawn: grounds are further from each other, and an encoder that gets a new one with each
/// picture spends few bits on them.
const NEAR: u8 = 30;

/// The program's part in the plain payload types of a description (RFC 3551 §6): the first dynamic one is the pictures'.
const PICTURES: u8 = 96;

/// Draws the time in ms, 30 times a second and a little oftener, so that every step between drawing and ticks comes up.
struct Film {
    thread: Option<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
}

impl Film {
    fn start(display: &str, clock: Clock) -> Self {
        let painter = Painter::on_screen(display);
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            let mut next = clock.now();
            while !over.load(Ordering::Relaxed) {
                next += TimeDelta::from_millis(32);
                clock.sleep_until(next);
                // Its server may have been killed.
                if painter.try_draw(clock.now().to_millis() as u32).is_err() {
                    break;
                }
            }
        });
        Self {
            thread: Some(thread),
            is_over,
        }
    }
}

impl Drop for Film {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Takes RTP over TCP (RFC 4571) and notes when each picture was all there, in ms.
fn receive(listener: TcpListener, clock: Clock) -> JoinHandle<(Vec<i64>, Vec<u8>)> {
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut times, mut nals) = (Vec::new(), Vec::new());
        let mut len = [0; 2];
        while stream.read_exact(&mut len).is_ok() {
            let mut packet = vec![0; usize::from(u16::from_be_bytes(len))];
            if stream.read_exact(&mut packet).is_err() {
                break;
            }
            if packet.len() < 14 || packet[1] & 0x7f != PICTURES {
                continue;
            }
            let payload = &packet[12 + 4 * usize::from(packet[0] & 15)..];
            unpack(payload, &mut nals);
            if packet[1] & 0x80 != 0 {
                times.push(clock.now().to_millis());
            }
        }
        (times, nals)
    })
}

/// NAL units of a payload (RFC 6184 §5.6 to §5.8) to an Annex B stream.
fn unpack(payload: &[u8], nals: &mut Vec<u8>) {
    const START: [u8; 4] = [0, 0, 0, 1];
    match payload[0] & 31 {
        24 => {
            let mut rest = &payload[1..];
            while rest.len() > 2 {
                let len = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
                nals.extend(START);
                nals.extend(&rest[2..2 + len]);
                rest = &rest[2 + len..];
            }
        }
        28 => {
            if payload[1] & 0x80 != 0 {
                nals.extend(START);
                nals.push(payload[0] & 0xe0 | payload[1] & 31);
            }
            nals.extend(&payload[2..]);
        }
        _ => {
            nals.extend(START);
            nals.extend(payload);
        }
    }
}

/// The number on each picture of a file and whether it stands on its own ground, as ffmpeg decodes it.
fn numbers(path: &Path) -> Vec<Option<(u32, bool)>> {
    let (width, height) = LOOK;
    let scale = format!("scale={width}:{height}:flags=area:in_color_matrix=bt709:in_range=tv,format=rgb24");
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(path)
        .args(["-an", "-fps_mode", "passthrough", "-vf", &scale, "-f", "rawvideo", "-"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let pictures = output.stdout;
    let read = |picture: &[u8]| {
        let luma = picture.chunks_exact(3).map(|pixel| pixel[1]).collect::<Vec<_>>();
        let number = number::read_luma(&luma, width, height)?;
        let [_, red, green, blue] = colour_of(number).to_be_bytes();
        // Not in the middle, where the pointer is.
        let ground = &picture[(height / 4 * width + width / 4) * 3..][..3];
        let is_own = ground
            .iter()
            .zip([red, green, blue])
            .all(|(there, own)| there.abs_diff(own) <= NEAR);
        Some((number, is_own))
    };
    pictures.chunks_exact(width * height * 3).map(read).collect()
}

fn scene(folder: &Path, display: &str) -> String {
    let path = folder.join("show.toml");
    let text = format!(
        "[source.desk]\nkind = \"screen\"\ndisplay = \"{display}\"\n[scene.desk]\nitems = [{{ source = \"desk\" }}]\n"
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn is_live(status: &serde_json::Value) -> bool {
    status["sources"][0]["state"]["state"] == "live"
}

#[test]
fn what_is_drawn_is_encoded_within_80_ms() {
    let (Some(xvfb), Some(_)) = (peer("Xvfb"), peer("ffmpeg")) else {
        return;
    };
    in_real_time("drawn to encoded", |witness| {
        let server = Server::start(&xvfb, "1280x720x24", &[]);
        let clock = Clock::start();
        let film = Film::start(&server.display, clock);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("rtp+tcp://{}", listener.local_addr().unwrap());
        let receiver = receive(listener, clock);
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::start(&[&scene(folder.path(), &server.display), "--publish", &address]);
        studio.wait_until("the screen", PATIENCE, is_live);
        studio.wait_live(0);
        let begin = clock.now().to_millis();
        studio.wait_until("ten seconds of it", PATIENCE, |_| {
            clock.now().to_millis() > begin + 10_000
        });
        witness.hear(&studio.status());
        drop(studio);
        drop(film);
        let (times, nals) = receiver.join().unwrap();
        let path = folder.path().join("received.h264");
        std::fs::write(&path, nals).unwrap();
        let numbers = numbers(&path);
        assert!(
            times.len().abs_diff(numbers.len()) <= 1,
            "{} and {}",
            times.len(),
            numbers.len()
        );
        let mut latencies = Vec::new();
        let (mut last, mut others) = (0, 0);
        for (time, number) in times.iter().zip(&numbers).filter(|(time, _)| **time > begin + 500) {
            let (drawn, is_own) = number.expect("a picture without a number");
            assert!(drawn >= last, "{drawn} after {last}");
            others += usize::from(!is_own);
            if drawn > last {
                latencies.push(time - i64::from(drawn));
            }
            last = drawn;
        }
        latencies.sort_unstable();
        let at = |share: usize| latencies[latencies.len() * share / 100];
        let most = latencies[latencies.len() - 1];
        eprintln!(
            "{} pictures; from draw to encoded: {} ms in the median, {} ms for 95 of 100, {most} ms at most",
            latencies.len(),
            at(50),
            at(95)
        );
        assert_eq!(others, 0, "pictures whose number stands on the ground of another");
        assert!(latencies.len() > 270, "{} new pictures", latencies.len());
        assert!(at(95) < 80, "{latencies:?}");
    });
}

#[test]
fn a_show_outlives_resolutions_and_its_x_server() {
    let (Some(xvfb), Some(nginx)) = (peer("Xvfb"), Nginx::start()) else {
        return;
    };
    in_real_time("a show of a screen", |witness| {
        let mut server = Server::start(&xvfb, "1920x1080x24", &[]);
        let clock = Clock::start();
        let film = Film::start(&server.display, clock);
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::start(&[&scene(folder.path(), &server.display), "--publish", &nginx.url("show")]);
        studio.wait_until("the screen", PATIENCE, is_live);
        studio.wait_live(0);
        let pull = Pull::start(&nginx.url("show"), 60.0);
        let played = |seconds: i64| {
            let begin = clock.now();
            studio.wait_until("a while of the show", PATIENCE, |_| {
                clock.now() - begin > TimeDelta::from_millis(seconds * 1_000)
            });
        };
        played(5);
        drop(film);
        // The same shape, so that the number's cells are where they were.
        Painter::on_screen(&server.display).set_resolution(1280, 720);
        studio.wait_until("the other resolution", PATIENCE, |status| {
            status["sources"][0]["format"]["video"]["width"] == 1280
        });
        assert!(is_live(&studio.status()), "it was never away");
        let film = Film::start(&server.display, clock);
        played(4);
        let killed = clock.now().to_millis() as u32;
        server.kill();
        drop(film);
        let status = studio.wait_until("its absence", PATIENCE, |status| {
            status["sources"][0]["state"]["state"] == "away"
        });
        let reason = status["sources"][0]["state"]["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains(&server.display), "{reason}");
        server.resume();
        let resumed = Instant::now();
        let film = Film::start(&server.display, clock);
        studio.wait_until("its return", PATIENCE, is_live);
        eprintln!("live {:.1} s after the server", resumed.elapsed().as_secs_f64());
        assert!(resumed.elapsed() < Duration::from_secs(3), "{:?}", resumed.elapsed());
        played(4);
        witness.hear(&studio.status());
        pull.stop();
        let pulled = pull.save(PATIENCE);
        drop(film);
        let all = numbers(&pulled.path);
        // A row that is black all along reads as 0: that is a slate.
        let seen = all
            .iter()
            .flatten()
            .copied()
            .filter(|(number, _)| *number > 0)
            .collect::<Vec<_>>();
        let others = seen.iter().filter(|(_, is_own)| !is_own).collect::<Vec<_>>();
        assert!(
            others.is_empty(),
            "numbers on the ground of another: {others:?} of {seen:?}"
        );
        assert!(seen.is_sorted(), "older pictures after newer ones");
        let before = seen.iter().filter(|(number, _)| *number < killed).count();
        let after = seen.len() - before;
        eprintln!(
            "{} pictures, {before} with a number before the kill, {after} after it",
            all.len()
        );
        // The viewer may have waited for an IDR for some of the nine seconds before.
        assert!(before > 150 && after > 60, "{before} and {after} of {}", all.len());
    });
}

#[test]
fn what_is_found_can_be_put_into_a_scene() {
    let Some(xvfb) = peer("Xvfb") else { return };
    let server = Server::start(&xvfb, "800x600x24", &[]);
    let title = "a \"window\" to find";
    let _window = Painter::in_window(&server.display, title, (10, 10), (320, 180));
    let begin = Instant::now();
    let inventory = rigcast::source::look_around();
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    let of_display = |scene: &str| scene.contains(&format!("display = \"{}\"", server.display));
    let found = inventory
        .found
        .iter()
        .filter(|found| found.kind == "screen" && of_display(&found.scene));
    let found = found.collect::<Vec<_>>();
    let screen = found.iter().find(|found| !found.scene.contains("window =")).unwrap();
    assert_eq!(screen.details[0], "800×600");
    let window = found.iter().find(|found| found.title.contains(title)).unwrap();
    assert_eq!(window.details[0], "320×180");
    assert!(window.name.starts_with("a-window-to-find"), "{}", window.name);
    // What it says makes a source that is live.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("show.toml");
    let text = format!(
        "[source.found]\n{}\n[scene.one]\nitems = [{{ source = \"found\" }}]\n",
        window.scene
    );
    std::fs::write(&path, text).unwrap();
    let studio = Studio::start(&[path.to_str().unwrap()]);
    let status = studio.wait_until("the window", PATIENCE, is_live);
    assert_eq!(status["sources"][0]["format"]["video"]["width"], 320);
}

#[test]
fn the_examples_of_the_page_are_good() {
    let page = include_str!("../../docs/screen-capture.md");
    let examples = page
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for example in examples {
        let path = folder.path().join("example.toml");
        std::fs::write(&path, example).unwrap();
        rigcast::scene::load(&path, &[], &|_| None).unwrap_or_else(|errors| panic!("{example}: {errors}"));
        count += 1;
    }
    assert!(count >= 3);
}
