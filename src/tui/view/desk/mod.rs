//! The sound desk on screen: the mixer pane, and the pages of a strip, of the buses and of a source's picture.

pub mod areas;
pub mod board;
pub mod braille;
pub mod buses;
mod curves;
mod figures;
pub mod loudness;
pub mod meter;
pub mod mixer;
pub mod page;
mod picture;
mod sheet;
pub mod upright;
