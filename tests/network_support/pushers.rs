//! Who publishes: this program and its peers, each with the same pictures, the same size and the same bits.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::namespace::Namespace;
use super::studio::{self, Watch};
use crate::common::{Guard, peer};

/// What every publisher is told to send at most.
pub const VIDEO_KBPS: u32 = 4500;
pub const SOUND_KBPS: u32 = 128;

/// What a publisher is started with.
pub struct Setup<'a> {
    /// The network that it is in.
    pub near: &'a Namespace,
    pub clip: &'a Path,
    pub url: &'a str,
    /// For files of its own.
    pub folder: &'a Path,
    /// The program under test.
    pub rigcast: &'a Path,
    /// More lines of its scene file.
    pub scene: &'a str,
}

/// A publisher that runs. Ends when dropped.
pub struct Running {
    /// The publisher, and before it what it needs.
    pub processes: Vec<Guard>,
    /// What a studio says of itself.
    pub watch: Option<Watch>,
}

/// One way to publish.
#[derive(Clone, Copy)]
pub struct Pusher {
    /// For `--pusher` and the tables.
    pub name: &'static str,
    /// How it is set up, in a line.
    pub what: &'static str,
    /// Starts it; `None` where it is not installed, which has been said then.
    pub start: fn(&Setup<'_>) -> Option<Running>,
}

/// All of them, this program first.
pub const ALL: &[Pusher] = &[
    Pusher {
        name: "rigcast",
        what: "this program",
        start: rigcast,
    },
    Pusher {
        name: "ffmpeg",
        what: "libx264 veryfast zerolatency, aac",
        start: ffmpeg,
    },
    Pusher {
        name: "gstreamer",
        what: "openh264enc, avenc_aac, rtmp2sink",
        start: gstreamer,
    },
];

fn running(process: Guard) -> Running {
    Running {
        processes: vec![process],
        watch: None,
    }
}

fn quiet(mut command: Command, log: &Path) -> Command {
    let log = std::fs::File::create(log).unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command
}

#[allow(clippy::unnecessary_wraps, reason = "others may be missing")]
fn rigcast(setup: &Setup<'_>) -> Option<Running> {
    let scene = studio::scene(setup.folder, setup.clip, setup.scene);
    let mut command = Command::new(setup.rigcast);
    command.arg("studio").arg(scene).args(["--publish", setup.url]);
    command
        .env("XDG_RUNTIME_DIR", setup.folder)
        .env("XDG_STATE_HOME", setup.folder)
        .env("RIGCAST_RELAY_ON", "false")
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let process = setup.near.spawn(quiet(command, &setup.folder.join("log")));
    Some(Running {
        processes: vec![process],
        watch: Some(Watch::start(setup.folder)),
    })
}

fn ffmpeg(setup: &Setup<'_>) -> Option<Running> {
    let mut command = Command::new(peer("ffmpeg")?);
    command
        .args(["-v", "warning", "-nostdin", "-re", "-stream_loop", "-1", "-i"])
        .arg(setup.clip);
    command.args("-c:v libx264 -preset veryfast -tune zerolatency -g 60".split(' '));
    let rate = format!("{VIDEO_KBPS}k");
    command.args(["-b:v", &rate, "-maxrate", &rate, "-bufsize", &rate]);
    command.args(["-c:a", "aac", "-b:a", &format!("{SOUND_KBPS}k"), "-f", "flv", setup.url]);
    Some(running(setup.near.spawn(quiet(command, &setup.folder.join("log")))))
}

fn gstreamer(setup: &Setup<'_>) -> Option<Running> {
    let program = gst_launch()?;
    let mut command = Command::new(program);
    command.args(["-q", "filesrc", &format!("location={}", setup.clip.display())]);
    let video = format!(
        "! qtdemux name=d d.video_0 ! queue ! h264parse ! avdec_h264 max-threads=1 ! clocksync ! \
         openh264enc bitrate={} rate-control=bitrate complexity=low gop-size=60 scene-change-detection=false ! \
         h264parse ! queue ! m.",
        VIDEO_KBPS * 1000
    );
    let sound = format!(
        "d.audio_0 ! queue ! aacparse ! avdec_aac ! audioconvert ! audioresample ! clocksync ! \
         avenc_aac bitrate={} ! aacparse ! queue ! m. flvmux name=m streamable=true ! rtmp2sink",
        SOUND_KBPS * 1000
    );
    command.args(video.split_whitespace()).args(sound.split_whitespace());
    command.arg(format!("location={}", setup.url));
    Some(running(setup.near.spawn(quiet(command, &setup.folder.join("log")))))
}

fn gst_launch() -> Option<PathBuf> {
    let program = peer("gst-launch-1.0")?;
    for element in [
        "openh264enc",
        "avdec_h264",
        "avdec_aac",
        "avenc_aac",
        "rtmp2sink",
        "clocksync",
    ] {
        let found = Command::new("gst-inspect-1.0").args(["--exists", element]).status();
        if !found.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: GStreamer has no {element} here");
            return None;
        }
    }
    Some(program)
}
