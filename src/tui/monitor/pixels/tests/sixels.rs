//! Sixels on a screen that keeps pixels, one that keeps cells, and one that keeps nothing.

use proptest::prelude::*;

use super::super::{Keeps, SixelEncoder};
use super::glass::Glass;
use super::*;

/// Cells 20 pixels high.
const CELL: u16 = 20;

#[test]
fn a_sequence_looks_like_its_pictures_whatever_the_terminal_keeps() {
    for (thrift, least) in THRIFTS.into_iter().zip([36.5, 34.0, 31.5, 28.0]) {
        for keeps in [Keeps::Pixels, Keeps::Cells, Keeps::Nothing] {
            let pictures = clip(160, 120, 12);
            let mut encoder = SixelEncoder::new(keeps, 256, CELL);
            let (mut glass, mut player) = (Glass::new(160, 120), Player::new());
            for (at, picture) in pictures.iter().enumerate() {
                let sixels = encoder.encode(picture, thrift).expect("the square moved");
                // Every third picture never makes it to the screen.
                if at % 3 == 2 {
                    continue;
                }
                player.show(&sixels, |column, row, bytes| {
                    assert_eq!(column, 0);
                    glass.write(bytes, usize::from(row * CELL));
                });
                let quality = psnr(picture.rgb(), &glass.rgb);
                assert!(quality > least, "{thrift:?} {keeps:?}, picture {at}: {quality:.1} dB");
            }
            assert!(glass.is_painted.iter().all(|is_painted| *is_painted));
            let expected = if keeps == Keeps::Nothing { 0 } else { 7 };
            assert_eq!(player.updates, expected, "{thrift:?} {keeps:?}");
            if keeps == Keeps::Pixels {
                let (first, rest) = player.sent.split_first().unwrap();
                let mean = rest.iter().sum::<usize>() / rest.len();
                assert!(
                    mean * 2 < *first,
                    "an update of {mean} bytes, a whole picture of {first}"
                );
            }
        }
    }
}

#[test]
fn what_another_reader_reads_is_the_same() {
    let pictures = clip(70, 50, 1);
    for thrift in THRIFTS {
        let sixels = SixelEncoder::new(Keeps::Pixels, 256, CELL)
            .encode(&pictures[0], thrift)
            .unwrap();
        let mut glass = Glass::new(70, 50);
        for (_, _, bytes) in sixels.patches(None).iter() {
            glass.write(bytes, 0);
            let image = icy_sixel::SixelImage::decode(bytes).unwrap();
            let theirs: Vec<u8> = (0..50)
                .flat_map(|y| &image.pixels[y * image.width * 4..][..70 * 4])
                .copied()
                .enumerate()
                .filter_map(|(at, value)| (at % 4 < 3).then_some(value))
                .collect();
            // Percents are rounded their way.
            assert!(
                glass
                    .rgb
                    .iter()
                    .zip(&theirs)
                    .all(|(ours, theirs)| ours.abs_diff(*theirs) <= 1)
            );
        }
    }
}

#[test]
fn a_still_picture_with_grain_sends_nothing_and_a_cut_comes_whole() {
    let mut still = clip(120, 60, 1).remove(0);
    let mut encoder = SixelEncoder::new(Keeps::Pixels, 256, CELL);
    let first = encoder.encode(&still, Thrift::new(1)).unwrap();
    first.mark_shown();
    for (at, value) in still.rgb.iter_mut().enumerate() {
        *value = value.saturating_add((at * 7 % 3) as u8);
    }
    assert!(encoder.encode(&still, Thrift::new(1)).is_none());
    let cut = Picture::new(120, 60, [[200, 40, 90], [20, 220, 60]].concat().repeat(3600)).unwrap();
    let after = encoder.encode(&cut, Thrift::new(1)).unwrap();
    assert_eq!(after.patches(Some(first.serial())), after.patches(None));
    let mut glass = Glass::new(120, 60);
    Player::new().show(&after, |_, row, bytes| glass.write(bytes, usize::from(row * CELL)));
    assert!(psnr(cut.rgb(), &glass.rgb) > 45.0);
}

#[test]
fn less_thrift_brings_a_still_picture_up_at_once() {
    let picture = clip(120, 60, 1).remove(0);
    let mut encoder = SixelEncoder::new(Keeps::Pixels, 256, CELL);
    encoder.encode(&picture, Thrift::new(3)).unwrap();
    assert!(encoder.encode(&picture, Thrift::new(3)).is_none());
    let better = encoder.encode(&picture, Thrift::new(0)).expect("a better one");
    let mut glass = Glass::new(120, 60);
    Player::new().show(&better, |_, row, bytes| glass.write(bytes, usize::from(row * CELL)));
    assert!(psnr(picture.rgb(), &glass.rgb) > 37.0);
}

#[test]
fn few_registers_are_respected() {
    let picture = clip(120, 60, 1).remove(0);
    let sixels = SixelEncoder::new(Keeps::Pixels, 16, CELL)
        .encode(&picture, Thrift::new(0))
        .unwrap();
    let (_, _, bytes) = sixels.patches(None).iter().next().unwrap();
    let text = std::str::from_utf8(bytes).unwrap();
    assert_eq!(text.matches(";2;").count(), 16);
    assert!(!text.contains("#16"));
}

#[test]
fn no_more_bytes_and_no_worse_than_wu_with_64_colours() {
    for picture in clip(320, 180, 3) {
        let rgba: Vec<u8> = picture
            .rgb()
            .chunks_exact(3)
            .flat_map(|p| [p[0], p[1], p[2], 255])
            .collect();
        let options = icy_sixel::EncodeOptions {
            max_colors: 64,
            diffusion: 0.0,
            quantize_method: icy_sixel::QuantizeMethod::Wu,
        };
        let theirs = icy_sixel::SixelImage::from_rgba(rgba, 320, 180)
            .encode_with(&options)
            .unwrap();
        let image = icy_sixel::SixelImage::decode(theirs.as_bytes()).unwrap();
        let shown: Vec<u8> = image
            .pixels
            .chunks_exact(4)
            .take(320 * 180)
            .flat_map(|p| [p[0], p[1], p[2]])
            .collect();
        let (mut glass, mut player) = (Glass::new(320, 180), Player::new());
        let ours = SixelEncoder::new(Keeps::Pixels, 256, CELL)
            .encode(&picture, Thrift::new(1))
            .unwrap();
        player.show(&ours, |_, row, bytes| glass.write(bytes, usize::from(row * CELL)));
        let (mine, other) = (psnr(picture.rgb(), &glass.rgb), psnr(picture.rgb(), &shown));
        assert!(mine >= other, "{mine:.1} dB, theirs {other:.1}");
        assert!(
            player.sent[0] * 10 <= theirs.len() * 8,
            "{} bytes, theirs {}",
            player.sent[0],
            theirs.len()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_size_and_any_pixels_are_painted_once_and_near(
        width in 1usize..60, height in 1usize..40, seed: u64, level in 0u8..4, cell in 1u16..30, registers in 2usize..300,
    ) {
        let mut state = seed | 1;
        let mut noise = move || { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state as u8 };
        for keeps in [Keeps::Pixels, Keeps::Cells] {
            let mut encoder = SixelEncoder::new(keeps, registers, cell);
            let (mut glass, mut player) = (Glass::new(width, height), Player::new());
            let mut rgb: Vec<u8> = (0..width * height * 3).map(|_| noise()).collect();
            for _ in 0..3 {
                let picture = Picture::new(width, height, rgb.clone()).unwrap();
                if let Some(sixels) = encoder.encode(&picture, Thrift::new(level)) {
                    player.show(&sixels, |_, row, bytes| glass.write(bytes, usize::from(row * cell)));
                }
                prop_assert!(glass.is_painted.iter().all(|is_painted| *is_painted));
                // What is shown is what the encoder believes to be shown.
                let whole = {
                    let mut whole = Glass::new(width, height);
                    if let Some(sixels) = encoder.encode(&Picture::new(width, height, vec![noise(); width * height * 3]).unwrap(), Thrift::new(level)) {
                        Player::new().show(&sixels, |_, row, bytes| whole.write(bytes, usize::from(row * cell)));
                        player.show(&sixels, |_, row, bytes| glass.write(bytes, usize::from(row * cell)));
                        Some(whole)
                    } else { None }
                };
                if let Some(whole) = whole {
                    prop_assert_eq!(&whole.rgb, &glass.rgb);
                }
                let (at, end) = (usize::from(noise()) % rgb.len(), rgb.len());
                for value in &mut rgb[at..end.min(at + 60)] {
                    *value = noise();
                }
            }
        }
    }
}
