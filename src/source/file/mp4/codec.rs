//! Sample descriptions: what a track is coded in (`stsd`; avcC: ISO/IEC 14496-15 §5.3.3; esds: 14496-1 §7.2.6).

use super::super::error::Fault;
use super::cursor::{Cursor, letters};
use crate::media::h264::{NalType, Sps, nal_type};
use crate::media::video::MAX_DIMENSION;

/// What a track is coded in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Codec {
    /// H.264.
    Avc(AvcCodec),
    /// AAC.
    Aac(AacCodec),
}

/// What an H.264 decoder must know first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct AvcCodec {
    /// Bytes of the length before each NAL unit: 1, 2 or 4.
    pub(in super::super) length_size: usize,
    /// All SPS and PPS in Annex B form.
    pub(in super::super) parameter_sets: Vec<u8>,
    pub(in super::super) width: u16,
    pub(in super::super) height: u16,
}

/// What an AAC decoder must know first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct AacCodec {
    /// AudioSpecificConfig.
    pub(in super::super) config: Vec<u8>,
    pub(in super::super) channels: u16,
    pub(in super::super) sample_rate: u32,
}

/// Names for what is met often and not played.
const KNOWN: [(&[u8; 4], &str); 14] = [
    (b"hvc1", "HEVC"),
    (b"hev1", "HEVC"),
    (b"vp09", "VP9"),
    (b"av01", "AV1"),
    (b"mp4v", "MPEG-4 Part 2"),
    (b"apcn", "ProRes"),
    (b"apch", "ProRes"),
    (b"jpeg", "Motion JPEG"),
    (b"Opus", "Opus"),
    (b"ac-3", "AC-3"),
    (b"ec-3", "E-AC-3"),
    (b"alac", "ALAC"),
    (b"fLaC", "FLAC in MP4"),
    (b"encv", "encrypted video"),
];

impl Codec {
    /// Reads the first entry of an `stsd`.
    pub(super) fn read(mut stsd: Cursor<'_>) -> Result<Self, Fault> {
        stsd.version()?;
        let position = stsd.position();
        if stsd.u32()? == 0 {
            return Err(Fault::broken(position, "a track without a sample description"));
        }
        let at = stsd.position();
        let Some(entry) = stsd.atom()? else {
            return Err(Fault::broken(at, "a track without a sample description"));
        };
        match &entry.kind {
            b"avc1" | b"avc3" => Self::read_avc(entry.body),
            b"mp4a" => Self::read_aac(entry.body),
            kind => {
                let name = KNOWN.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name);
                let what = format!("{} ({})", name.unwrap_or("a codec that is not known"), letters(*kind));
                Err(Fault::unsupported(at, what))
            }
        }
    }

    fn read_avc(mut entry: Cursor<'_>) -> Result<Self, Fault> {
        entry.skip(24)?;
        let (width, height) = (entry.u16()?, entry.u16()?);
        entry.skip(50)?;
        let mut avcc = entry.need(*b"avcC")?;
        avcc.skip(4)?;
        let length_size = usize::from(avcc.u8()? & 3) + 1;
        if length_size == 3 {
            return Err(Fault::broken(avcc.position(), "NAL units with lengths of 3 bytes"));
        }
        let mut parameter_sets = Vec::new();
        for mask in [0x1f, 0xff] {
            for _ in 0..avcc.u8()? & mask {
                let position = avcc.position();
                let size = avcc.u16()?;
                let nal = avcc.take(usize::from(size))?;
                check_sps(nal).map_err(|what| Fault::unsupported(position, what))?;
                parameter_sets.extend_from_slice(&[0, 0, 0, 1]);
                parameter_sets.extend_from_slice(nal);
            }
        }
        Ok(Self::Avc(AvcCodec {
            length_size,
            parameter_sets,
            width,
            height,
        }))
    }

    fn read_aac(mut entry: Cursor<'_>) -> Result<Self, Fault> {
        let position = entry.position();
        entry.skip(8)?;
        let quicktime_version = entry.u16()?;
        entry.skip(6)?;
        let channels = entry.u16()?;
        entry.skip(6)?;
        let sample_rate = entry.u32()? >> 16;
        match quicktime_version {
            1 => entry.skip(16)?,
            2 => entry.skip(36)?,
            _ => {}
        }
        // QuickTime wraps the decoder's configuration once more.
        let esds = match entry.find(*b"esds")? {
            Some(esds) => esds,
            None => entry.need(*b"wave")?.need(*b"esds")?,
        };
        let config = read_esds(esds)?;
        if config.len() < 2 {
            return Err(Fault::broken(position, "AAC without its AudioSpecificConfig"));
        }
        Ok(Self::Aac(AacCodec {
            config,
            channels,
            sample_rate,
        }))
    }
}

/// The decoder's own configuration out of nested descriptors.
fn read_esds(mut esds: Cursor<'_>) -> Result<Vec<u8>, Fault> {
    esds.version()?;
    while esds.left() >= 2 {
        let position = esds.position();
        let tag = esds.u8()?;
        let mut size = 0_usize;
        for _ in 0..4 {
            let byte = esds.u8()?;
            size = size << 7 | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        match tag {
            // ES_Descriptor: its header, then the next descriptor inside it.
            3 => {
                esds.skip(2)?;
                let flags = esds.u8()?;
                if flags & 0x80 != 0 {
                    esds.skip(2)?;
                }
                if flags & 0x40 != 0 {
                    let length = esds.u8()?;
                    esds.skip(usize::from(length))?;
                }
                if flags & 0x20 != 0 {
                    esds.skip(2)?;
                }
            }
            4 => {
                let kind = esds.u8()?;
                // MPEG-4 and MPEG-2 AAC; 0x69 and 0x6B would be MP3.
                if !matches!(kind, 0x40 | 0x66..=0x68) {
                    return Err(Fault::unsupported(
                        position,
                        format!("mp4a that is not AAC (type {kind:#04x})"),
                    ));
                }
                esds.skip(12)?;
            }
            5 => return Ok(esds.take(size)?.to_vec()),
            _ => esds.skip(size)?,
        }
    }
    Ok(Vec::new())
}

/// Refuses what the decoder cannot show: anything but 8-bit 4:2:0, and pictures that are too large. Other NAL units pass.
fn check_sps(nal: &[u8]) -> Result<(), String> {
    if nal_type(nal) != Some(NalType::Sps) {
        return Ok(());
    }
    let sps = Sps::parse(nal).map_err(|error| format!("an SPS that cannot be read: {error}"))?;
    let bits = sps.bit_depth_luma.max(sps.bit_depth_chroma);
    match sps.chroma_format_idc {
        1 if bits != 8 => Err(format!("H.264 with {bits} bits per sample; only 8 are played")),
        1 if sps.width > MAX_DIMENSION || sps.height > MAX_DIMENSION => Err(format!(
            "pictures of {}×{} pixels; {MAX_DIMENSION}×{MAX_DIMENSION} are the most",
            sps.width, sps.height
        )),
        1 => Ok(()),
        0 => Err("H.264 in 4:0:0 (monochrome); only 4:2:0 is played".to_owned()),
        2 => Err("H.264 in 4:2:2; only 4:2:0 is played".to_owned()),
        _ => Err("H.264 in 4:4:4; only 4:2:0 is played".to_owned()),
    }
}
