//! `rigcast studio`: the main process.

use super::handover::Handover;
use super::{StudioArgs, complain, exit, log, opening, scrub};
use crate::control::socket::{self, SocketError};
use crate::studio::runtime::{self, Options, RunError};

/// Runs a studio until its show ends.
pub fn run(mut args: StudioArgs) -> u8 {
    let name = &args.session.name;
    if let Err(error) = socket::check_name(name) {
        complain(&error.to_string());
        return exit::USAGE;
    }
    // What the last studio has left is not to be touched while it is not the last one: its name is still taken.
    if args.resume && std::os::unix::net::UnixStream::connect(socket::path_of(name)).is_ok() {
        complain(&SocketError::Taken { name: name.clone() }.to_string());
        return exit::REFUSED;
    }
    let mut handed = Handover::default();
    if args.background {
        match Handover::read(std::io::stdin().lock()) {
            Ok(handover) => handed = handover,
            Err(error) => {
                complain(&format!(
                    "--background is for rigcast itself, which says more on standard input: {error}"
                ));
                return exit::USAGE;
            }
        }
        forget_input();
    }
    args.set.append(&mut handed.overrides);
    // Flags for what a scene file can say as well: one way for both, and what --resume goes by.
    if let Some(file) = &args.record {
        let Ok(file) = std::path::absolute(file) else {
            complain("--record needs the name of a file");
            return exit::USAGE;
        };
        let Some(file) = file.to_str() else {
            complain("--record: the name of the file is not UTF-8");
            return exit::USAGE;
        };
        args.set.push(("recording.path".to_owned(), file.to_owned()));
        args.set.push(("recording.at_start".to_owned(), "true".to_owned()));
    }
    match args.relay.as_deref() {
        None => {}
        Some("off") => args.set.push(("relay.on".to_owned(), "false".to_owned())),
        Some(address) => {
            args.set.push(("relay.on".to_owned(), "true".to_owned()));
            args.set.push(("relay.listen".to_owned(), address.to_owned()));
        }
    }
    let env = |key: &str| handed.environment.get(key).cloned().or_else(|| std::env::var(key).ok());
    let opening = match opening::choose(&args, &env) {
        Ok(opening) => opening,
        Err(code) => return code,
    };
    if let Err(error) = scrub::variables(&opening.show.script.environment.keys().cloned().collect()) {
        complain(&format!("the environment of this process keeps its secrets: {error}"));
    }
    if let Err(error) = log::start(name, args.log.unwrap_or_else(|| log::Target::of(args.background))) {
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
        name: name.clone(),
        opening,
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

/// Standard input has said what it had to say. It is nothing from now on, so that no source is offered that would read it.
fn forget_input() {
    use rustix::fs::{Mode, OFlags, open};
    // Where this fails there is an input that never says anything, as before.
    if let Ok(nothing) = open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) {
        let _ = rustix::stdio::dup2_stdin(nothing);
    }
}

/// The ready line goes out as it is: scripts wait for it.
fn announce(line: &str) {
    use std::io::Write;
    // A service may have no standard error.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
