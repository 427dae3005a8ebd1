//! Publishing to a real nginx with libnginx-mod-rtmp, pulled again by a real ffprobe.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod rtmp_support;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rigcast::media::TimeDelta;
use rigcast::publish::DestinationState;
use rtmp_support::{Clip, KEY, Show, Step, destination, free_port, peer, skip};
use tokio::io::{AsyncBufReadExt, BufReader};

/// An nginx of our own: own folder, own port, ended with the test.
struct Nginx {
    process: Child,
    folder: PathBuf,
    port: u16,
}

const MODULE: &str = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

impl Nginx {
    fn peer() -> Option<()> {
        peer("nginx")?;
        if !Path::new(MODULE).exists() {
            skip("libnginx-mod-rtmp");
            return None;
        }
        Some(())
    }

    /// `refusing` is an application whose every publisher is refused.
    fn start(folder: &Path, port: u16) -> Self {
        let conf = format!(
            "load_module {MODULE};\ndaemon off;\nmaster_process off;\npid {dir}/nginx.pid;\nerror_log {dir}/error.log info;\n\
             events {{ worker_connections 64; }}\n\
             rtmp {{ server {{ listen 127.0.0.1:{port}; chunk_size 4096;\n\
             application live {{ live on; }}\n\
             application refusing {{ live on; deny publish all; }} }} }}\n",
            dir = folder.display()
        );
        std::fs::write(folder.join("nginx.conf"), conf).unwrap();
        let mut nginx = Self {
            process: Self::spawn(folder),
            folder: folder.to_owned(),
            port,
        };
        nginx.wait_until_it_listens();
        nginx
    }

    fn spawn(folder: &Path) -> Child {
        Command::new("nginx")
            .env("PATH", "/usr/sbin:/usr/bin:/bin")
            .arg("-p")
            .arg(folder)
            .arg("-c")
            .arg(folder.join("nginx.conf"))
            .arg("-e")
            .arg(folder.join("error.log"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn wait_until_it_listens(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(!self.log().contains(" bind() to "), "{}", self.log());
            assert!(Instant::now() < deadline, "nginx does not listen: {}", self.log());
            assert!(
                self.process.try_wait().unwrap().is_none(),
                "nginx has ended: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("error.log")).unwrap_or_default()
    }

    /// Waits until the log says that: nginx reads what we sent in its own time.
    async fn wait_for_log(&self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.log().contains(text) {
            assert!(Instant::now() < deadline, "no '{text}' in the log: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How many times anybody began to publish.
    fn publishes(&self) -> usize {
        self.log().matches(" publish: name=").count()
    }

    /// SIGKILL, as a crash would.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Stops it without ending it, as a hung disk or a debugger would.
    fn freeze(&self) {
        let status = Command::new("kill")
            .args(["-STOP", &self.process.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    fn restart(&mut self) {
        self.process = Self::spawn(&self.folder);
        self.wait_until_it_listens();
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What ffprobe says about the stream: `key=value` lines of `entries`, and the packets' track and dts.
async fn probe(port: u16, seconds: u32, entries: &str) -> String {
    let url = format!("rtmp://127.0.0.1:{port}/live/{KEY}");
    let output = tokio::process::Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-rw_timeout",
            "10000000",
            "-of",
            "compact=p=0",
            "-show_entries",
            entries,
        ])
        .args(["-read_intervals", &format!("%+{seconds}")])
        .arg(&url)
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_mins(1), output)
        .await
        .expect("ffprobe hangs")
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_and_ffprobe_understand_us() {
    let (Some(()), Some(_)) = (Nginx::peer(), peer("ffprobe")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let clip = Clip::make(folder.path(), 4);
    let port = free_port();
    let nginx = Nginx::start(folder.path(), port);
    let mut show = Show::start(destination("rtmp", "127.0.0.1", port, "live"), &clip);
    show.live().await;

    let streams = probe(
        port,
        2,
        "stream=codec_name,width,height,r_frame_rate,sample_rate,channels",
    )
    .await;
    assert!(
        streams.contains("codec_name=h264|width=320|height=180|r_frame_rate=30/1"),
        "{streams}"
    );
    assert!(
        streams.contains("codec_name=aac|sample_rate=48000|channels=2"),
        "{streams}"
    );

    let packets = probe(port, 3, "packet=codec_type,dts_time").await;
    for track in ["video", "audio"] {
        let times: Vec<f64> = packets
            .lines()
            .filter(|line| line.contains(track))
            .filter_map(|line| line.split_once("dts_time=")?.1.split('|').next()?.parse().ok())
            .collect();
        assert!(times.len() > 50, "{track}: {} packets", times.len());
        assert!(times.windows(2).all(|pair| pair[1] > pair[0]), "{track}: {times:?}");
        assert!(
            times.windows(2).all(|pair| pair[1] - pair[0] < 0.08),
            "{track} has a gap: {times:?}"
        );
        assert!(times[0] < 120.0, "times start with the connection: {}", times[0]);
    }

    show.figures(20, |stats| stats.bitrate_kbps > 50 && stats.rtt_ms.is_some())
        .await;
    assert_eq!((show.stats.connects, show.stats.dropped_frames), (1, 0));
    let took = show.stop().await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    // The goodbye has arrived: nginx has no such stream any more, and did not learn it from a broken connection.
    nginx.wait_for_log("deleteStream").await;
}

/// The clips one after the other: always whole ones, of the one that is wanted when the last has ended.
fn in_turn(clips: Vec<Clip>, wanted: Arc<AtomicUsize>) -> impl Iterator<Item = Step> + Send {
    let (mut current, mut start) = (0, TimeDelta::ZERO);
    std::iter::repeat_with(move || {
        let next = wanted.load(Ordering::Relaxed);
        let clip = &clips[next];
        let mut steps: Vec<Step> = Vec::new();
        if next != current {
            steps.extend(clip.changes().map(Step::Configure));
        }
        steps.extend(clip.packets.iter().cloned().map(|mut packet| {
            packet.pts += start;
            packet.dts += start;
            Step::Offer(packet)
        }));
        current = next;
        start += clip.length();
        steps
    })
    .flatten()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_size_and_another_sample_rate_go_on_in_the_same_connection() {
    let (Some(()), Some(_)) = (Nginx::peer(), peer("ffmpeg")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let clips = vec![
        Clip::make_as(folder.path(), 1, (1280, 720), 44_100),
        Clip::make_as(folder.path(), 1, (854, 480), 48_000),
    ];
    let port = free_port();
    let nginx = Nginx::start(folder.path(), port);
    let wanted = Arc::new(AtomicUsize::new(0));
    let config = clips[0].config.clone();
    let steps = in_turn(clips, Arc::clone(&wanted));
    let mut show = Show::feed(destination("rtmp", "127.0.0.1", port, "live"), &config, steps);
    show.live().await;

    let mut reader = tokio::process::Command::new("ffmpeg")
        .args(["-nostdin", "-rw_timeout", "10000000", "-i"])
        .arg(format!("rtmp://127.0.0.1:{port}/live/{KEY}"))
        .args(["-vf", "showinfo", "-af", "ashowinfo", "-f", "null", "-"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    // Both decoders must have been at it for a while, in each of the three forms.
    let mut lines = BufReader::new(reader.stderr.take().unwrap()).split(b'\n');
    let (mut said, mut joined) = (Vec::new(), 0);
    let decoded = async {
        for (next, size, rate) in [
            (1, "s:1280x720", "rate:44100"),
            (0, "s:854x480", "rate:48000"),
            (0, "s:1280x720", "rate:44100"),
        ] {
            let (mut pictures, mut blocks) = (0, 0);
            while pictures < 15 || blocks < 15 {
                let line = lines.next_segment().await.unwrap().expect("ffmpeg has ended");
                let line = String::from_utf8_lossy(&line).into_owned();
                pictures += usize::from(line.contains("Parsed_showinfo") && line.contains(size));
                blocks += usize::from(line.contains("Parsed_ashowinfo") && line.contains(rate));
                said.push(line);
            }
            wanted.store(next, Ordering::Relaxed);
            if joined == 0 {
                joined = said.len();
            }
        }
    };
    let is_decoded = tokio::time::timeout(Duration::from_mins(1), decoded).await.is_ok();
    assert!(is_decoded, "{:#?}", &said[said.len().saturating_sub(200)..]);
    // Whoever joins in the middle of a GOP may complain until its end; a change is no reason to.
    let is_of_a_decoder = |line: &&String| line.starts_with("[h264 @") || line.starts_with("[aac @");
    let complaints: Vec<_> = said[joined..].iter().filter(is_of_a_decoder).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    show.figures(20, |stats| stats.connects > 0).await;
    assert_eq!(
        (show.stats.connects, nginx.publishes(), show.stats.dropped_frames),
        (1, 1, 0)
    );
    show.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comes_back_within_two_seconds_of_a_killed_server() {
    let Some(()) = Nginx::peer() else { return };
    let Some(_) = peer("ffprobe") else { return };
    let folder = tempfile::tempdir().unwrap();
    let clip = Clip::make(folder.path(), 2);
    let port = free_port();
    let mut nginx = Nginx::start(folder.path(), port);
    let mut show = Show::start(destination("rtmp", "127.0.0.1", port, "live"), &clip);
    show.live().await;

    let killed = Instant::now();
    nginx.kill();
    show.state(20, |state| matches!(state, DestinationState::Backoff { .. }))
        .await;
    // A broken connection is told by the kernel; nobody has to wait for a silence of ten seconds.
    assert!(
        killed.elapsed() < Duration::from_secs(2),
        "noticed after {:?}",
        killed.elapsed()
    );
    // Away for long enough that a plain backoff would have grown to eight seconds.
    tokio::time::sleep(Duration::from_secs(8)).await;
    let (connects, publishes) = (show.stats.connects, nginx.publishes());
    nginx.restart();
    // By the server's account, which is immediate; our own figures come once per second.
    let back = Instant::now();
    while nginx.publishes() == publishes {
        assert!(back.elapsed() < Duration::from_secs(2), "{}", nginx.log());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    eprintln!("publishing again {:?} after the server's return", back.elapsed());
    show.figures(20, |stats| stats.connects > connects).await;
    show.live().await;
    assert!(probe(port, 1, "packet=codec_type").await.contains("video"));
    assert!(show.stats.missed_frames > 100, "{:?}", show.stats);
    show.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_and_a_hangup_are_a_refusal() {
    let Some(()) = Nginx::peer() else { return };
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let _nginx = Nginx::start(folder.path(), port);
    let mut show = Show::start(
        destination("rtmp", "127.0.0.1", port, "refusing"),
        &Clip::synthetic(1000),
    );
    for expected in 1..=3 {
        let state = show
            .state(20, |state| {
                assert_ne!(*state, DestinationState::Live, "nobody took our media");
                matches!(state, DestinationState::Backoff { attempt, .. } if *attempt == expected)
            })
            .await;
        let DestinationState::Backoff { reason, .. } = state else {
            unreachable!()
        };
        eprintln!("nginx refuses with: {reason}");
        assert!(reason.starts_with(&format!("127.0.0.1:{port}: ")), "{reason}");
    }
    show.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_noticed_and_swallows_little() {
    let Some(()) = Nginx::peer() else { return };
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let nginx = Nginx::start(folder.path(), port);
    // 600 kB/s, so that acknowledgements come twice a second.
    let mut show = Show::start(destination("rtmp", "127.0.0.1", port, "live"), &Clip::synthetic(20_000));
    show.figures(20, |stats| stats.sent_bytes > 2_000_000).await;
    assert_eq!(show.stats.dropped_frames, 0);
    nginx.freeze();
    let (frozen, sent) = (Instant::now(), show.stats.sent_bytes);
    let state = show
        .state(40, |state| matches!(state, DestinationState::Backoff { .. }))
        .await;
    let swallowed = show.stats.sent_bytes - sent;
    eprintln!(
        "noticed after {:?}; {swallowed} bytes in between; {state:?}",
        frozen.elapsed()
    );
    assert!(frozen.elapsed() < Duration::from_secs(20), "{:?}", frozen.elapsed());
    // Of the six megabytes that passed meanwhile, most were still ours to drop.
    assert!(swallowed < 4_000_000, "{swallowed}");
    show.stop().await;
}
