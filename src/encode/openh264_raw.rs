//! The border to openh264's C++ object: the only unsafe code of this room.
//!
//! The safe crate above these bindings fixes slices, entropy coding and more before the encoder exists, so the object is
//! opened here with the parameters as they should be. What crosses the border: parameters in, pictures in, NAL units
//! out as slices that live until the next call.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::ptr::{NonNull, null_mut};

use openh264_sys2::{
    ENCODER_OPTION_SVC_ENCODE_PARAM_EXT, ENCODER_OPTION_TRACE_LEVEL, ISVCEncoder, ISVCEncoderVtbl, SEncParamExt,
    SFrameBSInfo, SSourcePicture, WELS_LOG_QUIET, source::APILoader, videoFormatI420,
};

use super::RawError;
use crate::media::{Plane, VideoFrame};

/// What became of a picture, or of a request for parameter sets.
pub(super) struct RawOutput<'a> {
    info: &'a SFrameBSInfo,
}

/// One encoder object. Destroyed when dropped.
pub(super) struct RawEncoder {
    object: NonNull<ISVCEncoder>,
    /// What the object works by. Boxed: it has some kilobytes.
    parameters: Box<SEncParamExt>,
    /// Written by the library on each call; points into memory that the object owns. Boxed: it has some kilobytes.
    info: Box<SFrameBSInfo>,
}

// SAFETY: the object has no ties to the thread that made it (its own worker threads are joined within each call), and
// `&mut self` on every call keeps two threads from being inside it at once. The pointers in `info` lead to memory of
// the object, and are followed only while a `RawOutput` borrows it.
unsafe impl Send for RawEncoder {}

fn checked(call: &'static str, code: c_int) -> Result<(), RawError> {
    if code == 0 {
        Ok(())
    } else {
        Err(RawError {
            call,
            code: i64::from(code),
        })
    }
}

/// Calls a method of the object by its name in the table of functions.
macro_rules! method {
    ($encoder:expr, $name:ident($($argument:expr),*)) => {{
        let object = $encoder.object.as_ptr();
        // SAFETY: `object` came from WelsCreateSVCEncoder and lives as long as `RawEncoder`: it is a pointer to a table
        // that the library never changes. What each argument must fulfil is said where it is passed.
        let table: &ISVCEncoderVtbl = unsafe { &**object };
        match table.$name {
            // SAFETY: as above; the first argument of every method is the object itself.
            Some(function) => checked(stringify!($name), unsafe { function(object $(, $argument)*) }),
            None => Err(RawError { call: stringify!($name), code: -1 }),
        }
    }};
}

impl RawEncoder {
    /// Creates the object and lets `settle` change the library's default parameters before they take effect.
    pub(super) fn open(settle: impl FnOnce(&mut SEncParamExt)) -> Result<Self, RawError> {
        let mut object: *mut ISVCEncoder = null_mut();
        // SAFETY: a valid place for the one pointer that the function writes.
        let code = unsafe { APILoader::WelsCreateSVCEncoder(&raw mut object) };
        checked("WelsCreateSVCEncoder", code)?;
        let object = NonNull::new(object).ok_or(RawError {
            call: "WelsCreateSVCEncoder",
            code: -1,
        })?;
        let mut encoder = Self {
            object,
            parameters: Box::default(),
            info: Box::default(),
        };
        // The library would write its warnings to stderr, over the terminal; errors come back as codes all the same.
        let mut level: c_int = WELS_LOG_QUIET;
        method!(encoder, SetOption(ENCODER_OPTION_TRACE_LEVEL, (&raw mut level).cast()))?;
        let parameters: *mut SEncParamExt = &raw mut *encoder.parameters;
        method!(encoder, GetDefaultParams(parameters))?;
        settle(&mut encoder.parameters);
        let parameters: *const SEncParamExt = &raw const *encoder.parameters;
        method!(encoder, InitializeExt(parameters))?;
        Ok(encoder)
    }

    /// SPS and PPS, without encoding anything.
    pub(super) fn parameter_sets(&mut self) -> Result<RawOutput<'_>, RawError> {
        let info: *mut SFrameBSInfo = &raw mut *self.info;
        method!(self, EncodeParameterSets(info))?;
        Ok(RawOutput { info: &self.info })
    }

    /// Encodes one picture, which must have the size that the object was opened for.
    pub(super) fn encode(&mut self, frame: &VideoFrame, timestamp_ms: i64) -> Result<RawOutput<'_>, RawError> {
        let planes = [Plane::Y, Plane::U, Plane::V];
        let mut picture = SSourcePicture {
            iColorFormat: videoFormatI420,
            iPicWidth: frame.width() as c_int,
            iPicHeight: frame.height() as c_int,
            uiTimeStamp: timestamp_ms,
            ..SSourcePicture::default()
        };
        for (index, plane) in planes.into_iter().enumerate() {
            picture.iStride[index] = frame.stride(plane) as c_int;
            // The library's type says `*mut`, but encoding only reads the picture.
            picture.pData[index] = frame.plane(plane).as_ptr().cast_mut();
        }
        let info: *mut SFrameBSInfo = &raw mut *self.info;
        // The planes are borrowed from `frame` for longer than the call lasts, and each holds stride × rows bytes.
        method!(self, EncodeFrame(&raw const picture, info))?;
        Ok(RawOutput { info: &self.info })
    }

    /// Makes the next picture an IDR.
    pub(super) fn force_idr(&mut self) -> Result<(), RawError> {
        method!(self, ForceIntraFrame(true))
    }

    /// Sets the quantiser of all macroblocks, from the next picture on.
    ///
    /// The option takes all parameters again. What differs in the quantiser alone is copied into the running encoder
    /// (`WelsEncoderParamAdjust` without `bNeedReset`): no IDR, no new parameter sets.
    pub(super) fn set_quantiser(&mut self, quantiser: u8) -> Result<(), RawError> {
        let quantiser = c_int::from(quantiser);
        let layer = &mut self.parameters.sSpatialLayers[0];
        if layer.iDLayerQp == quantiser {
            return Ok(());
        }
        layer.iDLayerQp = quantiser;
        let parameters: *mut SEncParamExt = &raw mut *self.parameters;
        // The option takes an `SEncParamExt`, which it copies from.
        method!(self, SetOption(ENCODER_OPTION_SVC_ENCODE_PARAM_EXT, parameters.cast()))
    }
}

impl Drop for RawEncoder {
    fn drop(&mut self) {
        let _ = method!(self, Uninitialize());
        // SAFETY: made by WelsCreateSVCEncoder, destroyed once, not used after.
        unsafe { APILoader::WelsDestroySVCEncoder(self.object.as_ptr()) };
    }
}

impl<'a> RawOutput<'a> {
    /// The NAL units, each still behind its start code.
    pub(super) fn nals(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let layers = usize::try_from(self.info.iLayerNum).unwrap_or(0);
        self.info.sLayerInfo.iter().take(layers).flat_map(|layer| {
            let count = usize::try_from(layer.iNalCount).unwrap_or(0);
            let mut start = 0;
            (0..count).map(move |index| {
                // SAFETY: the library states `iNalCount` lengths, whose sum it has written at `pBsBuf`. Both belong to the
                // object and stay until its next call, which needs the `&mut RawEncoder` that `'a` holds borrowed.
                unsafe {
                    let length = usize::try_from(*layer.pNalLengthInByte.add(index)).unwrap_or(0);
                    let nal = std::slice::from_raw_parts(layer.pBsBuf.add(start), length);
                    start += length;
                    nal
                }
            })
        })
    }
}
