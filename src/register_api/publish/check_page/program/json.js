// The canonical form of JSON documents (format/bytes.md) and of TUF metadata (format/trust.md).
import { form, fromUtf8, notOfForm, same, toUtf8 } from "./bytes.js";

const DEEPEST = 32;

/** Serialises to RFC 8785, which reveals duplicate names and other encodings when compared. */
export function canonical(value, depth = 0) {
  if (depth > DEEPEST) throw new RangeError("too deep");
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(",")}]`;
  if (isObject(value)) return `{${Object.keys(value).sort().map((name) => member(value, name, depth)).join(",")}}`;
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new RangeError("no integer");
  if (typeof value === "string" && /\p{Cs}/u.test(value)) throw new RangeError("a lone surrogate");
  return JSON.stringify(value);
}

const member = (value, name, depth) => `${canonical(name)}:${canonical(value[name], depth + 1)}`;

export const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** Parses a document, which must name its format and be canonical (RFC 8785). */
export function readDocument(bytes, format, path) {
  const document = parsed(bytes, path);
  form(isObject(document) && document.format === format, path);
  form(isCount(document.format_minor), path);
  form(isCanonical(document, bytes), path);
  return document;
}

function isCanonical(document, bytes) {
  try {
    return same(toUtf8(canonical(document)), bytes);
  } catch {
    return false;
  }
}

function parsed(bytes, path) {
  const text = fromUtf8(bytes, path);
  try {
    return JSON.parse(text);
  } catch {
    throw notOfForm(path);
  }
}

export const isCount = (value) => Number.isSafeInteger(value) && value >= 0;

/** Parses TUF metadata: compact ASCII, no duplicate names, only `signed` and `signatures`. */
export function readMetadata(bytes, path) {
  const metadata = parsed(bytes, path);
  form(isSpelled(metadata, bytes), path);
  form(isEnvelope(metadata), path);
  return metadata;
}

function isSpelled(metadata, bytes) {
  const text = JSON.stringify(metadata);
  const ascii = text.replace(/[\u007f-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return hasWholeNumbers(metadata) && same(toUtf8(ascii), bytes);
}

function hasWholeNumbers(value, depth = 0) {
  if (typeof value === "number") return Number.isSafeInteger(value);
  return !value || typeof value !== "object" || (depth < DEEPEST && Object.values(value).every((item) => hasWholeNumbers(item, depth + 1)));
}

function isEnvelope(metadata) {
  const names = (value) => (isObject(value) ? Object.keys(value).sort().join() : "");
  return names(metadata) === "signatures,signed" && isObject(metadata.signed) && Array.isArray(metadata.signatures)
    && metadata.signatures.every((one) => names(one) === "keyid,sig");
}

/** Returns the text that TUF signs: OLPC canonical JSON, which escapes only quotes and backslashes. */
export function signedText(value) {
  if (Array.isArray(value)) return `[${value.map(signedText).join(",")}]`;
  if (isObject(value)) {
    const names = Object.keys(value).sort(byCodePoint);
    return `{${names.map((name) => `${signedText(name)}:${signedText(value[name])}`).join(",")}}`;
  }
  return typeof value === "string" ? `"${value.replace(/["\\]/g, "\\$&")}"` : String(value);
}

function byCodePoint(one, other) {
  const [left, right] = [Array.from(one), Array.from(other)];
  const at = left.findIndex((letter, place) => letter !== right[place]);
  return at < 0 ? left.length - right.length : (left[at].codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}
