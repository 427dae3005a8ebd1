//! Whether a worker that owes an answer is at work, slow, or hung: by what it does, as the kernel counts it, not by the time
//! alone.
//!
//! On a busy machine a healthy worker may be late because it was not given a processor. Replacing it then would make
//! things worse. So each look asks the kernel for the states of its threads and the time they have had: a thread that
//! runs, is ready to run, or has run since the last look is progress. None of that for a while, or a worker that somebody
//! has stopped, is a hang; so is one that has been busy with a single request for far too long.

use std::fs;

use crate::media::{TimeDelta, Timestamp};

/// A worker whose threads all sleep this long, in ms, while it owes an answer, waits for something that will not come.
const STILL_MS: i64 = 150;

/// Work for longer than this, in ms, is worth a word …
const SLOW_MS: i64 = 400;

/// … and for longer than this, in ms, will not end.
const BUSY_MS: i64 = 3000;

/// The most, in ms, that one look counts: where this process itself was not given time, the worker was not either.
const LONGEST_STEP_MS: i64 = 60;

/// What the kernel says of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Somebody has stopped it: SIGSTOP, a debugger.
    pub is_stopped: bool,
    /// A thread runs, is ready to run, or waits for a disk.
    pub is_runnable: bool,
    /// Processor time of all its threads, in nanoseconds.
    pub cpu_ns: u64,
}

/// What to think of a worker that owes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has not been long.
    Working,
    /// It takes long, and gets on with it.
    Slow,
    /// It will not answer; says why.
    Hung(&'static str),
}

/// One wait for an answer.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    at: Timestamp,
    waited: TimeDelta,
    still: TimeDelta,
    cpu_ns: Option<u64>,
}

impl Pulse {
    /// A wait that begins at `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            at: now,
            waited: TimeDelta::ZERO,
            still: TimeDelta::ZERO,
            cpu_ns: None,
        }
    }

    /// When to look, where looks are `apart`.
    #[must_use]
    pub fn due(&self, apart: TimeDelta) -> Timestamp {
        self.at + apart
    }

    /// The answer has not come by `now`, and the kernel says `sample` of the worker; `None` where it says nothing.
    pub fn look(&mut self, now: Timestamp, sample: Option<Sample>) -> Verdict {
        let step = (now - self.at).min(TimeDelta::from_millis(LONGEST_STEP_MS));
        self.at = now;
        self.waited += step;
        let limit = |ms| TimeDelta::from_millis(ms);
        if let Some(sample) = sample {
            if sample.is_stopped {
                return Verdict::Hung("it is stopped");
            }
            // The first look only learns where the count stands.
            let has_run = self.cpu_ns.is_some_and(|before| sample.cpu_ns > before);
            self.cpu_ns = Some(sample.cpu_ns);
            self.still = if sample.is_runnable || has_run {
                TimeDelta::ZERO
            } else {
                self.still + step
            };
            if self.still >= limit(STILL_MS) {
                return Verdict::Hung("it does not answer, and does nothing");
            }
        }
        if self.waited >= limit(BUSY_MS) {
            return Verdict::Hung("it is busy with one request and does not come back");
        }
        if self.waited >= limit(SLOW_MS) {
            return Verdict::Slow;
        }
        Verdict::Working
    }
}

/// Looks at process `pid` through /proc (proc(5)).
#[must_use]
pub fn sample(pid: u32) -> Option<Sample> {
    let mut whole = Sample {
        is_stopped: false,
        is_runnable: false,
        cpu_ns: 0,
    };
    let mut threads = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        // A thread may end between being listed and being read.
        let Some(state) = read(&thread, "stat").and_then(|text| state_of(&text)) else {
            continue;
        };
        threads += 1;
        whole.is_stopped |= matches!(state, 'T' | 't');
        whole.is_runnable |= matches!(state, 'R' | 'D');
        let cpu = read(&thread, "schedstat").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
        whole.cpu_ns += cpu.unwrap_or(0);
    }
    (threads > 0).then_some(whole)
}

fn read(thread: &fs::DirEntry, name: &str) -> Option<String> {
    fs::read_to_string(thread.path().join(name)).ok()
}

/// The third field of `stat`; the second is a name in parentheses that may hold anything.
fn state_of(stat: &str) -> Option<char> {
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Sample = Sample {
        is_stopped: false,
        is_runnable: false,
        cpu_ns: 5,
    };

    /// Looks every 20 ms and gives the time and reason of the first verdict other than `Working`.
    fn first_verdict(samples: impl Fn(i64) -> Option<Sample>) -> (i64, Verdict) {
        let mut pulse = Pulse::new(Timestamp::ZERO);
        (1..)
            .map(|look| look * 20)
            .find_map(|ms| match pulse.look(Timestamp::from_millis(ms), samples(ms)) {
                Verdict::Working => None,
                verdict => Some((ms, verdict)),
            })
            .unwrap()
    }

    #[test]
    fn a_stopped_worker_is_seen_at_the_first_look() {
        let stopped = Sample {
            is_stopped: true,
            ..IDLE
        };
        assert_eq!(first_verdict(|_| Some(stopped)), (20, Verdict::Hung("it is stopped")));
    }

    #[test]
    fn one_that_sleeps_is_hung_soon() {
        let (ms, verdict) = first_verdict(|_| Some(IDLE));
        assert!(ms <= 180 && matches!(verdict, Verdict::Hung(_)), "{ms} {verdict:?}");
    }

    #[test]
    fn one_that_waits_for_a_processor_or_computes_is_slow() {
        let starved = |_| {
            Some(Sample {
                is_runnable: true,
                ..IDLE
            })
        };
        assert_eq!(first_verdict(starved), (400, Verdict::Slow));
        let at_work = |ms: i64| {
            Some(Sample {
                cpu_ns: ms as u64,
                ..IDLE
            })
        };
        assert_eq!(first_verdict(at_work), (400, Verdict::Slow));
    }

    #[test]
    fn one_that_never_comes_back_is_hung_in_the_end() {
        let mut pulse = Pulse::new(Timestamp::ZERO);
        let verdicts = (1..=150).map(|look| {
            let busy = Sample {
                is_runnable: true,
                ..IDLE
            };
            pulse.look(Timestamp::from_millis(look * 20), Some(busy))
        });
        assert!(matches!(verdicts.last(), Some(Verdict::Hung(_))));
    }

    #[test]
    fn without_proc_the_time_decides() {
        assert_eq!(first_verdict(|_| None), (400, Verdict::Slow));
    }

    #[test]
    fn time_that_this_process_did_not_have_does_not_count() {
        let mut pulse = Pulse::new(Timestamp::ZERO);
        let after_a_suspend = pulse.look(Timestamp::from_millis(60_000), Some(IDLE));
        assert_eq!(after_a_suspend, Verdict::Working);
    }

    #[test]
    fn the_kernel_says_what_this_process_does() {
        let own = sample(std::process::id()).unwrap();
        assert!(own.is_runnable && !own.is_stopped);
        assert_eq!(sample(u32::MAX), None);
        assert_eq!(state_of("7 (a) b) S 1 7"), Some('S'));
    }
}
