//! The clock of one connection: starts near zero with its first packet and never runs backwards on a track.

use crate::media::{Packet, TimeDelta, Timestamp, TrackKind};

/// Turns studio time into connection time.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    base: Option<Timestamp>,
    /// The newest time given out: video, audio.
    newest: [Timestamp; 2],
}

impl Timeline {
    /// When `packet` is decoded on this connection's clock. A step back is held at the newest time of its track: players
    /// take a timestamp that repeats, but not one that returns.
    pub(super) fn stamp(&mut self, packet: &Packet) -> Timestamp {
        let base = *self.base.get_or_insert(packet.dts);
        let since: TimeDelta = packet.dts - base;
        let newest = &mut self.newest[usize::from(packet.track == TrackKind::Audio)];
        *newest = (*newest).max(Timestamp::ZERO + since);
        *newest
    }

    /// What this connection's clock reads at studio time `now`; `None` before its first packet.
    pub(super) fn at(&self, now: Timestamp) -> Option<Timestamp> {
        self.base.map(|base| Timestamp::ZERO + (now - base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    use super::TrackKind::{Audio, Video};

    #[test]
    fn starts_at_zero_and_never_returns() {
        let mut timeline = Timeline::default();
        let mut stamp = |track, ms| {
            let at = Timestamp::from_millis(ms);
            timeline
                .stamp(&Packet {
                    track,
                    pts: at,
                    dts: at,
                    is_idr: true,
                    data: Bytes::new(),
                })
                .to_millis()
        };
        // Fifty days in, where 32 bits of milliseconds are long over: the connection does not care.
        let start = 50 * 24 * 3_600_000;
        let given = [
            (Video, 0),
            (Audio, -15),
            (Audio, 6),
            (Video, 40),
            (Video, 30),
            (Audio, 27),
        ];
        let got: Vec<i64> = given.map(|(track, ms)| stamp(track, start + ms)).to_vec();
        assert_eq!(got, [0, 0, 6, 40, 40, 27]);
    }
}
