//! The way of a picture from the compositor to the encoder: held while faces are looked for in it, then as it is, with masks,
//! or covered.
//!
//! What checks want hidden ([`Areas`]) is hidden on every line, whether occlusion is armed or not.
//!
//! While occlusion is armed a picture leaves a constant six pictures after its time, and only with the verdict for its very
//! PTS. Where there is none (the worker is late, hung, dead, or not there yet) it leaves as a cover.

use std::sync::Arc;
use std::time::Duration;

use super::areas::{Areas, Hidden};
use super::hold::{Hold, Timed};
use super::masks::{Hiding, MaskList};
use super::occlusion::{FaceWatch, HELD_PICTURES, Levels, MaskPlan};
use crate::clock::Clock;
use crate::media::{FramePool, Timestamp, VideoFrame};
use crate::picture::occlude::Occluder;
use crate::studio::model::{FaceMark, FaceModel};
use crate::studio::runtime::gate::PictureGate;
use crate::studio::runtime::outlet::{LINES, SOURCE};
use crate::studio::runtime::tap_loop::TapSlot;
use crate::vision::{CoverReason, FaceVerdict, OcclusionLevel, Sight};

/// Pictures that can be held without allocating: those of the delay, and what piles up behind an encoder that was late.
const ROOM: usize = HELD_PICTURES as usize + 16;

/// Told when the faces on program, or the reason for a cover, are others than before.
pub type FaceReport = Arc<dyn Fn(Vec<FaceModel>, Option<String>) + Send + Sync>;

/// A picture as the compositor made it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The picture.
    pub frame: VideoFrame,
    /// The occlusion levels when it was made. It never goes out at higher ones.
    pub levels: Levels,
}

/// A picture as each line may see it; none where a line did not want it.
pub type Aired = [Option<VideoFrame>; LINES];

impl Timed for Outgoing {
    fn pts(&self) -> Timestamp {
        self.frame.pts
    }
}

/// What the encoder's thread takes pictures from.
pub struct PictureAir {
    clock: Clock,
    watch: Arc<FaceWatch>,
    gate: PictureGate,
    hold: Hold<Outgoing>,
    occluder: Occluder,
    masks: MaskList,
    taps: Arc<TapSlot>,
    marks: Vec<FaceMark>,
    report: FaceReport,
    /// What was told last.
    told: (Vec<FaceModel>, Option<String>),
    /// Exempt tracks that have been lost since: not shown again, whatever the plan says.
    lost: Vec<u32>,
    /// What checks want hidden, and what of that is in this picture.
    areas: Arc<Areas>,
    hidden: Hidden,
}

impl PictureAir {
    /// A way out by `clock`, past `watch` and `gate`. Masks that cannot be painted in place are painted into memory of `pool`;
    /// what goes out is shown to `taps` while occlusion is armed.
    #[must_use]
    pub fn new(
        clock: Clock,
        watch: Arc<FaceWatch>,
        gate: PictureGate,
        pool: FramePool,
        taps: Arc<TapSlot>,
        report: FaceReport,
    ) -> Self {
        Self {
            clock,
            watch,
            gate,
            hold: Hold::new(ROOM),
            occluder: Occluder::new(pool),
            masks: MaskList::default(),
            taps,
            marks: Vec::new(),
            report,
            told: (Vec::new(), None),
            lost: Vec::new(),
            areas: Arc::default(),
            hidden: Hidden::default(),
        }
    }

    /// Hides `areas` as well.
    #[must_use]
    pub fn with_areas(mut self, areas: Arc<Areas>) -> Self {
        self.areas = areas;
        self
    }

    /// A picture has been made.
    pub fn put(&mut self, picture: Outgoing) {
        self.hold.put(picture);
    }

    /// How long until the next picture is due; `None` while none is held.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.hold.wait(self.clock.now(), self.watch.delay())
    }

    /// The next picture that is due, as it may be seen: on the source line always, on the others where `wants` says so.
    pub fn take(&mut self, wants: impl Fn(usize) -> bool) -> Option<Aired> {
        let picture = self.hold.take(self.clock.now(), self.watch.delay())?;
        let mut aired = Aired::default();
        match self.gate.pass(picture.frame) {
            // Covered already, for another check.
            Err(cover) => share(&mut aired, &cover, wants),
            Ok(frame) => self.hide(frame, picture.levels, wants, &mut aired),
        }
        Some(aired)
    }

    fn hide(&mut self, frame: VideoFrame, made_at: Levels, wants: impl Fn(usize) -> bool, aired: &mut Aired) {
        let plan = self.watch.plan();
        let (pts, size) = (frame.pts, (frame.width(), frame.height()));
        self.areas.at(pts, size, &mut self.hidden);
        if let Some(why) = self.hidden.cover.take() {
            // On every line, at every level; faces are followed all the same.
            let cover = self.gate.painted(&frame, &why);
            self.gate.covered(pts, Arc::clone(&why));
            let verdict = if plan.is_armed { self.watch.take(pts) } else { None };
            self.note_lost(verdict.as_ref(), &plan);
            self.tell(faces(verdict.as_ref()), Some(why.to_string()));
            if plan.is_armed {
                self.taps.put_program(&cover, &[]);
            }
            return share(aired, &cover, wants);
        }
        if !plan.is_armed {
            self.tell(Vec::new(), None);
            self.lost.clear();
            // Faces are shown: their level is none.
            let shown = OcclusionLevel {
                strength: 0.0,
                ..OcclusionLevel::HIDDEN
            };
            let hiding = self.masks.fill(&plan, shown, None, &[], size, &self.hidden.blurred);
            let (frame, _) = self.paint(frame, hiding, &plan);
            self.gate.uncovered(pts);
            return share(aired, &frame, wants);
        }
        let verdict = self.watch.take(pts);
        self.note_lost(verdict.as_ref(), &plan);
        let level_of = |line: usize| made_at[line].min(plan.levels[line]);
        let program = level_of(SOURCE);
        let mut why = None;
        // Lines with a level of their own first: in the end nobody else has the picture, and the program's masks are painted
        // in place.
        for line in (1..LINES).filter(|line| wants(*line) && level_of(*line) != program) {
            let like = (1..line).find(|other| aired[*other].is_some() && level_of(*other) == level_of(line));
            let same = like.and_then(|other| aired[other].clone());
            aired[line] =
                Some(same.unwrap_or_else(|| {
                    self.at_level(frame.clone(), level_of(line), verdict.as_ref(), &plan, &mut why)
                }));
        }
        let out = self.at_level(frame, program, verdict.as_ref(), &plan, &mut why);
        let level = plan.policy.level(program);
        self.tell(faces(verdict.as_ref()), cover_at(level, verdict.as_ref()));
        self.mark(verdict.as_ref(), &plan, level, size);
        match why {
            None => self.gate.uncovered(pts),
            Some(why) => self.gate.covered(pts, why),
        }
        self.taps.put_program(&out, &self.marks);
        share(aired, &out, wants);
    }

    /// The picture as it may be seen at a level; `why` where that is a cover.
    fn at_level(
        &mut self,
        frame: VideoFrame,
        level: u8,
        verdict: Option<&FaceVerdict>,
        plan: &MaskPlan,
        why: &mut Option<Arc<str>>,
    ) -> VideoFrame {
        let level = plan.policy.level(level);
        let cover = cover_at(level, verdict);
        let hiding = if cover.is_some() {
            Hiding::Everything
        } else {
            let is_shown = |track: &&u32| !self.lost.contains(track);
            // Rarely more than one; allocates only where a face is exempt.
            let shown = plan.exempt.iter().filter(is_shown).copied().collect::<Vec<_>>();
            let size = (frame.width(), frame.height());
            self.masks
                .fill(plan, level, verdict, &shown, size, &self.hidden.blurred)
        };
        let (frame, is_painted) = self.paint(frame, hiding, plan);
        if is_painted {
            return frame;
        }
        let reason: Arc<str> = cover.unwrap_or_else(|| "too many faces".to_owned()).into();
        let cover = self.gate.painted(&frame, &reason);
        *why = Some(reason);
        cover
    }

    /// The picture with its masks, and whether that is enough.
    fn paint(&mut self, frame: VideoFrame, hiding: Hiding, plan: &MaskPlan) -> (VideoFrame, bool) {
        let (masks, occluder) = (&self.masks, &mut self.occluder);
        match hiding {
            Hiding::Nothing => (frame, true),
            Hiding::Masks => {
                let painted = masks.with(plan, |masks, stickers| occluder.apply(frame, masks, stickers));
                (painted, true)
            }
            Hiding::Everything => (frame, false),
        }
    }

    /// An exemption ends when its face is lost, at once and not when the model hears of it.
    fn note_lost(&mut self, verdict: Option<&FaceVerdict>, plan: &MaskPlan) {
        self.lost.retain(|track| plan.exempt.contains(track));
        let faces = verdict.into_iter().flat_map(|verdict| &verdict.faces);
        for face in faces.filter(|face| matches!(face.sight, Sight::Held | Sight::Band)) {
            if plan.exempt.contains(&face.track) && !self.lost.contains(&face.track) {
                self.lost.push(face.track);
            }
        }
    }

    fn tell(&mut self, faces: Vec<FaceModel>, cover: Option<String>) {
        let news = (faces, cover);
        if news != self.told {
            self.told = news.clone();
            (self.report)(news.0, news.1);
        }
    }

    /// Notes where faces are, for monitors.
    fn mark(&mut self, verdict: Option<&FaceVerdict>, plan: &MaskPlan, level: OcclusionLevel, size: (u32, u32)) {
        self.marks.clear();
        let (width, height) = (size.0 as f32, size.1 as f32);
        for face in verdict.into_iter().flat_map(|verdict| &verdict.faces) {
            let is_exempt = plan.exempt.contains(&face.track) && !self.lost.contains(&face.track);
            self.marks.push(FaceMark {
                track: face.track,
                x: face.face.x / width,
                y: face.face.y / height,
                width: face.face.size / width,
                height: face.face.size / height,
                roll: face.face.roll,
                sight: face.sight,
                is_hidden: !is_exempt && !level.is_open(),
                open: if is_exempt {
                    crate::vision::Regions::ALL
                } else {
                    level.open
                },
            });
        }
    }
}

/// Gives the program's picture to every line that wants one and has none of its own.
fn share(aired: &mut Aired, program: &VideoFrame, wants: impl Fn(usize) -> bool) {
    for (line, place) in aired.iter_mut().enumerate() {
        if place.is_none() && (line == SOURCE || wants(line)) {
            *place = Some(program.clone());
        }
    }
}

/// Why a picture with this verdict must be covered at a level, if it must.
fn cover_at(level: OcclusionLevel, verdict: Option<&FaceVerdict>) -> Option<String> {
    if level.is_open() { None } else { reason(verdict) }
}

/// Why a picture with this verdict must be covered, if it must.
fn reason(verdict: Option<&FaceVerdict>) -> Option<String> {
    let Some(verdict) = verdict else {
        return Some("faces have not been looked for in time".to_owned());
    };
    verdict.cover.map(|reason| match reason {
        CoverReason::Lost { track } => format!("face {track} was lost"),
        CoverReason::NotSeen => "not all of the picture has been looked at yet".to_owned(),
    })
}

/// The faces as the model has them.
fn faces(verdict: Option<&FaceVerdict>) -> Vec<FaceModel> {
    let model = |face: &crate::vision::TrackedFace| FaceModel {
        track: face.track,
        // Which pictures the detector looked at is of no interest to an operator.
        sight: match face.sight {
            Sight::Predicted => Sight::Seen,
            sight => sight,
        },
    };
    verdict.map_or_else(Vec::new, |verdict| verdict.faces.iter().map(model).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::control::taps::Taps;
    use crate::media::{FrameRate, Plane, TimeDelta};
    use crate::studio::runtime::gate::Gate;
    use crate::studio::runtime::outlet::Outlet;
    use crate::vision::check::{CheckAction, CheckKind, PictureVerdict};
    use crate::vision::{FaceBox, Policy, Region, Regions, TrackedFace};

    const RATE: FrameRate = FrameRate::whole(30);

    /// The face in the middle of a white picture of 320×180.
    const FACE: FaceBox = FaceBox {
        x: 160.0,
        y: 90.0,
        size: 60.0,
        roll: 0.0,
    };

    type Told = Arc<Mutex<Vec<(Vec<FaceModel>, Option<String>)>>>;

    struct Rig {
        air: PictureAir,
        watch: Arc<FaceWatch>,
        outlet: Arc<Outlet>,
        pool: FramePool,
        told: Told,
        areas: Arc<Areas>,
    }

    /// Everything hidden, eyes shown, everything shown; the clock stands an hour after the first picture, so that each is due.
    fn rig(level: u8) -> Rig {
        let eyes = Regions::NONE.with(Region::Eyes);
        let shows = |open, strength| OcclusionLevel { open, strength };
        let levels = vec![OcclusionLevel::HIDDEN, shows(eyes, 1.0), shows(eyes, 0.0)];
        let mut plan = MaskPlan::nothing();
        plan.is_armed = true;
        plan.policy = Policy::new("test".into(), String::new(), None, levels).unwrap();
        plan.levels = [level; LINES];
        let (watch, outlet) = (Arc::new(FaceWatch::new(RATE, plan)), Arc::new(Outlet::at_kbps(&[1000])));
        let (pool, told) = (FramePool::new(), Told::default());
        let report: FaceReport = {
            let told = Arc::clone(&told);
            Arc::new(move |faces, cover| told.lock().unwrap().push((faces, cover)))
        };
        let gate = PictureGate::new(
            Arc::new(Gate::default()),
            Arc::clone(&outlet),
            pool.clone(),
            Arc::new(|_, _| {}),
        );
        let taps = Arc::new(TapSlot::new(Taps::default()));
        let areas = Arc::new(Areas::default());
        let air = PictureAir::new(Clock::start(), Arc::clone(&watch), gate, pool.clone(), taps, report);
        let air = air.with_areas(Arc::clone(&areas));
        Rig {
            air,
            watch,
            outlet,
            pool,
            told,
            areas,
        }
    }

    fn at(tick: i64) -> Timestamp {
        RATE.frame_time(tick) - TimeDelta::from_millis(3_600_000)
    }

    #[derive(Debug, PartialEq, Eq)]
    enum Seen {
        AsItIs,
        Masked,
        Eyes,
        Covered,
    }

    fn look(out: &VideoFrame) -> Seen {
        let luma = |x: usize, y: usize| out.plane(Plane::Y)[y * 320 + x];
        let (corner, nose, eye) = (luma(2, 2), luma(160, 93), luma(148, 82));
        match (corner, nose, eye) {
            (235, 235, 235) => Seen::AsItIs,
            (235, _, 235) => Seen::Eyes,
            (235, _, _) => Seen::Masked,
            _ => Seen::Covered,
        }
    }

    impl Rig {
        fn leave(&self, tick: i64, sight: Option<Sight>, cover: Option<CoverReason>) {
            let face = |sight| TrackedFace {
                track: 7,
                face: FACE,
                sight,
            };
            self.watch.leave(FaceVerdict {
                pts: at(tick),
                faces: sight.map(face).into_iter().collect(),
                cover,
                is_cut: false,
            });
        }

        fn white(&self, tick: i64) -> VideoFrame {
            let mut frame = self.pool.frame(320, 180);
            frame.fill([235, 128, 128]);
            frame.freeze(at(tick))
        }

        /// What becomes of a white picture that was made at `level`.
        fn pass(&mut self, tick: i64, level: u8) -> Seen {
            let (frame, levels) = (self.white(tick), [level; LINES]);
            self.air.put(Outgoing { frame, levels });
            let [Some(out), ..] = self.air.take(|_| false).unwrap() else {
                panic!("the program has a picture");
            };
            assert_eq!(out.pts, at(tick));
            look(&out)
        }

        fn change(&self, change: impl FnOnce(&mut MaskPlan)) {
            let mut plan = MaskPlan::clone(&self.watch.plan());
            change(&mut plan);
            self.watch.set_plan(plan);
        }
    }

    #[test]
    fn a_picture_leaves_only_with_the_verdict_for_its_very_time() {
        use Seen::{AsItIs, Covered, Masked};
        let mut rig = rig(0);
        rig.leave(0, Some(Sight::Seen), None);
        rig.leave(2, Some(Sight::Seen), None);
        rig.leave(3, None, None);
        rig.leave(4, None, Some(CoverReason::Lost { track: 7 }));
        rig.leave(5, None, Some(CoverReason::NotSeen));
        let seen: Vec<Seen> = (0..7).map(|tick| rig.pass(tick, 0)).collect();
        assert_eq!(seen, [Masked, Covered, Masked, AsItIs, Covered, Covered, Covered]);
        let covered = rig
            .outlet
            .counters
            .covered_frames
            .load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(covered, 4);
        let told = rig.told.lock().unwrap();
        let covers: Vec<&str> = told.iter().filter_map(|(_, cover)| cover.as_deref()).collect();
        assert_eq!(
            covers,
            [
                "faces have not been looked for in time",
                "face 7 was lost",
                "not all of the picture has been looked at yet",
                "faces have not been looked for in time"
            ]
        );
    }

    #[test]
    fn each_line_has_its_level_and_equal_ones_share_a_picture() {
        let mut rig = rig(0);
        // The show hides everything; line 1 shows eyes, line 2 goes with the show, line 3 shows all, line 4 is as line 1.
        rig.change(|plan| (plan.levels[1], plan.levels[3], plan.levels[4]) = (1, 2, 1));
        let levels = rig.watch.plan().levels;
        let is_wanted = |line: usize| line < 5;
        for (tick, sight, expected) in [
            (
                0,
                Some(Sight::Seen),
                [Seen::Masked, Seen::Eyes, Seen::Masked, Seen::AsItIs, Seen::Eyes],
            ),
            // Without a verdict only the line that shows faces anyway is not covered.
            (
                1,
                None,
                [Seen::Covered, Seen::Covered, Seen::Covered, Seen::AsItIs, Seen::Covered],
            ),
        ] {
            if sight.is_some() {
                rig.leave(tick, sight, None);
            }
            rig.air.put(Outgoing {
                frame: rig.white(tick),
                levels,
            });
            let aired = rig.air.take(is_wanted).unwrap();
            assert!(aired[5].is_none(), "nobody wants it");
            let seen = (0..5)
                .map(|line| look(aired[line].as_ref().unwrap()))
                .collect::<Vec<_>>();
            assert_eq!(seen, expected, "picture {tick}");
            let is_shared = |one: usize, other: usize| {
                let (one, other) = (aired[one].as_ref().unwrap(), aired[other].as_ref().unwrap());
                one.is_same_picture(other)
            };
            assert!(is_shared(0, 2) && is_shared(1, 4) && !is_shared(0, 3), "picture {tick}");
        }
        assert_eq!(
            rig.outlet
                .counters
                .covered_frames
                .load(std::sync::atomic::Ordering::Relaxed),
            1
        );
        // Made while line 3 still hid everything: it keeps to that.
        rig.leave(2, Some(Sight::Seen), None);
        rig.air.put(Outgoing {
            frame: rig.white(2),
            levels: [0; LINES],
        });
        let aired = rig.air.take(is_wanted).unwrap();
        assert_eq!(look(aired[3].as_ref().unwrap()), Seen::Masked);
    }

    #[test]
    fn a_picture_keeps_to_the_safer_of_the_level_it_was_made_at_and_the_one_now() {
        let mut rig = rig(2);
        for tick in 0..4 {
            rig.leave(tick, Some(Sight::Seen), None);
        }
        assert_eq!(rig.pass(0, 2), Seen::AsItIs);
        assert_eq!(rig.pass(1, 0), Seen::Masked);
        assert_eq!(rig.pass(2, 1), Seen::Eyes);
        rig.change(|plan| plan.levels = [0; LINES]);
        assert_eq!(rig.pass(3, 2), Seen::Masked);
        // At a level that shows faces nothing waits for them.
        rig.change(|plan| plan.levels = [2; LINES]);
        assert_eq!(rig.pass(4, 2), Seen::AsItIs);
    }

    #[test]
    fn an_exempt_face_that_was_lost_is_not_shown_again() {
        let mut rig = rig(0);
        rig.change(|plan| plan.exempt = vec![7]);
        let sights = [Sight::Seen, Sight::Predicted, Sight::Held, Sight::Seen];
        for (tick, sight) in (0..).zip(sights) {
            rig.leave(tick, Some(sight), None);
        }
        let seen: Vec<Seen> = (0..4).map(|tick| rig.pass(tick, 0)).collect();
        assert_eq!(seen, [Seen::AsItIs, Seen::AsItIs, Seen::Masked, Seen::Masked]);
    }

    #[test]
    fn while_it_is_off_nothing_waits_and_only_zones_are_hidden() {
        let mut rig = rig(0);
        rig.change(|plan| plan.is_armed = false);
        assert_eq!(rig.watch.delay(), TimeDelta::ZERO);
        assert_eq!(rig.pass(0, 0), Seen::AsItIs);
        let zone = crate::picture::Rect {
            x: 140,
            y: 60,
            width: 40,
            height: 60,
        };
        rig.change(|plan| plan.zones = vec![zone]);
        assert_eq!(rig.pass(1, 0), Seen::Masked);
        rig.change(|plan| plan.is_armed = true);
        assert_eq!(rig.watch.delay(), RATE.frame_time(6) - RATE.frame_time(0));
        assert_eq!(rig.pass(2, 0), Seen::Covered);
    }

    fn check(tick: i64, action: CheckAction, is_over: bool) -> PictureVerdict {
        PictureVerdict {
            id: 1,
            is_new: true,
            pts: at(tick),
            since: at(tick - 6),
            kind: CheckKind::Code,
            what: "https://example.org".into(),
            // The left edge, away from the face.
            place: Some([0.0, 0.3, 0.2, 0.4]),
            action,
            is_over,
        }
    }

    /// Black and white stripes of two pixels, and how different neighbours are at a place of the left edge and elsewhere.
    fn stripes(rig: &mut Rig, tick: i64, level: u8) -> (u64, u64) {
        let mut frame = rig.pool.frame(320, 180);
        frame.fill([235, 128, 128]);
        for (at, luma) in frame.plane_mut(Plane::Y).iter_mut().enumerate() {
            *luma = if at / 2 % 2 == 0 { 235 } else { 16 };
        }
        let levels = [level; LINES];
        rig.air.put(Outgoing {
            frame: frame.freeze(at(tick)),
            levels,
        });
        let [Some(out), ..] = rig.air.take(|_| false).unwrap() else {
            panic!("the program has a picture");
        };
        let detail = |x: usize, y: usize| {
            let row = &out.plane(Plane::Y)[y * 320 + x..][..40];
            row.windows(2)
                .map(|pair| u64::from(pair[0].abs_diff(pair[1])))
                .sum::<u64>()
        };
        (detail(10, 90), detail(270, 10))
    }

    #[test]
    fn what_a_check_wants_blurred_is_blurred_armed_or_not_until_it_is_over() {
        let mut rig = rig(2);
        for is_armed in [false, true] {
            let first = if is_armed { 100 } else { 0 };
            rig.change(|plan| plan.is_armed = is_armed);
            let (there, elsewhere) = stripes(&mut rig, first, 2);
            assert!(there > 4000 && elsewhere > 4000, "{there} {elsewhere}");
            rig.areas.apply(&check(first, CheckAction::Blur, false));
            let (there, elsewhere) = stripes(&mut rig, first + 1, 2);
            assert!(there < 400 && elsewhere > 4000, "{there} {elsewhere}");
            rig.areas.apply(&check(first + 2, CheckAction::Blur, true));
            // Half a second more.
            let (there, _) = stripes(&mut rig, first + 16, 2);
            assert!(there < 400, "{there}");
            let (there, _) = stripes(&mut rig, first + 17, 2);
            assert!(there > 4000, "{there}");
        }
    }

    #[test]
    fn what_a_check_wants_covered_is_covered_on_every_line() {
        let mut rig = rig(2);
        rig.change(|plan| plan.is_armed = false);
        assert_eq!(rig.pass(0, 2), Seen::AsItIs);
        rig.areas.apply(&check(0, CheckAction::Dump, false));
        assert_eq!(rig.pass(1, 2), Seen::Covered);
        let cover = rig.told.lock().unwrap().last().unwrap().1.clone();
        assert_eq!(cover.as_deref(), Some("a QR code"));
        rig.change(|plan| plan.is_armed = true);
        rig.leave(2, Some(Sight::Seen), None);
        assert_eq!(rig.pass(2, 0), Seen::Covered);
        assert_eq!(
            rig.outlet
                .counters
                .covered_frames
                .load(std::sync::atomic::Ordering::Relaxed),
            2
        );
        rig.areas.release(1);
        rig.leave(3, Some(Sight::Seen), None);
        assert_eq!(rig.pass(3, 0), Seen::Masked);
    }
}
