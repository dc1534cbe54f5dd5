import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { pack } from "./packed.ts";
import { Project } from "./project.ts";

// The entries that are meant for pages, bundled from the installed package by four bundlers with their defaults.

const scratch = scratchFolder("bundlers");
const project = new Project(join(scratch, "app"));
const bundleProgram = fileURLToPath(new URL("tools/bundle.mjs", import.meta.url));

/** Each exports `run`, which says something that only working code can say. */
const entries = {
  "cipher.js": `
    import { aesGcm } from "lanelock";
    export function run() {
      const aead = aesGcm(new Uint8Array(32));
      const opened = aead.open(new Uint8Array(12), aead.seal(new Uint8Array(12), new TextEncoder().encode("sealed")));
      return new TextDecoder().decode(opened);
    }`,
  "modes.js": `
    import { gcm } from "lanelock/noble";
    import { aesCbc } from "lanelock/unauthenticated";
    export function run() {
      const cbc = aesCbc(new Uint8Array(16));
      const block = cbc.decrypt(new Uint8Array(16), cbc.encrypt(new Uint8Array(16), new TextEncoder().encode("sealed")));
      const key = new Uint8Array(32), nonce = new Uint8Array(12);
      return new TextDecoder().decode(gcm(key, nonce).decrypt(gcm(key, nonce).encrypt(block)));
    }`,
  "service.js": `
    import { envelope } from "lanelock/envelope";
    import { Kms } from "lanelock/kms";
    import { memoryStore } from "lanelock/stores";
    export async function run() {
      const kms = await Kms.open({ store: memoryStore(), rootKey: crypto.getRandomValues(new Uint8Array(32)) });
      const { keyId } = (await kms.createKey({})).keyMetadata;
      const files = envelope(kms, { keyId });
      const opened = await files.open(await files.seal(new TextEncoder().encode("sealed")));
      await files.close();
      await kms.close();
      return new TextDecoder().decode(opened);
    }`,
};

interface Bundled {
  readonly warnings: readonly string[];
  readonly folder: string;
}

beforeAll(() => {
  project.install([pack(scratch).lanelock]);
  for (const [name, text] of Object.entries(entries)) project.write(name, text);
});

function byProgram(bundler: string, entry: string): Bundled {
  return JSON.parse(
    execFileSync(process.execPath, [bundleProgram, bundler, project.folder, entry], { encoding: "utf8" }),
  );
}

async function byEsbuild(entry: string): Promise<Bundled> {
  const folder = join(project.folder, "bundles/esbuild", entry.replace(/\.js$/, ""));
  const { warnings } = await build({
    ...{ absWorkingDir: project.folder, entryPoints: [entry], outfile: join(folder, "main.js") },
    ...{ bundle: true, minify: true, format: "esm", platform: "browser", logLevel: "silent" },
  });
  return { warnings: warnings.map(({ text }) => text), folder };
}

const cases = ["esbuild", "rollup", "vite", "webpack"].flatMap((bundler) =>
  Object.keys(entries).map((entry) => [bundler, entry] as const),
);

/** webpack advises against more than 244 KiB before compression. A page that needs the engine, a KMS and envelopes has more. */
const sizeAdvice = /^(asset|entrypoint) size limit: /;

test.each(cases)("%s bundles %s without a warning, and the bundle works", async (bundler, entry) => {
  const { warnings, folder } = bundler === "esbuild" ? await byEsbuild(entry) : byProgram(bundler, entry);
  expect(warnings.filter((warning) => entry !== "service.js" || !sizeAdvice.test(warning))).toEqual([]);
  // Node takes the bundle for a module.
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const { run } = await import(pathToFileURL(join(folder, "main.js")).href);
  expect(await run()).toBe("sealed");
  const files = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const compressed = files.map((name) => gzipSync(readFileSync(join(folder, name))).length).reduce((a, b) => a + b);
  const bytes = files.map((name) => statSync(join(folder, name)).size).reduce((a, b) => a + b);
  console.log(`${bundler} ${entry}: ${bytes} bytes, ${compressed} with gzip`);
});
