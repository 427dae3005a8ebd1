//! The relay's page in a real browser: pictures that advance, sound, latency from the making to the canvas, a second viewer
//! that joins between two IDRs, another rendition without a break, and the way that needs no WebCodecs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

#[path = "browser_support/chromium.rs"]
mod chromium;
mod common;
#[path = "browser_support/show.rs"]
mod show;

use std::time::Duration;

use chromium::{Chromium, Page};
use common::pace::in_real_time_beside;
use common::{PATIENCE, extent, wait_for};
use serde_json::Value;
use show::{BITS, FRAME_RATE, Show, TONE_RMS_DBFS};

/// Notes every number that comes to stand on the canvas or in the video, and when that was, in ms since 1970.
const WATCH: &str = r"
globalThis.seen = [];
(function look() {
  const { canvas, video } = { canvas: document.querySelector('canvas'), video: document.querySelector('video') };
  const surface = canvas.hidden ? video : canvas;
  const [width, height] = canvas.hidden ? [video.videoWidth, video.videoHeight] : [canvas.width, canvas.height];
  if (width > 0) {
    const copy = globalThis.copy ??= new OffscreenCanvas(BITS, 1).getContext('2d', { willReadFrequently: true });
    copy.imageSmoothingEnabled = false;
    copy.drawImage(surface, 0, height - 8, width, 1, 0, 0, BITS, 1);
    const pixels = copy.getImageData(0, 0, BITS, 1).data;
    let number = 0;
    for (let bit = 0; bit < BITS; bit += 1) {
      number = number * 2 + (pixels[4 * bit] > 128 ? 1 : 0);
    }
    if (number > 0 && number !== globalThis.last) {
      globalThis.last = number;
      seen.push([number, Date.now(), width]);
    }
  }
  requestAnimationFrame(look);
})();
0";

/// What stood on the screen, and since when.
#[derive(Clone, Copy, Debug)]
struct Seen {
    number: usize,
    at_ms: f64,
    width: u64,
}

impl Page {
    fn stats(&mut self) -> Value {
        self.value("globalThis.rigcast ? rigcast.stats() : null")
    }

    /// Waits until the page has shown pictures.
    fn wait_live(&mut self) -> Value {
        wait_for("a live picture", PATIENCE, || {
            let stats = self.stats();
            (stats["pictures"]["drawn"].as_u64() > Some(5)).then_some(stats)
        })
    }

    fn watch(&mut self) {
        self.value(&WATCH.replace("BITS", &BITS.to_string()));
    }

    /// What has been seen since the last look.
    fn seen(&mut self) -> Vec<Seen> {
        let seen = self.value("seen.splice(0)");
        let read = |entry: &Value| Seen {
            number: entry[0].as_u64().unwrap() as usize,
            at_ms: entry[1].as_f64().unwrap(),
            width: entry[2].as_u64().unwrap(),
        };
        seen.as_array().unwrap().iter().map(read).collect()
    }
}

/// How much slower than a machine of its own the browser may be: where two cores are shared by it, the encoders and whatever
/// else a gate runs, times say little, and the full run alone asks for what is promised.
fn slack() -> f64 {
    extent(3.0, 1.0)
}

fn sleep(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// From the making of each picture to its standing on the screen; the median in ms.
fn median_latency(show: &Show, seen: &[Seen]) -> f64 {
    let mut latencies: Vec<_> = seen.iter().map(|seen| seen.at_ms - show.made_ms(seen.number)).collect();
    latencies.sort_by(f64::total_cmp);
    latencies[latencies.len() / 2]
}

/// Numbers go up, and hardly any is missing.
fn assert_smooth(seen: &[Seen]) {
    let steps: Vec<_> = seen
        .windows(2)
        .map(|pair| pair[1].number as i64 - pair[0].number as i64)
        .collect();
    assert!(steps.iter().all(|step| *step > 0), "pictures went back: {steps:?}");
    let missing: i64 = steps.iter().map(|step| step - 1).sum();
    assert!(
        missing * 10 <= (seen.len() as f64 * slack()) as i64,
        "{missing} of {} pictures were never seen: {steps:?}",
        seen.len()
    );
}

#[test]
fn a_browser_plays_the_show_live() {
    let Some(mut chromium) = Chromium::start() else { return };
    in_real_time_beside("the relay's page in Chromium", |_| {
        let show = Show::start();
        let mut page = chromium.open(&show.url(""));
        page.wait_live();
        page.watch();
        // Until the page knows how late things come.
        sleep(2500);
        page.seen();
        let before = page.stats();
        sleep(3000);
        let (seen, after) = (page.seen(), page.stats());

        assert_eq!(
            (&after["mode"], &after["state"]),
            (&"webcodecs".into(), &"live".into()),
            "{after}"
        );
        let seconds = (seen[seen.len() - 1].at_ms - seen[0].at_ms) / 1000.0;
        let rate = (seen.len() - 1) as f64 / seconds;
        assert!(
            (rate - FRAME_RATE.as_f64()).abs() < 2.0 * slack(),
            "{rate} pictures per second"
        );
        assert_smooth(&seen);

        let latency = median_latency(&show, &seen);
        eprintln!("from the making to the canvas: median {latency:.0} ms; the page says {after}");
        assert!(latency < 250.0 * slack(), "{latency} ms: {after}");
        assert!(
            (after["latency_ms"].as_f64().unwrap() - latency).abs() < 50.0 * slack(),
            "{latency} ms: {after}"
        );
        assert!(after["behind_ms"].as_f64().unwrap() < 500.0 * slack(), "{after}");

        let sound = &after["sound"];
        let level = sound["level_dbfs"].as_f64().unwrap_or(-200.0);
        assert!(
            (level - TONE_RMS_DBFS).abs() < 2.0,
            "the tone is at {level} dBFS: {after}"
        );
        let blocks = sound["blocks"].as_u64().unwrap() - before["sound"]["blocks"].as_u64().unwrap();
        assert!(
            (extent(90, 120)..=extent(190, 165)).contains(&blocks),
            "{blocks} blocks in 3 s: {after}"
        );
        let gaps = sound["gaps"].as_u64().unwrap() - before["sound"]["gaps"].as_u64().unwrap();
        assert!(gaps <= extent(6, 1), "{after}");

        joins_between_idrs(&show, &mut chromium);
        changes_renditions(&show, &mut page);
        plays_without_webcodecs(&show, &mut chromium);
    });
}

/// A second viewer begins with what the relay has kept, and nobody makes an IDR for it.
fn joins_between_idrs(show: &Show, chromium: &mut Chromium) {
    let wishes = show.idr_wishes(0);
    let mut second = chromium.open(&show.url(""));
    let stats = second.wait_live();
    // It has pictures of seconds to decode before it is where the others are.
    wait_for("the live edge", PATIENCE, || {
        (second.stats()["latency_ms"].as_f64() < Some(500.0)).then_some(())
    });
    second.watch();
    sleep(1000);
    let seen = second.seen();
    assert_eq!(
        show.idr_wishes(0),
        wishes,
        "the relay had no IDR left for a late joiner"
    );
    let joined = stats["joined_ms"].as_f64().unwrap();
    assert!(
        joined < 1000.0 * slack(),
        "{joined} ms from the connection to the first picture"
    );
    let latency = median_latency(show, &seen);
    assert!(latency < 500.0 * slack(), "{latency} ms behind in a second tab");
}

/// Fragmented MP4 in the browser's own player: later by what a fragment lasts, and no less smooth.
fn plays_without_webcodecs(show: &Show, chromium: &mut Chromium) {
    let mut page = chromium.open(&show.url("?player=fmp4"));
    page.wait_live();
    page.value("rigcast.setMuted(false)");
    page.watch();
    sleep(2000);
    let (seen, stats) = (page.seen(), page.stats());
    assert_eq!(stats["mode"], "fmp4", "{stats}");
    assert!(seen.len() > extent(20, 40), "{} pictures in 2 s: {stats}", seen.len());
    assert!(seen.windows(2).all(|pair| pair[1].number > pair[0].number), "{seen:?}");
    let latency = median_latency(show, &seen);
    eprintln!("from the making to the video element: median {latency:.0} ms; the page says {stats}");
    assert!(latency < 2000.0 * slack(), "{latency} ms: {stats}");
    let heard = "document.querySelector('video').webkitAudioDecodedByteCount";
    assert!(page.value(heard).as_u64() > Some(0), "no sound was decoded: {stats}");
}

/// Another rendition goes on where the first one was.
fn changes_renditions(show: &Show, page: &mut Page) {
    page.seen();
    page.value("rigcast.choose('small')");
    let mut seen = Vec::new();
    wait_for("the small rendition", PATIENCE, || {
        seen.extend(page.seen());
        seen.iter().filter(|seen| seen.width == 320).nth(15).map(|_| ())
    });
    assert_smooth(&seen);
    let longest = seen
        .windows(2)
        .map(|pair| pair[1].at_ms - pair[0].at_ms)
        .fold(0.0, f64::max);
    assert!(
        longest < 250.0 * slack(),
        "the picture stood for {longest} ms: {seen:?}"
    );
    assert_eq!(page.stats()["rendition"], "small");
    assert!(median_latency(show, &seen) < 500.0 * slack());
}
