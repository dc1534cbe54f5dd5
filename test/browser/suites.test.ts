import { createDecipheriv } from "node:crypto";
import type { Server } from "node:http";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserNames, launchBrowser, type Tab, type TestBrowser } from "./browsers.ts";
import { startServer } from "./server.ts";
import type { PageResult } from "./vitest-in-a-page.ts";

// lanelock as a page gets it, bundled by esbuild, in Debian's browsers (tools/debian-parts.sh).

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** What the suites import that a page has not, and what stands in for it. */
const standIns: Plugin = {
  name: "stand-ins",
  setup({ onResolve }) {
    onResolve({ filter: /^vitest$/ }, () => ({ path: here("vitest-in-a-page.ts") }));
    onResolve({ filter: /^node:(crypto|fs|zlib)$/ }, () => ({ path: here("node-in-a-page.ts") }));
    onResolve({ filter: /\/openssl-modes\.ts$/ }, () => ({ path: here("modes-in-a-page.ts") }));
  },
};

/** The public entries and the suites, which share what they have in common, as an application's bundle would. */
async function bundle(): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: {
      lanelock: here("../../src/index.ts"),
      unauthenticated: here("../../src/unauthenticated.ts"),
      suites: here("suites.ts"),
    },
    outdir: "/",
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    // The suites are imported for what they do.
    ignoreAnnotations: true,
    inject: [here("buffer-in-a-page.ts")],
    plugins: [standIns],
  });
  return new Map(outputFiles.map(({ path, text }) => [`/${basename(path)}`, text]));
}

const long = process.env.LANELOCK_LONG === "1";

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

  test("under script-src 'self' 'wasm-unsafe-eval', the contract suites and the published vectors pass", async () => {
    const page = await open(strict, { script: "/suites.js", ...(long ? { long } : {}) });
    await page.waitFor("'runSuites' in globalThis");
    const results = (await page.evaluate("runSuites()")) as PageResult[];
    const failed = results.filter(({ failure }) => failure !== undefined);
    const build = await page.evaluate("build()");
    console.log(`${results.length - failed.length} tests passed in ${name} ${browser.version}, ${build} build`);
    expect(
      failed.map(({ name }) => name),
      failed[0]?.failure,
    ).toEqual(["control > a wrong byte fails a test"]);
    expect(results.length).toBeGreaterThan(120);
  });
});
