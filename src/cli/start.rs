//! `rigcast` and `rigcast attach`: find or start a studio, then open its screen.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::{OpenArgs, ScreenArgs, client_runtime, complain, exit, log, say};
use crate::control::client::{ClientError, Live};
use crate::control::socket;
use crate::scene;
use crate::tui;

/// `rigcast [SCENE]`.
pub fn open(args: &OpenArgs) -> u8 {
    let name = &args.session.name;
    if let Err(error) = socket::check_name(name) {
        complain(&error.to_string());
        return exit::USAGE;
    }
    if std::os::unix::net::UnixStream::connect(socket::path_of(name)).is_ok() {
        if let Some(scene) = &args.scene {
            complain(&format!(
                "a studio named '{name}' is running already, so {} was not loaded; joining it. Another beside it: --name OTHER",
                scene.display()
            ));
        }
        return attach(name, &args.screen);
    }
    // Checked here, so that a typo is seen on this terminal before anything starts.
    if let Some(path) = &args.scene
        && let Err(errors) = scene::load(path, &args.set, &|key| std::env::var(key).ok())
    {
        complain(&errors.to_string());
        return exit::USAGE;
    }
    match start_studio(args) {
        Ok(()) => attach(name, &args.screen),
        Err(reason) => {
            complain(&reason);
            exit::REFUSED
        }
    }
}

/// Starts `rigcast studio` in a session of its own and waits for its ready line.
fn start_studio(args: &OpenArgs) -> Result<(), String> {
    let name = &args.session.name;
    let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let mut command = Command::new(program);
    command.args(["studio", "--background", "--name", name]);
    for (key, value) in &args.set {
        command.arg("--set").arg(format!("{key}={value}"));
    }
    if let Some(scene) = &args.scene {
        command.arg("--").arg(scene);
    }
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|error| format!("cannot start the studio: {error}"))?;
    let stderr = child
        .stderr
        .take()
        .map(BufReader::new)
        .into_iter()
        .flat_map(BufRead::lines);
    let mut said = Vec::new();
    for line in stderr.map_while(Result::ok) {
        if line.starts_with("studio ready ") {
            return Ok(());
        }
        said.push(line);
    }
    // It has closed its standard error without being ready: it has ended.
    let status = child
        .wait()
        .map_or_else(|error| error.to_string(), |status| status.to_string());
    let log = log::path(name);
    Err(format!(
        "the studio did not start ({status}); its log is {}\n{}",
        log.display(),
        said.join("\n")
    ))
}

/// `rigcast attach`.
pub fn attach(name: &str, screen: &ScreenArgs) -> u8 {
    if let Err(error) = socket::check_name(name) {
        complain(&error.to_string());
        return exit::USAGE;
    }
    let options = match tui::Options::new(&screen.monitor, screen.keymap.as_deref()) {
        Ok(options) => options,
        Err(error) => {
            complain(&error.to_string());
            return exit::USAGE;
        }
    };
    let result = client_runtime().map_err(|error| error.to_string()).map(|runtime| {
        runtime.block_on(async {
            let live = Live::connect(&socket::path_of(name)).await?;
            Ok::<_, ClientError>(tui::run(live, options).await)
        })
    });
    match result {
        Ok(Ok(Ok(tui::Leave::Detached))) => {
            say(&format!(
                "The show goes on. Come back with: rigcast attach --name {name}"
            ));
            exit::OK
        }
        Ok(Ok(Ok(tui::Leave::StudioEnded(reason)))) => {
            say(&format!("The studio '{name}' is gone: {reason}"));
            exit::OK
        }
        Ok(Ok(Err(error))) => {
            complain(&format!("the terminal: {error}"));
            exit::REFUSED
        }
        Ok(Err(error @ ClientError::NoStudio { .. })) => {
            complain(&format!("{error}; start one with: rigcast --name {name}"));
            exit::NO_STUDIO
        }
        Ok(Err(error)) => {
            complain(&error.to_string());
            exit::NO_STUDIO
        }
        Err(error) => {
            complain(&error);
            exit::REFUSED
        }
    }
}
