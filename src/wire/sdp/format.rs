//! What `a=rtpmap` and `a=fmtp` say of each codec, written and read.

use std::fmt::Write;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use bytes::Bytes;

use crate::media::aac::AudioSpecificConfig;
use crate::media::h264::{NalType, nal_type};
use crate::wire::rtp::{RtpCodec, RtpTrack};

/// Parameter sets from senders that leave the padding out as well as from those that do not.
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Encoding name, clock rate and channels.
pub(super) fn rtpmap(track: &RtpTrack) -> String {
    let rate = track.clock_rate;
    match &track.codec {
        RtpCodec::H264 { .. } => format!("H264/{rate}"),
        RtpCodec::Aac { channels, .. } => format!("MPEG4-GENERIC/{rate}/{channels}"),
        // Always two, whatever is coded (RFC 7587 §7).
        RtpCodec::Opus { .. } => format!("opus/{rate}/2"),
    }
}

/// The format parameters.
pub(super) fn parameters(codec: &RtpCodec) -> Option<String> {
    match codec {
        RtpCodec::H264 { sps, pps } => {
            let mut text = "packetization-mode=1".to_owned();
            if let [_, profile, constraints, level, ..] = sps[..] {
                let _ = write!(
                    text,
                    ";profile-level-id={profile:02X}{constraints:02X}{level:02X};sprop-parameter-sets={},{}",
                    STANDARD.encode(sps),
                    STANDARD.encode(pps)
                );
            }
            Some(text)
        }
        RtpCodec::Aac { asc, .. } => {
            let mut text =
                "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config="
                    .to_owned();
            for byte in asc {
                let _ = write!(text, "{byte:02X}");
            }
            Some(text)
        }
        RtpCodec::Opus { channels } => (*channels == 2).then(|| "sprop-stereo=1".to_owned()),
    }
}

/// The codec of an `rtpmap` value with its `fmtp` parameters, and its clock rate. `None` for what this crate does not read.
pub(super) fn codec(rtpmap: &str, parameters: &Parameters<'_>) -> Option<(RtpCodec, u32)> {
    let mut parts = rtpmap.trim().split('/').map(str::trim);
    let name = parts.next()?;
    let clock_rate: u32 = parts.next()?.parse().ok().filter(|rate| (1..=768_000).contains(rate))?;
    let channels = parts.next().and_then(|channels| channels.parse().ok());
    let codec = match name.to_ascii_lowercase().as_str() {
        "h264" => h264(parameters)?,
        "mpeg4-generic" => aac(parameters, channels)?,
        // Receivers may decode stereo wherever it is not ruled out.
        "opus" => RtpCodec::Opus {
            channels: if parameters.get("sprop-stereo") == Some("0") {
                1
            } else {
                2
            },
        },
        _ => return None,
    };
    Some((codec, clock_rate))
}

fn h264(parameters: &Parameters<'_>) -> Option<RtpCodec> {
    // Mode 2 interleaves access units: nobody sends it, and nothing here could sort it.
    if parameters.number("packetization-mode").unwrap_or(0) > 1 {
        return None;
    }
    let (mut sps, mut pps) = (Bytes::new(), Bytes::new());
    for set in parameters.get("sprop-parameter-sets").unwrap_or("").split(',') {
        let Ok(nal) = TOLERANT.decode(set.trim()) else { continue };
        match nal_type(&nal) {
            Some(NalType::Sps) if sps.is_empty() => sps = nal.into(),
            Some(NalType::Pps) if pps.is_empty() => pps = nal.into(),
            _ => {}
        }
    }
    Some(RtpCodec::H264 { sps, pps })
}

fn aac(parameters: &Parameters<'_>, channels: Option<u8>) -> Option<RtpCodec> {
    let is_high_rate = parameters
        .get("mode")
        .is_some_and(|mode| mode.eq_ignore_ascii_case("AAC-hbr"));
    let has_fields = [("sizelength", 13), ("indexlength", 3), ("indexdeltalength", 3)]
        .into_iter()
        .all(|(name, expected)| parameters.number(name).unwrap_or(expected) == expected);
    if !is_high_rate || !has_fields {
        return None;
    }
    let asc = from_hex(parameters.get("config")?)?;
    let config = AudioSpecificConfig::parse(&asc).ok()?;
    Some(RtpCodec::Aac {
        asc: asc.into(),
        channels: channels.unwrap_or(config.channels),
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// The parameters of an `fmtp` value: `name=value`, between semicolons, in any case.
#[derive(Default)]
pub(super) struct Parameters<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Parameters<'a> {
    /// Reads what stands behind the payload type.
    pub(super) fn read(text: &'a str) -> Self {
        let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (name.trim(), value.trim())).collect())
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.parse().ok()
    }
}
