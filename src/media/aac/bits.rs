//! Bits in and out of the headers, and the fields that all of them share.

use super::{AacError, SAMPLE_RATES, SBR, Sbr, rate_of};

/// The index that says that the rate follows in 24 bits.
const ESCAPED_RATE: u32 = 15;

/// The object type that says that six more bits follow.
const ESCAPED_OBJECT_TYPE: u8 = 31;

/// Marks backward compatible SBR signalling at the end of an AudioSpecificConfig.
const SYNC_EXTENSION: u32 = 0x2b7;

/// Reads bits, highest first.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn read(&mut self, width: usize) -> Result<u32, AacError> {
        let mut value = 0;
        for _ in 0..width {
            let byte = self
                .bytes
                .get(self.at / 8)
                .ok_or(AacError::Truncated { at_bit: self.at })?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Ok(value)
    }

    pub(super) fn object_type(&mut self) -> Result<u8, AacError> {
        match self.read(5)? as u8 {
            ESCAPED_OBJECT_TYPE => Ok(32 + self.read(6)? as u8),
            object_type => Ok(object_type),
        }
    }

    pub(super) fn sample_rate(&mut self) -> Result<u32, AacError> {
        match self.read(4)? {
            ESCAPED_RATE => match self.read(24)? {
                0 => Err(AacError::Reserved {
                    field: "samplingFrequency",
                    value: 0,
                }),
                sample_rate => Ok(sample_rate),
            },
            index => rate_of(index),
        }
    }

    /// Backward compatible signalling (§1.6.5.1): looked for behind the configuration, absent without being wrong.
    pub(super) fn sync_extension(&mut self) -> Option<Sbr> {
        if self.read(11).ok()? != SYNC_EXTENSION || self.object_type().ok()? != SBR || self.read(1).ok()? != 1 {
            return None;
        }
        let sample_rate = self.sample_rate().ok()?;
        let has_parametric_stereo = self.read(11) == Ok(0x548) && self.read(1) == Ok(1);
        Some(Sbr {
            sample_rate,
            has_parametric_stereo,
        })
    }
}

/// Writes bits, highest first.
#[derive(Default)]
pub(super) struct BitWriter {
    pub(super) bytes: Vec<u8>,
    used: usize,
}

impl BitWriter {
    pub(super) fn write(&mut self, value: u32, width: usize) {
        for bit in (0..width).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> bit & 1) as u8) << (7 - self.used % 8);
            }
            self.used += 1;
        }
    }

    pub(super) fn object_type(&mut self, object_type: u8) {
        if object_type < ESCAPED_OBJECT_TYPE {
            self.write(object_type.into(), 5);
        } else {
            self.write(ESCAPED_OBJECT_TYPE.into(), 5);
            self.write(u32::from(object_type) - 32, 6);
        }
    }

    pub(super) fn sample_rate(&mut self, sample_rate: u32) {
        if let Some(index) = SAMPLE_RATES.iter().position(|rate| *rate == sample_rate) {
            self.write(index as u32, 4);
        } else {
            self.write(ESCAPED_RATE, 4);
            self.write(sample_rate, 24);
        }
    }
}
