//! rigcast on the clip: a studio that publishes it, and a client in tmux that looks at it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::common::{Guard, wait_for};

/// The program of this very build.
pub const RIGCAST: &str = env!("CARGO_BIN_EXE_rigcast");

/// The name of the session that is measured.
const SESSION: &str = "bench";

/// The scene: the clip with its sound denoised, at 2500 and 128 kbit/s, with an IDR every two seconds.
pub fn scene(folder: &Path, clip: &Path, is_looping: bool) -> PathBuf {
    let path = folder.join("bench.toml");
    let text = format!(
        "[video]\nwidth = 1280\nheight = 720\nframe_rate = 30\nbitrate_kbps = 2500\ngop_seconds = 2\n\
         [audio]\nbitrate_kbps = 128\n\
         [source.clip]\nkind = \"file\"\npath = \"{}\"\nloop = {is_looping}\n\
         [strip.clip]\ndenoise = true\n[scene.clip]\nitems = [{{ source = \"clip\" }}]\n",
        clip.display()
    );
    std::fs::write(&path, text).unwrap();
    path
}

/// `rigcast studio` on `scene`, publishing to `url`, with its socket in `folder`.
pub fn command(folder: &Path, scene: &Path, url: &str) -> Command {
    let mut command = Command::new(RIGCAST);
    command
        .arg("studio")
        .arg(scene)
        .args(["--name", SESSION, "--publish", url])
        .env("XDG_RUNTIME_DIR", folder);
    command
}

/// Milliseconds from the start of a studio until its log said that the first picture of a source was encoded.
pub struct FirstPicture {
    lines: Receiver<(Instant, String)>,
    begun: Instant,
}

impl FirstPicture {
    /// Reads the log of a studio that was started at `begun`.
    pub fn watch(child: &mut Child, begun: Instant) -> Self {
        let (sender, lines) = channel();
        let log = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Self { lines, begun }
    }

    /// The time of the first line so far that holds `text`. Warnings and errors of the studio are passed on.
    pub fn milliseconds(&self, text: &str) -> Option<f64> {
        let mut found = None;
        for (at, line) in self.lines.try_iter() {
            if line.contains("WARN") || line.contains("ERROR") {
                eprintln!("studio: {line}");
            }
            if found.is_none() && line.contains(text) {
                found = Some((at - self.begun).as_secs_f64() * 1000.0);
            }
        }
        found
    }
}

/// A client in a tmux of its own, 120×34 cells, with 24-bit colours.
pub struct Client {
    tmux: PathBuf,
    socket: PathBuf,
    /// Of `rigcast attach`.
    pub pid: u32,
}

impl Client {
    /// Attaches to the studio whose socket lies in `folder`, once it is there.
    pub fn attach(tmux: &Path, folder: &Path) -> Self {
        let socket = folder.join("rigcast").join(format!("{SESSION}.sock"));
        wait_for("the studio's socket", Duration::from_secs(20), || {
            socket.exists().then_some(())
        });
        let socket = folder.join("tmux");
        let run = |arguments: &[&str]| {
            let output = Command::new(tmux)
                .arg("-S")
                .arg(&socket)
                .args(arguments)
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "tmux: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            String::from_utf8(output.stdout).unwrap()
        };
        let line = format!(
            "exec env COLORTERM=truecolor XDG_RUNTIME_DIR={} {RIGCAST} attach --name {SESSION}",
            folder.display()
        );
        run(&["-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "34", &line]);
        let pid = run(&["list-panes", "-F", "#{pane_pid}"]).trim().parse().unwrap();
        let client = Self {
            tmux: tmux.to_owned(),
            socket,
            pid,
        };
        wait_for("the client's screen", Duration::from_secs(20), || {
            client.screen().contains('▀').then_some(())
        });
        client
    }

    /// What stands on its screen.
    pub fn screen(&self) -> String {
        let output = Command::new(&self.tmux)
            .arg("-S")
            .arg(&self.socket)
            .args(["capture-pane", "-p"])
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Bytes that the client has written so far: to the terminal, but for some orders to the studio.
    pub fn written_bytes(&self) -> Option<f64> {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.pid)).ok()?;
        io.lines().find_map(|line| line.strip_prefix("wchar: "))?.parse().ok()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Its own server, found by its own socket.
        let _ = Command::new(&self.tmux)
            .arg("-S")
            .arg(&self.socket)
            .arg("kill-server")
            .stderr(Stdio::null())
            .status();
    }
}

/// Ends a publisher as an operator would, by SIGINT, and kills what does not end.
pub fn end(mut process: Guard) {
    process.signal(rustix::process::Signal::INT);
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        if process.0.try_wait().unwrap().is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    process.kill();
}
