//! One connection to a sound server, for as long as it lasts: finds the input, has it recorded, follows what happens to it.
//!
//! The server tells what comes and goes. So an input that vanishes is silence and [`SourceState::Away`], and is back at the moment
//! in which the server has it again, without a new attempt; where no input is named, the default one is followed.
//! Only when the connection itself breaks does the attempt end.
//!
//! Questions go out without waiting, as sound comes in on the same connection. What is current is asked for as a whole (server and inputs)
//! whenever something may have changed: there are few devices, and no order of events can then lead astray.

use std::time::Duration;

use pulseaudio::protocol::{
    Command, CreateRecordStreamReply, RecordStreamParams, SampleFormat, SampleSpec, ServerInfo, SourceInfo,
    SourceInfoList, StreamSuspendedParams, SubscriptionEvent, SubscriptionEventFacility, SubscriptionEventType,
    stream::{BufferAttr, StreamFlags},
};

use super::choose::{choose, places, title};
use super::link::Link;
use super::message::Incoming;
use crate::media::{TimeDelta, Timestamp};
use crate::source::attempt::Outcome;
use crate::source::devices::MicrophoneSpec;
use crate::source::microphone::feed::{FRAGMENT_MS, Feed};
use crate::source::microphone::mix::Mix;
use crate::source::microphone::{MicrophoneError, troubles::Troubles};
use crate::source::outlet::Outlet;
use crate::source::spec::{SourceAudio, SourceFormat, SourceState};

/// An order to stop is seen within this.
const STEP: Duration = Duration::from_millis(50);

/// An input that has sent nothing for so long is silent, and the server is asked how it is.
const QUIET_MS: i64 = 2_000;

/// A server that does not answer for so long is not there.
const ANSWER_MS: i64 = 4_000;

/// Devices may change in bursts: they are asked for this often at most.
const CALM_MS: i64 = 100;

/// While there is nothing to record, what there is is looked at this often, should the server tell nothing.
const LOOK_MS: i64 = 1_000;

/// Bytes of a sample: 32-bit float.
const SAMPLE: usize = 4;

/// Records what `spec` means until an order or an error ends it.
///
/// # Errors
/// The connection broke, or the specification does not fit the input.
pub(super) fn record(mut link: Link, spec: &MicrophoneSpec, outlet: &mut Outlet) -> Result<Outcome, MicrophoneError> {
    link.subscribe()?;
    let mut session = Session::new(spec, outlet.now());
    while !outlet.is_over() {
        session.keep_asking(&mut link, outlet)?;
        link.wait(STEP)?;
        let now = outlet.now();
        while let Some(incoming) = link.take()? {
            session.heard_at = now;
            match incoming {
                Incoming::Sound { channel, at } => session.sound(channel, link.bytes(at), now, outlet)?,
                Incoming::Reply(number, body) => session.reply(number, &body, &mut link, outlet)?,
                Incoming::Refused(number, why) => session.refused(number, why, outlet)?,
                Incoming::Event(command) => session.event(&command, outlet),
            }
        }
        outlet.report_drops(now);
    }
    Ok(Outcome::Stopped)
}

struct Session<'a> {
    spec: &'a MicrophoneSpec,
    stream: Stream,
    /// What is asked: since when, and the answers so far.
    question: Option<Question>,
    /// Whether something may have changed since it was asked last.
    is_stale: bool,
    asked_at: Timestamp,
    /// When anything came in last.
    heard_at: Timestamp,
    troubles: Troubles,
    /// Scratch, kept for its memory.
    samples: Vec<f32>,
}

enum Stream {
    None,
    /// Asked for, with that number.
    Opening {
        number: u32,
        device: Device,
        mix: Mix,
    },
    Open {
        channel: u32,
        device: Device,
        feed: Box<Feed>,
        sounded_at: Timestamp,
    },
}

#[derive(Clone, PartialEq)]
struct Device {
    index: u32,
    name: String,
    is_muted: bool,
}

#[derive(Default)]
struct Question {
    server: (u32, Option<ServerInfo>),
    sources: (u32, Option<Vec<SourceInfo>>),
}

impl<'a> Session<'a> {
    fn new(spec: &'a MicrophoneSpec, now: Timestamp) -> Self {
        Self {
            spec,
            stream: Stream::None,
            question: None,
            is_stale: true,
            asked_at: now - TimeDelta::from_millis(CALM_MS),
            heard_at: now,
            troubles: Troubles::default(),
            samples: Vec::new(),
        }
    }

    /// Asks what there is where that may have changed, and notices who does not answer.
    fn keep_asking(&mut self, link: &mut Link, outlet: &mut Outlet) -> Result<(), MicrophoneError> {
        let now = outlet.now();
        let since_asked = now - self.asked_at;
        if self.question.is_some() || matches!(self.stream, Stream::Opening { .. }) {
            let is_dead = since_asked > TimeDelta::from_millis(ANSWER_MS)
                && now - self.heard_at > TimeDelta::from_millis(ANSWER_MS);
            return if is_dead { Err(MicrophoneError::Silent) } else { Ok(()) };
        }
        let is_due = match &self.stream {
            Stream::Open { device, sounded_at, .. } if now - *sounded_at > TimeDelta::from_millis(QUIET_MS) => {
                if *outlet.state() == SourceState::Live {
                    outlet.sound().finish();
                    outlet.set_state(SourceState::Away {
                        reason: format!("{} sends nothing", device.name),
                    });
                }
                since_asked > TimeDelta::from_millis(QUIET_MS)
            }
            Stream::None => since_asked > TimeDelta::from_millis(LOOK_MS),
            _ => false,
        };
        if is_due || self.is_stale && since_asked >= TimeDelta::from_millis(CALM_MS) {
            self.is_stale = false;
            self.asked_at = now;
            self.question = Some(Question {
                server: (link.ask(&Command::GetServerInfo)?, None),
                sources: (link.ask(&Command::GetSourceInfoList)?, None),
            });
        }
        Ok(())
    }

    fn reply(&mut self, number: u32, body: &[u8], link: &mut Link, outlet: &mut Outlet) -> Result<(), MicrophoneError> {
        if let Stream::Opening { number: asked, .. } = &self.stream
            && *asked == number
        {
            let made: CreateRecordStreamReply = link.answer(body)?;
            return self.opened(&made, outlet);
        }
        let Some(question) = &mut self.question else {
            return Ok(());
        };
        if number == question.server.0 {
            question.server.1 = Some(link.answer(body)?);
        } else if number == question.sources.0 {
            question.sources.1 = Some(link.answer::<SourceInfoList>(body)?);
        }
        if let (Some(server), Some(sources)) = (&question.server.1, &question.sources.1) {
            let chosen = choose(self.spec.device.as_deref(), server, sources).cloned();
            self.question = None;
            return self.become_chosen(chosen, link, outlet);
        }
        Ok(())
    }

    /// Records what was chosen, if it is not recorded already.
    fn become_chosen(
        &mut self,
        chosen: Result<SourceInfo, MicrophoneError>,
        link: &mut Link,
        outlet: &mut Outlet,
    ) -> Result<(), MicrophoneError> {
        let source = match chosen {
            Ok(source) => source,
            Err(error) => {
                self.close(link)?;
                away(outlet, error.to_string());
                return Ok(());
            }
        };
        let device = Device {
            index: source.index,
            name: title(&source),
            is_muted: source.muted,
        };
        if let Stream::Open { device: open, .. } = &mut self.stream
            && open.index == device.index
        {
            if open.is_muted != device.is_muted {
                tell_muted(&device, outlet);
            }
            *open = device;
            return Ok(());
        }
        self.close(link)?;
        let mix = Mix::new(&places(&source.channel_map), &self.spec.channels)?;
        // Refuses what no device has before it is asked for.
        Feed::new(source.sample_spec.sample_rate, mix.clone(), 1)?;
        tell_muted(&device, outlet);
        let number = link.ask(&Command::CreateRecordStream(stream_of(&source)))?;
        self.asked_at = outlet.now();
        self.stream = Stream::Opening { number, device, mix };
        Ok(())
    }

    fn opened(&mut self, made: &CreateRecordStreamReply, outlet: &mut Outlet) -> Result<(), MicrophoneError> {
        let Stream::Opening { device, mix, .. } = std::mem::replace(&mut self.stream, Stream::None) else {
            return Ok(());
        };
        let spec = made.sample_spec;
        if spec.format != SampleFormat::Float32Le || usize::from(spec.channels) != mix.channels() {
            return Err(MicrophoneError::BadMessage(
                "a stream that was not asked for".to_owned(),
            ));
        }
        let fragment = made.buffer_attr.fragment_size as usize / SAMPLE / mix.channels().max(1);
        let feed = Feed::new(spec.sample_rate, mix, fragment)?;
        outlet.set_format(SourceFormat {
            video: None,
            audio: Some(SourceAudio::new(feed.rate(), feed.channels() as u16)),
        });
        tracing::info!(
            device = device.name,
            latency_ms = feed.latency().to_millis(),
            "sound input opened"
        );
        self.stream = Stream::Open {
            channel: made.channel,
            device,
            feed: Box::new(feed),
            sounded_at: outlet.now(),
        };
        Ok(())
    }

    fn refused(&mut self, number: u32, why: String, outlet: &mut Outlet) -> Result<(), MicrophoneError> {
        if let Stream::Opening {
            number: asked, device, ..
        } = &self.stream
            && *asked == number
        {
            // It may have vanished in between. In a while there will be another look.
            let reason = format!("the sound server does not open {}: {why}", device.name);
            self.stream = Stream::None;
            away(outlet, reason);
            return Ok(());
        }
        match &self.question {
            Some(question) if number == question.server.0 || number == question.sources.0 => {
                Err(MicrophoneError::Refused {
                    what: "to say what it has",
                    why,
                })
            }
            _ => Ok(()),
        }
    }

    fn event(&mut self, event: &Command, outlet: &mut Outlet) {
        match event {
            Command::SubscribeEvent(event) => self.is_stale |= is_worth_a_look(event),
            Command::RecordStreamKilled(channel) if self.is_ours(*channel) => {
                if let Stream::Open { device, .. } = std::mem::replace(&mut self.stream, Stream::None) {
                    away(outlet, format!("{} has gone", device.name));
                }
                self.is_stale = true;
            }
            Command::RecordStreamSuspended(StreamSuspendedParams {
                stream_index,
                suspended,
            }) if self.is_ours(*stream_index) => {
                if let Stream::Open { device, feed, .. } = &mut self.stream {
                    feed.stop(outlet.sound());
                    if *suspended {
                        away(outlet, format!("the sound server has suspended {}", device.name));
                    }
                }
            }
            _ => {}
        }
    }

    fn sound(&mut self, from: u32, bytes: &[u8], now: Timestamp, outlet: &mut Outlet) -> Result<(), MicrophoneError> {
        let Stream::Open {
            channel,
            feed,
            sounded_at,
            ..
        } = &mut self.stream
        else {
            return Ok(());
        };
        if *channel != from {
            return Ok(());
        }
        if !bytes.len().is_multiple_of(SAMPLE * feed.channels()) {
            return Err(MicrophoneError::BadMessage("a part of a frame of sound".to_owned()));
        }
        *sounded_at = now;
        self.samples.clear();
        self.samples.extend(
            bytes
                .as_chunks::<SAMPLE>()
                .0
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes)),
        );
        if let Some(trouble) = feed.put(now, &self.samples, outlet.sound()) {
            self.troubles.note(trouble, now, outlet);
        }
        outlet.set_state(SourceState::Live);
        Ok(())
    }

    fn is_ours(&self, number: u32) -> bool {
        matches!(&self.stream, Stream::Open { channel, .. } if *channel == number)
    }

    fn close(&mut self, link: &mut Link) -> Result<(), MicrophoneError> {
        if let Stream::Open { channel, .. } = std::mem::replace(&mut self.stream, Stream::None) {
            link.ask(&Command::DeleteRecordStream(channel))?;
        }
        Ok(())
    }
}

fn away(outlet: &mut Outlet, reason: String) {
    outlet.sound().finish();
    outlet.set_state(SourceState::Away { reason });
}

fn tell_muted(device: &Device, outlet: &Outlet) {
    if device.is_muted {
        outlet.notice(format!("{} is muted in the sound server", device.name));
    }
}

/// Devices that come and go, and another default. What changes about a device is asked for only where that is the input's being muted.
fn is_worth_a_look(event: &SubscriptionEvent) -> bool {
    use SubscriptionEventFacility::{Server, Sink, Source};
    match event.event_facility {
        Sink => event.event_type != SubscriptionEventType::Changed,
        Server | Source => true,
        _ => false,
    }
}

/// All channels of the device at its own rate, so that nothing is resampled but here. The stream must not be moved: what was chosen is
/// heard, or nothing.
fn stream_of(source: &SourceInfo) -> RecordStreamParams {
    let spec = source.sample_spec;
    let frame = (SAMPLE * usize::from(spec.channels)) as u32;
    let fragment = (u64::from(spec.sample_rate) * u64::from(FRAGMENT_MS)).div_ceil(1_000) as u32;
    RecordStreamParams {
        sample_spec: SampleSpec {
            format: SampleFormat::Float32Le,
            ..spec
        },
        channel_map: source.channel_map,
        source_index: Some(source.index),
        source_name: None,
        buffer_attr: BufferAttr {
            fragment_size: fragment.saturating_mul(frame),
            ..BufferAttr::default()
        },
        flags: StreamFlags {
            no_move: true,
            no_remap_channels: true,
            no_remix_channels: true,
            adjust_latency: true,
            ..StreamFlags::default()
        },
        props: named(),
        ..RecordStreamParams::default()
    }
}

/// What a volume control on the same machine shows.
fn named() -> pulseaudio::protocol::Props {
    let mut props = pulseaudio::protocol::Props::new();
    props.set(pulseaudio::protocol::Prop::MediaName, c"sound input");
    props
}
