//! What is wrong with a scene file, and where.
//!
//! Every error names the place that a person has to go to: `file:line:column`, an environment variable, or a `--set`
//! argument. The texts never repeat a value that could be a secret.

use std::fmt;
use std::sync::Arc;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which layer it came from, lowest precedence first; errors are listed in this order.
    pub(super) layer: usize,
    /// The spot inside the layer.
    pub(super) spot: Spot,
}

/// A spot inside one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// A whole file: it cannot be read, or something is missing from it altogether.
    File(Arc<str>),
    /// A character of a file, both counted from 1.
    Text { file: Arc<str>, line: usize, column: usize },
    /// The environment variable of this name.
    Environment(String),
    /// The argument `--set KEY=VALUE` with this key.
    Override(String),
}

impl Place {
    /// The place of a whole file.
    pub(super) fn file(layer: usize, file: &Arc<str>) -> Self {
        Self {
            layer,
            spot: Spot::File(Arc::clone(file)),
        }
    }

    /// What diagnostics are sorted by: layer, line, column.
    pub(super) fn order(&self) -> (usize, usize, usize) {
        match self.spot {
            Spot::Text { line, column, .. } => (self.layer, line, column),
            _ => (self.layer, 0, 0),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.spot {
            Spot::File(file) => f.write_str(file),
            Spot::Text { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Spot::Environment(name) => write!(f, "environment {name}"),
            Spot::Override(key) => write!(f, "--set {key}"),
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The show cannot start like this.
    Error,
    /// The show can start, but something it needs is not there now (a key's environment variable, a media file).
    Warning,
}

/// One thing that is wrong: `file:line:column: key.path: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where it was written.
    pub place: Place,
    /// The key it is about, dotted, list entries as `[0]`; empty where the text could not be read as TOML.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Diagnostic {
    /// An error about `key` at `place`.
    pub(super) fn error(place: Place, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place,
            key: key.into(),
            message: message.into(),
        }
    }

    /// A warning about `key` at `place`.
    pub(super) fn warning(place: Place, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(place, key, message)
        }
    }

    /// Whether this keeps the show from starting.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// Everything that is wrong with a scene, one line each, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct SceneErrors(pub(super) Vec<Diagnostic>);

impl SceneErrors {
    /// The errors, in the order of the text.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0
    }
}

/// Sorts diagnostics as a reader goes through the files, and drops repeats.
pub(super) fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by_key(|diagnostic| diagnostic.place.order());
    diagnostics.dedup();
}
