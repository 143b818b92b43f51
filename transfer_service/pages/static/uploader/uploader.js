// All files that go from here into one packet: in order, four parts at a time, until nothing is left to send.
import { Digests } from "./digests.js";
import { Lanes } from "./lanes.js";
import { until } from "./patience.js";
import { forget, remember } from "./remembered.js";
import { Speed } from "./speed.js";
import { takeTurn } from "./turn.js";
import { FAILED, REMOVED, THERE, Upload, WAITING } from "./upload.js";

const AT_ONCE = 4;
// What the service says of the packet, so that no file of it can go on.
const OF_THE_PACKET = new Set(["packet_not_open", "packet_retired", "not_allowed"]);

export class Uploader {
  // `told` hears: changed(), sent(), ended(uploads), elsewhere().
  constructor(packetId, api, told) {
    Object.assign(this, { packetId, api, told, session: api.session, digests: new Digests(), speed: new Speed() });
    Object.assign(this, { uploads: new Map(), waiting: [], begun: new Set() });
    Object.assign(this, { isPaused: false, stopped: null, giveBackTurn: null });
    this.lanes = new Lanes(AT_ONCE, () => this.next(), () => this.idle());
  }

  get isSending() {
    return this.lanes.running > 0;
  }

  get isBusy() {
    return this.giveBackTurn !== null;
  }

  // Take files on. False where another tab is at it.
  async add(files, handles = []) {
    if (!(await this.hasTurn())) return false;
    if (handles.length > 0) await remember(this.packetId, handles);
    const known = await this.known();
    for (const found of files) this.take(found, known.get(identity(found.path)) ?? null);
    this.wake();
    return true;
  }

  // Once more, after it failed.
  retry(upload) {
    return this.add([{ path: upload.path, file: upload.file, again: upload.look }]);
  }

  pause() {
    this.isPaused = true;
    for (const upload of this.begun) upload.halt();
    this.told.changed();
  }

  goOn() {
    this.isPaused = false;
    this.wake();
  }

  async remove(upload) {
    this.uploads.delete(identity(upload.path));
    this.waiting = this.waiting.filter((each) => each !== upload);
    this.told.changed();
    await upload.remove();
    this.told.sent();
    this.wake();
  }

  // What uploads say of themselves.

  changed() {
    this.told.changed();
  }

  moved(bytes) {
    this.speed.add(bytes);
    this.told.changed();
  }

  failed({ code }) {
    if (!OF_THE_PACKET.has(code)) return;
    this.stopped = code;
    this.pause();
  }

  async hasTurn() {
    this.giveBackTurn ??= await takeTurn(`upload:${this.packetId}`);
    if (!this.giveBackTurn) this.told.elsewhere();
    return this.giveBackTurn !== null;
  }

  async known() {
    const packet = await until(() => this.api.get(), this.session, new AbortController().signal, (why) => {
      this.wait = why;
      this.told.changed();
    });
    return new Map(packet.files.map((file) => [identity(file.path), file]));
  }

  take(found, known) {
    const former = this.uploads.get(identity(found.path));
    if (former && !former.isOver) return;
    const upload = new Upload(this, found, known);
    this.uploads.set(identity(found.path), upload);
    this.waiting.push(upload);
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

  // Nothing runs: it is paused, or all that could be sent is.
  idle() {
    if (this.isPaused || !this.isBusy) return;
    this.giveBackTurn();
    this.giveBackTurn = null;
    const uploads = [...this.uploads.values()];
    if (!uploads.some((upload) => upload.state === FAILED)) forget(this.packetId);
    this.told.ended(uploads);
  }

  // How far all of it is.
  totals() {
    const counted = [...this.uploads.values()].filter(({ state }) => state !== FAILED && state !== REMOVED);
    return {
      files: counted.length,
      filesThere: counted.filter(({ state }) => state === THERE).length,
      bytes: counted.reduce((sum, upload) => sum + upload.bytes, 0),
      size: counted.reduce((sum, upload) => sum + upload.size, 0),
    };
  }
}

// What two paths share where the service takes them for one, as far as that can be said here.
function identity(path) {
  return path.normalize("NFC").toLowerCase();
}
