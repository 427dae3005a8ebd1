//! Faces on screen: their boxes over program, what is told of them wherever the operator looks, and a page about them.

mod boxes;
pub mod page;
pub mod tell;

pub use boxes::boxes;
