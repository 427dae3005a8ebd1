//! Frames around things.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Clear, Widget as _};

use super::text::Row;

/// Draws a frame and returns what is inside and the row of its upper edge, to write a title on.
pub fn framed(buf: &mut Buffer, area: Rect, style: Style) -> (Rect, Rect) {
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(style);
    let inner = block.inner(area);
    block.render(area, buf);
    let edge = Rect {
        x: area.x + 1,
        y: area.y,
        width: area.width.saturating_sub(2),
        height: area.height.min(1),
    };
    (inner, edge)
}

/// A frame with a title of words.
pub fn titled(buf: &mut Buffer, area: Rect, title: &str, frame: Style, ink: Style) -> Rect {
    let (inner, edge) = framed(buf, area, frame);
    Row::new(buf, edge, 0).put(" ", ink).put(title, ink).put(" ", ink);
    inner
}

/// A frame that lies over others, centred, at most `width` × `height`.
pub fn popup(buf: &mut Buffer, screen: Rect, width: u16, height: u16, title: &str, frame: Style, ink: Style) -> Rect {
    let area = popup_area(screen, width, height);
    Clear.render(area, buf);
    titled(buf, area, title, frame, ink)
}

/// Where a popup stands.
#[must_use]
pub fn popup_area(screen: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(screen.width), height.min(screen.height));
    Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 2,
        width,
        height,
    }
}
