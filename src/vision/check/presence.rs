//! From what each look finds to verdicts: what is new, what has moved, what has gone.

use super::settings::CheckAction;
use super::verdict::{CheckKind, PictureVerdict, printable};
use crate::media::{TimeDelta, Timestamp};

/// So many looks in a row must be without a thing for it to have gone: a code in motion is not read in each.
const LOOKS_WITHOUT: u32 = 3;

/// A thing that stays is told again this often, so that whoever hides it knows that its checker lives.
const AGAIN_MS: i64 = 500;

/// The most things that are followed. What is beyond that is told as one, without a place.
const MOST: usize = 24;

/// How much larger a place is told than seen, as a share of the picture.
const MARGIN: f32 = 0.02;

/// Looks further apart than this do not say how something moves.
const MOTION_MS: i64 = 1000;

/// Something that a look has found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sighting {
    pub kind: CheckKind,
    pub what: String,
    pub place: Option<[f32; 4]>,
    pub action: CheckAction,
    /// Since when it may have been there, where that is longer than looks say.
    pub since: Option<Timestamp>,
}

/// Follows things from look to look.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// The last look and the one before it.
    looks: [Option<Timestamp>; 2],
    things: Vec<Thing>,
    next: u64,
}

#[derive(Clone, Debug)]
struct Thing {
    verdict: PictureVerdict,
    /// Where it was seen last, and when.
    seen: (Option<[f32; 4]>, Timestamp),
    told: Timestamp,
    without: u32,
    is_seen_now: bool,
}

impl Presence {
    /// The look at `pts` has found `sightings`. Adds what is to be told to `found`.
    pub(super) fn note(&mut self, pts: Timestamp, sightings: &[Sighting], found: &mut Vec<PictureVerdict>) {
        // Time that runs backwards is another timeline.
        let [last, earlier] = self.looks.map(|look| look.filter(|look| *look <= pts));
        let before = earlier.or(last).unwrap_or(pts);
        self.looks = [Some(pts), last];
        for thing in &mut self.things {
            thing.is_seen_now = false;
        }
        for sighting in sightings {
            match self.things.iter().position(|thing| thing.is(sighting)) {
                Some(at) => self.things[at].again(pts, sighting, found),
                None if self.things.len() < MOST => self.begin(pts, before, sighting, found),
                None => {}
            }
        }
        self.things.retain_mut(|thing| {
            if thing.is_seen_now {
                thing.without = 0;
                return true;
            }
            thing.without += 1;
            if thing.without < LOOKS_WITHOUT {
                // It still counts as there: whoever hides it goes on.
                thing.refresh(pts, found);
                return true;
            }
            found.push(PictureVerdict {
                pts,
                is_new: false,
                is_over: true,
                ..thing.verdict.clone()
            });
            false
        });
    }

    fn begin(&mut self, pts: Timestamp, before: Timestamp, sighting: &Sighting, found: &mut Vec<PictureVerdict>) {
        // Nothing else begins at this flick but by the counter, nor did in a worker before this one.
        let id = (pts.to_flicks() as u64).wrapping_mul(32).wrapping_add(self.next % 32);
        self.next += 1;
        let is_last = self.things.len() + 1 == MOST;
        let verdict = PictureVerdict {
            id,
            is_new: true,
            pts,
            since: sighting.since.unwrap_or(before).min(before),
            kind: sighting.kind,
            what: printable(&sighting.what),
            // There may be more of them than are followed.
            place: if is_last {
                None
            } else {
                sighting.place.map(|place| grown(place, place, MARGIN))
            },
            action: sighting.action,
            is_over: false,
        };
        found.push(verdict.clone());
        self.things.push(Thing {
            verdict,
            seen: (sighting.place, pts),
            told: pts,
            without: 0,
            is_seen_now: true,
        });
    }
}

impl Thing {
    /// Whether it is what was seen: the same thing, there or elsewhere, or another in its very place.
    fn is(&self, sighting: &Sighting) -> bool {
        if self.is_seen_now || self.verdict.kind != sighting.kind {
            return false;
        }
        match (self.seen.0, sighting.place) {
            (Some(here), Some(there)) if overlap(here, there) > 0.2 => true,
            _ => self.verdict.what == printable(&sighting.what),
        }
    }

    fn again(&mut self, pts: Timestamp, sighting: &Sighting, found: &mut Vec<PictureVerdict>) {
        self.is_seen_now = true;
        let (was, when) = self.seen;
        self.seen = (sighting.place, pts);
        let place = match (was, sighting.place, self.verdict.place) {
            (_, _, None) | (_, None, _) => None,
            (Some(was), Some(is), Some(told)) if pts - when <= TimeDelta::from_millis(MOTION_MS) => {
                let wanted = grown(is, was, MARGIN);
                // What stays within what was told leaves it as it was: a mask does not jitter.
                let is_within = contains(told, grown(is, was, MARGIN / 2.0)) && area(wanted) > 0.5 * area(told);
                Some(if is_within { told } else { wanted })
            }
            (_, Some(is), _) => Some(grown(is, is, MARGIN)),
        };
        let what = printable(&sighting.what);
        if place == self.verdict.place && what == self.verdict.what {
            return self.refresh(pts, found);
        }
        self.verdict.place = place;
        self.verdict.what = what;
        self.tell(pts, found);
    }

    fn refresh(&mut self, pts: Timestamp, found: &mut Vec<PictureVerdict>) {
        let since = pts - self.told;
        if since >= TimeDelta::from_millis(AGAIN_MS) || since < TimeDelta::ZERO {
            self.tell(pts, found);
        }
    }

    fn tell(&mut self, pts: Timestamp, found: &mut Vec<PictureVerdict>) {
        self.told = pts;
        self.verdict.pts = pts;
        self.verdict.is_new = false;
        found.push(self.verdict.clone());
    }
}

/// A place with room around it: for what has moved from `was` to `is` and goes on, and back.
fn grown(is: [f32; 4], was: [f32; 4], margin: f32) -> [f32; 4] {
    let (dx, dy) = (is[0] - was[0], is[1] - was[1]);
    let (left, top) = (is[0] - dx.abs() * 1.5 - margin, is[1] - dy.abs() * 1.5 - margin);
    let right = is[0] + is[2] + dx.abs() * 1.5 + margin;
    let bottom = is[1] + is[3] + dy.abs() * 1.5 + margin;
    let (left, top) = (left.clamp(0.0, 1.0), top.clamp(0.0, 1.0));
    [left, top, right.clamp(left, 1.0) - left, bottom.clamp(top, 1.0) - top]
}

fn area(of: [f32; 4]) -> f32 {
    of[2] * of[3]
}

fn contains(outer: [f32; 4], inner: [f32; 4]) -> bool {
    let slack = 1e-4;
    inner[0] >= outer[0] - slack
        && inner[1] >= outer[1] - slack
        && inner[0] + inner[2] <= outer[0] + outer[2] + slack
        && inner[1] + inner[3] <= outer[1] + outer[3] + slack
}

/// What two places share, as a part of the smaller one.
fn overlap(a: [f32; 4], b: [f32; 4]) -> f32 {
    let width = (a[0] + a[2]).min(b[0] + b[2]) - a[0].max(b[0]);
    let height = (a[1] + a[3]).min(b[1] + b[3]) - a[1].max(b[1]);
    width.max(0.0) * height.max(0.0) / area(a).min(area(b)).max(1e-6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(look: i64) -> Timestamp {
        Timestamp::from_millis(look * 200)
    }

    fn code(what: &str, x: f32) -> Sighting {
        Sighting {
            kind: CheckKind::Code,
            what: what.to_owned(),
            place: Some([x, 0.3, 0.2, 0.2]),
            action: CheckAction::Blur,
            since: None,
        }
    }

    /// `look:+what` where something begins, `look:-what` where it has gone, `look:~what` in between.
    fn story(looks: &[&[Sighting]]) -> Vec<String> {
        let mut presence = Presence::default();
        let mut found = Vec::new();
        let mut told = Vec::new();
        for (look, sightings) in (0..).zip(looks) {
            presence.note(at(look), sightings, &mut found);
            for verdict in found.drain(..) {
                let sign = match (verdict.is_new, verdict.is_over) {
                    (true, _) => '+',
                    (_, true) => '-',
                    _ => '~',
                };
                told.push(format!(
                    "{look}:{sign}{} since {}",
                    verdict.what,
                    verdict.since.to_millis()
                ));
            }
        }
        told
    }

    #[test]
    fn a_thing_begins_two_looks_before_it_is_seen_and_ends_after_three_without() {
        let (none, one): (&[Sighting], &[Sighting]) = (&[], &[code("a", 0.3)]);
        assert_eq!(
            story(&[none, none, one, one, none, one, none, none, none, none]),
            ["2:+a since 0", "5:~a since 0", "8:-a since 0"]
        );
        assert_eq!(story(&[none, none, none, one])[0], "3:+a since 200");
        // From the very first picture on.
        assert_eq!(story(&[one, none, none, none]), ["0:+a since 0", "3:-a since 0"]);
    }

    #[test]
    fn what_stays_is_told_again_twice_a_second() {
        let one: &[Sighting] = &[code("a", 0.3)];
        let told = story(&[one; 8]);
        assert_eq!(told, ["0:+a since 0", "3:~a since 0", "6:~a since 0"]);
    }

    #[test]
    fn two_things_are_two() {
        let told = story(&[&[code("a", 0.1), code("b", 0.7)], &[code("b", 0.7)], &[], &[]]);
        assert_eq!(told, ["0:+a since 0", "0:+b since 0", "3:-a since 0", "3:~b since 0"]);
    }

    #[test]
    fn what_moves_is_told_with_room_to_where_it_goes() {
        let mut presence = Presence::default();
        let mut found = Vec::new();
        for (look, x) in [(0, 0.30), (1, 0.36), (2, 0.42)] {
            presence.note(at(look), &[code("a", x)], &mut found);
        }
        let id = found[0].id;
        assert!(found.iter().all(|verdict| verdict.id == id) && found.len() == 3);
        let place = found[2].place.unwrap();
        // Next it would be at 0.48.
        assert!(place[0] <= 0.42 && place[0] + place[2] >= 0.68, "{place:?}");
    }

    #[test]
    fn a_crowd_is_the_whole_picture() {
        let crowd: Vec<Sighting> = (0..40)
            .map(|at| {
                let mut one = code(&format!("{at}"), 0.0);
                one.place = Some([at as f32 * 0.02, 0.0, 0.001, 0.001]);
                one
            })
            .collect();
        let mut found = Vec::new();
        Presence::default().note(at(0), &crowd, &mut found);
        assert_eq!(found.len(), MOST);
        assert_eq!(found.last().unwrap().place, None);
        let ids: std::collections::BTreeSet<u64> = found.iter().map(|verdict| verdict.id).collect();
        assert_eq!(ids.len(), MOST);
    }

    proptest! {
        #[test]
        fn what_begins_ends_once_and_places_lie_in_the_picture(
            looks in prop::collection::vec(prop::collection::vec((0_u8..4, -0.2_f32..1.2, 0.0_f32..0.5), 0..4), 1..40)
        ) {
            let mut presence = Presence::default();
            let mut found = Vec::new();
            let sighting = |&(what, x, size): &(u8, f32, f32)| Sighting {
                kind: if what % 2 == 0 { CheckKind::Code } else { CheckKind::Blocked },
                what: what.to_string(),
                place: (what != 3).then_some([x, x, size, size]),
                action: CheckAction::Blur,
                since: None,
            };
            let mut look = 0;
            for sightings in &looks {
                presence.note(at(look), &sightings.iter().map(sighting).collect::<Vec<_>>(), &mut found);
                look += 1;
            }
            for _ in 0..3 {
                presence.note(at(look), &[], &mut found);
                look += 1;
            }
            let mut open = std::collections::BTreeSet::new();
            for verdict in &found {
                prop_assert!(verdict.since <= verdict.pts);
                prop_assert_eq!(verdict.is_new, !open.contains(&verdict.id));
                if verdict.is_over { open.remove(&verdict.id); } else { open.insert(verdict.id); }
                if let Some([left, top, width, height]) = verdict.place {
                    prop_assert!(left >= 0.0 && top >= 0.0 && width >= 0.0 && height >= 0.0);
                    prop_assert!(left + width <= 1.0001 && top + height <= 1.0001);
                }
            }
            prop_assert!(open.is_empty());
            prop_assert!(presence.things.is_empty());
        }
    }
}
