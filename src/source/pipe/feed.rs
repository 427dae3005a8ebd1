//! From a descriptor to the player: as fast as it comes, and no faster than it is needed.

use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};

use super::error::PipeError;
use super::program::Program;
use crate::media::{TimeDelta, Timestamp};
use crate::source::outlet::Outlet;
use crate::source::spec::SourceState;
use crate::source::stream::{Demux, Player};

/// Bytes read at once: what a pipe holds.
const PIECE: usize = 64 << 10;

/// Orders are looked for at least that often.
const ORDERS_MS: i64 = 50;

/// A source from which nothing has come for so long is away.
const QUIET_MS: i64 = 5_000;

/// Damage to a stream is told at most this often.
const FAULTS_MS: i64 = 10_000;

/// Where bytes come from.
pub(super) trait Input {
    /// Its descriptor, which need not be non-blocking: it is read only when something is there.
    fn descriptor(&self) -> Option<BorrowedFd<'_>>;

    /// The program behind it, where there is one.
    fn program(&mut self) -> Option<&mut Program> {
        None
    }
}

/// How a feed ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// As ordered.
    Stopped,
    /// Whoever wrote has closed it, and all that came has been shown.
    Closed {
        /// Whether there was anything.
        has_come: bool,
    },
}

/// Plays what comes from `input` until it is closed or an order comes in. `waiting` is what is told while nothing comes.
pub(super) fn feed(input: &mut impl Input, waiting: &str, outlet: &mut Outlet) -> Result<End, PipeError> {
    let mut feed = Feed {
        demux: Demux::default(),
        player: Player::new(),
        piece: vec![0; PIECE],
        faults: 0,
        faults_at: None,
        begun: outlet.now(),
        has_come: false,
    };
    let result = feed.run(input, waiting, outlet);
    feed.player.finish(outlet);
    result
}

struct Feed {
    demux: Demux,
    player: Player,
    piece: Vec<u8>,
    faults: u64,
    faults_at: Option<Timestamp>,
    begun: Timestamp,
    has_come: bool,
}

impl Feed {
    fn run(&mut self, input: &mut impl Input, waiting: &str, outlet: &mut Outlet) -> Result<End, PipeError> {
        let mut is_closed = false;
        loop {
            if outlet.is_over() {
                return Ok(End::Stopped);
            }
            let now = outlet.now();
            let next = self.player.play(now, outlet).map_err(PipeError::Stream)?;
            outlet.report_drops(now);
            self.tell(now, waiting, is_closed, outlet);
            if is_closed && self.player.is_empty() && self.player.ends_at().is_none_or(|end| end <= now) {
                let has_come = self.has_come;
                return Ok(End::Closed { has_come });
            }
            let is_full = self.player.is_full(now);
            if is_full {
                self.player.hold();
            }
            let wait = (next - now).to_millis().clamp(1, ORDERS_MS);
            if wait_for(input, !is_full && !is_closed, wait)? {
                is_closed = self.read(input, outlet)?;
            }
        }
    }

    /// Reads what is there. `true`: there will be no more.
    fn read(&mut self, input: &impl Input, outlet: &Outlet) -> Result<bool, PipeError> {
        let Some(descriptor) = input.descriptor() else {
            return Ok(true);
        };
        let count = match read(descriptor, &mut self.piece[..]) {
            Ok(count) => count,
            Err(Errno::INTR | Errno::AGAIN) => return Ok(false),
            Err(error) => return Err(PipeError::system("read", error)),
        };
        let now = outlet.now();
        let player = &mut self.player;
        if count == 0 {
            self.demux.finish(|unit| player.take(unit, now, outlet));
            return Ok(true);
        }
        self.has_come = true;
        self.demux
            .push(&self.piece[..count], |unit| player.take(unit, now, outlet))
            .map_err(PipeError::Format)?;
        Ok(false)
    }

    /// What an operator should know: that nothing comes, that what comes is damaged.
    fn tell(&mut self, now: Timestamp, waiting: &str, is_closed: bool, outlet: &mut Outlet) {
        let quiet = self.player.quiet_for(now);
        let limit = TimeDelta::from_millis(QUIET_MS);
        if !is_closed && quiet.unwrap_or(now - self.begun) >= limit {
            if quiet.is_some() {
                self.player.forget_time();
                self.begun = now;
                outlet.sound().finish();
            }
            let reason = match self.demux.format() {
                Some(format) if self.has_come => format!("{waiting}: no {format} has come for 5 s"),
                _ => waiting.to_owned(),
            };
            outlet.set_state(SourceState::Away { reason });
        }
        let faults = self.demux.faults();
        let may_tell = self
            .faults_at
            .is_none_or(|told| now - told >= TimeDelta::from_millis(FAULTS_MS));
        if faults > self.faults && may_tell {
            outlet.notice(format!("{} gaps or damaged pieces in what comes", faults - self.faults));
            self.faults = faults;
            self.faults_at = Some(now);
        }
    }
}

/// Waits for at most `ms` until there is something to read, if `is_wanted`; what a program says is heard meanwhile.
fn wait_for(input: &mut impl Input, is_wanted: bool, ms: i64) -> Result<bool, PipeError> {
    if let Some(program) = input.program() {
        program.listen();
    }
    let descriptor = input.descriptor().filter(|_| is_wanted);
    let mut fds = Vec::with_capacity(1);
    if let Some(descriptor) = &descriptor {
        fds.push(PollFd::new(descriptor, PollFlags::IN));
    }
    let limit = Timespec {
        tv_sec: 0,
        tv_nsec: ms * 1_000_000,
    };
    match poll(&mut fds, Some(&limit)) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(PipeError::system("waited for", error)),
    }
    let ready = fds.first().map(PollFd::revents);
    if ready.is_some_and(|ready| ready.contains(PollFlags::NVAL)) {
        return Err(PipeError::NoPipe("closed"));
    }
    Ok(ready.is_some_and(|ready| !ready.is_empty()))
}
