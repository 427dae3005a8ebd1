//! `rigcast cues`: try out a cue file without going on air.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::{check, complain, exit, key_value, say, time_span};
use crate::cue::{clock_text, parse_day};
use crate::media::TimeDelta;
use crate::scene::{self, CueNames, Library, Show, read_cue_file};
use crate::studio::model::{AdaptPolicyModel, Studio};
use crate::studio::opening;
use crate::studio::rehearsal::{Happening, Moment, Rehearsal};

/// No rehearsal has more moments: one that fires itself again and again would have no end.
const MOST_MOMENTS: usize = 10_000;

/// `rigcast cues COMMAND`.
#[derive(Debug, Subcommand)]
pub(super) enum CuesCommand {
    /// Go through a cue file without media: every command is done on a model of the show, with a clock that is stepped
    #[command(after_help = "\
Examples:
  rigcast cues rehearse evening.cues.toml --scene show.toml
  rigcast cues rehearse evening.cues.toml --scene show.toml --step
  rigcast cues rehearse --scene show.toml --json > plan.json

With --step, a line on standard input goes on: an empty one to the next cue; '10s' lets so much time pass; 'viewers 120', 'ended
movie', 'lost main' and 'silence on' let that happen; any command of 'rigcast ctl' is done; 'q' ends.
Exit codes: 0 everything would be done, 1 something would be refused or a file is wrong, 2 usage.")]
    Rehearse {
        /// The cue file; without one, that of the scene file
        file: Option<PathBuf>,
        /// The show; without one, the demo
        #[arg(long, value_name = "SCENE")]
        scene: Option<PathBuf>,
        /// Wait for a line before each step
        #[arg(long)]
        step: bool,
        /// One JSON object: the plan
        #[arg(long, conflicts_with = "step")]
        json: bool,
        /// When the run begins, for cues with a time of the day; without it, now
        #[arg(long, value_name = "HH:MM:SS", value_parser = of_day)]
        start: Option<TimeDelta>,
        /// Change one setting of the scene file: video.bitrate_kbps=4000
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
        set: Vec<(String, String)>,
    },
    /// Check cue files: the same as 'rigcast check'
    Check {
        /// What to check
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

fn of_day(text: &str) -> Result<TimeDelta, String> {
    parse_day(text).ok_or_else(|| "expected a time of the day such as 20:15:00".to_owned())
}

/// Runs it.
pub(super) fn run(command: &CuesCommand) -> u8 {
    match command {
        CuesCommand::Check { files } => check::run(files),
        CuesCommand::Rehearse {
            file,
            scene,
            step,
            json,
            start,
            set,
        } => {
            let begun = begin(file.as_deref(), scene.as_deref(), *start, set);
            let mut rehearsal = match begun {
                Ok(rehearsal) => rehearsal,
                Err(error) => {
                    complain(&error);
                    return exit::REFUSED;
                }
            };
            let is_clean = match (step, json) {
                (true, _) => stepped(&mut rehearsal, &mut std::io::stdin().lock()),
                (_, true) => plan(&mut rehearsal),
                _ => through(&mut rehearsal),
            };
            if is_clean { exit::OK } else { exit::REFUSED }
        }
    }
}

fn begin(
    file: Option<&Path>,
    scene: Option<&Path>,
    start: Option<TimeDelta>,
    set: &[(String, String)],
) -> Result<Rehearsal, String> {
    let env = |key: &str| std::env::var(key).ok();
    let show = match scene {
        Some(path) => scene::load(path, set, &env),
        None => scene::demo(set, &env),
    };
    let mut show = show.map_err(|errors| errors.to_string())?;
    let list = match file {
        Some(path) => read_cue_file(path, Some(&names(&show))).map_err(|errors| errors.to_string())?,
        None => show
            .cues
            .take()
            .ok_or("the show has no cues: name a cue file, or write [cues] file = \"…\" into the scene file")?,
    };
    let start = start.unwrap_or_else(|| {
        let since = jiff::Zoned::now().time().duration_since(jiff::civil::Time::midnight());
        TimeDelta::from_millis(i64::try_from(since.as_millis()).unwrap_or_default())
    });
    let library = Library::new(&env);
    Rehearsal::begin(studio(&show, &library), list, start).map_err(|refusal| refusal.to_string())
}

/// The model as a studio would open with it.
fn studio(show: &Show, library: &Library) -> Studio {
    let mut studio = opening::studio("rehearsal", show);
    studio.occlusion.policies = library.policies();
    studio.occlusion.stickers = library.sticker_names();
    let policies = library.adapt_policies().into_iter();
    studio.adapt.policies = policies
        .map(|policy| AdaptPolicyModel {
            name: policy.name,
            title: policy.title,
        })
        .collect();
    studio
}

fn names(show: &Show) -> CueNames {
    CueNames {
        scenes: show.scenes.iter().map(|scene| scene.name.clone()).collect(),
        sources: show.sources.iter().map(|source| source.name.clone()).collect(),
        strips: show.strips.iter().map(|(name, _)| name.clone()).collect(),
        destinations: show.destinations.iter().map(|to| to.name.clone()).collect(),
    }
}

/// From the first cue to the last, with those that wait for a hand fired as soon as nothing else is to come. Whether nothing was refused.
fn through(rehearsal: &mut Rehearsal) -> bool {
    beginning(rehearsal);
    let (mut is_clean, mut told) = (true, 0);
    while told < MOST_MOMENTS {
        let moments = rehearsal.next_cue();
        if moments.is_empty() {
            break;
        }
        told += moments.len();
        is_clean &= show(&moments);
    }
    end(rehearsal);
    is_clean
}

fn plan(rehearsal: &mut Rehearsal) -> bool {
    let studio = rehearsal.studio();
    let title = studio.cues.list.as_ref().map(|list| list.title.clone());
    let start = json!({ "program": studio.program, "preview": studio.preview });
    let mut moments = Vec::new();
    while moments.len() < MOST_MOMENTS {
        let next = rehearsal.next_cue();
        if next.is_empty() {
            break;
        }
        moments.extend(next);
    }
    let left = rehearsal.left();
    let left = left
        .iter()
        .map(|(cue, waits)| json!({ "cue": cue, "waits_for": waits }));
    say(&json!({
        "title": title,
        "start": start,
        "cues": moments.iter().map(Moment::as_json).collect::<Vec<_>>(),
        "left": left.collect::<Vec<_>>(),
        "end_ms": rehearsal.elapsed().to_millis(),
    })
    .to_string());
    !moments.iter().any(Moment::is_refused)
}

/// As `lines` say. Whether nothing was refused.
fn stepped(rehearsal: &mut Rehearsal, lines: &mut dyn BufRead) -> bool {
    beginning(rehearsal);
    let mut is_clean = true;
    while !rehearsal.is_over() {
        let next = rehearsal
            .studio()
            .cues
            .next
            .as_ref()
            .map_or("nothing", |next| &next.name);
        if !say(&format!("{:>8}  next: {next}", clock_text(rehearsal.elapsed()))) {
            return is_clean;
        }
        let mut line = String::new();
        if !lines.read_line(&mut line).is_ok_and(|read| read > 0) {
            break;
        }
        let line = line.trim();
        if line == "q" {
            break;
        }
        let moments = if line.is_empty() {
            rehearsal.next_cue()
        } else if let Some(happening) = Happening::parse(line) {
            rehearsal.happen(&happening)
        } else if line.starts_with(|first: char| first.is_ascii_digit())
            && let Ok(time) = time_span(line)
        {
            rehearsal.forward(TimeDelta::from_duration(time))
        } else {
            rehearsal.command(line)
        };
        is_clean &= show(&moments);
    }
    end(rehearsal);
    is_clean
}

fn beginning(rehearsal: &Rehearsal) {
    let studio = rehearsal.studio();
    say(&format!(
        "    0:00  program {}, preview {}",
        studio.program, studio.preview
    ));
}

/// Shows what has come. Whether nothing of it was refused.
fn show(moments: &[Moment]) -> bool {
    for line in moments.iter().flat_map(Moment::as_text) {
        if !say(&line) {
            break;
        }
    }
    !moments.iter().any(Moment::is_refused)
}

fn end(rehearsal: &Rehearsal) {
    for (cue, waits) in rehearsal.left() {
        say(&format!("          {cue} has not come: {waits}"));
    }
    say(&format!("{:>8}  the end", clock_text(rehearsal.elapsed())));
}
