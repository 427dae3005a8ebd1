//! `rigcast words`: tuning from a folder of recordings, and what is heard with it.

use std::path::Path;
use std::process::Command;

use crate::peers::peer;
use crate::recordings::spoken;
use crate::spotting::has_pocketsphinx;

fn rigcast(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rigcast"))
        .arg("words")
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

fn record(espeak: &Path, file: &Path, text: &str, seed: u64) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(file, spec).unwrap();
    for sample in spoken(espeak, "en-us", text, 20.0, seed) {
        writer.write_sample((sample * 32_767.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
    std::fs::write(file.with_extension("txt"), text).unwrap();
}

#[test]
fn what_was_tuned_is_heard() {
    let (true, Some(espeak), Some(_)) = (has_pocketsphinx(), peer("espeak-ng"), peer("sox")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let texts = [
        "whiskey",
        "Whiskey makes him talk too much.",
        "There is no whiskey left in the cupboard.",
        "She drank a bottle of whiskey every week.",
        "The river was higher than in any other spring.",
        "Please remember to bring your own cups.",
        "My sister plays the violin in an orchestra.",
        "We will be back right after the news.",
        "Whisper so that nobody can hear us.",
        "Turn left at the church and go straight on.",
    ];
    for (index, text) in texts.iter().enumerate() {
        record(&espeak, &folder.path().join(format!("{index}.wav")), text, index as u64);
    }
    let tuning = folder.path().join("tuning.toml");
    let (recordings, out) = (folder.path().to_str().unwrap(), tuning.to_str().unwrap());
    let (is_done, said, error) = rigcast(&["tune", recordings, "--word", "whiskey", "--out", out]);
    assert!(
        is_done && said.contains("whiskey") && said.contains("4/4") && said.contains("0/6"),
        "{said}{error}"
    );

    let test = tempfile::tempdir().unwrap();
    let (with, without) = (test.path().join("with.wav"), test.path().join("without.wav"));
    record(&espeak, &with, "He poured himself another whiskey and sat down.", 77);
    record(&espeak, &without, "The library has more than ten thousand books.", 78);
    let listen = |file: &Path| {
        rigcast(&[
            "listen",
            file.to_str().unwrap(),
            "--word",
            "whiskey",
            "--tuning",
            out,
            "--json",
        ])
    };
    let (is_done, said, error) = listen(&with);
    assert!(is_done && said.lines().count() == 1, "{said}{error}");
    let word: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(word["word"], "whiskey");
    assert_eq!(listen(&without), (true, String::new(), String::new()));
}

#[test]
fn what_cannot_be_done_is_said() {
    let (is_done, _, error) = rigcast(&["listen", "/nowhere.wav", "--word", "casino"]);
    assert!(
        !is_done && (error.contains("/nowhere.wav") || error.contains("apt-get install")),
        "{error}"
    );
    let (is_done, _, error) = rigcast(&["tune", "--word", "casino"]);
    assert!(!is_done && error.contains("no recordings"), "{error}");
    let (is_done, _, error) = rigcast(&["check", "enn"]);
    assert!(!is_done && error.contains("there is no word list \"enn\""), "{error}");
}
