//! What the update makes of commands about the hold and what is moderated in it, and of what is heard and seen there.

use super::{Effect, Refusal, Unit, unknown_strip};
use crate::hold::Edit;
use crate::media::{TimeDelta, Timestamp};
use crate::studio::command::Switch;
use crate::studio::compliance::Entry;
use crate::studio::model::{
    EditKind, EventLevel, HeldWord, HoldState, PROGRAM_SPAN, Pace, SeenPicture, Span, SpanKind, Who,
};

/// What is told of moderation.
const SUBJECT: &str = "moderation";

/// What is done to a word that an operator points at begins so long before it and ends so long behind it, in ms.
const MARGIN_MS: i64 = 80;

/// How long, in ms, sound is under way in the mixer when a strip is muted there.
const MIXING_MS: i64 = 100;

/// What the runtime has to tell.
#[derive(Debug)]
pub enum ModerationNews {
    /// The hold stands so.
    Hold(Box<HoldState>),
    /// Who listens.
    Engine(Option<String>),
    /// These words were heard, and these spans are done about them.
    Heard {
        /// In their order.
        words: Vec<HeldWord>,
        /// In force already.
        spans: Vec<Span>,
    },
    /// So far sound has been judged, in content time.
    Judged(Option<Timestamp>),
    /// Something was seen that is acted upon.
    Seen(SeenPicture),
    /// It is gone.
    Gone(SeenPicture),
    /// The hold was dumped for what was seen: from there until there.
    Dumped(Timestamp, Timestamp, String),
    /// The file that everything moderated is written to, or none.
    Log(Option<String>),
}

/// Longer ago than anything that is held.
fn long_ago(now: Timestamp) -> Timestamp {
    now - TimeDelta::from_millis(120_000)
}

/// Later than the end of any show.
fn never() -> Timestamp {
    Timestamp::from_flicks(i64::MAX / 4)
}

impl Unit<'_> {
    pub(super) fn hold(&mut self, target: TimeDelta, pace: Option<Pace>) {
        let moderation = &mut self.studio.moderation;
        let pace = pace.unwrap_or(moderation.pace);
        let before = std::mem::replace(&mut moderation.hold.target, target);
        self.effects.push(Effect::Hold(target, pace));
        if before != target {
            let text = format!(
                "the hold goes from {:.1} to {:.1} s",
                before.as_secs_f64(),
                target.as_secs_f64()
            );
            let level = if target < before {
                EventLevel::Warning
            } else {
                EventLevel::Info
            };
            self.event(level, SUBJECT, text.clone());
            self.comply("hold", None, None, "hold", Who::Operator, text);
        }
    }

    pub(super) fn dump(&mut self, last: Option<TimeDelta>) -> Result<(), Refusal> {
        let held = self.studio.moderation.hold.now;
        if held <= TimeDelta::ZERO {
            return Err(Refusal::NothingHeld);
        }
        let from = self.now - last.map_or(held, |last| last.min(held));
        self.effects.push(Effect::Dump(last));
        self.dumped(from, self.now, Who::Operator, "dumped by the operator");
        Ok(())
    }

    fn dumped(&mut self, from: Timestamp, until: Timestamp, who: Who, why: &str) {
        let id = self.studio.moderation.next_span();
        let seconds = (until - from).as_secs_f64();
        self.comply("dump", Some(from), Some(until), "dump", who, why.to_owned());
        self.studio
            .moderation
            .add(Span::new(id, from, Some(until), SpanKind::Dump, (who, why.to_owned())));
        self.event(
            EventLevel::Warning,
            SUBJECT,
            format!("{seconds:.1} s were dumped, a slate goes out for them: {why}"),
        );
    }

    pub(super) fn moderate(&mut self, is_armed: bool) -> Result<(), Refusal> {
        let moderation = &mut self.studio.moderation;
        if is_armed && moderation.lists.is_empty() {
            return Err(Refusal::NoLists);
        }
        if moderation.is_armed == is_armed {
            return Ok(());
        }
        moderation.is_armed = is_armed;
        moderation.judged = None;
        self.effects.push(Effect::Checks);
        if is_armed {
            self.event(EventLevel::Info, SUBJECT, "on: words are listened for");
        } else {
            self.event(EventLevel::Warning, SUBJECT, "off: every word goes out");
        }
        let action = if is_armed { "on" } else { "off" };
        self.comply("switch", None, None, action, Who::Operator, String::new());
        Ok(())
    }

    pub(super) fn unjudged(&mut self, is_passed: bool) {
        let moderation = &mut self.studio.moderation;
        if moderation.is_unjudged_passed == is_passed {
            return;
        }
        moderation.is_unjudged_passed = is_passed;
        self.effects.push(Effect::Checks);
        let (level, text) = if is_passed {
            (EventLevel::Warning, "sound that nobody has judged goes out")
        } else {
            (EventLevel::Info, "sound that nobody has judged goes out silent")
        };
        self.event(level, SUBJECT, text);
        let action = if is_passed { "pass" } else { "mute" };
        self.comply("unjudged", None, None, action, Who::Operator, String::new());
    }

    pub(super) fn moderate_program(&mut self, switch: Switch) {
        let moderation = &mut self.studio.moderation;
        let is_muted = switch.apply(moderation.is_program_muted);
        if is_muted == moderation.is_program_muted {
            return;
        }
        moderation.is_program_muted = is_muted;
        if is_muted {
            let from = moderation.airing(self.now);
            moderation.spans.retain(|span| span.id != PROGRAM_SPAN);
            moderation.add(Span::new(
                PROGRAM_SPAN,
                from,
                None,
                SpanKind::Mute,
                (Who::Operator, "program muted".to_owned()),
            ));
            self.effects.push(Effect::Edit(Edit {
                id: PROGRAM_SPAN,
                from: long_ago(self.now),
                until: never(),
                kind: EditKind::Mute,
                strips: None,
            }));
            self.event(
                EventLevel::Warning,
                SUBJECT,
                "program is muted, and what is held as well",
            );
            self.comply("mute", Some(from), None, "mute", Who::Operator, "program".to_owned());
        } else {
            let now = self.now;
            if let Some(span) = moderation.span_mut(PROGRAM_SPAN) {
                span.until = Some(now);
            }
            // What was said until now stays unheard; what is said from now on is heard when its time comes.
            self.effects.push(Effect::CloseEdit(PROGRAM_SPAN, now));
            let held = self.studio.moderation.hold.now.as_secs_f64();
            let text = if held > 0.0 {
                format!("program is muted no more; it is heard in {held:.1} s")
            } else {
                "program is muted no more".to_owned()
            };
            self.event(EventLevel::Info, SUBJECT, text);
            self.comply("mute", None, Some(now), "unmute", Who::Operator, "program".to_owned());
        }
    }

    pub(super) fn moderate_strip(&mut self, name: &str, switch: Switch) -> Result<(), Refusal> {
        let Some(at) = self.studio.strips.iter().position(|strip| strip.name == name) else {
            return Err(unknown_strip(self.studio, name));
        };
        let was_muted = self.studio.is_moderated(name);
        let is_muted = switch.apply(was_muted);
        if is_muted == was_muted {
            return Ok(());
        }
        let moderation = &mut self.studio.moderation;
        let subject = format!("strip {name}");
        if is_muted {
            moderation.muted_strips.push(name.to_owned());
            // What the mixer has made of it already is in program, and cannot be taken out again: program goes silent where it
            // could be heard.
            let id = moderation.next_span();
            let (from, until) = (
                moderation.airing(self.now),
                self.now + TimeDelta::from_millis(MIXING_MS),
            );
            moderation.add(Span::new(
                id,
                from,
                Some(until),
                SpanKind::Mute,
                (Who::Operator, format!("{name} muted: where it could be heard")),
            ));
            self.effects.push(Effect::Edit(Edit {
                id,
                from: long_ago(self.now),
                until,
                kind: EditKind::Mute,
                strips: Some(1u64.checked_shl(at as u32).unwrap_or(u64::MAX)),
            }));
            self.event(
                EventLevel::Warning,
                subject,
                "muted by moderation, and where it is held as well",
            );
            self.comply("mute", Some(from), None, "mute", Who::Operator, format!("strip {name}"));
        } else {
            moderation.muted_strips.retain(|known| known != name);
            self.event(EventLevel::Info, subject, "muted by moderation no more");
            self.comply(
                "mute",
                None,
                Some(self.now),
                "unmute",
                Who::Operator,
                format!("strip {name}"),
            );
        }
        // The mixer hears of it as of any other change.
        self.strip(name, |_| None)
    }

    pub(super) fn moderate_word(&mut self, id: u64, kind: EditKind) -> Result<(), Refusal> {
        let found = self.studio.moderation.words.iter().find(|word| word.id == id);
        let word = found.cloned().ok_or(Refusal::NoWord(id))?;
        let margin = TimeDelta::from_millis(MARGIN_MS);
        self.span(
            word.from - margin,
            word.until + margin,
            kind,
            format!("word {id} by the operator"),
        )
    }

    pub(super) fn moderate_span(&mut self, from: TimeDelta, until: TimeDelta, kind: EditKind) -> Result<(), Refusal> {
        if from <= until {
            return Err(Refusal::BackwardSpan);
        }
        self.span(self.now - from, self.now - until, kind, "by the operator".to_owned())
    }

    fn span(&mut self, from: Timestamp, until: Timestamp, kind: EditKind, why: String) -> Result<(), Refusal> {
        let moderation = &mut self.studio.moderation;
        if until <= moderation.airing(self.now) {
            return Err(Refusal::Aired(moderation.hold.now));
        }
        let id = moderation.next_span();
        let span_kind = match kind {
            EditKind::Mute => SpanKind::Mute,
            EditKind::Beep => SpanKind::Beep,
        };
        moderation.add(Span::new(
            id,
            from,
            Some(until),
            span_kind,
            (Who::Operator, why.clone()),
        ));
        self.effects.push(Effect::Edit(Edit {
            id,
            from,
            until,
            kind,
            strips: None,
        }));
        self.comply("span", Some(from), Some(until), span_kind.word(), Who::Operator, why);
        Ok(())
    }

    pub(super) fn restore(&mut self, id: u64) -> Result<(), Refusal> {
        let now = self.now;
        let airing = self.studio.moderation.airing(now);
        let held = self.studio.moderation.hold.now;
        let span = self.studio.moderation.span_mut(id).filter(|span| !span.is_restored);
        let span = span.ok_or(Refusal::NoSpan(id))?;
        if span.kind == SpanKind::Dump {
            return Err(Refusal::Dumped);
        }
        if id == PROGRAM_SPAN {
            self.moderate_program(Switch::Off);
            if held <= TimeDelta::ZERO {
                // What went out silent is gone; from now on program is heard.
                return Ok(());
            }
        }
        let Some(span) = self.studio.moderation.span_mut(id) else {
            return Err(Refusal::NoSpan(id));
        };
        if span.until.is_some_and(|until| until <= airing) {
            return Err(Refusal::Aired(held));
        }
        span.is_restored = true;
        let (from, until, why) = (span.from, span.until, span.why.clone());
        self.effects.push(Effect::RestoreEdit(id));
        self.event(
            EventLevel::Warning,
            SUBJECT,
            format!("span {id} goes out after all ({why})"),
        );
        self.comply("restore", Some(from), until, "pass", Who::Operator, why);
        Ok(())
    }

    pub(super) fn reveal(&mut self, id: u64) -> Result<(), Refusal> {
        let seen = &mut self.studio.moderation.seen;
        let at = seen.iter().position(|seen| seen.id == id).ok_or(Refusal::NotSeen(id))?;
        let seen = seen.remove(at);
        self.effects.push(Effect::Reveal(id));
        let what = format!("{} {}", seen.kind, seen.what);
        self.event(EventLevel::Warning, SUBJECT, format!("{what} is shown after all"));
        self.comply("restore", Some(seen.since), None, "show", Who::Operator, what);
        Ok(())
    }

    pub(super) fn moderation(&mut self, news: ModerationNews) {
        match news {
            ModerationNews::Hold(state) => {
                // What is wanted is the model's to say: an order may be under way.
                let target = self.studio.moderation.hold.target;
                self.studio.moderation.hold = HoldState { target, ..*state };
                self.studio.moderation.forget(self.now);
            }
            ModerationNews::Engine(engine) => self.studio.moderation.engine = engine,
            ModerationNews::Heard { words, spans } => {
                for word in words {
                    self.studio.moderation.hear(word);
                }
                for span in spans {
                    self.heard(span);
                }
            }
            ModerationNews::Judged(judged) => self.studio.moderation.judged = judged,
            ModerationNews::Seen(seen) => {
                let text = format!("{} \"{}\" on program: {}", seen.kind, seen.what, seen.action);
                self.event(EventLevel::Warning, SUBJECT, text);
                let why = format!("{} {}", seen.kind, seen.what);
                self.comply("picture", Some(seen.since), None, &seen.action, Who::Check, why);
                let known = &mut self.studio.moderation.seen;
                known.retain(|other| other.id != seen.id);
                known.push(seen);
            }
            ModerationNews::Gone(gone) => {
                let known = &mut self.studio.moderation.seen;
                let before = known.len();
                known.retain(|other| other.id != gone.id);
                if known.len() < before {
                    let text = format!("{} \"{}\" is gone", gone.kind, gone.what);
                    self.event(EventLevel::Info, SUBJECT, text);
                }
            }
            ModerationNews::Dumped(from, until, why) => self.dumped(from, until, Who::Check, &why),
            ModerationNews::Log(path) => self.studio.moderation.log = path,
        }
    }

    /// A verdict of the recogniser.
    fn heard(&mut self, span: Span) {
        let until = span.until.unwrap_or(span.from);
        let airs_in = (span.from - self.studio.moderation.airing(self.now)).as_secs_f64();
        let masked = span.masked.as_deref().unwrap_or("?");
        let text = match span.kind {
            SpanKind::Warn => format!("{masked} was heard ({}); it goes out in {airs_in:.1} s", span.why),
            _ if airs_in < 0.0 => format!(
                "{masked} was heard too late, {:.1} s after it aired ({})",
                -airs_in, span.why
            ),
            kind => format!("{masked}: {} in {airs_in:.1} s ({})", kind.word(), span.why),
        };
        self.event(EventLevel::Warning, SUBJECT, text);
        self.effects.push(Effect::Compliance(Entry {
            at: self.now,
            kind: "word",
            from: Some(span.from),
            until: Some(until),
            word: span.masked.clone(),
            action: span.kind.word().to_owned(),
            who: span.who,
            why: span.why.clone(),
        }));
        self.studio.moderation.add(span);
    }

    fn comply(
        &mut self,
        kind: &'static str,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
        action: &str,
        who: Who,
        why: String,
    ) {
        self.effects.push(Effect::Compliance(Entry {
            at: self.now,
            kind,
            from,
            until,
            word: None,
            action: action.to_owned(),
            who,
            why,
        }));
    }
}

#[cfg(test)]
#[path = "moderation_tests.rs"]
mod tests;
