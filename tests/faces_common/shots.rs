//! The shots that clips are made of: one for each thing that faces do.

use super::clip::{Actor, Board, Pose, Shot, pose};
use super::draw::Backdrop;

/// Faces that detectors of any make see easily from the front.
const EASY: [usize; 10] = [1, 4, 6, 7, 9, 10, 13, 14, 16, 3];

/// A 16:9 picture is this many heights wide.
const WIDE: f32 = 16.0 / 9.0;

fn easy(seed: usize) -> usize {
    EASY[seed % EASY.len()]
}

fn stays(face: usize, pose: Pose) -> Actor {
    Actor {
        face,
        way: vec![(0.0, pose)],
        sway: 0.06,
    }
}

fn goes(face: usize, from: Pose, to: Pose) -> Actor {
    Actor {
        face,
        way: vec![(0.0, from), (1.0, to)],
        sway: 0.0,
    }
}

fn shot(name: &'static str, frames: u32, backdrop: Backdrop, actors: Vec<Actor>) -> Shot {
    Shot {
        name,
        frames,
        backdrop,
        actors,
        boards: Vec::new(),
    }
}

/// Somebody who talks to the camera.
pub fn talks(seed: usize, frames: u32) -> Shot {
    let actors = vec![stays(easy(seed), pose(WIDE * 0.5, 0.45, 0.3))];
    shot("talks", frames, Backdrop::Gradient(60, 150), actors)
}

/// Somebody who walks through from one side to the other, from outside to outside.
pub fn walks_through(seed: usize, frames: u32) -> Shot {
    let way = goes(easy(seed), pose(-0.2, 0.4, 0.2), pose(WIDE + 0.2, 0.45, 0.2));
    let other = stays(easy(seed + 3), pose(WIDE * 0.3, 0.5, 0.18));
    shot("walks through", frames, Backdrop::Leaves(2.0), vec![other, way])
}

/// Somebody who comes near, from 40 pixels at 720 rows until the face fills the picture.
pub fn comes_near(seed: usize, frames: u32) -> Shot {
    let face = easy(seed);
    let way = vec![
        (0.0, pose(WIDE * 0.62, 0.5, 0.056)),
        (0.8, pose(WIDE * 0.5, 0.5, 0.62)),
        (1.0, pose(WIDE * 0.5, 0.5, 0.8)),
    ];
    let actors = vec![Actor { face, way, sway: 0.02 }];
    shot("comes near", frames, Backdrop::Gradient(110, 60), actors)
}

/// Somebody who goes away until the face has 40 pixels.
pub fn goes_away(seed: usize, frames: u32) -> Shot {
    let way = goes(easy(seed), pose(WIDE * 0.4, 0.5, 0.5), pose(WIDE * 0.55, 0.45, 0.056));
    shot("goes away", frames, Backdrop::Plain(80), vec![way])
}

/// A head that is tilted to 20 degrees on either side.
pub fn tilts(seed: usize, frames: u32) -> Shot {
    let at = pose(WIDE * 0.45, 0.45, 0.28);
    let way = vec![
        (0.0, at),
        (0.25, at.tilted(-20.0)),
        (0.4, at.tilted(-20.0)),
        (0.75, at.tilted(20.0)),
        (0.9, at.tilted(20.0)),
        (1.0, at),
    ];
    let actors = vec![Actor {
        face: easy(seed),
        way,
        sway: 0.05,
    }];
    shot("tilts", frames, Backdrop::Leaves(3.0), actors)
}

/// A head that is turned until it is three quarters as wide.
pub fn turns(seed: usize, frames: u32) -> Shot {
    let at = pose(WIDE * 0.55, 0.45, 0.3);
    let way = vec![(0.0, at), (0.4, at.turned(0.75)), (0.6, at.turned(0.75)), (1.0, at)];
    let actors = vec![Actor {
        face: easy(seed),
        way,
        sway: 0.05,
    }];
    shot("turns", frames, Backdrop::Gradient(150, 90), actors)
}

/// Faces that come in over every edge, one after the other, stay for a moment, and leave as they came.
pub fn enters_and_leaves(seed: usize, frames: u32) -> Shot {
    let edges = [
        (pose(-0.2, 0.4, 0.17), pose(0.25, 0.4, 0.17)),
        (pose(WIDE + 0.2, 0.35, 0.15), pose(WIDE - 0.25, 0.35, 0.15)),
        (pose(0.7, -0.25, 0.16), pose(0.7, 0.22, 0.16)),
        (pose(1.1, 1.3, 0.17), pose(1.1, 0.7, 0.17)),
    ];
    let actors = edges.iter().enumerate().map(|(at, (out, within))| {
        let start = 0.1 * at as f32;
        Actor {
            face: easy(seed + at),
            way: vec![
                (start, *out),
                (start + 0.2, *within),
                (start + 0.45, *within),
                (start + 0.65, *out),
            ],
            sway: 0.03,
        }
    });
    let stays = stays(easy(seed + 5), pose(WIDE * 0.5, 0.5, 0.2));
    let actors = std::iter::once(stays).chain(actors).collect();
    shot("enters and leaves", frames, Backdrop::Cloth(9), actors)
}

/// Somebody before whom a board passes, a third of a face wide, and one that covers the mouth for a while.
pub fn is_covered(seed: usize, frames: u32) -> Shot {
    let one = stays(easy(seed), pose(WIDE * 0.3, 0.45, 0.25));
    let other = stays(easy(seed + 2), pose(WIDE * 0.7, 0.45, 0.25));
    let boards = vec![
        Board {
            from: [-0.1, 0.0, 0.08, 1.0],
            to: [WIDE * 0.55, 0.0, 0.08, 1.0],
        },
        Board {
            from: [WIDE * 0.5, 1.0, WIDE * 0.5, 0.6],
            to: [WIDE * 0.5, 0.49, WIDE * 0.5, 0.6],
        },
    ];
    Shot {
        boards,
        ..shot("is covered", frames, Backdrop::Plain(120), vec![one, other])
    }
}

/// Six at once, of 120 pixels at 720 rows.
pub fn six(seed: usize, frames: u32) -> Shot {
    let actors = (0..6).map(|at| {
        let (column, row) = ((at % 3) as f32, (at / 3) as f32);
        let x = WIDE * (0.2 + 0.3 * column) + 0.05 * row;
        stays(easy(seed + at), pose(x, 0.28 + 0.44 * row, 0.167))
    });
    shot("six", frames, Backdrop::Gradient(70, 120), actors.collect())
}

/// Two who pass each other: one hides the other for a moment.
pub fn pass(seed: usize, frames: u32) -> Shot {
    let behind = goes(easy(seed), pose(0.3, 0.42, 0.2), pose(WIDE - 0.3, 0.42, 0.2));
    let before = goes(easy(seed + 1), pose(WIDE - 0.3, 0.5, 0.28), pose(0.3, 0.5, 0.28));
    shot("pass", frames, Backdrop::Leaves(2.5), vec![behind, before])
}

/// Light that goes down and comes back.
pub fn darkens(seed: usize, frames: u32) -> Shot {
    let at = pose(WIDE * 0.45, 0.45, 0.26);
    let way = vec![(0.0, at), (0.5, at.lit(0.45)), (1.0, at)];
    let actors = vec![Actor {
        face: easy(seed),
        way,
        sway: 0.06,
    }];
    shot("darkens", frames, Backdrop::Plain(50), actors)
}

/// Small ones: 60 pixels at 720 rows, drifting.
pub fn small(seed: usize, frames: u32) -> Shot {
    let actors = (0..3).map(|at| {
        let from = pose(WIDE * (0.2 + 0.25 * at as f32), 0.4 + 0.1 * at as f32, 0.09);
        let to = Pose {
            x: from.x + 0.25,
            ..from
        };
        goes(easy(seed + at), from, to)
    });
    shot("small", frames, Backdrop::Gradient(90, 140), actors.collect())
}

/// Nobody.
pub fn nobody(backdrop: Backdrop, frames: u32) -> Shot {
    shot("nobody", frames, backdrop, Vec::new())
}

/// Everything that faces do, one shot after the other with hard cuts, the same for the same seed.
pub fn everything(seed: usize) -> Vec<Shot> {
    let quick = |at: usize| {
        let place = pose(WIDE * (0.3 + 0.2 * (at % 3) as f32), 0.45, 0.2 + 0.06 * (at % 2) as f32);
        let grounds = [Backdrop::Leaves(2.0), Backdrop::Plain(150), Backdrop::Gradient(40, 120)];
        shot("quick", 20, grounds[at % 3], vec![stays(easy(seed + at), place)])
    };
    let mut shots = vec![
        talks(seed, 100),
        walks_through(seed + 1, 150),
        comes_near(seed + 2, 150),
        tilts(seed + 3, 150),
        enters_and_leaves(seed + 4, 200),
        is_covered(seed + 5, 120),
    ];
    // Cuts that follow each other closely.
    shots.extend((0..6).map(quick));
    shots.extend([
        six(seed + 6, 120),
        turns(seed + 7, 90),
        pass(seed + 8, 120),
        darkens(seed + 9, 90),
        goes_away(seed + 1, 120),
        small(seed + 2, 90),
    ]);
    shots
}

/// Every other one of [`everything`]: together, 0 and 1 are all of it.
pub fn half(seed: usize, which: usize) -> Vec<Shot> {
    let shots = everything(seed).into_iter().enumerate();
    shots.filter(|(at, _)| at % 2 == which).map(|(_, shot)| shot).collect()
}
