//! Layers into one program picture, in I420 from end to end.
//!
//! Most pictures of a show are cheaper than they look, so the compositor asks in this order: has nothing changed since
//! the last picture (then it is that picture again)? Is one source all there is to see (then it is the program)? Is a
//! layer hidden by an opaque one above (then it is not drawn)? Has a layer shown the same picture before (then its
//! scaled form is kept, and only copied)? What remains is scaled straight to its place.

use super::blend::{ONE, blend, mix, share_of};
use super::colour::BLACK;
use super::geometry::{Area, Crop, Fit, Placement, Rect, place};
use super::scale::{Scaler, halves};
use super::text::fill_rect;
use crate::media::{FrameMut, FramePool, Plane, Timestamp, VideoFrame};

/// One picture and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// The picture; any size.
    pub frame: &'a VideoFrame,
    /// Where it goes, in pixels of the program; moved to even pixels, since chroma has half the resolution.
    pub target: Rect,
    /// How it fills that rectangle.
    pub fit: Fit,
    /// What is cut off first.
    pub crop: Crop,
    /// 0 is invisible, 1 opaque.
    pub opacity: f32,
}

/// Draws one bus. It remembers what it drew last: give each bus (program, preview) a compositor of its own.
pub struct Compositor {
    width: u32,
    height: u32,
    pool: FramePool,
    scaler: Scaler,
    /// What was drawn last, bottom first.
    slots: Vec<Slot>,
    /// What came of it.
    last: Option<VideoFrame>,
    /// Kept for its memory only.
    visible: Vec<Visible>,
}

/// A layer that will be seen.
struct Visible {
    /// Its place in the caller's list.
    index: usize,
    placement: Placement,
    /// In 256ths.
    opacity: u16,
}

/// A layer that was drawn, and its scaled form if that is worth keeping.
struct Slot {
    frame: VideoFrame,
    placement: Placement,
    opacity: u16,
    /// This picture has been drawn more than once.
    is_repeated: bool,
    /// The picture before it was: the source is slower than the program, so the next picture will be repeated too.
    is_slow: bool,
    /// As large as the area.
    scaled: Option<FrameMut>,
    is_scaled: bool,
}

impl Compositor {
    /// For a program of this size, which must be even (odd sizes are rounded down, as the pool does).
    #[must_use]
    pub fn new(width: u32, height: u32, pool: FramePool) -> Self {
        Self {
            width: width & !1,
            height: height & !1,
            pool,
            scaler: Scaler::smooth(),
            slots: Vec::new(),
            last: None,
            visible: Vec::new(),
        }
    }

    /// Draws the layers, bottom first, on black. The result may share its memory with an earlier result or, where one
    /// source is all there is to see, with that source's frame.
    pub fn compose(&mut self, layers: &[Layer<'_>], pts: Timestamp) -> VideoFrame {
        let mut visible = std::mem::take(&mut self.visible);
        self.find_visible(layers, &mut visible);
        let frame = if let Some(last) = self.unchanged(layers, &visible) {
            last.at(pts)
        } else if let Some(only) = self.pass_through(layers, &visible) {
            self.slots.clear();
            self.last = None;
            only.at(pts)
        } else {
            let frame = self.draw(layers, &visible).freeze(pts);
            self.last = Some(frame.clone());
            frame
        };
        self.visible = visible;
        frame
    }

    /// A mix of two pictures: `share` 0 is `from`, 1 is `to`. Pictures of other sizes than the program's are stretched.
    pub fn fade(&mut self, from: &VideoFrame, to: &VideoFrame, share: f32, pts: Timestamp) -> VideoFrame {
        let share_256 = share_of(share);
        let is_sized = |frame: &VideoFrame| (frame.width(), frame.height()) == (self.width, self.height);
        if !is_sized(from) || !is_sized(to) {
            let layer = |frame, opacity| Layer {
                frame,
                target: Rect::full(self.width, self.height),
                fit: Fit::Stretch,
                crop: Crop::default(),
                opacity,
            };
            return self.compose(&[layer(from, 1.0), layer(to, share)], pts);
        }
        if share_256 == 0 || from.is_same_picture(to) {
            return from.at(pts);
        }
        if share_256 == ONE {
            return to.at(pts);
        }
        let mut out = self.pool.frame(self.width, self.height);
        for plane in [Plane::Y, Plane::U, Plane::V] {
            mix(out.plane_mut(plane), from.plane(plane), to.plane(plane), share_256);
        }
        out.freeze(pts)
    }

    /// The layers that will be seen: inside the program, not transparent, not behind an opaque one.
    fn find_visible(&self, layers: &[Layer<'_>], visible: &mut Vec<Visible>) {
        visible.clear();
        for (index, layer) in layers.iter().enumerate() {
            let opacity = share_of(layer.opacity);
            let size = (layer.frame.width(), layer.frame.height());
            let program = (self.width, self.height);
            if let Some(placement) = place(size, layer.target, layer.fit, layer.crop, program)
                && opacity > 0
            {
                if opacity == ONE {
                    visible.retain(|below| !placement.area.contains(&below.placement.area));
                }
                visible.push(Visible {
                    index,
                    placement,
                    opacity,
                });
            }
        }
    }

    /// The last result, where all that is seen is the same as then.
    fn unchanged(&self, layers: &[Layer<'_>], visible: &[Visible]) -> Option<&VideoFrame> {
        let is_same = self.slots.len() == visible.len()
            && self.slots.iter().zip(visible).all(|(slot, now)| {
                slot.opacity == now.opacity
                    && slot.placement == now.placement
                    && slot.frame.is_same_picture(layers[now.index].frame)
            });
        self.last.as_ref().filter(|_| is_same)
    }

    /// The one frame that is seen, where it needs no change at all.
    fn pass_through<'a>(&self, layers: &[Layer<'a>], visible: &[Visible]) -> Option<&'a VideoFrame> {
        let [only] = visible else { return None };
        let frame = layers[only.index].frame;
        let is_sized = (frame.width(), frame.height()) == (self.width, self.height);
        let is_untouched = only.opacity == ONE && is_plain(&only.placement) && self.is_full(only.placement.area);
        (is_sized && is_untouched).then_some(frame)
    }

    fn is_full(&self, area: Area) -> bool {
        (area.width, area.height) == (self.width, self.height)
    }

    fn draw(&mut self, layers: &[Layer<'_>], visible: &[Visible]) -> FrameMut {
        let mut out = self.pool.frame(self.width, self.height);
        paint_background(&mut out, visible);
        self.slots.truncate(visible.len());
        for (position, now) in visible.iter().enumerate() {
            let frame = layers[now.index].frame;
            match self.slots.get_mut(position) {
                Some(slot) => slot.update(frame, now),
                None => self.slots.push(Slot::new(frame, now)),
            }
            self.slots[position].draw(&mut self.scaler, &self.pool, &mut out);
        }
        out
    }
}

/// Whether the source is read as it is, pixel by pixel.
fn is_plain(placement: &Placement) -> bool {
    let (source, area) = (&placement.source, placement.area);
    (source.width, source.height) == (f64::from(area.width), f64::from(area.height))
        && source.left % 2.0 == 0.0
        && source.top % 2.0 == 0.0
}

/// Black where the lowest layer does not cover.
fn paint_background(out: &mut FrameMut, visible: &[Visible]) {
    let (width, height) = (out.width(), out.height());
    let Some(Visible {
        placement: Placement { area, .. },
        opacity: ONE,
        ..
    }) = visible.first()
    else {
        out.fill(BLACK);
        return;
    };
    let (right, bottom) = (area.x + area.width, area.y + area.height);
    for (x, y, width, height) in [
        (0, 0, width, area.y),
        (0, bottom, width, height - bottom),
        (0, area.y, area.x, area.height),
        (right, area.y, width - right, area.height),
    ] {
        fill_rect(out, x as i32, y as i32, width, height, BLACK);
    }
}

impl Slot {
    fn new(frame: &VideoFrame, now: &Visible) -> Self {
        Self {
            frame: frame.clone(),
            placement: now.placement,
            opacity: now.opacity,
            is_repeated: false,
            is_slow: false,
            scaled: None,
            is_scaled: false,
        }
    }

    fn update(&mut self, frame: &VideoFrame, now: &Visible) {
        self.opacity = now.opacity;
        if self.placement == now.placement && self.frame.is_same_picture(frame) {
            self.is_repeated = true;
            return;
        }
        self.is_slow = self.is_repeated && self.placement == now.placement;
        self.is_repeated = false;
        self.is_scaled = false;
        if self.placement.area != now.placement.area {
            self.scaled = None;
        }
        self.placement = now.placement;
        self.frame = frame.clone();
    }

    fn draw(&mut self, scaler: &mut Scaler, pool: &FramePool, out: &mut FrameMut) {
        let Placement { source, area } = self.placement;
        let is_opaque = self.opacity == ONE;
        let is_worth_keeping = !is_plain(&self.placement) && (self.is_repeated || self.is_slow);
        if is_opaque && !is_worth_keeping {
            scaler.scale(&self.frame, &source, out, area);
            return;
        }
        let scaled = self.scaled.get_or_insert_with(|| pool.frame(area.width, area.height));
        if !self.is_scaled {
            let whole = Area { x: 0, y: 0, ..area };
            scaler.scale(&self.frame, &source, scaled, whole);
            self.is_scaled = true;
        }
        for plane in [Plane::Y, Plane::U, Plane::V] {
            lay(scaled, out, plane, self.placement, self.opacity);
        }
    }
}

/// Puts one plane of `over` at its place in `out`.
fn lay(over: &FrameMut, out: &mut FrameMut, plane: Plane, placement: Placement, opacity: u16) {
    let area = match plane {
        Plane::Y => placement.area,
        Plane::U | Plane::V => halves(&placement.source, placement.area).1,
    };
    let (x, width) = (area.x as usize, area.width as usize);
    let stride = out.stride(plane);
    let rows = out.plane_mut(plane).chunks_exact_mut(stride).skip(area.y as usize);
    for (under, over) in rows.zip(over.plane(plane).chunks_exact(width)) {
        let under = &mut under[x..x + width];
        if opacity == ONE {
            under.copy_from_slice(over);
        } else {
            blend(under, over, opacity);
        }
    }
}
