import type { Server } from "node:http";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer } from "../browser/server.ts";
import { longRefused, type Outcome, refused, scriptForPage, works } from "./try-envelope.ts";

// Pages in Debian's Chromium whose policies forbid something.

let server: Server | undefined;
let browser: Browser | undefined;
let origin: string;
beforeAll(async () => {
  ({ server, origin } = await startServer(new Map([["/envelope.js", await scriptForPage()]])));
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

async function ask(policy: string): Promise<Outcome> {
  const page = await browser?.newPage();
  if (page === undefined) throw new Error("The browser has not started");
  await page.goto(`${origin}/page?${new URLSearchParams({ policy, script: "/envelope.js" })}`);
  await page.waitForFunction("'outcome' in globalThis", undefined, { timeout: 120_000 });
  return (await page.evaluate("outcome")) as Outcome;
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
