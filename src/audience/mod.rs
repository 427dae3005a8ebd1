//! How many watch: asked of the servers that know, every few seconds, and never taken for more than they say.
//!
//! ```text
//! StatsSpec → driver (a task: ask, wait, back off) → fetch (HTTP/1.1, TLS, bounded) → count (pure: bytes → viewers)
//!           → AudienceReport → Tally (pure: several servers and the relay → one sum, or the word that it is not known)
//! ```
//! A count that is wrong is worse than none: it would change what everybody sees. So whatever is late, refused or not
//! understood is told as such, and [`Tally`] says "not known" rather than a sum with a hole in it.

mod connect;
pub mod count;
mod driver;
mod error;
mod fetch;
mod spec;
mod tally;

pub use driver::{AudienceHandle, AudienceReport, start};
pub use error::AudienceError;
pub use spec::{StatsKind, StatsSpec};
pub use tally::{Note, SourceCount, Standing, Tally};
