//! A canvas of braille: two dots across and four down in each cell, so that a curve is drawn eight times as fine as letters
//! are.
//!
//! A cell can have one colour only. So a picture is made of several canvases, drawn one after the other: where a later one
//! has dots, it takes the cell whole, and a curve never mixes with the grid under it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The bit of each dot, by row and column (Unicode block U+2800, dots 1 to 8).
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Dots in cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canvas {
    area: Rect,
    cells: Vec<u8>,
}

impl Canvas {
    /// An empty canvas that will be drawn at `area`.
    #[must_use]
    pub fn new(area: Rect) -> Self {
        Self {
            area,
            cells: vec![0; usize::from(area.width) * usize::from(area.height)],
        }
    }

    /// Dots across.
    #[must_use]
    pub fn width(&self) -> i32 {
        i32::from(self.area.width) * 2
    }

    /// Dots down.
    #[must_use]
    pub fn height(&self) -> i32 {
        i32::from(self.area.height) * 4
    }

    /// Sets a dot; one outside is left out.
    pub fn dot(&mut self, x: i32, y: i32) {
        if (0..self.width()).contains(&x) && (0..self.height()).contains(&y) {
            let at = (y / 4) as usize * usize::from(self.area.width) + (x / 2) as usize;
            self.cells[at] |= BITS[(y % 4) as usize][(x % 2) as usize];
        }
    }

    /// A row of dots, each `every` dots.
    pub fn across(&mut self, y: i32, every: usize) {
        for x in (0..self.width()).step_by(every.max(1)) {
            self.dot(x, y);
        }
    }

    /// A column of dots, each `every` dots.
    pub fn down(&mut self, x: i32, every: usize) {
        for y in (0..self.height()).step_by(every.max(1)) {
            self.dot(x, y);
        }
    }

    /// A curve: for each column of dots the row that `at` says, counted from the top. Neighbours are joined by upright
    /// strokes; what is above or below the canvas is left out, not laid along its edge.
    pub fn curve(&mut self, mut at: impl FnMut(i32) -> f32) {
        let mut before: Option<i32> = None;
        for x in 0..self.width() {
            let y = at(x);
            if y.is_nan() {
                before = None;
                continue;
            }
            // One beyond the edge is as far out as any.
            let y = y.round().clamp(-1.0, self.height() as f32) as i32;
            let from = before.map_or(y, |before| match before.cmp(&y) {
                std::cmp::Ordering::Less => before + 1,
                std::cmp::Ordering::Equal => y,
                std::cmp::Ordering::Greater => before - 1,
            });
            for y in from.min(y)..=from.max(y) {
                self.dot(x, y);
            }
            before = Some(y);
        }
    }

    /// Draws the cells that have dots.
    pub fn draw(&self, buf: &mut Buffer, style: Style) {
        if self.area.is_empty() {
            return;
        }
        for (at, bits) in self.cells.iter().enumerate().filter(|(_, bits)| **bits != 0) {
            let (x, y) = (at % usize::from(self.area.width), at / usize::from(self.area.width));
            let position = (self.area.x + x as u16, self.area.y + y as u16);
            if let (Some(cell), Some(symbol)) = (buf.cell_mut(position), char::from_u32(0x2800 + u32::from(*bits))) {
                cell.set_char(symbol).set_style(style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(canvas: &Canvas) -> Vec<String> {
        let mut buf = Buffer::empty(canvas.area);
        canvas.draw(&mut buf, Style::new());
        buf.content()
            .chunks(usize::from(canvas.area.width))
            .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
            .collect()
    }

    #[test]
    fn every_dot_has_its_place() {
        let mut seen = Vec::new();
        for y in 0..4 {
            for x in 0..2 {
                let mut canvas = Canvas::new(Rect::new(0, 0, 1, 1));
                canvas.dot(x, y);
                seen.push(text(&canvas).concat());
            }
        }
        assert_eq!(seen, ["⠁", "⠈", "⠂", "⠐", "⠄", "⠠", "⡀", "⢀"]);
    }

    #[test]
    fn curves_are_joined_and_leave_the_canvas_at_its_edges() {
        let mut canvas = Canvas::new(Rect::new(0, 0, 4, 2));
        canvas.curve(|x| x as f32);
        assert_eq!(text(&canvas), ["⠑⢄  ", "  ⠑⢄"]);
        let mut canvas = Canvas::new(Rect::new(0, 0, 2, 2));
        canvas.curve(|x| if x < 2 { 1.0 } else { 6.0 });
        assert_eq!(text(&canvas), ["⠒⡄", " ⠧"]);
        let mut canvas = Canvas::new(Rect::new(0, 0, 3, 1));
        canvas.curve(|x| if x < 3 { -40.0 } else { 90.0 });
        assert_eq!(text(&canvas), [" ⢸ "], "nothing along the edges");
        let mut canvas = Canvas::new(Rect::new(0, 0, 2, 1));
        canvas.curve(|_| f32::NAN);
        assert_eq!(text(&canvas), ["  "]);
    }

    #[test]
    fn a_later_canvas_takes_the_cell() {
        let area = Rect::new(0, 0, 2, 1);
        let (mut grid, mut curve) = (Canvas::new(area), Canvas::new(area));
        grid.across(0, 2);
        curve.dot(0, 3);
        let mut buf = Buffer::empty(area);
        grid.draw(&mut buf, Style::new());
        curve.draw(&mut buf, Style::new());
        assert_eq!((buf[(0, 0)].symbol(), buf[(1, 0)].symbol()), ("⡀", "⠁"));
    }

    proptest! {
        #[test]
        fn no_curve_panics(width in 0u16..9, height in 0u16..9, rows in proptest::collection::vec(any::<f32>(), 20)) {
            let mut canvas = Canvas::new(Rect::new(3, 2, width, height));
            canvas.curve(|x| rows[x as usize]);
            canvas.across(1, 0);
            canvas.down(1, 3);
            canvas.draw(&mut Buffer::empty(Rect::new(0, 0, 8, 8)), Style::new());
        }
    }
}
