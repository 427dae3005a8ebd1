//! A show made to be told apart by machines, a screen on it, and a viewer.

pub mod commands;
pub mod cues;
pub mod events;
pub mod faces;
pub mod items;
pub mod layout;
pub mod moderation;
pub mod network;
pub mod page;
pub mod pane;
pub mod picture;
pub mod rules;
pub mod sources;

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rigcast::tui::keymap::{Binding, Key};
use serde_json::Value;

use crate::common::home::{Control, Home};
use crate::common::media::{Frame, Pull, Received};
use crate::common::nginx::Nginx;
use crate::common::studio::Studio;
use crate::common::tmux::Tmux;
use crate::common::{peer, wait_for};

pub const FPS: f64 = 30.0;
/// Pictures from one IDR to the next, unless one is asked for.
pub const GOP: usize = 300;
/// The file of the voice: half of it speech, half of it a pause, noise in all of it.
pub const VOICE_SECONDS: f64 = 6.0;
/// A sine whose peaks are at −20 dBFS has 3 dB less; ffmpeg adds two equal channels to 3 dB more than one.
pub const TONE_RMS_DBFS: f64 = -20.0;

/// What a viewer must have seen or heard.
pub enum Heard {
    Silence,
    /// The tone, with so many dB of gain.
    Tone(f64),
    /// The voice with less noise than at another time.
    Denoised {
        noisy: (f64, f64),
    },
    /// That scene and no other.
    Scene(usize),
    /// The place of that scene's patch under a zone.
    Hidden(usize),
    /// A picture that is lighter by more than so many of 256 steps than at another time; darker where that is negative.
    Brighter {
        before: (f64, f64),
        by: f64,
    },
    Take {
        from: usize,
        to: usize,
        is_fade: bool,
    },
    Idr,
    /// So many kbit/s of video.
    Rate(u32),
}

/// In seconds of the studio's clock.
pub struct Claim {
    pub at: String,
    pub heard: Heard,
    pub from: f64,
    pub to: f64,
}

pub struct Show {
    /// What is being done, for messages.
    pub at: String,
    pub control: Control,
    pub tmux: Tmux,
    claims: Vec<Claim>,
    spare: Arc<AtomicUsize>,
    pull: Pull,
    studio: Studio,
    _nginx: Nginx,
    home: Home,
}

impl Show {
    /// On air, pulled by a viewer, seen on a screen of 200×50. `None` where a peer is missing.
    pub fn start() -> Option<Self> {
        for program in ["ffmpeg", "ffprobe", "espeak-ng", "tmux"] {
            peer(program)?;
        }
        let nginx = Nginx::start()?;
        let home = Home::new();
        let folder = home.folder.path();
        media(folder);
        let (spare, spare_port) = count_connections();
        let scene = folder.join("keys.toml");
        let recording = format!(
            "[recording]\npath = \"{}\"\nkeep_free_mb = 1\n",
            folder.join("show.mp4").display()
        );
        std::fs::write(&scene, scene_file(nginx.port, spare_port) + &recording).unwrap();
        let tmux = home.terminal(200, 50)?;
        let studio = Studio::start_in(&[scene.to_str().unwrap()], |command| {
            command.env("XDG_RUNTIME_DIR", folder);
        });
        let mut control = Control::open(&home);
        let pull = Pull::start(&nginx.url("keys"), 600.0);
        control.wait_until("a live destination", |status| {
            status["destinations"][0]["state"]["state"] == "live"
        });
        // A viewer's picture begins with an IDR; the next one is far.
        control.order("keyframe");
        wait_for("the viewer's first bytes", Duration::from_secs(20), || {
            std::fs::metadata(&pull.path).ok().filter(|file| file.len() > 10_000)
        });
        let show = Self {
            at: String::new(),
            control,
            tmux,
            claims: Vec::new(),
            spare,
            pull,
            studio,
            _nginx: nginx,
            home,
        };
        show.open();
        Some(show)
    }

    /// Opens the screen.
    pub fn open(&self) {
        self.tmux.run("clear; rigcast attach");
        self.wait_desk();
    }

    /// Waits until no page is open: some show the mixer, but none the list of scenes.
    pub fn wait_desk(&self) {
        self.tmux.wait_until("the desk", |screen| {
            screen.contains("SCENES ─") && screen.contains("│▸tone ")
        });
    }

    /// Presses keys as they are called in the keymap.
    pub fn press(&self, keys: &[Key]) {
        for key in keys {
            let name = key.to_string();
            match tmux_name(&name) {
                Some(name) => self.tmux.keys(&[&name]),
                None => self.tmux.type_text(&name),
            }
        }
    }

    pub fn until(&mut self, is_so: impl Fn(&Value) -> bool) {
        let what = format!("what {} does", self.at);
        self.control.wait_until(&what, is_so);
    }

    /// Lets things settle (ramps, the sound's way through mixer and encoder), then holds them; from when to when. The
    /// end keeps clear of what comes next: mixer and compositor are a little behind the clock, so that a command shows in
    /// sound and pictures that are older than itself.
    pub fn held(&mut self, seconds: f64) -> (f64, f64) {
        const BEHIND: f64 = 0.2;
        self.control.hold(0.3);
        let (from, to) = self.control.hold(seconds + BEHIND);
        (from, to - BEHIND)
    }

    /// A viewer must have seen or heard that between two times of the studio's clock.
    pub fn note(&mut self, heard: Heard, from: f64, to: f64) {
        self.claims.push(Claim {
            at: self.at.clone(),
            heard,
            from,
            to,
        });
    }

    /// Waits until the mixer has that at the beginning of a row.
    pub fn strip_shows(&self, row: &str) {
        self.tmux.wait_for(row);
    }

    pub fn select_strip(&self, name: &str) {
        self.select("Right", name, &selected_strip);
    }

    pub fn select_destination(&self, name: &str) {
        self.select("}", name, &|screen| {
            let mut all = ["main", "spare"].into_iter();
            all.find(|name| super::has_destination(screen, name)).map(str::to_owned)
        });
    }

    /// Presses a key until `name` is selected. No key is pressed on a screen that does not say what is: a page that closes is still
    /// there for a moment where pictures were.
    fn select(&self, key: &str, name: &str, selected: &dyn Fn(&str) -> Option<String>) {
        let mut before = None;
        for _ in 0..12 {
            let screen = self.tmux.wait_until("another selection", |screen| {
                let now = selected(screen);
                now.is_some() && now != before
            });
            before = selected(&screen);
            if before.as_deref() == Some(name) {
                return;
            }
            self.tmux.keys(&[key]);
        }
        panic!("{name} cannot be selected:\n{}", self.tmux.text());
    }

    /// How often the spare destination has been tried.
    pub fn spare_connections(&self) -> usize {
        self.spare.load(Ordering::SeqCst)
    }

    pub fn wait_spare(&self, count: usize, limit: Duration) {
        wait_for(&format!("an attempt after {}", self.at), limit, || {
            (self.spare_connections() >= count).then_some(())
        });
    }

    /// Ends the viewer and then the show, by the keys that are bound to that; gives what the viewer got and what is
    /// claimed about it.
    pub fn finish(mut self, ends: &[&Binding]) -> (Received, Vec<Claim>) {
        self.pull.stop();
        assert!(!ends.is_empty(), "a key ends the show");
        for binding in ends {
            self.press(&binding.keys);
            self.tmux.wait_for("SURE?");
            self.tmux.keys(&["n"]);
            self.tmux.wait_gone("SURE?");
        }
        assert_eq!(self.control.status()["program"], "s1", "without a yes the show goes on");
        self.press(&ends[0].keys);
        self.tmux.wait_for("SURE?");
        self.tmux.keys(&["y"]);
        self.tmux.wait_for("The show has ended");
        assert_eq!(self.studio.wait_end(Duration::from_secs(15)), Some(0));
        (self.pull.finish(Duration::from_secs(20)), self.claims)
    }
}

/// The strip with the mark; the mixer's rows begin at the left edge. Above it a page may be that has just been closed.
pub fn selected_strip(screen: &str) -> Option<String> {
    let mut mixer = screen.lines().skip_while(|line| !line.starts_with("╭ MIXER "));
    let row = mixer.find_map(|line| line.strip_prefix("│▸"))?;
    row.split(' ').next().map(str::to_owned)
}

/// tmux's name for a key that is no character.
fn tmux_name(name: &str) -> Option<String> {
    let named = [
        ("space", "Space"),
        ("enter", "Enter"),
        ("esc", "Escape"),
        ("backspace", "BSpace"),
        ("delete", "DC"),
        ("tab", "Tab"),
        ("backtab", "BTab"),
        ("up", "Up"),
        ("down", "Down"),
        ("left", "Left"),
        ("right", "Right"),
        ("home", "Home"),
        ("end", "End"),
        ("pageup", "PageUp"),
        ("pagedown", "PageDown"),
    ];
    if let Some(rest) = name.strip_prefix("ctrl-") {
        return Some(format!("C-{rest}"));
    }
    if let Some(rest) = name.strip_prefix("alt-") {
        return Some(format!("M-{rest}"));
    }
    if name.len() > 1 && name.starts_with('f') {
        return Some(name.to_uppercase());
    }
    named
        .iter()
        .find(|(ours, _)| *ours == name)
        .map(|(_, theirs)| (*theirs).to_owned())
}

/// A server that hangs up at once and counts how often it did.
fn count_connections() -> (Arc<AtomicUsize>, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            drop(connection);
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    (count, port)
}

/// A voice with noise under it, a clip that is hard to encode, and a white picture.
fn media(folder: &Path) {
    let words = "This is the voice of the test. It speaks for three seconds.";
    done(
        Command::new("espeak-ng")
            .args(["-s", "150", "-w"])
            .arg(folder.join("words.wav"))
            .arg(words),
    );
    let filter = format!(
        "[0]aresample=48000,atrim=end=3,apad=whole_dur={VOICE_SECONDS}[voice];\
         anoisesrc=d={VOICE_SECONDS}:c=pink:r=48000:a=0.05:seed=7[noise];\
         [voice][noise]amix=inputs=2:normalize=0:duration=first"
    );
    let ffmpeg = || {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y"]).current_dir(folder);
        command
    };
    done(ffmpeg().args([
        "-i",
        "words.wav",
        "-filter_complex",
        &filter,
        "-ar",
        "48000",
        "voice.wav",
    ]));
    let noise = "color=gray:s=640x180:r=30:d=2,noise=alls=20:allf=t";
    done(
        ffmpeg()
            .args(["-f", "lavfi", "-i", noise, "-pix_fmt", "yuv420p", "-c:v", "libx264"])
            .args(["-preset", "ultrafast", "-crf", "20", "clip.mp4"]),
    );
    done(ffmpeg().args([
        "-f",
        "lavfi",
        "-i",
        "color=white:s=64x64",
        "-frames:v",
        "1",
        "white.png",
    ]));
}

fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Nine scenes, each with a white patch in a place of its own; the second on another pattern, the ninth with the clip.
fn scene_file(port: u16, spare_port: u16) -> String {
    use std::fmt::Write as _;
    let mut text = format!(
        r#"
[video]
width = 640
height = 360
frame_rate = 30
bitrate_kbps = 1500
gop_seconds = {gop}
[transition]
kind = "fade"
duration_ms = 600
[source.tone]
kind = "pattern"
style = "bars"
tone_hz = 440
flash = false
[source.grid]
kind = "pattern"
style = "grid"
tone_hz = 660
flash = false
[source.voice]
kind = "file"
path = "voice.wav"
loop = true
[source.clip]
kind = "file"
path = "clip.mp4"
loop = true
[source.white]
kind = "file"
path = "white.png"
[strip.grid]
mute = true
[strip.voice]
mute = true
[start]
program = "s1"
preview = "s2"
[destination.main]
url = "rtmp://127.0.0.1:{port}/live"
key = "keys"
[destination.spare]
url = "rtmp://127.0.0.1:{spare_port}/live"
key = "keys"
"#,
        gop = GOP as f64 / FPS
    );
    for number in 1..=9 {
        let base = if number == 2 { "grid" } else { "tone" };
        let clip = if number == 9 {
            r#"{ source = "clip", position = [0, "45%"], size = ["100%", "45%"], fit = "stretch" },"#
        } else {
            ""
        };
        let patch = format!(
            r#"{{ source = "white", position = ["{number}0%", "30%"], size = ["8%", "10%"], fit = "stretch" }}"#
        );
        writeln!(
            text,
            "[scene.s{number}]\nitems = [{{ source = \"{base}\" }}, {clip} {patch}]"
        )
        .unwrap();
    }
    text
}

/// Mean brightness of the place of scene `number`'s patch.
pub fn patch(frame: &Frame, number: usize) -> f64 {
    const WIDTH: usize = 192;
    let left = WIDTH * number / 10 + 4;
    let cells = (29..33).flat_map(|y| (left..left + 8).map(move |x| y * WIDTH + x));
    cells.map(|at| f64::from(frame.grey[at])).sum::<f64>() / 32.0
}

/// The scenes whose patches are white.
pub fn patches(frame: &Frame) -> Vec<usize> {
    (1..=9).filter(|number| patch(frame, *number) > 235.0).collect()
}
