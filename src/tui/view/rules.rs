//! The page of rules: who has program, what each rule makes of the data, and the data itself.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Scene;
use super::desk::areas::Areas;
use super::pane::{framed, titled};
use super::text::{Row, wrapped};
use crate::media::{TimeDelta, Timestamp};
use crate::studio::model::{RuleModel, RulesWait};

/// The name of a rule takes so many cells, and its scene; then the same where the list is narrow.
const WIDE: (u16, u16) = (18, 12);
const NARROW: (u16, u16) = (13, 9);

/// A list of fewer cells is narrow.
const NARROW_BELOW: u16 = 60;

/// The path of a value takes no more of its row than this share, in percent.
const PATH_PERCENT: u16 = 55;

/// Draws the page but for the picture on air.
pub fn page(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    let theme = scene.theme;
    let rules = &scene.studio.rules;
    let (inner, edge) = framed(buf, areas.sheet, theme.accent());
    let mut title = Row::new(buf, edge, 0);
    if rules.file.is_some() {
        let standing = &rules.standing;
        let changes = format!(
            " {}/{} changes a minute ",
            standing.changes, standing.changes_per_minute
        );
        title.right(&changes, theme.label());
    }
    title.put(" RULES ", theme.strong());
    if !rules.title.is_empty() {
        title.put(&format!("{} ", rules.title), theme.label());
    }
    let used = head(buf, inner, scene);
    let rest = below(inner, used);
    list(buf, rest, scene);
    data(buf, areas.held, scene);
    let hint = "a take by hand holds program against the rules until they are released";
    Row::new(buf, areas.note, 0).put(&format!(" {hint}"), theme.label());
}

/// Who has program, and what is in the way of whom. How many rows that took.
fn head(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) -> u16 {
    let (theme, rules) = (scene.theme, &scene.studio.rules);
    let mut lines: Vec<(String, Style)> = Vec::new();
    if rules.file.is_none() {
        let text = "there are no rules: [rules] file in the scene file, or rules load FILE";
        lines.push((text.to_owned(), theme.label()));
    } else if let Some(held) = &rules.overridden {
        let since = lasting(scene.ui.now - held.at);
        let text = format!(
            "HELD BY HAND: {} took {} {since} ago; released, the rules go on",
            held.by, held.scene
        );
        lines.push((text, theme.program_badge()));
    } else if !rules.is_on {
        lines.push(("OFF: program is yours".to_owned(), theme.warning()));
    }
    let standing = &rules.standing;
    if let Some(choice) = &standing.chosen {
        let who = choice
            .rule
            .as_ref()
            .map_or("the default".to_owned(), |name| format!("rule {name}"));
        let left = choice.until - scene.ui.now;
        let held = if left > TimeDelta::ZERO {
            format!(", held for {} more", lasting(left))
        } else {
            String::new()
        };
        let style = if rules.are_choosing() {
            theme.good()
        } else {
            theme.label()
        };
        let since = lasting(scene.ui.now - choice.since);
        lines.push((format!("{who} shows {} since {since}{held}", choice.scene), style));
        for (name, value) in &choice.with {
            lines.push((format!("  {name} = \"{value}\""), theme.label()));
        }
    }
    let wish = standing.wish.as_deref().unwrap_or("nothing");
    match standing.wait {
        Some(RulesWait::HoldDown(until)) => {
            let text = format!("next: {wish}, in {}", lasting(until - scene.ui.now));
            lines.push((text, theme.warning()));
        }
        Some(RulesWait::Budget(at)) => {
            let text = format!(
                "next: {wish}; enough changes for this minute, {} more",
                lasting(at - scene.ui.now)
            );
            lines.push((text, theme.warning()));
        }
        Some(RulesWait::Watching) => lines.push((format!("they would choose: {wish}"), theme.text())),
        None => {}
    }
    if rules.file.is_some() && standing.is_stale {
        let text = if scene.studio.data.at.is_some() {
            "the data is too old to say anything"
        } else {
            "no data has come yet"
        };
        lines.push((text.to_owned(), theme.warning()));
    }
    let mut y = 0;
    let width = usize::from(area.width.saturating_sub(2));
    for (text, style) in lines {
        for line in wrapped_keeping(&text, width) {
            Row::new(buf, area, y).skip(1).put(&line, style);
            y += 1;
        }
    }
    y + u16::from(y > 0)
}

/// In two rows at most; the blanks at the beginning stay.
fn wrapped_keeping(text: &str, width: usize) -> Vec<String> {
    if text.starts_with(' ') {
        return vec![text.to_owned()];
    }
    wrapped(text, width, 2)
}

/// Each rule, and its condition below it where there is room for all of them.
fn list(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (theme, standing) = (scene.theme, &scene.studio.rules.standing);
    let count = standing.rules.len();
    let (name_width, scene_width) = if area.width < NARROW_BELOW { NARROW } else { WIDE };
    let is_roomy = count * 2 <= usize::from(area.height);
    let mut y = 0;
    for (index, rule) in standing.rules.iter().enumerate() {
        let is_last = y + 1 >= area.height;
        if is_last && index + 1 < count {
            let text = format!("… {} more", count - index);
            Row::new(buf, area, y).skip(1).put(&text, theme.label());
            return;
        }
        let is_chosen = standing
            .chosen
            .as_ref()
            .is_some_and(|choice| choice.rule.as_ref() == Some(&rule.name));
        let (told, style) = told(rule, is_chosen, scene);
        let mut row = Row::new(buf, area, y);
        row.put(if is_chosen { "▸" } else { " " }, theme.strong())
            .column(
                &rule.name,
                name_width,
                if is_chosen { theme.strong() } else { theme.text() },
            )
            .put(" → ", theme.label())
            .column(&rule.scene, scene_width, theme.text())
            .column(&format!("{:>4}", rule.priority), 5, theme.label())
            .put(&told, style);
        y += 1;
        if is_roomy {
            Row::new(buf, area, y).skip(3).put(&rule.when, theme.label());
            y += 1;
        }
    }
}

/// How a rule stands.
fn told(rule: &RuleModel, is_chosen: bool, scene: &Scene<'_>) -> (String, Style) {
    let (theme, now) = (scene.theme, scene.ui.now);
    match (rule.holds_since, rule.ready_at) {
        (None, _) if is_chosen => (" no more".to_owned(), theme.warning()),
        (None, _) => (" no".to_owned(), theme.label()),
        (Some(_), Some(ready)) if ready > now => (format!(" in {}", lasting(ready - now)), theme.warning()),
        (Some(since), _) => (format!(" for {}", lasting(now - since)), theme.good()),
    }
}

fn data(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (theme, data) = (scene.theme, &scene.studio.data);
    let inner = titled(buf, area, "DATA", theme.frame(), theme.label());
    let mut lines: Vec<(String, Style)> = Vec::new();
    match data.at {
        Some(at) => {
            let by = data.from.as_deref().unwrap_or("somebody");
            lines.push((format!("{} ago, by {by}", lasting(age(scene, at))), theme.text()));
        }
        None => lines.push(("nothing yet".to_owned(), theme.label())),
    }
    if let Some(trouble) = &data.trouble {
        lines.push((trouble.clone(), theme.error()));
    }
    match (&data.listens, &data.file) {
        (Some(address), _) => lines.push((format!("http://{address}/data"), theme.label())),
        (None, Some(file)) => lines.push((file.clone(), theme.label())),
        (None, None) => {}
    }
    let width = usize::from(inner.width.saturating_sub(2));
    let mut y = 0;
    for (text, style) in lines {
        for line in wrapped(&text, width, 2) {
            Row::new(buf, inner, y).skip(1).put(&line, style);
            y += 1;
        }
    }
    let rows = data.rows();
    let room = usize::from(inner.height.saturating_sub(y));
    let widest = rows
        .iter()
        .map(|(path, _)| path.chars().count())
        .max()
        .unwrap_or_default() as u16;
    let path_width = widest.min(inner.width * PATH_PERCENT / 100);
    for (index, (path, value)) in rows.iter().enumerate().take(room) {
        if index + 1 == room && rows.len() > room {
            let text = format!("… {} more values", rows.len() - index);
            Row::new(buf, inner, y).skip(1).put(&text, theme.label());
            return;
        }
        Row::new(buf, inner, y)
            .skip(1)
            .column(path, path_width, theme.label())
            .put(" ", theme.label())
            .put(value, theme.text());
        y += 1;
    }
}

fn age(scene: &Scene<'_>, at: Timestamp) -> TimeDelta {
    scene.ui.now - at
}

/// `3 s`, `2:05`: how long something lasts, as it is said.
fn lasting(time: TimeDelta) -> String {
    let tenths = (time.to_millis().max(0) + 99) / 100;
    match tenths {
        0..100 => format!("{}.{} s", tenths / 10, tenths % 10),
        100..600 => format!("{} s", tenths / 10),
        _ => format!("{}:{:02}", tenths / 600, tenths / 10 % 60),
    }
}

fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}
