//! `rigcast studio`: the main process.

use std::fs::{self, OpenOptions};
use std::io::IsTerminal;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use super::{StudioArgs, complain, exit};
use crate::control::socket;
use crate::publish::DestinationSpec;
use crate::scene::{self, Show};
use crate::secret::SecretUrl;
use crate::studio::runtime::{self, Options, RunError};

/// Runs a studio until its show ends.
pub fn run(args: &StudioArgs) -> u8 {
    let mut show = match load(args) {
        Ok(show) => show,
        Err(code) => return code,
    };
    if let Err(error) = socket::check_name(&args.session.name) {
        complain(&error.to_string());
        return exit::USAGE;
    }
    if let Err(code) = add_destinations(&mut show, &args.publish) {
        return code;
    }
    if let Err(error) = start_log(args) {
        complain(&format!("cannot write the log: {error}"));
        return exit::REFUSED;
    }
    if args.background {
        // Fails only for a process that leads its group already, and then there is nothing to leave.
        let _ = rustix::process::setsid();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("net")
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&error.to_string());
            return exit::REFUSED;
        }
    };
    let options = Options {
        name: args.session.name.clone(),
        show,
        run_for: args.run_for,
        on_ready: |line| announce(line),
    };
    match runtime.block_on(runtime::run(options)) {
        Ok(()) => exit::OK,
        Err(error) => {
            complain(&error.to_string());
            if matches!(error, RunError::Lost(_)) {
                tracing::error!(%error, "the studio cannot go on");
            }
            exit::REFUSED
        }
    }
}

/// The ready line goes out as it is: scripts wait for it.
fn announce(line: &str) {
    use std::io::Write;
    // A service may have no standard error.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// The show that the arguments ask for.
fn load(args: &StudioArgs) -> Result<Show, u8> {
    let env = |key: &str| std::env::var(key).ok();
    let loaded = match &args.scene {
        Some(path) => scene::load(path, &args.set, &env),
        None => scene::demo(&args.set, &env),
    };
    loaded.map_err(|errors| {
        complain(&errors.to_string());
        exit::USAGE
    })
}

fn add_destinations(show: &mut Show, urls: &[String]) -> Result<(), u8> {
    for text in urls {
        let url = SecretUrl::parse(text)
            .map_err(|error| error.to_string())
            .and_then(|url| {
                if matches!(url.expose().scheme(), "rtmp" | "rtmps") && url.expose().has_host() {
                    Ok(url)
                } else {
                    Err(format!("{url}: expected rtmp://HOST/APP/KEY or rtmps://HOST/APP/KEY"))
                }
            });
        let url = url.map_err(|error| {
            complain(&format!("--publish: {error}"));
            exit::USAGE
        })?;
        let taken = |name: &str| show.destinations.iter().any(|known| known.name == name);
        // One more name than there are destinations: one of them is free.
        let name = (1..=show.destinations.len() + 1)
            .map(|number| format!("publish-{number}"))
            .find(|name| !taken(name))
            .unwrap_or_default();
        show.destinations.push(DestinationSpec::new(name, url));
    }
    Ok(())
}

/// Where a background studio logs: `$XDG_STATE_HOME/rigcast/NAME.log`.
pub fn log_path(name: &str) -> PathBuf {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let base = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).or_else(home);
    base.unwrap_or_else(socket::folder)
        .join("rigcast")
        .join(format!("{name}.log"))
}

fn start_log(args: &StudioArgs) -> std::io::Result<()> {
    let filter = EnvFilter::try_from_env("RIGCAST_LOG").unwrap_or_else(|_| EnvFilter::new("info,retina=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_span_events(FmtSpan::NONE);
    if args.background {
        let path = log_path(&args.session.name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        builder.with_ansi(false).with_writer(std::sync::Mutex::new(file)).init();
    } else {
        builder
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .init();
    }
    Ok(())
}
