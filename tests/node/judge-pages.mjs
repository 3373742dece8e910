// Looks at pages with axe-core, in each medium that a reader may have, and with html-validate.
//
//   node judge-pages.mjs FILE...
//
// It prints a line for each finding, and for each page that is wider than what shows it.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { HtmlValidate } from "html-validate";
import puppeteer from "puppeteer-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MEDIA = {
  light: {},
  dark: { features: [{ name: "prefers-color-scheme", value: "dark" }] },
  print: { media: "print" },
  narrow: { width: 320 },
  large: { fontSize: "200%" },
  forced: { features: [{ name: "forced-colors", value: "active" }] },
};
// A name may be long. `no-unknown-attributes` does not know the attributes of link, time, input and img.
// Files of the page's own host need no integrity.
const RULES = {
  "long-title": "off",
  "no-unknown-attributes": "off",
  "require-sri": ["error", { target: "crossorigin" }],
};
// On paper nothing is touched.
const options = (medium) => ({ rules: { "target-size": { enabled: medium !== "print" } } });

const say = (...words) => console.log(words.join(" "));

async function opened(browser, file, { width = 1280, fontSize, ...emulated }) {
  const page = await browser.newPage();
  await page.setBypassCSP(true);
  await page.setViewport({ width, height: 900 });
  const session = await page.createCDPSession();
  await session.send("Emulation.setEmulatedMedia", emulated);
  await page.goto(pathToFileURL(file).href);
  // axe-core cannot tell the colours of what is laid out only when it comes into view.
  await page.addStyleTag({ content: "* { content-visibility: visible !important; }" });
  if (fontSize) await page.evaluate((size) => { document.documentElement.style.fontSize = size; }, fontSize);
  return page;
}

async function look(browser, file, medium) {
  const page = await opened(browser, file, MEDIA[medium]);
  await page.evaluate(AXE);
  // Letters in a picture have colours that axe-core cannot tell; those of the timeline are the page's own.
  const looked = { include: [["html"]], exclude: [["svg text"]] };
  const found = await page.evaluate((what, how) => globalThis.axe.run(what, how), looked, options(medium));
  for (const item of [...found.violations, ...found.incomplete]) {
    say(file, medium, item.id, item.nodes[0].target.join(" "), item.nodes[0].failureSummary ?? "");
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) say(file, medium, "is wider than its window by", wide);
  await page.close();
}

const files = process.argv.slice(2);
const validator = new HtmlValidate({ extends: ["html-validate:recommended"], rules: RULES });
for (const file of files) {
  const report = await validator.validateFile(file);
  for (const item of report.results.flatMap((result) => result.messages)) say(file, item.line, item.ruleId, item.message);
}
const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
try {
  for (const file of files) for (const medium of Object.keys(MEDIA)) await look(browser, file, medium);
} finally {
  await browser.close();
}
