import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { engine } from "../../src/engine/load.ts";
import { aes, aesBlocks, aesModes, sm4, sm4Modes } from "../../src/engine/modules.ts";
import { slotsInUse } from "../../src/engine/slots.ts";
import { type AnyBuild, buildBeside, importedAs, parts } from "../../tools/engine-parts.mjs";

// The engine's memory, read from outside. What no key or stream owns has to be as it is in an engine that was never used:
// its constants, and zeros.

let unused: Uint8Array | undefined;

/** The memory of an instance that has done nothing, with the constants of all modules. All are loaded here, too. */
function unusedMemory(): Uint8Array {
  if (unused) return unused;
  for (const load of [aes, aesBlocks, sm4, aesModes, sm4Modes]) load();
  const namespaces: Record<string, WebAssembly.Exports> = {};
  for (const { name } of parts) {
    const file = `${name}.${buildBeside(name, engine().build as AnyBuild)}.wasm`;
    const code = Uint8Array.from(readFileSync(new URL(`../../build/${file}`, import.meta.url)));
    namespaces[importedAs(name)] = new WebAssembly.Instance(new WebAssembly.Module(code), namespaces).exports;
  }
  const { memory } = namespaces.env ?? {};
  if (!(memory instanceof WebAssembly.Memory)) throw new Error("The engine exports no memory");
  unused = new Uint8Array(memory.buffer);
  return unused;
}

/** Where keys and streams stand in memory: [from, to), in order. */
export function slots(): [number, number][] {
  return slotsInUse()
    .map(({ address, size }): [number, number] => [address, address + size])
    .sort(([a], [b]) => a - b);
}

/** Any address in `memory` that no slot covers and whose byte is not that of an unused engine. */
export function leftovers(memory: Uint8Array, taken: readonly [number, number][]): number[] {
  const fresh = unusedMemory();
  const found: number[] = [];
  const gaps = [...taken.map(([from]) => from), memory.length].map(
    (to, index) => [taken[index - 1]?.[1] ?? 0, to] as const,
  );
  for (const [from, to] of gaps) {
    const expected = new Uint8Array(to - from);
    expected.set(fresh.subarray(from, Math.min(to, fresh.length)));
    const gap = memory.subarray(from, to);
    if (Buffer.compare(gap, expected) === 0) continue;
    found.push(from + gap.findIndex((byte, index) => byte !== expected[index]));
  }
  return found;
}

/** All memory outside live slots is as in an engine that was never used. */
export function expectScratchWiped(): void {
  expect(leftovers(engine().bytes, slots()), "addresses that were not wiped").toEqual([]);
}

/** No key and no stream is left, and nothing of any that was. */
export function expectNothingLeft(): void {
  expect(slotsInUse().length, "slots that were not given back").toBe(0);
  expectScratchWiped();
}
