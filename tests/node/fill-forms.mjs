// Does in Chromium, without script, what a person does with forms.
//
//   node fill-forms.mjs STEPS
//
// STEPS is a JSON array of {"open": ADDRESS}, {"type": [SELECTOR, TEXT]}, {"choose": SELECTOR} and {"press": SELECTOR},
// which leads to another page, or {"save": [SELECTOR, FOLDER]}, which leads to a file. It prints a line of JSON for
// each page that is reached.
import puppeteer from "puppeteer-core";

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const page = await browser.newPage();
await page.setJavaScriptEnabled(false);
const complaints = [];
page.on("console", (message) => complaints.push(message.text()));
page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));

const told = async (response) => {
  const text = await page.evaluate(() => document.body.innerText);
  console.log(JSON.stringify({ status: response.status(), address: page.url(), text, complaints }));
};
const leading = async (act) => {
  const [response] = await Promise.all([page.waitForNavigation(), act()]);
  await told(response);
};

const saved = async (selector, downloadPath) => {
  const browserSession = await browser.target().createCDPSession();
  await browserSession.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath, eventsEnabled: true });
  await new Promise((resolve, reject) => {
    browserSession.on("Browser.downloadProgress", ({ state }) => {
      if (state === "completed") resolve();
      if (state === "canceled") reject(new Error("the download was canceled"));
    });
    page.click(selector).catch(reject);
  });
};

for (const step of JSON.parse(process.argv[2])) {
  if (step.open) await told(await page.goto(step.open));
  if (step.type) await page.type(...step.type);
  if (step.choose) await page.click(step.choose);
  if (step.save) await saved(...step.save);
  if (step.press) await leading(() => page.click(step.press));
}
await browser.close();
