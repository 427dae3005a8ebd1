//! A program that ends with whoever started it: the only unsafe code of pipes, one system call between fork and exec.

#![allow(unsafe_code)]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

/// Has the system end the program that `command` starts when the thread that starts it is gone, however that came.
pub(super) fn end_with_us(command: &mut Command) {
    let studio = getpid();
    let tie = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // A studio that ended before this was set will send no signal.
        if getppid() == Some(studio) {
            Ok(())
        } else {
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        }
    };
    // SAFETY: the closure makes system calls only: it allocates nothing, takes no lock and touches no memory that another
    // thread of the studio could have left half written at the fork.
    unsafe {
        command.pre_exec(tie);
    }
}
