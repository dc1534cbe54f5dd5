import { expect, test } from "vitest";
import { bundleForBrowser } from "./bundle.ts";

// What a page gets of each entry that is meant for pages.

/** Names of what a page lacks, and of what a strict Content-Security-Policy forbids. */
const foreign = [/\bnode:/, /\bBuffer\b/, /\bprocess\b/, /\brequire\b/, /\beval\(/, /new Function\b/, /\b__dirname\b/];

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
    exports: ["LanelockError", "aesGcm", "sm4Gcm"],
    forbidden: [...unauthenticated, ...service, ...packages, /noble/],
  },
  {
    entry: "src/unauthenticated.ts",
    exports: ["LanelockError", "aesCbc", "aesCtr", "aesEcb", "openStreamUnverified", "sm4Cbc", "sm4Ctr", "sm4Ecb"],
    forbidden: [...service, ...packages, /noble/],
  },
  { entry: "src/noble.ts", exports: ["cbc", "ctr", "ecb", "gcm"], forbidden: [...service, ...packages] },
];

test.each(entries)(
  "$entry adds nothing to a page that does not belong there",
  async ({ entry, exports, forbidden }) => {
    const bundle = await bundleForBrowser(entry);
    expect(bundle.exports).toEqual(exports);
    expect(foreign.filter((name) => name.test(bundle.text))).toEqual([]);
    expect(bundle.modules.filter((module) => forbidden.some((name) => name.test(module)))).toEqual([]);
    console.log(`${entry}: ${bundle.text.length} bytes minified, ${bundle.compressed} with gzip`);
  },
);

test("lanelock, with both builds of its engine, is at most 24 KB minified and compressed", async () => {
  const { compressed } = await bundleForBrowser("src/index.ts");
  expect(compressed).toBeLessThanOrEqual(24_000);
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

test("the check of foreign names finds each of them", () => {
  const text = 'import"node:fs";Buffer.from(process.env.A);require("b");eval("");new Function("");__dirname';
  expect(foreign.filter((name) => !name.test(text))).toEqual([]);
});
