//! Which mode is chosen, for cameras as they are sold and for any that could be.

#![allow(clippy::trivially_copy_pass_by_ref)] // What b"YUYV" is.

use super::*;
use proptest::prelude::*;

fn offer(letters: &[u8; 4], width: u32, height: u32, rates: &[u32]) -> Offer {
    let intervals = rates.iter().map(|rate| {
        Intervals::One(Interval {
            numerator: 1,
            denominator: *rate,
        })
    });
    Offer {
        format: FourCc(*letters),
        sizes: Sizes::One(width, height),
        intervals: intervals.collect(),
    }
}

fn need(width: u32, height: u32, rate: u32) -> Need {
    Need {
        width,
        height,
        rate: FrameRate::whole(rate),
    }
}

fn told(mode: &Mode) -> String {
    mode.told()
}

/// A webcam on USB 2, as most are: much as JPEG, little as it is.
fn webcam() -> Vec<Offer> {
    vec![
        offer(b"YUYV", 640, 480, &[30, 24, 20, 15, 10, 5]),
        offer(b"YUYV", 640, 360, &[30, 24, 15]),
        offer(b"YUYV", 1280, 720, &[10, 5]),
        offer(b"YUYV", 1920, 1080, &[5]),
        offer(b"MJPG", 640, 480, &[30, 24, 15]),
        offer(b"MJPG", 1280, 720, &[30, 24, 15]),
        offer(b"MJPG", 1920, 1080, &[30, 24, 15]),
        offer(b"H264", 1280, 720, &[30]),
        offer(b"H264", 1920, 1080, &[30]),
    ]
}

/// On USB 3, with room for pictures as they are.
fn capture_card() -> Vec<Offer> {
    vec![
        offer(b"NV12", 1920, 1080, &[60, 50, 30, 25]),
        offer(b"NV12", 1280, 720, &[60, 50, 30, 25]),
        offer(b"YUYV", 1920, 1080, &[60, 30]),
        offer(b"MJPG", 1920, 1080, &[60, 30]),
    ]
}

#[test]
fn the_cheapest_is_taken_that_gives_what_is_needed() {
    let all = CameraSpec::default();
    for (offers, need, expected, why) in [
        (
            webcam(),
            need(1280, 720, 30),
            "MJPEG 1280×720@30",
            "not compressed it gives YUYV",
        ),
        (webcam(), need(1920, 1080, 30), "MJPEG 1920×1080@30", "not compressed"),
        (webcam(), need(640, 360, 30), "YUYV 640×360@30", "costs the least"),
        (webcam(), need(640, 480, 25), "YUYV 640×480@30", "costs the least"),
        // More cannot be had: all the detail there is, without losing motion.
        (
            webcam(),
            need(3840, 2160, 30),
            "MJPEG 1920×1080@30",
            "3840×2160@30 is not to be had",
        ),
        (
            capture_card(),
            need(1920, 1080, 50),
            "NV12 1920×1080@50",
            "costs the least",
        ),
        (
            capture_card(),
            need(1280, 720, 30),
            "NV12 1280×720@30",
            "costs the least",
        ),
        // Fewer pictures than are there: the nearest rate above.
        (
            capture_card(),
            need(1920, 1080, 24),
            "NV12 1920×1080@25",
            "costs the least",
        ),
        // A toy: pictures that are small and many, or large and few. Motion wins.
        (
            vec![offer(b"YUYV", 640, 480, &[30]), offer(b"YUYV", 1280, 720, &[7])],
            need(1280, 720, 30),
            "YUYV 640×480@30",
            "1280×720@30 is not to be had",
        ),
        (
            vec![offer(b"H264", 1280, 720, &[30]), offer(b"MJPG", 1280, 720, &[30])],
            need(1280, 720, 30),
            "MJPEG 1280×720@30",
            "nothing that is not compressed",
        ),
    ] {
        let mode = choose(&offers, &all, need).unwrap();
        assert_eq!(told(&mode), expected);
        assert!(mode.why.contains(why), "{expected}: {}", mode.why);
    }
}

#[test]
fn the_scene_file_has_the_last_word() {
    let need = need(1280, 720, 30);
    let spec = |size, format| CameraSpec {
        size,
        format,
        ..CameraSpec::default()
    };
    let chosen = |spec: &CameraSpec| told(&choose(&webcam(), spec, need).unwrap());
    assert_eq!(chosen(&spec(None, Some(CameraFormat::Yuyv))), "YUYV 640×480@30");
    assert_eq!(
        chosen(&spec(Some((1280, 720)), Some(CameraFormat::Yuyv))),
        "YUYV 1280×720@10"
    );
    assert_eq!(chosen(&spec(None, Some(CameraFormat::H264))), "H.264 1280×720@30");
    assert_eq!(chosen(&spec(Some((1920, 1080)), None)), "MJPEG 1920×1080@30");
    let slow = CameraSpec {
        frame_rate: Some(FrameRate::whole(15)),
        ..CameraSpec::default()
    };
    assert_eq!(chosen(&slow), "MJPEG 1280×720@15");

    let error = choose(&webcam(), &spec(None, Some(CameraFormat::Nv12)), need).unwrap_err();
    assert_eq!(
        error.to_string(),
        "does not give that format; it gives YUYV, MJPEG, H.264"
    );
    let error = choose(&webcam(), &spec(Some((800, 600)), Some(CameraFormat::H264)), need).unwrap_err();
    assert_eq!(
        error.to_string(),
        "does not give that size; it gives 1280×720, 1920×1080"
    );
    let error = choose(&[offer(b"BA81", 640, 480, &[30])], &CameraSpec::default(), need).unwrap_err();
    assert_eq!(error.to_string(), "gives pictures only as BA81, which is not read here");
}

#[test]
fn ranges_are_met_from_above() {
    let range = Offer {
        format: FourCc(*b"YUYV"),
        sizes: Sizes::Range {
            min: (48, 32),
            max: (1920, 1080),
            step: (16, 8),
        },
        intervals: vec![Intervals::Range(
            Interval {
                numerator: 1,
                denominator: 60,
            },
            Interval {
                numerator: 1,
                denominator: 1,
            },
        )],
    };
    let chosen = |need| told(&choose(std::slice::from_ref(&range), &CameraSpec::default(), need).unwrap());
    assert_eq!(chosen(need(1280, 720, 30)), "YUYV 1280×720@30");
    assert_eq!(chosen(need(1273, 719, 25)), "YUYV 1280×720@25");
    assert_eq!(chosen(need(4000, 3000, 90)), "YUYV 1920×1080@60");
    assert_eq!(chosen(need(16, 16, 30)), "YUYV 48×32@30");
}

#[test]
fn a_driver_that_tells_no_rates_is_taken_at_its_word() {
    let mode = choose(
        &[offer(b"YUYV", 640, 480, &[])],
        &CameraSpec::default(),
        need(640, 480, 30),
    )
    .unwrap();
    assert_eq!((mode.interval, told(&mode).as_str()), (None, "YUYV 640×480"));
}

#[test]
fn in_short_each_format_is_named_by_its_best() {
    let short = in_short(&webcam(), need(1920, 1080, 30));
    assert_eq!(short, ["YUYV 640×480@30", "MJPEG 1920×1080@30", "H.264 1920×1080@30"]);
}

fn any_offer() -> impl Strategy<Value = Offer> {
    let letters = prop_oneof![
        Just(*b"YUYV"),
        Just(*b"NV12"),
        Just(*b"MJPG"),
        Just(*b"H264"),
        any::<[u8; 4]>()
    ];
    let side = || prop_oneof![0..5_000_u32, any::<u32>()];
    let sizes = prop_oneof![
        (side(), side()).prop_map(|(width, height)| Sizes::One(width, height)),
        ((side(), side()), (side(), side()), (side(), side())).prop_map(|(min, max, step)| Sizes::Range {
            min,
            max,
            step
        }),
    ];
    let interval = || {
        (
            prop_oneof![0..2_000_u32, any::<u32>()],
            prop_oneof![0..60_000_u32, any::<u32>()],
        )
            .prop_map(|(numerator, denominator)| Interval { numerator, denominator })
    };
    let intervals = prop_oneof![
        interval().prop_map(Intervals::One),
        (interval(), interval()).prop_map(|(shortest, longest)| Intervals::Range(shortest, longest)),
    ];
    let intervals = proptest::collection::vec(intervals, 0..4);
    (letters, sizes, intervals).prop_map(|(letters, sizes, intervals)| Offer {
        format: FourCc(letters),
        sizes,
        intervals,
    })
}

proptest! {
    /// Whatever a driver says: an answer, of a size that memory is given to, and nothing that was offered is worth more.
    #[test]
    fn the_choice_is_the_best_of_what_is_offered(
        offers in proptest::collection::vec(any_offer(), 0..12),
        width in 16..8_000_u32,
        height in 16..8_000_u32,
        rate in 1..240_u32,
    ) {
        let need = need(width, height, rate);
        if let Ok(chosen) = choose(&offers, &CameraSpec::default(), need) {
            prop_assert!(chosen.wanted.width <= MAX_DIMENSION && chosen.wanted.height <= MAX_DIMENSION);
            for offer in &offers {
                let Some(form) = Form::of(offer.format) else { continue };
                for mode in modes_of(form, offer, None, &need) {
                    prop_assert!(mode.worth(&need) <= chosen.worth(&need));
                }
            }
        }
        in_short(&offers, need);
    }
}
