//! Every key of the shipped keymap, pressed on a real screen while the show is on air: it must change what the help says,
//! on the screen, in the state, and in the stream that a viewer pulls from the server.
//!
//! The keys are taken from the keymap itself; one that has no check here fails the test. In the brief form, of several keys that
//! stand for the same command in the same place the last is pressed: that they lead to one command is a matter of the keymap, and tested there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;
#[path = "keys_support/mod.rs"]
mod support;

use std::time::Duration;

use common::extent::extent;
use common::media::{Received, gaps};
use common::pace::{Witness, in_real_time_beside};
use rigcast::tui::keymap::{Binding, Context, Keymap};
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use support::{FPS, Heard, Show};

#[test]
fn every_key_does_what_the_help_says() {
    in_real_time_beside("all keys", every_key);
}

fn every_key(witness: &Witness) {
    let Some(mut show) = Show::start() else { return };
    let keymap = Keymap::shipped().unwrap();
    // `end` ends what the other keys need.
    let (ends, keys): (Vec<&Binding>, Vec<&Binding>) = keymap.bindings().into_iter().partition(|it| it.line == "end");
    let is_same = |one: &Binding, other: &Binding| one.line == other.line && one.context == other.context;
    let is_last = |at: usize| !keys[at + 1..].iter().any(|later| is_same(keys[at], later));
    let are_all_pressed = extent(false, true);
    for (at, binding) in keys.iter().enumerate() {
        if !are_all_pressed && !is_last(at) {
            continue;
        }
        show.at = format!("{} ({})", binding.keys_text(), binding.line);
        match binding.context {
            Context::Everywhere => press_and_check(&mut show, binding),
            Context::Pane(pane) => support::pane::press_and_check(&mut show, binding, pane),
            _ => support::page::press_and_check(&mut show, binding),
        }
    }
    // The screen is torn down in the middle of the show: the viewer must see nothing of it.
    kill_process(show.tmux.child(), Signal::KILL).unwrap();
    show.until(|status| status["stats"]["clients"] == 0);
    show.tmux.recover();
    show.open();
    show.control.hold(0.5);

    witness.hear(&show.control.status());
    let (received, heard) = show.finish(&ends);
    let zero = received.studio_zero(FPS);
    // All of them are looked at, so that one failure does not hide another.
    let check = |claim: &&support::Claim| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check_claim(&received, claim, zero))).is_err()
    };
    let failed = heard
        .iter()
        .filter(check)
        .map(|claim| claim.at.as_str())
        .collect::<Vec<_>>();
    assert_eq!(failed, [] as [&str; 0], "keys whose effect did not reach the viewer");
    assert!(heard.len() >= extent(30, 35), "{} things to see and hear", heard.len());
    assert_eq!(gaps(&received.numbers()), [], "no picture is missing");
    assert_eq!(received.complaints, "");
}

/// Presses the keys of a binding and checks what they change; what only a viewer can tell is noted for later.
fn press_and_check(show: &mut Show, binding: &Binding) {
    let line = binding.line.as_str();
    match line {
        "take" => taken(show, binding, true),
        "cut" => taken(show, binding, false),
        "fade" => {
            show.control.order("transition cut");
            taken(show, binding, true);
            show.control.order("transition fade 600ms");
        }
        "transition cut" | "transition fade" => {
            let (now, other) = if line.ends_with("cut") {
                ("cut", "fade")
            } else {
                ("fade", "cut")
            };
            show.control.order(&format!("transition {other}"));
            show.press(&binding.keys[..1]);
            show.tmux.wait_for(" t … ");
            show.press(&binding.keys[1..]);
            show.until(|status| status["transition"]["kind"] == now);
            show.tmux.wait_for(&format!("take: {now}"));
            show.control.order("transition fade 600ms");
        }
        "transition wipe" => {
            show.control.order("transition cut");
            show.press(&binding.keys);
            show.until(|status| status["transition"]["kind"] == "wipe");
            show.tmux.wait_for("take: wipe");
            show.control.order("transition fade 600ms");
        }
        "transition stinger" => {
            // This show has none.
            show.press(&binding.keys);
            show.tmux.wait_for("no stinger is set");
        }
        "keyframe" => {
            let before = show.control.now() - 0.25;
            show.press(&binding.keys);
            show.tmux.wait_for("✓ keyframe");
            let after = show.control.now();
            show.control.hold(0.5);
            show.note(Heard::Idr, before, after);
        }
        _ if line.starts_with("preview ") => preview(show, binding),
        _ if line.starts_with("mute ") => mute(show, binding),
        _ if line.starts_with("gain ") => gain(show, binding),
        "solo {strip} toggle" => {
            show.select_strip("tone");
            for is_solo in [true, false] {
                show.press(&binding.keys);
                show.until(|status| status["strips"][0]["is_solo"] == is_solo);
                show.strip_shows(&format!("▸tone    ·{}·", if is_solo { 'S' } else { '·' }));
                // PFL: the viewer hears what was heard before.
                let (from, to) = show.held(0.6);
                show.note(Heard::Tone(0.0), from, to);
            }
        }
        "denoise {strip} toggle" => denoise(show, binding),
        "select strip next" | "select strip previous" => {
            show.select_strip("tone");
            show.press(&binding.keys);
            let other = if line.ends_with("next") { "grid" } else { "white" };
            show.tmux.wait_until(other, |screen| {
                support::selected_strip(screen).as_deref() == Some(other)
            });
            show.select_strip("tone");
        }
        "select source next" | "select source previous" => {
            show.select_strip("tone");
            show.press(&binding.keys);
            show.tmux.wait_for(if line.ends_with("next") {
                "╭▸grid ─"
            } else {
                "╭▸white ─"
            });
            show.select_strip("tone");
        }
        "select destination next" | "select destination previous" => {
            show.select_destination("main");
            show.press(&binding.keys);
            show.tmux
                .wait_until("the other destination", |screen| has_destination(screen, "spare"));
        }
        "select pane next" | "select pane previous" => {
            show.tmux.resize(60, 16);
            show.tmux.wait_for("[MIXER]");
            show.press(&binding.keys);
            show.tmux.wait_for(if line.ends_with("next") {
                "[SOURCES]"
            } else {
                "[EVENTS]"
            });
            let back = if line.ends_with("next") { "BTab" } else { "Tab" };
            show.tmux.keys(&[back]);
            show.tmux.wait_for("[MIXER]");
            show.tmux.resize(200, 50);
            show.tmux.wait_for("╭ DESTINATIONS ─");
        }
        "source restart {source}" => {
            show.select_strip("voice");
            let starts = |status: &Value| count_events(status, "source voice", "is live");
            let before = starts(&show.control.status());
            show.press(&binding.keys);
            show.tmux.wait_for("✓ source restart");
            show.until(|status| starts(status) == before + 1);
            show.select_strip("tone");
        }
        "retry {destination}" | "retry" => {
            if line != "retry" {
                show.select_destination("spare");
            }
            show.until(|status| status["destinations"][1]["state"]["retry_in_ms"].as_u64() > Some(3000));
            let before = show.spare_connections();
            show.press(&binding.keys);
            show.wait_spare(before + 1, Duration::from_millis(2500));
        }
        "destination start {destination}" => {
            show.select_destination("spare");
            show.control.order_words("destination stop", &["spare"]);
            show.until(|status| status["destinations"][1]["state"]["state"] == "idle");
            let before = show.spare_connections();
            show.press(&binding.keys);
            show.wait_spare(before + 1, Duration::from_secs(5));
            show.until(|status| status["destinations"][1]["state"]["state"] != "idle");
        }
        "destination stop {destination}" => {
            show.select_destination("spare");
            show.until(|status| status["destinations"][1]["state"]["state"] != "idle");
            show.press(&binding.keys);
            show.tmux.wait_for("SURE?");
            show.tmux.keys(&["y"]);
            show.until(|status| status["destinations"][1]["state"]["state"] == "idle");
            show.tmux.wait_until("an idle destination", |screen| {
                screen
                    .lines()
                    .any(|line| line.contains("○ spare") && line.contains("idle"))
            });
        }
        "monitor" => {
            for name in ["quadrants", "half-blocks", "braille", "ascii", "off", "quadrants"] {
                show.press(&binding.keys);
                let last = |screen: &str| screen.trim_end().lines().last().unwrap_or_default().to_owned();
                show.tmux
                    .wait_until(name, |screen| last(screen).contains(&format!(" {name}")));
            }
            show.tmux.wait_for("▀");
        }
        "colors" => {
            for name in ["truecolor", "256", "16", "none", "auto"] {
                show.press(&binding.keys);
                show.tmux.wait_for(&format!("✓ colours: {name}"));
            }
        }
        "help" => {
            show.press(&binding.keys);
            let help = show.tmux.wait_for("HELP");
            assert!(help.contains("space") && help.contains("take"), "{help}");
            show.press(&binding.keys);
            show.tmux.wait_gone("HELP");
        }
        "prompt" => bitrate(show, binding),
        _ if line.starts_with("adapt ") || line.starts_with("bitrate ") || line.starts_with("prompt ") => {
            support::network::adapt(show, binding);
        }
        "confirm" | "rollback" => support::commands::kept_or_taken_back(show, binding),
        "palette" | "repeat" | "undo" | "record start" | "record split" | "record stop" => {
            support::commands::everywhere(show, binding);
        }
        _ if line.starts_with("count ") => support::commands::everywhere(show, binding),
        "destination remove {destination}" => support::commands::asks_and_is_refused(show, binding),
        "dump" | "moderate program" | "moderate strip {strip}" => support::moderation::everywhere(show, binding),
        _ if line.starts_with("occlusion ") => support::faces::occlusion(show, binding),
        "rules release" => support::rules::release(show, binding),
        "page strip" | "page buses" | "page faces" | "page picture" | "page network" | "page moderation"
        | "page events" | "page charts" | "page rules" | "page items" => {
            show.select_strip("tone");
            show.press(&binding.keys);
            show.tmux.wait_for(match line {
                "page strip" => "STRIP tone ",
                "page buses" => "SHORT-TERM",
                "page faces" => "REGIONS NOW",
                "page network" => "CHANGES, AND WHY",
                "page moderation" => "WHO JUDGES",
                "page events" => "newest at the bottom",
                "page charts" => "the last ten minutes",
                "page items" => "as in the scene file",
                "page rules" => "a take by hand holds program",
                _ => "PICTURE tone ",
            });
            show.tmux.keys(&["Escape"]);
            show.wait_desk();
        }
        "layout" | "zoom" | "theme" => support::layout::press_and_check(show, binding),
        _ if line.starts_with("layout ") || line.starts_with("zoom ") => {
            support::layout::press_and_check(show, binding);
        }
        "page sources" => support::sources::everywhere(show, binding),
        "page cues" | "cue go" => support::cues::everywhere(show, binding),
        "alarm ack" | "bell toggle" => support::events::everywhere(show, binding),
        "redraw" => {
            // Somebody else writes onto the terminal.
            let tty = show.tmux.variable("pane_tty");
            std::fs::write(tty, "\x1b7\x1b[12;185HWRITTEN OVER\x1b8").unwrap();
            show.tmux.wait_for("WRITTEN OVER");
            show.press(&binding.keys);
            show.tmux.wait_gone("WRITTEN OVER");
            show.wait_desk();
        }
        "detach" => {
            show.press(&binding.keys);
            show.tmux.wait_for("Come back with: rigcast attach");
            show.until(|status| status["stats"]["clients"] == 0);
            show.open();
        }
        other => panic!(
            "the key {} is bound to '{other}', which no check covers",
            binding.keys_text()
        ),
    }
}

fn has_destination(screen: &str, name: &str) -> bool {
    screen.lines().any(|line| {
        line.split_once(&format!(" {name} "))
            .is_some_and(|(before, _)| before.trim_end_matches(['○', '◌', '●', '×']).ends_with('▸'))
    })
}

fn count_events(status: &Value, subject: &str, text: &str) -> usize {
    let events = status["events"].as_array().unwrap();
    events
        .iter()
        .filter(|event| event["subject"] == subject && event["text"] == text)
        .count()
}

/// Program and preview change places, by a fade or a cut.
fn taken(show: &mut Show, binding: &Binding, is_fade: bool) {
    let before = show.control.status();
    let (program, preview) = (before["program"].clone(), before["preview"].clone());
    // The compositor waits a little for late sources, so a command shows in pictures that are older than itself.
    let from = show.control.now() - 0.25;
    show.press(&binding.keys);
    show.until(|status| (&status["program"], &status["preview"]) == (&preview, &program));
    show.until(|status| status["fade"].is_null());
    show.tmux.wait_for(&format!("PGM  {} ", preview.as_str().unwrap()));
    let (_, to) = show.held(0.4);
    let number = |scene: &Value| scene.as_str().unwrap()[1..].parse::<usize>().unwrap();
    show.note(
        Heard::Take {
            from: number(&program),
            to: number(&preview),
            is_fade,
        },
        from,
        to,
    );
}

fn preview(show: &mut Show, binding: &Binding) {
    let number: usize = binding.line["preview ".len()..].parse().unwrap();
    let scene = format!("s{number}");
    show.press(&binding.keys);
    show.until(|status| status["preview"] == scene);
    show.tmux.wait_until(&format!("{scene} on preview"), |screen| {
        let row = format!("{number} {scene} ");
        screen.lines().any(|line| line.contains(&row) && line.contains("PVW"))
    });
    // What was chosen is what a take shows.
    show.control.order("cut");
    show.until(|status| status["program"] == scene);
    let (from, to) = show.held(0.4);
    show.note(Heard::Scene(number), from, to);
}

fn mute(show: &mut Show, binding: &Binding) {
    show.select_strip("tone");
    for is_muted in [true, false] {
        show.press(&binding.keys);
        show.until(|status| status["strips"][0]["is_muted"] == is_muted);
        show.strip_shows(&format!("▸tone    {}·", if is_muted { 'M' } else { '·' }));
        let (from, to) = show.held(0.6);
        show.note(if is_muted { Heard::Silence } else { Heard::Tone(0.0) }, from, to);
    }
}

fn gain(show: &mut Show, binding: &Binding) {
    show.select_strip("tone");
    let word = binding.line.rsplit(' ').next().unwrap();
    // From a place where every key changes something.
    let (before, after) = match word.strip_prefix("-=") {
        Some(step) => (0.0, -step.parse::<f64>().unwrap()),
        None if word.starts_with('+') => (0.0, word.parse::<f64>().unwrap()),
        None => (4.0, word.parse::<f64>().unwrap()),
    };
    show.control.order(&format!("gain tone {before}"));
    show.press(&binding.keys);
    show.until(|status| status["strips"][0]["gain_db"] == after);
    let shown = if after == 0.0 {
        "0.0".to_owned()
    } else {
        format!("{after:+.1}")
    };
    show.tmux.wait_until(&format!("a gain of {shown}"), |screen| {
        let row = screen.lines().find(|line| line.starts_with("│▸tone    ···"));
        row.is_some_and(|row| row.contains(&format!(" {shown} ")))
    });
    let (from, to) = show.held(0.6);
    show.note(Heard::Tone(after), from, to);
    show.control.order("gain tone 0");
}

fn denoise(show: &mut Show, binding: &Binding) {
    show.control.order("mute tone on");
    show.control.order("mute voice off");
    show.select_strip("voice");
    let (before, between) = show.held(support::VOICE_SECONDS);
    show.press(&binding.keys);
    show.until(|status| status["strips"][2]["denoise"]["is_on"] == true);
    show.strip_shows("▸voice   ··D");
    show.control.hold(1.0);
    let (after, end) = show.held(support::VOICE_SECONDS);
    show.note(
        Heard::Denoised {
            noisy: (before, between),
        },
        after,
        end,
    );
    show.press(&binding.keys);
    show.until(|status| status["strips"][2]["denoise"]["is_on"] == false);
    show.strip_shows("▸voice   ···");
    show.control.order("mute voice on");
    show.control.order("mute tone off");
    show.select_strip("tone");
}

/// The prompt, and through it the command that no key has: bitrate.
fn bitrate(show: &mut Show, binding: &Binding) {
    show.control.order("cut s9");
    show.control.hold(1.5);
    let (from, to) = show.held(3.0);
    show.note(Heard::Rate(1500), from, to);
    show.press(&binding.keys);
    show.tmux.type_text("bitrate 500");
    show.tmux.wait_for(":bitrate 500");
    show.tmux.keys(&["Enter"]);
    show.until(|status| status["encoder"]["video_kbps"] == 500);
    show.tmux.wait_for("/500 kb/s");
    show.control.hold(1.5);
    let (from, to) = show.held(3.0);
    show.note(Heard::Rate(500), from, to);
    show.control.order("bitrate 1500");
    show.control.order("cut s1");
}

/// What a viewer must have seen or heard from one time of the studio's clock to another.
fn check_claim(received: &Received, claim: &support::Claim, zero: f64) {
    let (from, to) = (claim.from + zero, claim.to + zero);
    let at = format!("{}, from {from:.2} to {to:.2} s of the stream", claim.at);
    let frames = || received.frames.iter().filter(|frame| (from..to).contains(&frame.pts));
    match &claim.heard {
        Heard::Silence => {
            let level = received.rms_dbfs(from, to);
            assert!(level < -60.0, "{at}: {level:.1} dBFS is no silence");
        }
        Heard::Tone(gain) => {
            let (level, expected) = (received.rms_dbfs(from, to), support::TONE_RMS_DBFS + gain);
            assert!(
                (level - expected).abs() <= 0.5,
                "{at}: {level:.2} dBFS, expected {expected:.2}"
            );
        }
        Heard::Denoised { noisy } => {
            let floor = |(from, to): (f64, f64)| {
                let levels = received.levels(from + zero, to + zero);
                // Half of the voice's file is a pause; its middle is the noise, and the loudest tenth is the voice.
                (levels[levels.len() / 5], levels[levels.len() * 19 / 20])
            };
            let ((noise, voice), (noise_after, voice_after)) = (floor(*noisy), floor((claim.from, claim.to)));
            eprintln!("denoise: noise {noise:.1} → {noise_after:.1}, voice {voice:.1} → {voice_after:.1} dBFS");
            assert!(
                noise - noise_after >= 10.0,
                "{at}: noise {noise:.1} became {noise_after:.1} dBFS"
            );
            assert!(
                voice - voice_after < 6.0,
                "{at}: the voice went from {voice:.1} to {voice_after:.1} dBFS"
            );
        }
        Heard::Hidden(number) => {
            assert!(frames().count() > 5, "{at}: pictures");
            for frame in frames() {
                let level = support::patch(frame, *number);
                assert!(
                    level < 60.0,
                    "{at}: the patch of s{number} is {level:.0} bright at {} s",
                    frame.pts
                );
            }
        }
        Heard::Brighter { before, by } => {
            let mean = |from: f64, to: f64| {
                let seen = received.frames.iter().filter(|frame| (from..to).contains(&frame.pts));
                let means = seen
                    .map(|frame| frame.grey.iter().map(|grey| f64::from(*grey)).sum::<f64>() / frame.grey.len() as f64);
                let means = means.collect::<Vec<_>>();
                assert!(means.len() > 5, "{at}: pictures");
                means.iter().sum::<f64>() / means.len() as f64
            };
            let (was, is) = (mean(before.0 + zero, before.1 + zero), mean(from, to));
            eprintln!("picture: {was:.1} → {is:.1}");
            assert!(
                (is - was) / by.signum() > by.abs(),
                "{at}: {was:.1} became {is:.1}, wanted {by:+}"
            );
        }
        Heard::Scene(number) => {
            assert!(frames().count() > 5, "{at}: pictures");
            for frame in frames() {
                assert_eq!(
                    support::patches(frame),
                    [*number],
                    "{at}: scene s{number} at {} s",
                    frame.pts
                );
            }
        }
        Heard::Take {
            from: old,
            to: new,
            is_fade,
        } => {
            let seen = frames().map(support::patches).collect::<Vec<_>>();
            assert_eq!(seen.first().unwrap(), &[*old], "{at}");
            assert_eq!(seen.last().unwrap(), &[*new], "{at}");
            // The place of the new scene's patch goes from what was behind it to white.
            let levels = frames().map(|frame| support::patch(frame, *new)).collect::<Vec<_>>();
            let (dark, white) = (levels[0] + 10.0, levels[levels.len() - 1] - 10.0);
            let mixed = levels.iter().filter(|level| (dark..white).contains(*level)).count();
            if *is_fade {
                assert!(mixed >= 10, "{at}: a fade of 18 pictures shows {mixed} mixed ones");
            } else {
                assert_eq!(mixed, 0, "{at}: a cut shows no mixed picture");
            }
        }
        Heard::Idr => {
            let keys = received.video_pts.iter().zip(&received.video_packets).enumerate();
            let keys = keys
                .filter(|(_, (_, (_, is_key)))| *is_key)
                .map(|(at, (pts, _))| (at, *pts))
                .collect::<Vec<_>>();
            let found = keys.iter().position(|(_, pts)| (from..to + 0.25).contains(pts));
            let found = found.unwrap_or_else(|| panic!("{at}: no IDR among those at {keys:?}"));
            assert!(
                found == 0 || keys[found].0 - keys[found - 1].0 != support::GOP,
                "{at}: that IDR was due anyway"
            );
        }
        Heard::Rate(kbps) => {
            let packets = received.video_pts.iter().zip(&received.video_packets);
            let bytes = packets
                .filter(|(pts, _)| (from..to).contains(*pts))
                .map(|(_, (size, _))| size)
                .sum::<usize>();
            let measured = bytes as f64 * 0.008 / (to - from);
            eprintln!("bitrate {kbps}: {measured:.0} kbit/s");
            let wanted = f64::from(*kbps);
            assert!(
                (measured - wanted).abs() < wanted * 0.3,
                "{at}: {measured:.0} kbit/s, wanted {wanted}"
            );
        }
    }
}
