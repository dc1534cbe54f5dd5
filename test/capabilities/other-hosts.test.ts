import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EdgeRuntime } from "edge-runtime";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";
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

/** Serves a bundle in workerd, and answers with what it answers. */
async function askWorkerd({ provide = false } = {}): Promise<Outcome> {
  const folder = scratchFolder("workerd");
  mkdirSync(folder, { recursive: true });
  const worker = `
    import { envelope } from "lanelock/envelope";
    import { tryEnvelope } from "./test/capabilities/envelope-program.mjs";
    ${provide ? 'import module from "lanelock/engine.plain.wasm"; import { provideEngine } from "lanelock/engine";' : ""}
    ${provide ? "provideEngine(module);" : ""}
    export default { fetch: async () => Response.json(await tryEnvelope(envelope)) };`;
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const stdin = { contents: worker, resolveDir: root };
  const external = ["lanelock/engine.plain.wasm"];
  await build({
    stdin,
    bundle: true,
    format: "esm",
    platform: "browser",
    external,
    outfile: join(folder, "worker.js"),
  });
  copyFileSync(`${root}dist/engine.plain.wasm`, join(folder, "engine.wasm"));
  const port = await freePort();
  const config = `
    using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "main", worker = .main)],
      sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
    );
    const main :Workerd.Worker = (modules = [
      (name = "worker", esModule = embed "worker.js"),
      (name = "lanelock/engine.plain.wasm", wasm = embed "engine.wasm"),
    ], compatibilityDate = "2026-01-01");`;
  writeFileSync(join(folder, "config.capnp"), config);
  const binary = `${root}node_modules/@cloudflare/workerd-linux-64/bin/workerd`;
  started.push(spawn(binary, ["serve", join(folder, "config.capnp")], { stdio: "ignore" }));
  for (let tries = 0; ; tries++) {
    try {
      return (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as Outcome;
    } catch (error) {
      if (tries > 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
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
