//! Session descriptions as written, as real senders write them, and as nobody should.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::media::TrackKind;
use crate::wire::rtp::RtpCodec;

const SPS: &[u8] = &[0x67, 0x42, 0xC0, 0x1F, 0xD9, 0x00, 0xD8];
const PPS: &[u8] = &[0x68, 0xCB, 0x83, 0xCB, 0x20];

fn video() -> RtpTrack {
    RtpTrack {
        kind: TrackKind::Video,
        payload_type: 96,
        clock_rate: 90_000,
        codec: RtpCodec::H264 {
            sps: Bytes::from_static(SPS),
            pps: Bytes::from_static(PPS),
        },
    }
}

fn audio(codec: RtpCodec) -> RtpTrack {
    RtpTrack {
        kind: TrackKind::Audio,
        payload_type: 97,
        clock_rate: 48_000,
        codec,
    }
}

fn aac() -> RtpTrack {
    audio(RtpCodec::Aac {
        asc: Bytes::from_static(&[0x11, 0x90]),
        channels: 2,
    })
}

#[test]
fn an_offer_says_all_that_a_decoder_needs() {
    let offer = SessionDescription::new("show", vec![video(), aac()]).offer();
    for line in [
        "v=0",
        "s=show",
        "m=video 9 TCP/RTP/AVP 96",
        "a=rtpmap:96 H264/90000",
        "a=fmtp:96 packetization-mode=1;profile-level-id=42C01F;sprop-parameter-sets=Z0LAH9kA2A==,aMuDyyA=",
        "a=setup:active",
        "m=audio 9 TCP/RTP/AVP 97",
        "a=rtpmap:97 MPEG4-GENERIC/48000/2",
        "a=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1190",
    ] {
        assert!(offer.lines().any(|found| found == line), "{line} is not in\n{offer}");
    }
    assert!(offer.ends_with("\r\n"));
}

#[test]
fn every_way_is_read_as_it_was_written() {
    let opus = |channels| audio(RtpCodec::Opus { channels });
    for tracks in [
        vec![video()],
        vec![video(), aac()],
        vec![opus(2)],
        vec![aac(), video()],
        vec![],
    ] {
        let session = SessionDescription::new("a name", tracks);
        for way in [
            Way::Offer,
            Way::Answer,
            Way::Tcp {
                address: "127.0.0.1",
                port: 5000,
            },
            Way::Udp {
                address: "::1",
                port: 5000,
            },
            Way::Announce,
        ] {
            let text = session.write(way);
            assert_eq!(SessionDescription::parse(&text), Ok(session.clone()), "{text}");
        }
    }
}

#[test]
fn an_answer_refuses_what_it_cannot_read_in_its_place() {
    let offer = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
        m=video 9 TCP/RTP/AVP 98\r\na=rtpmap:98 VP8/90000\r\n\
        m=audio 9 TCP/RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\n\
        m=application 9 TCP/RTP/AVP 99\r\n";
    let session = SessionDescription::parse(offer).unwrap();
    assert_eq!((session.tracks.len(), session.refused()), (1, 2));
    let answer = session.answer();
    let media: Vec<_> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        media,
        [
            "m=video 0 TCP/RTP/AVP 98",
            "m=audio 9 TCP/RTP/AVP 97",
            "m=application 0 TCP/RTP/AVP 99"
        ]
    );
    let taken = SessionDescription::parse(&answer).unwrap();
    assert_eq!((taken.tracks, taken.refused), (session.tracks, session.refused));
}

/// Descriptions as these programs wrote them, less addresses and names.
#[test]
fn real_senders_are_understood() {
    // ffmpeg 5.1, `-f rtp -sdp_file`, with what it prints before.
    let ffmpeg = "SDP:\nv=0\no=- 0 0 IN IP4 127.0.0.1\ns=No Name\nc=IN IP4 127.0.0.1\nt=0 0\na=tool:libavformat LIBAVFORMAT_VERSION\n\
        m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n\
        a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z0LAH9kA2A==,aMuDyyA=; profile-level-id=42C01F\n\
        m=audio 5006 RTP/AVP 97\nb=AS:128\na=rtpmap:97 MPEG4-GENERIC/48000/2\n\
        a=fmtp:97 profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3; config=119056E500\n";
    let session = SessionDescription::parse(ffmpeg).unwrap();
    assert_eq!(session.tracks[0], video());
    assert!(matches!(&session.tracks[1].codec, RtpCodec::Aac { asc, channels: 2 } if asc[..2] == [0x11, 0x90]));

    // GStreamer 1.22's RTSP record client.
    let gstreamer = "v=0\r\no=- 1188340656180883 1 IN IP4 127.0.0.1\r\ns=Session streamed with GStreamer\r\n\
        i=server\r\nt=0 0\r\na=tool:GStreamer\r\na=type:broadcast\r\n\
        m=video 0 RTP/AVP 96\r\nc=IN IP4 127.0.0.1\r\na=rtpmap:96 H264/90000\r\na=framerate:30\r\n\
        a=fmtp:96 packetization-mode=1;profile-level-id=42c01f;sprop-parameter-sets=Z0LAH9kA2A==,aMuDyyA=\r\na=control:stream=0\r\n\
        m=audio 0 RTP/AVP 97\r\nc=IN IP4 127.0.0.1\r\na=rtpmap:97 mpeg4-generic/48000/2\r\n\
        a=fmtp:97 streamtype=5;profile-level-id=2;mode=AAC-hbr;config=1190;sizelength=13;indexlength=3;indexdeltalength=3\r\n\
        a=control:stream=1\r\n";
    let session = SessionDescription::parse(gstreamer).unwrap();
    assert_eq!(session.tracks, [video(), aac()]);

    // A browser's order of things: several formats, the first of them unknown.
    let several = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 98 96\r\na=rtpmap:98 VP8/90000\r\na=rtpmap:96 H264/90000\r\n\
        a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n";
    let session = SessionDescription::parse(several).unwrap();
    assert_eq!(session.tracks.len(), 1);
    assert!(matches!(&session.tracks[0].codec, RtpCodec::H264 { sps, .. } if sps.is_empty()));
}

#[test]
fn what_cannot_be_read_is_refused_not_guessed() {
    let with = |rtpmap: &str, fmtp: &str, kind: &str| {
        let text = format!(
            "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm={kind} 9 TCP/RTP/AVP 96\r\na=rtpmap:96 {rtpmap}\r\na=fmtp:96 {fmtp}\r\n"
        );
        SessionDescription::parse(&text).unwrap().tracks.len()
    };
    assert_eq!(with("H264/90000", "packetization-mode=1", "video"), 1);
    assert_eq!(with("H264/90000", "packetization-mode=2", "video"), 0);
    assert_eq!(with("H264/90000", "packetization-mode=1", "audio"), 0);
    assert_eq!(with("H264/0", "packetization-mode=1", "video"), 0);
    let aac = |fmtp: &str| with("MPEG4-GENERIC/48000/2", fmtp, "audio");
    assert_eq!(aac("mode=AAC-hbr;config=1190"), 1);
    assert_eq!(aac("mode=AAC-hbr;config=119"), 0);
    assert_eq!(aac("mode=AAC-hbr;config=zz"), 0);
    assert_eq!(
        aac("mode=AAC-lbr;config=1190;sizelength=6;indexlength=2;indexdeltalength=2"),
        0
    );
    assert_eq!(aac("mode=AAC-hbr"), 0);
}

#[test]
fn too_much_is_not_looked_at() {
    assert_eq!(
        SessionDescription::parse(&"v".repeat(MAX_BYTES + 1)),
        Err(SdpError::TooLong(MAX_BYTES + 1))
    );
    let many = "m=audio 9 TCP/RTP/AVP 0\r\n".repeat(MAX_MEDIA + 1);
    let text = format!("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n{many}");
    assert_eq!(
        SessionDescription::parse(&text),
        Err(SdpError::TooManyMedia(MAX_MEDIA + 1))
    );
    assert!(matches!(
        SessionDescription::parse("GET / HTTP/1.1"),
        Err(SdpError::Syntax(_))
    ));
}

#[test]
fn a_name_cannot_add_lines() {
    let text = SessionDescription::new("x\r\nm=video 1 RTP/AVP 96", vec![]).offer();
    assert_eq!(SessionDescription::parse(&text).unwrap().tracks, []);
    assert!(!text.lines().any(|line| line.starts_with("m=")));
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "\\PC{0,300}", lines in prop::collection::vec("[vosctmab]=[ -~]{0,60}", 0..20)) {
        let _ = SessionDescription::parse(&text);
        let _ = SessionDescription::parse(&format!("v=0\r\n{}", lines.join("\r\n")));
    }

    #[test]
    fn any_format_is_survived(rtpmap in "[ -~]{0,40}", fmtp in "[ -~]{0,120}", port in "[0-9/]{0,6}") {
        let text = format!(
            "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video {port} TCP/RTP/AVP 96\r\na=rtpmap:96 {rtpmap}\r\na=fmtp:96 {fmtp}\r\n"
        );
        if let Ok(session) = SessionDescription::parse(&text) {
            prop_assert!(SessionDescription::parse(&session.answer()).is_ok());
        }
    }
}
