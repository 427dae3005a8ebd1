//! What an operator is told of the hold and of moderation on every screen.

use ratatui::style::Style;

use crate::media::{TimeDelta, Timestamp};
use crate::studio::model::{HoldPhase, Moderation, Studio};
use crate::tui::app::{Fate, HeldRow, delay, is_slate};
use crate::tui::view::Scene;
use crate::tui::view::text::Row;
use crate::tui::view::theme::Theme;

/// No recogniser tells a word much sooner after its end than this, in ms; a shorter hold lets words out before they are judged.
const SHORTEST_JUDGED_MS: i64 = 2000;

/// What differs by less, in ms, is told as the same.
const SAME_MS: i64 = 50;

/// Cells of the bar in the status line.
const STATUS_BAR: usize = 5;

/// What must be seen from across the room: in red, the worst first.
pub fn alarms(studio: &Studio) -> Vec<&'static str> {
    let moderation = &studio.moderation;
    let is_short = moderation.hold.now < TimeDelta::from_millis(SHORTEST_JUDGED_MS);
    let is_filling = moderation.hold.phase == HoldPhase::Filling;
    let is_armed = moderation.is_armed;
    [
        (moderation.is_program_muted, "PROGRAM MUTED"),
        (is_armed && moderation.is_unjudged_passed, "UNJUDGED SOUND GOES OUT"),
        (
            is_late(studio) && !moderation.is_unjudged_passed,
            "NOT JUDGED IN TIME: SILENCE",
        ),
        (!is_armed && !moderation.lists.is_empty(), "MODERATION OFF"),
        (is_armed && is_short && !is_filling, "HOLD TOO SHORT TO JUDGE"),
    ]
    .into_iter()
    .filter_map(|(is_so, text)| is_so.then_some(text))
    .collect()
}

/// How far judging is behind; none before anything was judged.
pub fn behind(studio: &Studio) -> Option<TimeDelta> {
    // Both as the studio told them: the client's own clock would only make the number jump.
    studio.moderation.judged.map(|judged| studio.now - judged)
}

/// Whether what goes out now has not been judged, though it should be.
pub fn is_late(studio: &Studio) -> bool {
    studio.moderation.is_late(studio.now)
}

/// How far judging has come and what becomes of what it has not reached, in a sentence and in a few words.
pub fn judged(studio: &Studio, theme: Theme) -> (String, String, Style) {
    let moderation = &studio.moderation;
    if !moderation.is_armed {
        let text = if moderation.lists.is_empty() {
            "nobody listens for words"
        } else {
            "off: every word goes out"
        };
        let style = if moderation.lists.is_empty() {
            theme.label()
        } else {
            theme.error()
        };
        return (text.to_owned(), "off".to_owned(), style);
    }
    let fate = if moderation.is_unjudged_passed {
        "unjudged goes out"
    } else {
        "unjudged goes out silent"
    };
    let short = behind(studio).map_or_else(
        || "nothing judged".to_owned(),
        |behind| format!("judged {:.1} s behind", behind.as_secs_f64().max(0.0)),
    );
    let style = if is_late(studio) || moderation.is_unjudged_passed {
        theme.error()
    } else {
        theme.text()
    };
    (format!("{short} · {fate}"), short, style)
}

/// What the hold does, in words.
pub const fn phase(phase: HoldPhase) -> &'static str {
    match phase {
        HoldPhase::Off => "off",
        HoldPhase::Steady => "steady",
        HoldPhase::Filling => "filling, a slate goes out",
        HoldPhase::Growing => "growing by slower playback",
        HoldPhase::Shrinking => "shrinking by faster playback",
    }
}

/// Whether anything is held or is to be.
pub fn is_holding(moderation: &Moderation) -> bool {
    moderation.hold.now > TimeDelta::ZERO || moderation.hold.target > TimeDelta::ZERO
}

/// `5.0 s`, or `3.2→5.0 s` while it changes.
pub fn seconds(moderation: &Moderation) -> String {
    let (now, target) = (moderation.hold.now, moderation.hold.target);
    if (now - target).abs() <= TimeDelta::from_millis(SAME_MS) {
        format!("{:.1} s", now.as_secs_f64())
    } else {
        format!("{:.1}→{:.1} s", now.as_secs_f64(), target.as_secs_f64())
    }
}

/// How full the hold is, of what it holds or is to hold.
pub fn bar(moderation: &Moderation, width: usize) -> String {
    let (now, target) = (moderation.hold.now, moderation.hold.target);
    let share = if now >= target { 1.0 } else { now.ratio(target) };
    // Full only when it is: the last cell comes with the last part.
    let filled = ((share * width as f64 + 0.02).floor() as usize).min(width);
    "▓".repeat(filled) + &"░".repeat(width - filled)
}

/// How the sound of something with this fate is drawn.
pub fn ink(fate: Fate, theme: Theme) -> Style {
    match fate {
        Fate::Heard => theme.text(),
        Fate::LetOut => theme.accent(),
        Fate::Warned | Fate::Beeped => theme.warning(),
        Fate::Muted | Fate::Dumped => theme.error(),
    }
}

/// The same as letters on a ground.
pub fn badge(fate: Fate, theme: Theme) -> Style {
    match fate {
        Fate::Heard | Fate::LetOut => theme.accent(),
        Fate::Warned => theme.warning(),
        Fate::Beeped => theme.on_badge(),
        Fate::Muted | Fate::Dumped => theme.program_badge(),
    }
}

/// `2.1 s`, `now`, `aired`: when something goes out.
pub fn airs(held: &HeldRow<'_>, moderation: &Moderation, now: Timestamp) -> String {
    let ahead = (held.from + delay(moderation) - now).as_secs_f64();
    if held.until.is_some_and(|until| until <= moderation.airing(now)) {
        "aired".to_owned()
    } else if ahead <= 0.0 {
        "now".to_owned()
    } else {
        format!("{ahead:.1} s")
    }
}

/// For the status line, the most important first: what goes out otherwise than it is made, and how long it is held.
pub fn status(row: &mut Row<'_>, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let moderation = &studio.moderation;
    if moderation.is_program_muted {
        row.right(" MUTED ", theme.program_badge());
    }
    if moderation.is_armed && moderation.is_unjudged_passed {
        row.right(" UNJUDGED PASS ", theme.program_badge());
    } else if is_late(studio) {
        row.right(" UNJUDGED: SILENCE ", theme.program_badge());
    }
    if !moderation.is_armed && !moderation.lists.is_empty() {
        row.right(" MODERATION OFF ", theme.program_badge());
    }
    if is_slate(moderation, scene.ui.now) {
        row.right(" SLATE ", theme.on_badge());
    }
    if is_holding(moderation) {
        let seconds = seconds(moderation);
        let bar = bar(moderation, STATUS_BAR);
        let style = if moderation.hold.phase == HoldPhase::Steady {
            theme.text()
        } else {
            theme.warning()
        };
        // The bar gives way before the number does.
        if !row.right(&format!("hold {seconds} {bar} "), style) {
            row.right(&format!("hold {seconds} "), style);
        }
    }
}

/// For the frame of program: that what is seen airs later, or that something else goes out.
pub fn title(row: &mut Row<'_>, scene: &Scene<'_>) {
    let (moderation, theme) = (&scene.studio.moderation, scene.theme);
    if moderation.hold.now <= TimeDelta::ZERO && moderation.hold.phase != HoldPhase::Filling {
        return;
    }
    if is_slate(moderation, scene.ui.now) {
        row.put("SLATE", theme.on_badge()).put(" ", theme.text());
    }
    let seconds = moderation.hold.now.as_secs_f64();
    let texts = [format!("airs in {seconds:.1} s "), format!("+{seconds:.1} s ")];
    let room = usize::from(row.left());
    if let Some(text) = texts.iter().find(|text| text.len() <= room) {
        row.put(text, theme.warning());
    }
}
