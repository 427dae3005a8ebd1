//! Black, frozen and silent stretches of a made clip: found where ffmpeg's blackdetect, freezedetect and silencedetect find
//! them.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rigcast::media::{AudioBlock, BLOCK_FRAMES, FramePool, FrameRate, TimeDelta, Turn, VideoFrame};
use rigcast::picture::{BlackWatch, FrozenWatch};
use rigcast::sound::SilenceWatch;

const WIDTH: u32 = 320;
const HEIGHT: u32 = 180;
const FPS: u32 = 10;

/// Runs ffmpeg and gives what it said.
fn ffmpeg(program: &Path, args: &[&str]) -> String {
    let output = Command::new(program)
        .args(["-hide_banner", "-nostats", "-y"])
        .args(args)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "ffmpeg {args:?}: {said}");
    said
}

/// The numbers behind each `key`, in order: `key:1.5` and `key: 1.5`.
fn numbers(said: &str, key: &str) -> Vec<f64> {
    said.split(key)
        .skip(1)
        .map(|rest| {
            let rest = rest.trim_start();
            let end = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(rest.len());
            rest[..end].parse().unwrap()
        })
        .collect()
}

/// The stretches that were told, start and end in seconds.
fn stretches(turns: &[Turn]) -> Vec<(f64, f64)> {
    turns
        .iter()
        .filter_map(|turn| match turn {
            Turn::Began { .. } => None,
            Turn::Ended { since, until } => Some((since.as_secs_f64(), until.as_secs_f64())),
        })
        .collect()
}

fn agree(what: &str, ours: &[(f64, f64)], starts: &[f64], ends: &[f64], tolerance: f64) {
    assert_eq!(
        ours.len(),
        starts.len(),
        "{what}: {ours:?}, ffmpeg {starts:?} to {ends:?}"
    );
    assert_eq!(
        ours.len(),
        ends.len(),
        "{what}: {ours:?}, ffmpeg {starts:?} to {ends:?}"
    );
    for ((ours, start), end) in ours.iter().zip(starts).zip(ends) {
        assert!(
            (ours.0 - start).abs() <= tolerance && (ours.1 - end).abs() <= tolerance,
            "{what}: {ours:?}, ffmpeg {start} to {end}"
        );
    }
}

/// A filter graph that plays these one after the other.
fn joined(parts: &[String], kinds: &str) -> String {
    let chains = parts
        .iter()
        .enumerate()
        .map(|(index, part)| format!("{part}[p{index}];"));
    let inputs = (0..parts.len()).map(|index| format!("[p{index}]"));
    let graph: String = chains.chain(inputs).collect();
    format!("{graph}concat=n={}:{kinds}", parts.len())
}

/// Moving, black, moving, one grey with a logo in it, noise, black for too short, nearly black, moving: raw pictures.
fn pictures(program: &Path, folder: &Path) -> PathBuf {
    let path = folder.join("pictures.yuv");
    let (size, tests) = (format!("s={WIDTH}x{HEIGHT}:r={FPS}"), "testsrc2");
    let parts = [
        format!("{tests}={size}:d=3"),
        format!("color=black:{size}:d=4"),
        format!("{tests}={size}:d=2"),
        format!("color=gray:{size}:d=5,drawbox=x=20:y=20:w=60:h=40:c=red:t=fill"),
        format!("color=gray:{size}:d=3,noise=alls=40:allf=t"),
        format!("color=black:{size}:d=1.5"),
        format!("{tests}={size}:d=1"),
        format!("color=black:{size}:d=3,noise=c0s=6:c0f=t"),
        format!("{tests}={size}:d=1"),
    ];
    let parts: Vec<String> = parts.iter().map(|part| format!("{part},format=yuv420p")).collect();
    let graph = joined(&parts, "v=1:a=0");
    let out = path.to_str().unwrap();
    ffmpeg(
        program,
        &["-filter_complex", &graph, "-pix_fmt", "yuv420p", "-f", "rawvideo", out],
    );
    path
}

/// The frames of a raw file, one at a time.
fn frames(path: &Path) -> impl Iterator<Item = VideoFrame> {
    let bytes = fs::read(path).unwrap();
    let len = (WIDTH * HEIGHT * 3 / 2) as usize;
    let count = bytes.len() / len;
    assert!(count > 200, "{count} frames");
    let pool = FramePool::new();
    (0..count).map(move |index| {
        let mut frame = pool.frame(WIDTH, HEIGHT);
        let (y, u, v) = frame.planes_mut();
        let (luma, chroma) = bytes[index * len..][..len].split_at(y.len());
        y.copy_from_slice(luma);
        u.copy_from_slice(&chroma[..u.len()]);
        v.copy_from_slice(&chroma[u.len()..]);
        frame.freeze(FrameRate::whole(FPS).frame_time(index as i64))
    })
}

#[test]
fn pictures_are_black_and_frozen_where_ffmpeg_says_so() {
    let Some(program) = common::peer("ffmpeg") else { return };
    let folder = tempfile::tempdir().unwrap();
    let raw = pictures(&program, folder.path());
    let (size, rate) = (format!("{WIDTH}x{HEIGHT}"), FPS.to_string());
    let detect = |filter: &str| {
        let input = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size, "-r", &rate, "-i"];
        let output = [raw.to_str().unwrap(), "-vf", filter, "-f", "null", "-"];
        ffmpeg(&program, &[&input[..], &output[..]].concat())
    };
    let needed = TimeDelta::from_millis(2000);
    let (mut black, mut frozen) = (BlackWatch::new(needed), FrozenWatch::new(needed));
    let (mut black_turns, mut frozen_turns) = (Vec::new(), Vec::new());
    for frame in frames(&raw) {
        black_turns.extend(black.look(&frame));
        frozen_turns.extend(frozen.look(&frame));
    }
    let said = detect("blackdetect=d=2:pic_th=0.98:pix_th=0.06");
    let found = stretches(&black_turns);
    assert_eq!(found.len(), 2, "{found:?}");
    agree(
        "black",
        &found,
        &numbers(&said, "black_start:"),
        &numbers(&said, "black_end:"),
        0.11,
    );
    let said = detect("freezedetect=d=2");
    let found = stretches(&frozen_turns);
    assert_eq!(found.len(), 2, "{found:?}");
    let (starts, ends) = (numbers(&said, "freeze_start:"), numbers(&said, "freeze_end:"));
    agree("frozen", &found, &starts, &ends, 0.11);
}

#[test]
fn sound_is_silent_where_ffmpeg_says_so() {
    let Some(program) = common::peer("ffmpeg") else { return };
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("sound.f32");
    let raw = raw.to_str().unwrap();
    // Loud, nothing, loud, below -60 dBFS, above it, one channel only, nothing for too short, loud.
    let parts = [
        "sine=440:r=48000:d=3",
        "anullsrc=r=48000:cl=mono:d=4",
        "sine=880:r=48000:d=1",
        "sine=440:r=48000:d=3,volume=0.004",
        "sine=440:r=48000:d=3,volume=0.02",
        "sine=440:r=48000:d=3,volume=0.5,pan=stereo|c0=0*c0|c1=c0",
        "anullsrc=r=48000:cl=mono:d=1",
        "sine=440:r=48000:d=1",
    ];
    let parts = parts.map(|part| format!("{part},aformat=sample_fmts=flt:channel_layouts=stereo"));
    let graph = joined(&parts, "v=0:a=1");
    ffmpeg(&program, &["-filter_complex", &graph, "-f", "f32le", raw]);
    let input = ["-f", "f32le", "-ar", "48000", "-ac", "2", "-i", raw];
    let output = ["-af", "silencedetect=n=-60dB:d=2", "-f", "null", "-"];
    let said = ffmpeg(&program, &[&input[..], &output[..]].concat());

    let mut watch = SilenceWatch::new(TimeDelta::from_millis(2000));
    let mut turns = Vec::new();
    let bytes = fs::read(raw).unwrap();
    for (index, bytes) in bytes.chunks_exact(BLOCK_FRAMES * 8).enumerate() {
        let mut block = AudioBlock::silence(AudioBlock::time_of(index as i64));
        for (at, pair) in bytes.chunks_exact(8).enumerate() {
            block.channels[0][at] = f32::from_le_bytes(pair[..4].try_into().unwrap());
            block.channels[1][at] = f32::from_le_bytes(pair[4..].try_into().unwrap());
        }
        turns.extend(watch.listen(&block));
    }
    let found = stretches(&turns);
    assert_eq!(found.len(), 2, "{found:?}");
    let (starts, ends) = (numbers(&said, "silence_start:"), numbers(&said, "silence_end:"));
    agree("silent", &found, &starts, &ends, 0.021);
}
