//! What the update makes of the relay and of recordings.

use std::path::PathBuf;

use super::{Effect, Refusal, Unit};
use crate::record::RecordReport;
use crate::relay::RelayStats;
use crate::studio::model::{EventLevel, RecordingModel, RelayModel};

/// What happens to a recording.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordingNews {
    /// It was started.
    Started,
    /// It could not be started, for this reason.
    Refused(String),
    /// Its thread reports.
    Report(RecordReport),
    /// It has ended: everything is written, or why that is not so.
    Ended(Result<(), String>),
}

/// What happens to the relay.
#[derive(Clone, Debug, PartialEq)]
pub enum RelayNews {
    /// It listens there.
    Listens(String),
    /// It cannot be had, for this reason.
    Failed(String),
    /// What it measures.
    Stats(Box<RelayStats>),
}

const RECORDING: &str = "recording";
const RELAY: &str = "relay";

impl Unit<'_> {
    pub(super) fn record_start(&mut self, path: Option<PathBuf>) -> Result<(), Refusal> {
        if self.studio.recording.is_on {
            return Err(Refusal::RecordingRuns);
        }
        if let Some(path) = path.as_ref().filter(|path| !path.is_absolute()) {
            return Err(Refusal::RelativePath(path.display().to_string()));
        }
        self.studio.recording = RecordingModel {
            is_on: true,
            ..RecordingModel::default()
        };
        self.effects.push(Effect::RecordStart(path));
        Ok(())
    }

    pub(super) fn record_stop(&mut self) -> Result<(), Refusal> {
        self.needs_recording()?;
        self.effects.push(Effect::RecordStop);
        Ok(())
    }

    pub(super) fn record_split(&mut self) -> Result<(), Refusal> {
        self.needs_recording()?;
        self.effects.push(Effect::RecordSplit);
        Ok(())
    }

    fn needs_recording(&self) -> Result<(), Refusal> {
        if self.studio.recording.is_on {
            Ok(())
        } else {
            Err(Refusal::NoRecording)
        }
    }

    pub(super) fn recording(&mut self, news: RecordingNews) {
        let recording = &mut self.studio.recording;
        let (level, text) = match news {
            RecordingNews::Started => {
                recording.is_on = true;
                return;
            }
            RecordingNews::Refused(reason) => {
                recording.is_on = false;
                recording.failure = Some(reason.clone());
                recording.is_disk_full = false;
                (EventLevel::Error, reason)
            }
            RecordingNews::Ended(result) => {
                recording.is_on = false;
                recording.is_space_low = false;
                match result {
                    Ok(()) => (EventLevel::Info, "has ended".to_owned()),
                    Err(reason) => (EventLevel::Error, reason),
                }
            }
            RecordingNews::Report(report) => match self.recording_report(report) {
                Some(said) => said,
                None => return,
            },
        };
        self.event(level, RECORDING, text);
    }

    fn recording_report(&mut self, report: RecordReport) -> Option<(EventLevel, String)> {
        let recording = &mut self.studio.recording;
        Some(match report {
            RecordReport::State {
                path,
                part,
                bytes,
                duration,
            } => {
                let path = path.display().to_string();
                let is_new = recording.path != path;
                recording.failure = None;
                recording.is_disk_full = false;
                (recording.part, recording.bytes, recording.seconds) = (part, bytes, duration.as_secs_f64());
                recording.path = path;
                if !is_new {
                    return None;
                }
                (EventLevel::Info, format!("records into {}", recording.path))
            }
            RecordReport::Dropped(dropped) => {
                let more = dropped.video.saturating_sub(recording.dropped_frames);
                recording.dropped_frames = dropped.video;
                if more == 0 {
                    return None;
                }
                (
                    EventLevel::Warning,
                    format!("the disk is late: {more} pictures are missing"),
                )
            }
            RecordReport::SpaceLow {
                path,
                free_bytes,
                keep_free_bytes,
            } => {
                recording.is_space_low = true;
                let text = format!(
                    "{}: {} MB are free; recording stops when less than {} are",
                    path.display(),
                    free_bytes / 1_000_000,
                    keep_free_bytes / 1_000_000
                );
                (EventLevel::Warning, text)
            }
            RecordReport::SpaceBack => {
                recording.is_space_low = false;
                return None;
            }
            RecordReport::Failed {
                reason,
                retry_in,
                is_full,
                ..
            } => {
                recording.is_disk_full = is_full;
                let is_news = recording.failure.as_ref() != Some(&reason);
                recording.failure = Some(reason.clone());
                if !is_news {
                    return None;
                }
                let text = match retry_in {
                    Some(wait) => format!("{reason}; tried again in {:.0} s", wait.as_secs_f64()),
                    None => reason,
                };
                (EventLevel::Error, text)
            }
            RecordReport::IndexLost { reason, .. } => (EventLevel::Warning, reason),
            RecordReport::Finished { path, bytes, duration } => {
                let (megabytes, seconds) = (bytes as f64 / 1e6, duration.as_secs_f64());
                (
                    EventLevel::Info,
                    format!("{}: {seconds:.1} s, {megabytes:.1} MB", path.display()),
                )
            }
        })
    }

    pub(super) fn relay(&mut self, news: RelayNews) {
        let relay = self.studio.relay.get_or_insert_with(|| RelayModel {
            url: String::new(),
            failure: None,
            stats: RelayStats::default(),
        });
        match news {
            RelayNews::Stats(stats) => relay.stats = *stats,
            RelayNews::Listens(url) => {
                relay.failure = None;
                relay.url.clone_from(&url);
                self.event(EventLevel::Info, RELAY, format!("viewers are served at {url}"));
            }
            RelayNews::Failed(reason) => {
                let is_news = relay.failure.as_ref() != Some(&reason);
                relay.url = String::new();
                relay.failure = Some(reason.clone());
                if is_news {
                    self.event(EventLevel::Error, RELAY, reason);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::media::{TimeDelta, Timestamp};
    use crate::record::Dropped;
    use crate::studio::command::Command;
    use crate::studio::model::Studio;
    use crate::studio::update::{Input, update};

    fn studio() -> Studio {
        let show = crate::scene::demo(&[], &|_| None).unwrap();
        crate::studio::opening::studio("test", &show)
    }

    fn order(studio: &mut Studio, command: Command) -> Result<Vec<Effect>, Refusal> {
        update(studio, Input::Command(command), Timestamp::ZERO)
    }

    fn report(studio: &mut Studio, report: RecordReport) -> Vec<String> {
        let input = Input::Recording(RecordingNews::Report(report));
        let effects = update(studio, input, Timestamp::ZERO).unwrap();
        let text = |effect| match effect {
            Effect::Event(event) => Some(event.text),
            _ => None,
        };
        effects.into_iter().filter_map(text).collect()
    }

    fn state(bytes: u64, seconds: i64) -> RecordReport {
        RecordReport::State {
            path: "/rec/show.mp4".into(),
            part: 1,
            bytes,
            duration: TimeDelta::from_millis(seconds * 1000),
        }
    }

    #[test]
    fn one_recording_at_a_time() {
        let mut studio = studio();
        assert_eq!(order(&mut studio, Command::RecordStop), Err(Refusal::NoRecording));
        assert_eq!(order(&mut studio, Command::RecordSplit), Err(Refusal::NoRecording));
        let relative = order(&mut studio, Command::RecordStart(Some("show.mp4".into())));
        assert_eq!(relative, Err(Refusal::RelativePath("show.mp4".into())));
        let effects = order(&mut studio, Command::RecordStart(None)).unwrap();
        assert_eq!(effects, [Effect::RecordStart(None)]);
        assert_eq!(
            order(&mut studio, Command::RecordStart(None)),
            Err(Refusal::RecordingRuns)
        );
        assert_eq!(order(&mut studio, Command::RecordSplit), Ok(vec![Effect::RecordSplit]));
        assert_eq!(order(&mut studio, Command::RecordStop), Ok(vec![Effect::RecordStop]));
        let ended = Input::Recording(RecordingNews::Ended(Ok(())));
        update(&mut studio, ended, Timestamp::ZERO).unwrap();
        assert!(order(&mut studio, Command::RecordStart(None)).is_ok());
    }

    #[test]
    fn what_a_recorder_says_is_told_once() {
        let mut studio = studio();
        assert_eq!(report(&mut studio, state(0, 0)), ["records into /rec/show.mp4"]);
        assert_eq!(report(&mut studio, state(1_000_000, 2)), [""; 0]);
        assert_eq!((studio.recording.bytes, studio.recording.seconds), (1_000_000, 2.0));
        let dropped = |video| RecordReport::Dropped(Dropped { video, audio: 0 });
        assert_eq!(
            report(&mut studio, dropped(3)),
            ["the disk is late: 3 pictures are missing"]
        );
        assert_eq!(report(&mut studio, dropped(3)), [""; 0]);
        assert_eq!(
            report(&mut studio, dropped(5)),
            ["the disk is late: 2 pictures are missing"]
        );
        let failed = || RecordReport::Failed {
            path: Path::new("/rec").into(),
            reason: "/rec: gone".into(),
            is_full: false,
            retry_in: Some(TimeDelta::from_millis(5000)),
        };
        assert_eq!(report(&mut studio, failed()), ["/rec: gone; tried again in 5 s"]);
        assert_eq!(report(&mut studio, failed()), [""; 0], "the same again is no news");
        assert!(studio.recording.failure.is_some());
        report(&mut studio, state(2_000_000, 4));
        assert_eq!(studio.recording.failure, None);
    }

    #[test]
    fn a_show_with_viewers_is_on_air() {
        let mut studio = studio();
        let tell = |studio: &mut Studio, news| update(studio, Input::Relay(news), Timestamp::ZERO).unwrap();
        let told = tell(&mut studio, RelayNews::Listens("http://127.0.0.1:8480/".into()));
        assert_eq!(told.len(), 1);
        assert!(!studio.is_on_air());
        let stream = |is_ingest| crate::relay::StreamStats {
            is_ingest,
            viewers: 2,
            ..Default::default()
        };
        let stats = |streams| {
            RelayNews::Stats(Box::new(RelayStats {
                streams,
                ..RelayStats::default()
            }))
        };
        tell(&mut studio, stats(vec![stream(true)]));
        assert!(!studio.is_on_air(), "that is the show of another rig");
        tell(&mut studio, stats(vec![stream(false), stream(true)]));
        assert!(studio.is_on_air() && studio.viewers() == 2);
        assert_eq!(tell(&mut studio, RelayNews::Failed("no port".into())).len(), 1);
        assert_eq!(tell(&mut studio, RelayNews::Failed("no port".into())).len(), 0);
    }
}
