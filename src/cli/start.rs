//! `rigcast` and `rigcast attach`: find or start a studio, then open its screen.

use std::io::{BufRead, BufReader, IsTerminal, Read as _};
use std::process::{Command, Stdio};

use tokio::sync::mpsc;

use super::handover::Handover;
use super::opening::spoken;
use super::{Address, OpenArgs, ScreenArgs, client_runtime, complain, exit, log, say, scrub};
use crate::control::client::{ClientError, Live};
use crate::control::socket;
use crate::scene;
use crate::studio::runtime;
use crate::tui;

/// The longest line that is typed to a studio without a screen, in bytes.
const LONGEST_LINE: u64 = 8192;

/// `rigcast [SCENE]`.
pub fn open(args: &OpenArgs) -> u8 {
    let name = &args.session.name;
    if let Err(error) = socket::check_name(name) {
        complain(&error.to_string());
        return exit::USAGE;
    }
    let address = Address {
        session: args.session.clone(),
        socket: None,
    };
    if std::os::unix::net::UnixStream::connect(socket::path_of(name)).is_ok() {
        if let Some(scene) = &args.scene {
            complain(&format!(
                "a studio named '{name}' is running already, so {} was not loaded; joining it. Another beside it: --name OTHER",
                scene.display()
            ));
        }
        return attach(&address, &args.screen, false);
    }
    let is_resumed = args.resume || asks_to_resume(name);
    let mut handover = Handover {
        overrides: args.set.clone(),
        ..Handover::default()
    };
    if !is_resumed && let Err(code) = check(args, &mut handover) {
        return code;
    }
    match start_studio(args, is_resumed, &handover) {
        Ok(()) => attach(&address, &args.screen, false),
        Err(reason) => {
            complain(&reason);
            exit::REFUSED
        }
    }
}

/// Reads the show here, so that a typo is seen on this terminal before anything starts. (A show that is resumed does not
/// need its files.) The variables that it is read with go into `handover` and out of the environment.
fn check(args: &OpenArgs, handover: &mut Handover) -> Result<(), u8> {
    let env = |key: &str| std::env::var(key).ok();
    let loaded = match &args.scene {
        Some(path) => scene::load(path, &args.set, &env),
        None => scene::demo(&args.set, &env),
    };
    let show = loaded.map_err(|errors| {
        complain(&errors.to_string());
        exit::USAGE
    })?;
    let variables = show.script.environment.iter();
    handover.environment = variables
        .map(|(name, value)| (name.clone(), value.expose().to_owned()))
        .collect();
    if let Err(error) = scrub::variables(&handover.environment.keys().cloned().collect()) {
        complain(&format!("the environment of this process keeps its secrets: {error}"));
    }
    Ok(())
}

/// Where a crash has cut a show off, asks whether it is to go on: a new one would take its place.
fn asks_to_resume(name: &str) -> bool {
    let path = runtime::state_path(name);
    let Ok(alive) = path.metadata().and_then(|metadata| metadata.modified()) else {
        return false;
    };
    let age = alive
        .elapsed()
        .map_or_else(|_| String::new(), |age| format!(" {} ago", spoken(age)));
    complain(&format!(
        "the show '{name}' was cut off{age}; it can be continued with: rigcast studio --resume --name {name}"
    ));
    if !std::io::stdin().is_terminal() {
        return false;
    }
    say("Continue it now, with its screen? [Y/n]");
    let mut answer = String::new();
    // A terminal that is gone has not said no.
    let _ = std::io::stdin().read_line(&mut answer);
    !answer.trim_start().starts_with(['n', 'N'])
}

/// Starts `rigcast studio` in a session of its own and waits for its ready line.
fn start_studio(args: &OpenArgs, is_resumed: bool, handover: &Handover) -> Result<(), String> {
    let name = &args.session.name;
    let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let mut command = Command::new(program);
    command.args(["studio", "--background", "--name", name]);
    if is_resumed {
        command.arg("--resume");
    }
    // Who agreed to go on with the last show does not mean the scene any more.
    if let Some(scene) = args.scene.as_ref().filter(|_| args.resume || !is_resumed) {
        command.arg("--").arg(scene);
    }
    let child = command
        // A service manager hears from its own studio, not from one that outlives it.
        .env_remove("NOTIFY_SOCKET")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|error| format!("cannot start the studio: {error}"))?;
    if let Some(stdin) = child.stdin.take() {
        // A studio that is gone already says why on its standard error.
        let _ = handover.write(stdin);
    }
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
pub fn attach(address: &Address, screen: &ScreenArgs, is_plain: bool) -> u8 {
    let path = match address.path() {
        Ok(path) => path,
        Err(error) => {
            complain(&error.to_string());
            return exit::USAGE;
        }
    };
    let flags = tui::Flags {
        monitor: screen.monitor.as_deref(),
        colors: screen.colors.as_deref(),
        cap_kb: screen.cap,
        keymap: screen.keymap.as_deref(),
        theme: screen.theme.as_deref(),
    };
    let options = match tui::Options::load(&flags, &|name: &str| std::env::var(name).ok()) {
        Ok(options) => options,
        Err(error) => {
            complain(&error.to_string());
            return exit::USAGE;
        }
    };
    let result = client_runtime().map_err(|error| error.to_string()).map(|runtime| {
        runtime.block_on(async {
            let live = Live::connect(&path).await?;
            Ok::<_, ClientError>(if is_plain {
                tui::talk(live, typed_lines(), std::io::stdout()).await
            } else {
                tui::run(live, options).await
            })
        })
    });
    let spelled = address.spelled();
    match result {
        Ok(Ok(Ok(tui::Leave::Detached))) => {
            say(&format!("The show goes on. Come back with: rigcast attach {spelled}"));
            exit::OK
        }
        Ok(Ok(Ok(tui::Leave::Ended(reason)))) => {
            say(&format!("The show has ended: {reason}"));
            exit::OK
        }
        Ok(Ok(Ok(tui::Leave::Lost { reason, name }))) => {
            let name = name.or_else(|| address.socket.is_none().then(|| address.session.name.clone()));
            let who = name.as_ref().map(|name| format!("'{name}'"));
            let who = who.unwrap_or_else(|| format!("at {}", path.display()));
            complain(&format!(
                "the studio {who} died or the connection to it broke: {reason}"
            ));
            // A socket may have been brought here by something that the studio knows nothing of.
            let is_forwarded = address.socket.is_some();
            if is_forwarded {
                complain(&format!("if it still runs, come back with: rigcast attach {spelled}"));
            }
            if let Some(name) = name {
                let whereabouts = if is_forwarded {
                    "if it died, on its machine, "
                } else {
                    ""
                };
                complain(&format!(
                    "{whereabouts}continue with: rigcast studio --resume --name {name}"
                ));
            }
            exit::LOST
        }
        Ok(Ok(Err(error))) => {
            let what = if is_plain { "standard output" } else { "the terminal" };
            complain(&format!("{what}: {error}"));
            exit::REFUSED
        }
        Ok(Err(error @ ClientError::NoStudio { .. })) => {
            complain(&format!("{error}{}", address.start_hint("rigcast")));
            exit::NO_STUDIO
        }
        Ok(Err(error)) => {
            complain(&format!("{}: {error}", path.display()));
            exit::LOST
        }
        Err(error) => {
            complain(&error);
            exit::REFUSED
        }
    }
}

/// Lines of standard input, until it ends. They are read on a thread of their own that nothing waits for: what is read there
/// cannot be called off, and the show may end before the next line.
fn typed_lines() -> mpsc::Receiver<String> {
    let (typed, lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut line = Vec::new();
        // A line is bounded: nobody types more, and no pipe makes this process grow.
        while matches!((&mut input).take(LONGEST_LINE).read_until(b'\n', &mut line), Ok(read) if read > 0) {
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            line.clear();
            if typed.blocking_send(text).is_err() {
                return;
            }
        }
    });
    lines
}
