//! The terminal: taken over with care and given back whatever happens.

mod aside;
mod output;
mod paint;
mod probe;

use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::layout::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub use aside::{BELL, clipboard};
pub use output::Output;
pub use paint::Paint;
pub use probe::{Answers, Capabilities, Colors, PATIENCE, ask, colors};

/// Alternate screen, no cursor, bracketed paste, no line wrap (a character in the last column must not scroll).
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?7l\x1b[2J";
/// All of that undone, and a synchronised update that may be open ended.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[m\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[?1049l";
/// A frame appears at once (mode 2026); terminals that do not know the mode ignore it.
pub const FRAME_BEGIN: &[u8] = b"\x1b[?2026h";
/// Ends what [`FRAME_BEGIN`] began.
pub const FRAME_END: &[u8] = b"\x1b[?2026l";

/// Whether the terminal is ours at the moment.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// The terminal while it is ours. Dropping it gives it back; so does a panic on any thread.
#[derive(Debug)]
pub struct Taken {
    capabilities: Capabilities,
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
                "standard input and output must be a terminal; scripts use `rigcast ctl`",
            ));
        }
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        enable_raw_mode()?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        // From here on, dropping `taken` gives the terminal back, also when a write below fails.
        let mut taken = Self {
            capabilities: Capabilities {
                colors: colors(|name| std::env::var(name).ok()),
                has_sixel: false,
                cell: None,
            },
        };
        output.write_all(ENTER)?;
        let answers = ask(input.as_fd(), &mut output)?;
        taken.capabilities.has_sixel = answers.has_sixel;
        taken.capabilities.cell = answers.cell;
        Ok(taken)
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

/// What the terminal can do, in a line for `rigcast probe`.
#[must_use]
pub fn describe_terminal() -> String {
    let (input, mut output) = (io::stdin(), io::stdout());
    let colors = match colors(|name| std::env::var(name).ok()) {
        Colors::None => "no colour",
        Colors::Xterm256 => "256 colours",
        Colors::TrueColor => "24-bit colour",
    };
    if !input.is_terminal() || !output.is_terminal() {
        return format!("none here ({colors} by the environment)");
    }
    let answers = enable_raw_mode().and_then(|()| {
        let answers = ask(input.as_fd(), &mut output);
        disable_raw_mode()?;
        answers
    });
    match answers {
        Err(error) => format!("{colors}; cannot be asked: {error}"),
        Ok(answers) => {
            let sixel = if answers.has_sixel { "sixel" } else { "no sixel" };
            let cell = answers.cell.map_or_else(String::new, |cell| {
                format!(", cells of {}×{} pixels", cell.width, cell.height)
            });
            let silent = if answers.is_complete {
                ""
            } else {
                "; it did not answer in time"
            };
            format!("{colors}, {sixel}{cell}{silent}")
        }
    }
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
        let _ = disable_raw_mode();
    }
}
