//! The border to the file system: small enough that a test can stand in for a disk that is slow, full or gone.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// A place for files.
pub trait Disk: Send {
    /// Makes a file.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::AlreadyExists`] where there is one of that name.
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Bytes that an ordinary user can still write to the disk that `folder` is on.
    ///
    /// # Errors
    /// What the system says, also where there is no such folder.
    fn free_bytes(&mut self, folder: &Path) -> io::Result<u64>;

    /// Makes the names of new files in `folder` safe from a power cut.
    ///
    /// # Errors
    /// What the system says.
    fn sync_folder(&mut self, folder: &Path) -> io::Result<()>;

    /// Removes a file that was made here and holds nothing.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&mut self, path: &Path) -> io::Result<()>;
}

/// A file that is being written, from its start to its end.
pub trait DiskFile: Send {
    /// Appends all of `bytes`.
    ///
    /// # Errors
    /// What the system says. Some of the bytes may have been written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Writes `bytes` over what is at `position`.
    ///
    /// # Errors
    /// What the system says.
    fn overwrite(&mut self, position: u64, bytes: &[u8]) -> io::Result<()>;

    /// Waits until all that was written is safe from a power cut.
    ///
    /// # Errors
    /// What the system says; also where the file has lost its name, so that nobody will find what is in it.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file back to `length` bytes.
    ///
    /// # Errors
    /// What the system says.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

/// The file system of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Box::new(SystemFile { file, length: 0 }))
    }

    fn free_bytes(&mut self, folder: &Path) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(folder)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }
}

struct SystemFile {
    file: File,
    /// What has been appended.
    length: u64,
}

impl DiskFile for SystemFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.length)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn overwrite(&mut self, position: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, position)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        if self.file.metadata()?.nlink() == 0 {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the file was deleted"));
        }
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.length = length;
        Ok(())
    }
}
