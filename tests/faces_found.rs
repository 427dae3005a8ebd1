//! Every true face of a rendered clip lies under its mask, in every picture from the first in which all of it is there.
//!
//! Offline: the finder looks at pictures as fast as it can, and what it says is compared with what is known to be true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod faces_common;

use std::collections::BTreeMap;

use faces_common::clip::{Clip, Shot, TrueFace};
use faces_common::shots;
use rigcast::media::FrameRate;
use rigcast::vision::regions::{self, Ellipse};
use rigcast::vision::{FaceFinder, FaceVerdict, FinderSettings, Sight};

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

/// Smaller faces need not be found when they come, but are followed once they were larger: 60 pixels at 720 rows.
const SMALLEST: f32 = 60.0 / 720.0;

/// What the finder said about a clip.
struct Told {
    clip: Clip,
    verdicts: Vec<FaceVerdict>,
}

/// Looks at all of a clip, and at as many pictures of its last one as bring the last verdicts.
fn look(width: u32, height: u32, shots: Vec<Shot>) -> Told {
    let frame_rate = FrameRate::whole(30);
    let mut clip = Clip::new(width, height, frame_rate, shots);
    let mut finder = FaceFinder::new(FinderSettings {
        width,
        height,
        frame_rate,
    });
    let mut verdicts = Vec::new();
    let mut last = None;
    for index in 0..clip.frames() {
        let frame = clip.frame(index);
        finder.look(&frame, &mut verdicts);
        last = Some(frame);
    }
    let last = last.unwrap();
    for more in 0..rigcast::vision::LOOK_AHEAD {
        let at = frame_rate.frame_time(i64::from(clip.frames()) + more);
        finder.look(&last.at(at), &mut verdicts);
    }
    assert_eq!(verdicts.len(), clip.frames() as usize, "one verdict for each picture");
    for (index, verdict) in verdicts.iter().enumerate() {
        assert_eq!(verdict.pts, frame_rate.frame_time(index as i64), "in their order");
    }
    Told { clip, verdicts }
}

/// What of a face the operator's words "whole face" must hide, as far as it can be seen: eyes, nose and mouth.
fn shows(face: &TrueFace, masks: &[Ellipse]) -> bool {
    face.marks()
        .iter()
        .any(|mark| mark.is_visible && !masks.iter().any(|mask| mask.has(mark.x, mark.y)))
}

/// How the pictures of one shot were hidden.
#[derive(Debug, Default)]
struct Tally {
    pictures: u32,
    faces: u32,
    slips: u32,
    covered: u32,
    bands: u32,
    /// Share of the picture under masks, added up.
    area: f32,
    true_area: f32,
    worst: Vec<String>,
}

impl Told {
    /// Per shot, in their order.
    fn tallies(&self) -> BTreeMap<(usize, &'static str), Tally> {
        let mut tallies: BTreeMap<_, Tally> = BTreeMap::new();
        // Faces that have been there as a whole, and large enough, in this shot.
        let mut due: Vec<usize> = Vec::new();
        let least = SMALLEST * self.clip.height as f32;
        for (index, verdict) in self.verdicts.iter().enumerate() {
            let index = index as u32;
            let (shot, at) = self.clip.shot_at(index);
            if at == 0 {
                due.clear();
            }
            let tally = tallies.entry((shot, self.clip.shots[shot].name)).or_default();
            let masks: Vec<_> = verdict.faces.iter().map(|known| regions::whole(&known.face)).collect();
            tally.pictures += 1;
            tally.covered += u32::from(verdict.cover.is_some());
            tally.bands += u32::from(verdict.faces.iter().any(|face| face.sight == Sight::Band));
            let share = |rx: f32, ry: f32| rx * ry * std::f32::consts::PI / (self.clip.width * self.clip.height) as f32;
            tally.area += masks.iter().map(|mask| share(mask.rx, mask.ry)).sum::<f32>();
            for face in self.clip.truth(index) {
                if face.is_whole() && face.face.size >= least && !due.contains(&face.actor) {
                    due.push(face.actor);
                }
                let is_due = due.contains(&face.actor) && face.visible > 0.6 && face.face.size >= least * 40.0 / 60.0;
                tally.faces += u32::from(is_due);
                tally.true_area += if is_due { share(face.face.size * 0.66, face.face.size * 0.82) } else { 0.0 };
                if is_due && verdict.cover.is_none() && shows(&face, &masks) {
                    tally.slips += 1;
                    tally.worst.push(format!("{at}: face {} of {:.0} visible {:.2} at {:.0},{:.0}", face.photo, face.face.size, face.visible, face.face.x, face.face.y));
                }
            }
        }
        tallies
    }
}

fn report(told: &Told) -> u32 {
    let mut slips = 0;
    for ((shot, name), tally) in told.tallies() {
        eprintln!(
            "{shot:2} {name:18} pictures {:3} faces {:3} slips {:3} covered {:3} bands {:3} masked {:5.2} % of which true {:5.2} %",
            tally.pictures, tally.faces, tally.slips, tally.covered, tally.bands,
            100.0 * tally.area / tally.pictures as f32, 100.0 * tally.true_area / tally.pictures as f32,
        );
        for worst in tally.worst.iter().take(12) {
            eprintln!("      {worst}");
        }
        slips += tally.slips;
    }
    let cuts: Vec<_> = (0..told.clip.frames()).filter(|at| told.verdicts[*at as usize].is_cut != (told.clip.is_cut(*at) && *at > 0)).collect();
    eprintln!("cuts told wrongly: {cuts:?}");
    slips
}

#[test]
fn every_face_lies_under_its_mask() {
    let seed = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let start = std::time::Instant::now();
    let told = look(WIDTH, HEIGHT, shots::everything(seed));
    eprintln!("{:?} for {} pictures", start.elapsed(), told.verdicts.len());
    assert_eq!(report(&told), 0);
}
