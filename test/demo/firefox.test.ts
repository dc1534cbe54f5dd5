import { mkdtempSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildDemo } from "../../tools/demo/build.mjs";
import { serveDemo } from "../../tools/demo/serve.mjs";
import { launchBrowser, type Tab, type TestBrowser } from "../browser/browsers.ts";

// The race and the traces in Debian's Firefox: another engine runs the same modules, and another clock times them.

const long = process.env.LANELOCK_LONG === "1";

const folder = mkdtempSync(join(tmpdir(), "lanelock-demo-"));
let server: Server;
let browser: TestBrowser;
let tab: Tab;

beforeAll(async () => {
  await buildDemo(folder);
  const served = await serveDemo(folder);
  server = served.server;
  browser = await launchBrowser("firefox");
  tab = await browser.open(served.url);
});
afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true });
});

const text = (selector: string) => tab.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ""`);
const see = (id: string) => tab.evaluate(`document.getElementById("${id}").scrollIntoView()`);

test("the engine's addresses do not differ, the table's give the key away", async () => {
  await see("traces");
  await tab.waitFor('document.querySelector("article.table") !== null');
  expect(await text("article.engine .count")).toMatch(/^0\s+of [1-9]\d\d addresses differ$/);
  expect(await text("article.table .key")).toBe(await tab.evaluate('document.getElementById("traces-key-0").value'));
});

if (long)
  test("a race shows what each contender took", async () => {
    await see("race");
    await tab.waitFor('document.querySelector("#race form") !== null');
    await tab.evaluate(`document.querySelector("#race [value=sm4]").click();
      document.getElementById("race-largest").value = "65536";
      document.querySelector("#race [type=submit]").click()`);
    await tab.waitFor('document.querySelector("#race .curves") !== null');
    expect(await text("#race .origin")).toContain("Firefox");
    expect(await tab.evaluate('document.querySelectorAll("#race .curve, #race .bar-row").length')).toBe(5);
  });
