//! The program's shape in cells, which count as twice as high as wide.

use ratatui::layout::Rect;

use crate::studio::model::ProgramFormat;

/// The largest area of the program's shape inside a frame, centred. A cell counts as twice as high as wide.
#[must_use]
pub fn picture_area(framed: Rect, format: ProgramFormat) -> Rect {
    let inner = Rect {
        x: framed.x + 1,
        y: framed.y + 1,
        width: framed.width.saturating_sub(2),
        height: framed.height.saturating_sub(2),
    };
    let width = columns_for(inner.height, format).min(inner.width);
    let height = rows_for(width, format).min(inner.height);
    Rect {
        x: inner.x + (inner.width - width) / 2,
        y: inner.y + (inner.height - height) / 2,
        width,
        height,
    }
}

/// Rows that a picture `columns` wide takes, rounded.
#[must_use]
pub fn rows_for(columns: u16, format: ProgramFormat) -> u16 {
    let (w, h) = shape(format);
    ((u64::from(columns) * h + w) / (2 * w)).clamp(1, 500) as u16
}

/// Columns that a picture `rows` high takes, rounded.
#[must_use]
pub fn columns_for(rows: u16, format: ProgramFormat) -> u16 {
    let (w, h) = shape(format);
    ((u64::from(rows) * 4 * w + h) / (2 * h)).clamp(1, 1000) as u16
}

fn shape(format: ProgramFormat) -> (u64, u64) {
    (u64::from(format.width.max(1)), u64::from(format.height.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_the_shape_of_the_program() {
        let format = ProgramFormat {
            width: 1280,
            height: 720,
            frame_rate: crate::media::FrameRate::new(30, 1).unwrap(),
        };
        let area = picture_area(Rect::new(0, 0, 52, 16), format);
        assert_eq!((area.width, area.height), (50, 14));
        let area = picture_area(Rect::new(10, 3, 80, 10), format);
        assert_eq!((area.width, area.height), (28, 8));
        assert_eq!((area.x, area.y), (36, 4));
    }
}
