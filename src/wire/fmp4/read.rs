//! Reading back what is in a file of fragments, also one that was cut off: which fragments are whole, what they hold and when
//! they were made. For tests, and for whoever wants to find or replace a stretch of sound later.
//!
//! Nothing is believed: an index may not be longer than [`MAX_INDEX`] and is read as far as there are bytes, media are
//! skipped, runs must lie inside their fragment.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::time::Duration;

use mp4_atom::{Atom, Moof, Moov, Prft, Tfhd, Traf};
use thiserror::Error;

use super::wall::unix_of_ntp;
use crate::media::{TimeDelta, TrackKind};

/// The longest `moov` or `moof` that is read.
const MAX_INDEX: u64 = 16 << 20;

/// Why a file is not one of fragments.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file could not be read.
    #[error("byte {position}: {source}")]
    Io {
        /// Where.
        position: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The file says something that it cannot.
    #[error("byte {position}: {problem}")]
    Broken {
        /// Where.
        position: u64,
        /// What.
        problem: String,
    },
    /// The file ends before the end of its `moov`.
    #[error("the file of {length} bytes ends before its index (moov) does")]
    NoIndex {
        /// Its length.
        length: u64,
    },
}

/// What is in a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// The tracks, in order.
    pub tracks: Vec<ListedTrack>,
    /// The fragments that are whole.
    pub fragments: Vec<ListedFragment>,
    /// Where the last whole fragment ends: a file that was cut off is well-formed again when it is cut here.
    pub whole_bytes: u64,
    /// The length of the file.
    pub length: u64,
}

/// One track.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedTrack {
    /// `track_ID`.
    pub id: u32,
    /// Pictures or sound.
    pub kind: TrackKind,
    /// Ticks per second.
    pub timescale: u32,
    /// The name of its handler.
    pub name: String,
}

/// One whole fragment.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedFragment {
    /// Where it starts (with its first `prft`, if it has any), and where it ends.
    pub bytes: Range<u64>,
    /// What it holds of each track.
    pub runs: Vec<ListedRun>,
}

/// What a fragment holds of one track.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedRun {
    /// Index into [`Listing::tracks`].
    pub track: usize,
    /// Decode time of its first sample, from zero of the file.
    pub start: TimeDelta,
    /// From its first sample to the end of its last.
    pub duration: TimeDelta,
    /// Access units.
    pub samples: usize,
    /// Where in the file they lie.
    pub data: Range<u64>,
    /// The time of day at which its first sample was made, as time since 1970.
    pub made_at: Option<Duration>,
}

/// Lists what `file` holds.
///
/// # Errors
/// If it cannot be read, has no `moov`, or is broken before its end. That it ends in the middle of a fragment is none.
pub fn read(file: &mut (impl Read + Seek)) -> Result<Listing, ReadError> {
    let failed = |position| move |source| ReadError::Io { position, source };
    let length = file.seek(SeekFrom::End(0)).map_err(failed(0))?;
    let mut reader = Reader {
        listing: Listing {
            length,
            ..Listing::default()
        },
        defaults: Vec::new(),
        prefts: Vec::new(),
        start: None,
        pending: None,
    };
    let mut position = 0;
    while position + 8 <= length {
        file.seek(SeekFrom::Start(position)).map_err(failed(position))?;
        let mut head = [0; 16];
        let have = (length - position).min(16) as usize;
        file.read_exact(&mut head[..have]).map_err(failed(position))?;
        let kind = [head[4], head[5], head[6], head[7]];
        let short = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let (header, size) = match short {
            0 => (8, length - position),
            1 if have < 16 => break,
            1 => {
                let mut long = [0; 8];
                long.copy_from_slice(&head[8..]);
                (16, u64::from_be_bytes(long))
            }
            _ => (8, u64::from(short)),
        };
        if size < header {
            return Err(broken(position, format!("a box of {size} bytes")));
        }
        let Some(end) = position.checked_add(size).filter(|end| *end <= length) else {
            break;
        };
        let index = match &kind {
            b"moov" | b"moof" | b"prft" if size > MAX_INDEX => {
                return Err(broken(position, format!("an index of {size} bytes")));
            }
            b"moov" | b"moof" | b"prft" => {
                file.seek(SeekFrom::Start(position + header))
                    .map_err(failed(position))?;
                let mut bytes = Vec::new();
                Read::by_ref(file)
                    .take(size - header)
                    .read_to_end(&mut bytes)
                    .map_err(failed(position))?;
                bytes
            }
            _ => Vec::new(),
        };
        reader.take(kind, position..end, &index)?;
        position = end;
    }
    if reader.listing.tracks.is_empty() {
        return Err(ReadError::NoIndex { length });
    }
    Ok(reader.listing)
}

fn broken(position: u64, problem: impl Into<String>) -> ReadError {
    ReadError::Broken {
        position,
        problem: problem.into(),
    }
}

struct Reader {
    listing: Listing,
    /// Per track: the duration of samples that say none.
    defaults: Vec<u32>,
    /// Of the fragment that is being read: what was said of when its tracks were made.
    prefts: Vec<Prft>,
    /// Where its first box starts.
    start: Option<u64>,
    /// Its index, until its media come.
    pending: Option<Vec<ListedRun>>,
}

impl Reader {
    /// Takes a whole box that lies at `bytes`, with its body where it is an index.
    fn take(&mut self, kind: [u8; 4], bytes: Range<u64>, mut body: &[u8]) -> Result<(), ReadError> {
        let unreadable = |error: mp4_atom::Error| broken(bytes.start, error.to_string());
        match &kind {
            b"moov" => {
                let moov = Moov::decode_body(&mut body).map_err(unreadable)?;
                self.take_tracks(&moov);
                self.listing.whole_bytes = bytes.end;
            }
            b"prft" => {
                self.start.get_or_insert(bytes.start);
                self.prefts.push(Prft::decode_body(&mut body).map_err(unreadable)?);
            }
            b"moof" => {
                self.start.get_or_insert(bytes.start);
                let moof = Moof::decode_body(&mut body).map_err(unreadable)?;
                let mut runs = Vec::new();
                for traf in &moof.traf {
                    runs.extend(self.run(traf, bytes.start)?);
                }
                self.pending = Some(runs);
            }
            b"mdat" => {
                // Media without an index are of a fragment whose recorder did not come to uncover it.
                if let (Some(runs), Some(start)) = (self.pending.take(), self.start.take()) {
                    if let Some(run) = runs.iter().find(|run| run.data.end > bytes.end) {
                        return Err(broken(
                            run.data.start,
                            format!("samples of track {} reach beyond their fragment", run.track),
                        ));
                    }
                    self.listing.whole_bytes = bytes.end;
                    self.listing.fragments.push(ListedFragment {
                        bytes: start..bytes.end,
                        runs,
                    });
                }
                self.start = None;
                self.prefts.clear();
            }
            _ => {}
        }
        Ok(())
    }

    fn take_tracks(&mut self, moov: &Moov) {
        for trak in &moov.trak {
            let kind = match trak.mdia.hdlr.handler.as_ref() {
                b"vide" => TrackKind::Video,
                _ => TrackKind::Audio,
            };
            self.listing.tracks.push(ListedTrack {
                id: trak.tkhd.track_id,
                kind,
                timescale: trak.mdia.mdhd.timescale.max(1),
                name: trak.mdia.hdlr.name.clone(),
            });
            let extends = moov.mvex.iter().flat_map(|mvex| &mvex.trex);
            let default = extends
                .filter(|trex| trex.track_id == trak.tkhd.track_id)
                .map(|trex| trex.default_sample_duration)
                .next();
            self.defaults.push(default.unwrap_or(0));
        }
    }

    /// What `traf` of the `moof` at `moof_start` holds; `None` for a track that the file does not have, or without samples.
    fn run(&self, traf: &Traf, moof_start: u64) -> Result<Option<ListedRun>, ReadError> {
        let Tfhd {
            track_id,
            default_sample_duration,
            default_sample_size,
            ..
        } = traf.tfhd;
        let Some(track) = self.listing.tracks.iter().position(|track| track.id == track_id) else {
            return Ok(None);
        };
        let timescale = self.listing.tracks[track].timescale;
        let (mut ticks, mut size, mut samples) = (0_u64, 0_u64, 0);
        for entry in traf.trun.iter().flat_map(|trun| &trun.entries) {
            let duration = entry.duration.or(default_sample_duration);
            ticks += u64::from(duration.unwrap_or(self.defaults[track]));
            size += u64::from(entry.size.or(default_sample_size).unwrap_or(0));
            samples += 1;
        }
        let Some(offset) = traf.trun.first().and_then(|trun| trun.data_offset) else {
            return Ok(None);
        };
        let start = moof_start
            .checked_add_signed(i64::from(offset))
            .and_then(|start| Some(start..start.checked_add(size)?));
        let Some(data) = start else {
            return Err(broken(
                moof_start,
                format!("samples of track {track} lie before the file"),
            ));
        };
        let decode_time = traf.tfdt.as_ref().map_or(0, |tfdt| tfdt.base_media_decode_time);
        let made = self.prefts.iter().find(|prft| prft.reference_track_id == track_id);
        let in_time = |ticks: u64| TimeDelta::from_rate(i64::try_from(ticks).unwrap_or(i64::MAX), timescale);
        Ok(Some(ListedRun {
            track,
            start: in_time(decode_time),
            duration: in_time(ticks),
            samples,
            data,
            made_at: made.map(|prft| unix_of_ntp(prft.ntp_timestamp)),
        }))
    }
}
