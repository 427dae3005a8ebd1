//! What the source tests share: peers, fixtures made by ffmpeg, and a studio that fetches as fast as it can.
#![allow(dead_code)]

#[path = "../common/peers.rs"]
pub mod peers;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use rigcast::clock::Clock;
use rigcast::media::{AudioBlock, FrameRate, Timestamp, VideoFrame};
use rigcast::source::file::{FileError, Player};
use rigcast::source::{FileSpec, Intake, Outlet, Paced, Progress, SourceContext, SourceReport};

/// Whether `program` is there; where it is not, that is said.
pub fn has_peer(program: &str) -> bool {
    peers::peer(program).is_some()
}

/// Runs ffmpeg quietly with `arguments` (split at spaces), writing `name` in `folder`.
pub fn ffmpeg(folder: &Path, arguments: &str, name: &str) -> PathBuf {
    let path = folder.join(name);
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(arguments.split_whitespace())
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "ffmpeg {arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    path
}

/// What ffmpeg decodes from `path`, raw.
pub fn ffmpeg_raw(path: &Path, arguments: &str) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(path)
        .args(arguments.split_whitespace())
        .arg("-")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

pub fn context(frame_rate: FrameRate) -> SourceContext {
    SourceContext {
        clock: Clock::start(),
        width: 1280,
        height: 720,
        frame_rate,
        pool: rigcast::media::FramePool::new(),
    }
}

/// All reports of a source.
pub type Reports = Arc<Mutex<Vec<SourceReport>>>;

/// What came out of a source, and how it went.
pub struct Played {
    /// The picture at each tick from the first on that had one.
    pub frames: Vec<VideoFrame>,
    pub blocks: Vec<AudioBlock>,
    pub reports: Vec<SourceReport>,
    pub format: rigcast::source::SourceFormat,
    /// What stopped it before its time.
    pub error: Option<String>,
    /// When it says that it ended.
    pub ended: Option<Timestamp>,
}

impl Played {
    /// Left samples from the first block on; holes are silent.
    pub fn left(&self) -> Vec<f32> {
        let mut line = Vec::new();
        if let Some(first) = self.blocks.first() {
            for block in &self.blocks {
                line.resize((block.pts.to_48k() - first.pts.to_48k()) as usize, 0.0);
                line.extend_from_slice(&block.channels[0]);
            }
        }
        line
    }

    pub fn notices(&self) -> Vec<&str> {
        self.reports
            .iter()
            .filter_map(|report| match report {
                SourceReport::Notice(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }
}

/// Plays `path` for `millis` of studio time, without waiting for any of it.
pub fn play(path: &Path, is_looping: bool, millis: i64, rate: FrameRate) -> Result<Played, FileError> {
    let reports = Reports::default();
    let sink = Arc::clone(&reports);
    let (mut outlet, intake) = Outlet::new(context(rate), Arc::new(move |report| sink.lock().unwrap().push(report)));
    let Intake {
        mut video, mut sound, ..
    } = intake;
    let mut ring = sound.take().unwrap();
    let mut player = Player::open(
        &FileSpec {
            path: path.to_owned(),
            is_looping,
        },
        &outlet,
    )?;
    let mut played = Played {
        frames: Vec::new(),
        blocks: Vec::new(),
        reports: Vec::new(),
        format: player.format(),
        error: None,
        ended: None,
    };
    let mut tick = 0;
    for ms in (0..millis).step_by(10) {
        let now = Timestamp::from_millis(ms);
        match player.advance(now, &mut outlet) {
            Ok(Progress::More) => {}
            Ok(Progress::EndsAt(end)) => played.ended = Some(end),
            Err(error) => {
                played.error = Some(error.to_string());
                break;
            }
        }
        played.blocks.extend(std::iter::from_fn(|| ring.pop().ok()));
        while rate.frame_time(tick) <= now {
            played.frames.extend(video.frame_at(rate.frame_time(tick)));
            tick += 1;
        }
        if played.ended.is_some_and(|end| end <= now) {
            break;
        }
    }
    outlet.sound().finish();
    played.blocks.extend(std::iter::from_fn(|| ring.pop().ok()));
    played.reports.clone_from(&reports.lock().unwrap());
    Ok(played)
}
