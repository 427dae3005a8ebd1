//! The table `[adapt]`: by which policy the show follows the network and its audience, and whether its signals are recorded.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::library::Library;
use super::schema::{Key, Kind, PRESET_OF_TABLE, key};
use crate::adapt::{Pin, Policy};

/// How a show adapts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdaptChoice {
    /// Whether it does; else everything stays as the scene file says it.
    pub is_on: bool,
    /// By which policy.
    pub policy: Policy,
    /// The name of another policy that the operator has chosen since, in a show that goes on.
    pub chosen: Option<String>,
    /// What the operator holds, in a show that goes on.
    pub pins: Vec<Pin>,
    /// Where what is seen of the network is recorded to: a file, with placeholders as recordings have them.
    pub trace: Option<PathBuf>,
}

/// The word for no adaptation at all.
const OFF: &str = "off";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAdapt {
    #[serde(rename = "preset")]
    _preset: Option<String>,
    policy: String,
    trace: Option<String>,
}

impl Check<'_> {
    /// `[adapt]`. A policy that cannot be read is an error, and the usual one stands in for it.
    pub(super) fn adapt(&mut self, raw: RawAdapt) -> AdaptChoice {
        let trace = raw.trace.map(|path| self.template_at("adapt.trace", &path));
        let key = "adapt.policy";
        let is_on = raw.policy != OFF;
        let policy = if is_on {
            let folder = self.file_at(key, "");
            let library = Library::new(self.environment);
            library.read_adapt_policy_from(&mut self.layers.shelf, &raw.policy, &folder)
        } else {
            Ok(Policy::default())
        };
        let policy = policy.unwrap_or_else(|error| {
            self.error(key, error);
            Policy::default()
        });
        AdaptChoice {
            is_on,
            policy,
            chosen: None,
            pins: Vec::new(),
            trace,
        }
    }
}

/// The keys of `[adapt]`.
pub(super) const ADAPT: &[Key] = &[
    PRESET_OF_TABLE,
    key(
        "policy",
        Kind::Text,
        "how bitrate, size and sound follow network and audience: the name of a policy, the path of its file relative to this one, or off",
    ),
    key(
        "trace",
        Kind::Text,
        "records what is seen of the network to this file, relative to this one; {name}, {date}, {time} and {part} are filled in",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{Show, from_text};

    fn read(text: &str) -> Result<Show, String> {
        let text =
            format!("{text}\n[source.cam]\nkind = \"pattern\"\n[scene.wide]\nitems = [{{ source = \"cam\" }}]\n");
        from_text("/shows/show.toml", &text, &[], &|_| None).map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_policy_is_chosen_and_a_trace_may_be_recorded() {
        let usual = read("").unwrap().adapt;
        assert_eq!(
            (usual.policy.name.as_str(), usual.is_on, usual.trace),
            ("steady", true, None)
        );
        let own = read("[adapt]\npolicy = \"off\"\ntrace = \"/traces/{name}-{date}.ndjson\"")
            .unwrap()
            .adapt;
        assert!(!own.is_on);
        assert_eq!(
            read("[adapt]\npolicy = \"sports\"").unwrap().adapt.policy.name,
            "sports"
        );
        let error = read("[adapt]\npolicy = \"sport\"").unwrap_err();
        assert!(
            error.contains("2:10: adapt.policy: ") && error.contains("\"sports\""),
            "{error}"
        );
        assert_eq!(own.trace, Some(PathBuf::from("/traces/{name}-{date}.ndjson")));
        let error = read("[adapt]\ntrace = \"{nmae}.ndjson\"").unwrap_err();
        assert!(
            error.starts_with("/shows/show.toml:2:9: adapt.trace: {nmae}.ndjson: {nmae} is not known"),
            "{error}"
        );
    }
}
