//! The picture chain: each part alone and all together, and denoise beside ffmpeg's hqdn3d on the same noisy clip: what it costs
//! and what it gains.

use std::path::Path;
use std::process::Command;

use criterion::Criterion;
use rigcast::media::{FramePool, FrameRate, Plane, VideoFrame};
use rigcast::picture::{Enhancer, PictureSettings};

#[path = "../../tests/enhance_common/mod.rs"]
mod enhance_common;

use enhance_common::{Clip, psnr};

const CLIP: Clip = Clip {
    width: 1280,
    height: 720,
    noise: 6.0,
    pan: 0,
};

/// Pictures of the comparison; the first half is left out of the PSNR, while filters settle.
const PICTURES: i64 = 60;

fn chain(pool: &FramePool, set: impl FnOnce(&mut PictureSettings)) -> Enhancer {
    let mut settings = PictureSettings::default();
    set(&mut settings);
    let mut chain = Enhancer::new(pool.clone());
    chain.set(settings);
    chain
}

/// A part of the chain and what is set for it.
type Part = (&'static str, fn(&mut PictureSettings));

const PARTS: [Part; 5] = [
    ("denoise", |settings| settings.denoise.is_on = true),
    ("sharpen", |settings| settings.sharpen.is_on = true),
    ("auto levels", |settings| settings.levels.is_on = true),
    ("tone", |settings| {
        settings.tone.contrast_percent = 20.0;
        settings.tone.saturation_percent = 20.0;
    }),
    ("everything", |settings| {
        for (_, set) in &PARTS[..4] {
            set(settings);
        }
    }),
];

pub fn enhance(c: &mut Criterion) {
    let pool = FramePool::new();
    let pictures = (0..8).map(|index| CLIP.noisy(&pool, &CLIP.clean(&pool, index), index));
    let pictures = pictures.collect::<Vec<_>>();
    for (name, set) in PARTS {
        let mut chain = chain(&pool, set);
        let mut index = 0;
        c.bench_function(&format!("enhance 720p/{name}"), |b| {
            b.iter(|| {
                index += 1;
                let at = FrameRate::whole(30).frame_time(index);
                chain.process(&pictures[index as usize % pictures.len()], at)
            });
        });
    }
    compare(&pool);
}

/// Prints what our denoise and hqdn3d gain, and what hqdn3d costs.
fn compare(pool: &FramePool) {
    let clean = (0..PICTURES).map(|index| CLIP.clean(pool, index)).collect::<Vec<_>>();
    let noisy = (0..).zip(&clean).map(|(index, clean)| CLIP.noisy(pool, clean, index));
    let noisy = noisy.collect::<Vec<_>>();
    let score = |luma: &dyn Fn(usize) -> Vec<u8>| {
        let judged = PICTURES as usize / 2..PICTURES as usize;
        let count = judged.len() as f64;
        judged.map(|at| psnr(&luma(at), clean[at].plane(Plane::Y))).sum::<f64>() / count
    };
    let luma = |frames: &[VideoFrame], at: usize| frames[at].plane(Plane::Y).to_vec();
    println!("noisy clip: {:.1} dB", score(&|at| luma(&noisy, at)));
    let mut ours = chain(pool, PARTS[0].1);
    let made = noisy
        .iter()
        .map(|frame| ours.process(frame, frame.pts))
        .collect::<Vec<_>>();
    println!("denoise at 50 %: {:.1} dB", score(&|at| luma(&made, at)));

    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("noisy.yuv");
    let mut bytes = Vec::new();
    for frame in &noisy {
        for plane in [Plane::Y, Plane::U, Plane::V] {
            bytes.extend_from_slice(frame.plane(plane));
        }
    }
    std::fs::write(&raw, bytes).unwrap();
    let Some((idle, _)) = ffmpeg(&raw, "null") else {
        println!("SKIPPED: no ffmpeg to compare with");
        return;
    };
    let size = (CLIP.width * CLIP.height) as usize;
    for filter in ["hqdn3d", "hqdn3d=8:6:12:9"] {
        let Some((cpu_s, out)) = ffmpeg(&raw, filter) else {
            continue;
        };
        let gained = score(&|at| out[at * size * 3 / 2..][..size].to_vec());
        println!(
            "ffmpeg {filter}: {gained:.1} dB, {:.2} ms cpu per picture",
            (cpu_s - idle) * 1000.0 / PICTURES as f64
        );
    }
}

/// What ffmpeg makes of the clip, and the processor time of doing so.
fn ffmpeg(raw: &Path, filter: &str) -> Option<(f64, Vec<u8>)> {
    let size = format!("{}x{}", CLIP.width, CLIP.height);
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-benchmark", "-threads", "1", "-filter_threads", "1"])
        .args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size, "-i"])
        .arg(raw)
        .args(["-vf", filter, "-f", "rawvideo", "-"])
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = told.lines().rfind(|line| line.starts_with("bench: utime="))?;
    let seconds = |name: &str| {
        let rest = line.split(name).nth(1)?;
        rest.split('s').next()?.parse::<f64>().ok()
    };
    Some((seconds("utime=")? + seconds("stime=")?, output.stdout))
}
