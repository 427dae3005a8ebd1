//! Memory that the X server writes pixels into and we read: a sealed memfd, mapped once. The only unsafe code of this folder.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use memmap2::{MmapMut, MmapOptions};
use rustix::fs::{MemfdFlags, SealFlags};

/// `len` bytes that can be shared, mapped here, and the descriptor by which another process maps them.
///
/// # Errors
/// What the system says.
pub(super) fn share(len: usize) -> io::Result<(MmapMut, OwnedFd)> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let memory = rustix::fs::memfd_create("rigcast screen", flags)?;
    rustix::fs::ftruncate(&memory, len as u64)?;
    // Nobody who has the descriptor can cut off memory that is mapped here, which would end this process.
    rustix::fs::fcntl_add_seals(&memory, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    // SAFETY: the memory cannot shrink (sealed above), so every access stays inside of it. Of the two processes that map it the X
    // server writes only between being asked for pixels and its answer; nothing here reads or writes then, because who asks
    // holds the memory exclusively and waits for the answers.
    let map = unsafe { MmapOptions::new().len(len).map_mut(memory.as_raw_fd())? };
    Ok((map, memory))
}
