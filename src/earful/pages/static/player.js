// Plays what was recorded of a conversation, drawn as a wave over who spoke when. Times are seconds in the
// conversation; a recording that was added later begins where the one before it ended.

import { clock } from "./dom.js";

const STEP_S = 5;

/** The player under `root`. `ontime` is told the time while it plays, `onseek` where someone went. */
export class Player {
  constructor(root, { ontime, onseek }) {
    this.media = [...root.querySelectorAll("audio, video")];
    this.length = Number(root.dataset.length);
    this.scrub = root.querySelector(".scrub");
    this.wave = root.querySelector(".wave");
    this.peaks = new Map();
    this.ontime = ontime;
    this.onseek = onseek;
    this.now = 0;
    for (const one of this.media) this.#listen(one);
    this.#choose(this.media[0]);
    this.#scrubbing();
    if (this.media.some(({ dataset }) => dataset.peaks)) this.#draw();
    else this.wave.hidden = true;
  }

  /** Play from a place in the conversation; without a recording nothing sounds. */
  playFrom(seconds) {
    this.#seek(seconds);
    this.current?.play().catch(() => {});
  }

  #seek(seconds) {
    this.#tell(seconds);
    const covering = this.media.filter(({ dataset }) => Number(dataset.start) <= seconds + 0.01).at(-1) ?? this.media[0];
    if (!covering) return;
    const sounding = this.current && !this.current.paused;
    if (covering !== this.current) {
      this.current.pause();
      this.#choose(covering);
      if (sounding) covering.play().catch(() => {});
    }
    covering.currentTime = Math.max(0, seconds - Number(covering.dataset.start));
  }

  #choose(one) {
    this.current = one ?? null;
    for (const other of this.media) other.hidden = other !== one;
  }

  #listen(one) {
    const start = Number(one.dataset.start);
    one.addEventListener("timeupdate", () => {
      if (one !== this.current) return;
      this.#tell(start + one.currentTime);
      if (!one.paused) this.ontime(this.now);
    });
    one.addEventListener("ended", () => {
      const next = this.media[this.media.indexOf(one) + 1];
      if (next) this.playFrom(Number(next.dataset.start));
    });
  }

  #tell(seconds) {
    this.now = seconds;
    this.scrub.value = seconds;
    this.scrub.setAttribute("aria-valuetext", `${clock(seconds)} of ${clock(this.length)}`);
    this.#paint();
  }

  #scrubbing() {
    this.#tell(0);
    this.scrub.addEventListener("input", () => {
      this.#seek(Number(this.scrub.value));
      this.onseek(this.now);
    });
    this.scrub.addEventListener("keydown", (event) => {
      const move = { ArrowRight: STEP_S, ArrowUp: STEP_S, ArrowLeft: -STEP_S, ArrowDown: -STEP_S }[event.key];
      if (!move) return;
      event.preventDefault();
      this.#seek(Math.min(Math.max(this.now + move, 0), this.length));
      this.onseek(this.now);
    });
  }

  // ---- the wave -------------------------------------------------------------------------------

  async #draw() {
    new ResizeObserver(() => this.#paint()).observe(this.wave);
    new MutationObserver(() => this.#paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint());
    for (const one of this.media) {
      const answer = await fetch(one.dataset.peaks).catch(() => null);
      if (answer?.ok) this.peaks.set(one, (await answer.json()).peaks);
      if (!one.duration) await new Promise((resolve) => one.addEventListener("loadedmetadata", resolve, { once: true }));
      this.#paint();
    }
  }

  #paint() {
    if (!this.peaks.size) return;
    const { wave } = this;
    const ratio = devicePixelRatio;
    const [width, height] = [wave.clientWidth * ratio, wave.clientHeight * ratio];
    if (wave.width !== width || wave.height !== height) Object.assign(wave, { width, height });
    const style = getComputedStyle(wave);
    const [played, ahead] = [style.color, style.getPropertyValue("outline-color")];
    const paper = wave.getContext("2d");
    paper.clearRect(0, 0, width, height);
    const bar = Math.max(1, Math.round(2 * ratio));
    const step = bar + Math.max(1, Math.round(ratio));
    for (let x = 0; x < width; x += step) {
      const seconds = (x / width) * this.length;
      const tall = Math.max(ratio, (this.#loudness(seconds, (step / width) * this.length) / 100) * height);
      paper.fillStyle = seconds <= this.now ? played : ahead;
      paper.fillRect(x, (height - tall) / 2, bar, tall);
    }
  }

  #loudness(seconds, span) {
    for (const [one, peaks] of this.peaks) {
      const start = Number(one.dataset.start);
      const length = one.duration || 0;
      if (seconds < start || seconds >= start + length) continue;
      const from = Math.floor(((seconds - start) / length) * peaks.length);
      const to = Math.max(from + 1, Math.ceil(((seconds + span - start) / length) * peaks.length));
      return Math.max(0, ...peaks.slice(from, to));
    }
    return 0;
  }
}
