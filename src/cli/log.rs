//! Where a studio writes what happens: standard error, the journal behind it, or a file for one in the background.

use std::fmt;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::studio::runtime;

/// Where a background studio logs: `$XDG_STATE_HOME/rigcast/NAME.log`.
pub fn path(name: &str) -> PathBuf {
    runtime::state_folder().join(format!("{name}.log"))
}

/// Where a log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// Standard error, for people.
    Stderr,
    /// The session's log file.
    File,
    /// Standard error, for the journal: each line with its priority, without time and colour, which the journal adds.
    Journal,
}

impl Target {
    /// What suits the way that the studio was started: a file in the background, the journal where standard error leads
    /// there.
    pub fn of(is_background: bool) -> Self {
        if is_background {
            Self::File
        } else if leads_to_journal() {
            Self::Journal
        } else {
            Self::Stderr
        }
    }
}

/// Whether standard error is the stream that a service manager has set up for the journal: systemd.exec(5),
/// `$JOURNAL_STREAM`, says device and inode of it.
fn leads_to_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    rustix::fs::fstat(io::stderr()).is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// Starts the log of the studio named `name`; `RIGCAST_LOG` says how much of it.
///
/// # Errors
/// The file cannot be opened.
pub fn start(name: &str, target: Target) -> io::Result<()> {
    let filter = EnvFilter::try_from_env("RIGCAST_LOG").unwrap_or_else(|_| EnvFilter::new("info,retina=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .log_internal_errors(false);
    match target {
        Target::File => {
            let path = path(name);
            if let Some(folder) = path.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
            let file = Mutex::new(BestEffort(file));
            builder.with_ansi(false).with_writer(file).init();
        }
        Target::Journal => builder
            .with_ansi(false)
            .event_format(JournalLine)
            .with_writer(|| BestEffort(io::stderr()))
            .init(),
        Target::Stderr => builder
            .with_ansi(io::stderr().is_terminal())
            .with_writer(|| BestEffort(io::stderr()))
            .init(),
    }
    Ok(())
}

/// An event as sd-daemon(3) wants it: `<3>text`, the number being the priority of syslog(3).
struct JournalLine;

impl<S, N> FormatEvent<S, N> for JournalLine
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &tracing::Event<'_>,
    ) -> fmt::Result {
        let mut text = String::new();
        context.format_fields(Writer::new(&mut text), event)?;
        write_prioritised(&mut writer, *event.metadata().level(), &text)
    }
}

/// The journal takes each line for itself, so each has the priority.
fn write_prioritised(to: &mut impl fmt::Write, level: tracing::Level, text: &str) -> fmt::Result {
    let priority = match level {
        tracing::Level::ERROR => 3,
        tracing::Level::WARN => 4,
        tracing::Level::INFO => 6,
        _ => 7,
    };
    text.lines().try_for_each(|line| writeln!(to, "<{priority}>{line}"))
}

/// Writes where it can. A terminal that is gone or a disk that is full costs lines of the log, never the show.
struct BestEffort<W>(W);

impl<W: Write> Write for BestEffort<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // `write_all` gives up at the first error, and so do we: the rest of this line is lost.
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_priority() {
        let mut journal = String::new();
        write_prioritised(&mut journal, tracing::Level::ERROR, "a thread has died\nat once").unwrap();
        write_prioritised(&mut journal, tracing::Level::WARN, "late").unwrap();
        write_prioritised(&mut journal, tracing::Level::TRACE, "a byte").unwrap();
        assert_eq!(journal, "<3>a thread has died\n<3>at once\n<4>late\n<7>a byte\n");
    }
}
