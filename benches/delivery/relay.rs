//! What a viewer of the relay costs, beside plain writes of the same bytes to as many sockets in the same run.
//!
//! The relay gets one worker thread. Viewers are in a process of their own, which only reads. Cost is CPU time of the serving
//! process, the kernel's work for it included, by the bytes that arrived: on a machine that others use too the bytes may be fewer
//! than were due, but not cheaper.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rigcast::clock::Clock;
use rigcast::media::{AudioCodec, AudioConfig, FrameRate, Packet, TrackKind, VideoConfig};
use rigcast::relay::{Relay, RelaySettings, RenditionInfo};

const KBPS: usize = 2500;
const FRAMES_PER_SECOND: u32 = 30;
const SECONDS: u32 = 5;
const VIEWERS: [usize; 3] = [10, 200, 2000];

/// The share of what plain writes reach that is promised, and memory per viewer.
const SHARE: f64 = 0.9;
const MEMORY_KB: f64 = 64.0;

/// Says to a process of this program that it is the viewers: address, how many, and what they ask for.
const ROLE: &str = "RIGCAST_BENCH_VIEWERS";

/// Serving that was measured.
struct Cost {
    cpu_seconds: f64,
    received: u64,
    memory_kb: f64,
}

impl Cost {
    /// Of a second of one viewer at the full rate, in microseconds.
    fn viewer_second_us(&self) -> f64 {
        self.cpu_seconds * 1e6 / (self.received as f64 * 8.0 / 1000.0 / KBPS as f64)
    }
}

pub fn run() {
    if let Ok(role) = std::env::var(ROLE) {
        return view(&role);
    }
    println!("relay, {KBPS} kbit/s at {FRAMES_PER_SECOND} per second, one worker thread, {SECONDS} s each");
    println!("viewers   relay µs/viewer·s   plain µs/viewer·s   share of plain   received of due   kB/viewer");
    for count in VIEWERS {
        let relay = relay(count);
        let plain = plain(count);
        let due = count as f64 * f64::from(SECONDS) * KBPS as f64 * 125.0;
        println!(
            "{count:7}   {:17.0}   {:17.0}   {:13.1} %   {:13.1} %   {:9.1}",
            relay.viewer_second_us(),
            plain.viewer_second_us(),
            plain.viewer_second_us() / relay.viewer_second_us() * 100.0,
            relay.received as f64 / due * 100.0,
            relay.memory_kb / count as f64,
        );
    }
    println!(
        "promised: 2000 viewers on one core or {:.0} % of plain, {MEMORY_KB} kB per viewer",
        SHARE * 100.0
    );
}

/// A picture of the nominal size; an IDR of five times that, and the others smaller for it.
fn picture(index: i64) -> Packet {
    let per_gop = KBPS * 125 * 2;
    let frames = FRAMES_PER_SECOND as usize * 2;
    let is_idr = index % frames as i64 == 0;
    let unit = per_gop / (frames + 4);
    let pts = FrameRate::whole(FRAMES_PER_SECOND).frame_time(index);
    Packet {
        track: TrackKind::Video,
        pts,
        dts: pts,
        is_idr,
        data: Bytes::from(vec![index as u8; if is_idr { unit * 5 } else { unit }]),
    }
}

/// Calls `each` at the rate of pictures for the measured time.
fn at_rate(mut each: impl FnMut(i64)) {
    let from = Instant::now();
    for index in 0..i64::from(SECONDS * FRAMES_PER_SECOND) {
        let due = Duration::from_secs_f64(index as f64 / f64::from(FRAMES_PER_SECOND));
        std::thread::sleep(due.saturating_sub(from.elapsed()));
        each(index);
    }
}

fn relay(count: usize) -> Cost {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let settings = RelaySettings {
        listen: "127.0.0.1:0".parse().unwrap(),
        max_viewers: count,
        ..RelaySettings::default()
    };
    let clock = Clock::start();
    let relay = runtime.block_on(Relay::start(settings, clock, |_| {})).unwrap();
    let rendition = RenditionInfo {
        name: "source".to_owned(),
        width: 1280,
        height: 720,
        frame_rate: Some(FrameRate::whole(FRAMES_PER_SECOND)),
        video_kbps: KBPS as u32,
        audio_kbps: 0,
    };
    let audio = AudioConfig {
        codec: AudioCodec::Opus,
        sample_rate: 48_000,
        channels: 2,
        bitrate_kbps: 96,
    };
    let feed = relay.publish("main", vec![rendition], audio, |_| {}).unwrap();
    feed.set_video(
        0,
        VideoConfig {
            width: 1280,
            height: 720,
            frame_rate: FrameRate::whole(FRAMES_PER_SECOND),
            sps: Bytes::from_static(&[0x67, 0x64, 0x00, 0x1f]),
            pps: Bytes::from_static(&[0x68]),
            bitrate_kbps: KBPS as u32,
        },
    );
    let before_kb = memory_kb();
    let viewers = Viewers::start(relay.address(), count, "/ws/main?rendition=source");
    let memory_kb = memory_kb() - before_kb;
    let cpu = cpu_seconds();
    at_rate(|index| {
        // On the relay's clock, as from an encoder.
        let now = clock.now();
        feed.offer(
            0,
            &Packet {
                pts: now,
                dts: now,
                ..picture(index)
            },
        );
    });
    let received = viewers.finish();
    let cpu_seconds = cpu_seconds() - cpu;
    runtime.block_on(relay.stop());
    Cost {
        cpu_seconds,
        received,
        memory_kb,
    }
}

/// The least that can be done: one thread, one write per socket and picture; a socket that takes no more misses the rest.
fn plain(count: usize) -> Cost {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = std::thread::spawn(move || {
        let accept = |_| {
            let (socket, _) = listener.accept().unwrap();
            socket.set_nonblocking(true).unwrap();
            socket.set_nodelay(true).unwrap();
            socket
        };
        (0..count).map(accept).collect::<Vec<TcpStream>>()
    });
    let viewers = Viewers::start(address, count, "");
    let mut sockets = accepting.join().unwrap();
    let cpu = cpu_seconds();
    at_rate(|index| {
        let picture = picture(index);
        for socket in &mut sockets {
            let _ = socket.write(&picture.data);
        }
    });
    let received = viewers.finish();
    Cost {
        cpu_seconds: cpu_seconds() - cpu,
        received,
        memory_kb: 0.0,
    }
}

/// The process of the viewers.
struct Viewers {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Viewers {
    /// Starts it and waits until all are connected.
    fn start(address: SocketAddr, count: usize, path: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("relay")
            .env(ROLE, format!("{address} {count} {path}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self { child, said }
    }

    /// Ends it; gives the bytes that arrived.
    fn finish(mut self) -> u64 {
        // What is under way still arrives.
        std::thread::sleep(Duration::from_millis(300));
        drop(self.child.stdin.take());
        let mut text = String::new();
        self.said.read_to_string(&mut text).unwrap();
        self.child.wait().unwrap();
        text.trim().parse().unwrap()
    }
}

/// Connects, reads and counts until standard input ends.
fn view(role: &str) {
    let mut words = role.split(' ');
    let mut word = || words.next().unwrap_or("").to_owned();
    let (address, count, path) = (word(), word().parse::<usize>().unwrap(), word());
    let connect = |_| {
        let mut socket = TcpStream::connect(&address).unwrap();
        if !path.is_empty() {
            write!(
                socket,
                "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            .unwrap();
            let mut answer = [0; 12];
            socket.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"HTTP/1.1 101");
        }
        socket.set_nonblocking(true).unwrap();
        socket
    };
    let sockets = (0..count).map(connect).collect::<Vec<TcpStream>>();
    println!("ready");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let received = std::rc::Rc::new(std::cell::Cell::new(0_u64));
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        for socket in sockets {
            let received = std::rc::Rc::clone(&received);
            tokio::task::spawn_local(async move {
                let socket = tokio::net::TcpStream::from_std(socket).unwrap();
                let mut buffer = vec![0; 16 * 1024];
                loop {
                    socket.readable().await.unwrap();
                    match socket.try_read(&mut buffer) {
                        Ok(0) => return,
                        Ok(len) => received.set(received.get() + len as u64),
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        Err(_) => return,
                    }
                }
            });
        }
        let end = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        end.await.unwrap().unwrap();
    });
    println!("{}", received.get());
}

/// User and system time of this process (proc(5), fields 14 and 15 of `stat`).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let mut fields = fields
        .split_whitespace()
        .skip(11)
        .map(|field| field.parse::<f64>().unwrap());
    (fields.next().unwrap() + fields.next().unwrap()) / 100.0
}

/// Resident memory of this process.
fn memory_kb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
