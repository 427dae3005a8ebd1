//! The border to the kernel: the requests of `linux/videodev2.h`, their structures, and the memory that is shared.
//!
//! Written out by hand, so that a build needs neither the kernel's headers nor libclang. What a structure looks like is part of the
//! kernel's promise to programs and never changes; a test compiles the header and compares every size, place and number.
//!
//! All requests go through the C library's `ioctl`, not straight to the kernel, so that a test can put a camera made of a few lines of
//! C between the two (`tests/peers/camera`).
#![allow(unsafe_code)]

use std::ffi::{c_int, c_ulong};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use memmap2::{MmapOptions, MmapRaw};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::{ClockId, clock_gettime};

use super::device::{
    Capability, ControlInfo, Device, Filled, FourCc, Interval, Intervals, MenuEntry, PictureFormat, Ready, Sizes,
    Wanted,
};
use crate::media::TimeDelta;

/// `V4L2_BUF_TYPE_VIDEO_CAPTURE`.
const CAPTURE: u32 = 1;
/// `V4L2_MEMORY_MMAP`.
const MMAP: u32 = 1;
/// `V4L2_FIELD_ANY`: progressive where the device can choose.
const FIELD_ANY: u32 = 0;
/// `V4L2_CAP_VIDEO_CAPTURE`, `…_MPLANE`, `V4L2_CAP_STREAMING`, `V4L2_CAP_DEVICE_CAPS`.
const CAP: [u32; 4] = [0x1, 0x1000, 0x0400_0000, 0x8000_0000];
/// `V4L2_CTRL_FLAG_NEXT_CTRL`.
const NEXT_CONTROL: u32 = 0x8000_0000;
/// `V4L2_BUF_FLAG_ERROR`.
const DAMAGED: u32 = 0x40;
/// `V4L2_BUF_FLAG_TIMESTAMP_MASK` and `…_MONOTONIC`.
const CLOCK: (u32, u32) = (0xe000, 0x2000);
/// `V4L2_FRMSIZE_TYPE_DISCRETE`, which `V4L2_FRMIVAL_TYPE_DISCRETE` is too.
const DISCRETE: u32 = 1;
/// `V4L2_EVENT_CTRL`.
const CONTROL_EVENT: u32 = 3;
/// Buffers that are made at most, whatever the driver says.
const MOST_BUFFERS: u32 = 32;

/// A structure of the header: plain numbers, for which every pattern of bits is a value.
///
/// # Safety
/// `#[repr(C)]`, of integers and arrays of them only, and of the size that the header says.
unsafe trait Plain: Sized {
    fn zeroed() -> Self {
        // SAFETY: all bits zero is a value, as the trait promises.
        unsafe { std::mem::zeroed() }
    }
}

macro_rules! structures {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        struct $name { $($field: $type,)* }
        // SAFETY: declared by this macro, with nothing but integers, arrays of them, and structures of this macro.
        unsafe impl Plain for $name {}
        #[cfg(test)]
        impl Layout for $name {
            fn layout() -> (&'static str, usize, Vec<(&'static str, usize)>) {
                let fields = vec![$((stringify!($field), std::mem::offset_of!($name, $field))),*];
                (stringify!($name), size_of::<$name>(), fields)
            }
        }
    )*};
}

#[cfg(test)]
trait Layout {
    fn layout() -> (&'static str, usize, Vec<(&'static str, usize)>);
}

structures! {
    /// `v4l2_capability`.
    RawCapability {
        driver: [u8; 16],
        card: [u8; 32],
        bus_info: [u8; 32],
        version: u32,
        capabilities: u32,
        device_caps: u32,
        reserved: [u32; 3],
    }
    /// `v4l2_fmtdesc`.
    RawFormatDescription {
        index: u32,
        r#type: u32,
        flags: u32,
        description: [u8; 32],
        pixelformat: u32,
        mbus_code: u32,
        reserved: [u32; 3],
    }
    /// `v4l2_pix_format`.
    RawPicture {
        width: u32,
        height: u32,
        pixelformat: u32,
        field: u32,
        bytesperline: u32,
        sizeimage: u32,
        colorspace: u32,
        r#priv: u32,
        flags: u32,
        ycbcr_enc: u32,
        quantization: u32,
        xfer_func: u32,
    }
    /// `v4l2_format`. The union behind the type holds pointers in one of its forms, and is aligned for them.
    RawFormat {
        r#type: u32,
        align: [usize; 0],
        pix: RawPicture,
        rest: [u8; 152],
    }
    /// `v4l2_streamparm`, with `v4l2_captureparm` in its union.
    RawParameters {
        r#type: u32,
        capability: u32,
        capturemode: u32,
        numerator: u32,
        denominator: u32,
        extendedmode: u32,
        readbuffers: u32,
        rest: [u32; 44],
    }
    /// `v4l2_requestbuffers`.
    RawRequest {
        count: u32,
        r#type: u32,
        memory: u32,
        capabilities: u32,
        flags: u8,
        reserved: [u8; 3],
    }
    /// `v4l2_buffer`. `offset` is the union `m`; the time of `struct timeval` is two words of the machine.
    RawBuffer {
        index: u32,
        r#type: u32,
        bytesused: u32,
        flags: u32,
        field: u32,
        seconds: libc::time_t,
        microseconds: libc::suseconds_t,
        timecode: [u32; 4],
        sequence: u32,
        memory: u32,
        offset: usize,
        length: u32,
        reserved2: u32,
        request_fd: i32,
    }
    /// `v4l2_queryctrl`.
    RawQuery {
        id: u32,
        r#type: u32,
        name: [u8; 32],
        minimum: i32,
        maximum: i32,
        step: i32,
        default_value: i32,
        flags: u32,
        reserved: [u32; 2],
    }
    /// `v4l2_querymenu`, which is packed; `name` is the union with the 64-bit `value`.
    RawMenu {
        id: u32,
        index: u32,
        name: [u8; 32],
        reserved: u32,
    }
    /// `v4l2_control`.
    RawControl {
        id: u32,
        value: i32,
    }
    /// `v4l2_frmsizeenum`: one size, or the least, the greatest and the step of each side.
    RawSizes {
        index: u32,
        pixel_format: u32,
        r#type: u32,
        sizes: [u32; 6],
        reserved: [u32; 2],
    }
    /// `v4l2_frmivalenum`: one interval, or the shortest, the longest and the step.
    RawIntervals {
        index: u32,
        pixel_format: u32,
        width: u32,
        height: u32,
        r#type: u32,
        intervals: [u32; 6],
        reserved: [u32; 2],
    }
    /// `v4l2_event_subscription`.
    RawSubscription {
        r#type: u32,
        id: u32,
        flags: u32,
        reserved: [u32; 5],
    }
    /// `v4l2_event`.
    RawEvent {
        r#type: u32,
        u: [u64; 8],
        pending: u32,
        sequence: u32,
        timestamp: [usize; 2],
        id: u32,
        reserved: [u32; 8],
    }
    /// The `int` of `VIDIOC_STREAMON` and `VIDIOC_STREAMOFF`.
    RawInt {
        value: i32,
    }
}

/// A request with the structure that it takes.
struct Call<T> {
    number: c_ulong,
    structure: std::marker::PhantomData<T>,
}

/// Which way the structure goes, as `asm-generic/ioctl.h` counts it.
const READ: c_ulong = 2;
const WRITE: c_ulong = 1;

impl<T: Plain> Call<T> {
    /// `_IOC(direction, 'V', number, sizeof(T))`.
    const fn new(direction: c_ulong, number: c_ulong) -> Self {
        Self {
            number: direction << 30 | (size_of::<T>() as c_ulong) << 16 | (b'V' as c_ulong) << 8 | number,
            structure: std::marker::PhantomData,
        }
    }

    /// Does it.
    fn on(&self, file: &File, value: &mut T) -> io::Result<()> {
        loop {
            // SAFETY: the descriptor is open. The number says how many bytes the kernel reads and writes: those of `T`, which are
            // valid whatever is written. None of the structures holds an address.
            let result = unsafe { libc::ioctl(file.as_raw_fd(), self.number as _, std::ptr::from_mut(value)) };
            if result >= 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }
}

const QUERYCAP: Call<RawCapability> = Call::new(READ, 0);
const ENUM_FMT: Call<RawFormatDescription> = Call::new(READ | WRITE, 2);
const S_FMT: Call<RawFormat> = Call::new(READ | WRITE, 5);
const REQBUFS: Call<RawRequest> = Call::new(READ | WRITE, 8);
const QUERYBUF: Call<RawBuffer> = Call::new(READ | WRITE, 9);
const QBUF: Call<RawBuffer> = Call::new(READ | WRITE, 15);
const DQBUF: Call<RawBuffer> = Call::new(READ | WRITE, 17);
const STREAMON: Call<RawInt> = Call::new(WRITE, 18);
const STREAMOFF: Call<RawInt> = Call::new(WRITE, 19);
const S_PARM: Call<RawParameters> = Call::new(READ | WRITE, 22);
const G_CTRL: Call<RawControl> = Call::new(READ | WRITE, 27);
const S_CTRL: Call<RawControl> = Call::new(READ | WRITE, 28);
const QUERYCTRL: Call<RawQuery> = Call::new(READ | WRITE, 36);
const QUERYMENU: Call<RawMenu> = Call::new(READ | WRITE, 37);
const ENUM_FRAMESIZES: Call<RawSizes> = Call::new(READ | WRITE, 74);
const ENUM_FRAMEINTERVALS: Call<RawIntervals> = Call::new(READ | WRITE, 75);
const DQEVENT: Call<RawEvent> = Call::new(READ, 89);
const SUBSCRIBE_EVENT: Call<RawSubscription> = Call::new(WRITE, 90);

/// A device node that is open.
pub(super) struct Kernel {
    /// Given back before the node is closed.
    buffers: Vec<MmapRaw>,
    file: File,
}

impl Kernel {
    /// Opens it. Others may have it open too; only who asks for pictures has it to himself.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK);
        let file = options.open(path)?;
        let buffers = Vec::new();
        Ok(Self { buffers, file })
    }
}

impl Device for Kernel {
    fn capability(&mut self) -> io::Result<Capability> {
        let mut raw = RawCapability::zeroed();
        QUERYCAP.on(&self.file, &mut raw)?;
        let [capture, multi_planar, streaming, has_own] = CAP;
        // Those of this node where the driver says them: the others are those of all nodes of the device together.
        let own = if raw.capabilities & has_own == 0 {
            raw.capabilities
        } else {
            raw.device_caps
        };
        Ok(Capability {
            driver: text(&raw.driver),
            card: text(&raw.card),
            bus: text(&raw.bus_info),
            is_capture: own & capture != 0,
            is_multi_planar: own & multi_planar != 0,
            is_streaming: own & streaming != 0,
        })
    }

    fn format(&mut self, index: u32) -> io::Result<FourCc> {
        let mut raw = RawFormatDescription {
            index,
            r#type: CAPTURE,
            ..Plain::zeroed()
        };
        ENUM_FMT.on(&self.file, &mut raw)?;
        Ok(FourCc::from_u32(raw.pixelformat))
    }

    fn sizes(&mut self, format: FourCc, index: u32) -> io::Result<Sizes> {
        let mut raw = RawSizes {
            index,
            pixel_format: format.to_u32(),
            ..Plain::zeroed()
        };
        ENUM_FRAMESIZES.on(&self.file, &mut raw)?;
        if raw.r#type == DISCRETE {
            return Ok(Sizes::One(raw.sizes[0], raw.sizes[1]));
        }
        let [min_width, max_width, step_width, min_height, max_height, step_height] = raw.sizes;
        Ok(Sizes::Range {
            min: (min_width, min_height),
            max: (max_width, max_height),
            step: (step_width, step_height),
        })
    }

    fn intervals(&mut self, wanted: Wanted, index: u32) -> io::Result<Intervals> {
        let mut raw = RawIntervals {
            index,
            pixel_format: wanted.format.to_u32(),
            width: wanted.width,
            height: wanted.height,
            ..Plain::zeroed()
        };
        ENUM_FRAMEINTERVALS.on(&self.file, &mut raw)?;
        let at = |first: usize| Interval {
            numerator: raw.intervals[first],
            denominator: raw.intervals[first + 1],
        };
        Ok(if raw.r#type == DISCRETE {
            Intervals::One(at(0))
        } else {
            Intervals::Range(at(0), at(2))
        })
    }

    fn set_format(&mut self, wanted: Wanted) -> io::Result<PictureFormat> {
        let mut raw = RawFormat::zeroed();
        raw.r#type = CAPTURE;
        raw.pix.width = wanted.width;
        raw.pix.height = wanted.height;
        raw.pix.pixelformat = wanted.format.to_u32();
        raw.pix.field = FIELD_ANY;
        S_FMT.on(&self.file, &mut raw)?;
        Ok(PictureFormat {
            format: FourCc::from_u32(raw.pix.pixelformat),
            width: raw.pix.width,
            height: raw.pix.height,
            stride: raw.pix.bytesperline,
            colorspace: raw.pix.colorspace,
            encoding: raw.pix.ycbcr_enc,
            quantization: raw.pix.quantization,
        })
    }

    fn set_interval(&mut self, interval: Interval) -> io::Result<Interval> {
        let mut raw = RawParameters {
            r#type: CAPTURE,
            numerator: interval.numerator,
            denominator: interval.denominator,
            ..Plain::zeroed()
        };
        S_PARM.on(&self.file, &mut raw)?;
        Ok(Interval {
            numerator: raw.numerator,
            denominator: raw.denominator,
        })
    }

    fn control_after(&mut self, id: u32) -> io::Result<ControlInfo> {
        let mut raw = RawQuery {
            id: id | NEXT_CONTROL,
            ..Plain::zeroed()
        };
        QUERYCTRL.on(&self.file, &mut raw)?;
        Ok(ControlInfo {
            id: raw.id,
            kind: raw.r#type,
            title: text(&raw.name),
            min: raw.minimum,
            max: raw.maximum,
            step: raw.step,
            default: raw.default_value,
            flags: raw.flags,
        })
    }

    fn menu_entry(&mut self, id: u32, index: u32, is_number: bool) -> io::Result<MenuEntry> {
        let mut raw = RawMenu {
            id,
            index,
            ..Plain::zeroed()
        };
        QUERYMENU.on(&self.file, &mut raw)?;
        if is_number {
            let mut value = [0; 8];
            value.copy_from_slice(&raw.name[..8]);
            return Ok(MenuEntry::Number(i64::from_ne_bytes(value)));
        }
        Ok(MenuEntry::Name(text(&raw.name)))
    }

    fn control(&mut self, id: u32) -> io::Result<i32> {
        let mut raw = RawControl { id, value: 0 };
        G_CTRL.on(&self.file, &mut raw)?;
        Ok(raw.value)
    }

    fn set_control(&mut self, id: u32, value: i32) -> io::Result<()> {
        S_CTRL.on(&self.file, &mut RawControl { id, value })
    }

    fn watch_control(&mut self, id: u32) -> io::Result<()> {
        let mut raw = RawSubscription {
            r#type: CONTROL_EVENT,
            id,
            ..Plain::zeroed()
        };
        SUBSCRIBE_EVENT.on(&self.file, &mut raw)
    }

    fn event(&mut self) -> io::Result<bool> {
        match DQEVENT.on(&self.file, &mut Plain::zeroed()) {
            Ok(()) => Ok(true),
            // None is there.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EAGAIN)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn request_buffers(&mut self, count: u32) -> io::Result<u32> {
        let mut request = RawRequest {
            count,
            r#type: CAPTURE,
            memory: MMAP,
            ..Plain::zeroed()
        };
        REQBUFS.on(&self.file, &mut request)?;
        for index in 0..request.count.min(MOST_BUFFERS) {
            let mut buffer = buffer(index);
            QUERYBUF.on(&self.file, &mut buffer)?;
            // The union is 64 bits wide where a pointer is; the offset is its first 32.
            let offset = offset_of_union(buffer.offset);
            let mapped = MmapOptions::new()
                .offset(offset.into())
                .len(buffer.length as usize)
                .map_raw_read_only(&self.file)?;
            self.buffers.push(mapped);
            self.give_back(index)?;
        }
        Ok(self.buffers.len() as u32)
    }

    fn give_back(&mut self, index: u32) -> io::Result<()> {
        QBUF.on(&self.file, &mut buffer(index))
    }

    fn take(&mut self) -> io::Result<Option<Filled>> {
        let mut raw = buffer(0);
        match DQBUF.on(&self.file, &mut raw) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
        let age = (raw.flags & CLOCK.0 == CLOCK.1).then(|| {
            let now = clock_gettime(ClockId::Monotonic);
            let micros = |seconds: i64, micros: i64| seconds.saturating_mul(1_000_000).saturating_add(micros);
            let taken = micros(raw.seconds as i64, raw.microseconds as i64);
            TimeDelta::from_rate(micros(now.tv_sec, now.tv_nsec / 1_000).saturating_sub(taken), 1_000_000)
        });
        Ok(Some(Filled {
            index: raw.index,
            len: raw.bytesused as usize,
            age,
            sequence: raw.sequence,
            is_damaged: raw.flags & DAMAGED != 0,
        }))
    }

    fn bytes(&self, filled: &Filled) -> &[u8] {
        let Some(buffer) = self.buffers.get(filled.index as usize) else {
            return &[];
        };
        let len = filled.len.min(buffer.len());
        // SAFETY: mapped for as long as `self` lives, and `len` bytes of it at least. Between taking a buffer and giving it back it
        // is this program's; a driver that writes to it all the same changes what a picture looks like, and bytes are all that is read.
        unsafe { std::slice::from_raw_parts(buffer.as_ptr(), len) }
    }

    fn stream(&mut self, is_on: bool) -> io::Result<()> {
        let call = if is_on { STREAMON } else { STREAMOFF };
        call.on(
            &self.file,
            &mut RawInt {
                value: CAPTURE as c_int,
            },
        )
    }

    fn wait(&mut self, timeout: TimeDelta) -> io::Result<Ready> {
        let mut asked = [PollFd::from_borrowed_fd(
            self.file.as_fd(),
            PollFlags::IN | PollFlags::PRI,
        )];
        let timeout = Timespec::try_from(timeout.to_duration()).ok();
        match poll(&mut asked, timeout.as_ref()) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(Ready::default()),
            Err(error) => return Err(error.into()),
        }
        let came = asked[0].revents();
        Ok(Ready {
            has_picture: came.contains(PollFlags::IN),
            has_event: came.contains(PollFlags::PRI),
            is_broken: came.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL),
        })
    }
}

fn buffer(index: u32) -> RawBuffer {
    RawBuffer {
        index,
        r#type: CAPTURE,
        memory: MMAP,
        ..Plain::zeroed()
    }
}

/// The first 32 bits of the union `m`, whichever way this machine counts bytes.
fn offset_of_union(union: usize) -> u32 {
    let mut first = [0; 4];
    first.copy_from_slice(&union.to_ne_bytes()[..4]);
    u32::from_ne_bytes(first)
}

/// A text of the kernel: up to its first zero.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
}

#[cfg(test)]
#[path = "kernel_tests.rs"]
mod tests;
