// What the page shows of uploads. It draws at most some times a second, and speaks at milestones only.
import { FAILED, SENDING, THERE } from "./upload.js";
import { duration, number, size } from "./words.js";

const EVERY_MS = 250;
const MOST_WAITING = 20;
const MOST_FAILED = 100;
const SPOKEN_STEPS = 4;

export class View {
  constructor(section, words, acts) {
    Object.assign(this, { section, words, acts, rows: new Map(), timer: null, step: 0, spoken: "", waits: "" });
    this.list = section.querySelector("[data-rows]");
    this.rowTemplate = section.querySelector("[data-row]");
  }

  part(name) {
    return this.section.querySelector(`[data-${name}]`);
  }

  show(name, isShown, text = null) {
    const part = this.part(name);
    const isLost = !isShown && part.contains(document.activeElement);
    part.hidden = !isShown;
    if (isLost) queueMicrotask(() => this.catchFocus());
    if (text !== null && part.textContent !== text) part.textContent = text;
  }

  // Whoever goes by keyboard is not thrown back to the top because what they pressed is gone.
  catchFocus() {
    const buttons = ["pause", "go-on", "choose-folder"].map((name) => this.part(name));
    buttons.find((button) => button.offsetParent !== null)?.focus();
  }

  // Draw soon, however often it is asked.
  changed(uploader) {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.draw(uploader);
    }, EVERY_MS);
  }

  draw(uploader) {
    const uploads = [...uploader.uploads.values()];
    const open = uploads.filter(({ state }) => state !== THERE);
    const isShown = open.length + uploader.untaken.length > 0 && !uploader.isOver;
    this.show("run", isShown);
    this.show("stopped", Boolean(uploader.stopped), uploader.stopped && this.why(uploader.stopped));
    if (uploader.isOver) this.show("chooser", false);
    if (isShown) this.drawTotal(uploader);
    this.drawWaiting(uploader, open);
    const shown = shownOf(open);
    this.drawRows(new Set(shown.uploads));
    this.show("more", shown.waiting > 0, this.words.say("more", { count: number(shown.waiting) }));
    this.show("more-failed", shown.failed > 0, this.words.say("more-failed", { count: number(shown.failed) }));
  }

  drawTotal(uploader) {
    const { files, filesThere, bytes, size: all } = uploader.totals();
    const speed = uploader.isPaused ? 0 : uploader.speed.perSecond();
    const facts = this.facts(bytes, all, speed);
    fill(this.part("total"), bytes, all);
    this.part("total-facts").textContent = `${this.words.say("files", { done: number(filesThere), all: number(files) })} ${facts}`;
    this.show("pause", !uploader.isPaused);
    this.show("go-on", uploader.isPaused);
    const step = all > 0 ? Math.floor((bytes / all) * SPOKEN_STEPS) : 0;
    if (step > this.step && filesThere < files) this.speak(facts);
    this.step = Math.max(step, this.step); // a part that was lost is not told of when it comes again
  }

  // What it waits for is said where nothing moves.
  drawWaiting(uploader, open) {
    const sending = open.filter(({ state }) => state === SENDING);
    const waits = sending.map(({ wait }) => wait);
    const why = waits.length > 0 && waits.every(Boolean) ? waits[0] : uploader.wait;
    const said = uploader.isPaused || !why ? "" : this.words.say(`wait-${why}`);
    this.show("waiting", said !== "", said);
    this.show("sign-in", said !== "" && why === "signed-out");
    if (said && said !== this.waits) this.speak(said, { again: true });
    this.waits = said;
  }

  drawRows(uploads) {
    for (const [upload, row] of this.rows) {
      if (uploads.has(upload)) continue;
      const isLost = row.contains(document.activeElement);
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      this.rows.delete(upload);
      if (isLost && next) next.querySelector("[data-remove]").focus();
      else if (isLost) this.catchFocus();
    }
    for (const upload of uploads) this.drawRow(upload, this.rows.get(upload) ?? this.newRow(upload));
  }

  newRow(upload) {
    const row = this.rowTemplate.content.firstElementChild.cloneNode(true);
    const name = row.querySelector("[data-path]");
    name.textContent = upload.path;
    name.id = `upload-${upload.key}`;
    for (const each of row.querySelectorAll("progress")) each.setAttribute("aria-labelledby", name.id);
    for (const each of row.querySelectorAll("button")) each.setAttribute("aria-describedby", name.id);
    row.querySelector("[data-again]").onclick = () => this.acts.retry(upload);
    row.querySelector("[data-remove]").onclick = () => this.acts.remove(upload);
    this.rows.set(upload, row);
    this.list.append(row);
    return row;
  }

  drawRow(upload, row) {
    const failed = upload.state === FAILED;
    const bar = row.querySelector("progress");
    bar.hidden = failed;
    fill(bar, upload.bytes, upload.size);
    row.querySelector("[data-facts]").textContent = failed ? size(upload.size) : this.factsOf(upload);
    const error = row.querySelector("[data-failure]");
    error.hidden = !failed;
    if (failed) error.textContent = this.refusal(upload.failure);
    row.querySelector("[data-again]").hidden = !failed;
  }

  factsOf(upload) {
    if (upload.state !== SENDING) return `${size(upload.size)} · ${this.words.say("waits")}`;
    if (upload.wait) return `${size(upload.size)} · ${this.words.say(`wait-${upload.wait}`)}`;
    return this.facts(upload.bytes, upload.size, upload.speed.perSecond());
  }

  // How much, how fast, and how long still; what is not known is left out.
  facts(bytes, all, speed) {
    const said = [this.words.say("sent", { sent: size(bytes), all: size(all) })];
    if (speed > 0) {
      said.push(this.words.say("speed", { speed: size(speed) }));
      if (bytes < all) said.push(this.words.say("left", { time: duration((all - bytes) / speed) }));
    }
    return said.join(" · ");
  }

  // What the service says, in the page's language where it has a sentence for that.
  refusal(failure) {
    const name = `refused-${failure.code}`;
    return this.words.has(name) ? this.words.say(name) : failure.detail || this.words.say("refused");
  }

  // Why nothing goes on.
  why(failure) {
    const name = `stopped-${failure.code}`;
    return this.words.has(name) ? this.words.say(name) : this.refusal(failure);
  }

  // For those who listen; the same sentence once, unless it is true anew.
  speak(sentence, { again = false } = {}) {
    if (sentence === this.spoken && !again) return;
    this.spoken = sentence;
    const status = this.part("status");
    status.textContent = status.textContent === sentence ? `${sentence}\u00a0` : sentence; // a live region tells of changes
  }

  // What was left out of what was dropped, and why.
  gathered({ files, litter, unreadable }) {
    this.step = 0;
    this.show("looking", false);
    this.show("nothing", files.length === 0);
    this.show("litter", litter.length > 0, this.words.say("litter", { names: named(litter) }));
    this.show("unreadable", unreadable.length > 0, this.words.say("unreadable", { names: named(unreadable) }));
  }
}

// Those on their way, the first of those that failed and of those that wait; and how many more there are of both.
function shownOf(open) {
  const failed = open.filter(({ state }) => state === FAILED);
  const waiting = open.filter(({ state }) => state !== FAILED && state !== SENDING);
  const left = new Set([...failed.slice(MOST_FAILED), ...waiting.slice(MOST_WAITING)]);
  return {
    uploads: open.filter((upload) => !left.has(upload)),
    failed: Math.max(0, failed.length - MOST_FAILED),
    waiting: Math.max(0, waiting.length - MOST_WAITING),
  };
}

function fill(bar, value, all) {
  bar.max = all || 1;
  bar.value = all ? value : 0;
}

function named(paths) {
  const some = paths.slice(0, 5).join(", ");
  return paths.length > 5 ? `${some} …` : some;
}
