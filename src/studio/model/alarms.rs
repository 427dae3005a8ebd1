//! Alarms: what an operator must not miss, and when it begins and ends.
//!
//! [`troubles`] is a pure function of the state: what is wrong now. [`Alarms`] makes alarms of it: each begins when its
//! trouble has lasted for some time and ends when it has been gone for some time, so that none chatters. What is wrong
//! with program counts only while program goes anywhere: black before the show is no alarm.

use serde::{Deserialize, Serialize};

use super::{DestinationState, Studio, WorkerState};
use crate::media::{TimeDelta, Timestamp};
pub use crate::worker::analyse::Condition;

/// What an alarm is about. The order is that of the banner: what hurts most comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// The show should be on air, and no destination is live.
    OffAir,
    /// Faces are not hidden as they should be, or the whole picture is covered because nobody knows where they are.
    NoMask,
    /// What should be judged before air has not been.
    NoVerdict,
    /// Nothing is to be seen.
    Black,
    /// Nothing is to be heard.
    Silence,
    /// Nothing moves, though what is shown should.
    Frozen,
    /// A worker does not come back.
    WorkerLost,
    /// The disk of the recording is full, or nearly.
    DiskFull,
    /// The show should be recorded and is not.
    NoRecording,
}

/// An alarm that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// What it is about.
    pub kind: AlarmKind,
    /// Since when.
    pub since: Timestamp,
    /// What is wrong, in a sentence.
    pub text: String,
    /// Whether an operator has said that they know.
    #[serde(default)]
    pub is_acked: bool,
}

/// Something that is wrong now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What it is about.
    pub kind: AlarmKind,
    /// Since when, where that is known better than by looking once a second.
    pub since: Option<Timestamp>,
    /// In a sentence.
    pub text: String,
}

/// What becomes of an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlarmTurn {
    /// It begins.
    Began(Alarm),
    /// It is over, after so long.
    Ended(AlarmKind, TimeDelta),
}

/// Since when program has been what it should not be, as it was found; `None` where it is as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramWatch {
    /// Nothing is to be seen.
    pub black: Option<Timestamp>,
    /// Nothing moves.
    pub frozen: Option<Timestamp>,
    /// Nothing is to be heard.
    pub silent: Option<Timestamp>,
}

/// The alarms that hold, the worst first, and what may become one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Alarms {
    raised: Vec<Alarm>,
    /// Troubles that have not lasted long enough, and since when they are seen.
    #[serde(skip)]
    coming: Vec<(AlarmKind, Timestamp)>,
    /// Alarms whose trouble is gone, and since when.
    #[serde(skip)]
    going: Vec<(AlarmKind, Timestamp)>,
}

impl AlarmKind {
    /// All of them, the worst first.
    pub const ALL: [Self; 9] = [
        Self::OffAir,
        Self::NoMask,
        Self::NoVerdict,
        Self::Black,
        Self::Silence,
        Self::Frozen,
        Self::WorkerLost,
        Self::DiskFull,
        Self::NoRecording,
    ];

    /// As they are typed, in the same order.
    pub const WORDS: &'static [&'static str] = &[
        "off-air",
        "no-mask",
        "no-verdict",
        "black",
        "silence",
        "frozen",
        "worker-lost",
        "disk-full",
        "no-recording",
    ];

    /// The one that is typed so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// As it is typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// As it stands in the banner.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::OffAir => "OFF AIR",
            Self::NoMask => "NO MASK",
            Self::NoVerdict => "NO VERDICT",
            Self::Black => "BLACK",
            Self::Silence => "SILENCE",
            Self::Frozen => "FROZEN",
            Self::WorkerLost => "WORKER LOST",
            Self::DiskFull => "DISK FULL",
            Self::NoRecording => "NO RECORDING",
        }
    }

    /// How long the trouble must last before it is an alarm, and how long it must be gone before that is over, in ms. What is
    /// found in program has lasted already when it is found.
    const fn patience_ms(self) -> (i64, i64) {
        match self {
            // A connection takes its time, and a lost one is mostly back before anybody could do anything.
            Self::OffAir => (5_000, 2_000),
            Self::NoMask | Self::NoVerdict => (2_000, 2_000),
            Self::Black | Self::Silence | Self::Frozen => (0, 3_000),
            Self::WorkerLost => (10_000, 3_000),
            Self::DiskFull | Self::NoRecording => (1_000, 3_000),
        }
    }
}

impl ProgramWatch {
    /// Takes note of a finding: since when, or that it is over.
    pub fn note(&mut self, condition: Condition, since: Option<Timestamp>) {
        *match condition {
            Condition::Black => &mut self.black,
            Condition::Frozen => &mut self.frozen,
            Condition::Silent => &mut self.silent,
        } = since;
    }
}

impl Alarms {
    /// The alarms that hold, the worst first.
    #[must_use]
    pub fn raised(&self) -> &[Alarm] {
        &self.raised
    }

    /// Whether any holds.
    #[must_use]
    pub fn is_any(&self) -> bool {
        !self.raised.is_empty()
    }

    /// An operator knows of that one, or of all. How many of them were news to nobody else.
    pub fn acknowledge(&mut self, kind: Option<AlarmKind>) -> usize {
        let mut count = 0;
        for alarm in &mut self.raised {
            if kind.is_none_or(|kind| kind == alarm.kind) && !alarm.is_acked {
                alarm.is_acked = true;
                count += 1;
            }
        }
        count
    }

    /// Makes alarms of what is wrong at `now`; what begins and ends comes back, the worst first.
    pub fn note(&mut self, mut troubles: Vec<Trouble>, now: Timestamp) -> Vec<AlarmTurn> {
        let mut turns = Vec::new();
        for kind in AlarmKind::ALL {
            let (begins_after, ends_after) = kind.patience_ms();
            let at = self.raised.iter().position(|alarm| alarm.kind == kind);
            let trouble = troubles.iter().position(|trouble| trouble.kind == kind);
            let trouble = trouble.map(|at| troubles.swap_remove(at));
            match (trouble, at) {
                (Some(trouble), Some(at)) => {
                    self.going.retain(|(going, _)| *going != kind);
                    self.raised[at].text = trouble.text;
                }
                (Some(trouble), None) => {
                    let seen = since(&mut self.coming, kind, now);
                    if now - seen < TimeDelta::from_millis(begins_after) {
                        continue;
                    }
                    self.coming.retain(|(coming, _)| *coming != kind);
                    let alarm = Alarm {
                        kind,
                        since: trouble.since.unwrap_or(seen),
                        text: trouble.text,
                        is_acked: false,
                    };
                    turns.push(AlarmTurn::Began(alarm.clone()));
                    self.raised.push(alarm);
                }
                (None, Some(at)) => {
                    let gone = since(&mut self.going, kind, now);
                    if now - gone < TimeDelta::from_millis(ends_after) {
                        continue;
                    }
                    self.going.retain(|(going, _)| *going != kind);
                    let alarm = self.raised.remove(at);
                    turns.push(AlarmTurn::Ended(kind, gone - alarm.since));
                }
                (None, None) => self.coming.retain(|(coming, _)| *coming != kind),
            }
        }
        self.raised.sort_by_key(|alarm| alarm.kind);
        turns
    }
}

/// Since when something of that kind has been in the list, from now on where it is new.
fn since(list: &mut Vec<(AlarmKind, Timestamp)>, kind: AlarmKind, now: Timestamp) -> Timestamp {
    if let Some((_, since)) = list.iter().find(|(known, _)| *known == kind) {
        return (*since).min(now);
    }
    list.push((kind, now));
    now
}

/// What is wrong now, at most one of each kind.
#[must_use]
pub fn troubles(studio: &Studio) -> Vec<Trouble> {
    let told = |kind, text: Option<String>| {
        text.map(|text| Trouble {
            kind,
            since: None,
            text,
        })
    };
    let found = |kind, since: Option<Timestamp>, text: &str| {
        since.map(|since| Trouble {
            kind,
            since: Some(since),
            text: text.to_owned(),
        })
    };
    let watch = &studio.watch;
    let frozen = watch.frozen.filter(|_| watch.black.is_none() && should_move(studio));
    let of_program = [
        told(AlarmKind::NoMask, no_mask(studio)),
        told(AlarmKind::NoVerdict, no_verdict(studio)),
        found(AlarmKind::Black, watch.black, "nothing is to be seen on program"),
        found(AlarmKind::Silence, watch.silent, "nothing is to be heard on program"),
        found(AlarmKind::Frozen, frozen, "nothing moves on program"),
    ];
    let of_program = of_program.into_iter().flatten().filter(|_| goes_out(studio));
    let others = [
        told(AlarmKind::OffAir, off_air(studio)),
        told(AlarmKind::WorkerLost, worker_lost(studio)),
        told(AlarmKind::DiskFull, disk_full(studio)),
        told(AlarmKind::NoRecording, no_recording(studio)),
    ];
    others.into_iter().flatten().chain(of_program).collect()
}

/// Whether program goes anywhere, or should.
fn goes_out(studio: &Studio) -> bool {
    studio.is_on_air() || studio.recording.is_on
}

/// Destinations that somebody has started, and none of them is live.
fn off_air(studio: &Studio) -> Option<String> {
    let wanted = studio.destinations.iter();
    let mut wanted = wanted.filter(|destination| destination.state != DestinationState::Idle);
    let first = wanted.next()?;
    if studio.is_on_air() {
        return None;
    }
    let text = match &first.state {
        DestinationState::Backoff { reason, .. } => format!("{} is lost: {reason}", first.name),
        DestinationState::Failed { reason } => format!("{} has failed: {reason}", first.name),
        _ => first.loss.as_ref().map_or_else(
            || format!("{} is not reached", first.name),
            |reason| format!("{} is lost: {reason}", first.name),
        ),
    };
    Some(match wanted.count() {
        0 => text,
        1 => format!("{text}; 1 more is not live either"),
        more => format!("{text}; {more} more are not live either"),
    })
}

fn no_mask(studio: &Studio) -> Option<String> {
    let occlusion = &studio.occlusion;
    if !occlusion.is_armed {
        return occlusion
            .is_wanted
            .then(|| "faces go out as they are: occlusion is off".to_owned());
    }
    occlusion
        .cover
        .as_ref()
        .map(|reason| format!("the whole picture is covered: {reason}"))
}

fn no_verdict(studio: &Studio) -> Option<String> {
    let moderation = &studio.moderation;
    if !moderation.is_late(studio.now) {
        return None;
    }
    let fate = if moderation.is_unjudged_passed {
        "goes out all the same"
    } else {
        "goes out silent"
    };
    Some(format!("sound is not judged in time and {fate}"))
}

/// Whether anything that program shows claims to move: a camera, a film, a pattern. A still or a slate does not.
fn should_move(studio: &Studio) -> bool {
    let shown = studio
        .scene(&studio.program)
        .into_iter()
        .flat_map(|scene| &scene.sources);
    let mut shown = shown.filter_map(|name| studio.sources.iter().find(|source| source.name == *name));
    shown.any(|source| {
        let video = source.format.as_ref().and_then(|format| format.video.as_ref());
        let is_moving = video.is_some_and(|video| source.kind == "rtsp" || video.fps.is_some());
        source.state == super::SourceState::Live && is_moving
    })
}

fn worker_lost(studio: &Studio) -> Option<String> {
    let is_lost = |state: &WorkerState| matches!(state, WorkerState::Backoff { .. });
    let worker = studio
        .workers
        .iter()
        .find(|worker| is_lost(&worker.state) || (worker.state == WorkerState::Starting && worker.losses > 0))?;
    let why = worker.last_loss.as_deref().unwrap_or("it does not start");
    Some(format!("{}: {why}", worker.name))
}

fn disk_full(studio: &Studio) -> Option<String> {
    let recording = &studio.recording;
    if let Some(reason) = recording.failure.as_ref().filter(|_| recording.is_disk_full) {
        return Some(format!("nothing is recorded: {reason}"));
    }
    let is_low = recording.is_on && recording.is_space_low;
    is_low.then(|| "space for the recording gets short".to_owned())
}

fn no_recording(studio: &Studio) -> Option<String> {
    let recording = &studio.recording;
    recording.failure.clone().filter(|_| !recording.is_disk_full)
}

#[cfg(test)]
#[path = "alarms_tests.rs"]
mod tests;
