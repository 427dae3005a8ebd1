//! Rules: what the room is doing now, as data, chooses what is on program.
//!
//! Pure: data and time come in, a choice and its reasons come out. `scene` reads the files, `studio/runtime` feeds and obeys.
//!
//! ```text
//! data        a JSON object, bounded: whole, or merged in by RFC 7396         → Data
//! expression  "product.stock > 0 and room == 'live'" → conditions             → Expression
//! filling     "{product.price:.2}" → text, cut to a sane length                → Filling
//! set         rules in the order of their file                                → RuleSet
//! engine      for, until, hold-down, budget, staleness                        → Step
//! explain     the same step, told: what was seen, and why                     → Explanation
//! ```
//! What comes in as data stays data: it is compared and shown, never carried out, and nothing in it is looked into for
//! placeholders a second time.

mod data;
mod engine;
mod explain;
mod expression;
mod filling;
mod set;

pub use data::{Data, DataError, MAX_BYTES, MAX_DEPTH, MAX_VALUES, find, merge, shown};
pub use engine::{By, Chosen, Engine, Mode, Step, Wait};
pub use explain::{Condition, Explained, Explanation, SeenValue};
pub use expression::{Expression, ExpressionError, Leaf, MAX_EXPRESSION};
pub use filling::{Filling, FillingError, MAX_TEXT};
pub use set::{Rule, RuleSet, Target};
