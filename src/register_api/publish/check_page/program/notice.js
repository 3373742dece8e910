// Recalculates notice from the registers alone (format/judging.md, points 2 to 4).
import { digest, must } from "./bytes.js";
import { daysBetween, formatDay, laterDay, localDay, readDay, readInstant } from "./days.js";
import { announcements, byId } from "./events.js";
import { canonical } from "./json.js";
import { MOST } from "./reading.js";
import { readRegister } from "./register.js";

/** Only this many of the newest versions are recalculated; the page states the range. */
export const MAX_VERSIONS = 200;
const AT_ONCE = 6;
const STARTS = ["addition", "replacement", "activation"];
const KNOWN_EVENTS = [...STARTS, "relocation", "data_changed"];

/** Reads the newest registers, and checks each against the digest in its log entry. */
export async function readVersions(host, log, name) {
  const entries = log.entries.slice(-MAX_VERSIONS);
  const versions = [];
  for (let at = 0; at < entries.length; at += AT_ONCE) {
    versions.push(...(await Promise.all(entries.slice(at, at + AT_ONCE).map((entry) => readVersion(host, entry, name)))));
  }
  return versions;
}

async function readVersion(host, entry, name) {
  const path = `v1/versions/${entry.version}/register.json`;
  const bytes = await host.get(path, MOST.document);
  const named = entry.files.find((file) => file.path === path);
  must(named && named.sha256 === (await digest(bytes)), "forged", "notInLog", { path });
  const document = readRegister(bytes, path, name);
  must(document.version === entry.version && document.published_at === entry.published_at, "inconsistent", "anotherEntry", { path });
  return document;
}

/** Recalculates each version's announcements; returns those that required notice, and the skipped versions. */
export function recount(versions) {
  const whole = versions[0].version === 1;
  const promises = new Promises();
  const [notices, skipped] = [[], []];
  versions.forEach((version, at) => {
    promises.join(version);
    if (at === 0 && !whole) return;
    const zone = version.publisher.time_zone;
    const day = localDay(readInstant(version.published_at), zone);
    if (day === undefined) skipped.push({ version: version.version, zone });
    else notices.push(...recountVersion(versions[at - 1], version, promises, whole));
  });
  return { notices, skipped, from: versions[0].version + (whole ? 0 : 1) };
}

function recountVersion(older, version, promises, whole) {
  const certain = whole && promises.areKnown();
  return version.subprocessors.flatMap((vendor) => {
    const before = byId(older?.subprocessors, vendor.id);
    const made = new Made(version, promises, before, vendor);
    const owners = [[null, vendor, before], ...vendor.engagements.map((use) => [use.id, use, byId(before?.engagements, use.id)])];
    return owners.flatMap(([use, owner, old]) => [
      ...(use === null ? [] : [made.compare(use, null, owner, old, "starts_on", certain)]),
      ...owner.planned.map((plan) => made.compare(use, plan.id, plan, byId(old?.planned, plan.id), "effective_on", certain)),
    ]).filter(Boolean);
  });
}

/** The announcements of one vendor in a version, as derived from the registers. */
class Made {
  constructor(version, promises, before, vendor) {
    Object.assign(this, { version, promises, vendor, zone: version.publisher.time_zone });
    const day = localDay(readInstant(version.published_at), this.zone);
    const said = announcements(before, vendor, formatDay(day), version.reason.kind)
      .map((one) => ({ key: canonical([one.use, one.plan]), ofStart: one.ofStart, made: promises.announce(one, version) }));
    this.starts = new Set(said.filter(({ ofStart }) => ofStart).map(({ key }) => key));
    this.said = new Map(said.filter(({ ofStart, made }) => made.required || !ofStart).map(({ key, made }) => [key, made]));
  }

  compare(use, plan, owner, old, field, certain) {
    const key = canonical([use, plan]);
    const made = this.said.get(key) ?? this.kept(owner, old, field);
    const place = [this.vendor.id, use, plan].filter(Boolean).join("/");
    const names = certain ? Object.keys(made) : [...(this.starts.has(key) ? [] : ["version", "at"]), ...(owner.announced.required ? [] : ["required"])];
    const wrong = names.find((name) => certain || name !== "required" || made.required ? owner.announced[name] !== made[name] : false);
    must(!wrong, "inconsistent", "recount", { version: this.version.version, place, field: wrong, says: String(owner.announced[wrong]), follows: String(made[wrong]) });
    return made.required && made.version === this.version.version ? this.given(place, owner, made, owner[field]) : undefined;
  }

  /** Keeps an earlier announcement; if its effective date has moved, only the days are recalculated. */
  kept(owner, old, field) {
    if (!old) return this.promises.plain(this.version);
    if (old[field] === owner[field]) return old.announced;
    return this.promises.moved(old.announced, owner[field], this.zone);
  }

  given(place, owner, made, effective) {
    const outcome = made.met ? "kept" : made.days !== null && made.days < 0 ? "late" : "short";
    return {
      outcome, place, name: this.vendor.name, version: made.version, days: made.days, promised: made.promised_days,
      business: made.day_count === "business", effective, reason: outcome === "kept" ? "" : (owner.short_notice?.reason ?? ""),
    };
  }
}

/** All notice promises of the versions read so far, oldest first. */
class Promises {
  constructor() {
    Object.assign(this, { made: [], firstLive: undefined });
  }

  join({ version, published_at: at, recorded, notice }) {
    const { also_binding: _, ...promise } = notice;
    if (recorded === "live") this.firstLive ??= version;
    if (canonical(this.made.at(-1)?.promise ?? null) !== canonical(promise)) this.made.push({ version, at: readInstant(at), promise });
  }

  /** Returns whether each promise covers only kinds of change that this page can recognise. */
  areKnown() {
    return this.made.every(({ promise }) => promise.applies_to.every((event) => KNOWN_EVENTS.includes(event)));
  }

  /** Returns the promises that bind an announcement of a day: the newest, and older ones for their own period. */
  binding(version, day, zone) {
    let replaced;
    return this.made.filter((one) => one.version <= version).reverse().filter(({ at, promise }) => {
      const until = replaced === undefined ? Infinity : laterDay(replaced, promise.days, promise);
      replaced = localDay(at, zone);
      return day < until;
    }).map(({ promise }) => promise);
  }

  announce({ what, effective }, { version, published_at: at, publisher: { time_zone: zone } }) {
    const day = localDay(readInstant(at), zone);
    const bound = version > 1 && version >= (this.firstLive ?? Infinity) ? this.binding(version, day, zone) : [];
    const covering = bound.filter((promise) => what.some((event) => covers(promise, event)));
    if (covering.length === 0) return this.plain({ version, published_at: at });
    const binding = latest(covering, (promise) => laterDay(day, promise.days, promise));
    const deadlines = covering.filter((promise) => promise.objection).map((promise) => laterDay(day, promise.objection.days, promise));
    const until = deadlines.length ? formatDay(Math.max(...deadlines)) : null;
    return { version, at, required: true, promised_days: binding.days, ...counted(day, effective, binding), day_count: binding.day_count, objection_until: until };
  }

  /** Returns an announcement that no promise covers. */
  plain({ version, published_at: at }) {
    return { version, at, required: false, promised_days: null, days: null, met: null, day_count: null, objection_until: null };
  }

  moved(announced, effective, zone) {
    const day = localDay(readInstant(announced.at), zone);
    const counts = this.binding(announced.version, day, zone)
      .filter((one) => one.days === announced.promised_days && one.day_count === announced.day_count);
    if (!announced.required || counts.length === 0) return announced;
    return { ...announced, ...counted(day, effective, latest(counts, (one) => laterDay(day, one.days, one))) };
  }
}

const covers = (promise, event) => (event === "rescheduled" ? STARTS : [event]).some((one) => promise.applies_to.includes(one));

const latest = (promises, by) => promises.reduce((best, one) => (by(one) > by(best) ? one : best));

/** Returns the days of notice, and whether they meet the promise. */
function counted(day, effective, promise) {
  if (effective === null) return { days: null, met: false };
  const first = readDay(effective);
  return { days: daysBetween(day, first, promise), met: first >= laterDay(day, promise.days, promise) };
}
