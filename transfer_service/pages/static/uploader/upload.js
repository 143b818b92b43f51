// One file on its way. A part counts as there when what the service has of it has the digest of what is here: so
// nothing is sent twice, and a file that was changed in between is never mixed from two.
import { contentDigest, hex } from "./digests.js";
import { Later, Refused, Unsendable } from "./failures.js";
import { until } from "./patience.js";
import { Speed } from "./speed.js";

export const WAITING = "waiting";
export const SENDING = "sending";
export const THERE = "there";
export const FAILED = "failed";
export const REMOVED = "removed";

const COMPLETE = new Set(["verifying", "verified"]);

export class Upload {
  // `known` is the file as the service has it, where it has begun already; `place` is where the packet's others find it.
  constructor(packet, found, known, place = null) {
    Object.assign(this, { packet, path: found.path, file: found.file, look: found.again, known });
    this.wasComplete = COMPLETE.has(known?.state);
    Object.assign(this, { state: WAITING, failure: null, wait: null, jobs: 0, speed: new Speed() });
    Object.assign(this, { arrived: null, asking: null, doubtful: false, finishing: false });
    Object.assign(this, { returned: [], next: 1, sent: 0, there: 0, moving: new Map() });
    this.key = crypto.randomUUID();
    this.place = place ?? this.key;
    this.control = new AbortController();
  }

  get size() {
    return this.file.size;
  }

  // Bytes that are there, and those on their way.
  get bytes() {
    return [...this.moving.values()].reduce((sum, bytes) => sum + bytes, this.there);
  }

  get isCarried() {
    return Boolean(this.known?.carried_from) && this.known.state === "receiving";
  }

  get isOver() {
    return this.state === THERE || this.state === FAILED || this.state === REMOVED;
  }

  // The next thing to do once it has begun; undefined where nothing is left to take.
  takeJob() {
    if (this.state !== SENDING || !this.arrived) return undefined;
    if (this.sent === this.known.part_count) return this.finishing ? undefined : () => this.finish();
    const number = this.returned.pop() ?? (this.next <= this.known.part_count ? this.next++ : 0);
    return number ? () => this.send(number) : undefined;
  }

  // Plan it, or ask what has arrived of it.
  begin() {
    this.state = SENDING;
    return this.guarded(async (signal) => {
      await this.checkUnchanged();
      if (this.known && !(await this.fits(signal))) this.known = null;
      const isNew = !this.known;
      this.known ??= await this.trying(signal, () => this.plan());
      this.arrived = isNew ? new Map() : await this.trying(signal, () => this.ask());
    }, () => {
      this.state = WAITING;
    });
  }

  // Send one part, unless it is there.
  send(number) {
    return this.guarded(async (signal) => {
      const start = (number - 1) * this.known.part_size;
      const slice = this.file.slice(start, Math.min(start + this.known.part_size, this.size));
      const { bytes, digest } = await this.trying(signal, () => this.packet.digests.of(slice));
      signal.throwIfAborted();
      const size = bytes.byteLength; // its bytes may be gone once they are sent
      await this.trying(signal, () => this.put(number, bytes, digest, signal));
      this.there += size;
      this.sent += 1;
    }, () => this.returned.push(number));
  }

  // After the last part: say that the file is complete.
  finish() {
    this.finishing = true;
    return this.guarded(async (signal) => {
      await this.checkUnchanged();
      if (!COMPLETE.has(this.known.state)) {
        this.known = await this.trying(signal, () => this.packet.api.post(`/files/${this.known.id}/complete`, {}));
      }
      if (this.state === SENDING) this.state = THERE;
    }, () => {
      this.finishing = false;
    });
  }

  // Stop what is on its way; what has not arrived is taken again later.
  halt() {
    this.control.abort(new DOMException("halted", "AbortError"));
    Object.assign(this, { control: new AbortController(), wait: null });
  }

  // Take what came from here out of the packet too, once nothing of it is on its way any more.
  async remove() {
    this.state = REMOVED;
    this.halt();
    await this.idle();
    const isAnothers = this.wasComplete || this.isCarried || this.failure?.code === "file_not_receiving";
    if (!this.known || isAnothers) return;
    await this.trying(this.control.signal, () => this.discard());
  }

  plan() {
    const fields = { path: this.path, size: this.size, transport: "gateway" };
    return this.packet.api.post("/files", fields, { "Idempotency-Key": this.key });
  }

  // Whether what is known can become this file; what can't is taken out, unless it is complete.
  async fits(signal) {
    if (this.isCarried) throw new Unsendable("carried");
    if (this.known.size === this.size) return true;
    if (COMPLETE.has(this.known.state)) throw new Unsendable("differs");
    await this.trying(signal, () => this.discard());
    this.key = crypto.randomUUID();
    return false;
  }

  async discard() {
    try {
      await this.packet.api.delete(`/files/${this.known.id}`);
    } catch (failure) {
      if (!(failure instanceof Refused && failure.status === 404)) throw failure;
    }
  }

  // The digests of what has arrived, by number. However many ask, one asks the service.
  ask() {
    this.asking ??= this.asked().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  async asked() {
    this.doubtful = false; // whoever loses a part meanwhile doubts again
    try {
      const { items } = await this.packet.api.get(`/files/${this.known.id}/parts`);
      return new Map(items.map((part) => [part.number, part.sha256]));
    } catch (failure) {
      this.doubtful = true;
      throw failure;
    }
  }

  async put(number, bytes, digest, signal) {
    if (this.doubtful || this.asking) this.arrived = await this.ask();
    if (this.arrived.get(number) === hex(digest)) return;
    if (COMPLETE.has(this.known.state)) throw new Unsendable(this.arrived.get(number) ? "differs" : "unverified");
    const url = `/files/${this.known.id}/parts/${number}`;
    const headers = { "Content-Type": "application/octet-stream", "Content-Digest": contentDigest(digest) };
    try {
      await this.packet.api.put(url, bytes, headers, (moved) => this.moved(number, moved), signal);
    } catch (failure) {
      // It may have arrived though nobody heard of it.
      if (failure instanceof Later && failure.why === "offline") this.doubtful = true;
      throw failure;
    } finally {
      this.moving.delete(number);
    }
  }

  moved(number, bytes) {
    const more = bytes - (this.moving.get(number) ?? 0);
    this.wait = null;
    this.moving.set(number, bytes);
    this.speed.add(more);
    this.packet.moved(more);
  }

  // A file that looks otherwise than when it was chosen is another one by now.
  async checkUnchanged() {
    let now;
    try {
      now = await this.look();
    } catch {
      throw new Unsendable("changed");
    }
    if (now.size !== this.size || now.lastModified !== this.file.lastModified) throw new Unsendable("changed");
  }

  trying(signal, act) {
    return until(act, this.packet.session, signal, (why) => {
      this.wait = why;
      this.packet.changed();
    });
  }

  // Do it as this file's own job: whatever goes wrong is its failure; what was only halted is given back.
  async guarded(act, giveBack) {
    const { signal } = this.control;
    this.jobs += 1;
    try {
      await act(signal);
    } catch (failure) {
      if (!signal.aborted && !this.packet.stops(failure)) this.fail(failure);
      else if (this.state === SENDING) giveBack();
    } finally {
      this.jobs -= 1;
      if (this.jobs === 0) this.idled?.();
    }
  }

  fail(failure) {
    Object.assign(this, { state: FAILED, failure });
    this.halt();
  }

  idle() {
    if (this.jobs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.idled = resolve;
    });
  }
}
