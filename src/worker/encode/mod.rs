//! The encoder behind the border: [`RemoteEncoder`] in the studio, the loop of `rigcast worker encode` in the worker.

mod child;
mod message;
mod remote;

pub(super) use child::serve;
pub use remote::RemoteEncoder;
