//! A conversation without a studio: sentences in, sentences out.

use super::*;
use crate::media::Timestamp;
use crate::studio::model::{Event, EventLevel};

fn event(level: EventLevel, subject: &str, text: &str) -> Event {
    Event::new(Timestamp::ZERO, level, subject, text)
}

#[test]
fn what_others_wrote_becomes_a_sentence() {
    for (text, said) in [
        ("source camera: live", "Source camera: live."),
        ("done!\u{1b}[31m red\nnext", "Done! [31m red next."),
        ("  is that so?", "Is that so?"),
        ("", ""),
        ("élan", "Élan."),
    ] {
        assert_eq!(say::sentence(text), said);
        assert!(!said.contains(char::is_control));
    }
    let warning = event(EventLevel::Warning, "source guest", "away: no packet for 5 s");
    assert_eq!(say::event(&warning), "Warning, source guest: away: no packet for 5 s.");
    assert_eq!(say::answer("take", Ok(None)), "Done: take.");
    assert_eq!(
        say::answer("take", Err("there is no scene 'x'".to_owned())),
        "Refused: there is no scene 'x'."
    );
}

#[test]
fn figures_are_not_chattered() {
    let mut talk = Talk::new();
    let at = Timestamp::from_millis;
    let carried = |kbps: u32| event(EventLevel::Info, "network", &format!("{kbps} kb/s are carried"));
    assert_eq!(talk.on_event(&carried(900), at(0)), ["Network: 900 kb/s are carried."]);
    for (kbps, ms) in [(910, 1000), (880, 2000), (870, 3000)] {
        assert!(talk.on_event(&carried(kbps), at(ms)).is_empty());
    }
    assert!(talk.on_tick(at(9000)).is_empty());
    let said = ["Network: 870 kb/s are carried. It changed 2 more times before."];
    assert_eq!(talk.on_tick(at(10_000)), said);
    assert!(talk.on_tick(at(20_000)).is_empty());
    assert_eq!(
        talk.on_event(&carried(1200), at(20_000)),
        ["Network: 1200 kb/s are carried."]
    );
    // What is wrong is said each time.
    let bad = event(EventLevel::Warning, "network", "300 kb/s are carried");
    assert_eq!(talk.on_event(&bad, at(20_001)).len(), 1);
    assert_eq!(talk.on_event(&bad, at(20_002)).len(), 1);
}
