// What a person keeps from one check to the next: one line of text (format/log.md and trust.md).
import { Failure, fromBase64, isDigest, must, same, toBase64 } from "./bytes.js";
import { readInstant } from "./days.js";
import { rootOf } from "./log.js";
import { TOLERANCE } from "./trust.js";

const FORM = /^(\S+) (\d{1,15}) (\S{44}) ([0-9a-f]{64}) (\d{1,15}) (\S{20})$/;

/** The line to keep: register, size and root of the log, first root, timestamp's number and instant. */
export function lineToKeep({ keys, head, begun, metadata }) {
  const { version, signed_at: at } = metadata.timestamp;
  return [keys.register, head.size, toBase64(head.root), begun.sha256, version, at].join(" ");
}

/** Reads a line that was kept; nothing pasted is nothing remembered. */
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

/** Nothing that is signed goes back behind what was seen, and this clock does not either. */
export function checkNotOlder(line, timestamp, now) {
  must(now >= line.at, "clock", "clockBehind", { at: new Date(line.at).toISOString() });
  must(timestamp.version >= line.timestamp, "rolledBack", "olderTimestamp", { found: timestamp.version, seen: line.timestamp });
}

/** The log begins with the one that was seen, and nothing that came since is dated back. */
export async function checkContinues(line, { log, head, keys }) {
  must(line.register === keys.register, "inconsistent", "anotherLine", { found: line.register });
  must(line.size <= head.size, "rolledBack", "shorter", { size: line.size, found: head.size });
  must(same(await rootOf(log.leaves.slice(0, line.size)), line.root), "forked", "otherHistory", { size: line.size });
  return { since: head.size - line.size, at: line.at };
}

/** A version that the line's timestamp did not know was published after it (section 7, No backdating). */
export function checkNotDatedBack(line, log, isImported) {
  const next = log.entries[line.size];
  if (!next || isImported(next.version)) return;
  const late = line.at - readInstant(next.published_at) <= TOLERANCE;
  must(late, "forked", "datedBack", { version: next.version });
}
