//! One strip: the way of one source's sound from its input to the buses, stage by stage.
//!
//! ```text
//! input ─ high-pass ─ denoise (1 block) ─ gate ─ EQ ─ compressor ─ de-esser ─ ride ─ fader
//! ```
//!
//! **One channel for two.** While both channels are the same, which they are of most microphones, one of them is worked on,
//! up to the pan. When they part, every stage's second channel goes on from where the first one is: as they were the
//! same until then, nothing is guessed.
//!
//! **Off costs nothing.** A stage that is off is left out once it has faded; a strip that nothing comes into sleeps once
//! nothing rings in it.

use super::Stereo;
use super::compressor::Compressor;
use super::de_esser::DeEsser;
use super::delay::MAX_DELAY_BLOCKS;
use super::denoise::Denoise;
use super::fader::{Buses, Fader};
use super::filter::{Shape, eq_shapes};
use super::gate::Gate;
use super::input::Input;
use super::level::peak;
use super::meter::{Metering, StageMeters, StripMeter};
use super::ride::Ride;
use super::settings::{BusSettings, StripSettings};
use super::stage_meter::{LevelChange, energy_of};
use super::tone::Tone;
use crate::media::BLOCK_FRAMES;

/// Half a second without sound, at the input and before the fader, and another half for the delay: the strip then costs
/// nothing until sound comes back.
const SLEEP_BLOCKS: u32 = 50 + MAX_DELAY_BLOCKS as u32;

/// -120 dBFS: what still rings in a filter that loudly is awaited.
const RINGING: f32 = 1e-6;

/// The state of one strip.
pub struct Strip {
    settings: StripSettings,
    input: Input,
    high_pass: Tone<1>,
    high_pass_change: LevelChange,
    denoise: Denoise,
    gate: Gate,
    eq: Tone<4>,
    eq_change: LevelChange,
    compressor: Compressor,
    de_esser: DeEsser,
    ride: Ride,
    target_lufs: f32,
    fader: Fader,
    metering: Metering,
    silent_blocks: u32,
    /// Every stage has been told to sleep since anything was set or heard.
    is_asleep: bool,
}

impl Strip {
    /// A strip that has heard nothing yet. Allocates all that it will ever need.
    #[must_use]
    pub fn new(settings: StripSettings) -> Self {
        let settings = settings.sanitised();
        let active = active(&settings);
        let target_lufs = BusSettings::default().target_lufs;
        let mut ride = Ride::new();
        ride.set(&active.ride, target_lufs);
        Self {
            settings,
            input: Input::new(),
            high_pass: Tone::new(active.high_pass.is_on, [Shape::high_pass(&active.high_pass)]),
            high_pass_change: LevelChange::default(),
            denoise: Denoise::new(&active.denoise),
            gate: Gate::new(&active.gate),
            eq: Tone::new(active.eq.is_on, eq_shapes(&active.eq)),
            eq_change: LevelChange::default(),
            compressor: Compressor::new(&active.compressor),
            de_esser: DeEsser::new(&active.de_esser),
            ride,
            target_lufs,
            fader: Fader::new(&active),
            metering: Metering::default(),
            silent_blocks: SLEEP_BLOCKS,
            is_asleep: false,
        }
    }

    /// Changes the settings; what is heard follows within 20 ms, a stage that was off within 150 ms: it listens before it is
    /// heard.
    pub fn set(&mut self, settings: StripSettings) {
        let settings = settings.sanitised();
        if settings == self.settings {
            return;
        }
        self.settings = settings;
        self.is_asleep = false;
        let active = active(&settings);
        self.high_pass
            .set(active.high_pass.is_on, [Shape::high_pass(&active.high_pass)]);
        self.denoise.set(&active.denoise);
        self.gate.set(&active.gate);
        self.eq.set(active.eq.is_on, eq_shapes(&active.eq));
        self.compressor.set(&active.compressor);
        self.de_esser.set(&active.de_esser);
        self.ride.set(&active.ride, self.target_lufs);
        self.fader.set(&active);
    }

    /// Sets how loud the ride makes a voice, in LUFS.
    pub fn set_target(&mut self, target_lufs: f32) {
        self.target_lufs = target_lufs;
        self.ride.set(&active(&self.settings).ride, target_lufs);
    }

    /// The settings in force, sanitised.
    #[must_use]
    pub const fn settings(&self) -> StripSettings {
        self.settings
    }

    /// Tells whether the source is seen on program, for audio that follows video: the strip opens or closes within
    /// `over_frames`. Until it is told otherwise, a source counts as seen.
    pub fn set_on_program(&mut self, is_on_program: bool, over_frames: usize) {
        self.fader.set_on_program(is_on_program, over_frames);
    }

    /// Sets by how many dB (0 or less) program and aux hear less of it. The way there lasts the next block, in a straight
    /// line: call it before each block for which it changes.
    pub fn duck(&mut self, db: f32) {
        self.fader.duck(db);
    }

    /// What left the strip in the last block: behind pan and delay, muted or not. As old as its meter: one block.
    #[must_use]
    pub const fn output(&self) -> &Stereo {
        self.fader.output()
    }

    /// The peak, in dBFS, of what a strip of role voice added to program in the last block. `None` where it is no voice,
    /// muted, or kept out by AFV.
    #[must_use]
    pub fn voice_dbfs(&self) -> Option<f32> {
        self.fader.voice_dbfs()
    }

    /// The peak, in dBFS, of what it added to program in the last block.
    #[must_use]
    pub fn program_dbfs(&self) -> f32 {
        self.fader.program_dbfs()
    }

    /// What the meter of this strip shows: what leaves it, muted or not.
    #[must_use]
    pub const fn meter(&self) -> &StripMeter {
        self.metering.shown()
    }

    /// Takes the next block (`None`: the source has none) and adds the block before it to the buses.
    pub fn process(&mut self, input: Option<&Stereo>, buses: &mut Buses) {
        let arrival = self.input.look(input);
        self.metering.feed_input(arrival.peak);
        if arrival.is_sounding {
            self.silent_blocks = 0;
        } else if self.silent_blocks >= SLEEP_BLOCKS {
            self.sleep(input.is_some());
            return;
        }
        self.is_asleep = false;
        if arrival.is_parting {
            self.widen();
        }
        let channels = arrival.channels;

        let mut current = Input::clean(input, channels);
        measured(
            &mut self.high_pass,
            &mut self.high_pass_change,
            &mut current[..channels],
        );
        let mut out = self.denoise.process(&current, channels, input.is_some());
        self.gate.process(&mut out[..channels]);
        measured(&mut self.eq, &mut self.eq_change, &mut out[..channels]);
        self.compressor.process(&mut out[..channels]);
        self.de_esser.process(&mut out[..channels]);
        self.ride.process(&mut out[..channels]);
        self.count_silence(&out[..channels]);
        self.fader.process(out, channels, buses);
        self.metering.feed(self.fader.output());
        self.show_stages();
    }

    /// A block that is silent at both ends is one more of silence.
    fn count_silence(&mut self, out: &[[f32; BLOCK_FRAMES]]) {
        let is_ringing = peak(out.as_flattened()) > RINGING;
        self.silent_blocks = if is_ringing {
            0
        } else {
            self.silent_blocks.saturating_add(1)
        };
    }

    /// Both channels were the same until now.
    fn widen(&mut self) {
        self.high_pass.widen();
        self.denoise.widen();
        self.eq.widen();
        self.de_esser.widen();
    }

    /// Nothing in, nothing out, and nothing still ringing.
    fn sleep(&mut self, is_present: bool) {
        if !self.is_asleep {
            self.is_asleep = true;
            self.high_pass.sleep();
            self.high_pass_change.rest();
            self.gate.sleep();
            self.eq.sleep();
            self.eq_change.rest();
            self.compressor.sleep();
            self.de_esser.sleep();
        }
        self.input.sleep();
        self.denoise.sleep(is_present);
        self.fader.sleep();
        self.metering.feed_silence();
        self.show_stages();
    }

    fn show_stages(&mut self) {
        self.metering.show_stages(StageMeters {
            high_pass_db: self.high_pass_change.db(),
            denoise_db: self.denoise.shown_db(),
            gate_db: self.gate.shown_db(),
            eq_db: self.eq_change.db(),
            compressor_db: self.compressor.shown_db(),
            de_esser_db: self.de_esser.shown_db(),
            ride_db: self.ride.gain_db(),
            duck_db: self.fader.duck_db(),
        });
    }
}

/// The settings that are at work: none of the stages up to the ride where the strip is bypassed.
const fn active(settings: &StripSettings) -> StripSettings {
    let mut active = *settings;
    if settings.is_bypassed {
        active.high_pass.is_on = false;
        active.denoise.is_on = false;
        active.gate.is_on = false;
        active.eq.is_on = false;
        active.compressor.is_on = false;
        active.de_esser.is_on = false;
        active.ride.is_on = false;
    }
    active
}

/// Runs filters and measures what they change.
fn measured<const N: usize>(tone: &mut Tone<N>, change: &mut LevelChange, block: &mut [[f32; BLOCK_FRAMES]]) {
    if !tone.is_running() {
        change.rest();
        return;
    }
    let before = energy_of(block);
    tone.process(block);
    change.feed(before, energy_of(block));
}
