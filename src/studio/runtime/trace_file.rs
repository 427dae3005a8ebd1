//! The trace of a running show: what the controller is told, line by line into a new file, by a thread that alone waits for the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::adapt::TraceEntry;

/// Entries that may wait for a disk: half a minute of one destination.
const WAITING: usize = 1024;

/// How often what was written reaches the file, so that a crash costs no more.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// A trace that is being written; dropped, it ends.
#[derive(Debug)]
pub struct TraceFile {
    entries: SyncSender<TraceEntry>,
    /// Entries that the disk was too late for.
    lost: u64,
}

impl TraceFile {
    /// Creates the file, never over another one, and begins with `header`. `fail` is called once if the disk fails later.
    ///
    /// # Errors
    /// Why there is no such file, in words.
    pub fn create(path: &Path, header: &str, fail: impl FnOnce(String) + Send + 'static) -> Result<Self, String> {
        let named = |error: io::Error| format!("{}: {error}", path.display());
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(named)?;
        let mut out = BufWriter::new(file);
        writeln!(out, "{header}").and_then(|()| out.flush()).map_err(named)?;
        let (entries, waiting) = sync_channel(WAITING);
        let shown = path.display().to_string();
        let work = move || {
            if let Err(error) = write(out, &waiting) {
                fail(format!("{shown}: {error}"));
            }
        };
        std::thread::Builder::new()
            .name("trace".to_owned())
            .spawn(work)
            .map_err(named)?;
        Ok(Self { entries, lost: 0 })
    }

    /// Writes one more entry, without waiting; one that finds the disk far behind is left out and counted.
    pub fn push(&mut self, entry: TraceEntry) {
        if self.entries.try_send(entry).is_err() {
            self.lost += 1;
        }
    }

    /// How many were left out.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }
}

fn write(mut out: BufWriter<File>, entries: &Receiver<TraceEntry>) -> io::Result<()> {
    let mut is_dirty = false;
    loop {
        match entries.recv_timeout(FLUSH_EVERY) {
            Ok(entry) => {
                writeln!(out, "{}", entry.to_line())?;
                is_dirty = true;
            }
            Err(RecvTimeoutError::Timeout) if is_dirty => {
                out.flush()?;
                is_dirty = false;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return out.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapt::{Base, Trace, trace_header};
    use crate::media::{Rate, RateControl, Timestamp};

    #[test]
    fn what_is_written_is_read_back_and_no_file_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evening.ndjson");
        let base = Base::for_tests(Rate {
            control: RateControl::Constant,
            kbps: 2500,
        });
        let header = trace_header(&base, "steady");
        let (told, ended) = sync_channel::<String>(1);
        let fail = move |reason| told.send(reason).unwrap();
        let mut trace = TraceFile::create(&path, &header, fail).unwrap();
        let entries: Vec<_> = (0..100)
            .map(|second| TraceEntry::Audience {
                at: Timestamp::from_millis(second * 1000),
                viewers: Some(second as u64),
            })
            .collect();
        for entry in &entries {
            trace.push(entry.clone());
        }
        assert_eq!(trace.lost(), 0);
        drop(trace);
        // The thread lets go of its word when it has written everything.
        assert!(ended.recv().is_err());
        let read = Trace::read(io::BufReader::new(File::open(&path).unwrap())).unwrap();
        assert_eq!((read.policy.as_str(), read.entries), ("steady", entries));
        let again = TraceFile::create(&path, &header, |_| {}).unwrap_err();
        assert!(again.contains("evening.ndjson") && again.contains("exists"), "{again}");
    }
}
