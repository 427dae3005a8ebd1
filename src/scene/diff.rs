//! What is different between two shows, key by key: what a save of the scene file would change on air, in words.
//!
//! Each show is first written down as a list of facts, a path of names and a value each, and the two lists are compared. What
//! the facts leave out is caught by a net: sections that are not equal and have no difference by then get one. So there is no
//! difference only where there is none, whatever a show is made of later.
//!
//! Whether a difference is carried out at once or waits for the next start is a question of its key alone
//! ([`When::of`]); [`super::merge`] keeps to the same answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::facts::{Fact, facts, orders};
use crate::scene::Show;
use crate::secret::DOTS;

/// One thing that is different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowDifference {
    /// Names from the outermost to the innermost: `scene`, `host`, `item`, `cam`, `size`.
    pub path: Vec<String>,
    /// As it was, secrets as dots; `None` where there was no such thing.
    pub before: Option<String>,
    /// As it is to be, likewise.
    pub after: Option<String>,
    /// When it is carried out.
    pub when: When,
}

/// When a difference is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "when", content = "reason")]
pub enum When {
    /// While the show runs.
    Live,
    /// When the studio is started the next time; why not now.
    NextStart(String),
}

impl When {
    /// When a difference at `path` is carried out.
    #[must_use]
    pub fn of<S: AsRef<str>>(path: &[S]) -> Self {
        let at = |index: usize| path.get(index).map(AsRef::as_ref).unwrap_or_default();
        let reason = match (at(0), at(1), at(2)) {
            ("video", "bitrate_kbps", _)
            | ("audio", "bitrate_kbps" | "sample_rate", _)
            | ("rendition", _, "occlusion_level")
            | ("moderation", "hold_ms" | "unjudged" | "pace" | "slate", _)
            | ("adapt", "is_on" | "policy", _)
            | ("recording", "record" | "strips", _)
            | (
                "source" | "strip" | "picture" | "bus" | "scene" | "transition" | "occlusion" | "destination"
                | "audience" | "uplink" | "live",
                ..,
            ) => return Self::Live,
            ("video" | "audio" | "rendition", ..) => "an encoder is made for it",
            ("cues", ..) => "a run may be under way; cue load takes them at once",
            ("rules", ..) => "rules load takes them at once",
            ("start" | "recording", ..) => "it says how a show begins",
            ("title" | "relay", ..) => "viewers are connected by it",
            ("moderation" | "analysis", ..) => "the workers that judge are started with it",
            _ => "it is read when a studio starts",
        };
        Self::NextStart(reason.to_owned())
    }

    /// Whether it is carried out while the show runs.
    #[must_use]
    pub fn is_live(&self) -> bool {
        *self == Self::Live
    }
}

impl ShowDifference {
    fn new(path: &[String], before: Option<String>, after: Option<String>) -> Self {
        Self {
            when: When::of(path),
            path: path.to_vec(),
            before,
            after,
        }
    }

    /// The path as scene files write keys.
    #[must_use]
    pub fn key(&self) -> String {
        self.path.join(".")
    }
}

/// `scene host item cam size 50% → 60%`.
impl fmt::Display for ShowDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.path.join(" "))?;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) if before == after => write!(f, "{after} has changed"),
            (Some(before), Some(after)) => write!(f, "{before} → {after}"),
            (None, Some(after)) => write!(f, "added: {after}"),
            (Some(_), None) => write!(f, "removed"),
            (None, None) => write!(f, "changed"),
        }
    }
}

/// What is different in `new`. What the show was read from is none of it.
#[must_use]
pub fn diff(old: &Show, new: &Show) -> Vec<ShowDifference> {
    let (before, after) = (facts(old), facts(new));
    let mut found = compare(&before, &after);
    for ((path, before), (_, after)) in paired(&orders(old), &orders(new)) {
        let kept = |of: &[String], other: &[String]| {
            let kept = of.iter().filter(|name| other.contains(name));
            kept.cloned().collect::<Vec<_>>()
        };
        let (before, after) = (kept(before, after), kept(after, before));
        if before != after {
            found.push(ShowDifference::new(
                path,
                Some(before.join(", ")),
                Some(after.join(", ")),
            ));
        }
    }
    for (section, is_different) in sections(old, new) {
        if is_different && !found.iter().any(|known| known.path.starts_with(&section)) {
            let dots = Some(DOTS.to_owned());
            found.push(ShowDifference::new(&section, dots.clone(), dots));
        }
    }
    found
}

/// Pairs entries of the same path.
type Order = (Vec<String>, Vec<String>);

fn paired<'a>(old: &'a [Order], new: &'a [Order]) -> Vec<(&'a Order, &'a Order)> {
    let same = |order: &'a Order| Some((order, new.iter().find(|(path, _)| *path == order.0)?));
    old.iter().filter_map(same).collect()
}

/// The facts that are not the same. Of a thing that is new or gone only that is told, and nothing of what it is made of.
fn compare(before: &[Fact], after: &[Fact]) -> Vec<ShowDifference> {
    let by_path = |facts: &'_ [Fact]| -> BTreeMap<Vec<String>, usize> {
        let places = facts.iter().enumerate();
        places.map(|(at, fact)| (fact.path.clone(), at)).collect()
    };
    let (old, new) = (by_path(before), by_path(after));
    let mut wholes = BTreeSet::new();
    let mut found = Vec::new();
    let is_within = |path: &[String], wholes: &BTreeSet<Vec<String>>| {
        // What is set on a source comes and goes with it.
        let of_source = || ["source".to_owned(), path[1].clone()].to_vec();
        (1..path.len()).any(|length| wholes.contains(&path[..length]))
            || path.len() > 2 && matches!(path[0].as_str(), "strip" | "picture") && wholes.contains(&of_source())
    };
    for fact in before.iter().filter(|fact| fact.is_whole) {
        if !new.contains_key(&fact.path) && !is_within(&fact.path, &wholes) {
            found.push(ShowDifference::new(&fact.path, Some(fact.shown.clone()), None));
            wholes.insert(fact.path.clone());
        }
    }
    for fact in after {
        let was = old.get(&fact.path).map(|at| &before[*at]);
        if is_within(&fact.path, &wholes) {
            continue;
        }
        match was {
            None if fact.is_whole => {
                found.push(ShowDifference::new(&fact.path, None, Some(fact.shown.clone())));
                wholes.insert(fact.path.clone());
            }
            None => {
                let none = Some("none".to_owned());
                found.push(ShowDifference::new(&fact.path, none, Some(fact.shown.clone())));
            }
            Some(was) if !fact.is_whole && was.real != fact.real => {
                let (before, after) = (was.shown.clone(), fact.shown.clone());
                found.push(ShowDifference::new(&fact.path, Some(before), Some(after)));
            }
            Some(_) => {}
        }
    }
    for fact in before.iter().filter(|fact| !fact.is_whole) {
        if !new.contains_key(&fact.path) && !is_within(&fact.path, &wholes) {
            let none = Some("none".to_owned());
            found.push(ShowDifference::new(&fact.path, Some(fact.shown.clone()), none));
        }
    }
    found
}

/// The parts of a show, and whether they are different: what has no fact of its own, and secrets above all.
fn sections(old: &Show, new: &Show) -> Vec<(Vec<String>, bool)> {
    let mut sections = vec![
        ("title", old.title != new.title),
        ("video", old.video != new.video),
        ("audio", old.audio != new.audio),
        ("bus", old.buses != new.buses),
        ("start", old.start != new.start),
        ("transition", old.transition != new.transition),
        ("analysis", old.analysis != new.analysis),
        ("occlusion", old.occlusion != new.occlusion),
        ("moderation", old.moderation != new.moderation),
        ("relay", old.relay != new.relay),
        ("obs", old.obs != new.obs),
        ("recording", old.recording != new.recording),
        ("uplink", old.uplink_kbps != new.uplink_kbps),
        ("adapt", old.adapt != new.adapt),
        ("rules", old.rules != new.rules),
        ("data", old.data != new.data),
        ("cues", old.cues != new.cues),
        ("obs", old.obs != new.obs),
        ("live", old.is_watched != new.is_watched),
    ]
    .into_iter()
    .map(|(name, is_different)| (vec![name.to_owned()], is_different))
    .collect::<Vec<_>>();
    named(&mut sections, "source", &old.sources, &new.sources, |it| &it.name);
    named(&mut sections, "strip", &old.strips, &new.strips, |(name, _)| name);
    named(&mut sections, "picture", &old.pictures, &new.pictures, |(name, _)| name);
    named(&mut sections, "scene", &old.scenes, &new.scenes, |it| &it.name);
    named(&mut sections, "audience", &old.audience, &new.audience, |it| &it.name);
    named(&mut sections, "rendition", &old.renditions, &new.renditions, |it| {
        &it.name
    });
    named(
        &mut sections,
        "destination",
        &old.destinations,
        &new.destinations,
        |it| &it.name,
    );
    sections
}

fn named<T: PartialEq>(
    sections: &mut Vec<(Vec<String>, bool)>,
    section: &str,
    old: &[T],
    new: &[T],
    name: impl Fn(&T) -> &String,
) {
    for thing in new {
        if let Some(was) = old.iter().find(|was| name(was) == name(thing)) {
            sections.push((vec![section.to_owned(), name(thing).clone()], was != thing));
        }
    }
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
