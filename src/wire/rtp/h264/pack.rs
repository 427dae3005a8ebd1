//! One access unit to packets.

use super::{END, FU_A, REFERENCE_BITS, STAP_A, START, TYPE_BITS};
use crate::media::h264::avcc_nals;

/// SPS and PPS, ready to go out before an IDR.
#[derive(Debug, Default)]
pub(in crate::wire::rtp) struct ParameterSets {
    sps: Vec<u8>,
    pps: Vec<u8>,
    /// Both in one payload (RFC 6184 §5.7.1).
    stap: Vec<u8>,
}

impl ParameterSets {
    /// Sets that fit the length fields of an aggregation; others, which no encoder makes, go out alone.
    pub(in crate::wire::rtp) fn new(sps: &[u8], pps: &[u8]) -> Self {
        let sets = [sps, pps];
        // The highest nal_ref_idc of those inside (§5.7).
        let reference = sets
            .iter()
            .filter_map(|nal| nal.first())
            .map(|first| first & 0x60)
            .max()
            .unwrap_or(0);
        let mut stap = vec![reference | STAP_A];
        for nal in sets {
            let Ok(length) = u16::try_from(nal.len()) else {
                stap.clear();
                break;
            };
            stap.extend_from_slice(&length.to_be_bytes());
            stap.extend_from_slice(nal);
        }
        if sps.is_empty() || pps.is_empty() {
            stap.clear();
        }
        Self {
            sps: sps.to_vec(),
            pps: pps.to_vec(),
            stap,
        }
    }
}

/// Calls `send` with the prefix, the body and the marker of each payload of one access unit. Bytes that are no AVCC end it.
pub(in crate::wire::rtp) fn split_unit(
    avcc: &[u8],
    sets: Option<&ParameterSets>,
    max_payload: usize,
    send: &mut impl FnMut(&[u8], &[u8], bool),
) {
    if let Some(sets) = sets {
        if sets.stap.is_empty() || sets.stap.len() > max_payload {
            split_nal(&sets.sps, false, max_payload, send);
            split_nal(&sets.pps, false, max_payload, send);
        } else {
            send(&[], &sets.stap, false);
        }
    }
    let mut nals = avcc_nals(avcc, 4).map_while(Result::ok).peekable();
    while let Some(nal) = nals.next() {
        split_nal(nal, nals.peek().is_none(), max_payload, send);
    }
}

/// One NAL unit as it is, or in fragments. A unit that fits goes out whole, so no fragment is both first and last (§5.8).
fn split_nal(nal: &[u8], is_last: bool, max_payload: usize, send: &mut impl FnMut(&[u8], &[u8], bool)) {
    let Some((first, payload)) = nal.split_first() else {
        return;
    };
    if nal.len() <= max_payload {
        return send(&[], nal, is_last);
    }
    let indicator = first & REFERENCE_BITS | FU_A;
    let mut header = first & TYPE_BITS | START;
    let mut fragments = payload.chunks(max_payload - 2).peekable();
    while let Some(fragment) = fragments.next() {
        let is_end = fragments.peek().is_none();
        if is_end {
            header |= END;
        }
        send(&[indicator, header], fragment, is_end && is_last);
        header &= !START;
    }
}
