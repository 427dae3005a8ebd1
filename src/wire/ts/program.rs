//! What there is in a stream: the program association and program map tables (§2.4.4.3, §2.4.4.8).

use std::fmt;

/// The PID of the program association table.
pub(super) const PAT_PID: u16 = 0;

/// Tracks of a program that are looked at.
const MAX_STREAMS: usize = 32;

/// The tracks of the program that is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// In the order of the table.
    pub streams: Vec<Stream>,
}

/// One track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// By which its packets are known.
    pub pid: u16,
    /// What it carries.
    pub codec: Codec,
}

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// H.264, which is played.
    H264,
    /// AAC in ADTS frames, which is played.
    Aac,
    /// Pictures or sound that are not played, by name.
    Unplayable(&'static str),
    /// Neither pictures nor sound: subtitles, cue messages, data; or nothing that is known.
    Data(u8),
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::H264 => f.write_str("H.264"),
            Self::Aac => f.write_str("AAC"),
            Self::Unplayable(name) => f.write_str(name),
            Self::Data(kind) => write!(f, "data (stream type {kind:#04x})"),
        }
    }
}

impl Program {
    /// The first track of H.264.
    #[must_use]
    pub fn video(&self) -> Option<u16> {
        self.first(Codec::H264)
    }

    /// The first track of AAC.
    #[must_use]
    pub fn sound(&self) -> Option<u16> {
        self.first(Codec::Aac)
    }

    /// Names of the tracks with pictures or sound that are not played.
    pub fn unplayable(&self) -> impl Iterator<Item = &'static str> {
        self.streams.iter().filter_map(|stream| match stream.codec {
            Codec::Unplayable(name) => Some(name),
            _ => None,
        })
    }

    fn first(&self, codec: Codec) -> Option<u16> {
        let found = self.streams.iter().find(|stream| stream.codec == codec);
        found.map(|stream| stream.pid)
    }
}

/// What follows the eight bytes that all tables begin with, without the CRC at the end. `None` where it is another table,
/// or one that is valid only later.
fn body(section: &[u8], table: u8) -> Option<&[u8]> {
    let is_current = section.get(5)? & 1 == 1;
    let body = section.get(8..section.len().checked_sub(4)?)?;
    (section[0] == table && is_current).then_some(body)
}

/// The PID of the first program's map, out of a program association section.
pub(super) fn map_pid(section: &[u8]) -> Option<u16> {
    let entries = body(section, 0)?.as_chunks::<4>().0;
    let program = entries.iter().find(|entry| entry[..2] != [0, 0])?;
    Some(u16::from(program[2] & 0x1f) << 8 | u16::from(program[3]))
}

/// The tracks, out of a program map section.
pub(super) fn program(section: &[u8]) -> Option<Program> {
    let body = body(section, 2)?;
    let info = length12(body.get(2..4)?);
    let mut rest = body.get(4 + info..)?;
    let mut streams = Vec::new();
    while let [kind, high, low, info_high, info_low, ..] = *rest {
        let info = length12(&[info_high, info_low]);
        let descriptors = rest.get(5..5 + info)?;
        if streams.len() < MAX_STREAMS {
            streams.push(Stream {
                pid: u16::from(high & 0x1f) << 8 | u16::from(low),
                codec: codec(kind, descriptors),
            });
        }
        rest = &rest[5 + info..];
    }
    Some(Program { streams })
}

fn length12(bytes: &[u8]) -> usize {
    usize::from(bytes[0] & 0x0f) << 8 | usize::from(bytes[1])
}

/// Stream types of table 2-34 and those in use beside it; private data is told by its descriptors.
fn codec(kind: u8, descriptors: &[u8]) -> Codec {
    Codec::Unplayable(match kind {
        0x1b => return Codec::H264,
        0x0f => return Codec::Aac,
        0x01 => "MPEG-1 video",
        0x02 => "MPEG-2 video",
        0x03 | 0x04 => "MPEG audio (MP2 or MP3)",
        0x10 => "MPEG-4 part 2 video",
        0x11 => "AAC in LATM",
        0x20 => "H.264 MVC",
        0x21 => "JPEG 2000",
        0x24 | 0x25 => "H.265",
        0x33 => "H.266",
        0x80 => "PCM",
        0x81 => "AC-3",
        0x82 | 0x85 | 0x86 if registration(descriptors) == Some(*b"HDMV") => "DTS",
        0x84 | 0x87 => "E-AC-3",
        0xd1 => "Dirac",
        0xea => "VC-1",
        0x06 => return private(descriptors),
        _ => return Codec::Data(kind),
    })
}

/// Private data with a descriptor that says what it is (ETSI EN 300 468, SMPTE RP 217).
fn private(descriptors: &[u8]) -> Codec {
    let name = match registration(descriptors) {
        Some([b'O', b'p', b'u', b's']) => Some("Opus"),
        Some([b'A', b'C', b'-', b'3']) => Some("AC-3"),
        Some([b'E', b'A', b'C', b'3']) => Some("E-AC-3"),
        Some([b'H', b'E', b'V', b'C']) => Some("H.265"),
        Some([b'A', b'V', b'0', b'1']) => Some("AV1"),
        Some([b'B', b'S', b'S', b'D']) => Some("PCM (SMPTE 302M)"),
        Some([b'D', b'T', b'S', _]) => Some("DTS"),
        _ => tags(descriptors).find_map(|(tag, _)| match tag {
            0x6a => Some("AC-3"),
            0x7a => Some("E-AC-3"),
            0x7b => Some("DTS"),
            _ => None,
        }),
    };
    name.map_or(Codec::Data(0x06), Codec::Unplayable)
}

fn registration(descriptors: &[u8]) -> Option<[u8; 4]> {
    let (_, body) = tags(descriptors).find(|(tag, _)| *tag == 0x05)?;
    body.first_chunk().copied()
}

/// Descriptors: a tag, a length, a body.
fn tags(descriptors: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = descriptors;
    std::iter::from_fn(move || {
        let [tag, length, ..] = *rest else { return None };
        let body = rest.get(2..2 + usize::from(length))?;
        rest = &rest[2 + body.len()..];
        Some((tag, body))
    })
}
