//! RTSP against GStreamer's server, and against peers that misbehave.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

#[path = "common/pace.rs"]
mod pace;
mod source_support;
#[path = "source_support/told.rs"]
mod told;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use rigcast::media::{AudioBlock, FrameRate, Plane, Timestamp};
use rigcast::secret::{Secret, SecretUrl};
use rigcast::source::{
    RtspSpec, RtspTransport, SourceAudio, SourceContext, SourceHandle, SourceKind, SourceReport, SourceSpec,
    SourceState, start,
};

use told::wait_for_state;

const PYTHON: &str = "/usr/bin/python3";
const PATIENCE: Duration = Duration::from_secs(40);

/// GStreamer's server on a port of its own. Killed when dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// `None`, and said so, where its pieces are missing.
    fn start(arguments: &str) -> Option<Self> {
        let probe = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer";
        let has_bindings = Command::new(PYTHON)
            .args(["-c", probe])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !has_bindings {
            source_support::peers::skip("gst-rtsp-server's python bindings");
            return None;
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/rtsp_server.py");
        let mut child = Command::new(PYTHON)
            .arg(script)
            .args(arguments.split_whitespace())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line
            .trim()
            .strip_prefix("port ")
            .expect("the server says its port")
            .parse()
            .unwrap();
        Some(Self { child, port })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A source under test and what it says.
struct Rig {
    handle: SourceHandle,
    context: SourceContext,
    reports: mpsc::Receiver<SourceReport>,
    seen: Vec<SourceReport>,
}

impl Rig {
    fn pull(port: u16, transport: RtspTransport) -> Self {
        Self::pull_as(&format!("rtsp://127.0.0.1:{port}/test"), transport, None)
    }

    fn pull_as(url: &str, transport: RtspTransport, login: Option<(&str, &str)>) -> Self {
        let (sender, reports) = mpsc::channel();
        let sender = Mutex::new(sender);
        let context = source_support::context(FrameRate::whole(30));
        let spec = SourceSpec {
            name: "camera".to_owned(),
            kind: SourceKind::Rtsp(RtspSpec {
                url: SecretUrl::parse(url).unwrap(),
                transport,
                user: login.map(|(user, _)| user.to_owned()),
                password: login.map(|(_, password)| Secret::new(password)),
            }),
        };
        let handle = start(spec, context.clone(), move |report| {
            let _ = sender.lock().unwrap().send(report);
        });
        Self {
            handle,
            context,
            reports,
            seen: Vec::new(),
        }
    }

    /// Waits for a state that `is_wanted`.
    fn wait_for(&mut self, is_wanted: impl Fn(&SourceState) -> bool) -> SourceState {
        wait_for_state(&self.reports, &mut self.seen, PATIENCE, is_wanted)
    }

    fn wait_until_live(&mut self) {
        self.wait_for(|state| *state == SourceState::Live);
    }

    fn wait_until_away(&mut self) -> String {
        match self.wait_for(|state| matches!(state, SourceState::Away { .. })) {
            SourceState::Away { reason } => reason,
            _ => unreachable!(),
        }
    }

    /// Fetches like a studio for `millis`: pictures tick by tick, sound block by block.
    fn watch(&mut self, ring: &mut rtrb::Consumer<AudioBlock>, millis: i64) -> (Vec<Timestamp>, Vec<AudioBlock>) {
        let begin = self.context.clock.now();
        let rate = self.context.frame_rate;
        let (mut shown, mut blocks) = (Vec::new(), Vec::new());
        let mut tick = rate.frame_at(begin) + 1;
        while rate.frame_time(tick) < begin + rigcast::media::TimeDelta::from_millis(millis) {
            self.context.clock.sleep_until(rate.frame_time(tick));
            if let Some(frame) = self.handle.video().frame_at(rate.frame_time(tick))
                && shown.last() != Some(&frame.pts)
            {
                shown.push(frame.pts);
            }
            blocks.extend(std::iter::from_fn(|| ring.pop().ok()));
            tick += 1;
        }
        (shown, blocks)
    }
}

/// Level of `hz` in a piece of sound, as a share of full scale.
fn level_at(blocks: &[AudioBlock], hz: f64) -> f64 {
    let (mut cosine, mut sine, mut count) = (0.0, 0.0, 0);
    for block in blocks {
        for (at, sample) in block.channels[0].iter().enumerate() {
            let phase = std::f64::consts::TAU * hz * (block.pts.to_48k() + at as i64) as f64 / 48_000.0;
            cosine += f64::from(*sample) * phase.cos();
            sine += f64::from(*sample) * phase.sin();
            count += 1;
        }
    }
    2.0 * f64::hypot(cosine, sine) / f64::from(count.max(1))
}

fn assert_plays(arguments: &str, transport: RtspTransport, sound: SourceAudio) {
    pace::in_real_time_beside(arguments, |_| plays(arguments, transport, sound));
}

fn plays(arguments: &str, transport: RtspTransport, sound: SourceAudio) {
    let Some(server) = Server::start(arguments) else { return };
    let mut rig = Rig::pull(server.port, transport);
    rig.wait_until_live();
    let mut ring = rig.handle.take_audio().unwrap();
    // The first second settles where sound belongs.
    rig.watch(&mut ring, 1_500);
    let (shown, blocks) = rig.watch(&mut ring, 2_000);
    assert!(shown.len() >= 50, "{} pictures in 2 s", shown.len());
    assert!(shown.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(blocks.len() >= 190, "{} blocks in 2 s", blocks.len());
    assert!(
        blocks
            .windows(2)
            .all(|pair| pair[1].pts - pair[0].pts == AudioBlock::duration()),
        "a hole in the sound"
    );
    // GStreamer's tone of volume 0.5; a clean sine over two seconds shows that nothing jumps.
    let level = level_at(&blocks, 440.0);
    assert!((0.4..0.6).contains(&level), "level {level}");
    // Sound lies ahead of now by about the latency.
    let ahead = (blocks.last().unwrap().pts - rig.context.clock.now()).to_millis();
    assert!((20..400).contains(&ahead), "{ahead} ms ahead");
    let frame = rig.handle.video().frame_at(rig.context.clock.now()).unwrap();
    assert_eq!((frame.width(), frame.height()), (320, 180));
    assert!(
        frame.plane(Plane::Y).iter().any(|luma| *luma > 150),
        "the ball is white"
    );
    let format = rig
        .reports
        .try_iter()
        .chain(rig.seen.clone())
        .find_map(|report| match report {
            SourceReport::Format(format) if format.audio.is_some() => Some(format),
            _ => None,
        });
    assert_eq!(format.unwrap().audio, Some(sound));
}

#[test]
fn h264_and_aac_over_tcp() {
    assert_plays("--sound aac", RtspTransport::Tcp, SourceAudio::new(44_100, 2));
}

#[test]
fn h264_and_aac_over_udp() {
    assert_plays("--sound aac", RtspTransport::Udp, SourceAudio::new(44_100, 2));
}

#[test]
fn h264_and_pcmu_over_tcp() {
    assert_plays("--sound pcmu", RtspTransport::Tcp, SourceAudio::new(8_000, 1));
}

#[test]
fn a_track_that_is_not_played_is_named_and_left_out() {
    let Some(server) = Server::start("--sound opus") else {
        return;
    };
    let mut rig = Rig::pull(server.port, RtspTransport::Tcp);
    rig.wait_until_live();
    assert!(
        rig.seen
            .iter()
            .any(|report| matches!(report, SourceReport::Notice(text) if text.contains("opus"))),
        "{:?}",
        rig.seen
    );
}

#[test]
fn sound_alone_is_live_too() {
    let Some(server) = Server::start("--video none --sound pcmu") else {
        return;
    };
    let mut rig = Rig::pull(server.port, RtspTransport::Tcp);
    rig.wait_until_live();
}

#[test]
fn credentials_are_used_and_never_shown() {
    let Some(server) = Server::start("--user ann --password s3cr3t") else {
        return;
    };
    let address = format!("127.0.0.1:{}/test", server.port);
    Rig::pull_as(&format!("rtsp://ann:s3cr3t@{address}"), RtspTransport::Tcp, None).wait_until_live();
    let bare = format!("rtsp://{address}");
    Rig::pull_as(&bare, RtspTransport::Tcp, Some(("ann", "s3cr3t"))).wait_until_live();
    for mut rig in [
        Rig::pull_as(&format!("rtsp://ann:wr0ng@{address}"), RtspTransport::Tcp, None),
        Rig::pull_as(&bare, RtspTransport::Tcp, Some(("ann", "wr0ng"))),
        Rig::pull_as(&bare, RtspTransport::Tcp, None),
    ] {
        // A server that is slow to answer is away as well, for that reason; it is asked again.
        let is_refused =
            |state: &SourceState| matches!(state, SourceState::Away { reason } if reason.contains("credentials"));
        let SourceState::Away { reason } = rig.wait_for(is_refused) else {
            unreachable!()
        };
        assert!(reason.contains(&format!("127.0.0.1:{}", server.port)), "{reason}");
        assert!(!format!("{:?}", rig.seen).contains("wr0ng"), "{:?}", rig.seen);
    }
}

#[test]
fn a_server_that_is_killed_is_away_and_comes_back() {
    let Some(server) = Server::start("--sound aac") else {
        return;
    };
    let port = server.port;
    let mut rig = Rig::pull(port, RtspTransport::Tcp);
    rig.wait_until_live();
    drop(server);
    let reason = rig.wait_until_away();
    assert!(reason.contains(&format!("127.0.0.1:{port}")), "{reason}");
    let _server = Server::start(&format!("--sound aac --port {port}")).unwrap();
    rig.wait_until_live();
    let states: Vec<&SourceReport> = rig
        .seen
        .iter()
        .filter(|report| matches!(report, SourceReport::State(_)))
        .collect();
    assert!(
        matches!(states[0], SourceReport::State(SourceState::Live)),
        "{states:?}"
    );
    assert!(
        matches!(states.last(), Some(SourceReport::State(SourceState::Live))),
        "{states:?}"
    );
}

/// A peer that reads a request and answers as `answer` wants, once per connection.
fn fake_server(answer: impl Fn(&mut TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 2_048];
            let _ = stream.read(&mut request);
            answer(&mut stream);
        }
    });
    port
}

fn describe(sdp: &str) -> String {
    format!(
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    )
}

#[test]
fn peers_that_misbehave_are_named() {
    let head = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n";
    let hevc = format!("{head}m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=control:1\r\n");
    let empty = head.to_owned();
    let broken = format!("{head}m=video zero RTP/AVP\r\na=rtpmap:\r\n");
    let lies = format!(
        "{head}m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 sprop-parameter-sets=AAAA,////\r\na=control:1\r\n"
    );
    for (answer, wanted) in [
        (String::new(), "DESCRIBE"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n<html>".to_owned(), "DESCRIBE"),
        ("\0\u{1}\u{2}garbage".repeat(100), "DESCRIBE"),
        ("RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n".to_owned(), "404"),
        (
            "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: 4000000000\r\n\r\n"
                .to_owned(),
            "DESCRIBE",
        ),
        (describe(&hevc), "h265"),
        (describe(&empty), "No parseable streams"),
        (describe(&broken), "DESCRIBE"),
        (describe(&lies), "127.0.0.1"),
    ] {
        let sent = answer.clone();
        let port = fake_server(move |stream| {
            let _ = stream.write_all(sent.as_bytes());
        });
        let reason = Rig::pull(port, RtspTransport::Tcp).wait_until_away();
        assert!(reason.contains(&format!("127.0.0.1:{port}")), "{reason}");
        assert!(reason.contains(wanted), "{answer:?}: {reason}");
        assert!(
            reason.len() < 500 && !reason.contains('\n') && !reason.contains("internal fault"),
            "{reason}"
        );
    }
}

#[test]
fn a_peer_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let reason = Rig::pull(port, RtspTransport::Tcp).wait_until_away();
    assert!(reason.contains("no answer within 5 s while DESCRIBE"), "{reason}");
    drop(listener);
    let reason = Rig::pull(port, RtspTransport::Tcp).wait_until_away();
    assert!(reason.to_lowercase().contains("refused"), "{reason}");
}
