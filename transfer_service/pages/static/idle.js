// A page does not stay on a screen after the session that it was asked for in: somebody else may sit there by then.
// Who types or points is there, in whichever tab; what a script asks the service keeps the session alive.
const IDLE_MS = Number(document.querySelector('meta[name="idle-after"]').content) * 1000;
const LOOK_MS = 15_000;
const KEY = "here";
let last = 0;

function here() {
  last = Date.now();
  try {
    localStorage.setItem(KEY, last);
  } catch {
    // then each tab knows of itself alone
  }
}

// In any tab: one that went earlier than the session would ask for its page, and so keep the session alive.
function lastOfAll() {
  try {
    return Math.max(last, Number(localStorage.getItem(KEY)));
  } catch {
    return last;
  }
}

function look() {
  if (Date.now() - lastOfAll() <= IDLE_MS) return;
  if (!dispatchEvent(new Event("left-alone", { cancelable: true }))) return;
  location.replace(location.pathname + location.search); // no reload, by which a form that was sent would be sent again
}

here();
for (const event of ["pointerdown", "keydown", "pageshow"]) addEventListener(event, here);
new PerformanceObserver(here).observe({ type: "resource" });
setInterval(look, LOOK_MS);
