// Makes the declarations in dist/ fit every project that TypeScript 5.4 or newer compiles.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { root } from "./setup.mjs";

const rules = [
  // `Uint8Array` takes a type argument since TypeScript 5.7 only. What `Uint8Array.of` returns is the same type there, and
  // plain `Uint8Array` before.
  [/\bUint8Array<ArrayBuffer>/g, "ReturnType<typeof Uint8Array.of>"],
  [/\bUint8Array<ArrayBufferLike>/g, "Uint8Array"],
];

/** `Symbol.dispose` is in no `lib` that a project has by default. */
const disposable = '/// <reference lib="esnext.disposable" />\n';

export function finishTypes() {
  const dist = `${root}dist/`;
  for (const name of readdirSync(dist, { recursive: true })) {
    if (!name.endsWith(".d.ts")) continue;
    const text = readFileSync(dist + name, "utf8");
    let finished = rules.reduce((before, [pattern, replacement]) => before.replace(pattern, replacement), text);
    if (/\bSymbol\.(asyncD|d)ispose\b|\b(Async)?Disposable\b/.test(finished)) finished = disposable + finished;
    if (finished !== text) writeFileSync(dist + name, finished);
  }
}
