//! What an operator sets at the sound desk: plain data, one struct for a strip and one for the buses.
//!
//! [`param`](crate::param) says what a parameter is, [`tables`] lists all of them with range, step, unit and sentence. Scene files,
//! presets, commands, the pages on screen and the reference are made from these lists; only the stages read the structs.

pub mod bus;
pub mod stages;
pub mod strip;
pub mod tables;

pub use crate::param::{Adjust, Param, ParamKind, Stage, Unit, Value};
pub use bus::{BusSettings, Ducking};
pub use stages::{Band, Compressor, DeEsser, Denoise, Eq, Gate, HighPass, Ride, Shelf};
pub use strip::{MAX_GAIN_DB, MIN_GAIN_DB, Role, StripSettings};
pub use tables::{BUS_PARAMS, STRIP_PARAMS, bus_param, strip_param};
