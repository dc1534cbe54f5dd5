import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { projectRoot } from "../constant-time/compile.ts";
import { bundleForBrowser } from "./bundle.ts";

// What a page gets of each entry that is meant for pages.

/** Names of what a page lacks, and of what a strict Content-Security-Policy forbids. */
const foreign = [/\bnode:/, /\bBuffer\b/, /\bprocess\b/, /\brequire\b/, /\beval\(/, /new Function\b/, /\b__dirname\b/];

/** How code asks at run time whether Node is there, and goes without it where it is not. */
const askings = /globalThis\.(process|Buffer)\b|getBuiltinModule\?\.\("node:crypto"\)/g;

const unauthenticated = [
  /ciphers\/(cbc|ctr|ecb|block-mode)\.ts$/,
  /gcm-open-stream-unverified\.ts$/,
  /unauthenticated\.ts$/,
];
const service = [/^src\/(kms|stores|providers|asymmetric)\//];
const packages = [/node_modules/];

const entries = [
  {
    entry: "src/index.ts",
    exports: [
      ...[
        "LanelockError",
        "aesCcm",
        "aesGcm",
        "aesGcmSiv",
        "aesSiv",
        "managedNonce",
        "randomBytes",
        "sm4Ccm",
        "sm4Gcm",
      ],
      "xaes256Gcm",
    ],
    forbidden: [...unauthenticated, ...service, ...packages, /noble/],
  },
  {
    entry: "src/unauthenticated.ts",
    exports: [
      ...["LanelockError", "aesCbc", "aesCfb", "aesCtr", "aesEcb", "aesOfb", "openStreamUnverified"],
      ...["sm4Cbc", "sm4Cfb", "sm4Ctr", "sm4Ecb", "sm4Ofb"],
    ],
    forbidden: [...service, ...packages, /noble/],
  },
  {
    entry: "src/mac.ts",
    exports: ["LanelockError", "aesCmac", "sm4Cmac"],
    forbidden: [...service, ...packages, /noble/, /ciphers\/(cbc|ctr|ecb|gcm|key-wrap)/],
  },
  {
    entry: "src/key-wrap.ts",
    exports: ["LanelockError", "aesKw", "aesKwp"],
    forbidden: [...service, ...packages, /noble/, /ciphers\/(cbc|ctr|ecb|gcm|cmac)/],
  },
  {
    entry: "src/noble.ts",
    exports: [
      ...["aeskw", "aeskwp", "aessiv", "cbc", "cfb", "cmac", "ctr", "ecb", "gcm", "gcmsiv"],
      ...["rngAesCtrDrbg128", "rngAesCtrDrbg256", "siv"],
    ],
    forbidden: [...service, ...packages],
  },
  {
    entry: "src/sm-crypto.ts",
    exports: ["LanelockError", "sm4"],
    forbidden: [...service, ...packages, /noble/],
  },
];

test.each(entries)(
  "$entry adds nothing to a page that does not belong there",
  async ({ entry, exports, forbidden }) => {
    const bundle = await bundleForBrowser(entry);
    expect(bundle.exports).toEqual(exports);
    expect(foreign.filter((name) => name.test(bundle.text.replace(askings, "")))).toEqual([]);
    expect(bundle.modules.filter((module) => forbidden.some((name) => name.test(module)))).toEqual([]);
    console.log(`${entry}: ${bundle.text.length} bytes minified, ${bundle.compressed} with gzip`);
  },
);

/** What an application's build makes of a file that uses some of the names that an entry exports. */
function bundleOf(names: string, entry = "index") {
  return bundleForBrowser("using-some", {
    entryPoints: [],
    stdin: { contents: `export { ${names} } from "./src/${entry}.ts"`, resolveDir: projectRoot, loader: "ts" },
  });
}

const furtherModes = /modes-engine|-modes\.generated|cmac|key-wrap|cfb|ofb/;

/** The modules of the engine. */
const engineModules = /^src\/engine\/(.+)\.generated\.ts$/;

test.each([
  ["aesGcm", "index", ["aes"], furtherModes],
  ["sm4Gcm", "index", ["sm4"], furtherModes],
  ["aesGcmSiv", "index", ["aes", "aes-modes"], /cmac|key-wrap|cfb|ofb|ccm|xaes/],
  ["sm4Ccm", "index", ["sm4", "sm4-modes"], /cmac|key-wrap|cfb|ofb|xaes/],
  ["aesCbc", "unauthenticated", ["aes", "aes-blocks"], furtherModes],
  ["aesCtr", "unauthenticated", ["aes"], furtherModes],
  ["sm4Ecb", "unauthenticated", ["sm4"], furtherModes],
  ["aesCfb", "unauthenticated", ["aes", "aes-modes"], /cmac|key-wrap|ofb|gcm|cbc/],
  ["sm4Ofb", "unauthenticated", ["sm4", "sm4-modes"], /cmac|key-wrap|cfb|gcm|cbc/],
  ["aesKw", "key-wrap", ["aes", "aes-modes"], /cmac|cfb|gcm|cbc/],
  ["sm4Cmac", "mac", ["sm4", "sm4-modes"], /key-wrap|cfb|gcm|cbc/],
  ["gcm", "noble", ["aes"], furtherModes],
  ["cbc", "noble", ["aes", "aes-blocks"], furtherModes],
  ["rngAesCtrDrbg256", "noble", ["aes"], furtherModes],
  ["cmac", "noble", ["aes", "aes-modes"], /gcm|key-wrap|cbc|drbg/],
  ["sm4", "sm-crypto", ["sm4"], furtherModes],
])("%s of %s carries of the engine only %j, and nothing of the others", async (name, entry, parts, others) => {
  const { used } = await bundleOf(name, entry);
  const modules = used.flatMap((module) => engineModules.exec(module)?.[1] ?? []);
  expect(modules.sort()).toEqual([...parts, "engine"].sort());
  expect(used.filter((module) => others.test(module))).toEqual([]);
});

test.each([
  ["aesGcm", 20_000],
  ["sm4Gcm", 20_000],
  ["aesGcm, sm4Gcm", 32_000],
])("%s, with both builds of what it needs, is at most %i bytes minified and compressed", async (names, most) => {
  const { compressed } = await bundleOf(names);
  console.log(`${names}: ${compressed} bytes with gzip`);
  expect(compressed).toBeLessThanOrEqual(most);
});

test("aesGcm carries no other mode", async () => {
  const { compressed, text } = await bundleOf("aesGcm");
  const all = await bundleForBrowser("src/index.ts");
  const others = ["GCM-SIV", "XAES", "CCM", "AES-SIV", "managedNonce", "getRandomValues"];
  expect(others.filter((word) => !all.text.includes(word))).toEqual([]);
  expect(others.filter((word) => text.includes(word))).toEqual([]);
  expect(all.compressed).toBeGreaterThan(compressed + 3000);
});

test("lanelock/client has the operations' records and not what carries them out, in at most 21 KB compressed", async () => {
  const { used, exports, compressed } = await bundleForBrowser("src/client/index.ts");
  expect([...exports].sort()).toEqual(["KmsError", "kmsClient"]);
  expect(used).toContain("src/kms/operations/encrypt.ts");
  expect(used.filter((name) => /kms\/(core|keys|rows|life-cycle|import|audit|service|root)\//.test(name))).toEqual([]);
  expect(used.filter((name) => /use\/symmetric|^src\/(ciphers|engine|stores|providers|server)\//.test(name))).toEqual(
    [],
  );
  console.log(`src/client/index.ts: ${compressed} bytes with gzip`);
  expect(compressed).toBeLessThanOrEqual(21_000);
});

test.each(["aesGcmSiv", "xaes256Gcm", "aesCcm", "aesSiv", "managedNonce", "randomBytes"])(
  "%s alone carries no AEAD that it does not need",
  async (name) => {
    const { text, compressed } = await bundleOf(name);
    const words = {
      aesGcmSiv: "AES-GCM-SIV takes",
      xaes256Gcm: "XAES-256-GCM takes",
      aesCcm: "CCM takes",
      aesSiv: "AES-SIV",
    };
    const found = Object.entries(words).filter(([, word]) => text.includes(word));
    expect(found.map(([whose]) => whose)).toEqual(name in words ? [name] : []);
    console.log(`${name}: ${compressed} bytes with gzip`);
  },
);

/** Bytes that a page gets before it imports anything dynamically: the first output and all that it imports, with gzip. */
async function loadedAtOnce(contents: string): Promise<number> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: projectRoot,
    stdin: { contents, resolveDir: projectRoot, loader: "ts" },
    ...{ bundle: true, minify: true, splitting: true, metafile: true, write: false },
    ...{ format: "esm", platform: "browser", target: "es2022", outdir: "not-written", logLevel: "silent" },
  });
  const outputs = metafile.outputs;
  const loaded = new Set(Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === "<stdin>"));
  for (const name of loaded) {
    for (const { path, kind } of outputs[name]?.imports ?? []) if (kind === "import-statement") loaded.add(path);
  }
  const files = outputFiles.filter(({ path }) => [...loaded].some((name) => path === join(projectRoot, name)));
  return files.reduce((sum, file) => sum + gzipSync(file.contents, { level: 9 }).length, 0);
}

test("README and docs/client.md say how large these bundles are", async () => {
  const kb = (page: string, pattern: RegExp) =>
    Number(pattern.exec(readFileSync(join(projectRoot, page), "utf8"))?.[1]) * 1000;
  const withKms = `export { Kms } from "./src/kms/index.ts"; export { memoryStore } from "./src/stores/browser.ts";
    export { envelope } from "./src/envelope/index.ts"; export { aesGcm } from "./src/index.ts"`;
  const figures = [
    [kb("README.md", /`aesGcm` is (\d+) KB/), (await bundleOf("aesGcm")).compressed],
    [kb("README.md", /a KMS and envelopes (\d+) KB/), await loadedAtOnce(withKms)],
    [kb("docs/client.md", /The client is (\d+) KB/), (await bundleForBrowser("src/client/index.ts")).compressed],
  ];
  for (const [said = 0, measured = 0] of figures) expect(Math.abs(said - measured)).toBeLessThan(measured * 0.05);
});

test("the check of foreign names finds each of them", () => {
  const text = 'import"node:fs";Buffer.from(process.env.A);require("b");eval("");new Function("");__dirname';
  expect(foreign.filter((name) => !name.test(text))).toEqual([]);
});
