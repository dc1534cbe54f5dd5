// Writes dist/edge/: the entries that need the engine, for runtimes that compile WebAssembly only from files known at deployment.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { root } from "./setup.mjs";

/** `?module` makes Vercel's bundler hand in a compiled module; Cloudflare's does with it and without. */
const provide = `// Hands the engine the modules that the runtime has compiled.
import aesBlocks from "../aes-blocks.plain.wasm?module";
import aesModes from "../aes-modes.plain.wasm?module";
import aes from "../aes.plain.wasm?module";
import engine from "../engine.plain.wasm?module";
import sm4Modes from "../sm4-modes.plain.wasm?module";
import sm4 from "../sm4.plain.wasm?module";
import { provideEngine } from "../engine/provide.js";

provideEngine(engine, { aes, aesBlocks, sm4, aesModes, sm4Modes });
`;

/** Every entry whose exports have a condition for these runtimes is the same entry behind that. */
export function writeEdgeEntries() {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  mkdirSync(`${root}dist/edge`, { recursive: true });
  writeFileSync(`${root}dist/edge/provide.js`, provide);
  for (const { workerd, default: file } of Object.values(exports)) {
    if (workerd === undefined) continue;
    const lines = ['import "./provide.js";', `export * from "${file.replace("./dist/", "../")}";`];
    writeFileSync(root + workerd.slice(2), `${lines.join("\n")}\n`);
  }
}
