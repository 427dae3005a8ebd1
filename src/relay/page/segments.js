// Fragmented MP4 through Media Source Extensions: for browsers without WebCodecs, and for pages that are not from a secure
// address, where WebCodecs are not to be had.

/** How far behind its end the buffer is played, in s. */
const BEHIND = 0.3;

/** How much faster it is played where it is further behind than so many seconds; beyond the last of them it jumps. */
const HURRY = [
  [0.6, 1.08],
  [1, 1.25],
];
const LOST = 1.5;

/** What lies further back than this is given up, in s. */
const KEPT = 15;

const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;

export class Segments {
  constructor(video, { shown, failed }) {
    this.video = video;
    this.shown = shown;
    this.failed = failed;
    this.parts = [];
    this.counts = { decoded: 0, drawn: 0, late: 0, dropped: 0, errors: 0, fragments: 0, jumps: 0 };
    this.watch();
  }

  static mime(config) {
    const codecs = [config.video?.codec, config.audio?.codec].filter(Boolean);
    return `video/mp4; codecs="${codecs.join(", ")}"`;
  }

  static supports(config) {
    return Source?.isTypeSupported(Segments.mime(config)) ?? false;
  }

  configure(config) {
    const mime = Segments.mime(config);
    if (mime === this.mime) {
      return;
    }
    this.mime = mime;
    if (this.buffer && this.source.readyState === "open" && this.buffer.changeType) {
      this.parts.push({ mime });
      this.pump();
    }
  }

  /** The beginning of a stream; again when its parameter sets change. */
  init(payload) {
    if (!this.source) {
      this.source = new Source();
      this.source.addEventListener("sourceopen", () => this.opened(), { once: true });
      this.video.disableRemotePlayback = true;
      this.video.src = URL.createObjectURL(this.source);
    }
    this.parts.push({ payload });
    this.pump();
  }

  opened() {
    URL.revokeObjectURL(this.video.src);
    this.buffer = this.source.addSourceBuffer(this.mime);
    this.buffer.addEventListener("updateend", () => this.updated());
    this.pump();
  }

  fragment(payload) {
    this.counts.fragments += 1;
    this.parts.push({ payload });
    this.pump();
  }

  pump() {
    if (!this.buffer || this.buffer.updating || this.parts.length === 0) {
      return;
    }
    const part = this.parts.shift();
    try {
      if (part.mime) {
        this.buffer.changeType(part.mime);
        this.pump();
      } else {
        this.buffer.appendBuffer(part.payload);
      }
    } catch (error) {
      this.counts.errors += 1;
      this.failed(error);
    }
  }

  updated() {
    const { video, buffer } = this;
    const ranges = buffer.buffered;
    if (ranges.length > 0) {
      this.follow(ranges.start(ranges.length - 1), ranges.end(ranges.length - 1));
      if (ranges.start(0) < video.currentTime - 2 * KEPT && !buffer.updating) {
        buffer.remove(0, video.currentTime - KEPT);
        return;
      }
    }
    this.pump();
  }

  /** Keeps to the live edge. */
  follow(start, end) {
    const { video } = this;
    const behind = end - video.currentTime;
    if (behind > LOST || video.currentTime < start) {
      video.currentTime = Math.max(start, end - BEHIND);
      this.counts.jumps += 1;
    }
    video.playbackRate = HURRY.findLast(([seconds]) => behind > seconds)?.[1] ?? 1;
    if (video.paused) {
      video.play().catch(() => {});
    }
  }

  watch() {
    const { video } = this;
    video.requestVideoFrameCallback?.((_, { mediaTime }) => {
      this.counts.drawn += 1;
      // The file's time is the show's.
      this.shown(mediaTime * 1000);
      this.watch();
    });
  }

  get quality() {
    return this.video.getVideoPlaybackQuality?.();
  }

  /** How far behind the end of what has come, in ms. */
  get behind() {
    const { buffered, currentTime } = this.video;
    return buffered.length > 0 ? (buffered.end(buffered.length - 1) - currentTime) * 1000 : null;
  }

  /** The connection broke: what comes next is another file. */
  reset() {
    this.video.removeAttribute("src");
    this.video.load();
    this.source = null;
    this.buffer = null;
    this.mime = null;
    this.parts.length = 0;
  }
}
