//! The studio without a screen: what happens is said in sentences, one to a line, and commands are typed as lines. For screen
//! readers and for terminals that can do nothing but print: no escape code, no redraw, no spinner.
//!
//! ```text
//! line typed ─▶ Talk::hear ─▶ what to say, or a command for the studio ─▶ control::client
//! news       ─▶ Talk::on_…  ─▶ what to say
//! ```
//!
//! [`Talk`] is pure: the studio, lines and time come in, sentences and commands come out. A line is not read before the one
//! before it has been answered, so a script of lines does what it would do typed by hand.

mod say;
mod talk;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

pub use talk::{Talk, TalkAction};

use super::Leave;
use crate::clock::Clock;
use crate::control::client::{CUT, Incoming, Live};
use crate::control::protocol::Notification;
use crate::studio::command;

/// How long answers are waited for after the last line.
const PATIENCE: Duration = Duration::from_secs(10);

/// Talks until the operator leaves, no more lines come, or the studio ends. Lines come as they were typed, without their
/// ends; what is said goes to `output`.
///
/// # Errors
/// What is said cannot be written, for another reason than that nobody reads it any more.
pub async fn talk(live: Live, lines: mpsc::Receiver<String>, output: impl Write) -> io::Result<Leave> {
    let mut client = PlainClient {
        live,
        lines,
        output,
        talk: Talk::new(),
        clock: Clock::start(),
        asked: Vec::new(),
        last_line: None,
    };
    match client.run().await {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Leave::Detached),
        result => result,
    }
}

struct PlainClient<W> {
    live: Live,
    lines: mpsc::Receiver<String>,
    output: W,
    talk: Talk,
    clock: Clock,
    /// Commands that have not been answered, by number.
    asked: Vec<(u64, String)>,
    /// When the last line had been read.
    last_line: Option<Instant>,
}

impl<W: Write> PlainClient<W> {
    async fn run(&mut self) -> io::Result<Leave> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let mut tick = interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_free = self.talk.is_ready() && self.asked.is_empty();
            if self.last_line.is_some() && is_free {
                return Ok(Leave::Detached);
            }
            let latest = self.last_line.map(|at| at + PATIENCE);
            let now = self.clock.now();
            tokio::select! {
                biased;
                _ = terminate.recv() => return Ok(Leave::Detached),
                _ = interrupt.recv() => return Ok(Leave::Detached),
                _ = hangup.recv() => return Ok(Leave::Detached),
                news = self.live.news.recv() => {
                    if let Some(leave) = self.on_news(news)? {
                        return Ok(leave);
                    }
                }
                line = self.lines.recv(), if is_free && self.last_line.is_none() => match line {
                    None => self.last_line = Some(Instant::now()),
                    Some(line) => {
                        let actions = self.talk.hear(&line);
                        if self.carry_out(actions).await? {
                            return Ok(Leave::Detached);
                        }
                    }
                },
                _ = tick.tick() => {
                    let said = self.talk.on_tick(now);
                    self.say(&said)?;
                }
                () = sleep_until(latest.unwrap_or_else(Instant::now)), if latest.is_some() => {
                    return Ok(Leave::Detached);
                }
            }
        }
    }

    /// Does what a line leads to; `true` where that is to leave.
    async fn carry_out(&mut self, actions: Vec<TalkAction>) -> io::Result<bool> {
        for action in actions {
            match action {
                TalkAction::Say(text) => self.say(&[text])?,
                TalkAction::Leave => return Ok(true),
                TalkAction::Command { name, args, is_asked } => {
                    let args = whole(&name, args);
                    match self.live.command(&name, &args, is_asked).await {
                        Ok(id) => self.asked.push((id, name)),
                        Err(error) => self.say(&[say::sentence(&error.to_string())])?,
                    }
                }
            }
        }
        Ok(false)
    }

    fn on_news(&mut self, news: Option<Incoming>) -> io::Result<Option<Leave>> {
        let now = self.clock.now();
        let said = match news {
            None => return Ok(Some(self.lost(CUT.to_owned()))),
            Some(Incoming::Lost(reason)) => return Ok(Some(self.lost(reason))),
            Some(Incoming::Notification(Notification::Ended { reason })) => return Ok(Some(Leave::Ended(reason))),
            Some(Incoming::Notification(Notification::State(studio))) => self.talk.on_state(*studio),
            Some(Incoming::Notification(Notification::Event(event))) => self.talk.on_event(&event, now),
            Some(Incoming::Notification(Notification::Meters(meters))) => {
                self.talk.on_meters(meters);
                Vec::new()
            }
            Some(Incoming::Picture(..) | Incoming::Notification(Notification::Sample(_))) => Vec::new(),
            Some(Incoming::Reply { id, result }) => {
                let at = self.asked.iter().position(|(asked, _)| *asked == id);
                let name = at.map(|at| self.asked.swap_remove(at).1).unwrap_or_default();
                vec![say::answer(&name, result)]
            }
        };
        self.say(&said)?;
        Ok(None)
    }

    fn lost(&self, reason: String) -> Leave {
        Leave::Lost {
            reason,
            name: self.talk.name().map(str::to_owned),
        }
    }

    fn say(&mut self, lines: &[String]) -> io::Result<()> {
        for line in lines {
            writeln!(self.output, "{line}")?;
        }
        self.output.flush()
    }
}

/// The arguments with the paths of files whole: the studio runs in another folder.
fn whole(name: &str, args: Vec<String>) -> Vec<String> {
    let name = command::split_words(name);
    let words = name.iter().cloned().chain(args).collect();
    let folder = std::env::current_dir().unwrap_or_default();
    command::with_whole_paths(words, &folder).split_off(name.len())
}
