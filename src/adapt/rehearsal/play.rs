//! The closed loop: weather → path → samples → controller → encoders → queues → path.

use std::collections::VecDeque;

use super::super::base::Base;
use super::super::change::{Change, What};
use super::super::director::Director;
use super::super::policy::Policy;
use super::super::sample::Sample;
use super::super::spend::most;
use super::encoder::Encoder;
use super::path::{Path, STEP, Weather};
use super::report::{Arrival, Report, Tick};
use crate::media::{Rate, TimeDelta, Timestamp};

/// Pictures that have waited longer than this are dropped up to the next IDR, as a destination's queue does.
const STALE_SECONDS: f64 = 2.25;
/// Steps from one look to the next: 50 ms.
const LOOK: u64 = 10;
/// Bytes of protocol for each of media.
const OVERHEAD: f64 = 1.012;

/// A destination: which path it is on, and which line it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Player {
    /// Index of a course.
    pub path: usize,
    /// Index of a line.
    pub line: usize,
}

/// The weather of one path: from when on it is how. In order.
pub type Course = Vec<(f64, Weather)>;

/// Everything that takes part.
#[derive(Clone, Debug)]
pub struct Cast {
    /// What the scene file would say.
    pub base: Base,
    /// What is tried out.
    pub policy: Policy,
    /// The paths.
    pub courses: Vec<Course>,
    /// The destinations.
    pub players: Vec<Player>,
    /// What the pictures can use, in kbit/s, from when on.
    pub content: Vec<(f64, f64)>,
    /// How many watch, from when on.
    pub viewers: Vec<(f64, Option<u64>)>,
    /// How long, in seconds.
    pub seconds: f64,
    /// Of everything random.
    pub seed: u64,
    /// Whether the controller is asked at all: without it, everything stays as the scene file says.
    pub is_on: bool,
}

/// A picture or some sound in a queue.
#[derive(Clone, Copy, Debug)]
struct Piece {
    bytes: f64,
    left: f64,
    at: f64,
    is_idr: bool,
    is_video: bool,
}

/// A destination's queue and what of it is under way.
#[derive(Clone, Debug)]
struct Outlet {
    player: Player,
    flow: usize,
    name: String,
    queue: VecDeque<Piece>,
    /// Where pictures end, in bytes of the connection, and when they were taken.
    ends: VecDeque<(f64, f64, bool)>,
    media: f64,
    audio: f64,
    waits_for_idr: bool,
    dropped: u64,
    idr: (f64, f64),
    wants_idr: bool,
}

impl Outlet {
    fn offer(&mut self, piece: Piece) {
        if piece.is_video && self.waits_for_idr {
            if !piece.is_idr {
                self.dropped += 1;
                return;
            }
            self.waits_for_idr = false;
        }
        if piece.is_idr {
            self.idr = (piece.bytes, piece.at);
        }
        self.queue.push_back(piece);
        let is_stale = self
            .queue
            .front()
            .is_some_and(|oldest| piece.at - oldest.at > STALE_SECONDS);
        if !is_stale {
            return;
        }
        // What has been begun must be ended.
        let mut has_idr = false;
        let before = self.queue.len();
        let newest_idr = self
            .queue
            .iter()
            .rposition(|piece| piece.is_idr && piece.left >= piece.bytes);
        let mut index = 0;
        self.queue.retain(|piece| {
            let is_kept =
                !piece.is_video || piece.left < piece.bytes || newest_idr.is_some_and(|idr| index >= idr && index > 0);
            has_idr |= is_kept && piece.is_idr;
            index += 1;
            is_kept
        });
        self.dropped += (before - self.queue.len()) as u64;
        if !has_idr {
            self.waits_for_idr = true;
            self.wants_idr = true;
        }
    }

    fn feed(&mut self, path: &mut Path, delivered: &mut Vec<Arrival>, now: f64) {
        let flow = &mut path.flows[self.flow];
        while let Some(piece) = self.queue.front_mut() {
            let bytes = piece.left.min(flow.room());
            if bytes <= 0.0 {
                break;
            }
            flow.write(bytes);
            piece.left -= bytes;
            self.media += bytes / OVERHEAD;
            if !piece.is_video {
                self.audio += bytes / OVERHEAD;
            }
            if piece.left > 1e-6 {
                break;
            }
            self.ends.push_back((flow.written, piece.at, piece.is_video));
            self.queue.pop_front();
        }
        while let Some((end, at, is_video)) = self.ends.front().copied() {
            if flow.confirmed + 0.5 < end {
                break;
            }
            self.ends.pop_front();
            if is_video {
                delivered.push(Arrival { at, lag: now - at });
            }
        }
    }

    fn sample(&self, path: &Path, now: f64) -> Sample {
        let flow = &path.flows[self.flow];
        let at = |seconds: f64| Timestamp::ZERO + TimeDelta::from_secs_f64(seconds);
        let since = |then: Option<f64>| TimeDelta::from_secs_f64(then.map_or(0.0, |then| (now - then).max(0.0)));
        Sample {
            at: at(now),
            connection: 1,
            written_bytes: flow.written as u64,
            confirmed_bytes: flow.confirmed as u64,
            media_bytes: self.media as u64,
            audio_bytes: self.audio as u64,
            queued_bytes: self.queue.iter().map(|piece| piece.left).sum::<f64>() as u64,
            unsent_bytes: flow.unsent as u64,
            queue_age: since(self.queue.front().map(|piece| piece.at)),
            lag: since(
                self.ends
                    .front()
                    .map(|end| end.1)
                    .or(self.queue.front().map(|piece| piece.at)),
            ),
            rtt: Some(TimeDelta::from_secs_f64(flow.srtt)),
            retransmits: flow.retransmits,
            idr_bytes: self.idr.0 as u64,
            idr_at: Some(at(self.idr.1)),
            dropped_frames: self.dropped,
            ..Sample::default()
        }
    }
}

/// A rehearsal under way.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    cast: Cast,
    director: Director,
    paths: Vec<Path>,
    encoders: Vec<Encoder>,
    rates: Vec<Rate>,
    sound_kbps: f64,
    outlets: Vec<Outlet>,
    report: Report,
    step: u64,
    pictures: u64,
    sounds: u64,
    carried: f64,
}

fn newest<T: Copy>(course: &[(f64, T)], now: f64) -> Option<T> {
    course
        .iter()
        .take_while(|(from, _)| *from <= now)
        .last()
        .map(|(_, value)| *value)
}

/// Plays it to its end.
#[must_use]
pub fn rehearse(cast: Cast) -> Report {
    let mut rehearsal = Rehearsal::new(cast);
    while rehearsal.step() {}
    rehearsal.report
}

impl Rehearsal {
    /// Before its first step.
    #[must_use]
    pub fn new(cast: Cast) -> Self {
        let mut director = Director::new(cast.base.clone(), cast.policy.clone());
        director.set_on(cast.is_on);
        let rtt = |course: &Course| course.first().map_or(10.0, |(_, weather)| weather.rtt_ms);
        let mut flows = vec![0usize; cast.courses.len()];
        let outlets = cast.players.iter().enumerate().map(|(index, player)| {
            let name = format!("destination {}", index + 1);
            director.connected(&name, player.line, Timestamp::ZERO);
            let flow = flows[player.path];
            flows[player.path] += 1;
            Outlet {
                player: *player,
                flow,
                name,
                queue: VecDeque::new(),
                ends: VecDeque::new(),
                media: 0.0,
                audio: 0.0,
                waits_for_idr: true,
                dropped: 0,
                idr: (0.0, 0.0),
                wants_idr: false,
            }
        });
        let outlets: Vec<Outlet> = outlets.collect();
        let paths = cast.courses.iter().zip(&flows).enumerate();
        let paths = paths.map(|(index, (course, flows))| Path::new(*flows, rtt(course), cast.seed + index as u64));
        let encoders = cast.base.lines.iter().enumerate().map(|(index, line)| {
            let seed = cast.seed.wrapping_mul(31).wrapping_add(index as u64);
            let kbps = f64::from(line.rate.kbps);
            Encoder::new(kbps, line.frame_rate.as_f64(), line.gop.as_secs_f64(), f64::MAX, seed)
        });
        Self {
            paths: paths.collect(),
            encoders: encoders.collect(),
            rates: cast.base.lines.iter().map(|line| line.rate).collect(),
            sound_kbps: f64::from(cast.base.sound.kbps),
            report: Report {
                arrivals: vec![Vec::new(); outlets.len()],
                lost: vec![0; outlets.len()],
                ..Report::default()
            },
            outlets,
            director,
            step: 0,
            pictures: 0,
            sounds: 0,
            carried: 0.0,
            cast,
        }
    }

    /// The controller, as it is now.
    #[must_use]
    pub fn director(&mut self) -> &mut Director {
        &mut self.director
    }

    /// What has come of it so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What has just been seen of each destination, if the last step was one that looks.
    #[must_use]
    pub fn looks(&self) -> Vec<(String, Sample)> {
        if !self.step.is_multiple_of(LOOK) {
            return Vec::new();
        }
        let now = self.step.saturating_sub(1) as f64 * STEP;
        let look = |outlet: &Outlet| (outlet.name.clone(), outlet.sample(&self.paths[outlet.player.path], now));
        self.outlets.iter().map(look).collect()
    }

    /// Five milliseconds; `false` at the end.
    pub fn step(&mut self) -> bool {
        let now = self.step as f64 * STEP;
        if now >= self.cast.seconds {
            return false;
        }
        self.make(now);
        for (path, course) in self.paths.iter_mut().zip(&self.cast.courses) {
            path.step(now, &newest(course, now).unwrap_or_default());
        }
        for (outlet, arrivals) in self.outlets.iter_mut().zip(&mut self.report.arrivals) {
            outlet.feed(&mut self.paths[outlet.player.path], arrivals, now);
        }
        self.step += 1;
        if self.step.is_multiple_of(LOOK) {
            self.look(now);
        }
        true
    }

    fn make(&mut self, now: f64) {
        let fps = self
            .cast
            .base
            .lines
            .first()
            .map_or(30.0, |line| line.frame_rate.as_f64());
        while self.pictures as f64 / fps <= now {
            self.pictures += 1;
            let content = newest(&self.cast.content, now);
            for (index, encoder) in self.encoders.iter_mut().enumerate() {
                if let Some(content) = content {
                    encoder.set_content(content);
                }
                let Some(coded) = encoder.tick() else { continue };
                self.report.encoded += u64::from(index == 0);
                let bytes = coded.bytes * OVERHEAD;
                let piece = Piece {
                    bytes,
                    left: bytes,
                    at: now,
                    is_idr: coded.is_idr,
                    is_video: true,
                };
                for outlet in self.outlets.iter_mut().filter(|outlet| outlet.player.line == index) {
                    outlet.offer(piece);
                    if std::mem::take(&mut outlet.wants_idr) {
                        encoder.want_idr();
                    }
                }
            }
        }
        // A frame of AAC holds 1024 samples.
        while self.sounds as f64 * 1024.0 / 48_000.0 <= now {
            self.sounds += 1;
            let bytes = self.sound_kbps * 125.0 * 1024.0 / 48_000.0 * OVERHEAD;
            for outlet in &mut self.outlets {
                outlet.offer(Piece {
                    bytes,
                    left: bytes,
                    at: now,
                    is_idr: false,
                    is_video: false,
                });
            }
        }
    }

    fn look(&mut self, now: f64) {
        let at = Timestamp::ZERO + TimeDelta::from_secs_f64(now);
        for outlet in &self.outlets {
            let sample = outlet.sample(&self.paths[outlet.player.path], now);
            self.director.sample(&outlet.name, &sample);
        }
        for (index, encoder) in self.encoders.iter().enumerate() {
            self.director.encoded(index, encoder.made as u64, at);
        }
        if let Some(viewers) = newest(&self.cast.viewers, now) {
            self.director.audience(viewers, at);
        }
        for change in self.director.decide(at) {
            self.obey(&change);
            self.report.changes.push((at, change));
        }
        let carried: f64 = self.paths.iter().map(|path| path.carried).sum();
        let path_kbps = |course: &Course| newest(course, now).unwrap_or_default().kbps;
        self.report.ticks.push(Tick {
            at: now,
            path_kbps: self.cast.courses.iter().map(path_kbps).sum(),
            target_kbps: self.rates.first().map_or(0.0, |rate| f64::from(rate.kbps)),
            carried_kbps: (carried - self.carried) / 125.0 / (LOOK as f64 * STEP),
        });
        self.carried = carried;
        for (outlet, lost) in self.outlets.iter().zip(&mut self.report.lost) {
            *lost = outlet.dropped;
        }
    }

    fn obey(&mut self, change: &Change) {
        match change.what {
            What::Rate(line, rate) => {
                self.rates[line] = rate;
                self.encoders[line].set_kbps(f64::from(most(rate).unwrap_or(rate.kbps)));
            }
            What::FrameRate(line, divisor) => self.encoders[line].set_divisor(divisor),
            What::Size(line, ..) => self.encoders[line].want_idr(),
            What::Sound { kbps } => self.sound_kbps = f64::from(kbps),
            What::SoundRate(_) | What::Ladder(_) | What::Quality(_) | What::Tier(_) | What::LeftBehind(..) => {}
        }
    }
}
