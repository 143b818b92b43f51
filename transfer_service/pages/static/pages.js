// Moves the code from the address into its field and takes it out of the address bar. It never sends anything.
const field = document.querySelector("[data-from-address]");

function takeFromAddress() {
  const fragment = location.hash.slice(1);
  if (!field || fragment === "" || document.getElementById(fragment)) return;
  history.replaceState(null, "", location.pathname);
  try {
    field.value = decodeURIComponent(fragment);
  } catch {
    field.value = fragment;
  }
  const note = document.querySelector("[data-code-is-here]");
  if (note) note.hidden = false;
}

// What went wrong stands at the same address as the form: another link pasted over it would only change the fragment.
const FIRST_STEPS = ["/l", "/r", "/q", "/staff/enrol"];

function startAnew() {
  if (field && !document.querySelector(".errors")) takeFromAddress();
  else if (FIRST_STEPS.includes(location.pathname) && location.hash.length > 40 && location.search !== "?again")
    location.replace(`${location.pathname}?again${location.hash}`);
}

startAnew();
addEventListener("hashchange", startAnew);

// A form that is on its way is not sent a second time by a double click. After a moment it may be: a download leaves its page there.
const MOMENT_MS = 3000;
for (const form of document.querySelectorAll("form")) {
  let sent = false;
  const allow = () => {
    sent = false;
  };
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    else setTimeout(allow, MOMENT_MS);
    sent = true;
  });
  addEventListener("pageshow", allow);
}

// A button that copies the field beside it, and says so.
addEventListener("click", async ({ target }) => {
  if (!target.dataset?.copy) return;
  const from = document.getElementById(target.dataset.copy);
  from.select();
  const copied = navigator.clipboard?.writeText(from.value) ?? Promise.reject();
  const said = await copied.then(
    () => target.dataset.copied,
    () => target.dataset.byHand, // the browser lets no script copy
  );
  for (const place of [target, target.nextElementSibling]) place.textContent = said;
});
