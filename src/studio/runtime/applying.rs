//! Reading a scene file for a show that runs: as it was read at the start, with the same `--set` and the same variables.

use std::path::{Path, PathBuf};

use crate::control::desk::Reply;
use crate::media::TimeDelta;
use crate::scene::{self, SceneErrors, Script, Show};

/// What a scene file is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To be applied; for a time, if one is given.
    Apply(Option<TimeDelta>),
    /// To tell what that would change.
    Plan,
    /// To be applied in the place of what was read before.
    Reload,
    /// Because somebody has saved it.
    Saved,
    /// To see whether it is what runs, and nothing else.
    Look,
}

/// A scene file that was read.
pub struct Found {
    /// From the root.
    pub path: PathBuf,
    /// What for.
    pub asked: Asked,
    /// What it says, or what is wrong with it.
    pub show: Result<Box<Show>, SceneErrors>,
    /// Who wants to know.
    pub reply: Option<Reply>,
}

/// Reads the show at `path`, with what the show of `script` was started with on top. A variable is as it was then: the
/// environment of a process does not change, and a studio that was resumed may have been started from another one.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn read_show(script: &Script, path: &Path) -> Result<Box<Show>, SceneErrors> {
    let overrides = script.overrides.iter();
    let overrides = overrides.map(|(key, value)| (key.clone(), value.expose().to_owned()));
    let env = |name: &str| {
        let kept = script.environment.get(name).map(|value| value.expose().to_owned());
        kept.or_else(|| std::env::var(name).ok())
    };
    scene::load(path, &overrides.collect::<Vec<_>>(), &env).map(Box::new)
}
