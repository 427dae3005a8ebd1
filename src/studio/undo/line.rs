//! A command as it is typed, to say what is taken back.

use crate::media::TimeDelta;
use crate::studio::command::{Command, Gain, Kbps, Pinned, Reset, Switch};
use crate::studio::model::{
    Adjust, EditKind, Pace, Param, TransitionKind, Value, bus_param, picture_param, strip_param,
};

/// The line of a command that can be taken back; `None` for all others. Numbers have the digits that are shown elsewhere.
#[must_use]
pub fn line(command: &Command) -> Option<String> {
    let on = |is_on: bool| if is_on { "on" } else { "off" };
    Some(match command {
        Command::WatchFile(to) => format!("watch {}", switch(*to)),
        Command::Preview(scene) => format!("preview {}", word(scene)),
        Command::Transition(kind, duration) => {
            let kind = match kind {
                TransitionKind::Cut => "cut",
                TransitionKind::Fade => "fade",
                TransitionKind::Wipe => "wipe",
                TransitionKind::Stinger => "stinger",
            };
            duration.map_or_else(
                || format!("transition {kind}"),
                |time| format!("transition {kind} {}", seconds(time)),
            )
        }
        Command::Item(item, change) => change.line(&format!("{} {}", word(&item.scene), word(&item.item)))?,
        Command::SceneSet(scene, name, value) => {
            format!(
                "scene set {} {} \"{}\"",
                word(scene),
                word(name),
                value.replace('\n', "\\n")
            )
        }
        Command::SceneReset(scene) => format!("scene reset {}", word(scene)),
        Command::Gain(strip, Gain::Set(db)) => format!("gain {} {db}", word(strip)),
        Command::Gain(strip, Gain::Change(db)) => format!("gain {} {}", word(strip), change(*db)),
        Command::Mute(strip, to) => format!("mute {} {}", word(strip), switch(*to)),
        Command::Solo(strip, to) => format!("solo {} {}", word(strip), switch(*to)),
        Command::Denoise(strip, to) => format!("denoise {} {}", word(strip), switch(*to)),
        Command::Set(strip, name, to) => format!("set {} {name} {}", word(strip), adjust(strip_param(name)?, *to)),
        Command::Reset(strip, what) => format!("reset {}{}", word(strip), part(*what)),
        Command::CopyStrip(from, to) => format!("copy strip {} {}", word(from), word(to)),
        Command::BusSet(name, to) => format!("bus set {name} {}", adjust(bus_param(name)?, *to)),
        Command::BusReset(what) => format!("bus reset{}", part(*what)),
        Command::PictureSet(source, name, to) => {
            format!(
                "picture set {} {name} {}",
                word(source),
                adjust(picture_param(name)?, *to)
            )
        }
        Command::PictureReset(source, what) => format!("picture reset {}{}", word(source), part(*what)),
        Command::PictureCopy(from, to) => format!("picture copy {} {}", word(from), word(to)),
        Command::CameraSet(source, control, value) => {
            format!("camera set {} {} {}", word(source), word(control), word(value))
        }
        Command::CameraReset(source, None) => format!("camera reset {}", word(source)),
        Command::CameraReset(source, Some(control)) => format!("camera reset {} {}", word(source), word(control)),
        Command::OcclusionArm(is_armed) => format!("occlusion {}", on(*is_armed)),
        Command::OcclusionLevel(level) => format!("occlusion level {level}"),
        Command::OcclusionStep(is_more_hidden) => {
            format!("occlusion {}", if *is_more_hidden { "more" } else { "less" })
        }
        Command::RenditionLevel(name, Some(level)) => format!("rendition level {} {level}", word(name)),
        Command::RenditionLevel(name, None) => format!("rendition level {} show", word(name)),
        Command::OcclusionPolicy(name) => format!("occlusion policy {}", word(name)),
        Command::OcclusionMask(mask) => format!("occlusion mask {}", mask.word()),
        Command::OcclusionSticker(name) => format!("occlusion sticker {}", word(name)),
        Command::FaceExempt(track, true) => format!("face exempt {track}"),
        Command::FaceExempt(track, false) => format!("face hide {track}"),
        Command::ZoneAdd(name, place) => {
            let percent = place
                .0
                .map(|share| ((f64::from(share) * 1000.0).round() / 10.0).to_string());
            format!("zone add {} {}", word(name), percent.join(" "))
        }
        Command::ZoneRemove(name) => format!("zone remove {}", word(name)),
        Command::Hold(hold, pace) => {
            let pace = match pace {
                None => "",
                Some(Pace::Slow) => " slow",
                Some(Pace::Slate) => " slate",
                Some(Pace::Now) => " now",
            };
            format!("hold {}{pace}", seconds(*hold))
        }
        Command::Moderate(is_armed) => format!("moderate {}", on(*is_armed)),
        Command::Unjudged(is_passed) => format!("unjudged {}", if *is_passed { "pass" } else { "mute" }),
        Command::ModerateProgram(to) => format!("moderate program {}", switch(*to)),
        Command::ModerateStrip(strip, to) => format!("moderate strip {} {}", word(strip), switch(*to)),
        Command::ModerateWord(id, kind) => format!("moderate word {id} {}", edit(*kind)),
        Command::ModerateSpan(from, until, kind) => {
            format!("moderate span {} {} {}", seconds(*from), seconds(*until), edit(*kind))
        }
        Command::Bitrate(to) => format!("bitrate {}", kbps(*to)),
        Command::Adapt(to) => format!("adapt {}", switch(*to)),
        Command::AdaptPolicy(name) => format!("adapt policy {}", word(name)),
        Command::AdaptPin(pinned) => match pinned {
            Pinned::Bitrate(to) => format!("adapt pin bitrate {}", kbps(*to)),
            Pinned::FrameRate(rate) => format!("adapt pin frame-rate {rate}"),
            Pinned::Height(height) => format!("adapt pin height {height}"),
            Pinned::Sound(kbps) => format!("adapt pin sound {kbps}"),
            Pinned::Tier(tier) => format!("adapt pin tier {}", tier.word()),
        },
        Command::AdaptRelease(None) => "adapt release".to_owned(),
        Command::AdaptRelease(Some(what)) => format!("adapt release {}", what.word()),
        Command::Rules(to) => format!("rules {}", switch(*to)),
        // Its address may hold a secret.
        Command::DestinationAdd(name, ..) => format!("destination add {}", word(name)),
        _ => return None,
    })
}

/// A name as one word.
fn word(name: &str) -> String {
    if name.contains(char::is_whitespace) {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    }
}

fn switch(to: Switch) -> &'static str {
    match to {
        Switch::On => "on",
        Switch::Off => "off",
        Switch::Toggle => "toggle",
    }
}

fn edit(kind: EditKind) -> &'static str {
    match kind {
        EditKind::Beep => "beep",
        EditKind::Mute => "mute",
    }
}

/// `+3`, `-=3`.
fn change(by: f32) -> String {
    if by < 0.0 {
        format!("-={}", -by)
    } else {
        format!("+{by}")
    }
}

fn kbps(to: Kbps) -> String {
    match to {
        Kbps::Set(kbps) => kbps.to_string(),
        Kbps::Change(by) if by < 0 => format!("-={}", by.unsigned_abs()),
        Kbps::Change(by) => format!("+{by}"),
    }
}

fn seconds(time: TimeDelta) -> String {
    ((time.as_secs_f64() * 1000.0).round() / 1000.0).to_string()
}

fn part(what: Reset) -> String {
    match what {
        Reset::All => String::new(),
        Reset::Stage(stage) => format!(" {}", stage.key()),
        Reset::Param(name) => format!(" {name}"),
    }
}

fn adjust<S>(param: &Param<S>, to: Adjust) -> String {
    match to {
        Adjust::Set(value @ (Value::Switch(_) | Value::Choice(_) | Value::Number(_))) => param.show(value).to_string(),
        Adjust::Change(by) => change(by),
        Adjust::Steps(1) => "next".to_owned(),
        Adjust::Steps(-1) => "previous".to_owned(),
        Adjust::Steps(by) if by < 0 => format!("-={}steps", by.unsigned_abs()),
        Adjust::Steps(by) => format!("+{by}steps"),
        Adjust::Toggle => "toggle".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::studio::command::{parse, split_words};

    #[test]
    fn a_line_is_the_command_again() {
        for line in [
            "preview \"two shot\"",
            "transition fade 0.5",
            "item move host camera +10 -=5%",
            "item size host badge/logo 50%",
            "item size host camera +2% -40",
            "item crop host camera left 10%",
            "item opacity \"two shot\" camera +5%",
            "item z host camera -=1",
            "item z host camera -4",
            "item raise host camera",
            "item fit host camera cover",
            "item hide host camera",
            "item show host camera",
            "item toggle host camera",
            "item text host title \"now\\n{price}\"",
            "item reset host camera",
            "scene set host price \"9.90 €\"",
            "scene reset host",
            "gain camera +1",
            "gain camera -=6",
            "gain camera -3.5",
            "mute camera toggle",
            "set camera gate_threshold_db -45dB",
            "set camera gate_threshold_db -=10steps",
            "set camera gate_threshold_db next",
            "set camera role voice",
            "reset camera eq",
            "reset camera",
            "reset camera gain_db",
            "copy strip a b",
            "bus set target_lufs +1",
            "bus reset",
            "picture set camera denoise on",
            "picture reset camera tone",
            "picture copy a b",
            "occlusion off",
            "occlusion less",
            "occlusion level 3",
            "occlusion mask blur",
            "occlusion policy regions",
            "occlusion sticker cat",
            "rendition level 480p show",
            "rendition level 480p 2",
            "face exempt 4",
            "face hide 4",
            "zone add door 75 0 25 50.5",
            "zone remove door",
            "hold 2.5 slate",
            "hold 0",
            "moderate on",
            "unjudged pass",
            "moderate program off",
            "moderate strip camera on",
            "moderate word 7 beep",
            "moderate span 3.2 2.5 mute",
            "bitrate -=250",
            "bitrate 2500",
            "adapt toggle",
            "adapt policy sports",
            "adapt pin bitrate +250",
            "adapt pin frame-rate 15",
            "adapt pin height 480",
            "adapt pin sound 96",
            "adapt pin tier good",
            "adapt release",
            "adapt release tier",
        ] {
            let command = parse(&split_words(line)).unwrap();
            assert_eq!(super::line(&command).as_deref(), Some(line));
        }
        let secret = parse(&split_words("destination add live rtmp://h/a/sk-1")).unwrap();
        assert_eq!(super::line(&secret).as_deref(), Some("destination add live"));
        assert_eq!(super::line(&parse(&split_words("take")).unwrap()), None);
    }
}
