//! A studio in the middle of a show, and a screen without a terminal.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use rigcast::control::protocol::MonitorTarget;
use rigcast::media::{FrameRate, RateControl, TimeDelta, Timestamp};
use rigcast::studio::command::{self, MonitorMode};
use rigcast::studio::model::*;
use rigcast::studio::update::{Input, update};
use rigcast::tui::app::{UiAction, UiState};
use rigcast::tui::keymap::Keymap;
use rigcast::tui::monitor::{CellEncoder, CellSize, Glyphs, Palette, Picture, Prepared, Renderer, Thrift};
use rigcast::tui::terminal::{Capabilities, Colors};
use rigcast::tui::view::{layout::Arrangement, view};

/// Read once: there are thousands of screens.
static KEYMAP: std::sync::LazyLock<Keymap> = std::sync::LazyLock::new(|| Keymap::shipped().unwrap());

/// The shipped policies; off.
pub fn occlusion() -> Occlusion {
    let library = rigcast::scene::Library::new(&|_: &str| None);
    let policies = library.policies();
    let mut occlusion = Occlusion::new(&rigcast::scene::OcclusionSettings {
        is_armed: false,
        policy: policies[0].clone(),
        level: 0,
        mask: MaskKind::Solid,
        sticker: None,
        zones: Vec::new(),
    });
    occlusion.policies = policies;
    occlusion
}

/// Armed, four faces on program: one that is seen, one exempt, one held, one lost.
pub fn armed(studio: &mut Studio) {
    let face = |track, sight| FaceModel { track, sight };
    studio.occlusion.is_armed = true;
    studio.occlusion.faces = vec![
        face(3, Sight::Seen),
        face(5, Sight::Seen),
        face(8, Sight::Held),
        face(12, Sight::Band),
    ];
    studio.occlusion.exempt = vec![5];
    studio.occlusion.zones = vec![Zone {
        name: "door".into(),
        rect: Rect {
            x: 960,
            y: 0,
            width: 320,
            height: 720,
        },
    }];
}

/// The marks of those faces at the studio's level.
pub fn marks(studio: &Studio) -> Vec<FaceMark> {
    let level = studio.occlusion.shown();
    let places = [(0.2, 0.45), (0.45, 0.4), (0.68, 0.5), (0.9, 0.5)];
    let faces = studio.occlusion.faces.iter().zip(places);
    let mark = |(face, (x, y)): (&FaceModel, (f32, f32))| {
        let is_exempt = studio.occlusion.is_exempt(face.track);
        FaceMark {
            track: face.track,
            x,
            y,
            width: 0.2,
            height: 0.35,
            roll: 0.0,
            sight: face.sight,
            is_hidden: !is_exempt && !level.is_open(),
            open: if is_exempt { Regions::ALL } else { level.open },
        }
    };
    faces.map(mark).collect()
}

/// Five seconds are held. Of seven words one is muted, one beeped and one warned of; one has just gone out. A code is blurred.
pub fn held(studio: &mut Studio) {
    let ms = TimeDelta::from_millis;
    let now = studio.now;
    let moderation = &mut studio.moderation;
    moderation.hold = HoldState {
        target: ms(5000),
        now: ms(5000),
        phase: HoldPhase::Steady,
        bytes: 5_840_000,
        airing: now - ms(5000),
        newest: now,
        levels: levels(50),
        levels_until: now,
        slates: 60,
        silenced: 348,
    };
    moderation.lists = vec!["en".into(), "house".into()];
    moderation.engine = Some("pocketsphinx".into());
    moderation.is_armed = true;
    moderation.judged = Some(now - ms(1300));
    moderation.log = Some("demo-moderation.ndjson".into());
    moderation.checks = vec!["codes blur".into(), "blocked cover".into()];
    moderation.are_pictures_armed = true;
    for (id, text, from, until) in [
        (11, "so", 5400, 5250),
        (12, "this", 4900, 4700),
        (13, "damn", 4400, 4050),
        (14, "thing", 4000, 3700),
        (15, "never", 3350, 3000),
        (16, "worked", 2950, 2500),
        (17, "bloody", 2300, 1900),
    ] {
        moderation.hear(HeldWord {
            id,
            text: text.to_owned(),
            from: now - ms(from),
            until: now - ms(until),
        });
    }
    for (id, from, until, kind, masked, why) in [
        (2, 4480, 3970, SpanKind::Mute, "d••n", "exact in en"),
        (4, 2380, 1820, SpanKind::Beep, "b••••y", "inflected in house"),
        (6, 3030, 2420, SpanKind::Warn, "w••••d", "near in en"),
    ] {
        moderation.add(Span {
            id,
            from: now - ms(from),
            until: Some(now - ms(until)),
            kind,
            who: Who::Recogniser,
            why: why.to_owned(),
            masked: Some(masked.to_owned()),
            is_restored: false,
        });
    }
    moderation.seen = vec![SeenPicture {
        id: 4,
        kind: "code".into(),
        what: "https://example.org/win".into(),
        action: "blur".into(),
        since: now - ms(3200),
    }];
}

/// Speech and pauses, loud where a word is.
pub fn levels(count: i64) -> Vec<i8> {
    let level = |at: i64| match at % 12 {
        0 | 1 => -58,
        2 | 7 => -30,
        3 | 6 => -18,
        4 => -8,
        5 => -12,
        8 => -42,
        _ => -50,
    };
    (0..count).map(level).collect()
}

/// A voice with everything on.
pub fn treated_voice() -> StripSettings {
    let mut voice = StripSettings {
        role: Role::Voice,
        gain_db: 3.0,
        ..StripSettings::default()
    };
    for (name, word) in [
        ("high_pass", "on"),
        ("high_pass_hz", "90"),
        ("denoise", "on"),
        ("gate", "on"),
        ("eq", "on"),
        ("eq_low_db", "-4"),
        ("eq_mid1_db", "-3.5"),
        ("eq_mid2_db", "4.5"),
        ("eq_high_db", "2"),
        ("compressor", "on"),
        ("compressor_threshold_db", "-24"),
        ("compressor_makeup_db", "4"),
        ("de_esser", "on"),
        ("ride", "on"),
    ] {
        let param = strip_param(name).unwrap();
        param.adjust(&mut voice, param.read(word).unwrap()).unwrap();
    }
    voice
}

/// An item of the source of that name, or of anything else.
pub fn item(name: &str, what: Shown, target: Rect) -> Item {
    Item {
        name: name.into(),
        what,
        target,
        fit: Fit::Contain,
        crop: Crop::default(),
        key: None,
        z: 0,
        opacity: 1.0,
        is_hidden: false,
    }
}

/// Items of sources, each as high as the program.
fn side_by_side(sources: &[&str]) -> Vec<Item> {
    let width = 1280 / sources.len() as i32;
    let at = |(at, name): (usize, &&str)| {
        let target = Rect {
            x: at as i32 * width,
            y: 0,
            width,
            height: 720,
        };
        item(name, Shown::Source((*name).into()), target)
    };
    sources.iter().enumerate().map(at).collect()
}

/// Four scenes, four sources, two destinations, nineteen minutes in.
pub fn cues() -> Cues {
    const LIST: &str = "[[cue]]\nname = \"doors\"\ntitle = \"the show begins\"\nat = \"20s\"\ndo = [\"take wide\", \"gain camera +3\"]\n\
                        [[cue]]\nname = \"talk\"\nafter = \"doors\"\noffset = \"1:30\"\ndo = [\"take talk\"]\n\
                        [[cue]]\nname = \"crowd\"\non = \"viewers above 100\"\nonce = false\ndo = [\"adapt pin tier good\"]\n\
                        [[cue]]\nname = \"eight\"\nat = \"20:15:00\"\ndo = [\"record start show.mp4\"]\n\
                        [[cue]]\nname = \"close\"\nkey = \"f5\"\ndo = [\"cut wide\", \"end\"]\n";
    let list = rigcast::scene::read_cues("evening.cues.toml", LIST, std::path::Path::new("/show"), None).unwrap();
    let mut cues = Cues::default();
    cues.load(Some(list));
    cues
}

/// A rig with a few things that could be sources, and some that it lacks.
pub fn choosing() -> Choosing {
    let found = |kind: &str, name: &str, title: &str, details: &[&str], scene: &str, is_default: bool| Found {
        kind: kind.into(),
        name: name.into(),
        title: title.into(),
        details: details.iter().map(|detail| (*detail).to_owned()).collect(),
        scene: format!("kind = \"{kind}\"\n{scene}"),
        is_default,
    };
    Choosing {
        inventory: Inventory {
            found: vec![
                found(
                    "camera",
                    "webcam",
                    "HD Pro Webcam C920",
                    &["MJPEG 1920×1080@30", "YUYV 640×480@30", "/dev/video0"],
                    "device = \"/dev/video0\"\n",
                    true,
                ),
                found(
                    "screen",
                    "screen",
                    "Screen :0",
                    &["1920×1080", "2 windows"],
                    "display = \":0\"\n",
                    true,
                ),
                found(
                    "microphone",
                    "desk",
                    "Scarlett 2i2 USB",
                    &["48 kHz", "2 channels"],
                    "device = \"alsa_input.usb-Focusrite_Scarlett_2i2\"\n",
                    true,
                ),
                found(
                    "microphone",
                    "desktop",
                    "what is played here",
                    &["48 kHz", "2 channels"],
                    "device = \"desktop\"\n",
                    false,
                ),
            ],
            absent: vec![
                Absent {
                    kind: "microphone (alsa)".into(),
                    reason: "libasound.so.2 is not here: apt-get install libasound2".into(),
                },
                Absent {
                    kind: "rtmp".into(),
                    reason: "this build takes no RTMP; build it with cargo build --release --features rtmp-ingest"
                        .into(),
                },
            ],
        },
        looked_at: Some(Timestamp::from_millis(600_000)),
        ..Choosing::default()
    }
}

pub fn studio() -> Studio {
    let source = |name: &str, kind: &str, location: &str, size: Option<(u32, u32)>, on: (bool, bool)| SourceModel {
        name: name.into(),
        kind: kind.into(),
        location: location.into(),
        state: SourceState::Live,
        format: Some(SourceFormat {
            video: size.map(|(width, height)| SourceVideo {
                width,
                height,
                fps: Some(29.97),
            }),
            audio: Some(SourceAudio {
                sample_rate: 44_100,
                channels: 2,
            }),
        }),
        dropped_frames: 0,
        dropped_blocks: 0,
        controls: Vec::new(),
        is_on_program: on.0,
        is_on_preview: on.1,
        picture: PictureSettings::default(),
    };
    let scene = |name: &str, sources: &[&str]| SceneModel {
        name: name.into(),
        sources: sources.iter().map(|source| (*source).into()).collect(),
        items: side_by_side(sources),
        ..SceneModel::default()
    };
    let strip = |name: &str, settings: StripSettings| Strip {
        name: name.into(),
        settings,
    };
    let event =
        |at: i64, level, subject: &str, text: &str| Event::new(Timestamp::from_millis(at), level, subject, text);
    let scenes = vec![
        scene("wide", &["camera"]),
        scene("two shot", &["camera", "guest"]),
        scene("clip", &["clip"]),
        scene("break", &["bars"]),
    ];
    Studio {
        edits: Edits::none(&scenes),
        name: "demo".into(),
        now: Timestamp::from_millis(1_154_000),
        format: ProgramFormat {
            width: 1280,
            height: 720,
            frame_rate: FrameRate::new(30, 1).unwrap(),
        },
        scenes,
        program: "wide".into(),
        preview: "two shot".into(),
        transition: Transition {
            kind: TransitionKind::Fade,
            duration: TimeDelta::from_millis(500),
            direction: rigcast::studio::model::WipeDirection::default(),
            stinger: None,
        },
        lent: Vec::new(),
        data: DataModel::default(),
        rules: RulesModel::default(),
        fade: None,
        air: rigcast::studio::model::AirModel::default(),
        occlusion: occlusion(),
        moderation: Moderation::default(),
        sources: vec![
            source("camera", "rtsp", "10.0.0.7:554/main", Some((1920, 1080)), (true, true)),
            source("guest", "rtsp", "10.0.0.8:554/main", Some((1280, 720)), (false, true)),
            source("clip", "file", "opening.mp4", Some((1280, 720)), (false, false)),
            source("bars", "pattern", "bars", Some((1280, 720)), (false, false)),
        ],
        strips: vec![
            strip("camera", treated_voice()),
            strip(
                "guest",
                StripSettings {
                    role: Role::Voice,
                    gain_db: -1.5,
                    is_solo: true,
                    is_bypassed: true,
                    ..Default::default()
                },
            ),
            strip(
                "clip",
                StripSettings {
                    role: Role::Music,
                    is_muted: true,
                    ..Default::default()
                },
            ),
            strip(
                "bars",
                StripSettings {
                    gain_db: -12.0,
                    is_afv: true,
                    ..Default::default()
                },
            ),
        ],
        buses: BusSettings::default(),
        silence_alarm_s: 10.0,
        presets: Vec::new(),
        destinations: vec![
            DestinationModel {
                name: "main".into(),
                url: "rtmp://live.example.org/app/••••".into(),
                rendition: None,
                state: DestinationState::Live,
                loss: None,
                stats: DestinationStats {
                    bitrate_kbps: 2631,
                    rtt_ms: Some(23.4),
                    queue_ms: 40,
                    sent_bytes: 379_000_000,
                    dropped_frames: 0,
                    connects: 1,
                    ..DestinationStats::default()
                },
            },
            DestinationModel {
                name: "backup".into(),
                url: "rtmps://b.example.org/live/••••".into(),
                rendition: None,
                state: DestinationState::Idle,
                loss: None,
                stats: DestinationStats::default(),
            },
        ],
        encoder: EncoderModel {
            video_kbps: 2500,
            width: 1280,
            height: 720,
            divisor: 1,
            control: RateControl::Constant,
            audio_kbps: 128,
            audio_rate: AudioRate::default(),
            audio_channels: Channels::default(),
            gop_seconds: 2.0,
            seconds_over: 0,
            codec: EncoderKind { has_nasm: true },
        },
        adapt: AdaptModel::default(),
        renditions: Vec::new(),
        relay: None,
        obs: None,
        recording: RecordingModel::default(),
        workers: Vec::new(),
        undo: Undo::default(),
        live: Live::default(),
        choosing: choosing(),
        cues: cues(),
        stats: Stats {
            fps: 30.0,
            frames: 34_620,
            skipped_frames: 0,
            skipped_in_renditions: 0,
            late_ticks: 0,
            late_blocks: 0,
            covered_frames: 0,
            silenced_blocks: 0,
            unseen: 0,
            video_kbps: 2487,
            encode_ms: 6.9,
            cpu_percent: 41.3,
            memory_mb: 78,
            clients: 1,
        },
        alarms: Alarms::default(),
        watch: ProgramWatch::default(),
        history: History::default(),
        events: [
            event(900, EventLevel::Info, "studio", "the show begins"),
            event(
                1_420,
                EventLevel::Info,
                "source camera",
                "live, 1920×1080 at 29.97 fps, 44.1 kHz stereo",
            ),
            event(2_010, EventLevel::Info, "destination main", "live after 310 ms"),
            event(
                611_000,
                EventLevel::Warning,
                "source guest",
                "away: no packet for 5 s from 10.0.0.8:554",
            ),
            event(613_400, EventLevel::Info, "source guest", "live"),
            event(
                1_101_000,
                EventLevel::Error,
                "destination backup",
                "rejected: bad stream key, not tried again",
            ),
        ]
        .into(),
    }
}

/// A screen of `columns` × `rows` with ASCII pictures on all monitors and moving meters.
pub struct Screen {
    pub studio: Studio,
    pub ui: UiState,
    columns: u16,
    rows: u16,
}

pub fn capabilities(colors: Colors) -> Capabilities {
    Capabilities {
        colors,
        cell: Some(CellSize { width: 10, height: 20 }),
        ..Capabilities::default()
    }
}

impl Screen {
    pub fn new(columns: u16, rows: u16) -> Self {
        Self::of(studio(), columns, rows)
    }

    pub fn of(studio: Studio, columns: u16, rows: u16) -> Self {
        let mut ui = UiState::new(KEYMAP.clone(), capabilities(Colors::TrueColor));
        ui.monitor_mode = MonitorMode::Ascii;
        ui.tick(studio.now);
        ui.follow(&studio);
        let meter = |rms: f32, left: f32, right: f32| StripMeter {
            peak_dbfs: [left, right],
            hold_dbfs: [left + 4.0, right + 3.0],
            rms_dbfs: [rms, rms - 1.0],
            is_clipping: false,
            ..StripMeter::default()
        };
        ui.hear(Meters {
            strips: vec![
                StripMeter {
                    stages: StageMeters {
                        high_pass_db: -0.4,
                        denoise_db: -1.2,
                        gate_db: 0.0,
                        eq_db: -0.8,
                        compressor_db: -4.6,
                        de_esser_db: -1.5,
                        ride_db: 2.1,
                        duck_db: 0.0,
                    },
                    ..meter(-21.0, -12.5, -14.0)
                },
                meter(-30.0, -19.0, -24.0),
                StripMeter {
                    stages: StageMeters {
                        duck_db: -12.0,
                        ..StageMeters::default()
                    },
                    ..StripMeter::default()
                },
                meter(-24.0, -18.0, -18.0),
            ],
            program: meter(-18.0, -8.0, -9.5),
            limiter_reduction_db: 0.8,
            loudness: Loudness {
                momentary_lufs: Some(-15.2),
                short_term_lufs: Some(-17.4),
                integrated_lufs: Some(-16.4),
                range_lu: Some(4.2),
                true_peak_dbtp: Some(-1.0),
            },
            silent_ms: 0,
        });
        Self {
            studio,
            ui,
            columns,
            rows,
        }
    }

    /// Presses keys, by the names of the keymap; a word after `:` is typed letter by letter.
    pub fn press(&mut self, keys: &str) -> Vec<UiAction> {
        keys.split(' ').flat_map(|name| self.press_one(name)).collect()
    }

    /// Presses keys and lets the studio do what they ask for, as far as it is in its model. Returns the command lines.
    pub fn act(&mut self, keys: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for key in keys.split(' ') {
            for action in self.press(key) {
                let UiAction::Command { name, args, .. } = action else {
                    panic!("{key} asks for {action:?}");
                };
                let mut words = command::split_words(&name);
                words.extend(args);
                lines.push(words.join(" "));
                let command = command::parse(&words).unwrap();
                match update(&mut self.studio, Input::Command(command), self.ui.now) {
                    Ok(_) => self.ui.say(name, false),
                    Err(refusal) => self.ui.say(refusal.to_string(), true),
                }
                self.ui.follow(&self.studio);
            }
        }
        lines
    }

    pub fn press_one(&mut self, name: &str) -> Vec<UiAction> {
        let (name, modifiers) = match (name.strip_prefix("ctrl-"), name.strip_prefix("alt-")) {
            (Some(rest), _) => (rest, KeyModifiers::CONTROL),
            (_, Some(rest)) => (rest, KeyModifiers::ALT),
            _ => (name, KeyModifiers::NONE),
        };
        let code = match name {
            "space" => KeyCode::Char(' '),
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "tab" => KeyCode::Tab,
            "backtab" => KeyCode::BackTab,
            "backspace" => KeyCode::Backspace,
            "delete" => KeyCode::Delete,
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "pageup" => KeyCode::PageUp,
            "pagedown" => KeyCode::PageDown,
            "home" => KeyCode::Home,
            "end" => KeyCode::End,
            "f1" => KeyCode::F(1),
            "f5" => KeyCode::F(5),
            "f6" => KeyCode::F(6),
            one => KeyCode::Char(one.chars().next().unwrap()),
        };
        self.ui.on_key(&self.studio, KeyEvent::new(code, modifiers))
    }

    /// Types a text letter by letter.
    pub fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            self.ui
                .on_key(&self.studio, KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
        }
    }

    /// Puts a picture on each monitor: a lit circle before a gradient.
    pub fn with_pictures(mut self) -> Self {
        let area = ratatui::layout::Rect::new(0, 0, self.columns, self.rows);
        let Some(arrangement) = Arrangement::new(area, &self.studio, &self.ui) else {
            return self;
        };
        for (at, (target, area)) in arrangement.monitors(&self.studio).into_iter().enumerate() {
            let renderer = Renderer::Cells(Glyphs::Ascii, Palette::Mono);
            let size = renderer.picture_size(area.width, area.height, CellSize::default(), 1.0);
            let Some((width, height)) = size else { continue };
            let picture = test_picture(width as usize, height as usize, at);
            let marks = match target {
                MonitorTarget::Program => marks(&self.studio),
                _ => Vec::new(),
            };
            let mut encoder = CellEncoder::new(Glyphs::Ascii, Palette::Mono);
            let cells = encoder.encode(&picture, Thrift::LEAST).unwrap();
            self.ui
                .pictures
                .insert(target, Prepared::Cells(cells.into(), marks.into()));
        }
        self
    }

    /// Marks these faces on program.
    pub fn put_marks(&mut self, marks: Vec<FaceMark>) {
        if let Some(Prepared::Cells(_, now)) = self.ui.pictures.get_mut(&MonitorTarget::Program) {
            *now = marks.into();
        }
    }

    pub fn picture_targets(&self) -> Vec<MonitorTarget> {
        self.ui.pictures.keys().cloned().collect()
    }

    pub fn buffer(&self) -> Buffer {
        self.buffer_of(&self.ui)
    }

    /// The screen of somebody else at the same studio, on a terminal of the same size.
    pub fn buffer_of(&self, ui: &UiState) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(self.columns, self.rows)).unwrap();
        terminal.draw(|frame| view(frame, &self.studio, ui)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The screen as text, without blanks at the ends of lines.
    pub fn text(&self) -> String {
        text_of(&self.buffer())
    }
}

/// The screen as text with reversed cells in brackets: so badges and switches are told where there is no colour.
pub fn marked_text(buffer: &Buffer) -> String {
    let rows = buffer.content().chunks(usize::from(buffer.area.width));
    let marked = rows.map(|row| {
        let mut line = String::new();
        let mut is_open = false;
        for cell in row {
            let is_reversed = cell.modifier.contains(Modifier::REVERSED);
            if is_reversed != is_open {
                line.push(if is_reversed { '⟦' } else { '⟧' });
            }
            is_open = is_reversed;
            line.push_str(cell.symbol());
        }
        line.trim_end().to_owned()
    });
    marked.collect::<Vec<_>>().join("\n")
}

pub fn text_of(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    buffer
        .content()
        .chunks(width)
        .map(|row| {
            row.iter()
                .map(ratatui::buffer::Cell::symbol)
                .collect::<String>()
                .trim_end()
                .to_owned()
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// A lit circle before a gradient, another one for each `seed`.
pub fn test_picture(width: usize, height: usize, seed: usize) -> Picture {
    let mut rgb = Vec::with_capacity(width * height * 3);
    let (w, h) = (width as f32, height as f32);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = ((x as f32 + 0.5) / w, (y as f32 + 0.5) / h);
            let center = 0.3 + 0.13 * (seed % 4) as f32;
            let (dx, dy) = ((u - center) * w / h, v - 0.5);
            let distance = (dx * dx + dy * dy).sqrt();
            let light = if distance < 0.32 {
                240.0 * (1.0 - distance * 1.6)
            } else {
                90.0 * u * (1.0 - v * 0.6)
            };
            rgb.extend([light as u8, (light * 0.9) as u8, (light * 0.8) as u8]);
        }
    }
    Picture::new(width, height, rgb).unwrap()
}
