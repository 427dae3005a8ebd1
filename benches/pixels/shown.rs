//! What a terminal of cells of 10 × 20 pixels shows of a whole picture, whatever it was written as.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use icy_sixel::SixelImage;
use rigcast::tui::monitor::pixels::PixelPicture;

use super::content::{HEIGHT, WIDTH};

/// The pixels of a picture that was written whole.
pub fn shown(picture: &PixelPicture) -> Vec<u8> {
    let mut screen = vec![0; WIDTH * HEIGHT * 3];
    for (column, row, bytes) in picture.patches(None).iter() {
        if bytes.starts_with(b"\x1bP") {
            return sixels(bytes);
        }
        let text = std::str::from_utf8(bytes).unwrap();
        let (width, tile) = if text.starts_with("\x1b]1337;") {
            iterm(text)
        } else {
            kitty(text)
        };
        let (left, top) = (usize::from(column) * 10, usize::from(row) * 20);
        for (y, line) in tile.chunks_exact(width * 3).enumerate() {
            let at = ((top + y) * WIDTH + left) * 3;
            screen[at..at + line.len()].copy_from_slice(line);
        }
    }
    screen
}

/// The pixels of sixels.
pub fn sixels(bytes: &[u8]) -> Vec<u8> {
    let image = SixelImage::decode(bytes).unwrap();
    let rows = image.pixels.chunks_exact(image.width * 4).take(HEIGHT);
    rows.flat_map(|row| row[..WIDTH * 4].chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]))
        .collect()
}

fn kitty(text: &str) -> (usize, Vec<u8>) {
    let (mut data, mut width) = (String::new(), None);
    for command in text.split("\x1b_G").skip(1) {
        let (keys, chunk) = command.trim_end_matches("\x1b\\").split_once(';').unwrap_or_default();
        width = width.or_else(|| {
            keys.split(',')
                .find_map(|key| key.strip_prefix("s=")?.parse::<usize>().ok())
        });
        data.push_str(chunk);
    }
    let file = STANDARD.decode(data).unwrap();
    let Some(width) = width else { return opened(&file) };
    let mut rgb = Vec::new();
    flate2::read::ZlibDecoder::new(&file[..]).read_to_end(&mut rgb).unwrap();
    (width, rgb)
}

fn iterm(text: &str) -> (usize, Vec<u8>) {
    let (_, data) = text.trim_end_matches('\x07').split_once(':').unwrap();
    opened(&STANDARD.decode(data).unwrap())
}

fn opened(file: &[u8]) -> (usize, Vec<u8>) {
    let image = image::load_from_memory(file).unwrap().to_rgb8();
    (image.width() as usize, image.into_raw())
}
