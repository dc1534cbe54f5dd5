import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EdgeRuntime } from "edge-runtime";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { startServer, type TestServer } from "../server/harness.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { nodes } from "./try-envelope.ts";

// The client in edge runtimes and in every Node that is here, from the built package.

const root = fileURLToPath(new URL("../../", import.meta.url));
const refused = "KmsError Forbidden.KeyNotFound";

async function serverWithKey(): Promise<TestServer> {
  const running = await startServer();
  const { keyId } = (await running.kms.createKey({})).keyMetadata;
  await running.kms.createAlias({ keyId, aliasName: "alias/a" });
  return running;
}

function optionsOf({ server, owner }: TestServer): string {
  const { accessKeyId, accessKeySecret } = owner;
  return JSON.stringify({ endpoint: server.url, credentials: { accessKeyId, accessKeySecret } });
}

const IMPORTS = `
  import { kmsClient } from "lanelock/client";
  import { envelope } from "lanelock/envelope";
  import { tryClient } from "./test/capabilities/client-program.mjs";`;

async function bundled(code: string, external: string[] = []): Promise<string> {
  const options = { bundle: true, platform: "browser", write: false, external } as const;
  const stdin = { contents: `${IMPORTS}\n${code}`, resolveDir: root };
  const { outputFiles } = await build({ stdin, ...options, format: code.includes("export default") ? "esm" : "iife" });
  return outputFiles[0]?.text ?? "";
}

test("edge-runtime", async () => {
  await using running = await serverWithKey();
  const runtime = new EdgeRuntime();
  runtime.evaluate(await bundled(`globalThis.outcome = tryClient({ kmsClient, envelope }, ${optionsOf(running)});`));
  expect(await runtime.context.outcome).toBe(refused);
});

test("workerd, which compiles no WebAssembly at run time", async () => {
  await using running = await serverWithKey();
  const folder = scratchFolder("workerd-client");
  const worker = `
    import aes from "lanelock/aes.plain.wasm";
    import module from "lanelock/engine.plain.wasm";
    import { provideEngine } from "lanelock/engine";
    provideEngine(module, { aes });
    export default { fetch: async () => new Response(await tryClient({ kmsClient, envelope }, ${optionsOf(running)})) };`;
  writeFileSync(
    join(folder, "worker.js"),
    await bundled(worker, ["lanelock/engine.plain.wasm", "lanelock/aes.plain.wasm"]),
  );
  for (const part of ["engine", "aes"]) copyFileSync(`${root}dist/${part}.plain.wasm`, join(folder, `${part}.wasm`));
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await new Promise((resolve) => probe.close(resolve));
  // Without a network of its own a worker reaches public addresses alone.
  const config = `
    using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [
        (name = "main", worker = .main),
        (name = "internet", network = (allow = ["public", "private", "local"])),
      ],
      sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
    );
    const main :Workerd.Worker = (modules = [
      (name = "worker", esModule = embed "worker.js"),
      (name = "lanelock/engine.plain.wasm", wasm = embed "engine.wasm"),
      (name = "lanelock/aes.plain.wasm", wasm = embed "aes.wasm"),
    ], compatibilityDate = "2026-01-01");`;
  writeFileSync(join(folder, "config.capnp"), config);
  const binary = `${root}node_modules/@cloudflare/workerd-linux-64/bin/workerd`;
  const child = spawn(binary, ["serve", join(folder, "config.capnp")], { stdio: "ignore" });
  try {
    const answer = () => fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
    await expect.poll(() => answer().catch(() => ""), { timeout: 300_000, interval: 100 }).toBe(refused);
  } finally {
    child.kill();
  }
});

test.each(nodes)("Node $version", async ({ path }) => {
  await using running = await serverWithKey();
  const code = `${IMPORTS}\nconsole.log(await tryClient({ kmsClient, envelope }, ${optionsOf(running)}));`;
  // In a process of its own: runNode waits for its end, and this process must go on answering.
  const child = spawn(path, ["--input-type=module", "-e", code], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  await once(child, "close");
  expect(output.trim()).toBe(refused);
});
