//! From the tables of a `moov` to a list of samples with place and time (ISO/IEC 14496-12 §8.6, §8.7).

use super::super::error::Fault;
use super::codec::Codec;
use super::cursor::Cursor;
use super::fragment::Fragment;
use super::{MAX_SAMPLE, MAX_SAMPLES, Movie, Sample, Track, each_atom};

/// A movie whose index is being read.
pub(super) struct Builder {
    length: u64,
    timescale: u32,
    tracks: Vec<Draft>,
    notices: Vec<String>,
}

struct Draft {
    id: u32,
    is_video: bool,
    timescale: u32,
    codec: Result<Codec, Fault>,
    samples: Vec<Sample>,
    /// The first sample that would lie beyond the end of the file, and where.
    cut_off: Option<(usize, u64)>,
    edits: Vec<Edit>,
    /// Defaults for fragments: duration and size.
    defaults: (u32, u32),
    /// Decode time and place after the last sample.
    next: (i64, u64),
}

#[derive(Clone, Copy, Debug)]
struct Edit {
    /// In ticks of the movie.
    duration: u64,
    /// In ticks of the track; negative for an empty edit.
    media_time: i64,
}

impl Builder {
    /// Reads a `moov` of a file that is `length` bytes long.
    pub(super) fn read(moov: Cursor<'_>, length: u64) -> Result<Self, Fault> {
        let mut mvhd = moov.need(*b"mvhd")?;
        let (version, _) = mvhd.version()?;
        mvhd.skip(if version == 1 { 16 } else { 8 })?;
        let mut builder = Self {
            length,
            timescale: mvhd.u32()?.max(1),
            tracks: Vec::new(),
            notices: Vec::new(),
        };
        each_atom(moov, |atom| {
            if &atom.kind == b"trak" {
                builder.read_trak(atom.body)
            } else {
                Ok(())
            }
        })?;
        if let Some(mvex) = moov.find(*b"mvex")? {
            each_atom(mvex, |atom| {
                if &atom.kind == b"trex" {
                    builder.read_trex(atom.body)
                } else {
                    Ok(())
                }
            })?;
        }
        Ok(builder)
    }

    fn read_trex(&mut self, mut trex: Cursor<'_>) -> Result<(), Fault> {
        trex.version()?;
        let id = trex.u32()?;
        trex.skip(4)?;
        let defaults = (trex.u32()?, trex.u32()?);
        for track in self.tracks.iter_mut().filter(|track| track.id == id) {
            track.defaults = defaults;
        }
        Ok(())
    }

    fn read_trak(&mut self, trak: Cursor<'_>) -> Result<(), Fault> {
        let mdia = trak.need(*b"mdia")?;
        let mut hdlr = mdia.need(*b"hdlr")?;
        hdlr.skip(8)?;
        let is_video = match hdlr.take(4)? {
            b"vide" => true,
            b"soun" => false,
            // Subtitles, chapters, timecode, hints: nothing to see or hear.
            _ => return Ok(()),
        };
        let mut tkhd = trak.need(*b"tkhd")?;
        let (version, _) = tkhd.version()?;
        tkhd.skip(if version == 1 { 16 } else { 8 })?;
        let id = tkhd.u32()?;
        let mut mdhd = mdia.need(*b"mdhd")?;
        let (version, _) = mdhd.version()?;
        mdhd.skip(if version == 1 { 16 } else { 8 })?;
        let position = mdhd.position();
        let timescale = mdhd.u32()?;
        if timescale == 0 {
            return Err(Fault::broken(position, "a track whose time stands still (timescale 0)"));
        }
        let stbl = mdia.need(*b"minf")?.need(*b"stbl")?;
        let mut draft = Draft {
            id,
            is_video,
            timescale,
            codec: Codec::read(stbl.need(*b"stsd")?),
            samples: Vec::new(),
            cut_off: None,
            edits: read_edits(trak)?,
            defaults: (0, 0),
            next: (0, 0),
        };
        if draft.codec.is_ok() {
            draft.read_samples(stbl, self.length)?;
        }
        self.tracks.push(draft);
        Ok(())
    }

    /// Adds the samples of a fragment.
    pub(super) fn add(&mut self, fragment: &Fragment) -> Result<(), Fault> {
        let mut place = 0;
        for run in &fragment.runs {
            place = run.position.unwrap_or(place);
            let Some(track) = self.tracks.iter_mut().find(|track| track.id == run.track) else {
                continue;
            };
            if let Some(time) = run.decode_time {
                track.next.0 = i64::try_from(time).unwrap_or(i64::MAX / 4);
            }
            for sample in &run.samples {
                let size = sample.size.unwrap_or(track.defaults.1);
                let duration = sample.duration.unwrap_or(track.defaults.0);
                track.next.1 = place;
                track.push(size, duration, sample.composition_offset, self.length)?;
                place = place.saturating_add(u64::from(size));
            }
        }
        Ok(())
    }

    /// Picks the first playable track of each sort.
    pub(super) fn finish(mut self) -> Result<Movie, Fault> {
        let mut movie = Movie {
            video: None,
            sound: None,
            notices: Vec::new(),
        };
        let mut fault = None;
        for draft in std::mem::take(&mut self.tracks) {
            let place = if draft.is_video {
                &mut movie.video
            } else {
                &mut movie.sound
            };
            if place.is_some() {
                self.notices
                    .push(format!("track {} is left out: there is one like it before", draft.id));
                continue;
            }
            let (id, is_video) = (draft.id, draft.is_video);
            match draft.finish(self.timescale, &mut self.notices) {
                Ok(track) => *place = track,
                // Without its pictures a movie is broken; without its sound it can be shown.
                Err(error) if is_video => fault = Some(error),
                Err(error) => self
                    .notices
                    .push(format!("the sound of track {id} is left out: {error}")),
            }
        }
        if movie.video.is_none()
            && let Some(fault) = fault
        {
            return Err(fault);
        }
        if movie.video.is_none() && movie.sound.is_none() {
            return Err(match self.notices.first() {
                Some(notice) => Fault::Unrecognised(notice.clone()),
                None => Fault::NothingToPlay,
            });
        }
        movie.notices = self.notices;
        Ok(movie)
    }
}

impl Draft {
    /// Appends a sample that lies at `next`. One that is not within the file ends the track.
    fn push(&mut self, size: u32, duration: u32, composition_offset: i32, length: u64) -> Result<(), Fault> {
        let (decode_time, position) = self.next;
        self.next.0 = decode_time.saturating_add(i64::from(duration));
        if self.cut_off.is_some() {
            return Ok(());
        }
        if position.saturating_add(u64::from(size)) > length {
            self.cut_off = Some((self.samples.len(), position));
            return Ok(());
        }
        if self.samples.len() >= MAX_SAMPLES || size > MAX_SAMPLE {
            return Err(Fault::unsupported(
                position,
                format!("sample {} of {size} bytes: too large, or too many", self.samples.len()),
            ));
        }
        self.samples.push(Sample {
            position,
            decode_time,
            size,
            composition_offset,
            duration,
        });
        Ok(())
    }

    /// Walks the five tables side by side.
    fn read_samples(&mut self, stbl: Cursor<'_>, length: u64) -> Result<(), Fault> {
        let mut stsz = stbl.need(*b"stsz")?;
        stsz.version()?;
        let constant = stsz.u32()?;
        let (count, mut sizes) = if constant == 0 {
            stsz.rows(4)?
        } else {
            (stsz.u32()? as usize, Cursor::new(&[], 0))
        };
        let mut durations = Runs::new(stbl.find(*b"stts")?)?;
        let mut offsets = Runs::new(stbl.find(*b"ctts")?)?;
        let mut chunks = Chunks::new(stbl)?;
        for _ in 0..count {
            let size = if constant == 0 { sizes.u32()? } else { constant };
            let duration = durations.next()?.unwrap_or(0);
            let offset = offsets.next()?.unwrap_or(0).cast_signed();
            let Some(position) = chunks.place(size)? else {
                return Err(Fault::broken(
                    stbl.position(),
                    format!("sample {} of {count} is in no chunk", self.samples.len()),
                ));
            };
            self.next.1 = position;
            self.push(size, duration, offset, length)?;
            // The rest may be billions that no table backs.
            if self.cut_off.is_some() && constant != 0 {
                break;
            }
        }
        Ok(())
    }

    fn finish(self, movie_timescale: u32, notices: &mut Vec<String>) -> Result<Option<Track>, Fault> {
        let codec = self.codec?;
        let matches = matches!((&codec, self.is_video), (Codec::Avc(_), true) | (Codec::Aac(_), false));
        if !matches {
            return Err(Fault::Unrecognised(format!(
                "track {} is not coded as what it claims to be",
                self.id
            )));
        }
        if let Some((sample, position)) = self.cut_off {
            notices.push(format!(
                "cut off: sample {sample} of track {} at byte {position} lies beyond the end of the file",
                self.id
            ));
        }
        if self.samples.is_empty() {
            return Ok(None);
        }
        let to_track = |ticks: u64| {
            let wide = u128::from(ticks) * u128::from(self.timescale) / u128::from(movie_timescale);
            i64::try_from(wide).unwrap_or(i64::MAX / 4)
        };
        let empty = self
            .edits
            .iter()
            .take_while(|edit| edit.media_time < 0)
            .map(|edit| edit.duration);
        let delay = to_track(empty.fold(0, u64::saturating_add));
        let mut played = self.edits.iter().skip_while(|edit| edit.media_time < 0);
        let edit = played.next();
        if played.next().is_some() {
            notices.push(format!("track {} has several edits: only the first is played", self.id));
        }
        let starts_at = edit.map_or(0, |edit| edit.media_time);
        let end = self
            .samples
            .iter()
            .map(|sample| sample.shown_at().saturating_add(i64::from(sample.duration)))
            .max()
            .unwrap_or(0);
        let mut media = end.saturating_sub(starts_at).max(0);
        if let Some(edit) = edit.filter(|edit| edit.duration > 0) {
            // The edit is told in ticks of the movie, often milliseconds: it counts only where it really is shorter.
            let told = to_track(edit.duration);
            let tick = to_track(1).max(1);
            if told.saturating_add(tick) < media {
                media = told;
            }
        }
        Ok(Some(Track {
            timescale: self.timescale,
            codec,
            samples: self.samples,
            starts_at,
            delay,
            duration: delay.saturating_add(media),
        }))
    }
}

impl Sample {
    /// Composition time in ticks of the track, before the edit list.
    pub(in super::super) fn shown_at(&self) -> i64 {
        self.decode_time.saturating_add(i64::from(self.composition_offset))
    }
}

fn read_edits(trak: Cursor<'_>) -> Result<Vec<Edit>, Fault> {
    let Some(edts) = trak.find(*b"edts")? else {
        return Ok(Vec::new());
    };
    let Some(mut elst) = edts.find(*b"elst")? else {
        return Ok(Vec::new());
    };
    let (version, _) = elst.version()?;
    let (count, mut rows) = elst.rows(if version == 1 { 20 } else { 12 })?;
    let mut edits = Vec::with_capacity(count);
    for _ in 0..count {
        let duration = rows.sized(version)?;
        let media_time = if version == 1 {
            rows.u64()?.cast_signed()
        } else {
            i64::from(rows.u32()?.cast_signed())
        };
        rows.skip(4)?;
        edits.push(Edit { duration, media_time });
    }
    Ok(edits)
}

/// A run-length table (`stts`, `ctts`): rows of count and value.
struct Runs<'a> {
    rows: Cursor<'a>,
    left: u32,
    value: Option<u32>,
}

impl<'a> Runs<'a> {
    fn new(table: Option<Cursor<'a>>) -> Result<Self, Fault> {
        let rows = match table {
            Some(mut table) => {
                table.version()?;
                table.rows(8)?.1
            }
            None => Cursor::new(&[], 0),
        };
        Ok(Self {
            rows,
            left: 0,
            value: None,
        })
    }

    /// The value of the next sample. The last one goes on where the table is too short.
    fn next(&mut self) -> Result<Option<u32>, Fault> {
        while self.left == 0 && self.rows.left() > 0 {
            self.left = self.rows.u32()?;
            self.value = Some(self.rows.u32()?);
        }
        self.left = self.left.saturating_sub(1);
        Ok(self.value)
    }
}

/// `stsc` with `stco` or `co64`: where samples lie.
struct Chunks<'a> {
    offsets: Cursor<'a>,
    is_wide: bool,
    groups: Cursor<'a>,
    /// Chunks are counted from 1. Of the group in force: samples per chunk, and the first chunk of the next one.
    chunk: u32,
    samples_per_chunk: u32,
    next_group: Option<u32>,
    left_in_chunk: u32,
    position: u64,
}

impl<'a> Chunks<'a> {
    fn new(stbl: Cursor<'a>) -> Result<Self, Fault> {
        let (mut table, is_wide) = match stbl.find(*b"stco")? {
            Some(stco) => (stco, false),
            None => (stbl.need(*b"co64")?, true),
        };
        table.version()?;
        let (_, offsets) = table.rows(if is_wide { 8 } else { 4 })?;
        let mut stsc = stbl.need(*b"stsc")?;
        stsc.version()?;
        let (_, mut groups) = stsc.rows(12)?;
        let mut chunks = Self {
            offsets,
            is_wide,
            next_group: if groups.left() > 0 { Some(groups.u32()?) } else { None },
            groups,
            chunk: 0,
            samples_per_chunk: 0,
            left_in_chunk: 0,
            position: 0,
        };
        // Files in the wild start with chunk 0 or 1; both mean the first.
        chunks.next_group = chunks.next_group.map(|first| first.max(1));
        Ok(chunks)
    }

    /// The place of the next sample, which is `size` bytes long. `None` when there are no more chunks.
    fn place(&mut self, size: u32) -> Result<Option<u64>, Fault> {
        while self.left_in_chunk == 0 {
            if self.offsets.left() == 0 {
                return Ok(None);
            }
            self.position = if self.is_wide {
                self.offsets.u64()?
            } else {
                u64::from(self.offsets.u32()?)
            };
            self.chunk = self.chunk.saturating_add(1);
            if self.next_group == Some(self.chunk) {
                self.samples_per_chunk = self.groups.u32()?;
                self.groups.skip(4)?;
                self.next_group = if self.groups.left() > 0 {
                    Some(self.groups.u32()?)
                } else {
                    None
                };
            }
            self.left_in_chunk = self.samples_per_chunk;
        }
        self.left_in_chunk -= 1;
        let position = self.position;
        self.position = position.saturating_add(u64::from(size));
        Ok(Some(position))
    }
}
