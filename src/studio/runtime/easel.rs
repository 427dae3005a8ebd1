//! Draws the scenes of a plan: a compositor, and one more for each canvas in the scene that is composited apart.

use super::graphics::Board;
use super::plan::{Planned, PlannedLayer};
use crate::media::{FramePool, Timestamp, VideoFrame};
use crate::picture::{Compositor, Cut, Graphic, Layer, Rect, View, WipeDirection};
use crate::scene::{MAX_LAYERS, Matte};

/// Layers of scenes as most are: for these a list is made in a moment.
const FEW: usize = 16;

/// What scenes are made of at one moment.
#[derive(Clone, Copy)]
pub struct Paints<'a> {
    /// The newest picture of each source.
    pub frames: &'a [Option<VideoFrame>],
    /// The newest graphics.
    pub board: &'a Board,
    /// The program's size.
    pub size: (u32, u32),
}

/// Draws one bus.
pub struct Easel {
    compositor: Compositor,
    size: (u32, u32),
    /// For the canvases of the scene, in their order.
    inner: Vec<Easel>,
    /// What came of them; kept for its memory.
    made: Vec<Graphic>,
}

impl Easel {
    /// Draws pictures of `size`, in memory of `pool`.
    #[must_use]
    pub fn new(size: (u32, u32), pool: FramePool) -> Self {
        Self {
            compositor: Compositor::new(size.0, size.1, pool),
            size,
            inner: Vec::new(),
            made: Vec::new(),
        }
    }

    /// The picture of `layers`. On an easel of another size than the program's it is that much larger or smaller.
    pub fn compose(&mut self, layers: &[PlannedLayer], paints: Paints<'_>, at: Timestamp) -> VideoFrame {
        self.make(layers, paints, at, false).frame
    }

    fn make(&mut self, layers: &[PlannedLayer], paints: Paints<'_>, at: Timestamp, is_clear: bool) -> Graphic {
        self.made.clear();
        for layer in layers {
            if let Planned::Canvas(inner) = &layer.what {
                let number = self.made.len();
                if self.inner.len() <= number {
                    // Once for each canvas of a scene that is new: a scene seldom has any.
                    self.inner.push(Easel::new(self.size, FramePool::new()));
                }
                let made = self.inner[number].make(inner, paints, at, true);
                self.made.push(made);
            }
        }
        // Room for those of the scene that was drawn before is given back.
        self.inner.truncate(self.made.len());
        let whole = self.whole(paints.size);
        let mut canvases = self.made.iter();
        let list = layers.iter().filter_map(|layer| {
            let (frame, alpha) = match &layer.what {
                Planned::Source(number) => (paints.frames.get(*number)?.as_ref()?, None),
                Planned::Graphic(id) => {
                    let graphic = paints.board.graphic(*id)?;
                    (&graphic.frame, graphic.alpha.as_ref())
                }
                Planned::Canvas(_) => {
                    let made = canvases.next()?;
                    (&made.frame, made.alpha.as_ref())
                }
            };
            let cut = match (alpha, layer.key) {
                (None, None) => Cut::None,
                (None, Some(key)) => Cut::Key(key),
                (Some(alpha), None) => Cut::Alpha(alpha),
                (Some(alpha), Some(key)) => Cut::AlphaKey(alpha, key),
            };
            Some(Layer {
                frame,
                cut,
                target: layer.target,
                fit: layer.fit,
                crop: layer.crop,
                opacity: layer.opacity,
                view: whole.map_or(layer.view, |whole| whole.of(&layer.view)),
            })
        });
        let compositor = &mut self.compositor;
        let mut draw = |list: &[Layer<'_>]| {
            if is_clear {
                return compositor.compose_clear(list, at);
            }
            let (frame, alpha) = (compositor.compose(list, at), None);
            Graphic { frame, alpha }
        };
        // A list on the stack, without allocation.
        if layers.len() <= FEW {
            with_list::<FEW>(list, &mut draw)
        } else {
            with_list::<MAX_LAYERS>(list, &mut draw)
        }
    }

    /// How the program lies on this easel; `None`: as it is.
    fn whole(&self, program: (u32, u32)) -> Option<View> {
        let share = |of: u32, whole: u32| f64::from(of) / f64::from(whole.max(1));
        (program != self.size).then(|| View::scaled(share(self.size.0, program.0), share(self.size.1, program.1)))
    }

    /// A mix of two pictures of this easel's size.
    pub fn fade(&mut self, from: &VideoFrame, to: &VideoFrame, share: f32, at: Timestamp) -> VideoFrame {
        self.compositor.fade(from, to, share, at)
    }

    /// Two pictures of this easel's size with an edge between them.
    pub fn wipe(
        &mut self,
        from: &VideoFrame,
        to: &VideoFrame,
        share: f32,
        direction: WipeDirection,
        at: Timestamp,
    ) -> VideoFrame {
        self.compositor.wipe(from, to, share, direction, at)
    }

    /// A clip over a picture of this easel's size, stretched over all of it.
    pub fn sting(&mut self, under: &VideoFrame, clip: &VideoFrame, matte: Matte, at: Timestamp) -> VideoFrame {
        let full = Rect::full(self.size.0, self.size.1);
        let over = Layer {
            cut: match matte {
                Matte::None => Cut::None,
                Matte::Key(key) => Cut::Key(key),
                Matte::Side => Cut::Side,
                Matte::Below => Cut::Below,
            },
            ..Layer::new(clip, full)
        };
        self.compositor.compose(&[Layer::new(under, full), over], at)
    }
}

/// Calls `draw` with what `layers` gives, the first `N` of it.
fn with_list<'a, const N: usize>(
    layers: impl Iterator<Item = Layer<'a>>,
    draw: &mut dyn FnMut(&[Layer<'a>]) -> Graphic,
) -> Graphic {
    let mut buffer = [const { None::<Layer<'_>> }; N];
    let mut count = 0;
    for layer in layers.take(N) {
        buffer[count] = Some(layer);
        count += 1;
    }
    let Some(first) = buffer[0] else { return draw(&[]) };
    let list = buffer.map(|layer| layer.unwrap_or(first));
    draw(&list[..count])
}
