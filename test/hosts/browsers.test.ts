import { createDecipheriv } from "node:crypto";
import type { Server } from "node:http";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserNames, launchBrowser, type Tab, type TestBrowser } from "../browser/browsers.ts";
import { startServer } from "../browser/server.ts";
import { bundleSuitesForPages } from "./bundle-suites.ts";
import { expectPassed, type HostReport } from "./report.ts";

// lanelock as a page gets it, bundled by esbuild, in Debian's browsers (tools/debian-parts.sh).

/** The public entries and the suites, which share what they have in common, as an application's bundle would. */
async function bundle(): Promise<Map<string, string>> {
  const source = (name: string) => fileURLToPath(new URL(`../../src/${name}`, import.meta.url));
  const outputs = await bundleSuitesForPages({
    lanelock: source("index.ts"),
    unauthenticated: source("unauthenticated.ts"),
  });
  return new Map(outputs.map(({ path, text }) => [`/${basename(path)}`, text]));
}

let server: Server;
let origin: string;
beforeAll(async () => {
  ({ server, origin } = await startServer(await bundle()));
});
afterAll(() => {
  server?.close();
});

const strict = "'self' 'wasm-unsafe-eval'";

/** What the `lanelock` entry gives on a page: the sealed message, or the error. */
const sealOnPage = `import("/lanelock.js").then(({ aesGcm, LanelockError }) => {
  try {
    return [...aesGcm(new Uint8Array(32).fill(7)).seal(new Uint8Array(12), new TextEncoder().encode("from a page"))];
  } catch (error) {
    return { ours: error instanceof LanelockError, code: error.code, message: error.message };
  }
})`;

describe.each(browserNames)("%s", (name) => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await launchBrowser(name);
  });
  afterAll(async () => {
    await browser?.close();
  });

  const open = (policy: string, query = {}): Promise<Tab> =>
    browser.open(`${origin}/page?${new URLSearchParams({ policy, ...query })}`);

  test("under script-src 'self' 'wasm-unsafe-eval', Node opens a message that a page seals", async () => {
    const sealed = Uint8Array.from((await (await open(strict)).evaluate(sealOnPage)) as number[]);
    const opening = createDecipheriv("aes-256-gcm", Buffer.alloc(32, 7), Buffer.alloc(12));
    opening.setAuthTag(sealed.subarray(-16));
    expect(opening.update(sealed.subarray(0, -16), undefined, "utf8") + opening.final("utf8")).toBe("from a page");
  });

  test("without 'wasm-unsafe-eval' a page gets an error that says what the policy needs", async () => {
    const error = await (await open("'self'")).evaluate(sealOnPage);
    expect(error).toEqual({ ours: true, code: "ERR_WASM", message: expect.stringContaining("'wasm-unsafe-eval'") });
  });

  test("under script-src 'self' 'wasm-unsafe-eval', the engine's suites pass", async () => {
    const page = await open(strict, { script: "/suites.js" });
    await page.waitFor("'runSuites' in globalThis");
    const report = (await page.evaluate("runSuites().then((results) => ({ results, build: build() }))")) as HostReport;
    expectPassed(`${name} ${browser.version}`, report);
    // Both have relaxed SIMD.
    expect(report.build).toBe("relaxed");
  }, 3_600_000);
});
