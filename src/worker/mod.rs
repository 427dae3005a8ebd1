//! The process border: what may crash, hang or leak runs in a worker, a process of this same binary.
//!
//! ```text
//! studio process                                        worker process (`rigcast worker encode`)
//! compositor ─▶ slot of the Arena ══ sealed memfd, mapped read-only ══▶ VideoFrame over that slot
//! RemoteEncoder ─▶ Crew ─▶ Link ── socketpair: "encode slot 3" ───────▶ child loop ─▶ H264Encoder
//!                    │       ◀────── access unit, or why not ──────────────┘
//!                    └─ dead, hung, slow? (Pulse)   when may the next one start? (Restarts)
//! ```
//!
//! A picture crosses without a copy: it is composited into shared memory, and only the number of its slot is sent. A
//! worker is handed three descriptors and nothing else: its end of a socketpair (0), the memory of the pictures (1) and a
//! pipe for its last words (2). It gets no environment and no secrets, cannot reach the network, files or other
//! processes (`fence.rs`), and dies with the studio.
//!
//! On the studio's side a worker belongs to one thread, which asks and waits for the answer. While an answer is due the
//! thread watches the worker get on with it; one that does not is killed and replaced by a spare that is ready.

pub mod analyse;
pub mod arena;
pub mod channel;
mod crew;
pub mod encode;
mod fence;
mod handshake;
mod link;
mod message;
mod pulse;
mod raw;
mod restarts;
mod serve;
mod spawn;
mod words;

pub use crew::{Crew, Report, Reporter, Unanswered, WorkerState};
pub use encode::RemoteEncoder;
pub use serve::{Role, ServeError, serve};
pub use spawn::Program;
