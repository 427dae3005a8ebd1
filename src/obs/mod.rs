//! obs-websocket 5: existing controllers drive a studio as if it were OBS.
//!
//! `obs-websocket` protocol 5.x, RPC version 1 (the document `protocol.md` of the project obs-websocket). A client of the desk like `control`:
//! what it asks for becomes commands of the one table.
