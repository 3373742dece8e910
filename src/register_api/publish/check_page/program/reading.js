// Reads files from the untrusted host of a register, with limits on size and time.
import { Failure, joined, must } from "./bytes.js";

const KIB = 2 ** 10;
const MIB = 2 ** 20;

/** The size limit of each kind of file (format/tree.md and log.md). */
export const MOST = {
  root: 512 * KIB, metadata: 64 * KIB, timestamp: 16 * KIB, document: 16 * MIB, keys: MIB, versions: 64 * MIB,
  checkpoint: 64 * KIB, entry: 4 * KIB, proof: 64 * KIB, signature: KIB,
};

const SECONDS = { request: 30, all: 300 };

/** Statuses that mean a file is missing; buckets may answer 403 (section 7). */
const MISSING = [404, 403, 410];

/** Returns the base URL of a register from user input, with a trailing slash. */
export function readAddress(text) {
  let url;
  try {
    url = new URL(text.includes("://") ? text : `https://${text}`);
  } catch {
    throw new Failure("usage", "noAddress");
  }
  must(["http:", "https:"].includes(url.protocol) && !url.username && !url.password, "usage", "noAddress");
  return `${url.origin}${url.pathname.replace(/(index|check)\.html$/, "").replace(/\/*$/, "/")}`;
}

export class Host {
  constructor(base) {
    this.base = base;
    this.ends = Date.now() + SECONDS.all * 1000;
  }

  /** Reads a file that must exist. */
  async get(path, most) {
    const bytes = await this.find(path, most);
    must(bytes !== null, "unreachable", "missing", { path });
    return bytes;
  }

  /** Reads a file; returns `null` if it is missing. */
  async find(path, most) {
    const answer = await this.ask(path);
    if (MISSING.includes(answer.status)) return null;
    must(answer.status === 200, "unreachable", "status", { path, status: answer.status });
    return this.body(path, answer, most);
  }

  async ask(path) {
    const left = Math.min(SECONDS.request * 1000, this.ends - Date.now());
    must(left > 0, "unreachable", "tooSlow", { path });
    try {
      return await fetch(this.base + path, {
        redirect: "error", cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(left),
      });
    } catch (error) {
      throw unread(path, error);
    }
  }

  async body(path, answer, most) {
    const parts = [];
    let size = 0;
    try {
      const reader = answer.body.getReader();
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        size += read.value.length;
        if (size > most) await reader.cancel();
        must(size <= most, "malformed", "tooLarge", { path, most });
        parts.push(read.value);
      }
    } catch (error) {
      throw error instanceof Failure ? error : unread(path, error);
    }
    return joined(...parts);
  }
}

function unread(path, error) {
  return new Failure("unreachable", error.name === "TimeoutError" ? "tooSlow" : "noAnswer", { path });
}
