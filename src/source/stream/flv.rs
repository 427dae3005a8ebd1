//! Bodies of FLV tags, which are those of RTMP messages too, into units.

use std::sync::Arc;

use super::unit::{Tracks, Unit};
use crate::media::h264::{avcc_to_annex_b, parse_avc_decoder_configuration_record};
use crate::media::{TimeDelta, Timestamp};
use crate::wire::flv::{AudioBody, FlvError, FlvProblem, TagKind, VideoBody, parse_audio, parse_video};

/// Milliseconds after which the 32 bits of a time begin again: 49 days.
const WRAP: u32 = 32;

/// Parameter sets in Annex B may have so many bytes; no encoder comes near it.
const MAX_SETS: usize = 64 << 10;

/// The state of one FLV stream.
#[derive(Debug, Default)]
pub(in crate::source) struct Tags {
    tracks: Tracks,
    /// Bytes of each NAL unit's length; `None` before the sequence header.
    length_size: Option<usize>,
    /// SPS and PPS in Annex B.
    sets: Vec<u8>,
    config: Option<Arc<[u8]>>,
    last_ms: Option<i64>,
}

impl Tags {
    /// Takes one tag. What it is worth goes to `sink`: nothing for metadata and for sequence headers as such.
    ///
    /// # Errors
    /// A tag that makes no sense. The next one may be fine; tracks of other codecs are no error but told as left out.
    pub(in crate::source) fn push(
        &mut self,
        kind: TagKind,
        timestamp: Timestamp,
        body: &[u8],
        sink: &mut impl FnMut(Unit),
    ) -> Result<(), String> {
        // A tag without a body says nothing; some muxers end a stream with one.
        if body.is_empty() {
            return Ok(());
        }
        match kind {
            TagKind::Script => Ok(()),
            TagKind::Video => match parse_video(body) {
                Ok(video) => self.video(&video, timestamp, sink),
                Err(error) => self.refuse(&error, sink),
            },
            TagKind::Audio => match parse_audio(body) {
                Ok(sound) => {
                    self.sound(sound, timestamp, sink);
                    Ok(())
                }
                Err(error) => self.refuse(&error, sink),
            },
        }
    }

    fn video(&mut self, body: &VideoBody<'_>, timestamp: Timestamp, sink: &mut impl FnMut(Unit)) -> Result<(), String> {
        match *body {
            VideoBody::SequenceHeader(record) => {
                let record = parse_avc_decoder_configuration_record(record).map_err(|error| error.to_string())?;
                self.length_size = Some(record.length_size);
                self.sets.clear();
                for set in record.sps.iter().chain(&record.pps) {
                    if self.sets.len() + set.len() < MAX_SETS {
                        self.sets.extend_from_slice(&[0, 0, 0, 1]);
                        self.sets.extend_from_slice(set);
                    }
                }
                if !self.tracks.has_video {
                    self.tracks.has_video = true;
                    sink(Unit::Tracks(self.tracks.clone()));
                }
            }
            VideoBody::AccessUnit {
                is_idr,
                composition,
                data,
            } => {
                let length_size = self
                    .length_size
                    .ok_or("pictures before the sequence header that says how to read them")?;
                let unit = avcc_to_annex_b(data, length_size).map_err(|error| format!("H.264: {error}"))?;
                let dts = self.time(timestamp);
                let data = if is_idr { [&self.sets[..], &unit].concat() } else { unit };
                sink(Unit::Picture {
                    pts: dts + composition,
                    dts,
                    data,
                });
            }
            VideoBody::EndOfSequence => {}
        }
        Ok(())
    }

    fn sound(&mut self, body: AudioBody<'_>, timestamp: Timestamp, sink: &mut impl FnMut(Unit)) {
        match body {
            AudioBody::SequenceHeader(config) => {
                if self.config.as_deref() != Some(config) {
                    self.config = Some(config.into());
                }
                if !self.tracks.has_sound {
                    self.tracks.has_sound = true;
                    sink(Unit::Tracks(self.tracks.clone()));
                }
            }
            AudioBody::Block(data) if !data.is_empty() => {
                // One that comes before its sequence header cannot be read.
                if let Some(config) = self.config.clone() {
                    let pts = self.time(timestamp);
                    sink(Unit::Sound {
                        pts,
                        config,
                        data: data.to_vec(),
                    });
                }
            }
            AudioBody::Block(_) => {}
        }
    }

    /// Codecs that are not played are told once each; all else is damage.
    fn refuse(&mut self, error: &FlvError, sink: &mut impl FnMut(Unit)) -> Result<(), String> {
        let name = match error.problem {
            FlvProblem::NotAvc(codec) => video_name(codec).to_owned(),
            FlvProblem::NotAac(format) => sound_name(format).to_owned(),
            FlvProblem::NotAvcFourCc(_) | FlvProblem::NotAacFourCc(_) => {
                let text = error.problem.to_string();
                let name = text
                    .trim_start_matches("video codec ")
                    .trim_start_matches("sound format ");
                name.split(" is not").next().unwrap_or(name).to_owned()
            }
            _ => return Err(error.to_string()),
        };
        // There are not many names, but a peer can make them up.
        if !self.tracks.left_out.contains(&name) && self.tracks.left_out.len() < 8 {
            self.tracks.left_out.push(name);
            sink(Unit::Tracks(self.tracks.clone()));
        }
        Ok(())
    }

    /// A time of 32 bits, as one that goes on where those begin again.
    fn time(&mut self, timestamp: Timestamp) -> TimeDelta {
        let raw = timestamp.to_millis();
        let ms = self.last_ms.map_or(raw, |last| {
            let step = raw.wrapping_sub(last) << WRAP >> WRAP;
            last.wrapping_add(step)
        });
        self.last_ms = Some(ms);
        TimeDelta::from_millis(ms)
    }
}

/// Video codecs of E.4.3.1.
fn video_name(codec: u8) -> &'static str {
    match codec & 0x0f {
        2 => "Sorenson H.263",
        3 => "Screen video",
        4 | 5 => "VP6",
        6 => "Screen video 2",
        12 => "H.265 (in the way of FLV's id 12)",
        _ => "a video codec that FLV does not name",
    }
}

/// Sound formats of E.4.2.1.
fn sound_name(format: u8) -> &'static str {
    match format {
        0 | 3 => "PCM",
        1 => "ADPCM",
        2 | 14 => "MP3",
        4..=6 => "Nellymoser",
        7 | 8 => "G.711",
        11 => "Speex",
        _ => "a sound format that FLV does not name",
    }
}
