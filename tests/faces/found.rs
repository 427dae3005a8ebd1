//! Every true face of a rendered clip lies under its mask, in every picture from the first in which all of it is there.
//!
//! Offline: the finder looks at pictures as fast as it can, and what it says is compared with what is known to be true.
//! `SEED=n` renders other faces, `TRACE=1` prints every verdict.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use crate::extent;
use crate::faces_common;
use std::f32::consts::PI;

use faces_common::clip::{Actor, Board, Clip, Pose, Shot, TrueFace, pose};
use faces_common::draw::Backdrop;
use faces_common::shots;
use rigcast::media::{FramePool, FrameRate, Plane, VideoFrame};
use rigcast::vision::regions::{self, Ellipse};
use rigcast::vision::{FaceBox, FaceFinder, FaceVerdict, FinderSettings, LOOK_AHEAD, Sight};
use rustix::time::{ClockId, clock_gettime};

const RATE: FrameRate = FrameRate::whole(30);
const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

/// A 16:9 picture is this many heights wide.
const WIDE: f32 = 16.0 / 9.0;

/// Smaller faces need not be found when they come: 60 pixels at 720 rows. Once known they are followed down to 40.
const SMALLEST: f32 = 60.0 / 720.0;
const SMALLEST_FOLLOWED: f32 = 40.0 / 720.0;

fn seed() -> usize {
    std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1)
}

/// The verdicts of all pictures; the last one is repeated until its own has come.
fn look(width: u32, height: u32, frames: impl Iterator<Item = VideoFrame>) -> Vec<FaceVerdict> {
    let mut finder = FaceFinder::new(FinderSettings {
        width,
        height,
        frame_rate: RATE,
    });
    let (mut verdicts, mut given, mut spent) = (Vec::new(), Vec::new(), 0.0);
    let mut last = None;
    for frame in frames {
        given.push(frame.pts);
        let start = cpu_ms();
        finder.look(&frame, &mut verdicts);
        spent += cpu_ms() - start;
        last = Some(frame);
    }
    let last = last.unwrap();
    for more in 0..LOOK_AHEAD {
        let at = RATE.frame_time(given.len() as i64 + more);
        finder.look(&last.at(at), &mut verdicts);
    }
    let told: Vec<_> = verdicts.iter().map(|verdict| verdict.pts).collect();
    assert_eq!(told, given, "one verdict for each picture, in their order");
    eprintln!("{:.1} ms of a core for each picture", spent / given.len() as f64);
    verdicts
}

/// What this thread has spent.
fn cpu_ms() -> f64 {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    spent.tv_sec as f64 * 1e3 + spent.tv_nsec as f64 / 1e6
}

fn masks(verdict: &FaceVerdict) -> Vec<Ellipse> {
    verdict.faces.iter().map(|known| regions::whole(&known.face)).collect()
}

/// Whether any of its eyes, nose and mouth can be seen in spite of a verdict.
fn slips(face: &TrueFace, verdict: &FaceVerdict) -> bool {
    let masks = masks(verdict);
    let is_open = |x, y| !masks.iter().any(|mask| mask.has(x, y));
    verdict.cover.is_none()
        && face
            .marks()
            .iter()
            .any(|mark| mark.is_visible && is_open(mark.x, mark.y))
}

/// Whether more than a rim of the ellipse within the face's box can be seen.
fn is_bare(face: &TrueFace, verdict: &FaceVerdict) -> bool {
    let masks = masks(verdict);
    let point = |at: usize| {
        let (angle, reach) = ((at % 16) as f32 * PI / 8.0, (at / 16 + 1) as f32 / 8.0);
        face.at((angle.cos() * reach, angle.sin() * reach))
    };
    let is_open = |(x, y): &(f32, f32)| !masks.iter().any(|mask| mask.has(*x, *y));
    verdict.cover.is_none() && (0..64).map(point).filter(is_open).count() > 3
}

/// How the pictures of one shot were hidden.
#[derive(Clone, Debug, Default)]
struct Tally {
    name: &'static str,
    pictures: u32,
    faces: u32,
    slips: u32,
    /// Faces of which more than a rim is bare.
    bare: u32,
    covered: u32,
    bands: u32,
    /// Share of the picture under masks, and of what masks would be if they knew the truth; added up.
    area: f32,
    true_area: f32,
}

/// Looks at a clip and counts, shot by shot.
fn tally(clip: &mut Clip) -> Vec<Tally> {
    let (width, height, frames) = (clip.width, clip.height, clip.frames());
    let verdicts = look(width, height, (0..frames).map(|index| clip.frame(index)));
    let mut tallies = vec![Tally::default(); clip.shots.len()];
    // Faces that were seen whole, and large enough, in this shot.
    let mut due: Vec<usize> = Vec::new();
    let rows = clip.height as f32;
    let share = |rx: f32, ry: f32| rx * ry * PI / (clip.width * clip.height) as f32;
    for (index, verdict) in verdicts.iter().enumerate() {
        let (shot, at) = clip.shot_at(index as u32);
        if at == 0 {
            due.clear();
        }
        if std::env::var_os("TRACE").is_some() {
            eprintln!("{shot}.{at} {verdict:?}");
        }
        let tally = &mut tallies[shot];
        tally.name = clip.shots[shot].name;
        tally.pictures += 1;
        tally.covered += u32::from(verdict.cover.is_some());
        tally.bands += u32::from(verdict.faces.iter().any(|face| face.sight == Sight::Band));
        tally.area += masks(verdict).iter().map(|mask| share(mask.rx, mask.ry)).sum::<f32>();
        for face in clip.truth(index as u32) {
            let size = face.face.size;
            if face.is_whole() && size >= SMALLEST * rows && !due.contains(&face.actor) {
                due.push(face.actor);
            }
            if !due.contains(&face.actor) || face.visible < 0.6 || size < SMALLEST_FOLLOWED * rows {
                continue;
            }
            tally.faces += 1;
            tally.true_area += share(size * 0.66, size * 0.82);
            tally.bare += u32::from(is_bare(&face, verdict));
            if slips(&face, verdict) {
                tally.slips += 1;
                let FaceBox { x, y, .. } = face.face;
                eprintln!(
                    "{} {at}: face {} of {size:.0} at {x:.0},{y:.0} slips: {verdict:?}",
                    tally.name, face.photo
                );
            }
        }
        // Whether two backdrops are different enough is the clip's matter; but nothing within a shot is a cut.
        assert!(!verdict.is_cut || at == 0, "{} {at} is no cut", tally.name);
    }
    for tally in &tallies {
        let percent = |area: f32| 100.0 * area / tally.pictures.max(1) as f32;
        eprintln!(
            "{:26} pictures {:3} faces {:3} slips {} bare {} covered {:3} bands {:3} masked {:5.2} % truly {:5.2} %",
            tally.name,
            tally.pictures,
            tally.faces,
            tally.slips,
            tally.bare,
            tally.covered,
            tally.bands,
            percent(tally.area),
            percent(tally.true_area),
        );
    }
    tallies
}

fn judge(tallies: &[Tally]) {
    let sum = |count: fn(&Tally) -> u32| tallies.iter().map(count).sum::<u32>();
    let (pictures, faces) = (sum(|tally| tally.pictures), sum(|tally| tally.faces));
    assert!(faces > 700, "a clip with {faces} faces shows nothing");
    assert_eq!(sum(|tally| tally.slips), 0, "faces slipped");
    assert!(sum(|tally| tally.bare) * 200 <= faces, "masks are too small");
    // Whoever covers everything is safe, too, and of no use.
    assert!(
        sum(|tally| tally.covered) * 50 <= pictures,
        "covers are no exception any more"
    );
    let area = |area: fn(&Tally) -> f32| tallies.iter().map(area).sum::<f32>();
    assert!(
        area(|tally| tally.area) < 3.0 * area(|tally| tally.true_area),
        "masks are too large"
    );
}

#[test]
fn every_face_lies_under_its_mask() {
    // What this half leaves out is judged by OpenCV: in `hidden`, and on air.
    let shots = extent::extent(shots::half(seed(), 0), shots::everything(seed()));
    judge(&tally(&mut Clip::new(WIDTH, HEIGHT, RATE, shots)));
}

fn shot(name: &'static str, frames: u32, actors: Vec<Actor>) -> Shot {
    Shot {
        name,
        frames,
        backdrop: Backdrop::Plain(90),
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

/// What comes too fast for a detector that looks at a quarter of everything at a time, or all at once.
fn hard(seed: usize) -> Vec<Shot> {
    let face = |at: usize| [1, 4, 6, 7, 9, 10, 13, 14, 16, 3, 0, 2, 5, 8, 11, 15, 17, 19, 20, 18][(seed + at) % 20];
    let (left, right) = (pose(-0.2, 0.4, 0.2), pose(WIDE + 0.2, 0.45, 0.2));
    let (away, within) = (pose(9.0, 0.5, 0.2), pose(0.9, 0.5, 0.2));
    let appears = |name, number, pose| shot(name, 60, vec![actor(face(number), &[(0.333, away), (0.334, pose)])]);
    let board = |from, to, shot| Shot {
        boards: vec![Board { from, to }],
        ..shot
    };
    let sways = [(0.0, 0.0), (0.2, 20.0), (0.4, -20.0), (0.6, 20.0), (1.0, -20.0)];
    let sways = sways.map(|(at, tilt)| (at, within.tilted(tilt)));
    let mut shots = vec![
        shot("dashes through", 60, vec![actor(face(0), &[(0.2, left), (0.7, right)])]),
        shot("dashes in", 60, vec![actor(face(1), &[(0.2, left), (0.4, within)])]),
        shot(
            "dashes down",
            60,
            vec![actor(
                face(2),
                &[(0.2, pose(1.2, -0.15, 0.12)), (0.6, pose(1.2, 1.15, 0.12))],
            )],
        ),
        appears("is there at once", 3, within),
        appears("is there at once, tilted", 4, within.tilted(18.0)),
        appears("is there at once, tilted", 5, within.tilted(-18.0)),
        appears("is there at once, small", 6, pose(0.6, 0.3, 0.09)),
        shot(
            "small and dark",
            60,
            vec![actor(face(7), &[(0.0, pose(0.6, 0.3, 0.1).lit(0.4))])],
        ),
        shot(
            "zooms in",
            45,
            vec![actor(
                face(8),
                &[(0.3, pose(0.7, 0.4, 0.1)), (0.7, pose(0.9, 0.5, 0.8))],
            )],
        ),
        shot(
            "zooms out",
            45,
            vec![actor(
                face(9),
                &[(0.3, pose(0.9, 0.5, 0.8)), (0.7, pose(0.7, 0.4, 0.1))],
            )],
        ),
        shot("sways quickly", 90, vec![actor(face(10), &sways)]),
        board(
            [0.0, 0.0, 0.8, 1.0],
            [-3.0, 0.0, 0.8, 1.0],
            shot(
                "comes from behind",
                90,
                vec![actor(
                    face(11),
                    &[(0.0, pose(0.4, 0.45, 0.25)), (1.0, pose(0.5, 0.45, 0.25))],
                )],
            ),
        ),
        board(
            [0.7, 0.0, 0.4, 1.0],
            [0.7, 0.0, 0.4, 1.0],
            shot(
                "goes behind and on",
                120,
                vec![actor(
                    face(12),
                    &[(0.0, pose(0.3, 0.45, 0.25)), (1.0, pose(1.5, 0.45, 0.25))],
                )],
            ),
        ),
        shot(
            "full frame",
            60,
            vec![actor(
                face(13),
                &[(0.0, pose(WIDE * 0.5, 0.5, 0.95)), (1.0, pose(WIDE * 0.4, 0.55, 0.95))],
            )],
        ),
        shot(
            "in the corner",
            60,
            vec![actor(
                face(14),
                &[(0.0, pose(0.1, 0.1, 0.2)), (1.0, pose(0.11, 0.12, 0.2))],
            )],
        ),
        shot(
            "leaves and returns",
            120,
            vec![actor(
                face(15),
                &[
                    (0.1, pose(0.3, 0.4, 0.2)),
                    (0.3, left),
                    (0.5, left),
                    (0.7, pose(0.3, 0.4, 0.2)),
                ],
            )],
        ),
        shot(
            "turned and tilted",
            60,
            vec![actor(
                face(16),
                &[
                    (0.0, within.tilted(12.0).turned(0.75)),
                    (1.0, within.tilted(-12.0).turned(0.75)),
                ],
            )],
        ),
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
    judge(&tally(&mut Clip::new(WIDTH, HEIGHT, RATE, hard(seed()))));
}

/// Each pixel made by `mix` of those of both.
fn mixed(pool: &FramePool, a: &VideoFrame, b: &VideoFrame, mix: impl Fn(Plane, u8, u8) -> u8) -> VideoFrame {
    let mut out = pool.frame(a.width(), a.height());
    for plane in [Plane::Y, Plane::U, Plane::V] {
        let pixels = a.plane(plane).iter().zip(b.plane(plane));
        for (to, (a, b)) in out.plane_mut(plane).iter_mut().zip(pixels) {
            *to = mix(plane, *a, *b);
        }
    }
    out.freeze(a.pts)
}

/// One scene goes over into another within a second, without a cut.
#[test]
fn a_fade_shows_neither_the_old_faces_nor_the_new_ones() {
    let (frames, start, length) = (130, 40.0, 30.0);
    let mut old = Clip::new(WIDTH, HEIGHT, RATE, vec![shots::talks(seed(), frames)]);
    let mut new = Clip::new(WIDTH, HEIGHT, RATE, vec![shots::six(seed() + 3, frames)]);
    let share = |index: u32| ((index as f32 - start) / length).clamp(0.0, 1.0);
    let pool = FramePool::new();
    let frames = (0..frames).map(|index| {
        let (a, b, share) = (old.frame(index), new.frame(index), share(index));
        mixed(&pool, &a, &b, |_, a, b| {
            (f32::from(a) * (1.0 - share) + f32::from(b) * share) as u8
        })
    });
    let verdicts = look(WIDTH, HEIGHT, frames);
    for (index, verdict) in verdicts.iter().enumerate() {
        let (index, share) = (index as u32, share(index as u32));
        let old = old.truth(index).into_iter().filter(|_| share < 0.6);
        let new = new.truth(index).into_iter().filter(|_| share > 0.6);
        for face in old.chain(new) {
            assert!(!slips(&face, verdict), "{index}: {face:?} {verdict:?}");
        }
    }
    assert!(
        verdicts[110..].iter().all(|verdict| verdict.cover.is_none()),
        "what was faded out is gone"
    );
}

/// Lights go out and come back, and somebody takes a photograph: the face is there all the time.
#[test]
fn neither_darkness_nor_a_flash_shows_a_face() {
    let frames = 150;
    let mut clip = Clip::new(WIDTH, HEIGHT, RATE, vec![shots::talks(seed(), frames)]);
    let pool = FramePool::new();
    let light = |index: u32| match index {
        30 | 31 => 2.6,
        50..70 => 1.0 - (index - 50) as f32 / 20.0,
        70..85 => 0.0,
        85..95 => (index - 85) as f32 / 10.0,
        _ => 1.0,
    };
    let frames = (0..frames).map(|index| {
        let frame = clip.frame(index);
        let light = light(index);
        mixed(&pool, &frame, &frame, |plane, a, _| match plane {
            Plane::Y => (16.0 + (f32::from(a) - 16.0) * light).clamp(16.0, 235.0) as u8,
            Plane::U | Plane::V => a,
        })
    });
    let verdicts = look(WIDTH, HEIGHT, frames);
    for (index, verdict) in verdicts.iter().enumerate() {
        assert!(!verdict.is_cut, "{index}");
        for face in clip.truth(index as u32).iter().filter(|_| light(index as u32) > 0.0) {
            assert!(!slips(face, verdict), "{index}: {verdict:?}");
        }
    }
    assert!(
        verdicts[110..].iter().all(|verdict| verdict.cover.is_none()),
        "it was found again"
    );
}

/// The same in a show of another size: it is looked at in as many pixels.
#[test]
fn small_and_large_shows_are_looked_at_alike() {
    for (width, height) in [(640, 360), (1920, 1080)] {
        let shots = vec![shots::walks_through(seed(), 60), shots::six(seed() + 1, 20)];
        let tallies = tally(&mut Clip::new(width, height, RATE, shots));
        assert!(
            tallies.iter().all(|tally| tally.slips == 0 && tally.faces > 50),
            "{width}×{height}"
        );
    }
}
