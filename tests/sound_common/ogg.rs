//! The least of an Ogg Opus file (RFC 3533, RFC 7845) that ffmpeg reads: one packet per page.

use rigcast::media::Packet;

const SERIAL: u32 = 0x7269_6763;

/// Packets of 20 ms as a file. Nothing is skipped at its start: see `AudioCodec::Opus`.
pub fn file(packets: &[Packet], channels: u8) -> Vec<u8> {
    let mut head = b"OpusHead\x01".to_vec();
    head.push(channels);
    head.extend(0_u16.to_le_bytes()); // pre-skip
    head.extend(48_000_u32.to_le_bytes());
    head.extend([0, 0, 0]); // gain, mapping family
    let mut tags = b"OpusTags".to_vec();
    tags.extend(4_u32.to_le_bytes());
    tags.extend(b"test");
    tags.extend(0_u32.to_le_bytes());
    let mut out = page(0, 2, 0, &head);
    out.extend(page(1, 0, 0, &tags));
    for (index, packet) in packets.iter().enumerate() {
        let flags = if index + 1 == packets.len() { 4 } else { 0 };
        let granule = (index as u64 + 1) * 960;
        out.extend(page(index as u32 + 2, flags, granule, &packet.data));
    }
    out
}

fn page(sequence: u32, flags: u8, granule: u64, data: &[u8]) -> Vec<u8> {
    let mut out = b"OggS\0".to_vec();
    out.push(flags);
    out.extend(granule.to_le_bytes());
    out.extend(SERIAL.to_le_bytes());
    out.extend(sequence.to_le_bytes());
    out.extend([0; 4]);
    // Lacing: full segments of 255, and one that is shorter.
    let full = data.len() / 255;
    out.push(full as u8 + 1);
    out.resize(out.len() + full, 255);
    out.push((data.len() % 255) as u8);
    out.extend_from_slice(data);
    let sum = checksum(&out);
    out[22..26].copy_from_slice(&sum.to_le_bytes());
    out
}

/// CRC-32 of polynomial 0x04C11DB7, straight, from zero.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ (u32::from(*byte) << 24), |sum, _| {
            if sum >> 31 == 1 {
                (sum << 1) ^ 0x04C1_1DB7
            } else {
                sum << 1
            }
        })
    })
}
