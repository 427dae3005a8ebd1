//! A screen asks before it reveals something, by the state that it has. Where that is older than the studio's, the studio does not do
//! what nobody was asked about.

use serde_json::json;

use crate::common::home::{Control, Home};
use crate::common::studio::Studio;

#[test]
fn what_was_hidden_meanwhile_is_not_shown_by_a_key_that_did_not_ask() {
    let home = Home::new();
    let _studio = Studio::start_in(&["scenes/demo.toml"], |command| {
        command.env("XDG_RUNTIME_DIR", home.folder.path());
    });
    let mut control = Control::open(&home);
    let key = |control: &mut Control, line: &str, asked: Option<bool>| {
        let (name, arg) = line.rsplit_once(' ').unwrap();
        let said = control.answer("command", &json!({ "name": name, "args": [arg], "asked": asked }));
        said["error"]["message"].as_str().map(str::to_owned)
    };
    let level = |control: &mut Control| control.status()["occlusion"]["level"].clone();

    // The operator's screen knows level 5; somebody else hides everything; the operator's key for 3 is on its way.
    control.order("occlusion level 5");
    control.order("occlusion level 0");
    let refusal = key(&mut control, "occlusion level 3", Some(false)).expect("a refusal");
    assert!(
        refusal.contains("nobody was asked about it: nothing was done"),
        "{refusal}"
    );
    assert_eq!(level(&mut control), 0);
    // The same for what somebody else holds back meanwhile, for longer than the key would.
    control.order("hold 3");
    assert!(key(&mut control, "hold 1", Some(false)).is_some());
    let target = control.status()["moderation"]["hold"]["target_ms"].as_f64();
    assert_eq!(target, Some(3000.0));

    // After a yes it is done; what hides more needs none; a script has nobody to ask.
    assert_eq!(key(&mut control, "occlusion level 3", Some(true)), None);
    assert_eq!(level(&mut control), 3);
    assert_eq!(key(&mut control, "occlusion level 1", Some(false)), None);
    assert_eq!(level(&mut control), 1);
    assert_eq!(key(&mut control, "occlusion level 3", None), None);
    assert_eq!(level(&mut control), 3);
}
