//! What the update makes of a second that has passed: a sample of what is measured, and alarms that begin and end.

use super::{Refusal, Unit};
use crate::media::Turn;
use crate::studio::model::{AlarmKind, AlarmTurn, Condition, EventLevel, Sample, troubles};

const ALARM: &str = "alarm";

impl Unit<'_> {
    /// Once a second, with the loudness of program.
    pub(super) fn second(&mut self, lufs: Option<f32>) {
        let sample = Sample::of(self.studio, lufs);
        self.studio.history.push(sample);
        self.sound_alarms();
    }

    /// Program is in a condition for long, or no longer.
    pub(super) fn program(&mut self, condition: Condition, turn: Turn) {
        let since = match turn {
            Turn::Began { since } => Some(since),
            Turn::Ended { .. } => None,
        };
        self.studio.watch.note(condition, since);
        let (level, text) = words(condition, turn);
        self.event(level, "program", text);
        // What lasts for seconds is not to wait for the next one.
        self.sound_alarms();
    }

    /// Alarms begin and end.
    fn sound_alarms(&mut self) {
        let now = troubles(self.studio);
        for turn in self.studio.alarms.note(now, self.now) {
            let (level, text) = match turn {
                AlarmTurn::Began(alarm) => (EventLevel::Error, format!("{}: {}", alarm.kind.title(), alarm.text)),
                AlarmTurn::Ended(kind, after) => {
                    let seconds = after.as_secs_f64().max(0.0);
                    (EventLevel::Info, format!("{}: over after {seconds:.0} s", kind.title()))
                }
            };
            self.event(level, ALARM, text);
        }
    }

    /// An operator knows.
    pub(super) fn alarm_ack(&mut self, kind: Option<AlarmKind>) -> Result<(), Refusal> {
        let alarms = &mut self.studio.alarms;
        if !alarms
            .raised()
            .iter()
            .any(|alarm| kind.is_none_or(|kind| kind == alarm.kind))
        {
            return Err(Refusal::NoAlarm);
        }
        if alarms.acknowledge(kind) > 0 {
            let text = kind.map_or("acknowledged", AlarmKind::title);
            let text = if kind.is_some() {
                format!("{text}: acknowledged")
            } else {
                text.to_owned()
            };
            self.event(EventLevel::Info, ALARM, text);
        }
        Ok(())
    }
}

/// How a finding reads as an event.
fn words(condition: Condition, turn: Turn) -> (EventLevel, String) {
    match turn {
        Turn::Began { since } => {
            let what = match condition {
                Condition::Black => "black",
                Condition::Frozen => "frozen",
                Condition::Silent => "silent",
            };
            (EventLevel::Warning, format!("{what} since {since}"))
        }
        Turn::Ended { since, until } => {
            let what = match condition {
                Condition::Black => "to be seen again",
                Condition::Frozen => "moves again",
                Condition::Silent => "to be heard again",
            };
            let seconds = (until - since).as_secs_f64();
            (EventLevel::Info, format!("{what} after {seconds:.1} s"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Timestamp;

    #[test]
    fn findings_read_as_sentences() {
        let program = |condition, turn| words(condition, turn).1;
        let (since, until) = (Timestamp::from_millis(12_000), Timestamp::from_millis(26_200));
        assert_eq!(
            program(Condition::Black, Turn::Began { since }),
            "black since 0:00:12.000"
        );
        assert_eq!(
            program(Condition::Silent, Turn::Began { since }),
            "silent since 0:00:12.000"
        );
        assert_eq!(
            program(Condition::Frozen, Turn::Ended { since, until }),
            "moves again after 14.2 s"
        );
    }
}
