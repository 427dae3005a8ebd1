//! All hurdles in their order, for windows of one canvas.

use super::Luma;
use super::canvas::{Part, Stretch};
use super::lab::{Lab, Level, Passed, STEP};
use super::merge::{Proposal, merge};
use super::mlp::{Opinion, Scratch};
use super::model::{Model, Stage, WINDOW};
use super::simd::Simd;
use super::surf::Surf;

/// Overlap from which two windows of the first hurdle are one.
const SAME_WINDOW: f32 = 0.8;

/// Windows whose box has become smaller than this, or many times as large as the canvas, are nothing.
const LEAST_SIZE: f32 = 12.0;

/// How much the thresholds of the cascades are lowered. They are what misses faces that are blurred, tilted or half covered, and
/// the perceptrons behind them tell well what is one: what they let through costs time, hardly more false alarms.
const LENIENCY: f32 = 1.0;

/// The same for levels of few windows, where time does not matter: the surroundings of a face that is tracked, large faces.
const MUCH_LENIENCY: f32 = 2.0;

/// How many windows are few.
const FEW_WINDOWS: usize = 600;

/// The funnel and its workspace.
#[derive(Debug)]
pub(super) struct Funnel {
    model: &'static Model,
    simd: Simd,
    /// Whether the thresholds are the model's own.
    pub(super) is_strict: bool,
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
            is_strict: false,
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
        for (index, stage) in self.model.stages.iter().enumerate() {
            // The first one has looked already.
            if index > 0 {
                self.refine(canvas, stage);
            }
            if let Some(limit) = stage.merge {
                merge(&mut self.proposals, limit);
            }
        }
        &self.proposals
    }

    /// Adds the windows of one size that pass the cascades and the first perceptron.
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
        let place = |(column, row): (usize, usize)| {
            let place = |steps: usize| ((steps * STEP) as f32 / scale + 0.5).floor();
            Proposal {
                x: place(column) + part.x as f32,
                y: place(row) + part.y as f32,
                size: (size + 0.5).floor(),
                score: 0.0,
            }
        };
        let (columns, rows) = self.lab.windows();
        let leniency = if self.is_strict {
            0.0
        } else if columns * rows <= FEW_WINDOWS {
            MUCH_LENIENCY
        } else {
            LENIENCY
        };
        for view in &self.model.views {
            self.passed.clear();
            self.lab.pass(self.simd, view, leniency, &mut self.passed);
            self.thinning.thin(&mut self.passed, place);
        }
        let Some(stage) = self.model.stages.first() else { return };
        for window in &self.thinning.left {
            // The level has the window in its right size: it need not be cut out of the canvas.
            let pixels = &self.level.pixels[window.1 * STEP * self.level.width + window.0 * STEP..];
            self.surf.look(self.simd, pixels, self.level.width, &stage.net.layout);
            let opinion = stage.net.judge(self.simd, &self.surf, &mut self.scratch);
            self.proposals
                .extend(opinion.and_then(|opinion| moved(&place(*window), &opinion, canvas)));
        }
    }

    /// Lets a perceptron judge what is left, and moves the boxes as it says.
    fn refine(&mut self, canvas: &Luma<'_>, stage: &Stage) {
        let mut kept = 0;
        for index in 0..self.proposals.len() {
            let proposal = self.proposals[index];
            self.stretch
                .cut(self.simd, canvas, &proposal, WINDOW, self.window.as_mut_slice());
            self.surf
                .look(self.simd, self.window.as_slice(), WINDOW, &stage.net.layout);
            let opinion = stage.net.judge(self.simd, &self.surf, &mut self.scratch);
            if let Some(moved) = opinion.and_then(|opinion| moved(&proposal, &opinion, canvas)) {
                self.proposals[kept] = moved;
                kept += 1;
            }
        }
        self.proposals.truncate(kept);
    }
}

/// The box as a perceptron would have it; `None` if it is no longer one that could be cut out of the canvas.
fn moved(proposal: &Proposal, opinion: &Opinion, canvas: &Luma<'_>) -> Option<Proposal> {
    let size = (opinion.grow * proposal.size + proposal.size + 0.5).floor();
    let place = |at: f32, by: f32| (by * proposal.size + at + (proposal.size - size) * 0.5 + 0.5).floor();
    let moved = Proposal {
        x: place(proposal.x, opinion.right),
        y: place(proposal.y, opinion.down),
        size,
        score: opinion.score,
    };
    let most = 2.0 * canvas.width.max(canvas.height) as f32;
    let touches = |at: f32, length: usize| at < length as f32 && at + size > 0.0;
    let is_one =
        (LEAST_SIZE..most).contains(&size) && touches(moved.x, canvas.width) && touches(moved.y, canvas.height);
    is_one.then_some(moved)
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
    /// Those that are left, by column and row.
    left: Vec<(usize, usize)>,
}

impl Thinning {
    fn begin(&mut self, (columns, rows): (usize, usize)) {
        (self.columns, self.rows) = (columns, rows);
        self.left.clear();
        self.is_proposed.clear();
        self.is_proposed.resize(columns * rows, false);
        self.slots.clear();
        self.slots.resize(columns * rows, 0);
    }

    fn thin(&mut self, passed: &mut [Passed], place: impl Fn((usize, usize)) -> Proposal) {
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
            let proposal = place((window.column, window.row));
            let neighbours = [
                (window.column > 0).then(|| here - 1),
                (window.column + 1 < self.columns).then(|| here + 1),
                (window.row > 0).then(|| here - self.columns),
                (window.row + 1 < self.rows).then(|| here + self.columns),
            ];
            for neighbour in neighbours.into_iter().flatten() {
                let slot = self.slots[neighbour] as usize;
                if slot > index + 1
                    && place((passed[slot - 1].column, passed[slot - 1].row)).overlap(&proposal) > SAME_WINDOW
                {
                    self.is_merged[slot - 1] = true;
                }
            }
            if !self.is_proposed[here] {
                self.is_proposed[here] = true;
                self.left.push((window.column, window.row));
            }
        }
        for passed in passed.iter() {
            self.slots[at(passed, self.columns)] = 0;
        }
    }
}
