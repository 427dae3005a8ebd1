//! tmp
use super::outlet::Outlet;
use super::spec::RtspSpec;
use super::supervise::Outcome;
/// e
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct RtspError;
/// r
pub fn run(_: &RtspSpec, _: &mut Outlet) -> Result<Outcome, RtspError> {
    Err(RtspError)
}
