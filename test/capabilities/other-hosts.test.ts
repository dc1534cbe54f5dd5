import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EdgeRuntime } from "edge-runtime";
import { build, type Plugin } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { parts } from "../../tools/engine-parts.mjs";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { longRefused, type Outcome, refused, scriptForPage, works } from "./try-envelope.ts";

// Hosts that are neither Node nor a page.

const started: ChildProcess[] = [];
afterAll(() => {
  for (const one of started) one.kill();
});

test("edge-runtime, which has no MessageChannel and no threads", async () => {
  const runtime = new EdgeRuntime();
  runtime.evaluate(await scriptForPage());
  expect(runtime.context.MessageChannel).toBeUndefined();
  const outcome = (await runtime.context.outcome) as Outcome;
  expect(JSON.parse(JSON.stringify(outcome))).toEqual({
    aes: works,
    "aes native": works,
    "aes wasm": works,
    "aes native workers": works,
    sm4: works,
    "sm4 workers": longRefused("ERR_UNSUPPORTED", "no worker threads"),
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Serves a worker in workerd, with the WebAssembly files beside it that it imports, and answers with what it answers. */
async function answerOfWorkerd(folder: string, modules: Readonly<Record<string, string>>): Promise<unknown> {
  const embedded = Object.entries(modules).map(([name, file], index) => {
    copyFileSync(`${root}dist/${file}`, join(folder, `${index}.wasm`));
    return `(name = "${name}", wasm = embed "${index}.wasm"),`;
  });
  const port = await freePort();
  const config = `
    using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "main", worker = .main)],
      sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
    );
    const main :Workerd.Worker = (modules = [
      (name = "worker", esModule = embed "worker.js"),
      ${embedded.join("\n")}
    ], compatibilityDate = "2026-01-01");`;
  writeFileSync(join(folder, "config.capnp"), config);
  const binary = `${root}node_modules/@cloudflare/workerd-linux-64/bin/workerd`;
  started.push(spawn(binary, ["serve", join(folder, "config.capnp")], { stdio: "ignore" }));
  for (let tries = 0; ; tries++) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/`)).json();
    } catch (error) {
      if (tries > 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** What envelopes need of the engine. */
const ENVELOPE_PARTS = ["engine", "aes", "sm4"];

const provideAll = `
    import { provideEngine } from "lanelock/engine";
    ${ENVELOPE_PARTS.map((name) => `import ${name} from "lanelock/${name}.plain.wasm";`).join("\n    ")}
    provideEngine(engine, { aes, sm4 });`;

/** What a program with an envelope does in workerd. */
async function askWorkerd({ provide = false } = {}): Promise<Outcome> {
  const folder = scratchFolder("workerd");
  mkdirSync(folder, { recursive: true });
  const worker = `
    import { envelope } from "lanelock/envelope";
    import { tryEnvelope } from "./test/capabilities/envelope-program.mjs";
    ${provide ? provideAll : ""}
    export default { fetch: async () => Response.json(await tryEnvelope(envelope)) };`;
  const names = Object.fromEntries(ENVELOPE_PARTS.map((name) => [`lanelock/${name}.plain.wasm`, `${name}.plain.wasm`]));
  await build({
    stdin: { contents: worker, resolveDir: root },
    bundle: true,
    format: "esm",
    platform: "browser",
    external: Object.keys(names),
    outfile: join(folder, "worker.js"),
  });
  return (await answerOfWorkerd(folder, names)) as Outcome;
}

test("workerd, which forbids compiling WebAssembly from bytes", async () => {
  const outcome = await askWorkerd();
  expect(outcome).toEqual({
    aes: works,
    "aes native": works,
    "aes wasm": refused("ERR_WASM", "refused to compile"),
    "aes native workers": works,
    sm4: refused("ERR_WASM", "refused to compile"),
    "sm4 workers": [refused("ERR_WASM")[0], expect.stringMatching(/^ERR_(WASM|UNSUPPORTED): /), refused("ERR_WASM")[0]],
  });
});

test("workerd, given the engine as a module that it compiled", async () => {
  expect(await askWorkerd({ provide: true })).toEqual({
    aes: works,
    "aes native": works,
    "aes wasm": works,
    "aes native workers": works,
    sm4: works,
    "sm4 workers": longRefused("ERR_UNSUPPORTED", "no worker threads"),
  });
});

/** Uses a cipher of each entry that needs the engine. */
const program = `
  import { aesGcm, aesGcmSiv, sm4Gcm } from "lanelock";
  import { aesKw } from "lanelock/key-wrap";
  import { aesCmac, sm4Cmac } from "lanelock/mac";
  import { gcm } from "lanelock/noble";
  import { aesCbc } from "lanelock/unauthenticated";
  const [key, short, nonce, text] = [32, 16, 12, 5000].map((length) => new Uint8Array(length).fill(length));
  const results = () => [
    aesGcm(key).seal(nonce, text),
    aesGcm(key, { backend: "wasm" }).open(nonce, aesGcm(key).seal(nonce, text)),
    sm4Gcm(short).seal(nonce, text),
    aesGcmSiv(key).seal(nonce, text),
    aesCbc(key).decrypt(short, aesCbc(key).encrypt(short, text)),
    sm4Cmac(short).mac(text),
    aesKw(key).wrap(short),
    aesCmac(key).mac(text),
    gcm(key, nonce).encrypt(text),
  ].map((bytes) => Array.from(bytes.slice(-16)).join());`;

/** The program as a bundler for such a host makes it. WebAssembly files become `wasm`: a module beside it, or code. */
async function bundled(condition: string, ending: string, wasm: Plugin): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program + ending, resolveDir: root },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    conditions: [condition],
    // Without tsconfig.json, whose paths lead to the sources.
    tsconfigRaw: {},
    plugins: [wasm],
  });
  return outputFiles[0]?.text ?? "";
}

/** The same in this Node. */
async function expected(): Promise<string[]> {
  const code = await bundled("default", "export { results };", { name: "none", setup: () => undefined });
  const { results } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  return results();
}

/** What the entries import. */
const plainFiles = parts.map(({ name }) => `${name}.plain.wasm`);

test("workerd, with the entries for it and nothing else to do", async () => {
  const folder = scratchFolder("workerd entries");
  mkdirSync(folder, { recursive: true });
  const beside: Plugin = {
    name: "beside",
    setup: ({ onResolve }) =>
      onResolve({ filter: /\.wasm\?module$/ }, ({ path }) => ({
        path: basename(path, "?module"),
        external: true,
      })),
  };
  const ending = "export default { fetch: () => Response.json(results()) };";
  writeFileSync(join(folder, "worker.js"), await bundled("workerd", ending, beside));
  const files = Object.fromEntries(plainFiles.map((name) => [name, name]));
  expect(await answerOfWorkerd(folder, files)).toEqual(await expected());
});

test("edge-runtime, with the entries for it and no other way to compile", async () => {
  const compiled: Plugin = {
    name: "compiled",
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /\.wasm\?module$/ }, ({ path }) => ({
        path: `${root}dist/${basename(path, "?module")}`,
        namespace: "compiled",
      }));
      onLoad({ filter: /./, namespace: "compiled" }, ({ path }) => ({
        contents: `export default compiled[${JSON.stringify(basename(path))}];`,
      }));
    },
  };
  const code = await bundled("edge-light", "globalThis.outcome = results();", compiled);
  const runtime = new EdgeRuntime();
  const files = plainFiles.map((name) => [name, Array.from(readFileSync(`${root}dist/${name}`))]);
  runtime.evaluate(`globalThis.compiled = Object.fromEntries(${JSON.stringify(files)}.map(([name, bytes]) =>
    [name, new WebAssembly.Module(Uint8Array.from(bytes))]));
    const { imports, exports } = WebAssembly.Module;
    const refuse = () => { throw new WebAssembly.CompileError("not from bytes"); };
    WebAssembly.Module = Object.assign(function () { refuse(); }, { imports, exports });`);
  runtime.evaluate(code);
  expect(JSON.parse(JSON.stringify(runtime.context.outcome))).toEqual(await expected());
});
