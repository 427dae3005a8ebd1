//! What a studio opens with: a show that begins, or one that goes on; and the model that it has then.

use std::collections::VecDeque;
use std::time::Duration;

use super::model::{
    AdaptModel, AirModel, Alarms, Choosing, CueRun, Cues, DataModel, DestinationModel, DestinationState,
    DestinationStats, Edits, EncoderKind, EncoderModel, EventLevel, History, HoldState, Live, Moderation,
    ModerationStanding, Occlusion, PictureSettings, Pin, ProgramFormat, ProgramWatch, RecordingModel, RenditionModel,
    RulesKept, RulesModel, SceneModel, SourceModel, SourceState, Stats, Strip, Studio, Undo, clock_text,
};
use super::saved::{Saved, ScenesStanding, Standing};
use crate::encode::{HAS_NASM, RenditionSettings};
use crate::media::Timestamp;
use crate::publish::DestinationSpec;
use crate::scene::{AdaptChoice, ModerationSettings, RulesChoice, Show, Unjudged, merge, sources_seen};
use crate::secret::SecretUrl;
use crate::source::SourceSpec;

/// What a studio opens with.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The show as it starts, with all destinations.
    pub show: Show,
    /// Those of its destinations that its scene file names.
    pub of_scene: Vec<DestinationSpec>,
    /// The addresses that were given besides.
    pub published: Vec<SecretUrl>,
    /// What was done before air, where the show goes on.
    pub moderation: Option<ModerationStanding>,
    /// What was changed by hand in scenes, where the show goes on.
    pub scenes: Option<ScenesStanding>,
    /// Business data and who holds program against the rules, likewise.
    pub rules: Option<RulesKept>,
    /// The run of the cues, held, where the show goes on.
    pub cues: Option<CueRun>,
    /// Destinations that are not to be started.
    pub stopped: Vec<String>,
    /// What the studio tells first.
    pub news: Vec<(EventLevel, String)>,
    /// The show as its texts have it, without what operators have set since.
    pub read: Show,
    /// What was applied for a time, and waits to be confirmed still.
    pub waiting: Option<Waiting>,
}

/// Something that was applied for a time: all that takes it back.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The running show before.
    pub before: Show,
    /// The running show right after.
    pub after: Show,
    /// The show that the scene file of before says.
    pub read: Show,
    /// Where the show stood before.
    pub standing: Standing,
    /// How long it waits from now on.
    pub left: Duration,
}

impl Opening {
    /// A show that begins, published to `published` as well.
    #[must_use]
    pub fn fresh(mut show: Show, published: Vec<SecretUrl>) -> Self {
        let read = show.clone();
        let of_scene = show.destinations.clone();
        for url in &published {
            let taken = |name: &str| show.destinations.iter().any(|known| known.name == name);
            // One more name than there are destinations: one of them is free.
            let name = (1..=show.destinations.len() + 1)
                .map(|number| format!("publish-{number}"))
                .find(|name| !taken(name))
                .unwrap_or_default();
            show.destinations.push(DestinationSpec::new(name, url.clone()));
        }
        Self {
            show,
            of_scene,
            published,
            moderation: None,
            scenes: None,
            rules: None,
            cues: None,
            stopped: Vec::new(),
            news: Vec::new(),
            read,
            waiting: None,
        }
    }

    /// A show that goes on: `show` is what was read again from the texts of `saved`.
    #[must_use]
    pub fn resumed(mut show: Show, saved: &Saved) -> Self {
        let read = show.clone();
        let of_scene = show.destinations.clone();
        let applied = saved.standing().apply(&mut show);
        let news = applied.missing.into_iter().map(|text| (EventLevel::Warning, text));
        let cues = saved.standing().cue_run().cloned();
        let held = cues.as_ref().map(|run| {
            let position = clock_text(run.position(Timestamp::ZERO));
            (
                EventLevel::Warning,
                format!("the cues are held at {position}; cue go goes on"),
            )
        });
        Self {
            show,
            of_scene,
            published: saved.published(),
            moderation: saved.standing().moderation.clone(),
            scenes: Some(saved.standing().scenes.clone()),
            rules: saved.standing().rules.clone(),
            cues,
            stopped: applied.stopped,
            news: news.chain(held).collect(),
            read,
            waiting: None,
        }
    }

    /// The same for a show in which something waited to be confirmed: `before` is what its texts said before that. Within its time
    /// it goes on waiting; afterwards the show goes on without it.
    #[must_use]
    pub fn resumed_waiting(
        file: Show,
        saved: &Saved,
        before: Show,
        standing: &Standing,
        left: Option<Duration>,
    ) -> Self {
        let read = before.clone();
        let mut live = before;
        standing.apply(&mut live);
        let after = merge(&read, &file, &live);
        let mut opening = Self::resumed(file, saved);
        if let Some(left) = left {
            opening.waiting = Some(Waiting {
                before: live,
                after,
                read,
                standing: standing.clone(),
                left,
            });
            return opening;
        }
        let mut show = merge(&after, &live, &opening.show);
        for name in [&mut show.start.program, &mut show.start.preview] {
            if show.scenes.iter().all(|scene| scene.name != *name) {
                name.clone_from(&live.start.program);
            }
        }
        show.script.clone_from(&read.script);
        show.files.clone_from(&read.files);
        opening.show = show;
        opening.of_scene.clone_from(&read.destinations);
        opening.read = read;
        let text = "what was applied for a time was not confirmed: it is taken back";
        opening.news.push((EventLevel::Warning, text.to_owned()));
        opening
    }
}

/// How a show adapts before the controller has seen anything.
fn adapt(choice: &AdaptChoice) -> AdaptModel {
    let mut model = AdaptModel::default();
    model.state.is_on = choice.is_on;
    let policy = choice.chosen.as_ref().unwrap_or(&choice.policy.name);
    model.state.policy.clone_from(policy);
    model.state.pins.clone_from(&choice.pins);
    model
}

/// What is done before air when the show starts.
fn moderation(settings: &ModerationSettings) -> Moderation {
    let lists = settings.words.iter().flat_map(|words| &words.judge.lists);
    let lists: Vec<String> = lists.map(|list| list.name.clone()).collect();
    Moderation {
        hold: HoldState {
            target: settings.hold,
            ..HoldState::default()
        },
        pace: settings.pace,
        is_armed: !lists.is_empty(),
        is_unjudged_passed: settings.unjudged == Unjudged::Pass,
        lists,
        ..Moderation::default()
    }
}

/// How a show stands to its scene file when it opens.
fn live(show: &Show) -> Live {
    Live {
        file: show.script.scene.as_ref().map(|path| path.display().to_string()),
        is_watched: show.is_watched,
        ..Live::default()
    }
}
/// The rules before they have seen anything.
fn rules(choice: &RulesChoice) -> RulesModel {
    let Some(set) = &choice.set else {
        return RulesModel::default();
    };
    RulesModel {
        file: choice.file.as_ref().map(|file| file.display().to_string()),
        title: set.title.clone(),
        default: set.default.as_ref().map(|target| target.scene.clone()),
        is_on: choice.is_on,
        ..RulesModel::default()
    }
}
/// The cues that the scene file names; nothing of them runs.
fn cues(show: &Show) -> Cues {
    let mut cues = Cues::default();
    cues.load(show.cues.clone());
    cues
}

/// The bitrate of the source rendition that the operator holds.
fn held_kbps(choice: &AdaptChoice) -> Option<u32> {
    choice.pins.iter().find_map(|pin| match pin {
        Pin::Kbps(0, kbps) => Some(*kbps),
        _ => None,
    })
}

/// A studio that has not started yet.
#[must_use]
pub fn studio(name: &str, show: &Show) -> Studio {
    let items = |scene: &str| show.scene(scene).map(|scene| scene.items.as_slice());
    let shows = |scene: &str, source: &str| sources_seen(scene, &items).iter().any(|name| name == source);
    let sources = show.sources.iter().map(|spec| SourceModel {
        is_on_program: shows(&show.start.program, &spec.name),
        is_on_preview: shows(&show.start.preview, &spec.name),
        picture: show.picture(&spec.name),
        ..source(spec)
    });
    let destinations = show.destinations.iter().map(|spec| DestinationModel {
        name: spec.name.clone(),
        url: spec.url.to_string(),
        rendition: spec.rendition.clone(),
        state: DestinationState::Idle,
        loss: None,
        stats: DestinationStats::default(),
    });
    let mut studio = Studio {
        name: name.to_owned(),
        now: Timestamp::ZERO,
        format: ProgramFormat {
            width: show.video.width,
            height: show.video.height,
            frame_rate: show.video.frame_rate,
        },
        scenes: show
            .scenes
            .iter()
            .map(|scene| SceneModel {
                name: scene.name.clone(),
                sources: sources_seen(&scene.name, &items),
                items: scene.items.clone(),
                occlusion_level: scene.occlusion_level,
                strips: scene.strips.clone(),
                transition: scene.transition.clone(),
                parameters: scene.parameters.clone(),
            })
            .collect(),
        program: show.start.program.clone(),
        preview: show.start.preview.clone(),
        edits: Edits::default(),
        lent: Vec::new(),
        transition: show.transition.clone(),
        fade: None,
        air: AirModel {
            title: show.title.clone(),
            ..AirModel::default()
        },
        sources: sources.collect(),
        strips: show
            .strips
            .iter()
            .map(|(name, settings)| Strip {
                name: name.clone(),
                settings: *settings,
            })
            .collect(),
        buses: show.buses,
        silence_alarm_s: show.analysis.silence.as_secs_f64(),
        presets: Vec::new(),
        occlusion: Occlusion::new(&show.occlusion),
        moderation: moderation(&show.moderation),
        destinations: destinations.collect(),
        encoder: EncoderModel {
            video_kbps: held_kbps(&show.adapt).unwrap_or(show.video.bitrate_kbps),
            width: show.video.width,
            height: show.video.height,
            divisor: 1,
            control: show.video.rate().control,
            audio_kbps: show.audio.bitrate_kbps,
            audio_rate: show.audio.sample_rate,
            audio_channels: show.audio.channels,
            gop_seconds: show.video.gop_seconds,
            seconds_over: 0,
            codec: EncoderKind { has_nasm: HAS_NASM },
        },
        adapt: adapt(&show.adapt),
        renditions: show.renditions.iter().map(rendition).collect(),
        relay: None,
        obs: None,
        recording: RecordingModel::default(),
        workers: Vec::new(),
        data: DataModel::default(),
        rules: rules(&show.rules),
        undo: Undo::default(),
        live: live(show),
        choosing: Choosing::default(),
        cues: cues(show),
        stats: Stats::default(),
        alarms: Alarms::default(),
        watch: ProgramWatch::default(),
        history: History::default(),
        events: VecDeque::new(),
    };
    studio.edits = Edits::none(&studio.scenes);
    studio.change_scene_strips();
    studio
}

/// Puts scenes and what they have set on strips where they stood.
pub fn resume_scenes(studio: &mut Studio, show: &Show, standing: &ScenesStanding) {
    // Strips are as they were when the show was lost, with what the scene on air had set: it sets nothing anew, and what was there
    // before is known.
    for (name, settings) in &show.strips {
        if let Some(strip) = studio.strip_mut(name) {
            strip.settings = *settings;
        }
    }
    studio.lent.clone_from(&standing.lent);
    let mut edits = std::mem::take(&mut studio.edits);
    for kept in &standing.edits {
        if let Some(scene) = studio.scenes.iter_mut().find(|scene| scene.name == kept.name) {
            kept.apply(&mut edits, scene);
        }
    }
    edits.find(&studio.scenes);
    studio.edits = edits;
    studio.find_sources();
    for at in 0..studio.sources.len() {
        let name = &studio.sources[at].name;
        let (program, preview) = (
            studio.is_in_scene(&studio.program, name),
            studio.is_in_scene(&studio.preview, name),
        );
        studio.sources[at].is_on_program = program;
        studio.sources[at].is_on_preview = preview;
    }
}

fn rendition(settings: &RenditionSettings) -> RenditionModel {
    RenditionModel {
        name: settings.name.clone(),
        width: settings.width,
        height: settings.height,
        video_kbps: settings.bitrate_kbps,
        occlusion_level: settings.occlusion_level,
        measured_kbps: 0,
    }
}

/// For each strip the number of its source.
#[must_use]
pub fn strip_sources(studio: &Studio) -> Vec<usize> {
    let source = |strip: &Strip| studio.sources.iter().position(|source| source.name == strip.name);
    studio
        .strips
        .iter()
        .map(|strip| source(strip).unwrap_or_default())
        .collect()
}

/// A source that is about to start, and is not seen anywhere.
#[must_use]
pub fn source(spec: &SourceSpec) -> SourceModel {
    SourceModel {
        name: spec.name.clone(),
        kind: spec.kind.name().to_owned(),
        location: spec.kind.location(),
        state: SourceState::Starting,
        format: None,
        dropped_frames: 0,
        dropped_blocks: 0,
        controls: Vec::new(),
        is_on_program: false,
        is_on_preview: false,
        picture: PictureSettings::default(),
    }
}
