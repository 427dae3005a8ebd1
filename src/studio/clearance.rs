//! Clearances: what may go to air as it is, and what waits for a check to have seen it.
//!
//! A check is an analyser that somebody relies on: faces must be found before they can be hidden, words heard before they can
//! be muted. While it is armed, a picture or a block goes out only if the check has stamped its PTS. A check whose worker is
//! late or gone stamps nothing, so what it has not seen is held back: it fails closed. A check that is not armed holds nothing.
//!
//! Pure: the runtime's gate keeps these beside the encoders and puts the safe substitute in the place of what is held back.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::media::{Timestamp, TrackKind};

/// Stretches that are remembered per check. One ends where pictures were not seen for once; a minute of a check that
/// misses one every second fits in.
const STRETCHES: usize = 64;

/// Whether something may go to air.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every armed check has seen it.
    Cleared,
    /// This check has not.
    Waiting(Arc<str>),
}

/// The armed checks of a show and what they have seen.
#[derive(Debug, Default)]
pub struct Clearances {
    armed: Vec<Check>,
}

#[derive(Debug)]
struct Check {
    name: Arc<str>,
    track: TrackKind,
    /// First and last PTS of each stretch that was seen without a hole, oldest first.
    seen: VecDeque<(Timestamp, Timestamp)>,
}

impl Check {
    fn has_seen(&self, pts: Timestamp) -> bool {
        // What goes to air is mostly in the newest stretch.
        let mut stretches = self.seen.iter().rev();
        stretches.any(|(from, until)| (*from..=*until).contains(&pts))
    }
}

impl Clearances {
    /// From now on nothing of `track` goes out that the check `name` has not seen. It has seen nothing yet.
    pub fn arm(&mut self, name: &str, track: TrackKind) {
        if self.check(name, track).is_none() {
            self.armed.push(Check {
                name: name.into(),
                track,
                seen: VecDeque::with_capacity(STRETCHES),
            });
        }
    }

    /// The check `name` no longer holds anything of `track`.
    pub fn disarm(&mut self, name: &str, track: TrackKind) {
        self.armed.retain(|check| check.track != track || *check.name != *name);
    }

    /// Whether that check of `track` is armed.
    #[must_use]
    pub fn is_armed_as(&self, name: &str, track: TrackKind) -> bool {
        self.armed
            .iter()
            .any(|check| check.track == track && *check.name == *name)
    }

    /// Whether any check of `track` is armed.
    #[must_use]
    pub fn is_armed(&self, track: TrackKind) -> bool {
        self.armed.iter().any(|check| check.track == track)
    }

    /// The check `name` has seen all of `track` from the first to the last of these. Says nothing about a check that is
    /// not armed, which holds nothing.
    pub fn stamp(&mut self, name: &str, track: TrackKind, from: Timestamp, until: Timestamp) {
        let Some(check) = self.check(name, track) else { return };
        if until < from {
            return;
        }
        match check.seen.back_mut() {
            // The same stretch, further on.
            Some(last) if last.0 == from => last.1 = until.max(last.1),
            _ => {
                if check.seen.len() >= STRETCHES {
                    check.seen.pop_front();
                }
                check.seen.push_back((from, until));
            }
        }
    }

    /// Whether what is at `pts` of `track` may go out. Where several checks have not seen it, the first armed is named.
    #[must_use]
    pub fn verdict(&self, track: TrackKind, pts: Timestamp) -> Verdict {
        let waiting = self
            .armed
            .iter()
            .find(|check| check.track == track && !check.has_seen(pts));
        waiting.map_or(Verdict::Cleared, |check| Verdict::Waiting(Arc::clone(&check.name)))
    }

    fn check(&mut self, name: &str, track: TrackKind) -> Option<&mut Check> {
        self.armed
            .iter_mut()
            .find(|check| check.track == track && *check.name == *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn ms(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn verdict(clearances: &Clearances, track: TrackKind, at: i64) -> String {
        match clearances.verdict(track, ms(at)) {
            Verdict::Cleared => "cleared".to_owned(),
            Verdict::Waiting(check) => check.to_string(),
        }
    }

    #[test]
    fn what_is_not_armed_holds_nothing_and_what_is_armed_fails_closed() {
        use TrackKind::{Audio, Video};
        let mut clearances = Clearances::default();
        assert_eq!(verdict(&clearances, Video, 0), "cleared");
        clearances.stamp("faces", Video, ms(0), ms(100));
        clearances.arm("faces", Video);
        assert!(clearances.is_armed(Video) && !clearances.is_armed(Audio));
        // What was seen before it was armed does not count, and sound is none of its business.
        assert_eq!(verdict(&clearances, Video, 0), "faces");
        assert_eq!(verdict(&clearances, Audio, 0), "cleared");
        clearances.stamp("faces", Video, ms(100), ms(300));
        clearances.stamp("faces", Audio, ms(0), ms(9000));
        clearances.stamp("words", Video, ms(0), ms(9000));
        for (at, expected) in [(99, "faces"), (100, "cleared"), (300, "cleared"), (301, "faces")] {
            assert_eq!(verdict(&clearances, Video, at), expected, "{at}");
        }
        // Its worker dies, the next one starts later: what lay between was never seen.
        clearances.stamp("faces", Video, ms(500), ms(500));
        clearances.stamp("faces", Video, ms(500), ms(600));
        for (at, expected) in [(200, "cleared"), (400, "faces"), (550, "cleared"), (601, "faces")] {
            assert_eq!(verdict(&clearances, Video, at), expected, "{at}");
        }
        // Armed twice is armed once.
        clearances.arm("faces", Video);
        assert_eq!(verdict(&clearances, Video, 550), "cleared");
        clearances.disarm("faces", Audio);
        assert_eq!(verdict(&clearances, Video, 601), "faces");
        clearances.disarm("faces", Video);
        assert_eq!(verdict(&clearances, Video, 601), "cleared");
    }

    #[test]
    fn all_armed_checks_must_have_seen_it() {
        let mut clearances = Clearances::default();
        clearances.arm("faces", TrackKind::Video);
        clearances.arm("logos", TrackKind::Video);
        clearances.stamp("logos", TrackKind::Video, ms(0), ms(500));
        assert_eq!(verdict(&clearances, TrackKind::Video, 100), "faces");
        clearances.stamp("faces", TrackKind::Video, ms(0), ms(100));
        assert_eq!(verdict(&clearances, TrackKind::Video, 100), "cleared");
        assert_eq!(verdict(&clearances, TrackKind::Video, 101), "faces");
        clearances.stamp("faces", TrackKind::Video, ms(0), ms(900));
        assert_eq!(verdict(&clearances, TrackKind::Video, 600), "logos");
    }

    proptest! {
        #[test]
        fn nothing_goes_out_that_was_not_stamped(stamps in prop::collection::vec((0i64..500, -5i64..40), 0..200)) {
            let mut clearances = Clearances::default();
            clearances.arm("faces", TrackKind::Video);
            let mut seen = BTreeSet::new();
            for (from, length) in stamps {
                clearances.stamp("faces", TrackKind::Video, ms(from), ms(from + length));
                seen.extend(from..=from + length);
                prop_assert!(clearances.armed[0].seen.len() <= STRETCHES);
            }
            for at in -5..560 {
                if clearances.verdict(TrackKind::Video, ms(at)) == Verdict::Cleared {
                    prop_assert!(seen.contains(&at), "{at} was never seen");
                }
            }
        }
    }
}
