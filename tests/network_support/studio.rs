//! `rigcast studio` as a publisher, and what it says of itself meanwhile.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The scene that is published: the clip, at the bits that all publishers are given.
pub fn scene(folder: &Path, clip: &Path, extra: &str) -> PathBuf {
    let path = folder.join("network.toml");
    let text = format!(
        "[video]\nwidth = 1280\nheight = 720\nframe_rate = 30\nbitrate_kbps = {}\ngop_seconds = 2\n\
         [audio]\nbitrate_kbps = {}\n\
         [source.clip]\nkind = \"file\"\npath = {:?}\nloop = true\n\
         [scene.clip]\nitems = [{{ source = \"clip\" }}]\n{extra}\n",
        super::pushers::VIDEO_KBPS,
        super::pushers::SOUND_KBPS,
        clip.display().to_string()
    );
    std::fs::write(&path, text).unwrap();
    path
}

/// Asks a studio for its state ten times a second, until it is dropped.
pub struct Watch {
    states: Arc<Mutex<Vec<(Instant, Value)>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Of the studio whose runtime folder this is, once it is there.
    pub fn start(runtime: &Path) -> Self {
        let socket = runtime.join("rigcast/studio.sock");
        let (states, is_over) = (Arc::<Mutex<Vec<_>>>::default(), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (states, is_over) = (Arc::clone(&states), Arc::clone(&is_over));
            move || {
                let mut line = None;
                while !is_over.load(Ordering::Relaxed) {
                    if line.is_none() {
                        line = UnixStream::connect(&socket).ok().map(BufReader::new);
                    }
                    match line.as_mut().map(ask) {
                        Some(Some(state)) => states.lock().unwrap().push((Instant::now(), state)),
                        Some(None) => line = None,
                        None => {}
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        });
        Self {
            states,
            is_over,
            thread: Some(thread),
        }
    }

    /// All states so far, and when they were asked for.
    pub fn states(&self) -> Vec<(Instant, Value)> {
        self.states.lock().unwrap().clone()
    }

    /// The last one.
    pub fn last(&self) -> Option<Value> {
        self.states.lock().unwrap().last().map(|state| state.1.clone())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn ask(line: &mut BufReader<UnixStream>) -> Option<Value> {
    let request = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": "status", "params": null });
    writeln!(line.get_mut(), "{request}").ok()?;
    let mut answer = String::new();
    line.read_line(&mut answer).ok()?;
    let answer: Value = serde_json::from_str(&answer).ok()?;
    Some(answer["result"].clone())
}
