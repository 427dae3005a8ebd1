//! Bytes of a box, with bounds and with their position in the file for errors (ISO/IEC 14496-12 §4.2).

use crate::source::file::error::Fault;

/// A box's four letters.
pub(super) type Kind = [u8; 4];

/// A reader over a slice that knows where in the file the slice lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    position: u64,
}

/// One box: its letters and its payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Atom<'a> {
    pub(super) kind: Kind,
    pub(super) body: Cursor<'a>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], position: u64) -> Self {
        Self { bytes, position }
    }

    /// Where in the file the next byte lies.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let Some((head, tail)) = self.bytes.split_at_checked(count) else {
            return Err(Fault::broken(
                self.position,
                format!("{count} bytes wanted, the box has {} more", self.bytes.len()),
            ));
        };
        self.bytes = tail;
        self.position += count as u64;
        Ok(head)
    }

    pub(super) fn skip(&mut self, count: usize) -> Result<(), Fault> {
        self.take(count).map(|_| ())
    }

    pub(super) fn u8(&mut self) -> Result<u8, Fault> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16, Fault> {
        Ok(self
            .take(2)?
            .iter()
            .fold(0, |value, byte| value << 8 | u16::from(*byte)))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        Ok(self
            .take(4)?
            .iter()
            .fold(0, |value, byte| value << 8 | u32::from(*byte)))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Fault> {
        Ok(self
            .take(8)?
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// Version and flags of a full box.
    pub(super) fn version(&mut self) -> Result<(u8, u32), Fault> {
        let word = self.u32()?;
        Ok(((word >> 24) as u8, word & 0x00ff_ffff))
    }

    /// 32 bits in version 0, 64 in version 1.
    pub(super) fn sized(&mut self, version: u8) -> Result<u64, Fault> {
        if version == 1 {
            self.u64()
        } else {
            self.u32().map(u64::from)
        }
    }

    /// The table of a full box: `count` rows of `width` bytes, which must be there.
    pub(super) fn rows(&mut self, width: usize) -> Result<(usize, Self), Fault> {
        let position = self.position;
        let count = self.u32()? as usize;
        let Some(bytes) = count.checked_mul(width).filter(|bytes| *bytes <= self.left()) else {
            return Err(Fault::broken(
                position,
                format!("a table of {count} rows does not fit into its box"),
            ));
        };
        let at = self.position;
        Ok((count, Self::new(self.take(bytes)?, at)))
    }

    /// The next box; `None` at the end.
    pub(super) fn atom(&mut self) -> Result<Option<Atom<'a>>, Fault> {
        // QuickTime ends some containers with four zero bytes.
        if self.left() < 8 {
            return Ok(None);
        }
        let position = self.position;
        let short = self.u32()?;
        let mut kind: Kind = [0; 4];
        kind.copy_from_slice(self.take(4)?);
        let size = match short {
            0 => self.left() as u64,
            1 => self.u64()?.saturating_sub(16),
            _ => u64::from(short).saturating_sub(8),
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > self.left() || (1 < short && short < 8) {
            return Err(Fault::broken(
                position,
                format!("box {} is larger than what contains it", letters(kind)),
            ));
        }
        let at = self.position;
        let body = Self::new(self.take(size)?, at);
        Ok(Some(Atom { kind, body }))
    }

    /// The first box of `kind` among those that follow.
    pub(super) fn find(mut self, kind: Kind) -> Result<Option<Cursor<'a>>, Fault> {
        while let Some(atom) = self.atom()? {
            if atom.kind == kind {
                return Ok(Some(atom.body));
            }
        }
        Ok(None)
    }

    /// The same, where it has to be there.
    pub(super) fn need(self, kind: Kind) -> Result<Cursor<'a>, Fault> {
        let position = self.position;
        self.find(kind)?
            .ok_or_else(|| Fault::broken(position, format!("box {} is missing", letters(kind))))
    }
}

/// A kind as text, for errors.
pub(super) fn letters(kind: Kind) -> String {
    kind.iter()
        .map(|byte| {
            if byte.is_ascii_graphic() {
                char::from(*byte)
            } else {
                '?'
            }
        })
        .collect()
}
