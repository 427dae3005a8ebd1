//! The mixer: strips, buses, limiters, meters.

use super::limiter::Limiter;
use super::meter::{Metering, Meters};
use super::ramp::Ramp;
use super::settings::{BusSettings, StripSettings};
use super::strip::{Buses, Strip};
use super::{SILENCE, Stereo, denoise};
use crate::media::{AudioBlock, BLOCK_FRAMES, TimeDelta, Timestamp};

/// Listening moves between program and PFL in 10 ms.
const LISTEN_FRAMES: usize = BLOCK_FRAMES;

/// What the mixer gives for each block: both stamped with the time of what is in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// What goes on air: all strips that are not muted, at most −1 dBTP.
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

/// All the sound of a show.
pub struct Mixer {
    strips: Vec<Strip>,
    bus: BusSettings,
    last: Mix,
    buses: Box<Buses>,
    program_limiter: Limiter,
    monitor_limiter: Limiter,
    /// 1 = the monitor hears PFL, 0 = program.
    listen: Ramp,
    program_metering: Metering,
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
            buses: Box::new(Buses {
                program: SILENCE,
                pfl: SILENCE,
            }),
            program_limiter: Limiter::new(bus.ceiling_dbtp),
            monitor_limiter: Limiter::new(bus.ceiling_dbtp),
            listen: Ramp::new(0.0),
            program_metering: Metering::default(),
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
        self.strips.push(Strip::new(settings));
        self.meters.strips.push(super::StripMeter::default());
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
        for limiter in [&mut self.program_limiter, &mut self.monitor_limiter] {
            limiter.set_ceiling(self.bus.ceiling_dbtp);
        }
    }

    /// Tells whether the source of a strip is seen on program, for audio that follows video; the strip opens or closes
    /// within `over`. Until it is told otherwise, a source counts as seen.
    pub fn set_on_program(&mut self, _strip: usize, _is_on_program: bool, _over: TimeDelta) {}

    /// Integrated loudness, loudness range and highest true peak start anew.
    pub fn reset_loudness(&mut self) {}

    /// What was at `point` in the last block. `None` where there is no such strip.
    #[must_use]
    pub fn output(&self, point: Point) -> Option<AudioBlock> {
        match point {
            Point::Strip(_) | Point::AuxA | Point::AuxB => None,
            Point::Program => Some(self.last.program),
            Point::Monitor => Some(self.last.monitor),
        }
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
        self.buses.program = SILENCE;
        self.buses.pfl = SILENCE;
        let inputs = inputs.iter().map(Option::as_ref).chain(std::iter::repeat(None));
        for ((strip, meter), input) in self.strips.iter_mut().zip(&mut self.meters.strips).zip(inputs) {
            debug_assert!(input.is_none_or(|block| block.pts == now), "a block of another time");
            strip.process(input.map(|block| &block.channels), &mut self.buses);
            *meter = *strip.meter();
        }

        let program = self.program_limiter.process(&self.buses.program);
        let pfl = self.monitor_limiter.process(&self.buses.pfl);
        self.program_metering.feed(&program);
        self.meters.program = *self.program_metering.shown();
        self.meters.limiter_reduction_db = self.program_limiter.reduction_db();

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

    fn is_any_solo(&self) -> bool {
        self.strips.iter().any(|strip| strip.settings().is_solo)
    }
}
