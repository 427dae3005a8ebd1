// The connection to the relay: binary messages in, wishes out, and back again when it breaks.

/** Kinds of messages. */
export const Kind = { config: 1, video: 2, audio: 3, init: 4, fragment: 5 };

/** Bytes before the payload. */
const HEADER = 20;

const FIRST_RETRY = 500;
const LAST_RETRY = 8000;

/** A message: `kind u8, flags u8, u16 0, pts i64 µs, wall clock i64 µs`, little endian, then the payload. */
function parse(buffer) {
  if (buffer.byteLength < HEADER) {
    return null;
  }
  const view = new DataView(buffer);
  return {
    kind: view.getUint8(0),
    isIdr: (view.getUint8(1) & 1) !== 0,
    pts: Number(view.getBigInt64(4, true)) / 1000,
    wall: Number(view.getBigInt64(12, true)) / 1000,
    payload: new Uint8Array(buffer, HEADER),
  };
}

export class Link {
  /** `handlers`: opened(), closed(reason, wasOpen), message(message). */
  constructor(address, handlers) {
    this.address = address;
    this.handlers = handlers;
    this.retry = FIRST_RETRY;
    this.received = 0;
    this.connects = 0;
    this.open();
  }

  open() {
    let isOpen = false;
    const socket = new WebSocket(this.address());
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      isOpen = true;
      this.connects += 1;
      this.handlers.opened();
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") {
        return;
      }
      this.received += data.byteLength;
      this.retry = FIRST_RETRY;
      const message = parse(data);
      if (message) {
        this.handlers.message(message);
      }
    };
    socket.onclose = ({ reason }) => {
      if (this.socket !== socket) {
        return;
      }
      this.handlers.closed(reason, isOpen);
      if (this.socket !== socket) {
        return;
      }
      this.timer = setTimeout(() => this.open(), this.retry);
      this.retry = Math.min(LAST_RETRY, this.retry * 2);
    };
    this.socket = socket;
  }

  /** Tells the relay something; what cannot be told now is not told. */
  send(value) {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify(value));
    }
  }

  /** Ends it for good. */
  close() {
    const { socket } = this;
    clearTimeout(this.timer);
    this.socket = null;
    socket.close();
  }
}
