import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LanelockError } from "lanelock";
import { Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { expect, test, vi } from "vitest";
import { FaultInjector, FOREIGN } from "../../stores/faults.ts";
import { scratchFolder } from "../../tokens/scratch-folder.ts";

// Every call of node:fs that the root key's file, the audit file and the anchor's file make fails in turn, with what a file system
// should not throw. The caller must see an error of ours, the next call must succeed, and whatever was acknowledged is in the log, whose
// chain is whole.

const CALLS = [
  ...(["openSync", "closeSync", "statSync", "fstatSync", "existsSync", "renameSync"] as const),
  ...(["readSync", "readFileSync", "writeSync", "fsyncSync", "fdatasyncSync", "ftruncateSync"] as const),
];

const fault = new FaultInjector();
/** Whether calls count: not those of this test. */
let watching = false;
const fs = process.getBuiltinModule("node:fs");
const closeReal = fs.closeSync;
for (const name of CALLS) {
  const real = fs[name] as (...parameters: unknown[]) => unknown;
  vi.spyOn(fs, name).mockImplementation(((...parameters: unknown[]) => {
    const call = () => Reflect.apply(real, fs, parameters);
    if (!watching) return call();
    return fault.call(name, call, (opened) => name === "openSync" && closeReal(opened as number));
  }) as never);
}

async function watched<T>(work: () => Promise<T>): Promise<T> {
  watching = true;
  try {
    return await work();
  } finally {
    watching = false;
  }
}

/** Makes a call again if it fails, which it may do once, with an error of ours. */
async function atMostOneFailure<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await watched(work);
  } catch (error) {
    const context = `${what} (${fault.fired})`;
    expect(fault.fired, `${context}: ${error}`).toBeDefined();
    expect(error, context).toBeInstanceOf(LanelockError);
    const { code, message } = error as LanelockError;
    expect(["ERR_AUDIT", "ERR_KEY", "ERR_STORE"], `${context}: ${message}`).toContain(code);
    expect(message, context).toMatch(/^[A-Z].{20,}/s);
    return await watched(work);
  }
}

/** A life with a rotation of the log. Gives the number of calls that could fail. */
async function live(folder: string): Promise<number> {
  mkdirSync(join(folder, "elsewhere"), { recursive: true });
  const [rootKey, audit] = [join(folder, "root.key"), join(folder, "audit.jsonl")];
  writeFileSync(rootKey, new Uint8Array(32).fill(5), { mode: 0o600 });
  const anchor = { file: join(folder, "elsewhere", "anchor") };
  const options = { store: memoryStore(), rootKey: { file: rootKey }, audit, anchor, sweepSeconds: false as const };
  const made: string[] = [];
  const create = async (kms: Kms) => {
    made.push((await kms.createKey({})).keyMetadata.keyId);
  };
  const kms = await atMostOneFailure("opening", () => Kms.open(options));
  await atMostOneFailure("creating a key", () => create(kms));
  renameSync(audit, `${audit}.1`);
  await atMostOneFailure("creating a key after a rotation", () => create(kms));
  await watched(() => kms.close()).catch((error) => expect(error).toMatchObject({ code: "ERR_AUDIT" }));
  const { calls, fired } = fault;
  fault.disarm();

  const again = await Kms.open(options);
  const { problems } = await again.verify();
  expect(problems, fired).toEqual([]);
  const keys = (await again.listKeys({ pageSize: 100 })).keys.map(({ keyId }) => keyId);
  await again.close();
  const logged = readdirSync(folder)
    .filter((name) => name.includes(".jsonl"))
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("");
  for (const keyId of made) {
    expect(keys, fired).toContain(keyId);
    expect(logged, fired).toContain(keyId);
  }
  return calls;
}

test("whatever fails, in whatever call of the file system, is an error of ours, and the log is whole", async () => {
  const folder = scratchFolder("file-faults");
  fault.disarm();
  const calls = await live(join(folder, "0"));
  expect(calls).toBeGreaterThan(30);
  const all = process.env.LANELOCK_LONG === "1";
  let runs = 0;
  for (let at = 1; at <= calls; at++) {
    const kinds = all ? FOREIGN : [FOREIGN[at % FOREIGN.length] ?? FOREIGN[0]];
    for (const kind of kinds) {
      for (const when of ["before", "after"] as const) {
        if (kind === undefined) continue;
        fault.arm(at, when, kind[1]);
        runs += 1;
        await live(join(folder, String(runs)));
      }
    }
  }
  console.log(`Audit, anchor and root key files: ${runs} injected failures`);
});
