//! Business data from a file that others write: read whenever it changes.
//!
//! Its folder is watched and not the file, since programs write a new file and rename it over the old one. What the system tells
//! is only a reason to look: the text decides. A folder that cannot be watched is looked at every few seconds.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::reporters::{Inputs, post};
use crate::control::desk::{Desk, Order, Reply};
use crate::rules::{Data, MAX_BYTES};
use crate::studio::command::Command;
use crate::studio::model::Cause;
use crate::studio::update::{DataNews, Input};

/// Whoever writes in pieces is done after this long.
const SETTLED: Duration = Duration::from_millis(50);

/// Looked at all the same: not every file system tells.
const ANYWAY: Duration = Duration::from_secs(2);

/// Reads `file` now and whenever it changes, for as long as the studio lives.
pub async fn follow(file: PathBuf, desk: Desk, inputs: Inputs) {
    let (wake, mut woken) = mpsc::channel(1);
    // Kept for as long as it is to watch.
    let _watcher = watcher(&file, wake.clone());
    let mut last = None;
    loop {
        let path = file.clone();
        let read = tokio::task::spawn_blocking(move || read(&path)).await;
        let read = read.unwrap_or_else(|error| Err(error.to_string()));
        if last.as_ref() != Some(&read) {
            let found = read
                .clone()
                .and_then(|bytes| Data::parse(&bytes).map_err(|error| error.to_string()));
            match found {
                Ok(data) => {
                    if !order(&desk, &file, data).await {
                        return;
                    }
                }
                Err(reason) => {
                    let text = format!("{}: {reason}", file.display());
                    post(&inputs, Input::Data(DataNews::Trouble(text)));
                }
            }
            last = Some(read);
        }
        // Nobody to wake is no reason to stop: the time does.
        if timeout(ANYWAY, woken.recv()).await.is_ok() {
            sleep(SETTLED).await;
            while woken.try_recv().is_ok() {}
        }
    }
}

/// Puts data into the studio; `false` where there is none any more.
async fn order(desk: &Desk, file: &Path, data: Data) -> bool {
    let name = file.file_name().unwrap_or(file.as_os_str());
    let (reply, answer) = Reply::new(Cause {
        by: format!("file {}", name.to_string_lossy()),
        command: String::new(),
    });
    let order = Order {
        command: Command::DataSet(data),
        // Values are no words of an operator: what comes of them is for the rules to say.
        is_unasked: false,
        reply,
    };
    let is_sent = desk.orders.send(order).await.is_ok();
    is_sent && answer.await.is_ok()
}

fn watcher(file: &Path, wake: mpsc::Sender<()>) -> Option<notify::RecommendedWatcher> {
    let name = file.file_name()?.to_owned();
    let told = move |event: notify::Result<notify::Event>| {
        let is_ours = |path: &PathBuf| path.file_name() == Some(&name);
        let is_reason = event.is_ok_and(|event| event.paths.is_empty() || event.paths.iter().any(is_ours));
        if is_reason {
            // One that waits is enough.
            let _ = wake.try_send(());
        }
    };
    let mut watcher = notify::recommended_watcher(told).ok()?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let watched = watcher.watch(folder.unwrap_or(Path::new(".")), RecursiveMode::NonRecursive);
    watched
        .inspect_err(|error| tracing::warn!("{}: {error}; looked at every two seconds", file.display()))
        .ok()
        .map(|()| watcher)
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(|error| error.to_string())?;
    // One byte more says that there are too many.
    let mut limited = opened.take(MAX_BYTES as u64 + 1);
    limited.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}
