// Traces away from the page. The modules are files beside this script: the engine's memory and its AES as the package has them, in the
// build that this browser runs, and the table AES.
import { type Asked, encryptByWebCrypto, hex, type Module, Program, type ProgramName, type Traced } from "./work.ts";

export type Answer =
  | { readonly kind: "traced"; readonly programs: Readonly<Record<ProgramName, Traced>> }
  | { readonly kind: "failure"; readonly message: string };

async function load(file: string): Promise<Module> {
  const response = await fetch(new URL(file, location.href));
  if (!response.ok) throw new Error(`${file} could not be loaded (HTTP ${response.status})`);
  return { bytes: new Uint8Array(await response.arrayBuffer()), file };
}

/** The build that lanelock runs in this browser. */
async function loadEngine(): Promise<{ aes: Module; memory: Module }> {
  const relaxed = await load("aes.relaxed.wasm");
  const build = WebAssembly.validate(relaxed.bytes) ? "relaxed" : "plain";
  const aes = build === "relaxed" ? relaxed : await load("aes.plain.wasm");
  return { aes, memory: await load(`engine.${build}.wasm`) };
}

async function loadPrograms(): Promise<Readonly<Record<ProgramName, Program>>> {
  const [{ aes, memory }, table] = await Promise.all([loadEngine(), load("table-aes.wasm")]);
  return { engine: new Program(aes, { hasTable: false, memory }), table: new Program(table, { hasTable: true }) };
}

let loading: ReturnType<typeof loadPrograms> | undefined;

/** Loaded once; tried again after a failure. */
function programs(): ReturnType<typeof loadPrograms> {
  loading ??= loadPrograms().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function answer(asked: Asked): Promise<Answer> {
  const { engine, table } = await programs();
  const traced = { engine: await engine.trace(asked), table: await table.trace(asked) };
  for (const [index, key] of asked.keys.entries()) {
    const expected = hex(await encryptByWebCrypto(key, asked.text));
    for (const [name, { ciphertexts }] of Object.entries(traced)) {
      if (hex(ciphertexts[index]!) !== expected) throw new Error(`${name} and WebCrypto encrypt differently`);
    }
  }
  return { kind: "traced", programs: traced };
}

async function report(asked: Asked): Promise<void> {
  try {
    postMessage(await answer(asked));
  } catch (error) {
    postMessage({ kind: "failure", message: error instanceof Error ? error.message : String(error) } satisfies Answer);
  }
}

/** One after another: the last answer is that to the last question. */
let turn = Promise.resolve();
addEventListener("message", ({ data }: MessageEvent<Asked>) => {
  turn = turn.then(() => report(data));
});
