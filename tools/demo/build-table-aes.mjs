// Compiles AES with look-ups in a table, which the tests of constant time must reject, for the demo's view of traces.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { root, run } from "../setup.mjs";

const source = "test/constant-time/controls/table-aes.ts";
const output = "build/table-aes.wasm";
/** What the module is made of. */
const inputs = [source, "assembly/memory.ts", "asconfig.json", "tools/demo/build-table-aes.mjs", "package-lock.json"];

const changed = (file) => statSync(`${root}${file}`).mtimeMs;

/** Compiles it with the engine's options, unless what it is made of is as old as the last time. @returns the module's file */
export function buildTableAes() {
  if (existsSync(`${root}${output}`) && inputs.every((file) => changed(file) < changed(output)))
    return `${root}${output}`;
  const config = JSON.parse(readFileSync(`${root}asconfig.json`, "utf8"));
  const { enable } = config.targets.plain;
  const file = "build/table-aes.asconfig.json";
  writeFileSync(
    `${root}${file}`,
    JSON.stringify({
      ...config,
      entries: [`${root}${source}`],
      targets: { plain: { enable, outFile: `${root}${output}` } },
    }),
  );
  try {
    run(process.execPath, ["node_modules/assemblyscript/bin/asc.js", "--config", file, "--target", "plain"]);
  } finally {
    rmSync(`${root}${file}`);
  }
  return `${root}${output}`;
}
