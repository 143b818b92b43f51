// All files that go from here into one packet: in order, four parts at a time, until nothing is left to send.
import { Digests } from "./digests.js";
import { Unsendable } from "./failures.js";
import { Lanes } from "./lanes.js";
import { until } from "./patience.js";
import { forget, keepCount, remember } from "./remembered.js";
import { Speed } from "./speed.js";
import { takeTurn } from "./turn.js";
import { FAILED, REMOVED, THERE, Upload, WAITING } from "./upload.js";

const AT_ONCE = 4;
// What the service says of the packet, so that no file of it can go on; and of whoever sends, who may act otherwise again.
const OVER = new Set(["packet_not_open", "packet_retired"]);
const MAY_NOT = "not_allowed";

export class Uploader {
  // `told` hears: changed(), gathered(what), sent(), ended(), elsewhere().
  constructor(packetId, api, told) {
    Object.assign(this, { packetId, api, told, session: api.session, digests: new Digests(), speed: new Speed() });
    Object.assign(this, { uploads: new Map(), waiting: [], begun: new Set() });
    Object.assign(this, { isPaused: false, stopped: null, wait: null, turn: null, coming: 0, missed: 0, untaken: [], hasEnded: true });
    this.lanes = new Lanes(AT_ONCE, () => this.next(), () => this.idle());
  }

  // Whether something is on its way, waits, or is looked at: leaving the page would leave it behind.
  get isBusy() {
    return !this.hasEnded && !this.isOver;
  }

  get isOver() {
    return OVER.has(this.stopped?.code);
  }

  // Everything that was chosen since it was last at rest is there.
  get isWhole() {
    const uploads = [...this.uploads.values()];
    return this.missed + this.untaken.length === 0 && uploads.length > 0 && uploads.every(({ state }) => state === THERE);
  }

  // Take on what is being gathered; nothing where another tab is at it.
  add(gathering, handles = []) {
    const isAnew = this.hasEnded;
    return this.during(async () => {
      const gathered = await gathering;
      if (isAnew && gathered.files.length > 0) this.missed = 0;
      this.missed += gathered.unreadable.length;
      this.told.gathered(gathered);
      if (gathered.files.length === 0) return;
      if (!(await this.hasTurn())) {
        this.missed += gathered.files.length;
        return;
      }
      this.untaken.push(...gathered.files);
      await remember(this.packetId, await handles);
      await this.takeOn();
    });
  }

  // Once more, after it failed: as the file is now, where it is still there.
  retry(upload) {
    return this.during(async () => {
      if (!(await this.hasTurn())) return;
      const file = await upload.look().catch(() => upload.file);
      const known = await this.known();
      if (this.uploads.get(upload.place) !== upload) return; // somebody pressed twice
      this.uploads.delete(upload.place);
      this.take({ path: upload.path, file, again: upload.look }, known.get(identity(upload.path)) ?? null);
    });
  }

  pause() {
    this.isPaused = true;
    for (const upload of this.begun) upload.halt();
    this.told.changed();
  }

  goOn() {
    Object.assign(this, { isPaused: false, stopped: null });
    if (this.untaken.length > 0) this.during(async () => (await this.hasTurn()) && this.takeOn());
    this.wake();
  }

  remove(upload) {
    this.uploads.delete(upload.place);
    this.begun.delete(upload);
    this.waiting = this.waiting.filter((each) => each !== upload);
    return this.during(async () => {
      await upload.remove();
      this.told.sent();
    });
  }

  // It is not at rest until this is done too. What goes wrong in it is no one file's failure.
  async during(act) {
    if (!this.isOver) this.stopped = null;
    this.coming += 1;
    this.hasEnded = false;
    this.told.changed();
    try {
      await act();
    } catch (failure) {
      this.stop(failure);
    } finally {
      this.coming -= 1;
      if (this.turn) keepCount(this.packetId, this.waiting.length);
      this.wake();
    }
  }

  // What uploads say of themselves.

  changed() {
    this.told.changed();
  }

  moved(bytes) {
    this.speed.add(bytes);
    this.told.changed();
  }

  // Whether that is no one file's failure: then nothing goes on.
  stops(failure) {
    if (!OVER.has(failure.code) && failure.code !== MAY_NOT) return false;
    this.stop(failure);
    return true;
  }

  stop(failure) {
    this.stopped = failure;
    this.pause();
  }

  async hasTurn() {
    const turn = (this.turn ??= takeTurn(`upload:${this.packetId}`));
    if (await turn) return true;
    if (this.turn === turn) this.turn = null;
    this.told.elsewhere();
    return false;
  }

  async known() {
    const packet = await until(() => this.api.get(), this.session, new AbortController().signal, (why) => {
      this.wait = why;
      this.told.changed();
    });
    return new Map(packet.files.map((file) => [identity(file.path), file]));
  }

  // Where the service does not say what it has, they stay to be taken on later.
  async takeOn() {
    const known = await this.known();
    for (const found of this.untaken.splice(0)) this.take(found, known.get(identity(found.path)) ?? null);
  }

  take(found, known) {
    const former = this.uploads.get(identity(found.path));
    if (former && !former.isOver) {
      if (!isOne(former.file, found.file)) this.refuse(found);
      return;
    }
    const upload = new Upload(this, found, known, identity(found.path));
    this.uploads.set(upload.place, upload);
    this.waiting.push(upload);
  }

  // Another file of that name is on its way.
  refuse(found) {
    const upload = new Upload(this, found, null);
    this.uploads.set(upload.place, upload);
    upload.fail(new Unsendable("path_taken"));
  }

  wake() {
    this.lanes.wake();
    this.told.changed();
  }

  next() {
    if (this.isPaused) return undefined;
    for (const upload of this.begun) {
      const job = upload.takeJob();
      if (job) return () => this.work(upload, job);
    }
    const upload = this.waiting.shift();
    if (!upload) return undefined;
    keepCount(this.packetId, this.waiting.length);
    this.begun.add(upload);
    return () => this.work(upload, () => upload.begin());
  }

  async work(upload, job) {
    await job();
    if (upload.isOver || upload.state === WAITING) this.begun.delete(upload);
    if (upload.state === WAITING) this.waiting.unshift(upload);
    if (upload.state === THERE) this.told.sent();
    this.told.changed();
  }

  // Nothing runs: it is paused, or something is still coming, or all that could be sent is.
  idle() {
    const isLeft = this.waiting.length > 0 || this.begun.size > 0 || this.untaken.length > 0;
    if (this.hasEnded || this.coming > 0 || (this.isPaused && isLeft)) return;
    Object.assign(this, { hasEnded: true, isPaused: false });
    this.turn?.then((giveBack) => giveBack?.());
    this.turn = null;
    if (this.isWhole) forget(this.packetId);
    this.told.ended();
  }

  // How far all of it is.
  totals() {
    const counted = [...this.uploads.values()].filter(({ state }) => state !== FAILED && state !== REMOVED);
    return {
      files: counted.length + this.untaken.length,
      filesThere: counted.filter(({ state }) => state === THERE).length,
      bytes: counted.reduce((sum, upload) => sum + upload.bytes, 0),
      size: [...counted, ...this.untaken.map(({ file }) => file)].reduce((sum, { size }) => sum + size, 0),
    };
  }
}

// What two paths share where the service takes them for one, as far as that can be said here.
function identity(path) {
  return path.normalize("NFC").toLowerCase();
}

// As far as can be said without reading them.
function isOne(file, other) {
  return file.size === other.size && file.lastModified === other.lastModified;
}
