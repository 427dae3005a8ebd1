//! MPEG transport streams (ISO/IEC 13818-1), read: bytes in, access units of H.264 and frames of AAC out.
//!
//! ```text
//! bytes ── Reader (sync, continuity) ─┬─ packet ── psi (PAT, PMT: what there is)
//!                                     └─ pes (one packet of one track, its times) ─┬─ pictures: access units
//!                                                                                  └─ sound: ADTS frames
//! ```
//!
//! A transport stream may begin anywhere and may be damaged anywhere: everything begins again at the next sync byte, at
//! the next section, at the next PES packet. What was lost is counted. One program is read, the first of the stream; of
//! it the first track of H.264 and the first of AAC in ADTS. What cannot be played is named, so that people know why
//! there is no sound.

mod packet;
mod pes;
mod program;
mod psi;
mod reader;
mod sound;
#[cfg(test)]
mod tests;

pub use packet::PACKET;
pub use program::{Codec, Program, Stream};
pub use reader::{Counts, Item, MAX_UNIT, Reader};
