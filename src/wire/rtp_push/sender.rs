//! The sending end of all tracks of one connection: packets out, reports both ways (RFC 3550 §6).

use crate::media::{AudioConfig, Packet, TimeDelta, Timestamp, VideoConfig};
use crate::wire::rtp::rtcp::ReportBlock;
use crate::wire::rtp::{DEFAULT_MAX_PAYLOAD, NtpTime, Packetizer, Rtcp, RtpCodec, RtpTrack, parse_rtcp};
use crate::wire::session::{Moment, Reception, SessionError, TrackChange};

/// Payload types of pictures and sound: the first two of those that mean nothing by themselves (RFC 3551 §3).
const VIDEO_TYPE: u8 = 96;
const AUDIO_TYPE: u8 = 97;

/// Between our reports. RFC 3550 §6.2 asks for five seconds at the least on a shared network; ours is a connection of its own,
/// and receivers match sound to pictures by the first report.
const REPORT_EVERY_MS: i64 = 2000;

/// The tracks of a stream.
#[must_use]
pub fn tracks(video: Option<&VideoConfig>, audio: Option<&AudioConfig>) -> Vec<RtpTrack> {
    let video = video.map(|video| RtpTrack::video(video, VIDEO_TYPE));
    let audio = audio.map(|audio| RtpTrack::audio(audio, AUDIO_TYPE));
    video.into_iter().chain(audio).collect()
}

/// As people call it.
pub(in crate::wire) fn codec_name(codec: &RtpCodec) -> &'static str {
    match codec {
        RtpCodec::H264 { .. } => "H.264",
        RtpCodec::Aac { .. } => "AAC",
        RtpCodec::Opus { .. } => "Opus",
    }
}

/// A track, and what its receiver last said of it.
#[derive(Debug)]
struct Sending {
    packetizer: Packetizer,
    reception: Option<Reception>,
}

/// Everything that is sent on one connection.
#[derive(Debug)]
pub struct RtpSender {
    tracks: Vec<Sending>,
    report_due: Option<Timestamp>,
    /// The newest moment heard of: the goodbye needs one.
    last: Option<Moment>,
    scratch: Vec<u8>,
}

impl RtpSender {
    /// Tracks with SSRCs, sequence numbers and timestamps that start anywhere (RFC 3550 §5.1), as `seed` has it.
    #[must_use]
    pub fn new(tracks: Vec<RtpTrack>, seed: u64) -> Self {
        let mut random = SplitMix(seed);
        let cname = format!("{:016x}", random.next());
        let sending = tracks.into_iter().map(|track| {
            let (a, b) = (random.next(), random.next());
            let (ssrc, sequence) = (a as u32, (a >> 32) as u16);
            let packetizer = Packetizer::new(track, ssrc, sequence, b as u32, DEFAULT_MAX_PAYLOAD);
            Sending {
                packetizer: packetizer.with_cname(&cname),
                reception: None,
            }
        });
        Self {
            tracks: sending.collect(),
            report_due: None,
            last: None,
            scratch: Vec::new(),
        }
    }

    /// What is sent, in order.
    pub fn tracks(&self) -> impl Iterator<Item = &RtpTrack> {
        self.tracks.iter().map(|track| track.packetizer.track())
    }

    /// The place and the packetizer of the track that a packet belongs to.
    pub fn track_of(&mut self, packet: &Packet) -> Option<(usize, &mut Packetizer)> {
        let index = self.tracks().position(|track| track.kind == packet.track)?;
        Some((index, &mut self.tracks[index].packetizer))
    }

    /// Takes over what has changed of a track. New parameter sets of pictures go out before each IDR; of sound, the rate and the
    /// configuration are the session description's to say (RFC 3640 §4.1), and that was agreed on when the connection began.
    ///
    /// # Errors
    /// [`SessionError::Unannounced`] for such sound.
    pub fn reconfigure(&mut self, change: &TrackChange) -> Result<(), SessionError> {
        let new = match change {
            TrackChange::Video(config) => RtpTrack::video(config, VIDEO_TYPE),
            TrackChange::Audio(config) => RtpTrack::audio(config, AUDIO_TYPE),
        };
        let mut packetizers = self.tracks.iter_mut().map(|track| &mut track.packetizer);
        let Some(packetizer) = packetizers.find(|packetizer| packetizer.track().kind == new.kind) else {
            return Ok(());
        };
        if let TrackChange::Audio(config) = change
            && *packetizer.track() != new
        {
            return Err(SessionError::Unannounced {
                codec: codec_name(&new.codec),
                sample_rate: config.sample_rate,
            });
        }
        packetizer.set_codec(new.codec);
        Ok(())
    }

    /// Calls `write` with the place and the report of each track, where reports are due: the first once there is a first
    /// packet.
    pub fn report(&mut self, now: Moment, mut write: impl FnMut(usize, &[u8])) {
        self.last = Some(now);
        let Some(connection) = now.connection else { return };
        if self.report_due.is_some_and(|due| now.studio < due) {
            return;
        }
        self.report_due = Some(now.studio + TimeDelta::from_millis(REPORT_EVERY_MS));
        for (index, track) in self.tracks.iter().enumerate() {
            self.scratch.clear();
            let ntp = NtpTime::from_unix(now.wall);
            track.packetizer.sender_report(ntp, connection, &mut self.scratch);
            write(index, &self.scratch);
        }
    }

    /// Calls `write` with the place and the last words of each track (RFC 3550 §6.6); not at all before the first packet.
    pub fn bye(&mut self, mut write: impl FnMut(usize, &[u8])) {
        let Some((wall, connection)) = self.last.and_then(|last| Some((last.wall, last.connection?))) else {
            return;
        };
        for (index, track) in self.tracks.iter().enumerate() {
            self.scratch.clear();
            track
                .packetizer
                .bye(NtpTime::from_unix(wall), connection, &mut self.scratch);
            write(index, &self.scratch);
        }
    }

    /// Takes a report of the other side. `Some` if it says how one of our tracks arrives; what it says of others, and what is no
    /// RTCP, is passed over.
    pub fn receive(&mut self, rtcp: &[u8], now: Moment) -> Option<Reception> {
        let ntp = NtpTime::from_unix(now.wall);
        let mut is_news = false;
        for said in parse_rtcp(rtcp).into_iter().flatten() {
            if let Rtcp::Report(block) = said
                && let Some(track) = self
                    .tracks
                    .iter_mut()
                    .find(|track| track.packetizer.ssrc() == block.ssrc)
            {
                track.reception = Some(reception(&block, track.packetizer.track().clock_rate, ntp));
                is_news = true;
            }
        }
        let heard = self.tracks.iter().filter_map(|track| track.reception);
        heard.reduce(worst).filter(|_| is_news)
    }
}

fn reception(block: &ReportBlock, clock_rate: u32, now: NtpTime) -> Reception {
    Reception {
        loss: block.loss_share(),
        jitter_ms: block.jitter(clock_rate).as_secs_f64() * 1000.0,
        rtt_ms: block.round_trip(now).map(|way| way.as_secs_f64() * 1000.0),
    }
}

fn worst(a: Reception, b: Reception) -> Reception {
    Reception {
        loss: a.loss.max(b.loss),
        jitter_ms: a.jitter_ms.max(b.jitter_ms),
        rtt_ms: a.rtt_ms.into_iter().chain(b.rtt_ms).reduce(f64::max),
    }
}

/// Numbers that look random (Steele, Lea, Flood 2014): enough where two tracks must merely not be alike.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
#[path = "sender_tests.rs"]
mod tests;
