// When things are due. Times are milliseconds of performance.now(), PTS are milliseconds of the show.
//
// What arrives fastest shows how far the show's clock and this page's lie apart; what arrives later than that shows how
// long the page has to wait before it shows anything, so that nothing is missing when it is due. Both are looked for in the
// last seconds only, because clocks drift and networks change.

/** The least and the most that is waited. */
const LEAST_WAIT = 50;
const MOST_WAIT = 1500;

/** What is waited beyond the latest of late. */
const MARGIN = 25;

/** How long the fastest is remembered, at least; twice that at most, in ms. */
const WINDOW = 6000;

/** How many seconds of lateness are remembered. */
const SECONDS = 8;

/** What comes first is what the relay had kept: it is late without telling anything about the network, for so long. */
const SETTLE = 300;

/** Until then whatever is learned is followed at once: nobody has got used to anything yet. */
const LEARN = 4000;

/** How fast a change is followed, in ms per ms: sound can go along with that unnoticed. */
const SLEW = 0.008;

/** What has to wait longer by more than this would be late until then: followed at once. */
const JUMP_BACK = 200;

/** Nobody waits so much longer than needed: followed at once as well, though sound skips. */
const JUMP_AHEAD = 1000;

/** The least of the values of the last seconds. */
class Least {
  constructor() {
    this.slots = [Infinity, Infinity];
    this.turned = -Infinity;
  }

  add(value, now) {
    if (now - this.turned > WINDOW) {
      this.slots = [Infinity, this.slots[0]];
      this.turned = now;
    }
    this.slots[0] = Math.min(this.slots[0], value);
  }

  get value() {
    return Math.min(this.slots[0], this.slots[1]);
  }
}

/** How late the late ones of the last seconds were. One hiccup is no reason to wait longer ever after, two are. */
class Lateness {
  constructor() {
    this.seconds = [];
    this.turned = -Infinity;
  }

  add(value, now) {
    if (now - this.turned > 1000) {
      this.seconds = [0, ...this.seconds].slice(0, SECONDS);
      this.turned = now;
    }
    this.seconds[0] = Math.max(this.seconds[0], value);
  }

  get value() {
    const sorted = [...this.seconds].sort((a, b) => b - a);
    return sorted[sorted.length > 2 ? 1 : 0] ?? 0;
  }
}

export class Timing {
  constructor() {
    this.reset();
  }

  /** A new connection, and with it another beginning. */
  reset() {
    this.fastest = new Least();
    this.late = new Lateness();
    this.since = null;
    this.offset = null;
    this.moved = 0;
  }

  /** Something with this PTS has come, and needs `more` ms before it can be seen or heard. */
  arrived(pts, now, more = 0) {
    this.since ??= now;
    this.fastest.add(now - pts, now);
    if (now - this.since > SETTLE) {
      this.late.add(now - pts + more - this.fastest.value, now);
    }
    this.follow(now);
  }

  /** How much later than the fastest things come, in ms. */
  get lateness() {
    return this.late.value;
  }

  /** What is waited for what is late, in ms. */
  get wait() {
    return Math.min(MOST_WAIT, Math.max(LEAST_WAIT, this.lateness + MARGIN));
  }

  follow(now) {
    const goal = this.fastest.value + this.wait;
    const way = goal - this.offset;
    const isLearning = now - this.since < LEARN;
    if (this.offset === null || isLearning || way > JUMP_BACK || way < -JUMP_AHEAD) {
      this.offset = goal;
    } else {
      const most = (now - this.moved) * SLEW;
      this.offset += Math.max(-most, Math.min(most, way));
    }
    this.moved = now;
  }

  /** When something with this PTS is to be seen or heard. */
  due(pts) {
    return this.offset + pts;
  }

  /** How far what is shown lies behind what has come, in ms. */
  get behind() {
    return this.offset === null ? null : this.offset - this.fastest.value;
  }
}
