//! Few colours for a picture: a cut of its histogram by variance, then k-means on the histogram, warm from the last palette.
//!
//! The histogram has 5 bits per channel and keeps the sums of what fell into each bin, so a centre is the true mean of its
//! pixels. A first palette is cut as Wan, Prusinkiewicz and Wong do (the box of the largest squared error is split at its mean,
//! across the channel of the largest variance). A later one starts from the one before, so that colours of still parts stay.

/// The most colours a palette holds: one number is kept for "not yet looked up".
pub const MOST: usize = 255;

const UNKNOWN: u8 = 255;

#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    count: u32,
    sums: [u32; 3],
}

/// Bins that were met, as means and weights.
#[derive(Clone, Copy, Debug)]
struct Point {
    mean: [f32; 3],
    weight: f32,
}

/// A palette, with what finds the nearest of its colours.
#[derive(Debug)]
pub struct Palette {
    colors: Vec<[u8; 3]>,
    /// The same, one channel after the other: that can be searched four at a time.
    planes: [Vec<f32>; 3],
    /// Nearest colour by 5, 6 and 5 bits, filled as asked for.
    nearest: Vec<[u8; 1 << 11]>,
    /// The colours by number, for distances.
    table: Box<[[i32; 4]; 256]>,
    bins: Vec<Bin>,
    met: Vec<u16>,
    points: Vec<Point>,
    /// Mean squared error of the bins when it was fitted.
    error: f32,
}

impl Default for Palette {
    fn default() -> Self {
        Self {
            colors: Vec::new(),
            planes: Default::default(),
            nearest: vec![[UNKNOWN; 1 << 11]; 1 << 5],
            table: Box::new([[0; 4]; 256]),
            bins: vec![Bin::default(); 1 << 15],
            met: Vec::new(),
            points: Vec::new(),
            error: 0.0,
        }
    }
}

impl Palette {
    /// The colours, those of most pixels first.
    pub fn colors(&self) -> &[[u8; 3]] {
        &self.colors
    }

    /// Fits at most `count` colours to the pixels (packed RGB). `round` says what a terminal makes of a colour.
    ///
    /// Where there is a palette already, its colours only move a little, unless the picture is another one.
    pub fn fit(&mut self, rgb: &[u8], width: usize, count: usize, round: fn([f32; 3]) -> [u8; 3]) {
        let count = count.clamp(2, MOST);
        self.count_bins(rgb, width);
        let mut centres: Vec<[f32; 3]> = self.colors.iter().map(|color| color.map(f32::from)).collect();
        let is_warm = centres.len() == count && {
            let error = self.improve(&mut centres);
            error < self.error * 1.3 + 2.0
        };
        if !is_warm {
            centres = self.cut(count);
            self.improve(&mut centres);
        }
        self.error = self.improve(&mut centres);
        self.take(&centres, round);
    }

    fn count_bins(&mut self, rgb: &[u8], width: usize) {
        for bin in self.met.drain(..) {
            self.bins[usize::from(bin)] = Bin::default();
        }
        // Every other pixel of each row, in turns: half the work and hardly another palette.
        for (y, row) in rgb.chunks_exact(width * 3).enumerate() {
            for pixel in row.chunks_exact(3).skip(y % 2).step_by(2) {
                let at =
                    usize::from(pixel[0] >> 3) << 10 | usize::from(pixel[1] >> 3) << 5 | usize::from(pixel[2] >> 3);
                let bin = &mut self.bins[at];
                if bin.count == 0 {
                    self.met.push(at as u16);
                }
                bin.count += 1;
                for (sum, value) in bin.sums.iter_mut().zip(pixel) {
                    *sum += u32::from(*value);
                }
            }
        }
        self.points.clear();
        self.points.extend(self.met.iter().map(|at| {
            let bin = self.bins[usize::from(*at)];
            let weight = bin.count as f32;
            Point {
                mean: bin.sums.map(|sum| sum as f32 / weight),
                weight,
            }
        }));
    }

    /// Splits the box of the largest squared error until there are enough.
    fn cut(&mut self, count: usize) -> Vec<[f32; 3]> {
        let mut boxes = vec![Box3::new(&self.points, 0, self.points.len())];
        while boxes.len() < count {
            let Some(worst) = boxes
                .iter()
                .enumerate()
                .filter(|(_, cell)| cell.to - cell.from > 1)
                .max_by(|a, b| a.1.error.total_cmp(&b.1.error))
                .map(|(at, _)| at)
            else {
                break;
            };
            let Box3 {
                from, to, mean, axis, ..
            } = boxes[worst];
            let middle = from + partition(&mut self.points[from..to], |point| point.mean[axis] < mean[axis]);
            if middle == from || middle == to {
                // All the same along the widest channel: rounding only.
                boxes[worst].error = 0.0;
                if boxes.iter().all(|cell| cell.error <= 0.0) {
                    break;
                }
                continue;
            }
            boxes[worst] = Box3::new(&self.points, from, middle);
            boxes.push(Box3::new(&self.points, middle, to));
        }
        boxes.iter().map(|cell| cell.mean).collect()
    }

    /// One round of k-means on the histogram; a centre without pixels goes where the error is largest. Returns the mean
    /// squared error before the round. Sorts the centres by weight.
    fn improve(&mut self, centres: &mut Vec<[f32; 3]>) -> f32 {
        self.planes = planes(centres);
        let mut sums = vec![([0.0f32; 3], 0.0f32); centres.len()];
        let (mut error, mut total) = (0.0, 0.0f32);
        let mut worst: Vec<(f32, [f32; 3])> = Vec::new();
        for point in &self.points {
            let (at, distance) = search(&self.planes, point.mean);
            let sum = &mut sums[at];
            for (sum, mean) in sum.0.iter_mut().zip(point.mean) {
                *sum += mean * point.weight;
            }
            sum.1 += point.weight;
            error += distance * point.weight;
            total += point.weight;
            worst.push((distance * point.weight, point.mean));
        }
        let idle = sums.iter().filter(|sum| sum.1 <= 0.0).count().min(worst.len());
        if idle > 0 {
            worst.select_nth_unstable_by(idle - 1, |a, b| b.0.total_cmp(&a.0));
        }
        let mut spare = worst.into_iter().take(idle);
        let mut weighed: Vec<(f32, [f32; 3])> = sums
            .into_iter()
            .filter_map(|(sum, weight)| {
                if weight > 0.0 {
                    Some((weight, sum.map(|sum| sum / weight)))
                } else {
                    spare.next().map(|(_, mean)| (0.0, mean))
                }
            })
            .collect();
        weighed.sort_by(|a, b| b.0.total_cmp(&a.0));
        centres.clear();
        centres.extend(weighed.into_iter().map(|(_, centre)| centre));
        error / total.max(1.0)
    }

    fn take(&mut self, centres: &[[f32; 3]], round: fn([f32; 3]) -> [u8; 3]) {
        self.colors.clear();
        self.colors.extend(centres.iter().map(|centre| round(*centre)));
        let exact: Vec<[f32; 3]> = self.colors.iter().map(|color| color.map(f32::from)).collect();
        self.planes = planes(&exact);
        self.nearest.fill([UNKNOWN; 1 << 11]);
        for (entry, [r, g, b]) in self.table.iter_mut().zip(&self.colors) {
            *entry = [i32::from(*r), i32::from(*g), i32::from(*b), 0];
        }
    }

    /// Squared distance of a pixel from the colour of this number.
    #[inline]
    pub fn distance(&self, [r, g, b]: [u8; 3], color: u8) -> i32 {
        let [cr, cg, cb, _] = self.table[usize::from(color)];
        let (dr, dg, db) = (i32::from(r) - cr, i32::from(g) - cg, i32::from(b) - cb);
        dr * dr + dg * dg + db * db
    }

    /// The number of the colour that is nearest to a pixel.
    #[inline]
    pub fn nearest(&mut self, [r, g, b]: [u8; 3]) -> u8 {
        let known = self.nearest[usize::from(r >> 3)][usize::from(g >> 2) << 5 | usize::from(b >> 3)];
        if known == UNKNOWN {
            self.look_up([r, g, b])
        } else {
            known
        }
    }

    #[cold]
    fn look_up(&mut self, [r, g, b]: [u8; 3]) -> u8 {
        let middle = [
            f32::from(r & !7) + 3.5,
            f32::from(g & !3) + 1.5,
            f32::from(b & !7) + 3.5,
        ];
        let found = search(&self.planes, middle).0 as u8;
        self.nearest[usize::from(r >> 3)][usize::from(g >> 2) << 5 | usize::from(b >> 3)] = found;
        found
    }
}

/// A box of the cut: points `from..to`.
struct Box3 {
    from: usize,
    to: usize,
    mean: [f32; 3],
    /// The channel of the largest variance.
    axis: usize,
    error: f32,
}

impl Box3 {
    fn new(points: &[Point], from: usize, to: usize) -> Self {
        let (mut weight, mut sums, mut squares) = (0.0f32, [0.0f32; 3], [0.0f32; 3]);
        for point in &points[from..to] {
            weight += point.weight;
            for channel in 0..3 {
                sums[channel] += point.mean[channel] * point.weight;
                squares[channel] += point.mean[channel] * point.mean[channel] * point.weight;
            }
        }
        let weight = weight.max(1.0);
        let mean = sums.map(|sum| sum / weight);
        let errors: [f32; 3] = std::array::from_fn(|channel| squares[channel] - sums[channel] * mean[channel]);
        let axis = (0..3).max_by(|a, b| errors[*a].total_cmp(&errors[*b])).unwrap_or(0);
        Self {
            from,
            to,
            mean,
            axis,
            error: errors.iter().sum(),
        }
    }
}

/// Moves what is `first` to the front; returns how many are.
fn partition(points: &mut [Point], first: impl Fn(&Point) -> bool) -> usize {
    let mut front = 0;
    for at in 0..points.len() {
        if first(&points[at]) {
            points.swap(at, front);
            front += 1;
        }
    }
    front
}

fn planes(centres: &[[f32; 3]]) -> [Vec<f32>; 3] {
    // Whole eights, the rest far away from everything.
    std::array::from_fn(|channel| {
        let mut plane: Vec<f32> = centres.iter().map(|centre| centre[channel]).collect();
        plane.resize(centres.len().next_multiple_of(8), 1e6);
        plane
    })
}

/// The nearest centre, and its squared distance.
fn search(planes: &[Vec<f32>; 3], color: [f32; 3]) -> (usize, f32) {
    let mut best = [f32::MAX; 8];
    let mut best_at = [0u32; 8];
    let eights = planes[0]
        .chunks_exact(8)
        .zip(planes[1].chunks_exact(8))
        .zip(planes[2].chunks_exact(8));
    for (eight, ((r, g), b)) in eights.enumerate() {
        for lane in 0..8 {
            let (dr, dg, db) = (r[lane] - color[0], g[lane] - color[1], b[lane] - color[2]);
            let distance = dr * dr + dg * dg + db * db;
            let is_better = distance < best[lane];
            best[lane] = if is_better { distance } else { best[lane] };
            best_at[lane] = if is_better { eight as u32 } else { best_at[lane] };
        }
    }
    let mut found = (0, f32::MAX);
    for lane in 0..8 {
        if best[lane] < found.1 {
            found = (best_at[lane] as usize * 8 + lane, best[lane]);
        }
    }
    found
}
