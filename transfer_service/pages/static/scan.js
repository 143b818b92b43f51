// Sends the scan of a form to the API as its bytes are, and then loads the page again, which shows it.
import { Session } from "./uploader/session.js";

const form = document.querySelector("[data-scan]");
const failure = form?.querySelector("[data-failure]");
const progress = form?.querySelector("[data-progress]");
const button = form?.querySelector("button");
const session = new Session();

function say(code) {
  const words = form.querySelector("[data-words]").content;
  failure.textContent = (words.querySelector(`[data-say="${code}"]`) ?? words.querySelector('[data-say="otherwise"]')).textContent;
  failure.hidden = false;
}

// XMLHttpRequest, for fetch does not say how far a body has come.
function put(file) {
  const request = new XMLHttpRequest();
  request.open("PUT", form.dataset.scan);
  request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  request.setRequestHeader("X-CSRF-Token", session.token);
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    progress.max = total;
    progress.value = loaded;
  });
  return new Promise((resolve, reject) => {
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", reject);
    request.send(file);
  });
}

function codeOf(request) {
  try {
    return JSON.parse(request.responseText).code;
  } catch {
    return "otherwise";
  }
}

async function send(file) {
  if (file.size > Number(form.dataset.largest)) return say("body_too_large");
  failure.hidden = true;
  progress.hidden = false;
  button.disabled = true;
  try {
    await session.look(); // somebody may have signed in again meanwhile, in another tab
    const request = await put(file);
    if (request.status === 200) location.reload();
    else say(codeOf(request));
  } catch {
    say("offline");
  } finally {
    progress.hidden = true;
    button.disabled = false;
  }
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [file] = form.querySelector("input").files;
    if (file) send(file);
  });
}
