//! The line mode against a control server: sentences out, lines in, through a real socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_imports,
    dead_code,
    missing_docs
)]

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use crate::tui_fixture;
use rigcast::clock::Clock;
use rigcast::control::client::Live;
use rigcast::control::desk::{Audience, Desk, Order};
use rigcast::control::server;
use rigcast::control::taps::Taps;
use rigcast::media::TimeDelta;
use rigcast::studio::command::{Answer, Command};
use rigcast::studio::model::*;
use rigcast::studio::update::{Effect, Input, update};
use rigcast::tui::{Leave, talk};
use tokio::net::UnixListener;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tui_fixture::*;

/// Sends on each whole line that is written.
struct Said {
    lines: mpsc::UnboundedSender<String>,
    partial: Vec<u8>,
}

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for byte in bytes {
            if *byte == b'\n' {
                let line = String::from_utf8(std::mem::take(&mut self.partial)).unwrap();
                // A test that has heard enough is no reason to fail.
                let _ = self.lines.send(line);
            } else {
                self.partial.push(*byte);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A studio that does what is in its model, and somebody who talks to it.
struct Conversation {
    type_line: Option<mpsc::Sender<String>>,
    said: mpsc::UnboundedReceiver<String>,
    all: Vec<String>,
    state: watch::Sender<Arc<Studio>>,
    meters: watch::Sender<Arc<Meters>>,
    events: broadcast::Sender<Event>,
    leave: JoinHandle<std::io::Result<Leave>>,
    _folder: tempfile::TempDir,
}

impl Conversation {
    async fn with(studio: Studio) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("studio.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let (orders_in, orders) = mpsc::channel(16);
        let (state, state_out) = watch::channel(Arc::new(studio));
        let (meters, meters_out) = watch::channel(Arc::new(Meters::default()));
        let (events, _) = broadcast::channel(64);
        let (ended_in, ended) = watch::channel(None);
        let desk = Desk {
            orders: orders_in,
            state: state_out,
            events: events.clone(),
            meters: meters_out,
            taps: Taps::default(),
            audience: Audience::default(),
            ended,
            clock: Clock::start(),
        };
        tokio::spawn(server::serve(listener, desk));
        tokio::spawn(carry_out(orders, state.clone(), events.clone(), ended_in));
        let live = Live::connect(&path).await.unwrap();
        let (type_line, typed) = mpsc::channel(16);
        let (lines, said) = mpsc::unbounded_channel();
        let output = Said {
            lines,
            partial: Vec::new(),
        };
        Self {
            type_line: Some(type_line),
            said,
            all: Vec::new(),
            state,
            meters,
            events,
            leave: tokio::spawn(talk(live, typed, output)),
            _folder: folder,
        }
    }

    async fn type_line(&mut self, line: &str) {
        self.type_line.as_ref().unwrap().send(line.to_owned()).await.unwrap();
    }

    /// Waits until a line is said that begins so, and gives it.
    async fn hear(&mut self, beginning: &str) -> String {
        let wait = async {
            while let Some(line) = self.said.recv().await {
                assert!(!line.contains(char::is_control), "{line:?}");
                self.all.push(line.clone());
                if line.starts_with(beginning) {
                    return line;
                }
            }
            panic!("'{beginning}' was never said; only {:#?}", self.all);
        };
        let said = tokio::time::timeout(Duration::from_secs(20), wait).await;
        said.unwrap_or_else(|_| panic!("waited in vain for '{beginning}'"))
    }

    async fn end_input(&mut self) -> Leave {
        self.type_line = None;
        (&mut self.leave).await.unwrap().unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut Studio)) {
        self.state.send_modify(|studio| change(Arc::make_mut(studio)));
    }
}

async fn carry_out(
    mut orders: mpsc::Receiver<Order>,
    state: watch::Sender<Arc<Studio>>,
    events: broadcast::Sender<Event>,
    ended: watch::Sender<Option<String>>,
) {
    while let Some(order) = orders.recv().await {
        if order.command == Command::End {
            order.reply.send(Ok(Answer::default()));
            ended.send_replace(Some("it was ended by an operator".to_owned()));
            return;
        }
        let mut studio = Studio::clone(&state.borrow());
        let now = studio.now;
        let result = update(&mut studio, Input::Command(order.command), now);
        state.send_replace(Arc::new(studio));
        let answer = match result {
            Err(refusal) => Err(refusal.to_string()),
            Ok(effects) => {
                for effect in effects {
                    if let Effect::Event(event) = effect {
                        events.send(event).unwrap();
                    }
                }
                Ok(Answer::default())
            }
        };
        order.reply.send(answer);
    }
}

#[tokio::test]
async fn a_show_is_run_by_lines() {
    let mut it = Conversation::with(studio()).await;
    it.hear("Type help").await;
    insta::assert_snapshot!(it.all.join("\n"), @r"
    Show demo is on air; it began 19 minutes 14 seconds ago.
    On program is wide, on preview two shot; take is a fade of 0.5 seconds.
    Destinations: main live at 2631 kilobits per second; backup idle.
    Sources: camera live, on program; guest live, on preview; clip live; bars live.
    Strips: camera at +3.0 decibels, denoised; guest at -1.5 decibels, solo; clip at +0.0 decibels, muted; bars at -12.0 decibels.
    Faces are not hidden: occlusion is off.
    Nothing is held before air.
    No alarm.
    Type help for what can be said; quit leaves, and the show goes on.
    ");
    for (line, said) in [
        ("take", "Done: take."),
        ("mute guest on", "Done: mute."),
        ("mute nobody", "Refused: there is no strip 'nobody'"),
        ("tkae", "There is no command 'tkae'; did you mean 'take'?"),
        ("gain camera", "Gain: DB is missing; usage: gain STRIP DB."),
        (
            "select strip next",
            "Select strip concerns a screen, and there is none here.",
        ),
        ("help mute", "mute STRIP"),
        ("help", "status tells the state of everything"),
        ("say levels", "Program: short-term not known yet"),
        ("preview \"two shot\"", "Done: preview."),
        (
            "status",
            "Strips: camera at +3.0 decibels, denoised; guest at -1.5 decibels, muted, solo",
        ),
    ] {
        it.type_line(line).await;
        it.hear(said).await;
    }
    it.type_line("quit").await;
    assert_eq!((&mut it.leave).await.unwrap().unwrap(), Leave::Detached);
}

#[tokio::test]
async fn what_ends_something_is_asked_first() {
    let mut it = Conversation::with(studio()).await;
    it.type_line("end").await;
    it.hear("End: ends the show and the studio. Are you sure? Type y or n.")
        .await;
    it.type_line("n").await;
    it.hear("End was not done.").await;
    it.type_line("take").await;
    it.hear("Done: take.").await;
    it.type_line("end").await;
    it.type_line("y").await;
    let leave = (&mut it.leave).await.unwrap().unwrap();
    assert_eq!(leave, Leave::Ended("it was ended by an operator".to_owned()));
}

#[tokio::test]
async fn lines_that_end_leave_the_show_alone_but_are_answered() {
    let mut it = Conversation::with(studio()).await;
    for line in ["cut", "mute camera on", "solo guest off"] {
        it.type_line(line).await;
    }
    assert_eq!(it.end_input().await, Leave::Detached);
    it.hear("Done: solo.").await;
    let studio = it.state.borrow().clone();
    assert_eq!(studio.program, "two shot");
    assert!(studio.strips[0].settings.is_muted && !studio.strips[1].settings.is_solo);
}

#[tokio::test]
async fn alarms_are_said_when_they_begin_and_when_they_are_over() {
    let mut it = Conversation::with(studio()).await;
    it.hear("No alarm.").await;
    let lost = DestinationState::Backoff {
        reason: "connection reset".into(),
        retry_in_ms: 100,
        attempt: 1,
    };
    // An alarm begins and ends a while after what it is about: the studio's clock goes on in between.
    let becomes = |state: DestinationState| {
        move |studio: &mut Studio| {
            studio.destinations[0].state = state;
            for _ in 0..2 {
                studio.now += TimeDelta::from_secs_f64(20.0);
                studio.alarms.note(troubles(studio), studio.now);
            }
        }
    };
    it.change(becomes(lost));
    it.hear("Alarm, off air: main is lost: connection reset.").await;
    it.type_line("status").await;
    it.hear("Show demo is off air").await;
    it.hear("Alarm, off air: main is lost: connection reset.").await;
    it.change(becomes(DestinationState::Live));
    it.hear("Alarm over: off air.").await;
    let text = "away: \u{1b}]0;no packet\u{7} for 5 s";
    let event = Event::new(it.state.borrow().now, EventLevel::Warning, "source guest", text);
    it.events.send(event).unwrap();
    it.hear("Warning, source guest: away: ]0;no packet for 5 s.").await;
    assert_eq!(it.end_input().await, Leave::Detached);
}
