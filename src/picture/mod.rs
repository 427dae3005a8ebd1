//! Pictures made from pictures: text, colour, scaling, compositing, fades, slates, thumbnails.
//!
//! Everything works on I420 in limited-range BT.709, plane by plane: nothing on the way to air goes through RGB.

pub mod colour;
pub mod font;
pub mod text;
