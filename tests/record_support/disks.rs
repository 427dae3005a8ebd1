//! Disks as one meets them: nearly full, full in the middle of a write, standing still.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use rigcast::record::{Disk, DiskFile, SystemDisk};

/// What the test holds of a disk.
#[derive(Clone)]
pub struct Controls {
    /// Bytes that can still be written to films in folders named `small`.
    pub room: Arc<AtomicU64>,
    /// Bytes that are said to be free.
    pub free: Arc<AtomicU64>,
    gate: Arc<(Mutex<bool>, Condvar)>,
}

impl Controls {
    pub fn new() -> Self {
        Self {
            room: Arc::new(AtomicU64::new(u64::MAX)),
            free: Arc::new(AtomicU64::new(u64::MAX)),
            gate: Arc::new((Mutex::new(true), Condvar::new())),
        }
    }

    /// Lets no write through, or all again.
    pub fn open_gate(&self, is_open: bool) {
        *self.gate.0.lock().unwrap() = is_open;
        self.gate.1.notify_all();
    }

    fn pass(&self) {
        let gate = self.gate.0.lock().unwrap();
        drop(self.gate.1.wait_while(gate, |is_open| !*is_open).unwrap());
    }

    pub fn disk(&self) -> Box<dyn Disk> {
        Box::new(TestDisk(self.clone()))
    }
}

/// The real file system behind a gate, with bounds.
struct TestDisk(Controls);

struct TestFile {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    controls: Controls,
    is_small: bool,
}

impl Disk for TestDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let is_film = path.extension().is_some_and(|extension| extension == "mp4");
        Ok(Box::new(TestFile {
            file: SystemDisk.create(path)?,
            path: path.to_owned(),
            controls: self.0.clone(),
            is_small: is_film && path.parent().unwrap().ends_with("small"),
        }))
    }

    fn free_bytes(&mut self, _: &Path) -> io::Result<u64> {
        Ok(self.0.free.load(Ordering::SeqCst))
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        SystemDisk.sync_folder(folder)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        SystemDisk.remove(path)
    }
}

impl DiskFile for TestFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.controls.pass();
        if self.is_small {
            let room = self.controls.room.load(Ordering::SeqCst);
            let fits = bytes.len().min(usize::try_from(room).unwrap());
            self.controls.room.store(room - fits as u64, Ordering::SeqCst);
            self.file.append(&bytes[..fits])?;
            if fits < bytes.len() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            return Ok(());
        }
        self.file.append(bytes)
    }

    /// What is uncovered now was there already, and hidden.
    fn overwrite(&mut self, position: u64, bytes: &[u8]) -> io::Result<()> {
        let at = usize::try_from(position).unwrap();
        assert_eq!(&fs::read(&self.path).unwrap()[at..at + 4], b"free");
        assert_eq!(bytes, b"moof");
        self.file.overwrite(position, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }
}
