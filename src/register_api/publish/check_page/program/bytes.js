// Bytes and failures, used by every step.

/** Failure codes by meaning (format/commands.md). */
export const CODES = {
  unreachable: 10, malformed: 11, forged: 12, stale: 13, rolledBack: 14, forked: 15, untrusted: 16,
  inconsistent: 18, clock: 19,
};

/** The failure of a step: its meaning, and the name of the sentence that explains it. */
export class Failure extends Error {
  constructor(word, sentence, values = {}) {
    super(sentence);
    Object.assign(this, { word, code: CODES[word] ?? 0, sentence, values });
  }
}

export function must(holds, word, sentence, values) {
  if (!holds) throw new Failure(word, sentence, values);
}

/** Any deviation from the format is the same failure. */
export const form = (holds, path) => must(holds, "malformed", "notForm", { path });

export const notOfForm = (path) => new Failure("malformed", "notForm", { path });

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

export const isDigest = (text) => typeof text === "string" && /^[0-9a-f]{64}$/.test(text);

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

export const startsWith = (whole, first) => first.length <= whole.length && same(whole.subarray(0, first.length), first);

export async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

export const digest = async (bytes) => toHex(await sha256(bytes));

export const toUtf8 = (text) => new TextEncoder().encode(text);

export function fromUtf8(bytes, path) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw notOfForm(path);
  }
}

export const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));

/** Decodes strictly: text that encodes differently again is rejected. */
export function fromBase64(text, path) {
  try {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    if (toBase64(bytes) === text) return bytes;
  } catch {
    // Reported below.
  }
  throw notOfForm(path);
}

export const toBase64url = (bytes) => toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

export function fromBase64url(text, path) {
  const plain = String(text).replaceAll("-", "+").replaceAll("_", "/");
  const bytes = fromBase64(plain + "=".repeat((4 - (plain.length % 4)) % 4), path);
  form(toBase64url(bytes) === text, path);
  return bytes;
}
