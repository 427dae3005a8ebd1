//! What a worker may not do: anything but compute, and talk over the descriptors that it was given.
//!
//! [`lower`] comes first, before the worker has anything: no descriptors but three, no new privileges, no core files (they
//! would hold pictures), a bound on memory, first in line when the system runs out of it, and an end when the studio ends.
//! [`close`] comes when everything is open, and lets only those system calls through that computing needs. Other calls
//! are answered with "not permitted" rather than with death: a library that asks for something odd goes on without it.
//! Where the system has no such fence the worker works without, and says so to whoever reads the log.

use std::fs;

use rustix::process::{Resource, Rlimit, Signal};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::raw;
use super::words::complain;

/// Private memory of a worker, in bytes. An encoder of 4K takes a fifth of it.
const MEMORY: u64 = 1 << 30;

/// Descriptors that a worker may have. It is given three.
const DESCRIPTORS: u64 = 16;

/// Above the default of everything else, so that the kernel picks a worker, which is replaced, and not the studio.
const OOM_SCORE: &str = "500";

/// Drops what a new process has too much of. Each line stands alone: one that the system refuses leaves the others.
pub(super) fn lower() {
    raw::close_inherited();
    raw::settle_signals();
    let limit = |resource, value| {
        let limit = Rlimit {
            current: Some(value),
            maximum: Some(value),
        };
        note("a limit", rustix::process::setrlimit(resource, limit));
    };
    note("its end with the studio", {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
    });
    note("no new privileges", rustix::thread::set_no_new_privs(true));
    limit(Resource::Core, 0);
    limit(Resource::Fsize, 0);
    limit(Resource::Data, MEMORY);
    limit(Resource::Nofile, DESCRIPTORS);
    // Not there in some containers, and then the kernel chooses as it always does.
    let _ = fs::write("/proc/self/oom_score_adj", OOM_SCORE);
}

/// Lets through only what computing needs, for this thread and those that it starts.
pub(super) fn close() {
    match filter() {
        Ok(filter) => note("the fence", seccompiler::apply_filter(&filter)),
        Err(error) => note("the fence", Err::<(), _>(error)),
    }
}

fn note<E: std::fmt::Display>(what: &str, result: Result<(), E>) {
    if let Err(error) = result {
        complain(&format!("goes without {what}: {error}"));
    }
}

fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    // A thread may signal its own process, which is how abort() works, and no other.
    let own = u64::from(std::process::id());
    let is_own = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, own)?;
    let mut rules = ALLOWED
        .iter()
        .map(|call| (*call, Vec::new()))
        .collect::<std::collections::BTreeMap<_, _>>();
    rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![is_own])?]);
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?;
    filter.try_into()
}

/// Memory, threads, time, and bytes over what is open.
const ALLOWED: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    libc::SYS_ppoll,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_futex,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    libc::SYS_prctl,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_the_fence_threads_run_and_files_do_not_open() {
        // In a thread of its own: the fence is for good.
        let outcome = std::thread::spawn(|| {
            seccompiler::apply_filter(&filter().unwrap()).unwrap();
            let sum = std::thread::spawn(|| (0..1000_u64).sum::<u64>()).join().unwrap();
            let file = fs::read("/etc/hostname").unwrap_err().kind();
            let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap_err().kind();
            let program = std::process::Command::new("/bin/true").status().is_err();
            (sum, file, socket, program)
        });
        let denied = std::io::ErrorKind::PermissionDenied;
        assert_eq!(outcome.join().unwrap(), (499_500, denied, denied, true));
    }
}
