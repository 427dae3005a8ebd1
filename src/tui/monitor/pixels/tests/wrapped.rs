//! What goes through a multiplexer comes out as it went in.

use proptest::prelude::*;

use super::super::{Keeps, Passage, SixelEncoder, pass_through, place};
use super::glass::Glass;
use super::*;

const TMUX: Passage = Passage::Tmux { column: 0, row: 0 };
const SCREEN: Passage = Passage::Screen { column: 0, row: 0 };

/// What tmux hands on: the text of each `DCS tmux ;`, each doubled ESC once.
fn out_of_tmux(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), bytes);
    while let Some(after) = rest.strip_prefix(b"\x1bPtmux;") {
        rest = after;
        loop {
            match rest {
                [0x1b, b'\\', after @ ..] => {
                    rest = after;
                    break;
                }
                [0x1b, 0x1b, after @ ..] => {
                    out.push(0x1b);
                    rest = after;
                }
                [byte, after @ ..] => {
                    assert_ne!(*byte, 0x1b, "an ESC alone ends nothing");
                    out.push(*byte);
                    rest = after;
                }
                [] => panic!("no end"),
            }
        }
    }
    assert!(rest.is_empty());
    out
}

/// What GNU screen hands on: the text of each DCS up to the first ST (ansi.c: an ESC before another one stays).
fn out_of_screen(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), bytes);
    while let Some(after) = rest.strip_prefix(b"\x1bP") {
        let end = after.windows(2).position(|two| two == b"\x1b\\").expect("an end");
        assert!(end <= 768, "{end}");
        out.extend_from_slice(&after[..end]);
        rest = &after[end + 2..];
    }
    assert!(rest.is_empty());
    out
}

#[test]
fn a_picture_survives_both() {
    let picture = clip(120, 60, 1).remove(0);
    let sixels = SixelEncoder::new(Keeps::Pixels, 256, 20)
        .encode(&picture, Thrift::new(1))
        .unwrap();
    let (_, _, bytes) = sixels.patches(None).iter().next().unwrap();
    for (multiplexer, unwrap) in [(TMUX, out_of_tmux as fn(&[u8]) -> Vec<u8>), (SCREEN, out_of_screen)] {
        let mut wrapped = Vec::new();
        pass_through(bytes, multiplexer, &mut wrapped);
        let mut glass = Glass::new(120, 60);
        glass.write(&unwrap(&wrapped), 0);
        assert!(psnr(picture.rgb(), &glass.rgb) > 34.0);
    }
}

#[test]
fn a_place_is_a_place_of_the_pane() {
    let mut out = Vec::new();
    place(b"x", (4, 2), Passage::None, &mut out);
    assert_eq!(out, b"\x1b[3;5Hx");
    out.clear();
    place(b"x", (4, 2), Passage::Tmux { column: 10, row: 1 }, &mut out);
    assert_eq!(out_of_tmux(&out), b"\x1b7\x1b[4;15Hx\x1b8");
}

proptest! {
    #[test]
    fn any_bytes_come_out_as_they_went_in(parts in proptest::collection::vec(
        prop_oneof![Just(b"\x1b\\".to_vec()), Just(b"\x1b".to_vec()), Just(b"\x1bPtmux;".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..900)], 0..12))
    {
        let bytes = parts.concat();
        let mut wrapped = Vec::new();
        pass_through(&bytes, TMUX, &mut wrapped);
        prop_assert_eq!(out_of_tmux(&wrapped), &bytes[..]);
        wrapped.clear();
        pass_through(&bytes, SCREEN, &mut wrapped);
        // Chunks that end in ESC are followed by ST: screen takes the last two of three characters.
        prop_assert_eq!(chunks_of_screen(&wrapped), &bytes[..]);
    }
}

/// As [`out_of_screen`], where an ESC may stand right before the ST.
fn chunks_of_screen(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        assert_eq!(&bytes[at..at + 2], b"\x1bP");
        at += 2;
        let mut is_escaped = false;
        loop {
            let byte = bytes[at];
            at += 1;
            match (is_escaped, byte) {
                (true, b'\\') => break,
                // STRESC and another ESC: the first is text, the second may still end it.
                (true, 0x1b) => out.push(0x1b),
                (true, _) => {
                    out.extend([0x1b, byte]);
                    is_escaped = false;
                }
                (false, 0x1b) => is_escaped = true,
                (false, _) => out.push(byte),
            }
        }
    }
    out
}
