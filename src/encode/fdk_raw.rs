//! The border to fdk-aac's C object: unsafe code of this room, beside openh264's.
//!
//! The safe crate above these bindings sets neither bandwidth nor afterburner and cannot change the bitrate, so the object is
//! opened here with the parameters as they should be. What crosses the border: parameters in, frames of 16-bit samples in,
//! packets out into a slice of the caller's.

#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

use fdk_aac_sys as sys;

use super::RawError;

/// What the library is told at opening.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawSettings {
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u32,
    pub bits_per_second: u32,
    /// Where the low-pass is, in Hz; 0 leaves it to the library. Never beyond 20 kHz.
    pub bandwidth_hz: u32,
    /// Whether quantisation is tried out and refined ("afterburner").
    pub has_afterburner: bool,
}

/// What the library says about itself once open.
pub(super) struct RawInfo {
    /// AudioSpecificConfig.
    pub asc: Vec<u8>,
    /// Samples per channel in a frame.
    pub frame_samples: usize,
    /// By how many samples the output is late.
    pub delay: usize,
    /// The most bytes that a packet can have.
    pub packet_bytes: usize,
}

/// One AAC-LC encoder that writes raw data blocks. Closed when dropped.
pub(super) struct RawEncoder {
    handle: sys::HANDLE_AACENCODER,
}

// SAFETY: the object has no ties to the thread that made it, and `&mut self` on every call that changes it keeps two threads
// from being inside it at once.
unsafe impl Send for RawEncoder {}

impl RawEncoder {
    pub fn open(settings: &RawSettings) -> Result<Self, RawError> {
        let mut handle = null_mut();
        // SAFETY: `handle` is a place for the pointer that the library writes.
        let code = unsafe { sys::aacEncOpen(&raw mut handle, 0, settings.channels) };
        check("aacEncOpen", code)?;
        // From here on the object is closed on every way out.
        let mut encoder = Self { handle };
        let parameters = [
            (
                "AOT",
                sys::AACENC_PARAM_AACENC_AOT,
                sys::AUDIO_OBJECT_TYPE_AOT_AAC_LC as u32,
            ),
            ("SAMPLERATE", sys::AACENC_PARAM_AACENC_SAMPLERATE, settings.sample_rate),
            // MODE_1 and MODE_2 of the library's CHANNEL_MODE are mono and stereo.
            ("CHANNELMODE", sys::AACENC_PARAM_AACENC_CHANNELMODE, settings.channels),
            // Constant bitrate.
            ("BITRATEMODE", sys::AACENC_PARAM_AACENC_BITRATEMODE, 0),
            ("BITRATE", sys::AACENC_PARAM_AACENC_BITRATE, settings.bits_per_second),
            // TT_MP4_RAW.
            ("TRANSMUX", sys::AACENC_PARAM_AACENC_TRANSMUX, 0),
            ("SBR_MODE", sys::AACENC_PARAM_AACENC_SBR_MODE, 0),
            ("BANDWIDTH", sys::AACENC_PARAM_AACENC_BANDWIDTH, settings.bandwidth_hz),
            (
                "AFTERBURNER",
                sys::AACENC_PARAM_AACENC_AFTERBURNER,
                u32::from(settings.has_afterburner),
            ),
        ];
        for (name, parameter, value) in parameters {
            encoder.set(name, parameter, value)?;
        }
        encoder.apply()?;
        Ok(encoder)
    }

    pub fn info(&self) -> Result<RawInfo, RawError> {
        let mut info = MaybeUninit::<sys::AACENC_InfoStruct>::zeroed();
        // SAFETY: the object is open; `info` is a place for the plain struct of integers that the library fills.
        let code = unsafe { sys::aacEncInfo(self.handle, info.as_mut_ptr()) };
        check("aacEncInfo", code)?;
        // SAFETY: integers and arrays of integers, for which zeros are valid too.
        let info = unsafe { info.assume_init() };
        Ok(RawInfo {
            asc: info.confBuf.get(..info.confSize as usize).unwrap_or_default().to_vec(),
            frame_samples: info.frameLength as usize,
            delay: info.nDelay as usize,
            packet_bytes: info.maxOutBufBytes as usize,
        })
    }

    /// Changes target and low-pass from the next frame on. What is inside stays: there is no seam.
    pub fn retune(&mut self, bits_per_second: u32, bandwidth_hz: u32) -> Result<(), RawError> {
        self.set("BITRATE", sys::AACENC_PARAM_AACENC_BITRATE, bits_per_second)?;
        self.set("BANDWIDTH", sys::AACENC_PARAM_AACENC_BANDWIDTH, bandwidth_hz)?;
        self.apply()
    }

    /// Codes interleaved samples. Gives how many of them were taken, and the bytes written to `output`.
    pub fn encode(&mut self, samples: &[i16], output: &mut [u8]) -> Result<(usize, usize), RawError> {
        let too_long = |_| RawError {
            call: "aacEncEncode",
            code: -1,
        };
        let count = c_int::try_from(samples.len()).map_err(too_long)?;
        let mut input_at = samples.as_ptr().cast_mut().cast::<c_void>();
        let mut input_kind = sys::AACENC_BufferIdentifier_IN_AUDIO_DATA as c_int;
        let mut input_bytes = c_int::try_from(size_of_val(samples)).map_err(too_long)?;
        let mut input_element = size_of::<i16>() as c_int;
        let input = sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut input_at,
            bufferIdentifiers: &raw mut input_kind,
            bufSizes: &raw mut input_bytes,
            bufElSizes: &raw mut input_element,
        };
        let mut output_at = output.as_mut_ptr().cast::<c_void>();
        let mut output_kind = sys::AACENC_BufferIdentifier_OUT_BITSTREAM_DATA as c_int;
        let mut output_bytes = c_int::try_from(output.len()).map_err(too_long)?;
        let mut output_element = 1;
        let output = sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut output_at,
            bufferIdentifiers: &raw mut output_kind,
            bufSizes: &raw mut output_bytes,
            bufElSizes: &raw mut output_element,
        };
        let arguments = sys::AACENC_InArgs {
            numInSamples: count,
            numAncBytes: 0,
        };
        let mut results = MaybeUninit::<sys::AACENC_OutArgs>::zeroed();
        // SAFETY: the object is open. Both descriptors lead to locals that live through the call and say the true sizes of
        // `samples`, which the library only reads, and of `output`, beyond which it does not write.
        let code = unsafe {
            sys::aacEncEncode(
                self.handle,
                &raw const input,
                &raw const output,
                &raw const arguments,
                results.as_mut_ptr(),
            )
        };
        check("aacEncEncode", code)?;
        // SAFETY: a struct of integers, for which zeros are valid too.
        let results = unsafe { results.assume_init() };
        Ok((
            usize::try_from(results.numInSamples).unwrap_or(0),
            usize::try_from(results.numOutBytes).unwrap_or(0),
        ))
    }

    fn set(&mut self, call: &'static str, parameter: sys::AACENC_PARAM, value: u32) -> Result<(), RawError> {
        // SAFETY: the object is open; the library checks parameter and value.
        check(call, unsafe { sys::aacEncoder_SetParam(self.handle, parameter, value) })
    }

    /// Makes what was set take effect: a call without buffers, as the library's documentation has it.
    fn apply(&mut self) -> Result<(), RawError> {
        // SAFETY: the object is open, and null stands for "no buffers" in this very use.
        let code = unsafe { sys::aacEncEncode(self.handle, null(), null(), null(), null_mut()) };
        check("aacEncEncode without buffers", code)
    }
}

impl Drop for RawEncoder {
    fn drop(&mut self) {
        // SAFETY: the object is open and nobody uses it after this.
        unsafe { sys::aacEncClose(&raw mut self.handle) };
    }
}

fn check(call: &'static str, code: sys::AACENC_ERROR) -> Result<(), RawError> {
    if code == sys::AACENC_ERROR_AACENC_OK {
        return Ok(());
    }
    Err(RawError {
        call,
        code: i64::from(code),
    })
}
