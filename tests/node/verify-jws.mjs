// Verifies the detached JWS beside documents with the library jose, given the keys that are served.
//
//   node verify-jws.mjs BASE PATH...
//
// Prints each path whose signature holds for the document, and only for it.
import { compactVerify, importJWK } from "jose";

const [base, ...paths] = process.argv.slice(2);

async function get(path) {
  const answer = await fetch(base + path);
  if (!answer.ok) throw new Error(`${path}: status ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

const { keys } = JSON.parse(await get("v1/keys.json"));

function findKey(header) {
  const key = keys.find(({ kid, use }) => kid === header.kid && use === "document");
  if (!key) throw new Error(`no document key ${header.kid}`);
  return importJWK(key.jwk, "EdDSA");
}

function verify(jws, document) {
  const [header, detached, signature] = jws.split(".");
  if (detached !== "") throw new Error("the content is not detached");
  const whole = `${header}.${document.toString("base64url")}.${signature}`;
  return compactVerify(whole, findKey, { algorithms: ["EdDSA"] });
}

for (const path of paths) {
  const [document, jws] = [await get(path), (await get(`${path}.jws`)).toString("latin1")];
  await verify(jws, document);
  const other = await verify(jws, Buffer.concat([document, Buffer.from(" ")])).catch((error) => error);
  if (other.code !== "ERR_JWS_SIGNATURE_VERIFICATION_FAILED") throw new Error(`${path}: other bytes pass`);
  console.log(path);
}
