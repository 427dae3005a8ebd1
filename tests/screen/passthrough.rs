//! Pictures through a real tmux and a real GNU screen: what the terminal behind them gets.
//!
//! `script` (util-linux) is the terminal: a pseudo terminal whose bytes we read.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ratatui::Terminal;
use ratatui::layout::{Rect, Size};
use rigcast::tui::monitor::pixels::{Keeps, KittyEncoder, Passage, SixelEncoder, Stage};
use rigcast::tui::monitor::{Picture, Thrift};
use rigcast::tui::terminal::Paint;

use super::common::{Guard, PATIENCE, peer};

const AREA: Rect = Rect::new(5, 3, 16, 4);

/// The window's shell: each empty line brings the bytes, another one the end.
const SHELL: &str = "echo window shown; while read line && [ -z $line ]; do cat bytes; done";

/// What a terminal of 80 × 24 cells gets of the bytes that `inside` (a shell's line) writes by [`SHELL`] in a multiplexer, as
/// soon as both needles are among it.
///
/// tmux loses what it should pass through while it is about to draw a window anew, as it is in its first moments: then the bytes
/// are asked for again.
fn terminal_gets(folder: &Path, inside: &str, needles: [&[u8]; 2]) -> Vec<u8> {
    let mut terminal = Guard::spawn(
        Command::new("script")
            .args(["-qefc", &format!("stty cols 80 rows 24; {inside}"), "/dev/null"])
            .current_dir(folder)
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .env("SHELL", "/bin/sh")
            .env_remove("TMUX")
            .env_remove("STY")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null()),
    );
    let mut input = terminal.0.stdin.take().unwrap();
    let mut output = terminal.0.stdout.take().unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = output.read(&mut buffer) {
            if tell.send(buffer[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    let has = |got: &[u8], needle: &[u8]| got.windows(needle.len()).any(|bytes| bytes == needle);
    let mut got = Vec::new();
    while !has(&got, b"window shown") {
        got.extend(told.recv_timeout(PATIENCE).expect("a window"));
    }
    'again: for attempt in 0.. {
        assert!(attempt < 20, "the bytes never came: {}", got.escape_ascii());
        got.clear();
        input.write_all(b"\n").unwrap();
        while !needles.iter().all(|needle| has(&got, needle)) {
            match told.recv_timeout(Duration::from_secs(1)) {
                Ok(bytes) => got.extend(bytes),
                Err(_) => continue 'again,
            }
        }
        break;
    }
    input.write_all(b"end\n").unwrap();
    while told.recv_timeout(PATIENCE).is_ok() {}
    got
}

fn tmux(folder: &Path) -> String {
    let config = "set -g allow-passthrough on\nset -g status off\nset -g default-terminal tmux-256color\n\
                  set -as terminal-features ',xterm*:RGB'\n";
    std::fs::write(folder.join("tmux.conf"), config).unwrap();
    format!("exec tmux -u -S socket -f tmux.conf new-session '{SHELL}'")
}

fn picture() -> Picture {
    let rgb = (0..160 * 80)
        .flat_map(|at| [(at % 160) as u8, (at / 160 * 3) as u8, 120])
        .collect();
    Picture::new(160, 80, rgb).unwrap()
}

fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let squares: f64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum();
    10.0 * (65025.0 / (squares / a.len() as f64).max(1e-9)).log10()
}

fn sixels_get_through(multiplexer: Passage, inside: impl FnOnce(&Path) -> String) {
    let folder = tempfile::tempdir().unwrap();
    let picture = picture();
    let sixels = Arc::new(
        SixelEncoder::new(Keeps::Pixels, 256, 20)
            .encode(&picture, Thrift::new(1))
            .unwrap(),
    );
    let mut stage = Stage::new(multiplexer);
    std::fs::write(folder.path().join("bytes"), stage.after_cells([((), AREA, sixels)])).unwrap();
    let inside = inside(folder.path());
    let got = terminal_gets(folder.path(), &inside, [b"\x1bP0;1q", b"\x1b\\\x1b8"]);
    let place = b"\x1b[4;6H\x1bP0;1q";
    let from = got
        .windows(place.len())
        .position(|bytes| bytes == place)
        .expect("a picture in its place");
    let shown = icy_sixel::SixelImage::decode(&got[from + 6..]).unwrap();
    let rgb: Vec<u8> = shown
        .pixels
        .chunks_exact(shown.width * 4)
        .take(80)
        .flat_map(|row| {
            row[..160 * 4]
                .chunks_exact(4)
                .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
                .collect::<Vec<u8>>()
        })
        .collect();
    assert!(psnr(picture.rgb(), &rgb) > 35.0);
}

#[test]
fn sixels_get_through_tmux() {
    let (Some(_), Some(_)) = (peer("tmux"), peer("script")) else {
        return;
    };
    sixels_get_through(Passage::Tmux { column: 0, row: 0 }, tmux);
}

#[test]
fn sixels_get_through_screen() {
    let (Some(_), Some(_)) = (peer("screen"), peer("script")) else {
        return;
    };
    sixels_get_through(Passage::Screen { column: 0, row: 0 }, |_| {
        format!("exec screen -U -c /dev/null sh -c '{SHELL}'")
    });
}

#[test]
fn kittys_images_and_their_placeholders_get_through_tmux() {
    let (Some(_), Some(_)) = (peer("tmux"), peer("script")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let picture = picture();
    let images = Arc::new(
        KittyEncoder::new((16, 4), 5, 1, true)
            .encode(&picture, Thrift::new(0))
            .unwrap(),
    );
    let mut stage = Stage::new(Passage::Tmux { column: 0, row: 0 });
    let mut bytes = stage.before_cells([(&(), &images)]).to_vec();
    let mut terminal = Terminal::new(Paint::new(Size::new(80, 24), true)).unwrap();
    terminal
        .draw(|frame| images.placeholders().unwrap().draw(AREA, frame.buffer_mut()))
        .unwrap();
    bytes.extend(terminal.backend_mut().take(Vec::new()));
    std::fs::write(folder.path().join("bytes"), bytes).unwrap();

    let inside = tmux(folder.path());
    let last_cell = "\u{10eeee}\u{310}\u{357}";
    let got = terminal_gets(folder.path(), &inside, [b"\x1b_Ga=T", last_cell.as_bytes()]);
    let text = String::from_utf8_lossy(&got);
    // One image of 16 × 4 cells: its number is the colour of its cells.
    let (mut data, mut id) = (String::new(), None);
    for command in text.split("\x1b_G").skip(1) {
        let (command, _) = command.split_once("\x1b\\").unwrap();
        let (keys, chunk) = command.split_once(';').unwrap_or((command, ""));
        if keys.starts_with("a=T") {
            assert!(keys.contains(",U=1") && keys.contains(",c=16,r=4"), "{keys}");
            id = keys
                .split(',')
                .find_map(|key| key.strip_prefix("i="))
                .map(|id| id.parse::<u32>().unwrap());
        }
        data.push_str(chunk);
    }
    let file = STANDARD.decode(data).unwrap();
    let rgb = if file.starts_with(b"\x89PNG") {
        image::load_from_memory(&file).unwrap().to_rgb8().into_raw()
    } else {
        let mut rgb = Vec::new();
        flate2::read::ZlibDecoder::new(&file[..]).read_to_end(&mut rgb).unwrap();
        rgb
    };
    assert_eq!(rgb, picture.rgb());
    let [_, r, g, b] = id.unwrap().to_be_bytes();
    assert!(
        text.contains(&format!("\x1b[38;2;{r};{g};{b}m")) || text.contains(&format!("\x1b[38:2::{r}:{g}:{b}m")),
        "{}",
        got.escape_ascii()
    );
    // tmux writes a cell again with each diacritic: what counts is the cell with both.
    let rows_and_columns: Vec<(char, char)> = text
        .split('\u{10eeee}')
        .skip(1)
        .filter_map(|cell| {
            let mut diacritics = cell.chars().take_while(|c| !c.is_ascii());
            Some((diacritics.next()?, diacritics.next()?))
        })
        .collect();
    assert_eq!(rows_and_columns.len(), 64);
    assert_eq!(rows_and_columns[0], ('\u{305}', '\u{305}'));
    assert_eq!(rows_and_columns[17], ('\u{30d}', '\u{30d}'));
    assert_eq!(rows_and_columns[63], ('\u{310}', '\u{357}'));
}
