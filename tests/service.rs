//! A studio under a service manager: a datagram socket that listens as systemd does, and a journal that reads standard error.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::Guard;
use common::home::Home;
use common::studio::{Studio, rigcast};

const PATIENCE: Duration = Duration::from_secs(20);

/// What a service manager hears.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Manager {
    fn new(path: &std::path::Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            socket,
            heard: Vec::new(),
        }
    }

    /// Listens until a message has `line`, and gives that message.
    fn wait_for(&mut self, line: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let mut message = [0; 4096];
            let len = self
                .socket
                .recv(&mut message)
                .unwrap_or_else(|error| panic!("{line}: {error}: {:?}", self.heard));
            let message = String::from_utf8(message[..len].to_vec()).unwrap();
            self.heard.push(message.clone());
            if message.lines().any(|heard| heard == line) {
                return message;
            }
        }
        panic!("never heard '{line}': {:?}", self.heard);
    }
}

#[test]
fn a_service_manager_hears_how_the_show_is() {
    let home = Home::new();
    let path = home.folder.path().join("notify");
    let mut manager = Manager::new(&path);
    // The watchdog is for one process: the shell becomes it, so that its number is known before.
    let script = format!(
        "WATCHDOG_PID=$$ exec {} studio --publish rtmp://127.0.0.1:1/live/sk-secret",
        rigcast()
    );
    let mut command = Command::new("sh");
    command
        .args(["-c", &script])
        .env("XDG_RUNTIME_DIR", home.folder.path())
        .env("XDG_STATE_HOME", home.folder.path())
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "2000000")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let mut studio = Guard::spawn(&mut command);
    let ready = manager.wait_for("READY=1");
    assert!(
        ready.contains("STATUS=off air, none of 1 destinations is live; scene bars"),
        "{ready}"
    );
    for _ in 0..3 {
        manager.wait_for("WATCHDOG=1");
    }
    assert!(home.ctl("cut grid").status.success());
    manager.wait_for("STATUS=off air, none of 1 destinations is live; scene grid");
    assert!(home.ctl("destination remove publish-1").status.success());
    manager.wait_for("STATUS=no destination; scene grid");
    manager.wait_for("WATCHDOG=1");
    studio.signal(rustix::process::Signal::TERM);
    manager.wait_for("STOPPING=1");
    common::wait_for("the end", PATIENCE, || studio.0.try_wait().unwrap());
    let heard = manager.heard.concat();
    assert!(!heard.contains("sk-"), "{heard}");
}

#[test]
fn nobody_who_listens_is_no_reason_to_wait() {
    // A manager that is gone, and one that never reads: the show does not notice.
    let folder = tempfile::tempdir().unwrap();
    let deaf = folder.path().join("deaf");
    let _deaf = UnixDatagram::bind(&deaf).unwrap();
    let filler = UnixDatagram::unbound().unwrap();
    filler.set_nonblocking(true).unwrap();
    while filler.send_to(b"STATUS=full", &deaf).is_ok() {}
    for path in [folder.path().join("gone"), deaf] {
        let mut studio = Studio::start_in(&[], |command| {
            command.env("NOTIFY_SOCKET", &path);
        });
        studio.order("cut grid");
        studio.order("end");
        assert_eq!(studio.wait_end(PATIENCE), Some(0));
    }
}

/// Everything that a studio says on standard error, which is a pipe that the environment may call the journal.
fn said(args: &[&str], is_journal: bool) -> String {
    let home = Home::new();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let name = std::fs::metadata(format!("/proc/self/fd/{}", writer.as_raw_fd())).unwrap();
    let mut command = home.command(&[&["studio", "--for", "1s"], args].concat());
    command.env_remove("JOURNAL_STREAM").stderr(writer);
    if is_journal {
        command.env("JOURNAL_STREAM", format!("{}:{}", name.dev(), name.ino()));
    }
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut said = String::new();
    reader.read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    said
}

#[test]
fn the_journal_gets_lines_with_priorities() {
    for said in [said(&[], true), said(&["--log", "journal"], false)] {
        let logged = said.lines().filter(|line| !line.starts_with("studio ready "));
        let logged = logged.collect::<Vec<_>>();
        let has_priority = |line: &&str| ["<3>", "<4>", "<6>"].iter().any(|priority| line.starts_with(priority));
        assert!(logged.iter().all(has_priority), "{said}");
        assert!(
            logged
                .iter()
                .any(|line| line.starts_with("<6>") && line.ends_with("studio: its time is up")),
            "{said}"
        );
        assert!(!said.contains('\u{1b}') && !said.contains("INFO"), "{said}");
    }
    for said in [said(&["--log", "stderr"], true), said(&[], false)] {
        assert!(!said.contains("<6>") && said.contains("INFO"), "{said}");
    }
}
