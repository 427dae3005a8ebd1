//! Kitty's and iTerm2's images on a screen of cells, read by readers of our own.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::super::{ItermEncoder, KittyEncoder};
use super::*;

/// Pixels of a cell.
const CELL: (usize, usize) = (10, 20);

/// An image as pixels.
#[derive(Clone)]
struct Image {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
    /// Columns and rows that it is shown in.
    cells: (usize, usize),
}

/// A screen of cells whose images are known.
struct Screen {
    columns: usize,
    rows: usize,
    images: BTreeMap<u32, Image>,
    /// Where images stand that are not virtual: number and cell.
    places: BTreeMap<u32, (usize, usize)>,
    /// iTerm2's: what stands in the cells, the last on top.
    written: Vec<(usize, usize, Image)>,
    largest_chunk: usize,
    /// Whether every cell showed an image after each command since the first picture was whole.
    was_ever_bare: bool,
}

impl Screen {
    fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            rows,
            images: BTreeMap::new(),
            places: BTreeMap::new(),
            written: Vec::new(),
            largest_chunk: 0,
            was_ever_bare: false,
        }
    }

    /// Reads kitty's commands, written with the cursor at a cell.
    fn kitty(&mut self, bytes: &[u8], cursor: (usize, usize), watch: bool) {
        let text = std::str::from_utf8(bytes).unwrap();
        let mut data = String::new();
        let mut first: BTreeMap<String, String> = BTreeMap::new();
        for command in text.split("\x1b_G").skip(1) {
            let command = command.strip_suffix("\x1b\\").expect("an end");
            let (keys, chunk) = command.split_once(';').unwrap_or((command, ""));
            let keys: BTreeMap<String, String> = keys
                .split(',')
                .map(|key| key.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap())
                .collect();
            assert_eq!(keys["q"], "2", "answers would be read as keys");
            if keys.get("a").is_some_and(|a| a == "d") {
                assert_eq!(keys["d"], "I");
                let id: u32 = keys["i"].parse().unwrap();
                self.images.remove(&id);
                self.places.remove(&id);
            } else {
                self.largest_chunk = self.largest_chunk.max(chunk.len());
                if first.is_empty() {
                    first.clone_from(&keys);
                }
                data.push_str(chunk);
                let is_last = keys["m"] == "0";
                assert!(is_last || chunk.len() % 4 == 0);
                if !is_last {
                    continue;
                }
                self.transmit(&std::mem::take(&mut first), &std::mem::take(&mut data), cursor);
            }
            if watch {
                self.was_ever_bare |= self.show_kitty().is_none();
            }
        }
    }

    fn transmit(&mut self, keys: &BTreeMap<String, String>, data: &str, cursor: (usize, usize)) {
        let number = |key: &str| keys[key].parse::<usize>().unwrap();
        let bytes = STANDARD.decode(data).unwrap();
        let (width, height, rgb) = match keys["f"].as_str() {
            "24" => {
                assert_eq!(keys["o"], "z");
                let mut rgb = Vec::new();
                flate2::read::ZlibDecoder::new(&bytes[..])
                    .read_to_end(&mut rgb)
                    .unwrap();
                assert_eq!(rgb.len(), number("s") * number("v") * 3);
                (number("s"), number("v"), rgb)
            }
            "100" => {
                let image = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png)
                    .unwrap()
                    .to_rgb8();
                (image.width() as usize, image.height() as usize, image.into_raw())
            }
            other => panic!("format {other}"),
        };
        let id = number("i") as u32;
        assert!(id > 0 && id < 1 << 24);
        let cells = (number("c"), number("r"));
        self.images.insert(
            id,
            Image {
                width,
                height,
                rgb,
                cells,
            },
        );
        self.places.remove(&id);
        if keys.get("U").is_none() {
            assert_eq!((keys["C"].as_str(), keys["p"].as_str()), ("1", "1"));
            self.places.insert(id, cursor);
        }
    }

    /// What stands on the screen; `None` where a cell shows no image. Higher numbers stand over lower ones.
    fn show_kitty(&self) -> Option<Vec<u8>> {
        let images = self
            .places
            .iter()
            .map(|(id, (column, row))| (*column, *row, &self.images[id]));
        self.paint(images)
    }

    fn paint<'a>(&self, images: impl Iterator<Item = (usize, usize, &'a Image)>) -> Option<Vec<u8>> {
        let (width, height) = (self.columns * CELL.0, self.rows * CELL.1);
        let mut rgb = vec![0; width * height * 3];
        let mut is_painted = vec![false; width * height];
        for (column, row, image) in images {
            let (w, h) = (image.cells.0 * CELL.0, image.cells.1 * CELL.1);
            for y in 0..h {
                for x in 0..w {
                    let from = (y * image.height / h * image.width + x * image.width / w) * 3;
                    let to = (row * CELL.1 + y) * width + column * CELL.0 + x;
                    rgb[to * 3..to * 3 + 3].copy_from_slice(&image.rgb[from..from + 3]);
                    is_painted[to] = true;
                }
            }
        }
        is_painted.iter().all(|is_painted| *is_painted).then_some(rgb)
    }

    /// Reads iTerm2's images, written with the cursor at a cell.
    fn iterm(&mut self, bytes: &[u8], (column, row): (usize, usize)) {
        let text = std::str::from_utf8(bytes).unwrap();
        let (mut keys, mut data) = (String::new(), String::new());
        for command in text.split("\x1b]1337;").skip(1) {
            let command = command.strip_suffix('\x07').expect("an end");
            if let Some(file) = command.strip_prefix("File=") {
                let (of_file, all) = file.split_once(':').unwrap();
                (keys, data) = (of_file.to_owned(), all.to_owned());
            } else if let Some(file) = command.strip_prefix("MultipartFile=") {
                file.clone_into(&mut keys);
                continue;
            } else if let Some(part) = command.strip_prefix("FilePart=") {
                data.push_str(part);
                continue;
            } else {
                assert_eq!(command, "FileEnd");
            }
            let keys: BTreeMap<&str, &str> = keys.split(';').map(|key| key.split_once('=').unwrap()).collect();
            let bytes = STANDARD.decode(&data).unwrap();
            assert_eq!(keys["size"], bytes.len().to_string());
            assert_eq!(
                (keys["inline"], keys["preserveAspectRatio"], keys["doNotMoveCursor"]),
                ("1", "0", "1")
            );
            let image = image::load_from_memory(&bytes).unwrap().to_rgb8();
            let image = Image {
                width: image.width() as usize,
                height: image.height() as usize,
                rgb: image.into_raw(),
                cells: (keys["width"].parse().unwrap(), keys["height"].parse().unwrap()),
            };
            self.written.retain(|(c, r, _)| (*c, *r) != (column, row));
            self.written.push((column, row, image));
        }
    }

    fn show_iterm(&self) -> Option<Vec<u8>> {
        self.paint(self.written.iter().map(|(column, row, image)| (*column, *row, image)))
    }

    /// What the placeholders in a buffer show.
    fn show_placeholders(&self, buf: &Buffer) -> Option<Vec<u8>> {
        let mut pieces = Vec::new();
        for position in buf.area.positions() {
            let cell = &buf[position];
            let characters: Vec<char> = cell.symbol().chars().collect();
            let ['\u{10eeee}', row, column] = characters[..] else {
                return None;
            };
            let Color::Rgb(r, g, b) = cell.fg else {
                return None;
            };
            let image = self.images.get(&u32::from_be_bytes([0, r, g, b]))?;
            let place = |diacritic: char| ROWS.iter().position(|known| *known == diacritic);
            let (row, column) = (place(row)?, place(column)?);
            let (w, h) = image.cells;
            let (left, right) = (column * image.width / w, (column + 1) * image.width / w);
            let (top, bottom) = (row * image.height / h, (row + 1) * image.height / h);
            let mut rgb = Vec::new();
            for y in top..bottom {
                rgb.extend_from_slice(&image.rgb[(y * image.width + left) * 3..(y * image.width + right) * 3]);
            }
            let piece = Image {
                width: right - left,
                height: bottom - top,
                rgb,
                cells: (1, 1),
            };
            pieces.push((usize::from(position.x), usize::from(position.y), piece));
        }
        self.paint(pieces.iter().map(|(column, row, image)| (*column, *row, image)))
    }
}

/// The first of kitty's rowcolumn-diacritics.txt.
const ROWS: [char; 20] = [
    '\u{305}', '\u{30d}', '\u{30e}', '\u{310}', '\u{312}', '\u{33d}', '\u{33e}', '\u{33f}', '\u{346}', '\u{34a}',
    '\u{34b}', '\u{34c}', '\u{350}', '\u{351}', '\u{352}', '\u{357}', '\u{35b}', '\u{363}', '\u{364}', '\u{365}',
];

#[test]
fn kitty_shows_a_sequence_and_no_cell_is_ever_bare() {
    for (thrift, least) in THRIFTS.into_iter().zip([49.0, 34.0, 31.5, 28.0]) {
        let mut encoder = KittyEncoder::new((36, 9), 7, 3, false);
        let (mut screen, mut player) = (Screen::new(36, 9), Player::new());
        for (at, picture) in clip(360, 180, 8).iter().enumerate() {
            let images = encoder.encode(picture, thrift).expect("the square moved");
            if at % 3 == 2 {
                continue;
            }
            player.show(&images, |column, row, bytes| {
                screen.kitty(bytes, (usize::from(column), usize::from(row)), at > 0);
            });
            let quality = psnr(picture.rgb(), &screen.show_kitty().expect("every cell"));
            assert!(quality > least, "{thrift:?}, picture {at}: {quality:.1} dB");
            if at == 7 {
                screen.kitty(images.remove(), (0, 0), false);
                assert!(screen.images.is_empty() && screen.places.is_empty());
            }
        }
        assert!(!screen.was_ever_bare, "{thrift:?}: a cell was bare for a moment");
        assert!(screen.largest_chunk <= 4096);
        assert_eq!(player.updates, 5);
        assert!(player.sent[1] * 3 < player.sent[0] * 2, "{:?}", player.sent);
    }
}

#[test]
fn placeholders_show_the_picture_wherever_they_are() {
    let mut encoder = KittyEncoder::new((36, 9), 7, 3, true);
    let (mut screen, mut player) = (Screen::new(36, 9), Player::new());
    let mut before: Option<Buffer> = None;
    for (at, picture) in clip(360, 180, 5).iter().enumerate() {
        let images = encoder.encode(picture, Thrift::new(0)).unwrap();
        player.show(&images, |_, _, bytes| screen.kitty(bytes, (0, 0), false));
        // Until the new cells are there, the old ones show what they did.
        if let Some(before) = &before {
            assert!(screen.show_placeholders(before).is_some(), "picture {at}");
        }
        let mut buf = Buffer::empty(Rect::new(0, 0, 36, 9));
        images.placeholders().unwrap().draw(buf.area, &mut buf);
        let shown = screen.show_placeholders(&buf).expect("every cell");
        assert!(psnr(picture.rgb(), &shown) > 40.0);
        before = Some(buf);
    }
    assert!(
        screen.places.is_empty(),
        "nothing stands where the cursor happened to be"
    );
    let cells = unicode_width::UnicodeWidthStr::width("\u{10eeee}\u{305}\u{30d}");
    assert_eq!(cells, 1, "a placeholder is one cell wide");
}

#[test]
fn iterm_shows_a_sequence() {
    for (thrift, least) in THRIFTS.into_iter().zip([45.0, 34.0, 31.5, 28.0]) {
        let mut encoder = ItermEncoder::new((36, 9));
        let (mut screen, mut player) = (Screen::new(36, 9), Player::new());
        for (at, picture) in clip(360, 180, 6).iter().enumerate() {
            let images = encoder.encode(picture, thrift).unwrap();
            assert!(images.remove().is_empty());
            player.show(&images, |column, row, bytes| {
                screen.iterm(bytes, (usize::from(column), usize::from(row)));
            });
            let quality = psnr(picture.rgb(), &screen.show_iterm().expect("every cell"));
            assert!(quality > least, "{thrift:?}, picture {at}: {quality:.1} dB");
        }
        assert!(player.updates >= 2, "{:?}", player.sent);
    }
}

#[test]
fn a_long_image_comes_in_parts() {
    let mut state = 7u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let picture = Picture::new(600, 400, (0..600 * 400 * 3).map(|_| noise()).collect()).unwrap();
    let images = ItermEncoder::new((20, 5)).encode(&picture, Thrift::new(0)).unwrap();
    let mut screen = Screen::new(20, 5);
    let mut longest = 0;
    Player::new().show(&images, |column, row, bytes| {
        longest = bytes.split(|byte| *byte == 7).map(<[u8]>::len).max().unwrap();
        screen.iterm(bytes, (usize::from(column), usize::from(row)));
    });
    assert!(longest > 100_000 && longest < 140_000, "{longest}");
    assert_eq!(screen.written[0].2.width, 600);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_grid_of_cells_is_covered(
        columns in 1u16..70, rows in 1u16..40, width in 1usize..90, height in 1usize..60, level in 0u8..4, value: u8,
    ) {
        // Fewer pixels than cells leave cells without an image; monitors never have those.
        prop_assume!(width >= usize::from(columns) && height >= usize::from(rows));
        let picture = Picture::new(width, height, vec![value; width * height * 3]).unwrap();
        let mut screen = Screen::new(columns.into(), rows.into());
        let images = KittyEncoder::new((columns, rows), 0, 0, false).encode(&picture, Thrift::new(level)).unwrap();
        Player::new().show(&images, |x, y, bytes| screen.kitty(bytes, (x.into(), y.into()), false));
        prop_assert!(screen.show_kitty().is_some());
        let images = ItermEncoder::new((columns, rows)).encode(&picture, Thrift::new(level)).unwrap();
        Player::new().show(&images, |x, y, bytes| screen.iterm(bytes, (x.into(), y.into())));
        let shown = screen.show_iterm().unwrap();
        prop_assert!(shown.iter().all(|shown| shown.abs_diff(value) <= 4));
    }
}
