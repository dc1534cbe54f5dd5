import type { Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserNames, launchBrowser, type Tab, type TestBrowser } from "../browser/browsers.ts";
import { ask, servePage } from "./page-of-stores.ts";

// indexedDbStore and browserRoot in Debian's browsers, from the built package.

const long = process.env.LANELOCK_LONG === "1";
const { races, additions, rotations, kills } = long
  ? { races: 20, additions: 80, rotations: 24, kills: 20 }
  : { races: 2, additions: 10, rotations: 5, kills: 2 };

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

  /** A name that no other test of this browser uses. */
  let names = 0;
  const newName = () => `orders ${names++}`;

  test("keys, blobs and envelopes survive the tab, and another tab sees what one changes", async () => {
    const name = newName();
    const first = await newTab();
    await ask(first, "open", name);
    const keyId = await ask(first, "createKey", "orders");
    const signing = await ask(first, "createKey", "signing", "EC_P256");
    const blob = await ask(first, "encrypt", keyId, "before the reload");
    const sealed = await ask(first, "sealEnvelope", keyId, "an envelope");
    const rotated = await ask(first, "rotate", keyId);
    // Without closing anything, as users leave pages.
    await first.close();
    const [second, third] = [await newTab(), await newTab()];
    for (const tab of [second, third]) await ask(tab, "open", name);
    expect(await ask(second, "decrypt", blob)).toBe("before the reload");
    expect(await ask(third, "openEnvelope", "alias/orders", sealed)).toBe("an envelope");
    expect(await ask(third, "versions", signing)).toMatchObject({ versions: [expect.any(String)] });
    const { versions, primary } = await ask(second, "versions", keyId);
    expect([versions.length, primary]).toEqual([2, rotated]);
    expect(await ask(third, "decrypt", await ask(second, "encrypt", keyId, "shared"))).toBe("shared");
    expect(await ask(second, "decryptInWorker", name, blob)).toBe("before the reload");
    await ask(second, "disable", keyId);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await ask(third, "refusalOfEncrypt", keyId)).toMatch(/^Rejected.Disabled/);
    for (const tab of [second, third]) {
      expect(await ask(tab, "verify")).toEqual({ ok: true, problems: [] });
      await ask(tab, "close");
    }
    expect(await ask(third, "verifyClosed", name)).toEqual([]);
    for (const tab of [second, third]) await tab.close();
  });

  test("several tabs that open a new store at once make one store and one root key", async () => {
    const tabs = [await newTab(), await newTab(), await newTab()];
    for (let round = 0; round < races; round++) {
      const name = newName();
      await Promise.all(tabs.map((tab) => ask(tab, "open", name)));
      const [maker, ...others] = tabs;
      if (maker === undefined) expect.unreachable();
      const blob = await ask(maker, "encrypt", await ask(maker, "createKey", "race"), "one root key");
      for (const tab of others) expect(await ask(tab, "decrypt", blob)).toBe("one root key");
      for (const tab of tabs) await ask(tab, "close");
    }
    for (const tab of tabs) await tab.close();
  });

  test("tabs that change one row at once lose no update, also when they wait inside a transaction", async () => {
    const tabs = [await newTab(), await newTab(), await newTab()];
    const name = newName();
    await Promise.all(tabs.map((tab) => ask(tab, "count", name, additions)));
    expect(await ask(await newTab(), "count", name, 0)).toBe(3 * additions);
    for (const tab of tabs) await tab.close();
  });

  // Firefox writes to the disk for each change, which takes its time.
  if (browserName === "firefox" && !long) return;

  test("tabs that rotate one key at once make a version each, and one of them is the primary", async () => {
    const tabs = [await newTab(), await newTab()];
    const name = newName();
    for (const tab of tabs) await ask(tab, "open", name);
    const [maker] = tabs;
    if (maker === undefined) expect.unreachable();
    const keyId = await ask(maker, "createKey", "rotated");
    const rotating = tabs.flatMap((tab) => Array.from({ length: rotations }, () => ask(tab, "rotate", keyId)));
    const made = await Promise.all(rotating);
    const { versions, primary } = await ask(maker, "versions", keyId);
    expect(new Set(made).size).toBe(2 * rotations);
    expect(versions.length).toBe(2 * rotations + 1);
    expect(versions).toEqual(expect.arrayContaining(made));
    expect(made).toContain(primary);
    for (const tab of tabs) {
      expect(await ask(tab, "versions", keyId)).toEqual({ versions, primary });
      expect((await ask(tab, "verify")).problems).toEqual([]);
    }
    for (const tab of tabs) await tab.close();
  });

  test("a transaction lives through timers and WebCrypto, and is rolled back as one", async () => {
    const tab = await newTab();
    const [kept, dropped] = [newName(), newName()];
    expect(await ask(tab, "waitInside", kept, false)).toEqual({ said: "resolved", metas: ["first", "second"] });
    expect(await ask(tab, "waitInside", dropped, true)).toEqual({ said: "Error: changed my mind", metas: [] });
    await tab.close();
  });

  test("a tab that is closed while it writes leaves whole transactions only, and all that were acknowledged", async () => {
    const name = newName();
    const witness = await newTab();
    for (let round = 0, before = 0; round < kills; round++) {
      const doomed = await newTab();
      doomed.evaluate(`lanelock.moveForEver("${name}")`).catch(() => undefined);
      const acknowledged = await ask(doomed, "acknowledged", 5 + round * 7);
      await doomed.close();
      const { sum, moves } = await ask(witness, "moved", name);
      expect(sum).toBe(0);
      expect(moves).toBeGreaterThanOrEqual(before + acknowledged);
      before = moves;
    }
    await witness.close();
  });

  test("an audit function that waits holds the change until it has the event", async () => {
    const tab = await newTab();
    const { ok, events } = await ask(tab, "useAuditFunction", newName(), 5);
    expect(ok).toBe(true);
    expect(events).toEqual(expect.arrayContaining(["CreateAlias", "CreateKey", "RotateKey"]));
    await tab.close();
  });

  test("a claim is one tab's until that tab is closed", async () => {
    const [name, holder, other] = [newName(), await newTab(), await newTab()];
    expect(await ask(holder, "claim", name)).toBe(true);
    expect(await ask(other, "claim", name)).toBe(false);
    await holder.close();
    await expect.poll(() => ask(other, "claim", name), { timeout: 60_000 }).toBe(true);
    expect(await ask(other, "claimStolen", newName())).toEqual({ before: false, after: true });
    await other.close();
  });

  test("ids are new once over all tabs, and forgotten when their time is over", async () => {
    const [name, soon, past] = [newName(), Date.now() + 60_000, Date.now() - 60_000];
    const [one, other] = [await newTab(), await newTab()];
    expect(await ask(one, "remember", name, [1, 2], soon)).toEqual([true, true]);
    expect(await ask(one, "remember", name, [3], past)).toEqual([true]);
    expect(await ask(other, "remember", name, [4, 2, 1, 3], soon)).toEqual([true, false, false, true]);
    for (const tab of [one, other]) await tab.close();
  });

  test("opening and closing many times leaves no connection behind", async () => {
    const tab = await newTab();
    await ask(tab, "cycles", newName(), 10);
    await tab.close();
  });
});
