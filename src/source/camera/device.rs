//! What a capture device can be asked, one method per request of the Video4Linux 2 API, as the kernel's documentation ("Video for
//! Linux API", part I) has them.
//!
//! This is the line between what is decided and what is done: the side below (`kernel.rs`) only carries bytes, the side above is driven by
//! a scripted device in tests. Nothing here knows which camera is meant.

use std::io;

use crate::media::TimeDelta;

/// Four letters that name a pixel format.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FourCc(pub [u8; 4]);

impl FourCc {
    /// As the kernel passes it: the first letter lowest.
    pub(super) const fn from_u32(value: u32) -> Self {
        Self(value.to_le_bytes())
    }

    /// The same the other way.
    pub(super) const fn to_u32(self) -> u32 {
        u32::from_le_bytes(self.0)
    }
}

impl std::fmt::Display for FourCc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in self.0 {
            // Bit 31 says big-endian; a driver may also put there what is no letter.
            let letter = char::from(byte & 0x7f);
            write!(f, "{}", if letter.is_ascii_graphic() { letter } else { ' ' })?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for FourCc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// `VIDIOC_QUERYCAP`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capability {
    /// The kernel module: `uvcvideo`.
    pub driver: String,
    /// What people call it.
    pub card: String,
    /// Where it hangs: `usb-0000:00:14.0-1`.
    pub bus: String,
    /// Whether this node gives pictures.
    pub is_capture: bool,
    /// Whether it gives them only in several planes (`V4L2_CAP_VIDEO_CAPTURE_MPLANE`), as sensors on boards do.
    pub is_multi_planar: bool,
    /// Whether they are handed over in shared buffers (`V4L2_CAP_STREAMING`).
    pub is_streaming: bool,
}

/// `VIDIOC_ENUM_FRAMESIZES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizes {
    /// One size.
    One(u32, u32),
    /// All from the least to the greatest, by steps; the only answer. Width first.
    Range {
        /// The least.
        min: (u32, u32),
        /// The greatest.
        max: (u32, u32),
        /// From one to the next.
        step: (u32, u32),
    },
}

/// Seconds from one picture to the next, as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Above.
    pub numerator: u32,
    /// Below.
    pub denominator: u32,
}

impl Interval {
    /// Pictures per second; 0 where the device says nothing sensible.
    pub fn rate(self) -> f64 {
        if self.numerator == 0 {
            return 0.0;
        }
        f64::from(self.denominator) / f64::from(self.numerator)
    }
}

/// `VIDIOC_ENUM_FRAMEINTERVALS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intervals {
    /// One interval.
    One(Interval),
    /// All from the shortest to the longest; the only answer.
    Range(Interval, Interval),
}

/// What `VIDIOC_S_FMT` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How pictures come.
    pub format: FourCc,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// What it answers: what will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureFormat {
    /// How pictures come.
    pub format: FourCc,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Bytes from row to row of the first plane; 0 where pictures are compressed.
    pub stride: u32,
    /// `enum v4l2_colorspace`.
    pub colorspace: u32,
    /// `enum v4l2_ycbcr_encoding`; 0 for what the colour space implies.
    pub encoding: u32,
    /// `enum v4l2_quantization`; 0 for what the format implies.
    pub quantization: u32,
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}×{}", self.format, self.width, self.height)
    }
}

impl std::fmt::Display for PictureFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}×{}", self.format, self.width, self.height)
    }
}

/// `VIDIOC_QUERYCTRL`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ControlInfo {
    /// The control's number.
    pub id: u32,
    /// `enum v4l2_ctrl_type`.
    pub kind: u32,
    /// What people call it.
    pub title: String,
    /// The least.
    pub min: i32,
    /// The greatest.
    pub max: i32,
    /// From one value to the next.
    pub step: i32,
    /// What it is unless somebody sets it.
    pub default: i32,
    /// `V4L2_CTRL_FLAG_…`.
    pub flags: u32,
}

/// `VIDIOC_QUERYMENU`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MenuEntry {
    /// An entry with a name.
    Name(String),
    /// An entry that is a number.
    Number(i64),
}

/// `VIDIOC_DQBUF`: a buffer that the device has filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Which of those that were [requested](Device::request_buffers).
    pub index: u32,
    /// Bytes in it.
    pub len: usize,
    /// How long ago the picture was taken; `None` where the driver says it on no clock that is known.
    pub age: Option<TimeDelta>,
    /// Pictures are counted by the device, also those that nobody fetched.
    pub sequence: u32,
    /// Whether the driver says that it is damaged.
    pub is_damaged: bool,
}

/// What there is to be had now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// A picture.
    pub has_picture: bool,
    /// An event.
    pub has_event: bool,
    /// The device is not working, or is gone.
    pub is_broken: bool,
}

/// A capture device that is open. Errors are the kernel's.
pub trait Device {
    /// Who it is. `ENOTTY`: it is no camera.
    fn capability(&mut self) -> io::Result<Capability>;

    /// The format of that number, counted from 0; `EINVAL` beyond the last.
    fn format(&mut self, index: u32) -> io::Result<FourCc>;

    /// The sizes of that number; `EINVAL` beyond the last, `ENOTTY` where the driver does not tell.
    fn sizes(&mut self, format: FourCc, index: u32) -> io::Result<Sizes>;

    /// The intervals of that number; as [`Self::sizes`].
    fn intervals(&mut self, wanted: Wanted, index: u32) -> io::Result<Intervals>;

    /// Asks for pictures of that kind. The answer is what the driver makes of it. `EBUSY`: somebody else has them.
    fn set_format(&mut self, wanted: Wanted) -> io::Result<PictureFormat>;

    /// Asks for a picture as often as that. The answer is what the driver makes of it.
    fn set_interval(&mut self, interval: Interval) -> io::Result<Interval>;

    /// The control after the one of that number, 0 for the first; `EINVAL` after the last.
    fn control_after(&mut self, id: u32) -> io::Result<ControlInfo>;

    /// An entry of a control that is a menu; `EINVAL` where the number is left out.
    fn menu_entry(&mut self, id: u32, index: u32, is_number: bool) -> io::Result<MenuEntry>;

    /// What a control is.
    fn control(&mut self, id: u32) -> io::Result<i32>;

    /// Sets a control.
    fn set_control(&mut self, id: u32, value: i32) -> io::Result<()>;

    /// Asks for an event whenever a control changes.
    fn watch_control(&mut self, id: u32) -> io::Result<()>;

    /// Takes an event, if there is one.
    fn event(&mut self) -> io::Result<bool>;

    /// Makes buffers and hands them all over to be filled. The answer is how many there are.
    fn request_buffers(&mut self, count: u32) -> io::Result<u32>;

    /// Hands a buffer back to be filled again.
    fn give_back(&mut self, index: u32) -> io::Result<()>;

    /// Takes a filled buffer, if there is one.
    fn take(&mut self) -> io::Result<Option<Filled>>;

    /// What is in a buffer that was taken and not given back.
    fn bytes(&self, filled: &Filled) -> &[u8];

    /// Begins or ends. Ending takes all buffers back.
    fn stream(&mut self, is_on: bool) -> io::Result<()>;

    /// Waits until there is something, or as long as that.
    fn wait(&mut self, timeout: TimeDelta) -> io::Result<Ready>;
}

/// Whether the kernel says that there is no more of what was enumerated, or that the driver does not tell.
pub(super) fn is_end(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOTTY))
}
