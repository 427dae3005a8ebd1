//! OBS with its dynamic bitrate, on a display that nobody sees. It has no command line for a show: it is set up by the files
//! that its own dialogs write.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::common::wait_for;
use crate::network_support::pushers::{Pusher, Running, SOUND_KBPS, Setup, VIDEO_KBPS};

pub const PUSHER: Pusher = Pusher {
    name: "obs",
    what: "OBS, x264 veryfast zerolatency, dynamic bitrate",
    start,
};

fn find(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file());
    if found.is_none() {
        // Not one of those that CI has to have.
        eprintln!("SKIPPED: {program} is not installed");
    }
    found
}

fn start(setup: &Setup<'_>) -> Option<Running> {
    let (obs, xvfb) = (find("obs")?, find("Xvfb")?);
    configure(setup);
    // It chooses a free display and says which.
    let display = setup.folder.join("display");
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg("exec \"$0\" -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3> \"$1\"");
    command.arg(xvfb).arg(&display);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let screen = setup.near.spawn(command);
    let number = wait_for("a display", Duration::from_secs(30), || {
        let said = fs::read_to_string(&display).ok()?;
        said.ends_with('\n').then(|| said.trim().to_owned())
    });
    let mut command = Command::new(obs);
    command.args([
        "--startstreaming",
        "--multi",
        "--minimize-to-tray",
        "--disable-updater",
        "--disable-shutdown-check",
    ]);
    command
        .env("DISPLAY", format!(":{number}"))
        .env("HOME", setup.folder)
        .env("XDG_CONFIG_HOME", setup.folder.join(".config"))
        .env("XDG_RUNTIME_DIR", setup.folder)
        .env("QT_QPA_PLATFORM", "xcb")
        .env("LIBGL_ALWAYS_SOFTWARE", "1");
    let log = fs::File::create(setup.folder.join("log")).unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    Some(Running {
        processes: vec![setup.near.spawn(command), screen],
        watch: None,
    })
}

/// One profile, one scene with the clip in it, one service.
fn configure(setup: &Setup<'_>) {
    let root = setup.folder.join(".config/obs-studio");
    let profile = root.join("basic/profiles/Network");
    let scenes = root.join("basic/scenes");
    fs::create_dir_all(&profile).unwrap();
    fs::create_dir_all(&scenes).unwrap();
    write(
        &root.join("global.ini"),
        "[General]\nFirstRun=true\nLastVersion=486539264\nEnableAutoUpdates=false\nPre19Defaults=false\n\n\
         [Basic]\nProfile=Network\nProfileDir=Network\nSceneCollection=Network\nSceneCollectionFile=Network\nConfigOnNewProfile=false\n\n\
         [BasicWindow]\nShowSourceIcons=false\nPreviewEnabled=false\n",
    );
    write(
        &profile.join("basic.ini"),
        &format!(
            "[General]\nName=Network\n\n[Output]\nMode=Advanced\nDynamicBitrate=true\nReconnect=true\nRetryDelay=1\n\n\
             [AdvOut]\nEncoder=obs_x264\nTrackIndex=1\nTrack1Bitrate={SOUND_KBPS}\n\n\
             [Video]\nBaseCX=1280\nBaseCY=720\nOutputCX=1280\nOutputCY=720\nFPSType=0\nFPSCommon=30\n\n\
             [Audio]\nSampleRate=48000\nChannelSetup=Stereo\n"
        ),
    );
    let (server, key) = setup.url.rsplit_once('/').unwrap();
    let service = json!({
        "type": "rtmp_custom",
        "settings": { "server": server, "key": key, "use_auth": false, "bwtest": false },
    });
    write(&profile.join("service.json"), &service.to_string());
    let encoder = json!({
        "rate_control": "CBR", "bitrate": VIDEO_KBPS, "keyint_sec": 2, "preset": "veryfast", "tune": "zerolatency",
        "use_bufsize": true, "buffer_size": VIDEO_KBPS,
    });
    write(&profile.join("streamEncoder.json"), &encoder.to_string());
    let collection = json!({
        "name": "Network",
        "current_scene": "Show",
        "current_program_scene": "Show",
        "scene_order": [{ "name": "Show" }],
        "sources": [
            {
                "id": "ffmpeg_source", "versioned_id": "ffmpeg_source", "name": "Clip", "enabled": true, "mixers": 255,
                "volume": 1.0, "settings": { "local_file": setup.clip, "looping": true, "is_local_file": true, "hw_decode": false },
            },
            {
                "id": "scene", "versioned_id": "scene", "name": "Show", "enabled": true,
                "settings": { "id_counter": 1, "items": [{
                    "id": 1, "name": "Clip", "visible": true, "pos": { "x": 0.0, "y": 0.0 }, "scale": { "x": 1.0, "y": 1.0 },
                }] },
            },
        ],
    });
    write(&scenes.join("Network.json"), &collection.to_string());
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}
