// Opens check.html from disk in Chromium, lets it check a register, and ends with what it found.
//
//   node check-page.mjs PAGE BASE [ROOT] [--line=FILE] [--ahead=SECONDS] [--as=NAME] [--language=TAG]
//
// PAGE is a file or an address. It gives the page the SHA-256 of the file ROOT and the line in a file, which
// it writes anew; the page's clock is some seconds ahead, and NAME is a name for 127.0.0.1. It prints what
// the page says, and ends with 0 where all holds, with the code of format/commands.md, where something
// does not, and with 10 where something could not be checked.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const PATIENCE = 100_000;
const QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--remote-debugging-pipe"];

/** Chromium, spoken to by its DevTools protocol over a pipe. */
export class Browser {
  constructor(...more) {
    this.profile = mkdtempSync(join(tmpdir(), "check-page-"));
    const words = [...QUIET, ...more, `--user-data-dir=${this.profile}`, "about:blank"];
    this.process = spawn("chromium", words, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    this.waiting = new Map();
    this.console = [];
    let read = "";
    this.process.stdio[4].on("data", (data) => {
      const parts = (read + data).split("\0");
      read = parts.pop();
      parts.forEach((part) => this.take(JSON.parse(part)));
    });
  }

  take(message) {
    if (message.method === "Log.entryAdded") this.console.push(message.params.entry.text);
    if (message.method === "Runtime.exceptionThrown") this.console.push(message.params.exceptionDetails.exception?.description);
    const waiter = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error) waiter?.fail(new Error(message.error.message));
    else waiter?.done(message.result);
  }

  send(method, params = {}) {
    const id = (this.last = (this.last ?? 0) + 1);
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
    return new Promise((done, fail) => this.waiting.set(id, { done, fail }));
  }

  async open(url, ahead = 0) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    this.session = (await this.send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
    for (const domain of ["Page", "Runtime", "Log"]) await this.send(`${domain}.enable`);
    const clock = `const trueNow = Date.now; Date.now = () => trueNow() + ${ahead * 1000};`;
    await this.send("Page.addScriptToEvaluateOnNewDocument", { source: clock });
    await this.send("Page.navigate", { url });
    await this.until("document.readyState === 'complete'");
  }

  /** The value of an expression in the page. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async until(expression) {
    const end = Date.now() + PATIENCE;
    while (Date.now() < end) {
      if (await this.evaluate(expression).catch(() => false)) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`waited in vain for ${expression}`);
  }

  /** Ends it in order, so that none of its processes still writes into its folder. */
  async close() {
    const ended = new Promise((done) => this.process.once("exit", done));
    const hurry = setTimeout(() => this.process.kill("SIGKILL"), 10_000);
    this.session = undefined;
    this.send("Browser.close").catch(() => undefined);
    await ended;
    clearTimeout(hurry);
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

const value = (id, text) => `document.getElementById(${JSON.stringify(id)}).value = ${JSON.stringify(text)};`;

/** Lets an opened page check a register, and returns what it says. */
export async function letCheck(browser, base, sha256, line) {
  await browser.evaluate(`${value("address", base)}${value("sha256", sha256)}${value("line", line)}
    document.getElementById("form").requestSubmit();`);
  await browser.until("!['waiting', 'running', ''].includes(document.getElementById('result').dataset.state)");
  return browser.evaluate(`({
    state: document.getElementById("result").dataset.state,
    code: Number(document.getElementById("result").dataset.code),
    said: document.getElementById("result").innerText,
    steps: Array.from(document.querySelectorAll("#steps li"), (item) => [item.dataset.step, item.dataset.state, item.innerText]),
    notices: Array.from(document.querySelectorAll("#notices li"), (item) => item.innerText),
    line: document.getElementById("kept-line").value,
  })`);
}

const OPTIONS = { line: "", ahead: "0", as: "localhost", language: "en" };

async function main() {
  const options = Object.fromEntries(Object.entries(OPTIONS).map(([name, usual]) => [name, { type: "string", default: usual }]));
  const { values, positionals: [page, base, root] } = parseArgs({ allowPositionals: true, options });
  const sha256 = root ? createHash("sha256").update(readFileSync(root)).digest("hex") : "";
  const line = values.line && existsSync(values.line) ? readFileSync(values.line, "utf8") : "";
  const browser = new Browser(`--host-resolver-rules=MAP ${values.as} 127.0.0.1`, `--accept-lang=${values.language}`);
  try {
    await browser.open(page.includes("://") ? page : pathToFileURL(page).href, Number(values.ahead));
    const found = await letCheck(browser, base, sha256, line);
    if (values.line && found.line) writeFileSync(values.line, found.line);
    console.log(JSON.stringify({ ...found, console: browser.console }, null, 1));
    console.error(found.said.split("\n").filter(Boolean).slice(0, 2).join(": "));
    process.exitCode = found.state === "open" ? 10 : found.code;
  } finally {
    await browser.close();
  }
}

if (process.argv[1] === import.meta.filename) await main();
