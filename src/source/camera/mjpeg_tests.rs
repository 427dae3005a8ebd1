//! JPEGs as cameras make them: without tables, cut off, damaged, padded.

use proptest::prelude::*;

use super::super::device::FourCc;
use super::super::mode::Form;
use super::super::tests::ffmpeg;
use super::super::tint::{Recolour, Tint};
use super::*;
use crate::media::Plane;

fn format(width: u32, height: u32) -> PictureFormat {
    PictureFormat {
        format: FourCc(*b"MJPG"),
        width,
        height,
        stride: 0,
        colorspace: 8,
        encoding: 0,
        quantization: 0,
    }
}

/// A JPEG of ffmpeg's test picture, with the tables of the standard.
fn jpeg(size: &str, sampling: &str) -> Option<Vec<u8>> {
    let source = format!("testsrc2=size={size}:rate=1");
    let made = ["-f", "lavfi", "-i", &source, "-frames:v", "1", "-pix_fmt", sampling];
    ffmpeg(
        &[&made[..], &["-huffman", "default", "-q:v", "3", "-f", "mjpeg", "-"]].concat(),
        &[],
    )
}

/// The same JPEG as ffmpeg decodes it, in the studio's colours.
fn by_ffmpeg(jpeg: &[u8]) -> Option<Vec<u8>> {
    let filter = "scale=in_color_matrix=bt601:in_range=full:out_color_matrix=bt709:out_range=limited:flags=area+accurate_rnd+full_chroma_int";
    let to = [
        "-f", "mjpeg", "-i", "-", "-vf", filter, "-pix_fmt", "yuv420p", "-f", "rawvideo", "-",
    ];
    ffmpeg(&to, jpeg)
}

fn read(reader: &mut JpegReader, jpeg: &[u8], format: &PictureFormat) -> Result<FrameMut, PictureError> {
    let mut recolour = Recolour::from(Tint::of(Form::Mjpeg, format));
    reader.read(jpeg, format, &FramePool::new(), &mut recolour)
}

/// The JPEG without its Huffman tables, as most cameras send it.
fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    let mut at = 2;
    loop {
        let (marker, len) = (jpeg[at + 1], u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]) as usize);
        if marker == SOS {
            out.extend_from_slice(&jpeg[at..]);
            return out;
        }
        if marker != DHT {
            out.extend_from_slice(&jpeg[at..at + 2 + len]);
        }
        at += 2 + len;
    }
}

/// How far the picture is from what was expected, in the mean: luma and colours.
fn off_by(frame: &FrameMut, expected: &[u8]) -> (f64, f64) {
    let ours = [Plane::Y, Plane::U, Plane::V]
        .map(|plane| frame.plane(plane).to_vec())
        .concat();
    assert_eq!(ours.len(), expected.len());
    let mean = |ours: &[u8], expected: &[u8]| {
        let sum: u64 = ours.iter().zip(expected).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / ours.len() as f64
    };
    let luma = frame.plane(Plane::Y).len();
    (
        mean(&ours[..luma], &expected[..luma]),
        mean(&ours[luma..], &expected[luma..]),
    )
}

#[test]
fn pictures_are_those_that_ffmpeg_decodes() {
    for (size, width, height) in [("320x240", 320, 240), ("176x144", 176, 144), ("646x362", 646, 362)] {
        for sampling in ["yuvj422p", "yuvj420p", "yuvj444p"] {
            let Some(jpeg) = jpeg(size, sampling) else { return };
            let expected = by_ffmpeg(&jpeg).unwrap();
            let frame = read(&mut JpegReader::new(), &jpeg, &format(width, height)).unwrap();
            let (luma, colours) = off_by(&frame, &expected);
            // At sharp edges the two put colours differently between the pixels; everywhere else they agree.
            assert!(
                luma < 2.0 && colours < 2.5,
                "{size} {sampling}: off by {luma:.2} and {colours:.2} codes in the mean"
            );
        }
    }
}

#[test]
fn the_tables_that_cameras_leave_out_are_put_in() {
    let Some(jpeg) = jpeg("320x240", "yuvj422p") else {
        return;
    };
    let bare = without_tables(&jpeg);
    assert_eq!(
        jpeg.len() - bare.len(),
        420,
        "there were tables, and now there are none"
    );
    assert!(missing_tables(&bare).is_some() && missing_tables(&jpeg).is_none());
    let mut reader = JpegReader::new();
    let format = format(320, 240);
    let (whole, bare) = (read(&mut reader, &jpeg, &format), read(&mut reader, &bare, &format));
    assert_eq!(whole.unwrap().plane(Plane::Y), bare.unwrap().plane(Plane::Y));
}

#[test]
fn what_is_behind_the_end_is_padding() {
    let Some(mut jpeg) = jpeg("320x240", "yuvj422p") else {
        return;
    };
    jpeg.extend_from_slice(&[0; 5_000]);
    assert!(read(&mut JpegReader::new(), &jpeg, &format(320, 240)).is_ok());
}

#[test]
fn grey_cameras_give_grey_pictures() {
    let codes: Vec<u8> = (0..320 * 240_u32).map(|at| (at % 320 * 255 / 319) as u8).collect();
    let mut jpeg = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new(&mut jpeg);
    encoder.encode(&codes, 320, 240, image::ExtendedColorType::L8).unwrap();
    let frame = read(&mut JpegReader::new(), &jpeg, &format(320, 240)).unwrap();
    assert!(
        frame
            .plane(Plane::U)
            .iter()
            .chain(frame.plane(Plane::V))
            .all(|code| *code == 128)
    );
    let row = &frame.plane(Plane::Y)[..320];
    assert!(row[0] <= 18 && row[319] >= 233, "from black to white: {row:?}");
}

#[test]
fn half_a_picture_is_none() {
    let Some(jpeg) = jpeg("320x240", "yuvj422p") else {
        return;
    };
    let format = format(320, 240);
    let mut reader = JpegReader::new();
    assert!(read(&mut reader, &jpeg, &format).is_ok());
    for len in [0, 1, 2, 3, 20, jpeg.len() / 2, jpeg.len() - 1] {
        let result = read(&mut reader, &jpeg[..len], &format);
        assert!(matches!(result, Err(PictureError::Cut(_))), "{len} bytes");
    }
    // The middle lost, but begun and ended: what a bus does that loses a packet.
    let mut holed = jpeg.clone();
    holed.drain(jpeg.len() / 3..jpeg.len() / 2);
    assert!(matches!(read(&mut reader, &holed, &format), Err(PictureError::Jpeg(_))));
    assert!(read(&mut reader, &jpeg, &format).is_ok(), "the next one is good again");
}

#[test]
fn a_jpeg_does_not_say_how_much_memory_is_given_to_it() {
    let Some(jpeg) = jpeg("640x480", "yuvj422p") else {
        return;
    };
    let result = read(&mut JpegReader::new(), &jpeg, &format(320, 240));
    assert!(matches!(result, Err(PictureError::Size(640, 480))));
    // Whole blocks more than agreed are cut off.
    let frame = read(&mut JpegReader::new(), &jpeg, &format(632, 476)).unwrap();
    assert_eq!((frame.width(), frame.height()), (632, 476));
}

#[test]
fn a_camera_that_never_keeps_to_the_letter_is_taken_as_it_is() {
    let Some(mut jpeg) = jpeg("320x240", "yuvj422p") else {
        return;
    };
    // Something between the segments that is none.
    jpeg.splice(2..2, [0, 0, 0, 0]);
    let format = format(320, 240);
    let mut reader = JpegReader::new();
    let results: Vec<bool> = (0..=PATIENCE)
        .map(|_| read(&mut reader, &jpeg, &format).is_ok())
        .collect();
    assert!(!results[0] && results[PATIENCE as usize], "{results:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever comes over the wire: an error at most, and never a panic that the reader had to catch.
    #[test]
    fn nothing_that_is_damaged_does_harm(
        wounds in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        is_strict in any::<bool>(),
    ) {
        let Some(jpeg) = golden() else { return Ok(()) };
        let mut jpeg = jpeg.clone();
        for (at, byte) in wounds {
            let at = at.index(jpeg.len());
            jpeg[at] = byte;
        }
        if let Some(cut) = cut {
            let at = cut.index(jpeg.len());
            jpeg.truncate(at);
            jpeg.extend_from_slice(&[0xff, EOI]);
        }
        let mut reader = JpegReader::new();
        reader.is_strict = is_strict;
        if let Err(PictureError::Jpeg(reason)) = read(&mut reader, &jpeg, &format(96, 64)) {
            prop_assert!(reason != "the decoder fails");
        }
    }

    #[test]
    fn nothing_at_all_does_harm(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut whole = vec![0xff, SOI];
        whole.extend_from_slice(&bytes);
        whole.extend_from_slice(&[0xff, EOI]);
        let _ = read(&mut JpegReader::new(), &whole, &format(96, 64));
    }
}

fn golden() -> Option<&'static Vec<u8>> {
    static JPEG: std::sync::OnceLock<Option<Vec<u8>>> = std::sync::OnceLock::new();
    JPEG.get_or_init(|| jpeg("96x64", "yuvj422p")).as_ref()
}
