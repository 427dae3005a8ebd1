// The table of statistics.

/** The middle one; `null` of nothing. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length > 0 ? sorted[Math.floor(sorted.length / 2)] : null;
}

const ms = (value) => (value === null ? "–" : `${Math.round(value)} ms`);

export class Figures {
  constructor(list) {
    this.list = list;
    this.rows = new Map();
    this.last = null;
  }

  show(stats) {
    const now = performance.now();
    const seconds = this.last ? (now - this.last.now) / 1000 : null;
    const rate = (value, before) => (seconds === null ? 0 : Math.max(0, value - before) / seconds);
    const { pictures, sound } = stats;
    this.row("Rendition", `${stats.rendition ?? "–"}, ${stats.width}×${stats.height}`);
    this.row("Player", stats.mode === "fmp4" ? "fragmented MP4" : "WebCodecs");
    this.row("Pictures per second", rate(pictures.drawn, this.last?.stats.pictures.drawn).toFixed(1));
    this.row("Late, dropped", `${pictures.late}, ${pictures.dropped}`);
    this.row("Camera to screen", ms(stats.latency_ms));
    this.row("Behind the live edge", ms(stats.behind_ms));
    this.row("Network late by", ms(stats.lateness_ms));
    this.row("Received", `${Math.round(rate(stats.received_bytes, this.last?.stats.received_bytes) / 125)} kbit/s`);
    this.row("Sound", sound.level_dbfs === null ? "–" : `${sound.level_dbfs.toFixed(1)} dBFS, ${sound.gaps} gaps`);
    this.row("Connections", String(stats.connects));
    this.last = { now, stats };
  }

  row(name, value) {
    let cell = this.rows.get(name);
    if (!cell) {
      const [group, term] = [document.createElement("div"), document.createElement("dt")];
      cell = document.createElement("dd");
      term.textContent = name;
      group.append(term, cell);
      this.list.append(group);
      this.rows.set(name, cell);
    }
    if (cell.textContent !== value) {
      cell.textContent = value;
    }
  }
}
