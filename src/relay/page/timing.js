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

/** How long an extreme is remembered, at least; twice that at most. */
const WINDOW = 6000;

/** What comes first is what the relay had kept: it is late without telling anything about the network. */
const SETTLE = 600;

/** How fast a change is followed, in ms per ms: sound can go along with that unnoticed. */
const SLEW = 0.008;

/** A change beyond this is followed at once. */
const JUMP = 200;

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

export class Timing {
  constructor() {
    this.reset();
  }

  /** A new connection, and with it another beginning. */
  reset() {
    this.fastest = new Least();
    this.slowest = new Least();
    this.since = null;
    this.offset = null;
    this.moved = 0;
  }

  /** Something with this PTS has come. */
  arrived(pts, now) {
    this.since ??= now;
    this.fastest.add(now - pts, now);
    const isSettled = now - this.since > SETTLE;
    if (isSettled) {
      this.slowest.add(this.fastest.value - (now - pts), now);
    }
    this.follow(now, isSettled);
  }

  /** How much later than the fastest things come, in ms. */
  get lateness() {
    return Math.max(0, -Math.min(0, this.slowest.value));
  }

  /** What is waited for what is late, in ms. */
  get wait() {
    return Math.min(MOST_WAIT, Math.max(LEAST_WAIT, this.lateness + MARGIN));
  }

  follow(now, isSettled) {
    const goal = this.fastest.value + this.wait;
    const way = goal - this.offset;
    if (this.offset === null || !isSettled || Math.abs(way) > JUMP) {
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
