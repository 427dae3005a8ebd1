//! Streams made here, cut, damaged and made up; those of real muxers are read in `tests/source_ingest.rs`.

use proptest::prelude::*;

use super::packet::{PACKET, SYNC};
use super::pes::Unwrap;
use super::psi::crc32;
use super::*;
use crate::media::TimeDelta;
use crate::media::aac::{AdtsHeader, AudioSpecificConfig};

const PMT: u16 = 0x1000;
const VIDEO: u16 = 0x100;
const SOUND: u16 = 0x101;

/// Writes transport packets.
#[derive(Default)]
struct Muxer {
    bytes: Vec<u8>,
    continuity: std::collections::HashMap<u16, u8>,
}

impl Muxer {
    fn new(streams: &[(u8, u16, &[u8])]) -> Self {
        let mut muxer = Self::default();
        muxer.tables(streams);
        muxer
    }

    fn tables(&mut self, streams: &[(u8, u16, &[u8])]) {
        let pmt = PMT.to_be_bytes();
        self.section(0, 0, &[0, 1, 0xe0 | pmt[0], pmt[1]]);
        let mut body = vec![0xe1, 0x00, 0xf0, 0];
        for (kind, pid, descriptors) in streams {
            let pid = pid.to_be_bytes();
            body.extend_from_slice(&[*kind, 0xe0 | pid[0], pid[1], 0xf0, descriptors.len() as u8]);
            body.extend_from_slice(descriptors);
        }
        self.section(PMT, 2, &body);
    }

    fn section(&mut self, pid: u16, table: u8, body: &[u8]) {
        let length = (body.len() + 9) as u8;
        let mut section = vec![table, 0xb0, length, 0, 1, 0xc1, 0, 0];
        section.extend_from_slice(body);
        let crc = crc32(&section);
        section.extend_from_slice(&crc.to_be_bytes());
        section.insert(0, 0);
        self.payload(pid, &section, 0xff);
    }

    /// Cuts `bytes` into packets; the last is filled with `filling` for sections, or by an adaptation field.
    fn payload(&mut self, pid: u16, bytes: &[u8], filling: u8) {
        let mut rest = bytes;
        let mut is_start = true;
        while !rest.is_empty() {
            let count = self.continuity.entry(pid).or_insert(15);
            *count = (*count + 1) & 15;
            let high = (pid >> 8) as u8 | if is_start { 0x40 } else { 0 };
            let mut packet = vec![SYNC, high, pid as u8];
            let room = PACKET - 4;
            let taken = rest.len().min(room);
            if taken == room || pid == 0 || pid == PMT {
                packet.push(0x10 | *count);
                packet.extend_from_slice(&rest[..taken]);
                packet.resize(PACKET, filling);
            } else {
                packet.push(0x30 | *count);
                let taken = taken.min(room - 1);
                let stuffing = room - 1 - taken;
                packet.push(stuffing as u8);
                if stuffing > 0 {
                    packet.push(0);
                    packet.resize(PACKET - taken, 0xff);
                }
                packet.extend_from_slice(&rest[..taken]);
                rest = &rest[taken..];
                self.bytes.extend_from_slice(&packet);
                is_start = false;
                continue;
            }
            rest = &rest[taken..];
            self.bytes.extend_from_slice(&packet);
            is_start = false;
        }
    }

    fn pes(&mut self, pid: u16, pts: u64, dts: Option<u64>, has_length: bool, payload: &[u8]) {
        let time = |mark: u8, time: u64| {
            let time = time & ((1 << 33) - 1);
            [
                mark << 4 | (time >> 29) as u8 & 0x0e | 1,
                (time >> 22) as u8,
                (time >> 14) as u8 | 1,
                (time >> 7) as u8,
                (time << 1) as u8 | 1,
            ]
        };
        let mut fields = time(if dts.is_some() { 3 } else { 2 }, pts).to_vec();
        if let Some(dts) = dts {
            fields.extend_from_slice(&time(1, dts));
        }
        let length = if has_length {
            (3 + fields.len() + payload.len()) as u16
        } else {
            0
        };
        let mut pes = vec![0, 0, 1, 0xe0];
        pes.extend_from_slice(&length.to_be_bytes());
        pes.extend_from_slice(&[0x80, if dts.is_some() { 0xc0 } else { 0x80 }, fields.len() as u8]);
        pes.extend_from_slice(&fields);
        pes.extend_from_slice(payload);
        self.payload(pid, &pes, 0);
    }

    fn picture(&mut self, pts: u64, dts: u64, size: usize) {
        self.pes(VIDEO, pts, Some(dts), false, &picture(size));
    }
}

/// One access unit: a delimiter and an IDR slice that begins with the first macroblock.
fn picture(size: usize) -> Vec<u8> {
    let mut unit = vec![0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x65, 0x88];
    unit.extend(std::iter::repeat_n(0x55, size));
    unit
}

fn adts(payload: usize) -> Vec<u8> {
    let header = AdtsHeader::for_payload(&AudioSpecificConfig::aac_lc(48_000, 2), payload).unwrap();
    let mut frame = header.to_bytes().unwrap().to_vec();
    frame.resize(frame.len() + payload, 0x33);
    frame
}

const BOTH: &[(u8, u16, &[u8])] = &[(0x1b, VIDEO, &[]), (0x0f, SOUND, &[])];

fn show() -> Muxer {
    let mut muxer = Muxer::new(BOTH);
    for n in 0..6 {
        muxer.picture(9_000 + n * 3_000, 6_000 + n * 3_000, 500 * n as usize);
        let frames = [adts(100), adts(200)].concat();
        muxer.pes(SOUND, 9_000 + n * 3_840, None, true, &frames);
    }
    muxer
}

fn read(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> (Vec<Item>, Counts) {
    let mut reader = Reader::new();
    let mut items = Vec::new();
    for piece in pieces {
        reader.push(piece.as_ref());
        items.extend(std::iter::from_fn(|| reader.poll()));
    }
    reader.finish();
    items.extend(std::iter::from_fn(|| reader.poll()));
    (items, reader.counts())
}

fn ticks(count: i64) -> TimeDelta {
    TimeDelta::from_rate(count, 90_000)
}

fn pictures(items: &[Item]) -> Vec<(TimeDelta, TimeDelta, usize)> {
    let picture = |item: &Item| match item {
        Item::Picture { pts, dts, data, .. } => Some((*pts, *dts, data.len())),
        _ => None,
    };
    items.iter().filter_map(picture).collect()
}

fn sounds(items: &[Item]) -> Vec<(TimeDelta, usize)> {
    let sound = |item: &Item| match item {
        Item::Sound { pts, data, .. } => Some((*pts, data.len())),
        _ => None,
    };
    items.iter().filter_map(sound).collect()
}

#[test]
fn pictures_and_sound_come_out_with_their_times() {
    let (items, counts) = read([show().bytes].into_iter());
    assert_eq!(counts, Counts::default());
    let Item::Program(program) = &items[0] else {
        panic!("{:?}", items[0])
    };
    assert_eq!((program.video(), program.sound()), (Some(VIDEO), Some(SOUND)));
    let wanted: Vec<_> = (0..6)
        .map(|n| {
            (
                ticks(9_000 + n * 3_000),
                ticks(6_000 + n * 3_000),
                12 + 500 * n as usize,
            )
        })
        .collect();
    assert_eq!(pictures(&items), wanted);
    let wanted: Vec<_> = (0..6)
        .flat_map(|n| {
            let first = ticks(9_000 + n * 3_840);
            [(first, 100), (first + TimeDelta::from_rate(1_024, 48_000), 200)]
        })
        .collect();
    assert_eq!(sounds(&items), wanted);
}

#[test]
fn a_frame_of_sound_may_lie_in_two_packets() {
    let frames = [adts(300), adts(301), adts(302)].concat();
    let mut muxer = Muxer::new(BOTH);
    let (first, second) = frames.split_at(400);
    muxer.pes(SOUND, 90_000, None, true, first);
    // The time is that of the frame that begins in this packet: the third.
    muxer.pes(SOUND, 90_000 + 3_840, None, true, second);
    let (items, counts) = read([muxer.bytes].into_iter());
    let frame = TimeDelta::from_rate(1_024, 48_000);
    assert_eq!(
        sounds(&items),
        [(ticks(90_000), 300), (ticks(90_000) + frame, 301), (ticks(93_840), 302)]
    );
    assert_eq!(counts, Counts::default());
}

#[test]
fn several_pictures_in_one_packet_are_told_apart() {
    let mut muxer = Muxer::new(BOTH);
    muxer.pes(VIDEO, 90_000, None, false, &[picture(10), picture(20)].concat());
    let (items, _) = read([muxer.bytes].into_iter());
    let lens: Vec<_> = pictures(&items).iter().map(|(_, _, len)| *len).collect();
    assert_eq!(lens, [22, 32]);
}

#[test]
fn what_cannot_be_played_is_named() {
    let streams: &[(u8, u16, &[u8])] = &[
        (0x24, 0x100, &[]),
        (0x11, 0x101, &[]),
        (0x03, 0x102, &[]),
        (0x06, 0x103, &[5, 4, b'O', b'p', b'u', b's']),
        (0x06, 0x104, &[0x59, 0]),
        (0x86, 0x105, &[]),
    ];
    let mut muxer = Muxer::new(streams);
    muxer.payload(0x1fff, &[0; 400], 0);
    let (items, _) = read([muxer.bytes].into_iter());
    let [Item::Program(program)] = &items[..] else {
        panic!("{items:?}")
    };
    let named: Vec<_> = program.unplayable().collect();
    assert_eq!(named, ["H.265", "AAC in LATM", "MPEG audio (MP2 or MP3)", "Opus"]);
    assert_eq!((program.video(), program.sound()), (None, None));
}

#[test]
fn a_stream_may_begin_anywhere_and_lose_its_sync() {
    let whole = show().bytes;
    let mut torn = vec![0x47, 0x47, 1, 2, 3];
    torn.extend_from_slice(&whole[..PACKET * 4]);
    torn.extend_from_slice(b"a log line that does not belong here\n");
    torn.extend_from_slice(&whole[PACKET * 4..]);
    let (items, counts) = read([torn].into_iter());
    assert_eq!(counts.lost_sync, 1);
    assert_eq!(pictures(&items).len(), 6);
}

#[test]
fn a_missing_packet_costs_what_it_was_part_of() {
    let mut muxer = Muxer::new(BOTH);
    muxer.picture(9_000, 9_000, 2_000);
    let second = muxer.bytes.len();
    muxer.picture(12_000, 12_000, 2_000);
    muxer.picture(15_000, 15_000, 2_000);
    let mut bytes = muxer.bytes;
    bytes.drain(second + PACKET * 2..second + PACKET * 3);
    let (items, counts) = read([bytes].into_iter());
    let times: Vec<_> = pictures(&items).iter().map(|(pts, ..)| *pts).collect();
    assert_eq!(times, [ticks(9_000), ticks(15_000)]);
    assert_eq!((counts.discontinuities, counts.damaged), (1, 1));
}

#[test]
fn a_packet_that_comes_twice_counts_once() {
    let mut muxer = Muxer::new(BOTH);
    muxer.picture(9_000, 9_000, 2_000);
    muxer.picture(12_000, 12_000, 0);
    let twice: Vec<u8> = muxer
        .bytes
        .chunks(PACKET)
        .flat_map(|packet| [packet, packet])
        .flatten()
        .copied()
        .collect();
    let (items, counts) = read([twice].into_iter());
    assert_eq!(pictures(&items).len(), 2);
    assert_eq!(pictures(&items)[0].2, 2_012);
    assert_eq!(counts, Counts::default());
}

#[test]
fn tables_with_a_wrong_checksum_are_not_believed() {
    let mut bytes = show().bytes;
    bytes[PACKET + 20] ^= 1;
    let (items, _) = read([bytes].into_iter());
    assert_eq!(items, []);
}

#[test]
fn another_program_map_is_told() {
    let mut muxer = Muxer::new(BOTH);
    muxer.picture(9_000, 9_000, 100);
    muxer.tables(BOTH);
    muxer.tables(&[(0x1b, 0x200, &[])]);
    let (items, _) = read([muxer.bytes].into_iter());
    let programs = items.iter().filter(|item| matches!(item, Item::Program(_))).count();
    assert_eq!((programs, pictures(&items).len()), (2, 1));
}

#[test]
fn times_go_on_where_they_wrap() {
    let mut clock = Unwrap::default();
    let top = (1_u64 << 33) - 3_000;
    let times = [top, top + 3_000, top + 6_000, top + 1_500].map(|ticks| clock.time(ticks));
    let begin = top as i64;
    assert_eq!(times, [begin, begin + 3_000, begin + 6_000, begin + 1_500].map(ticks));
}

#[test]
fn a_picture_without_end_is_let_go() {
    let mut muxer = Muxer::new(BOTH);
    muxer.picture(9_000, 9_000, MAX_UNIT + 1_000);
    muxer.picture(12_000, 12_000, 100);
    let (items, counts) = read(muxer.bytes.chunks(65_536));
    assert_eq!((pictures(&items).len(), counts.damaged), (1, 1));
}

proptest! {
    #[test]
    fn pieces_give_what_the_whole_gives(size in 1_usize..2_000) {
        let bytes = show().bytes;
        prop_assert_eq!(read(bytes.chunks(size)), read([&bytes[..]].into_iter()));
    }

    #[test]
    fn damage_is_survived(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
                          cuts in prop::collection::vec((any::<prop::sample::Index>(), 1_usize..400), 0..4),
                          size in 1_usize..2_000) {
        let mut bytes = show().bytes;
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        for (at, length) in cuts {
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            bytes.drain(at..end);
        }
        let given: usize = bytes.len();
        let (items, _) = read(bytes.chunks(size));
        let kept: usize = items.iter().map(|item| match item {
            Item::Picture { data, .. } | Item::Sound { data, .. } => data.len(),
            Item::Program(_) => 0,
        }).sum();
        prop_assert!(kept <= given);
    }

    #[test]
    fn packets_of_noise_are_survived(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), PACKET - 4), 1..30),
                                     heads in prop::collection::vec((0_u8..0x80, prop::sample::select(vec![0_u8, 1, 2]), any::<u8>()), 30)) {
        let mut bytes = Muxer::new(BOTH).bytes;
        for (packet, (flags, low, control)) in packets.iter().zip(heads) {
            // Most of them on the PIDs that are read.
            bytes.extend_from_slice(&[SYNC, flags & 0x40 | 1 & low, if low == 2 { 0 } else { low }, control]);
            bytes.extend_from_slice(packet);
        }
        read([bytes].into_iter());
    }
}
