// The trust chain: TUF 1.0 sections 5.3 to 5.6, with the limits of format/trust.md.
import { digest, form, fromHex, isDigest, must, toUtf8 } from "./bytes.js";
import { checkPoint, isSigned } from "./ed25519.js";
import { isCount, isObject, readMetadata, signedText } from "./json.js";
import { readInstant } from "./days.js";
import { MOST } from "./reading.js";

const MINUTES = 60_000;
/** The clock difference between signers that is tolerated. */
export const TOLERANCE = 5 * MINUTES;
const LONGEST_FRESHNESS = 31 * 24 * 60 * MINUTES;
const MAX_NEW_ROOTS = 63;
const ROLES = { root: ["root"], targets: ["targets"], online: ["snapshot", "timestamp"] };

/** Returns the first root: the one with the given digest, or the one served if none is given (section 7). */
export async function beginTrust(host, given) {
  const path = "trust/1.root.json";
  const bytes = await host.get(path, MOST.root);
  const found = await digest(bytes);
  must(!given || found === given, "forged", "anotherRoot", { path, found });
  const metadata = readMetadata(bytes, path);
  await checkRootFile(metadata, [metadata.signed], 1, path);
  return { root: metadata.signed, sha256: found, given: Boolean(given) };
}

/** Follows newer roots to the last one, each signed by the one before it and by itself (TUF 5.3). */
export async function followRoots(host, first) {
  let root = first;
  for (let number = first.version + 1; number <= first.version + MAX_NEW_ROOTS; number += 1) {
    const path = `trust/${number}.root.json`;
    const bytes = await host.find(path, MOST.root);
    if (bytes === null) return root;
    const metadata = readMetadata(bytes, path);
    await checkRootFile(metadata, [root, metadata.signed], number, path);
    root = metadata.signed;
  }
  must(false, "malformed", "tooManyRoots", { most: MAX_NEW_ROOTS });
}

async function checkRootFile(metadata, signers, number, path) {
  const root = metadata.signed;
  checkSaid(root, "root", path);
  checkRoles(root, path);
  for (const signer of signers) await checkSignatures(metadata, signer, "root", path);
  checkNumber(root.version, number, path);
  form(root.consistent_snapshot === true, path);
}

function checkNumber(found, named, path) {
  must(found <= named, "inconsistent", "newerInside", { path, found });
  must(found >= named, "rolledBack", "olderFile", { path, found });
}

/** Checks the fields common to all metadata (TUF 4.3). */
function checkSaid(signed, role, path) {
  form(signed._type === role, path);
  form(/^1\./.test(signed.spec_version) && isCount(signed.version) && signed.version > 0, path);
  readInstant(signed.expires, path);
}

/** Rejects what TUF accepts: one key under two ids, and a key in two roles (section 7, Roles). */
function checkRoles(root, path) {
  form(isObject(root.keys) && isObject(root.roles), path);
  const publics = Object.values(root.keys).map((key) => publicKey(key, path));
  must(new Set(publics).size === publics.length, "untrusted", "badKeys", { path });
  const taken = Object.values(ROLES).map((names) => new Set(names.flatMap((name) => keyIds(root, name, path))));
  const all = taken.flatMap((ids) => [...ids]);
  must(new Set(all).size === all.length, "untrusted", "badKeys", { path });
}

function publicKey(key, path) {
  form(isObject(key) && isObject(key.keyval), path);
  must(key.keytype === "ed25519" && key.scheme === "ed25519", "untrusted", "badKeys", { path });
  form(isDigest(key.keyval.public), path);
  checkPoint(fromHex(key.keyval.public), path);
  return key.keyval.public;
}

function keyIds(root, name, path) {
  const role = root.roles[name];
  form(isObject(role) && Array.isArray(role.keyids) && isCount(role.threshold) && role.threshold > 0, path);
  form(new Set(role.keyids).size === role.keyids.length, path);
  must(role.keyids.every((id) => Object.hasOwn(root.keys, id)), "untrusted", "badKeys", { path });
  must(role.keyids.length >= role.threshold, "untrusted", "badKeys", { path });
  return role.keyids;
}

/** Checks that at least the threshold of a role's keys have valid signatures. */
async function checkSignatures(metadata, signer, name, path) {
  const made = new Map(metadata.signatures.map((one) => [one.keyid, one.sig]));
  form(made.size === metadata.signatures.length, path);
  const role = signer.roles[name];
  const text = toUtf8(signedText(metadata.signed));
  const named = role.keyids.filter((id) => made.has(id));
  const good = await Promise.all(named.map((id) => isGood(text, made.get(id), signer.keys[id])));
  const enough = good.filter(Boolean).length >= role.threshold;
  if (name !== "root" && named.length >= role.threshold) must(enough, "forged", "badSignature", { path });
  must(enough, "untrusted", "tooFewSignatures", { path, threshold: role.threshold });
}

async function isGood(text, signature, key) {
  return typeof signature === "string" && /^[0-9a-f]{128}$/.test(signature)
    && isSigned(text, fromHex(signature), fromHex(key.keyval.public));
}

/** Reads timestamp, snapshot and targets; each references the next by version and digest (TUF 5.4 to 5.6). */
export async function followMetadata(host, root, now) {
  must(readInstant(root.expires) > now, "untrusted", "rootExpired", { until: root.expires });
  const read = (name, path, bytes) => openMetadata(root, name, path, bytes, now);
  const path = "trust/timestamp.json";
  const timestamp = await read("timestamp", path, await host.get(path, MOST.timestamp));
  const signedAt = checkFreshness(timestamp, now, path);
  const snapshot = await named(host, timestamp, "snapshot", path, read);
  const targets = await named(host, snapshot, "targets", "trust/snapshot", read);
  form(!targets.delegations, "trust/targets");
  const freshUntil = Math.min(...[root, timestamp, snapshot, targets].map((part) => readInstant(part.expires)));
  return { timestamp, targets: targets.targets, signedAt, freshUntil };
}

async function openMetadata(root, name, path, bytes, now) {
  const metadata = readMetadata(bytes, path);
  checkSaid(metadata.signed, name, path);
  await checkSignatures(metadata, root, name, path);
  const until = metadata.signed.expires;
  must(readInstant(until, path) > now, "stale", "expired", { path, until });
  return metadata.signed;
}

/** Checks when a timestamp was signed, and that it is valid for at most 31 days. */
function checkFreshness(timestamp, now, path) {
  const signedAt = readInstant(timestamp.signed_at, path);
  const lasts = readInstant(timestamp.expires, path) - signedAt;
  must(lasts > 0 && lasts <= LONGEST_FRESHNESS, "malformed", "goodTooLong", { path });
  must(signedAt <= now + TOLERANCE, "clock", "signedLater", { at: timestamp.signed_at });
  return signedAt;
}

async function named(host, above, name, pathAbove, read) {
  const meta = isObject(above.meta) ? above.meta[`${name}.json`] : undefined;
  form(isObject(meta) && isCount(meta.version) && isDigest(meta.hashes?.sha256), pathAbove);
  const path = `trust/${meta.version}.${name}.json`;
  const bytes = await host.get(path, MOST.metadata);
  const fits = (await digest(bytes)) === meta.hashes.sha256 && [undefined, bytes.length].includes(meta.length);
  must(fits || !(await isOlder(read(name, path, bytes), meta.version)), "rolledBack", "olderFile", { path });
  must(fits, "forged", "anotherDigest", { path });
  const signed = await read(name, path, bytes);
  checkNumber(signed.version, meta.version, path);
  return signed;
}

/** Returns whether an authentic older file was served in place of the newer one. */
const isOlder = (reading, version) => reading.then((signed) => signed.version < version, () => false);

/** Reads a target at its public path, and compares its digest with the one in the targets metadata. */
export async function readTarget(host, targets, name, path, most) {
  const target = targets[name];
  form(isObject(target) && isDigest(target.hashes?.sha256), "trust/targets");
  const bytes = await host.get(path, most);
  const part = name === "checkpoint" ? bytes.subarray(0, target.length) : bytes;
  must((await digest(part)) === target.hashes.sha256 && part.length === target.length, "forged", "anotherDigest", { path });
  return { vouched: part, served: bytes };
}
