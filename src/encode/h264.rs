//! H.264 by openh264: constant bitrate, CABAC, low complexity, an IDR at fixed distances in time.
//!
//! The choices, and why (measured on hard moving content at 720p):
//! - **CABAC with low complexity.** CABAC is worth half a decibel for nothing; medium complexity costs a quarter more CPU
//!   and buys nothing. Main profile says exactly that and is read by everything.
//! - **Bitrate mode without frame skip.** With skip on, the library keeps its rate by leaving pictures out, up to many in
//!   a row: a program that stutters. With skip off it raises the quantiser as far as 51 instead, and overspends for a
//!   few frames only where even that is not enough. The publisher's queue takes such a burst; a viewer's eye would not
//!   take the gap. Frames that come too late for the encoder are left out before they get here.
//! - **No quantiser below 20.** Easy pictures do not need finer ones, and the first picture after a cut is coded with what
//!   suited the last one before it: from a slate to hard content that was 412 kB at 12, and is 243 kB at 20, no more than
//!   an IDR of that content. (24 gives 158 kB, but leaves bits unused where 6 Mbit/s are to be had.)
//! - **No background detection.** Looking for blocks that stand still costs more than it saves: without it moving
//!   pictures take 5 % less CPU at the same size and PSNR; still ones, cheap anyway, 2 % more.
//! - **No scene-change IDRs.** They come on top of the period, at the worst time for the bitrate.
//! - **The period is counted in time, here, and not in frames, by the library.** Frames that were left out or a live
//!   change of rate then do not stretch it, and an IDR forced for a viewer starts it anew.

use bytes::{BufMut, Bytes, BytesMut};
use openh264_sys2::{
    CAMERA_VIDEO_REAL_TIME, CM_BT709, CONSTANT_ID, CP_BT709, DEBLOCKING_IDC_0, LOW_COMPLEXITY, PRO_MAIN, RC_OFF_MODE,
    SEncParamExt, SM_FIXEDSLCNUM_SLICE, SM_SINGLE_SLICE, TRC_BT709, VF_UNDEF,
};

use super::RawError;
use super::openh264_raw::{RawEncoder, RawOutput};
use super::rate_control::{Look, Picture, RateController};
use super::{EncodeError, VideoEncoder, VideoSettings, check_size};
use crate::media::h264::{NalType, Sps, nal_type};
use crate::media::{FrameRate, Packet, Rate, RateControl, TimeDelta, Timestamp, TrackKind, VideoConfig, VideoFrame};

/// How this encoder is named in errors.
const NAME: &str = "openh264";

/// The highest target, in kbit/s.
const MAX_BITRATE_KBPS: u32 = 100_000;

/// Packets share pieces of memory of this many bytes: half a second of them at the usual rates.
const PACKETS_LEN: usize = 256 << 10;

/// An open encoder.
pub struct H264Encoder {
    raw: RawEncoder,
    control: RateController,
    look: Look,
    config: VideoConfig,
    gop: TimeDelta,
    last_idr: Option<Timestamp>,
    /// Memory of packets. Where those before are gone it is used again; else several share one piece.
    scratch: BytesMut,
}

impl H264Encoder {
    /// Opens an encoder and obtains its parameter sets, which stay the same while it lives.
    ///
    /// # Errors
    /// [`EncodeError::Settings`] for what openh264 cannot do: odd sizes, sizes outside 16×16 to 3840×2160, more than 60
    /// frames per second, no or absurd bitrates, periods and thread counts. Otherwise what the library said.
    pub fn open(settings: &VideoSettings) -> Result<Self, EncodeError> {
        check(settings)?;
        let mut raw = RawEncoder::open(|parameters| settle(parameters, settings)).map_err(library)?;
        let (sps, pps) = parameter_sets(&raw.parameter_sets().map_err(library)?)?;
        let parsed = Sps::parse(&sps).map_err(|source| EncodeError::Bitstream { encoder: NAME, source })?;
        if (parsed.width, parsed.height) != (settings.width, settings.height) {
            return Err(EncodeError::Settings {
                encoder: NAME,
                reason: format!(
                    "asked for {}x{}, the library made {}x{} of it",
                    settings.width, settings.height, parsed.width, parsed.height
                ),
            });
        }
        let gop = TimeDelta::from_secs_f64(settings.gop_seconds);
        Ok(Self {
            raw,
            control: RateController::new(
                settings.rate(),
                settings.frame_rate,
                gop,
                settings.width * settings.height,
            ),
            look: Look::new(settings.width, settings.height),
            config: VideoConfig {
                width: settings.width,
                height: settings.height,
                frame_rate: settings.frame_rate,
                sps,
                pps,
                bitrate_kbps: settings.bitrate_kbps,
            },
            gop,
            last_idr: None,
            scratch: BytesMut::new(),
        })
    }

    /// Whether the period is over at `pts`. Half a frame of slack: ticks of rates like 30000/1001 do not meet it exactly.
    fn is_idr_due(&self, pts: Timestamp) -> bool {
        let slack = self.config.frame_rate.frame_duration() / 2;
        self.last_idr
            .is_none_or(|last| pts < last || pts - last + slack >= self.gop)
    }
}

impl VideoEncoder for H264Encoder {
    fn config(&self) -> &VideoConfig {
        &self.config
    }

    fn encode(&mut self, frame: &VideoFrame, is_idr_wanted: bool) -> Result<Option<Packet>, EncodeError> {
        check_size(&self.config, frame)?;
        let is_idr = is_idr_wanted || self.is_idr_due(frame.pts);
        if is_idr {
            self.raw.force_idr().map_err(library)?;
        }
        let quantiser = self.control.quantiser(Picture {
            pts: frame.pts,
            is_idr,
            hint: self.look.at(frame),
        });
        self.raw.set_quantiser(quantiser).map_err(library)?;
        let output = self.raw.encode(frame, frame.pts.to_millis()).map_err(library)?;
        let Some((data, is_idr)) = access_unit(&output, &mut self.scratch) else {
            return Ok(None);
        };
        self.control.coded(8 * data.len() as u64);
        if is_idr {
            self.last_idr = Some(frame.pts);
        }
        Ok(Some(Packet {
            track: TrackKind::Video,
            pts: frame.pts,
            dts: frame.pts,
            is_idr,
            data,
        }))
    }

    fn set_rate(&mut self, rate: Rate) -> Result<(), EncodeError> {
        check_rate(rate)?;
        self.control.set_rate(rate);
        self.config.bitrate_kbps = rate.kbps;
        Ok(())
    }

    fn rate(&self) -> Rate {
        self.control.rate()
    }

    fn set_frame_rate(&mut self, rate: FrameRate) -> Result<(), EncodeError> {
        check_frame_rate(rate)?;
        self.control.set_frame_rate(rate);
        self.config.frame_rate = rate;
        Ok(())
    }
}

fn library(error: RawError) -> EncodeError {
    error.of(NAME)
}

fn refuse(reason: String) -> EncodeError {
    EncodeError::Settings { encoder: NAME, reason }
}

fn check(settings: &VideoSettings) -> Result<(), EncodeError> {
    let VideoSettings { width, height, .. } = *settings;
    if width % 2 != 0 || height % 2 != 0 {
        return Err(refuse(format!(
            "{width}x{height} is odd; 4:2:0 pictures have even sizes"
        )));
    }
    let (longer, shorter) = (width.max(height), width.min(height));
    if shorter < 16 || longer > 3840 || shorter > 2160 {
        return Err(refuse(format!("{width}x{height} lies outside 16x16 to 3840x2160")));
    }
    if !(0.1..=60.0).contains(&settings.gop_seconds) {
        return Err(refuse(format!(
            "a GOP of {} s lies outside 0.1 to 60",
            settings.gop_seconds
        )));
    }
    if !(1..=4).contains(&settings.threads) {
        return Err(refuse(format!("{} threads lie outside 1 to 4", settings.threads)));
    }
    check_frame_rate(settings.frame_rate)?;
    check_rate(settings.rate())
}

/// That the library can be set to this rate.
///
/// # Errors
/// [`EncodeError::Settings`].
pub fn check_frame_rate(rate: FrameRate) -> Result<(), EncodeError> {
    if (1.0..=60.0).contains(&rate.as_f64()) {
        Ok(())
    } else {
        Err(refuse(format!("{rate} frames per second lie outside 1 to 60")))
    }
}

/// That an encoder can be told this.
///
/// # Errors
/// [`EncodeError::Settings`] for a target of zero or beyond all sense, a cap below the target, a quantiser outside 10 to 51.
pub fn check_rate(rate: Rate) -> Result<(), EncodeError> {
    let kbps = rate.kbps;
    if !(1..=MAX_BITRATE_KBPS).contains(&kbps) {
        return Err(refuse(format!("{kbps} kbit/s lie outside 1 to {MAX_BITRATE_KBPS}")));
    }
    match rate.control {
        RateControl::Capped { max_kbps } if !(kbps..=MAX_BITRATE_KBPS).contains(&max_kbps) => Err(refuse(format!(
            "a cap of {max_kbps} kbit/s lies outside the target's {kbps} to {MAX_BITRATE_KBPS}"
        ))),
        RateControl::Quality { quantiser } if !(10..=51).contains(&quantiser) => {
            Err(refuse(format!("a quantiser of {quantiser} lies outside 10 to 51")))
        }
        _ => Ok(()),
    }
}

/// The library's parameters, starting from its defaults. The head of this file gives the reasons.
fn settle(parameters: &mut SEncParamExt, settings: &VideoSettings) {
    let (width, height) = (settings.width as i32, settings.height as i32);
    let frame_rate = settings.frame_rate.as_f64() as f32;

    parameters.iUsageType = CAMERA_VIDEO_REAL_TIME;
    parameters.iPicWidth = width;
    parameters.iPicHeight = height;
    parameters.fMaxFrameRate = frame_rate;
    // The quantiser is set for each picture.
    parameters.iRCMode = RC_OFF_MODE;
    parameters.bEnableFrameSkip = false;
    parameters.iComplexityMode = LOW_COMPLEXITY;
    parameters.iEntropyCodingModeFlag = 1;
    parameters.uiIntraPeriod = 0;
    parameters.eSpsPpsIdStrategy = CONSTANT_ID;
    parameters.bEnableSceneChangeDetect = false;
    parameters.bEnableBackgroundDetection = false;
    parameters.bEnableDenoise = false;
    parameters.bEnableLongTermReference = false;
    parameters.iLoopFilterDisableIdc = DEBLOCKING_IDC_0;
    parameters.iTemporalLayerNum = 1;
    parameters.iSpatialLayerNum = 1;
    parameters.iMultipleThreadIdc = settings.threads;
    parameters.bUseLoadBalancing = false;

    let layer = &mut parameters.sSpatialLayers[0];
    layer.iVideoWidth = width;
    layer.iVideoHeight = height;
    layer.fFrameRate = frame_rate;
    layer.uiProfileIdc = PRO_MAIN;
    layer.bVideoSignalTypePresent = true;
    layer.uiVideoFormat = VF_UNDEF as u8;
    layer.bFullRange = false;
    layer.bColorDescriptionPresent = true;
    layer.uiColorPrimaries = CP_BT709 as u8;
    layer.uiTransferCharacteristics = TRC_BT709 as u8;
    layer.uiColorMatrix = CM_BT709 as u8;
    // Threads share a picture by slices: one each.
    layer.sSliceArgument.uiSliceMode = if settings.threads > 1 {
        SM_FIXEDSLCNUM_SLICE
    } else {
        SM_SINGLE_SLICE
    };
    layer.sSliceArgument.uiSliceNum = u32::from(settings.threads);
}

fn parameter_sets(output: &RawOutput<'_>) -> Result<(Bytes, Bytes), EncodeError> {
    let (mut sps, mut pps) = (None, None);
    for nal in output.nals().map(strip_start_code) {
        match nal_type(nal) {
            Some(NalType::Sps) => sps = Some(Bytes::copy_from_slice(nal)),
            Some(NalType::Pps) => pps = Some(Bytes::copy_from_slice(nal)),
            _ => {}
        }
    }
    sps.zip(pps).ok_or(EncodeError::Library {
        encoder: NAME,
        call: "EncodeParameterSets",
        code: -1,
    })
}

/// The slices of the output behind 4-byte lengths, and whether they are an IDR's. `None` where there are none.
fn access_unit(output: &RawOutput<'_>, scratch: &mut BytesMut) -> Option<(Bytes, bool)> {
    let slices = || output.nals().map(strip_start_code).filter(|nal| is_slice(nal));
    let size: usize = slices().map(|nal| 4 + nal.len()).sum();
    if size == 0 {
        return None;
    }
    if scratch.capacity() < size {
        scratch.reserve(size.max(PACKETS_LEN));
    }
    let mut is_idr = false;
    for nal in slices() {
        is_idr |= nal_type(nal) == Some(NalType::Idr);
        scratch.put_u32(nal.len() as u32);
        scratch.put_slice(nal);
    }
    Some((scratch.split().freeze(), is_idr))
}

fn is_slice(nal: &[u8]) -> bool {
    nal_type(nal).is_some_and(NalType::is_slice)
}

/// The library puts a start code of three or four bytes before each unit.
fn strip_start_code(nal: &[u8]) -> &[u8] {
    nal.strip_prefix(&[0, 0, 0, 1])
        .or_else(|| nal.strip_prefix(&[0, 0, 1]))
        .unwrap_or(nal)
}
