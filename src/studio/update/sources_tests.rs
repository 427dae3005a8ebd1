//! What clients see of sources that are chosen, and what can be taken back.

use super::*;
use crate::media::Timestamp;
use crate::scene::SourceEdit;
use crate::secret::Secret;
use crate::studio::command::SourceChange;
use crate::studio::model::{Found, Studio};
use crate::studio::update::{Input, update};

/// The demo.
fn studio() -> Studio {
    let show = crate::scene::demo(&[], &|_| None).unwrap();
    crate::studio::opening::studio("test", &show)
}

fn feed(studio: &mut Studio, news: SourcesNews) -> Result<(), Refusal> {
    update(studio, Input::Sources(news), Timestamp::from_millis(1000)).map(drop)
}

fn before(said: &str) -> SourcesBefore {
    SourcesBefore {
        generation: 0,
        changes: vec![SourceChange {
            edit: SourceEdit::Rename {
                name: "a".into(),
                to: "b".into(),
            },
            said: said.into(),
            is_trial: false,
            about: "b".into(),
        }],
        renames: Vec::new(),
        is_asked: false,
    }
}

fn standing(unsaved: &[&str]) -> Standing {
    Standing {
        trial: None,
        unsaved: unsaved.iter().map(|text| (*text).to_owned()).collect(),
        changed: Vec::new(),
    }
}

#[test]
fn what_is_found_is_kept_with_its_time() {
    let mut studio = studio();
    feed(&mut studio, SourcesNews::Looking).unwrap();
    assert!(studio.choosing.is_looking);
    let mut inventory = Inventory::default();
    inventory.has(Found {
        kind: "camera".into(),
        name: "webcam".into(),
        title: "Webcam".into(),
        details: Vec::new(),
        scene: "kind = \"camera\"".into(),
        is_default: true,
    });
    feed(&mut studio, SourcesNews::Found(Box::new(inventory.clone()))).unwrap();
    assert!(!studio.choosing.is_looking);
    assert_eq!(studio.choosing.looked_at, Some(Timestamp::from_millis(1000)));
    assert_eq!(studio.choosing.inventory, inventory);
}

#[test]
fn changes_are_taken_back_by_what_was_there_before() {
    let mut studio = studio();
    let news = SourcesNews::Changed(standing(&["added x"]), Some(("source add x".into(), before("y"))));
    feed(&mut studio, news).unwrap();
    assert_eq!(studio.choosing.unsaved, ["added x"]);
    assert_eq!(studio.undo.next.as_ref().unwrap().did, "source add x");
    let newest = studio.undo.newest().unwrap();
    let back = Command::Sources(SourcesCommand::Back(Box::new(before("y"))));
    assert_eq!(newest.by, [back]);
    // What is only tried leaves nothing to take back.
    feed(&mut studio, SourcesNews::Changed(standing(&["added x"]), None)).unwrap();
    assert_eq!(studio.undo.count(), 1);
    feed(&mut studio, SourcesNews::Undone(standing(&[]))).unwrap();
    assert_eq!((studio.undo.count(), studio.choosing.unsaved.len()), (0, 0));
}

#[test]
fn what_cannot_be_taken_back_is_not_in_the_way_of_what_is_older() {
    let mut studio = studio();
    let news = SourcesNews::Changed(standing(&["added x"]), Some(("source add x".into(), before("y"))));
    feed(&mut studio, news).unwrap();
    let refusal = feed(
        &mut studio,
        SourcesNews::NotUndone("the scene file was saved since".into()),
    )
    .unwrap_err();
    assert!(
        refusal.to_string().contains("source add x cannot be undone"),
        "{refusal}"
    );
    assert_eq!(studio.undo.count(), 0);
}

#[test]
fn a_secret_of_a_source_is_in_no_state() {
    let mut studio = studio();
    let mut secret = before("added phone");
    secret.changes[0].edit = SourceEdit::Add {
        name: "phone".into(),
        lines: Secret::new("kind = \"rtmp\"\nkey = \"sesame\""),
        strip: String::new(),
    };
    let news = SourcesNews::Changed(standing(&["added phone"]), Some(("source add phone".into(), secret)));
    feed(&mut studio, news).unwrap();
    let state = serde_json::to_string(&studio).unwrap();
    assert!(!state.contains("sesame") && !format!("{studio:?}").contains("sesame"));
}
