// Joins the uploader to the page /staff/packets/{id}.
import { Api } from "./api.js";
import { Later, Unsendable } from "./failures.js";
import { fromDrop, fromHandles, fromInput } from "./gather.js";
import { until } from "./patience.js";
import { handlesOf, recall } from "./remembered.js";
import { pageNow, Session } from "./session.js";
import { Standing } from "./standing.js";
import { watchTurn } from "./turn.js";
import { Uploader } from "./uploader.js";
import { View } from "./view.js";
import { number, Words } from "./words.js";

const MORE_CAME = "more_came";
const body = document.querySelector("[data-packet]");
const session = new Session();
const api = new Api(`/api/v1/packets/${body.dataset.packet}`, session);
const standing = new Standing(api, refresh);
const section = document.querySelector("[data-uploader]");

if (section) start(section);
if (body.dataset.underWay !== undefined) standing.soon();

// The parts of the page that say how files stand, as the service writes them.
async function refresh() {
  const fresh = await pageNow(location.href);
  if (!fresh) throw new Later("busy");
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (other) swap(part, other);
  }
}

function swap(part, other) {
  if (part.innerHTML === other.innerHTML) return;
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.replaceWith(document.adoptNode(other));
  if (focused) document.getElementById(focused)?.focus();
}

function start(section) {
  const words = new Words(section.querySelector("[data-words]"));
  const view = new View(section, words, { retry: (upload) => uploader.retry(upload), remove: (upload) => uploader.remove(upload) });
  const uploader = new Uploader(body.dataset.packet, api, {
    changed: () => view.changed(uploader),
    gathered: (what) => gathered(what),
    sent: () => standing.watch(),
    ended: () => ended(),
    elsewhere: () => lookAtOtherTab(),
  });

  let isClosing = false;

  function take(gathering, handles = []) {
    view.show("looking", true);
    return uploader.add(gathering, handles);
  }

  function gathered(what) {
    view.gathered(what);
    view.show("unclosed", false);
    if (what.files.length > 0) view.show("unfinished", false);
  }

  function lookAtOtherTab() {
    watchTurn(`upload:${body.dataset.packet}`, (isElsewhere) => {
      view.show("elsewhere", isElsewhere);
      view.show("chooser", !isElsewhere);
      view.show("unfinished", false);
    });
  }

  async function ended() {
    view.draw(uploader);
    standing.soon();
    if (uploader.isWhole && view.part("close-after")?.checked) await close();
    else if (uploader.isWhole) view.speak(words.say("ended"));
    else if (uploader.uploads.size > 0) view.speak(words.say("ended-some"));
  }

  // Not where more came meanwhile: then it ends once more.
  async function close() {
    if (isClosing) return;
    isClosing = true;
    try {
      await until(closed, session, new AbortController().signal, (why) => {
        uploader.wait = why;
        view.changed(uploader);
      });
      isClosing = false;
      if (!uploader.isBusy) location.reload();
    } catch (failure) {
      isClosing = false;
      if (failure.code === MORE_CAME) return;
      view.show("unclosed", true, view.refusal(failure));
      view.speak(view.refusal(failure));
    }
  }

  function closed() {
    if (uploader.isBusy || !uploader.isWhole) throw new Unsendable(MORE_CAME);
    return api.post("/close", { when_verified: true });
  }

  // What the browser opens no more is told of as what can't be read.
  async function goOn() {
    const { handles } = await recall(body.dataset.packet);
    for (const handle of handles) await handle.requestPermission({ mode: "read" }).catch(() => null);
    await take(fromHandles(handles));
  }

  async function recalled() {
    const { handles, waiting } = await recall(body.dataset.packet);
    view.show("recalled", handles.length > 0);
    view.show("left", waiting > 0, words.say("left-waiting", { count: number(waiting) }));
    if (waiting > 0) view.show("unfinished", true);
  }

  function takesDrops(zone) {
    addEventListener("dragover", (event) => event.preventDefault()); // beside the zone, a drop would leave the page
    addEventListener("drop", (event) => event.preventDefault());
    for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, () => zone.classList.add("over"));
    for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => take(fromDrop(event.dataTransfer), handlesOf(event.dataTransfer)));
  }

  // The browser's picker where it gives handles, and its older field where that is not so or was refused.
  function chooses(button, input, pick) {
    button.onclick = async () => {
      const handles = await picked(pick);
      if (handles === null) input.click();
      else if (handles.length > 0) await take(fromHandles(handles), handles);
    };
    input.onchange = () => {
      const gathering = fromInput(input);
      take(gathering).finally(() => {
        input.value = "";
      });
    };
    button.disabled = false; // until here nobody would have heard the click
  }

  takesDrops(view.part("drop"));
  chooses(view.part("choose-folder"), view.part("folder"), window.showDirectoryPicker && (async () => [await showDirectoryPicker()]));
  chooses(view.part("choose-files"), view.part("files"), window.showOpenFilePicker && (() => showOpenFilePicker({ multiple: true })));
  view.part("pause").onclick = () => uploader.pause();
  view.part("go-on").onclick = () => uploader.goOn();
  view.part("recalled").onclick = goOn;
  addEventListener("beforeunload", (event) => {
    if (uploader.isBusy || isClosing) event.preventDefault();
  });
  addEventListener("left-alone", (event) => {
    if (uploader.isBusy || isClosing) event.preventDefault(); // what waits would have to be chosen again
  });
  recalled().then(lookAtOtherTab);
  view.show("chooser", true);
}

async function picked(pick) {
  if (!pick) return null;
  try {
    return await pick();
  } catch (failure) {
    return failure.name === "AbortError" ? [] : null;
  }
}
