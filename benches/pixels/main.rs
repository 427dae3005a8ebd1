//! Pictures as pixels for a terminal, 640×360: CPU and bytes per picture, and how near they come to the picture. Beside
//! `icy_sixel` in this process, and `img2sixel` and `chafa` as processes that read the same pictures from files.
//!
//! `cargo bench --bench pixels`. CPU is what the kernel counts for this thread, or for the children; a process also starts and
//! reads its picture, which is said in its row.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod content;
mod processes;

use icy_sixel::{EncodeOptions, QuantizeMethod, SixelImage};
use rigcast::tui::monitor::pixels::{ItermEncoder, Keeps, KittyEncoder, PixelPicture, SixelEncoder};
use rigcast::tui::monitor::{Picture, Thrift};

use content::{Content, HEIGHT, WIDTH};

/// What a way of writing pictures came to.
struct Row {
    name: String,
    cpu_ms: f64,
    bytes: usize,
    /// Mean PSNR in dB, where the pictures were read back.
    psnr: Option<f64>,
}

pub fn main() {
    for content in Content::ALL {
        let pictures = content.pictures();
        println!("{} ({} pictures of {WIDTH}×{HEIGHT})", content.name(), pictures.len());
        println!("  {:<44} {:>7} {:>9} {:>7}", "", "CPU ms", "bytes", "PSNR dB");
        let mut rows = vec![wu(&pictures, 64), wu(&pictures, 256)];
        rows.extend(processes::rows(&pictures));
        for level in 0..4 {
            let mut encoder = SixelEncoder::new(Keeps::Pixels, 256, 20);
            rows.push(ours(&format!("sixel, thrift {level}"), &pictures, |picture| {
                encoder.encode(picture, Thrift::new(level))
            }));
        }
        for level in 0..4 {
            let mut encoder = KittyEncoder::new((64, 18), 1, 0, false);
            rows.push(ours(&format!("kitty, thrift {level}"), &pictures, |picture| {
                encoder.encode(picture, Thrift::new(level))
            }));
        }
        for level in 0..4 {
            let mut encoder = ItermEncoder::new((64, 18));
            rows.push(ours(&format!("iTerm2, thrift {level}"), &pictures, |picture| {
                encoder.encode(picture, Thrift::new(level))
            }));
        }
        for Row {
            name,
            cpu_ms,
            bytes,
            psnr,
        } in rows
        {
            let psnr = psnr.map_or_else(String::new, |psnr| format!("{psnr:.1}"));
            println!("  {name:<44} {cpu_ms:>7.2} {bytes:>9} {psnr:>7}");
        }
    }
}

/// Writes a sequence as the client does, each picture as an update of the one before where that is possible.
fn ours(name: &str, pictures: &[Picture], mut encode: impl FnMut(&Picture) -> Option<PixelPicture>) -> Row {
    let (mut cpu, mut bytes, mut quality, mut judged) = (0.0, 0, 0.0, 0);
    let (mut on_screen, mut last) = (None, None);
    for picture in pictures {
        let before = processes::thread_cpu_ms();
        let made = encode(picture);
        cpu += processes::thread_cpu_ms() - before;
        if let Some(made) = made {
            bytes += made.patches(on_screen).len();
            made.mark_shown();
            on_screen = Some(made.serial());
            // What the whole picture shows is what an update leaves on the screen: tests hold that.
            let whole: Vec<u8> = made
                .patches(None)
                .iter()
                .flat_map(|(_, _, bytes)| bytes.to_vec())
                .collect();
            last = whole.starts_with(b"\x1bP").then_some(whole);
        }
        if let Some(whole) = &last {
            quality += psnr(picture.rgb(), &decoded(whole));
            judged += 1;
        }
    }
    Row {
        name: format!("rigcast: {name}"),
        cpu_ms: cpu / pictures.len() as f64,
        bytes: bytes / pictures.len(),
        psnr: (judged > 0).then(|| quality / f64::from(judged)),
    }
}

/// `icy_sixel` with Wu's quantiser and no dither.
fn wu(pictures: &[Picture], colors: u16) -> Row {
    let options = EncodeOptions {
        max_colors: colors,
        diffusion: 0.0,
        quantize_method: QuantizeMethod::Wu,
    };
    let (mut cpu, mut bytes, mut quality) = (0.0, 0, 0.0);
    for picture in pictures {
        let rgba = picture
            .rgb()
            .chunks_exact(3)
            .flat_map(|p| [p[0], p[1], p[2], 255])
            .collect();
        let image = SixelImage::from_rgba(rgba, WIDTH, HEIGHT);
        let before = processes::thread_cpu_ms();
        let sixels = image.encode_with(&options).unwrap();
        cpu += processes::thread_cpu_ms() - before;
        bytes += sixels.len();
        quality += psnr(picture.rgb(), &decoded(sixels.as_bytes()));
    }
    let count = pictures.len();
    Row {
        name: format!("icy_sixel: Wu {colors}"),
        cpu_ms: cpu / count as f64,
        bytes: bytes / count,
        psnr: Some(quality / count as f64),
    }
}

/// The pixels of sixels.
fn decoded(sixels: &[u8]) -> Vec<u8> {
    let image = SixelImage::decode(sixels).unwrap();
    let rows = image.pixels.chunks_exact(image.width * 4).take(HEIGHT);
    rows.flat_map(|row| row[..WIDTH * 4].chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]))
        .collect()
}

fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let squares: f64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum();
    10.0 * (65025.0 / (squares / a.len() as f64).max(1e-9)).log10()
}
