// Looks at a preview in Chromium while the source is edited, broken and mended, and prints what became of the page.
//
//   node preview-page.mjs URL FILE
//
// FILE is a vendor's file of the source. It prints one JSON object: what each step shows, the console's lines.
import { readFileSync, writeFileSync } from "node:fs";
import puppeteer from "puppeteer-core";

const [url, file] = process.argv.slice(2);
const good = readFileSync(file, "utf8");
const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage();
const console_ = [];
const found = {};
page.on("console", (line) => console_.push(line.text()));
page.on("pageerror", (error) => console_.push(String(error)));

const seen = () =>
  page.evaluate(() => ({
    banner: document.querySelector(".preview-banner strong").textContent,
    colour: getComputedStyle(document.querySelector(".preview-banner")).position,
    heading: document.querySelector("h1").textContent,
    text: document.body.innerText,
    address: location.pathname,
  }));
// Nobody loads the page but the page itself; what is waited for is the words, not a time.
async function until(words) {
  const shows = () => page.evaluate((each) => document.body?.innerText.includes(each), words).catch(() => false); // it loads
  for (const end = Date.now() + 150_000; !(await shows()); ) {
    if (Date.now() > end) throw new Error(`no ${words} in ${await page.evaluate(() => document.body.innerText)}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

await page.goto(`${url}subprocessors/acme/`);
found.start = await seen();
writeFileSync(file, good.replace("Runs the application", "Runs all of it"));
await until("Runs all of it");
found.edited = await seen();
writeFileSync(file, `${good}\nfault = \u201dx\u201d\n`);
await until("typographic quotes");
found.broken = await seen();
writeFileSync(file, good);
await until("Runs the application");
found.mended = await seen();
await page.click(".preview-banner a:last-of-type");
await until("Email (English)");
found.notice = await seen();
found.console = console_;
console.log(JSON.stringify(found));
await browser.close();
