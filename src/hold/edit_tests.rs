//! Edits: exactly the span is silent or a tone, with fades outside of it.
#![allow(clippy::float_cmp, reason = "what is copied comes back bit by bit")]

use proptest::prelude::*;

use super::*;

/// Half a second of a direct voltage of 0.5, block by block, through an editor.
fn edited(edits: &[Edit], strips: impl Fn(i64) -> u64) -> Vec<f32> {
    let mut editor = Editor::new();
    let mut heard = Vec::new();
    for index in 0..50 {
        let mut block = AudioBlock::silence(AudioBlock::time_of(index));
        block.channels = [[0.5; BLOCK_FRAMES]; 2];
        editor.apply(&mut block, strips(index), edits);
        assert_eq!(block.channels[0], block.channels[1]);
        heard.extend(block.channels[0]);
    }
    heard
}

fn edit(kind: EditKind, from: i64, until: i64) -> Edit {
    Edit {
        id: 1,
        from: Timestamp::from_48k(from),
        until: Timestamp::from_48k(until),
        kind,
        strips: None,
    }
}

fn steepest(heard: &[f32]) -> f32 {
    heard
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max)
}

#[test]
fn a_muted_span_is_silent_to_the_sample() {
    let heard = edited(&[edit(EditKind::Mute, 5000, 9001)], |_| 0);
    assert!(heard[5000..9001].iter().all(|sample| *sample == 0.0));
    assert!(heard[..4760].iter().chain(&heard[9241..]).all(|sample| *sample == 0.5));
    assert!(steepest(&heard) < 0.005);
}

#[test]
fn a_bleeped_span_is_a_tone_and_nothing_else() {
    let heard = edited(&[edit(EditKind::Beep, 4800, 14_400)], |_| 0);
    for (at, sample) in heard[5040..14_160].iter().enumerate() {
        let tone = 0.1 * (2.0 * std::f64::consts::PI * 1000.0 * (at + 5040) as f64 / 48_000.0).sin();
        assert!((f64::from(*sample) - tone).abs() < 1e-5);
    }
    assert!(
        heard[..4560]
            .iter()
            .chain(&heard[14_640..])
            .all(|sample| *sample == 0.5)
    );
    assert!(steepest(&heard) < 0.02);
}

#[test]
fn a_mute_over_a_bleep_is_silence() {
    let edits = [edit(EditKind::Beep, 4800, 20_000), edit(EditKind::Mute, 8000, 12_000)];
    let heard = edited(&edits, |_| 0);
    assert!(heard[8240..12_000].iter().all(|sample| *sample == 0.0));
    assert!(heard[12_300..12_400].iter().any(|sample| *sample > 0.09));
}

#[test]
fn an_edit_of_a_strip_leaves_blocks_without_it_alone() {
    let edits = [Edit {
        strips: Some(0b10),
        ..edit(EditKind::Mute, 0, i64::MAX / 20_000)
    }];
    let heard = edited(&edits, |index| if (20..30).contains(&index) { 0b11 } else { 0b01 });
    let (from, until) = (20 * 480, 30 * 480);
    assert!(heard[from + 240..until].iter().all(|sample| *sample == 0.0));
    assert!(
        heard[..from]
            .iter()
            .chain(&heard[until + 240..])
            .all(|sample| *sample == 0.5)
    );
    assert!(steepest(&heard) < 0.005);
}

#[test]
fn edits_are_closed_replaced_taken_back_and_forgotten() {
    let mut list = EditList::default();
    let far = Timestamp::from_flicks(i64::MAX);
    list.add(Edit {
        until: far,
        ..edit(EditKind::Mute, 48_000, 0)
    });
    let mut found = Vec::new();
    let second = Timestamp::from_millis;
    list.find(second(900), second(910), &mut found);
    assert!(found.is_empty());
    list.find(second(50_000), second(50_010), &mut found);
    assert_eq!(found.len(), 1);
    assert!(list.close(1, second(2000)) && !list.close(2, second(2000)));
    list.find(second(50_000), second(50_010), &mut found);
    assert!(found.is_empty());
    list.add(edit(EditKind::Beep, 48_000, 96_000));
    assert_eq!(list.edits.len(), 1);
    list.forget_before(second(2000));
    assert!(list.restore(1) && !list.restore(1));
    list.add(edit(EditKind::Beep, 48_000, 96_000));
    list.forget_before(second(2006));
    assert!(!list.restore(1));
}

proptest! {
    #[test]
    fn nothing_of_a_span_is_heard_and_nothing_clicks(
        spans in prop::collection::vec((300_i64..20_000, 0_i64..4000, any::<bool>()), 0..6),
    ) {
        let edits = spans.iter().enumerate().map(|(id, (from, length, is_beep))| Edit {
            id: id as u64,
            ..edit(if *is_beep { EditKind::Beep } else { EditKind::Mute }, *from, from + length)
        }).collect::<Vec<_>>();
        let heard = edited(&edits, |_| 0);
        prop_assert!(steepest(&heard) < 0.02);
        for (at, sample) in heard.iter().enumerate() {
            let is_inside = spans.iter().any(|(from, length, _)| (*from..from + length).contains(&(at as i64)));
            if is_inside {
                prop_assert!(sample.abs() <= 0.1001, "{at}: {sample}");
            }
        }
    }
}
