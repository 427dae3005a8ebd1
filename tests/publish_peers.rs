//! Publishing RTP over WebSockets, bare TCP and RTSP: to servers that behave, to those that do not, and through TLS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod publish_support;
mod rtmp_support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use bytes::Bytes;
use publish_support::{Certificate, Collector, NAMED, agree, framed, listen, read_head, upgrade};
use rigcast::adapt::Sample;
use rigcast::clock::Clock;
use rigcast::media::{AudioCodec, AudioConfig, TimeDelta, TrackKind};
use rigcast::publish::{DestinationReport, DestinationSpec, DestinationState};
use rigcast::relay::{Relay, RelaySettings};
use rigcast::secret::{Secret, SecretUrl};
use rigcast::wire::rtp::RtpCodec;
use rigcast::wire::sdp::SessionDescription;
use rtmp_support::{Clip, Show, peer};
use tungstenite::{Message, WebSocket};

fn destination(url: &str) -> DestinationSpec {
    DestinationSpec::new("test", SecretUrl::parse(url).unwrap())
}

/// Pictures of `bytes` each, and AAC.
fn clip(bytes: usize) -> Clip {
    let mut clip = Clip::synthetic(bytes);
    clip.config.audio = Some(AudioConfig {
        codec: AudioCodec::Aac {
            asc: Bytes::from_static(&[0x11, 0x90]),
        },
        sample_rate: 48_000,
        channels: 2,
        bitrate_kbps: 96,
    });
    clip
}

fn is_backoff(state: &DestinationState) -> bool {
    matches!(state, DestinationState::Backoff { .. })
}

fn is_failed(state: &DestinationState) -> bool {
    matches!(state, DestinationState::Failed { .. })
}

fn reason(state: DestinationState) -> String {
    match state {
        DestinationState::Backoff { reason, .. } | DestinationState::Failed { reason } => reason,
        other => panic!("{other:?}"),
    }
}

/// What arrived is what was sent: from an IDR on, every picture, byte for byte and in order.
fn assert_is_the_clip(clip: &Clip, collector: &Collector) {
    let sent: Vec<&Bytes> = clip
        .packets
        .iter()
        .filter(|packet| packet.track == TrackKind::Video)
        .map(|packet| &packet.data)
        .collect();
    let got = collector.of(TrackKind::Video);
    let first = sent
        .iter()
        .position(|data| **data == got[0])
        .expect("a picture of the clip");
    assert_eq!(first % 30, 0, "it starts with an IDR");
    for (index, data) in got.iter().enumerate() {
        assert!(data == sent[(first + index) % sent.len()], "picture {index} differs");
    }
    assert!(got.len() > 45, "{} pictures", got.len());
    let sound = collector.of(TrackKind::Audio);
    assert!(sound.len() > 45 && sound.iter().all(|data| data.len() == 200));
    assert!(collector.stats().iter().all(|stats| stats.lost == 0));
}

/// Takes a whole connection of `rtp4571.rigcast.v1`, reporting ten times a second; gives what came, and how it was closed.
fn ingest<S: publish_support::Stream>(socket: &mut WebSocket<S>, description: &SessionDescription) -> (Collector, u16) {
    let mut collector = Collector::new(description);
    let mut reported = Instant::now();
    loop {
        match socket.read().unwrap() {
            Message::Binary(bytes) => collector.push(&bytes),
            Message::Close(frame) => return (collector, frame.map_or(0, |frame| frame.code.into())),
            _ => {}
        }
        if reported.elapsed() > Duration::from_millis(100) {
            reported = Instant::now();
            for report in collector.reports() {
                socket.send(Message::Binary(framed(&report).into())).unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_show_arrives_over_a_websocket() {
    let (sender, arrived) = channel();
    let port = listen(move |stream, _| {
        let (mut socket, head) = upgrade(stream, NAMED);
        let offer = agree(&mut socket);
        let (collector, code) = ingest(&mut socket, &offer);
        sender.send((head, collector, code)).unwrap();
    });
    // Larger than a message may be: it is cut.
    let clip = clip(80_000);
    let mut show = Show::start(
        destination(&format!("ws://:sk-0123-secret@127.0.0.1:{port}/rtp/main?a=1")),
        &clip,
    );
    show.live().await;
    show.figures(20, |stats| {
        stats.rtt_ms.is_some() && stats.loss.is_some_and(|loss| loss > 0.05)
    })
    .await;
    show.figures(20, |stats| stats.sent_bytes > 80_000 * 60).await;
    let stats = show.stats.clone();
    assert!(show.stop().await < Duration::from_secs(3));
    let (head, collector, code) = arrived.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(head.starts_with("GET /rtp/main?a=1 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nAuthorization: Bearer sk-0123-secret\r\n"));
    assert_eq!(head.matches("sk-0123-secret").count(), 1);
    assert_is_the_clip(&clip, &collector);
    assert!(collector.sender_reports >= 2, "{}", collector.sender_reports);
    assert_eq!((collector.byes, code), (2, 1000), "it says goodbye");
    assert!(
        (stats.loss.unwrap() - 0.1).abs() < 0.01 && stats.jitter_ms.is_some(),
        "{stats:?}"
    );
    assert!(stats.rtt_ms.unwrap() < 5000.0 && stats.dropped_frames == 0, "{stats:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_of_another_rig_takes_the_show_from_those_it_knows() {
    let Some(_) = peer("ffmpeg") else { return };
    let folder = tempfile::tempdir().unwrap();
    let settings = RelaySettings {
        listen: "127.0.0.1:0".parse().unwrap(),
        publish_tokens: vec![Secret::new("sk-0123-secret")],
        ..RelaySettings::default()
    };
    let relay = Relay::start(settings, Clock::start(), |_| {}).await.unwrap();
    let url = format!("ws://{}/rtp/guest", relay.address());
    let clip = Clip::make(folder.path(), 3);

    let mut stranger = Show::start(destination(&url), &clip);
    let reason = reason(stranger.state(20, is_failed).await);
    assert!(reason.contains("HTTP 401"), "{reason}");
    stranger.stop().await;

    let mut spec = destination(&url);
    spec.token = Some(Secret::new("sk-0123-secret"));
    let mut show = Show::start(spec, &clip);
    show.live().await;
    // Two seconds of both, by the relay's own count and its report to us.
    show.figures(30, |_| {
        relay
            .stats()
            .streams
            .iter()
            .any(|stream| stream.ingest.is_some_and(|it| it.units > 150))
    })
    .await;
    show.figures(20, |stats| stats.loss.is_some() && stats.rtt_ms.is_some())
        .await;
    let streams = relay.stats().streams;
    assert_eq!((streams.len(), streams[0].name.as_str()), (1, "guest"));
    assert_eq!(streams[0].ingest.map(|ingest| ingest.lost_packets), Some(0));
    assert!(
        show.stats.loss == Some(0.0) && show.stats.connects == 1,
        "{:?}",
        show.stats
    );
    show.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opus_is_offered_where_it_is_asked_for() {
    let (sender, offers) = channel();
    let port = listen(move |stream, _| {
        let (mut socket, _) = upgrade(stream, NAMED);
        let offer = agree(&mut socket);
        sender.send(offer.clone()).unwrap();
        ingest(&mut socket, &offer);
    });
    let mut clip = clip(500);
    clip.config.opus = Some(AudioConfig {
        codec: AudioCodec::Opus,
        ..clip.config.audio.clone().unwrap()
    });
    let spec = destination(&format!("ws://127.0.0.1:{port}/rtp/main?audio=opus"));
    assert!(spec.wants_opus());
    let mut show = Show::start(spec.clone(), &clip);
    show.live().await;
    show.stop().await;
    let offer = offers.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(
        matches!(offer.tracks[1].codec, RtpCodec::Opus { channels: 2 }),
        "{offer:?}"
    );
    // And a show without Opus says so, at once and for good.
    clip.config.opus = None;
    let mut show = Show::start(spec, &clip);
    let reason = reason(show.state(20, is_failed).await);
    assert!(reason.contains("no sound of the kind"), "{reason}");
    show.stop().await;
}

/// Starts a show to a server that says `answer` to each request, and waits for how it takes it.
async fn refused(answer: &'static str, is_it: fn(&DestinationState) -> bool) -> String {
    let port = listen(move |mut stream, _| {
        read_head(&mut stream);
        let _ = stream.write_all(answer.as_bytes());
    });
    let mut show = Show::start(destination(&format!("ws://127.0.0.1:{port}/rtp/main")), &clip(100));
    let reason = reason(show.state(20, is_it).await);
    show.stop().await;
    assert!(reason.starts_with(&format!("127.0.0.1:{port}: ")), "{reason}");
    reason
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_apart() {
    let said = refused("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", is_failed).await;
    assert!(said.contains("HTTP 401 (it wants another token)"), "{said}");
    let said = refused("HTTP/1.1 403 Forbidden\r\n\r\nno", is_failed).await;
    assert!(said.contains("HTTP 403"), "{said}");
    let said = refused("HTTP/1.1 404 Not Found\r\n\r\n", is_backoff).await;
    assert!(said.contains("HTTP 404 (nothing is at this path)"), "{said}");
    let said = refused("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n", is_backoff).await;
    assert!(said.contains("HTTP 503 (it is busy)"), "{said}");
    let said = refused("SSH-2.0-OpenSSH_9.2\r\n\r\n", is_backoff).await;
    assert!(said.contains("not a web server"), "{said}");
    // An old answer, as a cache would give it.
    let stale = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let said = refused(stale, is_backoff).await;
    assert!(said.contains("its key does not answer ours"), "{said}");
}

/// Starts a show to a server that upgrades and then does as `act` says, and waits for the backoff.
async fn upset(headers: &'static str, act: fn(&mut WebSocket<TcpStream>)) -> String {
    let port = listen(move |stream, _| {
        let (mut socket, _) = upgrade(stream, headers);
        act(&mut socket);
        // It keeps the connection: whatever ends it is our side.
        while socket.get_mut().read(&mut [0; 4096]).is_ok_and(|len| len > 0) {}
    });
    let mut show = Show::start(destination(&format!("ws://127.0.0.1:{port}/rtp/main")), &clip(1000));
    let reason = reason(show.state(20, |state| is_backoff(state) || is_failed(state)).await);
    show.stop().await;
    reason
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_misbehave_are_left_with_a_reason() {
    let said = upset("", |_| {}).await;
    assert!(
        said.contains("does not name the subprotocol rtp4571.rigcast.v1"),
        "{said}"
    );
    let said = upset("Sec-WebSocket-Protocol: chat\r\n", |_| {}).await;
    assert!(said.contains("another subprotocol"), "{said}");
    let said = upset(NAMED, |socket| {
        let Message::Text(_) = socket.read().unwrap() else {
            panic!()
        };
        socket.get_mut().write_all(&[0xFF; 300]).unwrap();
    })
    .await;
    assert!(said.contains("WebSocket byte "), "garbage: {said}");
    let said = upset(NAMED, |socket| {
        agree(socket);
        socket.read().unwrap();
        // A frame that claims an exabyte.
        socket
            .get_mut()
            .write_all(&[0x82, 127, 0x0F, 0, 0, 0, 0, 0, 0, 0])
            .unwrap();
    })
    .await;
    assert!(said.contains("a message of more than the 65536 bytes"), "{said}");
    let said = upset(NAMED, |socket| {
        let Message::Text(_) = socket.read().unwrap() else {
            panic!()
        };
        socket
            .send(Message::Text(
                "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n".into(),
            ))
            .unwrap();
    })
    .await;
    assert!(said.contains("takes no H.264"), "{said}");
    let said = upset(NAMED, |socket| {
        agree(socket);
        socket.read().unwrap();
        let (code, reason) = (4409.into(), "another publisher has this name".into());
        socket
            .close(Some(tungstenite::protocol::CloseFrame { code, reason }))
            .unwrap();
    })
    .await;
    assert!(
        said.contains("closed the WebSocket: 4409 (another publisher has this name)"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_no_more_than_a_reason_to_come_again() {
    let (sender, arrived) = channel();
    let port = listen(move |stream, number| {
        let (mut socket, _) = upgrade(stream, NAMED);
        let offer = agree(&mut socket);
        if number == 0 {
            socket.read().unwrap();
            // Ends with a reset.
            rustix::net::sockopt::set_socket_linger(socket.get_ref(), Some(Duration::ZERO)).unwrap();
            return;
        }
        sender.send(ingest(&mut socket, &offer).0).unwrap();
    });
    let clip = clip(1000);
    let mut show = Show::start(destination(&format!("ws://127.0.0.1:{port}/rtp/main")), &clip);
    let reason = reason(show.state(20, is_backoff).await);
    assert!(reason.contains("closed the connection"), "{reason}");
    show.live().await;
    show.figures(20, |stats| stats.sent_bytes > 1200 * 60).await;
    show.stop().await;
    assert_is_the_clip(&clip, &arrived.recv_timeout(Duration::from_secs(20)).unwrap());
}

/// What happens after ten seconds of this is the same for every protocol: see the tests of RTMP and of several destinations.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_reading_costs_pictures_and_no_memory_and_the_next_gets_the_show() {
    let (sender, arrived) = channel();
    let (resume, resumed) = channel::<()>();
    let resumed = std::sync::Mutex::new(resumed);
    let port = listen(move |stream, number| {
        let (mut socket, _) = upgrade(stream, NAMED);
        let offer = agree(&mut socket);
        if number == 0 {
            // Reads no more, and keeps the connection, until the test has seen enough.
            let _ = resumed.lock().unwrap().recv();
            return;
        }
        sender.send(ingest(&mut socket, &offer).0).unwrap();
    });
    // 7 MB/s: more than the kernels of both sides hold for one another.
    let clip = clip(240_000);
    let mut show = Show::start(destination(&format!("ws://127.0.0.1:{port}/rtp/main")), &clip);
    show.figures(30, |stats| stats.dropped_frames > 60).await;
    let frozen = show.stats.clone();
    assert!(frozen.queue_ms <= 3000, "{frozen:?}");
    assert!(
        frozen.sent_bytes < 10_000_000,
        "the kernel swallowed the show: {frozen:?}"
    );
    resume.send(()).unwrap();
    show.figures(30, |stats| stats.connects == 2).await;
    let sent = show.stats.sent_bytes;
    show.figures(30, |stats| stats.sent_bytes > sent + 240_000 * 70).await;
    show.stop().await;
    assert_is_the_clip(&clip, &arrived.recv_timeout(Duration::from_secs(20)).unwrap());
}

/// Waits for a sample that is as wanted; gives it, and how often an IDR was asked for until then.
async fn sample(show: &mut Show, is_it: impl Fn(&Sample) -> bool) -> (Sample, usize) {
    let mut wishes = 0;
    let wait = async {
        loop {
            match show.reports.recv().await.expect("the destination's task has ended") {
                DestinationReport::Sample(sample) if is_it(&sample) => return sample,
                DestinationReport::KeyframeWanted => wishes += 1,
                _ => {}
            }
        }
    };
    let sample = tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .expect("no such sample");
    (sample, wishes)
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_tell_how_late_a_show_is_and_an_outage_ends_with_an_idr_of_its_own_time() {
    let (resume, resumed) = channel::<()>();
    let resumed = std::sync::Mutex::new(resumed);
    let port = listen(move |mut stream, _| {
        // It takes the beginning, then nothing until it is told to go on.
        stream.read_exact(&mut vec![0; 500_000]).unwrap();
        let _ = resumed.lock().unwrap().recv();
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let ms = rigcast::media::TimeDelta::from_millis;
    let mut show = Show::start(destination(&format!("rtp+tcp://127.0.0.1:{port}")), &clip(20_000));
    let (early, _) = sample(&mut show, |sample| sample.confirmed_bytes > 100_000).await;
    assert!(
        early.connection == 1 && early.rtt.is_some() && early.idr_bytes == 20_004,
        "{early:?}"
    );
    assert!(
        early.media_bytes <= early.written_bytes && early.audio_bytes < early.media_bytes / 50,
        "{early:?}"
    );
    assert!(early.media_bytes > early.written_bytes / 100 * 95, "{early:?}");
    // Nobody takes it: it gets older, in the kernel and with us, and then pictures are given up.
    let (late, _) = sample(&mut show, |sample| sample.lag > ms(900)).await;
    assert!(
        late.queue_age > TimeDelta::ZERO && late.queue_age <= late.lag,
        "{late:?}"
    );
    assert!(
        late.confirmed_bytes < late.written_bytes && late.queued_bytes > 0,
        "{late:?}"
    );
    let (choked, _) = sample(&mut show, |sample| sample.dropped_frames > 30).await;
    assert!(choked.at - late.at < ms(5000), "{choked:?}");
    let (_, wishes) = sample(&mut show, |sample| sample.dropped_frames > choked.dropped_frames + 20).await;
    assert_eq!(wishes, 0, "an IDR made now would be late");
    resume.send(()).unwrap();
    let (clear, wishes) = sample(&mut show, |sample| {
        sample.lag < ms(100) && sample.idr_at > choked.idr_at
    })
    .await;
    assert!(wishes >= 1 && clear.connection == 1, "{wishes}: {clear:?}");
    assert!(clear.idr_at.unwrap() >= choked.at, "{clear:?} {choked:?}");
    show.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_says_what_is_wrong_with_a_certificate() {
    let Some(_) = peer("openssl") else { return };
    for (name, is_expired, is_trusted, wanted) in [
        (
            "localhost",
            false,
            false,
            Some("is signed by nobody who is trusted here"),
        ),
        ("elsewhere.example", false, true, Some("is for another name")),
        ("localhost", true, true, Some("has expired")),
        ("localhost", false, true, None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let certificate = Certificate::make(folder.path(), name, is_expired);
        let file = certificate.file.clone();
        let (sender, arrived) = channel();
        let port = listen(move |stream, _| {
            let mut stream = certificate.serve(stream);
            // A client that does not trust us goes away here.
            while stream.conn.is_handshaking() {
                if stream.conn.complete_io(&mut stream.sock).is_err() {
                    return;
                }
            }
            let (mut socket, _) = upgrade(stream, NAMED);
            let offer = agree(&mut socket);
            let _ = sender.send(ingest(&mut socket, &offer).0);
        });
        let mut spec = destination(&format!("wss://localhost:{port}/rtp/main"));
        spec.ca_file = is_trusted.then_some(file);
        let clip = clip(1000);
        let mut show = Show::start(spec, &clip);
        if let Some(wanted) = wanted {
            let reason = reason(show.state(20, is_backoff).await);
            assert!(
                reason.contains("TLS: the server's certificate") && reason.contains(wanted),
                "{reason}"
            );
            show.stop().await;
            continue;
        }
        show.live().await;
        show.figures(20, |stats| stats.sent_bytes > 1200 * 60).await;
        show.stop().await;
        assert_is_the_clip(&clip, &arrived.recv_timeout(Duration::from_secs(20)).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_connection_carries_frames_and_a_file_tells_the_reader_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("show.sdp");
    let (sender, arrived) = channel();
    let port = listen({
        let file = file.clone();
        move |mut stream, _| {
            let description = SessionDescription::parse(&std::fs::read_to_string(&file).unwrap()).unwrap();
            let mut collector = Collector::new(&description);
            let mut buffer = [0; 16_384];
            let mut has_reported = false;
            loop {
                match stream.read(&mut buffer).unwrap() {
                    0 => break,
                    len => collector.push(&buffer[..len]),
                }
                if !has_reported && collector.units.len() > 20 {
                    has_reported = true;
                    for report in collector.reports() {
                        stream.write_all(&framed(&report)).unwrap();
                    }
                }
            }
            let _ = sender.send(collector);
        }
    });
    let clip = clip(5000);
    let mut show = Show::start(
        destination(&format!("rtp+tcp://127.0.0.1:{port}?sdp={}", file.display())),
        &clip,
    );
    show.live().await;
    show.figures(20, |stats| stats.loss.is_some()).await;
    show.figures(20, |stats| stats.sent_bytes > 5300 * 60).await;
    show.stop().await;
    let collector = arrived.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_is_the_clip(&clip, &collector);
    assert_eq!(collector.byes, 2);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(&format!("m=video {port} TCP/RTP/AVP 96\r\n")), "{text}");

    let nowhere = format!(
        "rtp+tcp://127.0.0.1:{port}?sdp={}/none/show.sdp",
        folder.path().display()
    );
    let mut show = Show::start(destination(&nowhere), &clip);
    let reason = reason(show.state(20, is_failed).await);
    assert!(reason.contains("show.sdp: No such file"), "{reason}");
    show.stop().await;
}

/// GStreamer's RTSP server that records, behind a WebSocket: each binary message is a piece of the RTSP connection.
struct Recorder {
    process: Child,
    port: u16,
}

impl Recorder {
    fn start(folder: &Path) -> Option<Self> {
        peer("gst-inspect-1.0")?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/rtsp_recorder.py");
        // Debian's own python: another one first in the path has no gi.
        let mut command = Command::new("/usr/bin/python3");
        command
            .arg(script)
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
        let Some(port) = line.trim().strip_prefix("port ") else {
            rtmp_support::skip("GStreamer's RTSP server");
            let _ = process.kill();
            let _ = process.wait();
            return None;
        };
        let port = port.parse().unwrap();
        Some(Self { process, port })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Carries bytes between a WebSocket and a TCP connection until one of them ends; tells all requests of the client.
fn bridge(stream: TcpStream, to: u16, requests: &std::sync::mpsc::Sender<String>) {
    // As gortsplib's server: no subprotocol is named.
    let (mut socket, _) = upgrade(stream, "");
    socket
        .get_ref()
        .set_read_timeout(Some(Duration::from_millis(2)))
        .unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", to)).unwrap();
    server.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
    let is_waiting = |error: &std::io::Error| {
        matches!(
            error.kind(),
            std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
        )
    };
    let mut buffer = [0; 16_384];
    loop {
        match socket.read() {
            Ok(Message::Binary(bytes)) => {
                if let Ok(text) = std::str::from_utf8(&bytes) {
                    let _ = requests.send(text.to_owned());
                }
                server.write_all(&bytes).unwrap();
            }
            Ok(Message::Close(_)) => return,
            Ok(_) => {}
            Err(tungstenite::Error::Io(error)) if is_waiting(&error) => {}
            Err(_) => return,
        }
        match server.read(&mut buffer) {
            Ok(0) => return,
            Ok(len) => socket
                .send(Message::Binary(Bytes::copy_from_slice(&buffer[..len])))
                .unwrap(),
            Err(error) if is_waiting(&error) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn requests_of(receiver: &Receiver<String>) -> Vec<String> {
    let lines = receiver
        .try_iter()
        .filter_map(|text| text.lines().next().map(str::to_owned));
    lines.filter(|line| line.ends_with(" RTSP/1.0")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn gstreamers_rtsp_server_records_what_comes_through_a_websocket() {
    let folder = tempfile::tempdir().unwrap();
    let (Some(recorder), Some(_), Some(_)) = (Recorder::start(folder.path()), peer("ffmpeg"), peer("ffprobe")) else {
        return;
    };
    let (sender, requests) = channel();
    let to = recorder.port;
    let port = listen(move |stream, _| bridge(stream, to, &sender));
    let clip = Clip::make(folder.path(), 3);
    let mut show = Show::start(destination(&format!("rtsp+ws://127.0.0.1:{port}/test")), &clip);
    show.live().await;
    let before = show.stats.sent_bytes;
    show.figures(30, |stats| stats.sent_bytes > before + 120_000).await;
    show.stop().await;
    let asked = tokio::task::spawn_blocking(move || {
        // The goodbye may still be on its way through the bridge.
        let mut asked = requests_of(&requests);
        while !asked.last().is_some_and(|line| line.starts_with("TEARDOWN")) {
            let text = requests.recv_timeout(Duration::from_secs(20)).expect("TEARDOWN");
            asked.extend(
                text.lines()
                    .next()
                    .filter(|line| line.ends_with(" RTSP/1.0"))
                    .map(str::to_owned),
            );
        }
        asked
    });
    let asked = asked.await.unwrap();
    let methods: Vec<&str> = asked.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(methods, ["ANNOUNCE", "SETUP", "SETUP", "RECORD", "TEARDOWN"]);
    drop(recorder);
    for (file, codec) in [("video.h264", "h264"), ("audio.aac", "aac")] {
        let output = Command::new("ffprobe")
            .args([
                "-v",
                "error",
                "-count_frames",
                "-show_entries",
                "stream=codec_name,nb_read_frames",
                "-of",
                "csv=p=0",
            ])
            .arg(folder.path().join(file))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (found, frames) = text.trim().split_once(',').unwrap_or_default();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(
            found == codec && frames.parse::<u32>().is_ok_and(|frames| frames > 30),
            "{file}: {text} {complaints}"
        );
    }
}
