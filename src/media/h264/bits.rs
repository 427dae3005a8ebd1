//! Bits out of a NAL unit: raw byte sequence payload (H.264 §7.2, §9.1), emulation prevention bytes passed over.

use super::BitstreamError;

/// Reads bits, most significant first. Errors carry the byte position in the NAL unit as it was given.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The byte that the next bit comes from.
    position: usize,
    /// Bits of it that were read already.
    used: u32,
    /// Zero bytes directly before `position`.
    zeros: u32,
}

impl<'a> BitReader<'a> {
    /// Reads `bytes` from offset `position` on.
    pub(super) fn new(bytes: &'a [u8], position: usize) -> Self {
        let mut reader = Self {
            bytes,
            position,
            used: 0,
            zeros: 0,
        };
        reader.skip_emulation();
        reader
    }

    /// An error at the byte that is being read.
    pub(super) fn error(&self, what: &'static str) -> BitstreamError {
        BitstreamError {
            what,
            position: self.position,
        }
    }

    /// After two zero bytes, a three is no payload (§7.4.1.1).
    fn skip_emulation(&mut self) {
        if self.zeros >= 2 && self.bytes.get(self.position) == Some(&3) {
            self.position += 1;
            self.zeros = 0;
        }
    }

    /// One bit: u(1).
    pub(super) fn bit(&mut self) -> Result<bool, BitstreamError> {
        let byte = *self
            .bytes
            .get(self.position)
            .ok_or_else(|| self.error("bitstream is cut short"))?;
        let bit = byte >> (7 - self.used) & 1;
        self.used += 1;
        if self.used == 8 {
            self.used = 0;
            self.position += 1;
            self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
            self.skip_emulation();
        }
        Ok(bit == 1)
    }

    /// `count` bits, at most 32: u(n).
    pub(super) fn bits(&mut self, count: u32) -> Result<u32, BitstreamError> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bit()?);
        }
        Ok(value)
    }

    /// Eight bits.
    pub(super) fn byte(&mut self) -> Result<u8, BitstreamError> {
        self.bits(8).map(|value| value as u8)
    }

    /// Unsigned Exp-Golomb code: ue(v), §9.1. More than 31 leading zeros have no 32-bit value and are refused.
    pub(super) fn ue(&mut self) -> Result<u32, BitstreamError> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return Err(self.error("Exp-Golomb code is too long"));
            }
        }
        Ok((1 << zeros) - 1 + self.bits(zeros)?)
    }

    /// Unsigned Exp-Golomb code that may not exceed `max`.
    pub(super) fn ue_within(&mut self, max: u32, what: &'static str) -> Result<u32, BitstreamError> {
        let position = self.position;
        match self.ue()? {
            value if value <= max => Ok(value),
            _ => Err(BitstreamError { what, position }),
        }
    }

    /// Signed Exp-Golomb code: se(v), §9.1.1.
    pub(super) fn se(&mut self) -> Result<i32, BitstreamError> {
        let code = i64::from(self.ue()?);
        let magnitude = (code + 1) / 2;
        // |value| ≤ 2³¹ − 1, since a code has at most 31 leading zeros.
        Ok(if code % 2 == 1 { magnitude } else { -magnitude } as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_of_the_standard() {
        // Table 9-2: 1, 010, 011, 00100, 00101 are 0 to 4, as signed 0, 1, -1, 2, -2.
        let bytes = [0b1010_0110, 0b0100_0010, 0b1000_0000];
        let mut reader = BitReader::new(&bytes, 0);
        assert_eq!(
            (0..5).map(|_| reader.ue().unwrap()).collect::<Vec<_>>(),
            [0, 1, 2, 3, 4]
        );
        let mut reader = BitReader::new(&bytes, 0);
        assert_eq!(
            (0..5).map(|_| reader.se().unwrap()).collect::<Vec<_>>(),
            [0, 1, -1, 2, -2]
        );
        assert_eq!(BitReader::new(&[0; 9], 0).ue().unwrap_err().position, 4);
        let largest = [0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe];
        assert_eq!(BitReader::new(&largest, 0).ue().unwrap(), u32::MAX - 1);
        assert_eq!(BitReader::new(&largest, 0).se().unwrap(), -i32::MAX);
    }

    #[test]
    fn emulation_prevention_is_passed_over() {
        let bytes = [0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 7];
        let mut reader = BitReader::new(&bytes, 0);
        let read: Vec<u8> = (0..8).map(|_| reader.byte().unwrap()).collect();
        assert_eq!(read, [0, 0, 1, 0, 0, 0, 0, 7]);
        assert_eq!(reader.byte().unwrap_err().position, bytes.len());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(0u8..5, 0..64), from in 0usize..80) {
            let mut reader = BitReader::new(&bytes, from);
            while reader.ue().is_ok() && reader.se().is_ok() && reader.bits(32).is_ok() {}
        }
    }
}
