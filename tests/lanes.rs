//! What `./test` makes of the ends of test programs (`tests/lanes.sh`): above all, that what was void beside others passes by nothing but
//! being measured again, and that what people rely on is never void.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

#[path = "common/pace.rs"]
mod pace;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;

use pace::Witness;

/// Runs a made-up test program through a lane, and then alone what was void. Gives what failed, and whether anything ran alone.
///
/// `said` is what the program says beside the others, as libtest does, `status` its exit status; `void` are the tests that it notes as void;
/// `alone` is the exit status of each test that is run alone.
fn outcome(said: &[&str], status: i32, void: &[&str], alone: i32) -> (String, bool) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("show-0123abcd");
    let noted = void
        .iter()
        .map(|test| format!("printf '%s\\t{test}\\n' \"$0\" >>\"$RIGCAST_VOID\"\n"));
    let script = format!(
        "#!/bin/sh\nif [ \"${{1:-}}\" = --exact ]; then\n[ -z \"${{RIGCAST_VOID:-}}\" ] || exit 3\necho \"test $2 ...\"\nexit {alone}\nfi\n\
         {}printf '%s\\n' '{}'\nexit {status}\n",
        noted.collect::<String>(),
        said.join("' '"),
    );
    executable(&program, &script);
    fs::write(folder.path().join("programs"), format!("{}\n", program.display())).unwrap();
    let run = "set -eu; say() { :; }; has() { command -v \"$1\" >/dev/null; }; . tests/lanes.sh; lane show; alone";
    let output = Command::new("sh")
        .args(["-c", run])
        .env("folder", folder.path())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(said.iter().all(|line| told.contains(line)), "{told}");
    let failed = fs::read_to_string(folder.path().join("failed")).unwrap();
    (failed.trim().to_owned(), told.contains(", alone\n"))
}

fn executable(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

const GOOD: &str = "test a::good ... ok";
const SLOW: &str = "test a::slow ... FAILED";
const WRONG: &str = "test wrong ... FAILED";

#[test]
fn a_test_that_fails_is_a_failure() {
    assert_eq!(outcome(&[GOOD], 0, &[], 0), (String::new(), false));
    assert_eq!(outcome(&[GOOD, WRONG], 101, &[], 0), ("show".to_owned(), false));
}

#[test]
fn a_void_test_is_measured_again_and_that_is_final() {
    assert_eq!(outcome(&[GOOD, SLOW], 101, &["a::slow"], 0), (String::new(), true));
    let both = [GOOD, SLOW, WRONG];
    assert_eq!(outcome(&both, 101, &["a::slow", "wrong"], 0), (String::new(), true));
    assert_eq!(
        outcome(&[GOOD, SLOW], 101, &["a::slow"], 101),
        ("a::slow, alone".to_owned(), true)
    );
}

#[test]
fn a_void_test_excuses_no_other() {
    let excused = |said: &[&str], status, void: &[&str]| outcome(said, status, void, 0).0.is_empty();
    assert!(!excused(&[SLOW, WRONG], 101, &["a::slow"]), "another one failed");
    assert!(!excused(&[WRONG], 101, &["wrong::too"]), "the end of a longer name");
    assert!(!excused(&[WRONG], 101, &["a::wrong"]), "the beginning of a longer name");
    assert!(!excused(&[SLOW], 134, &["a::slow"]), "the program crashed");
    assert!(!excused(&[GOOD], 101, &["a::slow"]), "it failed, and no test of it did");
}

#[test]
fn what_must_hold_on_any_machine_is_never_void() {
    let witness = Witness::start();
    witness.omit("3 frames".to_owned());
    witness.on_any_machine(|| {});
    assert!(witness.verdict().is_some_and(|why| why.contains("3 frames")));
    let leak = catch_unwind(AssertUnwindSafe(|| witness.on_any_machine(|| panic!("a face is seen"))));
    assert!(leak.is_err());
    assert_eq!(witness.verdict(), None);
}
