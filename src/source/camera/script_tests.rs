//! A camera that is a script: what it offers, what it sends, and when it is unplugged or taken.

#![allow(clippy::trivially_copy_pass_by_ref)] // What b"YUYV" is.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::super::device::{
    Capability, ControlInfo, Device, Filled, FourCc, Interval, Intervals, MenuEntry, PictureFormat, Ready, Sizes,
    Wanted,
};
use super::super::machine::{Machine, Node};
use crate::media::TimeDelta;

pub const AUTO: u32 = 0x9a_090c;
pub const FOCUS: u32 = 0x9a_090a;

/// What a camera does next when it is waited for.
pub enum Step {
    /// Pictures are there.
    Pictures(Vec<Picture>),
    /// The kernel says this when a picture is fetched.
    Errno(i32),
    /// A control was set by somebody else.
    Event,
}

#[derive(Clone)]
pub struct Picture {
    pub bytes: Vec<u8>,
    pub is_damaged: bool,
}

pub fn picture(bytes: Vec<u8>) -> Picture {
    Picture {
        bytes,
        is_damaged: false,
    }
}

/// What a test and its camera share.
pub struct Script {
    pub is_there: bool,
    /// What opening it, asking for a format or starting its pictures meets with.
    pub opening: Option<i32>,
    pub format_errno: Option<i32>,
    pub start_errno: Option<i32>,
    pub capability: Capability,
    pub offers: Vec<(FourCc, Sizes, Vec<Intervals>)>,
    pub given: Option<FourCc>,
    pub controls: Vec<(ControlInfo, i32, Vec<MenuEntry>)>,
    pub set: Vec<(u32, i32)>,
    pub asked: Vec<Wanted>,
    pub steps: VecDeque<Step>,
    pub opened: u32,
}

pub type Shared = Arc<Mutex<Script>>;

pub fn interval(rate: u32) -> Intervals {
    Intervals::One(Interval {
        numerator: 1,
        denominator: rate,
    })
}

impl Script {
    pub fn new(letters: &[u8; 4]) -> Shared {
        let offer = (FourCc(*letters), Sizes::One(64, 48), vec![interval(30)]);
        Arc::new(Mutex::new(Self {
            is_there: true,
            opening: None,
            format_errno: None,
            start_errno: None,
            capability: Capability {
                driver: "script".into(),
                card: "Scripted Webcam 3000".into(),
                bus: "usb-0000:00:14.0-1".into(),
                is_capture: true,
                is_multi_planar: false,
                is_streaming: true,
            },
            offers: vec![offer],
            given: None,
            controls: Vec::new(),
            set: Vec::new(),
            asked: Vec::new(),
            steps: VecDeque::new(),
            opened: 0,
        }))
    }
}

pub fn lock(shared: &Shared) -> MutexGuard<'_, Script> {
    shared.lock().unwrap()
}

pub fn errno(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

pub fn refused(number: Option<i32>) -> io::Result<()> {
    number.map_or(Ok(()), |number| Err(errno(number)))
}

pub struct Scripted {
    pub script: Shared,
    /// Whether it is the second node, which has the camera's name and no pictures.
    is_metadata: bool,
    /// What can be taken now.
    ready: VecDeque<Picture>,
    error: Option<i32>,
    has_event: bool,
    taken: Vec<u8>,
    sequence: u32,
}

impl Device for Scripted {
    fn capability(&mut self) -> io::Result<Capability> {
        let mut capability = lock(&self.script).capability.clone();
        capability.is_capture &= !self.is_metadata;
        Ok(capability)
    }

    fn format(&mut self, index: u32) -> io::Result<FourCc> {
        let script = lock(&self.script);
        let mut formats: Vec<FourCc> = script.offers.iter().map(|(format, ..)| *format).collect();
        formats.dedup();
        formats.get(index as usize).copied().ok_or_else(|| errno(libc::EINVAL))
    }

    fn sizes(&mut self, format: FourCc, index: u32) -> io::Result<Sizes> {
        let script = lock(&self.script);
        let mut sizes = script.offers.iter().filter(|(of, ..)| *of == format);
        let found = sizes.nth(index as usize).map(|(_, sizes, _)| *sizes);
        found.ok_or_else(|| errno(libc::EINVAL))
    }

    fn intervals(&mut self, wanted: Wanted, index: u32) -> io::Result<Intervals> {
        let script = lock(&self.script);
        let size = Sizes::One(wanted.width, wanted.height);
        let found = script
            .offers
            .iter()
            .find(|(format, sizes, _)| *format == wanted.format && *sizes == size);
        let intervals = found.and_then(|(_, _, intervals)| intervals.get(index as usize));
        intervals.copied().ok_or_else(|| errno(libc::EINVAL))
    }

    fn set_format(&mut self, wanted: Wanted) -> io::Result<PictureFormat> {
        let mut script = lock(&self.script);
        script.asked.push(wanted);
        refused(script.format_errno)?;
        Ok(PictureFormat {
            format: script.given.unwrap_or(wanted.format),
            width: wanted.width,
            height: wanted.height,
            stride: 0,
            colorspace: 8,
            encoding: 0,
            quantization: 0,
        })
    }

    fn set_interval(&mut self, interval: Interval) -> io::Result<Interval> {
        Ok(interval)
    }

    fn control_after(&mut self, id: u32) -> io::Result<ControlInfo> {
        let script = lock(&self.script);
        let found = script.controls.iter().find(|(info, ..)| info.id > id);
        found.map(|(info, ..)| info.clone()).ok_or_else(|| errno(libc::EINVAL))
    }

    fn menu_entry(&mut self, id: u32, index: u32, _is_number: bool) -> io::Result<MenuEntry> {
        let script = lock(&self.script);
        let found = script.controls.iter().find(|(info, ..)| info.id == id);
        let entry = found.and_then(|(_, _, entries)| entries.get(index as usize));
        entry.cloned().ok_or_else(|| errno(libc::EINVAL))
    }

    fn control(&mut self, id: u32) -> io::Result<i32> {
        let script = lock(&self.script);
        let found = script.controls.iter().find(|(info, ..)| info.id == id);
        found.map(|(_, value, _)| *value).ok_or_else(|| errno(libc::EINVAL))
    }

    fn set_control(&mut self, id: u32, value: i32) -> io::Result<()> {
        let mut script = lock(&self.script);
        let is_automatic = id == FOCUS
            && script
                .controls
                .iter()
                .any(|(info, value, _)| info.id == AUTO && *value == 1);
        if is_automatic {
            return Err(errno(libc::EACCES));
        }
        script.set.push((id, value));
        let found = script.controls.iter_mut().find(|(info, ..)| info.id == id);
        found
            .map(|(_, known, _)| *known = value)
            .ok_or_else(|| errno(libc::EINVAL))
    }

    fn watch_control(&mut self, _id: u32) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self) -> io::Result<bool> {
        Ok(std::mem::take(&mut self.has_event))
    }

    fn request_buffers(&mut self, count: u32) -> io::Result<u32> {
        Ok(count)
    }

    fn give_back(&mut self, _index: u32) -> io::Result<()> {
        Ok(())
    }

    fn take(&mut self) -> io::Result<Option<Filled>> {
        refused(self.error)?;
        let Some(picture) = self.ready.pop_front() else {
            return Ok(None);
        };
        self.taken = picture.bytes;
        self.sequence += 1;
        Ok(Some(Filled {
            index: 0,
            len: self.taken.len(),
            age: Some(TimeDelta::from_millis(5)),
            sequence: self.sequence,
            is_damaged: picture.is_damaged,
        }))
    }

    fn bytes(&self, _filled: &Filled) -> &[u8] {
        &self.taken
    }

    fn stream(&mut self, is_on: bool) -> io::Result<()> {
        refused(lock(&self.script).start_errno.filter(|_| is_on))
    }

    fn wait(&mut self, timeout: TimeDelta) -> io::Result<Ready> {
        let step = lock(&self.script).steps.pop_front();
        match step {
            Some(Step::Pictures(pictures)) => self.ready = pictures.into(),
            Some(Step::Errno(number)) => self.error = Some(number),
            Some(Step::Event) => self.has_event = true,
            // As poll does where nothing comes.
            None => std::thread::sleep(timeout.to_duration().min(Duration::from_millis(5))),
        }
        Ok(Ready {
            has_picture: !self.ready.is_empty(),
            has_event: self.has_event,
            is_broken: self.error.is_some(),
        })
    }
}

/// A machine with a camera, and the node beside it that cameras of today have.
pub struct Bench(pub Shared);

impl Machine for Bench {
    fn nodes(&self) -> Vec<Node> {
        let script = lock(&self.0);
        let node = |path: &str| Node {
            path: PathBuf::from(path),
            card: script.capability.card.clone(),
        };
        if script.is_there {
            vec![node("/dev/video1"), node("/dev/video2")]
        } else {
            Vec::new()
        }
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Device>> {
        let mut script = lock(&self.0);
        if !script.is_there {
            return Err(errno(libc::ENOENT));
        }
        refused(script.opening)?;
        script.opened += 1;
        drop(script);
        let device = Scripted {
            script: Arc::clone(&self.0),
            is_metadata: path == Path::new("/dev/video1"),
            ready: VecDeque::new(),
            error: None,
            has_event: false,
            taken: Vec::new(),
            sequence: 0,
        };
        Ok(Box::new(device))
    }

    fn holder(&self, _path: &Path) -> Option<String> {
        Some("obs (pid 812)".into())
    }
}
