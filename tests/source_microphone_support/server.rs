//! A PulseAudio daemon of the test's own, and somebody who plays something on it.

use std::f64::consts::TAU;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use super::peers::peer;
use super::{PATIENCE, wait_for};

/// A daemon with a home and a socket that nobody else has.
pub struct Server {
    folder: tempfile::TempDir,
    process: Option<Child>,
}

impl Server {
    /// Starts one with these modules; `None` where there is no such program.
    pub fn start(modules: &[&str]) -> Option<Self> {
        peer("pulseaudio")?;
        peer("pactl")?;
        let mut server = Self {
            folder: tempfile::tempdir().unwrap(),
            process: None,
        };
        server.start_again(modules);
        Some(server)
    }

    /// Starts it again where it was.
    pub fn start_again(&mut self, modules: &[&str]) {
        let mut command = Command::new("pulseaudio");
        command.args([
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--disable-shm=true",
            "--use-pid-file=false",
            "--log-level=error",
        ]);
        let protocol = format!(
            "module-native-protocol-unix auth-anonymous=1 socket={}",
            self.socket().display()
        );
        for module in modules.iter().copied().chain([protocol.as_str()]) {
            command.args(["-L", module]);
        }
        self.own(&mut command).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().unwrap());
        wait_for("the sound server", PATIENCE, || UnixStream::connect(self.socket()).ok());
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    pub fn address(&self) -> String {
        format!("unix:{}", self.socket().display())
    }

    /// Has `pactl` do something, and gives what it says.
    pub fn pactl(&self, arguments: &[&str]) -> String {
        let output = self.client("pactl").args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A client of this server.
    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.own(&mut command).env("PULSE_SERVER", self.address());
        command
    }

    fn own<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("HOME", self.folder.path())
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env_remove("PULSE_SERVER")
            .stdin(Stdio::null())
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("native")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Somebody who plays.
pub struct Player(Child);

impl Player {
    /// A tone for each channel of `sink`: Hz, and dBFS of its peak.
    pub fn tones(server: &Server, sink: &str, tones: &[(f64, f64)]) -> Self {
        let channels = tones.len();
        let mut child = server
            .client("pacat")
            .args([
                "--playback",
                "--raw",
                "--format=float32le",
                "--rate=48000",
                "--latency-msec=100",
            ])
            .arg(format!("--channels={channels}"))
            .arg(format!("--device={sink}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let tones = tones.to_vec();
        // Ends when the player does, whose pipe is then closed.
        std::thread::spawn(move || {
            for start in (0..).step_by(4_800) {
                let frames = (start..start + 4_800_u64).flat_map(|frame| {
                    let tones = tones.iter();
                    tones.map(move |(hz, db)| {
                        (10_f64.powf(db / 20.0) * (TAU * hz * frame as f64 / 48_000.0).sin()) as f32
                    })
                });
                let bytes: Vec<u8> = frames.flat_map(f32::to_le_bytes).collect();
                if stdin.write_all(&bytes).is_err() {
                    return;
                }
            }
        });
        Self(child)
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
