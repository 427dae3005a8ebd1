// The page: finds a stream, plays it by WebCodecs or, where those are not to be had, as fragmented MP4, and says how it fares.
// Scripts may read and steer it through `window.rigcast`.

import { Kind, Link } from "./link.js";
import { Pictures } from "./pictures.js";
import { Segments } from "./segments.js";
import { Sound } from "./sound.js";
import { Timing } from "./timing.js";
import { Figures, median } from "./figures.js";

const query = new URLSearchParams(location.search);
const find = (id) => document.getElementById(id);
const page = {
  title: find("title"),
  tally: find("tally"),
  streams: find("streams"),
  stage: find("stage"),
  canvas: find("canvas"),
  video: find("video"),
  notice: find("notice"),
  entry: find("entry"),
  token: find("token"),
  unmute: find("unmute"),
  mute: find("mute"),
  volume: find("volume"),
  rendition: find("rendition"),
  latency: find("latency"),
  full: find("full"),
};

/** How often figures are renewed, in ms. */
const REFRESH = 500;

/** How often the relay is told how this page fares, in ms. */
const REPORT = 2000;

/** How long it takes to look again for a stream that is not there, in ms. */
const LOOK_AGAIN = 2000;

/** Latencies behind the median: four seconds at 30 per second. */
const LATENCIES = 120;

const timing = new Timing();
const sound = new Sound(timing, () => showSound());
const pictures = new Pictures(page.canvas, timing, { shown: noteShown, failed: () => fall() });
const segments = new Segments(page.video, { shown: noteShown, failed: (error) => say(`This browser cannot play it: ${error.message}`) });
const figures = new Figures(find("figures"));

const state = {
  stream: null,
  mode: wantedMode(),
  tally: "waiting",
  choice: query.get("rendition") ?? "auto",
  config: null,
  /** What lies between PTS and the wall clock of whoever made the pictures, in ms. */
  wallShift: null,
  latencies: [],
  shownPts: null,
  /** When the connection opened, and how long it took from there to the first picture, in ms. */
  openedAt: 0,
  joined: null,
};
let link = null;

function wantedMode() {
  const mode = query.get("player");
  if (mode === "fmp4" || mode === "webcodecs") {
    return mode;
  }
  return "VideoDecoder" in globalThis && "AudioDecoder" in globalThis ? "webcodecs" : "fmp4";
}

/** An address of the relay, with the token that this page was given. */
function address(path, values = {}) {
  const url = new URL(path, location.href);
  const token = query.get("token");
  for (const [name, value] of Object.entries({ ...values, token })) {
    if (value) {
      url.searchParams.set(name, value);
    }
  }
  return url;
}

function socketAddress() {
  const url = address(`/ws/${state.stream}`, {
    rendition: state.choice,
    format: state.mode === "fmp4" ? "fmp4" : null,
  });
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

// --- Finding a stream ---

async function begin() {
  const streams = await listStreams();
  if (!streams) {
    return;
  }
  const named = decodeURIComponent(location.pathname.match(/^\/live\/([^/]+)$/)?.[1] ?? "");
  const stream = named ? streams.find(({ name }) => name === named) : streams[0];
  showStreams(streams, stream?.name);
  if (!stream) {
    setTally("waiting", "Not on air");
    say(named ? `There is no stream called ${named} right now.` : "Nothing is on air right now.");
    setTimeout(begin, LOOK_AGAIN);
    return;
  }
  say("");
  state.stream = stream.name;
  page.title.textContent = stream.name;
  document.title = `${stream.name} · rigcast`;
  link = new Link(socketAddress, { opened, closed, message });
}

/** The relay's streams; `null` where it does not let us in, or is away and looked for again. */
async function listStreams() {
  const answer = await fetch(address("/api/streams")).catch(() => null);
  if (answer?.ok) {
    return (await answer.json()).streams;
  }
  if (answer?.status === 401) {
    setTally("waiting", "Token needed");
    say("");
    page.entry.hidden = false;
    page.token.focus();
  } else {
    setTally("waiting", "No relay");
    say("The relay does not answer.");
    setTimeout(begin, LOOK_AGAIN);
  }
  return null;
}

function showStreams(streams, current) {
  page.streams.hidden = streams.length < 2;
  const links = streams.map(({ name }) => {
    const link = document.createElement("a");
    link.href = address(`/live/${name}`).href;
    link.textContent = name;
    if (name === current) {
      link.setAttribute("aria-current", "page");
    }
    return link;
  });
  page.streams.replaceChildren(...links);
}

// --- The connection ---

function opened() {
  timing.reset();
  state.openedAt = performance.now();
  state.joined = null;
  state.latencies.length = 0;
  setTally("waiting", "Joining");
  say("");
}

function closed(reason, wasOpen) {
  pictures.reset();
  sound.reset();
  segments.reset();
  setTally("waiting", "Reconnecting");
  say(reason || (wasOpen ? "The connection broke." : "The relay does not answer."));
  if (!wasOpen && link.retry > 1000) {
    // A stream that is not there any more, or a token that does not count any more, is told apart by asking for the list.
    link.close();
    begin();
  }
}

function message(message) {
  const now = performance.now();
  const { kind, pts, wall, payload } = message;
  if (kind === Kind.config) {
    configure(JSON.parse(new TextDecoder().decode(payload)));
    return;
  }
  state.wallShift = wall - pts;
  switch (kind) {
    case Kind.video:
      timing.arrived(pts, now);
      pictures.push(message);
      break;
    case Kind.audio:
      timing.arrived(pts, now, sound.lead);
      sound.push(message);
      break;
    case Kind.init:
      segments.init(payload);
      break;
    case Kind.fragment:
      segments.fragment(payload);
      break;
    default:
  }
  if (!state.config?.video) {
    setTally("live", "Live");
  }
}

/** What the messages that follow need. */
function configure(config) {
  state.config = config;
  showRenditions(config);
  page.stage.style.aspectRatio = config.video ? `${config.video.width} / ${config.video.height}` : "";
  say(config.video ? "" : "Sound only");
  if (state.mode === "fmp4") {
    segments.configure(config);
    showSound();
    return;
  }
  pictures.configure(config.video);
  sound.configure(config.audio);
  sound.allow();
  showSound();
  check(config);
}

/** Goes over to fragmented MP4 where this browser cannot decode the codecs itself. */
async function check({ video, audio }) {
  const canSee = !video || (await Pictures.supports(video));
  const canHear = !audio || (await Sound.supports(audio));
  if (!canSee || !canHear) {
    fall();
  }
}

function fall() {
  if (state.mode === "fmp4" || query.get("player") === "webcodecs") {
    return;
  }
  state.mode = "fmp4";
  state.latencies.length = 0;
  pictures.configure(null);
  sound.configure(null);
  link.close();
  link = new Link(socketAddress, { opened, closed, message });
}

// --- What is shown ---

function noteShown(pts) {
  state.shownPts = pts;
  state.joined ??= performance.now() - state.openedAt;
  if (state.wallShift !== null) {
    state.latencies.push(Date.now() - (pts + state.wallShift));
    state.latencies.splice(0, state.latencies.length - LATENCIES);
  }
  setTally("live", "Live");
}

function setTally(tally, text) {
  if (state.tally !== tally || page.tally.textContent !== text) {
    state.tally = tally;
    page.tally.dataset.state = tally;
    page.tally.textContent = text;
  }
}

function say(text) {
  page.notice.textContent = text;
  page.notice.hidden = text === "";
}

function showRenditions({ renditions }) {
  const names = ["auto", ...renditions];
  if (names.join() !== [...page.rendition.options].map(({ value }) => value).join()) {
    page.rendition.replaceChildren(...names.map((name) => new Option(name, name)));
  }
  page.rendition.value = names.includes(state.choice) ? state.choice : "auto";
}

/** Which of the two surfaces is in use, and whether a click is needed before anything is heard. */
function showSound() {
  const isFile = state.mode === "fmp4";
  page.canvas.hidden = isFile;
  page.video.hidden = !isFile;
  page.mute.setAttribute("aria-pressed", String(sound.isMuted));
  const isSilent = isFile ? page.video.muted : !sound.isAllowed;
  page.unmute.hidden = sound.isMuted || !state.config?.audio || !isSilent;
}

// --- What people do ---

function choose(name) {
  state.choice = name;
  page.rendition.value = name;
  link?.send({ rendition: name });
}

function setMuted(isMuted) {
  sound.setMuted(isMuted);
  page.video.muted = isMuted;
  if (!isMuted) {
    sound.allow();
  }
  showSound();
}

function setVolume(share) {
  sound.setVolume(share);
  page.video.volume = share ** 2;
  page.volume.value = Math.round(share * 100);
}

function toggleFull() {
  if (document.fullscreenElement) {
    document.exitFullscreen();
  } else {
    page.stage.requestFullscreen?.();
  }
}

page.rendition.addEventListener("change", () => choose(page.rendition.value));
page.mute.addEventListener("click", () => setMuted(!sound.isMuted));
page.unmute.addEventListener("click", () => setMuted(false));
page.volume.addEventListener("input", () => setVolume(page.volume.value / 100));
page.full.addEventListener("click", toggleFull);
page.entry.addEventListener("submit", (event) => {
  event.preventDefault();
  query.set("token", page.token.value);
  page.entry.hidden = true;
  page.token.value = "";
  begin();
});
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches?.("input, select, textarea");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  if (event.key === "m") {
    setMuted(!sound.isMuted);
  } else if (event.key === "f") {
    toggleFull();
  }
});

// --- Figures ---

/** Everything that is known about how this page fares. */
function stats() {
  const player = state.mode === "fmp4" ? segments : pictures;
  const level = state.mode === "fmp4" ? null : sound.level;
  return {
    stream: state.stream,
    state: state.tally,
    mode: state.mode,
    rendition: state.config?.rendition ?? null,
    choice: state.choice,
    renditions: state.config?.renditions ?? [],
    width: state.config?.video?.width ?? 0,
    height: state.config?.video?.height ?? 0,
    pts_ms: state.shownPts,
    joined_ms: state.joined,
    latency_ms: median(state.latencies),
    behind_ms: state.mode === "fmp4" ? segments.behind : timing.behind,
    lateness_ms: timing.lateness,
    received_bytes: link?.received ?? 0,
    connects: link?.connects ?? 0,
    pictures: { ...player.counts },
    sound: {
      ...sound.counts,
      is_allowed: state.mode === "fmp4" ? !page.video.muted : sound.isAllowed,
      is_muted: sound.isMuted,
      level_dbfs: Number.isFinite(level) ? level : null,
    },
  };
}

setInterval(() => {
  const now = stats();
  figures.show(now);
  page.latency.textContent = now.latency_ms === null ? "" : `${Math.round(now.latency_ms)} ms`;
}, REFRESH);

setInterval(() => {
  const latency = median(state.latencies);
  if (latency !== null && latency >= 0) {
    link?.send({ report: { latency_ms: Math.round(latency) } });
  }
}, REPORT);

globalThis.rigcast = { stats, choose, setMuted, setVolume };
setVolume(1);
begin();
