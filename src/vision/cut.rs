//! Where one shot ends and the next begins, from a coarse copy of each picture.
//!
//! Two pictures are compared by the correlation of their blocks' brightness, so that lights which go on or off, a flash or a
//! fade to black are no cut: the same things stand at the same places. A cut forgets faces that are lost, so what is doubtful
//! is none: a cut that is missed costs a cover too many, one that is seen where there is none could show a face.

/// Blocks across and down.
const ACROSS: usize = 32;
const DOWN: usize = 18;

/// Every how many pixels one is read, both ways.
const STEP: usize = 4;

/// Pictures whose blocks differ by less than this (levels, root mean square) have nothing to compare.
const FLAT: f32 = 3.0;

/// Below this correlation two pictures show different things.
const STRANGE: f32 = 0.55;

/// Above this correlation they show the same.
const ALIKE: f32 = 0.8;

/// Levels by which the blocks of a cut's pictures differ at least, on average.
const CUT_LEVELS: f32 = 8.0;

/// A picture in a few hundred numbers.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    blocks: [f32; ACROSS * DOWN],
}

impl Signature {
    /// Of a luma plane without padding.
    pub(crate) fn of(luma: &[u8], width: usize, height: usize) -> Self {
        let mut blocks = [0.0; ACROSS * DOWN];
        let mut counts = [0.0_f32; ACROSS * DOWN];
        for y in (0..height).step_by(STEP) {
            let row = &luma[y * width..(y + 1) * width];
            let down = y * DOWN / height;
            for across in 0..ACROSS {
                let (from, to) = (across * width / ACROSS, (across + 1) * width / ACROSS);
                let picked = row[from..to].iter().step_by(STEP);
                let sum: u32 = picked.map(|value| u32::from(*value)).sum();
                blocks[down * ACROSS + across] += sum as f32;
                counts[down * ACROSS + across] += (to - from).div_ceil(STEP) as f32;
            }
        }
        for (block, count) in blocks.iter_mut().zip(counts) {
            *block /= count.max(1.0);
        }
        Self { blocks }
    }

    /// How alike two pictures are, −1 to 1; `None` where one of them is flat.
    fn correlation(&self, other: &Self) -> Option<f32> {
        let count = self.blocks.len() as f32;
        let mean = |blocks: &[f32]| blocks.iter().sum::<f32>() / count;
        let (own, theirs) = (mean(&self.blocks), mean(&other.blocks));
        let (mut both, mut own_square, mut their_square) = (0.0, 0.0, 0.0);
        for (a, b) in self.blocks.iter().zip(&other.blocks) {
            let (a, b) = (a - own, b - theirs);
            both += a * b;
            own_square += a * a;
            their_square += b * b;
        }
        let floor = FLAT * FLAT * count;
        (own_square > floor && their_square > floor).then(|| both / (own_square * their_square).sqrt())
    }

    /// Whether `next`, which follows at once, is of another shot.
    pub(crate) fn is_cut_to(&self, next: &Self) -> bool {
        let pairs = self.blocks.iter().zip(&next.blocks);
        let levels = pairs.map(|(a, b)| (a - b).abs()).sum::<f32>() / self.blocks.len() as f32;
        levels > CUT_LEVELS && self.correlation(next).is_some_and(|alike| alike < STRANGE)
    }

    /// Whether `other` certainly shows something else, however the picture came to change. What is flat says nothing.
    pub(crate) fn is_other_shot(&self, other: &Self) -> bool {
        self.correlation(other).is_some_and(|alike| alike < STRANGE)
    }

    /// Whether `other` certainly shows the same.
    pub(crate) fn is_same_shot(&self, other: &Self) -> bool {
        self.correlation(other).is_some_and(|alike| alike > ALIKE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (usize, usize) = (320, 180);

    /// A picture of soft stripes; `phase` moves them, `turn` says which way they run.
    fn stripes(phase: f32, turn: f32, gain: f32) -> Signature {
        let mut luma = vec![0; SIZE.0 * SIZE.1];
        for y in 0..SIZE.1 {
            for x in 0..SIZE.0 {
                let along = x as f32 * turn.cos() + y as f32 * turn.sin();
                let level = 100.0 + 80.0 * ((along + phase) * 0.05).sin();
                luma[y * SIZE.0 + x] = (level * gain) as u8;
            }
        }
        Signature::of(&luma, SIZE.0, SIZE.1)
    }

    #[test]
    fn another_scene_is_a_cut() {
        let (here, there) = (stripes(0.0, 0.0, 1.0), stripes(20.0, 1.4, 1.0));
        assert!(here.is_cut_to(&there) && here.is_other_shot(&there) && !here.is_same_shot(&there));
    }

    #[test]
    fn motion_and_light_are_none() {
        let here = stripes(0.0, 0.0, 1.0);
        for same in [
            stripes(0.0, 0.0, 1.0),
            stripes(6.0, 0.05, 1.0),
            stripes(0.0, 0.0, 0.3),
            stripes(0.0, 0.0, 1.35),
        ] {
            assert!(!here.is_cut_to(&same) && !same.is_cut_to(&here) && !here.is_other_shot(&same));
        }
    }

    #[test]
    fn black_says_nothing() {
        let (here, black) = (stripes(0.0, 0.0, 1.0), stripes(0.0, 0.0, 0.0));
        assert!(!here.is_cut_to(&black) && !black.is_cut_to(&here));
        assert!(!here.is_other_shot(&black) && !here.is_same_shot(&black));
    }

    #[test]
    fn pictures_of_any_size_have_a_signature() {
        for (width, height) in [(2, 2), (16, 8), (34, 20), (1280, 2)] {
            let signature = Signature::of(&vec![77; width * height], width, height);
            assert!(signature.blocks.iter().all(|block| block.is_finite()));
        }
    }
}
