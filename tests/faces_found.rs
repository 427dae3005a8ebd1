//! Every true face of a rendered clip lies under its mask, in every picture from the first in which all of it is there.
//!
//! Offline: the finder looks at pictures as fast as it can, and what it says is compared with what is known to be true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod faces_common;

use std::collections::BTreeMap;

use std::time::{Duration, Instant};

use faces_common::clip::{Actor, Board, Clip, Pose, Shot, TrueFace, pose};
use faces_common::draw::Backdrop;
use faces_common::shots;
use rigcast::media::{FramePool, FrameRate, Plane, VideoFrame};
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

/// Looks at all of a clip, and at as many pictures of its last one as bring the last verdicts. `change` may alter a picture
/// on its way.
fn look(width: u32, height: u32, shots: Vec<Shot>, change: impl Fn(u32, VideoFrame) -> VideoFrame) -> Told {
    let frame_rate = FrameRate::whole(30);
    let mut clip = Clip::new(width, height, frame_rate, shots);
    let mut spent = Duration::ZERO;
    let mut finder = FaceFinder::new(FinderSettings {
        width,
        height,
        frame_rate,
    });
    let mut verdicts = Vec::new();
    let mut last = None;
    for index in 0..clip.frames() {
        let frame = change(index, clip.frame(index));
        let start = Instant::now();
        finder.look(&frame, &mut verdicts);
        spent += start.elapsed();
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
    eprintln!(
        "{:.1} ms a picture",
        spent.as_secs_f64() * 1e3 / f64::from(clip.frames())
    );
    Told { clip, verdicts }
}

/// Whether any of its eyes, nose and mouth can be seen.
fn shows(face: &TrueFace, masks: &[Ellipse]) -> bool {
    let is_open = |x, y| !masks.iter().any(|mask| mask.has(x, y));
    face.marks()
        .iter()
        .any(|mark| mark.is_visible && is_open(mark.x, mark.y))
}

/// How much of the ellipse within the face's box no mask hides, of 64 points.
fn bare(face: &TrueFace, masks: &[Ellipse]) -> usize {
    let point = |at: usize| {
        let (angle, reach) = (
            (at % 16) as f32 * std::f32::consts::PI / 8.0,
            (at / 16 + 1) as f32 / 8.0,
        );
        face.at((angle.cos() * reach, angle.sin() * reach), 0.0)
    };
    let points = (0..64).map(point);
    points
        .filter(|(x, y)| !masks.iter().any(|mask| mask.has(*x, *y)))
        .count()
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
    bare: u32,
    early: u32,
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
            if std::env::var_os("TRACE").is_some() {
                eprintln!(
                    "{shot}.{at} {:?} {:?}",
                    verdict.cover,
                    verdict
                        .faces
                        .iter()
                        .map(|f| (
                            f.track,
                            f.sight,
                            f.face.x as i32,
                            f.face.y as i32,
                            f.face.size as i32,
                            (f.face.roll * 57.3) as i32
                        ))
                        .collect::<Vec<_>>()
                );
            }
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
                tally.true_area += if is_due {
                    share(face.face.size * 0.66, face.face.size * 0.82)
                } else {
                    0.0
                };
                let is_early = face.visible > 0.7 && face.face.size >= least;
                tally.early += u32::from(is_early && verdict.cover.is_none() && shows(&face, &masks));
                tally.bare += u32::from(is_due && verdict.cover.is_none() && bare(&face, &masks) > 3);
                if is_due && verdict.cover.is_none() && shows(&face, &masks) {
                    tally.slips += 1;
                    tally.worst.push(format!(
                        "{at}: face {} of {:.0} visible {:.2} at {:.0},{:.0}",
                        face.photo, face.face.size, face.visible, face.face.x, face.face.y
                    ));
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
            "{shot:2} {name:18} pictures {:3} faces {:3} slips {:3} bare {:3} early {:3} covered {:3} bands {:3} masked {:5.2} % of which true {:5.2} %",
            tally.pictures,
            tally.faces,
            tally.slips,
            tally.bare,
            tally.early,
            tally.covered,
            tally.bands,
            100.0 * tally.area / tally.pictures as f32,
            100.0 * tally.true_area / tally.pictures as f32,
        );
        for worst in tally.worst.iter().take(12) {
            eprintln!("      {worst}");
        }
        slips += tally.slips;
    }
    let cuts: Vec<_> = (0..told.clip.frames())
        .filter(|at| told.verdicts[*at as usize].is_cut != (told.clip.is_cut(*at) && *at > 0))
        .collect();
    eprintln!("cuts told wrongly: {cuts:?}");
    slips
}

#[test]
fn every_face_lies_under_its_mask() {
    let seed = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let start = std::time::Instant::now();
    let told = look(WIDTH, HEIGHT, shots::everything(seed), |_, frame| frame);
    eprintln!("{:?} for {} pictures", start.elapsed(), told.verdicts.len());
    assert_eq!(report(&told), 0);
}

/// A 16:9 picture is this many heights wide.
const WIDE: f32 = 16.0 / 9.0;

fn shot(name: &'static str, frames: u32, backdrop: Backdrop, actors: Vec<Actor>) -> Shot {
    Shot {
        name,
        frames,
        backdrop,
        actors,
        boards: Vec::new(),
    }
}

fn actor(face: usize, way: &[(f32, Pose)]) -> Actor {
    Actor {
        face,
        way: way.to_vec(),
        sway: 0.02,
    }
}

/// What comes too fast for a detector that looks at a quarter of everything at a time, or stays too short.
fn hard(seed: usize) -> Vec<Shot> {
    let face = |at: usize| [1, 4, 6, 7, 9, 10, 13, 14, 16, 3, 0, 2, 5, 8, 11, 15, 17, 19, 20, 18][(seed + at) % 20];
    let (out, inside) = (pose(-0.2, 0.4, 0.2), pose(0.9, 0.5, 0.2));
    let ground = Backdrop::Leaves(2.0);
    let mut shots = vec![
        shot(
            "dashes through",
            60,
            ground,
            vec![actor(
                face(0),
                &[(0.2, pose(-0.2, 0.4, 0.2)), (0.7, pose(WIDE + 0.2, 0.45, 0.2))],
            )],
        ),
        shot(
            "dashes in",
            60,
            ground,
            vec![actor(face(1), &[(0.2, out), (0.4, inside)])],
        ),
        shot(
            "dashes down",
            60,
            ground,
            vec![actor(
                face(2),
                &[(0.2, pose(1.2, -0.15, 0.12)), (0.6, pose(1.2, 1.15, 0.12))],
            )],
        ),
        shot(
            "is there at once",
            60,
            ground,
            vec![actor(face(3), &[(0.333, pose(9.0, 0.5, 0.2)), (0.334, inside)])],
        ),
        shot(
            "is there at once, tilted",
            60,
            ground,
            vec![actor(
                face(4),
                &[(0.333, pose(9.0, 0.5, 0.2)), (0.334, inside.tilted(18.0))],
            )],
        ),
        shot(
            "is there at once, tilted",
            60,
            ground,
            vec![actor(
                face(5),
                &[(0.333, pose(9.0, 0.5, 0.2)), (0.334, inside.tilted(-18.0))],
            )],
        ),
        shot(
            "is there at once, small",
            60,
            ground,
            vec![actor(
                face(6),
                &[(0.333, pose(9.0, 0.5, 0.1)), (0.334, pose(0.6, 0.3, 0.09))],
            )],
        ),
        shot(
            "small and dark",
            60,
            ground,
            vec![actor(face(7), &[(0.0, pose(0.6, 0.3, 0.1).lit(0.4))])],
        ),
        shot(
            "zooms in",
            45,
            ground,
            vec![actor(
                face(8),
                &[(0.3, pose(0.7, 0.4, 0.1)), (0.7, pose(0.9, 0.5, 0.8))],
            )],
        ),
        shot(
            "zooms out",
            45,
            ground,
            vec![actor(
                face(9),
                &[(0.3, pose(0.9, 0.5, 0.8)), (0.7, pose(0.7, 0.4, 0.1))],
            )],
        ),
        shot(
            "turns about",
            90,
            ground,
            vec![actor(
                face(10),
                &[
                    (0.0, inside),
                    (0.2, inside.tilted(20.0)),
                    (0.4, inside.tilted(-20.0)),
                    (0.6, inside.tilted(20.0)),
                    (1.0, inside.tilted(-20.0)),
                ],
            )],
        ),
        Shot {
            boards: vec![Board {
                from: [0.0, 0.0, 0.8, 1.0],
                to: [-3.0, 0.0, 0.8, 1.0],
            }],
            ..shot(
                "comes out from behind",
                90,
                ground,
                vec![actor(
                    face(11),
                    &[(0.0, pose(0.4, 0.45, 0.25)), (1.0, pose(0.5, 0.45, 0.25))],
                )],
            )
        },
        Shot {
            boards: vec![Board {
                from: [0.7, 0.0, 0.4, 1.0],
                to: [0.7, 0.0, 0.4, 1.0],
            }],
            ..shot(
                "goes behind and on",
                120,
                ground,
                vec![actor(
                    face(12),
                    &[(0.0, pose(0.3, 0.45, 0.25)), (1.0, pose(1.5, 0.45, 0.25))],
                )],
            )
        },
        shot(
            "full frame",
            60,
            ground,
            vec![actor(
                face(13),
                &[(0.0, pose(WIDE * 0.5, 0.5, 0.95)), (1.0, pose(WIDE * 0.4, 0.55, 0.95))],
            )],
        ),
        shot(
            "at the corner",
            60,
            ground,
            vec![actor(
                face(14),
                &[(0.0, pose(0.1, 0.1, 0.2)), (1.0, pose(0.11, 0.12, 0.2))],
            )],
        ),
        shot(
            "leaves and returns",
            120,
            ground,
            vec![actor(
                face(15),
                &[
                    (0.1, pose(0.3, 0.4, 0.2)),
                    (0.3, out),
                    (0.5, out),
                    (0.7, pose(0.3, 0.4, 0.2)),
                ],
            )],
        ),
        shot(
            "turned and tilted",
            60,
            ground,
            vec![actor(
                face(16),
                &[
                    (0.0, inside.tilted(12.0).turned(0.75)),
                    (1.0, inside.tilted(-12.0).turned(0.75)),
                ],
            )],
        ),
        shots::six(seed, 60),
        shots::small(seed, 60),
    ];
    let grounds = [
        Backdrop::Leaves(2.0),
        Backdrop::Gradient(150, 50),
        Backdrop::Cloth(9),
        Backdrop::Gradient(60, 140),
        Backdrop::Leaves(3.0),
        Backdrop::Plain(90),
    ];
    for (at, shot) in shots.iter_mut().enumerate() {
        shot.backdrop = grounds[at % grounds.len()];
    }
    shots
}

#[test]
fn what_comes_fast_is_hidden_in_time() {
    let seed = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let told = look(WIDTH, HEIGHT, hard(seed), |_, frame| frame);
    assert_eq!(report(&told), 0);
}
