//! Faces in pictures, without a clock: the clips that tests are made of, what is found in them, and what is still seen of it.

#[path = "../common/extent.rs"]
mod extent;
#[path = "../faces_common/mod.rs"]
mod faces_common;
#[path = "../common/peers.rs"]
mod peers;

mod clip;
mod found;
mod hidden;
