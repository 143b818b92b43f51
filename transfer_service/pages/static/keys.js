// Keys for who works through many packets: / to the search, j and k along the rows, ? for help. Enter is the browser's own.
const help = document.querySelector("[data-keys]");
const opener = document.querySelector("[data-keys-open]");
const chosen = document.querySelector("[data-keys-on]");
const KEPT = "keys";

function kept() {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true;
  }
}

function keep(on) {
  try {
    localStorage.setItem(KEPT, on ? "on" : "off");
  } catch {
    // A browser that keeps nothing has the keys until the page is left.
  }
}

// Whoever types means letters, and whoever holds another key means the browser's or a screen reader's own command.
function isForUs(event) {
  const typing = event.target.closest("input, textarea, select, [contenteditable], dialog");
  return chosen.checked && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
}

function rows() {
  return [...document.querySelectorAll("[data-row] a")];
}

function go(step) {
  const links = rows();
  const at = links.indexOf(document.activeElement);
  const next = at === -1 ? (step > 0 ? 0 : links.length - 1) : at + step;
  if (!links[next]) return;
  links[next].focus();
  links[next].scrollIntoView({ block: "nearest" });
}

const DOES = {
  "/": () => document.querySelector("[data-search]")?.focus(),
  j: () => go(1),
  k: () => go(-1),
  "?": () => help.showModal(),
};
// Arrows scroll, unless somebody is among the rows already.
const AMONG_ROWS = { ArrowDown: DOES.j, ArrowUp: DOES.k };

if (help && opener && chosen) {
  chosen.checked = kept();
  chosen.addEventListener("change", () => keep(chosen.checked));
  opener.disabled = false;
  opener.addEventListener("click", () => help.showModal());
  help.querySelector("[data-keys-close]").addEventListener("click", () => help.close());
  document.addEventListener("keydown", (event) => {
    const among = rows().includes(document.activeElement) ? AMONG_ROWS[event.key] : undefined;
    const does = DOES[event.key] ?? among;
    if (!does || !isForUs(event)) return;
    event.preventDefault();
    does();
  });
}
