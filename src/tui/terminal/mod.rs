//! The terminal: taken over with care and given back whatever happens.

mod answer;
mod aside;
mod input;
mod key_event;
mod multiplexer;
mod output;
mod paint;
mod probe;
mod splitter;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::layout::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub use answer::Answer;
pub use aside::{BELL, clipboard};
pub use input::{Input, InputThread, Reader};
pub use key_event::key_event;
pub use multiplexer::Multiplexer;
pub use output::Output;
pub use paint::Paint;
pub use probe::{Answers, Blocks, Capabilities, Colors, PATIENCE, ask, colors};
pub use splitter::{Piece, Splitter};

use crate::tui::monitor::PixelTerminal;
use crate::tui::monitor::pixels::Keeps;

/// Alternate screen, no cursor, bracketed paste, no line wrap (a character in the last column must not scroll).
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?7l\x1b[2J";
/// All of that undone, and a synchronised update that may be open ended. A string that was cut off is ended first, and what stands
/// on the alternate screen is wiped, pictures among it.
const LEAVE: &[u8] = b"\x1b\\\x1b[?2026l\x1b[m\x1b[2J\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[?1049l";
/// A frame appears at once (mode 2026); terminals that do not know the mode ignore it.
pub const FRAME_BEGIN: &[u8] = b"\x1b[?2026h";
/// Ends what [`FRAME_BEGIN`] began.
pub const FRAME_END: &[u8] = b"\x1b[?2026l";

/// Asks for the terminal's status (DSR, ECMA-48 8.3.35), which answers when it has read as far.
pub const STATUS_QUERY: &[u8] = b"\x1b[5n";

/// Whether the terminal is ours at the moment.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// The terminal while it is ours. Dropping it gives it back; so does a panic on any thread.
#[derive(Debug)]
pub struct Taken {
    capabilities: Capabilities,
    is_synchronized: bool,
    name: Option<String>,
    input: Option<(Reader<io::Stdin>, Vec<Input>)>,
}

impl Taken {
    /// Takes the terminal over and asks what it can do.
    ///
    /// # Errors
    /// Standard input or output is no terminal, or it cannot be set to raw mode.
    pub fn take() -> io::Result<Self> {
        let (input, mut output) = (io::stdin(), io::stdout());
        if !input.is_terminal() || !output.is_terminal() {
            return Err(io::Error::other(
                "standard input and output must be a terminal; scripts use `rigcast ctl`, dumb terminals `rigcast attach --plain`",
            ));
        }
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        let multiplexer = Multiplexer::find(variable);
        enable_raw_mode()?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        // From here on, dropping `taken` gives the terminal back, also when a write below fails.
        let mut taken = Self {
            capabilities: Capabilities::new(&Answers::default(), multiplexer, variable),
            is_synchronized: false,
            name: None,
            input: None,
        };
        output.write_all(ENTER)?;
        let (mut reader, mut keys) = (Reader::new(input), Vec::new());
        let answers = ask(&mut reader, &mut output, multiplexer, &mut keys)?;
        taken.capabilities = Capabilities::new(&answers, multiplexer, variable);
        // Terminals that do not know the mode ignore it; only one that says so is spared the bytes.
        taken.is_synchronized = answers.is_synchronized != Some(false);
        taken.name = answers.name;
        taken.input = Some((reader, keys));
        Ok(taken)
    }

    /// What comes from it, keys pressed while it was asked among it. Once.
    ///
    /// # Errors
    /// The thread that reads cannot be started.
    pub fn input(&mut self) -> io::Result<InputThread> {
        let (reader, keys) = self
            .input
            .take()
            .unwrap_or_else(|| (Reader::new(io::stdin()), Vec::new()));
        InputThread::start(reader, keys)
    }

    /// What it makes of pixels.
    #[must_use]
    pub fn pixel_terminal(&self) -> PixelTerminal {
        let is_direct = self.capabilities.multiplexer == Multiplexer::None;
        let usual = PixelTerminal::default();
        PixelTerminal {
            keeps: self
                .name
                .as_deref()
                .filter(|_| is_direct)
                .map_or(usual.keeps, Keeps::by),
            cell: self.capabilities.cell.unwrap_or(usual.cell),
            has_placeholders: !is_direct,
            ..usual
        }
    }

    /// Whether it makes frames appear at once (mode 2026).
    #[must_use]
    pub fn is_synchronized(&self) -> bool {
        self.is_synchronized
    }

    /// What it can do.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Its size in cells.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn size(&self) -> io::Result<Size> {
        let (width, height) = crossterm::terminal::size()?;
        Ok(Size { width, height })
    }
}

/// Whether what the terminal sends comes to us. While a shell has it (we were stopped and go on in the background), answers would
/// be typed at that shell, and reading them would stop us. A terminal that does not know of such things is ours.
#[must_use]
pub fn is_foreground() -> bool {
    rustix::termios::tcgetpgrp(io::stdin()).map_or(true, |group| group == rustix::process::getpgrp())
}

/// A variable of the environment.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What the terminal can do, in a line for `rigcast probe`.
#[must_use]
pub fn describe_terminal() -> String {
    let (input, mut output) = (io::stdin(), io::stdout());
    let colors = match colors(variable) {
        Colors::None => "no colour",
        Colors::Ansi16 => "16 colours",
        Colors::Xterm256 => "256 colours",
        Colors::TrueColor => "24-bit colour",
    };
    if !input.is_terminal() || !output.is_terminal() {
        return format!("none here ({colors} by the environment)");
    }
    let multiplexer = Multiplexer::find(variable);
    let answers = enable_raw_mode().and_then(|()| {
        let answers = ask(&mut Reader::new(input), &mut output, multiplexer, &mut Vec::new());
        disable_raw_mode()?;
        answers
    });
    let answers = match answers {
        Ok(answers) => answers,
        Err(error) => return format!("{colors}; cannot be asked: {error}"),
    };
    let can = Capabilities::new(&answers, multiplexer, variable);
    let mut parts = vec![colors.to_owned()];
    let pictures: Vec<&str> = [
        (can.has_kitty, "kitty graphics"),
        (can.has_sixel, "sixel"),
        (can.has_iterm, "iTerm2 images"),
    ]
    .into_iter()
    .filter_map(|(has, name)| has.then_some(name))
    .collect();
    parts.push(if pictures.is_empty() {
        "no pictures but characters".to_owned()
    } else {
        pictures.join(" and ")
    });
    parts.push(
        match can.blocks {
            Blocks::Quadrants => "quadrants",
            Blocks::Sextants => "sextants",
            Blocks::Octants => "octants",
        }
        .to_owned(),
    );
    parts.extend(
        can.cell
            .map(|cell| format!("cells of {}×{} pixels", cell.width, cell.height)),
    );
    if answers.is_synchronized == Some(true) {
        parts.push("synchronised output".to_owned());
    }
    let mut text = parts.join(", ");
    if let Some(name) = &answers.name {
        text = format!("{name}: {text}");
    }
    match multiplexer {
        Multiplexer::None => {}
        Multiplexer::Tmux { is_open: true, .. } => text.push_str("; in tmux, which lets pictures through"),
        Multiplexer::Tmux { is_open: false, .. } => {
            text.push_str("; in tmux, which lets no pictures through (tmux set -g allow-passthrough on)");
        }
        Multiplexer::Screen => text.push_str("; in screen, which lets no pictures through"),
    }
    if !answers.is_complete() {
        text.push_str("; it did not answer in time");
    }
    text
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once. Nothing can be done about a terminal that is gone, so errors are not looked at.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        // Past the lock of standard output, which a thread may hold that waits for the terminal; and not at all where the
        // terminal takes nothing, so that leaving never hangs.
        let output = io::stdout();
        let mut fds = [PollFd::new(&output, PollFlags::OUT)];
        let patience = Timespec {
            tv_sec: 0,
            tv_nsec: 200_000_000,
        };
        if matches!(poll(&mut fds, Some(&patience)), Ok(1)) {
            let _ = rustix::io::write(&output, LEAVE);
        }
        // An answer that came too late would be typed at the shell.
        let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
        let _ = disable_raw_mode();
    }
}
