//! Writing boxes: a size that is filled in when the content is known (ISO/IEC 14496-12 §4.2).

use mp4_atom::Encode;

/// Appends a box of `kind` with what `body` writes.
pub(super) fn boxed(out: &mut Vec<u8>, kind: [u8; 4], body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&kind);
    body(out);
    // Boxes written here are indexes; `Muxer` bounds what a fragment holds far below 4 GiB.
    let size = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&size.to_be_bytes());
}

/// Appends a box with version and flags.
pub(super) fn full_box(out: &mut Vec<u8>, kind: [u8; 4], version: u8, flags: u32, body: impl FnOnce(&mut Vec<u8>)) {
    boxed(out, kind, |out| {
        put_u32(out, u32::from(version) << 24 | flags & 0x00ff_ffff);
        body(out);
    });
}

pub(super) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(super) fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends what the library writes.
#[expect(
    clippy::expect_used,
    reason = "writing to memory fails for boxes beyond 4 GiB and for compressor names beyond 31 bytes only, and none is written"
)]
pub(super) fn put(out: &mut Vec<u8>, value: &impl Encode) {
    value.encode(out).expect("a small box in memory");
}
