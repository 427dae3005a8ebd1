// Access units to pictures on a canvas, each when it is due.

/** Pictures that a decoder may have in hand: some decoders own no more. The rest waits as access units. */
const IN_HAND = 10;

/** An access unit that is late by more than this shows that this machine does not keep up: on with the next IDR. */
const HOPELESS = 1500;

/** A picture that is due within this is shown with this refresh of the screen. */
const EARLY = 4;

/** Where the page is not seen it does not draw; it still has to give pictures back. */
const HIDDEN_INTERVAL = 100;

export class Pictures {
  /** `shown(pts)` is called for each picture that is drawn, `failed(error)` when the decoder gives up. */
  constructor(canvas, timing, { shown, failed }) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    this.timing = timing;
    this.shown = shown;
    this.failed = failed;
    this.units = [];
    this.frames = [];
    this.counts = { decoded: 0, drawn: 0, late: 0, dropped: 0, errors: 0 };
    this.needsIdr = true;
    /** The newest that was drawn, in µs. Another rendition may begin a little before that. */
    this.newest = -Infinity;
    this.turn();
  }

  /** Whether this browser decodes it. */
  static async supports(video) {
    if (!("VideoDecoder" in globalThis)) {
      return false;
    }
    const answer = await VideoDecoder.isConfigSupported(Pictures.config(video)).catch(() => null);
    return answer?.supported ?? false;
  }

  static config(video) {
    return {
      codec: video.codec,
      description: Uint8Array.from(atob(video.description), (char) => char.charCodeAt(0)),
      codedWidth: video.width,
      codedHeight: video.height,
      optimizeForLatency: true,
    };
  }

  /** What the units that follow need. `null`: none follow. */
  configure(video) {
    const text = JSON.stringify(video);
    if (text === this.configured) {
      return;
    }
    this.configured = text;
    this.video = video;
    if (video) {
      this.start();
    }
  }

  /** Gives the decoder its configuration. What it was given before still comes out. */
  start() {
    if (!this.decoder || this.decoder.state === "closed") {
      this.decoder = new VideoDecoder({
        output: (frame) => this.take(frame),
        error: (error) => this.fail(error),
      });
    }
    // Units of the old configuration that still wait would be decoded with the new one.
    for (const unit of this.units.splice(0)) {
      this.decode(unit);
    }
    this.needsIdr = true;
    this.decoder.configure(Pictures.config(this.video));
  }

  fail(error) {
    this.counts.errors += 1;
    this.units.length = 0;
    if (this.counts.errors > 20) {
      this.failed(error);
    } else if (this.video) {
      this.start();
    }
  }

  /** An access unit has come. */
  push(unit) {
    if (!this.video) {
      return;
    }
    this.units.push(unit);
    if (performance.now() - this.timing.due(this.units[0].pts) > HOPELESS) {
      const idr = this.units.findLastIndex((later) => later.isIdr);
      this.counts.dropped += this.units.splice(0, Math.max(idr, 0)).length;
    }
    this.pump();
  }

  pump() {
    if (this.decoder?.state !== "configured") {
      return;
    }
    while (this.units.length > 0 && this.frames.length + this.decoder.decodeQueueSize < IN_HAND) {
      this.decode(this.units.shift());
    }
  }

  decode({ pts, isIdr, payload }) {
    if (this.decoder.state !== "configured" || (this.needsIdr && !isIdr)) {
      this.counts.dropped += 1;
      return;
    }
    this.needsIdr = false;
    const type = isIdr ? "key" : "delta";
    this.decoder.decode(new EncodedVideoChunk({ type, timestamp: Math.round(pts * 1000), data: payload }));
  }

  take(frame) {
    this.counts.decoded += 1;
    if (frame.timestamp <= this.newest) {
      frame.close();
    } else {
      if (this.timing.due(frame.timestamp / 1000) <= performance.now()) {
        // This page is catching up: what came before will never be seen.
        this.giveUp(this.frames.splice(0));
      }
      this.frames.push(frame);
    }
    this.pump();
  }

  giveUp(frames) {
    this.counts.late += frames.length;
    for (const frame of frames) {
      frame.close();
    }
  }

  /** Shows what is due, again and again. */
  turn() {
    const again = () => {
      this.draw(performance.now());
      this.turn();
    };
    if (document.hidden) {
      setTimeout(again, HIDDEN_INTERVAL);
    } else {
      requestAnimationFrame(again);
    }
  }

  draw(now) {
    const isDue = (frame) => this.timing.due(frame.timestamp / 1000) <= now + EARLY;
    const newest = this.frames.findLastIndex(isDue);
    const due = this.frames.splice(0, newest + 1);
    const frame = due.pop();
    this.giveUp(due);
    if (frame) {
      this.newest = frame.timestamp;
      this.paint(frame);
      this.counts.drawn += 1;
      this.shown(frame.timestamp / 1000);
      frame.close();
    }
    this.pump();
  }

  paint(frame) {
    const { canvas } = this;
    if (canvas.width !== frame.displayWidth || canvas.height !== frame.displayHeight) {
      canvas.width = frame.displayWidth;
      canvas.height = frame.displayHeight;
    }
    this.context.drawImage(frame, 0, 0);
  }

  /** The connection broke: what comes next goes on from an IDR. */
  reset() {
    this.needsIdr = true;
    this.newest = -Infinity;
    this.units.length = 0;
  }
}
