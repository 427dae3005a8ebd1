//! What `rigcast` tells the studio that it starts, past the arguments and the environment, which other programs can read:
//! a line of JSON on standard input.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

/// May hold stream keys: for the pipe only.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// `--set KEY=VALUE`, in their order.
    pub overrides: Vec<(String, String)>,
    /// Variables that the show is read with and that have been taken out of the environment.
    pub environment: BTreeMap<String, String>,
}

impl Handover {
    /// Writes it.
    ///
    /// # Errors
    /// The reader is gone.
    pub fn write(&self, mut to: impl Write) -> io::Result<()> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        to.write_all(&line)
    }

    /// Reads it.
    ///
    /// # Errors
    /// The writer has gone without a whole line, or wrote something else; the error never quotes it.
    pub fn read(mut from: impl BufRead) -> io::Result<Self> {
        let mut line = String::new();
        from.read_line(&mut line)?;
        // serde_json may quote what it does not understand, and that may be a secret.
        serde_json::from_str(&line).map_err(|_| io::ErrorKind::InvalidData.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_over_arrives() {
        let handover = Handover {
            overrides: vec![("destination.main.key".into(), "sk 1\n\"2\"".into())],
            environment: BTreeMap::from([("SHOW_KEY".into(), "sk-3".into())]),
        };
        let mut pipe = Vec::new();
        handover.write(&mut pipe).unwrap();
        let read = Handover::read(pipe.as_slice()).unwrap();
        assert_eq!(
            (read.overrides, read.environment),
            (handover.overrides, handover.environment)
        );
        let error = Handover::read(&pipe[..pipe.len() / 2]).err().unwrap().to_string();
        assert!(!error.contains("sk"), "{error}");
    }
}
