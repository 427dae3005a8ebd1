//! The initialisation segment: `ftyp`, and a `moov` that says that samples come in fragments (ISO/IEC 14496-12 §8.8.1).

use mp4_atom::{
    Audio, Compressor, Dinf, Dops, Dref, FourCC, Ftyp, Hdlr, Mdhd, Mvhd, Smhd, Stco, Stsc, Stsz, Stts, Tkhd, Trex, Url,
    Visual,
};

use super::boxes::{boxed, full_box, put, put_u32};
use super::track::TrackConfig;
use crate::media::h264::avc_decoder_configuration_record;
use crate::media::{AudioCodec, AudioConfig, VideoConfig};

/// Milliseconds: nothing that is played counts in it.
const MOVIE_TIMESCALE: u32 = 1000;

/// `sample_flags` of a sample that a decoder may start at: depends on no other (§8.8.3.1).
pub(super) const SYNC: u32 = 0x0200_0000;
/// `sample_flags` of all others: depends on others, is no sync sample.
pub(super) const NO_SYNC: u32 = 0x0101_0000;

/// `ftyp` and `moov` for `tracks`, whose IDs are counted from 1.
pub(super) fn init_segment(tracks: &[TrackConfig]) -> Vec<u8> {
    let mut out = Vec::with_capacity(512 + 512 * tracks.len());
    // iso5 is what `default-base-is-moof` asks for, iso6 version 1 of `trun` and `tfdt`.
    put(
        &mut out,
        &Ftyp {
            major_brand: FourCC::new(b"iso6"),
            minor_version: 0,
            compatible_brands: [b"iso6", b"iso5", b"mp42", b"avc1"].map(FourCC::new).to_vec(),
        },
    );
    boxed(&mut out, *b"moov", |out| {
        put(
            out,
            &Mvhd {
                timescale: MOVIE_TIMESCALE,
                rate: 1.into(),
                volume: 1.into(),
                next_track_id: tracks.len() as u32 + 1,
                ..Mvhd::default()
            },
        );
        let mut is_first_sound = true;
        for (index, track) in tracks.iter().enumerate() {
            let is_sound = matches!(track, TrackConfig::Audio { .. });
            let is_enabled = !is_sound || std::mem::take(&mut is_first_sound);
            trak(out, index as u32 + 1, track, is_enabled);
        }
        boxed(out, *b"mvex", |out| {
            for (index, track) in tracks.iter().enumerate() {
                put(
                    out,
                    &Trex {
                        track_id: index as u32 + 1,
                        default_sample_description_index: 1,
                        default_sample_duration: track.nominal_duration(),
                        default_sample_size: 0,
                        default_sample_flags: match track {
                            TrackConfig::Video(_) => NO_SYNC,
                            TrackConfig::Audio { .. } => SYNC,
                        },
                    },
                );
            }
        });
    });
    out
}

/// One track. Sound is one alternate group whose first track is enabled, so that players take the program and not all
/// tracks at once.
fn trak(out: &mut Vec<u8>, track_id: u32, track: &TrackConfig, enabled: bool) {
    boxed(out, *b"trak", |out| {
        let mut tkhd = Tkhd {
            track_id,
            enabled,
            ..Tkhd::default()
        };
        let (handler, name) = match track {
            TrackConfig::Video(config) => {
                (tkhd.width, tkhd.height) = (short(config.width).into(), short(config.height).into());
                (b"vide", "program")
            }
            TrackConfig::Audio { name, .. } => {
                (tkhd.volume, tkhd.alternate_group) = (1.into(), 1);
                (b"soun", name.as_str())
            }
        };
        put(out, &tkhd);
        boxed(out, *b"mdia", |out| {
            put(
                out,
                &Mdhd {
                    timescale: track.timescale(),
                    language: "und".to_owned(),
                    ..Mdhd::default()
                },
            );
            put(
                out,
                &Hdlr {
                    handler: FourCC::new(handler),
                    // The name ends with a zero byte.
                    name: name.replace('\0', ""),
                },
            );
            boxed(out, *b"minf", |out| minf(out, track));
        });
    });
}

fn minf(out: &mut Vec<u8>, track: &TrackConfig) {
    match track {
        // By hand: its flags must be 1 (§12.1.2), and the library writes 0.
        TrackConfig::Video(_) => full_box(out, *b"vmhd", 0, 1, |out| out.extend_from_slice(&[0; 8])),
        TrackConfig::Audio { .. } => put(out, &Smhd::default()),
    }
    put(
        out,
        &Dinf {
            dref: Dref {
                urls: vec![Url::default()],
            },
        },
    );
    boxed(out, *b"stbl", |out| {
        full_box(out, *b"stsd", 0, 0, |out| {
            put_u32(out, 1);
            match track {
                TrackConfig::Video(config) => avc1(out, config),
                TrackConfig::Audio { config, .. } => match &config.codec {
                    AudioCodec::Aac { asc } => mp4a(out, config, asc),
                    AudioCodec::Opus => opus(out, config),
                },
            }
        });
        // No sample is described here: all are in fragments.
        put(out, &Stts::default());
        put(out, &Stsc::default());
        put(out, &Stsz::default());
        put(out, &Stco::default());
    });
}

/// ISO/IEC 14496-15 §5.4.2.
fn avc1(out: &mut Vec<u8>, config: &VideoConfig) {
    boxed(out, *b"avc1", |out| {
        put(
            out,
            &Visual {
                data_reference_index: 1,
                width: short(config.width),
                height: short(config.height),
                compressor: Compressor::from(""),
                ..Visual::default()
            },
        );
        boxed(out, *b"avcC", |out| {
            out.extend_from_slice(&avc_decoder_configuration_record(&config.sps, &config.pps));
        });
    });
}

/// ISO/IEC 14496-14 §5.6. `esds` is written by hand, since the library holds an AudioSpecificConfig of two bytes only.
fn mp4a(out: &mut Vec<u8>, config: &AudioConfig, asc: &[u8]) {
    // No AudioSpecificConfig comes near the 127 bytes that a length of one byte holds.
    let asc = &asc[..asc.len().min(64)];
    boxed(out, *b"mp4a", |out| {
        put(out, &sound(config));
        full_box(out, *b"esds", 0, 0, |out| {
            let specific = 2 + asc.len() as u8;
            let decoder = 13 + specific;
            // ES_Descriptor (ISO/IEC 14496-1 §7.2.6.5): ID 0, no flags.
            out.extend_from_slice(&[0x03, 3 + 2 + decoder + 3, 0, 0, 0]);
            // DecoderConfigDescriptor: MPEG-4 audio, an audio stream; one frame has at most 6144 bits per channel.
            out.extend_from_slice(&[0x04, decoder, 0x40, 0x05 << 2 | 1]);
            let buffer = 768 * u32::from(config.channels.max(1));
            out.extend_from_slice(&buffer.to_be_bytes()[1..]);
            put_u32(out, config.bitrate_kbps.saturating_mul(1000));
            put_u32(out, config.bitrate_kbps.saturating_mul(1000));
            out.extend_from_slice(&[0x05, asc.len() as u8]);
            out.extend_from_slice(asc);
            // SLConfigDescriptor: as MP4 files have it.
            out.extend_from_slice(&[0x06, 1, 2]);
        });
    });
}

/// Encapsulation of Opus in ISO Base Media File Format §4.3. There is no pre-skip: see [`AudioCodec::Opus`].
fn opus(out: &mut Vec<u8>, config: &AudioConfig) {
    boxed(out, *b"Opus", |out| {
        put(out, &sound(config));
        put(
            out,
            &Dops {
                output_channel_count: config.channels,
                pre_skip: 0,
                input_sample_rate: config.sample_rate,
                output_gain: 0,
            },
        );
    });
}

fn sound(config: &AudioConfig) -> Audio {
    Audio {
        data_reference_index: 1,
        channel_count: u16::from(config.channels),
        sample_size: 16,
        // Rates beyond 16 bits are written as 0; the codec's own configuration says them (§12.2.3.1).
        sample_rate: u16::try_from(config.sample_rate).unwrap_or(0).into(),
    }
}

/// No program comes near the bound: `media::MAX_DIMENSION`.
fn short(pixels: u32) -> u16 {
    u16::try_from(pixels).unwrap_or(u16::MAX)
}
