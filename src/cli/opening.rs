//! What `rigcast studio` opens with: the scene that the arguments name, or the show that a crash has cut off.

use std::time::{Duration, SystemTime};

use super::{StudioArgs, complain, exit};
use crate::publish::DestinationSpec;
use crate::scene::{self, Script, Show};
use crate::secret::SecretUrl;
use crate::studio::model::EventLevel;
use crate::studio::opening::Opening;
use crate::studio::runtime::{self, Leftover};
use crate::studio::saved::Saved;

/// What the studio opens with.
///
/// # Errors
/// The exit code; why has been said.
pub fn choose(args: &StudioArgs, env: &impl Fn(&str) -> Option<String>) -> Result<Opening, u8> {
    let published = addresses(&args.publish)?;
    if !args.resume {
        return Ok(Opening::fresh(load(args, env)?, published));
    }
    let path = runtime::state_path(&args.session.name);
    let reason = match runtime::find(&path) {
        Leftover::Nothing => {
            let path = path.display();
            (
                EventLevel::Info,
                format!("there is no show to resume (nothing at {path})"),
            )
        }
        Leftover::Unusable(reason) => (EventLevel::Error, format!("the last show cannot be resumed: {reason}")),
        Leftover::Show { saved, age } => {
            let script = saved.script();
            if let Some(other) = args.scene.as_ref().filter(|scene| !script.is_of(scene)) {
                let last = script
                    .scene
                    .as_deref()
                    .map_or("the demo".into(), |path| path.display().to_string());
                let text = format!(
                    "{last} was cut off and is not resumed: {} was asked for",
                    other.display()
                );
                (EventLevel::Warning, text)
            } else {
                match scene::load_again(&script) {
                    Ok(show) => return Ok(resumed(args, &published, &saved, show, age, env)),
                    // The texts were good once: another version of the program reads them otherwise.
                    Err(errors) => {
                        let reason = runtime::set_aside(&path, &format!("{}: {errors}", path.display()));
                        (EventLevel::Error, format!("the last show cannot be resumed: {reason}"))
                    }
                }
            }
        }
    };
    complain(&reason.1);
    let Some(scene) = &args.scene else {
        complain("nothing is started: name a scene, or start without --resume");
        return Err(exit::REFUSED);
    };
    let mut opening = Opening::fresh(load(args, env)?, published);
    let text = format!("{}; {} starts from its beginning", reason.1, scene.display());
    opening.news.push((reason.0, text));
    Ok(opening)
}

fn resumed(
    args: &StudioArgs,
    published: &[SecretUrl],
    saved: &Saved,
    show: Show,
    age: Option<Duration>,
    env: &impl Fn(&str) -> Option<String>,
) -> Opening {
    let script = saved.script();
    let waiting = saved.waiting();
    let before = waiting.and_then(|waiting| scene::load_again(&waiting.script()).ok());
    let mut opening = match (waiting, before) {
        (Some(waiting), Some(before)) => {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            let left = waiting.left(now.unwrap_or_default());
            Opening::resumed_waiting(show, saved, before, waiting.standing(), left)
        }
        _ => Opening::resumed(show, saved),
    };
    let warn = |text: String| (EventLevel::Warning, text);
    let changes = script.changes(env);
    opening.news.extend(
        changes
            .iter()
            .map(|change| warn(format!("{change}; the show goes on as it was"))),
    );
    let is_same_set = |script: &Script| {
        let given = args.set.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        given.eq(script
            .overrides
            .iter()
            .map(|(key, value)| (key.as_str(), value.expose())))
    };
    // Without any, as typed after a crash, nothing was meant.
    let has_other =
        (!args.set.is_empty() && !is_same_set(&script)) || (!published.is_empty() && published != saved.published());
    if has_other {
        opening.news.push(warn(
            "--set and --publish are others now; the show goes on as it was".to_owned(),
        ));
    }
    let started = opening.show.destinations.len() - opening.stopped.len();
    let age = age.map_or(String::new(), |age| format!(", off air for {}", spoken(age)));
    let plural = if started == 1 { "" } else { "s" };
    let text = format!(
        "resumed: scene {}, {started} destination{plural}{age}",
        opening.show.start.program
    );
    opening.news.push((EventLevel::Info, text));
    opening
}

/// `4 s`, `12 min`, `3 h`: what an operator would say.
pub fn spoken(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// The show that the arguments ask for.
fn load(args: &StudioArgs, env: &impl Fn(&str) -> Option<String>) -> Result<Show, u8> {
    let loaded = match &args.scene {
        Some(path) => scene::load(path, &args.set, env),
        None => scene::demo(&args.set, env),
    };
    loaded.map_err(|errors| {
        complain(&errors.to_string());
        exit::USAGE
    })
}

fn addresses(texts: &[String]) -> Result<Vec<SecretUrl>, u8> {
    let read = |text: &String| {
        let url = SecretUrl::parse(text).map_err(|error| error.to_string())?;
        if DestinationSpec::accepts(&url) {
            Ok(url)
        } else {
            Err(format!("{url}: expected rtmp://HOST/APP/KEY or rtmps://HOST/APP/KEY"))
        }
    };
    let urls = texts.iter().map(read).collect::<Result<Vec<_>, String>>();
    urls.map_err(|error| {
        complain(&format!("--publish: {error}"));
        exit::USAGE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_said_as_people_do() {
        for (seconds, said) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7199, "119 min"),
            (7200, "2 h"),
        ] {
            assert_eq!(spoken(Duration::from_secs(seconds)), said);
        }
    }
}
