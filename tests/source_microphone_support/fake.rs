//! A sound server of our own with one input, whose crystal is as far off as a test likes. Its sound says when it was made: a ramp from 0
//! to 1 in each second of the clock.

use std::io::{BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use pulseaudio::protocol::{
    AuthReply, ChannelMap, Command, CreateRecordStreamReply, PulseError, SampleFormat, SampleSpec, ServerInfo,
    SetClientNameReply, SourceInfo, read_command_message, stream::BufferAttr, write_ack_message, write_error,
    write_memblock, write_reply_message,
};
use rigcast::clock::Clock;
use rigcast::media::{TimeDelta, Timestamp};
use rigcast::source::{MicrophoneSpec, SoundSystem};

const VERSION: u16 = 33;
const RATE: u32 = 48_000;
const FRAGMENT: u64 = 480;

/// The server.
pub struct Fake {
    pub clock: Clock,
    ppm: f64,
    folder: tempfile::TempDir,
    clients: Clients,
    /// Set when the server of now is to end.
    stop: Arc<AtomicBool>,
    listener: Option<std::thread::JoinHandle<()>>,
}

type Clients = Arc<Mutex<Vec<UnixStream>>>;

impl Fake {
    pub fn start(ppm: f64) -> Self {
        let mut fake = Self {
            clock: Clock::start(),
            ppm,
            folder: tempfile::tempdir().unwrap(),
            clients: Arc::default(),
            stop: Arc::default(),
            listener: None,
        };
        fake.start_again();
        fake
    }

    pub fn start_again(&mut self) {
        let listener = UnixListener::bind(self.path()).unwrap();
        self.stop = Arc::default();
        let (clock, ppm, clients, stop) = (self.clock, self.ppm, Arc::clone(&self.clients), Arc::clone(&self.stop));
        self.listener = Some(std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                clients.lock().unwrap().push(stream.try_clone().unwrap());
                let stop = Arc::clone(&stop);
                std::thread::spawn(move || serve(stream, clock, ppm, &stop));
            }
        }));
    }

    /// Ends it, with all its connections. What is left is a socket on which nobody listens.
    pub fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = UnixStream::connect(self.path());
        if let Some(listener) = self.listener.take() {
            listener.join().unwrap();
        }
        std::fs::remove_file(self.path()).unwrap();
        for client in self.clients.lock().unwrap().drain(..) {
            let _ = client.shutdown(std::net::Shutdown::Both);
        }
    }

    /// Waits until somebody has come in vain: stands at the door, and closes it again.
    pub fn wait_for_nobody(&self) {
        let listener = UnixListener::bind(self.path()).unwrap();
        drop(listener.accept().unwrap());
        drop(listener);
        std::fs::remove_file(self.path()).unwrap();
    }

    pub fn spec(&self) -> MicrophoneSpec {
        MicrophoneSpec {
            device: None,
            system: SoundSystem::Pulse,
            server: Some(format!("unix:{}", self.path().display())),
            channels: Vec::new(),
        }
    }

    /// Claims a message of four gigabytes.
    pub fn send_nonsense(&self) {
        let mut clients = self.clients.lock().unwrap();
        clients.last_mut().unwrap().write_all(&[0xff; 64]).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("native")
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(mut stream: UnixStream, clock: Clock, ppm: f64, stop: &Arc<AtomicBool>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let spec = SampleSpec {
        format: SampleFormat::Float32Le,
        channels: 1,
        sample_rate: RATE,
    };
    while let Ok((number, command)) = read_command_message(&mut reader, VERSION) {
        let done = match command {
            Command::Auth(_) => {
                let reply = AuthReply {
                    version: VERSION,
                    ..AuthReply::default()
                };
                write_reply_message(&mut stream, number, &reply, VERSION)
            }
            Command::SetClientName(_) => {
                write_reply_message(&mut stream, number, &SetClientNameReply { client_id: 1 }, VERSION)
            }
            Command::Subscribe(_) => write_ack_message(&mut stream, number),
            Command::GetServerInfo => {
                let info = ServerInfo {
                    default_source_name: Some(c"crystal".to_owned()),
                    sample_spec: spec,
                    ..ServerInfo::default()
                };
                write_reply_message(&mut stream, number, &info, VERSION)
            }
            Command::GetSourceInfoList => {
                let source = SourceInfo {
                    index: 3,
                    name: c"crystal".to_owned(),
                    sample_spec: spec,
                    channel_map: ChannelMap::mono(),
                    ..SourceInfo::default()
                };
                write_reply_message(&mut stream, number, &vec![source], VERSION)
            }
            Command::CreateRecordStream(params) => {
                let reply = CreateRecordStreamReply {
                    channel: 5,
                    sample_spec: params.sample_spec,
                    channel_map: params.channel_map,
                    buffer_attr: BufferAttr {
                        fragment_size: u32::try_from(FRAGMENT).unwrap() * 4,
                        ..BufferAttr::default()
                    },
                    ..CreateRecordStreamReply::default()
                };
                let made = write_reply_message(&mut stream, number, &reply, VERSION);
                let (stream, stop) = (stream.try_clone().unwrap(), Arc::clone(stop));
                std::thread::spawn(move || sound(stream, clock, ppm, &stop));
                made
            }
            _ => write_error(&mut stream, number, &PulseError::NotImplemented),
        };
        if done.is_err() {
            return;
        }
    }
}

/// Makes sound at the pace of the crystal, until nobody wants it any more.
fn sound(mut stream: UnixStream, clock: Clock, ppm: f64, stop: &AtomicBool) {
    let start = clock.now().as_secs_f64();
    let made = |frame: u64| start + frame as f64 / f64::from(RATE) * (1.0 + ppm * 1e-6);
    for fragment in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let first = fragment * FRAGMENT;
        let samples = (first..first + FRAGMENT).map(|frame| made(frame).fract() as f32);
        let bytes: Vec<u8> = samples.flat_map(f32::to_le_bytes).collect();
        clock.sleep_until(Timestamp::ZERO + TimeDelta::from_secs_f64(made(first + FRAGMENT)));
        if write_memblock(&mut stream, 5, &bytes, 0).is_err() {
            return;
        }
    }
}
