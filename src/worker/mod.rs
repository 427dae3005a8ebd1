//! The process border: what may crash, hang or leak runs in workers, processes of this same binary.

pub mod analyse;
