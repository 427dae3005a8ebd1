//! All hurdles in their order, for windows of one canvas.

use super::Luma;
use super::canvas::{Part, Stretch};
use super::lab::{Lab, Level, Passed, STEP};
use super::merge::{Proposal, merge};
use super::mlp::Scratch;
use super::model::{Model, WINDOW};
use super::simd::Simd;
use super::surf::Surf;

/// Overlap from which two windows of the first hurdle are one.
const SAME_WINDOW: f32 = 0.8;

/// Windows whose box has become smaller than this, or many times as large as the canvas, are nothing.
const LEAST_SIZE: f32 = 12.0;

/// Proposals that the perceptrons look at in one canvas; a picture full of texture has no more than a tenth of it.
const MOST_PROPOSALS: usize = 4_000;

/// The funnel and its workspace.
#[derive(Debug)]
pub(super) struct Funnel {
    model: &'static Model,
    simd: Simd,
    level: Level,
    lab: Lab,
    passed: Vec<Passed>,
    stretch: Stretch,
    window: Box<[u8; WINDOW * WINDOW]>,
    surf: Surf,
    scratch: Scratch,
    thinning: Thinning,
    proposals: Vec<Proposal>,
}

impl Funnel {
    pub(super) fn new(model: &'static Model, simd: Simd) -> Self {
        Self {
            model,
            simd,
            level: Level::default(),
            lab: Lab::default(),
            passed: Vec::new(),
            stretch: Stretch::default(),
            window: Box::new([0; WINDOW * WINDOW]),
            surf: Surf::new(),
            scratch: Scratch::default(),
            thinning: Thinning::default(),
            proposals: Vec::new(),
        }
    }

    /// What is left of the windows of these sizes (pixels of the canvas) in `part`. In canvas pixels, not yet merged.
    pub(super) fn run(&mut self, canvas: &Luma<'_>, part: &Part, sizes: impl Iterator<Item = f32>) -> &[Proposal] {
        self.proposals.clear();
        for size in sizes {
            self.propose(canvas, part, size);
        }
        self.proposals.truncate(MOST_PROPOSALS);
        for stage in 0..self.model.stages.len() {
            self.refine(canvas, stage);
        }
        &self.proposals
    }

    /// Adds the windows of one size that pass the first hurdle.
    fn propose(&mut self, canvas: &Luma<'_>, part: &Part, size: f32) {
        let scale = WINDOW as f32 / size;
        // A hair more: 640 × 0.8 is 512, whatever the rounding of 0.8.
        let side = |length: usize| (length as f32 * scale + 1e-3) as usize;
        let level = &mut self.level;
        (level.width, level.height) = (side(part.width), side(part.height));
        if level.width < WINDOW || level.height < WINDOW {
            return;
        }
        level.pixels.resize(level.width * level.height, 0);
        self.stretch
            .stretch(self.simd, canvas, part, level.width, &mut level.pixels);
        self.lab.look(self.simd, level);
        self.thinning.begin(self.lab.windows());
        for view in &self.model.views {
            self.passed.clear();
            self.lab.pass(self.simd, view, &mut self.passed);
            let place = |passed: &Passed| {
                let place = |steps: usize| ((steps * STEP) as f32 / scale + 0.5).floor();
                Proposal {
                    x: place(passed.column) + part.x as f32,
                    y: place(passed.row) + part.y as f32,
                    size: (size + 0.5).floor(),
                    score: passed.score,
                }
            };
            self.thinning.thin(&mut self.passed, place, &mut self.proposals);
        }
    }

    /// Lets a perceptron judge what is left, and moves the boxes as it says.
    fn refine(&mut self, canvas: &Luma<'_>, stage: usize) {
        let Some(stage) = self.model.stages.get(stage) else {
            return;
        };
        let most = 2.0 * canvas.width.max(canvas.height) as f32;
        let mut kept = 0;
        for index in 0..self.proposals.len() {
            let Proposal { x, y, size, .. } = self.proposals[index];
            let place = (x as i32, y as i32, size as i32);
            self.stretch
                .cut(self.simd, canvas, place, WINDOW, self.window.as_mut_slice());
            self.surf.look(self.simd, &self.window);
            let Some(opinion) = stage.net.judge(self.simd, &self.surf, &mut self.scratch) else {
                continue;
            };
            let grown = (opinion.grow * size + size + 0.5).floor();
            let moved = |at: f32, by: f32| (by * size + at + (size - grown) * 0.5 + 0.5).floor();
            let moved = Proposal {
                x: moved(x, opinion.right),
                y: moved(y, opinion.down),
                size: grown,
                score: opinion.score,
            };
            let touches = |at: f32, length: usize| at < length as f32 && at + grown > 0.0;
            if (LEAST_SIZE..most).contains(&grown) && touches(moved.x, canvas.width) && touches(moved.y, canvas.height)
            {
                self.proposals[kept] = moved;
                kept += 1;
            }
        }
        self.proposals.truncate(kept);
        if let Some(limit) = stage.merge {
            merge(&mut self.proposals, limit);
        }
    }
}

/// Merges the windows of one level. They lie on a grid, and only those next to each other overlap enough: so nothing has to
/// be compared with everything.
#[derive(Debug, Default)]
struct Thinning {
    columns: usize,
    rows: usize,
    /// For each window, where it is among those that passed, plus one.
    slots: Vec<u32>,
    /// Windows that another view has proposed already: the perceptrons would only say the same again.
    is_proposed: Vec<bool>,
    is_merged: Vec<bool>,
}

impl Thinning {
    fn begin(&mut self, (columns, rows): (usize, usize)) {
        (self.columns, self.rows) = (columns, rows);
        self.is_proposed.clear();
        self.is_proposed.resize(columns * rows, false);
        self.slots.clear();
        self.slots.resize(columns * rows, 0);
    }

    fn thin(&mut self, passed: &mut [Passed], place: impl Fn(&Passed) -> Proposal, proposals: &mut Vec<Proposal>) {
        let at = |passed: &Passed, columns: usize| passed.row * columns + passed.column;
        passed.sort_unstable_by(|a, b| {
            let score = b.score.total_cmp(&a.score);
            score.then(a.row.cmp(&b.row)).then(a.column.cmp(&b.column))
        });
        for (index, passed) in passed.iter().enumerate() {
            self.slots[at(passed, self.columns)] = index as u32 + 1;
        }
        self.is_merged.clear();
        self.is_merged.resize(passed.len(), false);
        for (index, window) in passed.iter().enumerate() {
            if self.is_merged[index] {
                continue;
            }
            let here = at(window, self.columns);
            let proposal = place(window);
            let neighbours = [
                (window.column > 0).then(|| here - 1),
                (window.column + 1 < self.columns).then(|| here + 1),
                (window.row > 0).then(|| here - self.columns),
                (window.row + 1 < self.rows).then(|| here + self.columns),
            ];
            for neighbour in neighbours.into_iter().flatten() {
                let slot = self.slots[neighbour] as usize;
                if slot > index + 1 && place(&passed[slot - 1]).overlap(&proposal) > SAME_WINDOW {
                    self.is_merged[slot - 1] = true;
                }
            }
            if !self.is_proposed[here] {
                self.is_proposed[here] = true;
                proposals.push(proposal);
            }
        }
        for passed in passed.iter() {
            self.slots[at(passed, self.columns)] = 0;
        }
    }
}
