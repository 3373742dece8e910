// Filters the page of a register in Chromium, as people do, and prints what became of it.
//
//   node filter-page.mjs URL
//
// It prints one JSON object: what each step shows, the times of filtering in milliseconds, the lines of the console.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import puppeteer from "puppeteer-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [url] = process.argv.slice(2);
const LONG = "x".repeat(100_000);
const HOSTILE = { markup: '"><img src=x onerror=alert(1)>', long: LONG, pattern: "(.*)+[", number: "1e309", braces: "{shown}{all}" };

const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
const consoleLines = [];
const found = {};

async function opened(address, { script = true, width = 1280 } = {}) {
  const page = await browser.newPage();
  page.on("console", (line) => consoleLines.push(line.text()));
  page.on("pageerror", (error) => consoleLines.push(String(error)));
  await page.setViewport({ width, height: 900 });
  await page.setJavaScriptEnabled(script);
  await page.goto(address);
  return page;
}

// What a person sees: rows, sections, the words of the form, the address.
const seen = (page) =>
  page.evaluate(() => {
    const shows = (element) => element.getClientRects().length > 0;
    const form = document.querySelector(".filters");
    return {
      rows: [...document.querySelectorAll(".category tbody tr")].filter(shows).map((row) => row.querySelector("a").textContent),
      empty: [...document.querySelectorAll(".category")].filter((part) => shows(part) && ![...part.querySelectorAll("tbody tr")].some(shows)).length,
      controls: [...form.querySelectorAll("input, select, button")].filter(shows).map((control) => control.name || control.textContent),
      nothing: shows(form.querySelector(".nothing")),
      status: form.querySelector("[role=status]").textContent,
      search: form.querySelector("[type=search]").value.length,
      query: location.search,
      images: document.images.length,
    };
  });

async function filterAsPeopleDo() {
  const page = await opened(url);
  found.start = await seen(page);
  await page.focus("[name=q]");
  await page.keyboard.type("NÓRDIC host");
  // What is typed is answered after a pause: wait for the answer, not for a time.
  const asked = () => new URLSearchParams(location.search).get("q") === document.querySelector("[name=q]").value;
  while (!(await page.evaluate(asked))) await page.evaluate(() => new Promise(requestAnimationFrame));
  found.typed = await seen(page);
  await page.focus("[name=category]");
  await page.select("[name=category]", "operations");
  found.combined = await seen(page);
  await page.goBack();
  found.back = await seen(page);
  await page.focus("button");
  await page.keyboard.press("Enter");
  found.cleared = await seen(page);
  found.focus = await page.evaluate(() => document.activeElement.name);
  await page.focus("[name=outside]");
  await page.keyboard.press("Space");
  found.outside = await seen(page);
  await page.emulateMediaType("print");
  found.printed = await seen(page);
  await page.close();
}

async function restore() {
  const page = await opened(`${url}?q=mail&status=ended&kept=1#download`);
  found.restored = await seen(page);
  await page.goto(`${url}?category=nowhere&outside=yes`);
  found.unknown = await seen(page);
  await page.close();
  found.hostile = {};
  for (const [name, text] of Object.entries(HOSTILE)) {
    const query = `?q=${encodeURIComponent(text)}&category=${encodeURIComponent(text)}`;
    // Servers take no address as long as the longest one; pages get it from their own history.
    const other = await opened(name === "long" ? url : url + query);
    await other.evaluate((said) => { history.pushState(null, "", said); dispatchEvent(new PopStateEvent("popstate")); }, query);
    found.hostile[name] = { ...(await seen(other)), query: undefined };
    await other.close();
  }
}

async function withoutScript() {
  const page = await opened(url, { script: false });
  const shown = () => page.$$eval(".category tbody tr", (all) => all.filter((row) => row.getClientRects().length > 0).length);
  found.plain = { start: await shown(), search: await page.$eval("[name=q]", (field) => field.getClientRects().length) };
  await page.click("[name=outside]");
  found.plain.outside = await shown();
  await page.click("[name=use]");
  found.plain.both = await shown();
  found.plain.nothing = await page.$eval(".nothing", (words) => words.getClientRects().length > 0);
  await page.close();
}

async function judge() {
  found.axe = [];
  for (const width of [1280, 320]) {
    const page = await opened(`${url}?q=a`, { width });
    await page.evaluate(AXE);
    const { violations, incomplete } = await page.evaluate(() => globalThis.axe.run(document.querySelector(".filters")));
    found.axe.push(...[...violations, ...incomplete].map((item) => `${width} ${item.id} ${item.nodes[0].html}`));
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) found.axe.push(`${width} too wide`);
    await page.close();
  }
}

// From a keystroke, but for the pause after it, until the next frame is drawn.
const measured = (page) =>
  page.evaluate(async () => {
    const field = document.querySelector("[name=category]");
    const times = [];
    for (const choice of [...field.options].slice(0, 4).flatMap(({ value }) => [value, ""])) {
      const start = performance.now();
      field.value = choice;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      await new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); });
      times.push(performance.now() - start);
    }
    return { times, paint: performance.getEntriesByName("first-contentful-paint").map((entry) => entry.startTime) };
  });

try {
  await filterAsPeopleDo();
  await restore();
  await withoutScript();
  await judge();
  const page = await opened(url);
  found.speed = await measured(page);
  found.console = consoleLines;
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
}
