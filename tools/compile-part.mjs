import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { partOptions } from "./engine-parts.mjs";
import { root } from "./setup.mjs";

/** Compiles one build of a part of the engine to build/. Returns its bytes, its text and its entry of the lock file. */
async function compilePart(part, build) {
  const file = `build/${part.name}.${build}`;
  const output = ["--outFile", `${file}.wasm`, "--textFile", `${file}.wat`];
  const asc = ["node_modules/assemblyscript/bin/asc.js", part.entry, "--target", build];
  await finished([...asc, ...partOptions(part, build), ...output]);
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

/** Runs a script of Node with its output on ours; ends this process with its status when it fails. */
async function finished(args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
  const { status, signal } = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status, signal) => resolve({ status, signal }));
  });
  if (status === 0) return;
  console.error(`node ${args.join(" ")} failed (${signal ?? `exit status ${status}`}).`);
  process.exit(status ?? 1);
}

/** Compiles pairs of a part and its build, as many at a time as there are processors. Returns the results in their order. */
export async function compileParts(pairs) {
  const results = new Array(pairs.length);
  const waiting = pairs.entries();
  const worker = async () => {
    for (const [index, [part, build]] of waiting) results[index] = await compilePart(part, build);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}
