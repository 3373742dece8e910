// Filters the page of a register: every table of uses on it, by the controls of its form of filters.
// What it says stands in the page, in the page's language; the state of the filters stands in the address.

const LONGEST = 200;
const PAUSE = 150;

const panel = document.querySelector(".filters");
const status = panel.querySelector("[role=status]");
const controls = [...panel.querySelectorAll("[name]")];
const rowsOf = (element) => [...element.querySelectorAll("tbody tr")];
const rows = [...document.querySelectorAll(".category")].flatMap(rowsOf);
const holders = [...document.querySelectorAll(".category, .category table, .not-enabled")];
const held = holders.map((holder) => [holder, rowsOf(holder)]);
const texts = new Map();

/** Returns a text as it is compared: without accents, in small letters. */
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Returns what a row is searched by: names and purpose. */
function searched(row) {
  if (!texts.has(row)) {
    texts.set(row, folded([...row.querySelectorAll("th, .why")].map((cell) => cell.textContent).join(" ")));
  }
  return texts.get(row);
}

/** Returns the value of a control, empty where it asks for nothing. */
const asked = (control) => (control.type === "checkbox" ? (control.checked ? "1" : "") : control.value.trim());

/** Returns a test of rows for a control, or null where it asks for nothing. */
function test(control) {
  const value = asked(control);
  if (!value) return null;
  if (control.type === "checkbox") return (row) => row.classList.contains(control.value);
  if (control.type === "search") {
    const words = folded(value).split(/\s+/u);
    return (row) => words.every((word) => searched(row).includes(word));
  }
  return (row) => row.getAttribute(`data-${control.name}`).split(" ").includes(value);
}

/** Shows the rows that fit, and what then holds a row; says how many there are. */
function show() {
  const tests = controls.map(test).filter(Boolean);
  const fitting = new Set(rows.filter((row) => tests.every((fits) => fits(row))));
  for (const row of rows) row.classList.toggle("off", !fitting.has(row));
  for (const [holder, inside] of held) holder.classList.toggle("off", !inside.some((row) => fitting.has(row)));
  panel.querySelector(".nothing").classList.toggle("shown", fitting.size === 0);
  panel.querySelector("button").hidden = tests.length === 0;
  const { count, every } = status.dataset;
  const words = tests.length ? count.replace("{shown}", fitting.size) : every;
  if (status.textContent || tests.length) status.textContent = words.replace("{all}", rows.length);
}

/** Puts the state of the filters into the address; what else is asked there stays. */
function remember(how) {
  const url = new URL(location.href);
  for (const control of controls) {
    const value = asked(control);
    if (value) url.searchParams.set(control.name, value);
    else url.searchParams.delete(control.name);
  }
  if (url.href === location.href) return;
  try {
    history[how](null, "", url);
  } catch {
    // Browsers take so many changes of the address in a while; the next one is told again.
  }
}

/** Takes the state of the filters from the address; a value that is not offered asks for nothing. */
function restore() {
  const query = new URLSearchParams(location.search);
  for (const control of controls) {
    const value = (query.get(control.name) ?? "").slice(0, LONGEST);
    if (control.type === "checkbox") control.checked = value === "1";
    else control.value = value;
    if (control.value !== value && control.type === "select-one") control.value = "";
  }
  show();
}

let waiting = 0;
panel.addEventListener("input", ({ target }) => {
  clearTimeout(waiting);
  const typed = target.type === "search";
  const answer = () => {
    remember(typed ? "replaceState" : "pushState");
    show();
  };
  if (typed) waiting = setTimeout(answer, PAUSE);
  else answer();
});
panel.querySelector("button").addEventListener("click", () => {
  clearTimeout(waiting);
  for (const control of controls) {
    if (control.type === "checkbox") control.checked = false;
    else control.value = "";
  }
  remember("pushState");
  show();
  panel.querySelector("[type=search]").focus();
});
addEventListener("popstate", restore);

for (const element of panel.querySelectorAll(".scripted")) element.hidden = false;
restore();
