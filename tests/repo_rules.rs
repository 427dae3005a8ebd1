//! Rules of the repository that the compiler does not keep: who may know whom, where IO and `unsafe` may be, how long a file
//! may grow, and that the documents tell the truth.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]
#![allow(clippy::case_sensitive_file_extension_comparisons)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The dependency rule of the design: what each room of `src/` may name after `crate::`, besides itself. A path with two
/// parts allows no more than that part of a room.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("media", &[]),
    ("suggest", &[]),
    ("wire", &["media", "secret"]),
    ("sound", &["media", "param"]),
    ("picture", &["media", "param"]),
    ("vision", &["media", "picture"]),
    ("hold", &["media"]),
    ("param", &[]),
    ("encode", &["media"]),
    ("adapt", &["media"]),
    ("trust", &[]),
    ("cue", &["media"]),
    ("rules", &["media"]),
    (
        "obs",
        &[
            "media",
            "clock",
            "secret",
            "wire",
            "studio::model",
            "studio::command",
            "control::desk",
            "control::taps",
            "control::protocol",
        ],
    ),
    ("audience", &["media", "clock", "secret", "trust"]),
    (
        "worker",
        &["media", "encode", "picture", "sound", "speech", "vision", "clock"],
    ),
    ("source", &["media", "picture", "clock", "secret", "wire"]),
    ("sockopt", &[]),
    ("folders", &[]),
    (
        "publish",
        &["media", "wire", "clock", "secret", "sockopt", "trust", "adapt"],
    ),
    // Of the stages, scene takes the plain types of their settings; the stages do not know that there are files.
    (
        "scene",
        &[
            "media",
            "secret",
            "suggest",
            "source",
            "sound",
            "picture",
            "vision",
            "encode",
            "publish",
            "record",
            "relay",
            "obs",
            "adapt",
            "audience",
            "worker::analyse",
            "hold",
            "speech",
            "param",
            "folders",
            "cue",
            "rules",
            "obs",
            // What a cue file says is held against the table.
            "studio::command",
        ],
    ),
    ("speech", &["media"]),
    (
        "studio",
        &[
            "media", "clock", "secret", "suggest", "source", "sound", "picture", "speech", "vision", "encode", "hold",
            "publish", "record", "relay", "adapt", "audience", "scene", "control", "worker", "cue", "rules", "obs",
        ],
    ),
    ("control", &["media", "clock", "studio::model", "studio::command"]),
    (
        "tui",
        &[
            "media",
            "clock",
            "studio::model",
            "studio::command",
            "control::protocol",
            "control::client",
            "suggest",
            "folders",
        ],
    ),
    ("record", &["media", "wire", "clock", "secret"]),
    ("relay", &["media", "wire", "clock", "secret", "sockopt"]),
    // The shell joins everything.
    (
        "cli",
        &[
            "media", "clock", "secret", "source", "sound", "picture", "vision", "encode", "publish", "record", "relay",
            "adapt", "audience", "scene", "speech", "studio", "control", "tui", "worker", "cue", "rules", "obs",
            "folders",
        ],
    ),
];

/// Rooms of pure logic: bytes, samples, pictures and time come in as values.
const PURE_ROOMS: &[&str] = &[
    "media", "wire", "sound", "picture", "encode", "adapt", "hold", "cue", "rules",
];

/// What pure code does not name. A file system or a socket makes tests slow, a clock makes them lie.
const IMPURE: &[&str] = &[
    "tokio",
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "Instant::now",
    "SystemTime",
];

/// Files outside the pure rooms that are pure as well: the heart of the studio.
const PURE_FILES: &[&str] = &[
    "obs/auth.rs",
    "obs/encoding.rs",
    "obs/events.rs",
    "obs/levels.rs",
    "obs/names.rs",
    "obs/permit.rs",
    "obs/request/mod.rs",
    "obs/request/fields.rs",
    "obs/request/general.rs",
    "obs/request/inputs.rs",
    "obs/request/items.rs",
    "obs/request/outputs.rs",
    "obs/request/scenes.rs",
    "obs/request/shot.rs",
    "obs/request/transitions.rs",
    "obs/session.rs",
    "obs/socket.rs",
    "studio/command/parse.rs",
    "studio/model.rs",
    "studio/command/table.rs",
    "studio/command/table/air.rs",
    "studio/command/table/cues.rs",
    "studio/update/cues.rs",
    "studio/command/table/delivery.rs",
    "studio/command/table/moderation.rs",
    "studio/command/table/occlusion.rs",
    "studio/command/table/picture.rs",
    "studio/command/table/screen.rs",
    "studio/command/table/sound.rs",
    "studio/command/asks.rs",
    "studio/model/undo.rs",
    "studio/undo.rs",
    "studio/undo/line.rs",
    "studio/undo/settings.rs",
    "studio/update.rs",
    "studio/update/border.rs",
    "studio/update/undo.rs",
    "studio/update/reports.rs",
    "studio/update/picture.rs",
    "studio/opening.rs",
    "studio/clearance.rs",
    "worker/analyse/analyser.rs",
    "worker/analyse/finding.rs",
    "worker/analyse/registry.rs",
    "worker/analyse/watches.rs",
    "studio/saved.rs",
    "studio/command/table/rules.rs",
    "studio/model/rules.rs",
    "studio/update/rules.rs",
];

/// How many files with `unsafe` a room may have where it is not one: two decoders of H.264 are two foreign libraries, and a
/// border each is easier to read than one file with both. In `source` these are, beside those two, the kernel (cameras), ALSA, memory
/// shared with an X server, and a program that must end with the studio.
const BORDERS: &[(&str, usize)] = &[("encode", 2), ("source", 6), ("speech", 2)];

/// A file gets a second look beyond this many lines …
const LONG: usize = 500;
/// … and is split beyond this many.
const TOO_LONG: usize = 800;

/// A source file of the crate.
struct SourceFile {
    /// Below `src/`, with forward slashes.
    name: String,
    text: String,
    /// The text without comments and without its tests.
    code: String,
}

impl SourceFile {
    /// The folder of `src/` that it is in; `cli.rs` is the head of `cli/`.
    fn room(&self) -> &str {
        self.name.split(['/', '.']).next().unwrap()
    }

    fn is_test(&self) -> bool {
        ["tests.rs", "testdata.rs"].iter().any(|end| self.name.ends_with(end)) || self.name.contains("/tests/")
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn walk(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
}

fn sources() -> Vec<SourceFile> {
    let mut paths = Vec::new();
    walk(&root().join("src"), "rs", &mut paths);
    assert!(paths.len() > 50, "src/ was not found");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let name = path
            .strip_prefix(root().join("src"))
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        SourceFile {
            code: code_of(&text),
            name,
            text,
        }
    };
    paths.into_iter().map(read).filter(|file| !file.is_test()).collect()
}

/// `text` without its comments, and without the test module at its end.
fn code_of(text: &str) -> String {
    // Attributes may stand between `#[cfg(test)]` and the module; without that one its tests would not be found as such.
    let end = text.find("\nmod tests {").unwrap_or(text.len());
    let mut code = String::new();
    for line in text[..end].lines() {
        let line = if line.trim_start().starts_with("//") { "" } else { line };
        code.push_str(line.split(" // ").next().unwrap());
        code.push('\n');
    }
    code
}

/// Everything named after `crate::` in `code`, as `room` or `room::part`.
fn crate_paths(code: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let path_at = |text: &str| {
        let mut parts = text.splitn(3, "::");
        let first: String = parts
            .next()
            .unwrap_or("")
            .trim_start()
            .chars()
            .take_while(|c| is_word(*c))
            .collect();
        let is_module = text.trim_start()[first.len()..].starts_with("::");
        let second: String = parts.next().unwrap_or("").chars().take_while(|c| is_word(*c)).collect();
        if is_module && second.starts_with(|c: char| c.is_lowercase()) {
            format!("{first}::{second}")
        } else {
            first
        }
    };
    let mut found = BTreeSet::new();
    for (at, start) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(is_word) {
            continue; // another crate whose name ends so
        }
        let rest = &code[at + start.len()..];
        // `use crate::{a::X, b::{Y, Z}};`: one path per entry of the outer braces.
        if let Some(group) = rest.strip_prefix('{') {
            let (mut depth, mut entry) = (0, 0);
            for (at, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => {
                        found.insert(path_at(&group[entry..at]));
                        break;
                    }
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        found.insert(path_at(&group[entry..at]));
                        entry = at + 1;
                    }
                    _ => {}
                }
            }
        } else if let Some((module, group)) = rest.split_once("::{").filter(|(module, _)| module.chars().all(is_word)) {
            // `use crate::studio::{command, model::X};`: the parts of one room.
            let group = group.split('}').next().unwrap();
            for part in group.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                found.insert(path_at(&format!("{module}::{part}")));
            }
        } else {
            found.insert(path_at(rest));
        }
    }
    found.remove("");
    found
}

/// The most `super::` in a row, which is another way out of a room.
fn longest_super(code: &str) -> usize {
    let mut longest = 0;
    for (at, _) in code.match_indices("super::") {
        let chain = code.as_bytes()[at..]
            .chunks_exact(7)
            .take_while(|part| *part == b"super::")
            .count();
        longest = longest.max(chain);
    }
    longest
}

fn complain(broken: &[String], rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn the_reader_of_paths_reads_all_forms() {
    let code = "use crate::media::{FrameRate, time::X};\nuse crate::{wire::rtmp::A, studio::model, clock::{B, C}};\nfn f() { crate::secret::Secret::new(1); }\n\
                use crate::control::{client, protocol::P};\nuse my_crate::tui;\nuse crate::scene::Show;";
    let found: Vec<String> = crate_paths(code).into_iter().collect();
    let expected = [
        "clock",
        "control::client",
        "control::protocol",
        "media",
        "media::time",
        "scene",
        "secret",
        "studio::model",
        "wire::rtmp",
    ];
    assert_eq!(found, expected);
    assert_eq!(longest_super("use super::super::x; super::y"), 2);
    assert_eq!(
        code_of("a // b\n// c\nd\n#[cfg(test)]\nmod tests {\n crate::x }"),
        "a\n\nd\n#[cfg(test)]\n"
    );
}

#[test]
fn each_room_knows_only_whom_it_may() {
    let mut broken = Vec::new();
    for file in sources() {
        if ["lib", "main", "clock", "secret"].contains(&file.room()) {
            let known: Vec<String> = crate_paths(&file.code)
                .into_iter()
                .filter(|path| !path.starts_with("media"))
                .collect();
            if !known.is_empty() && file.room() != "lib" && file.room() != "main" {
                broken.push(format!("src/{} names {}", file.name, known.join(", ")));
            }
            continue;
        }
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(room, _)| *room == file.room()) else {
            broken.push(format!(
                "src/{}: the room \"{}\" is not in MAY_KNOW",
                file.name,
                file.room()
            ));
            continue;
        };
        for path in crate_paths(&file.code) {
            let room = path.split("::").next().unwrap();
            if room != file.room() && !allowed.contains(&room) && !allowed.contains(&path.as_str()) {
                broken.push(format!("src/{} names crate::{path}", file.name));
            }
        }
        // How many steps up lead out of the room: `room/mod.rs` is one below the crate, `room/x.rs` two.
        let steps = file.name.trim_end_matches("/mod.rs").split('/').count();
        if longest_super(&file.code) >= steps && steps > 1 {
            broken.push(format!("src/{} leaves its room by super::", file.name));
        }
    }
    complain(&broken, "the dependency rule of docs/architecture.md");
}

#[test]
fn pure_code_stays_pure() {
    let mut broken = Vec::new();
    for file in sources() {
        let is_pure = PURE_ROOMS.contains(&file.room()) || PURE_FILES.contains(&file.name.as_str());
        for word in IMPURE.iter().filter(|word| is_pure && file.code.contains(**word)) {
            broken.push(format!("src/{} names {word}", file.name));
        }
        let may_know_tokio = [
            "publish", "relay", "audience", "trust", "studio", "control", "tui", "cli", "obs",
        ]
        .contains(&file.room());
        // What speaks a network's protocol by a crate that wants it.
        let is_of_network = file.name.starts_with("source/rtsp") || file.name.starts_with("source/rtmp");
        if !may_know_tokio && !is_of_network && file.code.contains("tokio") {
            broken.push(format!("src/{} names tokio", file.name));
        }
    }
    complain(&broken, "logic does no IO and asks no clock");
    for name in PURE_FILES {
        assert!(
            root().join("src").join(name).is_file(),
            "PURE_FILES names {name}, which is gone"
        );
    }
}

#[test]
fn nothing_panics_or_prints_by_habit() {
    let words = [
        ".unwrap()",
        "todo!(",
        "unimplemented!(",
        "dbg!(",
        "println!(",
        "eprintln!(",
        " print!(",
        "eprint!(",
    ];
    let mut broken = Vec::new();
    for file in sources() {
        for (number, line) in file.code.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                broken.push(format!("src/{}:{}: {word}", file.name, number + 1));
            }
        }
    }
    complain(&broken, "no unwrap, no print, no todo outside of tests");
}

#[test]
fn examples_in_the_documentation_are_no_programs() {
    let is_comment = |line: &str| line.trim_start().starts_with("//!") || line.trim_start().starts_with("///");
    let mut broken = Vec::new();
    for file in sources() {
        let mut is_open = false;
        for (number, line) in file.text.lines().enumerate().filter(|(_, line)| is_comment(line)) {
            let Some((_, language)) = line.split_once("```") else {
                continue;
            };
            if !is_open && language.is_empty() {
                broken.push(format!("src/{}:{}", file.name, number + 1));
            }
            is_open = !is_open;
        }
    }
    // `./test` asks rustdoc for none: an example that is a program belongs into tests/.
    complain(
        &broken,
        "an example in the documentation says what it is: ```text, ```toml",
    );
}

#[test]
fn unsafe_code_lives_in_one_small_file_per_border() {
    let mut by_room: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut broken = Vec::new();
    for file in sources() {
        let is_allowed = file.text.contains("#![allow(unsafe_code)]");
        if is_allowed {
            by_room
                .entry(file.room().to_owned())
                .or_default()
                .push(file.name.clone());
            let blocks = file.code.matches("unsafe {").count() + file.code.matches("unsafe impl").count();
            if file.text.matches("SAFETY:").count() < blocks {
                broken.push(format!(
                    "src/{} has {blocks} unsafe blocks and fewer SAFETY comments",
                    file.name
                ));
            }
        } else if file.code.contains("unsafe {")
            || file.code.contains("unsafe fn")
            || file.code.contains("allow(unsafe_code")
        {
            broken.push(format!(
                "src/{} has unsafe code without saying so at its head",
                file.name
            ));
        }
    }
    for (room, files) in &by_room {
        let allowed = BORDERS
            .iter()
            .find(|(name, _)| name == room)
            .map_or(1, |(_, count)| *count);
        if files.len() > allowed {
            broken.push(format!("{room} has more than {allowed}: {}", files.join(", ")));
        }
    }
    complain(
        &broken,
        "unsafe code: one file per room (see BORDERS), declared at its head, each block with its SAFETY",
    );
}

#[test]
fn every_file_says_what_it_is_and_is_not_too_long() {
    let mut paths = Vec::new();
    for folder in ["src", "tests", "benches"] {
        walk(&root().join(folder), "rs", &mut paths);
    }
    let mut broken = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root()).unwrap().display();
        let lines = text.lines().count();
        if !text.starts_with("//!") {
            broken.push(format!("{name} does not start with //!"));
        }
        if lines > TOO_LONG {
            broken.push(format!("{name} has {lines} lines, more than {TOO_LONG}"));
        } else if lines > LONG {
            eprintln!("{name} has {lines} lines: worth a second look");
        }
    }
    complain(&broken, "files have a head and one subject");
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut pages = vec![root().join("README.md")];
    walk(&root().join("docs"), "md", &mut pages);
    assert!(pages.len() >= 3, "{pages:?}");
    let mut broken = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let name = page.strip_prefix(root()).unwrap().display();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', ' ']).next())
        {
            let file = link.split('#').next().unwrap();
            let is_elsewhere = link.contains("://") || link.starts_with("mailto:");
            if !is_elsewhere && !file.is_empty() && !page.parent().unwrap().join(file).exists() {
                broken.push(format!("{name}: {link}"));
            }
        }
        // Source files named in the text: `studio/runtime/core.rs`, `src/lib.rs`, `tests/on_air.rs`.
        for file in text
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| word.ends_with(".rs") && !word.contains([' ', '*', '\n']))
        {
            if !root().join(file).exists() && !root().join("src").join(file).exists() {
                broken.push(format!("{name}: `{file}`"));
            }
        }
    }
    complain(&broken, "documents name only what is there");
}

#[test]
fn the_page_of_commands_is_fresh() {
    let path = root().join("docs/commands.md");
    let fresh = rigcast::studio::reference::markdown();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &fresh).unwrap();
        return;
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        page == fresh,
        "docs/commands.md is stale; UPDATE=1 ./test --test repo_rules rewrites it"
    );
}

/// The crates of xiu bring some 200 others, OpenSSL from source among them: nobody gets these who does not ask for them.
#[test]
fn the_rtmp_server_is_in_no_ordinary_build() {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    for name in ["rtmp", "streamhub"] {
        let is_optional = manifest["dependencies"][name]["optional"].as_bool();
        assert_eq!(is_optional, Some(true), "{name} must be optional");
    }
    let features = manifest["features"].as_table().unwrap();
    let brings_it = |feature: &toml::Value| {
        let feature = feature.as_str().unwrap();
        ["rtmp", "streamhub", "rtmp-ingest"]
            .iter()
            .any(|name| feature.trim_start_matches("dep:").split('/').next() == Some(name))
    };
    for (name, brings) in features.iter().filter(|(name, _)| *name != "rtmp-ingest") {
        assert!(
            !brings.as_array().unwrap().iter().any(brings_it),
            "the feature {name} brings it"
        );
    }
    // It is known to one folder, so that what is not built in cannot be missed anywhere else.
    let broken: Vec<String> = sources()
        .into_iter()
        .filter(|file| {
            ["rtmp::session", "streamhub::"]
                .iter()
                .any(|name| file.code.contains(name))
        })
        .filter(|file| !file.name.starts_with("source/rtmp/server/"))
        .map(|file| file.name)
        .collect();
    complain(
        &broken,
        "the crates of the RTMP server are named by src/source/rtmp/server/ alone",
    );
}

#[test]
fn the_scripts_can_be_started() {
    use std::os::unix::fs::PermissionsExt;
    for script in ["run", "test", ".ci/run"] {
        let path = root().join(script);
        assert!(fs::read_to_string(&path).unwrap().starts_with("#!/"), "{script}");
        assert!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o111 == 0o111,
            "{script} is not executable"
        );
    }
}
