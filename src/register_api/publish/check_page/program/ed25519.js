// Ed25519 (RFC 8032) with the browser's WebCrypto, and which 32 bytes are an acceptable key.
import { form, must } from "./bytes.js";

const PRIME = 2n ** 255n - 19n;
const CURVE = modulo(-121665n * power(121666n, PRIME - 2n));

function modulo(number) {
  const rest = number % PRIME;
  return rest < 0n ? rest + PRIME : rest;
}

function power(base, exponent) {
  let [result, square] = [1n, modulo(base)];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = modulo(result * square);
    square = modulo(square * square);
  }
  return result;
}

/** Rejects non-canonical encodings of a key, and keys of small order, for which anyone can sign. */
export function checkPoint(bytes, path) {
  form(bytes.length === 32, path);
  const y = bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n) & (2n ** 255n - 1n);
  form(y < PRIME, path);
  const ofOrderEight = modulo(CURVE * power(y, 4n) + 2n * y * y - 1n) === 0n;
  must(y > 1n && y !== PRIME - 1n && !ofOrderEight, "untrusted", "badKeys", { path });
}

/** Returns why this browser cannot verify signatures; undefined if it can. */
export async function whyNot() {
  if (!globalThis.isSecureContext) return "noSecureContext";
  if (!globalThis.crypto?.subtle) return "noCrypto";
  try {
    await importKey(Uint8Array.from({ length: 32 }, (_, at) => (at ? 0x66 : 0x58)));
    return undefined;
  } catch {
    return "noEd25519";
  }
}

const importKey = (bytes) => crypto.subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]);

/** Verifies a signature with a key that `checkPoint` has accepted. */
export async function isSigned(bytes, signature, key) {
  if (signature.length !== 64) return false;
  return crypto.subtle.verify("Ed25519", await importKey(key), signature, bytes);
}
