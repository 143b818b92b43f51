// Says how far each file came, again and again while the page is looked at: soon after a click, seldom where nothing moves.
const SOON_MS = 3000;
const SELDOM_MS = 60000;
const list = document.querySelector("[data-received]");
let wait = SOON_MS;
let before = "";
let timer;

function show(id, { said, whole, bytes }) {
  const place = document.getElementById(`received-${id}`);
  if (!place) return;
  const [words, bar] = place.children;
  words.textContent = said;
  words.className = whole ? "badge good" : "badge wait";
  bar.value = bytes;
  bar.hidden = whole;
  place.hidden = said === "";
}

// What ended the session or the link is said in place of the page, which must not go on showing what it showed.
async function giveWay(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.title = page.title;
  document.querySelector("main").replaceWith(page.querySelector("main"));
}

async function look() {
  const answer = await fetch(list.dataset.received);
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return giveWay(answer);
  if (answer.ok) {
    const now = await answer.text();
    wait = now === before ? Math.min(wait * 2, SELDOM_MS) : SOON_MS;
    before = now;
    for (const [id, progress] of Object.entries(JSON.parse(now))) show(id, progress);
  }
  later();
}

function later() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(() => look().catch(later), wait);
}

function soon() {
  wait = SOON_MS;
  later();
}

addEventListener("visibilitychange", soon);
addEventListener("submit", soon);
soon();
