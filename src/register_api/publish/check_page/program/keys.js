// The list of keys: which key is valid for which versions (format/trust.md, The list of keys).
import { form, fromBase64, fromBase64url, must, sha256, toHex, toUtf8 } from "./bytes.js";
import { checkPoint } from "./ed25519.js";
import { isCount, isObject, readDocument } from "./json.js";

const PATH = "v1/keys.json";
const KINDS = { document: "OKP", log: "OKP", feed: "EC" };
const NOTE_TYPE = 0x01;

/** Reads the list, and checks that each key has one use and each version one key of each use. */
export function readKeys(bytes, root) {
  const list = readDocument(bytes, "sub-processor-register-keys/1", PATH);
  form(Array.isArray(list.keys) && list.keys.every(isObject) && isRegisterName(list.register), PATH);
  const known = list.keys.filter((record) => Object.hasOwn(KINDS, record.use));
  for (const record of known) checkRecord(record, list.register);
  must(new Set(list.keys.map((record) => record.kid)).size === list.keys.length, "untrusted", "badKeys", { path: PATH });
  for (const use of Object.keys(KINDS)) checkRanges(use, known.filter((record) => record.use === use));
  checkAgainstRoot(known, root);
  checkEpochs(known, list.register, root);
  return { register: list.register, keys: known };
}

const isRegisterName = (name) => typeof name === "string" && /^[^\s/#+]+(\/[^\s/#+]+)+$/.test(name)
  && !name.split("/").some((part) => /^\.+$/.test(part));

function checkRecord(record, register) {
  const kind = KINDS[record.use];
  const jwk = record.jwk;
  form(isObject(jwk) && jwk.kty === kind && typeof record.kid === "string", PATH);
  if (kind === "OKP") checkPoint(fromBase64url(jwk.x, PATH), PATH);
  if (record.use === "log") form(originNumber(originOf(record), register) > 0, PATH);
  checkRange(record);
}

/** Returns the name of a log key: the register's, or that of a later epoch. */
export const originOf = (record) => String(record.note_key).split("+")[0];

/** Returns the key ID of C2SP signed-note: the first four bytes of a digest of name, type and key. */
export async function keyId(name, raw) {
  return (await sha256(toUtf8(`${name}\n`), [NOTE_TYPE], raw)).subarray(0, 4);
}

/** Returns 1 for the register's name, 2 for NAME#2 and so on (section 6, Epochs); 0 for anything else. */
function originNumber(name, register) {
  if (name === register) return 1;
  const found = name.startsWith(`${register}#`) ? name.slice(register.length + 1) : "";
  return /^([2-9]|[1-9]\d{1,2})$/.test(found) ? Number(found) : 0;
}

function checkRange(record) {
  const last = record.last_version ?? record.first_version;
  form(isCount(record.first_version) && isCount(last) && record.first_version > 0 && record.first_version <= last, PATH);
  form((record.ended === null) === (record.last_version === null), PATH);
}

function checkRanges(use, records) {
  let expected = 1;
  for (const record of records.sort((one, other) => one.first_version - other.first_version)) {
    must(record.first_version === expected, "untrusted", "ranges", { use });
    expected = record.last_version === null ? undefined : record.last_version + 1;
  }
  must(expected !== 1, "untrusted", "ranges", { use });
}

function checkAgainstRoot(records, root) {
  const ofRoot = new Set(Object.values(root.keys).map((key) => key.keyval.public));
  const ours = records.filter((record) => KINDS[record.use] === "OKP");
  must(ours.every((record) => !ofRoot.has(toHex(fromBase64url(record.jwk.x, PATH)))), "untrusted", "badKeys", { path: PATH });
}

/** Returns the log's later epochs, as listed in the root (section 6, Epochs). */
export function epochsOf(root) {
  const epochs = root["x-log-epochs"] ?? [];
  const isEpoch = (one) => isObject(one) && typeof one.origin === "string" && isCount(one.size) && one.size > 0
    && typeof one.text === "string" && typeof one.root_hash === "string" && fromBase64(one.root_hash, "trust/root").length === 32;
  form(Array.isArray(epochs) && epochs.length <= 100 && epochs.every(isEpoch), PATH);
  form(epochs.every((one, at) => at === 0 || one.size >= epochs[at - 1].size), PATH);
  return epochs;
}

function checkEpochs(records, register, root) {
  const epochs = epochsOf(root);
  must(epochs.every((epoch, at) => originNumber(epoch.origin, register) === at + 2), "untrusted", "epochKey");
  for (const record of records.filter((one) => one.use === "log")) {
    const before = epochs.filter((epoch) => epoch.size < record.first_version).at(-1);
    must(originOf(record) === (before?.origin ?? register), "untrusted", "epochKey");
    const end = epochs.find((epoch) => epoch.size >= record.first_version)?.size ?? Infinity;
    must((record.last_version ?? Infinity) <= end, "untrusted", "epochKey");
  }
}

/** Returns the key of a use that is valid for a version. */
export function goodKey(list, use, version) {
  const record = list.keys.find((one) => one.use === use && isGoodFor(one, version));
  must(record, "untrusted", "noGoodKey", { use, version });
  return { ...record, raw: fromBase64url(record.jwk.x, PATH) };
}

const isGoodFor = (record, version) => record.first_version <= version && version <= (record.last_version ?? Infinity);

/** Returns the listed keys of a use that are not valid for a version, to tell misuse from forgery. */
export function otherKeys(list, use, version) {
  const others = list.keys.filter((one) => one.use === use && !isGoodFor(one, version));
  return others.map((record) => fromBase64url(record.jwk.x, PATH));
}

