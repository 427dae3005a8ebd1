//! The screen in a real terminal: rigcast inside tmux, looked at from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use crate::common;
use std::time::{Duration, Instant};

use common::home::Home;
use common::tmux::{PROMPT, Tmux};
use common::{peer, wait_for};
use rustix::process::{Signal, kill_process};
use unicode_width::UnicodeWidthStr;

/// A terminal in which `rigcast ARGS` shows its mixer.
fn opened(home: &Home, line: &str, width: u16, height: u16, env: &[(&str, &str)]) -> Option<Tmux> {
    let tmux = home.terminal_with(width, height, env)?;
    tmux.run(line);
    tmux.wait_for("MIXER");
    Some(tmux)
}

const TRUECOLOR: &[(&str, &str)] = &[("COLORTERM", "truecolor")];

/// Waits until the screen is whole at a size: frames closed on the right, nothing beyond the edge, all parts there.
fn assert_whole(tmux: &Tmux, width: u16, height: u16) {
    let is_whole = |screen: &str| {
        let lines = screen.lines().collect::<Vec<_>>();
        let has_parts = [
            "PGM", "PVW", "SCENES", "MIXER", "PROGRAM", "off air", "fps", "cpu", "? help",
        ];
        let is_framed = |line: &&str| {
            let is_edge = line.starts_with(['╭', '│', '╰']);
            !is_edge || line.width() <= usize::from(width)
        };
        // The panes above the footer reach from edge to edge.
        let above = lines.get(usize::from(height) - 2).copied().unwrap_or_default();
        lines.len() == usize::from(height)
            && lines.iter().all(is_framed)
            && lines.iter().all(|line| line.width() <= usize::from(width))
            && above.starts_with('╰')
            && above.ends_with('╯')
            && above.width() == usize::from(width)
            && has_parts.iter().all(|part| screen.contains(part))
    };
    tmux.wait_until(&format!("a whole screen of {width}×{height}"), is_whole);
}

/// Waits until the picture of the program is another one. The tests' pattern moves all the time.
fn assert_moves(tmux: &Tmux) {
    let picture = || tmux.escapes().lines().skip(2).take(6).collect::<String>();
    let first = wait_for("a picture", Duration::from_secs(10), || {
        Some(picture()).filter(|it| it.contains("48;2;"))
    });
    wait_for("a program picture that moves", Duration::from_secs(10), || {
        (picture() != first).then_some(())
    });
}

#[test]
fn it_fits_every_size_and_moves() {
    let home = Home::new();
    let Some(tmux) = opened(&home, "rigcast", 80, 24, TRUECOLOR) else {
        return;
    };
    for (width, height) in [(80, 24), (120, 34), (200, 50), (120, 34), (80, 24)] {
        tmux.resize(width, height);
        assert_whole(&tmux, width, height);
        assert_moves(&tmux);
    }
    tmux.resize(40, 8);
    tmux.wait_until("the line of small screens", |screen| {
        screen.contains("off air") && !screen.contains("MIXER")
    });
    tmux.resize(80, 24);
    assert_whole(&tmux, 80, 24);
}

#[test]
fn help_and_prompt_answer() {
    let home = Home::new();
    let Some(tmux) = opened(&home, "rigcast", 80, 24, TRUECOLOR) else {
        return;
    };
    tmux.keys(&["?"]);
    let top = tmux.wait_for("HELP");
    assert!(top.contains("On air") && top.contains("1-"), "{top}");
    tmux.keys(&["End"]);
    // The last of the commands that have no key.
    tmux.wait_for("picture replace NAME SOURCE");
    tmux.keys(&["Home"]);
    tmux.wait_for("On air");
    tmux.keys(&["Escape"]);
    tmux.wait_gone("HELP");

    tmux.keys(&[":"]);
    tmux.type_text("mut");
    tmux.keys(&["Tab"]);
    tmux.wait_until("a completed command", |screen| {
        screen.trim_end().lines().last().unwrap().starts_with(":mute")
    });
    tmux.type_text("gr");
    tmux.keys(&["Tab"]);
    tmux.wait_until("a completed strip", |screen| {
        screen.trim_end().lines().last().unwrap().starts_with(":mute grid")
    });
    tmux.type_text("off");
    tmux.keys(&["Enter"]);
    home.wait_until("an unmuted strip", |status| status["strips"][1]["is_muted"] == false);
    tmux.keys(&[":"]);
    tmux.type_text("gain grid loud");
    tmux.keys(&["Enter"]);
    tmux.wait_for("DB is 'loud'");
    tmux.keys(&[":", "Escape"]);
    tmux.wait_for("? help");
}

#[test]
fn leaving_gives_the_terminal_back_and_the_show_goes_on() {
    let home = Home::new();
    let Some(tmux) = home.terminal(120, 34) else { return };
    let before = tmux.stty();
    let assert_left = |why: &str, message: &str| {
        tmux.wait_for(message);
        tmux.wait_until("the prompt", |screen| screen.trim_end().ends_with(PROMPT.trim_end()));
        assert!(tmux.is_given_back(), "after {why}: {}", tmux.text());
        assert_eq!(tmux.stty(), before, "after {why}");
        tmux.run("clear");
        tmux.wait_gone(message);
    };
    let come_back = "Come back with: rigcast attach";

    tmux.run("rigcast");
    tmux.wait_for("MIXER");
    assert_eq!(
        (tmux.variable("alternate_on"), tmux.variable("cursor_flag")),
        ("1".to_owned(), "0".to_owned())
    );
    assert_ne!(before, "");
    tmux.keys(&["q"]);
    assert_left("q", come_back);
    let frames = |home: &Home| home.status()["stats"]["frames"].as_u64().unwrap();
    let seen = frames(&home);

    tmux.run("rigcast attach");
    tmux.wait_for("MIXER");
    kill_process(tmux.child(), Signal::TERM).unwrap();
    assert_left("SIGTERM", come_back);

    // `rigcast` finds the studio that runs rather than starting another.
    let pid = home.studio_pid();
    tmux.run("rigcast");
    tmux.wait_for("MIXER");
    assert_eq!(home.studio_pid(), pid);
    home.wait_until("frames made meanwhile", |status| {
        status["stats"]["frames"].as_u64().unwrap() > seen
    });

    home.kill_studio();
    let killed = Instant::now();
    tmux.wait_for("the studio 'studio' died or the connection to it broke");
    let took = killed.elapsed();
    assert!(
        took < Duration::from_secs(5),
        "it took {took:?} to see that the studio is gone"
    );
    assert_left("the studio's death", "rigcast studio --resume --name studio");
}

#[test]
fn two_clients_see_what_the_other_does() {
    let home = Home::new();
    let Some(one) = opened(&home, "rigcast", 120, 34, TRUECOLOR) else {
        return;
    };
    one.wait_for(" 1 client ");
    let Some(two) = opened(&home, "rigcast attach", 80, 24, TRUECOLOR) else {
        return;
    };
    one.wait_for(" 2 clients ");
    let is_muted = |screen: &str, is_so: bool| screen.contains(if is_so { "▸bars    M" } else { "▸bars    ·" });
    for (from, to) in [(&one, &two), (&two, &one)] {
        from.keys(&["m"]);
        to.wait_until("the other's mute", |screen| is_muted(screen, true));
        from.keys(&["m"]);
        to.wait_until("the other's unmute", |screen| is_muted(screen, false));
    }
    // A client that has stopped reading holds up neither the other nor the studio.
    kill_process(two.child(), Signal::STOP).unwrap();
    for is_so in [true, false, true, false] {
        let pressed = Instant::now();
        one.keys(&["m"]);
        one.wait_until("a mute", |screen| is_muted(screen, is_so));
        let took = pressed.elapsed();
        assert!(
            took < Duration::from_secs(5),
            "with a stopped client a mute took {took:?}"
        );
    }
    let made = home.status()["stats"]["frames"].as_u64().unwrap();
    home.wait_until("sixty more frames", |status| {
        status["stats"]["frames"].as_u64().unwrap() > made + 60
    });
    one.keys(&["m"]);
    kill_process(two.child(), Signal::CONT).unwrap();
    two.wait_until("what it has missed", |screen| is_muted(screen, true));
}

/// Whether any of the screen has a colour: SGR 30 to 49 and 90 to 107, less 39 and 49 (default).
fn colours(escapes: &str) -> Vec<String> {
    let sequences = escapes
        .split("\u{1b}[")
        .skip(1)
        .filter_map(|rest| rest.split_once('m').map(|(sgr, _)| sgr));
    let is_colour = |number: &str| {
        number
            .parse()
            .is_ok_and(|n: u32| matches!(n, 30..=38 | 40..=48 | 90..=107))
    };
    sequences
        .filter(|sgr| sgr.split(';').any(is_colour))
        .map(str::to_owned)
        .collect()
}

#[test]
fn colours_are_what_the_terminal_has() {
    let home = Home::new();
    let Some(truecolor) = opened(&home, "rigcast", 80, 24, TRUECOLOR) else {
        return;
    };
    assert_moves(&truecolor);
    assert!(truecolor.escapes().contains("38;2;"));

    for env in [[("TERM", "xterm-256color")], [("TERM", "screen")]] {
        let Some(few) = opened(&home, "rigcast attach", 80, 24, &env) else {
            return;
        };
        few.wait_for("▀");
        let escapes = few.escapes();
        assert!(escapes.contains("38;5;"), "{env:?}");
        assert!(!escapes.contains("38;2;") && !escapes.contains("48;2;"), "{env:?}");
        few.keys(&["q"]);
        few.wait_for("Come back");
    }

    let plain = [
        [("NO_COLOR", "1"), ("COLORTERM", "truecolor")],
        [("TERM", "dumb"), ("COLORTERM", "truecolor")],
    ];
    for env in plain {
        let Some(none) = opened(&home, "rigcast attach", 80, 24, &env) else {
            return;
        };
        // Which letters depends on the picture that is drawn at this moment; words are not as high.
        let screen = none.wait_until("a picture in letters", |screen| {
            let inside = screen.lines().filter_map(|line| line.split('│').nth(1));
            let is_drawn = |row: &&str| row.is_ascii() && row.chars().filter(char::is_ascii_graphic).count() > 8;
            inside.take(8).filter(is_drawn).count() >= 4
        });
        assert!(screen.contains("ascii") && !screen.contains('▄'), "{env:?}:\n{screen}");
        assert_eq!(colours(&none.escapes()), [] as [String; 0], "{env:?}");
        none.keys(&["q"]);
        none.wait_for("Come back");
        assert!(none.is_given_back(), "{env:?}");
    }
}

/// Reads a program's terminal no faster than a slow link would, and times how long keys take to be seen.
const SLOW_LINK: &str = r#"
import fcntl, os, pty, select, struct, sys, termios, time
RATE, PIECE = int(sys.argv[1]), 200
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 34, 120, 0, 0))
start, taken = time.monotonic(), 0
def read():
    """The next piece, when the link is free for it."""
    global taken, start
    if not select.select([fd], [], [], 5)[0]:
        sys.exit("the screen is silent")
    now = time.monotonic()
    start = max(start, now - taken / RATE - 0.05)
    piece = os.read(fd, PIECE)
    taken += len(piece)
    time.sleep(max(0, start + taken / RATE - time.monotonic()))
    return piece
def until(mark, limit):
    end, seen = time.monotonic() + limit, b""
    while mark not in seen:
        if time.monotonic() > end:
            sys.exit(f"{mark} was not seen within {limit} s")
        seen = seen[-64:] + read()
for _ in range(3):
    until(b"\x1b[?2026l", 60)
os.write(fd, b":")
# No screen of rigcast has these letters, so what is seen is the echo.
for turn, key in enumerate(b"ZQXJYKzqjW"):
    key = bytes([key])
    # Keys do not wait for the end of a frame.
    for _ in range(turn * 7 % 20 + 5):
        read()
    pressed = time.monotonic()
    os.write(fd, key)
    until(key, 30)
    print(round((time.monotonic() - pressed) * 1000), flush=True)
os.kill(pid, 9)
"#;

#[test]
fn a_slow_link_still_answers_keys() {
    let home = Home::new();
    let Some(tmux) = opened(&home, "rigcast", 120, 34, TRUECOLOR) else {
        return;
    };
    let Some(python) = peer("python3") else { return };
    tmux.keys(&["q"]);
    tmux.wait_for("Come back");
    let mut client = home.command(&["attach"]);
    let program = client.get_program().to_owned();
    let mut slow = std::process::Command::new(python);
    slow.args(["-c", SLOW_LINK, "20000"]).arg(program).arg("attach");
    slow.envs(client.get_envs().filter_map(|(name, value)| Some((name, value?))));
    slow.envs([("TERM", "xterm-256color"), ("COLORTERM", "truecolor")])
        .env_remove("NO_COLOR");
    client = slow;
    let output = client.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut took = said
        .lines()
        .map(|line| line.parse::<u32>().unwrap())
        .collect::<Vec<_>>();
    took.sort_unstable();
    eprintln!("keys at 20 kB/s, truecolour, 120×34: {took:?} ms");
    assert_eq!(took.len(), 10);
    assert!(
        took[5] < 1000,
        "half of the keys are answered within a second: {took:?} ms"
    );
}

#[test]
fn a_show_outlives_the_terminal_that_it_was_started_in() {
    let home = Home::new();
    let Some(tmux) = home.terminal(80, 24) else { return };
    tmux.run("rigcast studio");
    tmux.wait_for("grid: first picture");
    // The whole terminal goes: SIGHUP, and standard error leads nowhere from now on.
    drop(tmux);
    home.wait_until("the event", |status| {
        let events = status["events"].as_array().unwrap();
        events
            .iter()
            .any(|event| event["text"].as_str().unwrap().contains("the terminal is gone"))
    });
    // What is logged after that must not end the show either.
    assert!(home.ctl("cut grid").status.success());
    assert!(home.ctl("end").status.success());
}
