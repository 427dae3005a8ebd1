//! The table `[adapt]`: by which policy the show follows the network and its audience, and whether its signals are recorded.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::schema::{Key, Kind, key};

/// Which policy a show adapts by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdaptChoice {
    /// The name of a policy, or the path of its file as it was written.
    pub policy: String,
    /// The folder that such a path starts from.
    pub folder: PathBuf,
    /// Where what is seen of the network is recorded to: a file, with placeholders as recordings have them.
    pub trace: Option<PathBuf>,
}

impl AdaptChoice {
    /// The word for no adaptation at all.
    pub const OFF: &str = "off";

    /// Whether everything stays as the scene file says it.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.policy == Self::OFF
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAdapt {
    policy: String,
    trace: Option<String>,
}

impl Check<'_> {
    /// `[adapt]`.
    pub(super) fn adapt(&mut self, raw: RawAdapt) -> AdaptChoice {
        let trace = raw.trace.map(|path| self.template_at("adapt.trace", &path));
        AdaptChoice {
            policy: raw.policy,
            folder: self.file_at("adapt.policy", ""),
            trace,
        }
    }
}

/// The keys of `[adapt]`.
pub(super) const ADAPT: &[Key] = &[
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
            (usual.policy.as_str(), usual.is_off(), usual.trace),
            ("steady", false, None)
        );
        let own = read("[adapt]\npolicy = \"off\"\ntrace = \"/traces/{name}-{date}.ndjson\"")
            .unwrap()
            .adapt;
        assert!(own.is_off());
        assert_eq!(own.trace, Some(PathBuf::from("/traces/{name}-{date}.ndjson")));
        let error = read("[adapt]\ntrace = \"{nmae}.ndjson\"").unwrap_err();
        assert!(
            error.starts_with("/shows/show.toml:2:9: adapt.trace: {nmae}.ndjson: {nmae} is not known"),
            "{error}"
        );
    }
}
