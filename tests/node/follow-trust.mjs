// Follows /trust/ with the TUF client tuf-js and fetches targets.
//
//   node follow-trust.mjs BASE ROOT FOLDER NAME...
//
// Begins with the file ROOT, works in FOLDER, prints the path of each target that was fetched.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Updater } from "tuf-js";

const [base, root, folder, ...names] = process.argv.slice(2);
const [metadataDir, targetDir] = [join(folder, "metadata"), join(folder, "targets")];
for (const each of [metadataDir, targetDir]) mkdirSync(each, { recursive: true });
copyFileSync(root, join(metadataDir, "root.json"));

const updater = new Updater({
  metadataDir,
  metadataBaseUrl: `${base}trust/`,
  targetDir,
  targetBaseUrl: `${base}trust/targets/`,
});
await updater.refresh();
for (const name of names) {
  const target = await updater.getTargetInfo(name);
  if (!target) throw new Error(`no target ${name}`);
  console.log(await updater.downloadTarget(target));
}
