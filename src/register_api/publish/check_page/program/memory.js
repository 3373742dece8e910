// The state that a user saves between checks: one line of text (format/log.md and trust.md).
import { Failure, fromBase64, isDigest, must, same, toBase64 } from "./bytes.js";
import { readInstant } from "./days.js";
import { rootOf } from "./log.js";
import { TOLERANCE } from "./trust.js";

const FORM = /^(\S+) (\d{1,15}) (\S{44}) ([0-9a-f]{64}) (\d{1,15}) (\S{20})$/;

/** Returns the line to save: register, log size and root hash, first root, timestamp version and instant. */
export function lineToKeep({ keys, head, begun, metadata }) {
  const { version, signed_at: at } = metadata.timestamp;
  return [keys.register, head.size, toBase64(head.root), begun.sha256, version, at].join(" ");
}

/** Parses a saved line; returns undefined if none was entered. */
export function readLine(text) {
  if (text.trim() === "") return undefined;
  const [, register, size, root, sha256, timestamp, at] = FORM.exec(text.trim().replace(/\s+/g, " ")) ?? [];
  must(register && isDigest(sha256) && Number(size) > 0, "usage", "notLine");
  try {
    return { register, size: Number(size), root: fromBase64(root, ""), sha256, timestamp: Number(timestamp), at: readInstant(at) };
  } catch {
    throw new Failure("usage", "notLine");
  }
}

/** Checks that neither the timestamp nor this device's clock is older than the saved line. */
export function checkNotOlder(line, timestamp, now) {
  must(now >= line.at, "clock", "clockBehind", { at: new Date(line.at).toISOString() });
  must(timestamp.version >= line.timestamp, "rolledBack", "olderTimestamp", { found: timestamp.version, seen: line.timestamp });
}

/** Checks that the log begins with the log in the saved line. */
export async function checkContinues(line, { log, head, keys }) {
  must(line.register === keys.register, "inconsistent", "anotherLine", { found: line.register });
  must(line.size <= head.size, "rolledBack", "shorter", { size: line.size, found: head.size });
  must(same(await rootOf(log.leaves.slice(0, line.size)), line.root), "forked", "otherHistory", { size: line.size });
  return { since: head.size - line.size, at: line.at };
}

/** Checks that versions newer than the line's timestamp are not dated before it (section 7, No backdating). */
export function checkNotDatedBack(line, log, isImported) {
  const next = log.entries[line.size];
  if (!next || isImported(next.version)) return;
  const late = line.at - readInstant(next.published_at) <= TOLERANCE;
  must(late, "forked", "datedBack", { version: next.version });
}
