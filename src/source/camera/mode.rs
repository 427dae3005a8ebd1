//! Which of its many modes a camera is asked for: the cheapest that gives the program what it needs.
//!
//! A camera offers formats, each in sizes, each at rates, and the bus decides what goes together: over USB 2, 1280×720 comes 10 times a second as
//! it is and 30 times as JPEG. What a mode is worth comes first: how much of the program's detail it has and how much of its motion. Of those that
//! are worth the same, the one that costs the least work is taken. Pure: offers in, a choice with its reason out.

use super::device::{FourCc, Interval, Intervals, Sizes, Wanted};
use super::error::CameraError;
use crate::media::{FrameRate, MAX_DIMENSION};
use crate::source::devices::{CameraFormat, CameraSpec};

/// How pictures come, of those that can be read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// 4:2:0, a plane of luma and one of both colours.
    Nv12,
    /// 4:2:0 in three planes.
    I420,
    /// 4:2:2, packed, luma first.
    Yuyv,
    /// 4:2:2, packed, colour first.
    Uyvy,
    /// A JPEG per picture.
    Mjpeg,
    /// H.264 in Annex B form.
    H264,
}

/// Every form with the letters that it goes by.
const LETTERS: &[(&[u8; 4], Form)] = &[
    (b"NV12", Form::Nv12),
    (b"YU12", Form::I420),
    (b"YUYV", Form::Yuyv),
    (b"UYVY", Form::Uyvy),
    (b"MJPG", Form::Mjpeg),
    (b"JPEG", Form::Mjpeg),
    (b"H264", Form::H264),
];

impl Form {
    /// The form of those letters, where it can be read.
    pub fn of(letters: FourCc) -> Option<Self> {
        let known = LETTERS.iter().find(|(known, _)| **known == letters.0);
        known.map(|(_, form)| *form)
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nv12 => "NV12",
            Self::I420 => "I420",
            Self::Yuyv => "YUYV",
            Self::Uyvy => "UYVY",
            Self::Mjpeg => "MJPEG",
            Self::H264 => "H.264",
        }
    }

    /// Whether somebody has to be at work before there is a picture.
    fn is_compressed(self) -> bool {
        matches!(self, Self::Mjpeg | Self::H264)
    }

    /// What a picture costs, in nanoseconds per pixel (`benches/capture/camera.rs`; that of H.264 is an estimate, in which is that it keeps pictures
    /// waiting and loses more when something is lost).
    fn cost(self) -> f64 {
        match self {
            Self::Nv12 | Self::I420 => 0.36,
            Self::Yuyv | Self::Uyvy => 0.4,
            Self::Mjpeg => 3.5,
            Self::H264 => 6.0,
        }
    }

    fn is(self, wanted: CameraFormat) -> bool {
        match wanted {
            CameraFormat::Yuyv => matches!(self, Self::Yuyv | Self::Uyvy),
            CameraFormat::Nv12 => matches!(self, Self::Nv12 | Self::I420),
            CameraFormat::Mjpeg => self == Self::Mjpeg,
            CameraFormat::H264 => self == Self::H264,
        }
    }
}

/// What scaling a pixel costs that is not of the program's size, in nanoseconds.
const SCALING_COST: f64 = 1.0;

/// What is worth at least this share of what the program needs is worth as much as all of it: 29.97 for 30.
const ENOUGH: f64 = 0.97;

/// One format of a camera in one size.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// How pictures come.
    pub format: FourCc,
    /// In what sizes.
    pub sizes: Sizes,
    /// How often; empty where the driver does not tell, or for a range of sizes.
    pub intervals: Vec<Intervals>,
}

/// What is needed.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Pictures per second.
    pub rate: FrameRate,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Mode {
    /// What it is read as.
    pub form: Form,
    /// Format and size.
    pub wanted: Wanted,
    /// `None`: whatever the camera does.
    pub interval: Option<Interval>,
    /// Why this one, in a few words.
    pub why: String,
}

impl Mode {
    fn pixels(&self) -> f64 {
        f64::from(self.wanted.width) * f64::from(self.wanted.height)
    }

    /// Pictures per second; where nobody knows, as many as are needed.
    fn rate(&self, need: &Need) -> f64 {
        self.interval.map_or(need.rate.as_f64(), Interval::rate)
    }

    /// How much of what is needed it gives: 1 is all. Detail counts by its square root, as eyes do.
    fn worth(&self, need: &Need) -> f64 {
        let share = |has: u32, needs: u32| (f64::from(has) / f64::from(needs.max(1))).min(1.0);
        let detail = share(self.wanted.width, need.width) * share(self.wanted.height, need.height);
        let motion = (self.rate(need) / need.rate.as_f64().max(0.1)).min(1.0);
        let worth = detail.sqrt() * motion;
        if worth >= ENOUGH { 1.0 } else { worth }
    }

    /// Nanoseconds of work per second.
    fn cost(&self, need: &Need) -> f64 {
        let is_fit = (self.wanted.width, self.wanted.height) == (need.width, need.height);
        let scaling = if is_fit { 0.0 } else { SCALING_COST };
        self.pixels() * self.rate(need) * (self.form.cost() + scaling)
    }

    fn told(&self) -> String {
        let Wanted { width, height, .. } = self.wanted;
        let rate = self.interval.map(|interval| format!("@{}", short(interval.rate())));
        format!("{} {width}×{height}{}", self.form.name(), rate.unwrap_or_default())
    }
}

/// 30, 29.97, 7.5.
pub(super) fn short(rate: f64) -> String {
    let text = format!("{rate:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The mode that `spec` and `need` ask for, out of what is offered.
///
/// # Errors
/// There is nothing that can be read, or not in the format or the size that the scene file wants; what there is instead.
pub(super) fn choose(offers: &[Offer], spec: &CameraSpec, need: Need) -> Result<Mode, CameraError> {
    let need = Need {
        rate: spec.frame_rate.unwrap_or(need.rate),
        width: spec.size.map_or(need.width, |(width, _)| width),
        height: spec.size.map_or(need.height, |(_, height)| height),
    };
    let readable: Vec<(Form, &Offer)> = offers
        .iter()
        .filter_map(|offer| Some((Form::of(offer.format)?, offer)))
        .collect();
    if readable.is_empty() {
        return Err(CameraError::Unreadable(list(
            offers.iter().map(|offer| offer.format.to_string()),
        )));
    }
    let wanted: Vec<(Form, &Offer)> = readable
        .iter()
        .copied()
        .filter(|(form, _)| spec.format.is_none_or(|format| form.is(format)))
        .collect();
    if wanted.is_empty() {
        return Err(CameraError::NoFormat(list(
            readable.iter().map(|(form, _)| form.name().to_owned()),
        )));
    }
    let mut modes: Vec<Mode> = Vec::new();
    for (form, offer) in &wanted {
        modes.extend(modes_of(*form, offer, spec.size, &need));
    }
    if modes.is_empty() {
        return Err(CameraError::NoSize(list(wanted.iter().map(|(_, offer)| sizes(offer)))));
    }
    // The first of equals, which is the driver's own order.
    let better = |a: &Mode, b: &Mode| {
        let (worth_a, worth_b) = (a.worth(&need), b.worth(&need));
        worth_b
            .total_cmp(&worth_a)
            .then(a.cost(&need).total_cmp(&b.cost(&need)))
    };
    modes.sort_by(better);
    let why = reason(&modes, spec, &need);
    let mut chosen = modes.swap_remove(0);
    chosen.why = why;
    Ok(chosen)
}

/// The modes of an offer that may be worth something: of each size the rate that is needed, or the nearest.
fn modes_of(form: Form, offer: &Offer, size: Option<(u32, u32)>, need: &Need) -> Vec<Mode> {
    let (width, height) = match (offer.sizes, size) {
        (Sizes::One(width, height), Some(wanted)) if (width, height) != wanted => return Vec::new(),
        (Sizes::One(width, height), _) => (width, height),
        (Sizes::Range { min, max, step }, wanted) => {
            let at = |min: u32, max: u32, step: u32, to: u32| {
                let (min, step) = (min.min(max), step.max(1));
                // Up to the next step: rather a pixel too many than one too few.
                let steps = to.saturating_sub(min).div_ceil(step);
                let fit = min.saturating_add(steps.saturating_mul(step));
                if fit > max {
                    min + (max - min) / step * step
                } else {
                    fit
                }
            };
            let fit = (
                at(min.0, max.0, step.0, need.width),
                at(min.1, max.1, step.1, need.height),
            );
            if wanted.is_some_and(|wanted| wanted != fit) {
                return Vec::new();
            }
            fit
        }
    };
    let is_size = |side: u32| (2..=MAX_DIMENSION).contains(&side);
    if !is_size(width) || !is_size(height) {
        return Vec::new();
    }
    let mode = |interval: Option<Interval>| Mode {
        form,
        wanted: Wanted {
            format: offer.format,
            width,
            height,
        },
        interval,
        why: String::new(),
    };
    let known: Vec<Mode> = offer
        .intervals
        .iter()
        .filter_map(|intervals| interval_of(*intervals, need))
        .map(|interval| mode(Some(interval)))
        .collect();
    if known.is_empty() { vec![mode(None)] } else { known }
}

/// The interval of those that comes nearest to the rate that is needed; `None` where there is no sense in them.
fn interval_of(intervals: Intervals, need: &Need) -> Option<Interval> {
    let interval = match intervals {
        Intervals::One(interval) => interval,
        Intervals::Range(shortest, longest) => {
            let needed = Interval {
                numerator: need.rate.den,
                denominator: need.rate.num,
            };
            if needed.rate() > shortest.rate() {
                shortest
            } else if needed.rate() < longest.rate() {
                longest
            } else {
                needed
            }
        }
    };
    (interval.numerator > 0 && interval.denominator > 0).then_some(interval)
}

/// Why the first of `modes` is chosen, which is sorted.
fn reason(modes: &[Mode], spec: &CameraSpec, need: &Need) -> String {
    let Some(chosen) = modes.first() else {
        return String::new();
    };
    let worth = chosen.worth(need);
    let mut why = if spec.format.is_some() {
        "as the scene file says".to_owned()
    } else if !chosen.form.is_compressed() {
        "not compressed, which costs the least".to_owned()
    } else {
        let raw = modes.iter().find(|mode| !mode.form.is_compressed());
        match raw {
            Some(raw) if raw.worth(need) < worth => {
                format!("not compressed it gives {} at best", raw.told())
            }
            Some(_) => "it costs the least".to_owned(),
            None => "it gives nothing that is not compressed".to_owned(),
        }
    };
    if worth < 1.0 {
        let rate = short(need.rate.as_f64());
        let asked = format!("; {}×{}@{rate} is not to be had", need.width, need.height);
        why.push_str(&asked);
    }
    why
}

fn sizes(offer: &Offer) -> String {
    match offer.sizes {
        Sizes::One(width, height) => format!("{width}×{height}"),
        Sizes::Range { min, max, .. } => format!("{}×{} to {}×{}", min.0, min.1, max.0, max.1),
    }
}

/// Words without repetition.
fn list(words: impl Iterator<Item = String>) -> String {
    let mut known: Vec<String> = Vec::new();
    for word in words {
        if !known.contains(&word) {
            known.push(word);
        }
    }
    if known.is_empty() {
        return "nothing".to_owned();
    }
    known.join(", ")
}

/// What a camera offers in a few words, the best of each format: `MJPEG 1920×1080@30, YUYV 640×480@30`.
pub(super) fn in_short(offers: &[Offer], need: Need) -> Vec<String> {
    let mut best: Vec<Mode> = Vec::new();
    for offer in offers {
        let Some(form) = Form::of(offer.format) else { continue };
        for mode in modes_of(form, offer, None, &need) {
            match best.iter_mut().find(|known| known.form == form) {
                None => best.push(mode),
                Some(known) => {
                    let value = |mode: &Mode| (mode.worth(&need), -mode.pixels());
                    if value(&mode) > value(known) {
                        *known = mode;
                    }
                }
            }
        }
    }
    best.iter().map(Mode::told).collect()
}

#[cfg(test)]
#[path = "mode_tests.rs"]
mod tests;
