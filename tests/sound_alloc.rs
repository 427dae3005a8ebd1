//! The sound thread must not wait for the allocator: mixing allocates nothing, encoding nothing but its packets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::float_cmp, missing_docs)]

#[path = "common/counting.rs"]
mod counting;
mod sound_common;

use counting::calls;
use rigcast::encode::aac::AacEncoder;
use rigcast::encode::{AudioEncoder, AudioSettings};
use rigcast::media::{AudioBlock, BLOCK_FRAMES};
use rigcast::sound::{BusSettings, Denoise, Mixer, StripSettings};
use sound_common::*;

fn counted(work: impl FnOnce()) -> usize {
    let before = calls();
    work();
    calls() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(counted(|| drop(std::hint::black_box(vec![1_u8]))), 2);
}

/// Noise loud enough for the limiter, silence, a source that vanishes, channels that part; every setting changed live.
fn run_a_show(mixer: &mut Mixer, inputs: &[[Option<AudioBlock>; 3]]) -> usize {
    counted(|| {
        for (index, inputs) in inputs.iter().enumerate() {
            let is_on = (index / 25) % 2 == 1;
            mixer.set(
                index % 3,
                StripSettings {
                    gain_db: if is_on { 18.0 } else { -6.0 },
                    is_muted: index % 50 < 5,
                    is_solo: index % 70 < 20,
                    denoise: Denoise {
                        is_on,
                        ..Denoise::default()
                    },
                    ..StripSettings::default()
                },
            );
            let mix = mixer.process(AudioBlock::time_of(index as i64), inputs);
            std::hint::black_box((mix, mixer.meters()));
        }
    })
}

fn show() -> Vec<[Option<AudioBlock>; 3]> {
    let noise: Signal = [white(1, 2 * RATE), white(2, 2 * RATE)];
    (0..200)
        .map(|index| {
            let stereo = block_of(&noise, index);
            let mut equal = stereo;
            equal.channels[1] = equal.channels[0];
            let silence = AudioBlock::silence(stereo.pts);
            [
                Some(if index < 100 { equal } else { stereo }),
                Some(if index < 60 { stereo } else { silence }),
                (index % 40 < 30).then_some(stereo),
            ]
        })
        .collect()
}

#[test]
fn mixing_does_not_allocate_whatever_is_switched_on_live() {
    let inputs = show();
    let mut mixer = Mixer::new(&[StripSettings::default(); 3], BusSettings::default());
    assert_eq!(run_a_show(&mut mixer, &inputs), 0);
}

#[test]
fn on_another_thread_only_the_first_block_allocates() {
    let inputs = show();
    let mut mixer = Mixer::new(&[StripSettings::default(); 3], BusSettings::default());
    std::thread::spawn(move || {
        mixer.process(AudioBlock::time_of(-1), &[]);
        assert_eq!(run_a_show(&mut mixer, &inputs), 0);
    })
    .join()
    .unwrap();
}

#[test]
fn encoding_allocates_its_packets_and_nothing_else() {
    let noise: Signal = [white(1, RATE), white(2, RATE)];
    let mut encoder = AacEncoder::open(AudioSettings::default()).unwrap();
    let blocks: Vec<_> = (0..RATE / BLOCK_FRAMES).map(|index| block_of(&noise, index)).collect();
    let mut packets = Vec::with_capacity(blocks.len());
    let allocations = counted(|| {
        for block in &blocks {
            encoder.encode(block, &mut |packet| packets.push(packet)).unwrap();
        }
    });
    assert!(packets.len() > 40);
    assert_eq!(allocations, packets.len(), "one for the bytes of each packet");
}
