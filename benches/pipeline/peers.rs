//! The same work by other tools: file in, decode, denoise where they can, encode, RTMP out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::peer;

/// One pipeline to measure.
pub struct Peer {
    /// For the table.
    pub name: &'static str,
    /// The command that publishes the clip to a URL.
    pub command: Box<dyn Fn(&str) -> Command>,
}

/// All peers that this machine has. What is missing has been said on standard error.
pub fn all(clip: &Path) -> Vec<Peer> {
    let mut peers = Vec::new();
    if let Some(gst) = peer("gst-launch-1.0").filter(|_| has_gst_elements()) {
        for (name, complexity) in [
            ("GStreamer openh264enc, low complexity", "complexity=low"),
            ("GStreamer openh264enc, complexity as it comes", ""),
        ] {
            let (gst, clip) = (gst.clone(), clip.to_owned());
            peers.push(Peer {
                name,
                command: Box::new(move |url| gstreamer(&gst, &clip, complexity, url)),
            });
        }
    }
    if let Some((ffmpeg, model)) = peer("ffmpeg").and_then(|ffmpeg| Some((ffmpeg, rnnoise_model()?))) {
        let clip = clip.to_owned();
        peers.push(Peer {
            name: "ffmpeg x264 veryfast, arnndn",
            command: Box::new(move |url| ffmpeg_arnndn(&ffmpeg, &clip, &model, url)),
        });
    }
    peers
}

fn has_gst_elements() -> bool {
    let missing = [
        "openh264enc",
        "avdec_h264",
        "avdec_aac",
        "avenc_aac",
        "rtmp2sink",
        "clocksync",
    ]
    .iter()
    .find(|name| {
        let found = Command::new("gst-inspect-1.0").args(["--exists", name]).status();
        !found.is_ok_and(|status| status.success())
    });
    if let Some(name) = missing {
        eprintln!("SKIPPED: GStreamer has no {name} here");
    }
    missing.is_none()
}

/// The same encoder: one thread, two seconds per GOP; low complexity is our effort. It does not denoise.
fn gstreamer(gst: &Path, clip: &Path, complexity: &str, url: &str) -> Command {
    let mut command = Command::new(gst);
    command.args([
        "-q",
        "filesrc",
        &format!("location={}", clip.display()),
        "!",
        "qtdemux",
        "name=d",
    ]);
    let video = format!(
        "d.video_0 ! queue ! h264parse ! avdec_h264 max-threads=1 ! clocksync ! openh264enc bitrate=2500000 \
                 rate-control=bitrate {complexity} gop-size=60 scene-change-detection=false multi-thread=1 ! \
                 h264parse ! queue ! m."
    );
    let sound = "d.audio_0 ! queue ! aacparse ! avdec_aac ! audioconvert ! audioresample ! clocksync ! \
                 avenc_aac bitrate=128000 ! aacparse ! queue ! m.";
    command.args(video.split_whitespace()).args(sound.split_whitespace());
    command.args([
        "flvmux",
        "name=m",
        "streamable=true",
        "!",
        "rtmp2sink",
        &format!("location={url}"),
    ]);
    command
}

fn ffmpeg_arnndn(ffmpeg: &Path, clip: &Path, model: &Path, url: &str) -> Command {
    let mut command = Command::new(ffmpeg);
    command.args(["-v", "error", "-nostdin", "-re", "-i"]).arg(clip);
    command.args(
        "-c:v libx264 -preset veryfast -tune zerolatency -b:v 2500k -maxrate 2500k -bufsize 2500k -g 60".split(' '),
    );
    command.arg("-af").arg(format!("arnndn=m={}", model.display()));
    command.args(["-c:a", "aac", "-b:a", "128k", "-f", "flv", url]);
    command
}

/// The denoiser's weights for ffmpeg: those of the crate that rigcast denoises with.
fn rnnoise_model() -> Option<PathBuf> {
    let python = peer("python3")?;
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rnnoise.rnnn");
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let model = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/rnnoise_model.py"))
        .stdin(metadata.stdout?)
        .output()
        .ok()?;
    if !model.status.success() {
        eprintln!(
            "SKIPPED: no model for ffmpeg's arnndn: {}",
            String::from_utf8_lossy(&model.stderr)
        );
        return None;
    }
    std::fs::write(&path, model.stdout).ok()?;
    Some(path)
}
