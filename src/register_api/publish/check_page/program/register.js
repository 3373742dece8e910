// The newest register: its form, and who signed it (format/bytes.md, register.md and signatures.md).
import { form, must } from "./bytes.js";
import { isSigned } from "./ed25519.js";
import { isCount, isObject, readDocument } from "./json.js";
import { readInstant } from "./days.js";
import { goodKey, otherKeys } from "./keys.js";
import { MOST } from "./reading.js";

/** Reads a version of the register as far as this page goes by it. */
export function readRegister(bytes, path, name) {
  const document = readDocument(bytes, "sub-processor-register/1", path);
  form(isCount(document.version) && document.version > 0 && isObject(document.publisher), path);
  form(isObject(document.notice) && isObject(document.reason) && Array.isArray(document.subprocessors), path);
  readInstant(document.published_at, path);
  must(document.register === name, "inconsistent", "anotherRegister", { path, found: String(document.register).slice(0, 100) });
  return document;
}

/** Checks the 64 bytes of Ed25519 beside a document, by the document key that is good for a version. */
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
