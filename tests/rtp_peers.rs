//! RTP against others: what GStreamer wrote is read, and what is written here GStreamer and ffmpeg read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;
#[path = "common/counting.rs"]
mod counting;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use bytes::Bytes;
use common::{Guard, PATIENCE, free_port, peer, wait_for};
use rigcast::media::aac::adts_frames;
use rigcast::media::h264::{NalType, annex_b_nals, avcc_nals, nal_type};
use rigcast::media::opus::OpusHead;
use rigcast::media::{Packet, TimeDelta, Timestamp, TrackKind};
use rigcast::wire::rtp::{Depacketizer, FrameReader, Packetizer, Received, RtpCodec, RtpTrack};
use rigcast::wire::sdp::{SessionDescription, Way};

/// Baseline, 24 fps, three GOPs; parameter sets and pictures aggregated, one IDR in fragments; times wrap around.
const H264: &[u8] = include_bytes!("data/rtp/gstreamer-1.22-h264.rfc4571");
/// The same pictures as a plain stream.
const H264_PLAIN: &[u8] = include_bytes!("data/rtp/gstreamer-1.22-h264.264");
const AAC: &[u8] = include_bytes!("data/rtp/gstreamer-1.22-aac.rfc4571");
const AAC_PLAIN: &[u8] = include_bytes!("data/rtp/gstreamer-1.22-aac.adts");
const OPUS: &[u8] = include_bytes!("data/rtp/gstreamer-1.22-opus.rfc4571");

fn video_track(sps: Bytes, pps: Bytes) -> RtpTrack {
    RtpTrack {
        kind: TrackKind::Video,
        payload_type: 96,
        clock_rate: 90_000,
        codec: RtpCodec::H264 { sps, pps },
    }
}

fn aac_track() -> RtpTrack {
    RtpTrack {
        kind: TrackKind::Audio,
        payload_type: 97,
        clock_rate: 44_100,
        codec: RtpCodec::Aac {
            asc: aac_config(),
            channels: 2,
        },
    }
}

fn opus_track() -> RtpTrack {
    RtpTrack {
        kind: TrackKind::Audio,
        payload_type: 98,
        clock_rate: 48_000,
        codec: RtpCodec::Opus { channels: 2 },
    }
}

fn aac_config() -> Bytes {
    let (header, _) = adts_frames(AAC_PLAIN).next().unwrap().unwrap();
    let config = rigcast::media::aac::AudioSpecificConfig::aac_lc(header.sample_rate, header.channels);
    config.to_bytes().into()
}

/// A captured stream: the last configuration that it told, and its packets with times from zero on.
fn read(stream: &[u8], track: RtpTrack) -> (RtpCodec, Vec<Packet>) {
    let kind = track.kind;
    let rate = track.clock_rate;
    let mut codec = track.codec.clone();
    let mut depacketizer = Depacketizer::new(track);
    let mut reader = FrameReader::new();
    let (mut start, mut packets) = (None, Vec::new());
    // As a socket would hand it over: cut anywhere.
    for part in stream.chunks(701) {
        reader.push(part);
        while let Some(frame) = reader.next_frame() {
            depacketizer.receive(frame, Timestamp::ZERO).unwrap();
            while let Some(received) = depacketizer.poll() {
                match received {
                    Received::Config(told) => codec = told,
                    Received::Unit {
                        data,
                        timestamp,
                        is_idr,
                    } => {
                        let start = *start.get_or_insert(timestamp);
                        let pts = Timestamp::from_rate(timestamp - start, rate);
                        packets.push(Packet {
                            track: kind,
                            pts,
                            dts: pts,
                            is_idr,
                            data,
                        });
                    }
                }
            }
        }
    }
    let stats = depacketizer.stats();
    assert_eq!(
        (stats.lost, stats.late, stats.broken, stats.left_out, reader.pending()),
        (0, 0, 0, 0, 0)
    );
    (codec, packets)
}

/// What a decoder decodes of a plain stream, less parameter sets and delimiters.
fn plain_nals(stream: &[u8]) -> Vec<&[u8]> {
    let is_kept = |nal: &&[u8]| !matches!(nal_type(nal), Some(NalType::Sps | NalType::Pps | NalType::Aud));
    annex_b_nals(stream).filter(is_kept).collect()
}

fn nals_of(packets: &[Packet]) -> Vec<&[u8]> {
    packets
        .iter()
        .flat_map(|packet| avcc_nals(&packet.data, 4).map(Result::unwrap))
        .collect()
}

fn plain_sound(stream: &[u8]) -> Vec<&[u8]> {
    adts_frames(stream).map(|frame| frame.unwrap().1).collect()
}

/// RFC 4571 of these packets, in payloads small enough that pictures come in many fragments.
fn framed(track: RtpTrack, packets: &[Packet]) -> Vec<u8> {
    let mut packetizer = Packetizer::new(track, 0x0BAD_CAFE, 65_500, u32::MAX - 7000, 200);
    let mut out = Vec::new();
    for packet in packets {
        packetizer.packetize_framed(packet, packet.pts, &mut out);
    }
    out
}

#[test]
fn pictures_of_gstreamer_are_read_to_the_byte() {
    let (codec, packets) = read(H264, video_track(Bytes::new(), Bytes::new()));
    assert_eq!(nals_of(&packets), plain_nals(H264_PLAIN));
    let set = |kind| {
        annex_b_nals(H264_PLAIN)
            .find(|nal| nal_type(nal) == Some(kind))
            .unwrap()
    };
    let expected = RtpCodec::H264 {
        sps: Bytes::copy_from_slice(set(NalType::Sps)),
        pps: Bytes::copy_from_slice(set(NalType::Pps)),
    };
    assert_eq!(codec, expected);
    let idrs: Vec<_> = (0..packets.len()).filter(|at| packets[*at].is_idr).collect();
    assert_eq!((packets.len(), idrs), (24, vec![0, 8, 16]));
    // Its times are rounded to the nanosecond on their way.
    let mut steps = packets
        .windows(2)
        .map(|pair| (pair[1].pts - pair[0].pts).to_rate(90_000));
    assert!(steps.all(|step| (3749..=3751).contains(&step)));
}

#[test]
fn sound_of_gstreamer_is_read_to_the_byte() {
    let (_, packets) = read(AAC, aac_track());
    let plain = plain_sound(AAC_PLAIN);
    assert!(packets.len() >= 38);
    assert!(packets.iter().zip(&plain).all(|(packet, plain)| packet.data == *plain));
    let mut steps = packets
        .windows(2)
        .map(|pair| (pair[1].pts - pair[0].pts).to_rate(44_100));
    assert!(steps.all(|step| (1023..=1025).contains(&step)));

    let (_, packets) = read(OPUS, opus_track());
    assert_eq!(packets.len(), 41);
    let frame = TimeDelta::from_millis(20);
    assert!(
        packets
            .iter()
            .all(|packet| OpusHead::parse(&packet.data).unwrap().duration() == frame)
    );
    // The first one is shortened by what its encoder looks ahead.
    assert!(packets[1..].windows(2).all(|pair| pair[1].pts - pair[0].pts == frame));
}

#[test]
fn packets_are_made_without_allocating() {
    let (codec, packets) = read(H264, video_track(Bytes::new(), Bytes::new()));
    let mut packetizer = Packetizer::new(
        RtpTrack {
            codec,
            ..video_track(Bytes::new(), Bytes::new())
        },
        1,
        1,
        1,
        200,
    );
    let mut out = Vec::with_capacity(2 * H264.len());
    let before = counting::allocations();
    for packet in &packets {
        packetizer.packetize_framed(packet, packet.pts, &mut out);
    }
    assert_eq!(counting::allocations() - before, 0);
    assert!(out.len() > H264_PLAIN.len());
}

/// Runs a pipeline that reads `stream` and writes a file, and gives that.
fn gstreamer(stream: &[u8], caps: &str, pipeline: &str) -> Option<Vec<u8>> {
    peer("gst-launch-1.0")?;
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::write(&from, stream).unwrap();
    let line = format!(
        "filesrc location={} ! application/x-rtp-stream,{caps} ! rtpstreamdepay ! {pipeline} ! filesink location={}",
        from.display(),
        to.display()
    );
    let output = Command::new("gst-launch-1.0")
        .arg("-q")
        .args(line.split(' '))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(std::fs::read(to).unwrap())
}

#[test]
fn gstreamer_reads_ours_to_the_byte() {
    let (codec, packets) = read(H264, video_track(Bytes::new(), Bytes::new()));
    let RtpCodec::H264 { sps, pps } = codec else {
        panic!("no H.264")
    };
    let stream = framed(video_track(sps, pps), &packets);
    let caps = "media=video,clock-rate=90000,encoding-name=H264,payload=96";
    let depayed = "rtph264depay ! h264parse ! video/x-h264,stream-format=byte-stream,alignment=au";
    let Some(read_back) = gstreamer(&stream, caps, depayed) else {
        return;
    };
    assert_eq!(plain_nals(&read_back), nals_of(&packets));

    let (_, packets) = read(AAC, aac_track());
    let mut config = String::new();
    for byte in aac_config() {
        write!(config, "{byte:02x}").unwrap();
    }
    let caps = format!(
        "media=audio,clock-rate=44100,encoding-name=MPEG4-GENERIC,payload=97,mode=AAC-hbr,config=(string){config},\
         sizelength=(string)13,indexlength=(string)3,indexdeltalength=(string)3,streamtype=(string)5"
    );
    let depayed = "rtpmp4gdepay ! aacparse ! audio/mpeg,stream-format=adts";
    let read_back = gstreamer(&framed(aac_track(), &packets), &caps, depayed).unwrap();
    assert!(
        plain_sound(&read_back)
            .iter()
            .copied()
            .eq(packets.iter().map(|packet| &packet.data[..]))
    );

    let (_, packets) = read(OPUS, opus_track());
    let caps = "media=audio,clock-rate=48000,encoding-name=OPUS,payload=98";
    let repayed = "rtpopusdepay ! rtpopuspay pt=98 ! rtpstreampay";
    let (_, again) = read(
        &gstreamer(&framed(opus_track(), &packets), caps, repayed).unwrap(),
        opus_track(),
    );
    assert!(
        again
            .iter()
            .map(|packet| &packet.data)
            .eq(packets.iter().map(|packet| &packet.data))
    );
}

/// The recording side of RTSP, as far as it takes to hand our packets to ffmpeg over TCP: it waits as a server, learns the
/// tracks from our description, and reads them interleaved.
struct Announcer {
    socket: BufReader<TcpStream>,
    url: String,
    requests: u32,
    /// The header by which the server knows us, once it has told it.
    session: String,
}

impl Announcer {
    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) {
        self.requests += 1;
        let request = format!(
            "{method} {}{path} RTSP/1.0\r\nCSeq: {}\r\n{}{headers}Content-Length: {}\r\n\r\n{body}",
            self.url,
            self.requests,
            self.session,
            body.len()
        );
        self.socket.get_mut().write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        loop {
            let mut line = String::new();
            assert!(
                self.socket.read_line(&mut line).unwrap() > 0,
                "{method}: the connection ended: {answer}"
            );
            if line.trim().is_empty() {
                break;
            }
            answer += &line;
        }
        assert!(answer.starts_with("RTSP/1.0 200"), "{method}: {answer}");
        if let Some(session) = answer.lines().find(|line| line.starts_with("Session:")) {
            self.session = format!("{}\r\n", session.split(';').next().unwrap());
        }
    }

    fn send(&mut self, channel: u8, rtp: &[u8]) {
        let [high, low] = u16::try_from(rtp.len()).unwrap().to_be_bytes();
        self.socket.get_mut().write_all(&[b'$', channel, high, low]).unwrap();
        self.socket.get_mut().write_all(rtp).unwrap();
    }
}

#[test]
fn ffmpeg_reads_ours_over_tcp_by_our_description() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let (codec, pictures) = read(H264, video_track(Bytes::new(), Bytes::new()));
    let RtpCodec::H264 { sps, pps } = codec else {
        panic!("no H.264")
    };
    let (_, sound) = read(AAC, aac_track());
    let tracks = vec![video_track(sps, pps), aac_track()];
    let description = SessionDescription::new("rigcast", tracks.clone()).write(Way::Announce);

    let folder = tempfile::tempdir().unwrap();
    let [video, audio] = ["out.264", "out.adts"].map(|name| folder.path().join(name));
    let port = free_port();
    let url = format!("rtsp://127.0.0.1:{port}/show");
    let mut process = Guard::spawn(
        Command::new(ffmpeg)
            .args(["-v", "error", "-nostdin", "-rtsp_flags", "listen", "-i", &url])
            .args(["-map", "0:v", "-c", "copy", "-f", "h264"])
            .arg(&video)
            .args(["-map", "0:a", "-c", "copy", "-f", "adts"])
            .arg(&audio)
            .stderr(Stdio::piped()),
    );
    let socket = wait_for("ffmpeg's port", PATIENCE, || {
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut announcer = Announcer {
        socket: BufReader::new(socket),
        url,
        requests: 0,
        session: String::new(),
    };
    announcer.ask("ANNOUNCE", "", "Content-Type: application/sdp\r\n", &description);
    for track in 0..2 {
        let transport = format!(
            "Transport: RTP/AVP/TCP;unicast;interleaved={}-{};mode=record\r\n",
            2 * track,
            2 * track + 1
        );
        announcer.ask("SETUP", &format!("/streamid={track}"), &transport, "");
    }
    announcer.ask("RECORD", "", "", "");

    let mut packetizers = tracks.into_iter().map(|track| Packetizer::new(track, 9, 1, 1000, 400));
    let (mut first, mut second) = (packetizers.next().unwrap(), packetizers.next().unwrap());
    let mut sound_left = sound.iter().peekable();
    for picture in &pictures {
        first.packetize(picture, picture.pts, &mut |rtp| announcer.send(0, rtp));
        while let Some(block) = sound_left.next_if(|block| block.pts <= picture.pts) {
            second.packetize(block, block.pts, &mut |rtp| announcer.send(2, rtp));
        }
    }
    for block in sound_left {
        second.packetize(block, block.pts, &mut |rtp| announcer.send(2, rtp));
    }
    let Announcer { socket, .. } = announcer;
    socket.into_inner().shutdown(std::net::Shutdown::Write).unwrap();
    wait_for("ffmpeg's end", PATIENCE, || process.0.try_wait().unwrap());
    let mut complaints = String::new();
    process
        .0
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut complaints)
        .unwrap();
    let read_back = |path: &Path| std::fs::read(path).unwrap_or_else(|error| panic!("{error}: {complaints}"));
    assert_eq!(plain_nals(&read_back(&video)), nals_of(&pictures), "{complaints}");
    let read_back = read_back(&audio);
    let units = plain_sound(&read_back);
    assert!(
        units.iter().copied().eq(sound.iter().map(|block| &block.data[..])),
        "{complaints}"
    );
}
