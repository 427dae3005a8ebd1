//! Small RGB pictures have the right size and the right colours.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use rigcast::media::{FramePool, Timestamp, VideoFrame};
use rigcast::picture::Thumbnailer;
use rigcast::picture::colour::{rgb_of_yuv, yuv_of_rgb};
use rigcast::picture::text::fill_rect;

/// 75 % and 100 % bars in BT.709, and a grey ramp.
const BARS: [[u8; 3]; 16] = [
    [191, 191, 191],
    [191, 191, 0],
    [0, 191, 191],
    [0, 191, 0],
    [191, 0, 191],
    [191, 0, 0],
    [0, 0, 191],
    [0, 0, 0],
    [255, 255, 255],
    [255, 255, 0],
    [0, 255, 255],
    [255, 0, 255],
    [255, 0, 0],
    [0, 0, 255],
    [64, 64, 64],
    [128, 128, 128],
];

fn bars(width: u32, height: u32) -> VideoFrame {
    let mut frame = FramePool::new().frame(width, height);
    let bar = width / 16;
    for (index, rgb) in BARS.into_iter().enumerate() {
        fill_rect(&mut frame, (index as u32 * bar) as i32, 0, bar, height, yuv_of_rgb(rgb));
    }
    frame.freeze(Timestamp::ZERO)
}

#[test]
fn bars_keep_their_colours() {
    let mut thumbnailer = Thumbnailer::new();
    let mut out = Vec::new();
    for (source, width, height) in [
        ((1280, 720), 160, 90),
        ((640, 360), 320, 180),
        ((1920, 1080), 80, 33),
        ((320, 180), 640, 360),
    ] {
        let frame = bars(source.0, source.1);
        thumbnailer.rgb(&frame, width, height, &mut out);
        assert_eq!(out.len(), (width * height * 3) as usize);
        for y in [0, height / 2, height - 1] {
            for (index, rgb) in BARS.into_iter().enumerate() {
                let x = width / 32 + index as u32 * (width / 16);
                let at = ((y * width + x) * 3) as usize;
                let want = rgb_of_yuv(yuv_of_rgb(rgb));
                for (got, want) in out[at..at + 3].iter().zip(want) {
                    assert!(
                        got.abs_diff(want) <= 3,
                        "bar {index} at {width}x{height}: {:?}, want {want:?}",
                        &out[at..at + 3]
                    );
                }
            }
        }
    }
}

#[test]
fn any_size_is_served() {
    let mut thumbnailer = Thumbnailer::new();
    let mut out = Vec::new();
    for source in [(2, 2), (16, 1080), (1280, 720)] {
        let frame = bars(source.0.max(16), source.1);
        for (width, height) in [(0, 0), (1, 1), (3, 7), (161, 91), (2, 300)] {
            thumbnailer.rgb(&frame, width, height, &mut out);
            assert_eq!(out.len(), (width.max(1) * height.max(1) * 3) as usize);
        }
    }
}
