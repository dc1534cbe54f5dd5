// How close the engine's inner loops come to what the processor could do: three vector operations a cycle, at the clock that
// is measured between the samples. See bench/README.md, "What decides the speed".
import { cpus } from "node:os";
import { clock } from "./clock.ts";
import { loops } from "./loops.ts";

const ROUNDS = 400;
const A_CYCLE = 3;

const megabytes = (perNanosecond: number) => `${Math.round(perNanosecond * 1000)} MB/s`;

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}: the best of ${ROUNDS} samples.`);
const best = loops.map(() => 0);
let fastest = 0;
for (let round = 0; round < ROUNDS; round++) {
  fastest = Math.max(fastest, clock());
  for (const [index, { bytes, run }] of loops.entries()) {
    const start = process.hrtime.bigint();
    run();
    best[index] = Math.max(best[index] ?? 0, bytes / Number(process.hrtime.bigint() - start));
  }
}
console.log(`Clock: ${fastest.toFixed(2)} GHz`);
for (const [index, { name, operations }] of loops.entries()) {
  const reached = best[index] ?? Number.NaN;
  const bound = (A_CYCLE * fastest) / operations;
  const share = `${Math.round((100 * reached) / bound)} % of ${megabytes(bound)}`;
  console.log(`${name.padEnd(40)} ${operations.toFixed(1)} operations a byte   ${megabytes(reached)}, ${share}`);
}
