//! H.264 in, pooled pictures out, through one of two decoders.
//!
//! OpenH264 is part of every build. libavcodec does the same in about half of the time, but brings a system library that
//! not every machine has: where one of a known version is found at run time, it is used. `RIGCAST_DECODER`, set to
//! `openh264` or `libavcodec`, takes the choice away. It is made once per process, when the first decoder is wanted.
//!
//! Both reorder B-frames and carry a number with each picture from input to output, so that the time of every picture is
//! exact even where others were damaged and left out. A picture is copied once, from the decoder's memory into the pool's,
//! within the cropping rectangle of its SPS.

mod libavcodec;
mod libavcodec_raw;
mod openh264;

use std::sync::OnceLock;

use crate::media::video::MAX_DIMENSION;
use crate::media::{FramePool, Timestamp, VideoFrame};
use libavcodec_raw::Library;

/// The clock of the numbers that travel through the decoders: fine enough to come back exactly.
const TICKS: u32 = 705_600_000;

/// The environment variable that chooses.
const VARIABLE: &str = "RIGCAST_DECODER";

/// Why nothing came out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DecodeError {
    /// There is no decoder, or it refuses to work at all.
    #[error("the H.264 decoder does not start: {0}")]
    NoDecoder(String),
    /// The access unit is damaged or refers to pictures that are missing. Later ones may be fine.
    #[error("damaged H.264 access unit ({decoder} state {code:#x})")]
    Damaged {
        /// Who says so.
        decoder: &'static str,
        /// In that decoder's own words.
        code: i32,
    },
    /// The stream is larger than what memory is given to.
    #[error("pictures of {0}×{1} pixels are larger than {MAX_DIMENSION}×{MAX_DIMENSION}")]
    TooLarge(i64, i64),
    /// The stream is not 4:2:0 with 8 bits, the only form that is shown here.
    #[error("the pictures are not 4:2:0 with 8 bits (libavcodec's pixel format {0})")]
    PixelFormat(i32),
}

impl DecodeError {
    /// An access unit that is damaged before any decoder has seen it.
    pub(super) const CUT: Self = Self::Damaged {
        decoder: "container",
        code: 0,
    };
}

/// A decoder for one stream.
pub(super) struct Decoder(Backend);

enum Backend {
    OpenH264(openh264::Decoder),
    Libavcodec(libavcodec::Decoder),
}

impl Decoder {
    /// A decoder that takes its pictures' memory from `pool`. `held_back` is how many pictures are known to be waited for so
    /// that all come in the order of showing. Many streams say so themselves; where one does not, libavcodec waits for
    /// these, and loses pictures that it still finds out of order. OpenH264 finds out by itself.
    pub(super) fn new(pool: &FramePool, held_back: u32) -> Result<Self, DecodeError> {
        let backend = match chosen()
            .as_ref()
            .map_err(|reason| DecodeError::NoDecoder(reason.clone()))?
        {
            Choice::Libavcodec(library) => Backend::Libavcodec(libavcodec::Decoder::new(library, pool, held_back)?),
            Choice::OpenH264 { .. } => Backend::OpenH264(openh264::Decoder::new(pool)?),
        };
        Ok(Self(backend))
    }

    /// Decodes one access unit in Annex B form, to be shown at `pts`. What is ready, which may be earlier pictures, goes to
    /// `sink` in the order of showing.
    pub(super) fn decode(
        &mut self,
        annex_b: &[u8],
        pts: Timestamp,
        sink: impl FnMut(VideoFrame),
    ) -> Result<(), DecodeError> {
        match &mut self.0 {
            Backend::OpenH264(decoder) => decoder.decode(annex_b, pts, sink),
            Backend::Libavcodec(decoder) => decoder.decode(annex_b, pts, sink),
        }
    }

    /// Another round of the same stream follows. Pictures held back for reordering come out now, or before those of the
    /// next round: OpenH264 cannot go on after it let them out.
    pub(super) fn end_round(&mut self, sink: impl FnMut(VideoFrame)) -> Result<(), DecodeError> {
        match &mut self.0 {
            Backend::OpenH264(_) => Ok(()),
            Backend::Libavcodec(decoder) => decoder.drain(sink),
        }
    }

    /// Lets out the pictures that are held back for reordering. Nothing is decoded after that.
    pub(super) fn finish(&mut self, sink: impl FnMut(VideoFrame)) -> Result<(), DecodeError> {
        match &mut self.0 {
            Backend::OpenH264(decoder) => decoder.finish(sink),
            Backend::Libavcodec(decoder) => decoder.drain(sink),
        }
    }
}

/// What decodes here.
enum Choice {
    Libavcodec(Library),
    OpenH264 {
        /// Why it is not libavcodec.
        because: String,
    },
}

/// The choice of this process. An error where what `RIGCAST_DECODER` asks for cannot be had.
fn chosen() -> &'static Result<Choice, String> {
    static CHOSEN: OnceLock<Result<Choice, String>> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let wanted = std::env::var_os(VARIABLE).unwrap_or_default();
        let choice = choose(&wanted.to_string_lossy(), Library::load);
        match &choice {
            Ok(Choice::Libavcodec(library)) => tracing::info!(decoder = %library.name(), "H.264 decoder"),
            Ok(Choice::OpenH264 { because }) => tracing::info!(decoder = "openh264", because, "H.264 decoder"),
            Err(error) => tracing::error!(error, "H.264 decoder"),
        }
        choice
    })
}

fn choose(wanted: &str, load: impl FnOnce() -> Result<Library, String>) -> Result<Choice, String> {
    match wanted {
        "" => Ok(match load() {
            Ok(library) => Choice::Libavcodec(library),
            Err(because) => Choice::OpenH264 { because },
        }),
        "openh264" => Ok(Choice::OpenH264 {
            because: format!("{VARIABLE} says so"),
        }),
        "libavcodec" => load().map(Choice::Libavcodec),
        other => Err(format!(
            "{VARIABLE} is '{other}'; it may be openh264, libavcodec, or not set"
        )),
    }
}

/// The decoder of H.264 sources on this machine in words, and what would make it faster; for `rigcast probe`.
///
/// # Errors
/// What `RIGCAST_DECODER` asks for and cannot be had.
pub fn describe_decoder() -> Result<String, String> {
    let name = match chosen().as_ref().map_err(Clone::clone)? {
        Choice::Libavcodec(library) => library.name(),
        Choice::OpenH264 { because } if std::env::var_os(VARIABLE).is_some() => format!("openh264 ({because})"),
        Choice::OpenH264 { because } => {
            let version = libavcodec_raw::DEBIAN_12;
            format!("openh264 ({because}; apt-get install libavcodec{version} on Debian 12 about halves this cost)")
        }
    };
    Ok(name)
}

/// Copies a picture into the pool. `plane` gives the bytes of plane 0 to 2, beginning with its first row, and their stride,
/// for so many rows of so many bytes; where it has none, there is no picture.
fn pooled<'a>(
    pool: &FramePool,
    width: i64,
    height: i64,
    pts: Timestamp,
    plane: impl Fn(usize, usize, usize) -> Option<(&'a [u8], usize)>,
) -> Result<Option<VideoFrame>, DecodeError> {
    let most = i64::from(MAX_DIMENSION);
    if width < 2 || height < 2 {
        return Ok(None);
    }
    if width > most || height > most {
        return Err(DecodeError::TooLarge(width, height));
    }
    let mut frame = pool.frame(width as u32, height as u32);
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let (y, u, v) = frame.planes_mut();
    for (at, target) in [y, u, v].into_iter().enumerate() {
        let (width, rows) = if at == 0 {
            (width, height)
        } else {
            (width / 2, height / 2)
        };
        let Some((source, stride)) = plane(at, rows, width) else {
            return Ok(None);
        };
        for (to, from) in target.chunks_exact_mut(width).zip(source.chunks(stride)) {
            to.copy_from_slice(&from[..width]);
        }
    }
    Ok(Some(frame.freeze(pts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none() -> Result<Library, String> {
        Err("not here".to_owned())
    }

    #[test]
    fn openh264_is_what_remains_unless_asked_otherwise() {
        assert!(matches!(choose("", none), Ok(Choice::OpenH264 { because }) if because == "not here"));
        assert!(matches!(
            choose("openh264", || panic!("looked for all the same")),
            Ok(Choice::OpenH264 { .. })
        ));
        assert!(matches!(choose("libavcodec", none), Err(reason) if reason == "not here"));
        assert!(matches!(choose("nvdec", none), Err(reason) if reason.contains("'nvdec'")));
    }
}
