//! The tables `[occlusion]` and the levels of scenes: what hides faces, and where a part of the picture is hidden for good.

use serde::{Deserialize, Serialize};

use super::check::{Check, target};
use super::library::{Library, is_preset_path};
use super::raw::RawLength;
use super::schema;
use crate::encode::VideoSettings;
use crate::picture::Rect;
use crate::vision::{MaskKind, Policy};

/// The most zones of a show.
pub const MAX_ZONES: usize = 16;

/// What hides faces when a show starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcclusionSettings {
    /// Whether faces are looked for and hidden.
    pub is_armed: bool,
    /// What each level shows.
    pub policy: Policy,
    /// The level.
    pub level: u8,
    /// What hides them.
    pub mask: MaskKind,
    /// The set of stickers by name, for masks of that kind.
    pub sticker: Option<String>,
    /// Parts of the picture that are hidden for good.
    pub zones: Vec<Zone>,
}

impl OcclusionSettings {
    /// With a level that the policy has, and no more zones than there may be: for settings that no check has seen.
    #[must_use]
    pub fn sanitised(mut self) -> Self {
        self.level = self.level.min(self.policy.top());
        self.zones.truncate(MAX_ZONES);
        self
    }
}

/// A part of the picture that is hidden for good, armed or not: a door, a screen in a corner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Unique among the zones.
    pub name: String,
    /// In pixels of the program. May stick out of it.
    pub rect: Rect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOcclusion {
    #[serde(rename = "preset")]
    _preset: Option<String>,
    armed: bool,
    policy: String,
    level: u8,
    mask: Option<MaskKind>,
    sticker: Option<String>,
    #[serde(default)]
    zone: Vec<RawZone>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawZone {
    name: Option<String>,
    position: Option<(RawLength, RawLength)>,
    size: Option<(RawLength, RawLength)>,
}

impl Check<'_> {
    /// `[occlusion]`. A policy that cannot be read is replaced by one that hides everything; there is an error then.
    pub(super) fn occlusion(&mut self, raw: RawOcclusion, video: &VideoSettings) -> OcclusionSettings {
        let key = "occlusion.policy";
        let place = self.layers.places.of(key, &self.whole);
        let folder = self.layers.resolve(&place, "");
        let read = Library::new(self.environment).read_policy_from(&mut self.layers.shelf, &raw.policy, &folder);
        let policy = read.unwrap_or_else(|error| {
            self.error(key, error);
            Policy::hidden()
        });
        self.check_level("occlusion.level", raw.level, &policy);
        let mut zones: Vec<Zone> = Vec::new();
        for (at, zone) in raw.zone.into_iter().enumerate() {
            let key = format!("occlusion.zone[{at}]");
            let Some(name) = self.required(zone.name, &key, "name") else {
                continue;
            };
            let rect = target(zone.position, zone.size, video);
            if !schema::is_name(&name) {
                self.error(
                    &format!("{key}.name"),
                    "not a name: letters, digits, \"-\" and \"_\", 32 at most",
                );
            } else if zones.iter().any(|known| known.name == name) {
                self.error(&format!("{key}.name"), format!("there is a zone \"{name}\" already"));
            } else if rect.width < 2 || rect.height < 2 {
                let message = format!("{} by {} pixels is too small to hide anything", rect.width, rect.height);
                self.error(&format!("{key}.size"), message);
            } else {
                zones.push(Zone { name, rect });
            }
        }
        if zones.len() > MAX_ZONES {
            self.error("occlusion.zone", format!("{} zones; {MAX_ZONES} at most", zones.len()));
        }
        let sticker = raw.sticker.map(|name| {
            let name = if is_preset_path(&name) {
                folder.join(&name).display().to_string()
            } else {
                name
            };
            // A show that goes on after a crash goes on without its stickers rather than not at all: masks are solid then.
            if !self.layers.shelf.is_kept()
                && let Err(error) = Library::new(self.environment).read_stickers(&name, &folder)
            {
                self.error("occlusion.sticker", error);
            }
            name
        });
        OcclusionSettings {
            is_armed: raw.armed,
            level: raw.level,
            mask: raw.mask.or(policy.mask).unwrap_or_default(),
            policy,
            sticker,
            zones,
        }
    }

    /// An error at `key` where the policy does not have that level.
    pub(super) fn check_level(&mut self, key: &str, level: u8, policy: &Policy) {
        if level > policy.top() {
            let message = format!(
                "{level} is above {}, the highest of policy \"{}\"",
                policy.top(),
                policy.name
            );
            self.error(key, message);
        }
    }

    /// The level that a scene sets, if the policy has it.
    pub(super) fn scene_level(&mut self, name: &str, level: Option<u8>, policy: &Policy) -> Option<u8> {
        let level = level?;
        self.check_level(&format!("scene.{name}.occlusion_level"), level, policy);
        Some(level)
    }
}
