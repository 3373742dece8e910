// The steps of a check in order; each can use the results of the steps before it.
import { Failure, digest, form, must, notOfForm } from "./bytes.js";
import { readInstant } from "./days.js";
import { whyNot } from "./ed25519.js";
import { isCount, isObject, readDocument } from "./json.js";
import { epochsOf, readKeys } from "./keys.js";
import { checkNewest, openHead, readLog } from "./log.js";
import { checkContinues, checkNotDatedBack, checkNotOlder, lineToKeep } from "./memory.js";
import { readVersions, recount } from "./notice.js";
import { Host, MOST } from "./reading.js";
import { checkSigned, readRegister } from "./register.js";
import { beginTrust, followMetadata, followRoots, readTarget } from "./trust.js";

const REGISTER = "v1/register.json";

const HEADS = "v1/heads.json";
const MAX_FILES = 20_000;

/** Results of a step: `proved`, `trusted` (not known to be the publisher's), `nothing` (skipped). */
const proved = (sentence, values = {}, more = {}) => ({ state: "proved", sentence, values, ...more });
const nothing = (sentence) => ({ state: "nothing", sentence, values: {} });

const STEPS = [
  { id: "browser", run: checkBrowser },
  { id: "root", run: checkRoot }, // section 7, TUF
  { id: "chain", run: checkChain }, // section 7, TUF
  { id: "keys", run: checkKeys }, // section 7, The list of keys
  { id: "register", run: checkRegister }, // sections 1 and 5
  { id: "head", run: checkHead }, // section 6
  { id: "log", run: checkLog }, // section 6
  { id: "memory", run: checkMemory }, // section 6, Comparing; section 7, No backdating
  { id: "files", run: checkFiles }, // section 7, TUF; Head files
  { id: "notice", run: checkNotice }, // section 4, Judging
];

/** Checks a register step by step, and stops at the first failure. */
export async function* check(asked) {
  const known = { ...asked, host: new Host(asked.base) };
  let stopped = false;
  for (const { id, run } of STEPS) {
    const found = stopped ? nothing("notReached") : await outcome(run, known);
    stopped ||= ["refuted", "open"].includes(found.state) && !found.goesOn;
    yield { id, ...found };
  }
}

async function outcome(run, known) {
  try {
    return await run(known);
  } catch (error) {
    const failure = error instanceof Failure ? error : notOfForm("");
    const isOpen = ["browser", "unreachable"].includes(failure.word);
    return { state: isOpen ? "open" : "refuted", sentence: failure.sentence, values: failure.values, word: failure.word, code: failure.code };
  }
}

async function checkBrowser() {
  const why = await whyNot();
  must(!why, "browser", why);
  return proved("canCheck");
}

async function checkRoot(known) {
  const given = known.sha256 || known.line?.sha256;
  known.begun = await beginTrust(known.host, given);
  const values = { sha256: known.begun.sha256 };
  if (known.begun.given) return proved(known.sha256 ? "rootGiven" : "rootRemembered", values);
  return { state: "trusted", sentence: "rootOnTrust", values };
}

async function checkChain(known) {
  known.root = await followRoots(known.host, known.begun.root);
  known.metadata = await followMetadata(known.host, known.root, known.now);
  if (known.line) checkNotOlder(known.line, known.metadata.timestamp, known.now);
  return proved("chain", {
    roots: known.root.version, signed: instant(known.metadata.signedAt), until: instant(known.metadata.freshUntil),
  });
}

const instant = (at) => new Date(at).toISOString().replace(".000Z", "Z");

const target = (known, name, path, most) => readTarget(known.host, known.metadata.targets, name, path, most);

async function checkKeys(known) {
  const { vouched } = await target(known, "keys.json", "v1/keys.json", MOST.keys);
  known.keys = readKeys(vouched, known.root);
  return proved("keys", { count: known.keys.keys.length });
}

async function checkRegister(known) {
  const { vouched: bytes } = await target(known, "register.json", REGISTER, MOST.document);
  const document = readRegister(bytes, REGISTER, known.keys.register);
  known.register = { bytes, document };
  const kid = await checkSigned(known.host, known.keys, REGISTER, bytes, document.version);
  must(readInstant(document.published_at) <= known.now, "clock", "clockBehind", { at: document.published_at });
  const { register, version, published_at: published } = document;
  return proved("register", { register, version, published, publisher: String(document.publisher.name), kid });
}

async function checkHead(known) {
  const files = await target(known, "checkpoint", "log/checkpoint", MOST.checkpoint);
  known.head = await openHead(files, known.keys, known.register.document.version);
  return proved("head", { origin: known.head.origin, size: known.head.size });
}

async function checkLog(known) {
  const path = "v1/versions.json";
  const bytes = await known.host.get(path, MOST.versions);
  await checkSigned(known.host, known.keys, path, bytes, known.head.size);
  known.log = await readLog(bytes, known.keys.register, known.head, epochsOf(known.root));
  await checkNewest(known.host, known.log, known.head, known.register);
  return proved("log", { size: known.head.size, root: lineToKeep(known).split(" ")[2] });
}

async function checkMemory(known) {
  const keep = { line: lineToKeep(known) };
  if (!known.line) return { ...nothing("noLine"), ...keep };
  const { since } = await checkContinues(known.line, known);
  const versions = await readVersions(known.host, { entries: known.log.entries.slice(known.line.size, known.line.size + 1) }, known.keys.register);
  checkNotDatedBack(known.line, known.log, () => versions[0].recorded === "imported");
  return proved(since ? "continues" : "unchanged", { size: known.line.size, at: instant(known.line.at), since }, keep);
}

async function checkFiles(known) {
  await target(known, "feed.atom", "feed.atom", MOST.document);
  const list = await readHeads(known);
  const missing = [];
  for (const file of list.files) {
    if (!(await isServed(known.host, file))) missing.push(file.path);
  }
  if (missing.length) return { state: "open", sentence: "headsMissing", values: { missing: missing.join(", ") }, goesOn: true };
  return proved("heads", { count: list.files.length });
}

/** Reads the list of head files, signed by a document key valid for its version or for the next one. */
async function readHeads(known) {
  const { vouched } = await target(known, "heads.json", HEADS, MOST.document);
  const list = readDocument(vouched, "sub-processor-register-heads/1", HEADS);
  form(Array.isArray(list.files) && list.files.length <= MAX_FILES && list.files.every(isFile) && isCount(list.version), HEADS);
  must(list.register === known.keys.register, "inconsistent", "anotherRegister", { path: HEADS, found: String(list.register).slice(0, 100) });
  const sign = (version) => checkSigned(known.host, known.keys, HEADS, vouched, version);
  await sign(list.version).catch(() => sign(list.version + 1));
  return list;
}

async function isServed(host, file) {
  const bytes = await host.find(file.path, MOST.versions);
  if (bytes === null) return false;
  must((await digest(bytes)) === file.sha256, "forged", "anotherDigest", { path: file.path });
  must(bytes.length === file.size, "inconsistent", "anotherDigest", { path: file.path });
  return true;
}

const isFile = (file) => isObject(file) && isCount(file.size) && typeof file.path === "string"
  && /^[A-Za-z0-9.][\w.~-]*(\/[A-Za-z0-9.][\w.~-]*)*$/.test(file.path) && !file.path.split("/").includes("..");

async function checkNotice(known) {
  const versions = await readVersions(known.host, known.log, known.keys.register);
  const { notices, skipped, from } = recount(versions);
  const count = (outcome) => notices.filter((one) => one.outcome === outcome).length;
  const values = { count: notices.length, kept: count("kept"), short: count("short"), late: count("late"), from };
  return proved(notices.length ? "notice" : "noNotice", values, { notices, skipped });
}
