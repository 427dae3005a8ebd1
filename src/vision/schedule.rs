//! Which part of a whole look around is taken in which picture: small faces are dear to look for and large ones cheap, so
//! the sizes, and for the smallest the halves of the picture, are shared out over a turn of pictures.
//!
//! Halves overlap by more than a face, so that one that moves across the middle between two pictures is in one of them.
//! Every area reaches beyond the picture's edges: a face that enters is looked for before all of it is there.

/// A part of the picture to look through: where, for which sizes, tilted how. Pixels of the working picture, radians.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Search {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// How wide.
    pub width: f32,
    /// How high.
    pub height: f32,
    /// Smallest face.
    pub smallest: f32,
    /// Largest face.
    pub largest: f32,
    /// How the faces are tilted.
    pub roll: f32,
}

/// Pictures that make a whole turn.
pub(crate) const TURN: usize = 4;

/// The smallest faces that are looked for everywhere, in shares of the height: 60 pixels of 720.
const SMALLEST: f32 = 60.0 / 720.0;

/// How far a face may reach beyond the edges, in sizes of the smallest of a search.
const BEYOND: f32 = 0.3;

/// Where the sizes of a turn part, in multiples of the smallest: each range costs about as much as the others.
const STEPS: [f32; 4] = [1.3, 2.0, 4.0, 8.0];

/// What to look through, picture after picture.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    slots: [Vec<Search>; TURN],
}

impl Schedule {
    /// For working pictures of that size.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width as f32, height as f32);
        let smallest = SMALLEST * width.min(height).max(16.0 / 9.0 * 20.0);
        let whole = |from: f32, to: f32| {
            let beyond = BEYOND * from;
            Search {
                x: -beyond,
                y: -beyond,
                width: width + 2.0 * beyond,
                height: height + 2.0 * beyond,
                smallest: from,
                largest: to,
                roll: 0.0,
            }
        };
        let fine = whole(smallest, smallest * STEPS[0]);
        let half = fine.height * 0.5 + fine.largest;
        let upper = Search { height: half, ..fine };
        let lower = Search {
            y: fine.y + fine.height - half,
            height: half,
            ..fine
        };
        let largest = (width.min(height) * 1.1).max(smallest * STEPS[3] * 1.01);
        let slots = [
            vec![upper],
            vec![whole(smallest * STEPS[0], smallest * STEPS[1])],
            vec![lower],
            vec![
                whole(smallest * STEPS[1], smallest * STEPS[2]),
                whole(smallest * STEPS[2], smallest * STEPS[3]),
                whole(smallest * STEPS[3], largest),
            ],
        ];
        Self { slots }
    }

    /// The part of the turn that the picture of that number gets.
    pub(crate) fn of(&self, number: u64) -> &[Search] {
        &self.slots[(number % TURN as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_whole_turn_has_every_face_of_every_size_anywhere(
            width in 64usize..1300, height in 64usize..1300, at in (0.0f32..1.0, 0.0f32..1.0), share in 0.0f32..1.0, start in 0u64..9,
        ) {
            let schedule = Schedule::new(width, height);
            let short = width.min(height) as f32;
            let size = short * (SMALLEST + (0.999 - SMALLEST) * share);
            let (x, y) = (at.0 * (width as f32 - size), at.1 * (height as f32 - size));
            let has = |search: &Search| {
                search.smallest <= size && size <= search.largest && search.x <= x && search.y <= y
                    && x + size <= search.x + search.width && y + size <= search.y + search.height
            };
            let turn = start..start + TURN as u64;
            prop_assert!(turn.flat_map(|number| schedule.of(number)).any(has), "{size} at {x},{y}");
        }
    }
}
