//! A picture with transparent parts: letters, an image, a canvas.
//!
//! Its colours are multiplied by their alpha, code by code, and chroma by the mean alpha of its four pixels. So nothing that is scaled
//! or mixed can show a colour that was only there where nothing is seen, and laying it over a picture is one multiplication a sample.

use super::chroma_key::product;
use crate::media::{FramePool, Plane, Timestamp, VideoFrame};

/// A picture, and how much of it hides what lies below. Clones share the memory.
#[derive(Clone, Debug)]
pub struct Graphic {
    /// The colours; multiplied by alpha where there is one.
    pub frame: VideoFrame,
    /// Of the same size: alpha in Y, the mean of each four pixels in U; V means nothing. `None`: opaque.
    pub alpha: Option<VideoFrame>,
}

impl Graphic {
    /// A graphic of `width` × `height` pixels, as the pool rounds them, of red, green, blue, alpha. `pixel` is asked once for each, row by
    /// row; its colours are not multiplied by its alpha.
    #[must_use]
    pub fn paint(pool: &FramePool, width: u32, height: u32, mut pixel: impl FnMut(u32, u32) -> [u8; 4]) -> Self {
        Self::paint_multiplied(pool, width, height, |x, y| {
            let [r, g, b, alpha] = pixel(x, y);
            [product(r, alpha), product(g, alpha), product(b, alpha), alpha]
        })
    }

    /// The same of pixels whose colours are multiplied.
    pub(super) fn paint_multiplied(
        pool: &FramePool,
        width: u32,
        height: u32,
        mut pixel: impl FnMut(u32, u32) -> [u8; 4],
    ) -> Self {
        let mut frame = pool.frame(width, height);
        let mut alpha = pool.frame(width, height);
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let mut is_opaque = true;
        let (luma, blue, red) = frame.planes_mut();
        let (full, half, rest) = alpha.planes_mut();
        rest.fill(0);
        let mut last = ([0; 4], [0; 4]);
        let mut sums = vec![[0_u32; 3]; width / 2];
        for y in 0..height {
            if y % 2 == 0 {
                sums.fill([0; 3]);
            }
            for x in 0..width {
                let rgba = pixel(x as u32, y as u32);
                if rgba != last.0 {
                    last = (rgba, multiplied(rgba));
                }
                let [y_code, u, v, a] = last.1;
                luma[y * width + x] = y_code;
                full[y * width + x] = a;
                is_opaque &= a == u8::MAX;
                let sum = &mut sums[x / 2];
                sum[0] += u32::from(u);
                sum[1] += u32::from(v);
                sum[2] += u32::from(a);
            }
            if y % 2 == 1 {
                let row = y / 2 * (width / 2);
                for (x, sum) in sums.iter().enumerate() {
                    let [u, v, a] = sum.map(|sum| ((sum + 2) / 4) as u8);
                    (blue[row + x], red[row + x], half[row + x]) = (u, v, a);
                }
            }
        }
        let frame = frame.freeze(Timestamp::ZERO);
        let alpha = (!is_opaque).then(|| alpha.freeze(Timestamp::ZERO));
        Self { frame, alpha }
    }

    /// One colour. It is small, to be stretched.
    #[must_use]
    pub fn plain(pool: &FramePool, rgba: [u8; 4]) -> Self {
        Self::paint(pool, 2, 2, |_, _| rgba)
    }

    /// Whether both are the same memory.
    #[must_use]
    pub fn is_same_picture(&self, other: &Self) -> bool {
        self.frame.is_same_picture(&other.frame)
    }

    /// The samples of `plane` with the alpha that belongs to them; none where all is opaque.
    #[must_use]
    pub fn plane(&self, plane: Plane) -> (&[u8], Option<&[u8]>) {
        let alpha = self.alpha.as_ref().map(|alpha| alpha.plane(alpha_of(plane)));
        (self.frame.plane(plane), alpha)
    }
}

/// The plane of an alpha picture that belongs to `plane`.
pub(super) fn alpha_of(plane: Plane) -> Plane {
    match plane {
        Plane::Y => Plane::Y,
        Plane::U | Plane::V => Plane::U,
    }
}

/// Y, U and V times alpha, and alpha: of an opaque colour what [`yuv_of_rgb`](super::colour::yuv_of_rgb) makes of it, and linear from there
/// down.
fn multiplied([r, g, b, alpha]: [u8; 4]) -> [u8; 4] {
    let share = f32::from(alpha) / 255.0;
    let (r, g, b) = (f32::from(r) / 255.0, f32::from(g) / 255.0, f32::from(b) / 255.0);
    let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let y = 16.0 * share + 219.0 * luma;
    let u = 128.0 * share + 224.0 * (b - luma) / 1.8556;
    let v = 128.0 * share + 224.0 * (r - luma) / 1.5748;
    let [y, u, v] = [y, u, v].map(|code| (code + 0.5) as u8);
    [y, u, v, alpha]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_multiplied_and_means_are_taken() {
        let pool = FramePool::new();
        let graphic = Graphic::paint(
            &pool,
            4,
            2,
            |x, _| if x == 0 { [255, 0, 0, 255] } else { [0, 0, 255, 0] },
        );
        let (luma, alpha) = graphic.plane(Plane::Y);
        assert_eq!(luma, [63, 0, 0, 0, 63, 0, 0, 0]);
        assert_eq!(alpha.unwrap(), [255, 0, 0, 0, 255, 0, 0, 0]);
        let (blue, alpha) = graphic.plane(Plane::U);
        assert_eq!((blue, alpha.unwrap()), (&[51, 0][..], &[128, 0][..]));
        assert_eq!(graphic.plane(Plane::V).0, [120, 0]);
    }

    #[test]
    fn what_is_opaque_has_no_alpha() {
        let pool = FramePool::new();
        assert!(Graphic::plain(&pool, [1, 2, 3, 255]).alpha.is_none());
        assert!(Graphic::plain(&pool, [1, 2, 3, 254]).alpha.is_some());
    }
}
