//! Sources and strips that come, go and change places.

use super::*;
use crate::sound::BusSettings;

/// A tone that goes on from block to block.
fn tone(index: i64, hz: f64) -> AudioBlock {
    let mut block = AudioBlock::silence(AudioBlock::time_of(index));
    let frames = block.channels[0].len() as i64;
    for (at, sample) in (0..).zip(block.channels[0]) {
        let time = (index * frames + at) as f64 / 48_000.0;
        let _: f32 = sample;
        let value = (time * hz * std::f64::consts::TAU).sin() as f32 * 0.2;
        for channel in &mut block.channels {
            channel[at as usize] = value;
        }
    }
    block
}

/// The largest step from one sample to the next.
fn step(blocks: &[AudioBlock]) -> f32 {
    let samples = blocks.iter().flat_map(|block| block.channels[0]).collect::<Vec<_>>();
    samples
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max)
}

#[test]
fn strips_come_and_go_without_a_click_and_the_others_do_not_notice() {
    let settings = [StripSettings::default(); 2];
    let mut mixer = Mixer::new(&settings, BusSettings::default());
    let mut rings: Vec<Option<SoundRing>> = vec![None, None];
    let mut inputs = vec![None; 2];
    let mut recorders = Vec::new();
    let mut heard = Vec::new();
    let mut run = |mixer: &mut Mixer, inputs: &[Option<AudioBlock>], index: i64| {
        heard.push(mixer.process(AudioBlock::time_of(index), inputs).program);
    };
    for index in 0..50 {
        run(&mut mixer, &[Some(tone(index, 440.0)), Some(tone(index, 300.0))], index);
    }
    // The first one leaves, a third one comes; the second one becomes the first.
    let (mut regroup, left) = Regroup::new(vec![Some(1), None], &settings, vec![None, None], vec![false, true]);
    let mut index = 50;
    while !regroup.is_due(&mut mixer) {
        run(&mut mixer, &[Some(tone(index, 440.0)), Some(tone(index, 300.0))], index);
        index += 1;
    }
    assert!((52..60).contains(&index), "closed by block {index}");
    regroup.take_over(&mut mixer, &mut rings, &mut inputs, &mut recorders);
    assert!(left.try_recv().is_ok(), "what is left over comes back");
    for index in index..index + 50 {
        run(&mut mixer, &[Some(tone(index, 300.0)), None], index);
    }
    // Steps of both tones together; a click would be many times that.
    let steady = step(&heard[10..40]);
    assert!(
        step(&heard[10..]) < steady * 1.3,
        "{} against {steady}",
        step(&heard[10..])
    );
    assert_eq!((mixer.len(), inputs.len()), (2, 2));
}

#[test]
fn a_strip_with_another_source_is_closed_and_opened_again() {
    let settings = [StripSettings {
        gain_db: -6.0,
        ..StripSettings::default()
    }];
    let mut mixer = Mixer::new(&settings, BusSettings::default());
    let (mut regroup, _left) = Regroup::new(vec![Some(0)], &settings, vec![None], vec![true]);
    assert!(!regroup.is_due(&mut mixer));
    assert!(mixer.settings(0).unwrap().is_muted);
    while !regroup.is_due(&mut mixer) {}
    regroup.take_over(&mut mixer, &mut vec![None], &mut vec![None], &mut Vec::new());
    let after = mixer.settings(0).unwrap();
    assert_eq!((after.is_muted, after.gain_db), (false, -6.0));
}

#[test]
fn what_is_recorded_of_a_strip_follows_it() {
    let settings = [StripSettings::default(); 2];
    let mut mixer = Mixer::new(&settings, BusSettings::default());
    let of = |at| Recorder::endless(Point::Strip(at));
    let ((first, _a), (second, _b)) = (of(0), of(1));
    let mut recorders = vec![first, second];
    let (mut regroup, _left) = Regroup::new(vec![Some(1)], &settings[..1], vec![None], vec![false]);
    while !regroup.is_due(&mut mixer) {}
    regroup.take_over(&mut mixer, &mut vec![None, None], &mut vec![None, None], &mut recorders);
    let points = recorders.iter().map(|recorder| recorder.point).collect::<Vec<_>>();
    assert_eq!(points, [Point::Strip(0)]);
}
