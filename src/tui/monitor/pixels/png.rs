//! PNG, written for speed: one filter for all rows, the fastest deflate (W3C PNG, third edition).

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// Compresses; keeps its buffers from picture to picture.
#[derive(Debug)]
pub struct Squeezer {
    compress: Compress,
    lines: Vec<u8>,
}

impl Default for Squeezer {
    fn default() -> Self {
        Self {
            compress: Compress::new(Compression::fast(), true),
            lines: Vec::new(),
        }
    }
}

impl Squeezer {
    /// Appends the bytes as a zlib stream.
    pub fn zlib(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.compress.reset();
        let mut rest = bytes;
        loop {
            out.reserve(rest.len() / 2 + 256);
            let before = self.compress.total_in();
            let status = self.compress.compress_vec(rest, out, FlushCompress::Finish);
            rest = &rest[(self.compress.total_in() - before) as usize..];
            // There is always room, so neither an error nor a full buffer ends it.
            if matches!(status, Ok(Status::StreamEnd) | Err(_)) {
                return;
            }
        }
    }

    /// Appends a PNG of packed RGB: each row as the difference from the one above it (filter 2).
    pub fn rgb(&mut self, width: usize, height: usize, rgb: &[u8], out: &mut Vec<u8>) {
        let stride = width * 3;
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        for y in 0..height {
            let row = &rgb[y * stride..(y + 1) * stride];
            if y == 0 {
                // The first against its left neighbours (filter 1).
                lines.push(1);
                lines.extend_from_slice(&row[..3]);
                lines.extend(row[3..].iter().zip(row).map(|(value, left)| value.wrapping_sub(*left)));
            } else {
                lines.push(2);
                let above = &rgb[(y - 1) * stride..y * stride];
                lines.extend(row.iter().zip(above).map(|(value, above)| value.wrapping_sub(*above)));
            }
        }
        self.write(width, height, 2, &[], &lines, out);
        self.lines = lines;
    }

    /// Appends a PNG of colour numbers, which must all be in `colors`.
    pub fn indexed(&mut self, width: usize, height: usize, indices: &[u8], colors: &[[u8; 3]], out: &mut Vec<u8>) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        for row in indices.chunks_exact(width).take(height) {
            lines.push(0);
            lines.extend_from_slice(row);
        }
        self.write(width, height, 3, colors.as_flattened(), &lines, out);
        self.lines = lines;
    }

    fn write(&mut self, width: usize, height: usize, kind: u8, palette: &[u8], lines: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(b"\x89PNG\r\n\x1a\n");
        chunk(out, *b"IHDR", |out| {
            out.extend_from_slice(&(width as u32).to_be_bytes());
            out.extend_from_slice(&(height as u32).to_be_bytes());
            out.extend_from_slice(&[8, kind, 0, 0, 0]);
        });
        if !palette.is_empty() {
            chunk(out, *b"PLTE", |out| out.extend_from_slice(palette));
        }
        chunk(out, *b"IDAT", |out| self.zlib(lines, out));
        chunk(out, *b"IEND", |_| {});
    }
}

fn chunk(out: &mut Vec<u8>, name: [u8; 4], write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&name);
    write(out);
    let length = (out.len() - at - 8) as u32;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    let mut crc = Crc::new();
    crc.update(&out[at + 4..]);
    out.extend_from_slice(&crc.sum().to_be_bytes());
}
