// So many jobs at once over one stream of them: each holds one part in memory, and no more.
export class Lanes {
  constructor(count, next, idle) {
    Object.assign(this, { count, next, idle, running: 0 });
  }

  // Take what there is to do, as far as there is room. A job never fails: what goes wrong is its own.
  wake() {
    while (this.running < this.count) {
      const job = this.next();
      if (!job) break;
      this.running += 1;
      job().then(() => this.done());
    }
    if (this.running === 0) this.idle();
  }

  done() {
    this.running -= 1;
    this.wake();
  }
}
