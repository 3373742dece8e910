// The user interface: reads the form, shows each step as it completes, and shows the overall result.
import { isDigest, must } from "./bytes.js";
import { readLine } from "./memory.js";
import { readAddress } from "./reading.js";
import { SENTENCES, say } from "./sentences.js";
import { check } from "./steps.js";

const SECONDS_BETWEEN = 2;
const at = (id) => document.getElementById(id);

let language = "en";
let shown = { steps: [], running: false };

const text = (name, values) => say(language, name, values);

function element(tag, content, attributes = {}) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...[content].flat());
  return made;
}

/** Shows the page's texts and the results in a language. */
function speak(chosen) {
  language = chosen;
  document.documentElement.lang = language;
  for (const part of document.querySelectorAll("[data-text]")) part.textContent = text(part.dataset.text);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  document.title = text("title");
  sayWhence();
  show();
}

/** Shows prominently where this file was loaded from. */
function sayWhence() {
  const { protocol, host } = location;
  const fromDisk = protocol === "file:";
  at("whence").textContent = fromDisk ? text("fromDisk") : text("fromHost", { host });
  at("whence").dataset.state = fromDisk ? "nothing" : "trusted";
}

function show() {
  const over = summary();
  at("result").dataset.state = over.state;
  at("result").dataset.code = String(over.code ?? "");
  at("result").replaceChildren(...over.lines.map((line, place) => element("p", line, place ? {} : { class: "verdict" })));
  at("found").hidden = shown.steps.length === 0;
  at("steps").replaceChildren(...shown.steps.map(stepItem));
  showNotices();
  showLine();
}

/** Returns the overall result: the worst state of any step decides. */
function summary() {
  const { steps, running, problem } = shown;
  if (problem) return { state: "open", lines: [text("grey"), text(problem)] };
  if (running) return { state: "running", lines: [text("checking")] };
  if (!steps.length) return { state: "waiting", lines: [] };
  const found = Object.assign({}, ...steps.filter((step) => ["chain", "register"].includes(step.id)).map((step) => step.values));
  const first = (state) => steps.find((step) => step.state === state);
  const [refuted, open, trusted] = ["refuted", "open", "trusted"].map(first);
  if (refuted) return { state: "refuted", code: refuted.code, lines: [text("red", { word: text(`word_${refuted.word}`) }), stepText(refuted), text("redText")] };
  if (open) return { state: "open", code: open.code, lines: [text("grey"), stepText(open), text("greyText")] };
  const notice = steps.filter((step) => step.notices?.length).map(stepText);
  if (trusted) return { state: "trusted", code: 0, lines: [text("amber"), text("amberText", { ...trusted.values, ...found }), ...notice] };
  return { state: "proved", code: 0, lines: [text("green"), text("greenText", found), ...notice] };
}

const stepText = (step) => text(step.sentence, step.values);

function stepItem(step) {
  const head = element("h3", [text(`step_${step.id}`), " ", element("span", text(step.state), { class: "badge" })]);
  const skipped = (step.skipped ?? []).map((one) => element("p", text("skippedZone", one)));
  return element("li", [head, element("p", stepText(step)), ...skipped], { "data-state": step.state, "data-step": step.id });
}

function showNotices() {
  const notices = shown.steps.find((step) => step.notices)?.notices ?? [];
  at("notices-part").hidden = notices.length === 0;
  at("notices").replaceChildren(...notices.map(noticeItem));
}

function noticeItem(notice) {
  const days = notice.days === null ? "noDay" : notice.business ? "businessDays" : "days";
  const said = [text(days, notice), notice.effective && text("effective", { day: notice.effective }), text("version", notice)];
  const reason = notice.reason ? [element("br", []), text("reason", notice)] : [];
  const head = element("span", text(notice.outcome), { class: "badge" });
  const name = element("strong", say(language, "{name}", notice));
  return element("li", [name, ` (${notice.place}) `, head, ` ${said.filter(Boolean).join(" · ")}`, ...reason], { "data-outcome": notice.outcome });
}

/** Shows the line to save, unless a step failed. */
function showLine() {
  const line = shown.steps.find((step) => step.line)?.line;
  const isGood = line && !shown.running && !shown.steps.some((step) => step.state === "refuted");
  at("keep").hidden = !isGood;
  at("kept-line").value = isGood ? line : "";
  at("copy").textContent = text("copy");
}

/** Reads the three fields, and shows a problem next to its field. */
function readFields() {
  const read = (id, reader) => {
    at(`${id}-problem`).textContent = "";
    at(id).removeAttribute("aria-invalid");
    try {
      return reader(at(id).value.trim());
    } catch (error) {
      at(`${id}-problem`).textContent = text(error.sentence);
      at(id).setAttribute("aria-invalid", "true");
      at(id).focus();
      throw error;
    }
  };
  return { base: read("address", readAddress), sha256: read("sha256", readSha256), line: read("line", readLine) };
}

function readSha256(value) {
  const sha256 = value.toLowerCase();
  must(sha256 === "" || isDigest(sha256), "usage", "noSha256");
  return sha256;
}

async function run(event) {
  event.preventDefault();
  if (shown.running) return;
  let asked;
  try {
    asked = readFields();
  } catch {
    return;
  }
  await checkOnce(asked);
  if (shown.steps.some((step) => step.state === "refuted")) await again(asked);
  shown.running = false;
  show();
}

/** Repeats a failed check: files of two publications may have been mixed while reading (format/tree.md). */
async function again(asked) {
  await new Promise((done) => setTimeout(done, SECONDS_BETWEEN * 1000));
  await checkOnce(asked);
}

async function checkOnce(asked) {
  shown = { steps: [], running: true };
  show();
  for await (const step of check({ ...asked, now: Date.now() })) {
    shown.steps.push(step);
    show();
  }
}

async function copy() {
  at("kept-line").select();
  try {
    await navigator.clipboard.writeText(at("kept-line").value);
    at("copy").textContent = text("copied");
  } catch {
    // The text is selected, so the user can copy it.
  }
}

function begin() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }
  at("form").addEventListener("submit", run);
  at("copy").addEventListener("click", copy);
  if (location.protocol !== "file:") at("address").value = new URL("./", location.href).href;
  at("form").hidden = false;
  at("languages").hidden = false;
  const wanted = (navigator.languages ?? []).map((tag) => tag.slice(0, 2)).find((tag) => Object.hasOwn(SENTENCES, tag));
  speak(wanted ?? "en");
}

begin();
