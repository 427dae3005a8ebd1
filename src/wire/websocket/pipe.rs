//! A stream of memory for tungstenite: reads what the peer sent until it runs dry, writes to the output without end.

use std::io::{self, Read, Write};

use bytes::{Buf, BytesMut};

use crate::wire::session::Output;

/// What the peer has sent and what it is to get, in whatever its owner sends from.
#[derive(Debug, Default)]
pub struct Pipe<O = BytesMut> {
    /// From the peer, not read yet.
    pub input: BytesMut,
    /// For the peer.
    pub output: O,
}

/// Takes bytes at its end.
pub trait Append {
    /// Puts `bytes` behind what is there.
    fn append(&mut self, bytes: &[u8]);
}

impl Append for BytesMut {
    fn append(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Append for Output {
    fn append(&mut self, bytes: &[u8]) {
        self.end().extend_from_slice(bytes);
    }
}

impl<O> Read for Pipe<O> {
    /// Never 0: that would be the end of the connection, of which the driver knows and this does not.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let len = self.input.len().min(out.len());
        self.input.copy_to_slice(&mut out[..len]);
        Ok(len)
    }
}

impl<O: Append> Write for Pipe<O> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.append(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
