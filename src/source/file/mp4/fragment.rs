//! Movie fragments: samples that were written while the movie went on (ISO/IEC 14496-12 §8.8).

use super::super::error::Fault;
use super::cursor::Cursor;
use super::each_atom;

/// One `moof`.
#[derive(Debug)]
pub(super) struct Fragment {
    pub(super) runs: Vec<Run>,
}

/// Samples of one track that follow each other in the file.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) track: u32,
    /// Decode time of the first sample, where it is told.
    pub(super) decode_time: Option<u64>,
    /// Where in the file the first sample lies; `None`: after the run before.
    pub(super) position: Option<u64>,
    pub(super) samples: Vec<RunSample>,
}

/// One row of a `trun`. What is `None` is the default of the fragment or the track.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RunSample {
    pub(super) duration: Option<u32>,
    pub(super) size: Option<u32>,
    pub(super) composition_offset: i32,
}

/// The most samples of one run whose rows are empty: nothing in the file bounds them.
const MAX_EMPTY_ROWS: usize = 65_536;

impl Fragment {
    /// Reads the body of a `moof` that starts at byte `start` of the file.
    pub(super) fn read(moof: Cursor<'_>, start: u64) -> Result<Self, Fault> {
        let mut runs = Vec::new();
        each_atom(moof, |atom| {
            if &atom.kind == b"traf" {
                read_traf(atom.body, start, &mut runs)
            } else {
                Ok(())
            }
        })?;
        Ok(Self { runs })
    }
}

fn read_traf(traf: Cursor<'_>, start: u64, runs: &mut Vec<Run>) -> Result<(), Fault> {
    let mut tfhd = traf.need(*b"tfhd")?;
    let (_, flags) = tfhd.version()?;
    let track = tfhd.u32()?;
    let base = if flags & 1 != 0 { tfhd.u64()? } else { start };
    if flags & 2 != 0 {
        tfhd.skip(4)?;
    }
    let duration = if flags & 8 != 0 { Some(tfhd.u32()?) } else { None };
    let size = if flags & 0x10 != 0 { Some(tfhd.u32()?) } else { None };
    let mut decode_time = None;
    if let Some(mut tfdt) = traf.find(*b"tfdt")? {
        let (version, _) = tfdt.version()?;
        decode_time = Some(tfdt.sized(version)?);
    }
    let defaults = RunSample {
        duration,
        size,
        composition_offset: 0,
    };
    each_atom(traf, |atom| {
        if &atom.kind == b"trun" {
            let mut run = read_trun(atom.body, base, defaults)?;
            run.track = track;
            // Only the first run of a fragment has a time of its own.
            run.decode_time = decode_time.take();
            runs.push(run);
        }
        Ok(())
    })
}

fn read_trun(mut trun: Cursor<'_>, base: u64, defaults: RunSample) -> Result<Run, Fault> {
    let position = trun.position();
    let (_, flags) = trun.version()?;
    let count = trun.u32()? as usize;
    let position_in_file = if flags & 1 != 0 {
        Some(base.saturating_add_signed(i64::from(trun.u32()?.cast_signed())))
    } else {
        None
    };
    if flags & 4 != 0 {
        trun.skip(4)?;
    }
    let width = (flags >> 8 & 0xf).count_ones() as usize * 4;
    if count.saturating_mul(width) > trun.left() || (width == 0 && count > MAX_EMPTY_ROWS) {
        return Err(Fault::broken(
            position,
            format!("a run of {count} samples does not fit into its box"),
        ));
    }
    let mut samples = Vec::with_capacity(count);
    for _ in 0..count {
        let mut sample = defaults;
        if flags & 0x100 != 0 {
            sample.duration = Some(trun.u32()?);
        }
        if flags & 0x200 != 0 {
            sample.size = Some(trun.u32()?);
        }
        if flags & 0x400 != 0 {
            trun.skip(4)?;
        }
        if flags & 0x800 != 0 {
            sample.composition_offset = trun.u32()?.cast_signed();
        }
        samples.push(sample);
    }
    Ok(Run {
        track: 0,
        decode_time: None,
        position: position_in_file,
        samples,
    })
}
