// Sends the files of an opinion one after another, and looks until each has been checked. What was typed below stays.
const AGAIN_MS = 3000;
const chooser = document.querySelector("#more-files");
const sending = document.querySelector("#sending");

function row(name) {
  const line = document.createElement("li");
  const label = Object.assign(document.createElement("p"), { className: "name", textContent: name });
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0, ariaLabel: name });
  line.append(label, bar);
  sending.append(line);
  return { line, bar };
}

// XMLHttpRequest, for fetch does not say how much was sent.
function put(file, bar) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("PUT", chooser.dataset.address);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRF-Token", chooser.dataset.token);
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
    request.upload.onprogress = ({ loaded, total }) => {
      bar.value = loaded / total;
    };
    request.onload = request.onerror = () => resolve(request);
    request.send(file);
  });
}

async function send(file) {
  const { line, bar } = row(file.name);
  const answer = await put(file, bar);
  bar.remove();
  if (answer.status === 204) return line.remove();
  const isSaid = answer.getResponseHeader("Content-Type")?.startsWith("text/plain");
  const text = isSaid ? answer.responseText : chooser.dataset.failed;
  line.append(Object.assign(document.createElement("p"), { className: "error", textContent: text }));
}

async function look() {
  const answer = await fetch(location.pathname);
  if (!answer.ok) return soon();
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#opinion-files");
  document.querySelector("#opinion-files").replaceWith(fresh);
  soon();
}

function soon() {
  if (document.querySelector("#opinion-files").dataset.waits !== "0") setTimeout(() => look().catch(soon), AGAIN_MS);
}

chooser.addEventListener("change", async () => {
  chooser.disabled = true;
  sending.replaceChildren();
  for (const file of chooser.files) await send(file);
  chooser.value = "";
  chooser.disabled = false;
  await look();
});
soon();
