#!/usr/bin/env python3
"""Decodes Opus packets with libopus, as a receiver of RTP does: lost packets are concealed, or recovered from the
in-band FEC of the packet that follows.

    opus_decode.py CHANNELS [fec]      records on stdin, 48 kHz 32-bit float samples (interleaved) on stdout

A record is a little-endian u32 and that many bytes: one packet; a length of 0 is a lost one. Each packet must hold 20 ms.
"""

import ctypes
import struct
import sys

FRAME = 960  # 20 ms at 48 kHz


def main():
    channels = int(sys.argv[1])
    use_fec = sys.argv[2:] == ["fec"]
    try:
        opus = ctypes.CDLL("libopus.so.0")
    except OSError:
        sys.exit(77)
    opus.opus_decoder_create.restype = ctypes.c_void_p
    error = ctypes.c_int()
    decoder = ctypes.c_void_p(opus.opus_decoder_create(48000, channels, ctypes.byref(error)))
    assert error.value == 0, error.value

    bytes_in, packets, at = sys.stdin.buffer.read(), [], 0
    while at < len(bytes_in):
        (length,) = struct.unpack_from("<I", bytes_in, at)
        packets.append(bytes_in[at + 4 : at + 4 + length])
        at += 4 + length

    samples = (ctypes.c_float * (FRAME * channels))()
    for index, packet in enumerate(packets):
        following = packets[index + 1] if index + 1 < len(packets) else b""
        is_recovered = not packet and use_fec and following
        data = following if is_recovered else packet
        count = opus.opus_decode_float(decoder, data or None, len(data), samples, FRAME, 1 if is_recovered else 0)
        if count != FRAME:
            sys.exit(f"packet {index} of {len(data)} bytes: {count} instead of {FRAME} samples")
        sys.stdout.buffer.write(bytes(samples))


main()
