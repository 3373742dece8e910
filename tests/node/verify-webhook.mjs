// Verifies a webhook with the library standardwebhooks, and its second signature with Node's own crypto.
//
//   node verify-webhook.mjs SECRET PUBLIC_KEY HEADERS BODY
//
// Prints each kind of signature that holds for the body, and for no other.
import { createPublicKey, verify } from "node:crypto";
import { Webhook } from "standardwebhooks";

const [secret, publicKey, headersText, body] = process.argv.slice(2);
const headers = JSON.parse(headersText);

function passes(check) {
  try {
    return check() !== false;
  } catch {
    return false;
  }
}

const raw = Buffer.from(publicKey.replace("whpk_", ""), "base64");
const jwk = { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") };
const key = createPublicKey({ key: jwk, format: "jwk" });
const signature = Buffer.from(headers["webhook-signature"].split(" v1a,")[1], "base64");
const signed = (text) => Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${text}`);

const checks = {
  v1: (text) => new Webhook(secret).verify(text, headers),
  v1a: (text) => verify(null, signed(text), key, signature),
};

for (const [kind, check] of Object.entries(checks)) {
  if (passes(() => check(`${body} `))) throw new Error(`${kind}: other bytes pass`);
  if (passes(() => check(body))) console.log(kind);
}
