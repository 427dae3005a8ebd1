// The page: finds a stream, plays it by WebCodecs or, where those are not to be had, as fragmented MP4, and says how it fares.
// Scripts may read and steer it through `window.rigcast`.

import { Kind, Link } from "./link.js";
import { Pictures } from "./pictures.js";
import { Segments } from "./segments.js";
import { Sound } from "./sound.js";
import { Surface } from "./surface.js";
import { Timing } from "./timing.js";
import { Figures, median } from "./figures.js";

const query = new URLSearchParams(location.search);

/** How often figures are renewed, in ms. */
const REFRESH = 500;

/** How often the relay is told how this page fares, in ms. */
const REPORT = 2000;

/** How long it takes to look again for a stream that is not there, in ms. */
const LOOK_AGAIN = 2000;

/** Latencies behind the median: four seconds at 30 per second. */
const LATENCIES = 120;

const surface = new Surface({ choose, setMuted, setVolume, enter });
const timing = new Timing();
const sound = new Sound(timing, () => showSound());
const pictures = new Pictures(surface.canvas, timing, { shown: noteShown, failed: () => fall() });
const segments = new Segments(surface.video, {
  shown: noteShown,
  failed: (error) => surface.say(`This browser cannot play it: ${error.message}`),
});
const figures = new Figures(document.getElementById("figures"));

const state = {
  stream: null,
  mode: wantedMode(),
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
  const addressed = streams.map(({ name }) => ({ name, href: address(`/live/${name}`).href }));
  surface.showStreams(addressed, stream?.name);
  if (!stream) {
    surface.setTally("waiting", "Not on air");
    surface.say(named ? `There is no stream called ${named} right now.` : "Nothing is on air right now.");
    setTimeout(begin, LOOK_AGAIN);
    return;
  }
  surface.say("");
  state.stream = stream.name;
  surface.name(stream.name);
  link = new Link(socketAddress, { opened, closed, message });
}

/** The relay's streams; `null` where it does not let us in, or is away and looked for again. */
async function listStreams() {
  const answer = await fetch(address("/api/streams")).catch(() => null);
  if (answer?.ok) {
    return (await answer.json()).streams;
  }
  if (answer?.status === 401) {
    surface.setTally("waiting", "Token needed");
    surface.askForToken();
  } else {
    surface.setTally("waiting", "No relay");
    surface.say("The relay does not answer.");
    setTimeout(begin, LOOK_AGAIN);
  }
  return null;
}

/** Someone has typed a token. */
function enter(token) {
  query.set("token", token);
  begin();
}

// --- The connection ---

function opened() {
  timing.reset();
  state.openedAt = performance.now();
  state.joined = null;
  state.latencies.length = 0;
  surface.setTally("waiting", "Joining");
  surface.say("");
}

function closed(reason, wasOpen) {
  pictures.reset();
  sound.reset();
  segments.reset();
  surface.setTally("waiting", "Reconnecting");
  surface.say(reason || (wasOpen ? "The connection broke." : "The relay does not answer."));
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
    surface.setTally("live", "Live");
  }
}

/** What the messages that follow need. */
function configure(config) {
  state.config = config;
  surface.showRenditions(config.renditions, state.choice);
  surface.showPicture(state.mode === "fmp4", config.video);
  surface.say(config.video ? "" : "Sound only");
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
  surface.setTally("live", "Live");
}

function showSound() {
  const isSilent = state.mode === "fmp4" ? surface.video.muted : !sound.isAllowed;
  surface.showSound(sound.isMuted, isSilent && !sound.isMuted && Boolean(state.config?.audio));
}

// --- What people do ---

function choose(name) {
  state.choice = name;
  surface.showRenditions(state.config?.renditions ?? [], name);
  link?.send({ rendition: name });
}

function setMuted(isMuted) {
  sound.setMuted(isMuted);
  surface.video.muted = isMuted;
  if (!isMuted) {
    sound.allow();
  }
  showSound();
}

function setVolume(share) {
  sound.setVolume(share);
  surface.video.volume = share ** 2;
  surface.showVolume(share);
}

// --- Figures ---

/** Everything that is known about how this page fares. */
function stats() {
  const player = state.mode === "fmp4" ? segments : pictures;
  const level = state.mode === "fmp4" ? null : sound.level;
  return {
    stream: state.stream,
    state: surface.isLive ? "live" : "waiting",
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
      is_allowed: state.mode === "fmp4" ? !surface.video.muted : sound.isAllowed,
      is_muted: sound.isMuted,
      level_dbfs: Number.isFinite(level) ? level : null,
    },
  };
}

setInterval(() => {
  const now = stats();
  figures.show(now);
  surface.showLatency(now.latency_ms);
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
