//! What things of a studio are called in the protocol: UUIDs, numbers of items, kinds, time codes.
//!
//! A studio knows its things by name. UUIDs and numbers are made of names, so that they are the same after a restart and in each
//! of several connections.

use sha2::{Digest as _, Sha256};

use crate::media::TimeDelta;
use crate::studio::command::{ArgKind, table};
use crate::studio::model::{Fade, Item, SceneModel, Shown, SourceModel, Studio, TransitionKind};

/// What has a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A scene.
    Scene,
    /// A source, which is an input there.
    Input,
    /// A way from one scene to the next.
    Transition,
}

fn digest(thing: &str, parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(thing);
    for part in parts {
        hash.update([0]);
        hash.update(part);
    }
    hash.finalize().into()
}

/// The UUID of the thing of that name: version 8 of RFC 9562 §5.8, which leaves it to the maker what the bits are.
#[must_use]
pub fn uuid(thing: Thing, name: &str) -> String {
    let word = match thing {
        Thing::Scene => "scene",
        Thing::Input => "input",
        Thing::Transition => "transition",
    };
    let hash = digest(word, &[name]);
    let mut bits = u128::from_be_bytes(std::array::from_fn(|at| hash[at]));
    bits = bits & !(0xf << 76) | 8 << 76;
    bits = bits & !(0b11 << 62) | 0b10 << 62;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// The number of the item of that name in the scene of that name: the same wherever it lies in the list.
#[must_use]
pub fn item_id(scene: &str, item: &str) -> u32 {
    let hash = digest("item", &[scene, item]);
    // Never 0, and small enough for clients that count in 32 bits with a sign.
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) >> 1 | 1
}

/// The kind of input that a source is: of its own, since its settings are of its own.
#[must_use]
pub fn input_kind(source: &SourceModel) -> String {
    format!("rigcast_{}", source.kind)
}

/// All kinds of inputs.
pub const INPUT_KINDS: &[&str] = &["rigcast_pattern", "rigcast_file", "rigcast_rtsp"];

/// What an item shows, as a source of the protocol: its name, whether it is an input, a scene or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shows<'a> {
    /// Its name.
    pub name: &'a str,
    /// `OBS_SOURCE_TYPE_INPUT` or `OBS_SOURCE_TYPE_SCENE`.
    pub kind: &'static str,
    /// Of an input, as far as it is a source of the studio.
    pub input_kind: Option<String>,
    /// Of a scene.
    pub is_group: Option<bool>,
}

/// What `item` shows.
#[must_use]
pub fn shows<'a>(studio: &'a Studio, item: &'a Item) -> Shows<'a> {
    let input = |name, kind: &str| Shows {
        name,
        kind: "OBS_SOURCE_TYPE_INPUT",
        input_kind: Some(kind.to_owned()),
        is_group: None,
    };
    let scene = |name, is_group| Shows {
        name,
        kind: "OBS_SOURCE_TYPE_SCENE",
        input_kind: None,
        is_group: Some(is_group),
    };
    match &item.what {
        Shown::Source(name) => {
            let source = studio.sources.iter().find(|source| source.name == *name);
            input(name, &source.map_or_else(|| "rigcast_source".to_owned(), input_kind))
        }
        Shown::Scene { name, .. } => scene(name, false),
        Shown::Group(_) => scene(&item.name, true),
        Shown::Text(_) => input(&item.name, "rigcast_text"),
        Shown::Image(_) => input(&item.name, "rigcast_image"),
        Shown::Color(_) => input(&item.name, "rigcast_color"),
    }
}

/// The item of that number in a scene, with its place from below.
#[must_use]
pub fn item_of(scene: &SceneModel, id: u32) -> Option<(usize, &Item)> {
    let mut items = scene.items.iter().enumerate();
    items.find(|(_, item)| item_id(&scene.name, &item.name) == id)
}

/// A way from one scene to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// As it is typed after `transition`.
    pub word: &'static str,
    /// As the protocol has it.
    pub name: &'static str,
    /// Likewise.
    pub kind: &'static str,
}

const WAYS: [Way; 4] = [
    Way {
        word: "cut",
        name: "Cut",
        kind: "cut_transition",
    },
    Way {
        word: "fade",
        name: "Fade",
        kind: "fade_transition",
    },
    Way {
        word: "wipe",
        name: "Wipe",
        kind: "wipe_transition",
    },
    Way {
        word: "stinger",
        name: "Stinger",
        kind: "obs_stinger_transition",
    },
];

impl Way {
    /// Whether it takes no time, so that there is nothing to set.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.word == "cut"
    }
}

/// That of a kind.
#[must_use]
pub const fn way(kind: TransitionKind) -> Way {
    match kind {
        TransitionKind::Cut => WAYS[0],
        TransitionKind::Fade => WAYS[1],
        TransitionKind::Wipe => WAYS[2],
        TransitionKind::Stinger => WAYS[3],
    }
}

/// That of a take under way.
#[must_use]
pub fn way_of_fade(studio: &Studio, _: &Fade) -> Way {
    match studio.transition.kind {
        // It was asked for by name.
        TransitionKind::Cut => way(TransitionKind::Fade),
        kind => way(kind),
    }
}

/// Those that the command `transition` can set.
pub fn ways() -> impl Iterator<Item = Way> {
    let words = match table::spec("transition").and_then(|spec| spec.args.first()) {
        Some(arg) => match arg.kind {
            ArgKind::Choice(words) => words,
            _ => &[],
        },
        None => &[],
    };
    WAYS.into_iter().filter(|way| words.contains(&way.word))
}

/// `HH:MM:SS.mmm`.
#[must_use]
pub fn timecode(length: TimeDelta) -> String {
    let ms = length.to_millis().max(0);
    let (seconds, minutes) = (ms / 1000, ms / 60_000);
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        minutes / 60,
        minutes % 60,
        seconds % 60,
        ms % 1000
    )
}

/// A level or gain in dB as a factor.
#[must_use]
pub fn mul(db: f64) -> f64 {
    10_f64.powf(db / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_look_like_uuids_and_differ() {
        let host = uuid(Thing::Scene, "host");
        assert_eq!(host.len(), 36);
        assert_eq!((&host[14..15], host.matches('-').count()), ("8", 4));
        assert!("89ab".contains(&host[19..20]), "{host}");
        assert_eq!(host, uuid(Thing::Scene, "host"));
        assert_ne!(host, uuid(Thing::Input, "host"));
        assert_ne!(item_id("a", "bc"), item_id("ab", "c"));
    }

    #[test]
    fn time_codes_have_hours() {
        for (ms, expected) in [(0, "00:00:00.000"), (3_723_045, "01:02:03.045"), (-5, "00:00:00.000")] {
            assert_eq!(timecode(TimeDelta::from_millis(ms)), expected);
        }
    }

    #[test]
    fn what_the_command_can_set_can_be_chosen() {
        let words: Vec<_> = ways().map(|way| way.word).collect();
        assert!(words.starts_with(&["cut", "fade"]), "{words:?}");
    }
}
