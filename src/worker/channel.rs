//! One end of the socket between the studio and a worker: whole messages in both directions, never more memory than has come.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use bytes::{Buf, BytesMut};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use thiserror::Error;

use super::message::{HEADER_LEN, Header, MAX_PAYLOAD, Message, MessageError};
use crate::media::TimeDelta;

/// Read at once. Most access units fit.
const READ_LEN: usize = 64 << 10;

/// Packets share memory in blocks of this size, so that not every one of them is an allocation.
const BLOCK_LEN: usize = 256 << 10;

/// Why nothing more comes over a channel.
#[derive(Debug, Error)]
pub enum ChannelError {
    /// The other end is gone.
    #[error("the connection was closed")]
    Closed,
    /// The system says no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The other end sent nonsense.
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// One end of a stream socket.
#[derive(Debug)]
pub struct Channel<F> {
    socket: F,
    /// What has come and is not taken yet.
    received: BytesMut,
    /// Bytes taken so far.
    position: u64,
    scratch: Box<[u8]>,
    /// What is to be sent.
    outgoing: Vec<u8>,
    sent: usize,
}

/// What waiting on a channel led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// Something can be read, or sent, or the other end is gone.
    Ready,
    /// The time is up.
    TimedOut,
}

impl<F: AsFd> Channel<F> {
    /// A channel over `socket`, which may block or not.
    #[must_use]
    pub fn new(socket: F) -> Self {
        Self {
            socket,
            received: BytesMut::with_capacity(BLOCK_LEN),
            position: 0,
            scratch: vec![0; READ_LEN].into_boxed_slice(),
            outgoing: Vec::new(),
            sent: 0,
        }
    }

    /// Puts a message up for sending; its payload is `parts` one after the other.
    ///
    /// # Errors
    /// A payload beyond 16 MiB.
    pub fn put(&mut self, kind: u8, parts: &[&[u8]]) -> Result<(), ChannelError> {
        let len = parts.iter().map(|part| part.len()).sum::<usize>();
        if len > MAX_PAYLOAD {
            let reason = format!("{len} bytes are more than a message can have");
            return Err(MessageError::Payload { kind, len, reason }.into());
        }
        self.outgoing.extend_from_slice(&Header { kind, len }.encode());
        for part in parts {
            self.outgoing.extend_from_slice(part);
        }
        Ok(())
    }

    /// Whether something is still to be sent.
    #[must_use]
    pub fn has_outgoing(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Sends what was put up, as far as the socket takes it; with `is_patient` until it has taken all.
    ///
    /// # Errors
    /// [`ChannelError::Closed`] where the other end is gone.
    pub fn flush(&mut self, is_patient: bool) -> Result<(), ChannelError> {
        let wait = if is_patient {
            SendFlags::empty()
        } else {
            SendFlags::DONTWAIT
        };
        while self.sent < self.outgoing.len() {
            match rustix::net::send(&self.socket, &self.outgoing[self.sent..], wait | SendFlags::NOSIGNAL) {
                Ok(count) => self.sent += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::PIPE | Errno::CONNRESET) => return Err(ChannelError::Closed),
                Err(error) => return Err(ChannelError::Io(error.into())),
            }
        }
        self.outgoing.clear();
        self.sent = 0;
        Ok(())
    }

    /// Reads once, without waiting unless `is_patient`. `false` where there was nothing.
    ///
    /// # Errors
    /// [`ChannelError::Closed`] at the end of the stream.
    pub fn fill(&mut self, is_patient: bool) -> Result<bool, ChannelError> {
        let wait = if is_patient {
            RecvFlags::empty()
        } else {
            RecvFlags::DONTWAIT
        };
        loop {
            match rustix::net::recv(&self.socket, &mut *self.scratch, wait) {
                Ok((0, _)) | Err(Errno::CONNRESET) => return Err(ChannelError::Closed),
                Ok((count, _)) => {
                    if self.received.capacity() - self.received.len() < count {
                        self.received.reserve(BLOCK_LEN.max(count));
                    }
                    self.received.extend_from_slice(&self.scratch[..count]);
                    return Ok(true);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(false),
                Err(error) => return Err(ChannelError::Io(error.into())),
            }
        }
    }

    /// The next whole message among what has come.
    ///
    /// # Errors
    /// [`ChannelError::Message`]; the channel is of no use then.
    pub fn take(&mut self) -> Result<Option<Message>, ChannelError> {
        let Some(header) = self.received.first_chunk::<HEADER_LEN>() else {
            return Ok(None);
        };
        let header = Header::decode(*header, self.position)?;
        if self.received.len() < HEADER_LEN + header.len {
            return Ok(None);
        }
        self.received.advance(HEADER_LEN);
        self.position += (HEADER_LEN + header.len) as u64;
        Ok(Some(Message {
            kind: header.kind,
            payload: self.received.split_to(header.len).freeze(),
        }))
    }

    /// Waits for the next message, however long that takes.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn receive(&mut self) -> Result<Message, ChannelError> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(message);
            }
            self.fill(true)?;
        }
    }

    /// Puts a message up and sends it.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn send(&mut self, kind: u8, parts: &[&[u8]]) -> Result<(), ChannelError> {
        self.put(kind, parts)?;
        self.flush(true)
    }

    /// Waits until the socket has something to do, or `limit` is over.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait(&self, limit: TimeDelta) -> Result<Waited, ChannelError> {
        let mut events = PollFlags::IN;
        if self.has_outgoing() {
            events |= PollFlags::OUT;
        }
        let mut descriptors = [PollFd::from_borrowed_fd(self.socket.as_fd(), events)];
        let limit = limit.to_duration();
        let limit = Timespec {
            tv_sec: limit.as_secs() as i64,
            tv_nsec: i64::from(limit.subsec_nanos()),
        };
        match poll(&mut descriptors, Some(&limit)) {
            Ok(0) => Ok(Waited::TimedOut),
            Ok(_) | Err(Errno::INTR) => Ok(Waited::Ready),
            Err(error) => Err(ChannelError::Io(error.into())),
        }
    }
}

impl<F: AsFd> AsFd for Channel<F> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    #[test]
    fn messages_arrive_whole_whatever_their_size() {
        let (here, there) = UnixStream::pair().unwrap();
        let (mut here, mut there) = (Channel::new(here), Channel::new(there));
        let large = vec![7; 3 << 20];
        let sending = std::thread::spawn({
            let large = large.clone();
            move || {
                here.send(1, &[]).unwrap();
                here.send(2, &[b"two ", b"parts"]).unwrap();
                here.send(3, &[&large]).unwrap();
            }
        });
        assert_eq!(
            there.receive().unwrap(),
            Message {
                kind: 1,
                payload: "".into()
            }
        );
        assert_eq!(there.receive().unwrap().payload, "two parts");
        assert_eq!(there.receive().unwrap().payload, large);
        sending.join().unwrap();
        assert!(matches!(there.receive(), Err(ChannelError::Closed)));
    }

    #[test]
    fn one_that_does_not_read_blocks_nobody() {
        let (here, _there) = UnixStream::pair().unwrap();
        let mut here = Channel::new(here);
        here.put(1, &[&vec![0; 4 << 20]]).unwrap();
        here.flush(false).unwrap();
        assert!(here.has_outgoing());
        assert_eq!(here.wait(TimeDelta::from_millis(1)).unwrap(), Waited::TimedOut);
        assert!(here.put(1, &[&vec![0; MAX_PAYLOAD + 1]]).is_err());
    }

    #[test]
    fn a_claimed_length_takes_no_memory() {
        let (mut raw, there) = UnixStream::pair().unwrap();
        let mut there = Channel::new(there);
        raw.write_all(
            &Header {
                kind: 1,
                len: MAX_PAYLOAD,
            }
            .encode(),
        )
        .unwrap();
        raw.write_all(b"only this").unwrap();
        there.fill(true).unwrap();
        assert!(there.take().unwrap().is_none());
        assert!(there.received.capacity() <= BLOCK_LEN);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 8usize..64) {
            let (mut raw, there) = UnixStream::pair().unwrap();
            let mut there = Channel::new(there);
            // Few enough to fit into the socket before anybody reads.
            for part in bytes.chunks(cut) {
                raw.write_all(part).unwrap();
            }
            drop(raw);
            let mut taken = 0;
            let end = loop {
                match there.receive() {
                    Ok(message) => taken += HEADER_LEN + message.payload.len(),
                    Err(error) => break error,
                }
            };
            prop_assert!(taken <= bytes.len());
            prop_assert!(!matches!(end, ChannelError::Io(_)), "{end}");
        }
    }
}
