//! The border to libasound: finding it and calling it.
//!
//! It is loaded with `dlopen`, so it is no requirement of a build or of a package. All of it are functions over pointers that the
//! library gives; no structure of its is looked into. Numbers are those of `alsa/pcm.h`, which are part of its binary interface.
//! A library that was loaded stays loaded.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_long, c_uint, c_ulong, c_void};
use std::marker::PhantomData;
use std::ptr::{NonNull, null_mut};

/// Its name, with the major version that all of Linux has had since 2002.
const NAME: &CStr = c"libasound.so.2";

/// `SND_PCM_STREAM_CAPTURE`.
const CAPTURE: c_int = 1;
/// `SND_PCM_NONBLOCK`.
const NONBLOCK: c_int = 1;
/// `SND_PCM_ACCESS_RW_INTERLEAVED`.
const INTERLEAVED: c_int = 3;

/// How the samples of a device are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// 32-bit float, ±1.
    Float,
    /// 32 bits.
    S32,
    /// 24 bits in three bytes.
    S24In3,
    /// 24 bits in four bytes.
    S24,
    /// 16 bits.
    S16,
}

impl Format {
    /// The best first.
    const ALL: [Self; 5] = [Self::Float, Self::S32, Self::S24In3, Self::S24, Self::S16];

    fn number(self) -> c_int {
        match self {
            Self::S16 => 2,
            Self::S24 => 6,
            Self::S32 => 10,
            Self::Float => 14,
            Self::S24In3 => 32,
        }
    }

    /// Bytes of a sample.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::S16 => 2,
            Self::S24In3 => 3,
            Self::S24 | Self::S32 | Self::Float => 4,
        }
    }
}

/// libasound's objects, known by address only.
type Object = *mut c_void;
/// Where the library logs what went wrong, with the arguments as `va_list`: a pointer in all calling conventions of Linux.
type Handler = unsafe extern "C" fn(*const c_char, c_int, *const c_char, c_int, *const c_char, *mut c_void);
type SetNear = unsafe extern "C" fn(Object, Object, *mut c_uint, *mut c_int) -> c_int;
type SetNumber = unsafe extern "C" fn(Object, Object, c_int) -> c_int;

/// The functions of libasound.
pub(super) struct Library {
    open: unsafe extern "C" fn(*mut Object, *const c_char, c_int, c_int) -> c_int,
    close: unsafe extern "C" fn(Object) -> c_int,
    start: unsafe extern "C" fn(Object) -> c_int,
    wait: unsafe extern "C" fn(Object, c_int) -> c_int,
    read: unsafe extern "C" fn(Object, *mut c_void, c_ulong) -> c_long,
    recover: unsafe extern "C" fn(Object, c_int, c_int) -> c_int,
    apply: unsafe extern "C" fn(Object, Object) -> c_int,
    params_new: unsafe extern "C" fn(*mut Object) -> c_int,
    params_free: unsafe extern "C" fn(Object),
    params_any: unsafe extern "C" fn(Object, Object) -> c_int,
    set_access: SetNumber,
    set_format: SetNumber,
    set_channels: unsafe extern "C" fn(Object, Object, *mut c_uint) -> c_int,
    set_rate: SetNear,
    set_period: SetNear,
    set_buffer: SetNear,
    period: unsafe extern "C" fn(Object, *mut c_ulong, *mut c_int) -> c_int,
    error: unsafe extern "C" fn(c_int) -> *const c_char,
    set_handler: unsafe extern "C" fn(Option<Handler>) -> Option<Handler>,
}

/// What the library would print.
unsafe extern "C" fn ignore(_: *const c_char, _: c_int, _: *const c_char, _: c_int, _: *const c_char, _: *mut c_void) {}

/// The function `name`.
///
/// # Safety
/// `F` is the type of a function pointer, with the arguments and the result that the library's header says.
unsafe fn function<F: Copy>(library: NonNull<c_void>, name: &CStr) -> Result<F, String> {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
    // SAFETY: the handle is open and the name is a C string.
    let address = unsafe { libc::dlsym(library.as_ptr(), name.as_ptr()) };
    if address.is_null() {
        return Err(format!("libasound without {}", name.to_string_lossy()));
    }
    // SAFETY: of the same size, as asserted; the caller vouches for the type, and null was excluded.
    Ok(unsafe { std::mem::transmute_copy::<*mut c_void, F>(&address) })
}

impl Library {
    /// The one on this machine.
    pub(super) fn load() -> Result<Self, String> {
        // SAFETY: the name is a C string. Running the constructors of a system library is what was asked for.
        let handle = unsafe { libc::dlopen(NAME.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        let library = NonNull::new(handle).ok_or_else(|| "no libasound.so.2 here".to_owned())?;
        // SAFETY: each as declared in alsa/pcm.h and alsa/error.h.
        unsafe {
            Ok(Self {
                open: function(library, c"snd_pcm_open")?,
                close: function(library, c"snd_pcm_close")?,
                start: function(library, c"snd_pcm_start")?,
                wait: function(library, c"snd_pcm_wait")?,
                read: function(library, c"snd_pcm_readi")?,
                recover: function(library, c"snd_pcm_recover")?,
                apply: function(library, c"snd_pcm_hw_params")?,
                params_new: function(library, c"snd_pcm_hw_params_malloc")?,
                params_free: function(library, c"snd_pcm_hw_params_free")?,
                params_any: function(library, c"snd_pcm_hw_params_any")?,
                set_access: function(library, c"snd_pcm_hw_params_set_access")?,
                set_format: function(library, c"snd_pcm_hw_params_set_format")?,
                set_channels: function(library, c"snd_pcm_hw_params_set_channels_near")?,
                set_rate: function(library, c"snd_pcm_hw_params_set_rate_near")?,
                set_period: function(library, c"snd_pcm_hw_params_set_period_time_near")?,
                set_buffer: function(library, c"snd_pcm_hw_params_set_buffer_time_near")?,
                period: function(library, c"snd_pcm_hw_params_get_period_size")?,
                error: function(library, c"snd_strerror")?,
                set_handler: function(library, c"snd_lib_error_set_local")?,
            })
        }
    }

    /// An error code in the library's words.
    pub(super) fn word(&self, code: c_int) -> String {
        // SAFETY: takes any number; gives a C string that stays, or one of this thread's that lasts until the next call.
        unsafe {
            let text = (self.error)(code);
            if text.is_null() {
                return format!("error {code}");
            }
            CStr::from_ptr(text).to_string_lossy().to_lowercase()
        }
    }
}

/// What a device does, once it is set up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    /// In Hz.
    pub(super) rate: u32,
    /// Interleaved.
    pub(super) channels: usize,
    /// Frames that come at once.
    pub(super) period: usize,
    /// Of each sample.
    pub(super) format: Format,
}

/// An open device. It stays on its thread.
pub(super) struct Pcm<'a> {
    library: &'a Library,
    device: Object,
    frame: usize,
    here: PhantomData<*mut c_void>,
}

/// What failed, and the library's code for it.
pub(super) type Fault = (&'static str, c_int);

fn checked(what: &'static str, code: c_int) -> Result<c_int, Fault> {
    if code < 0 { Err((what, code)) } else { Ok(code) }
}

impl<'a> Pcm<'a> {
    /// Opens the device of that name to record.
    pub(super) fn open(library: &'a Library, name: &CString) -> Result<Self, Fault> {
        let mut pcm: Object = null_mut();
        // SAFETY: what the library would print on the standard error of the studio is told by codes already; the handler is of this
        // thread alone, and takes its arguments without looking. `open` writes the address of an object, or fails.
        let code = unsafe {
            (library.set_handler)(Some(ignore));
            (library.open)(&raw mut pcm, name.as_ptr(), CAPTURE, NONBLOCK)
        };
        checked("it does not open", code)?;
        if pcm.is_null() {
            return Err(("it does not open", -libc::ENODEV));
        }
        Ok(Self {
            library,
            device: pcm,
            frame: 1,
            here: PhantomData,
        })
    }

    /// Sets it up: rate, channels and times (in microseconds) as near as it can.
    pub(super) fn set_up(&mut self, rate: u32, channels: u32, period_us: u32, buffer_us: u32) -> Result<Setup, Fault> {
        let library = self.library;
        let mut params: Object = null_mut();
        // SAFETY: writes the address of a new object, or fails.
        checked("no memory", unsafe { (library.params_new)(&raw mut params) })?;
        // SAFETY: both objects are alive and were made by this library; the numbers behind the pointers are ours.
        let setup = unsafe { self.negotiate(params, rate, channels, period_us, buffer_us) };
        // SAFETY: made above, and not kept by anybody.
        unsafe { (library.params_free)(params) };
        let setup = setup?;
        self.frame = setup.channels * setup.format.bytes();
        Ok(setup)
    }

    /// # Safety
    /// `params` was made by this library and is alive.
    unsafe fn negotiate(
        &self,
        params: Object,
        mut rate: c_uint,
        mut channels: c_uint,
        mut period_us: c_uint,
        mut buffer_us: c_uint,
    ) -> Result<Setup, Fault> {
        let (library, pcm) = (self.library, self.device);
        let (mut period, mut direction): (c_ulong, c_int) = (0, 0);
        // SAFETY: the device is open, the caller vouches for `params`, and everything else points to numbers of this function.
        unsafe {
            checked("it has no settings", (library.params_any)(pcm, params))?;
            checked("it cannot be read", (library.set_access)(pcm, params, INTERLEAVED))?;
            let format = Format::ALL
                .into_iter()
                .find(|format| (library.set_format)(pcm, params, format.number()) >= 0)
                .ok_or(("it has none of the formats that are read", -libc::EINVAL))?;
            checked("channels", (library.set_channels)(pcm, params, &raw mut channels))?;
            checked(
                "sample rate",
                (library.set_rate)(pcm, params, &raw mut rate, &raw mut direction),
            )?;
            // Of no weight: whatever it is, what comes in says so.
            let _ = (library.set_period)(pcm, params, &raw mut period_us, &raw mut direction);
            let _ = (library.set_buffer)(pcm, params, &raw mut buffer_us, &raw mut direction);
            checked("it refuses its settings", (library.apply)(pcm, params))?;
            checked(
                "its period",
                (library.period)(params, &raw mut period, &raw mut direction),
            )?;
            Ok(Setup {
                rate,
                channels: channels as usize,
                period: usize::try_from(period).unwrap_or(0).clamp(1, 1 << 16),
                format,
            })
        }
    }

    /// Begins to record.
    pub(super) fn start(&mut self) -> Result<(), Fault> {
        // SAFETY: the device is open.
        checked("it does not start", unsafe { (self.library.start)(self.device) }).map(|_| ())
    }

    /// Waits for sound, so many ms at most; whether there is some.
    pub(super) fn wait(&mut self, ms: u16) -> Result<bool, Fault> {
        // SAFETY: the device is open.
        checked("it stopped", unsafe {
            (self.library.wait)(self.device, c_int::from(ms))
        })
        .map(|ready| ready > 0)
    }

    /// Reads whole frames into `bytes`, and says how many; none where there is nothing yet.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Fault> {
        let room = bytes.len() / self.frame.max(1);
        // SAFETY: `room` frames of the size that was set up fit into `bytes`.
        let frames = unsafe { (self.library.read)(self.device, bytes.as_mut_ptr().cast(), room as c_ulong) };
        match usize::try_from(frames) {
            Ok(frames) => Ok(frames.min(room)),
            Err(_) if frames == c_long::from(-libc::EAGAIN) => Ok(0),
            Err(_) => Err(("it stopped", c_int::try_from(frames).unwrap_or(-libc::EIO))),
        }
    }

    /// Makes it record again after an overrun or after the machine slept.
    pub(super) fn recover(&mut self, code: c_int) -> Result<(), Fault> {
        // SAFETY: the device is open.
        checked("it stopped", unsafe { (self.library.recover)(self.device, code, 1) })?;
        // It may have started by itself, which is no fault.
        let _ = self.start();
        Ok(())
    }
}

impl Drop for Pcm<'_> {
    fn drop(&mut self) {
        // SAFETY: the device is open, and nobody else has it.
        unsafe { (self.library.close)(self.device) };
    }
}
