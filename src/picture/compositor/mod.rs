//! Layers into one picture, in I420 from end to end.
//!
//! Most pictures of a show are cheaper than they look, so the compositor asks in this order: has nothing changed since
//! the last picture (then it is that picture again)? Is one source all there is to see (then it is the program)? Is a
//! layer hidden by an opaque one above (then it is not drawn)? Has a layer shown the same picture before (then its
//! scaled form is kept, and only copied)? What remains is scaled straight to its place.
//!
//! Letters, images, keyed pictures and canvases have an alpha of their own; their colours are multiplied by it ([`Graphic`]). Of a kept
//! form it is known where it has anything to show, so that a line of letters costs what its ink covers.

mod lay;
mod slot;

use self::slot::{CutKind, Slot};
use super::blend::{ONE, mix, share_of};
use super::chroma_key::{ChromaKey, KeyRows};
use super::colour::BLACK;
use super::geometry::{Area, Crop, Fit, Placement, Rect, View, place};
use super::graphic::Graphic;
use super::scale::Scaler;
use super::text::fill_rect;
use super::wipe::{Edge, WipeDirection, wipe};
use crate::media::{FrameMut, FramePool, Plane, Timestamp, VideoFrame};

/// One picture and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// The picture; any size.
    pub frame: &'a VideoFrame,
    /// What of it is not seen.
    pub cut: Cut<'a>,
    /// Where it goes, in pixels of its canvas; moved to even pixels, since chroma has half the resolution.
    pub target: Rect,
    /// How it fills that rectangle.
    pub fit: Fit,
    /// What is cut off first.
    pub crop: Crop,
    /// 0 is invisible, 1 opaque.
    pub opacity: f32,
    /// How its canvas lies in the program.
    pub view: View,
}

impl<'a> Layer<'a> {
    /// All of `frame`, stretched over `target`.
    #[must_use]
    pub fn new(frame: &'a VideoFrame, target: Rect) -> Self {
        Self {
            frame,
            cut: Cut::None,
            target,
            fit: Fit::Stretch,
            crop: Crop::default(),
            opacity: 1.0,
            view: View::default(),
        }
    }

    /// All of `graphic`, stretched over `target`.
    #[must_use]
    pub fn of(graphic: &'a Graphic, target: Rect) -> Self {
        Self {
            cut: graphic.alpha.as_ref().map_or(Cut::None, Cut::Alpha),
            ..Self::new(&graphic.frame, target)
        }
    }
}

/// What of a picture is not seen.
#[derive(Clone, Copy, Debug, Default)]
pub enum Cut<'a> {
    /// All of it is.
    #[default]
    None,
    /// Its colours are multiplied by this alpha, as those of a [`Graphic`] are.
    Alpha(&'a VideoFrame),
    /// The same, and a colour is taken out of it.
    AlphaKey(&'a VideoFrame, ChromaKey),
    /// A colour is taken out.
    Key(ChromaKey),
    /// The picture is its left half; it is seen as far as the right half is white.
    Side,
    /// The picture is its upper half; it is seen as far as the lower half is white.
    Below,
}

impl<'a> Cut<'a> {
    fn kind(&self) -> CutKind {
        match *self {
            Self::None => CutKind::None,
            Self::Alpha(_) => CutKind::Alpha,
            Self::AlphaKey(_, key) => CutKind::AlphaKey(key),
            Self::Key(key) => CutKind::Key(key),
            Self::Side => CutKind::Side,
            Self::Below => CutKind::Below,
        }
    }

    fn alpha(&self) -> Option<&'a VideoFrame> {
        match self {
            Self::Alpha(alpha) | Self::AlphaKey(alpha, _) => Some(alpha),
            Self::None | Self::Key(_) | Self::Side | Self::Below => None,
        }
    }
}

/// Draws one bus. It remembers what it drew last: give each bus (program, preview) a compositor of its own.
pub struct Compositor {
    width: u32,
    height: u32,
    pool: FramePool,
    /// For kept forms: they are never shown as they are, so they take no room where pictures for the encoder lie.
    kept: FramePool,
    tools: Tools,
    /// What was drawn last, bottom first.
    slots: Vec<Slot>,
    /// What came of it.
    last: Option<Graphic>,
    /// Kept for its memory only.
    visible: Vec<Visible>,
    /// Likewise.
    edge: Edge,
}

/// What slots draw with.
struct Tools {
    scaler: Scaler,
    rows: KeyRows,
}

/// A layer that will be seen.
struct Visible {
    /// Its place in the caller's list.
    index: usize,
    placement: Placement,
    cut: CutKind,
    /// In 256ths.
    opacity: u16,
}

impl Visible {
    /// Whether nothing that lies below shows through it.
    fn is_solid(&self) -> bool {
        self.opacity == ONE && self.cut == CutKind::None
    }
}

/// What is drawn on: a picture, and its alpha where it has one.
struct Sheet {
    frame: FrameMut,
    alpha: Option<FrameMut>,
}

impl Compositor {
    /// For a program of this size, which must be even (odd sizes are rounded down, as the pool does).
    #[must_use]
    pub fn new(width: u32, height: u32, pool: FramePool) -> Self {
        Self {
            width: width & !1,
            height: height & !1,
            pool,
            kept: FramePool::new(),
            tools: Tools {
                scaler: Scaler::smooth(),
                rows: KeyRows::default(),
            },
            slots: Vec::new(),
            last: None,
            visible: Vec::new(),
            edge: Edge::default(),
        }
    }

    /// Draws the layers, bottom first, on black. The result may share its memory with an earlier result or, where one
    /// source is all there is to see, with that source's frame.
    pub fn compose(&mut self, layers: &[Layer<'_>], pts: Timestamp) -> VideoFrame {
        self.make(layers, pts, false).frame
    }

    /// Draws the layers, bottom first, on nothing: what none of them covers is transparent. A compositor that does this does only this.
    pub fn compose_clear(&mut self, layers: &[Layer<'_>], pts: Timestamp) -> Graphic {
        self.make(layers, pts, true)
    }

    fn make(&mut self, layers: &[Layer<'_>], pts: Timestamp, is_clear: bool) -> Graphic {
        let mut visible = std::mem::take(&mut self.visible);
        self.find_visible(layers, &mut visible);
        let made = if let Some(last) = self.unchanged(layers, &visible) {
            Graphic {
                frame: last.frame.at(pts),
                alpha: last.alpha.clone(),
            }
        } else if let Some(only) = self.pass_through(layers, &visible, is_clear) {
            let alpha = only.cut.alpha().cloned();
            let frame = only.frame.at(pts);
            self.slots.clear();
            self.last = None;
            Graphic { frame, alpha }
        } else {
            let Sheet { frame, alpha } = self.draw(layers, &visible, is_clear);
            let made = Graphic {
                frame: frame.freeze(pts),
                alpha: alpha.map(|alpha| alpha.freeze(pts)),
            };
            self.last = Some(made.clone());
            made
        };
        self.visible = visible;
        made
    }

    /// A mix of two pictures: `share` 0 is `from`, 1 is `to`. Pictures of other sizes than the program's are stretched.
    pub fn fade(&mut self, from: &VideoFrame, to: &VideoFrame, share: f32, pts: Timestamp) -> VideoFrame {
        let share_256 = share_of(share);
        if !self.is_sized(from) || !self.is_sized(to) {
            let full = Rect::full(self.width, self.height);
            let over = Layer {
                opacity: share,
                ..Layer::new(to, full)
            };
            return self.compose(&[Layer::new(from, full), over], pts);
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

    /// Two pictures of the program's size with an edge between them that has gone `share` of its way: `to` is behind it. Of pictures of
    /// other sizes it is the one that is seen more of.
    pub fn wipe(
        &mut self,
        from: &VideoFrame,
        to: &VideoFrame,
        share: f32,
        direction: WipeDirection,
        pts: Timestamp,
    ) -> VideoFrame {
        if share <= 0.0 || from.is_same_picture(to) {
            return from.at(pts);
        }
        if share >= 1.0 || !self.is_sized(from) || !self.is_sized(to) {
            return if share < 0.5 { from.at(pts) } else { to.at(pts) };
        }
        let mut out = self.pool.frame(self.width, self.height);
        wipe(&mut out, (from, to), share, direction, &mut self.edge);
        out.freeze(pts)
    }

    fn is_sized(&self, frame: &VideoFrame) -> bool {
        (frame.width(), frame.height()) == (self.width, self.height)
    }

    /// The layers that will be seen: inside the program, not transparent, not behind an opaque one.
    fn find_visible(&self, layers: &[Layer<'_>], visible: &mut Vec<Visible>) {
        visible.clear();
        for (index, layer) in layers.iter().enumerate() {
            let opacity = share_of(layer.opacity);
            let cut = layer.cut.kind();
            let size = cut.picture_size(layer.frame);
            let program = (self.width, self.height);
            if let Some(placement) = place(size, layer.target, layer.fit, layer.crop, &layer.view, program)
                && opacity > 0
            {
                let now = Visible {
                    index,
                    placement,
                    cut,
                    opacity,
                };
                if now.is_solid() {
                    visible.retain(|below| !placement.area.contains(&below.placement.area));
                }
                visible.push(now);
            }
        }
    }

    /// The last result, where all that is seen is the same as then.
    fn unchanged(&self, layers: &[Layer<'_>], visible: &[Visible]) -> Option<&Graphic> {
        let is_same = self.slots.len() == visible.len()
            && self.slots.iter().zip(visible).all(|(slot, now)| {
                slot.opacity == now.opacity
                    && slot.placement == now.placement
                    && slot.cut == now.cut
                    && slot.frame.is_same_picture(layers[now.index].frame)
            });
        self.last.as_ref().filter(|_| is_same)
    }

    /// The one layer that is seen, where it needs no change at all.
    fn pass_through<'a>(&self, layers: &'a [Layer<'a>], visible: &[Visible], is_clear: bool) -> Option<&'a Layer<'a>> {
        let [only] = visible else { return None };
        let layer = &layers[only.index];
        let is_whole = only.is_solid() || (is_clear && only.opacity == ONE && only.cut == CutKind::Alpha);
        let is_untouched = is_whole && is_plain(&only.placement) && self.is_full(only.placement.area);
        (self.is_sized(layer.frame) && is_untouched).then_some(layer)
    }

    fn is_full(&self, area: Area) -> bool {
        (area.width, area.height) == (self.width, self.height)
    }

    fn draw(&mut self, layers: &[Layer<'_>], visible: &[Visible], is_clear: bool) -> Sheet {
        let mut out = Sheet {
            frame: self.pool.frame(self.width, self.height),
            alpha: is_clear.then(|| self.kept.frame(self.width, self.height)),
        };
        if let Some(alpha) = &mut out.alpha {
            out.frame.fill([0; 3]);
            alpha.fill([0; 3]);
        } else {
            paint_background(&mut out.frame, visible);
        }
        self.slots.truncate(visible.len());
        for (position, now) in visible.iter().enumerate() {
            let layer = &layers[now.index];
            match self.slots.get_mut(position) {
                Some(slot) => slot.update(layer.frame, now),
                None => self.slots.push(Slot::new(layer.frame, now)),
            }
            self.slots[position].draw(layer.cut.alpha(), &mut self.tools, &self.kept, &mut out);
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
    let Some(lowest) = visible.first().filter(|lowest| lowest.is_solid()) else {
        out.fill(BLACK);
        return;
    };
    let area = lowest.placement.area;
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

#[cfg(test)]
mod tests;
