//! The sound thread must not wait for the allocator: mixing allocates nothing, encoding nothing but its packets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::float_cmp, missing_docs)]

#[path = "common/counting.rs"]
mod counting;
mod sound_common;

use counting::calls;
use rigcast::encode::aac::AacEncoder;
use rigcast::encode::{AudioEncoder, AudioSettings};
use rigcast::media::{AudioBlock, BLOCK_FRAMES, TimeDelta};
use rigcast::sound::{
    Adjust, BUS_PARAMS, BusSettings, Mixer, Param, ParamKind, Point, Role, STRIP_PARAMS, StripSet, StripSettings, Value,
};
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

/// Noise loud enough for the limiter, silence, a source that vanishes, channels that part; all stages on and off, and
/// every parameter of strips and buses stepped up and down live.
fn run_a_show(mixer: &mut Mixer, inputs: &[[Option<AudioBlock>; 3]]) -> usize {
    counted(|| {
        let mut strips = [StripSettings::default(); 3];
        let mut bus = BusSettings::default();
        for (index, inputs) in inputs.iter().enumerate() {
            let settings = &mut strips[index % 3];
            let strip_param = &STRIP_PARAMS[index / 2 % STRIP_PARAMS.len()];
            let bus_param = &BUS_PARAMS[index / 5 % BUS_PARAMS.len()];
            match index % 60 {
                0..3 => everything_on(settings),
                40..43 => *settings = StripSettings::default(),
                even if even % 2 == 0 => step(strip_param, settings, 3),
                _ => step(strip_param, settings, -2),
            }
            step(bus_param, &mut bus, if index % 2 == 0 { 2 } else { -1 });
            mixer.set(index % 3, *settings);
            mixer.set_bus(bus);
            mixer.set_on_program(index % 3, index % 11 < 6, TimeDelta::from_millis(200));
            if index % 90 == 0 {
                mixer.reset_loudness();
            }
            let mix = mixer.process(AudioBlock::time_of(index as i64), inputs);
            for point in [
                Point::Strip(1),
                Point::Program,
                Point::Monitor,
                Point::AuxA,
                Point::AuxB,
            ] {
                std::hint::black_box(mixer.output(point));
            }
            std::hint::black_box((mix, mixer.meters()));
        }
    })
}

/// Steps of a number or a choice, the other side of a switch.
fn step<S>(param: &Param<S>, settings: &mut S, steps: i32) {
    let adjust = match param.kind {
        ParamKind::Switch => Adjust::Toggle,
        _ => Adjust::Steps(steps),
    };
    if let Err(refused) = param.adjust(settings, adjust) {
        panic!("{}: {refused:?}", param.name);
    }
}

fn everything_on(settings: &mut StripSettings) {
    for param in STRIP_PARAMS.iter().filter(|param| param.kind == ParamKind::Switch) {
        (param.set)(settings, Value::Switch(!["bypass", "mute"].contains(&param.name)));
    }
    settings.gain_db = 18.0;
    settings.send_a_db = Some(0.0);
    settings.role = Role::Voice;
}

fn show() -> Vec<[Option<AudioBlock>; 3]> {
    let noise: Signal = [white(1, 10 * RATE), white(2, 10 * RATE)];
    (0..1000)
        .map(|index| {
            let stereo = block_of(&noise, index);
            let mut equal = stereo;
            equal.channels[1] = equal.channels[0];
            let silence = AudioBlock::silence(stereo.pts);
            [
                Some(if index % 200 < 100 { equal } else { stereo }),
                Some(if index % 250 < 60 { stereo } else { silence }),
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
fn other_strips_take_over_without_allocating_or_freeing() {
    let settings = [StripSettings::default(); 3];
    let mut mixer = Mixer::new(&settings, BusSettings::default());
    let mut set = StripSet::new(&settings[..2]);
    assert_eq!(counted(|| mixer.take_over(&mut set, &[Some(2), None])), 0);
    assert_eq!(mixer.len(), 2);
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
