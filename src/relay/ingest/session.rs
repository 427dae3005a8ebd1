//! What another rig sends, and what becomes of it: SDP to a stream, RTP to packets on it, reports back. No IO: bytes and time
//! come in as values.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::timeline::{SenderClock, Timeline};
use crate::media::h264::Sps;
use crate::media::{AudioCodec, AudioConfig, FrameRate, Packet, Timestamp, TrackKind, VideoConfig};
use crate::relay::hub::Hub;
use crate::relay::message::WallClock;
use crate::relay::stream::Stream;
use crate::relay::{IngestStats, RelayError, RenditionInfo};
use crate::wire::rtp::{
    Depacketizer, FrameReader, NtpTime, Received, Rtcp, RtpCodec, SenderReport, is_rtcp, parse_rtcp,
    write_receiver_report,
};
use crate::wire::sdp::SessionDescription;

/// How our reports name us.
const CNAME: &str = "relay@rigcast";

/// Said of a stream whose parameter sets do not tell how fast it is.
const USUAL_RATE: FrameRate = FrameRate::whole(30);

/// Reports that are kept until it is known whose they are.
const MAX_EARLY: usize = 8;

/// Bits that a picture of usual quality takes per pixel.
const BITS_PER_PIXEL: f64 = 0.09;

/// Why a sender is sent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breach {
    /// The text is no session description that can be used.
    Description,
    /// Nothing in the description can be received.
    Nothing,
    /// Media before their description, or a second description.
    Order,
    /// Someone else shows a stream of that name.
    Taken,
    /// Its stream was ended from here.
    Ended,
}

struct Track {
    depacketizer: Depacketizer,
    timeline: Timeline,
    config: Option<RtpCodec>,
}

impl Track {
    fn has_no_clock(&self) -> bool {
        self.depacketizer.wall_clock(0).is_none()
    }
}

/// One connection of a sender.
pub(super) struct Session {
    hub: Arc<Hub>,
    name: String,
    wall: WallClock,
    ssrc: u32,
    frames: FrameReader,
    tracks: Vec<Track>,
    clock: SenderClock,
    /// Reports from before the first packets.
    early: Vec<(SenderReport, Timestamp)>,
    stream: Option<Arc<Stream>>,
    stats: Arc<Mutex<IngestStats>>,
    has_ended: bool,
}

impl Session {
    pub(super) fn new(hub: Arc<Hub>, name: String, ssrc: u32) -> Self {
        Self {
            wall: hub.wall(),
            hub,
            name,
            ssrc,
            frames: FrameReader::new(),
            tracks: Vec::new(),
            clock: SenderClock::default(),
            early: Vec::new(),
            stream: None,
            stats: Arc::default(),
            has_ended: false,
        }
    }

    /// Whether the sender has said that it is over.
    pub(super) const fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Takes an offer and gives the answer.
    pub(super) fn describe(&mut self, offer: &str, now: Timestamp) -> Result<String, Breach> {
        if !self.tracks.is_empty() {
            return Err(Breach::Order);
        }
        let session = SessionDescription::parse(offer).map_err(|_| Breach::Description)?;
        // A stream has one picture and one sound; what comes beyond is answered for and then not read.
        for kind in [TrackKind::Video, TrackKind::Audio] {
            let track = session.tracks.iter().find(|track| track.kind == kind);
            self.tracks.extend(track.map(|track| Track {
                timeline: Timeline::new(track.clock_rate),
                depacketizer: Depacketizer::new(track.clone()),
                config: None,
            }));
        }
        if self.tracks.is_empty() {
            return Err(Breach::Nothing);
        }
        // What is known by now is known before the first packet, so that no IDR has to wait for it.
        for at in 0..self.tracks.len() {
            self.drain(at, now)?;
        }
        Ok(session.answer())
    }

    /// Takes RFC 4571 frames, whole or in pieces.
    pub(super) fn receive(&mut self, bytes: &[u8], now: Timestamp) -> Result<(), Breach> {
        if self.tracks.is_empty() {
            return Err(Breach::Order);
        }
        if self.stream.as_ref().is_some_and(|stream| stream.is_over()) {
            return Err(Breach::Ended);
        }
        let mut frames = std::mem::take(&mut self.frames);
        frames.push(bytes);
        while let Some(frame) = frames.next_frame() {
            if is_rtcp(frame) {
                self.take_report(frame, now);
            } else if let Some(track) = self.track_of(frame) {
                // What is not understood is counted, and a hole for the track; the next packet may be fine.
                let _ = self.tracks[track].depacketizer.receive(frame, now);
                self.remind(track);
                self.drain(track, now)?;
            }
        }
        self.frames = frames;
        let mut stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        stats.received_bytes += bytes.len() as u64;
        let each = self.tracks.iter().map(|track| track.depacketizer.stats());
        (stats.units, stats.lost_packets) = each.fold((0, 0), |(units, lost), stats| {
            (units + stats.units, lost + stats.lost + stats.broken)
        });
        Ok(())
    }

    /// By the payload type, in seven bits of the second byte (RFC 3550 §5.1).
    fn track_of(&self, frame: &[u8]) -> Option<usize> {
        let payload_type = frame.get(1)? & 0x7f;
        let is_its = |track: &Track| track.depacketizer.track().payload_type == payload_type;
        self.tracks.iter().position(is_its)
    }

    fn take_report(&mut self, frame: &[u8], now: Timestamp) {
        let Ok(said) = parse_rtcp(frame) else { return };
        for said in said {
            match said {
                Rtcp::SenderReport(report) => {
                    if self.early.len() < MAX_EARLY && self.tracks.iter().any(Track::has_no_clock) {
                        self.early.push((report, now));
                    }
                    for track in &mut self.tracks {
                        track.depacketizer.on_sender_report(&report, now);
                    }
                }
                Rtcp::Bye { .. } => self.has_ended = true,
                Rtcp::Report(_) | Rtcp::Cname { .. } => {}
            }
        }
    }

    /// Tells a track what was said of its clock before its first packet, when nobody knew whose clock that was.
    fn remind(&mut self, track: usize) {
        let track = &mut self.tracks[track];
        if !self.early.is_empty() && track.has_no_clock() {
            for (report, at) in &self.early {
                track.depacketizer.on_sender_report(report, *at);
            }
        }
    }

    fn drain(&mut self, at: usize, now: Timestamp) -> Result<(), Breach> {
        while let Some(received) = self.tracks[at].depacketizer.poll() {
            match received {
                Received::Config(codec) => {
                    self.tracks[at].config = Some(codec);
                    self.configure()?;
                }
                Received::Unit {
                    data,
                    timestamp,
                    is_idr,
                } => {
                    let track = &mut self.tracks[at];
                    let made = track
                        .depacketizer
                        .wall_clock(timestamp)
                        .map(|ntp| self.wall.on_studio_clock(ntp.to_unix()));
                    let pts = track.timeline.stamp(timestamp, made, now, &mut self.clock);
                    let packet = Packet {
                        track: track.depacketizer.track().kind,
                        pts,
                        dts: pts,
                        is_idr,
                        data,
                    };
                    let Some(stream) = &self.stream else { continue };
                    match packet.track {
                        TrackKind::Video => stream.push_video(0, &packet),
                        TrackKind::Audio => stream.push_audio(&packet),
                    }
                }
            }
        }
        Ok(())
    }

    /// Shows the stream once every track is known, and tells its viewers when its pictures change.
    fn configure(&mut self) -> Result<(), Breach> {
        if self.tracks.iter().any(|track| track.config.is_none()) {
            return Ok(());
        }
        let configs = || {
            self.tracks
                .iter()
                .filter_map(|track| track.config.as_ref().map(|config| (track, config)))
        };
        let video = configs().find_map(|(_, config)| video_config(config));
        let has_video = configs().any(|(_, config)| matches!(config, RtpCodec::H264 { .. }));
        if has_video && video.is_none() {
            // Parameter sets that make no sense; better ones may come in the stream.
            return Ok(());
        }
        if self.stream.is_none() {
            let audio =
                configs().find_map(|(track, config)| audio_config(config, track.depacketizer.track().clock_rate));
            let info = rendition_info(video.as_ref(), audio.as_ref());
            let stats = Some(Arc::clone(&self.stats));
            // The sender cannot be asked for anything.
            let added = self
                .hub
                .add(&self.name, vec![info], audio.as_ref(), stats, Box::new(|_| {}));
            let stream = added.map_err(|error| match error {
                RelayError::NameTaken { .. } => Breach::Taken,
                _ => Breach::Description,
            })?;
            self.hub.event(false, format!("relay: {} comes in", self.name));
            self.stream = Some(stream);
        }
        if let (Some(stream), Some(video)) = (&self.stream, video) {
            stream.set_video(0, video);
        }
        Ok(())
    }

    /// What reached us since the last time, as one RTCP packet.
    pub(super) fn report(&mut self, now: Timestamp) -> Option<Vec<u8>> {
        let blocks = self
            .tracks
            .iter_mut()
            .filter_map(|track| track.depacketizer.report(now));
        let blocks = blocks.collect::<Vec<_>>();
        if blocks.is_empty() {
            return None;
        }
        let mut packet = Vec::new();
        write_receiver_report(self.ssrc, CNAME, &blocks, &mut packet);
        Some(packet)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(stream) = &self.stream {
            self.hub.event(false, format!("relay: {} has ended", self.name));
            self.hub.remove(stream);
        }
    }
}

impl WallClock {
    /// The studio time of a time of day.
    fn on_studio_clock(self, since_1970: Duration) -> Timestamp {
        let micros = i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_rate(micros.saturating_sub(self.0), 1_000_000)
    }
}

fn video_config(codec: &RtpCodec) -> Option<VideoConfig> {
    let RtpCodec::H264 { sps, pps } = codec else {
        return None;
    };
    let parsed = Sps::parse(sps).ok()?;
    let frame_rate = parsed.frame_rate.unwrap_or(USUAL_RATE);
    let pixels = f64::from(parsed.width) * f64::from(parsed.height) * frame_rate.as_f64();
    Some(VideoConfig {
        width: parsed.width,
        height: parsed.height,
        frame_rate,
        sps: sps.clone(),
        pps: pps.clone(),
        bitrate_kbps: (pixels * BITS_PER_PIXEL / 1000.0) as u32,
    })
}

fn audio_config(codec: &RtpCodec, clock_rate: u32) -> Option<AudioConfig> {
    let (codec, channels) = match codec {
        RtpCodec::H264 { .. } => return None,
        RtpCodec::Aac { asc, channels } => (AudioCodec::Aac { asc: asc.clone() }, *channels),
        RtpCodec::Opus { channels } => (AudioCodec::Opus, *channels),
    };
    Some(AudioConfig {
        codec,
        sample_rate: clock_rate,
        channels,
        bitrate_kbps: 128,
    })
}

fn rendition_info(video: Option<&VideoConfig>, audio: Option<&AudioConfig>) -> RenditionInfo {
    RenditionInfo {
        name: if video.is_some() { "source" } else { "audio" }.to_owned(),
        width: video.map_or(0, |video| video.width),
        height: video.map_or(0, |video| video.height),
        frame_rate: video.map(|video| video.frame_rate),
        video_kbps: video.map_or(0, |video| video.bitrate_kbps),
        audio_kbps: audio.map_or(0, |audio| audio.bitrate_kbps),
    }
}

/// What our side calls itself, from a time that no other call has.
pub(super) fn any_ssrc(now: NtpTime) -> u32 {
    let bits = now.to_bits();
    (bits ^ (bits >> 32)) as u32
}
