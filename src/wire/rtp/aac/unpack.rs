//! Packets to access units: several in one packet, one in several, and with ADTS headers that some leave in.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::HEADER_BITS;
use crate::media::aac::{AdtsHeader, AudioSpecificConfig};
use crate::wire::rtp::depacketizer::{Problem, Received, problem};

/// Bytes of an access unit header.
const HEADER: usize = HEADER_BITS as usize / 8;

/// The receiving end of one track of AAC.
#[derive(Debug)]
pub(in crate::wire::rtp) struct Unpacker {
    /// Ticks that one access unit lasts.
    duration: i64,
    fragment: Option<Fragment>,
    left_out: u64,
}

/// An access unit whose end has not come yet.
#[derive(Debug)]
struct Fragment {
    timestamp: i64,
    size: usize,
    bytes: BytesMut,
}

impl Unpacker {
    pub(in crate::wire::rtp) fn new(asc: &[u8], clock_rate: u32) -> Self {
        let (samples, rate) = AudioSpecificConfig::parse(asc).map_or((1024, clock_rate), |config| {
            (config.frame_samples(), config.sample_rate)
        });
        Self {
            duration: i64::from(samples) * i64::from(clock_rate) / i64::from(rate.max(1)),
            fragment: None,
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
        is_after_gap: bool,
        out: &mut VecDeque<Received>,
    ) -> Result<(), Problem> {
        if is_after_gap || self.fragment.as_ref().is_some_and(|open| open.timestamp != timestamp) {
            self.drop_fragment();
        }
        let (bits, rest) = payload.split_first_chunk().ok_or(problem(0, "it ends in its head"))?;
        let bits = u16::from_be_bytes(*bits);
        if bits == 0 || bits % HEADER_BITS != 0 {
            return Err(problem(0, "access unit headers that are not of mode AAC-hbr"));
        }
        let (headers, mut data) = rest
            .split_at_checked(usize::from(bits) / 8)
            .ok_or(problem(2, "access unit headers reach beyond the packet"))?;
        let count = headers.len() / HEADER;
        for (index, header) in headers.chunks_exact(HEADER).enumerate() {
            let header = u16::from_be_bytes([header[0], header[1]]);
            let size = usize::from(header >> 3);
            let at = payload.len() - data.len();
            if header & 7 != 0 {
                return Err(problem(2 + index * HEADER, "interleaved access units"));
            }
            if count == 1 && (size > data.len() || self.fragment.is_some()) {
                return self.receive_part(size, data, timestamp, out);
            }
            let (unit, behind) = data
                .split_at_checked(size)
                .ok_or(problem(at, "an access unit reaches beyond the packet"))?;
            emit(
                Bytes::copy_from_slice(unit),
                timestamp + self.duration * index as i64,
                out,
            );
            data = behind;
        }
        Ok(())
    }

    /// Takes a part of an access unit of `size` bytes (§3.2.3.1). What is left of a unit whose beginning is lost never adds up,
    /// and goes when the next one comes.
    fn receive_part(
        &mut self,
        size: usize,
        part: &[u8],
        timestamp: i64,
        out: &mut VecDeque<Received>,
    ) -> Result<(), Problem> {
        let open = self.fragment.get_or_insert_with(|| Fragment {
            timestamp,
            size,
            bytes: BytesMut::new(),
        });
        if open.size != size || open.bytes.len() + part.len() > size {
            self.drop_fragment();
            return Err(problem(2, "parts that do not add up to their access unit"));
        }
        open.bytes.extend_from_slice(part);
        if open.bytes.len() == size {
            let whole = self.fragment.take().map(|open| open.bytes.freeze());
            emit(whole.unwrap_or_default(), timestamp, out);
        }
        Ok(())
    }

    fn drop_fragment(&mut self) {
        self.left_out += u64::from(self.fragment.take().is_some());
    }
}

fn emit(unit: Bytes, timestamp: i64, out: &mut VecDeque<Received>) {
    let data = without_adts(unit);
    if !data.is_empty() {
        out.push_back(Received::Unit {
            data,
            timestamp,
            is_idr: true,
        });
    }
}

/// A raw block cannot begin with the sync word of an ADTS header that also states the unit's own length.
fn without_adts(unit: Bytes) -> Bytes {
    match AdtsHeader::parse(&unit) {
        Ok(header) if header.frame_len == unit.len() => unit.slice(header.header_len().min(unit.len())..),
        _ => unit,
    }
}
