//! The one binary: studio, clients and workers alike.

fn main() {}
