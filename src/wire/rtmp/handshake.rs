//! The simple handshake (§5.2): C0 C1, S0 S1 S2, C2. The "complex" one with digests is a relic that no server demands.

use super::error::RtmpError;

/// Bytes of C1, S1, C2 and S2 each.
pub const BLOCK: usize = 1536;

/// What a client sends first: version 3, time zero, four zero bytes, then 1528 bytes that only have to differ between
/// connections (§5.2.3), which `seed` sees to.
#[must_use]
pub fn client_hello(seed: u64) -> Vec<u8> {
    let mut hello = Vec::with_capacity(1 + BLOCK);
    hello.extend_from_slice(&[3, 0, 0, 0, 0, 0, 0, 0, 0]);
    let mut state = seed | 1;
    while hello.len() < 1 + BLOCK {
        // xorshift64: no secret depends on it.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        hello.extend_from_slice(&state.to_le_bytes());
    }
    hello
}

/// Collects the other side's two blocks. The same on both sides: a server's S0 S1 S2 and a client's C0 C1 C2 have one form.
#[derive(Debug)]
pub struct Handshake {
    received: Vec<u8>,
}

impl Default for Handshake {
    fn default() -> Self {
        Self::new()
    }
}

impl Handshake {
    /// Nothing received yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            received: Vec::with_capacity(1 + 2 * BLOCK),
        }
    }

    /// Takes what belongs to the handshake off the front of `input`. True once both blocks are there.
    ///
    /// The echo in the second block is not compared: Flash-era servers answer with a digest instead, and nothing hangs on it.
    ///
    /// # Errors
    /// [`RtmpError::NotRtmp`] as soon as the first byte shows it.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<bool, RtmpError> {
        let missing = 1 + 2 * BLOCK - self.received.len();
        let (taken, rest) = input.split_at(missing.min(input.len()));
        self.received.extend_from_slice(taken);
        *input = rest;
        match self.received.first() {
            Some(3) | None => Ok(self.is_done()),
            Some(&version) => Err(RtmpError::NotRtmp { version }),
        }
    }

    /// Whether both blocks of the other side are there.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.received.len() == 1 + 2 * BLOCK
    }

    /// The other side's first block, once it is there: what our second block has to repeat (§5.2.4).
    #[must_use]
    pub fn echo(&self) -> Option<&[u8]> {
        self.received.get(1..=BLOCK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_server_is_recognised_by_its_first_byte() {
        let mut input = &b"HTTP/1.1 400 Bad Request"[..];
        assert_eq!(
            Handshake::new().read(&mut input),
            Err(RtmpError::NotRtmp { version: b'H' })
        );
    }

    #[test]
    fn takes_exactly_its_own_bytes_at_any_split() {
        for step in [1, 7, 1536, 1537, 5000] {
            let mut wire = vec![3];
            wire.extend((0..2 * BLOCK).map(|index| index as u8));
            wire.extend_from_slice(b"next");
            let mut handshake = Handshake::new();
            let mut left = Vec::new();
            for piece in wire.chunks(step) {
                let mut piece = piece;
                let done = handshake.read(&mut piece).unwrap();
                assert_eq!(done, handshake.is_done());
                left.extend_from_slice(piece);
            }
            assert_eq!(left, b"next");
            assert_eq!(handshake.echo().unwrap(), &wire[1..=BLOCK]);
        }
    }

    #[test]
    fn hellos_differ_by_seed() {
        assert_eq!(client_hello(7).len(), 1537);
        assert_ne!(client_hello(7), client_hello(9));
    }
}
