//! What the scene on program has set on strips, and what was there: it goes back when the scene leaves.

use serde::{Deserialize, Serialize};

use super::{Studio, Value, strip_param};

/// A parameter of a strip that the scene on program has set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lent {
    /// The strip.
    pub strip: String,
    /// The parameter.
    pub parameter: String,
    /// What was there.
    pub was: Value,
    /// What the scene has set it to. Another value now is an operator's, who keeps it.
    pub set: Value,
}

impl Studio {
    /// Gives back what the scene before has set on strips, sets what the scene on program says, and returns the numbers of the
    /// strips that have other settings now.
    pub fn change_scene_strips(&mut self) -> Vec<usize> {
        let before: Vec<_> = self.strips.iter().map(|strip| strip.settings).collect();
        for lent in std::mem::take(&mut self.lent) {
            let (Some(param), Some(strip)) = (strip_param(&lent.parameter), self.strip_mut(&lent.strip)) else {
                continue;
            };
            if (param.get)(&strip.settings) == lent.set && param.allows(lent.was) {
                (param.set)(&mut strip.settings, lent.was);
            }
        }
        let wanted = self
            .scene(&self.program)
            .map_or_else(Vec::new, |scene| scene.strips.clone());
        for scene_strip in wanted {
            for (name, value) in scene_strip.set {
                let (Some(param), Some(strip)) = (strip_param(&name), self.strip_mut(&scene_strip.strip)) else {
                    continue;
                };
                let was = (param.get)(&strip.settings);
                (param.set)(&mut strip.settings, value);
                // As the strip has it: it may round.
                let set = (param.get)(&strip.settings);
                self.lent.push(Lent {
                    strip: scene_strip.strip.clone(),
                    parameter: name,
                    was,
                    set,
                });
            }
        }
        let after = self.strips.iter().map(|strip| strip.settings);
        let changed = before.into_iter().zip(after).enumerate();
        changed
            .filter(|(_, (before, after))| before != after)
            .map(|(at, _)| at)
            .collect()
    }
}
