//! One strip: the way of one source's sound from its input to the buses.

use fundsp::audionode::AudioNode;
use fundsp::filter::DCBlock;

use super::delay::MAX_DELAY_BLOCKS;
use super::denoise::Denoiser;
use super::fader::{Buses, Fader};
use super::meter::{Metering, StripMeter};
use super::ramp::Ramp;
use super::settings::StripSettings;
use super::{SILENCE, Stereo};
use crate::media::{BLOCK_FRAMES, SAMPLE_RATE};

/// The denoiser fades in and out over 20 ms.
const DENOISE_FADE_FRAMES: usize = 2 * BLOCK_FRAMES;

/// Blocks that the denoiser hears before it is heard: what it remembers is from when it was last on, and the first
/// windows mix that with now.
const DENOISE_LEAD_BLOCKS: u32 = 8;

/// Sound that begins or ends in the middle of nowhere fades over 2 ms.
const EDGE_FRAMES: usize = 96;

/// After half a second without sound every filter has rung out, and the strip costs nothing until sound comes back.
const SLEEP_BLOCKS: u32 = 50 + MAX_DELAY_BLOCKS as u32;

/// -160 dBFS: below what 24 bits can say. Tails that decay towards nothing count as silence, before their numbers get
/// so small that arithmetic slows down.
const INAUDIBLE: f32 = 1e-8;

/// Below speech and music; takes out the offset of cheap converters, which would eat headroom and click at a mute.
const DC_CUTOFF_HZ: f64 = 20.0;

/// +36 dBFS: no source sends more on purpose, and filters stay finite.
const INPUT_LIMIT: f32 = 64.0;

/// The state of one strip.
pub struct Strip {
    settings: StripSettings,
    fader: Fader,
    /// 1 = denoised, 0 = dry.
    wet: Ramp,
    dc: [DCBlock<f64>; 2],
    denoiser: Denoiser,
    /// Blocks that the denoiser has heard since it was switched on.
    denoiser_heard: u32,
    /// The block before the current one: the dry path's delay.
    delayed: Stereo,
    /// Whether the source sent the block in `delayed`, and the one before it.
    is_delayed_sound: bool,
    was_sound: bool,
    silent_blocks: u32,
    metering: Metering,
}

impl Strip {
    /// A strip that has heard nothing yet. Allocates all that it will ever need.
    #[must_use]
    pub fn new(settings: StripSettings) -> Self {
        let settings = settings.sanitised();
        let mut dc = DCBlock::new(DC_CUTOFF_HZ);
        dc.set_sample_rate(f64::from(SAMPLE_RATE));
        Self {
            settings,
            fader: Fader::new(&settings),
            wet: Ramp::new(as_factor(settings.denoise.is_on)),
            dc: [dc.clone(), dc],
            denoiser: Denoiser::new(),
            denoiser_heard: if settings.denoise.is_on { DENOISE_LEAD_BLOCKS } else { 0 },
            delayed: SILENCE,
            is_delayed_sound: false,
            was_sound: false,
            silent_blocks: SLEEP_BLOCKS,
            metering: Metering::default(),
        }
    }

    /// Changes the settings; what is heard follows within 10 ms (denoise: within 100 ms).
    pub fn set(&mut self, settings: StripSettings) {
        self.settings = settings.sanitised();
        self.fader.set(&self.settings);
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

    /// The settings in force, sanitised.
    #[must_use]
    pub const fn settings(&self) -> StripSettings {
        self.settings
    }

    /// What the meter of this strip shows: after gain, before mute.
    #[must_use]
    pub const fn meter(&self) -> &StripMeter {
        self.metering.shown()
    }

    /// Takes the next block (`None`: the source has none) and adds the block before it to the buses.
    pub fn process(&mut self, input: Option<&Stereo>, buses: &mut Buses) {
        let is_sounding = input.is_some_and(|block| block.iter().flatten().any(|sample| sample.abs() > INAUDIBLE));
        self.silent_blocks = if is_sounding {
            0
        } else {
            self.silent_blocks.saturating_add(1)
        };
        if self.silent_blocks > SLEEP_BLOCKS {
            self.sleep(input.is_some());
            return;
        }

        #[expect(clippy::float_cmp, reason = "equal channels are bit for bit the same")]
        let is_mono = input.is_none_or(|block| block[0] == block[1]);
        let current = self.clean(input);
        let mut out = self.denoise(&current, is_mono);
        self.fade_edges(&mut out, input.is_some());
        self.delayed = current;
        self.was_sound = self.is_delayed_sound;
        self.is_delayed_sound = input.is_some();

        self.fader.process(out, 2, buses);
        self.metering.feed(self.fader.output());
    }

    /// Nothing in, nothing out, and nothing still ringing.
    fn sleep(&mut self, is_present: bool) {
        self.dc.iter_mut().for_each(AudioNode::reset);
        self.delayed = SILENCE;
        self.was_sound = self.is_delayed_sound;
        self.is_delayed_sound = is_present;
        // A denoiser that was on has heard the silence and may go on as it is. One that was not holds old sound: it
        // starts with its lead when sound comes back.
        let goes_on = self.settings.denoise.is_on && self.denoiser_heard >= DENOISE_LEAD_BLOCKS;
        self.wet = Ramp::new(as_factor(goes_on));
        if !goes_on {
            self.denoiser_heard = 0;
            self.denoiser.pause();
        }
        self.fader.sleep();
        self.metering.feed_silence();
    }

    /// Makes whatever a source sends finite, and takes its DC offset out.
    fn clean(&mut self, input: Option<&Stereo>) -> Stereo {
        let Some(input) = input else {
            self.dc.iter_mut().for_each(AudioNode::reset);
            return SILENCE;
        };
        let mut block = *input;
        for (samples, filter) in block.iter_mut().zip(&mut self.dc) {
            for sample in samples {
                let finite = if sample.is_finite() {
                    sample.clamp(-INPUT_LIMIT, INPUT_LIMIT)
                } else {
                    0.0
                };
                *sample = filter.tick(&[finite].into())[0];
            }
        }
        block
    }

    /// The block before `current`, denoised as far as denoise is on.
    fn denoise(&mut self, current: &Stereo, is_mono: bool) -> Stereo {
        let mut out = self.delayed;
        if self.settings.denoise.is_on {
            if self.denoiser_heard >= DENOISE_LEAD_BLOCKS {
                self.wet.aim(1.0, DENOISE_FADE_FRAMES);
            }
        } else {
            self.wet.aim(0.0, DENOISE_FADE_FRAMES);
            if self.wet.rests_at(0.0) {
                if self.denoiser_heard > 0 {
                    self.denoiser_heard = 0;
                    self.denoiser.pause();
                }
                return out;
            }
        }
        let denoised = self.denoiser.process(current, is_mono);
        self.denoiser_heard = self.denoiser_heard.saturating_add(1);
        self.wet.next_block().blend(&mut out, &denoised);
        out
    }

    /// `out` is the block before the one that is (or is not) there now: it fades in where the source had sent nothing
    /// before it and fades out where nothing follows.
    fn fade_edges(&self, out: &mut Stereo, is_followed: bool) {
        if !self.is_delayed_sound {
            *out = SILENCE;
            return;
        }
        for channel in out {
            if !self.was_sound {
                for (n, sample) in channel[..EDGE_FRAMES].iter_mut().enumerate() {
                    *sample *= n as f32 / EDGE_FRAMES as f32;
                }
            }
            if !is_followed {
                for (n, sample) in channel[BLOCK_FRAMES - EDGE_FRAMES..].iter_mut().enumerate() {
                    *sample *= 1.0 - (n + 1) as f32 / EDGE_FRAMES as f32;
                }
            }
        }
    }
}

const fn as_factor(is_on: bool) -> f32 {
    if is_on { 1.0 } else { 0.0 }
}
