//! What is written is what the reader of another hand finds, and no bytes upset our own reader.

use std::io::Cursor;
use std::time::Duration;

use bytes::Bytes;
use mp4_atom::{Atom, Codec, Decode, DecodeMaybe, Ftyp, Header, Moof, Moov};
use proptest::prelude::*;

use super::{Fragment, Muxer, TrackConfig, WallClock, read};
use crate::media::{AudioCodec, AudioConfig, FrameRate, Packet, TimeDelta, Timestamp, TrackKind, VideoConfig};

const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0xd8, 0x3d, 0xe6, 0xf0, 0xe1, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03,
    0x00, 0x64, 0x0f, 0x18, 0x32, 0x48,
];
const PPS: &[u8] = &[0x68, 0xcb, 0x83, 0xcb, 0x20];

fn video() -> TrackConfig {
    TrackConfig::Video(VideoConfig {
        width: 854,
        height: 480,
        frame_rate: FrameRate::whole(30),
        sps: Bytes::from_static(SPS),
        pps: Bytes::from_static(PPS),
        bitrate_kbps: 1000,
    })
}

fn sound(codec: AudioCodec, name: &str) -> TrackConfig {
    TrackConfig::Audio {
        config: AudioConfig {
            codec,
            sample_rate: 48_000,
            channels: 2,
            bitrate_kbps: 128,
        },
        name: name.to_owned(),
    }
}

fn aac() -> AudioCodec {
    AudioCodec::Aac {
        asc: Bytes::from_static(&[0x11, 0x90, 0x56, 0xe5, 0x00]),
    }
}

fn tracks() -> Vec<TrackConfig> {
    vec![video(), sound(aac(), "program"), sound(AudioCodec::Opus, "mic")]
}

fn picture(at: Timestamp, is_idr: bool, data: &[u8]) -> Packet {
    Packet {
        track: TrackKind::Video,
        pts: at,
        dts: at,
        is_idr,
        data: Bytes::copy_from_slice(data),
    }
}

fn heard(at: Timestamp, data: &[u8]) -> Packet {
    Packet {
        track: TrackKind::Audio,
        is_idr: true,
        ..picture(at, true, data)
    }
}

fn frame(index: i64) -> Timestamp {
    Timestamp::from_millis(5000) + FrameRate::whole(30).frame_time(index).since_zero()
}

fn file(init: &Bytes, fragments: &[Fragment]) -> Vec<u8> {
    let parts = fragments.iter().map(|fragment| &fragment.bytes[..]);
    std::iter::once(&init[..]).chain(parts).collect::<Vec<_>>().concat()
}

/// The index of a fragment, as the library reads it.
fn moof_of(fragment: &Fragment) -> Moof {
    let mut bytes = &fragment.bytes[..];
    while let Some(header) = Header::decode_maybe(&mut bytes).unwrap() {
        let size = header.size.unwrap();
        if header.kind == Moof::KIND {
            return Moof::decode_body(&mut &bytes[..size]).unwrap();
        }
        bytes = &bytes[size..];
    }
    panic!("no moof");
}

#[test]
fn the_init_segment_says_what_decoders_need() {
    let init = Muxer::new(tracks()).init_segment();
    let mut bytes = &init[..];
    let ftyp = Ftyp::decode(&mut bytes).unwrap();
    assert_eq!(ftyp.major_brand, b"iso6".into());
    let moov = Moov::decode(&mut bytes).unwrap();
    assert!(bytes.is_empty());
    assert_eq!(moov.mvex.unwrap().trex.len(), 3);
    let [video, program, mic] = &moov.trak[..] else {
        panic!("three tracks")
    };
    let entry = |trak: &mp4_atom::Trak| trak.mdia.minf.stbl.stsd.codecs[0].clone();
    let Codec::Avc1(avc1) = entry(video) else {
        panic!("avc1")
    };
    assert_eq!((avc1.visual.width, avc1.visual.height), (854, 480));
    assert_eq!(avc1.avcc.sequence_parameter_sets, [SPS]);
    assert_eq!(avc1.avcc.picture_parameter_sets, [PPS]);
    let Codec::Mp4a(mp4a) = entry(program) else {
        panic!("mp4a")
    };
    let specific = mp4a.esds.es_desc.dec_config.dec_specific;
    assert_eq!((specific.profile, specific.freq_index, specific.chan_conf), (2, 3, 2));
    let Codec::Opus(opus) = entry(mic) else { panic!("Opus") };
    assert_eq!((opus.dops.output_channel_count, opus.dops.pre_skip), (2, 0));
    // The whole AudioSpecificConfig is there, not only what the library reads of it.
    assert!(init.windows(7).any(|at| at == [0x05, 5, 0x11, 0x90, 0x56, 0xe5, 0x00]));
    // One sound is chosen, not both.
    assert!(program.tkhd.enabled && !mic.tkhd.enabled && program.tkhd.alternate_group == mic.tkhd.alternate_group);
    assert_eq!(mic.mdia.hdlr.name, "mic");
    assert_eq!(Muxer::new(tracks()).codecs(), "avc1.42c01f,mp4a.40.2,opus");
}

#[test]
fn fragments_follow_each_other_on_one_timeline() {
    let mut muxer = Muxer::new(tracks());
    assert!(muxer.fragment(frame(0), None).is_none());
    // A sound from before the first picture is none of this stream.
    muxer.push(0, &picture(frame(0), true, b"idr"));
    muxer.push(1, &heard(frame(0) - TimeDelta::from_millis(21), b"before"));
    muxer.push(1, &heard(frame(0) + TimeDelta::from_millis(4), b"sound"));
    muxer.push(0, &picture(frame(1), false, b"second"));
    assert_eq!((muxer.omitted(), muxer.pending_bytes()), (1, 14));
    let first = muxer.fragment(frame(2), None).unwrap();
    assert_eq!(
        (first.starts_with_idr, first.pts, first.duration),
        (true, frame(0), frame(2) - frame(0))
    );
    muxer.push(0, &picture(frame(2), false, b"third"));
    let second = muxer.fragment(frame(3), None).unwrap();
    assert!(!second.starts_with_idr && second.duration == frame(3) - frame(2));
    let (one, two) = (moof_of(&first), moof_of(&second));
    assert_eq!((one.mfhd.sequence_number, two.mfhd.sequence_number), (1, 2));
    let times = [&one, &two].map(|moof| moof.traf[0].tfdt.as_ref().unwrap().base_media_decode_time);
    assert_eq!(times, [0, 6000]);
    // 4 ms of 48 kHz; one sample lasts a frame of AAC.
    assert_eq!(one.traf[1].tfdt.as_ref().unwrap().base_media_decode_time, 192);
    assert_eq!(first.runs[1].duration, TimeDelta::from_rate(1024, 48_000));
    // Version 0 with `default-base-is-moof` and one duration for all.
    let tfhd = first.bytes.windows(8).find(|at| at.starts_with(b"tfhd")).unwrap();
    assert_eq!(tfhd[4..], [0, 2, 0, 8]);
    // Sound alone is no place to join a stream with pictures.
    muxer.push(1, &heard(frame(3), b"sound"));
    assert!(!muxer.fragment(frame(4), None).unwrap().starts_with_idr);
}

#[test]
fn sound_alone_can_be_joined_anywhere() {
    let mut muxer = Muxer::new(vec![sound(AudioCodec::Opus, "program")]);
    for index in 0..3 {
        muxer.push(0, &heard(Timestamp::from_millis(20 * index), &[31 << 3, 1, 2]));
    }
    let fragment = muxer.fragment(Timestamp::from_millis(60), None).unwrap();
    assert!(fragment.starts_with_idr);
    assert_eq!(fragment.duration, TimeDelta::from_millis(60));
}

#[test]
fn pictures_that_are_shown_in_another_order_keep_their_times() {
    let mut muxer = Muxer::new(vec![video()]);
    for (index, shown) in [(0, 1), (1, 3), (2, 2)] {
        let packet = Packet {
            pts: frame(shown),
            ..picture(frame(index), index == 0, b"x")
        };
        muxer.push(0, &packet);
    }
    let moof = moof_of(&muxer.fragment(frame(3), None).unwrap());
    let offsets: Vec<_> = moof.traf[0].trun[0]
        .entries
        .iter()
        .map(|entry| entry.cts.unwrap())
        .collect();
    assert_eq!(offsets, [3000, 6000, 0]);
}

#[test]
fn time_within_a_track_only_goes_on() {
    let mut muxer = Muxer::new(vec![video()]);
    for at in [3, 3, 1, 4] {
        muxer.push(0, &picture(frame(at), at == 3, b"x"));
    }
    // From before zero of the stream: left out. The same time again: moved by one tick.
    assert_eq!(muxer.omitted(), 1);
    let moof = moof_of(&muxer.fragment(frame(5), None).unwrap());
    let durations: Vec<_> = moof.traf[0].trun[0]
        .entries
        .iter()
        .map(|entry| entry.duration.unwrap())
        .collect();
    assert_eq!(durations, [1, 2999, 3000]);
    muxer.push(7, &picture(frame(9), true, b"no such track"));
    assert_eq!(muxer.omitted(), 2);
}

#[test]
fn each_track_says_when_it_was_made() {
    let mut muxer = Muxer::new(tracks());
    muxer.push(0, &picture(frame(0), true, b"idr"));
    muxer.push(1, &heard(frame(0) + TimeDelta::from_millis(7), b"sound"));
    let wall = WallClock::new(frame(0), Duration::from_millis(1_700_000_000_500));
    let fragment = muxer.fragment(frame(1), Some(wall)).unwrap();
    let bytes = file(&muxer.init_segment(), &[fragment]);
    let listing = read(&mut Cursor::new(&bytes)).unwrap();
    let made: Vec<_> = listing.fragments[0]
        .runs
        .iter()
        .map(|run| run.made_at.unwrap().as_millis())
        .collect();
    assert_eq!(made, [1_700_000_000_500, 1_700_000_000_507]);
    assert_eq!(listing.fragments[0].bytes.start as usize, muxer.init_segment().len());
    let names: Vec<_> = listing.tracks.iter().map(|track| track.name.as_str()).collect();
    assert_eq!(names, ["program", "program", "mic"]);
}

/// A file of a few fragments of all three tracks, and what was put into it by track.
fn sample_file(script: &[(u8, u8, bool)]) -> (Vec<u8>, Vec<Fragment>, Vec<Vec<u8>>) {
    let mut muxer = Muxer::new(tracks());
    let (mut fragments, mut media) = (Vec::new(), vec![Vec::new(); 3]);
    let mut at = frame(0);
    for (step, (track, size, is_cut)) in script.iter().enumerate() {
        let track = usize::from(track % 3);
        at += TimeDelta::from_millis(i64::from(size % 40));
        let data: Vec<u8> = (0..*size).map(|byte| byte ^ step as u8).collect();
        let packet = if track == 0 {
            picture(at, *is_cut, &data)
        } else {
            heard(at, &data)
        };
        if *is_cut {
            fragments.extend(muxer.fragment(at, Some(WallClock::new(at, Duration::from_secs(1)))));
        }
        muxer.push(track, &packet);
        media[track].extend(data);
    }
    fragments.extend(muxer.fragment(at, None));
    (file(&muxer.init_segment(), &fragments), fragments, media)
}

fn scripts() -> impl Strategy<Value = Vec<(u8, u8, bool)>> {
    prop::collection::vec((any::<u8>(), any::<u8>(), prop::bool::weighted(0.1)), 1..60)
}

proptest! {
    #[test]
    fn all_that_was_pushed_is_found_where_it_is_said_to_be(script in scripts()) {
        let (bytes, fragments, media) = sample_file(&script);
        let listing = read(&mut Cursor::new(&bytes)).unwrap();
        prop_assert_eq!(listing.fragments.len(), fragments.len());
        prop_assert_eq!((listing.whole_bytes, listing.length), (bytes.len() as u64, bytes.len() as u64));
        let mut found = vec![Vec::new(); 3];
        for (listed, fragment) in listing.fragments.iter().zip(&fragments) {
            prop_assert_eq!(listed.runs.len(), fragment.runs.len());
            for (run, told) in listed.runs.iter().zip(&fragment.runs) {
                prop_assert_eq!((run.track, run.samples, run.duration), (told.track, told.samples, told.duration));
                let data = &bytes[run.data.start as usize..run.data.end as usize];
                prop_assert_eq!(data, &fragment.bytes[told.data.clone()]);
                found[run.track].extend_from_slice(data);
            }
        }
        prop_assert_eq!(found, media);
    }

    #[test]
    fn a_file_that_was_cut_off_has_its_whole_fragments(script in scripts(), share in 0.0..1.0_f64) {
        let (bytes, fragments, _) = sample_file(&script);
        let cut = (bytes.len() as f64 * share) as usize;
        let init = bytes.len() - fragments.iter().map(|fragment| fragment.bytes.len()).sum::<usize>();
        let Ok(listing) = read(&mut Cursor::new(&bytes[..cut])) else {
            prop_assert!(cut < init);
            return Ok(());
        };
        let ends = fragments.iter().scan(init, |end, fragment| {
            *end += fragment.bytes.len();
            Some(*end)
        });
        let whole = ends.filter(|end| *end <= cut).count();
        prop_assert_eq!(listing.fragments.len(), whole);
        prop_assert!(listing.whole_bytes <= cut as u64);
    }

    #[test]
    fn no_bytes_upset_the_reader(
        script in scripts(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let (mut bytes, ..) = sample_file(&script);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = read(&mut Cursor::new(&bytes));
    }

    #[test]
    fn noise_is_no_file(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&mut Cursor::new(&bytes));
    }
}
