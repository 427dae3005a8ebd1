//! What another program writes: MPEG-TS or FLV, on the studio's standard input, on a named pipe, or as the output of a program that
//! the studio starts.
//!
//! A live writer is followed like any live stream; one that is faster than time is read only as fast as it is shown, so
//! that it waits. Standard input is played once. A named pipe goes from one writer to the next, without end. A
//! program is started again when it ends.

mod error;
mod feed;
mod program;
mod raw;

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, stdin};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};

use super::SourceError;
use super::attempt::{Outcome, Source};
use super::devices::PipeSpec;
use super::inventory::{Found, Inventory};
use super::outlet::Outlet;
use super::spec::SourceState;
use error::PipeError;
use feed::{End, Input, feed};
use program::Program;

/// One attempt at it.
pub struct Pipe<'a> {
    spec: &'a PipeSpec,
}

impl<'a> Pipe<'a> {
    /// What `spec` names. Nothing is opened yet.
    #[must_use]
    pub fn new(spec: &'a PipeSpec) -> Self {
        Self { spec }
    }

    fn what(&self) -> String {
        match self.spec {
            PipeSpec::Stdin => "standard input".to_owned(),
            PipeSpec::Path(path) => path.display().to_string(),
            PipeSpec::Command(command) => command.first().cloned().unwrap_or_default(),
        }
    }
}

impl Source for Pipe<'_> {
    fn run(&mut self, outlet: &mut Outlet) -> Result<Outcome, SourceError> {
        let result = match self.spec {
            PipeSpec::Stdin => standard_input(outlet),
            PipeSpec::Path(path) => named(path, outlet),
            PipeSpec::Command(command) => output_of(command, outlet),
        };
        result.map_err(|error| error.of(&self.what()))
    }
}

/// Whether a source reads standard input now: what one has read, another cannot.
static IS_STDIN_TAKEN: AtomicBool = AtomicBool::new(false);

/// The right to read standard input.
struct Claim;

impl Claim {
    fn take() -> Result<Self, PipeError> {
        if IS_STDIN_TAKEN.swap(true, Ordering::AcqRel) {
            return Err(PipeError::Taken);
        }
        Ok(Self)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        IS_STDIN_TAKEN.store(false, Ordering::Release);
    }
}

struct Standard(std::io::Stdin);

impl Input for Standard {
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }
}

impl Input for OwnedFd {
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

impl Input for Program {
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.output()
    }

    fn program(&mut self) -> Option<&mut Program> {
        Some(self)
    }
}

fn file_type(descriptor: impl AsFd) -> Result<FileType, PipeError> {
    let stat = fstat(descriptor).map_err(|error| PipeError::system("looked at", error))?;
    Ok(FileType::from_raw_mode(stat.st_mode))
}

/// What a file is that is no pipe.
fn name_of(kind: FileType) -> &'static str {
    match kind {
        FileType::Directory => "a folder",
        FileType::CharacterDevice => "a device",
        FileType::BlockDevice => "a disk",
        FileType::Socket => "a socket",
        _ => "something else",
    }
}

fn standard_input(outlet: &mut Outlet) -> Result<Outcome, PipeError> {
    let input = stdin();
    if input.is_terminal() {
        return Err(PipeError::Terminal);
    }
    match file_type(&input)? {
        FileType::Fifo | FileType::RegularFile | FileType::Socket => {}
        kind => return Err(PipeError::NoPipe(name_of(kind))),
    }
    let _claim = Claim::take()?;
    match feed(&mut Standard(input), "nothing comes on standard input", outlet)? {
        End::Stopped => Ok(Outcome::Stopped),
        End::Closed { has_come: true } => Ok(Outcome::Ended),
        End::Closed { has_come: false } => Err(PipeError::Nothing),
    }
}

/// Opens a named pipe without waiting for whoever will write to it.
fn open_pipe(path: &Path) -> Result<(OwnedFd, FileType), PipeError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let descriptor = open(path, flags, Mode::empty()).map_err(|error| {
        let error = std::io::Error::from(error);
        match error.kind() {
            ErrorKind::NotFound => PipeError::Missing(path.display().to_string()),
            _ => PipeError::system("opened", error),
        }
    })?;
    let kind = file_type(&descriptor)?;
    match kind {
        FileType::Fifo | FileType::RegularFile => Ok((descriptor, kind)),
        kind => Err(PipeError::NotPipe(name_of(kind))),
    }
}

fn named(path: &Path, outlet: &mut Outlet) -> Result<Outcome, PipeError> {
    let (mut pipe, kind) = open_pipe(path)?;
    let waiting = "waits for a writer";
    let away = SourceState::Away {
        reason: format!("{}: {waiting}", path.display()),
    };
    loop {
        if kind == FileType::Fifo && !has_writer(&pipe, outlet, &away)? {
            return Ok(Outcome::Stopped);
        }
        match feed(&mut pipe, &format!("{}: {waiting}", path.display()), outlet)? {
            End::Stopped => return Ok(Outcome::Stopped),
            End::Closed { .. } if kind != FileType::Fifo => return Ok(Outcome::Ended),
            End::Closed { .. } => {}
        }
        // A pipe whose writer has gone says so until it is opened anew. The old one stays open meanwhile, so that the next
        // writer, who may be here already, finds a reader all the time.
        pipe = open_pipe(path)?.0;
    }
}

/// Waits until something comes. `false`: an order came instead.
fn has_writer(pipe: &OwnedFd, outlet: &mut Outlet, away: &SourceState) -> Result<bool, PipeError> {
    loop {
        let mut fds = [PollFd::new(pipe, PollFlags::IN)];
        let limit = Timespec {
            tv_sec: 0,
            tv_nsec: 50_000_000,
        };
        match poll(&mut fds, Some(&limit)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(PipeError::system("waited for", error)),
        }
        if outlet.is_over() {
            return Ok(false);
        }
        outlet.set_state(away.clone());
    }
}

fn output_of(command: &[String], outlet: &mut Outlet) -> Result<Outcome, PipeError> {
    let mut program = Program::start(command).map_err(|error| match error.kind() {
        ErrorKind::NotFound => PipeError::NoProgram,
        _ => PipeError::system("started", error),
    })?;
    match feed(&mut program, "nothing comes from the program", outlet) {
        Ok(End::Stopped) => Ok(Outcome::Stopped),
        Ok(End::Closed { .. }) => Err(PipeError::Ended(program.end())),
        Err(error) => Err(error),
    }
}

/// Notes what is here: whether something is piped into this very process, and how anything else can be.
pub(super) fn look(inventory: &mut Inventory) {
    let input = stdin();
    if !input.is_terminal() && matches!(file_type(&input), Ok(FileType::Fifo)) {
        inventory.has(Found {
            kind: "pipe".to_owned(),
            name: "stdin".to_owned(),
            title: "Standard input".to_owned(),
            details: vec!["MPEG-TS or FLV with H.264 and AAC".to_owned()],
            scene: "kind = \"pipe\"\npath = \"-\"\n".to_owned(),
            is_default: false,
        });
    }
    for (program, title, details, command) in PROGRAMS {
        if is_installed(program) {
            inventory.has(Found {
                kind: "pipe".to_owned(),
                name: (*program).to_owned(),
                title: (*title).to_owned(),
                details: vec![(*details).to_owned()],
                scene: format!("kind = \"pipe\"\ncommand = {command}\n"),
                is_default: false,
            });
        }
    }
    if !PROGRAMS.iter().any(|(program, ..)| is_installed(program)) {
        inventory.lacks(
            "pipe (command)",
            "no ffmpeg here that could make a stream of anything else; apt-get install ffmpeg. A named pipe (mkfifo, path = …) takes MPEG-TS or FLV from any other program",
        );
    }
}

/// Programs that can feed a source, with a command that does.
const PROGRAMS: &[(&str, &str, &str, &str)] = &[(
    "ffmpeg",
    "Whatever ffmpeg can read, as MPEG-TS",
    "the test picture stands for the input: put yours in its place",
    r#"["ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30", "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-f", "mpegts", "-"]"#,
)];

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| File::open(folder.join(program)).is_ok())
}
