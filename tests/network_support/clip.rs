//! What everybody publishes: moving pictures and a voice. Made once by ffmpeg.
//!
//! A fractal that zooms, turns and pans, as sharp as a lens makes it, under grain as a denoiser leaves it. An encoder needs all of
//! 4.5 Mbit/s for it and can do with 0.8, as with what cameras see: the sharp edges of test patterns under white noise need 1.3 at
//! the coarsest quantiser that there is, and then a line of 1 Mbit/s says nothing about who follows it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Bits per second of video are enough that the copy looks like the original.
const KBPS: &str = "8000k";

/// Seconds that are made; the rest of the clip is the same again.
const MADE_SECONDS: u32 = 20;

/// 1280×720 at 30 frames per second, at least `seconds` long.
pub fn make(ffmpeg: &Path, seconds: f64) -> PathBuf {
    // Tests of one binary want it at the same time.
    static MAKING: Mutex<()> = Mutex::new(());
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let times = (seconds / f64::from(MADE_SECONDS)).ceil() as u32;
    let path = folder.join(format!("network-fractal-{}s.mp4", times * MADE_SECONDS));
    if path.exists() {
        return path;
    }
    let made = folder.join("network-fractal.mp4");
    if !made.exists() {
        let picture = format!(
            "mandelbrot=s=1600x900:r=30,loop=-1:size=90,rotate='0.4*sin(t)',gblur=sigma=1.5,trim=duration={MADE_SECONDS},\
             crop=1280:720:x='(iw-1280)/2*(1+0.94*sin(1.3*t))':y='(ih-720)/2*(1+0.94*cos(0.9*t))',\
             noise=alls=12:allf=t,gblur=sigma=0.7,format=yuv420p"
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
