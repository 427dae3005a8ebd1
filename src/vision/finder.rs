//! Looks at every picture of a show and says what is known of its faces: detector, schedule and tracker put together.

use fast_image_resize::Resizer;
use serde::{Deserialize, Serialize};

use super::cut::Signature;
use super::detector::{Area, Detector, Luma};
use super::face::{CoverReason, FaceBox, FaceVerdict, Found, TrackedFace};
use super::schedule::{Schedule, Search};
use super::tracker::{Eye, LOOK_AHEAD, Tracker};
use super::working::WorkingSize;
use crate::media::{FrameRate, VideoFrame};

/// Which pictures will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinderSettings {
    /// Their width.
    pub width: u32,
    /// Their height.
    pub height: u32,
    /// How many there are in a second.
    pub frame_rate: FrameRate,
}

/// Finds and follows the faces of one show. Costs memory for [`LOOK_AHEAD`] working pictures and the detector's own.
#[derive(Debug)]
pub struct FaceFinder {
    settings: FinderSettings,
    size: WorkingSize,
    schedule: Schedule,
    tracker: Tracker,
    resizer: Resizer,
    pictures: Pictures,
    /// Verdicts in pixels of the working picture.
    fresh: Vec<FaceVerdict>,
}

impl FaceFinder {
    /// For a show that begins.
    #[must_use]
    pub fn new(settings: FinderSettings) -> Self {
        let size = WorkingSize::of(settings.width, settings.height);
        Self {
            settings,
            size,
            schedule: Schedule::new(size.width, size.height),
            tracker: Tracker::new(size.width, size.height),
            resizer: Resizer::new(),
            pictures: Pictures::new(size),
            fresh: Vec::new(),
        }
    }

    /// Takes the next picture. Verdicts that became final are appended, oldest first: with a picture comes that of the
    /// [`LOOK_AHEAD`]th before it. Every picture gets one. Pictures come in the order of their time; a hole of more than half a
    /// second, a step back or a picture of another size is a new beginning, and what still waited is then to be covered.
    pub fn look(&mut self, frame: &VideoFrame, final_verdicts: &mut Vec<FaceVerdict>) {
        if (frame.width(), frame.height()) != (self.settings.width, self.settings.height) {
            self.resize(frame, final_verdicts);
        }
        let luma = self.pictures.next();
        self.size.take(frame, &mut self.resizer, luma);
        let signature = Signature::of(luma, self.size.width, self.size.height);
        let around = self.schedule.of(self.tracker.number());
        self.tracker
            .look(frame.pts, signature, around, &mut self.pictures, &mut self.fresh);
        self.hand_out(final_verdicts);
    }

    /// Goes on where a finder stopped whose newest verdict is `verdict`, before the first picture: its faces count as just lost,
    /// and what it covered the picture for stays lost. Tracks from `next_track` on are new.
    pub fn resume(&mut self, verdict: &FaceVerdict, next_track: u32) {
        let shrunk = |known: &TrackedFace| {
            let (face, ratio) = (known.face, self.size.ratio);
            let face = FaceBox {
                x: face.x / ratio,
                y: face.y / ratio,
                size: face.size / ratio,
                roll: face.roll,
            };
            TrackedFace { face, ..*known }
        };
        let faces = verdict.faces.iter().map(shrunk).collect::<Vec<_>>();
        let lost = match verdict.cover {
            Some(CoverReason::Lost { track }) => Some(track),
            Some(CoverReason::NotSeen) | None => None,
        };
        self.tracker.resume(&faces, lost, next_track);
    }

    /// The operator says that every face which is lost has left: covers and bands end.
    pub fn release(&mut self) {
        self.tracker.release();
    }

    fn resize(&mut self, frame: &VideoFrame, final_verdicts: &mut Vec<FaceVerdict>) {
        self.tracker.flush(&mut self.fresh);
        self.hand_out(final_verdicts);
        self.settings.width = frame.width();
        self.settings.height = frame.height();
        self.size = WorkingSize::of(frame.width(), frame.height());
        self.schedule = Schedule::new(self.size.width, self.size.height);
        self.tracker.resize(self.size.width, self.size.height);
        self.pictures = Pictures::new(self.size);
    }

    fn hand_out(&mut self, final_verdicts: &mut Vec<FaceVerdict>) {
        let ratio = self.size.ratio;
        for mut verdict in self.fresh.drain(..) {
            for known in &mut verdict.faces {
                let face = known.face;
                known.face = FaceBox {
                    x: face.x * ratio,
                    y: face.y * ratio,
                    size: face.size * ratio,
                    roll: face.roll,
                };
            }
            final_verdicts.push(verdict);
        }
    }
}

/// The newest picture and those that still wait, and who looks at them.
#[derive(Debug)]
struct Pictures {
    size: WorkingSize,
    /// A ring: `newest` is the place of the newest one.
    lumas: [Vec<u8>; LOOK_AHEAD as usize + 1],
    newest: usize,
    detector: Detector,
    /// Has halved copies of another picture than the first: looking back does not throw those of the newest away.
    looking_back: Detector,
    /// Which picture of the ring that is.
    back_at: Option<usize>,
}

impl Pictures {
    fn new(size: WorkingSize) -> Self {
        Self {
            size,
            lumas: std::array::from_fn(|_| vec![0; size.width * size.height]),
            newest: 0,
            detector: Detector::new(),
            looking_back: Detector::new(),
            back_at: None,
        }
    }

    /// The place for the next picture, which is the newest from now on.
    fn next(&mut self) -> &mut Vec<u8> {
        self.newest = (self.newest + 1) % self.lumas.len();
        self.back_at = self.back_at.filter(|at| *at != self.newest);
        self.detector.begin();
        &mut self.lumas[self.newest]
    }
}

impl Eye for Pictures {
    fn scan(&mut self, age: usize, search: &Search, found: &mut Vec<Found>) {
        let count = self.lumas.len();
        let at = (self.newest + count - age % count) % count;
        let picture = Luma {
            bytes: &self.lumas[at],
            width: self.size.width,
            height: self.size.height,
            stride: self.size.width,
        };
        let detector = if age == 0 {
            &mut self.detector
        } else {
            if self.back_at != Some(at) {
                self.looking_back.begin();
                self.back_at = Some(at);
            }
            &mut self.looking_back
        };
        let area = Area {
            x: search.x,
            y: search.y,
            width: search.width,
            height: search.height,
        };
        detector.scan(&picture, area, search.smallest..=search.largest, search.roll, found);
    }
}
