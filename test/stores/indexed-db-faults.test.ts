import { createHmac } from "node:crypto";
import type { Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserNames, launchBrowser, type Tab, type TestBrowser } from "../browser/browsers.ts";
import { ask, servePage } from "./page-of-stores.ts";

// What another tab or a script can do to a store and its root key. In Firefox with the long tests only.

const long = process.env.LANELOCK_LONG === "1";

let server: Server | undefined;
let url: string;
beforeAll(async () => {
  ({ server, url } = await servePage());
});
afterAll(() => {
  server?.close();
});

let names = 0;
const newName = () => `faults ${names++}`;

describe.each(long ? browserNames : (["chromium"] as const))("%s", (browserName) => {
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

  test("a value that the browser does not keep is refused with its own advice", async () => {
    const page = await newTab();
    expect(await ask(page, "refusalOfValue", newName())).toMatch(/^ERR_STORE: .*cannot keep .*\(DataCloneError\)/);
    await page.close();
  });

  test("another program's database of version 1 is left alone", async () => {
    const [page, name] = [await newTab(), newName()];
    await ask(page, "makeForeign", name);
    for (let i = 0; i < 2; i++)
      expect(await ask(page, "refusalOfStore", name)).toMatch(/^ERR_STORE: .*lacks a table of lanelock's/);
    await page.close();
  });

  test("values of other types that a script puts into rows are noticed", async () => {
    const [page, name] = [await newTab(), newName()];
    await ask(page, "open", name);
    await ask(page, "encrypt", await ask(page, "createKey", "typed"), "counted");
    await ask(page, "close");
    for (const [table, column, as] of [
      ["counter", "count", "text"],
      ["key", "deletionProtected", "text"],
      ["key", "createdAt", "flag"],
      ["version", "ordinal", "text"],
    ] as const) {
      const { verifying, problems } = await ask(page, "whileSpoiled", name, { table, column, as });
      expect(verifying).toBe("resolved");
      expect(problems, `${table}.${column}`).toEqual([
        expect.stringMatching(`^The row "${table} .*not what was written`),
      ]);
    }
    const timeless = await ask(page, "whileSpoiled", name, { table: "key", column: "createdAt", as: "flag" });
    expect(timeless.opening).toMatch(/^ERR_INTEGRITY: /);
    for (const as of ["text", "number", "long", "missing"] as const) {
      const { opening, problems } = await ask(page, "whileSpoiled", name, { table: "alias", column: "mac", as });
      expect(opening, as).toMatch(/^ERR_INTEGRITY: .*changed from outside/);
      expect(problems, as).toEqual([expect.stringMatching(/^The row "alias .*not what was written/)]);
      for (const key of ["store-id", "state", "root-check", "root-sealed"]) {
        const meta = await ask(page, "whileSpoiled", name, { table: "meta", key, column: "value", as });
        expect(meta.opening, `${key} ${as}`).toMatch(/^ERR_(INTEGRITY|KEY): /);
        expect([meta.verifying, ...meta.problems].join(), `${key} ${as}`).toMatch(/^(ERR_KEY|resolved,)/);
      }
    }
    expect(await ask(page, "verifyClosed", name)).toEqual([]);
    await page.close();
  });

  test("a whole store that a script puts back is noticed with an anchor, as docs/stores.md says", async () => {
    const page = await newTab();
    expect(await ask(page, "rollBack", newName(), false)).toBe("resolved");
    expect(await ask(page, "rollBack", newName(), true)).toMatch(/^ERR_INTEGRITY: /);
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
    expect(refused).toMatch(/^InvalidAccessError: /);
    await ask(page, "close");
    await page.close();
  });

  test("a root key's row that a script has spoiled is refused", async () => {
    const [page, name] = [await newTab(), newName()];
    expect(await ask(page, "refusalOfOpening", name)).toBe("resolved");
    for (const column of ["key", "id", "storeId", "row"] as const)
      expect(await ask(page, "whileRootSpoiled", name, column), column).toMatch(
        /^ERR_KEY: .*is damaged.*Check the name/,
      );
    expect(await ask(page, "refusalOfOpening", name)).toBe("resolved");
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
});
