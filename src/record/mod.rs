//! Recording: the show onto a disk, in fragments, so that a crash or a power cut loses a second and not the file.
//!
//! A room of its own beside `publish`: a file has no peer, no handshake and no backoff, and a destination has no free space.
