//! The border to libavcodec: finding it, calling it, and reading the few fields that its functions do not give.
//!
//! It is loaded with `dlopen`, so it is no requirement of a build or of a package. Everything is done by functions except
//! where there are none: the number of a packet, and size, planes and number of a frame. Those fields stand at the same
//! places in all versions named in [`VERSIONS`], checked by compiling against their headers (FFmpeg 5.0, 5.1, 6.0, 6.1, 7.0); other major versions
//! are not touched, because a major version is what may move fields. A library that was loaded stays loaded.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::mem::offset_of;
use std::ptr::{NonNull, null, null_mut};

use crate::media::video::MAX_DIMENSION;

/// Major versions of libavcodec, each with that of its libavutil; newest first.
const VERSIONS: [(c_uint, c_uint); 3] = [(61, 59), (60, 58), (59, 57)];

/// The libavcodec of Debian 12.
pub(super) const DEBIAN_12: u32 = 59;

/// libavcodec's own decoder. Asked for H.264 without a name, some builds answer with a wrapper around OpenH264.
const DECODER: &CStr = c"h264";
/// `AV_LOG_QUIET` of libavutil/log.h: damage is told by return values.
const LOG_QUIET: c_int = -8;
/// `AVERROR_EOF` of libavutil/error.h.
const ERROR_EOF: c_int = -0x2046_4F45;
/// `AVERROR(EAGAIN)`.
const ERROR_AGAIN: c_int = -libc::EAGAIN;

/// The head of `AVPacket`, which libavcodec allocates.
#[repr(C)]
struct Packet {
    buf: *mut c_void,
    pts: i64,
    dts: i64,
    data: *mut u8,
    size: c_int,
}

/// The head of `AVFrame`, which libavutil allocates.
#[repr(C)]
struct Frame {
    data: [*mut u8; 8],
    linesize: [c_int; 8],
    extended_data: *mut *mut u8,
    width: c_int,
    height: c_int,
    nb_samples: c_int,
    format: c_int,
    is_key: c_int,
    pict_type: c_int,
    sample_aspect_ratio: [c_int; 2],
    pts: i64,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(offset_of!(Packet, pts) == 8 && offset_of!(Packet, data) == 24 && offset_of!(Packet, size) == 32);
    assert!(offset_of!(Frame, linesize) == 64 && offset_of!(Frame, width) == 104);
    assert!(offset_of!(Frame, format) == 116 && offset_of!(Frame, pts) == 136);
};

/// libavcodec's and libavutil's objects, known by address only.
type Object = *mut c_void;

/// A codec of libavcodec: constant and alive as long as the library.
#[derive(Clone, Copy)]
struct Codec(NonNull<c_void>);

// SAFETY: nobody writes to it.
unsafe impl Send for Codec {}
// SAFETY: as above.
unsafe impl Sync for Codec {}

/// The functions of one libavcodec and its libavutil.
pub(super) struct Library {
    major: c_uint,
    codec: Codec,
    alloc_context: unsafe extern "C" fn(*const c_void) -> Object,
    open: unsafe extern "C" fn(Object, *const c_void, *mut c_void) -> c_int,
    free_context: unsafe extern "C" fn(*mut Object),
    send_packet: unsafe extern "C" fn(Object, *const Packet) -> c_int,
    receive_frame: unsafe extern "C" fn(Object, *mut Frame) -> c_int,
    flush_buffers: unsafe extern "C" fn(Object),
    packet_alloc: unsafe extern "C" fn() -> *mut Packet,
    new_packet: unsafe extern "C" fn(*mut Packet, c_int) -> c_int,
    packet_unref: unsafe extern "C" fn(*mut Packet),
    packet_free: unsafe extern "C" fn(*mut *mut Packet),
    frame_alloc: unsafe extern "C" fn() -> *mut Frame,
    frame_unref: unsafe extern "C" fn(*mut Frame),
    frame_free: unsafe extern "C" fn(*mut *mut Frame),
    set_int: unsafe extern "C" fn(Object, *const c_char, i64, c_int) -> c_int,
}

/// A library that is open, and stays so.
struct Loaded(NonNull<c_void>);

impl Loaded {
    fn open(name: &str, major: c_uint) -> Option<Self> {
        let file = std::ffi::CString::new(format!("{name}.so.{major}")).ok()?;
        // SAFETY: the name is a C string. Running the constructors of a system library is what was asked for.
        let handle = unsafe { libc::dlopen(file.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        NonNull::new(handle).map(Self)
    }

    /// The function `name`.
    ///
    /// # Safety
    /// `F` is the type of a function pointer, with the arguments and the result that the library's header says.
    unsafe fn function<F: Copy>(&self, name: &CStr) -> Result<F, String> {
        const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
        // SAFETY: the handle is open and the name is a C string.
        let address = unsafe { libc::dlsym(self.0.as_ptr(), name.as_ptr()) };
        if address.is_null() {
            return Err(format!("libavcodec without {}", name.to_string_lossy()));
        }
        // SAFETY: of the same size, as asserted; the caller vouches for the type, and null was excluded.
        Ok(unsafe { std::mem::transmute_copy::<*mut c_void, F>(&address) })
    }
}

impl Library {
    /// The newest of the known versions on this machine.
    pub(super) fn load() -> Result<Self, String> {
        if cfg!(not(target_pointer_width = "64")) {
            return Err("libavcodec is only used on 64-bit machines".to_owned());
        }
        let mut reason = "no libavcodec here".to_owned();
        for (codec, util) in VERSIONS {
            let (Some(codec_library), Some(util_library)) =
                (Loaded::open("libavcodec", codec), Loaded::open("libavutil", util))
            else {
                continue;
            };
            match Self::bind(&codec_library, codec, &util_library, util) {
                Ok(library) => return Ok(library),
                Err(why) => reason = why,
            }
        }
        Err(reason)
    }

    fn bind(codec: &Loaded, codec_major: c_uint, util: &Loaded, util_major: c_uint) -> Result<Self, String> {
        // SAFETY: as declared in libavcodec/version.h and libavutil/avutil.h.
        let versions = unsafe {
            let codec_version: unsafe extern "C" fn() -> c_uint = codec.function(c"avcodec_version")?;
            let util_version: unsafe extern "C" fn() -> c_uint = util.function(c"avutil_version")?;
            (codec_version() >> 16, util_version() >> 16)
        };
        if versions != (codec_major, util_major) {
            return Err(format!(
                "libavcodec.so.{codec_major} says it is version {} with libavutil {}",
                versions.0, versions.1
            ));
        }
        // SAFETY: each as declared in libavcodec/avcodec.h, codec.h and packet.h, libavutil/frame.h, opt.h and log.h.
        unsafe {
            let set_log_level: unsafe extern "C" fn(c_int) = util.function(c"av_log_set_level")?;
            set_log_level(LOG_QUIET);
            let find: unsafe extern "C" fn(*const c_char) -> *mut c_void =
                codec.function(c"avcodec_find_decoder_by_name")?;
            let found = NonNull::new(find(DECODER.as_ptr()));
            Ok(Self {
                major: codec_major,
                codec: Codec(found.ok_or_else(|| format!("libavcodec {codec_major} without a decoder of H.264"))?),
                alloc_context: codec.function(c"avcodec_alloc_context3")?,
                open: codec.function(c"avcodec_open2")?,
                free_context: codec.function(c"avcodec_free_context")?,
                send_packet: codec.function(c"avcodec_send_packet")?,
                receive_frame: codec.function(c"avcodec_receive_frame")?,
                flush_buffers: codec.function(c"avcodec_flush_buffers")?,
                packet_alloc: codec.function(c"av_packet_alloc")?,
                new_packet: codec.function(c"av_new_packet")?,
                packet_unref: codec.function(c"av_packet_unref")?,
                packet_free: codec.function(c"av_packet_free")?,
                frame_alloc: util.function(c"av_frame_alloc")?,
                frame_unref: util.function(c"av_frame_unref")?,
                frame_free: util.function(c"av_frame_free")?,
                set_int: util.function(c"av_opt_set_int")?,
            })
        }
    }

    /// For people: the library and its version.
    pub(super) fn name(&self) -> String {
        format!("libavcodec {}", self.major)
    }
}

/// An open H.264 decoder.
pub(super) struct Context {
    library: &'static Library,
    codec: Object,
    packet: *mut Packet,
    frame: *mut Frame,
}

// SAFETY: libavcodec binds its objects to no thread, only to one at a time, which `&mut self` everywhere ensures.
unsafe impl Send for Context {}

impl Context {
    /// Opens a decoder that holds back `held_back` pictures for reordering, more where the SPS says so.
    pub(super) fn open(library: &'static Library, held_back: u32) -> Result<Self, String> {
        let codec = library.codec.0.as_ptr().cast_const();
        // SAFETY: the codec is constant. What could not be allocated is null, which is looked at before use and which the
        // functions of `drop` take.
        let opened = unsafe {
            Self {
                library,
                codec: (library.alloc_context)(codec),
                packet: (library.packet_alloc)(),
                frame: (library.frame_alloc)(),
            }
        };
        if opened.codec.is_null() || opened.packet.is_null() || opened.frame.is_null() {
            return Err(format!("{} has no memory", library.name()));
        }
        let most_pixels = i64::from(MAX_DIMENSION) * i64::from(MAX_DIMENSION);
        for (option, value) in [
            (c"threads", 1),
            (c"max_pixels", most_pixels),
            (c"has_b_frames", i64::from(held_back)),
        ] {
            // SAFETY: a context is an object with options; the name is a C string that is not kept.
            let result = unsafe { (library.set_int)(opened.codec, option.as_ptr(), value, 0) };
            if result < 0 {
                let option = option.to_string_lossy();
                return Err(format!("{} refuses {option} ({result})", library.name()));
            }
        }
        // SAFETY: a fresh context of this codec, no further options.
        let result = unsafe { (library.open)(opened.codec, codec, null_mut()) };
        if result < 0 {
            return Err(format!("{} does not open ({result})", library.name()));
        }
        Ok(opened)
    }

    /// Takes in one access unit in Annex B form with its `number`, which comes out with its picture. An error is libavcodec's.
    pub(super) fn send(&mut self, annex_b: &[u8], number: i64) -> Result<(), c_int> {
        if annex_b.is_empty() {
            // A packet without bytes would end the stream.
            return Ok(());
        }
        let size = c_int::try_from(annex_b.len()).map_err(|_| -libc::EINVAL)?;
        // SAFETY: the packet is ours and empty. `new_packet` gives it `size` bytes, and padding behind them, or fails.
        // `send_packet` takes a reference of its own.
        let result = unsafe {
            let result = (self.library.new_packet)(self.packet, size);
            if result < 0 {
                return Err(result);
            }
            std::ptr::copy_nonoverlapping(annex_b.as_ptr(), (*self.packet).data, annex_b.len());
            (*self.packet).pts = number;
            let result = (self.library.send_packet)(self.codec, self.packet);
            (self.library.packet_unref)(self.packet);
            result
        };
        if result < 0 { Err(result) } else { Ok(()) }
    }

    /// Says that there is no more: [`Self::receive`] then gives all that is held, and [`Self::flush`] must follow.
    pub(super) fn send_end(&mut self) {
        // SAFETY: no packet is the end of the stream. The only error is that it has been said before.
        unsafe { (self.library.send_packet)(self.codec, null()) };
    }

    /// The next picture, if one is ready. An error is libavcodec's.
    pub(super) fn receive(&mut self) -> Result<Option<Received<'_>>, c_int> {
        // SAFETY: the frame is ours; what it held before is released first.
        match unsafe { (self.library.receive_frame)(self.codec, self.frame) } {
            ERROR_AGAIN | ERROR_EOF => Ok(None),
            error if error < 0 => Err(error),
            _ => Ok(Some(Received(self))),
        }
    }

    /// Forgets all pictures, so that another stream may follow.
    pub(super) fn flush(&mut self) {
        // SAFETY: the context is open.
        unsafe { (self.library.flush_buffers)(self.codec) };
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: these take null as well as what was allocated, and nobody else has it.
        unsafe {
            (self.library.frame_free)(&raw mut self.frame);
            (self.library.packet_free)(&raw mut self.packet);
            (self.library.free_context)(&raw mut self.codec);
        }
    }
}

/// A picture in libavcodec's memory, until it is dropped.
pub(super) struct Received<'a>(&'a mut Context);

impl Received<'_> {
    fn frame(&self) -> &Frame {
        // SAFETY: allocated by libavutil, not null, and not written to while `self.0` is borrowed.
        unsafe { &*self.0.frame }
    }

    /// The number of its access unit.
    pub(super) fn number(&self) -> i64 {
        self.frame().pts
    }

    /// `AVPixelFormat` of libavutil/pixfmt.h.
    pub(super) fn format(&self) -> i32 {
        self.frame().format
    }

    /// Width and height in pixels, within the cropping rectangle.
    pub(super) fn size(&self) -> (i32, i32) {
        (self.frame().width, self.frame().height)
    }

    /// The bytes of a plane from its first row on, and its stride. `rows` and `width` must not be more than those of the
    /// plane in a picture of [`Self::size`] whose format is 4:2:0 with 8 bits.
    pub(super) fn plane(&self, at: usize, rows: usize, width: usize) -> Option<(&[u8], usize)> {
        let frame = self.frame();
        let data = *frame.data.get(at).filter(|data| !data.is_null())?;
        let stride = usize::try_from(frame.linesize[at]).ok()?;
        let (most_rows, most_width) = match at {
            0 => (frame.height, frame.width),
            1 | 2 if frame.format == 0 || frame.format == 12 => (frame.height / 2, frame.width / 2),
            _ => return None,
        };
        let is_inside = rows > 0
            && i32::try_from(rows).is_ok_and(|rows| rows <= most_rows)
            && i32::try_from(width).is_ok_and(|width| width <= most_width);
        if !is_inside || stride < width {
            return None;
        }
        // SAFETY: libavcodec promises `height` rows of `stride` bytes each for a picture of this size, half of them for the
        // planes of colour; the last row is read only as far as the picture goes. The memory is released by `drop`.
        let bytes = unsafe { std::slice::from_raw_parts(data, stride * (rows - 1) + width) };
        Some((bytes, stride))
    }
}

impl Drop for Received<'_> {
    fn drop(&mut self) {
        // SAFETY: the frame is ours; nothing that was read from it lives longer than `self`.
        unsafe { (self.0.library.frame_unref)(self.0.frame) };
    }
}
