// The events between two versions that may require notice (rules.md, What needs notice).
import { canonical } from "./json.js";
import { formatDay, readDay } from "./days.js";

const inEffect = (planned, day) => planned.filter((change) => change.cancelled === null && change.effective_on <= day)
  .sort((one, other) => (one.effective_on < other.effective_on ? -1 : Number(one.effective_on > other.effective_on)));

function withChange(owner, change) {
  const dates = {};
  if (change.set.status === "available") Object.assign(dates, { starts_on: null, ends_on: null });
  else if (change.set.status && owner.status === "available") dates.starts_on = change.effective_on;
  return { ...owner, ...change.set, ...dates };
}

const applied = (owner, day) => inEffect(owner.planned, day).reduce(withChange, owner);

/** Returns a vendor and its uses as of a day (format/register.md, PlannedChange). */
function vendorOn(vendor, day) {
  return { ...applied(vendor, day), engagements: vendor.engagements.map((use) => applied(use, day)) };
}

function without(vendor, leftOut) {
  const kept = (owner, use) => owner.planned.filter((change) => !leftOut.has(planKey(use, change)));
  const engagements = vendor.engagements.map((use) => ({ ...use, planned: kept(use, use.id) }));
  return { ...vendor, planned: kept(vendor, null), engagements };
}

const planKey = (use, change) => canonical([use, change.id]);

export const byId = (list, id) => list?.find((item) => item.id === id);

/** Returns all announcements of one vendor in a version: use, planned change, events and effective date. */
// `ofStart`: it affects a start that was announced before, which keeps its announcement unless a promise covers it.
export function announcements(before, vendor, day, reason) {
  const fresh = freshPlans(before, vendor);
  const now = vendorOn(without(vendor, new Set(fresh.map(({ use, change }) => planKey(use, change)))), day);
  const past = before && vendorOn(before, day);
  const uses = now.engagements.map((use) => ofUse(past, now, use, day, reason)).filter(Boolean);
  const plans = fresh.map(({ use, change }) => ofPlan(vendor, use, change, reason));
  return [...uses, ...plans, ...(before ? changedActivations(before, vendor, day, reason, fresh) : [])];
}

/** Returns the planned changes that still bring a use into force, but otherwise than announced. */
function changedActivations(before, vendor, day, reason, fresh) {
  return vendor.engagements.map((use) => {
    const change = comingIntoUse(use, day);
    if (!change || fresh.some((one) => one.use === use.id && one.change === change)) return undefined;
    const [then, now] = [before, vendor].map((one) => vendorOn(one, change.effective_on));
    const what = eventsOf(then, now, byId(now.engagements, use.id), change.effective_on, reason);
    return what.length === 0 ? undefined : { use: use.id, plan: change.id, what, effective: change.effective_on, ofStart: !what.includes("rescheduled") };
  }).filter(Boolean);
}

/** Returns the planned change after a day that brings a use into force that is available on that day. */
function comingIntoUse(use, day) {
  let held = applied(use, day);
  if (held.status !== "available") return undefined;
  return inEffect(use.planned, "9999-12-31").filter((change) => change.effective_on > day).find((change) => {
    held = withChange(held, change);
    return held.status !== "available";
  });
}

/** Returns planned changes that are new, have other content, are earlier, or are no longer cancelled. */
function freshPlans(before, vendor) {
  const owners = [[null, vendor, before], ...vendor.engagements.map((use) => [use.id, use, byId(before?.engagements, use.id)])];
  return owners.flatMap(([use, owner, old]) => owner.planned
    .filter((change) => isFresh(change, byId(old?.planned, change.id)))
    .map((change) => ({ use, change })));
}

const isFresh = (change, old) => change.cancelled === null
  && (!old || old.cancelled !== null || canonical(old.set) !== canonical(change.set) || change.effective_on < old.effective_on);

function ofUse(before, vendor, use, day, reason) {
  const old = byId(before?.engagements, use.id);
  const what = eventsOf(before, vendor, use, day, reason);
  if (old && what.length === 0) return undefined;
  const engaged = Boolean(old) && isEngaged(before, old, day);
  if (engaged && !(old.starts_on > day)) return undefined; // an edit of a use that is already running
  return { use: use.id, plan: null, what, effective: use.starts_on, ofStart: engaged && !what.includes("rescheduled") };
}

function ofPlan(vendor, use, change, reason) {
  const dayBefore = formatDay(readDay(change.effective_on) - 1);
  const before = vendorOn(without(vendor, new Set([planKey(use, change)])), dayBefore);
  const engagements = before.engagements.map((item) => (item.id === use ? withChange(item, change) : item));
  const after = use === null ? withChange(before, change) : { ...before, engagements };
  const touched = after.engagements.filter((item) => use === null || item.id === use)
    .filter((item) => isEngaged(after, item, change.effective_on));
  const what = touched.flatMap((item) => eventsOf(before, after, item, change.effective_on, reason));
  return { use, plan: change.id, what, effective: change.effective_on };
}

const isLeftOut = (vendor, use) => vendor.withdrawn !== null || use.cancelled !== null || use.status === "available";

const isEngaged = (vendor, use, day) => !isLeftOut(vendor, use) && (use.ends_on === null || use.ends_on > day);

function eventsOf(before, after, use, day, reason) {
  const old = byId(before?.engagements, use.id);
  if (isLeftOut(after, use)) return [];
  if (old && isEngaged(before, old, day)) {
    return isEngaged(after, use, day) ? changes(before, old, after, use, day, reason) : [];
  }
  const again = reason !== "correction" && isEngaged(after, use, day);
  return !old || old.status === "available" || again ? starts(before, old, after, use, day, reason) : [];
}

function starts(before, old, after, use, day, reason) {
  const activated = old?.status === "available";
  const replacing = after.replaces.some((id) => !before?.replaces.includes(id));
  if (activated || replacing) return [activated && "activation", replacing && "replacement"].filter(Boolean);
  const covering = (before?.engagements ?? []).filter((item) => isEngaged(before, item, day) && includes(item, use));
  if (covering.length === 0) return ["addition"];
  return reason === "correction" ? [] : wider(before, covering, after, use);
}

/** Returns the events by which a use goes beyond all of the older ones together. */
function wider(before, olds, after, use) {
  const more = (name, of = (item) => item) => {
    const known = olds.flatMap((old) => (old[name] ?? []).map(of));
    return (use[name] ?? []).some((item) => !known.includes(of(item)));
  };
  const sensitive = use.special_categories && !olds.some((old) => old.special_categories);
  return [
    olds.every((old) => isAnotherEntity(old.entity ?? before, use.entity ?? after)) && "replacement",
    more("locations", (place) => place.country) && "relocation",
    (more("data_scope") || more("data_categories") || sensitive) && "data_changed",
  ].filter(Boolean);
}

/** Returns whether a running use already covers a new one, from the same day or earlier. */
function includes(running, use) {
  return running.category === use.category && running.purpose === use.purpose
    && (running.status === "active" || use.status === "conditional")
    && (running.starts_on === null || (use.starts_on !== null && running.starts_on <= use.starts_on))
    && (use.data_scope ?? []).every((item) => (running.data_scope ?? []).includes(item));
}

function changes(before, old, after, use, day, reason) {
  return [
    old.status === "conditional" && use.status === "active" && "activation",
    startsEarlier(old, use, day) && "rescheduled",
    ...(reason === "correction" ? [] : wider(before, [old], after, use)),
  ].filter(Boolean);
}

const isAnotherEntity = (before, after) =>
  ["legal_name", "seat"].some((name) => before[name] !== null && before[name] !== after[name]);

const startsEarlier = (old, use, day) =>
  old.starts_on !== null && old.starts_on > day && (use.starts_on === null || use.starts_on < old.starts_on);
