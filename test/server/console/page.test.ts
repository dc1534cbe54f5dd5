import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../harness.ts";
import { send, signedPath } from "../signed.ts";

// The console as its user meets it, in Debian's Chromium.

const load = createRequire(new URL("../../package/tools/package.json", import.meta.url));
const axeSource = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");

/** The last page of keys has a pager like the others, and fewer rows for axe to look at. */
const VIEWS = ["keys?page=2", "key?name=alias/orders", "aliases", "access-keys", "audit", "metrics"];

let browser: Browser;
let running: TestServer;
let keyId = "";
/** Whatever the page's policy or its code complained of. */
const complaints: string[] = [];

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  running = await startServer({ console: {} });
  const { kms } = running;
  const description = '<img src="x" onerror="document.title = 1"> & <b>bold</b>';
  keyId = (await kms.createKey({ description, enableAutomaticRotation: true, rotationInterval: "30d" })).keyMetadata
    .keyId;
  await kms.createAlias({ keyId, aliasName: "alias/orders" });
  await kms.tagResource({ keyId, tags: [{ tagKey: "Team", tagValue: "shop" }] });
  for (let index = 0; index < 60; index++) await kms.createKey({});
  const disabled = (await kms.createKey({})).keyMetadata.keyId;
  await kms.createAlias({ keyId: disabled, aliasName: "alias/old" });
  await kms.disableKey({ keyId: disabled });
  const statement = { Effect: "Allow", Action: ["kms:Encrypt", "kms:Decrypt"], Resource: "acs:kms:*:*:alias/orders" };
  await running.server.accessKeys.create({
    name: "reader",
    policy: JSON.stringify({ Version: "1", Statement: [statement] }),
  });
  await send(running.server.url, signedPath(running.owner, "ListKeys"));
});
afterAll(async () => {
  await browser?.close();
  await running?.[Symbol.asyncDispose]();
});

const link = () => running.server.console?.link() ?? "";

interface Look {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
  readonly from?: string;
  /** Lets the test move the page's clock. */
  readonly ownClock?: boolean;
}

async function open({
  width = 1_280,
  colorScheme = "light",
  from = link(),
  ownClock = false,
}: Look = {}): Promise<Page> {
  const context: BrowserContext = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  if (ownClock) await page.clock.install();
  page.on("console", (message) => {
    // A refused request is an answer like another.
    if (!message.text().startsWith("Failed to load resource")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(from);
  await page.waitForSelector("main:not([aria-busy]) h1");
  return page;
}

async function goTo(page: Page, view: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${view}`);
  const name = view.split("?")[0];
  await page.waitForSelector(`main:not([aria-busy]) .view.${name} > *`);
}

test("a link opens the page once; its token leaves the address, and a new tab of the same browser is let in", async () => {
  const once = link();
  const page = await open({ from: once });
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Keys");
  expect(page.url()).toMatch(/\/console#\/keys$/);
  await page.reload();
  await page.getByRole("link", { name: "alias/orders" }).waitFor();
  const tab = await page.context().newPage();
  await tab.goto(running.server.console?.url ?? "");
  await tab.getByRole("link", { name: "alias/orders" }).waitFor();
  expect(await page.evaluate(() => document.cookie)).toBe("");

  // Neither a used link nor anything else after the # ends a visit.
  for (const odd of [once, `${running.server.console?.url}#junk`, `${running.server.console?.url}#/no-such-view`]) {
    await tab.goto("about:blank");
    await tab.goto(odd);
    await tab.getByRole("link", { name: "alias/orders" }).waitFor();
    await tab.evaluate(() => {
      location.hash = "more-junk";
    });
    await tab.waitForURL(/#\/keys$/);
    expect(await tab.getByRole("heading", { level: 1 }).textContent()).toBe("Keys");
  }

  const stranger = await open({ from: once });
  expect(await stranger.getByRole("heading", { level: 1 }).textContent()).toBe("Signed out");
  expect(await stranger.getByText("Send SIGHUP to the server").count()).toBe(1);
  expect(await stranger.getByRole("navigation").count()).toBe(0);
  // A new link, pasted into the same page.
  await stranger.goto(link());
  await stranger.getByRole("link", { name: "alias/orders" }).waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You signed out.").waitFor();
  await tab.reload();
  await tab.getByText("Send SIGHUP to the server").waitFor();
  for (const one of [page, stranger]) await one.context().close();
});

test("by keyboard alone: past the menu, to a view, its heading, a key, and back", async () => {
  const page = await open();
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Skip to content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  const order: string[] = [];
  for (let count = 0; count < 9; count++) {
    await page.keyboard.press("Tab");
    order.push(await page.evaluate(() => document.activeElement?.textContent || document.activeElement?.id || ""));
  }
  expect(order.slice(0, 6).map((text) => text.replace(/ \d+$/, ""))).toEqual([
    ...["All", "Enabled", "Disabled", "Pending deletion", "Pending import", "find"],
  ]);
  expect(order.slice(6, 8)).toEqual(["Open", "alias/orders"]);
  await page.getByRole("link", { name: "alias/orders" }).press("Enter");
  await page.waitForSelector(".view.key dl");
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
  expect(await page.title()).toBe("alias/orders · lanelock console");
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Access keys" }).press("Enter");
  await page.waitForSelector(".view.access-keys table");
  expect(await focused()).toBe("Access keys");
  await page.locator("summary", { hasText: "Allow Encrypt, Decrypt" }).press("Enter");
  expect(await page.getByLabel("Policy").nth(1).textContent()).toContain('"acs:kms:*:*:alias/orders"');
  await page.goBack();
  await page.waitForSelector(".view.key dl");
  await page.context().close();
});

test("keys: by state, by page, by name; what others wrote is text", async () => {
  const page = await open();
  await page.getByRole("link", { name: "Disabled 1" }).click();
  await page.getByRole("rowheader", { name: "alias/old" }).waitFor();
  expect(await page.getByRole("row").count()).toBe(2);
  await page.getByRole("link", { name: "All 62" }).click();
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Next" }).click();
  await page.getByText("51–62 of 62").waitFor();
  expect(await page.getByRole("row").count()).toBe(13);
  await page.getByRole("searchbox").fill("alias/nothing");
  await page.keyboard.press("Enter");
  await page.getByText("No key has this name.").waitFor();
  await page.getByRole("searchbox").fill("alias/orders");
  await page.keyboard.press("Enter");
  await page.getByText('<img src="x" onerror="document.title = 1"> & <b>bold</b>').waitFor();
  await page.getByText("Team = shop").waitFor();
  expect(await page.locator("main img, main script, main b").count()).toBe(0);
  await page.getByText("Every 30 days").waitFor();
  expect(await page.getByRole("table", { name: "Versions of this key" }).getByRole("row").count()).toBe(2);
  await goTo(page, "key?name=alias/gone");
  await page.getByText("There is no such key.").waitFor();
  await page.context().close();
});

test("the audit log grows as it is written, pauses on request, and leaves out what succeeded", async () => {
  const page = await open();
  await goTo(page, "audit");
  const shop = running.kms.as("<u>shop</u>");
  await shop.encrypt({ keyId, plaintext: new Uint8Array(3) });
  const rows = page.getByRole("row").filter({ hasText: "<u>shop</u>" });
  await rows.filter({ hasText: "Encrypt" }).waitFor();
  const pause = page.getByRole("button", { name: "Pause", pressed: false });
  await pause.click();
  await shop.decrypt({ ciphertextBlob: new Uint8Array(3) }).catch(() => undefined);
  await page.getByRole("status").getByText("Paused: 1 new").waitFor();
  expect(await rows.count()).toBe(1);
  await page.getByRole("button", { name: "Pause", pressed: true }).click();
  await rows.filter({ hasText: "InvalidParameter" }).waitFor();
  await page.getByRole("checkbox", { name: "Refusals only" }).check();
  expect(await rows.count()).toBe(1);
  await rows.filter({ hasText: "InvalidParameter" }).waitFor();
  await page.context().close();
});

test("metrics: the numbers beside each line, and the operations", async () => {
  const page = await open();
  await goTo(page, "metrics");
  expect(await page.getByRole("figure").count()).toBe(4);
  for (const title of ["Requests", "Refused and failed", "Time to answer", "Memory of the process"]) {
    await page.getByRole("heading", { name: title, exact: true }).waitFor();
  }
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "ListKeys" }) });
  expect((await row.getByRole("cell").allTextContents()).slice(0, 3)).toEqual(["1", "0", "0"]);
  await page.locator("figure", { hasText: "Resident" }).getByText("MiB").first().waitFor();
  await page.context().close();
});

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

const LOOKS = [
  [360, "dark"],
  [768, "light"],
  [1_440, "light"],
  [360, "light"],
  [768, "dark"],
  [1_440, "dark"],
] as const;

test.each(LOOKS.slice(0, process.env.LANELOCK_LONG === "1" ? undefined : 3))(
  "at %i px, %s: axe finds nothing, nothing is wider than the page, and there are landmarks",
  async (width, colorScheme) => {
    const page = await open({ width, colorScheme });
    await page.evaluate(axeSource);
    for (const view of VIEWS) {
      await goTo(page, view);
      const violations = (await page.evaluate(
        "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => ({ html })) })))",
      )) as Violation[];
      expect(violations, view).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), view).toBeLessThanOrEqual(width);
      for (const role of ["banner", "main", "contentinfo"] as const) expect(await page.getByRole(role).count()).toBe(1);
      expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
    }
    // A control: axe would find a button without a name.
    await page.evaluate(() => document.querySelector("main")?.append(document.createElement("button")));
    const found = await page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))");
    expect(found).toContain("button-name");
    await page.context().close();
  },
);

test("on a narrow page a table is still a table", async () => {
  const page = await open({ width: 360 });
  const table = page.getByRole("table", { name: "Keys" });
  expect(await table.getByRole("columnheader").allTextContents()).toContain("Protection");
  expect(await table.getByRole("row").count()).toBe(51);
  expect(await table.getByRole("row").nth(1).getByRole("rowheader").count()).toBe(1);
  await page.context().close();
});

test("with reduced motion nothing moves", async () => {
  const page = await open();
  const duration = () =>
    page.evaluate(() => getComputedStyle(document.querySelector(".view") as Element).transitionDuration);
  expect(await duration()).toBe("0.2s");
  await page.emulateMedia({ reducedMotion: "reduce" });
  expect(await duration()).toBe("0s");
  await page.context().close();
});

test("empty views say what to do; a failing KMS and a lost server are said, and what is shown stays", async () => {
  const other = await startServer({ console: {} });
  await other.server.accessKeys.delete(other.owner.accessKeyId);
  const page = await open({ from: other.server.console?.link() ?? "", ownClock: true });
  await page.getByText("There are no keys yet.").waitFor();
  await goTo(page, "aliases");
  await page.getByText("There are no aliases yet.").waitFor();
  await goTo(page, "access-keys");
  await page.getByText("There are no access keys yet").waitFor();
  await other.kms.close();
  await page.clock.runFor(10_000);
  await page.getByRole("alert").getByText("The KMS is closed.").waitFor();
  expect(await page.getByRole("alert").getByRole("button", { name: "Try again" }).count()).toBe(1);
  await other.server.close();
  await page.clock.runFor(10_000);
  await page.getByRole("alert").getByText("The server does not answer. Trying again …").waitFor();
  expect(await page.getByText("Disconnected").count()).toBe(1);
  expect(await page.getByText("There are no access keys yet").count()).toBe(1);
  expect(await page.locator(".view.stale").count()).toBe(1);
  await page.context().close();
});

test("a server that comes back on the same port asks for a new link, also from the audit log", async () => {
  const first = await startServer({ console: {} });
  const port = Number(new URL(first.server.console?.url ?? "").port);
  const page = await open({ from: first.server.console?.link() ?? "" });
  await goTo(page, "audit");
  await first[Symbol.asyncDispose]();
  await page.getByText("Trying again …").waitFor();
  await using second = await startServer({ console: { port } });
  await page.getByRole("heading", { name: "Signed out" }).waitFor();
  await page.goto(second.server.console?.link() ?? "");
  await page.getByText("There are no keys yet.").waitFor();
  await page.context().close();
});

test("neither the policy nor the code complained", () => {
  expect(complaints).toEqual([]);
});
