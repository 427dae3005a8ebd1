//! Publishing to servers that behave badly, and to one behind TLS. All of them are sockets in this process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod rtmp_support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rigcast::media::Timestamp;
use rigcast::publish::DestinationState;
use rigcast::wire::amf0::{self, Value};
use rigcast::wire::rtmp::chunk_writer::Envelope;
use rigcast::wire::rtmp::{ChunkReader, ChunkWriter, Handshake, Message, kind};
use rtmp_support::{Clip, KEY, Show, destination, peer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

/// The server's side of one connection, as far as a test takes it.
struct Session<S> {
    stream: S,
    reader: ChunkReader,
    writer: ChunkWriter,
    pending: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    async fn greet(mut stream: S) -> std::io::Result<Self> {
        let mut handshake = Handshake::new();
        let mut hello = vec![3];
        hello.resize(1537, 0);
        stream.write_all(&hello).await?;
        let mut has_echoed = false;
        let mut buffer = [0; 4096];
        loop {
            let len = stream.read(&mut buffer).await?;
            let mut input = &buffer[..len];
            let done = len == 0 || handshake.read(&mut input).unwrap();
            if !has_echoed && let Some(echo) = handshake.echo() {
                stream.write_all(echo).await?;
                has_echoed = true;
            }
            if done {
                let pending = input.to_vec();
                return Ok(Self {
                    stream,
                    reader: ChunkReader::new(1 << 20),
                    writer: ChunkWriter::new(),
                    pending,
                });
            }
        }
    }

    async fn message(&mut self) -> std::io::Result<Message> {
        loop {
            let mut input = &self.pending[..];
            let message = self.reader.read(&mut input).unwrap();
            self.pending = input.to_vec();
            if let Some(message) = message {
                return Ok(message);
            }
            let mut buffer = vec![0; 4096];
            let len = self.stream.read(&mut buffer).await?;
            if len == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            self.pending.extend_from_slice(&buffer[..len]);
        }
    }

    async fn command(&mut self, name: &str, transaction: f64, argument: Value) -> std::io::Result<()> {
        let mut body = Vec::new();
        for value in [Value::string(name), Value::Number(transaction), Value::Null, argument] {
            value.encode(&mut body);
        }
        let envelope = Envelope {
            chunk_stream: 3,
            kind: kind::COMMAND,
            stream_id: 0,
            timestamp: Timestamp::ZERO,
        };
        let mut wire = Vec::new();
        self.writer.write(envelope, &[], &body, &mut wire);
        self.stream.write_all(&wire).await
    }

    async fn status(&mut self, level: &str, code: &str, description: &str) -> std::io::Result<()> {
        let info = Value::object([
            ("level", Value::string(level)),
            ("code", Value::string(code)),
            ("description", Value::string(description)),
        ]);
        self.command("onStatus", 0.0, info).await
    }

    /// Answers everything up to `publish`, and leaves the answer to that to the test.
    async fn until_publish(&mut self) -> std::io::Result<()> {
        loop {
            let message = self.message().await?;
            if message.kind != kind::COMMAND {
                continue;
            }
            let values = amf0::decode_all(&message.payload).unwrap();
            let transaction = values[1].as_f64().unwrap();
            match values[0].as_str().unwrap() {
                "connect" => self.command("_result", transaction, Value::Null).await?,
                "createStream" => self.command("_result", transaction, Value::Number(1.0)).await?,
                "publish" => {
                    assert_eq!(values[3].as_str(), Some(KEY));
                    return Ok(());
                }
                _ => {}
            }
        }
    }
}

/// A listener on loopback with a small receive buffer, so that a server that stops reading is felt soon.
fn listen() -> (TcpListener, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(32 * 1024).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(16).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn is_backoff(state: &DestinationState) -> bool {
    matches!(state, DestinationState::Backoff { .. })
}

fn reason(state: DestinationState) -> String {
    match state {
        DestinationState::Backoff { reason, .. } | DestinationState::Failed { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn garbage_is_named_with_its_position() {
    let (listener, port) = listen();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut session = Session::greet(stream).await.unwrap();
            let _ = session.stream.write_all(&[0xEE; 4000]).await;
            let _ = session.message().await;
        }
    });
    let mut show = Show::start(destination("rtmp", "127.0.0.1", port, "live"), &Clip::synthetic(100));
    let reason = reason(show.state(20, is_backoff).await);
    assert!(
        reason.contains("RTMP byte 0: chunk stream 46 starts without a full header"),
        "{reason}"
    );
    show.stop().await;
}

#[tokio::test]
async fn a_web_server_is_told_from_an_rtmp_server() {
    let (listener, port) = listen();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let mut show = Show::start(destination("rtmp", "127.0.0.1", port, "live"), &Clip::synthetic(100));
    let reason = reason(show.state(20, is_backoff).await);
    assert!(reason.contains("not an RTMP server"), "{reason}");
    show.stop().await;
}

/// A server that answers every publish with `level`, `code` and `description`, and tells of every connection.
fn refusing(
    level: &'static str,
    code: &'static str,
    description: &'static str,
) -> (u16, tokio::sync::mpsc::UnboundedReceiver<()>) {
    let (listener, port) = listen();
    let (sender, connections) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut session = Session::greet(stream).await.unwrap();
            session.until_publish().await.unwrap();
            session.status(level, code, description).await.unwrap();
            let _ = sender.send(());
            while session.message().await.is_ok() {}
        }
    });
    (port, connections)
}

#[tokio::test]
async fn a_busy_name_is_tried_again() {
    let (port, _connections) = refusing(
        "error",
        "NetStream.Publish.BadName",
        "Already publishing sk-0123-secret",
    );
    let mut show = Show::start(destination("rtmp", "127.0.0.1", port, "live"), &Clip::synthetic(100));
    for wanted in 1..=2 {
        let state = show
            .state(
                20,
                |state| matches!(state, DestinationState::Backoff { attempt, .. } if *attempt == wanted),
            )
            .await;
        let reason = reason(state);
        assert!(
            reason.contains("NetStream.Publish.BadName (Already publishing ••••)"),
            "{reason}"
        );
    }
    show.stop().await;
}

#[tokio::test]
async fn refused_credentials_end_it_until_the_operator_says_so() {
    let (port, mut connections) = refusing("error", "NetStream.Publish.Denied", "no permission for sk-0123-secret");
    let mut show = Show::start(destination("rtmp", "127.0.0.1", port, "live"), &Clip::synthetic(100));
    let failed = |state: &DestinationState| matches!(state, DestinationState::Failed { .. });
    let reason = reason(show.state(20, failed).await);
    assert!(reason.contains("NetStream.Publish.Denied"), "{reason}");
    connections.recv().await.unwrap();
    // Three more seconds' figures, and no other attempt.
    for _ in 0..3 {
        show.figures(20, |_| true).await;
    }
    assert!(connections.try_recv().is_err(), "tried again by itself");
    show.handle.retry_now();
    connections.recv().await.unwrap();
    show.state(20, failed).await;
    show.stop().await;
}

#[tokio::test]
async fn retry_now_ends_a_backoff() {
    let (listener, port) = listen();
    let (sender, mut connections) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            drop(listener.accept().await.unwrap());
            let _ = sender.send(());
        }
    });
    let mut show = Show::start(destination("rtmp", "127.0.0.1", port, "live"), &Clip::synthetic(100));
    let state = show
        .state(20, |state| {
            matches!(state, DestinationState::Backoff { attempt: 4, .. })
        })
        .await;
    let DestinationState::Backoff {
        reason, retry_in_ms, ..
    } = state
    else {
        unreachable!()
    };
    assert!(retry_in_ms > 3000, "{retry_in_ms}");
    eprintln!("a server that closes at once: {reason}");
    while connections.try_recv().is_ok() {}
    let before = Instant::now();
    show.handle.retry_now();
    connections.recv().await.unwrap();
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
    show.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_reading_is_bounded_noticed_and_left() {
    let (listener, port) = listen();
    tokio::spawn(async move {
        let mut frozen = Vec::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut session = Session::greet(stream).await.unwrap();
            session.until_publish().await.unwrap();
            session.status("status", "NetStream.Publish.Start", "").await.unwrap();
            // Reads no more, and keeps the connection.
            frozen.push(session);
        }
    });
    // 30 pictures of 20 kB per second: 600 kB/s.
    let mut show = Show::start(destination("rtmp", "127.0.0.1", port, "live"), &Clip::synthetic(20_000));
    show.figures(20, |stats| stats.dropped_frames > 90).await;
    let frozen = show.stats.clone();
    assert!(frozen.queue_ms <= 3000, "{frozen:?}");
    assert!(
        frozen.sent_bytes < 2_000_000,
        "the kernel swallowed the show: {frozen:?}"
    );
    let state = show.state(40, is_backoff).await;
    let reason = reason(state);
    assert!(reason.contains("has taken nothing for 10 s"), "{reason}");
    assert_eq!(show.stats.sent_bytes, frozen.sent_bytes, "nothing moved meanwhile");
    let took = show.stop().await;
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_is_bounded_before_the_server_has_accepted() {
    let (port, mut connections) = refusing("status", "NetStream.Nothing", "");
    let show = Show::start(destination("rtmp", "127.0.0.1", port, "live"), &Clip::synthetic(100));
    connections.recv().await.unwrap();
    assert!(show.stop().await < Duration::from_secs(3));
}

#[tokio::test]
async fn a_url_without_a_key_fails_at_once() {
    let url = rigcast::secret::SecretUrl::parse("rtmp://127.0.0.1:1/live").unwrap();
    let spec = rigcast::publish::DestinationSpec::new("test", url);
    let mut show = Show::start(spec, &Clip::synthetic(100));
    let state = show
        .state(20, |state| matches!(state, DestinationState::Failed { .. }))
        .await;
    assert!(reason(state).contains("no stream key"));
    show.stop().await;
}

/// A certificate for `localhost` that signs itself, made by openssl: its file, and the server's configuration.
fn self_signed(folder: &Path) -> (std::path::PathBuf, tokio_rustls::TlsAcceptor) {
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let status = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(&cert).unwrap()],
            PrivateKeyDer::from_pem_file(&key).unwrap(),
        )
        .unwrap();
    (cert, tokio_rustls::TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test(flavor = "multi_thread")]
async fn publishes_through_tls_and_only_to_those_it_trusts() {
    let Some(_) = peer("openssl") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (certificate, acceptor) = self_signed(folder.path());
    let (listener, port) = listen();
    let (sender, mut messages) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut session = Session::greet(stream).await.unwrap();
            session.until_publish().await.unwrap();
            session.status("status", "NetStream.Publish.Start", "").await.unwrap();
            while let Ok(message) = session.message().await {
                let _ = sender.send(message);
            }
        }
    });

    let mut spec = destination("rtmps", "localhost", port, "live");
    let mut stranger = Show::start(spec.clone(), &Clip::synthetic(1000));
    let reason = reason(stranger.state(20, is_backoff).await);
    assert!(reason.starts_with(&format!("localhost:{port}: TLS: ")), "{reason}");
    stranger.stop().await;

    spec.ca_file = Some(certificate);
    let mut show = Show::start(spec, &Clip::synthetic(1000));
    show.live().await;
    show.figures(20, |stats| stats.sent_bytes > 60_000).await;
    show.stop().await;
    let mut kinds = Vec::new();
    let mut last = None;
    // What was sent last may still be on its way.
    while last.as_deref() != Some("deleteStream") {
        let message = tokio::time::timeout(Duration::from_secs(20), messages.recv()).await;
        let message = message.expect("the server hears of the end").unwrap();
        if message.kind == kind::COMMAND {
            last = amf0::decode_all(&message.payload).unwrap()[0]
                .as_str()
                .map(str::to_owned);
        }
        if message.kind == kind::VIDEO {
            kinds.push((
                message.timestamp.to_millis(),
                message.payload[0] >> 4,
                message.payload[1],
            ));
        }
    }
    assert_eq!(
        kinds[..2],
        [(0, 1, 0), (0, 1, 1)],
        "sequence header, then an IDR, both at zero"
    );
    assert!(kinds.len() > 30 && kinds.windows(2).all(|pair| pair[1].0 >= pair[0].0));
}

#[tokio::test]
async fn a_file_that_is_no_certificate_fails_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roots.pem");
    std::fs::write(&file, "not a certificate").unwrap();
    let mut spec = destination("rtmps", "localhost", 1, "live");
    spec.ca_file = Some(file);
    let mut show = Show::start(spec, &Clip::synthetic(100));
    let state = show
        .state(20, |state| matches!(state, DestinationState::Failed { .. }))
        .await;
    assert!(reason(state).contains("roots.pem: has no certificate in it"));
    show.stop().await;
}
