//! A recogniser that is killed or stopped: what nobody has judged is not heard, sample by sample, and then the show is heard
//! again.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::common::media::{Pull, Received};
use crate::common::nginx::Nginx;
use crate::common::pace::in_real_time_beside;
use crate::common::studio::Studio;
use crate::common::{PATIENCE, peer};
use crate::heard::Heard;
use crate::spoken::{RATE, write_wav};

/// How long everything is held.
const HOLD_S: f64 = 3.0;

/// What is left of silence by AAC.
const NOTHING: f32 = 1e-4;

/// How much less is certain at either end: a request of the worker's holds a tenth of a second, and AAC smears a frame.
const EDGE_S: f64 = 0.2;

/// What waits for a worker that is being replaced, in seconds: a new one hears it.
const WAITING_S: f64 = 2.1;

fn scene(folder: &Path) -> String {
    // Never silent, so that every sample tells.
    let noise: Vec<f32> = (0..RATE * 4)
        .scan(7_u64, |state, _| {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            Some(0.1 * ((*state >> 40) as f32 / (1 << 23) as f32 - 1.0))
        })
        .collect();
    write_wav(&folder.join("noise.wav"), &noise);
    std::fs::write(
        folder.join("test.toml"),
        "language = \"en\"\nmute = [\"bastard\", \"bullshit\"]\n",
    )
    .unwrap();
    let path = folder.join("show.toml");
    let text = format!(
        "[video]\nwidth = 320\nheight = 180\nframe_rate = 30\nbitrate_kbps = 300\n\
         [moderation]\nhold_s = {HOLD_S}\nwords = [\"test.toml\"]\n\
         [source.card]\nkind = \"pattern\"\ntone_hz = 0\nflash = false\n\
         [source.voice]\nkind = \"file\"\npath = \"noise.wav\"\n\
         [scene.card]\nitems = [{{ source = \"card\" }}, {{ source = \"voice\" }}]\n"
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn worker(status: &Value) -> Option<Pid> {
    let workers = status["workers"].as_array().unwrap();
    let words = workers.iter().find(|worker| worker["name"] == "analyse words")?;
    Pid::from_raw(i32::try_from(words["pid"].as_i64()?).unwrap())
}

fn seconds(value: &Value) -> Option<f64> {
    value.as_f64().map(|ms| ms / 1000.0)
}

/// Waits until sound is judged up to `after`, and says up to where it is then.
fn judged_after(studio: &Studio, after: f64) -> f64 {
    let is_judged = |status: &Value| seconds(&status["moderation"]["judged"]).is_some_and(|judged| judged > after);
    let status = studio.wait_until("sound to be judged", PATIENCE, is_judged);
    seconds(&status["moderation"]["judged"]).unwrap()
}

#[test]
fn no_sample_leaves_that_nobody_has_judged() {
    let (Some(nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path());
    in_real_time_beside("a recogniser that is lost", |witness| {
        let url = nginx.url("lost");
        let studio = Studio::start(&[&scene, "--publish", &url]);
        judged_after(&studio, HOLD_S);
        let pull = Pull::start(&url, 60.0);
        let begin = seconds(&studio.status()["now"]).unwrap();
        judged_after(&studio, begin + 1.0);

        // Killed: what it had not told is judged by nobody.
        let pid = worker(&studio.status()).expect("somebody listens");
        let killed_at = seconds(&studio.status()["now"]).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        let last = seconds(&studio.status()["moderation"]["judged"]).unwrap();
        let killed = (last.min(killed_at), killed_at);
        let begun = judged_after(&studio, killed_at + WAITING_S);
        let again = judged_after(&studio, begun + 1.5);

        // Stopped, and so is whoever takes its place, for longer than sound waits for it.
        let stopped_at = seconds(&studio.status()["now"]).unwrap();
        let mut stopped_pids = Vec::new();
        let lasting = studio.wait_until("five seconds", PATIENCE, |status| {
            if let Some(pid) = worker(status)
                && !stopped_pids.contains(&pid)
                && kill_process(pid, Signal::STOP).is_ok()
            {
                stopped_pids.push(pid);
            }
            seconds(&status["now"]).unwrap() > stopped_at + 5.0
        });
        for pid in stopped_pids {
            // Most have been given up and replaced.
            let _ = kill_process(pid, Signal::CONT);
        }
        let went_on_at = seconds(&lasting["now"]).unwrap();
        let last = seconds(&lasting["moderation"]["judged"]).unwrap();
        let stopped = (last, went_on_at - WAITING_S);
        // The first that is judged again may be where it begins; a second later all of it is.
        let begun = judged_after(&studio, went_on_at + 2.0);
        let end = judged_after(&studio, begun + 1.5);
        studio.wait_until("the rest to air", PATIENCE, |status| {
            seconds(&status["now"]).unwrap() > end + HOLD_S + 1.0
        });
        let status = studio.status();
        witness.hear(&status);
        pull.stop();
        let pull = pull.save(PATIENCE);
        let received = Received::read(&pull.path);
        // Content at c seconds of the studio's clock is at zero + c of the stream's, and that includes the hold.
        let zero = received.studio_zero(30.0);
        let heard = Heard::of(&pull);
        let at = |content: f64| zero + content - heard.start;
        eprintln!("nobody has judged {killed:?}, then {stopped:?}; judged again at {again:.2}, to the end at {end:.2}");
        for (name, (from, until)) in [("killed", killed), ("stopped", stopped)] {
            let (from, until) = (at(from) + EDGE_S, at(until) - EDGE_S);
            assert!(until > from, "{name}: nothing was left unjudged for certain");
            let peak = heard.peak(from, until);
            witness.on_any_machine(|| {
                assert!(
                    peak < NOTHING,
                    "{name}: a sample of {peak} left between {from:.2} and {until:.2} s"
                );
            });
        }
        // It fails closed, and not for good.
        for (name, content) in [("before", begin + 0.5), ("between", again - 0.5), ("after", end - 0.5)] {
            let level = heard.level(at(content), 0.2);
            assert!(level > -40.0, "{name}: {level:.1} dBFS at {:.2} s", at(content));
        }
    });
}
