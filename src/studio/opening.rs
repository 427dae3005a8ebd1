//! The model that a show opens with.

use std::collections::VecDeque;

use super::model::{
    DestinationModel, DestinationState, DestinationStats, EncoderKind, EncoderModel, ProgramFormat, SceneModel,
    SourceModel, SourceState, Stats, Strip, Studio,
};
use crate::encode::HAS_NASM;
use crate::media::Timestamp;
use crate::scene::Show;
use crate::source::{SourceKind, SourceSpec};

/// A studio that has not started yet.
#[must_use]
pub fn studio(name: &str, show: &Show) -> Studio {
    let shows = |scene: &str, source: &str| {
        let scene = show.scenes.iter().find(|known| known.name == scene);
        scene.is_some_and(|scene| scene.items.iter().any(|item| item.source == source))
    };
    let sources = show.sources.iter().map(|spec| {
        let (kind, location) = describe(spec);
        SourceModel {
            name: spec.name.clone(),
            kind: kind.to_owned(),
            location,
            state: SourceState::Starting,
            format: None,
            dropped_frames: 0,
            dropped_blocks: 0,
            is_on_program: shows(&show.start.program, &spec.name),
            is_on_preview: shows(&show.start.preview, &spec.name),
        }
    });
    let destinations = show.destinations.iter().map(|spec| DestinationModel {
        name: spec.name.clone(),
        url: spec.url.to_string(),
        state: DestinationState::Idle,
        loss: None,
        stats: DestinationStats::default(),
    });
    Studio {
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
                sources: scene.items.iter().map(|item| item.source.clone()).collect(),
            })
            .collect(),
        program: show.start.program.clone(),
        preview: show.start.preview.clone(),
        transition: show.transition,
        fade: None,
        sources: sources.collect(),
        strips: show
            .strips
            .iter()
            .map(|(name, settings)| Strip {
                name: name.clone(),
                settings: *settings,
            })
            .collect(),
        destinations: destinations.collect(),
        encoder: EncoderModel {
            video_kbps: show.video.bitrate_kbps,
            audio_kbps: show.audio.bitrate_kbps,
            gop_seconds: show.video.gop_seconds,
            seconds_over: 0,
            codec: EncoderKind { has_nasm: HAS_NASM },
        },
        workers: Vec::new(),
        stats: Stats::default(),
        events: VecDeque::new(),
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

fn describe(spec: &SourceSpec) -> (&'static str, String) {
    match &spec.kind {
        SourceKind::Pattern(pattern) => ("pattern", format!("{:?}", pattern.style).to_lowercase()),
        SourceKind::File(file) => ("file", file.path.display().to_string()),
        SourceKind::Rtsp(rtsp) => ("rtsp", rtsp.url.to_string()),
    }
}
