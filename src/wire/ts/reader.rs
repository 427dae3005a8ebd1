//! Packets out of bytes, tracks out of packets.

use std::collections::VecDeque;

use super::packet::{NULL_PID, PACKET, Packet, SYNC};
use super::pes::{PesHeader, Unwrap};
use super::program::{PAT_PID, Program, map_pid, program};
use super::psi::Sections;
use super::sound::AdtsFrames;
use crate::media::TimeDelta;
use crate::media::aac::AdtsHeader;
use crate::media::h264::{NalType, access_units, nal_type};

/// Bytes that one PES packet may have; an IDR of a large picture at a high rate has one or two million. More is not kept.
pub const MAX_UNIT: usize = 6 << 20;

/// So many packets in a row must begin with a sync byte to be believed after the sync was lost.
const SYNCED: usize = 3;

/// Where packets begin, if so many lie one after another.
fn synced_at(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(PACKET * (SYNCED - 1) + 1)?;
    (0..=last).find(|at| (0..SYNCED).all(|packet| bytes[at + packet * PACKET] == SYNC))
}

/// What comes out of a transport stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// What there is, whenever that has changed.
    Program(Program),
    /// One access unit of H.264.
    Picture {
        /// When it is shown, on the stream's clock.
        pts: TimeDelta,
        /// When it is decoded.
        dts: TimeDelta,
        /// Whether nothing before it is needed.
        is_idr: bool,
        /// Annex B.
        data: Vec<u8>,
    },
    /// One frame of AAC.
    Sound {
        /// When it sounds, on the stream's clock.
        pts: TimeDelta,
        /// Its ADTS header.
        header: AdtsHeader,
        /// The raw data block.
        data: Vec<u8>,
    },
}

/// What went wrong so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Times that no packet began where one must.
    pub lost_sync: u64,
    /// Packets that are missing or damaged, counted as gaps.
    pub discontinuities: u64,
    /// Pieces of tracks that were left out because a part of them is missing, or because they are too large.
    pub damaged: u64,
    /// Packets that are encrypted.
    pub scrambled: u64,
}

/// Reads a transport stream.
#[derive(Debug, Default)]
pub struct Reader {
    /// Bytes that are less than a packet.
    bytes: Vec<u8>,
    is_synced: bool,
    ready: VecDeque<Item>,
    pat: Track<Sections>,
    map: Option<(u16, Track<Sections>)>,
    program: Option<Program>,
    video: Option<(u16, Track<Pes>)>,
    sound: Option<(u16, Track<Pes>)>,
    frames: AdtsFrames,
    clock: Unwrap,
    counts: Counts,
}

/// One PID.
#[derive(Debug, Default)]
struct Track<T> {
    continuity: Option<u8>,
    content: T,
}

/// A PES packet that is being put together; empty until one begins.
#[derive(Debug, Default)]
struct Pes {
    bytes: Vec<u8>,
}

/// How a packet follows the one before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Next,
    Again,
    Gap,
}

impl<T> Track<T> {
    fn order(&mut self, packet: &Packet<'_>) -> Order {
        let before = self.continuity.replace(packet.continuity);
        match before {
            _ if packet.is_discontinuous => Order::Next,
            None => Order::Next,
            Some(before) if packet.continuity == (before + 1) & 15 => Order::Next,
            Some(before) if packet.continuity == before => Order::Again,
            Some(_) => Order::Gap,
        }
    }
}

impl Reader {
    /// A reader that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream, however they are cut. What is in them is then given by [`poll`](Self::poll): nothing is kept
    /// but that, less than four packets, and one begun PES packet of each track.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.bytes);
        let mut at = 0;
        while let Some(rest) = all.get(at..) {
            if !self.is_synced {
                let Some(begin) = synced_at(rest) else {
                    // The last of them may be the first of a row.
                    at = all.len().saturating_sub(PACKET * SYNCED).max(at);
                    break;
                };
                at += begin;
                self.is_synced = true;
                continue;
            }
            let Some(packet) = rest.first_chunk::<PACKET>() else {
                break;
            };
            if packet[0] == SYNC {
                self.packet(packet);
                at += PACKET;
            } else {
                self.is_synced = false;
                self.counts.lost_sync += 1;
            }
        }
        self.bytes = all;
        self.bytes.drain(..at);
    }

    /// What was in the bytes so far, in order.
    pub fn poll(&mut self) -> Option<Item> {
        self.ready.pop_front()
    }

    /// The stream has ended: what lacks nothing but a successor is given as well.
    pub fn finish(&mut self) {
        self.end_picture();
        self.end_sound();
    }

    /// Whether packets have been found where they must be. A stream of another sort never gets there.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.is_synced
    }

    /// What went wrong so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn packet(&mut self, bytes: &[u8; PACKET]) {
        let Some(packet) = Packet::parse(bytes) else {
            self.counts.discontinuities += 1;
            return;
        };
        if packet.pid == NULL_PID {
            return;
        }
        let Some(payload) = packet.payload else { return };
        if packet.pid == PAT_PID {
            self.association(&packet, payload);
        } else if self.map.as_ref().is_some_and(|(pid, _)| *pid == packet.pid) {
            self.map(&packet, payload);
        } else if self.video.as_ref().is_some_and(|(pid, _)| *pid == packet.pid) {
            self.picture(&packet, payload);
        } else if self.sound.as_ref().is_some_and(|(pid, _)| *pid == packet.pid) {
            self.sound(&packet, payload);
        }
    }

    fn association(&mut self, packet: &Packet<'_>, payload: &[u8]) {
        match self.pat.order(packet) {
            Order::Next => {}
            Order::Again => return,
            Order::Gap => self.pat.content.forget(),
        }
        let mut found = None;
        self.pat.content.push(payload, packet.is_start, |section| {
            found = found.or(map_pid(section));
        });
        if let Some(pid) = found
            && self.map.as_ref().is_none_or(|(known, _)| *known != pid)
        {
            self.map = Some((pid, Track::default()));
        }
    }

    fn map(&mut self, packet: &Packet<'_>, payload: &[u8]) {
        let Some((_, track)) = &mut self.map else { return };
        match track.order(packet) {
            Order::Next => {}
            Order::Again => return,
            Order::Gap => track.content.forget(),
        }
        let mut found = None;
        track.content.push(payload, packet.is_start, |section| {
            found = program(section).or(found.take());
        });
        if let Some(program) = found
            && self.program.as_ref() != Some(&program)
        {
            self.finish();
            self.video = program.video().map(|pid| (pid, Track::default()));
            self.sound = program.sound().map(|pid| (pid, Track::default()));
            self.frames = AdtsFrames::default();
            self.program = Some(program.clone());
            self.ready.push_back(Item::Program(program));
        }
    }

    /// Whether the payload of a packet of a track is to be taken, after noting what is missing before it.
    fn follows(track: &mut Track<Pes>, packet: &Packet<'_>, counts: &mut Counts) -> bool {
        let order = track.order(packet);
        if packet.is_scrambled {
            counts.scrambled += 1;
            track.content.bytes.clear();
            return false;
        }
        if order == Order::Gap {
            counts.discontinuities += 1;
            if !track.content.bytes.is_empty() {
                // With a hole in it, it would be decoded to rubbish.
                counts.damaged += 1;
                track.content.bytes.clear();
            }
        }
        order != Order::Again
    }

    fn picture(&mut self, packet: &Packet<'_>, payload: &[u8]) {
        let Some((_, track)) = &mut self.video else { return };
        if !Self::follows(track, packet, &mut self.counts) {
            return;
        }
        if packet.is_start {
            self.end_picture();
        }
        let Some((_, track)) = &mut self.video else { return };
        if track.content.add(payload, packet.is_start, &mut self.counts) {
            self.end_picture();
        }
    }

    fn sound(&mut self, packet: &Packet<'_>, payload: &[u8]) {
        let Some((_, track)) = &mut self.sound else { return };
        let damaged = self.counts.discontinuities;
        let is_taken = Self::follows(track, packet, &mut self.counts);
        if self.counts.discontinuities > damaged {
            self.frames.forget();
        }
        if !is_taken {
            return;
        }
        if packet.is_start {
            self.end_sound();
        }
        let Some((_, track)) = &mut self.sound else { return };
        if track.content.add(payload, packet.is_start, &mut self.counts) {
            self.end_sound();
        }
    }

    /// The PES packet of the pictures is whole: one access unit as a rule, but several are allowed.
    fn end_picture(&mut self) {
        let Some((_, track)) = &mut self.video else { return };
        let bytes = std::mem::take(&mut track.content.bytes);
        let Some(header) = PesHeader::parse(&bytes) else { return };
        // Without a time it has no place; nothing that is made for streaming leaves it out.
        let Some(pts) = header.pts.map(|pts| self.clock.time(pts)) else {
            self.counts.damaged += 1;
            return;
        };
        let dts = header.dts.map_or(pts, |dts| self.clock.time(dts));
        let payload = &bytes[header.len..];
        let mut units = access_units(payload)
            .filter(|nals| nals.iter().any(|nal| is_slice(nal)))
            .peekable();
        let mut at = 0;
        while let Some(nals) = units.next() {
            // Of several only the first has a time; the others follow it closely enough to keep their order.
            let later = TimeDelta::from_millis(at);
            at += 1;
            let is_idr = nals.iter().any(|nal| nal_type(nal) == Some(NalType::Idr));
            let data = if at == 1 && units.peek().is_none() {
                payload.to_vec()
            } else {
                nals.iter()
                    .flat_map(|nal| [&[0, 0, 0, 1], *nal])
                    .flatten()
                    .copied()
                    .collect()
            };
            self.ready.push_back(Item::Picture {
                pts: pts + later,
                dts: dts + later,
                is_idr,
                data,
            });
        }
    }

    fn end_sound(&mut self) {
        let Some((_, track)) = &mut self.sound else { return };
        let bytes = std::mem::take(&mut track.content.bytes);
        let Some(header) = PesHeader::parse(&bytes) else { return };
        let pts = header.pts.map(|pts| self.clock.time(pts));
        let ready = &mut self.ready;
        let skipped = self.frames.push(&bytes[header.len..], pts, |header, data, pts| {
            ready.push_back(Item::Sound {
                pts,
                header,
                data: data.to_vec(),
            });
        });
        self.counts.damaged += u64::from(skipped > 0);
    }
}

impl Pes {
    /// Adds the payload of a packet; `true` once the PES packet is known to be whole.
    fn add(&mut self, payload: &[u8], is_start: bool, counts: &mut Counts) -> bool {
        if self.bytes.is_empty() && !is_start {
            // The rest of one whose begin is not here.
            return false;
        }
        if self.bytes.len() + payload.len() > MAX_UNIT {
            counts.damaged += 1;
            self.bytes.clear();
            return false;
        }
        self.bytes.extend_from_slice(payload);
        let total = PesHeader::parse(&self.bytes).and_then(|header| header.total);
        total.is_some_and(|total| {
            let is_whole = self.bytes.len() >= total;
            if is_whole {
                self.bytes.truncate(total);
            }
            is_whole
        })
    }
}

fn is_slice(nal: &[u8]) -> bool {
    nal_type(nal).is_some_and(NalType::is_slice)
}
