//! Moderation on screen: its page, and what is told of it everywhere else.

mod list;
pub mod page;
mod strip;
pub mod tell;
