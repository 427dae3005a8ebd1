//! Full strips: how long each block of a minute takes, against the goals.
//!
//! Time is what the thread spent on a processor, so that other work on the machine does not count; on a virtual machine it
//! counts all the same what the host took away. So the same minute is mixed three times, and of each block the shortest
//! time is taken: what a block is slow at by itself, it is slow at each time. The longest of all is printed beside it.

use std::hint::black_box;
use std::time::Duration;

use rigcast::media::AudioBlock;
use rigcast::sound::{BusSettings, Mixer, Role, Stereo, StripSettings};
use rustix::time::{ClockId, clock_gettime};

use crate::sounds::{everything, voice};

/// A minute.
const BLOCKS: usize = 6000;

/// Until every stage has come in and every window is full.
const WARM_UP: usize = 500;

/// Microseconds of a block.
const BLOCK_MICROS: f64 = 10_000.0;

/// The same minute so often.
const ROUNDS: usize = 3;

/// What the blocks of a minute took, sorted, in microseconds.
struct Times {
    sorted: Vec<f64>,
    /// The longest of all rounds.
    longest: f64,
}

impl Times {
    fn of(settings: &[StripSettings], sound: &[Stereo]) -> Self {
        let mut sorted = Self::round(settings, sound);
        let highest = |times: &[f64]| times.iter().copied().fold(0.0, f64::max);
        let mut longest = highest(&sorted);
        for _ in 1..ROUNDS {
            let again = Self::round(settings, sound);
            longest = longest.max(highest(&again));
            for (time, again) in sorted.iter_mut().zip(again) {
                *time = time.min(again);
            }
        }
        sorted.sort_by(f64::total_cmp);
        Self { sorted, longest }
    }

    /// The time of each block.
    fn round(settings: &[StripSettings], sound: &[Stereo]) -> Vec<f64> {
        let mut mixer = Mixer::new(settings, BusSettings::default());
        let mut inputs = vec![None; settings.len()];
        let mut times = Vec::with_capacity(BLOCKS);
        for index in 0..WARM_UP + BLOCKS {
            let pts = AudioBlock::time_of(index as i64);
            for (strip, input) in inputs.iter_mut().enumerate() {
                // Nobody says the same at the same time.
                let channels = sound[(index + 97 * strip) % sound.len()];
                *input = Some(AudioBlock { pts, channels });
            }
            let start = thread_time();
            black_box(mixer.process(pts, &inputs));
            let time = thread_time().saturating_sub(start);
            if index >= WARM_UP {
                times.push(time.as_secs_f64() * 1e6);
            }
        }
        times
    }

    fn mean(&self) -> f64 {
        self.sorted.iter().sum::<f64>() / self.sorted.len() as f64
    }

    fn share(&self, share: f64) -> f64 {
        self.sorted[((self.sorted.len() - 1) as f64 * share) as usize]
    }
}

fn thread_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap())
}

/// Prints the table.
pub fn run() {
    let (mono, stereo) = (voice(0.5, false), voice(0.5, true));
    let full = [everything(); 8];
    let mut mixed = full;
    for music in &mut mixed[6..] {
        music.role = Role::Music;
    }
    println!("µs per block of 10 ms, CPU time of the thread, {BLOCKS} blocks each, the shortest of {ROUNDS} rounds");
    let [mean, p50, p99, p999, max, all] = ["mean", "p50", "p99", "p99.9", "max", "max of all"];
    println!("{:34} {mean:>8} {p50:>8} {p99:>8} {p999:>8} {max:>8} {all:>10}", "");
    let row = |name: &str, times: &Times| {
        let [p50, p99, p999, max] = [0.5, 0.99, 0.999, 1.0].map(|share| times.share(share));
        let mean = times.mean();
        let longest = times.longest;
        println!("{name:34} {mean:8.1} {p50:8.1} {p99:8.1} {p999:8.1} {max:8.1} {longest:10.1}");
    };
    let goal = |what: &str, found: f64, most: f64| {
        let verdict = if found <= most { "met" } else { "MISSED" };
        println!("{what}: {found:.2} of at most {most}: {verdict}");
    };

    let none = Times::of(&[], &mono);
    row("no strip", &none);
    row("1 plain strip", &Times::of(&[StripSettings::default()], &stereo));
    let one_mono = Times::of(&full[..1], &mono);
    row("1 full strip, mono", &one_mono);
    let one_stereo = Times::of(&full[..1], &stereo);
    row("1 full strip, stereo", &one_stereo);
    let eight_mono = Times::of(&mixed, &mono);
    row("8 full strips, mono", &eight_mono);
    let eight_stereo = Times::of(&mixed, &stereo);
    row("8 full strips, stereo", &eight_stereo);

    let percent = |times: &Times| (times.mean() - none.mean()) / BLOCK_MICROS * 100.0;
    goal("a full mono strip, % of a core", percent(&one_mono), 1.5);
    goal("a full stereo strip, % of a core", percent(&one_stereo), 2.8);
    goal(
        "worst block of 8 full mono strips, ms",
        eight_mono.share(1.0) / 1000.0,
        2.0,
    );
    goal(
        "worst block of 8 full stereo strips, ms",
        eight_stereo.share(1.0) / 1000.0,
        2.0,
    );
}
