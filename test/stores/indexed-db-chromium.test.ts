import type { Server } from "node:http";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, servePage } from "./page-of-stores.ts";

// What a browser can do to a store in a page: in Chromium, whose debugging protocol can provoke it.

let server: Server | undefined;
let browser: Browser;
let context: BrowserContext;
let origin: string;
let url: string;
let script: string;
beforeAll(async () => {
  ({ server, url, origin, script } = await servePage());
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  context = await browser.newContext();
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

async function newTab(inContext = context): Promise<Page> {
  const page = await inContext.newPage();
  await page.goto(url);
  await page.waitForFunction("'lanelock' in globalThis", undefined, { timeout: 600_000 });
  return page;
}

let names = 0;
const newName = () => `faults ${names++}`;

test("no space left: an error that says so, and everything acknowledged before is there", async () => {
  const [page, name] = [await newTab(), newName()];
  // Chromium remembers for a while how much space there was, so the quota comes first.
  const protocol = await context.newCDPSession(page);
  await protocol.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 4_000_000 });
  await ask(page, "open", name);
  const blob = await ask(page, "encrypt", await ask(page, "createKey", "full"), "before");
  expect(await ask(page, "fill", name)).toMatch(
    /^ERR_STORE: IndexedDB "faults \d+": the browser gives this site no more/,
  );
  expect(await ask(page, "decrypt", blob)).toBe("before");
  await protocol.send("Storage.overrideQuotaForOrigin", { origin });
  await expect.poll(() => ask(page, "fill", newName()), { timeout: 60_000 }).toBe("resolved");
  expect(await ask(page, "decrypt", blob)).toBe("before");
  expect((await ask(page, "verify")).problems.filter((problem) => !problem.includes("filler"))).toEqual([]);
  await page.close();
});

test("a tab whose process dies while it writes leaves whole transactions", async () => {
  const name = newName();
  const doomed = await newTab();
  doomed.evaluate(`lanelock.moveForEver("${name}")`).catch(() => undefined);
  const acknowledged = await ask(doomed, "acknowledged", 20);
  const crashed = doomed.waitForEvent("crash");
  const protocol = await context.newCDPSession(doomed);
  protocol.send("Page.crash").catch(() => undefined);
  await crashed;
  const witness = await newTab();
  const { sum, moves } = await ask(witness, "moved", name);
  expect(sum).toBe(0);
  expect(moves).toBeGreaterThanOrEqual(acknowledged);
  await witness.close();
});

test("the browser clears the site's data under a running KMS", async () => {
  const [page, name] = [await newTab(), newName()];
  await ask(page, "hold", name);
  const protocol = await context.newCDPSession(page);
  await protocol.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
  await expect
    .poll(() => ask(page, "refusalOfHeld"), { timeout: 60_000 })
    .toMatch(/^ERR_STORE: .*has closed the database.*persist/);
  await page.close();
});

test("a page without an origin of its own has no databases", async () => {
  const page = await newTab();
  await page.evaluate(`new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.onload = resolve;
    frame.src = "/page";
    document.body.append(frame);
  })`);
  const frame = page.frames().at(-1) ?? expect.unreachable();
  await frame.evaluate(script);
  expect(await ask(frame, "refusalOfStore", "framed")).toMatch(
    /^ERR_STORE: .*the browser gives this page no databases/,
  );
  await page.close();
});

test("a tab that keeps a transaction open does not keep another waiting for ever", async () => {
  const name = newName();
  const timeless = await browser.newContext();
  await timeless.clock.install();
  const [holder, page] = [await newTab(timeless), await newTab(timeless)];
  await ask(holder, "hold", name);
  await ask(holder, "holdTransaction");
  await ask(page, "hold", name);
  const refused = ask(page, "refusalOfHeld");
  // Once the transaction has begun to wait.
  await page.evaluate("0");
  await timeless.clock.fastForward(31_000);
  expect(await refused).toMatch(/^ERR_STORE: .*another tab held the database locked for too long/);
  await holder.close();
  expect(await ask(page, "refusalOfHeld")).toBe("resolved");
  await timeless.close();
});
