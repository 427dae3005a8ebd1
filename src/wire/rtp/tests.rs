//! Both ends joined in memory, and each against bytes that the standards or real senders give.

use bytes::Bytes;

use super::*;
use crate::media::{Packet, TimeDelta, Timestamp, TrackKind};

pub(super) const SPS: &[u8] = &[0x67, 0x42, 0xC0, 0x1F, 0xD9, 0x00, 0xD8];
pub(super) const PPS: &[u8] = &[0x68, 0xCB, 0x83, 0xCB, 0x20];
pub(super) const SSRC: u32 = 0x1122_3344;

pub(super) fn h264(sps: &'static [u8], pps: &'static [u8]) -> RtpTrack {
    RtpTrack {
        kind: TrackKind::Video,
        payload_type: 96,
        clock_rate: 90_000,
        codec: RtpCodec::H264 {
            sps: Bytes::from_static(sps),
            pps: Bytes::from_static(pps),
        },
    }
}

pub(super) fn sound(codec: RtpCodec) -> RtpTrack {
    RtpTrack {
        kind: TrackKind::Audio,
        payload_type: 97,
        clock_rate: 48_000,
        codec,
    }
}

pub(super) fn aac() -> RtpTrack {
    sound(RtpCodec::Aac {
        asc: Bytes::from_static(&[0x11, 0x90]),
        channels: 2,
    })
}

pub(super) fn packet(track: TrackKind, is_idr: bool, data: Vec<u8>) -> Packet {
    Packet {
        track,
        pts: Timestamp::ZERO,
        dts: Timestamp::ZERO,
        is_idr,
        data: data.into(),
    }
}

/// AVCC of these NAL units.
pub(super) fn avcc(nals: &[&[u8]]) -> Vec<u8> {
    let lengths = nals.iter().map(|nal| (nal.len() as u32).to_be_bytes());
    lengths
        .zip(nals)
        .flat_map(|(length, nal)| [&length[..], nal].concat())
        .collect()
}

pub(super) fn packets_of(packetizer: &mut Packetizer, packet: &Packet, at: Timestamp) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    packetizer.packetize(packet, at, &mut |rtp| packets.push(rtp.to_vec()));
    packets
}

pub(super) fn rtp(sequence: u16, timestamp: u32, is_marked: bool, payload_type: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, payload_type | u8::from(is_marked) << 7];
    bytes.extend_from_slice(&sequence.to_be_bytes());
    bytes.extend_from_slice(&timestamp.to_be_bytes());
    bytes.extend_from_slice(&SSRC.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Sequence number, marker and payload of each, fed at time zero; what comes out but configurations, and how many errors.
/// A packet as a test gives it: sequence number, RTP time, marker, payload.
type Given<'a> = (u16, u32, bool, &'a [u8]);

fn receive(track: RtpTrack, packets: &[(u16, u32, bool, &[u8])]) -> (Vec<(Vec<u8>, i64, bool)>, u64) {
    let mut depacketizer = Depacketizer::new(track);
    let mut units = Vec::new();
    for (sequence, timestamp, is_marked, payload) in packets {
        let payload_type = depacketizer.track().payload_type;
        let _ = depacketizer.receive(
            &rtp(*sequence, *timestamp, *is_marked, payload_type, payload),
            Timestamp::ZERO,
        );
        units.extend(units_of(&mut depacketizer));
    }
    (units, depacketizer.stats().broken)
}

pub(super) fn units_of(depacketizer: &mut Depacketizer) -> Vec<(Vec<u8>, i64, bool)> {
    std::iter::from_fn(|| depacketizer.poll())
        .filter_map(|received| match received {
            Received::Unit {
                data,
                timestamp,
                is_idr,
            } => Some((data.to_vec(), timestamp, is_idr)),
            Received::Config(_) => None,
        })
        .collect()
}

#[test]
fn an_idr_goes_out_behind_its_parameter_sets_and_in_fragments() {
    let mut packetizer = Packetizer::new(h264(SPS, PPS), SSRC, 65_535, 1000, 64);
    let nal: Vec<u8> = std::iter::once(0x65).chain((0..100).map(|byte| 0x80 | byte)).collect();
    let unit = packet(TrackKind::Video, true, avcc(&[&nal]));
    let packets = packets_of(&mut packetizer, &unit, Timestamp::from_millis(100));
    let header = |sequence: u16, marker: u8| {
        let [high, low] = sequence.to_be_bytes();
        // 100 ms are 9000 ticks above the base.
        vec![0x80, 0x60 | marker, high, low, 0, 0, 0x27, 0x10, 0x11, 0x22, 0x33, 0x44]
    };
    let stap = [&[0x78, 0, 7][..], SPS, &[0, 5], PPS].concat();
    let first = [&[0x7C, 0x85][..], &nal[1..63]].concat();
    let last = [&[0x7C, 0x45][..], &nal[63..]].concat();
    assert_eq!(
        packets,
        [
            [header(65_535, 0), stap].concat(),
            [header(0, 0), first].concat(),
            [header(1, 0x80), last].concat(),
        ]
    );
    // The same, framed.
    let mut framed = Vec::new();
    let mut again = Packetizer::new(h264(SPS, PPS), SSRC, 65_535, 1000, 64);
    assert_eq!(
        again.packetize_framed(&unit, Timestamp::from_millis(100), &mut framed),
        3
    );
    let mut reader = FrameReader::new();
    reader.push(&framed);
    let mut read = Vec::new();
    while let Some(frame) = reader.next_frame() {
        read.push(frame.to_vec());
    }
    assert_eq!(read, packets);
}

#[test]
fn no_fragment_is_first_and_last() {
    for len in 60..200 {
        let nal = vec![0x41; len];
        let mut packetizer = Packetizer::new(h264(SPS, PPS), SSRC, 0, 0, 64);
        let packets = packets_of(
            &mut packetizer,
            &packet(TrackKind::Video, false, avcc(&[&nal])),
            Timestamp::ZERO,
        );
        assert_eq!(packets.len(), if len <= 64 { 1 } else { (len - 1).div_ceil(62) });
        assert!(packets.iter().all(|rtp| rtp.len() <= 12 + 64));
        assert!(packets.iter().all(|rtp| rtp[12] & 31 != 28 || rtp[13] & 0xC0 != 0xC0));
        let markers = packets.iter().map(|rtp| rtp[1] & 0x80 != 0);
        assert!(markers.rev().eq((0..packets.len()).map(|at| at == 0)));
    }
}

#[test]
fn sound_has_its_headers() {
    let mut packetizer = Packetizer::new(aac(), SSRC, 5, 0, 1400);
    let packets = packets_of(
        &mut packetizer,
        &packet(TrackKind::Audio, true, vec![7; 300]),
        Timestamp::from_48k(1024),
    );
    assert_eq!(packets.len(), 1);
    assert_eq!(
        packets[0][..16],
        [0x80, 0xE1, 0, 5, 0, 0, 4, 0, 0x11, 0x22, 0x33, 0x44, 0, 16, 0x09, 0x60]
    );
    assert_eq!(packets[0][16..], [7; 300]);

    let opus = sound(RtpCodec::Opus { channels: 2 });
    let packets = packets_of(
        &mut Packetizer::new(opus, SSRC, 5, 0, 1400),
        &packet(TrackKind::Audio, true, vec![0xFC, 1, 2]),
        Timestamp::ZERO,
    );
    assert_eq!(packets[0][12..], [0xFC, 1, 2]);
}

#[test]
fn what_no_header_can_say_is_not_sent() {
    let oversize = packet(TrackKind::Audio, true, vec![0; 0x2000]);
    assert_eq!(
        packets_of(
            &mut Packetizer::new(aac(), SSRC, 5, 0, 1400),
            &oversize,
            Timestamp::ZERO
        ),
        [[0; 0]; 0]
    );
    let not_avcc = packet(TrackKind::Video, false, vec![0xFF; 9]);
    let mut video = Packetizer::new(h264(SPS, PPS), SSRC, 5, 0, 1400);
    assert_eq!(packets_of(&mut video, &not_avcc, Timestamp::ZERO), [[0; 0]; 0]);
    assert_eq!(video.next_sequence(), 5);
}

/// Slices whose first macroblock is 0: the bit after the header.
const IDR: &[u8] = &[0x65, 0x88, 1, 2];
const INTER: &[u8] = &[0x41, 0x9A, 3, 4];

fn out(nals: &[&[u8]], timestamp: i64, is_idr: bool) -> (Vec<u8>, i64, bool) {
    (avcc(nals), timestamp, is_idr)
}

#[test]
fn senders_are_taken_as_they_are() {
    let annex_b = [&[0, 0, 0, 1][..], SPS, &[0, 0, 1], PPS, &[0, 0, 1], IDR].concat();
    let annex_b_inside = [SPS, &[0, 0, 0, 1], PPS, &[0, 0, 0, 1], IDR].concat();
    let fragments = |nal: &[u8], at: usize| {
        let head = nal[0] & 0xE0 | 0x1C;
        let kind = nal[0] & 31;
        (
            [&[head, kind | 0x80], &nal[1..at]].concat(),
            [&[head, kind | 0x40], &nal[at..]].concat(),
        )
    };
    let (first, last) = fragments(IDR, 2);
    let (first_inside, last_inside) = fragments(&annex_b_inside, 9);
    let stap = [&[0x78, 0, 7][..], SPS, &[0, 5], PPS, &[0, 4], IDR].concat();
    let whole_fragment = [&[0x7C, 0xC5][..], &IDR[1..]].concat();
    let idr = out(&[IDR], 0, true);
    let cases: Vec<(&str, Vec<Given<'_>>, Vec<_>)> = vec![
        (
            "sets, each its packet",
            vec![(1, 0, false, SPS), (2, 0, false, PPS), (3, 0, true, IDR)],
            vec![idr.clone()],
        ),
        (
            "sets, each its marker",
            vec![(1, 0, true, SPS), (2, 0, true, PPS), (3, 0, true, IDR)],
            vec![idr.clone()],
        ),
        ("all in one aggregate", vec![(1, 0, true, &stap)], vec![idr.clone()]),
        (
            "no marker",
            vec![(1, 0, false, &stap), (2, 3000, false, INTER), (3, 6000, false, INTER)],
            vec![idr.clone(), out(&[INTER], 3000, false)],
        ),
        ("start codes", vec![(1, 0, true, &annex_b)], vec![idr.clone()]),
        (
            "start codes inside",
            vec![(1, 0, true, &annex_b_inside)],
            vec![idr.clone()],
        ),
        (
            "start codes inside fragments",
            vec![(1, 0, false, &first_inside), (2, 0, true, &last_inside)],
            vec![idr.clone()],
        ),
        (
            "a delimiter, information, two slices",
            vec![
                (1, 0, false, &[9, 0xF0]),
                (2, 0, false, &stap),
                (3, 0, false, &[6, 1]),
                (4, 0, true, &[0x65, 0x40]),
            ],
            vec![out(&[IDR, &[6, 1], &[0x65, 0x40]], 0, true)],
        ),
        (
            "fragments",
            vec![
                (1, 0, false, SPS),
                (2, 0, false, PPS),
                (3, 0, false, &first),
                (4, 0, true, &last),
            ],
            vec![idr.clone()],
        ),
        (
            "one fragment, first and last",
            vec![(1, 0, false, SPS), (2, 0, false, PPS), (3, 0, true, &whole_fragment)],
            vec![idr.clone()],
        ),
        (
            "repeated and late packets",
            vec![
                (1, 0, true, &stap),
                (1, 0, true, &stap),
                (0, 0, true, INTER),
                (2, 3000, true, INTER),
                (1, 0, true, &stap),
            ],
            vec![idr.clone(), out(&[INTER], 3000, false)],
        ),
        (
            "no sets yet",
            vec![(1, 0, true, IDR), (2, 3000, true, INTER), (3, 6000, true, &stap)],
            vec![out(&[IDR], 6000, true)],
        ),
        (
            "an empty packet",
            vec![(1, 0, true, &stap), (2, 0, false, &[]), (3, 3000, true, INTER)],
            vec![idr.clone(), out(&[INTER], 3000, false)],
        ),
    ];
    for (name, packets, expected) in cases {
        assert_eq!(receive(h264(&[], &[]), &packets), (expected, 0), "{name}");
    }
}

#[test]
fn a_hole_ends_the_pictures_until_an_idr() {
    let stap = [&[0x78, 0, 4][..], IDR].concat();
    let cut = &[0x7C, 0x45, 1, 2][..];
    let begun = &[0x7C, 0x85, 0x88][..];
    let idr = |timestamp| out(&[IDR], timestamp, true);
    let inter = |timestamp| out(&[INTER], timestamp, false);
    let cases: Vec<(&str, Vec<Given<'_>>, Vec<_>, u64)> = vec![
        (
            "a whole picture is missing",
            vec![
                (1, 0, true, IDR),
                (3, 6000, true, INTER),
                (4, 9000, true, IDR),
                (5, 12_000, true, INTER),
            ],
            vec![idr(0), idr(9000), inter(12_000)],
            0,
        ),
        (
            "the end of one, the start of the next",
            vec![(1, 0, false, begun), (4, 3000, true, cut), (5, 6000, true, &stap)],
            vec![idr(6000)],
            0,
        ),
        (
            "the middle of one",
            vec![(1, 0, false, begun), (3, 0, true, cut), (4, 6000, true, IDR)],
            vec![idr(6000)],
            0,
        ),
        (
            "a later slice of a picture whose first is missing",
            vec![(1, 0, true, IDR), (3, 3000, true, &[0x65, 0x40]), (4, 6000, true, IDR)],
            vec![idr(0), idr(6000)],
            0,
        ),
        (
            "a fragment that nobody began, and one that nobody ended",
            vec![
                (1, 0, true, IDR),
                (2, 3000, true, cut),
                (3, 6000, false, begun),
                (4, 6000, true, INTER),
                (5, 9000, true, IDR),
            ],
            vec![idr(0), idr(9000)],
            1,
        ),
        (
            "a gap that an empty packet tells of",
            vec![
                (1, 0, true, IDR),
                (3, 3000, false, &[]),
                (4, 6000, true, INTER),
                (5, 9000, true, IDR),
            ],
            vec![idr(0), idr(9000)],
            0,
        ),
        (
            "what mode 1 does not have, and an aggregate that lies",
            vec![
                (1, 0, true, &[0x7D, 0x85]),
                (2, 0, true, &[0x78, 0, 9, 1]),
                (3, 3000, true, IDR),
            ],
            vec![idr(3000)],
            2,
        ),
    ];
    for (name, packets, expected, broken) in cases {
        assert_eq!(receive(h264(SPS, PPS), &packets), (expected, broken), "{name}");
    }
}

#[test]
fn new_parameter_sets_are_told_once_and_before_their_picture() {
    let mut depacketizer = Depacketizer::new(h264(SPS, PPS));
    let other: &[u8] = &[0x68, 0xCE, 0x3C, 0x80];
    let mut told = Vec::new();
    let sent: [(&[u8], bool); 7] = [
        (IDR, true),
        (PPS, false),
        (IDR, true),
        (other, false),
        (IDR, true),
        (other, false),
        (IDR, true),
    ];
    for (at, (payload, is_marked)) in sent.into_iter().enumerate() {
        let bytes = rtp(at as u16, at as u32 / 2 * 3000, is_marked, 96, payload);
        depacketizer.receive(&bytes, Timestamp::ZERO).unwrap();
        while let Some(received) = depacketizer.poll() {
            told.push(match received {
                Received::Config(RtpCodec::H264 { pps, .. }) => pps.to_vec(),
                _ => vec![],
            });
        }
    }
    assert_eq!(told, [PPS, &[], &[], other, &[], &[]]);
}

#[test]
fn sound_comes_several_units_to_a_packet_and_one_in_several() {
    let two = [&[0, 32, 0, 3 << 3, 0, 2 << 3][..], &[1, 2, 3, 4, 5]].concat();
    let part = |bytes: &[u8]| [&[0, 16, 0, 6 << 3][..], bytes].concat();
    let (a, b, c) = (part(&[1, 2]), part(&[3, 4]), part(&[5, 6]));
    let adts = [&[0xFF, 0xF1, 0x4C, 0x80, 0x01, 0x3F, 0xFC][..], &[8, 9]].concat();
    let with_adts = [&[0, 16, 0, 9 << 3][..], &adts].concat();
    let cases: Vec<(&str, Vec<Given<'_>>, Vec<_>, u64)> = vec![
        (
            "two",
            vec![(1, 0, true, &two)],
            vec![(vec![1, 2, 3], 0, true), (vec![4, 5], 1024, true)],
            0,
        ),
        (
            "parts",
            vec![(1, 9, false, &a), (2, 9, false, &b), (3, 9, true, &c)],
            vec![(vec![1, 2, 3, 4, 5, 6], 9, true)],
            0,
        ),
        (
            "parts with a hole, then whole ones",
            vec![(1, 9, false, &a), (3, 9, true, &c), (4, 1033, true, &two)],
            vec![(vec![1, 2, 3], 1033, true), (vec![4, 5], 2057, true)],
            0,
        ),
        ("ADTS", vec![(1, 0, true, &with_adts)], vec![(vec![8, 9], 0, true)], 0),
        (
            "too short",
            vec![(1, 0, true, &[0]), (2, 0, true, &[0, 32, 0]), (3, 0, true, &two[..7])],
            vec![],
            3,
        ),
        (
            "odd headers",
            vec![
                (1, 0, true, &[0, 12, 0, 0]),
                (2, 0, true, &[0, 0]),
                (3, 0, true, &[0, 16, 0, 9, 1]),
            ],
            vec![],
            3,
        ),
    ];
    for (name, packets, expected, broken) in cases {
        assert_eq!(receive(aac(), &packets), (expected, broken), "{name}");
    }
    let opus = sound(RtpCodec::Opus { channels: 2 });
    let (units, broken) = receive(
        opus,
        &[
            (1, 0, false, &[0xFC, 1]),
            (2, 960, false, &[]),
            (3, 1920, false, &[0xFF]),
        ],
    );
    assert_eq!((units, broken), (vec![(vec![0xFC, 1], 0, true)], 1));
}

#[test]
fn times_and_numbers_wrap_around_and_senders_start_anew() {
    let mut depacketizer = Depacketizer::new(sound(RtpCodec::Opus { channels: 1 }));
    let mut times = Vec::new();
    let mut feed = |sequence: u16, timestamp: u32, ssrc: u8| {
        let mut bytes = rtp(sequence, timestamp, false, 97, &[0xFC, 1]);
        bytes[8] = ssrc;
        depacketizer.receive(&bytes, Timestamp::ZERO).unwrap();
        times.extend(units_of(&mut depacketizer).into_iter().map(|unit| unit.1));
        depacketizer.stats()
    };
    let top = i64::from(u32::MAX);
    feed(65_534, u32::MAX - 959, 1);
    feed(65_535, 0, 1);
    // One is lost.
    let stats = feed(1, 1920, 1);
    assert_eq!((stats.lost, stats.highest_sequence), (1, 65_537));
    // It comes late after all.
    let stats = feed(0, 960, 1);
    assert_eq!((stats.lost, stats.late, stats.received), (0, 1, 4));
    // A jump is believed when it goes on, and its times are of the same clock.
    assert_eq!(feed(30_000, 4800, 1).late, 2);
    feed(30_001, 5760, 1);
    // Another sender, with a clock of its own.
    feed(7, 3_000_000_000, 2);
    let stats = feed(8, 3_000_000_960, 2);
    assert_eq!((stats.lost, stats.highest_sequence), (0, 8));
    let top = top + 1;
    assert_eq!(times, [top - 960, top, top + 1920, top + 5760, top + 5760, top + 6720]);
}

#[test]
fn reports_tell_loss_jitter_and_the_way_there_and_back() {
    let start = std::time::Duration::from_hours(500_000);
    let ntp = |ms: u64| NtpTime::from_unix(start + std::time::Duration::from_millis(ms));
    let mut sender = Packetizer::new(sound(RtpCodec::Opus { channels: 2 }), SSRC, 10, 500, 1400).with_cname("desk");
    let mut receiver = Depacketizer::new(sender.track().clone());
    // The receiver's clock is 3 s ahead, and the way takes 40 ms and 60 ms in turn.
    let at = |ms: i64| Timestamp::from_millis(ms + 3000);
    for index in 0..100 {
        let opus = packet(TrackKind::Audio, true, vec![0xFC, 1, 2]);
        let packets = packets_of(&mut sender, &opus, Timestamp::from_millis(index * 20));
        if index % 4 != 3 {
            receiver
                .receive(&packets[0], at(index * 20 + 40 + index % 2 * 20))
                .unwrap();
        }
    }
    let mut bytes = Vec::new();
    sender.sender_report(ntp(2000), Timestamp::from_millis(2000), &mut bytes);
    assert!(is_rtcp(&bytes));
    let said: Vec<_> = parse_rtcp(&bytes).unwrap().collect();
    let report = SenderReport {
        ssrc: SSRC,
        ntp: ntp(2000),
        timestamp: 500 + 96_000,
        packets: 100,
        octets: 300,
    };
    let cname = "desk".to_owned();
    assert_eq!(said, [Rtcp::SenderReport(report), Rtcp::Cname { ssrc: SSRC, cname }]);
    receiver.on_sender_report(&report, at(2040));
    // What was heard at 1500 ms is known by the sender's wall clock.
    let heard = receiver.wall_clock(500 + 72_000).unwrap().to_unix();
    assert!((heard.as_secs_f64() - (start.as_secs_f64() + 1.5)).abs() < 1e-4);

    let block = receiver.report(at(2140)).unwrap();
    bytes.clear();
    rtcp::write_receiver_report(9, "relay", &[block], &mut bytes);
    let said: Vec<_> = parse_rtcp(&bytes).unwrap().collect();
    assert_eq!(said[0], Rtcp::Report(block));
    // 24 of the 99 until the last that came; the hundredth never did.
    assert_eq!((block.lost, block.fraction_lost), (24, (24 * 256 / 99) as u8));
    assert_eq!(block.highest_sequence, 10 + 98);
    let jitter = block.jitter(48_000).to_millis();
    assert!((8..=20).contains(&jitter), "{jitter} ms");
    // It took 40 ms to the receiver, waited 100 ms there, and takes 60 ms back.
    let round_trip = block.round_trip(ntp(2200)).unwrap();
    assert!(
        (round_trip - TimeDelta::from_millis(100)).abs() < TimeDelta::from_millis(1),
        "{round_trip:?}"
    );
    assert_eq!(ReportBlock::default().round_trip(ntp(0)), None);
    // Nothing was lost since.
    assert_eq!(receiver.report(at(2150)).unwrap().fraction_lost, 0);
}

#[test]
fn a_report_may_come_before_the_first_packet() {
    let mut sender = Packetizer::new(sound(RtpCodec::Opus { channels: 2 }), SSRC, 10, 500, 1400);
    let mut receiver = Depacketizer::new(sender.track().clone());
    let report = SenderReport {
        ssrc: SSRC,
        ntp: NtpTime::from_unix(std::time::Duration::from_hours(500_000)),
        timestamp: 500,
        packets: 0,
        octets: 0,
    };
    receiver.on_sender_report(&report, Timestamp::ZERO);
    let opus = packet(TrackKind::Audio, true, vec![0xFC, 1, 2]);
    for rtp in packets_of(&mut sender, &opus, Timestamp::from_millis(20)) {
        receiver.receive(&rtp, Timestamp::from_millis(25)).unwrap();
    }
    let block = receiver.report(Timestamp::from_millis(500)).unwrap();
    assert_eq!((block.last_sender_report, block.delay), (report.ntp.compact(), 0x8000));
    assert!(receiver.wall_clock(500).is_some());
}

#[test]
fn a_track_ends_with_a_bye() {
    let sender = Packetizer::new(aac(), SSRC, 0, 0, 1400);
    let mut bytes = Vec::new();
    sender.bye(NtpTime::default(), Timestamp::ZERO, &mut bytes);
    assert!(parse_rtcp(&bytes).unwrap().any(|said| said == Rtcp::Bye { ssrc: SSRC }));
}
