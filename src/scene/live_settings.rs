//! What a preset sets on a show that is on: of the tables `[video]`, `[occlusion]`, `[moderation]` and `[adapt]` that which a
//! command can set too. The rest of them waits for the next start.

use std::fmt::Write as _;

use super::layer::Table;
use crate::media::TimeDelta;
use crate::vision::MaskKind;

/// Settings that can be changed while the show is on; `None` where the preset does not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveSettings {
    /// `video.bitrate_kbps`.
    pub bitrate_kbps: Option<u32>,
    /// `occlusion.policy`, by its name.
    pub occlusion_policy: Option<String>,
    /// `occlusion.mask`.
    pub mask: Option<MaskKind>,
    /// `occlusion.level`.
    pub occlusion_level: Option<u8>,
    /// `occlusion.armed`.
    pub is_armed: Option<bool>,
    /// `moderation.hold_s`.
    pub hold: Option<TimeDelta>,
    /// `moderation.unjudged`.
    pub is_unjudged_passed: Option<bool>,
    /// `adapt.policy`, by its name, or `off`.
    pub adapt_policy: Option<String>,
    /// Keys that wait for the next start, dotted.
    pub waiting: Vec<String>,
}

/// The tables that are looked at.
const TABLES: [&str; 6] = ["video", "audio", "destination", "occlusion", "moderation", "adapt"];

impl LiveSettings {
    /// What `table`, the whole of a preset that the schema has let through, sets.
    pub(super) fn of(table: &Table) -> Self {
        let mut settings = Self::default();
        for name in TABLES {
            let section = table.get(name).cloned().and_then(|value| value.into_table().ok());
            let mut keys: Vec<_> = section.into_iter().flatten().collect();
            keys.sort_by(|(a, _), (b, _)| a.cmp(b));
            for (key, value) in keys {
                let path = format!("{name}.{key}");
                if !settings.set(&path, &value) {
                    settings.waiting.push(path);
                }
            }
        }
        settings
    }

    /// Takes the value of the key at `path`; `false` where it waits.
    fn set(&mut self, path: &str, value: &config::Value) -> bool {
        let text = || value.clone().into_string().ok();
        let whole = || value.clone().into_int().ok();
        match path {
            "video.bitrate_kbps" => self.bitrate_kbps = whole().and_then(|kbps| u32::try_from(kbps).ok()),
            "occlusion.policy" => self.occlusion_policy = text(),
            "occlusion.mask" => self.mask = text().and_then(|word| MaskKind::of(&word)),
            "occlusion.level" => self.occlusion_level = whole().and_then(|level| u8::try_from(level).ok()),
            "occlusion.armed" => self.is_armed = value.clone().into_bool().ok(),
            "moderation.hold_s" => {
                self.hold = value.clone().into_float().ok().map(TimeDelta::from_secs_f64);
            }
            "moderation.unjudged" => self.is_unjudged_passed = text().map(|word| word == "pass"),
            "adapt.policy" => self.adapt_policy = text(),
            _ => return false,
        }
        true
    }

    /// Whether it sets anything at once.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self
            == Self {
                waiting: self.waiting.clone(),
                ..Self::default()
            }
    }

    /// The text of a preset that sets the same.
    #[must_use]
    pub fn preset_text(&self) -> String {
        let quoted = |text: &String| toml::Value::String(text.clone()).to_string();
        let sections = [
            (
                "video",
                vec![("bitrate_kbps", self.bitrate_kbps.map(|kbps| kbps.to_string()))],
            ),
            (
                "occlusion",
                vec![
                    ("armed", self.is_armed.map(|is_armed| is_armed.to_string())),
                    ("policy", self.occlusion_policy.as_ref().map(quoted)),
                    ("level", self.occlusion_level.map(|level| level.to_string())),
                    ("mask", self.mask.map(|mask| format!("\"{}\"", mask.word()))),
                ],
            ),
            (
                "moderation",
                vec![
                    ("hold_s", self.hold.map(|hold| hold.as_secs_f64().to_string())),
                    (
                        "unjudged",
                        self.is_unjudged_passed.map(|is_passed| {
                            let word = if is_passed { "pass" } else { "mute" };
                            format!("\"{word}\"")
                        }),
                    ),
                ],
            ),
            ("adapt", vec![("policy", self.adapt_policy.as_ref().map(quoted))]),
        ];
        let mut text = String::new();
        for (table, keys) in sections {
            let said: Vec<_> = keys
                .into_iter()
                .filter_map(|(key, value)| Some((key, value?)))
                .collect();
            if said.is_empty() {
                continue;
            }
            // Writing to a String cannot fail.
            let _ = writeln!(text, "[{table}]");
            for (key, value) in said {
                let _ = writeln!(text, "{key} = {value}");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use crate::scene::Preset;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_command_can_set_is_set_and_the_rest_waits() {
        let text = "[video]\nwidth = 640\nbitrate_kbps = 900\n[occlusion]\narmed = true\nlevel = 2\nmask = \"blur\"\n\
                    [moderation]\nhold_s = 2.5\nunjudged = \"pass\"\n[adapt]\npolicy = \"off\"\n[audio]\nbitrate_kbps = 64\n";
        let preset = Preset::read("mine", "mine.toml", text).unwrap();
        let live = preset.live();
        assert_eq!(
            (live.bitrate_kbps, live.is_armed, live.occlusion_level),
            (Some(900), Some(true), Some(2))
        );
        assert_eq!((live.mask, live.is_unjudged_passed), (Some(MaskKind::Blur), Some(true)));
        assert_eq!(live.hold.map(TimeDelta::to_millis), Some(2500));
        assert_eq!(live.adapt_policy.as_deref(), Some("off"));
        assert_eq!(live.waiting, ["video.width", "audio.bitrate_kbps"]);
        assert!(!live.is_empty());
        let sound = Preset::read("mine", "mine.toml", "[strip]\ngate = true\n").unwrap();
        assert!(sound.live().is_empty());
    }

    proptest! {
        #[test]
        fn what_is_saved_is_read_again(
            bitrate_kbps in proptest::option::of(100..50_000_u32),
            policy in proptest::option::of("[a-z\"]{1,8}"),
            level in proptest::option::of(0..32_u8),
            is_armed in proptest::option::of(any::<bool>()),
            hold_ms in proptest::option::of(0..30_000_i64),
        ) {
            let settings = LiveSettings {
                bitrate_kbps,
                occlusion_policy: policy.clone(),
                occlusion_level: level,
                is_armed,
                hold: hold_ms.map(TimeDelta::from_millis),
                is_unjudged_passed: is_armed,
                adapt_policy: policy,
                ..LiveSettings::default()
            };
            if !settings.is_empty() {
                let read = Preset::read("mine", "mine", &settings.preset_text()).unwrap();
                prop_assert_eq!(read.live(), &settings);
            }
        }
    }
}
