//! The other side of destinations that are no RTMP: sockets in this process, played by tungstenite and our own depacketisers.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rigcast::media::{TimeDelta, Timestamp, TrackKind};
use rigcast::wire::rtp::rtcp::write_receiver_report;
use rigcast::wire::rtp::{Depacketizer, FrameReader, ReceiveStats, Received, Rtcp, is_rtcp, parse_rtcp};
use rigcast::wire::sdp::SessionDescription;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;
use tungstenite::{Message, WebSocket};

/// Both directions of a connection, whatever is inside.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// How long a server waits for bytes that must come: then it ends, and the test with it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A listener that gives each connection with its number to `serve`, on a thread of its own.
pub fn listen(serve: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let stream = stream.unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let serve = Arc::clone(&serve);
            std::thread::spawn(move || serve(stream, number));
        }
    });
    port
}

/// The head of a request, up to the empty line and not a byte further.
pub fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read(&mut byte), Ok(1)) {
            break;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Reads the upgrade request and answers with what `headers` adds to a good answer.
pub fn upgrade<S: Stream>(mut stream: S, headers: &str) -> (WebSocket<S>, String) {
    let head = read_head(&mut stream);
    let key = head.split("Sec-WebSocket-Key: ").nth(1).unwrap_or_default();
    let accept = derive_accept_key(key.split("\r\n").next().unwrap().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{headers}\r\n"
    );
    let _ = stream.write_all(answer.as_bytes());
    (WebSocket::from_raw_socket(stream, Role::Server, None), head)
}

/// What an ingest agrees to by name.
pub const NAMED: &str = "Sec-WebSocket-Protocol: rtp4571.rigcast.v1\r\n";

/// Reads the offer, and answers that all of it is taken.
pub fn agree<S: Stream>(socket: &mut WebSocket<S>) -> SessionDescription {
    let Message::Text(offer) = socket.read().unwrap() else {
        panic!("no offer")
    };
    let offer = SessionDescription::parse(offer.as_str()).unwrap();
    socket.send(Message::Text(offer.answer().into())).unwrap();
    offer
}

/// RTP of one connection, put together again.
pub struct Collector {
    frames: FrameReader,
    tracks: Vec<Depacketizer>,
    start: Instant,
    pub units: Vec<(TrackKind, Bytes)>,
    pub sender_reports: usize,
    pub byes: usize,
}

impl Collector {
    pub fn new(description: &SessionDescription) -> Self {
        Self {
            frames: FrameReader::new(),
            tracks: description.tracks.iter().cloned().map(Depacketizer::new).collect(),
            start: Instant::now(),
            units: Vec::new(),
            sender_reports: 0,
            byes: 0,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::ZERO + TimeDelta::from_duration(self.start.elapsed())
    }

    /// Takes RFC 4571 frames.
    pub fn push(&mut self, bytes: &[u8]) {
        self.frames.push(bytes);
        while let Some(frame) = self.frames.next_frame() {
            let frame = frame.to_vec();
            self.packet(&frame);
        }
    }

    /// Takes one packet.
    pub fn packet(&mut self, packet: &[u8]) {
        let now = self.now();
        if is_rtcp(packet) {
            for said in parse_rtcp(packet).unwrap() {
                match said {
                    Rtcp::SenderReport(report) => {
                        self.sender_reports += 1;
                        for track in &mut self.tracks {
                            track.on_sender_report(&report, now);
                        }
                    }
                    Rtcp::Bye { .. } => self.byes += 1,
                    _ => {}
                }
            }
            return;
        }
        let track = self
            .tracks
            .iter_mut()
            .find(|track| track.track().payload_type == packet[1] & 0x7F);
        let track = track.expect("a track that was agreed on");
        track.receive(packet, now).unwrap();
        while let Some(received) = track.poll() {
            if let Received::Unit { data, .. } = received {
                self.units.push((track.track().kind, data));
            }
        }
    }

    /// A receiver report for each track, which claims that a tenth was lost.
    pub fn reports(&mut self) -> Vec<Vec<u8>> {
        let now = self.now();
        let blocks = self.tracks.iter_mut().filter_map(|track| track.report(now));
        let reports = blocks.map(|mut block| {
            block.fraction_lost = 26;
            let mut report = Vec::new();
            write_receiver_report(0xFEED, "ingest", &[block], &mut report);
            report
        });
        reports.collect()
    }

    pub fn stats(&self) -> Vec<ReceiveStats> {
        self.tracks.iter().map(Depacketizer::stats).collect()
    }

    pub fn of(&self, kind: TrackKind) -> Vec<Bytes> {
        let units = self.units.iter().filter(|(of, _)| *of == kind);
        units.map(|(_, data)| data.clone()).collect()
    }
}

/// A packet behind its length.
pub fn framed(packet: &[u8]) -> Vec<u8> {
    let length = u16::try_from(packet.len()).unwrap().to_be_bytes();
    [&length[..], packet].concat()
}

/// A certificate with its key, made by openssl.
pub struct Certificate {
    pub file: PathBuf,
    key: PathBuf,
}

impl Certificate {
    /// One that signs itself, for that name; `is_expired`: it was good in 2020.
    pub fn make(folder: &Path, name: &str, is_expired: bool) -> Self {
        let at = |file: &str| folder.join(file);
        let config = format!(
            "[req]\nprompt=no\ndistinguished_name=dn\n[dn]\nCN={name}\n[ca]\ndefault_ca=d\n[d]\ndatabase={dir}/index.txt\n\
             serial={dir}/serial\nnew_certs_dir={dir}\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n\
             [p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:{name}\nbasicConstraints=critical,CA:FALSE\n",
            dir = folder.display()
        );
        for (file, text) in [("openssl.cnf", config.as_str()), ("index.txt", ""), ("serial", "01\n")] {
            std::fs::write(at(file), text).unwrap();
        }
        let openssl = |command: &str| {
            let mut openssl = Command::new("openssl");
            openssl.current_dir(folder).args(command.split(' '));
            let output = openssl.stdin(Stdio::null()).output().unwrap();
            assert!(
                output.status.success(),
                "{command}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        };
        openssl(
            "req -config openssl.cnf -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out r.csr",
        );
        let (from, to) = if is_expired { ("2020", "2021") } else { ("2020", "2049") };
        openssl(&format!(
            "ca -batch -notext -selfsign -config openssl.cnf -keyfile key.pem -in r.csr -out cert.pem \
             -startdate {from}0101000000Z -enddate {to}0101000000Z"
        ));
        Self {
            file: at("cert.pem"),
            key: at("key.pem"),
        }
    }

    /// The server's end of a TLS connection.
    pub fn serve(&self, stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_file(&self.file).unwrap()],
                PrivateKeyDer::from_pem_file(&self.key).unwrap(),
            )
            .unwrap();
        StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream)
    }
}
