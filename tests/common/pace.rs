//! Measurements that only a machine which keeps up with a live clock can pass, on machines that others use too.
//!
//! They take turns, so that tests of one binary do not starve each other. A witness tells whether the machine kept up: it
//! sleeps in small steps and notes how late it wakes, and the studio under test says what it had to leave out. A
//! measurement that fails although both were in time is a failure. One that fails while either was late is void: it is
//! said so, and measured again, but not for ever. What must hold on any machine, because people rely on it, is never void
//! ([`Witness::on_any_machine`]). Where whoever runs the tests has named a file for it (`RIGCAST_VOID`: `./test`
//! does), what is void beside other tests is noted there, to be measured again when they are over, and alone.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Measurements of one thing, the first included.
const ATTEMPTS: usize = 3;

/// A thread that wakes so much later than it wanted to shows a machine that does not keep up: a frame and a half. Those of a studio, which
/// have more to do than to sleep, were later.
const LATE: Duration = Duration::from_millis(50);

/// Whoever holds it measures; all others wait. Holds between the threads of a test binary and between binaries.
pub struct Turn {
    _lock: File,
}

impl Turn {
    /// Waits for its turn.
    pub fn take() -> Self {
        let lock = File::create(concat!(env!("CARGO_TARGET_TMPDIR"), "/turn.lock")).unwrap();
        lock.lock().unwrap();
        Self { _lock: lock }
    }

    /// Waits until nobody measures alone; others may measure beside it.
    pub fn share() -> Self {
        let lock = File::create(concat!(env!("CARGO_TARGET_TMPDIR"), "/turn.lock")).unwrap();
        lock.lock_shared().unwrap();
        Self { _lock: lock }
    }
}

/// What shows whether this machine kept up.
pub struct Witness {
    longest_us: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    sleeper: Option<JoinHandle<()>>,
    omissions: Mutex<Vec<String>>,
    is_final: AtomicBool,
}

impl Witness {
    pub fn start() -> Self {
        let longest_us = Arc::new(AtomicU64::new(0));
        let is_over = Arc::new(AtomicBool::new(false));
        let sleeper = std::thread::spawn({
            let (longest_us, is_over) = (Arc::clone(&longest_us), Arc::clone(&is_over));
            let step = Duration::from_millis(5);
            move || {
                while !is_over.load(Ordering::Relaxed) {
                    let before = Instant::now();
                    std::thread::sleep(step);
                    let late = before.elapsed().saturating_sub(step);
                    longest_us.fetch_max(u64::try_from(late.as_micros()).unwrap(), Ordering::Relaxed);
                }
            }
        });
        Self {
            longest_us,
            is_over,
            sleeper: Some(sleeper),
            omissions: Mutex::default(),
            is_final: AtomicBool::new(false),
        }
    }

    /// A claim that holds however slow the machine is: what is kept from the viewers stays kept from them. Where it fails nothing is void.
    pub fn on_any_machine(&self, claim: impl FnOnce()) {
        self.is_final.store(true, Ordering::Relaxed);
        claim();
        self.is_final.store(false, Ordering::Relaxed);
    }

    /// Notes what a studio had to leave out, by its own account. To be called before anything is asserted about the show.
    pub fn hear(&self, status: &Value) {
        self.hear_of(
            status,
            &["skipped_frames", "skipped_in_renditions", "late_ticks", "late_blocks"],
        );
        for source in status["sources"].as_array().into_iter().flatten() {
            let dropped = source["dropped_frames"].as_u64().unwrap();
            if dropped > 0 {
                self.omit(format!("{dropped} frames of {}", source["name"]));
            }
        }
    }

    /// Notes what the analysis had no time for, likewise: it goes out covered or silent.
    pub fn hear_analysis(&self, status: &Value) {
        self.hear_of(status, &["unseen"]);
    }

    /// The same, of its clocks only: where the encoder is attacked, frames that it skips say nothing about the machine.
    pub fn hear_clocks(&self, status: &Value) {
        self.hear_of(status, &["late_ticks", "late_blocks"]);
    }

    fn hear_of(&self, status: &Value, names: &[&str]) {
        for name in names {
            let count = status["stats"][name]
                .as_u64()
                .unwrap_or_else(|| panic!("{name}: {}", status["stats"]));
            if count > 0 {
                self.omit(format!("{count} {name}"));
            }
        }
    }

    /// Notes something else that came too late.
    pub fn omit(&self, what: String) {
        self.omissions.lock().unwrap().push(what);
    }

    /// Why a measurement that failed now is void; `None` where this machine kept up, or need not have.
    pub fn verdict(&self) -> Option<String> {
        if self.is_final.load(Ordering::Relaxed) {
            return None;
        }
        let longest = Duration::from_micros(self.longest_us.load(Ordering::Relaxed));
        let mut said = self.omissions.lock().unwrap().clone();
        if longest > LATE {
            said.push(format!("a sleeping thread woke {longest:?} late"));
        }
        (!said.is_empty()).then(|| said.join(", "))
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(sleeper) = self.sleeper.take() {
            let _ = sleeper.join();
        }
    }
}

/// Measures in turn, and again where the machine was too slow to tell.
pub fn in_real_time<T>(what: &str, measure: impl FnMut(&Witness) -> T) -> T {
    let _turn = Turn::take();
    measured(what, measure)
}

/// The same beside others of its kind: for small shows, which leave a machine time for two, and for claims that a little less of it does
/// not touch.
pub fn in_real_time_beside<T>(what: &str, measure: impl FnMut(&Witness) -> T) -> T {
    let _turn = Turn::share();
    measured(what, measure)
}

fn measured<T>(what: &str, mut measure: impl FnMut(&Witness) -> T) -> T {
    let void = VoidFile::of_this_test();
    // Beside the others a second attempt would mostly meet what the first one met.
    let attempts = if void.is_some() { 1 } else { ATTEMPTS };
    let mut attempt = 1;
    loop {
        let witness = Witness::start();
        let failure = match catch_unwind(AssertUnwindSafe(|| measure(&witness))) {
            Ok(measured) => return measured,
            Err(failure) => failure,
        };
        match witness.verdict() {
            Some(why) if attempt < attempts => {
                eprintln!("NOTE: {what}: attempt {attempt} of {attempts} is void, this machine was too slow: {why}");
            }
            Some(why) => {
                eprintln!("{what}: this machine is too slow for the test, attempt {attempt} of {attempts}: {why}");
                if let Some(void) = void {
                    void.note();
                }
                resume_unwind(failure);
            }
            None => resume_unwind(failure),
        }
        attempt += 1;
    }
}

/// Where tests are noted that this machine was too slow for while others ran: a line for each, the program and the test within it.
struct VoidFile {
    path: OsString,
    line: String,
}

impl VoidFile {
    /// `None` where nobody asks for it, or where nobody could tell which test this is: the thread has its name.
    fn of_this_test() -> Option<Self> {
        let path = std::env::var_os("RIGCAST_VOID")?;
        let program = std::env::current_exe().ok()?;
        let thread = std::thread::current();
        let test = thread.name().filter(|name| *name != "main")?;
        let line = format!("{}\t{test}\n", program.to_str()?);
        Some(Self { path, line })
    }

    fn note(&self) {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path).unwrap();
        file.write_all(self.line.as_bytes()).unwrap();
        eprintln!("It is measured again, alone, when the others are over.");
    }
}
