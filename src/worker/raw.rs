//! The border to memory that two processes map, and to the descriptors of a process: the only unsafe code of this room.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsFd;
use std::process::Command;

use memmap2::{Mmap, MmapMut, MmapOptions};
use rustix::fs::SealFlags;
use rustix::process::Signal;

/// Maps `len` bytes of a memfd from `offset` on, to write.
///
/// # Errors
/// What the system says.
pub(super) fn map_to_write(memory: impl AsFd, offset: u64, len: usize) -> io::Result<MmapMut> {
    let descriptor = checked(&memory)?;
    // SAFETY: the memory cannot shrink (its seals say so), so every access stays inside of it. The studio alone maps it to
    // write, each part once; whoever else has the descriptor can map it to read only, and reads a part only between
    // being told that it is finished and answering.
    unsafe { MmapOptions::new().offset(offset).len(len).map_mut(descriptor) }
}

/// Maps `len` bytes of a memfd from `offset` on, to read.
///
/// # Errors
/// What the system says, or that the memory may shrink under its reader.
pub(super) fn map_to_read(memory: impl AsFd, offset: u64, len: usize) -> io::Result<Mmap> {
    let descriptor = checked(&memory)?;
    // SAFETY: as above. That the studio does not write a part while it is read here is the studio's promise: it keeps a
    // reference to the picture until the answer has come or this process is gone.
    unsafe { MmapOptions::new().offset(offset).len(len).map(descriptor) }
}

/// Memory that may shrink would kill whoever touches what is gone.
fn checked<M: AsFd>(memory: &M) -> io::Result<i32> {
    use std::os::fd::AsRawFd;
    let seals = rustix::fs::fcntl_get_seals(memory)?;
    if !seals.contains(SealFlags::SHRINK) {
        return Err(io::Error::other("the memory of the pictures is not sealed"));
    }
    Ok(memory.as_fd().as_raw_fd())
}

/// Closes every descriptor from 3 on. For a process that has just been started and owns none of them.
pub(super) fn close_inherited() {
    // SAFETY: called before anything in this process has opened a descriptor; what is closed belongs to nobody here. A
    // kernel without the call leaves them open, which is what it would have done anyway.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0);
    }
}

/// Lets the signals pass that a terminal or a service manager sends to everybody, since a worker ends when its studio does;
/// and ends at once on those of a crash, where the language's runtime would first look whether a stack has overflown.
pub(super) fn settle_signals() {
    let everybody = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT];
    let crash = [libc::SIGSEGV, libc::SIGBUS];
    let ignored = everybody.map(|signal| (signal, libc::SIG_IGN));
    let fatal = crash.map(|signal| (signal, libc::SIG_DFL));
    for (signal, action) in ignored.into_iter().chain(fatal) {
        // SAFETY: neither action installs a handler, so there is no code that could run at a bad moment.
        unsafe {
            libc::signal(signal, action);
        }
    }
}

/// Lets a pipe hold so many bytes, where the system allows that.
pub(super) fn widen(pipe: impl AsFd, bytes: i32) {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor is borrowed, so it is open; the call reads and writes no memory of ours.
    unsafe {
        libc::fcntl(pipe.as_fd().as_raw_fd(), libc::F_SETPIPE_SZ, bytes);
    }
}

/// Has the program that `command` starts end with this process, whatever it is doing then: to be exact, with the thread that
/// starts it, which must be one that stays.
pub(super) fn end_with_us(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    let own = rustix::process::getpid();
    let tie = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // If this process ended before that was set, nobody will tell.
        if rustix::process::getppid() == Some(own) {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    };
    // SAFETY: between fork and exec two system calls are made; nothing is allocated and no lock taken.
    unsafe {
        command.pre_exec(tie);
    }
}
