//! Moving clips of 1280×720, 4 seconds: ffmpeg's patterns, the same in motion under film grain, and a fractal that turns under
//! more of it (as in benches/pipeline).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rigcast::tui::monitor::Picture;

use super::glass::{ACROSS, DOWN, Pixel};
use super::{COLUMNS, RATE, ROWS};

pub const NAMES: [&str; 3] = ["t720", "m720", "hard"];

pub struct Clip {
    pub name: &'static str,
    pub path: PathBuf,
    /// Means of 2×12 areas per cell, picture by picture.
    pub source: Vec<Vec<Pixel>>,
}

impl Clip {
    /// Makes the clip unless it was made before; `None` without ffmpeg.
    pub fn make(name: &'static str) -> Option<Self> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cells-{name}.mkv"));
        if !path.exists() {
            let (scene, grain) = match name {
                "t720" => ("testsrc2=s=1280x720", 0),
                "m720" => ("testsrc2=s=1920x1080", 14),
                _ => ("mandelbrot=s=1600x900", 50),
            };
            let turn = if name == "hard" { ",rotate='0.4*sin(t)'" } else { "" };
            let motion = ",crop=1280:720:x='(iw-1280)/2*(1+0.94*sin(1.3*t))':y='(ih-720)/2*(1+0.94*cos(0.9*t))'";
            let filter =
                format!("{scene}:r={RATE}{turn},trim=duration=4{motion},noise=alls={grain}:allf=t,format=yuv420p");
            let unfinished = path.with_extension("part.mkv");
            let status = Command::new("ffmpeg")
                .args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", &filter])
                .args(["-c:v", "libx264", "-preset", "veryfast", "-crf", "12"])
                .arg(&unfinished)
                .status()
                .ok()?;
            assert!(status.success(), "ffmpeg did not make {name}");
            std::fs::rename(&unfinished, &path).unwrap();
        }
        let mut clip = Self {
            name,
            path,
            source: Vec::new(),
        };
        let fine = clip.pictures(usize::from(COLUMNS) * ACROSS, usize::from(ROWS) * DOWN);
        let areas = |picture: &Picture| {
            picture
                .rgb()
                .chunks_exact(3)
                .map(|rgb| [rgb[0], rgb[1], rgb[2]].map(f32::from))
                .collect()
        };
        clip.source = fine.iter().map(areas).collect();
        Some(clip)
    }

    /// The pictures at a size.
    pub fn pictures(&self, width: usize, height: usize) -> Vec<Picture> {
        let output = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-i"])
            .arg(&self.path)
            .args(["-vf", &format!("scale={width}:{height}:flags=area")])
            .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        let pictures = output.stdout.chunks_exact(width * height * 3);
        pictures
            .map(|rgb| Picture::new(width, height, rgb.to_vec()).unwrap())
            .collect()
    }
}
