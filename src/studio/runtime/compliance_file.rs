//! The file of everything that was moderated: a line for each thing, written by a thread of its own as it happens, and kept on
//! disk before the next one. A disk that is late costs lines, which is told; it never costs the show.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use jiff::Timestamp;

use crate::studio::compliance::Entry;

/// Lines that may wait for the disk.
const LINES_WAITING: usize = 256;

/// The open file.
pub struct ComplianceFile {
    lines: Option<SyncSender<String>>,
    thread: Option<JoinHandle<()>>,
    lost: u64,
}

impl ComplianceFile {
    /// Appends to `path`, which is made where it is not there, for its owner's eyes only. `fail` is told when a line cannot
    /// be written.
    ///
    /// # Errors
    /// Why it cannot be opened, in words.
    pub fn open(path: &Path, fail: impl Fn(String) + Send + 'static) -> Result<Self, String> {
        let named = |error: std::io::Error| format!("{}: {error}", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(named)?;
        }
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        let file = file.map_err(named)?;
        let (lines, waiting) = sync_channel(LINES_WAITING);
        let name = path.display().to_string();
        let work = move || write(file, &waiting, &|error| fail(format!("{name}: {error}")));
        let thread = std::thread::Builder::new().name("compliance".to_owned()).spawn(work);
        Ok(Self {
            lines: Some(lines),
            thread: Some(thread.map_err(named)?),
            lost: 0,
        })
    }

    /// Leaves a line for the thread. Gives how many were lost before it, once.
    pub fn put(&mut self, entry: &Entry) -> Option<u64> {
        let line = entry.line(&Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string());
        match self.lines.as_ref()?.try_send(line) {
            Ok(()) => Some(std::mem::take(&mut self.lost)).filter(|lost| *lost > 0),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.lost += 1;
                None
            }
        }
    }
}

impl Drop for ComplianceFile {
    /// Waits until the last line is on disk.
    fn drop(&mut self) {
        drop(self.lines.take());
        if let Some(thread) = self.thread.take() {
            // A panic has been reported when it happened.
            let _ = thread.join();
        }
    }
}

fn write(mut file: File, lines: &Receiver<String>, fail: &dyn Fn(String)) {
    let mut is_failing = false;
    for mut line in lines {
        line.push('\n');
        let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_data());
        match written {
            Ok(()) => is_failing = false,
            Err(error) => {
                if !is_failing {
                    fail(error.to_string());
                }
                is_failing = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Timestamp;
    use crate::studio::model::Who;

    fn entry(at: i64) -> Entry {
        Entry {
            at: Timestamp::from_millis(at),
            kind: "dump",
            from: None,
            until: None,
            word: None,
            action: "dump".to_owned(),
            who: Who::Operator,
            why: String::new(),
        }
    }

    #[test]
    fn every_line_is_on_disk_when_it_closes_and_the_next_show_appends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/moderation.ndjson");
        for round in 0..2 {
            let mut file = ComplianceFile::open(&path, |error| panic!("{error}")).unwrap();
            for at in 0..10 {
                assert_eq!(file.put(&entry(round * 100 + at)), None);
            }
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 20);
        assert_eq!(lines[19]["show_s"], 0.109);
        assert!(lines[0]["at"].as_str().unwrap().ends_with('Z'));
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = ComplianceFile::open(folder.path(), |_| {}).err().unwrap();
        assert!(error.contains(folder.path().to_str().unwrap()), "{error}");
    }
}
