import type { Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserNames, launchBrowser, type TestBrowser } from "../browser/browsers.ts";
import { startServer } from "../browser/server.ts";
import { longRefused, type Outcome, refused, scriptForPage, works } from "./try-envelope.ts";

// Pages whose policies forbid something, in Debian's browsers.

let server: Server | undefined;
let origin: string;
beforeAll(async () => {
  ({ server, origin } = await startServer(new Map([["/envelope.js", await scriptForPage()]])));
});
afterAll(() => {
  server?.close();
});

describe.each(browserNames)("%s", (name) => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await launchBrowser(name);
  });
  afterAll(async () => {
    await browser?.close();
  });

  async function ask(policy: string): Promise<Outcome> {
    const tab = await browser.open(`${origin}/page?${new URLSearchParams({ policy, script: "/envelope.js" })}`);
    await tab.waitFor("'outcome' in globalThis");
    return (await tab.evaluate("outcome")) as Outcome;
  }

  test("without 'wasm-unsafe-eval'", async () => {
    expect(await ask("'self'; worker-src blob:")).toEqual({
      aes: works,
      "aes native": works,
      "aes wasm": refused("ERR_WASM", "wasm-unsafe-eval"),
      "aes native workers": works,
      sm4: refused("ERR_WASM", "wasm-unsafe-eval"),
      "sm4 workers": refused("ERR_WASM", "wasm-unsafe-eval"),
    });
  });

  test("without worker-src blob:", async () => {
    expect(await ask("'self' 'wasm-unsafe-eval'; worker-src 'none'")).toEqual({
      aes: works,
      "aes native": works,
      "aes wasm": works,
      "aes native workers": works,
      sm4: works,
      "sm4 workers": longRefused("ERR_UNSUPPORTED", "worker-src blob:"),
    });
  });

  const trusted = "'self' 'wasm-unsafe-eval'; worker-src blob:; require-trusted-types-for 'script'";

  test("with Trusted Types that allow no policy", async () => {
    expect(await ask(`${trusted}; trusted-types 'none'`)).toEqual({
      aes: works,
      "aes native": works,
      "aes wasm": works,
      "aes native workers": works,
      sm4: works,
      "sm4 workers": longRefused("ERR_UNSUPPORTED", "trusted-types lanelock"),
    });
  });

  test("with Trusted Types that allow ours, threads start", async () => {
    const outcome = await ask(`${trusted}; trusted-types lanelock`);
    expect(outcome).toEqual(Object.fromEntries(Object.keys(outcome).map((name) => [name, works])));
  });
});
