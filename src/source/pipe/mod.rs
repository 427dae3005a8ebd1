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

use std::io::{ErrorKind, IsTerminal, stdin};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
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
}

impl Source for Pipe<'_> {
    fn run(&mut self, outlet: &mut Outlet) -> Result<Outcome, SourceError> {
        let result = match self.spec {
            PipeSpec::Stdin => standard_input(outlet),
            PipeSpec::Path(path) => named(path, outlet),
            PipeSpec::Command(command) => output_of(command, outlet),
        };
        result.map_err(|error| error.of(&self.spec.location()))
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

/// Folders are looked through up to so many entries.
const MAX_ENTRIES: usize = 500;

/// Notes what is here: what is piped into this very process, and named pipes where people put them.
pub(super) fn look(inventory: &mut Inventory) {
    let before = inventory.found.len();
    let input = stdin();
    if !input.is_terminal() && matches!(file_type(&input), Ok(FileType::Fifo)) {
        inventory.has(found("stdin", "Standard input", "-"));
    }
    let folders = [
        std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
        std::env::current_dir().ok(),
    ];
    for path in folders.iter().flatten().flat_map(|folder| pipes_in(folder)) {
        if let (Some(name), Some(text)) = (path.file_stem(), path.to_str()) {
            let is_fit = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let name = name.to_string_lossy().to_lowercase().replace(|c| !is_fit(c), "-");
            inventory.has(found(&name, &format!("Named pipe {text}"), text));
        }
    }
    if inventory.found.len() == before {
        inventory.lacks(
            "pipe",
            "nothing is piped in here, and there is no named pipe in this folder or in $XDG_RUNTIME_DIR: mkfifo makes one; any program that writes MPEG-TS or FLV to its output can be a source by command = [\"PROGRAM\", \"ARGUMENT\"]",
        );
    }
}

fn found(name: &str, title: &str, path: &str) -> Found {
    Found {
        kind: "pipe".to_owned(),
        name: name.to_owned(),
        title: title.to_owned(),
        details: vec!["takes MPEG-TS or FLV with H.264 and AAC".to_owned()],
        scene: format!("kind = \"pipe\"\npath = {}\n", toml::Value::from(path)),
        is_default: false,
    }
}

/// The named pipes of a folder, by name.
fn pipes_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let is_pipe = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_fifo());
    let mut pipes: Vec<_> = entries
        .take(MAX_ENTRIES)
        .flatten()
        .filter(is_pipe)
        .map(|entry| entry.path())
        .collect();
    pipes.sort();
    pipes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_pipes_are_found_with_what_makes_them_a_source() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("My \"drone\".ts");
        rustix::fs::mknodat(rustix::fs::CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        std::fs::write(folder.path().join("plain"), "").unwrap();
        assert_eq!(pipes_in(folder.path()), std::slice::from_ref(&path));
        let found = found("drone", "", path.to_str().unwrap());
        let scene: toml::Table = found.scene.parse().unwrap();
        assert_eq!(scene["path"].as_str(), path.to_str());
    }

    #[test]
    fn two_cannot_read_standard_input() {
        let first = Claim::take().unwrap();
        assert!(matches!(Claim::take(), Err(PipeError::Taken)));
        drop(first);
        assert!(Claim::take().is_ok());
    }
}
