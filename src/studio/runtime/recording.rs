//! Hearing checks: what is at a point of the mixer, written into a WAV file. The sound thread puts blocks into a ring and
//! never waits; a thread of the blocking pool writes them.

use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ebur128::{EbuR128, Mode};
use hound::{SampleFormat, WavSpec, WavWriter};

use crate::media::{AudioBlock, SAMPLE_RATE, TimeDelta};
use crate::sound::Point;
use crate::sound::level::amplitude_to_dbfs;
use crate::studio::command::Answer;

/// Recordings of a bus or strip at a time.
pub const MOST: usize = 4;

/// Points that can be listened to at a time: those, and the strips' tracks of a recorded show, of this one and the last.
pub const MOST_TAPS: usize = MOST + 2 * crate::scene::MAX_STRIP_TRACKS;

/// Blocks between the sound thread and the disk: 2 s.
const BLOCKS_WAITING: usize = 200;

/// How often the writer looks for blocks.
const LOOK: Duration = Duration::from_millis(50);

/// Blocks after which what has been written makes a whole file: a studio that is killed leaves one that can be heard.
const WHOLE_BLOCKS: u64 = 100;

/// The sound thread's end of a recording.
pub struct Recorder {
    /// What is recorded.
    pub point: Point,
    ring: rtrb::Producer<AudioBlock>,
    left: u64,
    lost: Arc<AtomicU64>,
}

impl Recorder {
    /// A tap that is taken from until the other end is dropped.
    #[must_use]
    pub fn endless(point: Point) -> (Self, rtrb::Consumer<AudioBlock>) {
        let (producer, consumer) = rtrb::RingBuffer::new(BLOCKS_WAITING);
        let tap = Self {
            point,
            ring: producer,
            left: u64::MAX,
            lost: Arc::default(),
        };
        (tap, consumer)
    }

    /// Takes the next block; `false` once that was the last, or nobody writes any more.
    pub fn put(&mut self, block: Option<&AudioBlock>) -> bool {
        let Some(block) = block else { return false };
        if self.ring.push(*block).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        self.left = self.left.saturating_sub(1);
        self.left > 0 && !self.ring.is_abandoned()
    }
}

/// The disk's end of a recording.
pub struct Writer {
    path: PathBuf,
    file: WavWriter<BufWriter<File>>,
    ring: rtrb::Consumer<AudioBlock>,
    blocks: u64,
    lost: Arc<AtomicU64>,
}

/// Makes the file and both ends of a recording of `length` at `point`.
///
/// # Errors
/// Why the file cannot be made, in a sentence that names it. One that exists stays as it is.
pub fn prepare(point: Point, length: TimeDelta, path: &Path) -> Result<(Recorder, Writer), String> {
    if !path.is_absolute() {
        return Err(format!(
            "{} is no whole path: the studio runs in a folder of its own",
            path.display()
        ));
    }
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let file = file.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => format!("{} exists already: it is not written over", path.display()),
        _ => format!("{}: {error}", path.display()),
    })?;
    let spec = WavSpec {
        channels: 2,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: 32,
        // What is above full scale is heard as it was, and meters show by how much.
        sample_format: SampleFormat::Float,
    };
    let file = WavWriter::new(BufWriter::new(file), spec).map_err(|error| format!("{}: {error}", path.display()))?;
    let (producer, consumer) = rtrb::RingBuffer::new(BLOCKS_WAITING);
    let lost = Arc::new(AtomicU64::new(0));
    let blocks = (length.ratio(AudioBlock::duration()).round() as u64).max(1);
    let recorder = Recorder {
        point,
        ring: producer,
        left: blocks,
        lost: Arc::clone(&lost),
    };
    let writer = Writer {
        path: path.to_owned(),
        file,
        ring: consumer,
        blocks,
        lost,
    };
    Ok((recorder, writer))
}

impl Writer {
    /// Writes until everything is there or the show ends, and says what it was.
    ///
    /// # Errors
    /// The disk's, or that there is less than was asked for.
    pub fn run(mut self) -> Result<Answer, String> {
        let path = self.path.display().to_string();
        let failed = |error: &dyn std::fmt::Display| format!("{path}: {error}");
        let mut meter = EbuR128::new(2, SAMPLE_RATE, Mode::I).map_err(|error| failed(&error))?;
        let (mut written, mut peak) = (0_u64, 0.0_f32);
        while written + self.lost.load(Ordering::Relaxed) < self.blocks {
            // Asked before the ring is looked into: what was put in before the other end went is still taken.
            let is_last = self.ring.is_abandoned();
            let Ok(block) = self.ring.pop() else {
                if is_last {
                    break;
                }
                std::thread::sleep(LOOK);
                continue;
            };
            let [left, right] = &block.channels;
            for (left, right) in left.iter().zip(right) {
                peak = peak.max(left.abs()).max(right.abs());
                self.file.write_sample(*left).map_err(|error| failed(&error))?;
                self.file.write_sample(*right).map_err(|error| failed(&error))?;
            }
            meter
                .add_frames_planar_f32(&[left, right])
                .map_err(|error| failed(&error))?;
            written += 1;
            if written.is_multiple_of(WHOLE_BLOCKS) {
                self.file.flush().map_err(|error| failed(&error))?;
            }
        }
        self.file.finalize().map_err(|error| failed(&error))?;
        let seconds = written as f64 / 100.0;
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > 0 {
            return Err(format!(
                "{path}: the disk was too slow, {lost} blocks of 10 ms are missing in it"
            ));
        }
        if written < self.blocks {
            return Err(format!("{path}: the show ended after {seconds:.1} s of it"));
        }
        let peak_dbfs = amplitude_to_dbfs(peak);
        let loudness = meter.loudness_global().ok().filter(|lufs| lufs.is_finite());
        let said = loudness.map_or_else(|| "too quiet to measure".to_owned(), |lufs| format!("{lufs:.1} LUFS"));
        let answer = Answer::text(format!("{seconds:.1} s in {path}: peak {peak_dbfs:.1} dBFS, {said}"));
        Ok(answer
            .with("file", path)
            .with("seconds", seconds)
            .with("peak_dbfs", f64::from(peak_dbfs))
            .with("integrated_lufs", loudness))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Timestamp;

    fn block(index: i64) -> AudioBlock {
        let mut block = AudioBlock::silence(AudioBlock::time_of(index));
        for (n, sample) in block.channels.iter_mut().flatten().enumerate() {
            *sample = 0.5 * (std::f32::consts::TAU * n as f32 / 48.0).sin();
        }
        block
    }

    #[test]
    fn a_recording_is_as_long_as_asked_and_what_was_put_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("voice.wav");
        let length = TimeDelta::from_millis(1500);
        let (mut recorder, writer) = prepare(Point::Strip(0), length, &path).unwrap();
        let writing = std::thread::spawn(move || writer.run());
        let mut index = 0;
        while recorder.put(Some(&block(index))) {
            index += 1;
        }
        assert_eq!(index, 149);
        let answer = writing.join().unwrap().unwrap().into_json();
        assert_eq!(answer["seconds"], 1.5);
        assert!((answer["peak_dbfs"].as_f64().unwrap() + 6.02).abs() < 0.01, "{answer}");
        let read = hound::WavReader::open(&path).unwrap();
        assert_eq!(
            (read.duration(), read.spec().sample_rate, read.spec().channels),
            (72_000, 48_000, 2)
        );
        // Never over what is there.
        let again = prepare(Point::Program, length, &path).err().unwrap();
        assert!(again.ends_with("exists already: it is not written over"), "{again}");
    }

    #[test]
    fn a_show_that_ends_leaves_a_whole_file_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("short.wav");
        let (mut recorder, writer) = prepare(Point::Program, TimeDelta::from_millis(5000), &path).unwrap();
        for index in 0..30 {
            assert!(recorder.put(Some(&AudioBlock::silence(Timestamp::ZERO))), "{index}");
        }
        drop(recorder);
        let error = writer.run().err().unwrap();
        assert!(error.ends_with("the show ended after 0.3 s of it"), "{error}");
        assert_eq!(hound::WavReader::open(&path).unwrap().duration(), 14_400);
    }

    #[test]
    fn a_file_that_cannot_be_is_refused_before_anything_runs() {
        let refused = |path: &str| {
            prepare(Point::Program, TimeDelta::from_millis(100), Path::new(path))
                .err()
                .unwrap()
        };
        assert!(refused("voice.wav").contains("no whole path"));
        assert!(refused("/nowhere/at/all/voice.wav").starts_with("/nowhere/at/all/voice.wav: "));
    }
}
