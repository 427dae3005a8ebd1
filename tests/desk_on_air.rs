//! The sound desk as a viewer hears it: published to a real server, pulled, decoded and measured by ffmpeg.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod common;
mod sound_common;
#[path = "desk_support/mod.rs"]
mod support;

use std::time::Duration;

use common::media::Pull;
use common::nginx::Nginx;
use common::pace::in_real_time_beside;
use common::peer;
use common::studio::Studio;
use sound_common::{RATE, mono, pink, sine, write_wav};
use support::{Aligned, Heard, Speech, mix_at_snr, scene, segmental_snr_db};

fn pull(nginx: &Nginx, name: &str, seconds: f64) -> Heard {
    Heard::of(Pull::start(&nginx.url(name), seconds).save(Duration::from_mins(1)))
}

#[test]
fn denoise_takes_noise_out_of_pauses_and_out_of_speech() {
    let Some(speech) = Speech::recorded() else { return };
    let Some(nginx) = Nginx::start() else { return };
    let noise = pink(7, speech.samples.len(), 0.1);
    let folder = tempfile::tempdir().unwrap();
    write_wav(&folder.path().join("clean.wav"), &mono(speech.samples.clone()));
    write_wav(
        &folder.path().join("noisy.wav"),
        &mono(mix_at_snr(&speech, &noise, 10.0)),
    );
    let show = scene(
        folder.path(),
        "[source.clean]\nkind = \"file\"\npath = \"clean.wav\"\n\
         [source.noisy]\nkind = \"file\"\npath = \"noisy.wav\"\n[strip.noisy]\nrole = \"voice\"\nmute = true\n",
    );
    in_real_time_beside("denoise", |witness| {
        let studio = Studio::start(&[&show, "--publish", &nginx.url("noise")]);
        studio.wait_live(0);
        // Wherever it begins: the whole text once, from its beginning to its end. What is ordered before a pull lies in its
        // first second.
        let seconds = 2.0 * speech.samples.len() as f64 / RATE as f64 + 1.5;
        let clean = pull(&nginx, "noise", seconds);
        studio.order("mute clean on");
        studio.order("mute noisy off");
        let dry = pull(&nginx, "noise", seconds);
        studio.order("set noisy denoise on");
        let wet = pull(&nginx, "noise", seconds);
        witness.hear(&studio.status());

        let (clean_at, dry_at, wet_at) = (
            clean.aligned(&speech.samples, 1.0),
            dry.aligned(&speech.samples, 1.0),
            wet.aligned(&speech.samples, 1.0),
        );
        let (mut in_pauses, mut count) = (0.0, 0);
        for pause in &speech.pauses {
            // The first half second of a pause is the room, the network's look back, and the codec's.
            let (from, to) = (pause.start + RATE * 2 / 5, pause.end - RATE / 10);
            for (before, after) in dry_at.spans(from, to).zip(wet_at.spans(from, to)) {
                in_pauses += dry.rms_dbfs(before) - wet.rms_dbfs(after);
                count += 1;
            }
        }
        assert!(count >= 2, "{count} pauses");
        let in_pauses = in_pauses / f64::from(count);
        // Against the clean voice as a viewer hears it: what strip and codec do to any voice is no noise.
        let snr = |heard: &Aligned<'_>| segmental_snr_db(&speech, clean_at.samples(), heard.samples());
        let (before, after) = (snr(&dry_at), snr(&wet_at));
        eprintln!("pauses: {in_pauses:.1} dB quieter; segmental SNR in speech: {before:.1} → {after:.1} dB");
        assert!(in_pauses >= 15.0, "{in_pauses:.1} dB in pauses");
        assert!(after - before >= 4.0, "segmental SNR {before:.1} → {after:.1} dB");
    });
}

#[test]
fn gain_arrives_to_the_tenth_and_what_is_too_loud_is_held() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let Some(nginx) = Nginx::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    write_wav(&folder.path().join("tone.wav"), &mono(sine(1000.0, 0.1, 0.0, 10.0)));
    let show = scene(
        folder.path(),
        "[source.tone]\nkind = \"file\"\npath = \"tone.wav\"\n[strip.tone]\ngain_db = 6\n",
    );
    in_real_time_beside("gain", |witness| {
        let studio = Studio::start(&[&show, "--publish", &nginx.url("tone")]);
        studio.wait_live(0);
        let heard = pull(&nginx, "tone", 4.0);
        // −20 dBFS of peak is −23.01 of RMS.
        let level = heard.rms_dbfs(1.0..3.0) + 3.01;
        eprintln!("-20 dBFS with +6 dB arrives at {level:.2} dBFS");
        assert!((level + 14.0).abs() <= 0.2, "{level:.2} dBFS");

        // 12 dB over full scale: +24 dB, and 8 more by the compressor's make-up.
        studio.order("set tone gain_db 24");
        studio.order("set tone compressor on");
        studio.order("set tone compressor_ratio 1");
        studio.order("set tone compressor_makeup_db 8");
        let heard = pull(&nginx, "tone", 5.0);
        witness.hear(&studio.status());
        let peak = heard.true_peak_dbtp(1.0);
        eprintln!("12 dB over full scale is held at {peak:.1} dBTP");
        // Before the codec it is not a hundredth over (`tests/sound/limiter.rs`); AAC may round a peak up by less than a tenth.
        assert!((-1.5..=-0.9).contains(&peak), "{peak:.1} dBTP");
    });
}

#[test]
fn music_goes_down_under_a_voice_and_not_under_a_muted_one() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let Some(nginx) = Nginx::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    // A voice that speaks for two seconds of six, an octave and more away from the music, so that each is heard alone.
    let mut voice = vec![0.0; 6 * RATE];
    voice[2 * RATE..4 * RATE].copy_from_slice(&sine(3000.0, 0.2, 0.0, 2.0));
    write_wav(&folder.path().join("voice.wav"), &mono(voice));
    write_wav(&folder.path().join("music.wav"), &mono(sine(440.0, 0.2, 0.0, 6.0)));
    let show = scene(
        folder.path(),
        "[source.voice]\nkind = \"file\"\npath = \"voice.wav\"\n[strip.voice]\nrole = \"voice\"\n\
         [source.music]\nkind = \"file\"\npath = \"music.wav\"\n[strip.music]\npreset = \"music\"\n\
         [bus]\nduck_by_db = 15\nduck_hold_ms = 300\nduck_release_ms = 400\n",
    );
    in_real_time_beside("ducking", |witness| {
        let studio = Studio::start(&[&show, "--publish", &nginx.url("duck")]);
        studio.wait_live(0);
        // A voice that speaks when the pull begins is heard again six seconds later.
        let heard = pull(&nginx, "duck", 13.0);
        studio.order("mute voice on");
        let muted = pull(&nginx, "duck", 9.0);
        witness.hear(&studio.status());

        let (voice, music) = (heard.band(3000.0), heard.band(440.0));
        // The codec spreads a beginning over what comes before it.
        let is_quiet = |from: usize, to: usize| voice[from..to].iter().all(|db| *db < -45.0);
        let opens = (20..voice.len() - 360).find(|at| voice[*at] > -30.0 && is_quiet(at - 20, at - 6));
        let opens = opens.expect("the voice opens");
        let undisturbed = music[opens - 15];
        let depth = |at: usize| undisturbed - music[at];
        // 150 ms, and the 10 ms that the measure itself looks back and forth.
        eprintln!(
            "down by {:.1} dB after 150 ms, {:.1} dB in the middle, {:.1} dB 1.5 s after the end",
            depth(opens + 16),
            depth(opens + 100),
            depth(opens + 200 + 150)
        );
        assert!(
            (depth(opens + 16) - 15.0).abs() < 1.0,
            "{:.1} dB after 150 ms",
            depth(opens + 16)
        );
        assert!((depth(opens + 100) - 15.0).abs() < 0.5, "{:.1} dB", depth(opens + 100));
        assert!(
            (depth(opens + 220) - 15.0).abs() < 0.5,
            "held for 300 ms: {:.1} dB",
            depth(opens + 220)
        );
        assert!(
            depth(opens + 350).abs() < 0.5,
            "{:.1} dB after it has closed",
            depth(opens + 350)
        );

        // From a second on: the mute itself takes its time to arrive.
        let music = &muted.band(440.0)[100..];
        let (low, high) = music[..music.len() - 10]
            .iter()
            .fold((f64::MAX, f64::MIN), |(low, high), db| (low.min(*db), high.max(*db)));
        assert!(high - low < 0.5, "under a muted voice: {low:.1} to {high:.1} dB");
    });
}
