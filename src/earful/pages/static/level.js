// The level meter: the last seconds of sound as bars.

const BARS = 48;

/** Draws root-mean-square levels (0..1) on a canvas inside a `role="meter"` element. */
export class Level {
  constructor(meter) {
    this.meter = meter;
    this.canvas = meter.querySelector("canvas");
    this.clear();
  }

  clear() {
    this.bars = new Array(BARS).fill(0);
    this.told = 0;
    this.#draw();
  }

  add(level) {
    // 60 dB of range, so that quiet speech still moves the bars.
    const height = Math.max(0, Math.min(1, 1 + Math.log10(level + 1e-6) / 3));
    this.bars.push(height);
    this.bars.shift();
    if (Date.now() - this.told > 500) {
      this.told = Date.now();
      this.meter.setAttribute("aria-valuenow", Math.round(height * 100));
    }
    this.#draw();
  }

  #draw() {
    const ratio = devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width) return;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    const paint = this.canvas.getContext("2d");
    paint.scale(ratio, ratio);
    paint.fillStyle = getComputedStyle(this.canvas).color;
    const step = width / BARS;
    this.bars.forEach((bar, index) => {
      const tall = Math.max(2, Math.max(0, bar - 0.25) * 1.3 * height);
      paint.globalAlpha = 0.25 + 0.75 * (index / BARS);
      paint.beginPath();
      paint.roundRect(index * step, (height - Math.min(tall, height)) / 2, step * 0.6, Math.min(tall, height), step * 0.3);
      paint.fill();
    });
  }
}
