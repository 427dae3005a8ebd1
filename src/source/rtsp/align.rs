//! The times of the tracks of one RTSP session: each onto the studio clock, and both onto each other.
//!
//! Every track has an [`ArrivalTimeline`]. That alone aligns picture and sound by when they arrive. Sender reports tell
//! more: which RTP time of each track belongs to the same moment on the sender's clock (RFC 3550 §6.4.1). With a report for
//! both, the sound leads and the picture is placed relative to it.

use std::collections::VecDeque;

use crate::media::{TimeDelta, Timestamp};
use crate::source::timeline::ArrivalTimeline;

/// How far picture and sound may be apart by their reports. What is beyond is a sender that lies.
const MAX_SKEW_MS: i64 = 5_000;

/// Reports that are remembered of a track, to ride out a single odd one.
const REPORTS: usize = 3;

/// One of the two tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Sound,
}

/// The clocks of one session.
#[derive(Debug, Default)]
pub(super) struct Alignment {
    video: Clock,
    sound: Clock,
}

#[derive(Debug, Default)]
struct Clock {
    timeline: ArrivalTimeline,
    /// Sender's clock minus media time, by the newest reports.
    reported: VecDeque<TimeDelta>,
}

impl Clock {
    /// The middle one of the newest reports.
    fn offset_to_sender(&self) -> Option<TimeDelta> {
        let mut reported: Vec<TimeDelta> = self.reported.iter().copied().collect();
        reported.sort_unstable();
        reported.get(reported.len() / 2).copied()
    }
}

impl Alignment {
    /// A sender report: at `media` of this track, the sender's NTP clock read `ntp` (32.32 fixed point seconds).
    pub(super) fn report(&mut self, kind: Kind, media: TimeDelta, ntp: u64) {
        let seconds = TimeDelta::from_rate((ntp >> 32) as i64, 1);
        let fraction = TimeDelta::from_rate((ntp & 0xffff_ffff) as i64 >> 12, 1 << 20);
        let clock = self.clock(kind);
        if clock.reported.len() == REPORTS {
            clock.reported.pop_front();
        }
        clock.reported.push_back(seconds + fraction - media);
    }

    /// Where on the studio clock `media` of a track belongs, that came in at `arrival`. Latency is not in it.
    pub(super) fn place(&mut self, kind: Kind, media: TimeDelta, arrival: Timestamp) -> Timestamp {
        let by_arrival = self.clock(kind).timeline.place(media, arrival);
        if kind == Kind::Sound {
            return by_arrival;
        }
        // The sound may not move, for it would be heard; so the picture follows it.
        let (Some(video), Some(sound), Some(offset)) = (
            self.video.offset_to_sender(),
            self.sound.offset_to_sender(),
            self.sound.timeline.offset(),
        ) else {
            return by_arrival;
        };
        let by_report = Timestamp::ZERO + media + video - sound + offset;
        if (by_report - by_arrival).abs() < TimeDelta::from_millis(MAX_SKEW_MS) {
            by_report
        } else {
            by_arrival
        }
    }

    /// Whether sound can be placed so that it need not move later.
    pub(super) fn is_sound_settled(&self) -> bool {
        self.sound.timeline.is_settled()
    }

    fn clock(&mut self, kind: Kind) -> &mut Clock {
        match kind {
            Kind::Video => &mut self.video,
            Kind::Sound => &mut self.sound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(value: i64) -> TimeDelta {
        TimeDelta::from_millis(value)
    }

    fn at(value: i64) -> Timestamp {
        Timestamp::from_millis(value)
    }

    fn ntp(ms: i64) -> u64 {
        let seconds = (3_900_000_000 + ms / 1000) as u64;
        seconds << 32 | ((ms % 1000) as u64 * ((1 << 32) / 1000))
    }

    #[test]
    fn without_reports_each_track_goes_by_its_arrival() {
        let mut alignment = Alignment::default();
        assert_eq!(alignment.place(Kind::Sound, ms(0), at(1_000)), at(1_000));
        assert_eq!(alignment.place(Kind::Video, ms(0), at(1_080)), at(1_080));
    }

    #[test]
    fn reports_put_the_picture_where_its_sound_is() {
        let mut alignment = Alignment::default();
        // The encoder of the camera takes 80 ms longer for pictures than for sound.
        alignment.place(Kind::Sound, ms(0), at(1_000));
        alignment.place(Kind::Video, ms(0), at(1_080));
        alignment.report(Kind::Sound, ms(500), ntp(500));
        assert_eq!(
            alignment.place(Kind::Video, ms(40), at(1_120)),
            at(1_120),
            "one report says nothing"
        );
        alignment.report(Kind::Video, ms(500), ntp(500));
        let placed = alignment.place(Kind::Video, ms(80), at(1_160));
        assert!((placed - at(1_080)).abs() < ms(1), "{placed}");
    }

    #[test]
    fn absurd_reports_are_not_believed() {
        let mut alignment = Alignment::default();
        alignment.place(Kind::Sound, ms(0), at(1_000));
        alignment.report(Kind::Sound, ms(0), ntp(0));
        alignment.report(Kind::Video, ms(0), ntp(3_600_000));
        assert_eq!(alignment.place(Kind::Video, ms(0), at(1_050)), at(1_050));
    }

    proptest! {
        #[test]
        fn nothing_overflows(events in proptest::collection::vec((any::<bool>(), any::<i64>(), any::<u64>(), any::<bool>()), 0..40)) {
            let mut alignment = Alignment::default();
            for (is_video, media, other, is_report) in events {
                let kind = if is_video { Kind::Video } else { Kind::Sound };
                let media = TimeDelta::from_rate(media, 90_000);
                if is_report {
                    alignment.report(kind, media, other);
                } else {
                    alignment.place(kind, media, Timestamp::from_rate(other as i64, 48_000));
                }
            }
        }
    }
}
