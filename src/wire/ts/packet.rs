//! One transport packet (§2.4.3.2): 188 bytes, of which the header says whose they are.

/// Bytes of a packet.
pub const PACKET: usize = 188;

/// What each packet begins with.
pub(super) const SYNC: u8 = 0x47;

/// Packets without content, which keep the rate of a stream constant.
pub(super) const NULL_PID: u16 = 0x1fff;

/// A packet, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// Whose it is.
    pub(super) pid: u16,
    /// A section or a PES packet begins in it.
    pub(super) is_start: bool,
    /// Counts packets with a payload, 0 to 15.
    pub(super) continuity: u8,
    /// The count may jump here, and so may the times.
    pub(super) is_discontinuous: bool,
    /// Only who has the key can read it.
    pub(super) is_scrambled: bool,
    /// What it carries; `None` for an adaptation field alone.
    pub(super) payload: Option<&'a [u8]>,
}

impl<'a> Packet<'a> {
    /// Reads a packet. `None`: it is damaged, and says so itself or makes no sense.
    pub(super) fn parse(bytes: &'a [u8; PACKET]) -> Option<Self> {
        let [sync, high, low, control, ..] = *bytes;
        let has_error = high & 0x80 != 0;
        if sync != SYNC || has_error {
            return None;
        }
        let rest = &bytes[4..];
        let (adaptation, payload) = match control >> 4 & 3 {
            1 => (&rest[..0], Some(rest)),
            2 => (rest, None),
            3 => {
                let length = usize::from(rest[0]);
                let payload = rest.get(1 + length..).filter(|payload| !payload.is_empty())?;
                (&rest[..=length], Some(payload))
            }
            // Reserved.
            _ => return None,
        };
        // Its length, then flags, if it is not empty.
        let flags = if adaptation.first().is_some_and(|length| *length > 0) {
            adaptation.get(1).copied().unwrap_or(0)
        } else {
            0
        };
        Some(Self {
            pid: u16::from(high & 0x1f) << 8 | u16::from(low),
            is_start: high & 0x40 != 0,
            continuity: control & 0x0f,
            is_discontinuous: flags & 0x80 != 0,
            is_scrambled: control >> 6 != 0,
            payload,
        })
    }
}
