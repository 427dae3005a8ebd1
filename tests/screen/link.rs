//! The screen over a thin, long line: keys are answered at once, and pictures take what is left.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use std::time::Duration;

use crate::common;
use common::extent;
use common::far_terminal::{FarTerminal, Line};
use common::home::Home;
use common::pace::in_real_time;
use common::peer;
use common::studio::Studio;

const ROUND_TRIP: Duration = Duration::from_millis(150);

/// What a key may take beyond the round trip.
const MORE: Duration = Duration::from_millis(50);

/// Everything moves on it: a clip of noise and fractals is program and preview, and meters dance.
const SCENE: &str = r#"
title = "Busy"
[video]
width = 640
height = 360
frame_rate = 30
[source.clip]
kind = "file"
path = "busy.mp4"
loop = true
[source.bars]
kind = "pattern"
style = "bars"
tone_hz = 440
[strip.clip]
[strip.bars]
[scene.clip]
items = [{ source = "clip" }]
[scene.corner]
items = [{ source = "clip" }, { source = "bars", position = ["60%", "60%"], size = ["35%", "35%"] }]
[start]
program = "clip"
preview = "corner"
"#;

/// A screen of 120×34, behind a line of so many bits per second.
fn opened(home: &Home, bits_per_second: f64, round_trip: Duration) -> Option<(Studio, FarTerminal)> {
    peer("ffmpeg")?;
    let clip = home.folder.path().join("busy.mp4");
    let made = std::process::Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "mandelbrot=size=640x360:rate=30,noise=alls=12:allf=t",
        ])
        .args([
            "-f",
            "lavfi",
            "-i",
            "aevalsrc=0.4*sin(2*PI*t*(300+200*sin(t*9)))*abs(sin(t*5))",
            "-t",
            "4",
        ])
        .args([
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuv420p",
            "-c:a",
            "aac",
        ])
        .arg(&clip)
        .status()
        .unwrap();
    assert!(made.success());
    let line = Line {
        bytes_per_second: bits_per_second / 8.0,
        round_trip,
    };
    std::fs::write(home.folder.path().join("busy.toml"), SCENE).unwrap();
    let scene = home.folder.path().join("busy.toml").display().to_string();
    let studio = Studio::start_in(&[&scene], |command| {
        command.env("XDG_RUNTIME_DIR", home.folder.path());
    });
    let terminal = FarTerminal::run(home.command(&["attach"]), 120, 34, line);
    terminal.until("the screen", common::PATIENCE, |screen| {
        screen.contents().contains("MIXER")
    });
    Some((studio, terminal))
}

/// What stands where program's picture is.
fn program(screen: &vt100::Screen) -> Vec<(String, vt100::Color, vt100::Color)> {
    (3..12)
        .flat_map(|row| (4..44).map(move |column| (row, column)))
        .filter_map(|(row, column)| screen.cell(row, column))
        .map(|cell| (cell.contents().to_owned(), cell.fgcolor(), cell.bgcolor()))
        .collect()
}

/// Types at the prompt and says how long each character took to be seen, shortest first.
fn echoes(terminal: &FarTerminal, count: usize) -> Vec<Duration> {
    let last_row = |screen: &vt100::Screen| {
        let (rows, _) = screen.size();
        screen.rows(0, 100).nth(usize::from(rows.get()) - 1).unwrap_or_default()
    };
    terminal.type_text(":");
    terminal.until("the prompt", common::PATIENCE, |screen| {
        last_row(screen).starts_with(':')
    });
    let mut typed = ":".to_owned();
    let mut took = Vec::new();
    for at in 0..count {
        if at % 60 == 59 {
            // The line is not to be longer than the screen.
            terminal.type_text("\u{15}");
            terminal.until("an empty prompt", common::PATIENCE, |screen| {
                last_row(screen).trim_end() == ":"
            });
            ":z".clone_into(&mut typed);
            terminal.type_text("z");
            terminal.until("the letter", common::PATIENCE, |screen| {
                last_row(screen).trim_end() == typed
            });
        }
        // No command begins so: nothing but the letter is drawn.
        let letter = if at == 0 {
            'z'
        } else {
            char::from(b'a' + (at % 26) as u8)
        };
        typed.push(letter);
        let pressed = terminal.type_text(&letter.to_string());
        let seen = terminal.until("the letter", common::PATIENCE, |screen| {
            last_row(screen).trim_end() == typed
        });
        took.push(seen.saturating_duration_since(pressed));
    }
    terminal.type_text("\u{3}");
    terminal.until("no prompt", common::PATIENCE, |screen| {
        !last_row(screen).starts_with(':')
    });
    took.sort();
    took
}

fn said(took: &[Duration]) -> String {
    format!(
        "echo of {} keys: median {:?}, nine of ten within {:?}, longest {:?}",
        took.len(),
        took[took.len() / 2],
        took[took.len() * 9 / 10],
        took[took.len() - 1]
    )
}

#[test]
fn on_a_megabit_and_150_ms_keys_are_never_behind_pictures() {
    in_real_time("keys at 1 Mbit/s", |witness| {
        let home = Home::new();
        let Some((_studio, terminal)) = opened(&home, 1e6, ROUND_TRIP) else {
            return;
        };
        // Until the governor has found out.
        terminal.changes(Duration::from_secs(extent(4, 10)), program);
        let bytes = terminal.bytes();
        let time = Duration::from_secs(extent(4, 20));
        let pictures = terminal.changes(time, program);
        let rate = (terminal.bytes() - bytes) as f64 / time.as_secs_f64();
        let took = echoes(&terminal, extent(25, 200));
        eprintln!(
            "1 Mbit/s: {pictures} changes of program in {time:?}, {rate:.0} B/s; {}",
            said(&took)
        );
        witness.hear(&home.status());
        assert!(
            took[took.len() * 9 / 10] <= ROUND_TRIP + MORE,
            "{}\n{}",
            said(&took),
            terminal.text()
        );
        assert!(
            pictures as f64 / time.as_secs_f64() >= 3.0,
            "pictures must move: {pictures} in {time:?}"
        );
        assert!(rate > 20_000.0, "what the line carries is used: {rate:.0} B/s");
    });
}

#[test]
fn on_64_kbit_pictures_slow_to_stills_and_the_rest_stays_live() {
    in_real_time("keys at 64 kbit/s", |witness| {
        let home = Home::new();
        let Some((_studio, terminal)) = opened(&home, 64e3, ROUND_TRIP) else {
            return;
        };
        terminal.changes(Duration::from_secs(extent(6, 15)), program);
        let took = echoes(&terminal, extent(20, 100));
        let time = Duration::from_secs(extent(5, 20));
        let bytes = terminal.bytes();
        let clock = |screen: &vt100::Screen| screen.rows(0, 40).next();
        let seconds = terminal.changes(time, clock);
        let rate = (terminal.bytes() - bytes) as f64 / time.as_secs_f64();
        eprintln!(
            "64 kbit/s: clock changed {seconds} times in {time:?}, {rate:.0} B/s; {}",
            said(&took)
        );
        witness.hear(&home.status());
        assert!(
            took[took.len() / 2] <= ROUND_TRIP + 4 * MORE,
            "{}\n{}",
            said(&took),
            terminal.text()
        );
        assert!(
            seconds as u64 + 2 >= time.as_secs(),
            "the clock stays live: {seconds} in {time:?}"
        );
        // Preview and sources have their turns, so that those of program are some ten seconds apart.
        let mut before = None;
        terminal.until("a still of program", common::PATIENCE, |screen| {
            let now = program(screen);
            *before.get_or_insert_with(|| now.clone()) != now
        });
    });
}

#[test]
fn on_a_fast_link_keys_are_on_the_screen_within_a_frame() {
    in_real_time("keys on a fast link", |witness| {
        let home = Home::new();
        let Some((_studio, terminal)) = opened(&home, 1e10, Duration::ZERO) else {
            return;
        };
        let time = Duration::from_secs(extent(3, 10));
        let bytes = terminal.bytes();
        let pictures = terminal.changes(time, program);
        let rate = (terminal.bytes() - bytes) as f64 / time.as_secs_f64();
        let took = echoes(&terminal, extent(100, 500));
        eprintln!(
            "fast link: {pictures} changes of program in {time:?}, {rate:.0} B/s; {}, 99 of 100 within {:?}",
            said(&took),
            took[took.len() * 99 / 100]
        );
        witness.hear(&home.status());
        assert!(took[took.len() / 2] <= Duration::from_millis(16), "{}", said(&took));
        assert!(
            pictures as f64 / time.as_secs_f64() >= 10.0,
            "pictures move: {pictures} in {time:?}"
        );
    });
}
