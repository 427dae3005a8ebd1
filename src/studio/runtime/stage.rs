//! The threads of a studio: all of them started together, and ended together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::air::{Areas, FaceReport, FaceWatch, PictureAir, SoundAir};
use super::analysis;
use super::cast::{Cast, Player};
use super::encoding::{BLOCKS_WAITING, encode_sound, encode_video};
use super::error::RunError;
use super::gate::{self, Gate, PictureGate, SoundGate};
use super::graphics::{self, GraphicsLoop, GraphicsMessage};
use super::holding::Holding;
use super::ladder::{Ladder, Rendition};
use super::line::{FRAMES_WAITING, LineEncoder, Open};
use super::outlet::{Outlet, Sound};
use super::picture_loop::{PictureLoop, PictureMessage};
use super::plan::Plan;
use super::sound_loop::{SoundLoop, SoundMessage};
use super::tap_loop::{TapLoop, TapSlot};
use crate::clock::Clock;
use crate::control::taps::Taps;
use crate::encode::{AudioEncoder, VideoSettings};
use crate::media::{FramePool, FrameRate, TimeDelta};
use crate::picture::PictureSettings;
use crate::picture::lettering::own_fonts;
use crate::sound::{BusSettings, Meters, Mixer, StripSettings};
use crate::source::SourceHandle;
use crate::worker;

/// Messages that may wait for the sound thread, which fetches them every 10 ms.
const MESSAGES_WAITING: usize = 256;

/// What the threads are made of.
pub struct Parts {
    /// The studio clock.
    pub clock: Clock,
    /// Program size.
    pub size: (u32, u32),
    /// Program ticks.
    pub frame_rate: FrameRate,
    /// Where program pictures are drawn: the encoder finds them there.
    pub pool: FramePool,
    /// Running sources with their names, in the model's order.
    pub sources: Vec<(String, SourceHandle)>,
    /// What is set on the sources' pictures, in the same order.
    pub pictures: Vec<PictureSettings>,
    /// Strip settings, in the model's order of strips.
    pub strips: Vec<StripSettings>,
    /// The source of each strip.
    pub strip_sources: Vec<usize>,
    /// For each strip whether its source is seen on program at first.
    pub is_on_program: Vec<bool>,
    /// Bus settings.
    pub buses: BusSettings,
    /// The first plan.
    pub plan: Arc<Plan>,
    /// The video encoder of the source line.
    pub video: LineEncoder,
    /// The renditions beside the source: the first is line 1.
    pub renditions: Vec<RenditionParts>,
    /// The sound encoders.
    pub audio: Vec<(Sound, Box<dyn AudioEncoder>)>,
    /// Where packets go.
    pub outlet: Arc<Outlet>,
    /// Who looks.
    pub taps: Taps,
    /// What checks of pictures want hidden.
    pub areas: Arc<Areas>,
    /// What watches program, listens to it, and looks at it.
    pub analyses: Vec<analysis::Parts>,
    /// What is known of faces, and what hides them.
    pub watch: Arc<FaceWatch>,
    /// Where the faces on program are told.
    pub face_report: FaceReport,
    /// What lets pictures and sound go to air.
    pub gate: Arc<Gate>,
    /// Where it is told that something is held back.
    pub cover_report: gate::Report,
    /// Where it is told what could not be drawn.
    pub graphics_report: graphics::Report,
    /// Where an encoder's failure is told.
    pub report: Arc<dyn Fn(String) + Send + Sync>,
}

/// A rendition beside the source.
pub struct RenditionParts {
    /// As it is called.
    pub name: String,
    /// As the scene file has it.
    pub settings: VideoSettings,
    /// Makes its encoder.
    pub open: Open,
    /// Who is told of its worker.
    pub report: worker::Reporter,
}

/// The running threads.
pub struct Stage {
    /// To the picture thread.
    pub pictures: Sender<PictureMessage>,
    /// To the graphics thread.
    pub graphics: Sender<GraphicsMessage>,
    /// To the sound thread.
    pub sound: rtrb::Producer<SoundMessage>,
    /// From the sound thread.
    pub meters: Arc<Mutex<Meters>>,
    /// Its thread sleeps while nothing is held.
    holding: Arc<Holding>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Stage {
    /// Starts all threads.
    ///
    /// # Errors
    /// [`RunError::Thread`] where the system has no thread left.
    pub fn start(mut parts: Parts) -> Result<Self, RunError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (frames_in, frames) = sync_channel(FRAMES_WAITING);
        let (blocks_in, blocks) = sync_channel(BLOCKS_WAITING);
        let (pictures, messages) = channel();
        let (graphics, to_graphics) = channel();
        let (sound_in, sound_messages) = rtrb::RingBuffer::new(MESSAGES_WAITING);
        let mut mixer = Mixer::new(&parts.strips, parts.buses);
        for (at, is_on_program) in parts.is_on_program.iter().enumerate() {
            mixer.set_on_program(at, *is_on_program, TimeDelta::ZERO);
        }
        let meters = Arc::new(Mutex::new(mixer.meters().clone()));
        let (covers, masked) = (parts.pool.clone(), parts.pool.clone());
        let names = parts.sources.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let rings = parts
            .strip_sources
            .iter()
            .map(|at| parts.sources[*at].1.take_audio())
            .collect();
        let players = parts.sources.into_iter().zip(parts.pictures);
        let players = players.map(|((_, source), settings)| Some(Player::new(source, settings, parts.pool.clone())));
        let cast = Cast::new(players.collect(), names);
        let slot = Arc::new(TapSlot::new(parts.taps));
        slot.rename(&cast.names);
        let slot_of_air = Arc::clone(&slot);

        let (mut analyses, mut picture_feeds, mut sound_feeds) = (Vec::new(), Vec::new(), Vec::new());
        for parts in parts.analyses {
            let (analysis, pictures, sound) = analysis::prepare(parts);
            analyses.push(analysis);
            picture_feeds.push(pictures);
            sound_feeds.push(sound);
        }
        let sound = SoundLoop {
            clock: parts.clock,
            rings,
            mixer,
            messages: sound_messages,
            encoder: blocks_in,
            outlet: Arc::clone(&parts.outlet),
            analyses: sound_feeds,
            meters: Arc::clone(&meters),
            stop: Arc::clone(&stop),
        };
        let picture = PictureLoop {
            clock: parts.clock,
            size: parts.size,
            frame_rate: parts.frame_rate,
            pool: parts.pool,
            cast,
            messages,
            encoder: frames_in,
            watch: Arc::clone(&parts.watch),
            outlet: Arc::clone(&parts.outlet),
            analyses: picture_feeds,
            taps: Arc::clone(&slot),
            stop: Arc::clone(&stop),
        };
        let tap = TapLoop {
            clock: parts.clock,
            size: parts.size,
            slot,
            stop: Arc::clone(&stop),
        };

        let painter = GraphicsLoop {
            clock: parts.clock,
            messages: to_graphics,
            pictures: pictures.clone(),
            report: parts.graphics_report,
            stop: Arc::clone(&stop),
        };

        let mut stage = Self {
            holding: Arc::clone(parts.outlet.holding()),
            pictures,
            graphics,
            sound: sound_in,
            meters,
            stop,
            threads: Vec::new(),
        };
        let mut ladder = Ladder::default();
        for parts_of in parts.renditions {
            let (line, frames) = ladder.add();
            let rendition = Rendition {
                line,
                outlet: Arc::clone(&parts.outlet),
                settings: parts_of.settings,
                open: parts_of.open,
                report: parts_of.report,
                fail: Arc::clone(&parts.report),
            };
            stage.spawn(&format!("encode-{}", parts_of.name), move || rendition.run(&frames))?;
        }
        let (mut video, mut audio, plan) = (parts.video, parts.audio, parts.plan);
        let (outlet, report) = (Arc::clone(&parts.outlet), Arc::clone(&parts.report));
        let picture_gate = PictureGate::new(
            Arc::clone(&parts.gate),
            Arc::clone(&parts.outlet),
            covers,
            Arc::clone(&parts.cover_report),
        );
        let mut picture_air = PictureAir::new(
            parts.clock,
            Arc::clone(&parts.watch),
            picture_gate,
            masked,
            slot_of_air,
            parts.face_report,
        )
        .with_areas(parts.areas);
        stage.spawn("encode-video", move || {
            encode_video(&frames, &mut picture_air, &mut video, &ladder, &outlet, &*report);
        })?;
        let (outlet, report) = (parts.outlet, parts.report);
        let (holding, letting_out, watch) = (
            Arc::clone(outlet.holding()),
            Arc::clone(&outlet),
            Arc::clone(&parts.watch),
        );
        let is_over = Arc::clone(&stage.stop);
        stage.spawn("hold", move || holding.run(&letting_out, &watch, &is_over))?;
        let sound_gate = SoundGate::new(parts.gate, Arc::clone(&outlet), parts.cover_report);
        let mut sound_air = SoundAir::new(parts.clock, parts.watch, sound_gate, Arc::clone(outlet.holding()));
        stage.spawn("encode-sound", move || {
            encode_sound(&blocks, &mut sound_air, &mut audio, &outlet, &*report);
        })?;
        stage.spawn("sound", move || sound.run())?;
        let to_draw = Arc::clone(&plan);
        stage.spawn("graphics", move || painter.run(to_draw))?;
        stage.spawn("picture", move || picture.run(plan))?;
        stage.find_fonts();
        stage.spawn("tap", move || tap.run())?;
        for analysis in analyses {
            let stop = Arc::clone(&stage.stop);
            stage.spawn("analysis", move || analysis.run(&stop))?;
        }
        Ok(stage)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), RunError> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        self.threads.push(thread.map_err(|error| RunError::Thread {
            name: name.to_owned(),
            error,
        })?);
        Ok(())
    }

    /// Looks for the fonts of the system, which takes a moment: until then letters are those of the font inside the program.
    fn find_fonts(&self) {
        let graphics = self.graphics.clone();
        let find = move || {
            let mut fonts = own_fonts();
            fonts.load_system_fonts();
            // The show may be over.
            let _ = graphics.send(GraphicsMessage::Fonts(Box::new(fonts)));
        };
        if std::thread::Builder::new()
            .name("fonts".to_owned())
            .spawn(find)
            .is_err()
        {
            tracing::warn!("no thread to look for fonts: letters are those of the font inside the program");
        }
    }

    /// Whether a thread has ended that should not have: the show cannot go on as it is.
    pub fn has_lost_a_thread(&self) -> Option<&str> {
        self.threads
            .iter()
            .find(|thread| thread.is_finished())
            .map(|thread| thread.thread().name().unwrap_or("?"))
    }

    /// Whether the threads have been told to end.
    pub fn has_ended(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Ends all threads and waits for them: a tick or two.
    pub fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.holding.wake();
        for thread in self.threads.drain(..) {
            // A panic has been reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.end();
    }
}
