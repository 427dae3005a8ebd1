//! RTP packets to access units, with the receiver's side of RTCP.

use std::collections::VecDeque;

use bytes::Bytes;
use rtp_types::RtpPacket;

use super::reception::{Arrival, Reception};
use super::{NtpTime, ReceiveStats, ReportBlock, RtpCodec, RtpError, RtpTrack, SenderReport, aac, h264};
use crate::media::Timestamp;
use crate::media::opus::OpusHead;

/// What waits to be polled; beyond it the oldest goes. One packet never gives more than a few.
const MAX_READY: usize = 1024;

/// What comes out of a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// What a decoder must know of the units that follow; again where the sender changes it.
    Config(RtpCodec),
    /// One access unit.
    Unit {
        /// As in [`Packet::data`](crate::media::Packet::data).
        data: Bytes,
        /// RTP time without wrap-around, in ticks of the track's clock. Begins anywhere.
        timestamp: i64,
        /// Picture: starts with an IDR. Always true for sound.
        is_idr: bool,
    },
}

/// What is wrong with a payload, and at which byte.
pub(super) type Problem = (usize, &'static str);

pub(super) const fn problem(position: usize, what: &'static str) -> Problem {
    (position, what)
}

/// The receiving end of one track.
///
/// Feed it every packet with its time of arrival, and poll it after each. Pictures come from the first IDR on; a hole ends
/// them until the next one.
#[derive(Debug)]
pub struct Depacketizer {
    track: RtpTrack,
    reception: Reception,
    payload: Payload,
    /// Packets are missing, and the payload was not told yet.
    has_gap: bool,
    ready: VecDeque<Received>,
    units: u64,
    broken: u64,
    dropped: u64,
}

#[derive(Debug)]
enum Payload {
    H264(h264::Unpacker),
    Aac(aac::Unpacker),
    Opus,
}

impl Depacketizer {
    /// The other end of a track as SDP told it.
    #[must_use]
    pub fn new(track: RtpTrack) -> Self {
        let mut ready = VecDeque::new();
        let payload = match &track.codec {
            // Told with the first unit: the sets in the stream may be others.
            RtpCodec::H264 { sps, pps } => Payload::H264(h264::Unpacker::new(sps.clone(), pps.clone())),
            RtpCodec::Aac { asc, .. } => {
                ready.push_back(Received::Config(track.codec.clone()));
                Payload::Aac(aac::Unpacker::new(asc, track.clock_rate))
            }
            RtpCodec::Opus { .. } => {
                ready.push_back(Received::Config(track.codec.clone()));
                Payload::Opus
            }
        };
        Self {
            reception: Reception::new(track.clock_rate),
            track,
            payload,
            has_gap: false,
            ready,
            units: 0,
            broken: 0,
            dropped: 0,
        }
    }

    /// What it receives.
    #[must_use]
    pub fn track(&self) -> &RtpTrack {
        &self.track
    }

    /// Takes an RTP packet that came at `at`. Late and repeated packets are counted and not used.
    ///
    /// # Errors
    /// What could not be understood; it is counted, treated as a hole, and the next packet may come.
    pub fn receive(&mut self, rtp: &[u8], at: Timestamp) -> Result<(), RtpError> {
        let result = self.take(rtp, at);
        self.broken += u64::from(result.is_err());
        while self.ready.len() > MAX_READY {
            self.ready.pop_front();
            self.dropped += 1;
        }
        result
    }

    fn take(&mut self, rtp: &[u8], at: Timestamp) -> Result<(), RtpError> {
        let packet = RtpPacket::parse(rtp)?;
        let sequence = packet.sequence_number();
        if packet.payload_type() != self.track.payload_type {
            return Err(RtpError::PayloadType {
                sequence,
                found: packet.payload_type(),
                expected: self.track.payload_type,
            });
        }
        let (arrival, timestamp) = self.reception.receive(packet.ssrc(), sequence, packet.timestamp(), at);
        match arrival {
            Arrival::Unused => return Ok(()),
            Arrival::Next => {}
            Arrival::After(_) | Arrival::Anew => self.has_gap = true,
        }
        let payload = packet.payload();
        if payload.is_empty() {
            // Nothing but padding, as bandwidth probes have, or silence: no error, and no hole by itself.
            return Ok(());
        }
        let is_after_gap = std::mem::take(&mut self.has_gap);
        let result = match &mut self.payload {
            Payload::H264(unpacker) => {
                unpacker.receive(payload, timestamp, packet.marker_bit(), is_after_gap, &mut self.ready)
            }
            Payload::Aac(unpacker) => unpacker.receive(payload, timestamp, is_after_gap, &mut self.ready),
            Payload::Opus => receive_opus(payload, timestamp, &mut self.ready),
        };
        result.map_err(|(position, what)| RtpError::Payload {
            sequence,
            position,
            what,
        })
    }

    /// Takes what the sender's report says of its clock.
    pub fn on_sender_report(&mut self, report: &SenderReport, at: Timestamp) {
        self.reception.on_sender_report(report, at);
    }

    /// Hands out a unit that still waits for a sign of its end: for when the track ends.
    pub fn flush(&mut self) {
        if let Payload::H264(unpacker) = &mut self.payload {
            unpacker.finish(&mut self.ready);
        }
    }

    /// What came out and was not taken yet.
    pub fn poll(&mut self) -> Option<Received> {
        let received = self.ready.pop_front();
        self.units += u64::from(matches!(received, Some(Received::Unit { .. })));
        received
    }

    /// When, by the sender's wall clock, a unit with this [`timestamp`](Received::Unit::timestamp) was shown or heard there.
    /// `None` before the sender's first report.
    #[must_use]
    pub fn wall_clock(&self, timestamp: i64) -> Option<NtpTime> {
        self.reception.wall_clock(timestamp)
    }

    /// What became of its packets.
    #[must_use]
    pub fn stats(&self) -> ReceiveStats {
        let left_out = match &self.payload {
            Payload::H264(unpacker) => unpacker.left_out(),
            Payload::Aac(unpacker) => unpacker.left_out(),
            Payload::Opus => 0,
        };
        ReceiveStats {
            broken: self.broken,
            units: self.units,
            left_out: left_out + self.dropped,
            ..self.reception.stats()
        }
    }

    /// Its block of a receiver report at `now` (see [`write_receiver_report`](super::write_receiver_report)); what it says of
    /// recent loss counts from here anew. `None` before the first packet.
    pub fn report(&mut self, now: Timestamp) -> Option<ReportBlock> {
        self.reception.report(now)
    }
}

/// A packet is one unit (RFC 7587 §4.2).
fn receive_opus(payload: &[u8], timestamp: i64, out: &mut VecDeque<Received>) -> Result<(), Problem> {
    if OpusHead::parse(payload).is_err() {
        return Err(problem(0, "no Opus packet"));
    }
    out.push_back(Received::Unit {
        data: Bytes::copy_from_slice(payload),
        timestamp,
        is_idr: true,
    });
    Ok(())
}
