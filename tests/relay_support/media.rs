//! Real media through the relay: read back by ffmpeg as fragments and as HLS, handed in as RTP, and all of it over TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rigcast::clock::Clock;
use rigcast::media::{Packet, TimeDelta, TrackKind};
use rigcast::relay::{Feed, Relay, RelaySettings, TlsFiles};
use rigcast::secret::Secret;
use rigcast::wire::rtp::{FrameReader, NtpTime, Packetizer, Rtcp, RtpTrack, parse_rtcp};
use rigcast::wire::sdp::SessionDescription;
use tungstenite::Message;

use crate::relay_support::{
    PATIENCE, Rig, Viewer, audio_config, picture, rendition, sound, status, video_config, wait_for,
};
use crate::rtmp_support::{Clip, peer};

/// Seconds of the clip that is played again and again.
const CLIP_SECONDS: u32 = 4;

/// Plays a clip into a relay, faster than it is, until dropped.
struct Player {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    fn start(feed: Feed, clip: Clip, speed: u32) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let is_over = Arc::clone(&is_over);
            move || {
                let from = Instant::now();
                for round in 0.. {
                    let shift = TimeDelta::from_millis(i64::from(CLIP_SECONDS) * 1000) * round;
                    for packet in &clip.packets {
                        let packet = Packet {
                            pts: packet.pts + shift,
                            dts: packet.dts + shift,
                            ..packet.clone()
                        };
                        let due = packet.dts.since_zero().to_duration() / speed;
                        std::thread::sleep(due.saturating_sub(from.elapsed()));
                        if is_over.load(Ordering::Relaxed) {
                            return;
                        }
                        match packet.track {
                            TrackKind::Video => feed.offer(0, &packet),
                            TrackKind::Audio => feed.offer_audio(&packet),
                        }
                    }
                }
            }
        });
        Self {
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = self.thread.take().unwrap().join();
    }
}

/// A rig that shows a clip made by ffmpeg; `None` without ffmpeg.
fn showing(settings: RelaySettings, folder: &Path, speed: u32) -> Option<(Rig, Player)> {
    peer("ffmpeg")?;
    let clip = Clip::make(folder, CLIP_SECONDS);
    let rig = Rig::start(settings);
    let demands = Arc::clone(&rig.demands);
    let feed = rig.relay().publish(
        "main",
        vec![rendition("source", 180, 500), rendition("audio", 0, 0)],
        clip.config.audio.clone().unwrap(),
        move |demand| demands.lock().unwrap().push(demand),
    );
    let feed = feed.unwrap();
    feed.set_video(0, clip.config.video.clone().unwrap());
    let player = Player::start(feed, clip, speed);
    Some((rig, player))
}

/// Pictures and seconds of sound that ffmpeg decodes, and what it complains about.
fn decode(input: &str, seconds: &str) -> (usize, f64, String) {
    let run = |map: &str, rest: &[&str]| {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-i", input, "-t", seconds, "-map", map]);
        let output = command.args(rest).output().unwrap();
        (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (pictures, first) = run("0:v:0", &["-vf", "scale=16:16,format=gray", "-f", "rawvideo", "-"]);
    let (sound, second) = run("0:a:0", &["-ac", "1", "-ar", "8000", "-f", "s16le", "-"]);
    (pictures.len() / 256, sound.len() as f64 / 16_000.0, first + &second)
}

#[test]
fn fragments_for_browsers_are_read_by_ffmpeg() {
    let folder = tempfile::tempdir().unwrap();
    let Some((rig, _player)) = showing(RelaySettings::default(), folder.path(), 2) else {
        return;
    };
    let mut viewer = rig.viewer("/ws/main?rendition=source&format=fmp4");
    assert_eq!(viewer.next().json()["video"]["codec"].as_str().unwrap().len(), 11);
    let init = viewer.next();
    assert_eq!(init.kind, 4);
    let mut file = init.payload.to_vec();
    let mut fragments = Vec::new();
    while fragments.len() < 16 {
        let fragment = viewer.next();
        assert_eq!(fragment.kind, 5);
        assert!(fragments.is_empty() || fragment.pts_us > *fragments.last().unwrap());
        assert!(!fragments.is_empty() || fragment.is_idr, "it starts with an IDR");
        fragments.push(fragment.pts_us);
        file.extend(&fragment.payload);
    }
    let steps = fragments.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(steps.clone().all(|step| step <= 250_000), "{fragments:?}");
    let path = folder.path().join("got.mp4");
    std::fs::write(&path, file).unwrap();
    let (pictures, seconds, complaints) = decode(path.to_str().unwrap(), "60");
    let shown = (fragments.last().unwrap() - fragments[0]) as f64 / 1e6;
    assert_eq!(complaints, "");
    assert!(
        (pictures as f64 - shown * 30.0 - 6.0).abs() <= 3.0,
        "{pictures} pictures in {shown} s"
    );
    assert!((seconds - shown).abs() < 0.5, "{seconds} s of sound in {shown} s");
}

#[test]
fn hls_is_read_by_ffmpeg_and_answers_when_there_is_something_new() {
    let folder = tempfile::tempdir().unwrap();
    let settings = RelaySettings {
        read_tokens: vec![Secret::new("open sesame")],
        ..RelaySettings::default()
    };
    let Some((rig, _player)) = showing(settings, folder.path(), 4) else {
        return;
    };
    assert_eq!(rig.get("/hls/main/index.m3u8", "").0, 401);
    let (code, master) = rig.get("/hls/main/index.m3u8?token=open%20sesame", "");
    assert_eq!(code, 200);
    assert!(
        master.contains("RESOLUTION=320x180,FRAME-RATE=30.000\nsource/index.m3u8?token=open+sesame\n"),
        "{master}"
    );
    assert!(master.contains("CODECS=\"avc1."), "{master}");

    // One that reads it as players without parts do.
    let url = format!("http://{}/hls/main/index.m3u8?token=open+sesame", rig.address);
    let reader = std::thread::spawn(move || decode(&url, "3"));

    // One that asks for what comes next, and is answered when it is there.
    let get = |file: &str| {
        let mark = if file.contains('?') { '&' } else { '?' };
        rig.get(&format!("/hls/main/source/{file}{mark}token=open+sesame"), "")
    };
    let (code, playlist) = get("index.m3u8");
    assert_eq!(code, 200, "{playlist}");
    for _ in 0..4 {
        let hint = playlist
            .lines()
            .find_map(|line| line.strip_prefix("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\""));
        let (segment, part) = hint.unwrap().split_once(".m4s").unwrap().0.split_once('.').unwrap();
        let (code, newer) = get(&format!("index.m3u8?_HLS_msn={segment}&_HLS_part={part}"));
        assert_eq!(code, 200);
        let piece = format!("URI=\"{segment}.{part}.m4s?token=open+sesame\"");
        assert!(
            newer.contains("#EXT-X-PART:DURATION=0.") && newer.contains(&piece),
            "{newer}"
        );
        let (code, answer) = get(&format!("{segment}.{part}.m4s"));
        assert!(code == 200 && answer.contains("moof"), "{answer}");
    }
    for (file, code) in [
        ("index.m3u8?_HLS_part=1", 400),
        ("index.m3u8?_HLS_msn=x", 400),
        ("index.m3u8?_HLS_msn=100000", 400),
        ("100000.m4s", 404),
        ("init-7.mp4", 404),
        ("..%2f..%2fetc", 404),
    ] {
        assert_eq!(get(file).0, code, "{file}");
    }
    let (pictures, seconds, complaints) = reader.join().unwrap();
    assert_eq!(complaints, "");
    assert!(
        pictures >= 85 && seconds > 2.8,
        "{pictures} pictures, {seconds} s of sound"
    );
    let stats = rig.relay().stats();
    assert!(
        stats.streams[0].renditions[0].is_wanted && stats.hls_bytes > 10_000,
        "{stats:?}"
    );
}

/// A sender of RTP.
struct Sender {
    viewer: Viewer,
    video: Packetizer,
    audio: Packetizer,
    clock: Clock,
}

const RTP: &str = "Sec-WebSocket-Protocol: rtp4571.rigcast.v1\r\n";

impl Sender {
    fn connect(rig: &Rig, path: &str) -> Self {
        let mut viewer = Viewer::connect_with(rig.address, path, RTP).unwrap();
        let tracks = [
            RtpTrack::video(&video_config(720), 96),
            RtpTrack::audio(&audio_config(), 97),
        ];
        viewer.say(&SessionDescription::new("a test", tracks.to_vec()).offer());
        let answer = loop {
            if let Message::Text(answer) = viewer.socket.read().unwrap() {
                break answer;
            }
        };
        assert_eq!(SessionDescription::parse(&answer).unwrap().tracks, tracks);
        let [video, audio] = tracks;
        Self {
            viewer,
            video: Packetizer::new(video, 1, 65_530, 4_294_960_000, 1400),
            audio: Packetizer::new(audio, 2, 7, 99, 1400),
            clock: Clock::start(),
        }
    }

    fn report(&mut self) {
        let mut report = Vec::new();
        let wall = NtpTime::from_unix(std::time::UNIX_EPOCH.elapsed().unwrap());
        let mut out = Vec::new();
        for packetizer in [&self.video, &self.audio] {
            report.clear();
            packetizer.sender_report(wall, self.clock.now(), &mut report);
            rigcast::wire::rtp::framing::push_frame(&mut out, |out| out.extend(&report));
        }
        self.send(out);
    }

    fn picture(&mut self, number: u32) {
        let mut data = vec![0; 4];
        // One slice NAL unit with a number in it.
        let is_idr = number % 30 == 0;
        let mut slice = vec![if is_idr { 0x65 } else { 0x41 }, 0x88, 0x84];
        slice.extend(picture(number, is_idr, 9, 3000).data.iter().map(|byte| byte | 0x40));
        data.extend(&slice);
        data[..4].copy_from_slice(&u32::try_from(slice.len()).unwrap().to_be_bytes());
        let packet = Packet {
            data: data.into(),
            ..picture(number, is_idr, 9, 8)
        };
        let mut out = Vec::new();
        self.video.packetize_framed(&packet, packet.pts, &mut out);
        self.send(out);
    }

    fn sound(&mut self, number: u32) {
        let packet = sound(number);
        let mut out = Vec::new();
        self.audio.packetize_framed(&packet, packet.pts, &mut out);
        self.send(out);
    }

    fn send(&mut self, bytes: Vec<u8>) {
        self.viewer.socket.send(Message::binary(bytes)).unwrap();
    }
}

#[test]
fn another_rigs_show_comes_in_and_goes_out() {
    let rig = Rig::start(RelaySettings {
        publish_tokens: vec![Secret::new("handover")],
        ..RelaySettings::default()
    });
    let _feed = rig.publish(vec![rendition("source", 720, 2500)]);
    let path = "/rtp/cam?token=handover";
    let refused = |path: &str, headers: &str| status(&Viewer::connect_with(rig.address, path, headers).unwrap_err());
    assert_eq!(refused("/rtp/cam", RTP), 401);
    assert_eq!(refused("/rtp/cam?token=wrong", RTP), 401);
    assert_eq!(refused(path, ""), 400);
    assert_eq!(
        refused("/rtp/main?token=handover", RTP),
        409,
        "our own show keeps its name"
    );
    assert_eq!(refused("/rtp/a%20b?token=handover", RTP), 404);

    let mut sender = Sender::connect(&rig, path);
    sender.report();
    for number in 0..10 {
        sender.picture(number);
        sender.sound(number);
    }
    let mut viewer = wait_for("the stream", || Viewer::connect(rig.address, "/ws/cam").ok());
    let config = viewer.next().json();
    assert_eq!(
        (&config["video"]["width"], &config["audio"]["sample_rate"]),
        (&1280.into(), &48_000.into()),
        "{config}"
    );
    let first = viewer.next_of(2);
    let since_1970 = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros() as i64;
    assert!(
        (since_1970 - first.made_us).abs() < 40_000_000 && first.is_idr,
        "{first:?}"
    );
    // What comes out is what went in, and as far apart.
    let mut before = first.pts_us;
    for number in 1..60 {
        if number >= 10 {
            sender.picture(number);
        }
        let seen = viewer.next_of(2);
        let expected = picture(number, false, 9, 3000)
            .data
            .iter()
            .map(|byte| byte | 0x40)
            .collect::<Vec<_>>();
        assert_eq!(seen.payload[7..], expected, "picture {number}");
        assert!((seen.pts_us - before - 33_333).abs() < 50, "{} {before}", seen.pts_us);
        before = seen.pts_us;
    }
    // It hears what has arrived.
    let report = loop {
        if let Message::Binary(bytes) = sender.viewer.socket.read().unwrap() {
            break bytes;
        }
    };
    let mut frames = FrameReader::new();
    frames.push(&report);
    let said = parse_rtcp(frames.next_frame().unwrap()).unwrap().collect::<Vec<_>>();
    assert!(
        matches!(&said[0], Rtcp::Report(block) if block.ssrc == 1 && block.lost == 0 && block.last_sender_report != 0)
    );
    let stats = rig.relay().stats();
    let cam = stats.streams.iter().find(|stream| stream.name == "cam").unwrap();
    assert!(cam.is_ingest && cam.ingest.unwrap().units >= 60, "{stats:?}");

    // Whoever comes back under that name takes over; then nonsense, in frames and without, harms nobody.
    let mut second = Sender::connect(&rig, path);
    second.report();
    second.picture(0);
    second.sound(0);
    assert_eq!(viewer.goodbye().0, 1001);
    sender.picture(60);
    assert_eq!(sender.viewer.goodbye().0, 1008);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for len in 0..200 {
        let noise = (0..len).map(|_| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 32) as u8
        });
        second.send(noise.collect());
    }
    assert!(Viewer::connect(rig.address, "/ws/cam").is_ok());
    drop(second);
    wait_for("its end", || (rig.relay().stats().streams.len() == 1).then_some(()));

    for (message, code) in [
        (Message::binary(vec![0, 1, 2]), 1002),
        (Message::text("v=1\r\n"), 1007),
        (Message::text("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"), 1003),
        (Message::binary(vec![0; 1_100_000]), 1009),
    ] {
        let mut viewer = Viewer::connect_with(rig.address, path, RTP).unwrap();
        // The relay may have closed before all of it was written.
        let _ = viewer.socket.send(message);
        assert_eq!(viewer.goodbye().0, code);
    }
}

#[test]
fn everything_also_goes_over_tls() {
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

    let Some(openssl) = peer("openssl") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let mut command = Command::new(openssl);
    command.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]);
    command.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    command.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    assert!(command.output().unwrap().status.success());

    let files = |certificate: &Path, key: &Path| RelaySettings {
        tls: Some(TlsFiles {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        }),
        ..RelaySettings::default()
    };
    let rig = Rig::start(files(&certificate, &key));
    let feed = rig.publish(vec![rendition("source", 720, 2500)]);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&certificate).unwrap()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let connect = || {
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TcpStream::connect(rig.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        StreamOwned::new(ClientConnection::new(Arc::clone(&config), name).unwrap(), stream)
    };
    for number in 0..10 {
        feed.offer(0, &picture(number, number == 0, 0, 50_000));
    }
    let mut stream = connect();
    let request = "GET /ws/main HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut got = Vec::new();
    let mut buffer = [0; 16_384];
    while got.len() < 500_000 {
        let len = stream.read(&mut buffer).unwrap();
        assert!(len > 0);
        got.extend_from_slice(&buffer[..len]);
    }
    assert!(got.starts_with(b"HTTP/1.1 101"));
    // Someone who speaks no TLS gets nothing, and is no trouble.
    let mut plain = TcpStream::connect(rig.address).unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    plain.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"));

    for (certificate, key, problem) in [
        (folder.path().join("none.pem"), key.clone(), "none.pem: No such file"),
        (
            certificate.clone(),
            certificate.clone(),
            "cert.pem: has no private key in it",
        ),
        (key.clone(), key.clone(), "key.pem: has no certificate in it"),
    ] {
        let settings = RelaySettings {
            listen: "127.0.0.1:0".parse().unwrap(),
            ..files(&certificate, &key)
        };
        let error = rig
            .runtime
            .block_on(Relay::start(settings, Clock::start(), |_| {}))
            .unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
}
