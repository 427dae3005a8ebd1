//! What checks of pictures want hidden: from a verdict until one that says it is over, in every picture that is made meanwhile.
//!
//! Verdicts come on the analysis thread, pictures on the encoder's. A checker that dies leaves its areas as they are: nobody
//! can say any more that what was there has gone. The one that takes its place tells what it sees anew; what it has not seen
//! for [`ORPHANED_MS`] is let go. While there is no area this costs one load of a flag.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::media::{TimeDelta, Timestamp};
use crate::picture::Rect;
use crate::picture::occlude::Shape;
use crate::vision::check::{CheckAction, CheckKind, PictureVerdict};

/// How long an area stays after it is over, in ms: pictures between the looks may still have had it.
const LINGER_MS: i64 = 500;

/// How long a new checker must have looked without a hole before areas of the one before it are let go, in ms.
const ORPHANED_MS: i64 = 2000;

/// The most areas. Where more are wanted the picture is covered.
const MOST: usize = 64;

/// What checks want hidden.
#[derive(Debug, Default)]
pub struct Areas {
    is_any: AtomicBool,
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    areas: Vec<Area>,
    /// Those that the operator has let go: later verdicts do not bring them back.
    released: Vec<u64>,
}

#[derive(Debug)]
struct Area {
    id: u64,
    /// The PTS of the last verdict.
    told: Timestamp,
    /// `None` is the whole picture.
    place: Option<[f32; 4]>,
    /// Why it is covered; blurred where there is nothing.
    cover: Option<Arc<str>>,
    /// When it was over.
    over: Option<Timestamp>,
}

/// What is to be hidden in one picture. Kept from one to the next: nothing is allocated for a picture.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    /// Why it is covered.
    pub cover: Option<Arc<str>>,
    /// What is blurred.
    pub blurred: Vec<Shape>,
}

impl Areas {
    /// Hides what `verdict` asks for, moves it, or has it end.
    pub fn apply(&self, verdict: &PictureVerdict) {
        let cover = match verdict.action {
            CheckAction::Off | CheckAction::Warn => return,
            CheckAction::Blur => None,
            CheckAction::Cover | CheckAction::Dump => Some(reason(verdict)),
        };
        let mut list = self.lock();
        if list.released.contains(&verdict.id) {
            return;
        }
        let over = verdict.is_over.then_some(verdict.pts);
        let place = verdict.place;
        match list.areas.iter_mut().find(|area| area.id == verdict.id) {
            Some(area) => {
                // Where it was when it went is all that is known then.
                if !verdict.is_over {
                    (area.place, area.cover) = (place, cover);
                }
                (area.told, area.over) = (verdict.pts, over);
            }
            None if verdict.is_over => {}
            None => {
                let area = Area {
                    id: verdict.id,
                    told: verdict.pts,
                    place,
                    cover,
                    over,
                };
                if list.areas.len() < MOST {
                    list.areas.push(area);
                } else if let Some(last) = list.areas.last_mut() {
                    // No room: the last one hides everything.
                    *last = Area { place: None, ..area };
                }
            }
        }
        self.note(&list);
    }

    /// The checker has looked from `from` to `until` without a hole. Where that began after an area was last told, its
    /// checker is another one now, or was not shown what came between.
    pub fn stamp(&self, from: Timestamp, until: Timestamp) {
        if !self.is_any() || until - from < TimeDelta::from_millis(ORPHANED_MS) {
            return;
        }
        let mut list = self.lock();
        list.areas.retain(|area| area.told >= from);
        self.note(&list);
    }

    /// The operator lets an area go: it was none. Says whether there was such an area.
    pub fn release(&self, id: u64) -> bool {
        let mut list = self.lock();
        let count = list.areas.len();
        list.areas.retain(|area| area.id != id);
        let is_known = list.areas.len() < count;
        if is_known {
            if list.released.len() >= MOST {
                list.released.remove(0);
            }
            list.released.push(id);
        }
        self.note(&list);
        is_known
    }

    /// Whether anything is hidden.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.is_any.load(Ordering::Acquire)
    }

    /// What is to be hidden in a picture of `size` at `pts`.
    pub(super) fn at(&self, pts: Timestamp, size: (u32, u32), hidden: &mut Hidden) {
        hidden.cover = None;
        hidden.blurred.clear();
        if !self.is_any() {
            return;
        }
        let mut list = self.lock();
        let linger = TimeDelta::from_millis(LINGER_MS);
        list.areas
            .retain(|area| area.over.is_none_or(|over| pts < over + linger));
        for area in &list.areas {
            match (&area.cover, area.place) {
                (Some(cover), _) => hidden.cover = Some(Arc::clone(cover)),
                (None, Some(place)) => hidden.blurred.push(Shape::Rect(rect(place, size))),
                (None, None) => hidden.blurred.push(Shape::Whole),
            }
        }
        self.note(&list);
    }

    fn note(&self, list: &List) {
        self.is_any.store(!list.areas.is_empty(), Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a cover says. Not what the code says: it would be on air.
fn reason(verdict: &PictureVerdict) -> Arc<str> {
    match verdict.kind {
        CheckKind::Code => "a QR code",
        CheckKind::Barcode => "a barcode",
        CheckKind::Blocked => "a blocked image",
        CheckKind::Black => "a black picture",
        CheckKind::Frozen => "a picture that stands still",
        CheckKind::Classifier => "a picture that must not be seen",
    }
    .into()
}

/// A place in pixels, rounded outwards. What is no number is everything.
fn rect([left, top, width, height]: [f32; 4], (columns, rows): (u32, u32)) -> Rect {
    let (columns, rows) = (columns as f32, rows as f32);
    let low = |at: f32, size: f32| (at * size).floor().max(0.0);
    let high = |at: f32, size: f32| {
        let end = (at * size).ceil();
        if end.is_nan() { size } else { end.min(size) }
    };
    let (x, y) = (low(left, columns), low(top, rows));
    Rect {
        x: x as i32,
        y: y as i32,
        width: (high(left + width, columns) - x) as i32,
        height: (high(top + height, rows) - y) as i32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIZE: (u32, u32) = (320, 180);

    fn ms(at: i64) -> Timestamp {
        Timestamp::from_millis(at)
    }

    fn verdict(id: u64, pts: i64, action: CheckAction, is_over: bool) -> PictureVerdict {
        PictureVerdict {
            id,
            is_new: true,
            pts: ms(pts),
            since: ms(pts - 200),
            kind: CheckKind::Code,
            what: "https://example.org".into(),
            place: Some([0.25, 0.5, 0.5, 0.25]),
            action,
            is_over,
        }
    }

    /// How many places are blurred, and why it is covered.
    fn at(areas: &Areas, pts: i64) -> (usize, Option<String>) {
        let mut hidden = Hidden::default();
        areas.at(ms(pts), SIZE, &mut hidden);
        (hidden.blurred.len(), hidden.cover.as_deref().map(str::to_owned))
    }

    #[test]
    fn an_area_stays_until_it_is_over_and_a_little_longer() {
        let areas = Areas::default();
        assert!(!areas.is_any());
        areas.apply(&verdict(1, 1000, CheckAction::Blur, false));
        // A picture that was on its way already is blurred as well.
        for pts in [900, 1000, 60_000] {
            assert_eq!(at(&areas, pts), (1, None));
        }
        areas.apply(&verdict(1, 70_000, CheckAction::Blur, true));
        assert_eq!(at(&areas, 70_499), (1, None));
        assert_eq!(at(&areas, 70_500), (0, None));
        assert!(!areas.is_any());
    }

    #[test]
    fn each_action_hides_what_it_says() {
        for (action, expected) in [
            (CheckAction::Off, (0, None)),
            (CheckAction::Warn, (0, None)),
            (CheckAction::Blur, (1, None)),
            (CheckAction::Cover, (0, Some("a QR code".to_owned()))),
            (CheckAction::Dump, (0, Some("a QR code".to_owned()))),
        ] {
            let areas = Areas::default();
            areas.apply(&verdict(1, 0, action, false));
            assert_eq!(at(&areas, 0), expected, "{action:?}");
        }
    }

    #[test]
    fn a_place_moves_and_what_has_none_is_everything() {
        let areas = Areas::default();
        let mut hidden = Hidden::default();
        let mut shape = |verdict: &PictureVerdict| {
            areas.apply(verdict);
            areas.at(ms(0), SIZE, &mut hidden);
            assert_eq!(hidden.blurred.len(), 1);
            hidden.blurred[0]
        };
        let mut verdict = verdict(1, 0, CheckAction::Blur, false);
        let of = |x, y, width, height| Shape::Rect(Rect { x, y, width, height });
        assert_eq!(shape(&verdict), of(80, 90, 160, 45));
        verdict.place = Some([0.3, 0.5, 0.5, 0.25]);
        assert_eq!(shape(&verdict), of(96, 90, 160, 45));
        verdict.place = Some([f32::NAN; 4]);
        assert_eq!(shape(&verdict), of(0, 0, 320, 180));
        verdict.place = None;
        assert_eq!(shape(&verdict), Shape::Whole);
    }

    #[test]
    fn a_dead_checkers_area_stays_until_another_has_looked_long_enough() {
        let areas = Areas::default();
        areas.apply(&verdict(1, 1000, CheckAction::Blur, false));
        areas.stamp(ms(0), ms(5000));
        assert_eq!(
            at(&areas, 500_000),
            (1, None),
            "its checker looked and did not say that it is over"
        );
        // Another one begins at 9 s. It sees something of its own, but not the first.
        areas.apply(&verdict(2, 9000, CheckAction::Blur, false));
        areas.stamp(ms(9000), ms(10_900));
        assert_eq!(at(&areas, 10_900), (2, None));
        areas.stamp(ms(9000), ms(11_000));
        assert_eq!(at(&areas, 11_000), (1, None));
    }

    #[test]
    fn the_operator_can_let_an_area_go() {
        let areas = Areas::default();
        areas.apply(&verdict(7, 0, CheckAction::Cover, false));
        assert!(areas.release(7) && !areas.release(7));
        areas.apply(&verdict(7, 500, CheckAction::Cover, false));
        assert_eq!(at(&areas, 500), (0, None));
    }

    #[test]
    fn more_areas_than_there_is_room_for_hide_everything() {
        let areas = Areas::default();
        for id in 0..200 {
            areas.apply(&verdict(id, 0, CheckAction::Blur, false));
        }
        let mut hidden = Hidden::default();
        areas.at(ms(0), SIZE, &mut hidden);
        assert_eq!(hidden.blurred.len(), MOST);
        assert!(hidden.blurred.contains(&Shape::Whole));
    }

    proptest! {
        #[test]
        fn a_rectangle_lies_in_the_picture(place in prop::array::uniform4(any::<f32>()), width in 2_u32..4096, height in 2_u32..4096) {
            let rect = rect(place, (width, height));
            prop_assert!(rect.x >= 0 && rect.y >= 0);
            prop_assert!(i64::from(rect.x) + i64::from(rect.width.max(0)) <= i64::from(width).max(rect.x.into()));
            prop_assert!(i64::from(rect.y) + i64::from(rect.height.max(0)) <= i64::from(height).max(rect.y.into()));
        }
    }
}
