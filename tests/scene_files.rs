//! Good scenes: what they come to, layer by layer, and that text of any kind is survived.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rigcast::encode::Channels;
use rigcast::media::{FrameRate, RateControl};
use rigcast::picture::{Align, Fit, Rect, WipeDirection};
use rigcast::scene::{self, Diagnostic, Matte, Scene, Show, Shown, TransitionKind, sources_seen};
use rigcast::source::{SourceKind, SourceSpec};

fn no_env(_: &str) -> Option<String> {
    None
}

fn show(text: &str) -> Show {
    scene::from_text("show.toml", text, &[], &no_env).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Toml files in a folder of the repository.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files
        .retain(|path| path.extension().is_some_and(|extension| extension == "toml") && !path.ends_with("keymap.toml"));
    files.sort();
    files
}

#[test]
fn every_shipped_file_has_no_error() {
    let all = [files("scenes"), files("presets")].concat();
    assert!(all.len() >= 8, "{all:?}");
    let found = scene::check(&all, &no_env);
    let errors: Vec<String> = found
        .iter()
        .filter(|found| found.is_error())
        .map(ToString::to_string)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn every_shipped_scene_starts_once_its_keys_and_passwords_are_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cameras.password"), "correct horse\n").unwrap();
    let env = |name: &str| (name == "STREAM_KEY").then(|| "sk-1".to_owned());
    // What lies beside a scene is no show by itself.
    let is_show =
        |file: &PathBuf| !file.to_string_lossy().contains(".rules.") && !file.to_string_lossy().contains(".cues.");
    for file in files("scenes").into_iter().filter(is_show) {
        let copy = folder.path().join(file.file_name().unwrap());
        fs::copy(&file, &copy).unwrap();
        let show = scene::load(&copy, &[], &env).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(
            !show.scenes.is_empty() && !show.sources.is_empty(),
            "{}",
            file.display()
        );
        assert_eq!(
            show.files,
            [copy],
            "presets that are not beside it come from inside the program"
        );
        for destination in &show.destinations {
            assert!(
                destination.url.expose().as_str().ends_with("/app/sk-1"),
                "{}",
                file.display()
            );
        }
    }
}

#[test]
fn the_demo_needs_nothing() {
    let demo = scene::demo(&[], &no_env).unwrap();
    assert_eq!((demo.video.width, demo.video.height), (1280, 720));
    assert!(
        demo.sources
            .iter()
            .all(|source| matches!(source.kind, SourceKind::Pattern(_)))
    );
    assert!(demo.scenes.len() >= 4 && demo.destinations.is_empty() && demo.files.is_empty());
    assert_ne!(demo.start.program, demo.start.preview);
    let on_disk = scene::load(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/demo.toml"),
        &[],
        &no_env,
    )
    .unwrap();
    assert_eq!(on_disk.scenes, demo.scenes);
    assert!(
        on_disk.files.len() == 2,
        "its preset is the file in the repository: {:?}",
        on_disk.files
    );
}

#[test]
fn the_order_of_the_file_is_kept() {
    let show = show(
        "[source.zebra]\nkind = \"pattern\"\n[source.ant]\nkind = \"pattern\"\n[strip.ant]\ngain_db = -3\n[picture.ant]\ndenoise = true\n\
         [scene.z]\nitems = [{ source = \"zebra\" }]\n[scene.a]\nitems = [\n\
         { source = \"zebra\", z = 5 }, { source = \"ant\" }, { source = \"zebra\", opacity = 0.5 }]\n[scene.m]\nitems = [{ source = \"ant\" }]",
    );
    let names: Vec<&str> = show
        .sources
        .iter()
        .map(|source: &SourceSpec| source.name.as_str())
        .collect();
    assert_eq!(names, ["zebra", "ant"]);
    let strips: Vec<(&str, f32)> = show
        .strips
        .iter()
        .map(|(name, strip)| (name.as_str(), strip.gain_db))
        .collect();
    assert_eq!(strips, [("zebra", 0.0), ("ant", -3.0)]);
    let pictures: Vec<(&str, bool)> = show
        .pictures
        .iter()
        .map(|(name, picture)| (name.as_str(), picture.denoise.is_on))
        .collect();
    assert_eq!(pictures, [("zebra", false), ("ant", true)]);
    let scenes: Vec<&str> = show.scenes.iter().map(|scene| scene.name.as_str()).collect();
    assert_eq!(scenes, ["z", "a", "m"]);
    let items: Vec<(&str, i32)> = show.scenes[1]
        .items
        .iter()
        .map(|item| (item.name.as_str(), item.z))
        .collect();
    assert_eq!(
        items,
        [("ant", 0), ("zebra-2", 0), ("zebra", 5)],
        "sorted by z, equal ones as listed"
    );
    assert_eq!((show.start.program.as_str(), show.start.preview.as_str()), ("z", "a"));
    assert_eq!((show.source_index("ant"), show.scene("m").is_some()), (Some(1), true));
}

#[test]
fn a_scene_is_more_than_sources() {
    let show = show(
        r##"
[source.cam]
kind = "pattern"
[source.sting]
kind = "file"
path = "/clips/sting.mp4"
[transition]
kind = "wipe"
direction = "up"
stinger = "sting"
[scene.product]
parameters = { title = "Lamp", price = "9.90" }
strips.cam = { mute = true, gain_db = -6 }
items = [
    { source = "cam", key = { color = "#00ff00" } },
    { group = [
        { text = "{title}", style = { size = "10%", color = "#ff000080", outline = 2, align = "right", valign = "top" } },
        { text = "{price}", name = "price", z = -1 },
    ], name = "third", opacity = 0.5, hidden = true },
    { image = "logos/{title}.png", position = [0, "50%"] },
    { color = "#102030" },
]
[scene.sale]
template = "product"
with = { price = 7.90 }
strips.cam = { mute = false }
transition = { kind = "stinger", matte = "side", cut_at_ms = 300 }
[scene.both]
parameters = { sum = "3" }
items = [{ scene = "product", with = { price = "{sum} €" } }, { scene = "sale" }]
"##,
    );
    let product = show.scene("product").unwrap();
    let names: Vec<&str> = product.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["cam", "third", "image", "color"]);
    let third = &product.items[1];
    assert!(third.is_hidden && (third.opacity - 0.5).abs() < 1e-6);
    let Shown::Group(inside) = &third.what else {
        panic!("{third:?}")
    };
    assert_eq!((inside[0].name.as_str(), inside[1].name.as_str()), ("price", "text"));
    let Shown::Text(text) = &inside[1].what else {
        panic!("{inside:?}")
    };
    assert_eq!(text.text, "{title}");
    assert_eq!(
        (text.style.size.round() as u32, text.style.color),
        (72, [255, 0, 0, 128])
    );
    assert_eq!(text.style.outline, Some((2.0, [0, 0, 0, 255])));
    assert_eq!(
        (text.style.align, text.style.vertical_align),
        (Align::End, Align::Start)
    );
    assert_eq!(product.items[0].key.unwrap().color, [0, 255, 0]);
    assert_eq!(product.items[3].what, Shown::Color([0x10, 0x20, 0x30, 255]));
    let Shown::Image(image) = &product.items[2].what else {
        panic!("{product:?}")
    };
    assert!(image.path.is_absolute() && image.path.ends_with("logos/{title}.png"));
    assert_eq!(product.items[2].target.y, 360);

    let sale = show.scene("sale").unwrap();
    assert_eq!(sale.items, product.items);
    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(product.parameters, [text("title", "Lamp"), text("price", "9.90")]);
    assert_eq!(sale.parameters, [text("title", "Lamp"), text("price", "7.90")]);
    let set = |scene: &Scene| {
        scene.strips[0]
            .set
            .iter()
            .map(|(name, value)| format!("{name} {value:?}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(set(product), ["gain_db Number(-6.0)", "mute Switch(true)"]);
    assert_eq!(set(sale), ["mute Switch(false)", "gain_db Number(-6.0)"]);

    let both = show.scene("both").unwrap();
    let nested = Shown::Scene {
        name: "product".to_owned(),
        with: vec![text("price", "{sum} €")],
    };
    assert_eq!(both.items[0].what, nested);
    assert_eq!(
        sources_seen("both", &|name| show.scene(name).map(|scene| &scene.items[..])),
        ["cam"]
    );

    assert_eq!(
        (show.transition.kind, show.transition.direction),
        (TransitionKind::Wipe, WipeDirection::Up)
    );
    let usual = show.transition.stinger.clone().unwrap();
    assert_eq!((usual.cut_at.to_millis(), usual.matte), (500, Matte::None));
    let own = sale.transition.clone().unwrap();
    assert_eq!(
        (own.kind, own.duration),
        (TransitionKind::Stinger, show.transition.duration)
    );
    let own = own.stinger.unwrap();
    assert_eq!(
        (own.source.as_str(), own.cut_at.to_millis(), own.matte),
        ("sting", 300, Matte::Side)
    );
    assert_eq!(product.transition, None);
}

#[test]
fn positions_and_sizes_come_to_pixels() {
    for (item, x, y, width, height) in [
        ("", 0, 0, 1280, 720),
        ("position = [10, -20], size = [100, 50]", 10, -20, 100, 50),
        (
            "position = [\"50%\", \"25%\"], size = [\"50%\", \"50%\"]",
            640,
            180,
            640,
            360,
        ),
        (
            "position = [\"33.3%\", 0], size = [\"33.4%\", \"100%\"]",
            426,
            0,
            428,
            720,
        ),
        ("size = [\"150%\", \"0.5%\"]", 0, 0, 1920, 4),
    ] {
        let comma = if item.is_empty() { "" } else { ", " };
        let text = format!("[source.a]\nkind = \"pattern\"\n[scene.s]\nitems = [{{ source = \"a\"{comma}{item} }}]");
        assert_eq!(
            show(&text).scenes[0].items[0].target,
            Rect { x, y, width, height },
            "{item}"
        );
    }
    // Edges are rounded, not sizes: what meets in the file meets on screen.
    for parts in 1..=9_i32 {
        let share = |n: i32| f64::from(n) * 100.0 / f64::from(parts);
        let items: Vec<String> = (0..parts)
            .map(|n| {
                format!(
                    "{{ source = \"a\", position = [\"{}%\", 0], size = [\"{}%\", \"100%\"] }}",
                    share(n),
                    share(1)
                )
            })
            .collect();
        let text = format!(
            "[source.a]\nkind = \"pattern\"\n[scene.s]\nitems = [{}]",
            items.join(", ")
        );
        let show = show(&text);
        for pair in show.scenes[0].items.windows(2) {
            assert_eq!(
                pair[0].target.x + pair[0].target.width,
                pair[1].target.x,
                "{parts} parts"
            );
        }
    }
}

#[test]
fn higher_layers_win() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("presets")).unwrap();
    fs::write(
        at("presets/cams.toml"),
        "include = [\"480p-low\"]\n[video]\nbitrate_kbps = 1111\ngop_seconds = 1\n[source.cam]\nkind = \"file\"\npath = \"cam.mp4\"\nloop = false\n\
         [destination.main]\nurl = \"rtmp://host/live\"\nkey = { env = \"NOT_SET\" }",
    )
    .unwrap();
    fs::write(
        at("show.toml"),
        "include = [\"presets/cams.toml\"]\n[video]\nbitrate_kbps = 2222\n[source.logo]\nkind = \"file\"\npath = \"logo.png\"\n\
         [destination.main]\nkey = \"written-out\"\n[scene.s]\nitems = [{ source = \"cam\", fit = \"cover\" }]",
    )
    .unwrap();
    let env = |name: &str| match name {
        "RIGCAST_VIDEO_FRAME_RATE" => Some("30000/1001".to_owned()),
        "RIGCAST_AUDIO_BITRATE_KBPS" => Some("64".to_owned()),
        "RIGCAST_START_PROGRAM" => Some("s".to_owned()),
        _ => None,
    };
    let set = [
        ("audio.bitrate_kbps", "192"),
        ("strip.cam.mute", "true"),
        ("destination.main.key", "123"),
        ("title", "7"),
    ];
    let set = set.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let show = scene::load(&at("show.toml"), &set, &env).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(
        (show.video.width, show.video.height),
        (854, 480),
        "from the shipped preset that the preset includes"
    );
    assert!(
        (show.video.gop_seconds - 1.0).abs() < f64::EPSILON,
        "from the included preset"
    );
    assert_eq!(show.video.bitrate_kbps, 2222, "from the scene file");
    assert_eq!(
        show.video.frame_rate,
        FrameRate { num: 30_000, den: 1001 },
        "from the environment"
    );
    assert_eq!(show.audio.bitrate_kbps, 192, "from --set, over the environment");
    assert!(
        show.strips[0].1.is_muted && show.title == "7",
        "numbers may stand for text on the command line"
    );
    assert_eq!(
        show.destinations[0].url.expose().as_str(),
        "rtmp://host/live/123",
        "a secret is replaced as a whole"
    );
    assert_eq!(show.scenes[0].items[0].fit, Fit::Cover);
    let paths: Vec<PathBuf> = show
        .sources
        .iter()
        .map(|source| match &source.kind {
            SourceKind::File(file) => file.path.clone(),
            _ => PathBuf::new(),
        })
        .collect();
    assert_eq!(
        paths,
        [at("presets/cam.mp4"), at("logo.png")],
        "relative to the file that says so"
    );
    assert_eq!(show.files, [at("presets/cams.toml"), at("show.toml")]);
}

#[test]
fn secrets_come_from_everywhere_and_show_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key.txt"), "hunter2-file\r\n").unwrap();
    let scene_file = folder.path().join("show.toml");
    let text = "[source.a]\nkind = \"rtsp\"\nurl = \"rtsp://camera/1\"\nuser = \"u\"\npassword = { env = \"PASS\" }\n\
                [destination.a]\nurl = \"rtmp://h/live/\"\nkey = { file = \"key.txt\" }\n\
                [destination.b]\nurl = \"rtmps://h/live\"\nkey = { env = \"KEY\" }\n\
                [destination.c]\nurl = \"rtmp://h/live/hunter2-url\"\n[scene.s]\nitems = [{ source = \"a\" }]";
    fs::write(&scene_file, text).unwrap();
    let env = |name: &str| match name {
        "PASS" => Some("hunter2-pass".to_owned()),
        "KEY" => Some("hunter2-env?a=1".to_owned()),
        _ => None,
    };
    let show = scene::load(&scene_file, &[], &env).unwrap_or_else(|errors| panic!("{errors}"));
    let urls: Vec<&str> = show
        .destinations
        .iter()
        .map(|destination| destination.url.expose().as_str())
        .collect();
    assert_eq!(
        urls,
        [
            "rtmp://h/live/hunter2-file",
            "rtmps://h/live/hunter2-env?a=1",
            "rtmp://h/live/hunter2-url"
        ]
    );
    let SourceKind::Rtsp(rtsp) = &show.sources[0].kind else {
        panic!("not RTSP")
    };
    assert_eq!(rtsp.password.as_ref().unwrap().expose(), "hunter2-pass");
    let shown = format!("{show:?} {}", serde_json::to_string(&show).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn what_is_missing_on_this_machine_is_a_warning_in_a_review() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("show.toml");
    let text = "[source.a]\nkind = \"file\"\npath = \"a.mp4\"\n[destination.a]\nurl = \"rtmp://h/live\"\nkey = { env = \"KEY\" }\n\
                [scene.s]\nitems = [{ source = \"a\" }]";
    fs::write(&file, text).unwrap();
    let found = scene::check(std::slice::from_ref(&file), &no_env);
    assert!(!found.iter().any(Diagnostic::is_error));
    let said: Vec<String> = found
        .iter()
        .map(|found| found.to_string().replace(folder.path().to_str().unwrap(), ""))
        .collect();
    assert_eq!(
        said,
        [
            "/show.toml:3:8: warning: source.a.path: no such file: /a.mp4",
            "/show.toml:6:7: warning: destination.a.key: environment variable KEY is not set",
        ]
    );
    // To start, the key must be there; a media file may still come, and until then its tile says why it is dark.
    let errors = scene::load(&file, &[], &no_env).unwrap_err();
    assert_eq!(errors.diagnostics().len(), 1);
    assert!(scene::load(&file, &[], &|name| (name == "KEY").then(|| "k".to_owned())).is_ok());
}

#[test]
fn the_reference_page_is_made_from_the_schema() {
    const BEGIN: &str = "<!-- made from the schema: UPDATE=1 ./test --test scene_files -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scenes.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, _) = page.split_once(BEGIN).expect("docs/scenes.md has lost its marker");
    let fresh = format!("{before}{BEGIN}\n{}", scene::reference_markdown());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &fresh).unwrap();
    } else {
        assert!(
            page == fresh,
            "docs/scenes.md is stale; UPDATE=1 ./test --test scene_files rewrites it"
        );
    }
}

#[test]
fn the_examples_of_the_reference_pages_are_good() {
    for page in [
        "docs/scenes.md",
        "docs/presets.md",
        "docs/microphone.md",
        "docs/cameras.md",
        "docs/choosing.md",
    ] {
        let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
        let examples: Vec<&str> = page
            .split("```toml\n")
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap())
            .collect();
        assert!(!examples.is_empty());
        for example in examples {
            if example.contains("[scene.") {
                show(example);
            } else {
                scene::Preset::read("example", "example", example).unwrap_or_else(|errors| panic!("{errors}"));
            }
        }
    }
}

/// Text that is nearly a scene file: the words of real ones, in any order.
fn nearly_toml() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "[",
        "]",
        "{",
        "}",
        "[[",
        "]]",
        "=",
        ",",
        ".",
        "\n",
        "\"",
        "'",
        "\"\"\"",
        "#",
        " ",
        "source",
        "scene",
        "strip",
        "picture",
        "video",
        "width",
        "kind",
        "pattern",
        "rtsp",
        "file",
        "path",
        "items",
        "text",
        "group",
        "template",
        "with",
        "parameters",
        "style",
        "color",
        "\"#f80\"",
        "\"{price} {clock}\"",
        "transition",
        "stinger",
        "strips",
        "preset",
        "name",
        "url",
        "key",
        "env",
        "include",
        "default",
        "start",
        "program",
        "0",
        "-1",
        "1e999",
        "nan",
        "0x7fffffffffffffff",
        "99999999999999999999",
        "true",
        "\"50%\"",
        "\"rtmp://h/a\"",
        "\u{0}",
        "\u{feff}",
        "ä",
        "🎥",
        "1979-05-27",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_makes_it_panic(text in ".{0,300}") {
        let _ = scene::from_text("any.toml", &text, &[], &no_env).map_err(|errors| errors.to_string());
    }

    #[test]
    fn no_nearly_good_text_makes_it_panic(text in nearly_toml()) {
        let _ = scene::from_text("any.toml", &text, &[], &no_env).map_err(|errors| errors.to_string());
    }

    #[test]
    fn no_argument_makes_it_panic(key in "[a-z_.]{0,20}|video.width|source.a.path|scene.s.items|destination.d.key", value in nearly_toml()) {
        let _ = scene::demo(&[(key, value)], &no_env).map_err(|errors| errors.to_string());
    }

    #[test]
    fn a_damaged_demo_is_good_or_its_errors_have_a_place(at in 0usize..3000, with in ".{0,3}", length in 0usize..20) {
        let demo = include_str!("../scenes/demo.toml");
        let cut = |mut at: usize| { at = at.min(demo.len()); while !demo.is_char_boundary(at) { at -= 1; } at };
        let (from, to) = (cut(at), cut(at + length));
        let text = format!("{}{with}{}", &demo[..from], &demo[to..]);
        if let Err(errors) = scene::from_text("demo.toml", &text, &[], &no_env) {
            prop_assert!(!errors.diagnostics().is_empty());
            for error in errors.to_string().lines() {
                prop_assert!(error.starts_with("demo.toml:"), "{}", error);
            }
        }
    }
}

#[test]
fn each_layer_says_more_than_the_one_below_and_each_setting_knows_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| {
        fs::create_dir_all(at(name).parent().unwrap()).unwrap();
        fs::write(at(name), text).unwrap();
    };
    let all = |from: usize| {
        let keys = [
            "bitrate_kbps = 3001",
            "gop_seconds = 3",
            "threads = 3",
            "max_bitrate_kbps = 9003",
        ];
        format!("[video]\nrate_control = \"vbr\"\n{}\n", keys[from..].join("\n"))
    };
    write(
        "etc/rigcast/config.toml",
        &format!("{}height = 480\nwidth = 854\n", all(0)),
    );
    write("etc2/rigcast/config.toml", "[video]\nheight = 600\nframe_rate = 50\n");
    write(
        "home/rigcast/config.toml",
        "[video]\ngop_seconds = 4\nthreads = 4\n[destination.main]\nkey = { env = \"KEY\" }\n",
    );
    write(
        "home/rigcast/presets/crisp.toml",
        "title = \"mine\"\n[video]\nthreads = 6\nmax_bitrate_kbps = 9006\n",
    );
    write("mine.toml", "[video]\nthreads = 5\n");
    write(
        "show.toml",
        "include = [\"mine.toml\"]\ntitle = \"Show\"\n[video]\npreset = \"crisp\"\nmax_bitrate_kbps = 9007\n\
         [source.cam]\nkind = \"pattern\"\n[scene.wide]\nitems = [{ source = \"cam\", position = [0, \"10%\"] }]\n\
         [destination.main]\npreset = \"nginx-here\"\nkey = \"hunter2\"\n",
    );
    let root = folder.path().display().to_string();
    let env = |name: &str| match name {
        "XDG_CONFIG_HOME" => Some(format!("{root}/home")),
        "XDG_CONFIG_DIRS" => Some(format!("{root}/etc:{root}/etc2")),
        "RIGCAST_VIDEO_BITRATE_KBPS" => Some("3008".to_owned()),
        _ => None,
    };
    let flags = [("audio.preset".to_owned(), "speech".to_owned())];
    let show = scene::load(&at("show.toml"), &flags, &env).unwrap_or_else(|errors| panic!("{errors}"));
    let video = &show.video;
    assert_eq!(
        (video.width, video.height, video.frame_rate),
        (854, 480, FrameRate::whole(50))
    );
    assert_eq!((video.bitrate_kbps, video.threads), (3008, 6));
    assert_eq!(video.rate_control, RateControl::Capped { max_kbps: 9007 });
    assert_eq!((show.audio.channels, show.audio.bitrate_kbps), (Channels::Mono, 64));
    assert_eq!(
        show.destinations[0].url.expose().as_str(),
        "rtmp://127.0.0.1:1935/live/hunter2"
    );
    let names: Vec<String> = show
        .files
        .iter()
        .map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string())
        .collect();
    assert_eq!(
        names,
        [
            "etc2/rigcast/config.toml",
            "etc/rigcast/config.toml",
            "home/rigcast/config.toml",
            "mine.toml",
            "show.toml"
        ]
    );
    // What it was read from is enough to read it once more, whatever has become of the files.
    assert_eq!(scene::load_again(&show.script).unwrap(), show);

    let (settings, wrong) = scene::settings(Some(&at("show.toml")), &flags, &env);
    assert_eq!(wrong, []);
    let lines: Vec<String> = settings
        .iter()
        .filter(|setting| {
            !["analysis", "transition", "adapt"]
                .iter()
                .any(|skipped| setting.key.starts_with(skipped))
        })
        .map(|setting| format!("{} = {} # {}", setting.key, setting.written(), setting.said()))
        .collect();
    let said = lines.join("\n").replace(&format!("{root}/"), "");
    assert!(!said.contains("hunter2"), "{said}");
    insta::assert_snapshot!(said, @r#"
title = "Show" # show.toml:2:9
include = ["mine.toml"] # show.toml:1:11
video.preset = "crisp" # show.toml:4:10
video.width = 854 # etc/rigcast/config.toml:8:9
video.height = 480 # etc/rigcast/config.toml:7:10
video.frame_rate = 50 # etc2/rigcast/config.toml:3:14
video.bitrate_kbps = 3008 # environment RIGCAST_VIDEO_BITRATE_KBPS
video.rate_control = "vbr" # etc/rigcast/config.toml:2:16
video.max_bitrate_kbps = 9007 # show.toml:5:20
video.gop_seconds = 4.0 # home/rigcast/config.toml:2:15
video.threads = 6 # home/rigcast/presets/crisp.toml:3:11
audio.preset = "speech" # --set audio.preset
audio.bitrate_kbps = 64 # presets/encoder/speech.toml:6:16
audio.sample_rate = 48000 # shipped default (presets/default.toml:13:15)
audio.channels = "mono" # presets/encoder/speech.toml:7:12
source.cam.kind = "pattern" # show.toml:7:8
scene.wide.items[0].source = "cam" # show.toml:9:21
scene.wide.items[0].position = [0, "10%"] # show.toml:9:39
occlusion.armed = false # shipped default (presets/default.toml:26:9)
occlusion.policy = "regions" # shipped default (presets/default.toml:27:10)
occlusion.level = 0 # shipped default (presets/default.toml:28:9)
destination.main.preset = "nginx-here" # show.toml:11:10
destination.main.url = "rtmp://127.0.0.1:1935/live" # presets/destination/nginx-here.toml:7:7
destination.main.key = "••••" # show.toml:12:7
"#);
}

#[test]
fn what_is_wrong_with_the_machines_file_is_told_by_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("rigcast");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("config.toml"), "[video]\nbitrate = 3000\n").unwrap();
    let path = folder.path().display().to_string();
    let env = |name: &str| (name == "XDG_CONFIG_DIRS").then(|| path.clone());
    let error = scene::demo(&[], &env).unwrap_err().to_string();
    assert!(
        error.ends_with("/rigcast/config.toml:2:1: video.bitrate: unknown key; did you mean \"bitrate_kbps\"?"),
        "{error}"
    );
}
