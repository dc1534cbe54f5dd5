import type { Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserNames, launchBrowser, type Tab, type TestBrowser } from "../browser/browsers.ts";
import { ask, servePage } from "./page-of-stores.ts";

// indexedDbStore and browserRoot in Debian's browsers, from the built package.

let server: Server | undefined;
let url: string;
beforeAll(async () => {
  ({ server, url } = await servePage());
});
afterAll(() => {
  server?.close();
});

describe.each(browserNames)("%s", (browserName) => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await launchBrowser(browserName);
  });
  afterAll(async () => {
    await browser?.close();
  });

  async function newTab(): Promise<Tab> {
    const tab = await browser.open(url);
    await tab.waitFor("'lanelock' in globalThis");
    return tab;
  }

  test("the store contract", async () => {
    const results = await ask(await newTab(), "runSuites");
    const failed = results.filter(({ failure }) => failure !== undefined);
    expect(
      failed.map(({ name }) => name),
      failed[0]?.failure,
    ).toEqual([]);
    expect(results.length).toBeGreaterThan(12);
  });
});
