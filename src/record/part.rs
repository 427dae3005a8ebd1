//! One file of a recording, with its index beside it.
//!
//! A fragment is written with its `moof` named `free`, which players skip, and uncovered when it is safe on the disk: four
//! bytes in place. So the file has no torn index whenever power is lost. ffmpeg refuses a whole file for the sake of one.

use std::path::{Path, PathBuf};

use super::disk::{Disk, DiskFile};
use super::error::RecordError;
use super::index;
use super::name::Template;
use super::queue::Dropped;
use crate::media::{Packet, TimeDelta, Timestamp};
use crate::wire::fmp4::{Fragment, Muxer, TrackConfig, WallClock};

/// How many names are tried that others have already.
const MAX_NAMES: usize = 10_000;

/// What a part is made of.
pub(super) struct Plan<'a> {
    pub template: &'a Template,
    /// Of the session.
    pub name: &'a str,
    /// Counted from 1.
    pub number: u32,
    pub tracks: &'a [TrackConfig],
    /// When its first picture is shown.
    pub origin: Timestamp,
    pub wall: WallClock,
}

/// A file that is being written.
pub(super) struct Part {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    index: Option<Box<dyn DiskFile>>,
    index_problem: Option<String>,
    tracks: Vec<TrackConfig>,
    muxer: Muxer,
    wall: WallClock,
    origin: Timestamp,
    /// The fragment that is being written; kept for the next.
    covered: Vec<u8>,
    /// Bytes that are safe.
    bytes: u64,
    largest: u64,
    duration: TimeDelta,
}

impl Part {
    /// Makes the file under a name that no file has, with its initialisation segment and its index.
    ///
    /// # Errors
    /// With the name that was to be used.
    pub(super) fn open(disk: &mut dyn Disk, plan: &Plan<'_>) -> Result<Self, (PathBuf, RecordError)> {
        let (path, file) = create(disk, plan)?;
        let muxer = Muxer::with_origin(plan.tracks.to_vec(), plan.origin);
        let mut part = Self {
            path,
            file,
            index: None,
            index_problem: None,
            tracks: plan.tracks.to_vec(),
            muxer,
            wall: plan.wall,
            origin: plan.origin,
            covered: Vec::new(),
            bytes: 0,
            largest: 0,
            duration: TimeDelta::ZERO,
        };
        let init = part.muxer.init_segment();
        if let Err(error) = part.append(&init, None) {
            let path = part.path.clone();
            part.close(disk);
            return Err((path, error));
        }
        // Some file systems cannot flush a folder; the names are then as safe as they get.
        let _ = disk.sync_folder(plan.template.folder());
        part.open_index(disk, init.len() as u64);
        Ok(part)
    }

    fn open_index(&mut self, disk: &mut dyn Disk, init_bytes: u64) {
        let opened = disk.create(&index_path(&self.path)).and_then(|mut index| {
            let file = self
                .path
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            index.append(&index::head(&file, init_bytes, &self.tracks))?;
            Ok(index)
        });
        match opened {
            Ok(index) => self.index = Some(index),
            Err(error) => self.index_problem = Some(error.to_string()),
        }
    }

    /// Takes a packet for the next fragment.
    pub(super) fn push(&mut self, track: usize, packet: &Packet) {
        self.muxer.push(track, packet);
    }

    /// Writes what has been pushed as one fragment that ends at `end`, in one write, waits until it is safe, and uncovers it.
    ///
    /// # Errors
    /// With what was lost. The file ends with its last whole fragment then, if the disk still lets it.
    pub(super) fn cut(&mut self, end: Timestamp) -> Result<(), (RecordError, Dropped)> {
        let Some(fragment) = self.muxer.fragment(end, Some(self.wall)) else {
            return Ok(());
        };
        let position = self.bytes;
        let kind_at = fragment.moof_at + 4;
        let mut covered = std::mem::take(&mut self.covered);
        covered.clear();
        covered.extend_from_slice(&fragment.bytes);
        covered[kind_at..kind_at + 4].copy_from_slice(b"free");
        let written = self.append(&covered, Some(kind_at));
        self.covered = covered;
        written.map_err(|error| (error, self.samples_of(&fragment)))?;
        self.largest = self.largest.max(fragment.bytes.len() as u64);
        self.duration = fragment.pts + fragment.duration - self.origin;
        let line = index::entry(&fragment, position, self.origin, self.wall);
        if let Some(index) = &mut self.index
            && let Err(error) = index.append(&line)
        {
            self.index_problem = Some(error.to_string());
            self.index = None;
        }
        Ok(())
    }

    /// Writes `bytes`; then, where they are safe, the name of the `moof` that is at `kind_at` in them.
    fn append(&mut self, bytes: &[u8], kind_at: Option<usize>) -> Result<(), RecordError> {
        let file = &mut self.file;
        let written = file.append(bytes).and_then(|()| file.sync()).and_then(|()| {
            let Some(kind_at) = kind_at else { return Ok(()) };
            file.overwrite(self.bytes + kind_at as u64, b"moof")?;
            file.sync()
        });
        written.map_err(|source| {
            // What was torn is of no use to players, and of harm to whoever appends.
            let _ = self.file.truncate(self.bytes);
            RecordError::Write {
                path: self.path.clone(),
                position: self.bytes,
                source,
            }
        })?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn samples_of(&self, fragment: &Fragment) -> Dropped {
        let mut lost = Dropped::default();
        for run in &fragment.runs {
            lost.count(self.tracks[run.track].kind(), run.samples as u64);
        }
        lost
    }

    /// Ends the file. One without a single fragment is removed: it is ours, and there is nothing in it.
    pub(super) fn close(mut self, disk: &mut dyn Disk) {
        if let Some(index) = &mut self.index {
            // What the index says can be read from the file as well.
            let _ = index.sync();
        }
        if !self.has_media() {
            let has_index = self.index.take().is_some();
            let _ = disk.remove(&self.path);
            if has_index {
                let _ = disk.remove(&index_path(&self.path));
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a fragment in it.
    pub(super) const fn has_media(&self) -> bool {
        self.largest > 0
    }

    /// Media that wait for the next fragment, in bytes.
    pub(super) const fn pending_bytes(&self) -> usize {
        self.muxer.pending_bytes()
    }

    /// What is safe in the file, in bytes.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The size of its largest fragment.
    pub(super) const fn largest(&self) -> u64 {
        self.largest
    }

    /// How much show is safe in the file.
    pub(super) const fn duration(&self) -> TimeDelta {
        self.duration
    }

    /// Packets that belonged before its start.
    pub(super) const fn omitted(&self) -> u64 {
        self.muxer.omitted()
    }

    /// Why there is no index any more; told once.
    pub(super) const fn take_index_problem(&mut self) -> Option<String> {
        self.index_problem.take()
    }
}

fn create(disk: &mut dyn Disk, plan: &Plan<'_>) -> Result<(PathBuf, Box<dyn DiskFile>), (PathBuf, RecordError)> {
    let unix = plan.wall.unix_at(plan.origin);
    let mut last = None;
    for path in plan.template.candidates(plan.name, plan.number, unix).take(MAX_NAMES) {
        // An index without its film is somebody's as well.
        if index_path(&path).exists() {
            continue;
        }
        match disk.create(&path) {
            Ok(file) => return Ok((path, file)),
            Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => last = Some((path, source)),
            Err(source) => {
                let error = RecordError::Create {
                    path: path.clone(),
                    source,
                };
                return Err((path, error));
            }
        }
    }
    let taken = || {
        (
            plan.template.folder().to_owned(),
            std::io::ErrorKind::AlreadyExists.into(),
        )
    };
    let (path, source) = last.unwrap_or_else(taken);
    Err((path.clone(), RecordError::Create { path, source }))
}

/// `FILE.index.ndjson`.
fn index_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".index.ndjson");
    PathBuf::from(name)
}
