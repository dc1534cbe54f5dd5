// Runs under valgrind (machine.test.ts): the engine in both tiers of V8, the JavaScript that touches secrets, and controls. Writes
// what memcheck said of each to the file that its orders name.
import { readFileSync, writeFileSync } from "node:fs";
import { type EngineRun, watchControl, watchEngine } from "./engine-cases.ts";
import type { JavaScriptCase } from "./javascript-case.ts";
import { javaScriptCases } from "./javascript-cases.ts";
import { loadMemcheck, type Memcheck } from "./memcheck.ts";
import { Watch } from "./watch.ts";

export interface Orders {
  readonly addon: string;
  readonly results: string;
  /** The file of the control in WebAssembly. */
  readonly control: string;
  readonly engines: readonly EngineRun[];
  /** How often each piece of JavaScript runs, on public bytes, before it is watched: V8 compiles what runs often. */
  readonly warmUp: number;
}

async function watchJavaScript(watch: Watch, memcheck: Memcheck, one: JavaScriptCase, warmUp: number): Promise<void> {
  const asIs = <Bytes extends Uint8Array>(bytes: Bytes): Bytes => bytes;
  for (let i = 0; i < warmUp; i++) await one.run(asIs, asIs);
  const secretly = <Bytes extends Uint8Array>(bytes: Bytes): Bytes => {
    memcheck.secret(bytes);
    return bytes;
  };
  const openly = <Bytes extends Uint8Array>(bytes: Bytes): Bytes => {
    memcheck.declassify(bytes);
    return bytes;
  };
  await watch.over(one.name, async () => {
    await one.run(secretly, openly);
    // What is known of the interpreter need not hold of compiled code.
    const found = one.control && (warmUp === 0 || one.name.startsWith("control"));
    return { allowed: warmUp > 0 ? (one.compiled ?? one.allowed) : one.allowed, expected: found ? 1 : 0 };
  });
}

const orders = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as Orders;
const memcheck = loadMemcheck(orders.addon);
const watch = new Watch(memcheck);
for (const one of javaScriptCases) await watchJavaScript(watch, memcheck, one, orders.warmUp);
for (const engine of orders.engines) await watchEngine(watch, memcheck, engine);
for (const tier of ["liftoff", "turbofan"] as const) await watchControl(watch, memcheck, orders.control, tier);
memcheck.note("the end");
writeFileSync(orders.results, JSON.stringify(watch.results));
