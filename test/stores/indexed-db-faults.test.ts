import { createHmac } from "node:crypto";
import type { Server } from "node:http";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, servePage } from "./page-of-stores.ts";

// What a browser, another tab or a script can do to a store in a page. In Chromium, whose debugging protocol can provoke it.

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

async function newTab(at = url): Promise<Page> {
  const page = await context.newPage();
  await page.goto(at);
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

test("another tab deletes the database: it need not wait, and this one says so from then on", async () => {
  const [page, other, name] = [await newTab(), await newTab(), newName()];
  await ask(page, "hold", name);
  await ask(other, "deleteDatabase", `lanelock store ${name}`);
  for (let i = 0; i < 2; i++)
    expect(await ask(page, "refusalOfHeld")).toMatch(/^ERR_STORE: .*another tab or script has deleted/);
  for (const tab of [page, other]) await tab.close();
});

test("a running KMS whose database is deleted refuses every call", async () => {
  const [page, name] = [await newTab(), newName()];
  await ask(page, "open", name);
  const keyId = await ask(page, "createKey", "gone");
  await ask(page, "deleteDatabase", `lanelock store ${name}`);
  await expect
    .poll(() => ask(page, "refusalOfEncrypt", keyId), { timeout: 60_000 })
    .toMatch(/^ERR_STORE: .*has deleted/);
  await ask(page, "close");
  await page.close();
});

test("a newer lanelock in another tab upgrades it: it need not wait, and this tab must be reloaded", async () => {
  const [page, other, name] = [await newTab(), await newTab(), newName()];
  await ask(page, "hold", name);
  await ask(other, "openRaw", `lanelock store ${name}`, 99);
  expect(await ask(page, "refusalOfHeld")).toMatch(/^ERR_STORE: .*newer lanelock has upgraded.*Reload this page/);
  expect(await ask(page, "refusalOfStore", name)).toMatch(/^ERR_STORE: .*newer lanelock wrote.*\(VersionError\)/);
  for (const tab of [page, other]) await tab.close();
});

test("an upgrade that an older tab blocks is given up with an error", async () => {
  const [page, older, name] = [await newTab(), await newTab(), newName()];
  await ask(older, "openRaw", `lanelock store ${name}`, 1);
  expect(await ask(page, "refusalOfStore", name)).toMatch(/^ERR_STORE: .*Close the other tabs of this site/);
  await older.close();
  // The opening that was given up comes to nothing, and does not stand in the way of the next.
  expect(await ask(page, "refusalOfStore", name)).toBe("resolved");
  await page.close();
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

test("create: false makes no store, and leaves no database behind", async () => {
  const [page, name] = [await newTab(), newName()];
  for (let i = 0; i < 2; i++)
    expect(await ask(page, "refusalOfNew", name)).toMatch(/^ERR_STORE: .*holds no lanelock store/);
  const databases = (await page.evaluate("indexedDB.databases()")) as { name: string }[];
  expect(databases.filter((database) => database.name === `lanelock store ${name}`)).toEqual([]);
  expect(await ask(page, "refusalOfStore", name)).toBe("resolved");
  expect(await ask(page, "refusalOfNew", name)).toBe("resolved");
  await page.close();
});

test("a database of another program is left alone", async () => {
  const [page, other, name] = [await newTab(), await newTab(), newName()];
  await ask(other, "openRaw", `lanelock store ${name}`, 2);
  expect(await ask(page, "refusalOfStore", name)).toMatch(/^ERR_STORE: .*lacks a table of lanelock's/);
  for (const tab of [page, other]) await tab.close();
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

test("a row that a script puts back is noticed", async () => {
  const [page, name] = [await newTab(), newName()];
  await ask(page, "open", name);
  const keyId = await ask(page, "createKey", "old-row");
  const old = await ask(page, "rawRow", name, "key");
  await ask(page, "disable", keyId);
  await ask(page, "close");
  await ask(page, "rawRow", name, "key", old);
  expect(await ask(page, "refusalOfOpening", name)).toMatch(/^ERR_INTEGRITY: .*changed from outside/);
  expect(await ask(page, "verifyClosed", name)).toEqual([
    expect.stringContaining(`"key ${keyId}" is not the latest one`),
  ]);
  await page.close();
});

test("a script can use the root key, and cannot read it", async () => {
  const [page, name] = [await newTab(), newName()];
  await ask(page, "open", name);
  const { extractable, usages, refused } = await ask(page, "exportRoot", name);
  expect([extractable, usages]).toEqual([false, ["sign"]]);
  expect(refused).toMatch(/^InvalidAccessError|not extractable/);
  await ask(page, "close");
  await page.close();
});

test("the store's secret is that of SP 800-108r1 in counter mode, as node:crypto computes it", async () => {
  const [page, name] = [await newTab(), newName()];
  const root = Buffer.from(Array.from({ length: 32 }, (_, index) => 7 * index));
  await ask(page, "plantRoot", name, root.toString("base64"));
  await ask(page, "open", name);
  const blob = await ask(page, "encrypt", await ask(page, "createKey", "derived"), "derived");
  await ask(page, "close");
  const number = (value: number) => Buffer.from([0, 0, value >> 8, value & 255]);
  const context = Buffer.from(await ask(page, "storeId", name));
  const label = Buffer.from("lanelock browser root\0");
  const secret = createHmac("sha256", root)
    .update(Buffer.concat([number(1), label, context, number(256)]))
    .digest();
  await ask(page, "openWithBytes", name, secret.toString("base64"));
  await ask(page, "open", name);
  expect(await ask(page, "decrypt", blob)).toBe("derived");
  await ask(page, "close");
  await page.close();
});

test("a store without its root key, and a root key without its store, are refused", async () => {
  const [page, name, another] = [await newTab(), newName(), newName()];
  for (const made of [name, another]) {
    await ask(page, "open", made);
    await ask(page, "createKey", "kept");
    await ask(page, "close");
  }
  expect(await ask(page, "refusalOfRoot", name, another)).toMatch(
    /^ERR_KEY: .*is not the one that this store was made with/,
  );
  await ask(page, "deleteDatabase", `lanelock root ${name}`);
  for (let i = 0; i < 2; i++)
    expect(await ask(page, "refusalOfOpening", name)).toMatch(/^ERR_KEY: .*is gone: the browser or a script/);
  await ask(page, "deleteDatabase", `lanelock store ${another}`);
  for (let i = 0; i < 2; i++)
    expect(await ask(page, "refusalOfOpening", another)).toMatch(/^ERR_KEY: .*belongs to another store/);
  await ask(page, "deleteDatabase", `lanelock root ${another}`);
  await ask(page, "deleteDatabase", `lanelock store ${another}`);
  expect(await ask(page, "refusalOfOpening", another)).toBe("resolved");
  await page.close();
});

test("a store of another root key is refused, and moves to a root key of the browser", async () => {
  const [page, name] = [await newTab(), newName()];
  const secret = Buffer.alloc(32, 5).toString("base64");
  await ask(page, "openWithBytes", name, secret);
  expect(await ask(page, "refusalOfOpening", name)).toMatch(/^ERR_KEY: The root key is not the one/);
  const [second, moved] = [newName(), newName()];
  await ask(page, "open", second);
  const blob = await ask(page, "encrypt", await ask(page, "createKey", "moved"), "moved");
  await ask(page, "close");
  await ask(page, "rewrap", second, moved);
  expect(await ask(page, "refusalOfOpening", second)).toMatch(/^ERR_KEY/);
  await ask(page, "openUnder", second, moved);
  expect(await ask(page, "decrypt", blob)).toBe("moved");
  await ask(page, "close");
  await page.close();
});
