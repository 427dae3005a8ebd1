//! The border to PocketSphinx: finding the library, calling it, and reading what it spotted.
//!
//! It is loaded with `dlopen`, so it is no requirement of a build or of a package. The functions are those of
//! pocketsphinx.h and cmd_ln.h of 5prealpha, which is what Debian and its kin carry as `libpocketsphinx.so.3`; everything is done
//! by functions, and no structure of the library is looked into. A library that was loaded stays loaded.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt::Write as _;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::ptr::{NonNull, null_mut};

/// Names that the two libraries go by, those of Debian first.
const NAMES: [(&CStr, &CStr); 2] = [
    (c"libsphinxbase.so.3", c"libpocketsphinx.so.3"),
    (c"libsphinxbase.so", c"libpocketsphinx.so"),
];

/// What the library takes off every score so that the best is below one (`KWS_MAX` of kws_search.c). Added again here: a score is then the
/// plain logarithm of how much likelier the phrase is than any other sounds.
const TAKEN_OFF: c_int = 1500;

/// One unit of the library's scores in powers of ten: its logarithms have the base 1.0001 and lose ten bits.
pub(super) const DECADES: f32 = 0.044_471;

type Object = *mut c_void;

/// The functions of the two libraries.
pub(super) struct Library {
    arguments: unsafe extern "C" fn() -> Object,
    parse: unsafe extern "C" fn(Object, Object, c_int, *const *const c_char, c_int) -> Object,
    free_config: unsafe extern "C" fn(Object) -> c_int,
    init: unsafe extern "C" fn(Object) -> Object,
    free: unsafe extern "C" fn(Object) -> c_int,
    add_word: unsafe extern "C" fn(Object, *const c_char, *const c_char, c_int) -> c_int,
    set_phrases: unsafe extern "C" fn(Object, *const c_char, *const c_char) -> c_int,
    set_search: unsafe extern "C" fn(Object, *const c_char) -> c_int,
    start_stream: unsafe extern "C" fn(Object) -> c_int,
    start: unsafe extern "C" fn(Object) -> c_int,
    process: unsafe extern "C" fn(Object, *const i16, usize, c_int, c_int) -> c_int,
    end: unsafe extern "C" fn(Object) -> c_int,
    first_segment: unsafe extern "C" fn(Object) -> Object,
    next_segment: unsafe extern "C" fn(Object) -> Object,
    segment_word: unsafe extern "C" fn(Object) -> *const c_char,
    segment_frames: unsafe extern "C" fn(Object, *mut c_int, *mut c_int),
    segment_score: unsafe extern "C" fn(Object, *mut c_int, *mut c_int, *mut c_int) -> c_int,
}

/// A library that is open, and stays so.
struct Loaded(NonNull<c_void>);

impl Loaded {
    /// `is_global`: so that another one finds its functions.
    fn open(name: &CStr, is_global: bool) -> Option<Self> {
        let visibility = if is_global { libc::RTLD_GLOBAL } else { libc::RTLD_LOCAL };
        // SAFETY: the name is a C string. Running the constructors of a system library is what was asked for.
        NonNull::new(unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | visibility) }).map(Self)
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
            return Err(format!("the library has no {}", name.to_string_lossy()));
        }
        // SAFETY: of the same size, as asserted; the caller vouches for the type, and null was excluded.
        Ok(unsafe { std::mem::transmute_copy::<*mut c_void, F>(&address) })
    }
}

impl Library {
    /// The libraries of this machine. `Ok(None)`: there are none.
    pub(super) fn load() -> Result<Option<Self>, String> {
        let mut opened = NAMES
            .iter()
            .filter_map(|(base, main)| Some((Loaded::open(base, true)?, Loaded::open(main, false)?)));
        let Some((base, main)) = opened.next() else {
            return Ok(None);
        };
        // SAFETY: each as declared in cmd_ln.h, err.h, pocketsphinx.h and ps_search.h.
        unsafe {
            let set_log: unsafe extern "C" fn(Object) = base.function(c"err_set_logfp")?;
            // It writes pages to standard error, which belongs to the studio's log.
            set_log(null_mut());
            Ok(Some(Self {
                arguments: main.function(c"ps_args")?,
                parse: base.function(c"cmd_ln_parse_r")?,
                free_config: base.function(c"cmd_ln_free_r")?,
                init: main.function(c"ps_init")?,
                free: main.function(c"ps_free")?,
                add_word: main.function(c"ps_add_word")?,
                set_phrases: main.function(c"ps_set_kws")?,
                set_search: main.function(c"ps_set_search")?,
                start_stream: main.function(c"ps_start_stream")?,
                start: main.function(c"ps_start_utt")?,
                process: main.function(c"ps_process_raw")?,
                end: main.function(c"ps_end_utt")?,
                first_segment: main.function(c"ps_seg_iter")?,
                next_segment: main.function(c"ps_seg_next")?,
                segment_word: main.function(c"ps_seg_word")?,
                segment_frames: main.function(c"ps_seg_frames")?,
                segment_score: main.function(c"ps_seg_prob")?,
            }))
        }
    }
}

/// A phrase that the decoder spotted, so far: a better place for it may follow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spotted {
    /// As it was given to [`Decoder::listen_for`].
    pub phrase: String,
    /// The first frame, of 10 ms, since [`Decoder::start`].
    pub first: i32,
    /// The last one.
    pub last: i32,
    /// By how many powers of ten it is likelier than any other sounds; mostly below zero.
    pub score: f32,
}

/// An open decoder.
pub(super) struct Decoder {
    library: &'static Library,
    config: Object,
    object: Object,
    is_started: bool,
}

// SAFETY: the library binds its objects to no thread, only to one at a time, which `&mut self` everywhere ensures.
unsafe impl Send for Decoder {}

impl Decoder {
    /// Opens one with `options` as pocketsphinx_continuous takes them: `-hmm`, `FOLDER`, …
    pub(super) fn open(library: &'static Library, options: &[(&str, &str)]) -> Result<Self, String> {
        let mut words = vec![c"rigcast".to_owned()];
        for (key, value) in options {
            words.push(c_string(key)?);
            words.push(c_string(value)?);
        }
        let arguments: Vec<*const c_char> = words.iter().map(|word| word.as_ptr()).collect();
        let count = c_int::try_from(arguments.len()).map_err(|_| "too many options".to_owned())?;
        // SAFETY: `count` C strings, which the library copies, and its own table of arguments.
        let config = unsafe { (library.parse)(null_mut(), (library.arguments)(), count, arguments.as_ptr(), 0) };
        if config.is_null() {
            return Err("it does not take its options".to_owned());
        }
        // SAFETY: a configuration of this library, of which the decoder takes a reference of its own.
        let decoder = unsafe { (library.init)(config) };
        let opened = Self {
            library,
            config,
            object: decoder,
            is_started: false,
        };
        if decoder.is_null() {
            return Err("it cannot read the model or the dictionary".to_owned());
        }
        Ok(opened)
    }

    /// Adds a word by its sounds, separated by spaces.
    pub(super) fn add_word(&mut self, word: &str, sounds: &str) -> Result<(), String> {
        let (name, phones) = (c_string(word)?, c_string(sounds)?);
        // SAFETY: the decoder is open; the strings are copied.
        let result = unsafe { (self.library.add_word)(self.object, name.as_ptr(), phones.as_ptr(), 1) };
        if result < 0 {
            Err(format!("it does not take \"{sounds}\" as sounds of \"{word}\""))
        } else {
            Ok(())
        }
    }

    /// From now on it listens for these phrases of words that it knows, each with its threshold in powers of ten.
    ///
    /// The library reads such a list from a file only, and a worker cannot write files: it gets the end of a pipe.
    pub(super) fn listen_for<'a>(&mut self, phrases: impl Iterator<Item = (&'a str, f32)>) -> Result<(), String> {
        let mut text = String::new();
        for (phrase, threshold) in phrases {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{phrase} /1e{threshold:.0}/");
        }
        let (reader, mut writer) = std::io::pipe().map_err(|error| format!("no pipe: {error}"))?;
        let path = c_string(&format!("/proc/self/fd/{}", reader.as_raw_fd()))?;
        let result = std::thread::scope(|scope| {
            // From a thread: a long list does not fit into a pipe. Where the library stops reading, writing ends in an error.
            scope.spawn(move || writer.write_all(text.as_bytes()));
            // SAFETY: the decoder is open; the strings are copied, the file is read to its end at once.
            let result = unsafe { (self.library.set_phrases)(self.object, c"words".as_ptr(), path.as_ptr()) };
            drop(reader);
            result
        });
        if result < 0 {
            return Err("it does not take the list of phrases".to_owned());
        }
        // SAFETY: as above; the search has just been made.
        let result = unsafe { (self.library.set_search)(self.object, c"words".as_ptr()) };
        if result < 0 {
            Err("it does not listen for the phrases".to_owned())
        } else {
            Ok(())
        }
    }

    /// Starts over at frame 0.
    pub(super) fn start(&mut self) -> Result<(), String> {
        self.stop();
        // SAFETY: the decoder is open and not within an utterance. Without a new stream its frames would be counted from the last one.
        let result = unsafe {
            (self.library.start_stream)(self.object);
            (self.library.start)(self.object)
        };
        if result < 0 {
            return Err("it does not start".to_owned());
        }
        self.is_started = true;
        Ok(())
    }

    /// Hears sound: mono, 16 kHz.
    pub(super) fn feed(&mut self, samples: &[i16]) -> Result<(), String> {
        if !self.is_started {
            self.start()?;
        }
        // SAFETY: so many samples, which it copies.
        let result = unsafe { (self.library.process)(self.object, samples.as_ptr(), samples.len(), 0, 0) };
        if result < 0 {
            Err("it does not take sound".to_owned())
        } else {
            Ok(())
        }
    }

    /// Ends what was started: what it held back is heard, and [`Self::spotted`] is complete.
    pub(super) fn stop(&mut self) {
        if std::mem::take(&mut self.is_started) {
            // SAFETY: the decoder is within an utterance. The only error is that it is not.
            unsafe { (self.library.end)(self.object) };
        }
    }

    /// Everything spotted since [`Self::start`], the latest first.
    pub(super) fn spotted(&mut self, found: &mut Vec<Spotted>) {
        // SAFETY: the decoder is open; null is "nothing".
        let mut segment = unsafe { (self.library.first_segment)(self.object) };
        while !segment.is_null() {
            let (mut first, mut last, mut unused) = (0, 0, [0; 3]);
            let [acoustic, language, back] = &mut unused;
            // SAFETY: the segment is the library's and alive until `next_segment`, which frees it at the end. Its word is a
            // C string that is copied here.
            unsafe {
                (self.library.segment_frames)(segment, &raw mut first, &raw mut last);
                let score = (self.library.segment_score)(segment, acoustic, language, back);
                let word = (self.library.segment_word)(segment);
                if !word.is_null() {
                    let phrase = CStr::from_ptr(word).to_string_lossy().trim().to_owned();
                    let score = score.saturating_add(TAKEN_OFF) as f32 * DECADES;
                    found.push(Spotted {
                        phrase,
                        first,
                        last,
                        score,
                    });
                }
                segment = (self.library.next_segment)(segment);
            }
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.stop();
        // SAFETY: both were given to us, or are null, which these functions take; nobody else has them.
        unsafe {
            (self.library.free)(self.object);
            (self.library.free_config)(self.config);
        }
    }
}

fn c_string(text: &str) -> Result<CString, String> {
    CString::new(text).map_err(|_| format!("\"{}\" cannot be passed on", text.escape_debug()))
}
