//! Pictures made from pictures: text, colour, scaling, compositing, fades, slates, thumbnails; and whether one is black or frozen.
//!
//! Everything works on I420 in limited-range BT.709, plane by plane: nothing on the way to air goes through RGB. Kernels
//! are those of SIMD libraries, or loops that the compiler vectorises; buffers are kept from one picture to the next.

mod blend;
mod chroma_key;
pub mod colour;
mod compositor;
pub mod enhance;
pub mod font;
mod geometry;
mod graphic;
pub mod lettering;
pub mod occlude;
mod scale;
mod slate;
pub mod text;
mod text_style;
mod thumbnail;
mod watch;
mod wipe;

pub use chroma_key::ChromaKey;
pub use compositor::{Compositor, Cut, Layer};
pub use enhance::{Enhancer, PICTURE_PARAMS, PictureSettings, picture_param};
pub use geometry::{Crop, Fit, Rect, View};
pub use graphic::Graphic;
pub use slate::slate;
pub use text_style::{Align, TextStyle};
pub use thumbnail::Thumbnailer;
pub use watch::{BlackWatch, FrozenWatch};
pub use wipe::WipeDirection;
