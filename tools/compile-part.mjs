import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { partOptions } from "./engine-parts.mjs";
import { root, run } from "./setup.mjs";

/** Compiles one build of a part of the engine to build/. Returns its bytes, its text and its entry of the lock file. */
export function compilePart(part, build) {
  const file = `build/${part.name}.${build}`;
  const output = ["--outFile", `${file}.wasm`, "--textFile", `${file}.wat`];
  const asc = ["node_modules/assemblyscript/bin/asc.js", part.entry, "--target", build];
  run(process.execPath, [...asc, ...partOptions(part, build), ...output]);
  const bytes = readFileSync(`${root}${file}.wasm`);
  const text = readFileSync(`${root}${file}.wat`, "utf8");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  // From the text: Node 20 cannot compile the relaxed build.
  const exports = [...text.matchAll(/\(export "([^"]+)"/g)].map(([, name]) => name);
  return {
    bytes,
    text,
    locked: [`${part.name}.${build}.wasm`, { size: bytes.length, sha256, exports: exports.sort() }],
  };
}
