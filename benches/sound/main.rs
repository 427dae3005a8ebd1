//! What 10 ms of sound cost. A block lasts 10,000 µs: 100 µs are 1 % of a core.
//!
//! ```text
//! cargo bench --bench sound               each part on its own, by criterion (wall clock)
//! cargo bench --bench sound -- desk       full strips: mean and worst block against the goals (CPU time of the thread)
//! benches/peers/sound_ffmpeg.sh           the same chain through ffmpeg's filters and through ours (CPU time of processes)
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

mod desk;
mod parts;
mod peer;
mod sounds;

use criterion::Criterion;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["desk"] => desk::run(),
        ["peer", ffmpeg, folder] => peer::run(ffmpeg, folder.as_ref()),
        ["through", chain, file] => peer::through(chain, file.as_ref()),
        _ => {
            parts::benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
