//! Pictures for controllers: what a monitor of that size would show, written as PNG or JPEG.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageError};

use super::code::Status;
use super::request::{Format, Refusal, Shot};
use crate::control::protocol::TapMonitor;
use crate::control::taps::{Picture, Taps};

/// How long a picture may be on its way: one of a source that is away never comes.
const PATIENCE: Duration = Duration::from_secs(2);

/// Pictures per second while one is waited for.
const RATE: f32 = 60.0;

/// The picture as a data URI.
///
/// # Errors
/// That there is none.
pub async fn take(taps: &Taps, shot: Shot) -> Result<String, Refusal> {
    let guard = taps.join();
    guard.client.want(vec![TapMonitor {
        what: shot.target.clone(),
        width: shot.width,
        height: shot.height,
        per_second: RATE,
    }]);
    let picture = tokio::time::timeout(PATIENCE, guard.client.next()).await;
    drop(guard);
    let Ok(picture) = picture else {
        return Err(Refusal::new(Status::ResourceActionFailed, "it shows no picture now"));
    };
    // Milliseconds of work for a large one: not on a thread that others wait for.
    let written = tokio::task::spawn_blocking(move || data_uri(&picture, shot.format)).await;
    match written {
        Ok(Ok(uri)) => Ok(uri),
        Ok(Err(error)) => Err(Refusal::new(Status::RequestProcessingFailed, error.to_string())),
        Err(_) => Err(Refusal::new(Status::NotReady, "the studio is ending")),
    }
}

fn data_uri(picture: &Picture, format: Format) -> Result<String, ImageError> {
    let (width, height) = (picture.header.width.into(), picture.header.height.into());
    let mut bytes = Vec::new();
    match format {
        Format::Png => PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive)
            .write_image(&picture.rgb, width, height, ExtendedColorType::Rgb8),
        Format::Jpeg(quality) => JpegEncoder::new_with_quality(&mut bytes, quality).write_image(
            &picture.rgb,
            width,
            height,
            ExtendedColorType::Rgb8,
        ),
    }?;
    let mut uri = format!("data:{};base64,", format.media_type());
    STANDARD.encode_string(&bytes, &mut uri);
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_read_back() {
        let rgb: Vec<u8> = (0..64 * 36).flat_map(|_| [200, 40, 90]).collect();
        let picture = Picture::new((1, 0), (64, 36), &[], rgb);
        for (format, head) in [
            (Format::Png, "data:image/png;base64,"),
            (Format::Jpeg(90), "data:image/jpeg;base64,"),
        ] {
            let uri = data_uri(&picture, format).unwrap();
            let bytes = STANDARD.decode(uri.strip_prefix(head).unwrap()).unwrap();
            let read = image::load_from_memory(&bytes).unwrap().to_rgb8();
            assert_eq!(read.dimensions(), (64, 36));
            let middle = read.get_pixel(32, 18).0;
            let off = middle
                .iter()
                .zip([200, 40, 90])
                .map(|(a, b): (&u8, u8)| a.abs_diff(b))
                .max();
            assert!(off <= Some(4), "{middle:?}");
        }
    }
}
