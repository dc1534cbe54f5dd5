import type { Server } from "node:http";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer } from "../browser/server.ts";
import { bundleForBrowser } from "./bundle.ts";

// `lanelock/kms` and `lanelock/stores` by their public names, from the built package, as an application for pages bundles them.

let server: Server | undefined;
let browser: Browser | undefined;
let modules: readonly string[];
let origin: string;
beforeAll(async () => {
  // Without tsconfig.json the names mean the built package. Nothing is marked as external, and a Node module or a package that cannot run in a page would fail the build.
  const bundle = await bundleForBrowser("test/browser/stores-in-a-page.ts", { tsconfigRaw: "{}" });
  modules = bundle.modules;
  ({ server, origin } = await startServer(new Map([["/stores.js", bundle.text]])));
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

test("a page's bundle has the built package in it, and no database", () => {
  expect(modules).toContain("dist/kms/kms.js");
  expect(modules).toContain("dist/stores/memory/memory-store.js");
  expect(modules.filter((module) => /kysely|libsql|node_modules\/pg|stores\/sql/.test(module))).toEqual([]);
});

test("a KMS on memoryStore works in Chromium, and sqlStore says why it does not", async () => {
  const page = await browser?.newPage();
  await page?.goto(
    `${origin}/page?${new URLSearchParams({ policy: "'self' 'wasm-unsafe-eval'", script: "/stores.js" })}`,
  );
  await page?.waitForFunction("'useStores' in globalThis", undefined, { timeout: 600_000 });
  expect(await page?.evaluate("useStores()")).toEqual({
    ...{ text: "from a page", refused: "InvalidParameter", rotated: true, sql: "ERR_UNSUPPORTED" },
  });
});
