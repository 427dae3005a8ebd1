//! Viewer counts over real connections: a server of every bad manner, and Debian's nginx with real readers.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::common::{Guard, PATIENCE, free_port, peer, skip, wait_for};
use crate::stat_server::{Manner, StatServer};
use rigcast::audience::{AudienceHandle, AudienceReport, StatsKind, StatsSpec, start};
use rigcast::clock::Clock;
use rigcast::media::TimeDelta;
use rigcast::secret::{Secret, SecretUrl};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A runtime and the reports of one server that is asked ten times a second.
struct Rig {
    // Dropped before its runtime.
    handle: AudienceHandle,
    reports: UnboundedReceiver<AudienceReport>,
    runtime: Runtime,
}

impl Rig {
    fn start(spec: StatsSpec) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (sender, reports) = unbounded_channel();
        let guard = runtime.enter();
        let handle = start(spec, Clock::start(), move |report| drop(sender.send(report)));
        drop(guard);
        Self {
            handle,
            reports,
            runtime,
        }
    }

    fn next(&mut self) -> AudienceReport {
        let next = async { tokio::time::timeout(PATIENCE, self.reports.recv()).await };
        self.runtime
            .block_on(next)
            .expect("no report")
            .expect("the task is gone")
    }

    /// Waits for that report. Others may come before it: a loaded machine can be late even for a server that is well.
    fn until(&mut self, wanted: &AudienceReport) {
        let deadline = Instant::now() + PATIENCE;
        let mut last = None;
        while last.as_ref() != Some(wanted) {
            assert!(
                Instant::now() < deadline,
                "waited for {wanted:?}, the last was {last:?}"
            );
            last = Some(self.next());
        }
    }

    /// Waits for a failure that begins like this, likewise.
    fn until_failed(&mut self, wanted: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut last = None;
        loop {
            assert!(
                Instant::now() < deadline,
                "waited for {wanted:?}, the last was {last:?}"
            );
            match self.next() {
                AudienceReport::Failed(reason) if reason.starts_with(wanted) => return reason,
                // None of the manners that fail is a count, not even once.
                AudienceReport::Viewers(viewers) => panic!("{viewers} were counted, not {wanted:?}"),
                report @ AudienceReport::Failed(_) => last = Some(report),
            }
        }
    }
}

fn nginx_kind() -> StatsKind {
    StatsKind::NginxRtmp {
        application: Some("live".to_owned()),
        stream: Some("show".to_owned()),
    }
}

fn spec(kind: StatsKind, url: &str) -> StatsSpec {
    StatsSpec {
        every: TimeDelta::from_millis(100),
        ..StatsSpec::new("edge", kind, SecretUrl::parse(url).unwrap())
    }
}

#[test]
fn counts_follow_the_page() {
    let server = StatServer::start();
    let mut rig = Rig::start(spec(nginx_kind(), &server.url("")));
    for viewers in [50, 500, 5000, 0] {
        server.set_viewers(viewers);
        rig.until(&AudienceReport::Viewers(viewers));
    }
    server.set_manner(Manner::Linger);
    server.set_viewers(7);
    rig.until(&AudienceReport::Viewers(7));
    let question = server.question(0).to_lowercase();
    assert!(question.starts_with("get /stat http/1.1\r\n"), "{question}");
    assert!(
        question.contains(&format!("host: {}\r\n", server.address)),
        "{question}"
    );
    assert!(!question.contains("authorization"), "{question}");
}

#[test]
fn each_bad_manner_is_named_and_none_lasts() {
    let server = StatServer::start();
    let peer = server.address.to_string();
    let answer = |status, headers: &str, body: &str| Manner::Answer(status, headers.to_owned(), body.to_owned());
    let cases = [
        (answer(500, "", ""), "answers 500 Internal Server Error"),
        (
            answer(302, "Location: http://127.0.0.1:1/secret\r\n", ""),
            "answers 302 Found, which is not followed: the url must be the one that it leads to",
        ),
        (
            answer(401, "", ""),
            "answers 401 Unauthorized: token or password are missing or wrong",
        ),
        (
            answer(404, "", ""),
            "answers 404 Not Found: is the path of the url right?",
        ),
        (answer(200, "", "<html>"), "the answer is no XML: line 1, column "),
        (answer(200, "", ""), "the answer is no XML: line 1, column 1"),
        (
            Manner::Garbage(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
            "invalid HTTP version parsed",
        ),
        (Manner::Garbage(vec![0; 4096]), "invalid HTTP version parsed"),
        (Manner::Close, "connection closed before message completed"),
        (Manner::Stall, "no whole answer within 1 s"),
        (Manner::StallInside, "no whole answer within 1 s"),
        (
            Manner::Endless,
            "the answer is longer than 4194304 bytes; \"rtmp_stat live\" leaves its clients out",
        ),
        (
            answer(200, "X: y\r\n".repeat(200).as_str(), ""),
            "message head is too large",
        ),
    ];
    for (manner, expected) in cases {
        server.set_manner(manner);
        let mut rig = Rig::start(spec(nginx_kind(), &server.url("/hidden/stat?key=hunter2")));
        let reason = rig.until_failed(&format!("{peer}: {expected}"));
        assert!(!reason.contains("hunter2") && !reason.contains("secret"), "{reason}");
        server.set_manner(Manner::Page);
        server.set_viewers(3);
        rig.until(&AudienceReport::Viewers(3));
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let peer = format!("127.0.0.1:{}", free_port());
    let mut rig = Rig::start(spec(nginx_kind(), &format!("http://{peer}/")));
    rig.until_failed(&format!("{peer}: Connection refused"));
}

#[test]
fn who_asks_is_told_and_no_longer_asks_when_its_handle_is_gone() {
    let server = StatServer::start();
    let kind = StatsKind::Json {
        pointer: "/live/viewers".to_owned(),
    };
    let body = r#"{"live":{"viewers":"1207"}}"#.to_owned();
    server.set_manner(Manner::Answer(200, String::new(), body));
    let with_token = StatsSpec {
        token: Some(Secret::new("t0ken")),
        ..spec(kind, &server.url("/api?channel=7"))
    };
    let mut rig = Rig::start(with_token);
    rig.until(&AudienceReport::Viewers(1207));
    let question = server.question(0);
    assert!(question.starts_with("GET /api?channel=7 HTTP/1.1\r\n"), "{question}");
    assert!(question.contains("Bearer t0ken\r\n"), "{question}");
    let Rig {
        handle,
        mut reports,
        runtime,
    } = rig;
    drop(handle);
    let rest = async { tokio::time::timeout(PATIENCE, async { while reports.recv().await.is_some() {} }).await };
    runtime.block_on(rest).expect("the task goes on");
}

const MODULE: &str = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

/// The real thing, with its stat page by http and by https, and readers that come and go.
#[test]
fn a_real_nginx_is_counted_by_http_and_https() {
    let (Some(nginx), Some(ffmpeg), Some(openssl)) = (peer("nginx"), peer("ffmpeg"), peer("openssl")) else {
        return;
    };
    if !std::path::Path::new(MODULE).exists() {
        skip("libnginx-mod-rtmp");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().display();
    let (rtmp, http, https) = (free_port(), free_port(), free_port());
    let mut certificate = Command::new(openssl);
    certificate.current_dir(folder.path()).args(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext \
         subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE -keyout key.pem -out cert.pem"
            .split_whitespace(),
    );
    assert!(certificate.output().unwrap().status.success());
    let scratch =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {dir}/{kind};"));
    let conf = format!(
        "daemon off; master_process off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log info;\n\
         load_module {MODULE};\nevents {{ worker_connections 64; }}\n\
         rtmp {{ access_log off; server {{ listen 127.0.0.1:{rtmp}; application live {{ live on; }} }} }}\n\
         http {{ access_log off; {scratch} server {{ listen 127.0.0.1:{http}; listen 127.0.0.1:{https} ssl;\n\
           ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem; location /stat {{ rtmp_stat all; }} }} }}\n",
        scratch = scratch.join(" "),
    );
    std::fs::write(folder.path().join("nginx.conf"), conf).unwrap();
    let mut command = Command::new(nginx);
    command
        .arg("-p")
        .arg(folder.path())
        .arg("-c")
        .arg(folder.path().join("nginx.conf"));
    let _nginx = Guard::spawn(command.stdout(Stdio::null()).stderr(Stdio::null()));
    for port in [rtmp, http, https] {
        wait_for("nginx", PATIENCE, || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
    }

    let mut plain = Rig::start(spec(nginx_kind(), &format!("http://127.0.0.1:{http}/stat")));
    // Nobody is on air.
    plain.until(&AudienceReport::Viewers(0));
    let over_tls = |ca_file| StatsSpec {
        ca_file,
        ..spec(nginx_kind(), &format!("https://localhost:{https}/stat"))
    };
    let stranger = Rig::start(over_tls(None)).until_failed(&format!("localhost:{https}: TLS: "));
    assert!(stranger.contains("certificate"), "{stranger}");
    let mut inside_tls = Rig::start(over_tls(Some(folder.path().join("cert.pem"))));
    inside_tls.until(&AudienceReport::Viewers(0));

    let url = format!("rtmp://127.0.0.1:{rtmp}/live/show");
    let ffmpeg = |args: &str| {
        let mut command = Command::new(&ffmpeg);
        command.args(["-nostdin", "-v", "error"]).args(args.split(' '));
        Guard::spawn(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))
    };
    let _publisher = ffmpeg(&format!(
        "-re -f lavfi -i testsrc=s=64x36:r=10 -c:v libx264 -tune zerolatency -g 10 -f flv {url}"
    ));
    let read = || ffmpeg(&format!("-rw_timeout 30000000 -i {url} -c copy -f null -"));
    let mut readers = vec![read()];
    inside_tls.until(&AudienceReport::Viewers(1));
    readers.push(read());
    inside_tls.until(&AudienceReport::Viewers(2));
    plain.until(&AudienceReport::Viewers(2));
    readers.clear();
    plain.until(&AudienceReport::Viewers(0));
}
