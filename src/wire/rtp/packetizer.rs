//! Encoded packets to RTP packets, with the sender's side of RTCP (RFC 3550 §5.1, §6.4.1).

use super::framing::{LENGTH_SIZE, MAX_FRAME};
use super::h264::{self, ParameterSets};
use super::{HEADER_LEN, NtpTime, RtpCodec, RtpTrack, aac, rtcp};
use crate::media::{Packet, Timestamp};

/// Fewer bytes of payload than this would be nearly all header.
const LEAST_PAYLOAD: usize = 64;

/// RTP version 2, without padding, extension and contributors.
const VERSION: u8 = 0x80;

/// The sending end of one track.
///
/// SSRC, first sequence number and timestamp base are random and given in (RFC 3550 §5.1 asks for that, and this module asks
/// no generator). All times are of the clock of the connection; whoever sends maps the studio's clock to it.
#[derive(Debug)]
pub struct Packetizer {
    track: RtpTrack,
    parameter_sets: Option<ParameterSets>,
    max_payload: usize,
    cname: String,
    stamp: Stamp,
    scratch: Vec<u8>,
}

/// What goes into headers and reports.
#[derive(Debug)]
struct Stamp {
    payload_type: u8,
    ssrc: u32,
    sequence: u16,
    timestamp_base: u32,
    packets: u32,
    /// Of payload.
    octets: u32,
}

impl Packetizer {
    /// A track that starts with `first_sequence`. `max_payload` is the most bytes behind an RTP header, held within what is
    /// sensible and what RFC 4571 can frame; see [`DEFAULT_MAX_PAYLOAD`](super::DEFAULT_MAX_PAYLOAD).
    #[must_use]
    pub fn new(track: RtpTrack, ssrc: u32, first_sequence: u16, timestamp_base: u32, max_payload: usize) -> Self {
        let stamp = Stamp {
            payload_type: track.payload_type & 0x7F,
            ssrc,
            sequence: first_sequence,
            timestamp_base,
            packets: 0,
            octets: 0,
        };
        Self {
            parameter_sets: sets_of(&track.codec),
            track,
            max_payload: max_payload.clamp(LEAST_PAYLOAD, MAX_FRAME - HEADER_LEN),
            cname: "rigcast".to_owned(),
            stamp,
            scratch: Vec::new(),
        }
    }

    /// The name by which a receiver knows that tracks share a clock (RFC 3550 §6.5.1): the same for all of a connection.
    #[must_use]
    pub fn with_cname(mut self, cname: impl Into<String>) -> Self {
        self.cname = cname.into();
        self
    }

    /// What it sends.
    #[must_use]
    pub fn track(&self) -> &RtpTrack {
        &self.track
    }

    /// By what reports name it.
    #[must_use]
    pub const fn ssrc(&self) -> u32 {
        self.stamp.ssrc
    }

    /// The sequence number of the packet that comes next, as the `RTP-Info` of RTSP states it.
    #[must_use]
    pub const fn next_sequence(&self) -> u16 {
        self.stamp.sequence
    }

    /// The RTP time of `at`.
    #[must_use]
    pub fn timestamp(&self, at: Timestamp) -> u32 {
        self.stamp
            .timestamp_base
            .wrapping_add(at.to_rate(self.track.clock_rate) as u32)
    }

    /// Takes over what a restarted encoder says of itself. A codec of another kind needs another track.
    pub fn set_codec(&mut self, codec: RtpCodec) {
        self.parameter_sets = sets_of(&codec);
        self.track.codec = codec;
    }

    /// Appends the packets of one access unit to `out`, each as an RFC 4571 frame, and tells how many there were. `at` is when
    /// it is shown or heard, on the clock of the connection. Before an IDR go the parameter sets.
    ///
    /// Allocates nothing but what `out` lacks, and copies the bytes of the access unit once, into it.
    pub fn packetize_framed(&mut self, packet: &Packet, at: Timestamp, out: &mut Vec<u8>) -> usize {
        let mut count = 0;
        self.split(packet, at, &mut |header, prefix, body| {
            // Within 16 bits: `new` keeps the payload within MAX_FRAME - HEADER_LEN.
            let length = (HEADER_LEN + prefix.len() + body.len()) as u16;
            out.reserve(LENGTH_SIZE + usize::from(length));
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(header);
            out.extend_from_slice(prefix);
            out.extend_from_slice(body);
            count += 1;
        });
        count
    }

    /// Calls `sink` with each packet of one access unit, for connections that frame them in another way.
    pub fn packetize(&mut self, packet: &Packet, at: Timestamp, sink: &mut dyn FnMut(&[u8])) {
        let mut scratch = std::mem::take(&mut self.scratch);
        self.split(packet, at, &mut |header, prefix, body| {
            scratch.clear();
            scratch.extend_from_slice(header);
            scratch.extend_from_slice(prefix);
            scratch.extend_from_slice(body);
            sink(&scratch);
        });
        self.scratch = scratch;
    }

    /// Calls `write` with header, prefix and body of each packet.
    fn split(&mut self, packet: &Packet, at: Timestamp, write: &mut impl FnMut(&[u8; HEADER_LEN], &[u8], &[u8])) {
        let timestamp = self.timestamp(at);
        let (stamp, max_payload) = (&mut self.stamp, self.max_payload);
        let mut send = |prefix: &[u8], body: &[u8], is_marked: bool| {
            let header = stamp.header(timestamp, is_marked, prefix.len() + body.len());
            write(&header, prefix, body);
        };
        match &self.track.codec {
            RtpCodec::H264 { .. } => {
                let sets = self.parameter_sets.as_ref().filter(|_| packet.is_idr);
                h264::split_unit(&packet.data, sets, max_payload, &mut send);
            }
            RtpCodec::Aac { .. } => aac::split_unit(&packet.data, max_payload, &mut send),
            // A packet is a payload, and cannot be cut (RFC 7587 §4.2); the marker would say that silence ends here.
            RtpCodec::Opus { .. } if packet.data.len() <= MAX_FRAME - HEADER_LEN => send(&[], &packet.data, false),
            RtpCodec::Opus { .. } => {}
        }
    }

    /// Appends a compound packet of a sender report and the CNAME (RFC 3550 §6.1): what time it is on the wall and on the
    /// track, and how much was sent until now. Not framed: see [`push_frame`](super::framing::push_frame).
    pub fn sender_report(&self, now_ntp: NtpTime, now: Timestamp, out: &mut Vec<u8>) {
        rtcp::write_sender_report(&self.report(now_ntp, now), &self.cname, out);
    }

    /// Appends a compound packet that ends the track: the last report and a BYE (RFC 3550 §6.6). Not framed.
    pub fn bye(&self, now_ntp: NtpTime, now: Timestamp, out: &mut Vec<u8>) {
        rtcp::write_bye(&self.report(now_ntp, now), &self.cname, out);
    }

    fn report(&self, ntp: NtpTime, now: Timestamp) -> rtcp::SenderReport {
        rtcp::SenderReport {
            ssrc: self.stamp.ssrc,
            ntp,
            timestamp: self.timestamp(now),
            packets: self.stamp.packets,
            octets: self.stamp.octets,
        }
    }
}

fn sets_of(codec: &RtpCodec) -> Option<ParameterSets> {
    match codec {
        RtpCodec::H264 { sps, pps } => Some(ParameterSets::new(sps, pps)),
        _ => None,
    }
}

impl Stamp {
    fn header(&mut self, timestamp: u32, is_marked: bool, payload: usize) -> [u8; HEADER_LEN] {
        let mut header = [0; HEADER_LEN];
        header[0] = VERSION;
        header[1] = self.payload_type | u8::from(is_marked) << 7;
        header[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        header[4..8].copy_from_slice(&timestamp.to_be_bytes());
        header[8..].copy_from_slice(&self.ssrc.to_be_bytes());
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload as u32);
        header
    }
}
