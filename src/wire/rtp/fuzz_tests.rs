//! What no table of cases reaches: ways with holes, and bytes that nobody would send.

use proptest::prelude::*;

use super::tests::{PPS, SPS, SSRC, aac, avcc, h264, packet, packets_of, rtp, sound, units_of};
use super::*;
use crate::media::{Timestamp, TrackKind};

/// NAL units of one picture, without start codes inside.
fn picture() -> impl Strategy<Value = (bool, Vec<Vec<u8>>)> {
    let body = prop::collection::vec(prop_oneof![1u8..=255, Just(0x80)], 0..400);
    (prop::bool::weighted(0.2), prop::collection::vec(body, 1..4)).prop_map(|(is_idr, bodies)| {
        let head = if is_idr { 0x65 } else { 0x41 };
        let nals = bodies.into_iter().enumerate().map(|(at, body)| {
            // Only the first slice begins with macroblock 0.
            let first = if at == 0 { 0x88 } else { 0x48 };
            [&[head, first][..], &body].concat()
        });
        (is_idr, nals.collect())
    })
}

proptest! {
    #[test]
    fn pictures_survive_the_way_and_holes_are_never_shown(
        pictures in prop::collection::vec(picture(), 1..12),
        max_payload in 0usize..300,
        first_sequence: u16,
        base: u32,
        lost in prop::collection::hash_set(0usize..60, 0..4),
        has_loss: bool,
    ) {
        let mut sender = Packetizer::new(h264(SPS, PPS), SSRC, first_sequence, base, max_payload);
        let mut receiver = Depacketizer::new(h264(&[], &[]));
        let (mut number, mut expected, mut is_clean, mut got) = (0, Vec::new(), false, Vec::new());
        for (at, (is_idr, nals)) in pictures.iter().enumerate() {
            let nals: Vec<_> = nals.iter().map(Vec::as_slice).collect();
            let unit = packet(TrackKind::Video, *is_idr, avcc(&nals));
            let packets = packets_of(&mut sender, &unit, Timestamp::from_rate(3000 * at as i64, 90_000));
            let is_hit = has_loss && (number..number + packets.len()).any(|number| lost.contains(&number));
            for rtp in packets {
                if !(has_loss && lost.contains(&number)) {
                    receiver.receive(&rtp, Timestamp::ZERO).unwrap();
                }
                number += 1;
                got.extend(units_of(&mut receiver));
            }
            is_clean = !is_hit && (is_clean || *is_idr);
            if is_clean {
                expected.push((unit.data.to_vec(), i64::from(base) + 3000 * at as i64, *is_idr));
            }
        }
        // Without a marker nobody can tell at the end of all packets whether the last picture is whole.
        if !has_loss {
            receiver.flush();
            got.extend(units_of(&mut receiver));
        }
        let sent: Vec<_> = pictures.iter().map(|(_, nals)| {
            avcc(&nals.iter().map(Vec::as_slice).collect::<Vec<_>>())
        }).collect();
        if has_loss {
            // Whatever came out is as it went in, and nothing that should have come is missing.
            prop_assert!(got.iter().all(|unit| sent.contains(&unit.0)));
            let mut rest = got.iter();
            prop_assert!(expected.iter().all(|unit| rest.any(|found| found.0 == unit.0 && found.2 == unit.2)));
        } else {
            prop_assert_eq!(got, expected);
            prop_assert_eq!(receiver.stats().lost, 0);
        }
    }

    #[test]
    fn sound_survives_the_way(units in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..900), 1..10),
                              max_payload in 0usize..400) {
        let mut sender = Packetizer::new(aac(), SSRC, 0, 0, max_payload);
        let mut receiver = Depacketizer::new(aac());
        let mut got = Vec::new();
        for (at, unit) in units.iter().enumerate() {
            let unit = packet(TrackKind::Audio, true, unit.clone());
            for rtp in packets_of(&mut sender, &unit, Timestamp::from_48k(1024 * at as i64)) {
                receiver.receive(&rtp, Timestamp::ZERO).unwrap();
            }
            got.extend(units_of(&mut receiver).into_iter().map(|unit| unit.0));
        }
        prop_assert_eq!(got, units);
    }

    #[test]
    fn any_packet_is_survived(
        packets in prop::collection::vec((any::<u8>(), any::<u16>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..60)), 0..40),
        kind in 0usize..3,
    ) {
        let track = [h264(&[], &[]), aac(), sound(RtpCodec::Opus { channels: 2 })][kind].clone();
        let mut receiver = Depacketizer::new(track.clone());
        for (sequence, (step, timestamp, is_plain, payload)) in packets.into_iter().enumerate() {
            let bytes = if is_plain {
                rtp(sequence as u16 + u16::from(step / 200), timestamp.into(), step & 1 == 0, track.payload_type, &payload)
            } else {
                payload
            };
            let _ = receiver.receive(&bytes, Timestamp::ZERO);
            while receiver.poll().is_some() {}
            let _ = receiver.report(Timestamp::ZERO);
        }
        receiver.flush();
    }

    #[test]
    fn any_report_is_survived(mut bytes in prop::collection::vec(any::<u8>(), 0..120), kind in 192u8..=210, words in 0u8..30) {
        if bytes.len() > 4 {
            bytes[0] = 0x80 | bytes[0] & 0x3F;
            bytes[1] = kind;
            bytes[2] = 0;
            bytes[3] = words;
        }
        if let Ok(said) = parse_rtcp(&bytes) {
            prop_assert!(said.count() <= bytes.len());
        }
    }
}
