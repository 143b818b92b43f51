// Whoever comes back to this tab after a while sees how things stand now. Nothing is asked for while nobody looks.
const STALE_MS = 60000;
const loaded = Date.now();

// What somebody has unfolded, they are reading: loading the page again would fold it up.
function isInUse() {
  return document.querySelector("[data-fresh] details[open]") !== null;
}

document.addEventListener("visibilitychange", () => {
  const isStale = Date.now() - loaded > STALE_MS;
  if (document.visibilityState === "visible" && isStale && !isInUse()) location.reload();
});
