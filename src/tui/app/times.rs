//! What a count makes of a command: steps become longer ones, the rest is done again and again.

use crate::studio::command::{ClientCommand, Command, CommandSpec, Gain, Kbps, Pinned};
use crate::studio::model::Adjust;

/// The highest count.
pub const MOST: u8 = 99;

/// The most that one change of a gain can be, in dB.
const MOST_DB: f32 = 100.0;

/// The most that one change of a bitrate can be, in kbit/s.
const MOST_KBPS: i32 = 100_000;

/// The most steps that a parameter goes at once.
const MOST_STEPS: i32 = 1000;

/// The count after a digit: further digits add up, a number of two digits is itself.
pub fn counted(before: Option<u8>, digit: u8) -> Option<u8> {
    let count = match before {
        Some(before) if digit < 10 => before.saturating_mul(10).saturating_add(digit),
        _ => digit,
    };
    (count > 0).then_some(count.min(MOST))
}

/// The arguments with which `command` is done, and how often, for a count of `count`.
///
/// What asks is done once: nobody should say yes to more than they see.
pub fn times(spec: &CommandSpec, command: &Command, mut args: Vec<String>, count: u8) -> (Vec<String>, u8) {
    if count <= 1 || spec.is_confirmed || is_once(command) {
        return (args, 1);
    }
    match stepped(command, count) {
        Some(step) => {
            if let Some(last) = args.last_mut() {
                *last = step;
            }
            (args, 1)
        }
        None => (args, count),
    }
}

/// The last argument of a command that goes a step, for `count` steps.
fn stepped(command: &Command, count: u8) -> Option<String> {
    let count = i32::from(count);
    let signed = |by: String| match by.strip_prefix('-') {
        Some(less) => format!("-={less}"),
        None => format!("+{by}"),
    };
    Some(match command {
        Command::Gain(_, Gain::Change(db)) => signed((db * count as f32).clamp(-MOST_DB, MOST_DB).to_string()),
        Command::Bitrate(Kbps::Change(by)) | Command::AdaptPin(Pinned::Bitrate(Kbps::Change(by))) => {
            signed(by.saturating_mul(count).clamp(-MOST_KBPS, MOST_KBPS).to_string())
        }
        Command::Set(_, _, adjust) | Command::BusSet(_, adjust) | Command::PictureSet(_, _, adjust) => match adjust {
            Adjust::Change(by) => signed((by * count as f32).to_string()),
            Adjust::Steps(by) => {
                let steps = by.saturating_mul(count).clamp(-MOST_STEPS, MOST_STEPS);
                format!("{}steps", signed(steps.to_string()))
            }
            Adjust::Set(_) | Adjust::Toggle => return None,
        },
        _ => return None,
    })
}

/// What makes no sense a second time at once, for it would be there already.
fn is_once(command: &Command) -> bool {
    match command {
        Command::DestinationAdd(..)
        | Command::RecordStart(_)
        | Command::TraceStart(_)
        | Command::Record(..)
        | Command::PresetApply(..)
        | Command::PresetDiff(..)
        | Command::PresetSave(..)
        | Command::PictureSave(..) => true,
        Command::Client(client) => !matches!(client, ClientCommand::Select(..) | ClientCommand::Monitor(None)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::command::{find, parse, split_words};

    #[test]
    fn steps_are_longer_and_the_rest_is_done_again() {
        for (line, count, expected, again) in [
            ("gain camera +1", 5, "camera +5", 1),
            ("gain camera -=6", 3, "camera -=18", 1),
            ("gain camera +6", 99, "camera +100", 1),
            ("gain camera -6", 3, "camera -6", 3),
            ("bitrate +250", 4, "+1000", 1),
            ("bitrate -=250", 2, "-=500", 1),
            ("adapt pin bitrate -=250", 2, "bitrate -=500", 1),
            (
                "set camera gate_threshold_db next",
                7,
                "camera gate_threshold_db +7steps",
                1,
            ),
            (
                "set camera gate_threshold_db -=10steps",
                3,
                "camera gate_threshold_db -=30steps",
                1,
            ),
            (
                "set camera gate_threshold_db -=1.5",
                2,
                "camera gate_threshold_db -=3",
                1,
            ),
            ("bus set target_lufs previous", 2, "target_lufs -=2steps", 1),
            ("mute camera toggle", 3, "camera toggle", 3),
            ("keyframe", 2, "", 2),
            ("select strip next", 4, "next", 4),
            ("help", 4, "", 1),
            ("occlusion more", 3, "", 3),
            ("occlusion less", 3, "", 1),
            ("end", 3, "", 1),
            ("undo", 3, "", 1),
            ("record start", 3, "", 1),
        ] {
            let words = split_words(line);
            let (spec, args) = find(&words).unwrap();
            let command = parse(&words).unwrap();
            let (args, times) = times(spec, &command, args.to_vec(), count);
            assert_eq!((args.join(" ").as_str(), times), (expected, again), "{line} × {count}");
            let mut again = split_words(spec.name);
            again.extend(args);
            assert!(parse(&again).is_ok(), "{line} × {count}");
        }
    }

    #[test]
    fn digits_add_up_to_ninety_nine() {
        let typed = |digits: &[u8]| digits.iter().fold(None, |count, digit| counted(count, *digit));
        assert_eq!(typed(&[0]), None);
        assert_eq!(typed(&[3]), Some(3));
        assert_eq!(typed(&[1, 2]), Some(12));
        assert_eq!(typed(&[9, 9, 9]), Some(99));
        assert_eq!(typed(&[12]), Some(12));
        assert_eq!(typed(&[0, 7]), Some(7));
    }
}
