//! The picture that stands in for a source that is away: what it is called, and why it is not there.

use super::colour::yuv_of_rgb;
use super::text::{CELL_HEIGHT, CELL_WIDTH, draw_text, fill_rect, text_size};
use crate::media::{FramePool, Timestamp, VideoFrame};

const PAPER: [u8; 3] = [18, 20, 28];
const TITLE: [u8; 3] = [235, 235, 235];
const REASON: [u8; 3] = [224, 168, 72];

/// A dark picture with `title` in large letters and `reason`, wrapped, below. Text that does not fit is cut with dots.
#[must_use]
pub fn slate(pool: &FramePool, width: u32, height: u32, title: &str, reason: &str, pts: Timestamp) -> VideoFrame {
    let mut frame = pool.frame(width, height);
    let (width, height) = (frame.width(), frame.height());
    frame.fill(yuv_of_rgb(PAPER));
    // Even scales and positions keep letter edges on whole chroma samples.
    let small = even(height / 180).max(1);
    let large = even(height / 90).max(1);
    let margin = even(width / 16);
    let columns = |scale: u32| (width.saturating_sub(2 * margin) / (CELL_WIDTH * scale)).max(1) as usize;

    let title = wrap(title, columns(large), 2).join("\n");
    let rows_left = height.saturating_sub(2 * margin + text_size(&title, large).1) / (CELL_HEIGHT * small);
    let reason = wrap(reason, columns(small), (rows_left as usize).clamp(1, 8)).join("\n");
    let gap = even(CELL_HEIGHT * large / 2);
    let block = text_size(&title, large).1 + gap + text_size(&reason, small).1;
    let top = even(height.saturating_sub(block) / 2);
    let below = top + text_size(&title, large).1;

    draw_text(&mut frame, margin as i32, top as i32, large, &title, TITLE, None);
    let rule = text_size(&title, large).0.min(width.saturating_sub(2 * margin));
    let rule_y = below.saturating_sub(even(large / 2)) as i32;
    fill_rect(
        &mut frame,
        margin as i32,
        rule_y,
        rule,
        small.max(2),
        yuv_of_rgb(REASON),
    );
    draw_text(
        &mut frame,
        margin as i32,
        (below + gap) as i32,
        small,
        &reason,
        REASON,
        None,
    );
    frame.freeze(pts)
}

fn even(value: u32) -> u32 {
    value & !1
}

/// Breaks `text` into at most `rows` lines of at most `columns` characters, at spaces where there are any. What is left
/// over ends in dots.
fn wrap(text: &str, columns: usize, rows: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        while !rest.is_empty() {
            let line = lines.last_mut().map_or(0, |line| line.chars().count());
            let gap = usize::from(line > 0);
            if line + gap + rest.len() <= columns || line == 0 {
                let take = rest.len().min(columns);
                if let Some(last) = lines.last_mut() {
                    last.extend(std::iter::repeat_n(' ', gap));
                    last.extend(rest.drain(..take));
                }
            } else {
                lines.push(String::new());
            }
        }
    }
    if lines.len() > rows {
        lines.truncate(rows);
        if let Some(last) = lines.last_mut() {
            let kept: String = last.chars().take(columns.saturating_sub(3)).collect();
            *last = format!("{}...", kept.trim_end());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Plane;
    use proptest::prelude::*;

    #[test]
    fn words_wrap_at_spaces_and_long_ones_break() {
        assert_eq!(wrap("camera is away", 8, 9), ["camera", "is away"]);
        assert_eq!(
            wrap("a rtsp://very-long-host b", 8, 9),
            ["a", "rtsp://v", "ery-long", "-host b"]
        );
        assert_eq!(wrap("one two three four", 5, 2), ["one", "tw..."]);
        assert_eq!(wrap("", 5, 2), [""]);
    }

    #[test]
    fn a_slate_is_dark_with_text_on_it() {
        let frame = slate(
            &FramePool::new(),
            640,
            360,
            "Camera 1",
            "connection refused by host",
            Timestamp::ZERO,
        );
        let luma = frame.plane(Plane::Y);
        let bright = luma.iter().filter(|y| **y > 180).count();
        let dark = luma.iter().filter(|y| **y < 50).count();
        assert!(bright > 500 && dark > luma.len() * 9 / 10, "{bright} {dark}");
    }

    proptest! {
        #[test]
        fn any_text_on_any_size(w in 0u32..500, h in 0u32..400, title in "\\PC{0,80}", reason in "\\PC{0,400}") {
            let _ = slate(&FramePool::new(), w, h, &title, &reason, Timestamp::ZERO);
        }

        #[test]
        fn lines_hold_their_width(text in "[a-z ]{0,200}", columns in 3usize..40, rows in 1usize..6) {
            let lines = wrap(&text, columns, rows);
            prop_assert!(lines.len() <= rows);
            prop_assert!(lines.iter().all(|line| line.chars().count() <= columns), "{lines:?}");
        }
    }
}
