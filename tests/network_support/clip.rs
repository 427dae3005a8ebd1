//! What everybody publishes: moving pictures with grain and a voice, hard enough that an encoder needs all the bits it is
//! given. Made once by ffmpeg.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Bits per second of video are enough that the copy looks like the original.
const KBPS: &str = "8000k";

/// Seconds that are made; the rest of the clip is the same again.
const MADE_SECONDS: u32 = 20;

/// 1280×720 at 30 frames per second, at least `seconds` long.
pub fn make(ffmpeg: &Path, seconds: f64) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let times = (seconds / f64::from(MADE_SECONDS)).ceil() as u32;
    let path = folder.join(format!("network-{}s.mp4", times * MADE_SECONDS));
    if path.exists() {
        return path;
    }
    let made = folder.join("network-once.mp4");
    if !made.exists() {
        let picture = format!(
            "testsrc2=s=1920x1080:r=30,trim=duration={MADE_SECONDS},crop=1280:720:\
             x='(iw-1280)/2*(1+0.94*sin(1.3*t))':y='(ih-720)/2*(1+0.94*cos(0.9*t))',noise=alls=14:allf=t,format=yuv420p"
        );
        let voice = "(0.6+0.4*sin(25*t))*lt(mod(t,4),3)*0.1*(sin(942*t)+sin(1885*t)/2+sin(2827*t)/3)";
        let sound = format!("aevalsrc=exprs='{voice}|{voice}':s=48000:d={MADE_SECONDS}");
        write(ffmpeg, &made, |command| {
            command.args(["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound]);
            command.args(["-c:v", "libx264", "-preset", "veryfast", "-b:v", KBPS, "-g", "60"]);
            command.args(["-bf", "0", "-c:a", "aac", "-b:a", "160k"]);
        });
    }
    write(ffmpeg, &path, |command| {
        command
            .args(["-stream_loop", &(times - 1).to_string(), "-i"])
            .arg(&made);
        command.args(["-c", "copy", "-movflags", "+faststart"]);
    });
    path
}

/// Under another name until it is whole, so that nobody reads half a clip.
fn write(ffmpeg: &Path, path: &Path, prepare: impl FnOnce(&mut Command)) {
    let part = path.with_extension(format!("{}.mp4", std::process::id()));
    let mut command = Command::new(ffmpeg);
    command.args(["-v", "error", "-nostdin", "-y"]);
    prepare(&mut command);
    let status = command.arg(&part).stdin(Stdio::null()).status().unwrap();
    assert!(status.success(), "ffmpeg did not make {}", path.display());
    std::fs::rename(&part, path).unwrap();
}
