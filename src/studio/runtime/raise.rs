//! Puts a stage up: sources, workers, encoders, destinations and threads for one show, in the order that is quickest on air.

use std::sync::Arc;

use super::adapting::Samples;
use super::air::{FaceWatch, HELD_PICTURES, MaskPlan};
use super::analysis::{self, Duty};
use super::destinations::Destinations;
use super::error::RunError;
use super::gate::Gate;
use super::holding::Holding;
use super::line::{FRAMES_WAITING, LineEncoder, Open, Opened, open_scaled};
use super::moderating::Moderator;
use super::outlet::{Outlet, SOURCE, Sound};
use super::plan::Plan;
use super::reporters::{Inputs, cover_reporter, face_reporter, finder, post, source_reporter, teller, worker_reporter};
use super::stage::{Parts, RenditionParts, Stage};
use crate::clock::Clock;
use crate::control::taps::Taps;
use crate::encode::{AudioEncoder, OpusEncoder, OpusSettings, SwitchingAac};
use crate::media::AudioConfig;
use crate::scene::{PictureCheckSettings, Show};
use crate::source::{self, SourceContext, SourceHandle, SourceKind, SourceReport, SourceSpec};
use crate::studio::model::{EventLevel, Studio};
use crate::studio::opening;
use crate::studio::update::Input;
use crate::vision::FinderSettings;
use crate::vision::check::{BlockedImage, CheckSettings};
use crate::worker::arena::{Arena, MAX_SLOTS};
use crate::worker::{self, Program, RemoteEncoder};

/// What runs.
pub struct Raised {
    /// The threads.
    pub stage: Stage,
    /// Where packets go.
    pub outlet: Arc<Outlet>,
    /// What is moderated, and in which hold.
    pub moderator: Arc<Moderator>,
    /// What hides faces.
    pub watch: Arc<FaceWatch>,
    /// Known, and not started.
    pub destinations: Destinations,
    /// What the program's sound is, for those who take AAC.
    pub sound: AudioConfig,
    /// What sources that come later have to know.
    pub context: SourceContext,
}

/// Starts everything that `show` needs but its destinations; `plan` says what is hidden at first. What comes of it goes to `inputs`, what destinations see to `samples`.
///
/// # Errors
/// What cannot be had; nothing is left running then.
pub fn raise(
    show: &Show,
    studio: &Studio,
    plan: MaskPlan,
    clock: Clock,
    (inputs, samples): (&Inputs, Samples),
    taps: Taps,
) -> Result<Raised, RunError> {
    let (width, height) = (show.video.width, show.video.height);
    let arena = Arena::new(width, height, slots(show.sources.len())).map_err(RunError::Memory)?;
    let arena = Arc::new(arena);
    let context = SourceContext {
        clock,
        width,
        height,
        frame_rate: show.video.frame_rate,
        pool: arena.pool().clone(),
    };
    let sources = show.sources.iter().map(|spec| {
        let report = source_reporter(spec.name.clone(), inputs.clone());
        (spec.name.clone(), start_source(show, spec, context.clone(), report))
    });
    // Running already while the encoder's process comes up.
    let sources = sources.collect();
    let report = worker_reporter("encode", inputs.clone());
    let open = source_opener((width, height), &arena, clock, report);
    let video = open(&show.video)?;
    let ladder = show
        .renditions
        .iter()
        .map(|rendition| rendition.video(&show.video).rate());
    let rates = [show.video.rate()].into_iter().chain(ladder);
    let holding = Arc::new(Holding::new(
        clock,
        show.video.frame_rate,
        studio.moderation.hold.target,
    ));
    holding.set_title(&show.moderation.slate);
    let outlet = Arc::new(Outlet::new(&rates.collect::<Vec<_>>()).behind(Arc::clone(&holding)));
    outlet.aim_sound(|sound| *sound = show.audio);
    let told = Arc::clone(&outlet);
    let aac = SwitchingAac::open(show.audio, move |config| told.configure_sound(config))?;
    let opus = OpusEncoder::open(OpusSettings {
        bitrate_kbps: show.audio.bitrate_kbps,
        channels: show.audio.channels,
        // What carries it is a stream without loss.
        expected_loss_percent: 0,
    })?;
    let aac_config = aac.config().clone();
    let sound = [aac_config.clone(), opus.config().clone()];
    outlet.configure(SOURCE, video.config());
    let lines = show.renditions.iter().map(|rendition| rendition.name.clone());
    let mut destinations = Destinations::new(
        lines.collect(),
        sound,
        clock,
        Arc::clone(&outlet),
        inputs.clone(),
        samples,
    );
    for spec in &show.destinations {
        destinations.know(spec.clone());
    }
    let gate = Arc::new(Gate::default());
    let watch = Arc::new(FaceWatch::new(show.video.frame_rate, plan));
    let pictures = &show.moderation.pictures;
    let moderator = Moderator::new(
        clock,
        Arc::clone(&holding),
        Arc::clone(&gate),
        inputs.clone(),
        pictures.hides(),
    );
    let moderator = Arc::new(moderator);
    let faces = FinderSettings {
        width,
        height,
        frame_rate: show.video.frame_rate,
    };
    let watching = ("analyse", Duty::Watch(Box::new(show.analysis.clone()), faces), &gate);
    let words = show.moderation.words.clone().map(Duty::Words);
    let words = words.map(|duty| ("analyse words", duty, &gate));
    let checks = pictures.is_on().then(|| Duty::Pictures(checks(pictures, inputs)));
    let checks = checks.map(|duty| ("analyse pictures", duty, holding.exit_gate()));
    let analyses = [Some(watching), words, checks]
        .into_iter()
        .flatten()
        .map(|(name, duty, gate)| analysis::Parts {
            duty,
            watch: Arc::clone(&watch),
            moderator: Arc::clone(&moderator),
            program: Program::this(),
            arena: Arc::clone(&arena),
            clock,
            gate: Arc::clone(gate),
            outlet: Arc::clone(&outlet),
            found: finder(inputs.clone()),
            tell: teller(inputs.clone()),
            report: worker_reporter(name, inputs.clone()),
        });
    let analyses = analyses.collect();
    let renditions = show.renditions.iter().map(|rendition| {
        let report = worker_reporter(format!("encode {}", rendition.name), inputs.clone());
        let told = Arc::clone(&report);
        RenditionParts {
            name: rendition.name.clone(),
            settings: rendition.video(&show.video),
            open: Arc::new(move |settings| open_scaled(settings, clock, &told)),
            report,
        }
    });
    let encoder_inputs = inputs.clone();
    let graphics_inputs = inputs.clone();
    let stage = Stage::start(Parts {
        clock,
        size: (width, height),
        frame_rate: show.video.frame_rate,
        pool: arena.pool().clone(),
        sources,
        pictures: studio.sources.iter().map(|source| source.picture).collect(),
        strips: studio.strips.iter().map(|strip| studio.effective(strip)).collect(),
        strip_sources: opening::strip_sources(studio),
        is_on_program: studio
            .strips
            .iter()
            .map(|strip| studio.is_in_scene(&studio.program, &strip.name))
            .collect(),
        buses: studio.buses,
        plan: Arc::new(Plan::new(studio)),
        video: LineEncoder::new(video, SOURCE, show.video.clone(), open),
        renditions: renditions.collect(),
        audio: vec![(Sound::Aac, Box::new(aac)), (Sound::Opus, Box::new(opus))],
        outlet: Arc::clone(&outlet),
        taps,
        analyses,
        areas: Arc::clone(moderator.areas()),
        watch: Arc::clone(&watch),
        face_report: face_reporter(inputs.clone()),
        gate,
        cover_report: cover_reporter(inputs.clone()),
        graphics_report: Arc::new(move |text| {
            post(
                &graphics_inputs,
                Input::Event(EventLevel::Warning, "graphics".into(), text),
            );
        }),
        report: Arc::new(move |text| {
            post(&encoder_inputs, Input::Event(EventLevel::Error, "encoder".into(), text));
        }),
    })?;
    Ok(Raised {
        stage,
        outlet,
        moderator,
        watch,
        destinations,
        sound: aac_config,
        context,
    })
}

/// Starts a source of `show`; one that is played by a transition waits for its first.
pub(super) fn start_source(
    show: &Show,
    spec: &SourceSpec,
    context: SourceContext,
    report: impl Fn(SourceReport) + Send + Sync + 'static,
) -> SourceHandle {
    if show.is_stinger(&spec.name) {
        source::start_waiting(played_once(spec), context, report)
    } else {
        source::start(spec.clone(), context, report)
    }
}

/// A stinger ends: whatever the scene file says, it does not begin again.
fn played_once(spec: &SourceSpec) -> SourceSpec {
    let mut spec = spec.clone();
    if let SourceKind::File(file) = &mut spec.kind {
        file.is_looping = false;
    }
    spec
}

/// What pictures are looked at for, with the images that must not be seen. One that cannot be read is told, and not looked for.
fn checks(settings: &PictureCheckSettings, inputs: &Inputs) -> CheckSettings {
    let mut checks = settings.checks.clone();
    for path in &settings.blocked {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let image = source::file::read_rgb(path).and_then(|(rgb, width, height)| {
            BlockedImage::of(&name, &rgb, width, height).map_err(|error| error.to_string())
        });
        match image {
            Ok(image) => checks.blocked.push(image),
            Err(reason) => {
                let text = format!("{}: {reason}; it is not looked for", path.display());
                post(inputs, Input::Event(EventLevel::Error, "moderation".into(), text));
            }
        }
    }
    checks
}

/// What opens encoders of the source line: the program's own size is encoded where it lies.
fn source_opener(program: (u32, u32), arena: &Arc<Arena>, clock: Clock, report: worker::Reporter) -> Open {
    let arena = Arc::clone(arena);
    Arc::new(move |settings| {
        if (settings.width, settings.height) != program {
            return open_scaled(settings, clock, &report);
        }
        let (arena, report) = (Arc::clone(&arena), Arc::clone(&report));
        let encoder = RemoteEncoder::open(settings, Program::this(), arena, clock, report)?;
        Ok(Opened::as_they_come(Box::new(encoder)))
    })
}

/// Sources that may come while the show runs and find room at once; the pictures of more are copied to the encoder.
const LATER_SOURCES: usize = 4;

/// Pictures that can be under way at once: for each source those of its queue, what its picture chain makes of them and a
/// few more, and for the program those that are held, wait for the encoder or are looked at. What is never drawn on takes no
/// memory.
fn slots(sources: usize) -> u32 {
    let held = HELD_PICTURES as usize + analysis::PICTURES_WAITING;
    let sources = sources + LATER_SOURCES;
    let count = FRAMES_WAITING + 12 + held + sources * (source::CAPACITY + 6);
    u32::try_from(count).unwrap_or(MAX_SLOTS)
}
