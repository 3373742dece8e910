// Checks a register like a customer, with the packages jose 6 and tuf-js 5 and nothing else.
//
//   node check.mjs BASE 1.root.json
//
// It ends with an error unless: TUF vouches for the list of keys, the newest register and the log's
// checkpoint; the register is signed by a key that is good for its version; the checkpoint is signed by
// the log's key; and the log holds an entry that names the register. Keep the folder "trusted".
import { createHash, createPublicKey, verify } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { compactVerify, decodeProtectedHeader, importJWK } from "jose";
import { Updater } from "tuf-js";

const [base, firstRoot] = [process.argv[2].replace(/\/$/, ""), process.argv[3]];

function must(holds, sentence) {
  if (!holds) throw new Error(`does not hold: ${sentence}`);
  console.log(sentence);
}

async function get(path, limit = 1 << 24) {
  const answer = await fetch(`${base}/${path}`, { redirect: "error", signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new Error(`${path}: status ${answer.status}`);
  const parts = [];
  let size = 0;
  for await (const part of answer.body) {
    if ((size += part.length) > limit) throw new Error(`${path}: more than ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();

// 1. TUF: freshness and keys. An older, expired or mixed-up state ends here.
for (const folder of ["trusted", "files"]) mkdirSync(folder, { recursive: true });
if (!existsSync("trusted/root.json")) copyFileSync(firstRoot, "trusted/root.json");
const updater = new Updater({
  metadataDir: "trusted", metadataBaseUrl: `${base}/trust/`,
  targetDir: "files", targetBaseUrl: `${base}/trust/targets/`,
});
await updater.refresh();
const target = async (name) => readFileSync(await updater.downloadTarget(await updater.getTargetInfo(name)));
const [data, checkpoint] = [await target("register.json"), await target("checkpoint")];
const [register, { keys }] = [JSON.parse(data), JSON.parse(await target("keys.json"))];
const { version } = register;
must(true, `version ${version} of ${register.register} is the newest`);

// 2. The register's signature, by the document key that is good for this version.
const good = (use) => keys.find((key) => key.use === use && key.first_version <= version
  && (key.last_version === null || version <= key.last_version));
const jws = (await get("v1/register.json.jws", 1024)).toString("latin1");
const [header, nothing, signature] = jws.split(".");
const members = decodeProtectedHeader({ protected: header });
must(nothing === "" && Object.keys(members).sort().join() === "alg,kid" && members.kid === good("document").kid
  && Buffer.from(signature, "base64url").toString("base64url") === signature, `it names the key ${members.kid}`);
const key = await importJWK(good("document").jwk, "EdDSA");
await compactVerify(`${header}.${data.toString("base64url")}.${signature}`, key, { algorithms: ["EdDSA"] });
must(true, "the register is signed by that key");

// 3. The checkpoint's signature, by the log key.
const [text, lines] = checkpoint.toString().split("\n\n");
const [origin, size, root] = text.split("\n");
const name = good("log").note_key.split("+")[0]; // the register's name, or of a later epoch of its log
const line = lines.split("\n").find((one) => one.startsWith(`— ${name} `)) ?? "";
const made = Buffer.from(line.split(" ").at(-1), "base64").subarray(4);
must(origin === name && Number(size) === version
  && verify(null, Buffer.from(`${text}\n`), createPublicKey(good("log").pem), made), `the log of size ${size} is signed`);

// 4. The log's entry names the register, and leads by its proof to the root of that log (RFC 6962).
const [entry, proof] = [await get(`v1/versions/${version}/entry.json`), await get(`v1/versions/${version}/entry.tlog-proof`)];
const named = JSON.parse(entry).files.find((file) => file.path === `v1/versions/${version}/register.json`);
must(named.sha256 === sha256(data).toString("hex"), "the log's entry names the register");
let node = sha256(Buffer.of(0), entry); // the newest entry is the last one: every other hash stands on its left
for (const hash of proof.toString().split("\n\n")[0].split("\n").slice(2))
  node = sha256(Buffer.of(1), Buffer.from(hash, "base64"), node);
must(node.toString("base64") === root, `the log holds the entry: size ${size}, root ${root}`);
