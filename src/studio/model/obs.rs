//! Controllers made for OBS, as clients see them.

use serde::{Deserialize, Serialize};

/// The server for controllers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsModel {
    /// Where controllers find it: `ws://127.0.0.1:4455`. Empty while it cannot be had.
    pub url: String,
    /// Why it cannot be had, if so.
    pub failure: Option<String>,
    /// How many are connected and known.
    pub controllers: usize,
}
