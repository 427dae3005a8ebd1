//! Where the lines of the prompt are kept from one screen to the next: `$XDG_STATE_HOME/rigcast/history`.
//!
//! A thread of its own writes, since a disk may take its time and keys may not. Each time the whole file is read anew, added to
//! and put in the place of the old one: of two screens neither loses the lines of the other, and there is a whole file at
//! every moment. It is for the eyes of its owner only.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::app::{History, may_hold_secret};

/// Lines that may wait for the disk; what comes beyond them is remembered by this screen only.
const WAITING: usize = 64;

/// No history is longer, in bytes; a file that is has been put there by something else.
const LARGEST: u64 = 1 << 20;

/// Keeps lines in a file.
#[derive(Debug)]
pub struct HistoryFile {
    lines: Option<SyncSender<String>>,
    thread: Option<JoinHandle<()>>,
}

/// Where the history is kept, for the environment that `variable` gives; `None` where there is no place for it.
#[must_use]
pub fn path(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let base = folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")))?;
    Some(base.join("rigcast/history"))
}

/// The lines in the file at `path`, oldest first; none where there is no such file. What may hold a secret is left out, in
/// case somebody has put it there.
#[must_use]
pub fn read(path: &Path) -> Vec<String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
    if read.is_err() {
        return Vec::new();
    }
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !may_hold_secret(line));
    lines.map(str::to_owned).collect()
}

impl HistoryFile {
    /// Starts to keep lines in the file at `path`.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(path: PathBuf) -> io::Result<Self> {
        let (lines, waiting) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || keep(&path, &waiting))?;
        Ok(Self {
            lines: Some(lines),
            thread: Some(thread),
        })
    }

    /// Adds a line, unless too many wait for the disk.
    pub fn add(&self, line: String) {
        if let Some(lines) = &self.lines {
            // A history that misses a line is still one.
            let _ = lines.try_send(line);
        }
    }
}

impl Drop for HistoryFile {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn keep(path: &Path, waiting: &Receiver<String>) {
    while let Ok(line) = waiting.recv() {
        let mut history = History::of(read(path));
        history.remember(&line);
        for line in waiting.try_iter() {
            history.remember(&line);
        }
        // Without a disk there is a history all the same, until the screen is left.
        let _ = write(path, history.lines());
    }
}

/// Puts a file with these lines in the place of the old one.
fn write(path: &Path, lines: &[String]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let new = path.with_extension(format!("new.{}", std::process::id()));
    let written = || -> io::Result<()> {
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        let mut text = lines.join("\n");
        text.push('\n');
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    written().inspect_err(|_| drop(fs::remove_file(&new)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn lines_outlive_the_screen_and_two_screens_share_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/rigcast/history");
        assert_eq!(read(&path), [""; 0]);
        let (one, other) = (
            HistoryFile::start(path.clone()).unwrap(),
            HistoryFile::start(path.clone()).unwrap(),
        );
        one.add("take".to_owned());
        drop(one);
        other.add("gain camera -3".to_owned());
        other.add("destination add x rtmp://h/a/sk-secret".to_owned());
        drop(other);
        assert_eq!(read(&path), ["take", "gain camera -3"]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn it_lies_with_the_rest_of_the_state() {
        let of = |pairs: &'static [(&str, &str)]| {
            path(&|name: &str| {
                pairs
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(
            of(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]),
            Some("/s/rigcast/history".into())
        );
        assert_eq!(
            of(&[("XDG_STATE_HOME", ""), ("HOME", "/h")]),
            Some("/h/.local/state/rigcast/history".into())
        );
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn what_is_no_text_is_no_history() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        fs::write(&path, b"take\n\xff\xfe").unwrap();
        assert_eq!(read(&path), [""; 0]);
        fs::write(&path, "take\n\ndestination add x rtmp://h/a/k\ncut\n").unwrap();
        assert_eq!(read(&path), ["take", "cut"]);
    }
}
