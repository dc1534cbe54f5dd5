import { randomBytes } from "node:crypto";
import { RowIndex } from "../../../src/kms/rows/row-index.ts";

function filled(keys: number): { readonly index: RowIndex; readonly built: number } {
  const names: string[] = [];
  for (let i = 0; i < keys; i++) {
    const id = randomBytes(16).toString("hex");
    names.push(`key key-${id}`, `version ${id}`, `keyObject ${id} GCM`);
  }
  const macs = names.map(() => randomBytes(32).toString("hex"));
  const start = performance.now();
  const index = new RowIndex(names, macs);
  return { index, built: performance.now() - start };
}

/** What the index of all rows costs a process in memory, at opening and at each change, without a database. */
export function measureIndex(counts: readonly number[]): void {
  console.log("| keys | rows | memory, MB | building, ms | a change of three rows, ms |\n|---|---|---|---|---|");
  for (const keys of counts) {
    globalThis.gc?.();
    const before = process.memoryUsage();
    const { index, built } = filled(keys);
    globalThis.gc?.();
    const after = process.memoryUsage();
    const megabytes = (after.heapUsed + after.external - before.heapUsed - before.external) / 2 ** 20;
    const times: number[] = [];
    for (let i = 0; i < 50; i++) {
      const changes = new Map(["a", "b", "c"].map((name) => [`${name} ${i}`, randomBytes(32).toString("hex")]));
      const from = performance.now();
      index.draft(changes).adopt();
      times.push(performance.now() - from);
    }
    const change = times.sort((a, b) => a - b)[25] ?? 0;
    console.log(`| ${keys} | ${3 * keys} | ${megabytes.toFixed(0)} | ${built.toFixed(0)} | ${change.toFixed(2)} |`);
  }
}
