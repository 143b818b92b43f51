// Joins the uploader to the page /staff/packets/{id}.
import { Api } from "./api.js";
import { fromDrop, fromHandles, fromInput } from "./gather.js";
import { until } from "./patience.js";
import { handlesOf, recall } from "./remembered.js";
import { Session } from "./session.js";
import { Standing } from "./standing.js";
import { watchTurn } from "./turn.js";
import { FAILED } from "./upload.js";
import { Uploader } from "./uploader.js";
import { View } from "./view.js";
import { Words } from "./words.js";

const body = document.querySelector("[data-packet]");
const session = new Session();
const api = new Api(`/api/v1/packets/${body.dataset.packet}`, session);
const standing = new Standing(api, refresh);
const section = document.querySelector("[data-uploader]");

if (section) start(section);
if (body.dataset.underWay !== undefined) standing.soon();

// The parts of the page that say how files stand, as the service writes them.
async function refresh() {
  const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
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
    sent: () => standing.watch(),
    ended: (uploads) => ended(uploads),
    elsewhere: () => lookAtOtherTab(),
  });

  async function take(gathering, handles = []) {
    view.show("looking", true);
    const gathered = await gathering;
    view.gathered(gathered);
    if (gathered.files.length > 0) {
      view.show("unfinished", false);
      await uploader.add(gathered.files, await handles);
    }
    view.show("looking", false);
  }

  function lookAtOtherTab() {
    watchTurn(`upload:${body.dataset.packet}`, (isElsewhere) => {
      view.show("elsewhere", isElsewhere);
      view.show("chooser", !isElsewhere);
      view.show("unfinished", false);
    });
  }

  async function ended(uploads) {
    const failed = uploads.filter(({ state }) => state === FAILED).length;
    view.draw(uploader);
    view.speak(words.say(failed > 0 ? "ended-some" : "ended"));
    standing.soon();
    if (failed === 0 && view.part("close-after")?.checked) await close();
  }

  async function close() {
    try {
      await until(() => api.post("/close", { when_verified: true }), session, new AbortController().signal, () => {});
    } catch (failure) {
      view.show("stopped", true, view.refusal(failure));
      return;
    }
    location.reload();
  }

  async function goOn() {
    const handles = await recall(body.dataset.packet);
    for (const handle of handles) {
      if ((await handle.requestPermission({ mode: "read" })) !== "granted") return;
    }
    await take(fromHandles(handles));
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
    if (uploader.isSending) event.preventDefault();
  });
  recall(body.dataset.packet).then((handles) => view.show("recalled", handles.length > 0));
  lookAtOtherTab();
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
