//! The strip along the hold. Time runs from what airs now, at the left, to what is said now, at the right; everything on it
//! moves to the left and goes out there.
//!
//! What becomes of sound reads without colour: what will be heard is solid, what is muted or dumped is hollow, what is beeped is
//! striped, what nobody has judged is hatched; a row under the waveform names each span.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr as _;

use super::tell;
use crate::media::{TimeDelta, Timestamp};
use crate::studio::model::{HoldPhase, Moderation};
use crate::tui::app::{Fate, Held, HeldRow, delay, held_rows};
use crate::tui::view::Scene;
use crate::tui::view::desk::braille::Canvas;
use crate::tui::view::text::{Row, fitted};
use crate::tui::view::theme::Theme;

/// What one level of the hold is the peak of, in ms.
const LEVEL_MS: i64 = 100;

/// Softer than this, in dBFS, is drawn as silence.
const FLOOR_DB: f32 = -60.0;

/// The strip shows so much at least, in ms.
const SHORTEST_MS: i64 = 1000;

/// Seconds between the marks of the ruler.
const STEPS: [i64; 4] = [1, 2, 5, 10];

/// A label of the ruler takes so many cells with its blank.
const LABEL: f64 = 6.0;

/// Cells for times.
#[derive(Clone, Copy, Debug)]
struct Axis {
    /// The content time at the left edge, which airs now.
    airing: Timestamp,
    /// Before that content time nothing is held.
    oldest: Timestamp,
    /// The content time that is said now.
    now: Timestamp,
    /// From edge to edge.
    length: TimeDelta,
    width: u16,
}

impl Axis {
    fn new(moderation: &Moderation, now: Timestamp, width: u16) -> Self {
        let delay = delay(moderation);
        Self {
            airing: now - delay,
            oldest: moderation.airing(now),
            now,
            length: delay.max(TimeDelta::from_millis(SHORTEST_MS)),
            width,
        }
    }

    /// In cells from the left edge; outside of the strip below 0 or beyond its width.
    fn x(&self, at: Timestamp) -> f64 {
        (at - self.airing).ratio(self.length) * f64::from(self.width)
    }

    fn at(&self, x: f64) -> Timestamp {
        let share = x / f64::from(self.width.max(1));
        self.airing + TimeDelta::from_secs_f64(self.length.as_secs_f64() * share)
    }

    /// The cells of a stretch that are on the strip: first and behind the last.
    fn cells(&self, from: Timestamp, until: Option<Timestamp>) -> Option<(u16, u16)> {
        let width = f64::from(self.width);
        let until = until.map_or(self.x(self.now), |until| self.x(until));
        let from = self.x(from.max(self.oldest)).floor().max(0.0);
        let until = until.ceil().min(width);
        (until > from).then_some((from as u16, until as u16))
    }
}

/// Draws the strip.
pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let moderation = &scene.studio.moderation;
    let words = match area.height {
        0..6 => 1,
        6..8 => 2,
        _ => 3,
    };
    let wave = area.height.saturating_sub(words + 2);
    let row = |y: u16, height: u16| {
        Rect {
            y: area.y + y,
            height,
            ..area
        }
        .intersection(area)
    };
    let axis = Axis::new(moderation, scene.ui.now, area.width);
    waveform(buf, row(0, wave), &axis, scene);
    spans(buf, row(wave, 1), &axis, scene);
    put_words(buf, row(wave + 1, words), &axis, scene);
    ruler(buf, row(wave + 1 + words, 1), &axis, scene);
}

/// What becomes of what was said at a time.
fn fate(moderation: &Moderation, at: Timestamp) -> Fate {
    let covers = |from, until: Option<Timestamp>| from <= at && until.is_none_or(|until| at < until);
    let spans = moderation.spans.iter().filter(|span| covers(span.from, span.until));
    spans.map(Fate::of).max().unwrap_or(Fate::Heard)
}

/// The loudest level from one time to another; none where nothing is held.
fn peak(moderation: &Moderation, from: Timestamp, until: Timestamp) -> Option<f32> {
    let hold = &moderation.hold;
    let begin = hold.levels_until - TimeDelta::from_millis(LEVEL_MS * hold.levels.len() as i64);
    let index = |at: Timestamp| (at - begin).ratio(TimeDelta::from_millis(LEVEL_MS)).floor();
    let (first, last) = (index(from).max(0.0), index(until));
    if last < 0.0 {
        return None;
    }
    let (first, last) = (first as usize, (last as usize).min(hold.levels.len().checked_sub(1)?));
    let levels = hold.levels.get(first..=last)?;
    levels.iter().max().map(|level| f32::from(*level))
}

/// How the dots of a column are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fill {
    Solid,
    Hollow,
    Striped,
    Hatched,
}

impl Fill {
    /// Whether the dot at `x`, so many dots from the middle, is set where the waveform is `height` dots high there.
    fn has(self, x: i32, y: i32, height: i32) -> bool {
        match self {
            Self::Solid => true,
            Self::Hollow => y + 1 == height,
            Self::Striped => x % 2 == 0,
            Self::Hatched => (x + y) % 2 == 0,
        }
    }
}

fn waveform(buf: &mut Buffer, area: Rect, axis: &Axis, scene: &Scene<'_>) {
    let (moderation, theme) = (&scene.studio.moderation, scene.theme);
    if area.is_empty() {
        return;
    }
    let late = tell::is_late(scene.studio) || moderation.is_unjudged_passed;
    let styles = [
        (Fate::Heard, Fill::Solid, theme.good()),
        (
            Fate::Heard,
            Fill::Hatched,
            if late { theme.error() } else { theme.label() },
        ),
        (Fate::LetOut, Fill::Solid, theme.accent()),
        (Fate::Warned, Fill::Solid, theme.warning()),
        (Fate::Beeped, Fill::Striped, theme.warning()),
        (Fate::Muted, Fill::Hollow, theme.error()),
        (Fate::Dumped, Fill::Hollow, theme.error()),
    ];
    let mut canvases: Vec<Canvas> = styles.iter().map(|_| Canvas::new(area)).collect();
    let middle = canvases[0].height() / 2;
    for x in 0..canvases[0].width() {
        let time = |x: i32| axis.at(f64::from(x) / 2.0);
        let Some(level) = peak(moderation, time(x), time(x + 1)).filter(|_| time(x) < axis.now) else {
            continue;
        };
        // A cell has one colour, so it is judged as a whole.
        let cell = axis.at(f64::from(x / 2) + 0.5);
        let fate = fate(moderation, cell);
        let is_judged = !moderation.is_armed || moderation.judged.is_some_and(|judged| cell <= judged);
        let is_hatched = fate == Fate::Heard && !is_judged;
        let style = styles
            .iter()
            .position(|(of, fill, _)| *of == fate && (*fill == Fill::Hatched) == is_hatched)
            .unwrap_or(0);
        let fill = styles[style].1;
        let share = ((level - FLOOR_DB) / -FLOOR_DB).clamp(0.0, 1.0);
        let height = ((share * middle as f32).round() as i32).max(1);
        for y in (0..height).filter(|y| fill.has(x, *y, height)) {
            canvases[style].dot(x, middle - 1 - y);
            if share > 0.0 {
                canvases[style].dot(x, middle + y);
            }
        }
    }
    for (canvas, (_, _, style)) in canvases.iter().zip(styles) {
        canvas.draw(buf, style);
    }
    slate(buf, area, axis, scene);
    frontier(buf, area, axis, scene);
}

/// What is not held yet: a slate goes out instead.
fn slate(buf: &mut Buffer, area: Rect, axis: &Axis, scene: &Scene<'_>) {
    let (moderation, theme) = (&scene.studio.moderation, scene.theme);
    let width = axis.x(axis.oldest).clamp(0.0, f64::from(area.width)) as u16;
    if moderation.hold.phase != HoldPhase::Filling || width == 0 {
        return;
    }
    let place = Rect { width, ..area };
    for y in 0..area.height {
        let text = "╱".repeat(usize::from(width));
        Row::new(buf, place, y).put(&text, theme.label());
    }
    let word = " SLATE ";
    if usize::from(width) >= word.len() {
        let indent = (width - word.len() as u16) / 2;
        Row::new(buf, place, area.height / 2)
            .skip(indent)
            .put(word, theme.on_badge());
    }
}

/// Where judging has come to.
fn frontier(buf: &mut Buffer, area: Rect, axis: &Axis, scene: &Scene<'_>) {
    let (moderation, theme) = (&scene.studio.moderation, scene.theme);
    let Some(judged) = moderation.judged.filter(|_| moderation.is_armed) else {
        return;
    };
    let x = axis.x(judged);
    if !(0.0..f64::from(area.width)).contains(&x) {
        return;
    }
    for y in 0..area.height {
        Row::new(buf, area, y).skip(x as u16).put("┊", theme.strong());
    }
}

/// What is done, named, in its place.
fn spans(buf: &mut Buffer, area: Rect, axis: &Axis, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut spans: Vec<_> = scene.studio.moderation.spans.iter().collect();
    // The strongest is what counts: it is drawn last and seen whole. What is open lies under what does the same.
    spans.sort_by_key(|span| (Fate::of(span), span.until.is_some()));
    for span in spans {
        let Some((from, until)) = axis.cells(span.from, span.until) else {
            continue;
        };
        let fate = Fate::of(span);
        let width = usize::from(until - from);
        let word = match fate {
            Fate::LetOut => "out",
            other => other.word(),
        };
        // A word that has been cut off by the edge of the strip says enough with its first letter.
        let word = if width >= word.len() { word } else { &word[..1] };
        let filler = match fate {
            Fate::LetOut | Fate::Warned | Fate::Heard => "·",
            Fate::Beeped => "~",
            Fate::Muted => "─",
            Fate::Dumped => "╱",
        };
        let text = format!("{word}{}", filler.repeat(width.saturating_sub(word.len())));
        Row::new(buf, area, 0).skip(from).put(&text, tell::badge(fate, theme));
    }
}

/// A word that has its place on the strip.
struct Placed<'a> {
    row: u16,
    x: u16,
    width: u16,
    text: String,
    held: &'a HeldRow<'a>,
}

/// Words under the time at which they were said, in rows so that none lies on another. The selected one comes first and is
/// whole; one that has no place is a dot.
fn place<'a>(rows: &'a [HeldRow<'a>], selected: Option<Held>, axis: &Axis, height: u16) -> Vec<Placed<'a>> {
    let mut placed: Vec<Placed<'a>> = Vec::new();
    let is_selected = |held: &HeldRow<'_>| Some(held.what) == selected;
    let (first, rest): (Vec<_>, Vec<_>) = rows.iter().partition(|held| is_selected(held));
    for held in first.into_iter().chain(rest) {
        let (Some(word), Some((x, _))) = (held.word, axis.cells(held.from, held.until)) else {
            continue;
        };
        let text = if is_selected(held) {
            format!("▸{}", fitted(&word.text, usize::from(axis.width.saturating_sub(1))))
        } else {
            word.text.clone()
        };
        let width = text.width() as u16;
        // The mark stands before the word; at the edges there is no room for all of that.
        let x = x.saturating_sub(u16::from(is_selected(held)));
        let x = if is_selected(held) {
            x.min(axis.width.saturating_sub(width))
        } else {
            x
        };
        let is_free = |row: u16, width: u16| {
            x + width <= axis.width
                && !placed
                    .iter()
                    .any(|other| other.row == row && x < other.x + other.width + 1 && other.x < x + width + 1)
        };
        // Each word has a row that it likes best, so that it does not jump from row to row on its way.
        let liked = |at: u16| ((word.id % u64::from(height.max(1))) as u16 + at) % height.max(1);
        if let Some(row) = (0..height).map(liked).find(|row| is_free(*row, width)) {
            placed.push(Placed {
                row,
                x,
                width,
                text,
                held,
            });
        } else if let Some(row) = (0..height).map(liked).find(|row| is_free(*row, 1)) {
            placed.push(Placed {
                row,
                x,
                width: 1,
                text: "·".to_owned(),
                held,
            });
        }
    }
    placed
}

fn put_words(buf: &mut Buffer, area: Rect, axis: &Axis, scene: &Scene<'_>) {
    let theme = scene.theme;
    let selected = scene.ui.selected.held;
    let rows = held_rows(&scene.studio.moderation, scene.ui.now, selected);
    for word in place(&rows, selected, axis, area.height) {
        let style = tell::ink(word.held.fate(), theme);
        let style = if Some(word.held.what) == selected {
            theme.selected().patch(style)
        } else {
            style
        };
        Row::new(buf, area, word.row).skip(word.x).put(&word.text, style);
    }
}

/// Seconds until air.
fn ruler(buf: &mut Buffer, area: Rect, axis: &Axis, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut free = vec![true; usize::from(area.width)];
    let mut put = |x: f64, text: &str, style: Style| {
        let (from, width) = (x.round().max(0.0) as usize, text.width());
        let is_free = from + width <= free.len() && free[from..from + width].iter().all(|free| *free);
        if is_free {
            let behind = (from + width + 1).min(free.len());
            free[from.saturating_sub(1)..behind].fill(false);
            Row::new(buf, area, 0).skip(from as u16).put(text, style);
        }
    };
    put(0.0, "▲ airs now", theme.program());
    let said = "said now ▲";
    let said_x = (axis.x(axis.now) - said.width() as f64).max(0.0);
    put(said_x, said, theme.strong());
    let second = axis.x(axis.airing + TimeDelta::from_millis(1000));
    let step = STEPS.into_iter().find(|step| second * *step as f64 >= LABEL);
    let step = step.unwrap_or(STEPS[STEPS.len() - 1]);
    for seconds in (step..=30).step_by(step as usize) {
        let x = second * seconds as f64;
        put(x, &format!("│{seconds} s"), theme.label());
    }
}

/// Hints for who sees no colour, or all colours for the first time.
pub fn legend(row: &mut Row<'_>, theme: Theme) {
    for (mark, word, style) in [
        ("⣿", "heard", theme.good()),
        ("⢕", "not judged", theme.label()),
        ("⡇", "beeped", theme.warning()),
        ("⠉", "silent", theme.error()),
    ] {
        if usize::from(row.left()) < word.len() + 4 {
            break;
        }
        row.put(mark, style)
            .put(" ", style)
            .put(word, theme.label())
            .put("  ", style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::model::HeldWord;
    use proptest::prelude::*;

    fn holding(ms: i64, levels: Vec<i8>) -> Moderation {
        let mut moderation = Moderation::default();
        moderation.hold.now = TimeDelta::from_millis(ms);
        moderation.hold.target = moderation.hold.now;
        moderation.hold.phase = HoldPhase::Steady;
        moderation.hold.levels = levels;
        moderation.hold.levels_until = Timestamp::from_millis(100_000);
        moderation
    }

    #[test]
    fn the_left_edge_airs_and_the_right_edge_is_said() {
        let moderation = holding(5000, Vec::new());
        let axis = Axis::new(&moderation, Timestamp::from_millis(100_000), 50);
        let x = |ms| axis.x(Timestamp::from_millis(ms));
        assert_eq!((x(95_000), x(96_000), x(100_000)), (0.0, 10.0, 50.0));
        let cells = |from, until| axis.cells(Timestamp::from_millis(from), Some(Timestamp::from_millis(until)));
        assert_eq!(cells(94_000, 95_100), Some((0, 1)));
        assert_eq!(cells(93_000, 95_000), None);
        assert_eq!(axis.cells(Timestamp::from_millis(99_000), None), Some((40, 50)));
    }

    #[test]
    fn what_is_held_while_the_hold_fills_has_as_long_to_go_as_is_wanted() {
        let mut moderation = holding(1000, Vec::new());
        moderation.hold.target = TimeDelta::from_millis(4000);
        moderation.hold.phase = HoldPhase::Filling;
        let axis = Axis::new(&moderation, Timestamp::from_millis(100_000), 40);
        assert_eq!(axis.cells(Timestamp::from_millis(98_000), None), Some((30, 40)));
    }

    #[test]
    fn columns_merge_by_peak() {
        let moderation = holding(1000, vec![-60, -20, -40, -96]);
        let peak = |from, until| peak(&moderation, Timestamp::from_millis(from), Timestamp::from_millis(until));
        assert_eq!(peak(99_600, 99_650), Some(-60.0));
        assert_eq!(peak(99_600, 99_850), Some(-20.0));
        assert_eq!(peak(99_000, 99_500), None, "before all that is held");
        assert_eq!(peak(100_100, 100_200), None, "not told yet");
    }

    proptest! {
        #[test]
        fn words_never_lie_on_one_another(
            froms in proptest::collection::vec(0i64..5000, 1..30),
            width in 10u16..120,
            height in 1u16..4,
            selected in 0u64..30,
        ) {
            let mut moderation = holding(5000, Vec::new());
            for (id, from) in froms.iter().enumerate() {
                let from = Timestamp::from_millis(95_000 + from);
                moderation.words.push_back(HeldWord {
                    id: id as u64,
                    text: "word".repeat(1 + id % 3),
                    from,
                    until: from + TimeDelta::from_millis(300),
                });
            }
            let now = Timestamp::from_millis(100_000);
            let rows = held_rows(&moderation, now, None);
            let axis = Axis::new(&moderation, now, width);
            let placed = place(&rows, Some(Held::Word(selected)), &axis, height);
            for (at, one) in placed.iter().enumerate() {
                prop_assert!(one.row < height && one.x + one.width <= width);
                for other in &placed[at + 1..] {
                    let is_apart = one.x + one.width < other.x || other.x + other.width < one.x;
                    prop_assert!(one.row != other.row || is_apart);
                }
            }
            if (selected as usize) < froms.len() {
                let name = format!("▸{}", "word".repeat(1 + selected as usize % 3));
                let name = if name.width() > usize::from(width) { format!("▸{}", fitted(&name[3..], usize::from(width) - 1)) } else { name };
                prop_assert!(placed.iter().any(|word| word.text == name), "the selected one is whole");
            }
        }
    }
}
