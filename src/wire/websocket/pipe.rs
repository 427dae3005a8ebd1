//! A stream of memory: reads what the peer sent until it runs dry, writes to the output without end.

use std::io::{self, Read, Write};

use crate::wire::session::Output;

#[derive(Debug, Default)]
pub(super) struct Pipe {
    input: Vec<u8>,
    read: usize,
    pub(super) output: Output,
}

impl Pipe {
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        if self.read == self.input.len() {
            self.input.clear();
            self.read = 0;
        }
        self.input.extend_from_slice(bytes);
    }
}

impl Read for Pipe {
    /// Never 0: that would be the end of the connection, of which the driver knows and this does not.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = (&self.input[self.read..]).read(buffer)?;
        if len == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.read += len;
        Ok(len)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.end().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
