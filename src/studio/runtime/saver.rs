//! The state file of a session: written whenever what it holds has changed, so that a crash costs nothing that an operator
//! has set; removed when the show ends as it should.
//!
//! A thread of its own writes, since a disk may take its time; the newest state wins. Each is written beside the file,
//! brought to the disk and then put in its place, so that there is a whole one at every moment. Once per second the thread
//! sets the file's time: that is how long the show has been off air when it is resumed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use crate::control::socket;
use crate::scene::Script;
use crate::studio::saved::{Saved, SavedWaiting, Standing};

/// How often the file says that the show is still there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// No state is longer; a file that is has been put there by something else.
const LARGEST_FILE: u64 = 64 << 20;

/// Where a session keeps its log and its state: `$XDG_STATE_HOME/rigcast`.
#[must_use]
pub fn state_folder() -> PathBuf {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let base = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).or_else(home);
    base.unwrap_or_else(socket::folder).join("rigcast")
}

/// The state file of the session `name`.
#[must_use]
pub fn state_path(name: &str) -> PathBuf {
    state_folder().join(format!("{name}.state"))
}

/// What the last studio of a session has left.
#[derive(Debug)]
pub enum Leftover {
    /// Nothing: there was none, or it ended as it should.
    Nothing,
    /// A show that can go on.
    Show {
        /// What was saved of it.
        saved: Box<Saved>,
        /// How long ago it was last alive, where the clocks agree.
        age: Option<Duration>,
    },
    /// Something that cannot be used: where it lies now, and what is wrong with it.
    Unusable(String),
}

/// Looks for the state that the last studio at `path` has left. One that cannot be used is moved aside, to `….state.bad`.
#[must_use]
pub fn find(path: &Path) -> Leftover {
    let read = || -> io::Result<(Vec<u8>, Option<Duration>)> {
        let file = File::open(path)?;
        let modified = file.metadata()?.modified()?;
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE).read_to_end(&mut bytes)?;
        Ok((bytes, SystemTime::now().duration_since(modified).ok()))
    };
    let reason = match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Leftover::Nothing,
        Err(error) => format!("{}: {error}", path.display()),
        Ok((bytes, age)) => match Saved::from_json(&bytes) {
            Ok(saved) => {
                return Leftover::Show {
                    saved: Box::new(saved),
                    age,
                };
            }
            Err(error) => format!("{}:{error}", path.display()),
        },
    };
    Leftover::Unusable(set_aside(path, &reason))
}

/// Moves a state that cannot be used out of the way, and says where it lies now. `reason` names the file.
#[must_use]
pub fn set_aside(path: &Path, reason: &str) -> String {
    let aside = path.with_extension("state.bad");
    match fs::rename(path, &aside) {
        Ok(()) => format!("{reason} (it is kept as {})", aside.display()),
        Err(error) => format!("{reason} (it cannot be moved aside: {error})"),
    }
}

/// Keeps a session's state file.
pub struct Saver {
    path: PathBuf,
    last: Standing,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    order: Mutex<Order>,
    rung: Condvar,
}

#[derive(Default)]
struct Order {
    standing: Option<Standing>,
    /// What it is read from, and what waits to be confirmed, where that is another than before.
    show: Option<(Script, Option<SavedWaiting>)>,
    is_over: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Saver {
    /// Writes `saved` to `path` and starts the thread that keeps it fresh. `report` is told in words when saving begins to
    /// fail; it is tried on.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(path: PathBuf, saved: Saved, report: impl Fn(String) + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let last = saved.standing().clone();
        let mut writer = Writer {
            path: path.clone(),
            saved,
            is_failing: false,
            report: Box::new(report),
        };
        // At once: from its first moment on, a show can be resumed.
        let file = writer.write();
        let orders = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("save".to_owned())
            .spawn(move || writer.run(&orders, file))?;
        Ok(Self {
            path,
            last,
            shared,
            thread: Some(thread),
        })
    }

    /// Has `standing` saved if it is another one than before. Never waits for the disk.
    pub fn save(&mut self, standing: Standing) {
        if standing == self.last {
            return;
        }
        self.last = standing.clone();
        self.shared.lock().standing = Some(standing);
        self.shared.rung.notify_one();
    }

    /// Has saved what the show is read from now, with where it stands: never one without the other.
    pub fn change_show(&mut self, script: &Script, waiting: Option<SavedWaiting>, standing: Standing) {
        self.last = standing.clone();
        let mut order = self.shared.lock();
        order.show = Some((script.clone(), waiting));
        order.standing = Some(standing);
        drop(order);
        self.shared.rung.notify_one();
    }

    /// The show has ended as it should: nothing is to be resumed.
    pub fn finish(mut self) {
        self.stop();
        if let Err(error) = remove(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "the state of a show that has ended stays");
        }
    }

    fn stop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.rung.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic has been reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Saver {
    /// The file stays: a studio that ends by itself can be resumed.
    fn drop(&mut self) {
        self.stop();
    }
}

struct Writer {
    path: PathBuf,
    saved: Saved,
    is_failing: bool,
    report: Box<dyn Fn(String) + Send>,
}

impl Writer {
    fn run(mut self, shared: &Shared, mut file: Option<File>) {
        loop {
            let mut order = shared.lock();
            if order.standing.is_none() && !order.is_over {
                let waited = shared.rung.wait_timeout(order, SIGN_OF_LIFE);
                order = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            let (standing, is_over) = (order.standing.take(), order.is_over);
            let show = order.show.take();
            drop(order);
            if let Some((script, waiting)) = show {
                self.saved.set_show(&script, waiting);
            }
            if let Some(standing) = standing {
                self.saved.set_standing(standing);
                file = self.write();
            } else if is_over {
                return;
            } else if let Some(file) = &file {
                // A time that cannot be set costs a word about how long the show was off air.
                let _ = file.set_modified(SystemTime::now());
            } else {
                file = self.write();
            }
        }
    }

    /// Writes the state; `None` where that fails, which is told once.
    fn write(&mut self) -> Option<File> {
        let written = self.saved.to_json().map_err(io::Error::from);
        match written.and_then(|bytes| replace(&self.path, &bytes)) {
            Ok(file) => {
                self.is_failing = false;
                Some(file)
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_failing, true) {
                    let path = self.path.display();
                    (self.report)(format!(
                        "{path}: {error}: the state is not saved; after a crash this show cannot be resumed"
                    ));
                }
                None
            }
        }
    }
}

/// Puts `bytes` in place of the file at `path`, for the owner's eyes only; whatever happens, the old or the new one is there.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let new = path.with_extension("state.new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    // The name is part of the folder, which has to reach the disk as well.
    File::open(folder)?.sync_all()?;
    Ok(file)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    }
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
#[path = "saver_tests.rs"]
mod tests;
