//! One RTSP session, from DESCRIBE to whatever ends it.

use std::time::Duration;

use futures::StreamExt;
use retina::client::{
    Credentials, Demuxed, PlayOptions, Session, SessionOptions, SetupOptions, TcpTransportOptions, TeardownPolicy,
    Transport, UdpTransportOptions,
};
use retina::codec::{AudioFrame, CodecItem, FrameFormat, ParametersRef, VideoFrame};
use retina::rtcp::ReceivedCompoundPacket;

use super::LATENCY_MS;
use super::align::{Alignment, Kind};
use super::error::{Fault, one_line};
use super::sound::SoundDecoder;
use crate::media::video::MAX_DIMENSION;
use crate::media::{TimeDelta, Timestamp};
use crate::source::attempt::Outcome;
use crate::source::h264::{DecodeError, Decoder};
use crate::source::outlet::Outlet;
use crate::source::spec::{RtspSpec, RtspTransport, SourceAudio, SourceFormat, SourceState, SourceVideo};

/// Longest wait for an answer, and for media.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How often orders are looked for while nothing comes in.
const ORDERS: Duration = Duration::from_millis(50);

/// So many damaged access units in a row end the session: a decoder that cannot cope will not learn it.
const MAX_DAMAGED: u32 = 300;

/// Tracks of a presentation that are looked at.
const MAX_TRACKS: usize = 16;

/// Pulls the stream of `spec` until it ends or an order comes in.
pub(super) async fn pull(spec: &RtspSpec, outlet: &mut Outlet) -> Result<Outcome, Fault> {
    let secrets = secrets_of(spec);
    let opened = tokio::select! {
        opened = open(spec, &secrets, outlet) => opened?,
        () = ordered(outlet) => return Ok(Outcome::Stopped),
    };
    let (mut demuxed, mut receiver) = opened;
    let mut last = tokio::time::Instant::now();
    loop {
        let next = tokio::time::timeout(ORDERS, demuxed.next()).await;
        if outlet.is_over() {
            return Ok(Outcome::Stopped);
        }
        let now = outlet.now();
        outlet.report_drops(now);
        match next {
            // retina tells a dead connection by the end of the stream.
            Ok(None) => return Err(Fault::Ended),
            Ok(Some(Err(error))) => return Err(Fault::session("receiving", &error, &secrets)),
            Ok(Some(Ok(CodecItem::Rtcp(report)))) => receiver.report(&report),
            Ok(Some(Ok(CodecItem::VideoFrame(frame)))) => {
                last = tokio::time::Instant::now();
                receiver.video(&frame, now, &demuxed, outlet)?;
            }
            Ok(Some(Ok(CodecItem::AudioFrame(frame)))) => {
                last = tokio::time::Instant::now();
                receiver.sound(&frame, now, outlet)?;
            }
            Err(_) if last.elapsed() >= TIMEOUT => return Err(timed_out("receiving")),
            // Metadata of a camera, or nothing yet.
            Ok(Some(Ok(_))) | Err(_) => {}
        }
    }
}

fn timed_out(doing: &'static str) -> Fault {
    Fault::Timeout {
        doing,
        seconds: TIMEOUT.as_secs(),
    }
}

/// Returns once the source is to stop or to start again.
async fn ordered(outlet: &Outlet) {
    while !outlet.is_over() {
        tokio::time::sleep(ORDERS).await;
    }
}

/// Everything that must not turn up in a message.
fn secrets_of(spec: &RtspSpec) -> Vec<String> {
    let url = spec.url.expose();
    let mut secrets: Vec<String> = spec
        .password
        .iter()
        .map(|password| password.expose().to_owned())
        .collect();
    secrets.extend(url.password().map(str::to_owned));
    secrets.extend(url.password().map(percent_decoded));
    secrets.extend(url.query().map(str::to_owned));
    secrets
}

/// `%40` and its like, as they stand in the user part of a URL (RFC 3986 §2.1).
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let value = escaped
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(value) = value {
            decoded.push(value);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn credentials(spec: &RtspSpec) -> Option<Credentials> {
    let url = spec.url.expose();
    let username = spec.user.clone().unwrap_or_else(|| percent_decoded(url.username()));
    let password = match &spec.password {
        Some(password) => password.expose().to_owned(),
        None => url.password().map(percent_decoded).unwrap_or_default(),
    };
    (!username.is_empty()).then_some(Credentials { username, password })
}

/// DESCRIBE, SETUP of what can be played, PLAY.
async fn open(spec: &RtspSpec, secrets: &[String], outlet: &Outlet) -> Result<(Demuxed, Receiver), Fault> {
    // retina wants user and password apart from the URL.
    let mut url = spec.url.expose().clone();
    if url.set_username("").and_then(|()| url.set_password(None)).is_err() {
        return Err(Fault::Session {
            doing: "opening",
            reason: "this URL names no host".to_owned(),
        });
    }
    let options = SessionOptions::default()
        .creds(credentials(spec))
        .user_agent(concat!("rigcast/", env!("CARGO_PKG_VERSION")).to_owned())
        .teardown(TeardownPolicy::Never);
    let mut session = step("DESCRIBE", secrets, Session::describe(url, options)).await?;
    let tracks = choose(&session)?;
    for left_out in &tracks.left_out {
        outlet.notice(format!("{}: track left out: {left_out}", spec.url.peer()));
    }
    for index in tracks
        .video
        .into_iter()
        .chain(tracks.sound.as_ref().map(|(index, _)| *index))
    {
        let transport = match spec.transport {
            RtspTransport::Tcp => Transport::Tcp(TcpTransportOptions::default()),
            RtspTransport::Udp => Transport::Udp(UdpTransportOptions::default()),
        };
        // Annex B with parameter sets before each IDR; AAC raw, as its decoder takes it.
        let mut format = FrameFormat::SIMPLE;
        format.aac_framing = FrameFormat::MP4.aac_framing;
        let options = SetupOptions::default().transport(transport).frame_format(format);
        step("SETUP", secrets, session.setup(index, options)).await?;
    }
    let playing = step("PLAY", secrets, session.play(PlayOptions::default())).await?;
    let demuxed = playing
        .demuxed()
        .map_err(|error| Fault::session("PLAY", &error, secrets))?;
    let decoder = match tracks.video {
        Some(_) => Some(Decoder::new(outlet.pool(), 0).map_err(|error| undecodable("video", &error.to_string()))?),
        None => None,
    };
    let receiver = Receiver {
        video: tracks.video,
        decoder,
        sound: tracks.sound,
        alignment: Alignment::default(),
        format: SourceFormat::default(),
        samples: Vec::new(),
        damaged: 0,
        has_keyframe: false,
    };
    Ok((demuxed, receiver))
}

/// One request, with a limit on how long its answer may take.
async fn step<T>(
    doing: &'static str,
    secrets: &[String],
    request: impl Future<Output = Result<T, retina::Error>>,
) -> Result<T, Fault> {
    match tokio::time::timeout(TIMEOUT, request).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Fault::session(doing, &error, secrets)),
        Err(_) => Err(timed_out(doing)),
    }
}

fn undecodable(track: &'static str, reason: &str) -> Fault {
    Fault::Undecodable {
        track,
        reason: one_line(reason, &[]),
    }
}

struct Tracks {
    video: Option<usize>,
    sound: Option<(usize, SoundDecoder)>,
    left_out: Vec<String>,
}

/// The first track of each sort that can be played. To set up another would fail the whole session.
fn choose(session: &Session<retina::client::Described>) -> Result<Tracks, Fault> {
    let mut tracks = Tracks {
        video: None,
        sound: None,
        left_out: Vec::new(),
    };
    for (index, stream) in session.streams().iter().enumerate().take(MAX_TRACKS) {
        let name: String = format!("{} {}", stream.media(), stream.encoding_name())
            .chars()
            .take(40)
            .collect();
        match (stream.media(), stream.encoding_name()) {
            ("video", "h264") if tracks.video.is_none() => tracks.video = Some(index),
            ("audio", "pcmu") if tracks.sound.is_none() => {
                let channels = stream.channels().map_or(1, std::num::NonZeroU16::get);
                tracks.sound = Some((index, SoundDecoder::pcmu(stream.clock_rate_hz(), channels)));
            }
            ("audio", "mpeg4-generic") if tracks.sound.is_none() => match stream.parameters() {
                Some(ParametersRef::Audio(parameters)) => match SoundDecoder::aac(parameters) {
                    Ok(decoder) => tracks.sound = Some((index, decoder)),
                    Err(reason) => tracks.left_out.push(format!("{name}: {reason}")),
                },
                _ => tracks
                    .left_out
                    .push(format!("{name}: no AudioSpecificConfig in the SDP")),
            },
            _ => tracks.left_out.push(name),
        }
    }
    if tracks.video.is_none() && tracks.sound.is_none() {
        let offered = if tracks.left_out.is_empty() {
            "none at all".to_owned()
        } else {
            tracks.left_out.join(", ")
        };
        return Err(Fault::NoTracks(offered));
    }
    Ok(tracks)
}

/// What becomes of media that came in.
struct Receiver {
    video: Option<usize>,
    decoder: Option<Decoder>,
    sound: Option<(usize, SoundDecoder)>,
    alignment: Alignment,
    format: SourceFormat,
    samples: Vec<f32>,
    damaged: u32,
    has_keyframe: bool,
}

impl Receiver {
    fn report(&mut self, report: &ReceivedCompoundPacket) {
        let kind = if Some(report.stream_id()) == self.video {
            Kind::Video
        } else {
            Kind::Sound
        };
        let Some(media) = report.rtp_timestamp() else { return };
        for sender in report
            .pkts()
            .filter_map(|packet| packet.as_sender_report().ok().flatten())
        {
            self.alignment.report(kind, media_time(media), sender.ntp_timestamp().0);
        }
    }

    fn video(
        &mut self,
        frame: &VideoFrame,
        now: Timestamp,
        demuxed: &Demuxed,
        outlet: &mut Outlet,
    ) -> Result<(), Fault> {
        let Some(decoder) = &mut self.decoder else {
            return Ok(());
        };
        if frame.has_new_parameters()
            && let Some(ParametersRef::Video(parameters)) = demuxed
                .streams()
                .get(frame.stream_id())
                .and_then(retina::client::Stream::parameters)
        {
            let (width, height) = parameters.pixel_dimensions();
            if width > MAX_DIMENSION || height > MAX_DIMENSION {
                return Err(undecodable("video", &format!("{width}×{height} pixels are too many")));
            }
        }
        // After a loss, or when one joins in the middle, pictures before the next IDR have nothing to refer to.
        if frame.loss() > 0 && !frame.is_random_access_point() {
            tracing::debug!(lost = frame.loss(), "RTP packets lost");
        }
        self.has_keyframe |= frame.is_random_access_point();
        let media = media_time(frame.timestamp());
        let pts = self.alignment.place(Kind::Video, media, now) + TimeDelta::from_millis(LATENCY_MS);
        if !self.has_keyframe {
            return Ok(());
        }
        let format = &mut self.format;
        let rate = frame_rate_of(demuxed, frame.stream_id());
        let decoded = decoder.decode(frame.data(), pts, |picture| {
            format.video = Some(SourceVideo::new(picture.width(), picture.height(), rate));
            outlet.push_video(picture);
        });
        match decoded {
            Ok(()) => self.damaged = 0,
            Err(DecodeError::Damaged { .. }) if self.damaged < MAX_DAMAGED => self.damaged += 1,
            Err(error) => return Err(undecodable("video", &error.to_string())),
        }
        if self.format.video.is_some() {
            outlet.set_format(self.format);
            outlet.set_state(SourceState::Live);
        }
        Ok(())
    }

    fn sound(&mut self, frame: &AudioFrame, now: Timestamp, outlet: &mut Outlet) -> Result<(), Fault> {
        let Some((_, decoder)) = &mut self.sound else {
            return Ok(());
        };
        let media = media_time(frame.timestamp());
        let pts = self.alignment.place(Kind::Sound, media, now) + TimeDelta::from_millis(LATENCY_MS);
        match decoder.decode(frame.data(), &mut self.samples) {
            Ok((rate, channels)) => {
                self.damaged = 0;
                self.format.audio = Some(SourceAudio::new(rate, channels as u16));
                if self.alignment.is_sound_settled() {
                    outlet.sound().write_live(pts, rate, channels, &self.samples);
                }
            }
            Err(_) if self.damaged < MAX_DAMAGED => self.damaged += 1,
            Err(reason) => return Err(undecodable("sound", &reason)),
        }
        // With pictures, those decide what is live.
        if self.video.is_none() {
            outlet.set_format(self.format);
            outlet.set_state(SourceState::Live);
        }
        Ok(())
    }
}

/// Frames per second as the parameters have it; zero where they say nothing.
fn frame_rate_of(demuxed: &Demuxed, stream: usize) -> f64 {
    let Some(stream) = demuxed.streams().get(stream) else {
        return 0.0;
    };
    match stream.parameters() {
        Some(ParametersRef::Video(parameters)) => parameters
            .frame_rate()
            .filter(|(num, _)| *num > 0)
            // Seconds per frame.
            .map_or(0.0, |(num, den)| f64::from(den) / f64::from(num)),
        _ => 0.0,
    }
}

fn media_time(timestamp: retina::Timestamp) -> TimeDelta {
    TimeDelta::from_rate(timestamp.elapsed(), timestamp.clock_rate().get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{Secret, SecretUrl};

    fn spec(url: &str, user: Option<&str>, password: Option<&str>) -> RtspSpec {
        RtspSpec {
            url: SecretUrl::parse(url).unwrap(),
            transport: RtspTransport::Tcp,
            user: user.map(str::to_owned),
            password: password.map(Secret::new),
        }
    }

    #[test]
    fn credentials_come_from_fields_before_the_url() {
        for (url, user, password, wanted) in [
            ("rtsp://h/s", None, None, None),
            ("rtsp://a:b@h/s", None, None, Some(("a", "b"))),
            ("rtsp://a:b@h/s", Some("c"), Some("d"), Some(("c", "d"))),
            ("rtsp://a@h/s", None, Some("d"), Some(("a", "d"))),
            ("rtsp://u%40x:p%3aq%25@h/s", None, None, Some(("u@x", "p:q%"))),
        ] {
            let got = credentials(&spec(url, user, password)).map(|c| (c.username, c.password));
            assert_eq!(
                got,
                wanted.map(|(user, word)| (user.to_owned(), word.to_owned())),
                "{url}"
            );
        }
    }

    #[test]
    fn all_that_is_secret_is_known_to_be() {
        let secrets = secrets_of(&spec("rtsp://a:p%40w@h/s?token=9", None, Some("field")));
        for secret in ["p@w", "p%40w", "token=9", "field"] {
            assert!(secrets.iter().any(|known| known == secret), "{secret}");
        }
    }
}
