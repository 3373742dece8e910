// Instants and days (format/bytes.md), and how days of notice are counted (rules.md, How notice is counted).
import { form } from "./bytes.js";

const DAY = 86_400_000;

/** Returns milliseconds since 1970 of an instant, written in UTC with whole seconds. */
export function readInstant(text, path = "") {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) : NaN;
  form(!Number.isNaN(at) && new Date(at).toISOString() === text.replace("Z", ".000Z"), path);
  return at;
}

/** Returns a day as the number of days since 1970. */
export function readDay(text) {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  form(!Number.isNaN(at) && formatDay(at / DAY) === text, String(text).slice(0, 20));
  return at / DAY;
}

export const formatDay = (day) => new Date(day * DAY).toISOString().slice(0, 10);

/** Returns the day of an instant in a time zone; undefined if this browser does not know the zone. */
export function localDay(at, zone) {
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone, calendar: "gregory", year: "numeric", month: "2-digit", day: "2-digit",
    });
    const parts = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
    return readDay(`${parts.year.padStart(4, "0")}-${parts.month}-${parts.day}`);
  } catch {
    return undefined;
  }
}

/** 1 January 1970 was a Thursday. */
const isWeekend = (day) => [2, 3].includes(((day % 7) + 7) % 7);

const counts = (day, promise) => promise.day_count === "calendar" || !(isWeekend(day) || promise.holidays.includes(formatDay(day)));

/** Returns the day that is some days after another, counted as the promise requires. */
export function laterDay(day, days, promise) {
  if (promise.day_count === "calendar") return day + days;
  let [at, left] = [day, days];
  while (left > 0) left -= counts((at += 1), promise) ? 1 : 0;
  return at;
}

/** Returns the days of notice from announcement to effective date; negative if announced late. */
export function daysBetween(announced, effective, promise) {
  if (promise.day_count === "calendar") return effective - announced;
  return effective < announced ? -businessDays(effective, announced, promise) : businessDays(announced, effective, promise);
}

/** Counts business days after one day up to and including another, without iterating over every day. */
function businessDays(after, until, promise) {
  const weeks = Math.floor((until - after) / 7);
  let count = weeks * 5;
  for (let day = after + weeks * 7 + 1; day <= until; day += 1) count += isWeekend(day) ? 0 : 1;
  const holidays = new Set(promise.holidays.map(readDay));
  return count - [...holidays].filter((day) => after < day && day <= until && !isWeekend(day)).length;
}
