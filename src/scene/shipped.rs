//! The presets and the demo that come with the program, inside it: an installed binary has them without any folder.
//!
//! They are the very files in `presets/` and `scenes/`, read by the same code as anybody's own.

/// Preset files by name, lowest of all layers first: `default` is always read.
const PRESETS: &[(&str, &str)] = &[
    (DEFAULT, include_str!("../../presets/default.toml")),
    ("480p-low", include_str!("../../presets/480p-low.toml")),
    ("720p30", include_str!("../../presets/720p30.toml")),
    ("720p60", include_str!("../../presets/720p60.toml")),
    ("1080p30", include_str!("../../presets/1080p30.toml")),
    ("portrait-720", include_str!("../../presets/portrait-720.toml")),
    ("portrait-1080", include_str!("../../presets/portrait-1080.toml")),
    ("square-720", include_str!("../../presets/square-720.toml")),
    ("square-1080", include_str!("../../presets/square-1080.toml")),
    ("lower-third", include_str!("../../presets/lower-third.toml")),
    ("ticker", include_str!("../../presets/ticker.toml")),
    ("countdown", include_str!("../../presets/countdown.toml")),
    ("starting-soon", include_str!("../../presets/starting-soon.toml")),
    ("cut", include_str!("../../presets/cut.toml")),
    ("fade", include_str!("../../presets/fade.toml")),
];

/// Sound presets by name.
pub(super) const SOUND_PRESETS: &[(&str, &str)] = &[
    ("podcast-voice", include_str!("../../presets/sound/podcast-voice.toml")),
    ("noisy-street", include_str!("../../presets/sound/noisy-street.toml")),
    ("music", include_str!("../../presets/sound/music.toml")),
    ("line-in", include_str!("../../presets/sound/line-in.toml")),
    (
        "loudness-streaming",
        include_str!("../../presets/sound/loudness-streaming.toml"),
    ),
    (
        "loudness-podcast",
        include_str!("../../presets/sound/loudness-podcast.toml"),
    ),
    (
        "loudness-broadcast",
        include_str!("../../presets/sound/loudness-broadcast.toml"),
    ),
];

/// Picture presets by name.
pub(super) const PICTURE_PRESETS: &[(&str, &str)] = &[
    ("low-light", include_str!("../../presets/picture/low-light.toml")),
    ("webcam", include_str!("../../presets/picture/webcam.toml")),
    ("flat-camera", include_str!("../../presets/picture/flat-camera.toml")),
];

/// Occlusion policies by name.
pub(super) const OCCLUSION_POLICIES: &[(&str, &str)] = &[
    ("regions", include_str!("../../presets/occlusion/regions.toml")),
    ("blur", include_str!("../../presets/occlusion/blur.toml")),
    (
        "all-or-nothing",
        include_str!("../../presets/occlusion/all-or-nothing.toml"),
    ),
];

/// Adaptation policies by name.
pub(super) const ADAPT_POLICIES: &[(&str, &str)] = &[
    ("steady", include_str!("../../presets/adapt/steady.toml")),
    ("sharp", include_str!("../../presets/adapt/sharp.toml")),
    ("frugal", include_str!("../../presets/adapt/frugal.toml")),
    ("sports", include_str!("../../presets/adapt/sports.toml")),
];

/// Word lists by name.
pub(super) const WORD_LISTS: &[(&str, &str)] = &[("en", include_str!("../../presets/words/en.toml"))];

/// Presets of other settings: the folder that each is in, its name, its text.
pub(super) const SETTINGS_PRESETS: &[(&str, &str, &str)] = &[
    ("encoder", "archive", include_str!("../../presets/encoder/archive.toml")),
    (
        "encoder",
        "weak-line",
        include_str!("../../presets/encoder/weak-line.toml"),
    ),
    ("encoder", "slides", include_str!("../../presets/encoder/slides.toml")),
    ("encoder", "speech", include_str!("../../presets/encoder/speech.toml")),
    ("encoder", "concert", include_str!("../../presets/encoder/concert.toml")),
    (
        "destination",
        "twitch",
        include_str!("../../presets/destination/twitch.toml"),
    ),
    (
        "destination",
        "youtube",
        include_str!("../../presets/destination/youtube.toml"),
    ),
    (
        "destination",
        "facebook",
        include_str!("../../presets/destination/facebook.toml"),
    ),
    (
        "destination",
        "nginx-here",
        include_str!("../../presets/destination/nginx-here.toml"),
    ),
    (
        "guard",
        "faces-hidden",
        include_str!("../../presets/guard/faces-hidden.toml"),
    ),
    (
        "guard",
        "faces-blurred",
        include_str!("../../presets/guard/faces-blurred.toml"),
    ),
    (
        "guard",
        "family-hour",
        include_str!("../../presets/guard/family-hour.toml"),
    ),
    (
        "guard",
        "late-night",
        include_str!("../../presets/guard/late-night.toml"),
    ),
    (
        "network",
        "phone-line",
        include_str!("../../presets/network/phone-line.toml"),
    ),
    (
        "network",
        "as-written",
        include_str!("../../presets/network/as-written.toml"),
    ),
];

/// A shipped preset of anything but a whole layer: its path in the repository, for errors, and its text.
pub(super) fn stage_preset(name: &str) -> Option<(String, &'static str)> {
    let found = [("sound", SOUND_PRESETS), ("picture", PICTURE_PRESETS)].map(|(folder, presets)| {
        let (_, text) = presets.iter().find(|(known, _)| *known == name)?;
        Some((format!("presets/{folder}/{name}.toml"), *text))
    });
    let settings = || {
        let (folder, _, text) = SETTINGS_PRESETS.iter().find(|(_, known, _)| *known == name)?;
        Some((format!("presets/{folder}/{name}.toml"), *text))
    };
    found.into_iter().flatten().next().or_else(settings)
}

/// Sets of stickers by name.
pub(super) const STICKER_SETS: &[(&str, &str)] = &[
    ("disguise", include_str!("../../presets/stickers/disguise.toml")),
    ("smile", include_str!("../../presets/stickers/smile.toml")),
    ("cat", include_str!("../../presets/stickers/cat.toml")),
];

/// The shipped art that is called `file`, as a PNG.
pub(super) fn sticker_art(file: &str) -> Option<&'static [u8]> {
    Some(match file {
        "beard.png" => include_bytes!("../../presets/stickers/beard.png"),
        "brows.png" => include_bytes!("../../presets/stickers/brows.png"),
        "cap.png" => include_bytes!("../../presets/stickers/cap.png"),
        "cat.png" => include_bytes!("../../presets/stickers/cat.png"),
        "cheeks.png" => include_bytes!("../../presets/stickers/cheeks.png"),
        "clown-nose.png" => include_bytes!("../../presets/stickers/clown-nose.png"),
        "ear-muffs.png" => include_bytes!("../../presets/stickers/ear-muffs.png"),
        "moustache.png" => include_bytes!("../../presets/stickers/moustache.png"),
        "robot.png" => include_bytes!("../../presets/stickers/robot.png"),
        "scarf.png" => include_bytes!("../../presets/stickers/scarf.png"),
        "smile.png" => include_bytes!("../../presets/stickers/smile.png"),
        "sunglasses.png" => include_bytes!("../../presets/stickers/sunglasses.png"),
        _ => return None,
    })
}

/// The preset under every show.
pub(super) const DEFAULT: &str = "default";

/// What the demo is called in errors.
pub(super) const DEMO_NAME: &str = "scenes/demo.toml";

/// The show of a `rigcast` without arguments.
pub(super) const DEMO: &str = include_str!("../../scenes/demo.toml");

/// The shipped preset meant by `name`: `fade`, `fade.toml`, `presets/fade.toml` or `../presets/fade.toml`. Gives its path
/// in the repository, for errors, and its text.
pub(super) fn preset(name: &str) -> Option<(String, &'static str)> {
    let bare = name.trim_start_matches("../").trim_start_matches("presets/");
    let bare = bare.strip_suffix(".toml").unwrap_or(bare);
    let (name, text) = PRESETS.iter().find(|(name, _)| *name == bare)?;
    Some((format!("presets/{name}.toml"), text))
}

/// All shipped presets that can be included, with their texts.
pub(super) fn includes() -> impl Iterator<Item = (&'static str, &'static str)> {
    PRESETS.iter().copied().filter(|(name, _)| *name != DEFAULT)
}

/// The names of all shipped presets that can be included.
pub(super) fn preset_names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|(name, _)| *name).filter(|name| *name != DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_file_is_shipped_and_found_by_each_spelling() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/presets");
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let Some(stem) = file.strip_suffix(".toml") else {
                assert!(
                    [
                        "adapt",
                        "destination",
                        "encoder",
                        "guard",
                        "network",
                        "occlusion",
                        "picture",
                        "sound",
                        "stickers",
                        "themes",
                        "words"
                    ]
                    .contains(&file.as_str()),
                    "{file}"
                );
                continue;
            };
            if stem == "keymap" {
                continue; // read by the terminal, no part of a show
            }
            for spelling in [
                stem.to_owned(),
                file.clone(),
                format!("presets/{file}"),
                format!("../presets/{file}"),
            ] {
                assert!(preset(&spelling).is_some(), "{spelling} is not in PRESETS");
            }
        }
        assert_eq!(preset("nothing"), None);
    }

    #[test]
    fn every_occlusion_policy_is_shipped_and_right() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/presets/occlusion");
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let name = file.strip_suffix(".toml").unwrap();
            let shipped = OCCLUSION_POLICIES.iter().find(|(known, _)| *known == name);
            let (_, text) = shipped.unwrap_or_else(|| panic!("{name} is not in OCCLUSION_POLICIES"));
            let policy = crate::scene::read_policy(name, &file, text).unwrap();
            assert!(!policy.title.is_empty(), "{name}");
        }
    }

    #[test]
    fn every_adaptation_policy_is_shipped_and_right() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/presets/adapt");
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let name = file.strip_suffix(".toml").unwrap();
            let shipped = ADAPT_POLICIES.iter().find(|(known, _)| *known == name);
            let (_, text) = shipped.unwrap_or_else(|| panic!("{name} is not in ADAPT_POLICIES"));
            let policy = crate::scene::read_adapt_policy(name, &file, text).unwrap();
            assert!(!policy.title.is_empty(), "{name}");
        }
    }

    #[test]
    fn every_word_list_is_shipped_and_right() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/presets/words");
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let name = file.strip_suffix(".toml").unwrap();
            let shipped = WORD_LISTS.iter().find(|(known, _)| *known == name);
            let (_, text) = shipped.unwrap_or_else(|| panic!("{name} is not in WORD_LISTS"));
            let list = crate::scene::read_word_list(name, &file, text).unwrap();
            assert!(!list.title.is_empty(), "{name}");
        }
    }

    #[test]
    fn every_preset_of_sound_and_picture_is_shipped_and_right() {
        let mut names = std::collections::HashSet::new();
        for folder in ["sound", "picture", "encoder", "destination", "guard", "network"] {
            let path = format!("{}/presets/{folder}", env!("CARGO_MANIFEST_DIR"));
            for entry in std::fs::read_dir(path).unwrap() {
                let file = entry.unwrap().file_name().into_string().unwrap();
                let name = file.strip_suffix(".toml").unwrap();
                assert!(names.insert(name.to_owned()), "{name} twice");
                let (label, text) = stage_preset(name).unwrap_or_else(|| panic!("{name} is in no list"));
                assert_eq!(label, format!("presets/{folder}/{file}"));
                let preset = crate::scene::Preset::read(name, &file, text).unwrap();
                assert!(preset.title.is_some(), "{name}");
                assert_eq!(preset.is_for_picture(), folder == "picture", "{name}");
            }
        }
    }

    #[test]
    fn every_file_of_stickers_is_shipped() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/presets/stickers");
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let is_shipped = match file.rsplit_once('.').unwrap() {
                (name, "toml") => STICKER_SETS.iter().any(|(known, _)| *known == name),
                (_, "png") => sticker_art(&file).is_some(),
                _ => file == "draw.py",
            };
            assert!(is_shipped, "{file}");
        }
    }
}
