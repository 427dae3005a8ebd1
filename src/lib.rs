//! rigcast: a keyboard-driven stream studio for the terminal. This is the map; `docs/architecture.md` walks it.
//!
//! ```text
//! FRAME  source/{pattern,file,rtsp,camera,screen,pipe,rtmp}  own threads  → source/queue.rs
//!        studio/runtime/picture_loop.rs  one tick: newest frames, plan    → picture/{enhance,compositor,slate}
//!        studio/runtime/graphics/    letters, images, colours of scenes, on a thread of their own → picture/lettering
//!        studio/runtime/encoding.rs  short queue, skipped when late       → worker/encode/remote.rs
//!        studio/runtime/air/  held, gate, verdict on faces, masks or cover → picture/occlude/
//!        ══ process border: worker/{arena,crew,link,pulse}.rs ══          → worker/encode/child.rs → encode/h264.rs
//!        studio/runtime/ladder.rs    smaller renditions, while somebody takes them, each over that border
//!        studio/runtime/outlet.rs    fan-out that nobody can hold up      → publish/{queue,driver}.rs over wire/{rtmp,rtp,rtp_push,…}
//!                                                                         → relay/ (viewers), record/ (disk) over wire/fmp4
//! SOUND  source/microphone/, and all with sound → source/sound.rs  resampled, on the 10 ms grid, lock-free ring
//!        studio/runtime/sound_loop.rs  one block: sound/mixer.rs (strip, denoise, limiter, meters)
//!        studio/runtime/encoding.rs                                       → encode/aac.rs → outlet
//! HOLD   studio/runtime/{holding,air/sound}.rs  sound before its encoder, packets behind theirs, on one course → hold/
//! WORD   worker/analyse/words.rs → speech/{engine,judge}: words, verdicts, how far it has judged → studio/runtime/moderating.rs → hold
//! LOOKS  worker/analyse/checks.rs → vision/check: codes, images, classifiers → moderating.rs → air/areas.rs and hold
//! TAP    studio/runtime/tap_loop.rs  small pictures, newest wins          → control/taps.rs → tui/monitor (cells or pixels)
//!        → tui/view → tui/screen.rs (what has changed), as much as tui/governor says that the link carries → terminal
//! CUE    scene/cues.rs (file) → cue/ (pure: what is due) → studio/runtime/core/cueing.rs → each command as an order of its own
//! LOOK   studio/runtime/analysis.rs  pictures, all sound                  → worker/analyse/ → events, stamps for the gate
//! FACE   worker/analyse/faces.rs → vision/{finder,schedule,detector,tracker}: a verdict for each picture → studio/runtime/air/
//! KEY    tui/terminal/input.rs (keys, answers) → tui/keymap/ → control/client.rs ─┐
//! CTL    cli/ctl.rs                                           → control/client.rs ─┴→ control/server.rs → studio/command/ (against studio/command/table.rs)
//!        → studio/update.rs (pure) → studio/runtime/core.rs (effects) → studio/model.rs → every client's tui/view
//! DECK   obs/ (controllers made for OBS: pure but for server and connection)  → control/desk.rs, like CTL; events out of the model
//! NET    publish/sight.rs  a sample of each connection, 20 times a second; audience/ counts of viewers
//!        → studio/runtime/adapting.rs → adapt/ (pure: what is carried, what may be sent, why) → studio/update/adapt.rs
//!        → studio/runtime/line.rs (rate, frame rate, size), encode/switching.rs (sound), relay (which renditions)
//! SAVE   studio/runtime/watching.rs → scene/{diff,merge}.rs → studio/update/apply.rs → studio/runtime/{cast,regroup}.rs
//! SHOW   scene/  raw text → checked Show, every error with its place; scene/write_back/ the way back
//! TEXT   studio/fill.rs → studio/runtime/graphics/ (when it says something else) → picture/lettering/ → studio/runtime/easel.rs → picture/compositor/
//! CUE    cue/ (pure: what is due) → studio/runtime/core/cueing.rs (sleeps until then) → commands
//! FIND   source/inventory.rs (what this rig has) → studio/runtime/core/sourcing.rs → scene/write_back/sources.rs (text) → SAVE
//! DATA   studio/runtime/data*.rs (file, HTTP, command) → rules/ (pure: which scene, why) → studio/update/rules.rs
//! OBS    obs/ (obs-websocket 5) → control::desk like any client
//! ```
//!
//! Who may know whom is a rule that `tests/repo_rules.rs` keeps: `media` knows nobody; the stages know `media`; `studio`
//! knows the stages and the workers that run some of them; `control` and `tui` know the model and the commands, never a stage.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)
)]

pub mod adapt;
pub mod audience;
pub mod cli;
pub mod clock;
pub mod control;
pub mod cue;
pub mod encode;
pub mod folders;
pub mod hold;
pub mod media;
pub mod obs;
pub mod param;
pub mod picture;
pub mod publish;
pub mod record;
pub mod relay;
pub mod rules;
pub mod scene;
pub mod secret;
pub mod sockopt;
pub mod sound;
pub mod source;
pub mod speech;
pub mod studio;
pub mod suggest;
pub mod trust;
pub mod tui;
pub mod vision;
pub mod wire;
pub mod worker;
