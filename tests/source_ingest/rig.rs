//! A source under test, fetched from as a studio does, and what is to be seen and heard of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use rigcast::clock::Clock;
use rigcast::media::{AudioBlock, FramePool, FrameRate, Plane, TimeDelta, Timestamp};
use rigcast::source::{SourceContext, SourceHandle, SourceKind, SourceReport, SourceSpec, SourceState, start};

use crate::common::PATIENCE;
use crate::common::media::Received;

/// Flashes of one frame at each whole second, and a beep of 1 kHz that begins with each; 25 pictures per second.
pub const FLASHES: &str = "color=c=black:s=320x180:r=25,drawbox=c=white:t=fill:enable='lt(mod(t\\,1)\\,0.035)'";
pub const BEEPS: &str = "aevalsrc='0.8*sin(2*PI*1000*t)*lt(mod(t\\,1)\\,0.1)':s=48000:c=stereo";

/// The arguments of an ffmpeg that makes flashes and beeps: `pace` goes before each input, `coding` before the output.
pub fn flashes(pace: &str, coding: &str) -> Vec<String> {
    let mut arguments: Vec<String> = vec!["-v".into(), "error".into(), "-nostdin".into()];
    for input in [FLASHES, BEEPS] {
        arguments.extend(pace.split_whitespace().map(str::to_owned));
        arguments.extend(["-f", "lavfi", "-i", input].map(str::to_owned));
    }
    let video = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 -bf 0";
    let sound = "-c:a aac -b:a 128k";
    for part in [video, sound, coding] {
        arguments.extend(part.split_whitespace().map(str::to_owned));
    }
    arguments
}

/// Flash and beep of [`flashes`] lie within 20 ms of each other for whoever pulled this. A picture is shown at the nearest tick of the
/// program: at the flashes' own 25 per second that alone may take 20 ms, by phase, so the program has twice as many.
pub fn assert_in_sync_for_viewers(received: &Received) {
    let mut last = f64::MIN;
    let mut offsets = received.offsets_ms();
    // Two ticks show one flash.
    offsets.retain(|(flash, _)| flash - std::mem::replace(&mut last, *flash) > 0.1);
    eprintln!("flash to beep, as viewers get it: {offsets:?}");
    assert!(offsets.len() >= 3, "{offsets:?}");
    assert!(offsets.iter().all(|(_, offset)| offset.abs() < 20.0), "{offsets:?}");
}

/// An ffmpeg that is to be started with these arguments.
pub fn ffmpeg(arguments: &[String]) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Writes `seconds` of flashes and beeps to a file, as fast as that goes.
pub fn clip(folder: &Path, name: &str, seconds: u32, coding: &str) -> PathBuf {
    let path = folder.join(name);
    let mut arguments = flashes("", &format!("-t {seconds} {coding} -y"));
    arguments.push(path.to_str().unwrap().to_owned());
    assert!(ffmpeg(&arguments).status().unwrap().success());
    path
}

/// What came of a while.
#[derive(Default)]
pub struct Seen {
    /// Time and mean brightness of each new picture.
    pub pictures: Vec<(Timestamp, f64)>,
    pub blocks: Vec<AudioBlock>,
}

impl Seen {
    /// When pictures flashed.
    pub fn flashes(&self) -> Vec<f64> {
        let bright = |(_, brightness): &&(Timestamp, f64)| *brightness > 180.0;
        self.pictures
            .iter()
            .filter(bright)
            .map(|(at, _)| at.as_secs_f64())
            .collect()
    }

    /// When beeps began: the first sample above a third of full scale after 300 ms of less.
    pub fn beeps(&self) -> Vec<f64> {
        let (mut beeps, mut quiet) = (Vec::new(), 0);
        for block in &self.blocks {
            for (at, sample) in block.channels[0].iter().enumerate() {
                if sample.abs() > 0.3 {
                    if quiet > 14_400 {
                        beeps.push(block.pts.as_secs_f64() + at as f64 / 48_000.0);
                    }
                    quiet = 0;
                } else {
                    quiet += 1;
                }
            }
        }
        beeps
    }

    /// For each flash that has sound around it the way to the nearest beep, in ms.
    pub fn offsets_ms(&self) -> Vec<f64> {
        let beeps = self.beeps();
        let (Some(first), Some(last)) = (self.blocks.first(), self.blocks.last()) else {
            return Vec::new();
        };
        let heard = first.pts.as_secs_f64() + 0.5..last.pts.as_secs_f64() - 0.5;
        let nearest = |flash: f64| {
            let ways = beeps.iter().map(|beep| (beep - flash) * 1_000.0);
            ways.min_by(|a, b| a.abs().total_cmp(&b.abs()))
        };
        let flashes = self.flashes().into_iter().filter(|flash| heard.contains(flash));
        flashes.filter_map(nearest).collect()
    }

    /// Pictures ascend, sound has no hole, and flashes and beeps are together.
    pub fn assert_whole(&self, flashes: usize) {
        assert!(self.pictures.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let steps = self.blocks.windows(2).map(|pair| pair[1].pts - pair[0].pts);
        let holes: Vec<_> = steps.filter(|step| *step != AudioBlock::duration()).collect();
        assert!(holes.is_empty(), "holes in the sound: {holes:?}");
        let offsets = self.offsets_ms();
        eprintln!("flash to beep: {offsets:.1?} ms");
        assert!(
            offsets.len() >= flashes,
            "{offsets:?} of {:?} and {:?}",
            self.flashes(),
            self.beeps()
        );
        assert!(offsets.iter().all(|offset| offset.abs() < 20.0), "{offsets:?}");
    }
}

/// A source under test and what it says.
pub struct Rig {
    pub handle: SourceHandle,
    pub context: SourceContext,
    reports: mpsc::Receiver<SourceReport>,
    pub seen: Vec<SourceReport>,
    ring: rtrb::Consumer<AudioBlock>,
}

impl Rig {
    pub fn start(kind: SourceKind) -> Self {
        let (sender, reports) = mpsc::channel();
        let sender = Mutex::new(sender);
        let context = SourceContext {
            clock: Clock::start(),
            width: 1280,
            height: 720,
            frame_rate: FrameRate::whole(25),
            pool: FramePool::new(),
        };
        let name = "brought".to_owned();
        let mut handle = start(SourceSpec { name, kind }, context.clone(), move |report| {
            let _ = sender.lock().unwrap().send(report);
        });
        let ring = handle.take_audio().unwrap();
        Self {
            handle,
            context,
            reports,
            seen: Vec::new(),
            ring,
        }
    }

    /// Waits for something that it says, among what it will say.
    pub fn wait_for<T>(&mut self, what: &str, wanted: impl Fn(&SourceReport) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(report) = self.reports.recv_timeout(left) else {
                panic!("waited in vain for {what}: {:?}", self.seen)
            };
            self.seen.push(report.clone());
            if let Some(found) = wanted(&report) {
                return found;
            }
        }
    }

    pub fn wait_live(&mut self) {
        self.wait_for("a live source", |report| {
            (*report == SourceReport::State(SourceState::Live)).then_some(())
        });
    }

    /// Waits until it is away for a reason with `text` in it.
    pub fn wait_away(&mut self, text: &str) -> String {
        self.wait_for(&format!("away: {text}"), |report| match report {
            SourceReport::State(SourceState::Away { reason }) if reason.contains(text) => Some(reason.clone()),
            _ => None,
        })
    }

    /// Waits until it has failed.
    pub fn wait_failed(&mut self) -> String {
        self.wait_for("a failure", |report| match report {
            SourceReport::State(SourceState::Failed { reason }) => Some(reason.clone()),
            _ => None,
        })
    }

    /// Waits until it tells something with `text` in it.
    pub fn wait_notice(&mut self, text: &str) -> String {
        self.wait_for(&format!("the notice: {text}"), |report| match report {
            SourceReport::Notice(notice) if notice.contains(text) => Some(notice.clone()),
            _ => None,
        })
    }

    /// What it has said meanwhile.
    pub fn said(&mut self) -> &[SourceReport] {
        self.seen.extend(self.reports.try_iter());
        &self.seen
    }

    /// Fetches like a studio for `millis`: pictures tick by tick, sound block by block.
    pub fn watch(&mut self, millis: i64) -> Seen {
        let begin = self.context.clock.now();
        let rate = self.context.frame_rate;
        let mut seen = Seen::default();
        let mut tick = rate.frame_at(begin) + 1;
        let mut last = None;
        while rate.frame_time(tick) < begin + TimeDelta::from_millis(millis) {
            self.context.clock.sleep_until(rate.frame_time(tick));
            if let Some(frame) = self.handle.video().frame_at(rate.frame_time(tick))
                && last != Some(frame.pts)
            {
                last = Some(frame.pts);
                let luma = frame.plane(Plane::Y);
                let sum: u64 = luma.iter().map(|value| u64::from(*value)).sum();
                seen.pictures.push((frame.pts, sum as f64 / luma.len() as f64));
            }
            seen.blocks.extend(std::iter::from_fn(|| self.ring.pop().ok()));
            tick += 1;
        }
        // What was queued before this while is of another.
        seen.blocks.retain(|block| block.pts >= begin);
        seen
    }
}

/// Nothing may be left running by a test that has ended.
pub fn is_running(pid: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie is over, though nobody has fetched its status yet.
    !state.is_empty() && !state.rsplit(") ").next().unwrap_or_default().starts_with('Z')
}

pub const MOMENT: Duration = Duration::from_secs(10);
