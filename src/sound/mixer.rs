//! The mixer: strips, buses, limiters, meters.
//!
//! Each block, the strips of role voice go first: music hears in the same 10 ms that somebody speaks, and ducks. What
//! leaves the strips is one block old; program and monitor are one more, for their limiters look ahead. The aux
//! buses feed no air but people and machines in the rig, and are not limited: what is above full scale is cut off there.

use super::duck::Ducker;
use super::fader::Buses;
use super::level::{FLOOR_DBFS, db_to_factor};
use super::limiter::Limiter;
use super::loudness::LoudnessMeter;
use super::meter::{Metering, Meters, StripMeter};
use super::ramp::Ramp;
use super::settings::{BusSettings, Role, StripSettings};
use super::silence::{QUIET_DBFS, is_quiet};
use super::strip::Strip;
use super::{Stereo, denoise};
use crate::media::{AudioBlock, BLOCK_FRAMES, TimeDelta, Timestamp};

/// Listening moves between program and PFL in 10 ms.
const LISTEN_FRAMES: usize = BLOCK_FRAMES;

/// A strip that adds less than this to program, in dBFS, is not heard there.
const AUDIBLE_DBFS: f32 = -60.0;

/// By how many blocks what leaves a strip is older than what went in.
const STRIP_BLOCKS: i64 = 1;

/// What the mixer gives for each block: both stamped with the time of what is in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// What goes on air: all open strips, at most as high as the ceiling.
    pub program: AudioBlock,
    /// What the operator hears: all solo strips, or program where none is solo. Likewise limited.
    pub monitor: AudioBlock,
}

/// A place in the mixer where its sound can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// What leaves a strip: behind gain, pan and delay; muted or not.
    Strip(usize),
    /// What goes on air.
    Program,
    /// What the operator hears.
    Monitor,
    /// Aux bus A.
    AuxA,
    /// Aux bus B.
    AuxB,
}

/// Strips that are to take the place of others: made outside of the sound thread, which neither allocates nor frees.
pub struct StripSet {
    strips: Vec<Strip>,
    meters: Vec<StripMeter>,
}

impl StripSet {
    /// Strips that have heard nothing yet, one for each of `settings`.
    #[must_use]
    pub fn new(settings: &[StripSettings]) -> Self {
        denoise::warm_up_this_thread();
        Self {
            strips: settings.iter().map(|settings| Strip::new(*settings)).collect(),
            meters: vec![StripMeter::default(); settings.len()],
        }
    }
}

/// All the sound of a show.
pub struct Mixer {
    strips: Vec<Strip>,
    bus: BusSettings,
    last: Mix,
    buses: Box<Buses>,
    ducker: Ducker,
    program_limiter: Limiter,
    monitor_limiter: Limiter,
    /// 1 = the monitor hears PFL, 0 = program.
    listen: Ramp,
    program_metering: Metering,
    loudness: LoudnessMeter,
    /// An amplitude below which program counts as silent.
    quiet: f32,
    silent_blocks: i64,
    /// The strips that could be heard when the last block left them, and the one before.
    audible: [u64; 2],
    meters: Meters,
}

impl Mixer {
    /// What comes out is exactly this many blocks older than what went in.
    pub const LATENCY_BLOCKS: i64 = 2;

    /// A mixer with one strip for each of `settings`.
    #[must_use]
    pub fn new(settings: &[StripSettings], bus: BusSettings) -> Self {
        denoise::warm_up_this_thread();
        let bus = bus.sanitised();
        let silence = AudioBlock::silence(Timestamp::ZERO);
        let mut mixer = Self {
            strips: Vec::new(),
            bus,
            last: Mix {
                program: silence,
                monitor: silence,
            },
            buses: Box::default(),
            ducker: Ducker::new(bus.ducking),
            program_limiter: Limiter::new(bus.ceiling_dbtp),
            monitor_limiter: Limiter::new(bus.ceiling_dbtp),
            listen: Ramp::new(0.0),
            program_metering: Metering::default(),
            loudness: LoudnessMeter::new(),
            quiet: db_to_factor(QUIET_DBFS),
            silent_blocks: 0,
            audible: [0; 2],
            meters: Meters::default(),
        };
        for settings in settings {
            mixer.add(*settings);
        }
        if mixer.is_any_solo() {
            mixer.listen = Ramp::new(1.0);
        }
        mixer
    }

    /// Adds a strip behind the others and gives its number. Allocates, unlike [`process`](Self::process).
    pub fn add(&mut self, settings: StripSettings) -> usize {
        let mut strip = Strip::new(settings);
        strip.set_target(self.bus.target_lufs);
        self.strips.push(strip);
        self.meters.strips.push(StripMeter::default());
        self.strips.len() - 1
    }

    /// Takes strip `strip` out; those behind it move up. Its sound ends at once: mute it first for a soft end. False
    /// where there is no such strip.
    pub fn remove(&mut self, strip: usize) -> bool {
        if strip >= self.strips.len() {
            return false;
        }
        self.strips.remove(strip);
        self.meters.strips.remove(strip);
        true
    }

    /// Puts the strips of `set` in the place of those that there are, which are left in `set`. Where `from` has the number of a
    /// strip that there is, that one stays as it is, in its new place. Neither allocates nor frees.
    pub fn take_over(&mut self, set: &mut StripSet, from: &[Option<usize>]) {
        for (at, was) in from.iter().enumerate() {
            let Some(was) = *was else { continue };
            if let (Some(new), Some(old)) = (set.strips.get_mut(at), self.strips.get_mut(was)) {
                std::mem::swap(new, old);
            }
            if let (Some(new), Some(old)) = (set.meters.get_mut(at), self.meters.strips.get(was)) {
                *new = *old;
            }
        }
        std::mem::swap(&mut self.strips, &mut set.strips);
        std::mem::swap(&mut self.meters.strips, &mut set.meters);
        for strip in &mut self.strips {
            strip.set_target(self.bus.target_lufs);
        }
        // They are numbered anew.
        self.audible = [0; 2];
    }

    /// How many strips there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.strips.len()
    }

    /// Whether there is no strip.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.strips.is_empty()
    }

    /// Changes the settings of a strip; the sound follows along ramps. A strip that does not exist is ignored: a
    /// command may have crossed with a change of the scene.
    pub fn set(&mut self, strip: usize, settings: StripSettings) {
        if let Some(strip) = self.strips.get_mut(strip) {
            strip.set(settings);
        }
    }

    /// Changes the settings of the buses; the sound follows along ramps.
    pub fn set_bus(&mut self, bus: BusSettings) {
        self.bus = bus.sanitised();
        self.ducker.set(self.bus.ducking);
        for strip in &mut self.strips {
            strip.set_target(self.bus.target_lufs);
        }
        for limiter in [&mut self.program_limiter, &mut self.monitor_limiter] {
            limiter.set_ceiling(self.bus.ceiling_dbtp);
        }
    }

    /// Tells whether the source of a strip is seen on program, for audio that follows video; the strip opens or closes
    /// within `over`. Until it is told otherwise, a source counts as seen.
    pub fn set_on_program(&mut self, strip: usize, is_on_program: bool, over: TimeDelta) {
        if let Some(strip) = self.strips.get_mut(strip) {
            let frames = (Timestamp::ZERO + over).to_48k();
            strip.set_on_program(is_on_program, usize::try_from(frames).unwrap_or(0));
        }
    }

    /// Integrated loudness, loudness range and highest true peak start anew.
    pub fn reset_loudness(&mut self) {
        self.loudness.reset();
        self.meters.loudness = self.loudness.shown();
    }

    /// What was at `point` in the last block, stamped with its own time: strips and aux buses are a block ahead of program
    /// and monitor. `None` where there is no such strip.
    #[must_use]
    pub fn output(&self, point: Point) -> Option<AudioBlock> {
        let channels = match point {
            Point::Program => return Some(self.last.program),
            Point::Monitor => return Some(self.last.monitor),
            Point::Strip(strip) => *self.strips.get(strip)?.output(),
            Point::AuxA => within_full_scale(self.buses.aux[0]),
            Point::AuxB => within_full_scale(self.buses.aux[1]),
        };
        let pts = self.last.program.pts + AudioBlock::duration() * (Self::LATENCY_BLOCKS - STRIP_BLOCKS);
        Some(AudioBlock { pts, channels })
    }

    /// The settings of a strip as they are in force, gain within its limits.
    #[must_use]
    pub fn settings(&self, strip: usize) -> Option<StripSettings> {
        self.strips.get(strip).map(Strip::settings)
    }

    /// Mixes the blocks that sound at `now`, one for each strip. `None`, and what is missing at the end, is silence;
    /// what is too many is ignored. The result sounds at `now` − [`LATENCY_BLOCKS`](Self::LATENCY_BLOCKS).
    ///
    /// Neither allocates nor locks, but for the first call on a thread other than the one that made the mixer, which
    /// makes the FFT plan of that thread.
    pub fn process(&mut self, now: Timestamp, inputs: &[Option<AudioBlock>]) -> Mix {
        denoise::warm_up_this_thread();
        self.buses.clear();
        self.mix_strips(now, inputs, |role| role == Role::Voice);
        self.duck();
        self.mix_strips(now, inputs, |role| role != Role::Voice);

        self.listen_to_strips();
        let program = self.program_limiter.process(&self.buses.program);
        let pfl = self.monitor_limiter.process(&self.buses.pfl);
        self.measure(&program);

        let is_any_solo = self.is_any_solo();
        self.listen.aim(f32::from(u8::from(is_any_solo)), LISTEN_FRAMES);
        let mut monitor = program;
        self.listen.next_block().blend(&mut monitor, &pfl);

        let pts = now - AudioBlock::duration() * Self::LATENCY_BLOCKS;
        let block = |channels: Stereo| AudioBlock { pts, channels };
        self.last = Mix {
            program: block(program),
            monitor: block(monitor),
        };
        self.last.clone()
    }

    /// What the meters show after the last block.
    #[must_use]
    pub const fn meters(&self) -> &Meters {
        &self.meters
    }

    /// The strips that could be heard in the last program block, a bit each; those beyond 64 have none. A little generous: the
    /// limiter's block lies across two of a strip.
    #[must_use]
    pub const fn audible(&self) -> u64 {
        self.audible[0] | self.audible[1]
    }

    fn listen_to_strips(&mut self) {
        let heard = self.strips.iter().take(64).enumerate();
        let heard = heard.filter(|(_, strip)| strip.program_dbfs() > AUDIBLE_DBFS);
        self.audible = [self.audible[1], heard.fold(0, |all, (at, _)| all | 1 << at)];
    }

    /// Those strips whose role is `wanted` add their sound to the buses.
    fn mix_strips(&mut self, now: Timestamp, inputs: &[Option<AudioBlock>], wanted: impl Fn(Role) -> bool) {
        for (index, (strip, meter)) in self.strips.iter_mut().zip(&mut self.meters.strips).enumerate() {
            if wanted(strip.settings().role) {
                let input = inputs.get(index).and_then(Option::as_ref);
                debug_assert!(input.is_none_or(|block| block.pts == now), "a block of another time");
                strip.process(input.map(|block| &block.channels), &mut self.buses);
                *meter = *strip.meter();
            }
        }
    }

    /// Music goes where the voices of this block want it.
    fn duck(&mut self) {
        let voices = self.strips.iter().filter_map(Strip::voice_dbfs);
        let down = self.ducker.next_block(voices.fold(FLOOR_DBFS, f32::max));
        for strip in &mut self.strips {
            let is_music = strip.settings().role == Role::Music;
            strip.duck(if is_music { down } else { 0.0 });
        }
    }

    fn measure(&mut self, program: &Stereo) {
        self.program_metering.feed(program);
        self.loudness.feed(program);
        self.silent_blocks = if is_quiet(program, self.quiet) {
            self.silent_blocks + 1
        } else {
            0
        };
        let silent_for = AudioBlock::duration() * self.silent_blocks;
        self.meters.program = *self.program_metering.shown();
        self.meters.limiter_reduction_db = self.program_limiter.reduction_db();
        self.meters.loudness = self.loudness.shown();
        self.meters.silent_ms = silent_for.to_millis().unsigned_abs();
    }

    fn is_any_solo(&self) -> bool {
        self.strips.iter().any(|strip| strip.settings().is_solo)
    }
}

fn within_full_scale(mut block: Stereo) -> Stereo {
    for sample in block.as_flattened_mut() {
        *sample = sample.clamp(-1.0, 1.0);
    }
    block
}
