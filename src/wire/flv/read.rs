//! Tags out of an FLV file, and packets' parts out of tag bodies. Nothing is copied: what is read borrows the bytes.

use thiserror::Error;

use crate::media::{TimeDelta, Timestamp};

/// What a tag carries (E.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
    /// AMF0: usually `onMetaData`.
    Script,
}

/// One tag of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tag<'a> {
    /// What it carries.
    pub kind: TagKind,
    /// Decode time since the start of the file.
    pub timestamp: Timestamp,
    /// The tag body, which is also the payload of an RTMP message.
    pub body: &'a [u8],
}

/// Why bytes are not FLV that we read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("FLV at byte {position}: {problem}")]
pub struct FlvError {
    /// Where: in the file for tags, in the body for the parts of a body.
    pub position: usize,
    /// What is wrong there.
    pub problem: FlvProblem,
}

/// What can be wrong with FLV.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum FlvProblem {
    /// The first three bytes are not `FLV`.
    #[error("does not begin with FLV")]
    NotFlv,
    /// Ends inside a header, tag or record.
    #[error("ends inside a header, tag or record")]
    Truncated,
    /// A tag type other than 8, 9 and 18.
    #[error("unknown tag type {0}")]
    UnknownTag(u8),
    /// Video that is not H.264.
    #[error("video codec {0} is not H.264")]
    NotAvc(u8),
    /// Video of enhanced RTMP that is not H.264, by its `FourCC`.
    #[error("video codec {} is not H.264", fourcc_name(*.0))]
    NotAvcFourCc([u8; 4]),
    /// Sound of enhanced RTMP that is not AAC, by its `FourCC`.
    #[error("sound format {} is not AAC", fourcc_name(*.0))]
    NotAacFourCc([u8; 4]),
    /// Sound that is not AAC.
    #[error("sound format {0} is not AAC")]
    NotAac(u8),
    /// A packet type that the codec does not have.
    #[error("unknown packet type {0}")]
    UnknownPacketType(u8),
}

/// What people call the codecs of enhanced RTMP.
fn fourcc_name(code: [u8; 4]) -> String {
    match &code {
        b"hvc1" | b"hev1" => "H.265".to_owned(),
        b"vvc1" => "H.266".to_owned(),
        b"av01" => "AV1".to_owned(),
        b"vp08" => "VP8".to_owned(),
        b"vp09" => "VP9".to_owned(),
        b"Opus" => "Opus".to_owned(),
        b"fLaC" => "FLAC".to_owned(),
        b"ac-3" => "AC-3".to_owned(),
        b"ec-3" => "E-AC-3".to_owned(),
        b".mp3" => "MP3".to_owned(),
        other => other.escape_ascii().to_string(),
    }
}

fn error(position: usize, problem: FlvProblem) -> FlvError {
    FlvError { position, problem }
}

fn get<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], FlvError> {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk::<N>())
        .copied()
        .ok_or_else(|| error(at, FlvProblem::Truncated))
}

/// The tags of a whole file, in order. After an error it ends.
pub fn tags(file: &[u8]) -> impl Iterator<Item = Result<Tag<'_>, FlvError>> {
    let mut at = match file_header(file) {
        Ok(start) => Ok(Some(start)),
        Err(error) => Err(Some(error)),
    };
    std::iter::from_fn(move || match &mut at {
        Err(error) => error.take().map(Err),
        Ok(position) => {
            let start = (*position)?;
            if start >= file.len() {
                return None;
            }
            match tag(file, start) {
                Ok((tag, next)) => {
                    *position = Some(next);
                    Some(Ok(tag))
                }
                Err(error) => {
                    *position = None;
                    Some(Err(error))
                }
            }
        }
    })
}

/// Where the first tag starts: behind the header and the first "previous tag size" (E.2, E.3).
fn file_header(file: &[u8]) -> Result<usize, FlvError> {
    if &get::<3>(file, 0)? != b"FLV" {
        return Err(error(0, FlvProblem::NotFlv));
    }
    Ok((u32::from_be_bytes(get(file, 5)?) as usize).saturating_add(4))
}

fn tag(file: &[u8], start: usize) -> Result<(Tag<'_>, usize), FlvError> {
    let [kind, s2, s1, s0, t2, t1, t0, t3] = get::<8>(file, start)?;
    let kind = match kind {
        8 => TagKind::Audio,
        9 => TagKind::Video,
        18 => TagKind::Script,
        unknown => return Err(error(start, FlvProblem::UnknownTag(unknown))),
    };
    let begin = start + 11;
    let end = begin + u32::from_be_bytes([0, s2, s1, s0]) as usize;
    let body = file
        .get(begin..end)
        .ok_or_else(|| error(start, FlvProblem::Truncated))?;
    let timestamp = Timestamp::from_millis(i64::from(u32::from_be_bytes([t3, t2, t1, t0])));
    Ok((Tag { kind, timestamp, body }, end + 4))
}

/// What a video tag's body is (E.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoBody<'a> {
    /// An AVCDecoderConfigurationRecord: for `media::h264`.
    SequenceHeader(&'a [u8]),
    /// One access unit, AVCC.
    AccessUnit {
        /// The tag says keyframe.
        is_idr: bool,
        /// From decode to presentation time.
        composition: TimeDelta,
        /// NAL units behind their lengths.
        data: &'a [u8],
    },
    /// No more video.
    EndOfSequence,
}

/// Takes the body of a video tag or RTMP video message apart: as in Adobe's specification, or as in enhanced RTMP, where
/// a `FourCC` names the codec ("Enhanced RTMP" v1, "Defining Additional Video Codecs").
pub fn parse_video(body: &[u8]) -> Result<VideoBody<'_>, FlvError> {
    if body.first().is_some_and(|first| first & 0x80 != 0) {
        return parse_enhanced_video(body);
    }
    let [first, packet_type, high, mid, low] = get::<5>(body, 0)?;
    if first & 0x8F != 7 {
        return Err(error(0, FlvProblem::NotAvc(first & 0x8F)));
    }
    // 24 signed bits: put them on top of the word and let the arithmetic shift bring the sign down.
    let composition = i32::from_be_bytes([high, mid, low, 0]) >> 8;
    match packet_type {
        0 => Ok(VideoBody::SequenceHeader(&body[5..])),
        1 => Ok(VideoBody::AccessUnit {
            is_idr: first >> 4 == 1,
            composition: TimeDelta::from_millis(i64::from(composition)),
            data: &body[5..],
        }),
        2 => Ok(VideoBody::EndOfSequence),
        unknown => Err(error(1, FlvProblem::UnknownPacketType(unknown))),
    }
}

fn parse_enhanced_video(body: &[u8]) -> Result<VideoBody<'_>, FlvError> {
    let [first, code @ ..] = get::<5>(body, 0)?;
    if &code != b"avc1" {
        return Err(error(1, FlvProblem::NotAvcFourCc(code)));
    }
    let is_idr = first >> 4 & 7 == 1;
    match first & 0x0f {
        0 => Ok(VideoBody::SequenceHeader(&body[5..])),
        1 => {
            let [high, mid, low] = get::<3>(body, 5)?;
            let composition = i32::from_be_bytes([high, mid, low, 0]) >> 8;
            Ok(VideoBody::AccessUnit {
                is_idr,
                composition: TimeDelta::from_millis(i64::from(composition)),
                data: &body[8..],
            })
        }
        2 => Ok(VideoBody::EndOfSequence),
        // The same without a composition time.
        3 => Ok(VideoBody::AccessUnit {
            is_idr,
            composition: TimeDelta::ZERO,
            data: &body[5..],
        }),
        unknown => Err(error(0, FlvProblem::UnknownPacketType(unknown))),
    }
}

/// What an audio tag's body is (E.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioBody<'a> {
    /// An AudioSpecificConfig.
    SequenceHeader(&'a [u8]),
    /// One raw AAC data block.
    Block(&'a [u8]),
}

/// The sound format behind which enhanced RTMP (v2) names the codec by a `FourCC`.
const ENHANCED_SOUND: u8 = 9;

/// Takes the body of an audio tag or RTMP audio message apart.
pub fn parse_audio(body: &[u8]) -> Result<AudioBody<'_>, FlvError> {
    let [first, packet_type] = get::<2>(body, 0)?;
    if first >> 4 == ENHANCED_SOUND {
        let code = get::<4>(body, 1)?;
        return match (&code, first & 0x0f) {
            (b"mp4a", 0) => Ok(AudioBody::SequenceHeader(&body[5..])),
            (b"mp4a", 1) => Ok(AudioBody::Block(&body[5..])),
            (b"mp4a", unknown) => Err(error(0, FlvProblem::UnknownPacketType(unknown))),
            _ => Err(error(1, FlvProblem::NotAacFourCc(code))),
        };
    }
    if first >> 4 != 10 {
        return Err(error(0, FlvProblem::NotAac(first >> 4)));
    }
    match packet_type {
        0 => Ok(AudioBody::SequenceHeader(&body[2..])),
        1 => Ok(AudioBody::Block(&body[2..])),
        unknown => Err(error(1, FlvProblem::UnknownPacketType(unknown))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::write::{self, video_header};
    use super::*;
    use crate::media::{Packet, TrackKind};
    use bytes::Bytes;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn composition_time_survives(ms in -0x80_0000_i64..0x80_0000, is_idr in any::<bool>()) {
            let packet = Packet {
                track: TrackKind::Video,
                pts: Timestamp::from_millis(ms),
                dts: Timestamp::ZERO,
                is_idr,
                data: Bytes::from_static(&[0, 0, 0, 1, 0x65]),
            };
            let body = [&video_header(&packet)[..], &packet.data].concat();
            prop_assert_eq!(
                parse_video(&body).unwrap(),
                VideoBody::AccessUnit { is_idr, composition: TimeDelta::from_millis(ms), data: &packet.data }
            );
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = (parse_video(&bytes), parse_audio(&bytes));
            let file = [b"FLV\x01\x05\0\0\0\x09\0\0\0\0", &bytes[..]].concat();
            prop_assert!(tags(&file).count() <= bytes.len() + 1);
            let _ = tags(&bytes).count();
        }
    }

    #[test]
    fn errors_name_the_byte() {
        assert_eq!(tags(b"MP4 rather").next(), Some(Err(error(0, FlvProblem::NotFlv))));
        assert_eq!(tags(b"").next(), Some(Err(error(0, FlvProblem::Truncated))));
        let file = b"FLV\x01\x05\0\0\0\x09\0\0\0\0\x07aaaaaaaaaaaa";
        let mut read = tags(file);
        assert_eq!(read.next(), Some(Err(error(13, FlvProblem::UnknownTag(7)))));
        assert_eq!(read.next(), None);
        assert_eq!(parse_video(&[0x12, 1, 0, 0, 0]), Err(error(0, FlvProblem::NotAvc(2))));
        assert_eq!(parse_audio(&[0x2F, 1]), Err(error(0, FlvProblem::NotAac(2))));
    }

    #[test]
    fn enhanced_rtmp_is_read_and_other_codecs_are_named() {
        let unit = |is_idr, ms, data| VideoBody::AccessUnit {
            is_idr,
            composition: TimeDelta::from_millis(ms),
            data,
        };
        for (body, wanted) in [
            (&b"\x90avc1config"[..], VideoBody::SequenceHeader(b"config")),
            (b"\x91avc1\0\0\x28unit", unit(true, 40, b"unit")),
            (b"\xa1avc1\xff\xff\xffunit", unit(false, -1, b"unit")),
            (b"\xa3avc1unit", unit(false, 0, b"unit")),
            (b"\x92avc1", VideoBody::EndOfSequence),
        ] {
            assert_eq!(parse_video(body), Ok(wanted));
        }
        assert_eq!(
            parse_video(b"\x90hvc1config").unwrap_err().to_string(),
            "FLV at byte 1: video codec H.265 is not H.264"
        );
        assert_eq!(
            parse_audio(b"\x90mp4a\x12\x10"),
            Ok(AudioBody::SequenceHeader(b"\x12\x10"))
        );
        assert_eq!(parse_audio(b"\x91mp4ablock"), Ok(AudioBody::Block(b"block")));
        assert_eq!(
            parse_audio(b"\x91Opusblock").unwrap_err().to_string(),
            "FLV at byte 1: sound format Opus is not AAC"
        );
        assert_eq!(parse_video(b"\x91avc1\0"), Err(error(5, FlvProblem::Truncated)));
    }

    #[test]
    fn metadata_names_only_the_tracks_that_there_are() {
        let none = write::metadata(None, None);
        assert!(none.get("width").is_none() && none.get("audiocodecid").is_none());
        assert!(
            none.get("encoder")
                .and_then(|value| value.as_str())
                .unwrap()
                .starts_with("rigcast/")
        );
    }
}
