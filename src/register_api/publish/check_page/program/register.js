// The current register: its format and its signature (format/bytes.md, register.md and signatures.md).
import { form, must } from "./bytes.js";
import { isSigned } from "./ed25519.js";
import { isCount, isObject, readDocument } from "./json.js";
import { readInstant } from "./days.js";
import { goodKey, otherKeys } from "./keys.js";
import { MOST } from "./reading.js";

/** Parses a version of the register, and checks the fields that this page uses. */
export function readRegister(bytes, path, name) {
  const document = readDocument(bytes, "sub-processor-register/1", path);
  form(isCount(document.version) && document.version > 0 && isObject(document.publisher), path);
  form(isObject(document.notice) && isObject(document.reason) && Array.isArray(document.subprocessors), path);
  readInstant(document.published_at, path);
  must(document.register === name, "inconsistent", "anotherRegister", { path, found: String(document.register).slice(0, 100) });
  return document;
}

/** Verifies a document's 64-byte Ed25519 signature with the document key valid for a version; returns its kid. */
export async function checkSigned(host, keys, path, bytes, version) {
  const key = goodKey(keys, "document", version);
  const signature = await host.get(`${path}.sig`, MOST.signature);
  form(signature.length === 64, `${path}.sig`);
  if (await isSigned(bytes, signature, key.raw)) return key.kid;
  for (const other of otherKeys(keys, "document", version)) {
    must(!(await isSigned(bytes, signature, other)), "untrusted", "keyOutOfRange", { path, version });
  }
  must(false, "forged", "badSignature", { path });
}
