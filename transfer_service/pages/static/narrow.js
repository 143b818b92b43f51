// Shows only those rows of a list that hold what is typed. What is hidden keeps its tick.
const place = document.querySelector("[data-narrow]");
const rows = [...document.querySelectorAll("[data-row]")];
const FEW = 6;

function narrow(input, said) {
  const wanted = input.value.trim().toLowerCase();
  const shown = rows.filter((row) => {
    row.hidden = !row.textContent.toLowerCase().includes(wanted) && !row.querySelector("input:checked");
    return !row.hidden;
  });
  said.textContent = said.dataset.say.replace("{count}", shown.length);
}

if (place && rows.length > FEW) {
  const input = place.querySelector("input");
  place.hidden = false;
  input.addEventListener("input", () => narrow(input, place.querySelector("[data-narrowed]")));
  // Enter in this field would send the form that it only helps to fill in.
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
