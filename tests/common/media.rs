//! What was received, as numbers: read by ffmpeg and ffprobe, not by our own code.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::studio::output_within;

/// Cells of the number row of the test pattern, the highest bit first.
const CELLS: usize = 24;
/// Pictures are looked at in this size: each cell is 8 pixels wide, the row 2 pixels high.
const WIDTH: usize = CELLS * 8;
const HEIGHT: usize = 90;

/// A pull that was started: ffmpeg copies what the server sends to a file.
pub struct Pull {
    child: Option<Child>,
    pub path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Pull {
    /// Pulls `url` without touching it: `seconds` of media from the first on that comes, whenever that is. Pictures are
    /// kept from the first IDR on, which may be a whole GOP (two seconds) after the first sound: `seconds` is more.
    pub fn start(url: &str, seconds: f64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pulled.flv");
        let child = Command::new("ffmpeg")
            .args([
                "-v",
                "error",
                "-nostdin",
                "-rw_timeout",
                "15000000",
                // Before the input it counts from the first packet; after it, with times kept, from the stream's zero.
                "-t",
                &seconds.to_string(),
                "-i",
                url,
            ])
            .args(["-c", "copy", "-copyts", "-y"])
            .arg(&path)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            child: Some(child),
            path,
            _folder: folder,
        }
    }

    /// Ends the pull now, so that [`finish`](Self::finish) has what came until here.
    pub fn stop(&self) {
        let pid = rustix::process::Pid::from_child(self.child.as_ref().unwrap());
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    }

    /// Waits for the end and reads what came.
    pub fn finish(self, limit: Duration) -> Received {
        Received::read(&self.save(limit).path)
    }

    /// Waits for the end; the file lives as long as what this returns.
    pub fn save(mut self, limit: Duration) -> Self {
        let output = output_within(self.child.take().unwrap(), limit);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(self.path.exists(), "ffmpeg pulled nothing: {said}");
        self
    }
}

impl Drop for Pull {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A file of received media.
pub struct Received {
    pub streams: Vec<serde_json::Value>,
    /// PTS in seconds, in the order of the file, then per packet the DTS.
    pub video_pts: Vec<f64>,
    pub video_dts: Vec<f64>,
    pub audio_pts: Vec<f64>,
    /// Per video packet its size in bytes, and whether it is a key frame.
    pub video_packets: Vec<(usize, bool)>,
    pub frames: Vec<Frame>,
    /// Mono, 48 kHz.
    pub sound: Vec<f32>,
    /// What ffmpeg complained about while it decoded everything.
    pub complaints: String,
}

/// A decoded picture.
#[derive(Clone, Debug)]
pub struct Frame {
    pub pts: f64,
    /// The burnt-in number; `None` where the row is no number.
    pub number: Option<u32>,
    /// Mean brightness of the middle of the picture, 0 to 255.
    pub brightness: f64,
    /// 192 × 90 grey pixels.
    pub grey: Vec<u8>,
}

impl Received {
    pub fn read(path: &Path) -> Self {
        let probe = run(Command::new("ffprobe")
            .args(["-v", "error", "-of", "json", "-show_streams", "-show_packets"])
            .args(["-show_entries", "packet=codec_type,pts_time,dts_time,size,flags"])
            .arg(path));
        let json: serde_json::Value = serde_json::from_slice(&probe.0).unwrap();
        let times = |kind: &str, field: &str| {
            let packets = json["packets"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|packet| packet["codec_type"] == kind);
            packets
                .map(|packet| packet[field].as_str().unwrap().parse::<f64>().unwrap())
                .collect::<Vec<_>>()
        };
        let video_pts = times("video", "pts_time");
        let video_packets = json["packets"].as_array().unwrap().iter();
        let video_packets = video_packets
            .filter(|packet| packet["codec_type"] == "video")
            .map(|packet| {
                let size = packet["size"].as_str().unwrap().parse().unwrap();
                (size, packet["flags"].as_str().unwrap().contains('K'))
            });
        let video_packets = video_packets.collect();
        let (pictures, complaints) = run(Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-copyts", "-i"])
            .arg(path)
            .args(["-map", "0:v:0?", "-vf"])
            .arg(format!("scale={WIDTH}:{HEIGHT}:flags=area,format=gray"))
            .args(["-fps_mode", "passthrough", "-f", "rawvideo", "-"]));
        let frames = pictures
            .chunks_exact(WIDTH * HEIGHT)
            .zip(&video_pts)
            .map(|(grey, pts)| Frame::read(grey, *pts));
        let (pcm, more) = run(Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-copyts", "-i"])
            .arg(path)
            .args(["-map", "0:a:0?", "-ac", "1", "-ar", "48000", "-f", "f32le", "-"]));
        let sound = pcm
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
        Self {
            streams: json["streams"].as_array().unwrap().clone(),
            video_dts: times("video", "dts_time"),
            audio_pts: times("audio", "pts_time"),
            frames: frames.collect(),
            sound: sound.collect(),
            video_pts,
            video_packets,
            complaints: complaints + &more,
        }
    }

    /// Seconds at which flash frames are shown.
    pub fn flashes(&self) -> Vec<f64> {
        self.frames
            .iter()
            .filter(|frame| frame.brightness > 200.0)
            .map(|frame| frame.pts)
            .collect()
    }

    /// Seconds at which beeps begin: the first sample above a third of full scale after 300 ms of less.
    pub fn beeps(&self) -> Vec<f64> {
        let start = self.audio_pts.first().copied().unwrap_or_default();
        let mut beeps = Vec::new();
        let mut quiet = 0;
        for (at, sample) in self.sound.iter().enumerate() {
            if sample.abs() > 0.3 {
                if quiet > 14_400 {
                    beeps.push(start + at as f64 / 48_000.0);
                }
                quiet = 0;
            } else {
                quiet += 1;
            }
        }
        beeps
    }

    /// For each flash the way to the nearest beep, in ms; positive where sound comes later. Flashes in the first and the last
    /// 400 ms of the sound do not count: a stream that begins with one has no pause before its beep to know it by, and one
    /// that ends with one may end before its beep.
    pub fn offsets_ms(&self) -> Vec<(f64, f64)> {
        let beeps = self.beeps();
        let start = self.audio_pts.first().copied().unwrap_or_default();
        let compared = start + 0.4..start + self.sound.len() as f64 / 48_000.0 - 0.4;
        let nearest = |flash: f64| {
            beeps
                .iter()
                .map(|beep| beep - flash)
                .min_by(|a, b| a.abs().total_cmp(&b.abs()))
        };
        self.flashes()
            .into_iter()
            .filter(|flash| compared.contains(flash))
            .filter_map(|flash| Some((flash, nearest(flash)? * 1000.0)))
            .collect()
    }

    /// The burnt-in numbers in order; every picture must have one.
    pub fn numbers(&self) -> Vec<u32> {
        let number = |(at, frame): (usize, &Frame)| {
            frame
                .number
                .unwrap_or_else(|| panic!("picture {at} at {} s has no number", frame.pts))
        };
        self.frames.iter().enumerate().map(number).collect()
    }

    /// RMS of each 50 ms between two times, in dBFS, the quietest first.
    pub fn levels(&self, from: f64, to: f64) -> Vec<f64> {
        let count = ((to - from) / 0.05) as u32;
        let windows = (0..count).map(|at| from + f64::from(at) * 0.05);
        let mut levels = windows
            .map(|start| self.rms_dbfs(start, start + 0.05))
            .collect::<Vec<_>>();
        levels.sort_by(f64::total_cmp);
        levels
    }

    /// Seconds on this stream at studio time zero. The pattern burns the number of the program tick in, so each picture
    /// tells when it was made on the studio's clock.
    pub fn studio_zero(&self, frames_per_second: f64) -> f64 {
        let first = self.frames.iter().find_map(|frame| Some((frame.pts, frame.number?)));
        let (pts, number) = first.expect("a picture with a number");
        pts - f64::from(number) / frames_per_second
    }

    /// RMS of the sound between two times in seconds, in dBFS.
    pub fn rms_dbfs(&self, from: f64, to: f64) -> f64 {
        let start = self.audio_pts.first().copied().unwrap_or_default();
        let at = |time: f64| (((time - start) * 48_000.0).max(0.0) as usize).min(self.sound.len());
        let part = &self.sound[at(from)..at(to)];
        let power = part.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / part.len().max(1) as f64;
        10.0 * power.max(1e-12).log10()
    }
}

impl Frame {
    fn read(grey: &[u8], pts: f64) -> Self {
        let bits = (0..CELLS).map(|cell| {
            // The middle of the cell in the last line of the picture.
            let value = grey[(HEIGHT - 1) * WIDTH + cell * 8 + 3];
            match value {
                0..=90 => Some(0),
                165..=255 => Some(1),
                _ => None,
            }
        });
        let number = bits
            .into_iter()
            .try_fold(0, |number: u32, bit| Some(number << 1 | bit?));
        let middle = grey[WIDTH * 20..WIDTH * 60]
            .iter()
            .map(|value| f64::from(*value))
            .sum::<f64>();
        Self {
            pts,
            number,
            brightness: middle / (WIDTH * 40) as f64,
            grey: grey.to_vec(),
        }
    }
}

/// Standard output, and what was said on standard error.
fn run(command: &mut Command) -> (Vec<u8>, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Whether every number is one more than the one before.
pub fn gaps(numbers: &[u32]) -> Vec<(u32, u32)> {
    numbers
        .windows(2)
        .filter(|pair| pair[1] != pair[0] + 1)
        .map(|pair| (pair[0], pair[1]))
        .collect()
}
