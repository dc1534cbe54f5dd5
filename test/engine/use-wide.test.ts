import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { useWide } from "../../src/wide.ts";
import { nodeOfVersion } from "../reference/other-nodes.ts";

// Node 24 strips the types of the source by itself: each program here is a thread of its own, with an engine that was not used.

const FLAG = "--experimental-wasm-revectorize";
const source = (path: string) => pathToFileURL(fileURLToPath(new URL(`../../src/${path}`, import.meta.url))).href;

const imports = `
  import { createCipheriv } from "node:crypto";
  import { useWide } from "${source("wide.ts")}";
  import { sm4Gcm } from "${source("index.ts")}";
  import { sm4Ctr } from "${source("unauthenticated.ts")}";
  import { engine } from "${source("engine/load.ts")}";
  import { provideEngine } from "${source("engine/provide.ts")}";
  const code = async (run) => { try { return await run(); } catch (error) { return error.code; } };
  const answer = (value) => process.stdout.write(JSON.stringify(value));
  const key = new Uint8Array(16).fill(7);
`;

function inNode24(program: string, flags: readonly string[] = []): unknown {
  const args = ["--no-warnings", ...flags, "--input-type=module-typescript", "-e", imports + program];
  return JSON.parse(execFileSync(nodeOfVersion(24), args, { encoding: "utf8" }));
}

/** A busy machine may compile the probe too late, which is taken for a host that does not pack: then once more. */
function firstThatPacks(program: string, flags: readonly string[]): unknown {
  let answer: unknown;
  for (let tries = 0; tries < 20; tries += 1) {
    answer = inNode24(program, flags);
    if (Array.isArray(answer) && answer[0] === true) break;
  }
  return answer;
}

/** On x86. */
const hasAvx2 = /\bavx2\b/.test(readFileSync("/proc/cpuinfo", "utf8"));

test("a host that packs gets the wide build, and its results are OpenSSL's", () => {
  const program = `
    const isWide = await useWide();
    const iv = new Uint8Array(16).fill(0xff), data = new Uint8Array(100_000).map((_, index) => index >> 4);
    const expected = createCipheriv("sm4-ctr", key, iv).update(data);
    answer([isWide, engine().build, Buffer.compare(sm4Ctr(key).encrypt(iv, data), expected), await code(useWide)]);
  `;
  if (!hasAvx2) return expect(inNode24(program, [FLAG])).toEqual([false, "relaxed", 0, "ERR_STATE"]);
  expect(firstThatPacks(program, [FLAG])).toEqual([true, "wide", 0, true]);
  expect(firstThatPacks(program.replace("useWide()", "useWide({ setFlag: true })"), [])).toEqual([
    true,
    "wide",
    0,
    true,
  ]);
});

test("a host that does not pack keeps its build", async () => {
  expect(inNode24("answer([await useWide(), engine().build]);")).toEqual([false, "relaxed"]);
  if (Number.parseInt(process.versions.node, 10) < 22) expect(await useWide({ setFlag: true })).toBe(false);
});

test("it refuses when the engine is running, and leaves provided modules alone", () => {
  expect(inNode24(`sm4Gcm(key); answer(await code(useWide));`, [FLAG])).toBe("ERR_STATE");
  const program = `
    import { readFileSync } from "node:fs";
    const folder = "${fileURLToPath(new URL("../../build/", import.meta.url))}";
    const [module, sm4] = ["engine", "sm4"].map((name) => new WebAssembly.Module(readFileSync(folder + name + ".plain.wasm")));
    provideEngine(module, { sm4 });
    answer([await useWide(), engine().build]);
  `;
  expect(inNode24(program, [FLAG])).toEqual([false, "provided"]);
});

test("a key that is made while it measures wins", () => {
  const program = "const asked = useWide(); sm4Gcm(key); answer([await asked, engine().build, await code(useWide)]);";
  expect(inNode24(program, [FLAG])).toEqual([false, "relaxed", "ERR_STATE"]);
});

test("unknown and wrong options are refused", async () => {
  await expect(useWide({ setflag: true } as object)).rejects.toThrow(/did you mean "setFlag"/);
  await expect(useWide({ setFlag: 1 } as object)).rejects.toThrow(/setFlag must be true or false/);
  await expect(useWide(null as unknown as object)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
});

test("worker threads that the envelope starts follow", () => {
  const program = `
    import { envelope } from "${source("envelope/index.ts")}";
    import { workerSource } from "${source("envelope/workers/thread.ts")}";
    import { Kms } from "${source("kms/index.ts")}";
    import { memoryStore } from "${source("stores/index.ts")}";
    import { forThread, setWide } from "${source("engine/wide.ts")}";
    import { wideModules } from "${source("engine/wide.generated.ts")}";
    import { unpack } from "${source("engine/unpack.ts")}";
    setWide(wideModules);
    const { sm4 } = wideModules;
    const given = unpack(forThread("sm4", sm4), 1);
    const isGiven = workerSource().includes(JSON.stringify(sm4.chunks[0][0])) && Buffer.compare(given, unpack(sm4, 0)) === 0;
    const kms = await Kms.open({ store: memoryStore(), rootKey: new Uint8Array(32).fill(1) });
    const { keyId } = (await kms.createKey({})).keyMetadata;
    const data = new Uint8Array(2 ** 21).map((_, index) => index >> 8);
    const threads = envelope(kms, { keyId, backend: "wasm", workers: 2 }), alone = envelope(kms, { backend: "native", workers: 0 });
    const opened = await alone.open(await threads.seal(data));
    await Promise.all([threads.close(), alone.close()]);
    await kms.close();
    answer([isGiven, Buffer.compare(opened, data), engine().build]);
  `;
  expect(inNode24(program)).toEqual([true, 0, "wide"]);
});
