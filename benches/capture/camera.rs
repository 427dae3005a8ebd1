//! What a camera's pictures cost, beside ffmpeg's decoder of the same JPEGs in the same run: 1280×720, 30 pictures per second.
//!
//! The clip is ffmpeg's test picture with noise, in 4:2:2 as webcams send it, at three sizes: what a JPEG costs goes with its bytes. Of each, the
//! median of five runs in CPU seconds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

use std::process::{Command, Stdio};
use std::time::Duration;

use rigcast::media::{FramePool, FrameRate};
use rigcast::source::CameraFormat;
use rigcast::source::camera::Pictures;
use rustix::time::{ClockId, clock_gettime};

const PICTURES: usize = 150;
const RUNS: usize = 5;
const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

fn ffmpeg(args: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg").args(args).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn main() {
    let folder = std::env::temp_dir().join(format!("rigcast-camera-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (title, noise, quality) in [("quiet room", 4, "5"), ("busy room", 8, "5"), ("crowd", 14, "4")] {
        let path = folder.join("clip.mjpeg");
        let source = format!("testsrc2=size=1280x720:rate=30,noise=alls={noise}:allf=t");
        let path_text = path.display().to_string();
        let frames = PICTURES.to_string();
        ffmpeg(&[
            "-v",
            "error",
            "-y",
            "-f",
            "lavfi",
            "-i",
            &source,
            "-frames:v",
            &frames,
            "-pix_fmt",
            "yuvj422p",
            "-q:v",
            quality,
            "-huffman",
            "default",
            &path_text,
        ]);
        let clip = std::fs::read(&path).unwrap();
        let jpegs = split(&clip);
        println!(
            "{title}: {} pictures of {} kB",
            jpegs.len(),
            clip.len() / jpegs.len() / 1000
        );
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // In turns, so that both meet the same neighbours.
        for _ in 0..RUNS {
            ours.push(read(CameraFormat::Mjpeg, &jpegs));
            theirs.push(by_ffmpeg(&path_text));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        told("MJPEG, into the studio's pictures", ours);
        told("ffmpeg's decoder, one thread", theirs);
        println!("  {:.2} of ffmpeg", ours / theirs);
    }
    let size = (WIDTH * HEIGHT) as usize;
    for (format, len) in [(CameraFormat::Yuyv, size * 2), (CameraFormat::Nv12, size * 3 / 2)] {
        let picture: Vec<u8> = (0..len).map(|at| (at * 31 % 200) as u8 + 20).collect();
        let pictures = vec![&picture[..]; PICTURES];
        let cost = median((0..RUNS).map(|_| read(format, &pictures)).collect());
        told(&format!("{format:?}"), cost);
    }
    let _ = std::fs::remove_dir_all(folder);
}

/// CPU seconds per picture.
fn read(format: CameraFormat, pictures: &[&[u8]]) -> f64 {
    let pool = FramePool::new();
    let mut reader = Pictures::new(format, WIDTH, HEIGHT, &pool).unwrap();
    let before = cpu();
    let mut count = 0;
    for (at, picture) in pictures.iter().enumerate() {
        let pts = FrameRate::whole(30).frame_time(at as i64);
        reader.read(picture, pts, |_| count += 1).unwrap();
    }
    assert_eq!(count, pictures.len());
    (cpu() - before).as_secs_f64() / count as f64
}

/// CPU seconds per picture, without its start.
fn by_ffmpeg(path: &str) -> f64 {
    let spent = |frames: &str| {
        let args = [
            "-hide_banner",
            "-nostdin",
            "-benchmark",
            "-threads",
            "1",
            "-i",
            path,
            "-frames:v",
            frames,
        ];
        let output = Command::new("ffmpeg")
            .args(args)
            .args(["-f", "null", "-"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let of = |name: &str| -> f64 {
            let (_, rest) = said.split_once(name).unwrap();
            rest.split('s').next().unwrap().parse().unwrap()
        };
        of("utime=") + of("stime=")
    };
    (spent(&PICTURES.to_string()) - spent("1")) / (PICTURES - 1) as f64
}

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn told(what: &str, seconds: f64) {
    println!(
        "  {what}: {:.2} ms per picture, {:.1} % of a core at 30 per second",
        seconds * 1e3,
        seconds * 3e3
    );
}

/// One JPEG after the other.
fn split(clip: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = (0..clip.len() - 1)
        .filter(|at| clip[*at..].starts_with(&[0xff, 0xd8]))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([clip.len()]);
    starts.iter().zip(ends).map(|(from, to)| &clip[*from..to]).collect()
}
