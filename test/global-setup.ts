import { existsSync, readdirSync, statSync } from "node:fs";
import { installDependencies, prepare, root } from "../tools/setup.mjs";

/** What system tests find in place: the built package, the other Nodes, and the bundlers and compilers of test/package. */
export default function setUp(): void {
  if (!existsSync(`${root}dist/index.js`)) prepare();
  if (newest("src") > statSync(`${root}dist/index.js`).mtimeMs) {
    console.warn("dist/ is older than src/. Tests of the built package need: npm run build");
  }
  for (const folder of ["test/nodes", "test/package/tools"]) {
    if (!existsSync(`${root}${folder}/node_modules`)) installDependencies(folder);
  }
}

function newest(folder: string): number {
  const names = readdirSync(root + folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  return Math.max(...names.map((name) => statSync(`${root}${folder}/${name}`).mtimeMs));
}
