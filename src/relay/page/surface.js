// What the page shows besides the picture, and what people do with it.

const find = (id) => document.getElementById(id);

export class Surface {
  /** `handlers`: choose(name), setMuted(isMuted), setVolume(share), enter(token). */
  constructor(handlers) {
    this.handlers = handlers;
    this.canvas = find("canvas");
    this.video = find("video");
    this.stage = find("stage");
    this.tally = find("tally");
    this.notice = find("notice");
    this.streams = find("streams");
    this.entry = find("entry");
    this.token = find("token");
    this.rendition = find("rendition");
    this.mute = find("mute");
    this.unmute = find("unmute");
    this.volume = find("volume");
    this.latency = find("latency");
    this.listen();
  }

  listen() {
    const { choose, setMuted, setVolume, enter } = this.handlers;
    const toggle = () => setMuted(this.mute.getAttribute("aria-pressed") !== "true");
    this.rendition.addEventListener("change", () => choose(this.rendition.value));
    this.mute.addEventListener("click", toggle);
    this.unmute.addEventListener("click", () => setMuted(false));
    this.volume.addEventListener("input", () => setVolume(this.volume.value / 100));
    find("full").addEventListener("click", () => this.toggleFull());
    this.entry.addEventListener("submit", (event) => {
      event.preventDefault();
      this.entry.hidden = true;
      enter(this.token.value);
      this.token.value = "";
    });
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.matches?.("input, select, textarea");
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      if (event.key === "m") {
        toggle();
      } else if (event.key === "f") {
        this.toggleFull();
      }
    });
  }

  toggleFull() {
    if (document.fullscreenElement) {
      document.exitFullscreen();
    } else {
      this.stage.requestFullscreen?.();
    }
  }

  /** `tally`: live or waiting. */
  setTally(tally, text) {
    if (this.tally.dataset.state !== tally || this.tally.textContent !== text) {
      this.tally.dataset.state = tally;
      this.tally.textContent = text;
    }
  }

  get isLive() {
    return this.tally.dataset.state === "live";
  }

  /** Something that a viewer must read; nothing for "". */
  say(text) {
    this.notice.textContent = text;
    this.notice.hidden = text === "";
  }

  askForToken() {
    this.say("");
    this.entry.hidden = false;
    this.token.focus();
  }

  name(stream) {
    find("title").textContent = stream;
    document.title = `${stream} · rigcast`;
  }

  /** Names and addresses of all streams, where there is a choice. */
  showStreams(streams, current) {
    this.streams.hidden = streams.length < 2;
    const links = streams.map(({ name, href }) => {
      const link = document.createElement("a");
      link.href = href;
      link.textContent = name;
      if (name === current) {
        link.setAttribute("aria-current", "page");
      }
      return link;
    });
    this.streams.replaceChildren(...links);
  }

  showRenditions(renditions, choice) {
    const names = ["auto", ...renditions];
    if (names.join() !== [...this.rendition.options].map(({ value }) => value).join()) {
      this.rendition.replaceChildren(...names.map((name) => new Option(name, name)));
    }
    this.rendition.value = names.includes(choice) ? choice : "auto";
  }

  /** Which of the two pictures is in use, and in which shape. */
  showPicture(isFile, video) {
    this.canvas.hidden = isFile;
    this.video.hidden = !isFile;
    this.stage.style.aspectRatio = video ? `${video.width} / ${video.height}` : "";
  }

  /** `needsClick`: the browser lets no sound out before someone has touched the page. */
  showSound(isMuted, needsClick) {
    this.mute.setAttribute("aria-pressed", String(isMuted));
    this.unmute.hidden = !needsClick;
  }

  showVolume(share) {
    this.volume.value = Math.round(share * 100);
  }

  showLatency(ms) {
    this.latency.textContent = ms === null ? "" : `${Math.round(ms)} ms`;
  }
}
