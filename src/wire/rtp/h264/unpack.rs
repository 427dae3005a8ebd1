//! Packets to access units, from senders as they are.
//!
//! What is forgiven: parameter sets in the stream, delimiters and fillers, Annex B inside a payload, several NAL units in one
//! fragmentation unit, a missing marker (a new timestamp ends the unit as well), FU-A that is first and last at once. What is
//! not: a hole. A unit with one is left out, and so is everything after it until an IDR, because it refers to what is missing.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::{END, FU_A, REFERENCE_BITS, STAP_A, START, TYPE_BITS};
use crate::media::h264::{NalType, annex_b_nals, find_start_code, first_mb_in_slice, nal_type};
use crate::wire::rtp::RtpCodec;
use crate::wire::rtp::depacketizer::{Problem, Received, problem};

/// The most bytes of an access unit: more than a whole second of 100 Mbit/s.
const MAX_UNIT: usize = 16 * 1024 * 1024;

/// Bytes of a NAL unit's length.
const LENGTH: usize = 4;

/// The receiving end of one track of H.264.
#[derive(Debug)]
pub(in crate::wire::rtp) struct Unpacker {
    sps: Bytes,
    pps: Bytes,
    /// The sets differ from what was last told.
    is_config_new: bool,
    /// Units before the first IDR, or after damage, are of no use.
    is_waiting: bool,
    unit: Option<Unit>,
    /// The bytes of `unit`, and room that is used again.
    buffer: BytesMut,
    /// Units that were left out.
    left_out: u64,
}

/// What there is of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Picture {
    Nothing,
    Inter,
    Idr,
}

/// The access unit that is being put together.
#[derive(Debug)]
struct Unit {
    timestamp: i64,
    picture: Picture,
    is_damaged: bool,
    /// Packets before its first one are missing: only its first slice can tell whether they belonged to it.
    is_start_unknown: bool,
    /// Where the length of the NAL unit lies that comes in fragments.
    fragment: Option<usize>,
}

impl Unpacker {
    pub(in crate::wire::rtp) fn new(sps: Bytes, pps: Bytes) -> Self {
        Self {
            is_config_new: !sps.is_empty() && !pps.is_empty(),
            sps,
            pps,
            is_waiting: true,
            unit: None,
            buffer: BytesMut::new(),
            left_out: 0,
        }
    }

    pub(in crate::wire::rtp) const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Takes a packet's payload. `is_after_gap`: packets before it are missing.
    pub(in crate::wire::rtp) fn receive(
        &mut self,
        payload: &[u8],
        timestamp: i64,
        is_marked: bool,
        is_after_gap: bool,
        out: &mut VecDeque<Received>,
    ) -> Result<(), Problem> {
        if is_after_gap {
            self.is_waiting = true;
            if let Some(unit) = &mut self.unit {
                unit.is_damaged = true;
            }
        }
        if self.unit.as_ref().is_some_and(|unit| unit.timestamp != timestamp) {
            self.finish(out);
        }
        self.unit.get_or_insert(Unit {
            timestamp,
            picture: Picture::Nothing,
            is_damaged: false,
            is_start_unknown: is_after_gap,
            fragment: None,
        });
        let result = self.unpack(payload);
        if result.is_err() {
            self.damage();
        }
        if is_marked {
            self.finish(out);
        }
        result
    }

    fn unpack(&mut self, payload: &[u8]) -> Result<(), Problem> {
        let (first, rest) = payload.split_first().ok_or(problem(0, "it is empty"))?;
        match first & TYPE_BITS {
            STAP_A => self.unpack_aggregate(rest),
            FU_A => self.unpack_fragment(*first, rest),
            1..=23 => {
                self.interrupt_fragment();
                self.push(payload);
                Ok(())
            }
            // Where a sender has put start codes before its NAL units, the first byte is a zero.
            0 if payload.starts_with(&[0, 0, 1]) || payload.starts_with(&[0, 0, 0, 1]) => {
                self.interrupt_fragment();
                annex_b_nals(payload).for_each(|nal| self.push(nal));
                Ok(())
            }
            _ => Err(problem(0, "a NAL unit type that packetization mode 1 does not have")),
        }
    }

    fn unpack_aggregate(&mut self, mut rest: &[u8]) -> Result<(), Problem> {
        self.interrupt_fragment();
        let whole = rest.len();
        while let Some((length, behind)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let at = 1 + whole - rest.len();
            let nal = behind
                .get(..length)
                .ok_or(problem(at, "a NAL unit of an aggregation reaches beyond the packet"))?;
            self.push(nal);
            rest = &behind[length..];
        }
        // One byte left over is padding that is not declared as such.
        Ok(())
    }

    fn unpack_fragment(&mut self, indicator: u8, rest: &[u8]) -> Result<(), Problem> {
        let (header, body) = rest.split_first().ok_or(problem(1, "a fragment without a header"))?;
        if header & START != 0 {
            self.interrupt_fragment();
            let at = self.buffer.len();
            self.append(&[0; LENGTH]);
            self.append(&[indicator & REFERENCE_BITS | header & TYPE_BITS]);
            if let Some(unit) = &mut self.unit {
                unit.fragment = Some(at);
            }
        }
        let Some(at) = self.unit.as_ref().and_then(|unit| unit.fragment) else {
            // Behind a loss that is known this is what is left of the unit; else the sender never began it.
            let is_known = self
                .unit
                .as_ref()
                .is_some_and(|unit| unit.is_damaged || unit.is_start_unknown);
            self.damage();
            return if is_known {
                Ok(())
            } else {
                Err(problem(1, "a fragment without a first one"))
            };
        };
        self.append(body);
        if header & END != 0 {
            self.close_fragment(at);
        }
        Ok(())
    }

    /// A NAL unit whose last fragment is missing, though no packet is.
    fn interrupt_fragment(&mut self) {
        if self.unit.as_ref().is_some_and(|unit| unit.fragment.is_some()) {
            self.damage();
        }
    }

    /// The NAL unit whose length lies at `at` is whole.
    fn close_fragment(&mut self, at: usize) {
        let Some(unit) = &mut self.unit else { return };
        unit.fragment = None;
        if unit.is_damaged {
            return;
        }
        let nal = &self.buffer[at + LENGTH..];
        let is_plain = matches!(nal_type(nal), Some(NalType::Slice | NalType::Idr)) && find_start_code(nal).is_none();
        if is_plain {
            let length = nal.len() as u32;
            unit.note_slice(nal);
            self.buffer[at..at + LENGTH].copy_from_slice(&length.to_be_bytes());
        } else {
            let nal = self.buffer.split_off(at).split_off(LENGTH);
            self.push(&nal);
        }
    }

    /// Takes a whole NAL unit, or several where start codes stand between them, which no NAL unit can have inside.
    fn push(&mut self, nal: &[u8]) {
        match find_start_code(nal) {
            None => self.push_one(nal),
            Some(at) => {
                let (first, rest) = nal.split_at(at);
                // The zeros before a start code of four bytes belong to it.
                let end = first.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                self.push_one(&first[..end]);
                annex_b_nals(rest).for_each(|nal| self.push_one(nal));
            }
        }
    }

    fn push_one(&mut self, nal: &[u8]) {
        match nal_type(nal) {
            Some(NalType::Sps) => self.is_config_new |= replace(&mut self.sps, nal),
            Some(NalType::Pps) => self.is_config_new |= replace(&mut self.pps, nal),
            // Delimiters, ends of sequence and of stream, filler; and what is no NAL unit at all.
            None | Some(NalType::Aud | NalType::Other(0 | 10..=12 | 24..)) => {}
            Some(kind) => {
                let Some(unit) = &mut self.unit else { return };
                if kind.is_slice() {
                    unit.note_slice(nal);
                }
                self.append(&(nal.len() as u32).to_be_bytes());
                self.append(nal);
            }
        }
    }

    /// Adds bytes to the unit, as long as it is one worth having.
    fn append(&mut self, bytes: &[u8]) {
        if self.buffer.len() + bytes.len() > MAX_UNIT {
            self.damage();
        }
        if self.unit.as_ref().is_some_and(|unit| !unit.is_damaged) {
            self.buffer.extend_from_slice(bytes);
        }
    }

    fn damage(&mut self) {
        if let Some(unit) = &mut self.unit {
            unit.is_damaged = true;
            unit.fragment = None;
        }
        self.buffer.clear();
    }

    /// Hands out the unit if a decoder can make something of it.
    pub(in crate::wire::rtp) fn finish(&mut self, out: &mut VecDeque<Received>) {
        self.interrupt_fragment();
        let Some(unit) = self.unit.take() else { return };
        if unit.is_damaged {
            self.is_waiting = true;
            self.left_out += 1;
            return self.buffer.clear();
        }
        if unit.picture == Picture::Nothing {
            // Parameter sets in a packet with a marker of their own, or information about no picture.
            return self.buffer.clear();
        }
        let is_idr = unit.picture == Picture::Idr;
        let has_config = !self.sps.is_empty() && !self.pps.is_empty();
        if !has_config || self.is_waiting && !is_idr {
            self.left_out += 1;
            return self.buffer.clear();
        }
        self.is_waiting = false;
        if std::mem::take(&mut self.is_config_new) {
            out.push_back(Received::Config(RtpCodec::H264 {
                sps: self.sps.clone(),
                pps: self.pps.clone(),
            }));
        }
        out.push_back(Received::Unit {
            data: self.buffer.split().freeze(),
            timestamp: unit.timestamp,
            is_idr,
        });
    }
}

impl Unit {
    fn note_slice(&mut self, nal: &[u8]) {
        if self.is_start_unknown && self.picture == Picture::Nothing && first_mb_in_slice(nal) != Some(0) {
            self.is_damaged = true;
        }
        let is_idr = nal_type(nal) == Some(NalType::Idr);
        self.picture = self.picture.max(if is_idr { Picture::Idr } else { Picture::Inter });
    }
}

/// Takes over a parameter set; tells whether it is another one.
fn replace(set: &mut Bytes, nal: &[u8]) -> bool {
    let is_new = set[..] != *nal;
    if is_new {
        *set = Bytes::copy_from_slice(nal);
    }
    is_new
}
