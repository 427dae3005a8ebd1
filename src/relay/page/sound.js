// Packets of sound to the loudspeaker, each block when it is due and without a seam to the one before.

/** A block that is further off than this, in s, is put where it belongs: a gap is better than drifting lips. */
const LOST = 0.08;

/** Deviations below this, in s, are left alone: every correction resamples. */
const CALM = 0.01;

/** How much faster or slower sound may run unnoticed. */
const BEND = 0.008;

/** Blocks are handed over at least so early, in s. */
const LEAD = 0.005;

/** What decoding takes, in s. */
const DECODING = 0.01;

export class Sound {
  /** `changed()` is called when sound begins or stops to be allowed. */
  constructor(timing, changed) {
    this.timing = timing;
    this.changed = changed;
    this.volume = 1;
    this.isMuted = false;
    this.counts = { blocks: 0, gaps: 0, errors: 0 };
    this.next = null;
  }

  static async supports(audio) {
    if (!("AudioDecoder" in globalThis)) {
      return false;
    }
    const answer = await AudioDecoder.isConfigSupported(Sound.config(audio)).catch(() => null);
    return answer?.supported ?? false;
  }

  static config(audio) {
    const config = { codec: audio.codec, sampleRate: audio.sample_rate, numberOfChannels: audio.channels };
    if (audio.description) {
      config.description = Uint8Array.from(atob(audio.description), (char) => char.charCodeAt(0));
    }
    return config;
  }

  configure(audio) {
    const text = JSON.stringify(audio);
    if (text === this.configured) {
      return;
    }
    this.configured = text;
    this.audio = audio;
    if (!audio) {
      return;
    }
    if (this.context?.sampleRate !== audio.sample_rate) {
      this.context?.close();
      // At the stream's own rate, blocks lie sample by sample beside each other.
      this.context = new AudioContext({ sampleRate: audio.sample_rate, latencyHint: "interactive" });
      this.context.onstatechange = this.changed;
      this.gain = this.context.createGain();
      this.meter = this.context.createAnalyser();
      this.meter.fftSize = 2048;
      this.gain.connect(this.meter).connect(this.context.destination);
      this.apply();
      this.next = null;
    }
    this.start();
  }

  start() {
    if (!this.decoder || this.decoder.state === "closed") {
      this.decoder = new AudioDecoder({
        output: (block) => this.play(block),
        error: () => {
          this.counts.errors += 1;
          if (this.counts.errors < 20) {
            this.start();
          }
        },
      });
    }
    this.decoder.configure(Sound.config(this.audio));
  }

  push({ pts, payload }) {
    if (this.decoder?.state === "configured" && this.isAllowed) {
      this.decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: Math.round(pts * 1000), data: payload }));
    }
  }

  /** A decoded block: at its time, or right behind the one before where that is about the same. */
  play(block) {
    const { context } = this;
    const buffer = context.createBuffer(block.numberOfChannels, block.numberOfFrames, block.sampleRate);
    for (let channel = 0; channel < block.numberOfChannels; channel += 1) {
      block.copyTo(buffer.getChannelData(channel), { planeIndex: channel, format: "f32-planar" });
    }
    const due = this.timing.due(block.timestamp / 1000);
    block.close();
    const now = context.currentTime;
    const place = now + (due - performance.now()) / 1000 - (context.outputLatency || 0);
    let rate = 1;
    if (this.next === null || this.next < now + LEAD || Math.abs(place - this.next) > LOST) {
      this.counts.gaps += this.next === null ? 0 : 1;
      if (place < now + LEAD) {
        // Too late to be heard at all; the first ones after joining are.
        this.next = null;
        return;
      }
      this.next = Math.round(place * context.sampleRate) / context.sampleRate;
    } else if (Math.abs(place - this.next) > CALM) {
      rate = place < this.next ? 1 + BEND : 1 - BEND;
    }
    const node = context.createBufferSource();
    node.buffer = buffer;
    node.playbackRate.value = rate;
    node.connect(this.gain);
    node.start(this.next);
    this.next += buffer.duration / rate;
    this.counts.blocks += 1;
  }

  /** How much earlier than it is heard a packet must be here, in ms. */
  get lead() {
    return this.isAllowed ? 1000 * (LEAD + DECODING + (this.context.outputLatency || 0)) : 0;
  }

  get isAllowed() {
    return this.context?.state === "running";
  }

  /** Asks the browser to let sound out; it may want a click first. */
  async allow() {
    await this.context?.resume();
  }

  setVolume(volume) {
    this.volume = volume;
    this.apply();
  }

  setMuted(isMuted) {
    this.isMuted = isMuted;
    this.apply();
  }

  apply() {
    // What the ear takes for half is far less than half of the amplitude.
    this.gain?.gain.setTargetAtTime(this.isMuted ? 0 : this.volume ** 2, this.context.currentTime, 0.01);
  }

  /** RMS of what is heard right now, in dBFS. */
  get level() {
    if (!this.meter) {
      return -Infinity;
    }
    const samples = new Float32Array(this.meter.fftSize);
    this.meter.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    return 10 * Math.log10(power);
  }

  reset() {
    this.next = null;
  }
}
