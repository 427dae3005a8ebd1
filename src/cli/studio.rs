//! `rigcast studio`: the main process.

use super::{StudioArgs, complain, exit, log};
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
    if let Err(error) = log::start(&args.session.name, args.background) {
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
                if DestinationSpec::accepts(&url) {
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
