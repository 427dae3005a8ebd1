//! The sound desk on screen: the mixer pane, and the pages of a strip, of the buses and of a source's picture.

pub mod areas;
pub mod braille;
mod buses;
mod curves;
mod figures;
mod loudness;
mod meter;
pub mod mixer;
pub mod page;
mod picture;
mod sheet;
