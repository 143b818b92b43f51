// How fast bytes leave, over the last seconds.
const WINDOW_MS = 10_000;
const EVERY_MS = 250;

export class Speed {
  constructor() {
    this.moved = 0;
    this.samples = [];
  }

  add(bytes, now = performance.now()) {
    this.moved += bytes;
    if (this.samples.length > 0 && now - this.samples.at(-1).at < EVERY_MS) return;
    this.samples.push({ at: now, moved: this.moved });
    while (now - this.samples[0].at > WINDOW_MS) this.samples.shift();
  }

  // Bytes a second; 0 while that is not known, or nothing has left for a while.
  perSecond(now = performance.now()) {
    const first = this.samples.find((sample) => now - sample.at <= WINDOW_MS);
    if (!first || now - first.at < 1000) return 0;
    return ((this.moved - first.moved) * 1000) / (now - first.at);
  }
}
