// Moves the code from the address into its field and takes it out of the address bar. It never sends anything.
const field = document.querySelector("[data-from-address]");

function takeFromAddress() {
  const fragment = location.hash.slice(1);
  if (!field || fragment === "") return;
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
function startAnew() {
  if (field && !document.querySelector(".errors")) takeFromAddress();
  else if (location.hash.length > 40) location.replace(`${location.pathname}?again${location.hash}`);
}

takeFromAddress();
addEventListener("hashchange", startAnew);

// A form that is on its way is not sent a second time; coming back to the page allows it again.
for (const form of document.querySelectorAll("form")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => {
    sent = false;
  });
}
