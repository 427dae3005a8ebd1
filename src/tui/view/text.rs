//! Writing into rows: cut with `…` where there is no room, never past the edge.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr as _;

use crate::media::Timestamp;

/// The longest beginning of the text that takes at most `width` cells. Measured whole, not letter by letter: marks join
/// with what stands before them.
fn beginning(text: &str, width: usize) -> &str {
    let ends = text.char_indices().map(|(at, character)| at + character.len_utf8());
    let end = ends.take_while(|end| text[..*end].width() <= width).last();
    &text[..end.unwrap_or(0)]
}

/// The text in at most `width` cells; where it is longer, it ends in `…`.
#[must_use]
pub fn fitted(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    if width == 0 {
        return Cow::Borrowed("");
    }
    Cow::Owned(format!("{}…", beginning(text, width - 1)))
}

/// The same for names, which often differ at their end only: where there is room for it, that stays, too.
#[must_use]
pub fn fitted_name(name: &str, width: usize) -> Cow<'_, str> {
    const END: usize = 2;
    let before_end = name.char_indices().rev().nth(END - 1).map(|(at, _)| at);
    let Some(end) = before_end
        .map(|at| &name[at..])
        .filter(|end| width >= 6 && end.width() <= END)
    else {
        return fitted(name, width);
    };
    if name.width() <= width {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("{}…{end}", beginning(name, width - 1 - END).trim_end()))
}

/// The text in lines of at most `width` cells, broken at blanks where there are any.
#[must_use]
pub fn wrapped(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && width > 0 && lines.len() < most {
        let line = beginning(rest, width);
        if line.len() == rest.len() || line.is_empty() || lines.len() + 1 == most {
            lines.push(fitted(rest, width).into_owned());
            break;
        }
        let is_whole = rest[line.len()..].starts_with(' ');
        let blank = line.rfind(' ').filter(|at| !is_whole && *at * 2 > line.len());
        let end = blank.unwrap_or(line.len());
        lines.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    lines
}

/// A moment of the show as `hh:mm:ss`.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    let seconds = at.to_millis().max(0) / 1000;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// One row that is filled from both ends.
pub struct Row<'a> {
    buf: &'a mut Buffer,
    y: u16,
    x: u16,
    end: u16,
}

impl<'a> Row<'a> {
    /// The row `y` rows below the top of `area`; writes nothing where that is outside.
    pub fn new(buf: &'a mut Buffer, area: Rect, y: u16) -> Self {
        let area = area.intersection(buf.area);
        let is_inside = y < area.height;
        Self {
            y: area.y + if is_inside { y } else { 0 },
            x: area.x,
            end: if is_inside { area.right() } else { area.x },
            buf,
        }
    }

    /// Cells that are left.
    #[must_use]
    pub fn left(&self) -> u16 {
        self.end - self.x
    }

    /// The column where the next text will stand.
    #[must_use]
    pub fn x(&self) -> u16 {
        self.x
    }

    /// Text from the left, cut to what is left.
    pub fn put(&mut self, text: &str, style: Style) -> &mut Self {
        let width = usize::from(self.left());
        let text = fitted(text, width);
        (self.x, _) = self.buf.set_stringn(self.x, self.y, &text, width, style);
        self
    }

    /// Text from the left in a column of its own width, padded.
    pub fn column(&mut self, text: &str, width: u16, style: Style) -> &mut Self {
        let width = width.min(self.left());
        let text = fitted(text, usize::from(width));
        self.buf.set_stringn(self.x, self.y, &text, usize::from(width), style);
        self.x += width;
        self
    }

    /// Text from the left in a column, at its right edge.
    pub fn number(&mut self, text: &str, width: u16, style: Style) -> &mut Self {
        let width = width.min(self.left());
        let pad = usize::from(width).saturating_sub(text.width()) as u16;
        self.skip(pad).column(text, width - pad, style)
    }

    /// Leaves cells as they are.
    pub fn skip(&mut self, cells: u16) -> &mut Self {
        self.x += cells.min(self.left());
        self
    }

    /// Text at the right end, with a blank before it; left out where it does not fit.
    pub fn right(&mut self, text: &str, style: Style) -> bool {
        let width = text.width() as u16;
        if width + 1 > self.left() {
            return false;
        }
        self.end -= width;
        self.buf.set_stringn(self.end, self.y, text, usize::from(width), style);
        self.end -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_cut_with_a_mark() {
        assert_eq!(fitted("camera", 6), "camera");
        assert_eq!(fitted("camera", 5), "came…");
        assert_eq!(fitted("カメラ", 5), "カメ…");
        assert_eq!(fitted("カメラ", 4), "カ…");
        assert_eq!(fitted("camera", 0), "");
        for (name, width, shown) in [
            ("camera 5", 8, "camera 5"),
            ("camera 5", 7, "came… 5"),
            ("camera 12", 6, "cam…12"),
            ("camera 5", 5, "came…"),
            ("カメラカメラ", 6, "カメ…"),
            ("a", 6, "a"),
            ("", 6, ""),
        ] {
            assert_eq!(fitted_name(name, width), shown);
        }
    }

    #[test]
    fn lines_break_at_blanks() {
        assert_eq!(
            wrapped("connection refused by 10.0.0.7:554", 12, 9),
            ["connection", "refused by", "10.0.0.7:554"]
        );
        assert_eq!(wrapped("one two three", 5, 2), ["one", "two …"]);
        assert_eq!(wrapped("", 5, 2), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_it_may_be(text in ".{0,40}", width in 0usize..20, most in 0usize..5) {
            prop_assert!(fitted(&text, width).width() <= width);
            prop_assert!(fitted_name(&text, width).width() <= width);
            let lines = wrapped(&text, width, most);
            prop_assert!(lines.len() <= most);
            prop_assert!(lines.iter().all(|line| line.width() <= width), "{lines:?}");
        }
    }
}
