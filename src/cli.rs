//! The shell: arguments in, exit codes out. The only room where errors become text for good.

mod adapt;
mod adapt_chart;
mod check;
mod completions;
mod config;
mod ctl;
mod cues;
mod failed;
mod handover;
mod log;
mod man;
mod mend;
mod opening;
mod plan;
mod presets;
mod probe;
mod rules;
mod script;
mod scrub;
mod start;
mod studio;
mod words;
mod words_sound;
mod worker;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::control::socket::{self, SocketError};

/// What scripts may rely on.
mod exit {
    /// Done.
    pub const OK: u8 = 0;
    /// Refused, or failed.
    pub const REFUSED: u8 = 1;
    /// The words make no sense.
    pub const USAGE: u8 = 2;
    /// There is no studio to talk to.
    pub const NO_STUDIO: u8 = 3;
    /// The studio died, or the connection to it broke, while it was in use.
    pub const LOST: u8 = 4;
}

const AFTER_HELP: &str = "\
Examples:
  rigcast                                   the demo show: something that moves and sounds
  rigcast scenes/interview.toml             start a studio with this show and open its screen
  rigcast attach                            come back to it, from any terminal
  rigcast attach --plain                    without a screen: sentences out, commands in, line by line
  rigcast ctl take                          the same as pressing space
  rigcast ctl gain voice +3                 every key is a command for scripts
  rigcast studio show.toml --publish rtmp://HOST/live/KEY --for 30s

A studio goes on when its screen is closed or SSH drops; 'rigcast ctl end' ends it.";

/// A keyboard-driven stream studio for the terminal.
#[derive(Debug, Parser)]
#[command(name = "rigcast", version, after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Sub>,
    #[command(flatten)]
    open: OpenArgs,
}

/// `rigcast [SCENE]`.
#[derive(Debug, Args)]
struct OpenArgs {
    /// Scene file; without one, the demo
    scene: Option<PathBuf>,
    #[command(flatten)]
    session: Session,
    /// Change one setting of the scene file: video.bitrate_kbps=4000
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Go on with the show of this session that a crash has cut off; SCENE is started where there is none
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    screen: ScreenArgs,
}

/// Which studio is meant.
#[derive(Clone, Debug, Args)]
struct Session {
    /// Name of the session; several studios can run side by side
    #[arg(long, value_name = "NAME", default_value = "studio", global = true)]
    name: String,
}

/// Where a running studio is.
#[derive(Clone, Debug, Args)]
struct Address {
    #[command(flatten)]
    session: Session,
    /// Its control socket, such as one of another machine that 'ssh -L' brings here
    #[arg(long, value_name = "PATH", conflicts_with = "name")]
    socket: Option<PathBuf>,
}

impl Address {
    /// Where it listens.
    ///
    /// # Errors
    /// The name cannot be one.
    fn path(&self) -> Result<PathBuf, SocketError> {
        match &self.socket {
            Some(path) => Ok(path.clone()),
            None => socket::check_name(&self.session.name).map(|()| socket::path_of(&self.session.name)),
        }
    }

    /// The arguments that say the same.
    fn spelled(&self) -> String {
        self.socket.as_ref().map_or_else(
            || format!("--name {}", self.session.name),
            |path| format!("--socket {}", path.display()),
        )
    }

    /// What starts a studio there, if that is here.
    fn start_hint(&self, command: &str) -> String {
        match self.socket {
            Some(_) => String::new(),
            None => format!("; start one with: {command} --name {}", self.session.name),
        }
    }
}

/// What concerns the screen only.
#[derive(Clone, Debug, Args)]
struct ScreenArgs {
    /// How monitors are drawn: auto, kitty, sixel, iterm, octants, sextants, quadrants, half-blocks, braille, ascii, off
    #[arg(long, value_name = "MODE")]
    monitor: Option<String>,
    /// How many colours are used: auto, truecolor, 256, 16, none
    #[arg(long, value_name = "MODE")]
    colors: Option<String>,
    /// What pictures may take of the link to this terminal, in kB per second; without it, what the link carries
    #[arg(long, value_name = "KB", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    cap: Option<u32>,
    /// Keys that replace the shipped ones, see presets/keymap.toml
    #[arg(long, value_name = "FILE")]
    keymap: Option<PathBuf>,
    /// The look of the screen: dark, light, high-contrast, none, or a file, see presets/themes/dark.toml
    #[arg(long, value_name = "NAME|FILE")]
    theme: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// Run a studio without a screen, for services and scripts
    Studio(StudioArgs),
    /// Open the screen of a running studio
    #[command(
        after_help = "Exit codes: 0 left, or the show has ended; 1 no terminal; 2 usage; 3 no studio; 4 the studio died or \
                            the connection to it broke."
    )]
    Attach {
        #[command(flatten)]
        address: Address,
        #[command(flatten)]
        screen: ScreenArgs,
        /// No screen: what happens is said in lines, and commands are typed as lines; for screen readers and pipes
        #[arg(long)]
        plain: bool,
    },
    /// Send one command to a running studio
    #[command(
        after_help = "Exit codes: 0 done, 1 refused, 2 usage, 3 no studio, 4 the studio died or the connection to it \
                            broke.\nWithout COMMAND: what there is, or where something is piped in, the script in it. Of a script every line is \
                            checked before the first is done; errors name their line."
    )]
    Ctl {
        #[command(flatten)]
        address: Address,
        /// Of a script: go on after a line that was refused
        #[arg(long)]
        keep_going: bool,
        /// Of a script: how long 'wait until' waits
        #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time_span)]
        within: Duration,
        /// status, watch, or a command with its arguments; - reads a script from standard input: one command per line, # begins a
        /// comment, 'wait 2s' and 'wait until scene NAME' wait
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
        words: Vec<String>,
    },
    /// Check scene files and presets; starts nothing
    Check {
        /// What to check
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Tell what a scene file would change on a running studio
    #[command(
        after_help = "Marks: ~ at once, . at the next start, ! refused.\nExit codes: 0 nothing is in the way, 1 refused or the \
                            file has errors, 3 no studio."
    )]
    Plan {
        #[command(flatten)]
        address: Address,
        /// The scene file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what a show would be set to, and where each setting comes from
    Config {
        #[command(subcommand)]
        command: config::ConfigCommand,
    },
    /// List all presets, policies, word lists, stickers and themes that can be had by name
    Presets {
        /// As JSON, one list
        #[arg(long)]
        json: bool,
    },
    /// Cut the torn end off recordings whose copy broke off; a crash of rigcast needs none of it
    Mend {
        /// Recordings, none of which is being written
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Try out adaptation policies on what a show has seen of its network
    Adapt {
        #[command(subcommand)]
        command: adapt::AdaptCommand,
    },
    /// Try out cue files: commands at their time
    Cues {
        #[command(subcommand)]
        command: cues::CuesCommand,
    },
    /// Try out and tune what moderation listens for
    Words {
        #[command(subcommand)]
        command: words::WordsCommand,
    },
    /// Ask rules which scene they would choose, and why
    Rules {
        #[command(subcommand)]
        command: rules::RulesCommand,
    },
    /// Say what this rig can do: encoders, terminal, and what could be a source, with the text for a scene file
    #[command(after_help = "\
Examples:
  rigcast probe                       # what is here, and why something is not
  rigcast probe --json | jq '.found'  # the same for scripts")]
    Probe {
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Print what a shell needs to complete the arguments of rigcast, and the words after 'rigcast ctl'
    #[command(after_help = "\
Examples:
  source <(rigcast completions bash)
  rigcast completions zsh > ~/.zfunc/_rigcast
  rigcast completions fish > ~/.config/fish/completions/rigcast.fish")]
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: completions::Kind,
    },
    /// What a shell asks while it completes
    #[command(hide = true)]
    Complete {
        /// The words after 'rigcast ctl', the last of which is being typed
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Print the manual page: rigcast man | man -l -
    Man,
    /// How a studio starts its workers; of no use by hand
    #[command(hide = true)]
    Worker {
        /// What it does
        #[arg(value_enum)]
        role: WorkerRole,
    },
}

/// `rigcast worker ROLE`.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum WorkerRole {
    /// Pictures into access units
    Encode,
    /// Pictures and sound into findings
    Analyse,
}

/// `rigcast studio`.
#[derive(Debug, Args)]
struct StudioArgs {
    /// Scene file; without one, the demo
    scene: Option<PathBuf>,
    #[command(flatten)]
    session: Session,
    /// Go on with the show of this session that a crash has cut off; SCENE is started where there is none
    #[arg(long)]
    resume: bool,
    /// Publish there as well; may be given several times. Arguments are wiped at the start, but your shell remembers them:
    /// better keep stream keys in the scene file, a file or the environment
    #[arg(long, value_name = "URL")]
    publish: Vec<String>,
    /// Record the show from its start, into FILE; {name}, {date}, {time} and {part} in its name are filled in
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Serve viewers in browsers and players at ADDRESS:PORT, or not at all: off. A show without destinations does so at
    /// 127.0.0.1:8480 by itself
    #[arg(long, value_name = "ADDRESS:PORT")]
    relay: Option<String>,
    /// End the show after this long: 20s, 5m, 1h
    #[arg(long = "for", value_name = "TIME", value_parser = time_span)]
    run_for: Option<Duration>,
    /// Change one setting of the scene file: video.bitrate_kbps=4000
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Where the log goes; standard error, unless that is the journal of a service manager
    #[arg(long, value_name = "WHERE", value_enum)]
    log: Option<log::Target>,
    /// Leave the terminal and log to a file; how `rigcast` starts its studio
    #[arg(long, hide = true)]
    background: bool,
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way as well, with exit code 0. A closed pipe is no reason to fail.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::OK });
        }
    };
    // Everything that was typed is known by now; other programs need not know it.
    if let Err(error) = scrub::arguments() {
        complain(&format!("other users can see the arguments of this process: {error}"));
    }
    let code = match cli.command {
        None => start::open(&cli.open),
        Some(Sub::Studio(args)) => studio::run(args),
        Some(Sub::Attach { address, screen, plain }) => start::attach(&address, &screen, plain),
        Some(Sub::Ctl {
            address,
            keep_going,
            within,
            words,
        }) => {
            let manner = script::Manner {
                is_going_on: keep_going,
                within,
            };
            ctl::run(&address, &words, manner)
        }
        Some(Sub::Plan { address, file, json }) => plan::run(&address, &file, json),
        Some(Sub::Mend { files }) => mend::run(&files),
        Some(Sub::Check { files }) => check::run(&files),
        Some(Sub::Config { command }) => config::run(&command),
        Some(Sub::Presets { json }) => presets::run(json),
        Some(Sub::Adapt { command }) => adapt::run(&command),
        Some(Sub::Cues { command }) => cues::run(&command),
        Some(Sub::Words { command }) => words::run(&command),
        Some(Sub::Completions { shell }) => completions::run(shell),
        Some(Sub::Complete { words }) => completions::words(&words),
        Some(Sub::Man) => man::run(),
        Some(Sub::Rules { command }) => rules::run(&command),
        Some(Sub::Probe { json }) => probe::run(json),
        Some(Sub::Worker { role }) => worker::run(role),
    };
    ExitCode::from(code)
}

/// Writes a line to standard output. `false` when nobody reads any more.
fn say(text: &str) -> bool {
    writeln!(std::io::stdout().lock(), "{text}").is_ok()
}

/// Writes an error for a person to standard error.
fn complain(text: &str) {
    // Where even standard error is closed, nothing is left to say it to.
    let _ = writeln!(std::io::stderr().lock(), "rigcast: {text}");
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or("expected KEY=VALUE, such as video.bitrate_kbps=4000")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

fn time_span(text: &str) -> Result<Duration, String> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let (digits, factor) = units
        .iter()
        .find_map(|(unit, factor)| text.strip_suffix(unit).map(|digits| (digits, *factor)))
        .unwrap_or((text, 1.0));
    let seconds = digits
        .trim()
        .parse::<f64>()
        .map_err(|_| "expected a time such as 20s, 5m or 1h".to_owned())?;
    Duration::try_from_secs_f64(seconds * factor).map_err(|_| "expected a time above zero".to_owned())
}

/// What a client needs to talk to a studio: where it is, and a runtime; else the exit code, once it is said why.
fn reach(address: &Address) -> Result<(PathBuf, tokio::runtime::Runtime), u8> {
    let path = address.path().map_err(|error| {
        complain(&error.to_string());
        exit::USAGE
    })?;
    let runtime = client_runtime().map_err(|error| {
        complain(&error.to_string());
        exit::REFUSED
    })?;
    Ok((path, runtime))
}

/// A tokio runtime for a client: one thread.
fn client_runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_are_read() {
        assert_eq!(time_span("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(time_span("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(time_span("250ms"), Ok(Duration::from_millis(250)));
        assert!(time_span("soon").is_err());
        assert!(time_span("-1s").is_err());
    }
}
