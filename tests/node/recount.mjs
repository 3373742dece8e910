// Recounts notice with the modules of check.html: the same as register_api's own judge has to.
//
//   node recount.mjs PROGRAM FILE [days]
//
// PROGRAM is the folder of the modules, FILE holds registers, oldest first, or days to count.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [program, file, what] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${program}/${name}.js`));
const given = JSON.parse(readFileSync(file, "utf8"));

async function countDays() {
  const { daysBetween, formatDay, laterDay, readDay } = await load("days");
  return given.map(([text, days, count, holidays]) => {
    const [day, promise] = [readDay(text), { day_count: count, holidays }];
    const later = laterDay(day, days, promise);
    return [formatDay(later), daysBetween(day, later, promise), daysBetween(later, day, promise)];
  });
}

async function recountNotice() {
  const { recount } = await load("notice");
  try {
    return recount(given);
  } catch ({ sentence, values, stack }) {
    return sentence ? { failure: sentence, values } : { failure: stack };
  }
}

console.log(JSON.stringify(what === "days" ? await countDays() : await recountNotice()));
