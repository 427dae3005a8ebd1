//! `m720`: moving content with noise, 1280×720 at 30 frames per second, and a voice; and a harder one. Made once by ffmpeg.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The clip of `seconds` and some more, so that no pipeline runs dry while it is measured, at `kbps` of video. The more
/// bits, the more of every pipeline's time goes into reading them.
pub fn make(ffmpeg: &Path, seconds: u64, kbps: u64, is_hard: bool) -> PathBuf {
    let seconds = seconds + 6;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!(
        "m720{}-{seconds}s-{kbps}k.mp4",
        if is_hard { "-hard" } else { "" }
    ));
    if path.exists() {
        return path;
    }
    eprintln!("making {} ...", path.display());
    // Under film grain that changes with every frame: a fractal that zooms and turns, or patterns that move in both directions.
    let (scene, grain) = if is_hard {
        ("mandelbrot=s=1600x900:r=30,loop=-1:size=90,rotate='0.4*sin(t)'", 50)
    } else {
        ("testsrc2=s=1920x1080:r=30", 14)
    };
    let picture = format!(
        "{scene},trim=duration={seconds},crop=1280:720:x='(iw-1280)/2*(1+0.94*sin(1.3*t))':\
         y='(ih-720)/2*(1+0.94*cos(0.9*t))',noise=alls={grain}:allf=t,format=yuv420p"
    );
    // Four harmonics in syllables, a pause every four seconds, and noise of its own in each channel.
    let voice = |channel: u32| {
        format!(
            "(0.6+0.4*sin(25*t))*lt(mod(t,4),3)*0.1*(sin(942*t)+sin(1885*t)/2+sin(2827*t)/3+sin(3770*t)/4)\
             +0.0125*(random({channel})-0.5)"
        )
    };
    let sound = format!("aevalsrc=exprs='{}|{}':s=48000:d={seconds}", voice(0), voice(1));
    let unfinished = path.with_extension("part.mp4");
    let rate = |quarters: u64| format!("{}k", kbps * quarters / 4);
    let status = Command::new(ffmpeg)
        .args([
            "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound,
        ])
        .args([
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-b:v",
            &rate(4),
            "-maxrate",
            &rate(5),
            "-bufsize",
            &rate(8),
        ])
        .args(["-g", "60", "-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart"])
        .arg(&unfinished)
        .status()
        .unwrap();
    assert!(status.success(), "ffmpeg did not make the clip");
    std::fs::rename(&unfinished, &path).unwrap();
    path
}
