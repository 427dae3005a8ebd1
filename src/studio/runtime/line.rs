//! The encoder of one line while the show runs: told a new rate, fewer pictures or another size, and replaced where it must be.
//!
//! An encoder is open for one size. For another one a second is opened by another thread while the first goes on; when it is
//! ready it takes over with an IDR, and everybody who takes the line is told what decoders need from there on. Pictures of the
//! program's own size are encoded where they lie; for others they are scaled into memory that the worker reads.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

use super::outlet::{LineTarget, Outlet, SOURCE};
use crate::clock::Clock;
use crate::encode::{EncodeError, VideoEncoder, VideoSettings};
use crate::hold::Reel;
use crate::media::{FramePool, FrameRate, Rate, Timestamp, VideoConfig, VideoFrame};
use crate::picture::{Compositor, Layer, Rect, slate};
use crate::worker::arena::Arena;
use crate::worker::{self, Program, RemoteEncoder};

/// Frames that may wait for the encoder. A late picture is one that finds this many before it: it is skipped and counted,
/// since waiting longer would only turn a short stall into lasting delay.
///
/// A third of a second at 30 fps: what a busy machine takes away for a moment is made up for without a gap.
pub const FRAMES_WAITING: usize = 10;

/// How long an encoder that could not be opened is not tried again.
pub const PAUSE: Duration = Duration::from_secs(5);

/// Pictures of each of the two GOPs of a reel: 2 s at five per second.
const REEL_GOP: usize = 10;

/// A reel is not encoded at less, where the line's own rate is not less: its letters are to be read.
const REEL_KBPS: u32 = 300;

/// What makes an encoder by its settings. Called from any thread.
pub type Open = Arc<dyn Fn(&VideoSettings) -> Result<Opened, EncodeError> + Send + Sync>;

/// An open encoder, and how pictures come to its size.
pub struct Opened {
    encoder: Box<dyn VideoEncoder>,
    /// None where they come in its size.
    scaler: Option<Compositor>,
    size: (u32, u32),
}

impl Opened {
    /// What its decoders need.
    #[must_use]
    pub fn config(&self) -> &VideoConfig {
        self.encoder.config()
    }

    /// `encoder` for pictures that come in its size.
    #[must_use]
    pub fn as_they_come(encoder: Box<dyn VideoEncoder>) -> Self {
        let config = encoder.config();
        Self {
            size: (config.width, config.height),
            encoder,
            scaler: None,
        }
    }

    /// `encoder` for pictures that are scaled into `arena`.
    #[must_use]
    pub fn scaled(encoder: Box<dyn VideoEncoder>, arena: &Arena) -> Self {
        let (width, height) = (encoder.config().width, encoder.config().height);
        Self {
            encoder,
            scaler: Some(Compositor::new(width, height, arena.pool().clone())),
            size: (width, height),
        }
    }
}

/// What opens a worker in memory of its own, to which pictures are scaled.
pub fn open_scaled(settings: &VideoSettings, clock: Clock, report: &worker::Reporter) -> Result<Opened, EncodeError> {
    // Those that wait, the one that is encoded, and one that is drawn.
    let slots = u32::try_from(FRAMES_WAITING).unwrap_or(u32::MAX) + 4;
    let arena = Arena::new(settings.width, settings.height, slots);
    let arena = Arc::new(arena.map_err(|error| EncodeError::Worker(error.to_string()))?);
    let encoder = RemoteEncoder::open(settings, Program::this(), Arc::clone(&arena), clock, Arc::clone(report))?;
    Ok(Opened::scaled(Box::new(encoder), &arena))
}

/// The encoder of one line, and what was asked of it last.
pub struct LineEncoder {
    line: usize,
    /// As the scene file has it: what holds where nothing else is asked for.
    base: VideoSettings,
    open: Open,
    now: Opened,
    next: Next,
    /// Started with the first size that is not the scene file's.
    opener: Option<Opener>,
    rate: Rate,
    divisor: u32,
    /// Pictures since the last one that was encoded.
    turn: u32,
    /// A reel that failed is not made again before.
    no_reel_before: Option<Instant>,
    faults: Faults,
}

/// The encoder that is to take over.
enum Next {
    None,
    Opening((u32, u32)),
    /// It did not open; not tried again before.
    Failed((u32, u32), Instant),
}

/// A thread that opens encoders. It lives as long as the line: a worker is killed by the system when the thread that started it
/// ends, for that is how it ends with its studio.
struct Opener {
    wanted: Sender<VideoSettings>,
    opened: Receiver<Result<Opened, EncodeError>>,
}

impl Opener {
    fn start(open: Open) -> std::io::Result<Self> {
        let (wanted, wishes) = channel::<VideoSettings>();
        let (sender, opened) = channel();
        let work = move || {
            for settings in wishes {
                if sender.send(open(&settings)).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("encode-open".to_owned()).spawn(work)?;
        Ok(Self { wanted, opened })
    }
}

impl LineEncoder {
    /// `opened` for that line, whose scene file says `base`; others are opened by `open`.
    #[must_use]
    pub fn new(opened: Opened, line: usize, base: VideoSettings, open: Open) -> Self {
        Self {
            rate: base.rate(),
            divisor: 1,
            turn: 0,
            no_reel_before: None,
            line,
            base,
            open,
            now: opened,
            next: Next::None,
            opener: None,
            faults: Faults::default(),
        }
    }

    /// Encodes a picture by what `outlet` wants, and hands it on there; or leaves it out, where fewer are wanted.
    pub fn encode(&mut self, frame: VideoFrame, outlet: &Outlet, report: &dyn Fn(String)) {
        let target = outlet.target(self.line);
        self.follow_rate(&target, report);
        self.follow_size(&target, outlet, report);
        self.turn += 1;
        if self.turn < self.divisor {
            return;
        }
        self.turn = 0;
        if outlet.holding().wants_reel(self.line) && self.no_reel_before.is_none_or(|until| Instant::now() >= until) {
            self.make_reel(frame.pts, outlet, report);
        }
        // The program's own picture goes before what is made of it is encoded: its memory is free for the next one.
        let frame = match &mut self.now.scaler {
            Some(scaler) => scale(scaler, self.now.size, &frame),
            None => frame,
        };
        let start = Instant::now();
        let encoded = self.now.encoder.encode(&frame, outlet.take_idr_wish(self.line));
        let counters = &outlet.counters;
        let is_source = self.line == SOURCE;
        if is_source {
            let took = u64::try_from(start.elapsed().as_micros()).unwrap_or(0);
            counters.encode_us.fetch_add(took, Ordering::Relaxed);
        }
        let skipped = if is_source {
            &counters.skipped_frames
        } else {
            &counters.ladder_skipped
        };
        match encoded {
            Ok(Some(packet)) => {
                if is_source {
                    counters.encoded_frames.fetch_add(1, Ordering::Relaxed);
                }
                outlet.offer_video(self.line, &packet);
                self.faults.recover();
            }
            Ok(None) => {
                skipped.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                skipped.fetch_add(1, Ordering::Relaxed);
                // What comes after a lost picture must not refer to it.
                outlet.want_idr(self.line);
                self.faults.note(Err(error), report);
            }
        }
    }

    /// Encodes the slate that the hold shows where pictures of this line may not be seen, before the picture at `pts`, which becomes an
    /// IDR. The rate is lower meanwhile, so that a slate costs little where it interrupts.
    fn make_reel(&mut self, pts: Timestamp, outlet: &Outlet, report: &dyn Fn(String)) {
        let (width, height) = self.now.size;
        let slate = slate(&FramePool::new(), width, height, &outlet.holding().title(), "", pts);
        let encoder = &mut self.now.encoder;
        let rate = self.rate.at((self.rate.kbps / 4).max(REEL_KBPS.min(self.rate.kbps)));
        let mut result = encoder.set_rate(rate);
        let mut pictures = Vec::with_capacity(2 * REEL_GOP);
        // Between the last picture and this one, so that the encoder's time goes on.
        let step = self.base.frame_rate.frame_duration() / (2 * REEL_GOP as i64 + 1);
        for index in 0..2 * REEL_GOP {
            let at = pts - step * (2 * REEL_GOP - index) as i64;
            match encoder.encode(&slate.at(at), index % REEL_GOP == 0) {
                Ok(Some(packet)) => pictures.push(packet),
                // Later ones refer to it.
                Ok(None) => break,
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        let back = encoder.set_rate(self.rate);
        self.faults.note(result.and(back), report);
        outlet.want_idr(self.line);
        match Reel::new(&pictures) {
            Some(reel) if pictures.len() == 2 * REEL_GOP => {
                self.no_reel_before = None;
                outlet.holding().set_reel(self.line, reel);
            }
            _ => self.no_reel_before = Some(Instant::now() + PAUSE),
        }
    }

    /// Tells the encoder its rate and how many pictures will come, where that has changed.
    fn follow_rate(&mut self, target: &LineTarget, report: &dyn Fn(String)) {
        let LineTarget { rate, divisor, .. } = *target;
        if rate != self.rate {
            self.faults.note(self.now.encoder.set_rate(rate), report);
            self.rate = rate;
        }
        if divisor != self.divisor {
            let fewer = divided(self.base.frame_rate, divisor);
            self.faults.note(self.now.encoder.set_frame_rate(fewer), report);
            self.divisor = divisor;
        }
    }

    /// Has an encoder of another size opened, and lets it take over once it is.
    fn follow_size(&mut self, target: &LineTarget, outlet: &Outlet, report: &dyn Fn(String)) {
        let wanted = target.size.unwrap_or((self.base.width, self.base.height));
        match self.next {
            Next::Opening(size) => match self.opener.as_ref().map(|opener| opener.opened.try_recv()) {
                Some(Ok(Ok(opened))) if size == wanted => self.take_over(opened, outlet, report),
                // Meanwhile it is another one that is wanted.
                Some(Ok(Ok(_))) => self.next = Next::None,
                Some(Ok(Err(error))) => {
                    self.faults.note(Err(error), report);
                    self.next = Next::Failed(size, Instant::now() + PAUSE);
                }
                Some(Err(TryRecvError::Empty)) => {}
                Some(Err(TryRecvError::Disconnected)) | None => {
                    self.opener = None;
                    self.next = Next::Failed(size, Instant::now() + PAUSE);
                }
            },
            Next::Failed(size, until) if size == wanted && Instant::now() < until => {}
            Next::None | Next::Failed(..) if wanted == self.now.size => self.next = Next::None,
            Next::None | Next::Failed(..) => self.begin(wanted, report),
        }
    }

    fn begin(&mut self, size: (u32, u32), report: &dyn Fn(String)) {
        let mut settings = self.base.clone();
        (settings.width, settings.height) = size;
        settings.set_rate(self.rate);
        settings.frame_rate = divided(self.base.frame_rate, self.divisor);
        if self.opener.is_none() {
            match Opener::start(Arc::clone(&self.open)) {
                Ok(opener) => self.opener = Some(opener),
                Err(error) => self.faults.note(Err(EncodeError::Worker(error.to_string())), report),
            }
        }
        let is_asked = self
            .opener
            .as_ref()
            .is_some_and(|opener| opener.wanted.send(settings).is_ok());
        self.next = if is_asked {
            Next::Opening(size)
        } else {
            Next::Failed(size, Instant::now() + PAUSE)
        };
    }

    fn take_over(&mut self, opened: Opened, outlet: &Outlet, report: &dyn Fn(String)) {
        let last = std::mem::replace(&mut self.now, opened);
        self.next = Next::None;
        // Ending a worker takes a moment, and pictures wait.
        let _ = std::thread::Builder::new()
            .name("encode-end".to_owned())
            .spawn(move || drop(last));
        // It may have been opened for what was wanted a moment ago.
        self.faults.note(self.now.encoder.set_rate(self.rate), report);
        let rate = divided(self.base.frame_rate, self.divisor);
        self.faults.note(self.now.encoder.set_frame_rate(rate), report);
        outlet.configure(self.line, self.now.encoder.config());
        outlet.want_idr(self.line);
    }
}

/// `rate`, where only one of `divisor` pictures is encoded.
fn divided(rate: FrameRate, divisor: u32) -> FrameRate {
    FrameRate {
        num: rate.num,
        den: rate.den.saturating_mul(divisor.max(1)),
    }
}

fn scale(scaler: &mut Compositor, size: (u32, u32), frame: &VideoFrame) -> VideoFrame {
    let layer = Layer::new(frame, Rect::full(size.0, size.1));
    scaler.compose(&[layer], frame.pts)
}

/// Says once that an encoder fails, not thirty times per second.
#[derive(Default)]
pub struct Faults {
    last: Option<EncodeError>,
}

impl Faults {
    /// Reports what has gone wrong, unless it is the same as before.
    pub fn note(&mut self, result: Result<(), EncodeError>, report: &dyn Fn(String)) {
        if let Err(error) = result
            && self.last.as_ref() != Some(&error)
        {
            report(error.to_string());
            self.last = Some(error);
        }
    }

    /// All is well again: the same fault is news.
    pub fn recover(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
