//! One session with a camera that is open: asked for a mode, set as the scene file says, read until it ends.

use std::io;

use super::controls::Controls;
use super::device::{Device, Filled, Interval, Sizes, Wanted, is_end};
use super::error::CameraError;
use super::mode::{Form, Mode, Need, Offer, choose, short};
use super::picture::{PictureError, Reader};
use crate::media::{MAX_DIMENSION, TimeDelta, Timestamp};
use crate::source::attempt::Outcome;
use crate::source::devices::CameraSpec;
use crate::source::outlet::Outlet;
use crate::source::spec::{SourceFormat, SourceState, SourceVideo};

/// A picture is shown so long after the driver took its time. A JPEG over USB arrives up to a picture's time after that and is then decoded;
/// with less than this, pictures whose arrival jitters would be shown now on this and now on that tick.
pub(super) const LATENCY_MS: i64 = 50;

/// How old a picture may be by its driver. What says more is on some other clock.
const MAX_AGE_MS: i64 = 500;

/// How often orders are looked for while nothing comes.
const ORDERS_MS: i64 = 50;

/// Buffers to ask for: one is read, one filled, two ride out a pause of this thread.
const BUFFERS: u32 = 4;

/// A camera is given up that has been silent for so long: at first, when it may have to warm up, and later.
const FIRST_PICTURE_MS: i64 = 6_000;
const NEXT_PICTURE_MS: i64 = 2_000;

/// Damaged and skipped pictures are told at most so often.
const TELL_MS: i64 = 10_000;

/// Controls are read at most so often because one has changed: each is a question over USB, and pictures wait meanwhile. Cameras that expose by
/// themselves tell of it all the time.
const CONTROLS_MS: i64 = 1_000;

/// Things of a device that are enumerated at most: formats, sizes of each, rates of each.
const MAX_LISTED: u32 = 64;

/// All that the device offers, in its own order.
pub(super) fn offers(device: &mut dyn Device, need: Need) -> io::Result<Vec<Offer>> {
    let mut offers = Vec::new();
    for index in 0..MAX_LISTED {
        let format = match device.format(index) {
            Ok(format) => format,
            Err(error) if is_end(&error) => break,
            Err(error) => return Err(error),
        };
        for index in 0..MAX_LISTED {
            let sizes = match device.sizes(format, index) {
                Ok(sizes) => sizes,
                // A driver that does not tell is asked for what is needed, and answers with what it has.
                Err(error) if is_end(&error) && index == 0 => Sizes::One(need.width, need.height),
                Err(_) => break,
            };
            let (width, height) = match sizes {
                Sizes::One(width, height) => (width, height),
                Sizes::Range { min, max, .. } => (
                    need.width.clamp(min.0.min(max.0), max.0),
                    need.height.clamp(min.1.min(max.1), max.1),
                ),
            };
            let wanted = Wanted { format, width, height };
            let intervals = (0..MAX_LISTED)
                .map_while(|index| device.intervals(wanted, index).ok())
                .collect();
            let is_known = offers
                .iter()
                .any(|offer: &Offer| offer.format == format && offer.sizes == sizes);
            if !is_known {
                offers.push(Offer {
                    format,
                    sizes,
                    intervals,
                });
            }
            if matches!(sizes, Sizes::Range { .. }) {
                break;
            }
        }
    }
    Ok(offers)
}

/// Whether `device` is a camera that can be read.
///
/// # Errors
/// Why not.
pub(super) fn check(device: &mut dyn Device) -> Result<super::device::Capability, CameraError> {
    let capability = device
        .capability()
        .map_err(|error| CameraError::of("asking who it is", error))?;
    if !capability.is_capture {
        return Err(if capability.is_multi_planar {
            CameraError::MultiPlanar(capability.driver)
        } else {
            CameraError::NoPictures
        });
    }
    if !capability.is_streaming {
        return Err(CameraError::NotStreaming(capability.driver));
    }
    Ok(capability)
}

/// What the program of `outlet` needs.
pub(super) fn need(outlet: &Outlet) -> Need {
    let context = outlet.context();
    Need {
        width: context.width,
        height: context.height,
        rate: context.frame_rate,
    }
}

/// Reads `device` as `spec` says until an order comes in.
///
/// # Errors
/// What ended it.
pub(super) fn run(device: &mut dyn Device, spec: &CameraSpec, outlet: &mut Outlet) -> Result<Outcome, CameraError> {
    let mut session = Session::open(device, spec, outlet)?;
    let result = session.read(outlet);
    // The controls stay as they are; only pictures end. A device that is gone cannot be told, and need not.
    let _ = session.device.stream(false);
    result
}

struct Session<'a> {
    device: &'a mut dyn Device,
    reader: Reader,
    controls: Controls,
    /// When they were read last, and whether one has changed since.
    controls_at: Timestamp,
    is_stale: bool,
    format: SourceFormat,
    /// When the last picture came that could be shown; the beginning before the first.
    last: Timestamp,
    has_shown: bool,
    losses: Losses,
}

/// What was not shown.
#[derive(Default)]
struct Losses {
    damaged: u64,
    skipped: u64,
    /// What is wrong with the last damaged one.
    reason: Option<PictureError>,
    told_at: Option<Timestamp>,
    next_sequence: Option<u32>,
}

impl<'a> Session<'a> {
    fn open(device: &'a mut dyn Device, spec: &CameraSpec, outlet: &mut Outlet) -> Result<Self, CameraError> {
        check(device)?;
        let need = need(outlet);
        let offers = offers(device, need).map_err(|error| CameraError::of("listing its formats", error))?;
        let mode = choose(&offers, spec, need)?;
        let format = device
            .set_format(mode.wanted)
            .map_err(|error| CameraError::of("setting its format", error))?;
        let is_size = |side: u32| (2..=MAX_DIMENSION).contains(&side);
        let is_same = Form::of(format.format) == Some(mode.form) && is_size(format.width) && is_size(format.height);
        if !is_same {
            return Err(CameraError::Changed {
                wanted: mode.wanted.to_string(),
                given: format.to_string(),
            });
        }
        // Few drivers refuse, and then the camera goes at the rate that it has.
        let interval = mode.interval.and_then(|interval| device.set_interval(interval).ok());
        let controls = prepare(device, spec, outlet);
        let reader = Reader::new(mode.form, format, outlet.pool())?;
        let starting = |error: io::Error| CameraError::of("starting its pictures", error);
        if device.request_buffers(BUFFERS).map_err(starting)? == 0 {
            return Err(CameraError::Busy(None));
        }
        device.stream(true).map_err(starting)?;
        let rate = interval.map_or(0.0, Interval::rate);
        let video = SourceVideo::new(format.width, format.height, rate);
        outlet.notice(told(&mode, &video));
        Ok(Self {
            device,
            reader,
            controls,
            controls_at: outlet.now(),
            is_stale: false,
            format: SourceFormat {
                video: Some(video),
                audio: None,
            },
            last: outlet.now(),
            has_shown: false,
            losses: Losses::default(),
        })
    }

    fn read(&mut self, outlet: &mut Outlet) -> Result<Outcome, CameraError> {
        loop {
            if outlet.is_over() {
                return Ok(Outcome::Stopped);
            }
            self.obey(outlet);
            let reading = |error: io::Error| CameraError::of("reading its pictures", error);
            let ready = self.device.wait(TimeDelta::from_millis(ORDERS_MS)).map_err(reading)?;
            if ready.has_event {
                self.hear();
            }
            // What is broken says why when it is asked for a picture.
            if ready.has_picture || ready.is_broken {
                let has_taken = self.take(outlet).map_err(reading)?;
                if ready.is_broken && !has_taken {
                    return Err(CameraError::Gone);
                }
            }
            let now = outlet.now();
            outlet.report_drops(now);
            self.losses.tell(now, outlet);
            if self.is_stale && now - self.controls_at >= TimeDelta::from_millis(CONTROLS_MS) {
                self.tell_controls(now, outlet);
            }
            self.check_life(now)?;
        }
    }

    /// Takes all pictures that are there and shows what can be shown: the newest, or all where they build on each other.
    fn take(&mut self, outlet: &mut Outlet) -> io::Result<bool> {
        let mut newest: Option<Filled> = None;
        for _ in 0..BUFFERS {
            let Some(filled) = self.device.take()? else { break };
            self.losses.count(&filled);
            if let Some(older) = newest.replace(filled) {
                if self.reader.is_chain() {
                    self.show(&older, outlet);
                } else {
                    self.losses.skipped += 1;
                }
                self.device.give_back(older.index)?;
            }
        }
        let Some(filled) = newest else { return Ok(false) };
        self.show(&filled, outlet);
        self.device.give_back(filled.index)?;
        Ok(true)
    }

    fn show(&mut self, filled: &Filled, outlet: &mut Outlet) {
        let now = outlet.now();
        let most = TimeDelta::from_millis(MAX_AGE_MS);
        let age = filled.age.filter(|age| (TimeDelta::ZERO..=most).contains(age));
        let pts = now - age.unwrap_or(TimeDelta::ZERO) + TimeDelta::from_millis(LATENCY_MS);
        let bytes = self.device.bytes(filled);
        let mut shown = 0;
        let result = if filled.is_damaged && !self.reader.is_chain() {
            Err(PictureError::Marked)
        } else {
            self.reader.read(bytes, pts, |frame| {
                outlet.push_video(frame);
                shown += 1;
            })
        };
        if let Err(reason) = result {
            self.losses.damaged += 1;
            self.losses.reason = Some(reason);
        }
        if shown > 0 {
            self.last = now;
            if !self.has_shown {
                self.has_shown = true;
                outlet.set_format(self.format);
                outlet.set_state(SourceState::Live);
            }
        }
    }

    /// Sets what was ordered, and tells what came of it.
    fn obey(&mut self, outlet: &mut Outlet) {
        let orders = outlet.take_controls();
        if orders.is_empty() {
            return;
        }
        for (name, value) in orders {
            if let Err(error) = self.controls.set(self.device, &name, value) {
                outlet.notice(error.to_string());
            }
        }
        self.tell_controls(outlet.now(), outlet);
    }

    /// Somebody else has set something, or the camera itself.
    fn hear(&mut self) {
        for _ in 0..MAX_LISTED {
            match self.device.event() {
                Ok(true) => self.is_stale = true,
                Ok(false) | Err(_) => break,
            }
        }
    }

    fn tell_controls(&mut self, now: Timestamp, outlet: &Outlet) {
        self.controls = Controls::read(self.device);
        outlet.set_controls(self.controls.told());
        (self.is_stale, self.controls_at) = (false, now);
    }

    /// A camera that gives nothing is opened anew: that brings most of them back.
    fn check_life(&self, now: Timestamp) -> Result<(), CameraError> {
        let patience = if self.has_shown {
            NEXT_PICTURE_MS
        } else {
            FIRST_PICTURE_MS
        };
        if now - self.last < TimeDelta::from_millis(patience) {
            return Ok(());
        }
        let seconds = patience / 1_000;
        Err(match &self.losses.reason {
            Some(reason) => CameraError::Damaged {
                seconds,
                last: reason.to_string(),
            },
            None => CameraError::Stalled(seconds),
        })
    }
}

impl Losses {
    /// The device counts also what it had no buffer for.
    fn count(&mut self, filled: &Filled) {
        if let Some(next) = self.next_sequence {
            let gap = filled.sequence.wrapping_sub(next);
            // A driver that does not count, or begins anew, tells nothing.
            if gap < u32::MAX / 2 {
                self.skipped += u64::from(gap);
            }
        }
        self.next_sequence = Some(filled.sequence.wrapping_add(1));
    }

    fn tell(&mut self, now: Timestamp, outlet: &Outlet) {
        let is_quiet = self
            .told_at
            .is_some_and(|at| now - at < TimeDelta::from_millis(TELL_MS));
        if is_quiet || (self.damaged == 0 && self.skipped == 0) {
            return;
        }
        let mut said = Vec::new();
        if self.damaged > 0 {
            let reason = self.reason.take().map(|reason| format!(" (the last: {reason})"));
            said.push(format!(
                "{} damaged pictures left out{}",
                self.damaged,
                reason.unwrap_or_default()
            ));
        }
        if self.skipped > 0 {
            said.push(format!(
                "{} pictures passed over: they came faster than they were read",
                self.skipped
            ));
        }
        outlet.notice(said.join("; "));
        (self.damaged, self.skipped) = (0, 0);
        self.told_at = Some(now);
    }
}

/// Sets the controls of the scene file, and tells what can be set.
fn prepare(device: &mut dyn Device, spec: &CameraSpec, outlet: &Outlet) -> Controls {
    let controls = Controls::read(device);
    if spec.controls.is_empty() {
        controls.watch(device);
        outlet.set_controls(controls.told());
        return controls;
    }
    // What cannot be set is told and costs no picture: a camera with another lens is still a camera.
    for error in controls.set_all(device, &spec.controls) {
        outlet.notice(error.to_string());
    }
    let controls = Controls::read(device);
    controls.watch(device);
    outlet.set_controls(controls.told());
    controls
}

fn told(mode: &Mode, video: &SourceVideo) -> String {
    let rate = video.fps.map(|fps| format!(" at {}/s", short(fps))).unwrap_or_default();
    format!(
        "{} {}×{}{rate}: {}",
        mode.form.name(),
        video.width,
        video.height,
        mode.why
    )
}
