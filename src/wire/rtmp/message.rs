//! A message: what chunks carry, whole again (§5.3, §5.4, §7.1).

use bytes::Bytes;

use crate::media::Timestamp;

/// Message type ids.
pub mod kind {
    /// §5.4.1: the sender's chunks are of this size from now on.
    pub const SET_CHUNK_SIZE: u8 = 1;
    /// §5.4.2: forget a message that was begun.
    pub const ABORT: u8 = 2;
    /// §5.4.3: so many bytes have been received.
    pub const ACKNOWLEDGEMENT: u8 = 3;
    /// §7.1.7: ping, stream begin and their kin.
    pub const USER_CONTROL: u8 = 4;
    /// §5.4.4: acknowledge after so many bytes.
    pub const WINDOW_ACK_SIZE: u8 = 5;
    /// §5.4.5: answer with a window of this size.
    pub const SET_PEER_BANDWIDTH: u8 = 6;
    /// §7.1.4
    pub const AUDIO: u8 = 8;
    /// §7.1.5
    pub const VIDEO: u8 = 9;
    /// §7.1.1: a command whose first byte is a format selector; then AMF0 all the same.
    pub const COMMAND_AMF3: u8 = 17;
    /// §7.1.2: metadata.
    pub const DATA: u8 = 18;
    /// §7.1.1
    pub const COMMAND: u8 = 20;
}

/// One whole message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The chunk stream that it came on.
    pub chunk_stream: u32,
    /// One of [`kind`].
    pub kind: u8,
    /// The message stream: 0 for the connection, else what createStream gave.
    pub stream_id: u32,
    /// The sender's clock. The wire has 32 bits of milliseconds; here they are unrolled past the wrap.
    pub timestamp: Timestamp,
    /// What it carries.
    pub payload: Bytes,
}

impl Message {
    /// The first four bytes as a number: what most control messages are. `None` where there are fewer.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        self.payload.first_chunk().copied().map(u32::from_be_bytes)
    }
}

/// Where a 32-bit millisecond clock stands in unrolled time: the moment nearest to `previous` that looks like `wire`.
pub(super) fn unroll(previous: i64, wire: u32) -> i64 {
    let step = wire.wrapping_sub(previous as u32) as i32;
    previous.saturating_add(i64::from(step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn unrolling_follows_any_clock_across_the_wrap(start in 0_i64..1 << 40, steps in prop::collection::vec(-1000_i64..1_000_000_000, 1..40)) {
            let mut truth = start;
            let mut unrolled = start;
            for step in steps {
                truth += step;
                unrolled = unroll(unrolled, truth as u32);
                prop_assert_eq!(unrolled, truth);
            }
        }
    }
}
