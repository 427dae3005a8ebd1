//! Movies: which samples there are, where they lie, when they are shown (ISO/IEC 14496-12, and QuickTime's dialect).
//!
//! Only the index is read into memory; samples are read when they are due. Nothing is believed: tables must fit into
//! their boxes, boxes into the file, samples into the file's length, and the number of samples is bounded. A file that
//! was cut off keeps what is there. Fragmented files (`moof`) are read as well.

mod codec;
mod cursor;
mod fragment;
mod table;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::error::Fault;
pub(super) use codec::{AvcCodec, Codec};
use cursor::{Atom, Cursor, letters};

/// Largest index (`moov`, or one `moof`) that is read into memory.
const MAX_INDEX: u64 = 256 << 20;

/// Most samples of a track: 24 hours at 46 per second. 32 bytes each.
const MAX_SAMPLES: usize = 4_000_000;

/// Largest sample: a picture of 4096×4096 in raw form would not need more.
pub(super) const MAX_SAMPLE: u32 = 32 << 20;

/// One access unit or one block of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// Offset in the file.
    pub(super) position: u64,
    /// In ticks of the track, before the edit list.
    pub(super) decode_time: i64,
    /// Bytes.
    pub(super) size: u32,
    /// Ticks from decoding to showing.
    pub(super) composition_offset: i32,
    /// Ticks.
    pub(super) duration: u32,
}

/// One track that can be played.
#[derive(Debug)]
pub(super) struct Track {
    /// Ticks per second.
    pub(super) timescale: u32,
    pub(super) codec: Codec,
    pub(super) samples: Vec<Sample>,
    /// Composition time, in ticks, at which the presentation starts (edit list).
    pub(super) starts_at: i64,
    /// Ticks of nothing before it (an empty edit).
    pub(super) delay: i64,
    /// Ticks from the start of the movie to the end of the track.
    pub(super) duration: i64,
}

/// The index of a movie.
#[derive(Debug)]
pub(super) struct Movie {
    pub(super) video: Option<Track>,
    pub(super) sound: Option<Track>,
    /// What had to be left out.
    pub(super) notices: Vec<String>,
}

/// Whether `head`, the first bytes of a file, start a movie.
pub(super) fn is_movie(head: &[u8]) -> bool {
    head.get(4..8).is_some_and(|kind| {
        matches!(
            kind,
            b"ftyp" | b"moov" | b"mdat" | b"wide" | b"free" | b"skip" | b"pnot" | b"styp" | b"uuid"
        )
    })
}

/// Reads the index of `file`, which is `length` bytes long.
pub(super) fn read(file: &mut File, length: u64) -> Result<Movie, Fault> {
    let mut builder = None;
    let mut fragments = Vec::new();
    let mut position = 0;
    let mut cut_off = None;
    while position + 8 <= length {
        let (kind, header, size) = top_level_header(file, position, length)?;
        let end = position.saturating_add(size);
        if end > length {
            cut_off = Some((kind, position));
        }
        let body = position + header;
        match &kind {
            b"moov" | b"moof" if end <= length => {
                let bytes = read_index(file, body, end - body)?;
                let cursor = Cursor::new(&bytes, body);
                if &kind == b"moov" {
                    builder = Some(table::Builder::read(cursor, length)?);
                } else {
                    fragments.push(fragment::Fragment::read(cursor, position)?);
                }
            }
            _ => {}
        }
        position = end;
    }
    let Some(mut builder) = builder else {
        return Err(match cut_off {
            Some((kind, at)) => Fault::broken(
                length,
                format!(
                    "the file ends inside box {} of byte {at}, before any index (moov): it was cut off, or is still being written",
                    letters(kind)
                ),
            ),
            None => Fault::broken(length, "there is no index (moov) in the whole file"),
        });
    };
    for fragment in &fragments {
        builder.add(fragment)?;
    }
    builder.finish()
}

/// Kind, length of the header, and length of the whole box at `position`.
fn top_level_header(file: &mut File, position: u64, length: u64) -> Result<(cursor::Kind, u64, u64), Fault> {
    file.seek(SeekFrom::Start(position))?;
    let mut head = Vec::with_capacity(16);
    Read::by_ref(file).take(16).read_to_end(&mut head)?;
    let mut cursor = Cursor::new(&head, position);
    let short = cursor.u32()?;
    let mut kind = [0; 4];
    kind.copy_from_slice(cursor.take(4)?);
    let (header, size) = match short {
        0 => (8, length - position),
        1 => (16, cursor.u64()?),
        _ => (8, u64::from(short)),
    };
    if size < header || !kind.iter().all(|byte| (0x20..0x7f).contains(byte) || *byte == 0xa9) {
        return Err(Fault::broken(position, "this is no box of a movie"));
    }
    Ok((kind, header, size))
}

/// The bytes of an index box. Its size has been checked against the file's; it is bounded all the same.
fn read_index(file: &mut File, position: u64, size: u64) -> Result<Vec<u8>, Fault> {
    if size > MAX_INDEX {
        return Err(Fault::unsupported(position, format!("an index of {size} bytes")));
    }
    file.seek(SeekFrom::Start(position))?;
    let mut bytes = Vec::new();
    Read::by_ref(file).take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Calls `each` for every box in `cursor`.
fn each_atom<'a>(mut cursor: Cursor<'a>, mut each: impl FnMut(Atom<'a>) -> Result<(), Fault>) -> Result<(), Fault> {
    while let Some(atom) = cursor.atom()? {
        each(atom)?;
    }
    Ok(())
}
