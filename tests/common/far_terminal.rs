//! A terminal at the other end of a thin, long line: a pty whose bytes are passed on at so many per second and arrive so much
//! later. What it shows is read back by a parser of somebody else's, and it answers questions as terminals do.

use std::io::Write as _;
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::Guard;

/// What the line carries and how long it is.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Towards the terminal.
    pub bytes_per_second: f64,
    /// There and back.
    pub round_trip: Duration,
}

/// What the terminal is asked that its parser does not answer by itself.
#[derive(Default)]
struct Asked {
    answers: Vec<&'static [u8]>,
}

impl vt100::Callbacks for Asked {
    fn unhandled_csi(&mut self, _: &mut vt100::Screen, i1: Option<u8>, _: Option<u8>, params: &[&[u16]], c: char) {
        let first = params.first().and_then(|group| group.first()).copied().unwrap_or(0);
        match (i1, c, first) {
            (None, 'n', 5) => self.answers.push(b"\x1b[0n"),
            (None, 'c', _) => self.answers.push(b"\x1b[?62;22c"),
            (None, 't', 16) => self.answers.push(b"\x1b[6;20;10t"),
            (Some(b'>'), 'q', _) => self.answers.push(b"\x1bP>|far(1)\x1b\\"),
            (Some(b'?'), 'p', 2026) => self.answers.push(b"\x1b[?2026;2$y"),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Seen {
    parser: Option<vt100::Parser<Asked>>,
    /// When the newest bytes arrived, and how many did so far.
    at: Option<Instant>,
    bytes: u64,
    is_over: bool,
}

/// The terminal, with a program in it.
pub struct FarTerminal {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    keys: Sender<(Instant, Vec<u8>)>,
    line: Line,
    pub process: Guard,
}

impl FarTerminal {
    /// Runs `command` in a terminal of that size behind `line`.
    pub fn run(mut command: Command, columns: u16, rows: u16, line: Line) -> Self {
        use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let near = openpt(flags).unwrap();
        grantpt(&near).unwrap();
        unlockpt(&near).unwrap();
        let program = ioctl_tiocgptpeer(&near, flags).unwrap();
        let size = rustix::termios::Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        rustix::termios::tcsetwinsize(&near, size).unwrap();
        for variable in ["TMUX", "STY", "NO_COLOR", "TERM_PROGRAM", "LC_TERMINAL"] {
            command.env_remove(variable);
        }
        command
            .env("TERM", "xterm-256color")
            .env("COLORTERM", "truecolor")
            .stdin(Stdio::from(program.try_clone().unwrap()))
            .stdout(Stdio::from(program))
            .stderr(Stdio::null());
        let process = Guard::spawn(&mut command);
        // The program's side of the pty must be the program's alone, or its end is never seen.
        drop(command);

        let size = |cells: u16| NonZeroU16::new(cells).unwrap();
        let parser = vt100::Parser::new_with_callbacks(size(rows), size(columns), 0, Asked::default());
        let seen = Arc::new((
            Mutex::new(Seen {
                parser: Some(parser),
                ..Seen::default()
            }),
            Condvar::new(),
        ));
        let (keys, typed) = channel();
        let (passed, arriving) = channel();
        let from = near.try_clone().unwrap();
        std::thread::spawn(move || pass_on(&from, line, &passed));
        std::thread::spawn({
            let (seen, keys) = (Arc::clone(&seen), keys.clone());
            move || show(&arriving, &seen, &keys, line)
        });
        std::thread::spawn(move || type_in(near, &typed));
        Self {
            seen,
            keys,
            line,
            process,
        }
    }

    /// Types; returns when.
    pub fn type_text(&self, text: &str) -> Instant {
        let now = Instant::now();
        let _ = self
            .keys
            .send((now + self.line.round_trip / 2, text.as_bytes().to_vec()));
        now
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap()
    }

    /// Waits until the screen is as `is_so` says; returns when it became so. Fails with what it showed instead.
    pub fn until(&self, what: &str, limit: Duration, mut is_so: impl FnMut(&vt100::Screen) -> bool) -> Instant {
        let deadline = Instant::now() + limit;
        let mut seen = self.lock();
        loop {
            let screen = seen.parser.as_ref().unwrap().screen();
            if is_so(screen) {
                return seen.at.unwrap_or_else(Instant::now);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !seen.is_over,
                "the far screen never had {what}:\n{}",
                screen.contents()
            );
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// What it shows, as text.
    pub fn text(&self) -> String {
        self.lock().parser.as_ref().unwrap().screen().contents()
    }

    /// Bytes that have arrived.
    pub fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    /// For so long, looks at the screen after everything that arrives; returns how often `of` gave something else than before.
    pub fn changes<T: PartialEq>(&self, time: Duration, of: impl Fn(&vt100::Screen) -> T) -> usize {
        let deadline = Instant::now() + time;
        let mut seen = self.lock();
        let mut last = of(seen.parser.as_ref().unwrap().screen());
        let mut count = 0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.is_over {
                return count;
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
            let now = of(seen.parser.as_ref().unwrap().screen());
            if now != last {
                count += 1;
                last = now;
            }
        }
    }
}

/// Reads what the program writes no faster than the line carries it. What is not read fills the pty and then blocks the program,
/// as a real line does.
fn pass_on(from: &OwnedFd, line: Line, passed: &Sender<(Instant, Vec<u8>)>) {
    // A line carries bytes one by one; hundredths of a second will do.
    let piece = (line.bytes_per_second / 100.0).clamp(16.0, 65_536.0) as usize;
    let mut chunk = vec![0; piece];
    let mut free = Instant::now();
    while let Ok(read) = rustix::io::read(from, &mut chunk) {
        if read == 0 {
            return;
        }
        let now = Instant::now();
        free = free.max(now) + Duration::from_secs_f64(read as f64 / line.bytes_per_second);
        if passed
            .send((free + line.round_trip / 2, chunk[..read].to_vec()))
            .is_err()
        {
            return;
        }
        // Not a wait for something to happen: this is the line.
        std::thread::sleep(free.saturating_duration_since(now));
    }
}

/// Shows what arrives, when it arrives, and answers.
fn show(
    arriving: &Receiver<(Instant, Vec<u8>)>,
    seen: &(Mutex<Seen>, Condvar),
    keys: &Sender<(Instant, Vec<u8>)>,
    line: Line,
) {
    for (due, bytes) in arriving {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let mut now = seen.0.lock().unwrap();
        now.bytes += bytes.len() as u64;
        now.at = Some(Instant::now());
        let parser = now.parser.as_mut().unwrap();
        parser.process(&bytes);
        for answer in parser.callbacks_mut().answers.drain(..) {
            let _ = keys.send((Instant::now() + line.round_trip / 2, answer.to_vec()));
        }
        drop(now);
        seen.1.notify_all();
    }
    seen.0.lock().unwrap().is_over = true;
    seen.1.notify_all();
}

/// Types what has come along the line.
fn type_in(to: OwnedFd, typed: &Receiver<(Instant, Vec<u8>)>) {
    let mut to = std::fs::File::from(to);
    for (due, bytes) in typed {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            return;
        }
    }
}
