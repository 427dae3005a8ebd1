//! Where a face goes: a filter that follows place and size and their rates, and what may be said of boxes.

use super::super::face::FaceBox;

/// How much of what a detection says beyond the forecast is believed: of the place, and of the rate.
const PLACE_GAIN: f32 = 0.8;
const RATE_GAIN: f32 = 0.45;

/// Rates beyond that, in sizes per second, are a detector's error and no motion.
const FASTEST: f32 = 14.0;

/// Place and size of a face with their rates, per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Motion {
    pub face: FaceBox,
    pub x_rate: f32,
    pub y_rate: f32,
    pub size_rate: f32,
}

impl Motion {
    /// Of a face of which nothing is known but where it is.
    pub(super) fn at(face: FaceBox) -> Self {
        Self {
            face,
            x_rate: 0.0,
            y_rate: 0.0,
            size_rate: 0.0,
        }
    }

    /// Of a face that was at `before` and is at `face`, `seconds` later.
    pub(super) fn between(before: FaceBox, face: FaceBox, seconds: f32) -> Self {
        let seconds = seconds.max(1e-3);
        let mut motion = Self {
            face,
            x_rate: (face.x - before.x) / seconds,
            y_rate: (face.y - before.y) / seconds,
            size_rate: (face.size - before.size) / seconds,
        };
        motion.bound();
        motion
    }

    /// Where the face is `seconds` later, or earlier.
    pub(super) fn after(&self, seconds: f32) -> FaceBox {
        let size = self.face.size + self.size_rate * seconds;
        FaceBox {
            x: self.face.x + self.x_rate * seconds,
            y: self.face.y + self.y_rate * seconds,
            // A forecast neither shrinks nor swells beyond what a second of zoom can do.
            size: size.clamp(self.face.size * 0.6, self.face.size * 1.8),
            roll: self.face.roll,
        }
    }

    /// Takes in where it was found `seconds` later.
    pub(super) fn correct(&mut self, found: FaceBox, seconds: f32) {
        let seconds = seconds.max(1e-3);
        let forecast = self.after(seconds);
        let (dx, dy, ds) = (found.x - forecast.x, found.y - forecast.y, found.size - forecast.size);
        self.x_rate += RATE_GAIN * dx / seconds;
        self.y_rate += RATE_GAIN * dy / seconds;
        self.size_rate += 0.5 * RATE_GAIN * ds / seconds;
        self.face = FaceBox {
            x: forecast.x + PLACE_GAIN * dx,
            y: forecast.y + PLACE_GAIN * dy,
            size: forecast.size + PLACE_GAIN * ds,
            roll: found.roll,
        };
        self.bound();
    }

    fn bound(&mut self) {
        let bound = FASTEST * self.face.size;
        self.x_rate = self.x_rate.clamp(-bound, bound);
        self.y_rate = self.y_rate.clamp(-bound, bound);
        self.size_rate = self.size_rate.clamp(-3.0 * self.face.size, 3.0 * self.face.size);
    }

    /// How fast it goes, in sizes per second.
    pub(super) fn speed(&self) -> f32 {
        self.x_rate.hypot(self.y_rate) / self.face.size
    }

    /// Seconds until all of the box lies outside of a picture of that size, if it goes on like that.
    pub(super) fn exit_after(&self, width: f32, height: f32) -> Option<f32> {
        let half = self.face.size * 0.5;
        let along = |place: f32, rate: f32, end: f32| {
            let way = if rate > 0.0 { end + half - place } else { place + half };
            (rate != 0.0).then(|| way.max(0.0) / rate.abs())
        };
        let (across, down) = (
            along(self.face.x, self.x_rate, width),
            along(self.face.y, self.y_rate, height),
        );
        across.into_iter().chain(down).reduce(f32::min)
    }
}

/// The smallest box whose circle holds the circles of both. Tilted like `b`, the newer.
pub(super) fn hull(a: FaceBox, b: FaceBox) -> FaceBox {
    let apart = distance(a, b);
    if apart + a.size * 0.5 <= b.size * 0.5 {
        return b;
    }
    if apart + b.size * 0.5 <= a.size * 0.5 {
        return FaceBox { roll: b.roll, ..a };
    }
    let size = apart + (a.size + b.size) * 0.5;
    // From the centre of a towards that of b; the circles are not within one another, so they are apart.
    let share = (size - a.size) * 0.5 / apart.max(1e-6);
    FaceBox {
        x: a.x + (b.x - a.x) * share,
        y: a.y + (b.y - a.y) * share,
        size,
        roll: b.roll,
    }
}

/// Between the centres.
pub(super) fn distance(a: FaceBox, b: FaceBox) -> f32 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// The larger size over the smaller one.
pub(super) fn size_ratio(a: FaceBox, b: FaceBox) -> f32 {
    a.size.max(b.size) / a.size.min(b.size).max(1e-3)
}

/// The same box, that many times as large.
pub(super) fn grown(face: FaceBox, times: f32) -> FaceBox {
    FaceBox {
        size: face.size * times,
        ..face
    }
}

/// `share` of the way from `a` to `b`.
pub(super) fn between(a: FaceBox, b: FaceBox, share: f32) -> FaceBox {
    let mix = |a: f32, b: f32| a + (b - a) * share;
    FaceBox {
        x: mix(a.x, b.x),
        y: mix(a.y, b.y),
        size: mix(a.size, b.size),
        roll: mix(a.roll, b.roll),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn face(x: f32, y: f32, size: f32) -> FaceBox {
        FaceBox { x, y, size, roll: 0.0 }
    }

    #[test]
    fn steady_motion_is_learnt_and_forecast() {
        let mut motion = Motion::at(face(0.0, 0.0, 100.0));
        for step in 1..20 {
            motion.correct(face(step as f32 * 10.0, step as f32 * -4.0, 100.0), 1.0 / 30.0);
        }
        let next = motion.after(1.0 / 30.0);
        assert!((next.x - 200.0).abs() < 1.0 && (next.y + 80.0).abs() < 1.0, "{next:?}");
        assert!((motion.speed() - 3.23).abs() < 0.1);
    }

    #[test]
    fn the_way_out_takes_as_long_as_its_motion_says() {
        let mut motion = Motion::at(face(1200.0, 300.0, 100.0));
        assert_eq!(motion.exit_after(1280.0, 720.0), None);
        motion.x_rate = 130.0;
        assert!((motion.exit_after(1280.0, 720.0).unwrap() - 1.0).abs() < 1e-3);
        motion.x_rate = -1250.0;
        assert!((motion.exit_after(1280.0, 720.0).unwrap() - 1.0).abs() < 1e-3);
        motion.y_rate = -700.0;
        assert!((motion.exit_after(1280.0, 720.0).unwrap() - 0.5).abs() < 1e-3);
    }

    proptest! {
        #[test]
        fn a_hull_holds_both(
            a in (-500.0f32..2000.0, -500.0f32..2000.0, 1.0f32..900.0), b in (-500.0f32..2000.0, -500.0f32..2000.0, 1.0f32..900.0),
        ) {
            let (a, b) = (face(a.0, a.1, a.2), face(b.0, b.1, b.2));
            let hull = hull(a, b);
            for inner in [a, b] {
                prop_assert!(distance(hull, inner) + inner.size * 0.5 <= hull.size * 0.5 + 0.1, "{hull:?}");
            }
            prop_assert!(hull.size <= a.size + b.size + distance(a, b));
        }
    }
}
