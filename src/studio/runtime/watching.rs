//! Watches the files that a show was read from.
//!
//! Folders are watched and not files: editors write a new file and rename it, and git takes one away and makes another. Whether
//! anything has really changed is seen when it is read; a burst of news is one.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// So long nothing must happen before the files are read: an editor may write in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// So long a file that never comes to rest is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Watches until it is dropped.
pub struct Watching {
    _watcher: RecommendedWatcher,
    changed: mpsc::Receiver<()>,
}

impl Watching {
    /// Watches `files`.
    ///
    /// # Errors
    /// Why they cannot be watched, in words.
    pub fn start(files: &[PathBuf]) -> Result<Self, String> {
        let absolute = |file: &PathBuf| std::path::absolute(file).unwrap_or_else(|_| file.clone());
        let files = files.iter().map(absolute).collect::<Vec<_>>();
        let names: BTreeSet<OsString> = files
            .iter()
            .filter_map(|file| file.file_name())
            .map(Into::into)
            .collect();
        let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
        // One word waits at most: it says that there is something to see, and not what.
        let (touched, touches) = mpsc::channel(1);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let is_ours = event.is_ok_and(|event| is_news(event.kind) && concerns(&event.paths, &names));
            if is_ours {
                // Full: somebody will look anyway.
                let _ = touched.try_send(());
            }
        })
        .map_err(|error| error.to_string())?;
        for folder in folders {
            watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        let (settled, changed) = mpsc::channel(1);
        tokio::spawn(settle(touches, settled));
        Ok(Self {
            _watcher: watcher,
            changed,
        })
    }

    /// Waits until a file has changed and come to rest.
    pub async fn changed(&mut self) -> Option<()> {
        self.changed.recv().await
    }
}

/// Whether something was written, and not only read: reading the file must not be news of it.
fn is_news(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}

/// Whether one of `paths` is called as one of the files; news without paths may be of any.
fn concerns(paths: &[PathBuf], names: &BTreeSet<OsString>) -> bool {
    let is_ours = |path: &PathBuf| path.file_name().is_some_and(|name| names.contains(name));
    paths.is_empty() || paths.iter().any(is_ours)
}

/// Many touches become one word, once nothing has been touched for a while.
async fn settle(mut touches: mpsc::Receiver<()>, settled: mpsc::Sender<()>) {
    while touches.recv().await.is_some() {
        let latest = Instant::now() + PATIENCE;
        while Instant::now() < latest {
            match timeout(QUIET, touches.recv()).await {
                Ok(Some(())) => {}
                Ok(None) => return,
                Err(_) => break,
            }
        }
        if settled.send(()).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{CreateKind, DataChange, ModifyKind, RemoveKind};

    #[test]
    fn reading_is_no_news_and_other_files_are_none_of_ours() {
        for (kind, is) in [
            (EventKind::Access(AccessKind::Open(AccessMode::Read)), false),
            (EventKind::Access(AccessKind::Close(AccessMode::Read)), false),
            (EventKind::Access(AccessKind::Close(AccessMode::Write)), true),
            (EventKind::Modify(ModifyKind::Data(DataChange::Any)), true),
            (EventKind::Create(CreateKind::File), true),
            (EventKind::Remove(RemoveKind::File), true),
        ] {
            assert_eq!(is_news(kind), is, "{kind:?}");
        }
        let names = BTreeSet::from([OsString::from("show.toml")]);
        assert!(concerns(&["/a/show.toml".into()], &names) && concerns(&[], &names));
        assert!(!concerns(&["/a/show.toml.swp".into()], &names));
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_one_word() {
        let (touched, touches) = mpsc::channel(8);
        let (settled, mut changed) = mpsc::channel(1);
        tokio::spawn(settle(touches, settled));
        for _ in 0..5 {
            touched.send(()).await.unwrap();
        }
        let begun = Instant::now();
        changed.recv().await.unwrap();
        assert!(begun.elapsed() >= QUIET);
        assert!(timeout(PATIENCE, changed.recv()).await.is_err());
    }

    #[tokio::test]
    async fn a_file_that_is_written_renamed_or_made_again_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("show.toml");
        std::fs::write(&file, "one").unwrap();
        let mut watching = Watching::start(std::slice::from_ref(&file)).unwrap();
        let within = Duration::from_secs(20);
        std::fs::write(&file, "two").unwrap();
        timeout(within, watching.changed()).await.unwrap().unwrap();
        let other = folder.path().join("show.toml.new");
        std::fs::write(&other, "three").unwrap();
        std::fs::rename(&other, &file).unwrap();
        timeout(within, watching.changed()).await.unwrap().unwrap();
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, "four").unwrap();
        timeout(within, watching.changed()).await.unwrap().unwrap();
    }
}
