//! Adaptation policies: files that say how network and audience combine into what is sent (see [`Policy`]).
//!
//! ```toml
//! title = "small pictures for few, large ones for many"
//! [network]
//! floor_kbps = 300
//! [tier.normal]
//! ceiling_percent = 60
//! ```
//! What a file leaves out is as in `steady`. Own ones live in the folder `adapt` beside own sound presets and come before shipped
//! ones, as those do.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::adapt_keys::ADAPT_POLICY;
use super::error::{Diagnostic, Place, SceneErrors};
use super::layer;
use super::library::Library;
use super::places::Places;
use super::script::Shelf;
use super::shipped;
use crate::adapt::{Order, Policy, Spending, TierPolicy};
use crate::media::TimeDelta;
use crate::suggest;

/// The folder of policies, under that of presets.
pub(super) const FOLDER: &str = "adapt";

/// As it is written; the schema has seen to kinds and ranges.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawPolicy {
    title: Option<String>,
    network: RawNetwork,
    picture: RawPicture,
    sound: RawSound,
    audience: RawAudience,
    tier: RawTiers,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawNetwork {
    follow: Option<bool>,
    floor_kbps: Option<u32>,
    headroom_percent: Option<f64>,
    patience_ms: Option<i64>,
    drain_ms: Option<i64>,
    hold_ms: Option<i64>,
    climb_percent: Option<f64>,
    probe_percent: Option<f64>,
    probe_every_s: Option<f64>,
    left_behind_percent: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawPicture {
    order: Option<String>,
    max_divisor: Option<u32>,
    min_height: Option<u32>,
    min_bits_per_pixel: Option<f64>,
    down_after_s: Option<f64>,
    up_after_s: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawSound {
    floor_kbps: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawAudience {
    good_above: Option<u64>,
    excellent_above: Option<u64>,
    rise_after_s: Option<f64>,
    fall_after_s: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawTiers {
    normal: RawTier,
    good: RawTier,
    excellent: RawTier,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawTier {
    ceiling_percent: Option<f64>,
    ladder: Option<usize>,
    sound_kbps: Option<u32>,
    sample_rate: Option<u32>,
    rate_control: Option<String>,
}

/// Sets `to` where something is written.
fn set<T, U>(to: &mut U, written: Option<T>, meant: impl Fn(T) -> U) {
    if let Some(written) = written {
        *to = meant(written);
    }
}

impl RawPolicy {
    /// What is meant, with the rest as in the default.
    fn meant(self, name: &str) -> Policy {
        let mut policy = Policy {
            name: name.to_owned(),
            title: self.title.unwrap_or_default(),
            ..Policy::default()
        };
        let (network, raw) = (&mut policy.network, self.network);
        let share = |percent: f64| percent / 100.0;
        set(&mut network.is_followed, raw.follow, |follow| follow);
        set(&mut network.floor_kbps, raw.floor_kbps, |kbps| kbps);
        set(&mut network.headroom, raw.headroom_percent, share);
        set(&mut network.patience, raw.patience_ms, TimeDelta::from_millis);
        set(&mut network.drain, raw.drain_ms, TimeDelta::from_millis);
        set(&mut network.hold, raw.hold_ms, TimeDelta::from_millis);
        set(&mut network.climb, raw.climb_percent, share);
        set(&mut network.probe, raw.probe_percent, share);
        set(&mut network.probe_every, raw.probe_every_s, TimeDelta::from_secs_f64);
        set(&mut network.left_behind, raw.left_behind_percent, share);
        let (shape, raw) = (&mut policy.shape, self.picture);
        shape.order = raw.order.and_then(|word| Order::of(&word)).unwrap_or_default();
        set(&mut shape.max_divisor, raw.max_divisor, |divisor| divisor);
        set(&mut shape.min_height, raw.min_height, |height| height);
        set(&mut shape.min_bits_per_pixel, raw.min_bits_per_pixel, |bits| bits);
        set(&mut shape.down_after, raw.down_after_s, TimeDelta::from_secs_f64);
        set(&mut shape.up_after, raw.up_after_s, TimeDelta::from_secs_f64);
        set(&mut shape.sound_floor_kbps, self.sound.floor_kbps, |kbps| kbps);
        let (tiers, raw) = (&mut policy.tiers, self.audience);
        set(&mut tiers.good_above, raw.good_above, |viewers| viewers);
        set(&mut tiers.excellent_above, raw.excellent_above, |viewers| viewers);
        set(&mut tiers.rise_after, raw.rise_after_s, TimeDelta::from_secs_f64);
        set(&mut tiers.fall_after, raw.fall_after_s, TimeDelta::from_secs_f64);
        tiers.spent = [self.tier.normal, self.tier.good, self.tier.excellent].map(|raw| TierPolicy {
            ceiling: raw.ceiling_percent.map_or(1.0, share),
            ladder: raw.ladder,
            sound_kbps: raw.sound_kbps,
            sample_rate: raw.sample_rate,
            spending: raw.rate_control.and_then(|word| Spending::of(&word)),
        });
        policy
    }
}

/// Reads a policy from `text`, which errors call `label`.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn read_adapt_policy(name: &str, label: &str, text: &str) -> Result<Policy, SceneErrors> {
    let (mut places, mut errors) = (Places::default(), Vec::new());
    let file: Arc<str> = label.into();
    let table = layer::read_text(0, &file, text, ADAPT_POLICY, &mut places, &mut errors).unwrap_or_default();
    if !errors.is_empty() {
        return Err(SceneErrors(errors));
    }
    let whole = Place::file(0, &file);
    let raw = config::Value::from(table).try_deserialize::<RawPolicy>();
    let checked = raw.map_err(|error| (String::new(), error.to_string())).and_then(|raw| {
        let policy = raw.meant(name);
        let wrong = policy.check();
        wrong.map_or_else(|error| Err((error.key.to_owned(), error.reason)), |()| Ok(policy))
    });
    checked.map_err(|(key, reason)| {
        let place = places.of(&key, &whole);
        SceneErrors(vec![Diagnostic::error(place, &key, reason)])
    })
}

/// Whether the file with these keys at its top is such a policy and no show: it has tiers or a network, and nothing that a show has.
pub(super) fn is_adapt_policy(table: &toml::Table) -> bool {
    let is_ours = |name: &String| ADAPT_POLICY.iter().any(|key| key.name == name);
    // A show has names there, and tables behind them.
    let has_names = |key: &str| {
        let inner = table.get(key).and_then(toml::Value::as_table);
        inner.is_some_and(|inner| inner.values().any(toml::Value::is_table))
    };
    let is_told = ["network", "tier", "audience"]
        .iter()
        .any(|key| table.contains_key(*key));
    table.keys().all(is_ours) && is_told && !has_names("audience") && !has_names("picture")
}

impl Library {
    /// Reads the adaptation policy `name`: one's own, a shipped one, or where it has a `/` or a `.`, the file of that path,
    /// which starts from `folder` where it is relative.
    ///
    /// # Errors
    /// There is none, with the nearest name; or everything that is wrong with it, each with its place.
    pub fn read_adapt_policy(&self, name: &str, folder: &Path) -> Result<Policy, String> {
        self.read_adapt_policy_from(&mut Shelf::disk(), name, folder)
    }

    /// The same with files from `shelf`.
    pub(super) fn read_adapt_policy_from(
        &self,
        shelf: &mut Shelf,
        name: &str,
        folder: &Path,
    ) -> Result<Policy, String> {
        let found = self.find(shelf, FOLDER, name, folder, shipped::ADAPT_POLICIES)?;
        let Some((label, text)) = found else {
            let names = self.adapt_policy_names();
            let hint = suggest::hint(name, names.iter().map(String::as_str));
            return Err(format!("there is no adaptation policy \"{name}\"{hint}"));
        };
        read_adapt_policy(&Self::short(name), &label, &text).map_err(|errors| errors.to_string())
    }

    /// Reads all adaptation policies that can be had by name; those that are broken are left out.
    #[must_use]
    pub fn adapt_policies(&self) -> Vec<Policy> {
        let read = |name: &String| self.read_adapt_policy(name, Path::new("")).ok();
        self.adapt_policy_names().iter().filter_map(read).collect()
    }

    /// The names of all adaptation policies that can be had by name: one's own, then the shipped ones.
    #[must_use]
    pub fn adapt_policy_names(&self) -> Vec<String> {
        self.names_in(FOLDER, shipped::ADAPT_POLICIES)
    }
}

#[cfg(test)]
mod tests {
    use super::super::adapt_keys::adapt_policy_markdown;
    use super::*;
    use crate::adapt::Tier;
    use proptest::prelude::*;

    fn errors(text: &str) -> String {
        read_adapt_policy("mine", "mine.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn the_shipped_policies_do_what_they_say() {
        let library = Library::new(&|_: &str| None);
        let policy = |name: &str| library.read_adapt_policy(name, Path::new("")).unwrap();
        let steady = policy("steady");
        let plain = Policy {
            title: steady.title.clone(),
            ..Policy::default()
        };
        assert_eq!(steady, plain, "the default is the shipped file");

        let frugal = policy("frugal");
        let spent = Tier::ALL.map(|tier| frugal.tier(tier).clone());
        assert_eq!(
            spent.each_ref().map(|spent| (spent.ceiling * 100.0).round() as u32),
            [60, 80, 100]
        );
        assert_eq!(
            spent.each_ref().map(|spent| spent.sound_kbps),
            [Some(96), Some(128), Some(160)]
        );
        assert_eq!(spent[0].sample_rate, Some(44_100));

        assert_eq!(policy("sports").shape.order, Order::SizeFirst);
        let sharp = policy("sharp");
        assert_eq!(sharp.shape.order, Order::FrameRateFirst);
        assert!(sharp.network.floor_kbps > steady.network.floor_kbps);
        assert_eq!(library.adapt_policy_names(), ["steady", "sharp", "frugal", "sports"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, expected) in [
            (
                "[network]\nflor_kbps = 3",
                "mine.toml:2:1: network.flor_kbps: unknown key; did you mean \"floor_kbps\"?",
            ),
            (
                "[network]\nheadroom_percent = 90",
                "mine.toml:2:20: network.headroom_percent: expected a number from 0 to 50, found 90",
            ),
            (
                "[audience]\ngood_above = 2000",
                "mine.toml:1:2: audience.excellent_above: 1000 is not above good_above, 2000",
            ),
            (
                "[audience]\nexcellent_above = 50",
                "mine.toml:2:19: audience.excellent_above: 50 is not above good_above, 100",
            ),
            (
                "[picture]\norder = \"any\"",
                "mine.toml:2:9: picture.order: expected one of",
            ),
            ("[tier.huge]\nladder = 1", "mine.toml:1:7: tier.huge: unknown key"),
        ] {
            let found = errors(text);
            assert!(found.starts_with(expected), "{found}");
        }
    }

    #[test]
    fn own_policies_come_first_and_names_are_suggested() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().to_str().unwrap().to_owned();
        let library = Library::new(&|name: &str| (name == "XDG_CONFIG_HOME").then(|| folder.clone()));
        let own = home.path().join("rigcast/presets/adapt");
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("steady.toml"), "title = \"mine\"\n[network]\nfloor_kbps = 900").unwrap();
        let policy = library.read_adapt_policy("steady", Path::new("")).unwrap();
        assert_eq!((policy.title.as_str(), policy.network.floor_kbps), ("mine", 900));
        let error = library.read_adapt_policy("frugl", Path::new("")).unwrap_err();
        assert_eq!(
            error,
            "there is no adaptation policy \"frugl\"; did you mean \"frugal\"?"
        );
    }

    #[test]
    fn the_reference_page_is_up_to_date() {
        const BEGIN: &str = "<!-- made from the schema: UPDATE=1 ./test --lib adapt_policy -->\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/adapt.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let (before, _) = page.split_once(BEGIN).unwrap();
        let fresh = format!("{before}{BEGIN}\n{}", adapt_policy_markdown());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &fresh).unwrap();
        }
        assert!(
            page == fresh || std::env::var_os("UPDATE").is_some(),
            "docs/adapt.md is stale: UPDATE=1"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\[(network|tier.normal|audience|picture)\\]\n([a-z_]{1,19} = [a-z0-9\".-]{0,9}\n){0,2}){0,4}.{0,20}") {
            let _ = read_adapt_policy("any", "any", &text);
        }
    }
}
