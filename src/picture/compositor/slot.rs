//! One layer that was drawn, and what of it is worth keeping for the next picture.

use super::super::blend::ONE;
use super::super::chroma_key::{ChromaKey, product, take_out};
use super::super::geometry::{Area, Placement, SourceBox};
use super::super::graphic::alpha_of;
use super::super::scale::{Destination, halves};
use super::lay::{Over, cover, lay_multiplied, lay_solid};
use super::{Sheet, Tools, Visible, is_plain};
use crate::media::{FrameMut, FramePool, Plane, VideoFrame};

/// What is cut, without the picture that says where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum CutKind {
    None,
    Alpha,
    AlphaKey(ChromaKey),
    Key(ChromaKey),
    Side,
    Below,
}

impl CutKind {
    /// The size of what is seen of `frame`.
    pub(super) fn picture_size(self, frame: &VideoFrame) -> (u32, u32) {
        let (width, height) = (frame.width(), frame.height());
        let half = |side: u32| ((side / 2) & !1).max(2);
        match self {
            Self::Side => (half(width), height),
            Self::Below => (width, half(height)),
            Self::None | Self::Alpha | Self::AlphaKey(_) | Self::Key(_) => (width, height),
        }
    }
}

/// A layer that was drawn, and its scaled form if that is worth keeping.
pub(super) struct Slot {
    pub frame: VideoFrame,
    pub placement: Placement,
    pub cut: CutKind,
    pub opacity: u16,
    /// This picture has been drawn more than once.
    is_repeated: bool,
    /// The picture before it was: the source is slower than the program, so the next picture will be repeated too.
    is_slow: bool,
    /// As large as the area.
    scaled: Option<FrameMut>,
    /// Likewise, with the colours multiplied by it.
    alpha: Option<FrameMut>,
    is_scaled: bool,
    /// From where to where each pair of rows has anything to show, in pixels; as many as the area has, where that is known.
    ink: Vec<(u32, u32)>,
}

impl Slot {
    pub(super) fn new(frame: &VideoFrame, now: &Visible) -> Self {
        Self {
            frame: frame.clone(),
            placement: now.placement,
            cut: now.cut,
            opacity: now.opacity,
            is_repeated: false,
            is_slow: false,
            scaled: None,
            alpha: None,
            is_scaled: false,
            ink: Vec::new(),
        }
    }

    pub(super) fn update(&mut self, frame: &VideoFrame, now: &Visible) {
        self.opacity = now.opacity;
        let is_same_form = self.placement == now.placement && self.cut == now.cut;
        if is_same_form && self.frame.is_same_picture(frame) {
            self.is_repeated = true;
            return;
        }
        self.is_slow = self.is_repeated && self.placement == now.placement;
        self.is_repeated = false;
        self.is_scaled = false;
        self.ink.clear();
        if self.placement.area != now.placement.area {
            self.scaled = None;
            self.alpha = None;
        }
        self.placement = now.placement;
        self.cut = now.cut;
        self.frame = frame.clone();
    }

    /// Draws it on `out`. `alpha` is that of the frame, where it has one.
    pub(super) fn draw(&mut self, alpha: Option<&VideoFrame>, tools: &mut Tools, pool: &FramePool, out: &mut Sheet) {
        match (self.cut, alpha) {
            (CutKind::None, _) => self.draw_solid(tools, pool, out),
            (CutKind::Alpha, Some(alpha)) if is_plain(&self.placement) => self.draw_as_it_is(alpha, out),
            _ => self.draw_cut(alpha, tools, pool, out),
        }
    }

    fn draw_solid(&mut self, tools: &mut Tools, pool: &FramePool, out: &mut Sheet) {
        let Placement { source, area } = self.placement;
        if let Some(alpha) = &mut out.alpha {
            for plane in [Plane::Y, Plane::U] {
                let stride = alpha.stride(plane);
                cover(
                    alpha.plane_mut(plane),
                    stride,
                    area_of(plane, &self.placement),
                    self.opacity,
                );
            }
        }
        let is_opaque = self.opacity == ONE;
        let is_worth_keeping = !is_plain(&self.placement) && (self.is_repeated || self.is_slow);
        if is_opaque && !is_worth_keeping {
            tools.scaler.scale(&self.frame, &source, &mut out.frame, area);
            return;
        }
        let scaled = self.scaled.get_or_insert_with(|| pool.frame(area.width, area.height));
        if !self.is_scaled {
            tools.scaler.scale(&self.frame, &source, scaled, whole(area));
            self.is_scaled = true;
        }
        for plane in [Plane::Y, Plane::U, Plane::V] {
            let stride = out.frame.stride(plane);
            let over = all_of(scaled, plane);
            lay_solid(
                out.frame.plane_mut(plane),
                stride,
                over,
                area_of(plane, &self.placement),
                self.opacity,
            );
        }
    }

    /// Pixel by pixel from where it lies.
    fn draw_as_it_is(&mut self, alpha: &VideoFrame, out: &mut Sheet) {
        let source = self.placement.source;
        let over = |frame: &VideoFrame, plane: Plane| {
            let by = if plane == Plane::Y { 1 } else { 2 };
            (frame.stride(plane), source.left as usize / by, source.top as usize / by)
        };
        let corner = |plane| {
            let (stride, x, y) = over(alpha, alpha_of(plane));
            let bytes = alpha.plane(alpha_of(plane));
            Over { bytes, stride, x, y }
        };
        if self.ink.is_empty() {
            find_ink(&mut self.ink, self.placement.area, corner(Plane::Y), corner(Plane::U));
        }
        let frame = &self.frame;
        let colours = |plane| {
            let (stride, x, y) = over(frame, plane);
            let bytes = frame.plane(plane);
            Over { bytes, stride, x, y }
        };
        lay_all(out, &self.placement, self.opacity, &self.ink, &colours, &corner);
    }

    /// From its scaled form, which is made first where it is not there.
    fn draw_cut(&mut self, alpha: Option<&VideoFrame>, tools: &mut Tools, pool: &FramePool, out: &mut Sheet) {
        let Placement { source, area } = self.placement;
        let scaled = self.scaled.get_or_insert_with(|| pool.frame(area.width, area.height));
        let kept = self.alpha.get_or_insert_with(|| pool.frame(area.width, area.height));
        if !self.is_scaled {
            tools.scaler.scale(&self.frame, &source, scaled, whole(area));
            match self.cut {
                CutKind::None => kept.fill([u8::MAX; 3]),
                CutKind::Alpha | CutKind::AlphaKey(_) => {
                    if let Some(alpha) = alpha {
                        tools.scaler.scale_plane(alpha, Plane::Y, &source, onto(kept, Plane::Y));
                        let (source, _) = halves(&source, area);
                        tools.scaler.scale_plane(alpha, Plane::U, &source, onto(kept, Plane::U));
                    } else {
                        kept.fill([u8::MAX; 3]);
                    }
                    if let CutKind::AlphaKey(key) = self.cut {
                        take_out(&key, scaled, kept, true, &mut tools.rows);
                    }
                }
                CutKind::Key(key) => take_out(&key, scaled, kept, false, &mut tools.rows),
                CutKind::Side | CutKind::Below => {
                    let matte = matte_box(self.cut, &self.frame, &source);
                    for plane in [Plane::Y, Plane::U] {
                        tools
                            .scaler
                            .scale_plane(&self.frame, Plane::Y, &matte, onto(kept, plane));
                        full_range(kept.plane_mut(plane));
                    }
                    for plane in [Plane::Y, Plane::U, Plane::V] {
                        let alpha = kept.plane(alpha_of(plane));
                        for (code, alpha) in scaled.plane_mut(plane).iter_mut().zip(alpha) {
                            *code = product(*code, *alpha);
                        }
                    }
                }
            }
            self.is_scaled = true;
        }
        let (scaled, kept) = (&*scaled, &*kept);
        // What is seen once is looked through no sooner than it is drawn; what stays is looked through once.
        if self.is_repeated && self.ink.is_empty() {
            find_ink(&mut self.ink, area, all_of(kept, Plane::Y), all_of(kept, Plane::U));
        }
        let colours = |plane| all_of(scaled, plane);
        let alphas = |plane| all_of(kept, alpha_of(plane));
        lay_all(out, &self.placement, self.opacity, &self.ink, &colours, &alphas);
    }
}

/// Lays all planes over `out`, the alpha of which grows by that of what is laid.
fn lay_all<'a>(
    out: &mut Sheet,
    placement: &Placement,
    opacity: u16,
    ink: &[(u32, u32)],
    colours: &dyn Fn(Plane) -> Over<'a>,
    alphas: &dyn Fn(Plane) -> Over<'a>,
) {
    let ink_of = |plane: Plane, width: u32| {
        move |y: usize| {
            let (pair, by) = if plane == Plane::Y { (y / 2, 1) } else { (y, 2) };
            match ink.get(pair) {
                Some((from, to)) => ((from / by) as usize, (to / by) as usize),
                None => (0, width as usize),
            }
        }
    };
    for plane in [Plane::Y, Plane::U, Plane::V] {
        let area = area_of(plane, placement);
        let stride = out.frame.stride(plane);
        let over = (colours(plane), alphas(plane));
        lay_multiplied(
            out.frame.plane_mut(plane),
            stride,
            over,
            area,
            opacity,
            ink_of(plane, area.width),
        );
    }
    if let Some(alpha) = &mut out.alpha {
        for plane in [Plane::Y, Plane::U] {
            let area = area_of(plane, placement);
            let stride = alpha.stride(plane);
            let over = (alphas(plane), alphas(plane));
            lay_multiplied(
                alpha.plane_mut(plane),
                stride,
                over,
                area,
                opacity,
                ink_of(plane, area.width),
            );
        }
    }
}

/// Finds from where to where each pair of rows has any alpha, in even pixels.
fn find_ink(ink: &mut Vec<(u32, u32)>, area: Area, full: Over<'_>, half: Over<'_>) {
    ink.clear();
    let (width, height) = (area.width as usize, area.height as usize);
    let row = |of: Over<'_>, y: usize, width: usize| {
        let start = (of.y + y) * of.stride + of.x;
        let row = &of.bytes[start..start + width];
        let first = row.iter().position(|alpha| *alpha > 0)?;
        let last = row.iter().rposition(|alpha| *alpha > 0)?;
        Some((first as u32, last as u32 + 1))
    };
    let pairs = (0..height / 2).map(|pair| {
        let upper = row(full, 2 * pair, width);
        let lower = row(full, 2 * pair + 1, width);
        let chroma = row(half, pair, width / 2).map(|(from, to)| (2 * from, 2 * to));
        let all = [upper, lower, chroma].into_iter().flatten();
        let joined = all.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        joined.map_or((0, 0), |(from, to)| (from & !1, to.next_multiple_of(2).min(area.width)))
    });
    ink.extend(pairs);
}

/// Where the alpha of a picture with its matte beside or below it is read.
fn matte_box(cut: CutKind, frame: &VideoFrame, source: &SourceBox) -> SourceBox {
    let half = |side: u32| f64::from(side) / 2.0;
    match cut {
        CutKind::Side => SourceBox {
            left: source.left + half(frame.width()),
            ..*source
        },
        _ => SourceBox {
            top: source.top + half(frame.height()),
            ..*source
        },
    }
}

/// Codes from 16 to 235 as shares from 0 to 255.
fn full_range(codes: &mut [u8]) {
    for code in codes {
        let above = u32::from(code.saturating_sub(16).min(219));
        // 255 / 219 in 65536ths.
        *code = ((above * 76_309 + 32_768) >> 16) as u8;
    }
}

fn whole(area: Area) -> Area {
    Area { x: 0, y: 0, ..area }
}

/// The area of a placement in samples of a plane.
fn area_of(plane: Plane, placement: &Placement) -> Area {
    match plane {
        Plane::Y => placement.area,
        Plane::U | Plane::V => halves(&placement.source, placement.area).1,
    }
}

fn all_of(frame: &FrameMut, plane: Plane) -> Over<'_> {
    Over {
        bytes: frame.plane(plane),
        stride: frame.stride(plane),
        x: 0,
        y: 0,
    }
}

/// All of a plane, to be scaled to.
fn onto(frame: &mut FrameMut, plane: Plane) -> Destination<'_> {
    let (width, height) = match plane {
        Plane::Y => (frame.width(), frame.height()),
        Plane::U | Plane::V => (frame.width() / 2, frame.height() / 2),
    };
    let area = Area {
        x: 0,
        y: 0,
        width,
        height,
    };
    Destination {
        stride: frame.stride(plane) as u32,
        bytes: frame.plane_mut(plane),
        area,
    }
}
