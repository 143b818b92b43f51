// A page does not stay on a screen after the session that it was asked for in: somebody else may sit there by then.
// Who types or points is there; what a script asks the service keeps the session alive.
const IDLE_MS = Number(document.querySelector('meta[name="idle-after"]').content) * 1000;
const LOOK_MS = 15_000;
let last = Date.now();

function here() {
  last = Date.now();
}

function look() {
  // No reload, by which a form that was sent would be sent again.
  if (Date.now() - last > IDLE_MS) location.replace(location.pathname + location.search);
}

for (const event of ["pointerdown", "keydown", "pageshow"]) addEventListener(event, here);
new PerformanceObserver(here).observe({ type: "resource" });
setInterval(look, LOOK_MS);
