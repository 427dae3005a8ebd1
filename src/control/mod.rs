//! The control socket: JSON-RPC 2.0 in lines over a unix socket, and pictures for monitors on connections of their own.

pub mod protocol;
