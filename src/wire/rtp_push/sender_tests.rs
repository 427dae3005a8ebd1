//! Reports of both ends, with time as a value.

use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::media::{AudioCodec, FrameRate, TrackKind};
use crate::wire::rtp::rtcp::write_receiver_report;

fn sender() -> RtpSender {
    let video = VideoConfig {
        width: 320,
        height: 180,
        frame_rate: FrameRate::whole(30),
        sps: Bytes::from_static(&[0x67, 66, 0, 30]),
        pps: Bytes::from_static(&[0x68, 1]),
        bitrate_kbps: 500,
    };
    let audio = AudioConfig {
        codec: AudioCodec::Opus,
        sample_rate: 48_000,
        channels: 2,
        bitrate_kbps: 96,
    };
    RtpSender::new(tracks(Some(&video), Some(&audio)), 7)
}

/// Studio, connection and wall clock, all of them that many milliseconds after their own beginnings.
fn at(ms: i64) -> Moment {
    Moment {
        studio: Timestamp::from_millis(ms),
        connection: Some(Timestamp::from_millis(ms - 1000)),
        wall: Duration::from_millis(1_700_000_000_000 + ms as u64),
    }
}

fn reports(sender: &mut RtpSender, now: Moment) -> Vec<(usize, Vec<u8>)> {
    let mut written = Vec::new();
    sender.report(now, |track, bytes| written.push((track, bytes.to_vec())));
    written
}

#[test]
fn tracks_differ_in_all_that_must_differ() {
    let sender = sender();
    let [video, audio] = &sender.tracks[..] else { panic!() };
    assert_ne!(video.packetizer.ssrc(), audio.packetizer.ssrc());
    assert_ne!(
        video.packetizer.timestamp(Timestamp::ZERO),
        audio.packetizer.timestamp(Timestamp::ZERO)
    );
    assert_eq!(
        sender.tracks().map(|track| track.payload_type).collect::<Vec<_>>(),
        [96, 97]
    );
    let other = RtpSender::new(sender.tracks().cloned().collect(), 8);
    assert_ne!(other.tracks[0].packetizer.ssrc(), video.packetizer.ssrc());
}

#[test]
fn reports_begin_with_media_and_come_every_two_seconds() {
    let mut sender = sender();
    let before = Moment {
        connection: None,
        ..at(500)
    };
    assert!(reports(&mut sender, before).is_empty());
    let first = reports(&mut sender, at(1000));
    assert_eq!(first.iter().map(|(track, _)| *track).collect::<Vec<_>>(), [0, 1]);
    let said: Vec<Rtcp> = parse_rtcp(&first[0].1).unwrap().collect();
    let [Rtcp::SenderReport(report), Rtcp::Cname { cname, .. }] = &said[..] else {
        panic!("{said:?}");
    };
    assert_eq!(report.ntp.to_unix().as_millis(), 1_700_000_001_000);
    assert_eq!(report.timestamp, sender.tracks[0].packetizer.timestamp(Timestamp::ZERO));
    let mut other = parse_rtcp(&first[1].1).unwrap();
    assert!(other.any(|said| matches!(said, Rtcp::Cname { cname: of_audio, .. } if of_audio == *cname)));
    assert!(reports(&mut sender, at(2900)).is_empty());
    assert_eq!(reports(&mut sender, at(3000)).len(), 2);
    let mut ends = Vec::new();
    sender.bye(|_, bytes| ends.extend(parse_rtcp(bytes).unwrap()));
    let byes = ends.iter().filter(|said| matches!(said, Rtcp::Bye { .. })).count();
    assert_eq!(byes, 2);
}

#[test]
fn what_the_receiver_says_becomes_loss_jitter_and_round_trip() {
    let mut sender = sender();
    reports(&mut sender, at(1000));
    let ssrc = sender.tracks[0].packetizer.ssrc();
    let mut block = ReportBlock {
        ssrc,
        fraction_lost: 64,
        jitter: 900,
        last_sender_report: NtpTime::from_unix(at(1000).wall).compact(),
        delay: 65_536 / 10,
        ..ReportBlock::default()
    };
    let report = |block| {
        let mut bytes = Vec::new();
        write_receiver_report(1, "them", &[block], &mut bytes);
        bytes
    };
    let heard = sender.receive(&report(block), at(1150)).unwrap();
    assert!((heard.loss - 0.25).abs() < 1e-9 && (heard.jitter_ms - 10.0).abs() < 0.01);
    assert!((heard.rtt_ms.unwrap() - 50.0).abs() < 0.1, "{heard:?}");
    // The other track is better off: the worst is what counts.
    block.ssrc = sender.tracks[1].packetizer.ssrc();
    (block.fraction_lost, block.jitter) = (0, 0);
    let both = sender.receive(&report(block), at(1150)).unwrap();
    assert!((both.loss - 0.25).abs() < 1e-9);
    // Of nobody we know, and nothing at all.
    block.ssrc = 1;
    assert_eq!(sender.receive(&report(block), at(1150)), None);
    assert_eq!(sender.receive(b"\x80\xC9\xFF\xFF", at(1150)), None);
}

#[test]
fn a_packet_goes_to_the_track_of_its_kind() {
    let mut sender = sender();
    let packet = |track| Packet {
        track,
        pts: Timestamp::ZERO,
        dts: Timestamp::ZERO,
        is_idr: true,
        data: Bytes::new(),
    };
    assert_eq!(sender.track_of(&packet(TrackKind::Audio)).unwrap().0, 1);
    assert_eq!(sender.track_of(&packet(TrackKind::Video)).unwrap().0, 0);
    let mut silent = RtpSender::new(sender.tracks().take(1).cloned().collect(), 1);
    assert!(silent.track_of(&packet(TrackKind::Audio)).is_none());
}

#[test]
fn other_parameter_sets_go_out_with_the_next_idr_and_other_sound_needs_another_connection() {
    let mut sender = sender();
    let video = VideoConfig {
        width: 160,
        height: 90,
        frame_rate: FrameRate::whole(30),
        sps: Bytes::from_static(&[0x67, 66, 0, 10]),
        pps: Bytes::from_static(&[0x68, 2]),
        bitrate_kbps: 100,
    };
    sender.reconfigure(&TrackChange::Video(video)).unwrap();
    let idr = Packet {
        track: TrackKind::Video,
        pts: Timestamp::ZERO,
        dts: Timestamp::ZERO,
        is_idr: true,
        data: Bytes::from_static(&[0, 0, 0, 2, 0x65, 0x88]),
    };
    let mut payloads = Vec::new();
    let (_, packetizer) = sender.track_of(&idr).unwrap();
    packetizer.packetize(&idr, idr.pts, &mut |rtp| payloads.push(rtp[12..].to_vec()));
    // STAP-A, and in it both with their lengths.
    assert_eq!(payloads[0], [0x78, 0, 4, 0x67, 66, 0, 10, 0, 2, 0x68, 2]);
    assert_eq!(payloads[1], [0x65, 0x88]);

    let sound = |codec, sample_rate| {
        TrackChange::Audio(AudioConfig {
            codec,
            sample_rate,
            channels: 2,
            bitrate_kbps: 64,
        })
    };
    sender.reconfigure(&sound(AudioCodec::Opus, 48_000)).unwrap();
    let asc = Bytes::from_static(&[0x12, 0x10]);
    let error = sender.reconfigure(&sound(AudioCodec::Aac { asc }, 44_100)).unwrap_err();
    assert!(!error.is_final());
    assert_eq!(
        error.to_string(),
        "the sound is AAC of 44100 Hz from now on, which only a new connection can say"
    );
}
