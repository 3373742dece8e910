// The log: its checkpoint, and all of its entries (format/log.md; RFC 6962, C2SP tlog-checkpoint).
import { digest, form, fromBase64, fromUtf8, must, same, sha256, startsWith, toBase64, toUtf8 } from "./bytes.js";
import { isSigned } from "./ed25519.js";
import { canonical, isCount, isObject, readDocument } from "./json.js";
import { readInstant } from "./days.js";
import { goodKey, keyId, originOf } from "./keys.js";
import { MOST } from "./reading.js";

const HEAD = "log/checkpoint";

/** Parses a signed note strictly: text, one empty line, signature lines, nothing else (C2SP signed-note). */
export function readNote(bytes, path) {
  const text = fromUtf8(bytes, path);
  const at = text.lastIndexOf("\n\n");
  form(at > 0 && text[at - 1] !== "\n" && text.endsWith("\n") && at + 2 < text.length, path);
  form(!/[\u0000-\u0009\u000b-\u001f]/.test(text), path);
  const lines = text.slice(at + 2, -1).split("\n");
  form(lines.length <= 1000, path);
  return { text: text.slice(0, at + 1), lines: lines.map((line) => readSignatureLine(line, path)) };
}

function readSignatureLine(line, path) {
  const [, name, encoded] = /^— ([^\s+\u0000-\u001f]+) (\S+)$/.exec(line) ?? [];
  form(name, path);
  const bytes = fromBase64(encoded, path);
  form(bytes.length > 4, path);
  return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

/** Parses the text of a checkpoint: origin, size and root hash, one per line. */
function readHead(text) {
  const lines = text.slice(0, -1).split("\n");
  form(lines.length >= 3 && lines.every(Boolean) && /^(0|[1-9]\d{0,14})$/.test(lines[1]), HEAD);
  const root = fromBase64(lines[2], HEAD);
  form(root.length === 32, HEAD);
  return { origin: lines[0], size: Number(lines[1]), root };
}

/** Verifies the checkpoint: signed by the log key valid for the current version, and of that size. */
export async function openHead({ vouched, served }, keys, version) {
  const note = readNote(vouched, HEAD);
  must(startsWith(served, vouched) && readNote(served, HEAD).text === note.text, "forged", "anotherDigest", { path: HEAD });
  const key = goodKey(keys, "log", version);
  const origin = originOf(key);
  await checkLines(note, origin, key.raw);
  const head = readHead(note.text);
  must(head.origin === origin && head.size === version, "inconsistent", "anotherHead", { origin: head.origin, size: head.size, version });
  return head;
}

async function checkLines(note, origin, key) {
  const id = await keyId(origin, key);
  const ours = note.lines.filter((line) => line.name === origin && same(line.id, id));
  must(ours.length > 0, "untrusted", "headNotSigned");
  for (const line of ours) {
    must(await isSigned(toUtf8(note.text), line.signature, key), "forged", "badSignature", { path: HEAD });
  }
}

/** Reads every entry, and checks that they produce the root hash of the log. */
export async function readLog(bytes, register, head, epochs) {
  const path = "v1/versions.json";
  const list = readDocument(bytes, "sub-processor-register-versions/1", path);
  form(Array.isArray(list.versions) && list.register === register, path);
  list.versions.forEach((entry, at) => checkEntry(entry, register, at + 1, list.versions[at - 1]));
  must(list.versions.length === head.size, "inconsistent", "anotherSize", { path, found: list.versions.length, size: head.size });
  const leaves = await Promise.all(list.versions.map((entry) => sha256([0], toUtf8(canonical(entry)))));
  must(same(await rootOf(leaves), head.root), "forged", "anotherRootHash", { path });
  for (const epoch of epochs) await checkEpoch(epoch, leaves);
  return { entries: list.versions, leaves };
}

async function checkEpoch(epoch, leaves) {
  must(epoch.size <= leaves.length, "rolledBack", "shorter", { size: epoch.size, found: leaves.length });
  must(toBase64(await rootOf(leaves.slice(0, epoch.size))) === epoch.root_hash, "forked", "otherHistory", { size: epoch.size });
}

function checkEntry(entry, register, number, before) {
  const path = `v1/versions/${number}/entry.json`;
  form(isObject(entry) && entry.format === "sub-processor-register-entry/1" && Array.isArray(entry.files), path);
  must(entry.version === number && entry.register === register, "inconsistent", "anotherEntry", { path });
  must(readInstant(entry.published_at, path) >= (before ? readInstant(before.published_at, path) : -Infinity), "inconsistent", "datesGoBack", { path });
  form(entry.files.every((file) => isObject(file) && isCount(file.size)), path);
}

/** Returns the root hash of a Merkle tree (RFC 6962 section 2.1). */
export async function rootOf(leaves) {
  if (leaves.length === 1) return leaves[0];
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256([1], await rootOf(leaves.slice(0, split)), await rootOf(leaves.slice(split)));
}

/** Checks that the newest entry is served as logged and names the register, and verifies its inclusion proof. */
export async function checkNewest(host, log, head, register) {
  const folder = `v1/versions/${head.size}/`;
  const entry = await host.get(`${folder}entry.json`, MOST.entry);
  must(same(await sha256([0], entry), log.leaves.at(-1)), "forged", "notInLog", { path: `${folder}entry.json` });
  const file = log.entries.at(-1).files.find((one) => one.path === `${folder}register.json`);
  must(file?.sha256 === (await digest(register.bytes)), "inconsistent", "entryNames", { path: `${folder}register.json` });
  must(log.entries.at(-1).published_at === register.document.published_at, "inconsistent", "entryNames", { path: `${folder}entry.json` });
  await checkProof(await host.get(`${folder}entry.tlog-proof`, MOST.proof), log, head, `${folder}entry.tlog-proof`);
}

/** C2SP tlog-proof. The entry is the last one, so every hash of its proof is a left sibling. */
async function checkProof(bytes, log, head, path) {
  const text = fromUtf8(bytes, path);
  const end = text.indexOf("\n\n");
  const [kind, index, ...hashes] = text.slice(0, end).split("\n");
  form(end > 0 && kind === "c2sp.org/tlog-proof@v1" && index === `index ${head.size - 1}`, path);
  let node = log.leaves.at(-1);
  for (const hash of hashes) node = await sha256([1], fromBase64(hash, path), node);
  must(same(node, head.root), "forged", "proofFails", { path });
  must(readNote(toUtf8(text.slice(end + 2)), path).text === `${head.origin}\n${head.size}\n${toBase64(head.root)}\n`, "forged", "proofFails", { path });
}
