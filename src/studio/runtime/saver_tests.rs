//! The state file against a real folder.

use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::scene;
use crate::studio::opening;

const PATIENCE: Duration = Duration::from_secs(20);

fn standing(video_kbps: u32) -> Standing {
    let show = scene::demo(&[], &|_| None).unwrap();
    let mut studio = opening::studio("test", &show);
    studio.encoder.video_kbps = video_kbps;
    Standing::of(&studio, &[], &[], |_| true)
}

fn saved() -> Saved {
    let show = scene::demo(&[], &|_| None).unwrap();
    Saved::new(&show.script, &[], standing(2500))
}

fn started(path: &Path) -> (Saver, Receiver<String>) {
    let (told, complaints) = channel();
    let saver = Saver::start(path.to_owned(), saved(), move |text| told.send(text).unwrap()).unwrap();
    (saver, complaints)
}

fn kbps(path: &Path) -> Option<u32> {
    match find(path) {
        Leftover::Show { saved, .. } => Some(saved.standing().video_kbps),
        _ => None,
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_newest_state_is_there_until_the_show_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rigcast/show.state");
    let (mut saver, complaints) = started(&path);
    assert_eq!(kbps(&path), Some(2500), "at once");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let folder_mode = fs::metadata(path.parent().unwrap()).unwrap().permissions().mode();
    assert_eq!(folder_mode & 0o777, 0o700);
    for kbps in 1000..1200 {
        saver.save(standing(kbps));
    }
    // What was asked for last is there, at the latest when the saver is gone.
    drop(saver);
    assert_eq!(kbps(&path), Some(1199));

    let (saver, _) = started(&path);
    saver.finish();
    assert!(matches!(find(&path), Leftover::Nothing));
    assert_eq!(
        fs::read_dir(path.parent().unwrap()).unwrap().count(),
        0,
        "nothing is left"
    );
    assert!(complaints.try_recv().is_err());
}

#[test]
fn the_file_tells_how_long_ago_the_show_was_alive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("show.state");
    let (saver, _complaints) = started(&path);
    // As if it had been written an hour ago.
    let hour_ago = SystemTime::now() - Duration::from_hours(1);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(hour_ago)
        .unwrap();
    let age = || match find(&path) {
        Leftover::Show { age, .. } => age.unwrap(),
        other => panic!("{other:?}"),
    };
    wait_until("a sign of life", || age() < Duration::from_mins(1));
    drop(saver);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(hour_ago)
        .unwrap();
    assert!(age() >= Duration::from_hours(1));
}

#[test]
fn a_disk_that_fails_is_told_once_and_tried_on() {
    let folder = tempfile::tempdir().unwrap();
    // A file where the folder should be fails for root as well.
    let blocked = folder.path().join("rigcast");
    fs::write(&blocked, "").unwrap();
    let path = blocked.join("show.state");
    let (mut saver, complaints) = started(&path);
    let said = complaints.recv_timeout(PATIENCE).unwrap();
    assert!(
        said.contains("show.state") && said.contains("cannot be resumed"),
        "{said}"
    );
    saver.save(standing(3000));
    fs::remove_file(&blocked).unwrap();
    wait_until("the state", || kbps(&path) == Some(3000));
    assert!(complaints.try_recv().is_err(), "told once");
    drop(saver);
}

#[test]
fn what_is_no_state_is_moved_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("show.state");
    fs::write(&path, "{\"version\": 1, \"scr").unwrap();
    let Leftover::Unusable(reason) = find(&path) else {
        panic!("torn, and used");
    };
    let bad = folder.path().join("show.state.bad");
    let expected = format!(
        "{}:1:19: it ends in the middle (it is kept as {})",
        path.display(),
        bad.display()
    );
    assert_eq!(reason, expected);
    assert!(bad.exists() && !path.exists());
    assert!(matches!(find(&path), Leftover::Nothing));
}
