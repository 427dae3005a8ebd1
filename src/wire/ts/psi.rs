//! Sections (§2.4.4): the tables that say which programs and tracks there are. They may be longer than a packet.

/// Bytes of a section of these tables at most (§2.4.4.1).
const MAX_SECTION: usize = 1_024;

/// Puts the sections of one PID together.
#[derive(Clone, Debug, Default)]
pub(super) struct Sections {
    /// What has come of the section that is begun; `None` until one begins.
    begun: Option<Vec<u8>>,
}

impl Sections {
    /// Takes the payload of a packet, and gives each section that is whole and undamaged to `sink`.
    pub(super) fn push(&mut self, payload: &[u8], is_start: bool, mut sink: impl FnMut(&[u8])) {
        if !is_start {
            self.add(payload, &mut sink);
            return;
        }
        // A pointer to where the new section begins; before it lies the end of the one before.
        let Some((pointer, rest)) = payload.split_first() else {
            return;
        };
        let Some((end, mut rest)) = rest.split_at_checked(usize::from(*pointer)) else {
            self.begun = None;
            return;
        };
        self.add(end, &mut sink);
        // Several short ones may follow each other; 0xff is what the rest is stuffed with.
        while rest.first().is_some_and(|table| *table != 0xff) {
            self.begun = Some(Vec::new());
            let length = section_len(rest).map_or(rest.len(), |length| length.min(rest.len()));
            let (section, after) = rest.split_at(length);
            self.add(section, &mut sink);
            rest = after;
        }
    }

    /// After a loss: what is begun will not be whole.
    pub(super) fn forget(&mut self) {
        self.begun = None;
    }

    fn add(&mut self, bytes: &[u8], sink: &mut impl FnMut(&[u8])) {
        let Some(section) = &mut self.begun else { return };
        section.extend_from_slice(bytes);
        let Some(length) = section_len(section) else { return };
        if length > MAX_SECTION {
            self.begun = None;
        } else if section.len() >= length {
            if crc32(&section[..length]) == 0 {
                sink(&section[..length]);
            }
            self.begun = None;
        }
    }
}

/// Bytes of a section by its header, those three included.
fn section_len(section: &[u8]) -> Option<usize> {
    let [_, high, low, ..] = *section else { return None };
    Some(3 + (usize::from(high & 0x0f) << 8 | usize::from(low)))
}

/// The CRC of annex A; zero over a section together with its CRC.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            if crc & 0x8000_0000 == 0 {
                crc << 1
            } else {
                crc << 1 ^ 0x04c1_1db7
            }
        })
    })
}
