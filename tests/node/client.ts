// A customer's program, compiled against types that were made from one register's description and run
// against several: node client.js BASE CATEGORY [BASE CATEGORY ...]
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

type Vendor = components["schemas"]["ListedSubprocessor"];

const id = (vendor: Vendor): string => vendor.id;

async function look(baseUrl: string, category: string): Promise<void> {
  const client = createClient<paths>({ baseUrl });
  const register = await client.GET("/v1/register.json");
  const list = await client.GET("/v1/subprocessors", { params: { query: { category: [category], limit: 1000 } } });
  const diff = await client.GET("/v1/versions/{version}/diff.json", { params: { path: { version: 1 } } });
  const refused = await client.GET("/v1/subprocessors", { params: { query: { category: ["no-such-category"] } } });
  // The same address has a table for who asks for text/csv.
  const vendors = typeof list.data === "string" ? undefined : list.data?.subprocessors;
  const allowed: string[] | null | undefined = refused.error?.allowed;
  console.log(
    JSON.stringify({
      register: register.data?.register,
      changes: diff.data?.changes.length,
      subprocessors: vendors?.map(id),
      refused: allowed?.includes(category),
    }),
  );
}

const [, , ...places] = process.argv;
for (let at = 0; at < places.length; at += 2) await look(places[at] ?? "", places[at + 1] ?? "");
