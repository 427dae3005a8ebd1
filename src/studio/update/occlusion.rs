//! What the update makes of commands that hide faces or show them.

use super::{Effect, Refusal, Unit, unknown};
use crate::scene::{MAX_ZONES, Zone};
use crate::studio::model::{EventLevel, FaceModel, MaskKind, Sight};

/// What is told of the level.
const SUBJECT: &str = "occlusion";

impl Unit<'_> {
    pub(super) fn arm(&mut self, is_armed: bool) {
        let occlusion = &mut self.studio.occlusion;
        if occlusion.is_armed == is_armed {
            return;
        }
        occlusion.is_armed = is_armed;
        occlusion.is_wanted |= is_armed;
        occlusion.exempt.clear();
        if !is_armed {
            occlusion.faces.clear();
            occlusion.cover = None;
        }
        self.effects.push(Effect::Occlusion);
        if is_armed {
            self.event(EventLevel::Info, SUBJECT, "armed: faces are hidden");
        } else {
            self.event(EventLevel::Warning, SUBJECT, "off: faces are shown");
        }
    }

    pub(super) fn level(&mut self, level: u8) -> Result<(), Refusal> {
        let top = self.studio.occlusion.policy.top();
        if level > top {
            return Err(Refusal::Level { level, top });
        }
        if self.studio.occlusion.level != level {
            self.studio.occlusion.level = level;
            self.effects.push(Effect::Occlusion);
            // The level goes with each picture, too.
            self.effects.push(Effect::Picture);
            let what = match level {
                0 => "everything is hidden",
                _ if self.studio.occlusion.shown().is_open() => "faces are shown",
                _ => "a part of each face is shown",
            };
            self.event(EventLevel::Info, SUBJECT, format!("level {level} of {top}: {what}"));
        }
        Ok(())
    }

    /// The place of the rendition of that name.
    pub(super) fn check_rendition(&self, name: &str) -> Result<usize, Refusal> {
        let renditions = &self.studio.renditions;
        let at = renditions.iter().position(|rendition| rendition.name == name);
        let known = renditions.iter().map(|rendition| &rendition.name);
        at.ok_or_else(|| unknown("rendition", name.to_owned(), known))
    }

    /// A level for one rendition; `None` goes with the show's.
    pub(super) fn rendition_level(&mut self, name: &str, level: Option<u8>) -> Result<(), Refusal> {
        let top = self.studio.occlusion.policy.top();
        if let Some(level) = level.filter(|level| *level > top) {
            return Err(Refusal::Level { level, top });
        }
        let at = self.check_rendition(name)?;
        let rendition = &mut self.studio.renditions[at];
        if rendition.occlusion_level != level {
            rendition.occlusion_level = level;
            self.effects.push(Effect::Occlusion);
            self.effects.push(Effect::Picture);
            let text = level.map_or_else(
                || "goes with the level of the show".to_owned(),
                |level| format!("has level {level} of {top} of its own"),
            );
            self.event(EventLevel::Info, format!("rendition {name}"), text);
        }
        Ok(())
    }

    /// One level up or down, as far as there is one.
    pub(super) fn step_level(&mut self, is_more_hidden: bool) -> Result<(), Refusal> {
        let occlusion = &self.studio.occlusion;
        let level = if is_more_hidden {
            occlusion.level.saturating_sub(1)
        } else {
            occlusion.level.saturating_add(1).min(occlusion.policy.top())
        };
        self.level(level)
    }

    /// Another policy. Its levels mean something else, so that it begins with the one that hides everything.
    pub(super) fn policy(&mut self, name: String) -> Result<(), Refusal> {
        let occlusion = &mut self.studio.occlusion;
        let Some(policy) = occlusion.policies.iter().find(|policy| policy.name == name) else {
            return Err(unknown(
                "occlusion policy",
                name,
                occlusion.policies.iter().map(|policy| &policy.name),
            ));
        };
        occlusion.policy = policy.clone();
        occlusion.level = 0;
        // A number means another thing in every policy.
        for rendition in &mut self.studio.renditions {
            rendition.occlusion_level = rendition.occlusion_level.map(|_| 0);
        }
        if let Some(mask) = policy.mask {
            occlusion.mask = mask;
        }
        self.effects.push(Effect::Occlusion);
        self.effects.push(Effect::Picture);
        self.event(
            EventLevel::Info,
            SUBJECT,
            format!("policy {name}, level 0: everything is hidden"),
        );
        Ok(())
    }

    pub(super) fn mask(&mut self, mask: MaskKind) {
        self.studio.occlusion.mask = mask;
        self.effects.push(Effect::Occlusion);
    }

    pub(super) fn sticker(&mut self, name: String) -> Result<(), Refusal> {
        let occlusion = &mut self.studio.occlusion;
        if !occlusion.stickers.contains(&name) {
            return Err(unknown("set of stickers", name, occlusion.stickers.iter()));
        }
        occlusion.sticker = Some(name);
        occlusion.mask = MaskKind::Sticker;
        self.effects.push(Effect::Occlusion);
        Ok(())
    }

    pub(super) fn exempt(&mut self, track: u32, is_exempt: bool) -> Result<(), Refusal> {
        let occlusion = &mut self.studio.occlusion;
        let Some(face) = occlusion.faces.iter().find(|face| face.track == track) else {
            let known = occlusion
                .faces
                .iter()
                .map(|face| face.track.to_string())
                .collect::<Vec<_>>();
            return Err(unknown("face", track.to_string(), known.iter()));
        };
        if is_exempt && is_lost(*face) {
            return Err(Refusal::LostFace(track));
        }
        occlusion.exempt.retain(|exempt| *exempt != track);
        if is_exempt {
            occlusion.exempt.push(track);
        }
        self.effects.push(Effect::Occlusion);
        let (level, text) = if is_exempt {
            (EventLevel::Warning, format!("face {track} is shown until it is lost"))
        } else {
            (EventLevel::Info, format!("face {track} is hidden"))
        };
        self.event(level, SUBJECT, text);
        Ok(())
    }

    pub(super) fn add_zone(&mut self, zone: Zone) -> Result<(), Refusal> {
        let zones = &mut self.studio.occlusion.zones;
        zones.retain(|known| known.name != zone.name);
        if zones.len() >= MAX_ZONES {
            return Err(Refusal::Zones);
        }
        let text = format!("zone {} is hidden", zone.name);
        zones.push(zone);
        self.effects.push(Effect::Occlusion);
        self.event(EventLevel::Info, SUBJECT, text);
        Ok(())
    }

    pub(super) fn remove_zone(&mut self, name: String) -> Result<(), Refusal> {
        let zones = &mut self.studio.occlusion.zones;
        let Some(at) = zones.iter().position(|zone| zone.name == name) else {
            return Err(unknown("zone", name, zones.iter().map(|zone| &zone.name)));
        };
        zones.remove(at);
        self.effects.push(Effect::Occlusion);
        self.event(EventLevel::Warning, SUBJECT, format!("zone {name} is shown"));
        Ok(())
    }

    /// The faces on program are these now, and the whole picture is covered for this reason. An exemption ends with the sight
    /// of its face.
    pub(super) fn faces(&mut self, faces: Vec<FaceModel>, cover: Option<String>) {
        let occlusion = &mut self.studio.occlusion;
        if !occlusion.is_armed {
            return;
        }
        let before = occlusion.exempt.len();
        occlusion
            .exempt
            .retain(|track| faces.iter().any(|face| face.track == *track && !is_lost(*face)));
        if occlusion.exempt.len() != before {
            self.effects.push(Effect::Occlusion);
        }
        occlusion.faces = faces;
        occlusion.cover = cover;
    }

    /// A scene that sets a level has come on program. Gives the level that pictures of both scenes keep to while one fades
    /// into the other: the more protective one.
    pub(super) fn scene_level(&mut self, scene: &str) -> u8 {
        let occlusion = &mut self.studio.occlusion;
        let before = occlusion.level;
        let wanted = self.studio.scenes.iter().find(|known| known.name == scene);
        if let Some(level) = wanted.and_then(|scene| scene.occlusion_level) {
            occlusion.level = level.min(occlusion.policy.top());
            if occlusion.level != before {
                self.effects.push(Effect::Occlusion);
            }
        }
        before.min(occlusion.level)
    }
}

/// Whether what hides it is no longer where it is seen.
fn is_lost(face: FaceModel) -> bool {
    matches!(face.sight, Sight::Held | Sight::Band)
}
