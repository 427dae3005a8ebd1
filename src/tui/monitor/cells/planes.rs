//! A row of cells as three planes of numbers, and the subpixels of one cell of it.

use super::super::Picture;

/// One row of cells: for each row of subpixels a line of red, one of green and one of blue.
#[derive(Debug, Default)]
pub(super) struct Planes {
    /// Numbers per line.
    width: usize,
    lines: Vec<f32>,
}

/// The subpixels of a cell, row by row, one array per channel.
pub(super) type Tile<const N: usize> = [[f32; N]; 3];

impl Planes {
    /// Reads row `row` of cells of `grid` from `picture`. Where the picture ends early, its last line is repeated.
    pub fn read(&mut self, picture: &Picture, row: usize, grid: (usize, usize)) {
        let columns = picture.width().div_ceil(grid.0);
        self.width = columns * grid.0;
        self.lines.resize(self.width * 3 * grid.1, 0.0);
        for (sub, lines) in self.lines.chunks_exact_mut(self.width * 3).enumerate() {
            let y = (row * grid.1 + sub).min(picture.height() - 1);
            let pixels = &picture.rgb()[y * picture.width() * 3..(y + 1) * picture.width() * 3];
            let (red, rest) = lines.split_at_mut(self.width);
            let (green, blue) = rest.split_at_mut(self.width);
            for (((pixel, red), green), blue) in pixels
                .as_chunks::<3>()
                .0
                .iter()
                .zip(&mut *red)
                .zip(&mut *green)
                .zip(&mut *blue)
            {
                (*red, *green, *blue) = (f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2]));
            }
            for line in [red, green, blue] {
                let last = line[picture.width() - 1];
                line[picture.width()..].fill(last);
            }
        }
    }

    /// The subpixels of the cell in `column`.
    #[inline]
    pub fn tile<const N: usize>(&self, column: usize) -> Tile<N> {
        let across = if N == 2 { 1 } else { 2 };
        let mut tile = [[0.0; N]; 3];
        for sub in 0..N / across {
            for (channel, tile) in tile.iter_mut().enumerate() {
                let at = (sub * 3 + channel) * self.width + column * across;
                tile[sub * across..(sub + 1) * across].copy_from_slice(&self.lines[at..at + across]);
            }
        }
        tile
    }
}
