//! When the media of a stream is shown: its clock onto the studio's, one shift for picture and sound.
//!
//! A stream comes from a live encoder, whose packets arrive as they are made plus some delay; or from a program that
//! writes as fast as it is read. Nobody says which. So for a moment everything is only collected: the shift between the
//! clocks is what lets the latest of these packets still be in time, plus a margin. Sound that a muxer holds back to send it
//! in bundles is accounted for that way too.
//!
//! After that the *slack* of each packet, how long before it is shown it came, tells everything:
//!
//! | slack | meaning | what is done |
//! | --- | --- | --- |
//! | its greatest over seconds wanders | the clocks drift | the shift follows, by a thousandth of the time at most |
//! | below zero, and stays so | the stream was held up and does not catch up | the shift jumps, so that packets are in time again |
//! | below zero for a moment | it catches up | nothing: what is late is lost |
//! | far above what is needed, for seconds | it has caught up after such a jump | the shift jumps back |
//! | anything, while reading is held back | the writer is faster than time | nothing: arrival says nothing about its clock |

use super::unit::Kind;
use crate::media::{TimeDelta, Timestamp};

/// What comes this much earlier than it must, comes early enough: decoding, the next tick, the sound thread's block.
const MARGIN_MS: i64 = 100;

/// How long is collected before anything is shown, in time that passes or in media, whichever is sooner.
const SETTLING_MS: i64 = 500;

/// How long packets must be late, until the last, for the shift to jump.
const LATE_MS: i64 = 1_000;

/// Slack that every packet of a window has, and that is more than this, is latency for nothing.
const EXCESS_MS: i64 = 1_000;

/// Over which the least and the greatest slack are taken.
const WINDOW_MS: i64 = 5_000;

/// The shift follows a drift by at most this share of the time that passes: above what any clock is off, and unheard.
const SLEW: i64 = 1_000;

/// Media time may go back by so much within a track: rounding, and the order of muxers.
const BACK_MS: i64 = 500;

/// Media time may go on by so much at once. A stream of stills may have a picture every few seconds.
const AHEAD_MS: i64 = 15_000;

/// One track continues where another has, if that puts it as near as this to where it was.
const NEAR_MS: i64 = 3_000;

fn ms(value: i64) -> TimeDelta {
    TimeDelta::from_millis(value)
}

/// The times of one stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    video: Line,
    sound: Line,
    state: State,
    jumps: u32,
}

/// One track's own time.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    last: Option<TimeDelta>,
    /// What is added to its times, so that they go on where they jumped.
    correction: TimeDelta,
    late: Option<Late>,
}

/// Packets have begun to be late.
#[derive(Clone, Copy, Debug)]
struct Late {
    since: Timestamp,
    last: Timestamp,
    /// The worst of the newer ones.
    worst: TimeDelta,
}

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Empty,
    Settling {
        since: Timestamp,
        /// Arrival minus media time of the latest.
        latest: TimeDelta,
        first: [Option<TimeDelta>; 2],
    },
    Running(Running),
}

#[derive(Clone, Debug)]
struct Running {
    /// Studio time at which media is shown, minus its media time.
    shift: TimeDelta,
    window: Option<Window>,
    /// The greatest slack of the first whole window: where the clocks stand.
    baseline: Option<TimeDelta>,
    /// What the shift is to move by over this window.
    slew: TimeDelta,
    slewed_at: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    since: Timestamp,
    least: TimeDelta,
    most: TimeDelta,
}

impl Course {
    /// Makes the times of a track go on where they jump: a stream whose encoder was started again, a file that begins anew.
    /// `media` is the time that always ascends, so a picture's DTS. Gives what is to be added to all times of that unit.
    pub(super) fn correct(&mut self, kind: Kind, media: TimeDelta) -> TimeDelta {
        let (line, other) = match kind {
            Kind::Video => (&mut self.video, &self.sound),
            Kind::Sound => (&mut self.sound, &self.video),
        };
        let now = media + line.correction;
        if let Some(last) = line.last
            && (now + ms(BACK_MS) < last || last + ms(AHEAD_MS) < now)
        {
            // If the other has jumped already, both stay together.
            let with_other = media + other.correction - last;
            line.correction = if with_other.abs() < ms(NEAR_MS) {
                other.correction
            } else {
                last - media
            };
        }
        let corrected = media + line.correction;
        line.last = Some(line.last.map_or(corrected, |last| last.max(corrected)));
        line.correction
    }

    /// A unit with (corrected) time `media` has come in at `now`.
    pub(super) fn arrive(&mut self, kind: Kind, media: TimeDelta, now: Timestamp) {
        let seen = now.since_zero() - media;
        match &mut self.state {
            State::Empty => {
                let mut first = [None; 2];
                first[kind as usize] = Some(media);
                self.state = State::Settling {
                    since: now,
                    latest: seen,
                    first,
                };
            }
            State::Settling { latest, first, .. } => {
                *latest = (*latest).max(seen);
                first[kind as usize].get_or_insert(media);
            }
            State::Running(running) => {
                let slack = running.shift - seen;
                let line = match kind {
                    Kind::Video => &mut self.video,
                    Kind::Sound => &mut self.sound,
                };
                if let Some(behind) = line.late(slack, now) {
                    running.jump(behind + ms(MARGIN_MS));
                    self.jumps += 1;
                    (self.video.late, self.sound.late) = (None, None);
                } else if running.see(slack, now) {
                    self.jumps += 1;
                }
            }
        }
    }

    /// Whether what was collected is enough to begin, and if so, begins. `wanted` is which tracks there should be.
    pub(super) fn settle(&mut self, wanted: [bool; 2], now: Timestamp) -> bool {
        let State::Settling { since, latest, first } = &self.state else {
            return matches!(self.state, State::Running(_));
        };
        let lasts = [self.video.last, self.sound.last];
        let has_enough = wanted.contains(&true)
            && (0..2).all(|at| {
                let span = first[at].zip(lasts[at]).map(|(first, last)| last - first);
                !wanted[at] || span.is_some_and(|span| span >= ms(SETTLING_MS))
            });
        if !has_enough && now - *since < ms(SETTLING_MS) {
            return false;
        }
        self.state = State::Running(Running {
            shift: *latest + ms(MARGIN_MS),
            window: None,
            baseline: None,
            slew: TimeDelta::ZERO,
            slewed_at: now,
        });
        true
    }

    /// When media of that (corrected) time is shown. `None` before it is [settled](Self::settle).
    pub(super) fn shown_at(&self, media: TimeDelta) -> Option<Timestamp> {
        match &self.state {
            State::Running(running) => Some(Timestamp::ZERO + media + running.shift),
            _ => None,
        }
    }

    /// Reading is held back because enough has been read: when things arrive is our own doing.
    pub(super) fn hold(&mut self) {
        if let State::Running(running) = &mut self.state {
            running.window = None;
            running.slew = TimeDelta::ZERO;
        }
        (self.video.late, self.sound.late) = (None, None);
    }

    /// Nothing has come for long: what comes next begins anew, with a time of its own.
    pub(super) fn forget(&mut self) {
        let jumps = self.jumps;
        *self = Self {
            jumps,
            ..Self::default()
        };
    }

    /// How often the shift had to jump.
    pub(super) fn jumps(&self) -> u32 {
        self.jumps
    }
}

impl Line {
    /// Notes how early a unit came. Gives by how much they are late, once that has lasted.
    fn late(&mut self, slack: TimeDelta, now: Timestamp) -> Option<TimeDelta> {
        if slack < TimeDelta::ZERO {
            let late = self.late.get_or_insert(Late {
                since: now,
                last: now,
                worst: TimeDelta::ZERO,
            });
            late.last = now;
            // What came first may have been caught up with since.
            if now - late.since >= ms(LATE_MS / 2) {
                late.worst = late.worst.max(-slack);
            }
        }
        let late = self.late?;
        if now - late.since < ms(LATE_MS) {
            return None;
        }
        self.late = None;
        (now - late.last < ms(LATE_MS / 2)).then_some(late.worst)
    }
}

impl Running {
    /// Everything is shown later by so much, or earlier.
    fn jump(&mut self, by: TimeDelta) {
        self.shift += by;
        self.window = None;
        self.baseline = None;
        self.slew = TimeDelta::ZERO;
    }

    /// Notes a slack; follows the drift. `true` where it jumped, because everything came much too early.
    fn see(&mut self, slack: TimeDelta, now: Timestamp) -> bool {
        let since_slew = now - self.slewed_at;
        if since_slew > TimeDelta::ZERO {
            self.slewed_at = now;
            let most = since_slew / SLEW;
            let step = self.slew.max(-most).min(most);
            self.slew -= step;
            self.shift += step;
        }
        let window = self.window.get_or_insert(Window {
            since: now,
            least: slack,
            most: slack,
        });
        window.least = window.least.min(slack);
        window.most = window.most.max(slack);
        let window = *window;
        if now - window.since < ms(WINDOW_MS) {
            return false;
        }
        self.window = None;
        if window.least > ms(MARGIN_MS + EXCESS_MS) {
            self.jump(ms(MARGIN_MS) - window.least);
            return true;
        }
        let baseline = *self.baseline.get_or_insert(window.most);
        // Half of it: the next window sees what is left.
        self.slew = (baseline - window.most) / 2;
        false
    }
}

#[cfg(test)]
#[path = "course_tests.rs"]
mod tests;
