import { createCipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleForBrowser } from "../package/bundle.ts";
import { launchBrowser } from "./browsers.ts";
import { startServer } from "./server.ts";

// The wide build in Debian's Chromium, from the built package, as docs/runtimes.md has it.

const key = Array<number>(16).fill(7);
const iv = Array<number>(16).fill(0xff);
const LENGTH = 20_000;

let server: Server | undefined;
let origin: string;
beforeAll(async () => {
  const bundle = await bundleForBrowser("test/browser/wide-in-a-page.ts", { tsconfigRaw: "{}" });
  ({ server, origin } = await startServer(new Map([["/wide.js", bundle.text]])));
});
afterAll(() => {
  server?.close();
});

/** Opens pages until one uses the wide build: a busy machine may compile the probe too late. Gives whether the last one does. */
async function isWide(options: readonly string[], pages: number): Promise<boolean> {
  const browser = await launchBrowser("chromium", options);
  const expected = [...createCipheriv("sm4-ctr", Buffer.from(key), Buffer.from(iv)).update(data())];
  try {
    for (let page = 0; page < pages; page += 1) {
      const query = new URLSearchParams({ policy: "'self' 'wasm-unsafe-eval'", script: "/wide.js" });
      const tab = await browser.open(`${origin}/page?${query}`);
      await tab.waitFor("'encryptWide' in globalThis");
      const answer = await tab.evaluate(`encryptWide(${JSON.stringify(key)}, ${JSON.stringify(iv)}, ${LENGTH})`);
      const { isWide, encrypted } = answer as { isWide: boolean; encrypted: number[] };
      expect(encrypted).toEqual(expected);
      if (isWide) return true;
      await tab.close();
    }
    return false;
  } finally {
    await browser.close();
  }
}

function data(): Uint8Array {
  return new Uint8Array(LENGTH).map((_, index) => index >> 4);
}

/** On x86. */
const hasAvx2 = /\bavx2\b/.test(readFileSync("/proc/cpuinfo", "utf8"));

test("Chromium packs with its flag, and not without; results are OpenSSL's", async () => {
  expect(await isWide(["--js-flags=--wasm-revectorize"], hasAvx2 ? 20 : 1)).toBe(hasAvx2);
  expect(await isWide([], 1)).toBe(false);
});
