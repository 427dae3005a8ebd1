//! The cable between the two namespaces: what one TUN device sends, the other receives, after a while, or not at all.
//!
//! Capacity and the queue before it are the kernel's (`tc tbf` on the near device). Delay and loss are done here and not by
//! `netem`, because many kernels come without it, and because here the lost packets are the same in every run: the loss is a
//! function of a seed and of how many packets came before.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::border;

/// Bytes are counted for each such stretch of time.
pub const SLOT: Duration = Duration::from_millis(100);

/// What passed the bottleneck in one [`SLOT`], in bytes of IP, towards the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Of the publisher.
    pub published: u64,
    /// Of everybody else.
    pub other: u64,
}

/// How the cable is at the moment.
struct State {
    is_over: AtomicBool,
    is_cut: AtomicBool,
    /// Of one direction, in microseconds.
    delay_us: AtomicU64,
    /// Packets of a million that are lost on the way to the server.
    lost_ppm: AtomicU64,
    slots: Mutex<Vec<Slot>>,
    lost: AtomicU64,
}

/// Runs until it is dropped.
pub struct Wire {
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
    /// When the first slot begins.
    pub begun: Instant,
}

impl Wire {
    /// Joins two TUN devices. What goes to TCP port `publish_port` counts as published.
    pub fn join(near: OwnedFd, far: OwnedFd, publish_port: u16, seed: u64) -> Self {
        let state = Arc::new(State {
            is_over: AtomicBool::new(false),
            is_cut: AtomicBool::new(false),
            delay_us: AtomicU64::new(0),
            lost_ppm: AtomicU64::new(0),
            slots: Mutex::default(),
            lost: AtomicU64::new(0),
        });
        let begun = Instant::now();
        let thread = std::thread::spawn({
            let state = Arc::clone(&state);
            move || {
                border::go_first();
                let mut carrier = Carrier::new(&state, begun, publish_port, seed);
                while !state.is_over.load(Ordering::Relaxed) {
                    carrier.carry(&near, &far);
                }
            }
        });
        Self {
            state,
            thread: Some(thread),
            begun,
        }
    }

    /// The way in one direction, and how many of a hundred packets to the server do not arrive.
    pub fn set(&self, delay: Duration, loss_percent: f64) {
        self.state.delay_us.store(delay.as_micros() as u64, Ordering::Relaxed);
        self.state
            .lost_ppm
            .store((loss_percent * 1e4) as u64, Ordering::Relaxed);
    }

    /// While it is cut nothing arrives in either direction.
    pub fn cut(&self, is_cut: bool) {
        self.state.is_cut.store(is_cut, Ordering::Relaxed);
    }

    /// What passed so far, slot by slot.
    pub fn slots(&self) -> Vec<Slot> {
        self.state.slots.lock().unwrap().clone()
    }

    /// Packets that the cable lost so far.
    pub fn lost(&self) -> u64 {
        self.state.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Packets on their way in one direction.
type Flight = VecDeque<(Instant, Vec<u8>)>;

/// The thread's own part.
struct Carrier<'a> {
    state: &'a State,
    begun: Instant,
    publish_port: u16,
    random: u64,
    up: Flight,
    down: Flight,
    spare: Vec<Vec<u8>>,
}

impl<'a> Carrier<'a> {
    fn new(state: &'a State, begun: Instant, publish_port: u16, seed: u64) -> Self {
        Self {
            state,
            begun,
            publish_port,
            random: seed,
            up: Flight::new(),
            down: Flight::new(),
            spare: Vec::new(),
        }
    }

    /// Waits for the next thing to do, and does all that is due.
    fn carry(&mut self, near: &OwnedFd, far: &OwnedFd) {
        let now = Instant::now();
        let next = [self.up.front(), self.down.front()]
            .into_iter()
            .flatten()
            .map(|packet| packet.0)
            .min();
        let wait = next.map_or(SLOT, |due| due.saturating_duration_since(now).min(SLOT));
        let mut ready = [PollFd::new(near, PollFlags::IN), PollFd::new(far, PollFlags::IN)];
        let _ = poll(&mut ready, Some(&Timespec::try_from(wait).unwrap()));
        let now = Instant::now();
        let is_cut = self.state.is_cut.load(Ordering::Relaxed);
        let arrives = now + Duration::from_micros(self.state.delay_us.load(Ordering::Relaxed));
        while let Some(packet) = self.read(near) {
            self.count(now, &packet);
            let is_lost = self.draws_loss();
            if is_cut || is_lost {
                self.state.lost.fetch_add(1, Ordering::Relaxed);
                self.spare.push(packet);
            } else {
                self.up.push_back((arrives, packet));
            }
        }
        while let Some(packet) = self.read(far) {
            if is_cut {
                self.spare.push(packet);
            } else {
                self.down.push_back((arrives, packet));
            }
        }
        let now = Instant::now();
        deliver(&mut self.up, far, now, &mut self.spare);
        deliver(&mut self.down, near, now, &mut self.spare);
    }

    fn read(&mut self, device: &OwnedFd) -> Option<Vec<u8>> {
        let mut packet = self.spare.pop().unwrap_or_default();
        packet.resize(65_536, 0);
        if let Ok(length) = rustix::io::read(device, &mut packet[..]) {
            packet.truncate(length);
            return Some(packet);
        }
        self.spare.push(packet);
        None
    }

    fn count(&self, now: Instant, packet: &[u8]) {
        let at = (now - self.begun).as_millis() / SLOT.as_millis();
        let mut slots = self.state.slots.lock().unwrap();
        if slots.len() <= at as usize {
            slots.resize(at as usize + 1, Slot::default());
        }
        let slot = &mut slots[at as usize];
        if destination_port(packet) == Some(self.publish_port) {
            slot.published += packet.len() as u64;
        } else {
            slot.other += packet.len() as u64;
        }
    }

    /// One throw for each packet to the server: splitmix64.
    fn draws_loss(&mut self) -> bool {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % 1_000_000 < self.state.lost_ppm.load(Ordering::Relaxed)
    }
}

fn deliver(flight: &mut Flight, device: &OwnedFd, now: Instant, spare: &mut Vec<Vec<u8>>) {
    while flight.front().is_some_and(|packet| packet.0 <= now) {
        if let Some((_, packet)) = flight.pop_front() {
            // A device that is down, or full: the packet is lost, as on any cable.
            let _ = rustix::io::write(device.as_fd(), &packet);
            spare.push(packet);
        }
    }
}

/// Where a packet of TCP over IPv4 goes to (RFC 791, RFC 9293).
fn destination_port(packet: &[u8]) -> Option<u16> {
    let first = *packet.first()?;
    if first >> 4 != 4 || packet.get(9) != Some(&6) {
        return None;
    }
    let header = usize::from(first & 15) * 4;
    Some(u16::from_be_bytes([*packet.get(header + 2)?, *packet.get(header + 3)?]))
}
