//! Messages of PulseAudio's protocol, cut out of the bytes that come in.
//!
//! A message is a descriptor of five numbers (length, channel, offset, flags; see `pulsecore/pstream.c`) and a payload: sound
//! for one of the streams, or a structure of tagged values (`pulsecore/tagstruct.c`). The structures are read by the crate
//! `pulseaudio`, which believes the lengths in them and would allocate what they claim; so [`is_sound`] looks at
//! every length first. Nothing grows here but by bytes that have really come.

use std::io::Cursor;
use std::ops::Range;

use pulseaudio::protocol::{
    Command, CommandReply, CommandTag, DESCRIPTOR_SIZE, PulseError, TagStructReader, read_descriptor,
    write_command_message,
};

use crate::source::microphone::MicrophoneError;

/// The longest message that is taken. Lists of a hundred devices are far below it.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// The channel of messages that are no sound.
const CONTROL: u32 = u32::MAX;

/// Channels of a device, at most (`PA_CHANNELS_MAX`).
const MOST_CHANNELS: u8 = 32;

/// What came in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Incoming {
    /// Sound of the stream with that number, at this place in [`Inbox::bytes`] until more is taken.
    Sound {
        /// The stream.
        channel: u32,
        /// Where.
        at: Range<usize>,
    },
    /// An answer: the number of the question, and what follows it.
    Reply(u32, Vec<u8>),
    /// A question that was refused, and why.
    Refused(u32, String),
    /// Something happened.
    Event(Box<Command>),
}

/// Bytes as they come, cut into messages.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    start: usize,
}

impl Inbox {
    /// Room at the end for `count` bytes that are about to be read; [`Self::keep`] says how many it were.
    pub(super) fn room(&mut self, count: usize) -> &mut [u8] {
        self.bytes.drain(..self.start);
        self.start = 0;
        let held = self.bytes.len();
        self.bytes.resize(held + count, 0);
        &mut self.bytes[held..]
    }

    /// Of the `room` bytes that were given, `count` were read.
    pub(super) fn keep(&mut self, room: usize, count: usize) {
        let held = self.bytes.len() - room.min(self.bytes.len());
        self.bytes.truncate(held + count);
    }

    /// The bytes of a message that was taken.
    pub(super) fn bytes(&self, at: Range<usize>) -> &[u8] {
        self.bytes.get(at).unwrap_or_default()
    }

    /// The next whole message, if there is one.
    ///
    /// # Errors
    /// Bytes that are no message. There is no going on after them.
    pub(super) fn take(&mut self, version: u16) -> Result<Option<Incoming>, MicrophoneError> {
        let rest = self.bytes.get(self.start..).unwrap_or_default();
        let Some(head) = rest.get(..DESCRIPTOR_SIZE) else {
            return Ok(None);
        };
        let head = read_descriptor(&mut Cursor::new(head)).map_err(|error| bad(&error))?;
        let length = head.length as usize;
        if length > MOST_BYTES {
            return Err(bad(&format!("it claims {length} bytes")));
        }
        let Some(payload) = rest.get(DESCRIPTOR_SIZE..DESCRIPTOR_SIZE + length) else {
            return Ok(None);
        };
        let incoming = if head.channel == CONTROL {
            read(payload, version)?
        } else {
            let from = self.start + DESCRIPTOR_SIZE;
            Incoming::Sound {
                channel: head.channel,
                at: from..from + length,
            }
        };
        self.start += DESCRIPTOR_SIZE + length;
        Ok(Some(incoming))
    }
}

fn read(payload: &[u8], version: u16) -> Result<Incoming, MicrophoneError> {
    /// Tag and number of the command, then tag and number of the question.
    const HEAD: usize = 10;
    if !is_sound(payload) {
        return Err(bad(&"a length in it leads out of it"));
    }
    let mut cursor = Cursor::new(payload);
    let mut reader = TagStructReader::new(&mut cursor, version);
    let tag = reader.read_u32().map_err(|error| bad(&error))?;
    let number = reader.read_u32().map_err(|error| bad(&error))?;
    if tag == CommandTag::Reply as u32 {
        return Ok(Incoming::Reply(
            number,
            payload.get(HEAD..).unwrap_or_default().to_vec(),
        ));
    }
    if tag == CommandTag::Error as u32 {
        let code = reader.read_u32().map_err(|error| bad(&error))?;
        return Ok(Incoming::Refused(number, word(code)));
    }
    match Command::read_tag_prefixed(&mut Cursor::new(payload), version) {
        Ok((_, command)) => Ok(Incoming::Event(Box::new(command))),
        // Servers send what newer clients understand. It is none of what was asked for.
        Err(_) => Ok(Incoming::Event(Box::new(Command::Timeout))),
    }
}

/// An error code of the protocol in words.
fn word(code: u32) -> String {
    const KNOWN: [PulseError; 8] = [
        PulseError::AccessDenied,
        PulseError::Invalid,
        PulseError::NoEntity,
        PulseError::Timeout,
        PulseError::BadState,
        PulseError::NotSupported,
        PulseError::Io,
        PulseError::Busy,
    ];
    let known = KNOWN.into_iter().find(|error| *error as u32 == code);
    known.map_or_else(|| format!("error {code}"), |error| error.to_string().to_lowercase())
}

/// The answer in a reply.
///
/// # Errors
/// Bytes that are none.
pub(super) fn answer<T: CommandReply>(body: &[u8], version: u16) -> Result<T, MicrophoneError> {
    let mut cursor = Cursor::new(body);
    TagStructReader::new(&mut cursor, version)
        .read::<T>()
        .map_err(|error| bad(&error))
}

/// A question with its number, as bytes.
///
/// # Errors
/// What cannot be written in the protocol.
pub(super) fn question(number: u32, command: &Command, version: u16) -> Result<Vec<u8>, MicrophoneError> {
    let mut bytes = Vec::new();
    write_command_message(&mut bytes, number, command, version).map_err(|error| bad(&error))?;
    Ok(bytes)
}

fn bad(what: &dyn std::fmt::Display) -> MicrophoneError {
    MicrophoneError::BadMessage(what.to_string())
}

/// Whether all values of a tagged structure lie within it, and hold what they may.
fn is_sound(payload: &[u8]) -> bool {
    let mut rest = payload;
    while let Some((tag, after)) = rest.split_first() {
        let length = match tag {
            b'N' | b'1' | b'0' | b'P' | b'f' => Some(0),
            b'B' => Some(1),
            b'L' | b'V' => Some(4),
            b'a' => Some(6),
            b'R' | b'r' | b'U' => Some(8),
            b'T' => microseconds(after).filter(|micros| *micros < 1_000_000).map(|_| 8),
            b't' => after.iter().position(|byte| *byte == 0).map(|end| end + 1),
            b'x' => after
                .first_chunk()
                .and_then(|length| usize::try_from(u32::from_be_bytes(*length)).ok())
                .and_then(|length| length.checked_add(4)),
            b'm' => after
                .first()
                .filter(|count| **count <= MOST_CHANNELS)
                .map(|count| 1 + usize::from(*count)),
            b'v' => after
                .first()
                .filter(|count| **count <= MOST_CHANNELS)
                .map(|count| 1 + 4 * usize::from(*count)),
            _ => None,
        };
        match length.and_then(|length| after.get(length..)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

fn microseconds(time: &[u8]) -> Option<u32> {
    time.get(4..8)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use pulseaudio::protocol::{
        ServerInfo, SourceInfo, SourceInfoList, SubscriptionEvent, SubscriptionEventFacility, SubscriptionEventType,
        TagStructWrite, TagStructWriter,
    };

    const VERSION: u16 = 33;

    fn reply<T: TagStructWrite>(number: u32, value: T) -> Vec<u8> {
        let mut payload = Cursor::new(Vec::new());
        let mut writer = TagStructWriter::new(&mut payload, VERSION);
        writer.write_u32(CommandTag::Reply as u32).unwrap();
        writer.write_u32(number).unwrap();
        writer.write(value).unwrap();
        payload.into_inner()
    }

    fn framed(channel: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = (payload.len() as u32).to_be_bytes().to_vec();
        bytes.extend(channel.to_be_bytes());
        bytes.extend([0; 12]);
        bytes.extend(payload);
        bytes
    }

    fn fill(inbox: &mut Inbox, bytes: &[u8]) {
        inbox.room(bytes.len() + 3)[..bytes.len()].copy_from_slice(bytes);
        inbox.keep(bytes.len() + 3, bytes.len());
    }

    fn sources() -> SourceInfoList {
        (0..3)
            .map(|index| SourceInfo {
                index,
                name: c"alsa_input.usb".to_owned(),
                description: Some(c"USB Microphone".to_owned()),
                ..SourceInfo::default()
            })
            .collect()
    }

    #[test]
    fn messages_are_cut_out_wherever_reads_end() {
        let event = Command::SubscribeEvent(SubscriptionEvent {
            event_facility: SubscriptionEventFacility::Server,
            event_type: SubscriptionEventType::Changed,
            index: None,
        });
        let mut stream = framed(CONTROL, &reply(7, sources()));
        stream.extend(framed(2, &[1, 2, 3, 4]));
        stream.extend(question(u32::MAX, &event, VERSION).unwrap());
        for step in [1, 7, 20, 64, stream.len()] {
            let mut inbox = Inbox::default();
            let mut taken = Vec::new();
            for piece in stream.chunks(step) {
                fill(&mut inbox, piece);
                while let Some(incoming) = inbox.take(VERSION).unwrap() {
                    if let Incoming::Sound { at, .. } = &incoming {
                        assert_eq!(inbox.bytes(at.clone()), [1, 2, 3, 4]);
                    }
                    taken.push(incoming);
                }
            }
            assert_eq!(taken.len(), 3, "steps of {step}");
            let Incoming::Reply(7, body) = &taken[0] else {
                panic!("{taken:?}")
            };
            let list: SourceInfoList = answer(body, VERSION).unwrap();
            assert_eq!(list, sources());
            assert!(matches!(taken[1], Incoming::Sound { channel: 2, .. }));
            assert_eq!(taken[2], Incoming::Event(Box::new(event.clone())));
        }
    }

    #[test]
    fn claims_are_not_believed() {
        let mut inbox = Inbox::default();
        let mut bytes = framed(CONTROL, &[]);
        bytes[..4].copy_from_slice(&u32::MAX.to_be_bytes());
        fill(&mut inbox, &bytes);
        let error = inbox.take(VERSION).unwrap_err().to_string();
        assert!(error.contains("4294967295 bytes"), "{error}");
        assert!(!is_sound(b"x\xff\xff\xff\xff"), "four gigabytes of anything");
        assert!(!is_sound(b"tno end"));
        assert!(!is_sound(b"m\x21"));
        assert!(
            !is_sound(b"T\0\0\0\0\xff\xff\xff\xff"),
            "more microseconds than a second has"
        );
        assert!(is_sound(b"L\0\0\0\x02tname\0N1"));
    }

    #[test]
    fn refusals_are_in_words() {
        let mut payload = Cursor::new(Vec::new());
        let mut writer = TagStructWriter::new(&mut payload, VERSION);
        for number in [CommandTag::Error as u32, 9, PulseError::NoEntity as u32] {
            writer.write_u32(number).unwrap();
        }
        let mut inbox = Inbox::default();
        fill(&mut inbox, &framed(CONTROL, &payload.into_inner()));
        assert_eq!(
            inbox.take(VERSION).unwrap(),
            Some(Incoming::Refused(9, "no such entity".to_owned()))
        );
    }

    proptest! {
        #[test]
        fn nothing_that_comes_in_panics(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..12)) {
            let mut inbox = Inbox::default();
            for piece in &pieces {
                fill(&mut inbox, piece);
                while let Ok(Some(_)) = inbox.take(VERSION) {}
            }
        }

        #[test]
        fn damaged_answers_are_refused_or_read(at in any::<proptest::sample::Index>(), byte in any::<u8>(), cut in any::<proptest::sample::Index>()) {
            let mut payload = reply(7, sources());
            let at = at.index(payload.len());
            payload[at] = byte;
            payload.truncate(cut.index(payload.len()) + 1);
            if let Ok(Incoming::Reply(_, body)) = read(&payload, VERSION) {
                let _ = answer::<SourceInfoList>(&body, VERSION);
                let _ = answer::<ServerInfo>(&body, VERSION);
            }
            let _ = read(&payload, VERSION);
        }
    }
}
