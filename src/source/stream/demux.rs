//! Bytes of a stream into units: MPEG-TS and FLV are told apart by how they begin.

use std::sync::Arc;

use super::flv::Tags;
use super::unit::{Tracks, Unit};
use crate::media::aac::{AdtsHeader, AudioSpecificConfig};
use crate::wire::flv::{FlvError, TagReader};
use crate::wire::ts::{Item, Reader};

/// Bytes in which the packets of a transport stream must have been found, and its tables: a tenth of a second of a large one.
const MAX_SEARCH: usize = 1 << 20;

/// Bytes that tell what a stream is, or is not.
const SIGNATURE: usize = 12;

/// Why bytes are no stream that can be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::source) enum DemuxError {
    /// Something else, which is known.
    #[error("is {0}; MPEG-TS and FLV are read here: with ffmpeg, -f mpegts or -f flv")]
    Other(&'static str),
    /// Something else.
    #[error("is neither MPEG-TS nor FLV (it begins with \"{0}\"); with ffmpeg, -f mpegts or -f flv makes them")]
    Unknown(String),
    /// FLV that cannot be read on.
    #[error(transparent)]
    Flv(#[from] FlvError),
    /// FLV whose tags make no sense.
    #[error("FLV: {0}")]
    Tag(String),
}

/// Finds units in the bytes of a stream.
#[derive(Debug)]
pub(in crate::source) struct Demux {
    format: Format,
    /// Bytes taken so far.
    taken: usize,
    has_program: bool,
    damaged_tags: u32,
}

#[derive(Debug)]
enum Format {
    /// Not known yet: the first bytes.
    Unknown(Vec<u8>),
    Ts {
        reader: Box<Reader>,
        sound: Option<(AdtsHeader, Arc<[u8]>)>,
        beginning: String,
    },
    Flv {
        reader: TagReader,
        tags: Tags,
    },
}

/// So many tags in a row that make no sense end a stream.
const MAX_DAMAGED: u32 = 100;

impl Default for Demux {
    fn default() -> Self {
        Self {
            format: Format::Unknown(Vec::new()),
            taken: 0,
            has_program: false,
            damaged_tags: 0,
        }
    }
}

impl Demux {
    /// What the stream is, once that is known.
    pub(in crate::source) fn format(&self) -> Option<&'static str> {
        match self.format {
            Format::Unknown(_) => None,
            Format::Ts { .. } => Some("MPEG-TS"),
            Format::Flv { .. } => Some("FLV"),
        }
    }

    /// Gaps and damage that were found so far.
    pub(in crate::source) fn faults(&self) -> u64 {
        match &self.format {
            Format::Ts { reader, .. } => {
                let counts = reader.counts();
                counts.lost_sync + counts.discontinuities + counts.damaged + counts.scrambled
            }
            _ => 0,
        }
    }

    /// Takes the next bytes, however they are cut. Units go to `sink`.
    ///
    /// # Errors
    /// What is no stream that can be played, or not any further.
    pub(in crate::source) fn push(&mut self, bytes: &[u8], mut sink: impl FnMut(Unit)) -> Result<(), DemuxError> {
        self.taken += bytes.len();
        match &mut self.format {
            Format::Unknown(seen) => {
                seen.extend_from_slice(bytes);
                if seen.len() < SIGNATURE {
                    return Ok(());
                }
                let seen = std::mem::take(seen);
                self.format = recognise(&seen)?;
                self.taken = 0;
                self.push(&seen, sink)
            }
            Format::Ts {
                reader,
                sound,
                beginning,
            } => {
                reader.push(bytes);
                while let Some(item) = reader.poll() {
                    self.has_program = true;
                    unit_of(item, sound, &mut sink);
                }
                if !reader.is_synced() && !self.has_program && self.taken > MAX_SEARCH {
                    return Err(DemuxError::Unknown(beginning.clone()));
                }
                Ok(())
            }
            Format::Flv { reader, tags } => {
                reader.push(bytes);
                while let Some(tag) = reader.poll()? {
                    match tags.push(tag.kind, tag.timestamp, &tag.body, &mut sink) {
                        Ok(()) => self.damaged_tags = 0,
                        Err(_) if self.damaged_tags < MAX_DAMAGED => self.damaged_tags += 1,
                        Err(reason) => return Err(DemuxError::Tag(reason)),
                    }
                }
                Ok(())
            }
        }
    }

    /// The stream has ended: what lacks nothing but a successor is given as well.
    pub(in crate::source) fn finish(&mut self, mut sink: impl FnMut(Unit)) {
        if let Format::Ts { reader, sound, .. } = &mut self.format {
            reader.finish();
            while let Some(item) = reader.poll() {
                unit_of(item, sound, &mut sink);
            }
        }
    }
}

fn recognise(bytes: &[u8]) -> Result<Format, DemuxError> {
    let other = match bytes {
        [b'F', b'L', b'V', ..] => {
            return Ok(Format::Flv {
                reader: TagReader::new(),
                tags: Tags::default(),
            });
        }
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "Matroska or WebM",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "MP4",
        [b'R', b'I', b'F', b'F', ..] => "RIFF (WAV or AVI)",
        [b'O', b'g', b'g', b'S', ..] => "Ogg",
        [b'Y', b'U', b'V', b'4', ..] => "YUV4MPEG",
        [b'f', b'L', b'a', b'C', ..] => "FLAC",
        [0, 0, 1, 0xba, ..] => "an MPEG program stream",
        [0, 0, 0, 1, ..] | [0, 0, 1, 0x67, ..] => "a bare H.264 stream",
        [0xff, 0xd8, 0xff, ..] => "JPEG",
        _ => {
            return Ok(Format::Ts {
                reader: Box::default(),
                sound: None,
                beginning: bytes[..SIGNATURE.min(bytes.len())].escape_ascii().to_string(),
            });
        }
    };
    Err(DemuxError::Other(other))
}

fn unit_of(item: Item, sound: &mut Option<(AdtsHeader, Arc<[u8]>)>, sink: &mut impl FnMut(Unit)) {
    sink(match item {
        Item::Program(program) => Unit::Tracks(Tracks {
            has_video: program.video().is_some(),
            has_sound: program.sound().is_some(),
            left_out: program.unplayable().map(str::to_owned).collect(),
        }),
        Item::Picture { pts, dts, data, .. } => Unit::Picture { pts, dts, data },
        Item::Sound { pts, header, data } => {
            let is_same = |known: &AdtsHeader| {
                (known.object_type, known.sample_rate, known.channels)
                    == (header.object_type, header.sample_rate, header.channels)
            };
            let config = match sound {
                Some((known, config)) if is_same(known) => Arc::clone(config),
                _ => {
                    let mut described = AudioSpecificConfig::aac_lc(header.sample_rate, header.channels);
                    described.object_type = header.object_type;
                    let config: Arc<[u8]> = described.to_bytes().into();
                    *sound = Some((header, Arc::clone(&config)));
                    config
                }
            };
            Unit::Sound { pts, config, data }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Timestamp;
    use crate::wire::flv::TagKind;
    use crate::wire::flv::for_tests::file_of;
    use proptest::prelude::*;

    fn units(bytes: &[u8], piece: usize) -> Result<Vec<Unit>, DemuxError> {
        let (mut demux, mut units) = (Demux::default(), Vec::new());
        for piece in bytes.chunks(piece) {
            demux.push(piece, |unit| units.push(unit))?;
        }
        demux.finish(|unit| units.push(unit));
        Ok(units)
    }

    const SETS: &[u8] = &[
        0x17, 0, 0, 0, 0, 1, 66, 0, 31, 0xff, 0xe1, 0, 4, 0x67, 66, 0, 31, 1, 0, 2, 0x68, 0xce,
    ];

    #[test]
    fn flv_becomes_units_with_parameter_sets_before_each_idr() {
        let config = AudioSpecificConfig::aac_lc(48_000, 2).to_bytes();
        let header = [&[0xaf, 0], &config[..]].concat();
        let file = file_of(&[
            (18, 0, b"metadata"),
            (9, 0, SETS),
            (8, 0, &header),
            (9, 40, &[0x17, 1, 0, 0, 80, 0, 0, 0, 2, 0x65, 0x88]),
            (8, 43, &[0xaf, 1, 1, 2, 3]),
            (9, 80, &[0x27, 1, 0xff, 0xff, 0xd8, 0, 0, 0, 2, 0x41, 0x9a]),
        ]);
        for piece in [1, 7, 10_000] {
            let units = units(&file, piece).unwrap();
            let [Unit::Tracks(_), Unit::Tracks(tracks), first, sound, second] = &units[..] else {
                panic!("{units:?}")
            };
            assert!(tracks.has_video && tracks.has_sound);
            let Unit::Picture { pts, dts, data } = first else {
                panic!("{first:?}")
            };
            assert_eq!((pts.to_millis(), dts.to_millis()), (120, 40));
            let sets_and_slice = [
                &[0, 0, 0, 1, 0x67, 66, 0, 31][..],
                &[0, 0, 0, 1, 0x68, 0xce],
                &[0, 0, 0, 1, 0x65, 0x88],
            ];
            assert_eq!(*data, sets_and_slice.concat());
            let Unit::Sound {
                pts,
                config: told,
                data,
            } = sound
            else {
                panic!("{sound:?}")
            };
            assert_eq!(
                (pts.to_millis(), &told[..], &data[..]),
                (43, &config[..], &[1, 2, 3][..])
            );
            let Unit::Picture { pts, dts, data } = second else {
                panic!("{second:?}")
            };
            assert_eq!(
                (pts.to_millis(), dts.to_millis(), &data[..]),
                (40, 80, &[0, 0, 0, 1, 0x41, 0x9a][..])
            );
        }
    }

    #[test]
    fn codecs_that_are_not_played_are_named_once() {
        let file = file_of(&[
            (9, 0, b"\x90hvc1config"),
            (9, 0, b"\x91hvc1\0\0\0unit"),
            (8, 0, b"\x2fmp3"),
            (8, 26, b"\x2fmp3"),
        ]);
        let units = units(&file, 100).unwrap();
        let [.., Unit::Tracks(tracks)] = &units[..] else {
            panic!("{units:?}")
        };
        assert_eq!(
            (units.len(), &tracks.left_out[..]),
            (2, &["H.265".to_owned(), "MP3".to_owned()][..])
        );
        assert!(!tracks.has_video && !tracks.has_sound);
    }

    #[test]
    fn times_go_on_where_32_bits_end() {
        let mut tags = Tags::default();
        let mut times = Vec::new();
        let mut push = |ms: u32, body: &[u8]| {
            let at = Timestamp::from_millis(i64::from(ms));
            tags.push(TagKind::Video, at, body, &mut |unit| {
                if let Unit::Picture { dts, .. } = unit {
                    times.push(dts.to_millis());
                }
            })
        };
        push(u32::MAX - 10, SETS).unwrap();
        for ms in [u32::MAX - 10, 30] {
            push(ms, &[0x27, 1, 0, 0, 0, 0, 0, 0, 2, 0x41, 0x9a]).unwrap();
        }
        assert_eq!(times[1] - times[0], 41);
    }

    #[test]
    fn what_else_comes_is_named() {
        for (bytes, wanted) in [
            (&b"\x1a\x45\xdf\xa3 matroska"[..], "Matroska"),
            (b"\0\0\0\x20ftypisom....", "MP4"),
            (b"RIFF....WAVEfmt ", "RIFF"),
            (b"\0\0\0\x01\x67\x42\0\x1f\0\0\0\0", "a bare H.264 stream"),
        ] {
            let error = units(bytes, 3).unwrap_err().to_string();
            assert!(error.contains(wanted) && error.contains("-f mpegts"), "{error}");
        }
        let log = b"frame=  100 fps=25 q=23.0 size= 1kB\r".repeat(60_000);
        let error = units(&log, 65_536).unwrap_err();
        assert_eq!(error, DemuxError::Unknown("frame=  100 ".to_owned()));
    }

    proptest! {
        #[test]
        fn anything_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..1_500),
                                head in proptest::sample::select(vec![&b""[..], b"FLV\x01\x05\0\0\0\x09\0\0\0\0\x09", b"\x47"]),
                                piece in 1_usize..300) {
            let _ = units(&[head, &bytes].concat(), piece);
        }

        #[test]
        fn damaged_tags_are_survived(bodies in proptest::collection::vec(
            (proptest::sample::select(vec![8_u8, 9, 18]), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..30)) {
            let mut tags: Vec<(u8, u32, &[u8])> = vec![(9, 0, SETS)];
            tags.extend(bodies.iter().map(|(kind, ms, body)| (*kind, *ms, &body[..])));
            let _ = units(&file_of(&tags), 1_000);
        }
    }
}
