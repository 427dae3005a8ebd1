//! `rigcast rules`: what rules would choose, without a studio.
//!
//! The engine is the one that is on air; only time is said instead of waited for.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;

use super::{check, complain, exit, say};
use crate::media::{TimeDelta, Timestamp};
use crate::rules::{Data, Engine, Explanation, MAX_BYTES, Mode};
use crate::scene::read_rules;

/// Long enough for every `for` of a file.
const LONG_S: f64 = 2.0 * 86_400.0;

/// `rigcast rules COMMAND`.
#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Say which scene rules would choose for this data, and why
    #[command(after_help = "\
Examples:
  rigcast rules explain room.json --rules shop.rules.toml
  rigcast rules explain room.json --rules shop.rules.toml --in-state 1.5
  echo '{\"room\": \"break\"}' | rigcast rules explain - --rules shop.rules.toml --json

A running studio answers 'rigcast ctl rules explain': that knows hold-downs and who holds program. See docs/rules.md.
Exit codes: 0 done, 1 the data or the rules cannot be read, 2 usage.")]
    Explain {
        /// The data: a JSON file, or - for standard input
        data: PathBuf,
        /// The rules file
        #[arg(long, value_name = "FILE")]
        rules: PathBuf,
        /// For how many seconds the data has been like that; without it, long enough for every rule
        #[arg(long, value_name = "SECONDS")]
        in_state: Option<f64>,
        /// One JSON object instead of text
        #[arg(long)]
        json: bool,
    },
    /// The same as 'rigcast check'
    Check {
        /// What to check
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Runs it.
pub(super) fn run(command: &RulesCommand) -> u8 {
    let (data, rules, in_state, is_json) = match command {
        RulesCommand::Check { files } => return check::run(files),
        RulesCommand::Explain {
            data,
            rules,
            in_state,
            json,
        } => (data, rules, *in_state, *json),
    };
    match explain(data, rules, in_state) {
        Ok(explanation) if is_json => {
            say(&serde_json::to_string(&explanation).unwrap_or_default());
            exit::OK
        }
        Ok(explanation) => {
            say(&explanation.text());
            exit::OK
        }
        Err(error) => {
            complain(&error);
            exit::REFUSED
        }
    }
}

fn explain(data: &Path, rules: &Path, in_state: Option<f64>) -> Result<Explanation, String> {
    let label = rules.display().to_string();
    let text = std::fs::read_to_string(rules).map_err(|error| format!("{label}: {error}"))?;
    let set = read_rules(&label, &text).map_err(|errors| errors.to_string())?.alone();
    let lasted = in_state.unwrap_or(LONG_S);
    if !(0.0..=LONG_S).contains(&lasted) {
        return Err(format!("--in-state takes seconds from 0 to {LONG_S}"));
    }
    let data = read(data).map_err(|error| format!("{}: {error}", data.display()))?;
    let now = Timestamp::ZERO;
    let engine = Engine::as_if(Arc::new(set), &data, now, TimeDelta::from_secs_f64(lasted));
    Ok(engine.explain(Some((&data, now)), now, Mode::Active))
}

fn read(path: &Path) -> Result<Data, String> {
    let mut bytes = Vec::new();
    let most = MAX_BYTES as u64 + 1;
    let done = if path == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    done.map_err(|error| error.to_string())?;
    Data::parse(&bytes).map_err(|error| error.to_string())
}
