import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AnchorOption, Kms, type KmsOptions, rewrapStore, verifyStore } from "lanelock/kms";
import { memoryStore, sqlStore } from "lanelock/stores";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeyId, openKms, rootKey } from "../open-kms.ts";

let directory: string;
let path: string;
let anchorPath: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lanelock-anchor-"));
  mkdirSync(join(directory, "elsewhere"));
  path = join(directory, "keys.db");
  anchorPath = join(directory, "elsewhere", "keys.anchor");
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = (options: Partial<KmsOptions> = {}) =>
  openKms({ store: sqlStore({ path }), audit: false, anchor: { file: anchorPath }, ...options });
const rolledBack = { code: "ERR_INTEGRITY", message: expect.stringContaining("does not agree with its anchor") };

/** Keeps the database file, and puts it back as a whole. */
function backup() {
  const copy = join(directory, "backup.db");
  copyFileSync(path, copy);
  return () => {
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    copyFileSync(copy, path);
  };
}

describe("a whole store put back", () => {
  test("is refused where there is an anchor, until the anchor begins again", async () => {
    const kms = await open();
    const keyId = await createKeyId(kms);
    await kms.close();
    const putBack = backup();
    const again = await open();
    await again.disableKey({ keyId });
    await again.close();
    putBack();
    await expect(open()).rejects.toMatchObject(rolledBack);
    const options = { store: sqlStore({ path }), rootKey, anchor: { file: anchorPath } };
    expect(await verifyStore(options)).toMatchObject({ ok: false, problems: [expect.stringContaining("anchor")] });
    const begun = await open({ anchor: { file: anchorPath, begin: true } });
    expect((await begun.describeKey({ keyId })).keyMetadata.keyState).toBe("Enabled");
    await begun.close();
    await (await open()).close();
  });

  test("is not noticed without an anchor, as docs/kms.md says", async () => {
    const kms = await open({ anchor: undefined });
    const keyId = await createKeyId(kms);
    await kms.close();
    const putBack = backup();
    const again = await open({ anchor: undefined });
    await again.disableKey({ keyId });
    await again.close();
    putBack();
    await using opened = await open({ anchor: undefined });
    expect((await opened.describeKey({ keyId })).keyMetadata.keyState).toBe("Enabled");
    expect(await opened.verify()).toMatchObject({ ok: true });
  });

  test("that has lost its write-ahead log is refused, also when it then has no keys at all", async () => {
    for (const keysBefore of [1, 0]) {
      rmSync(anchorPath, { force: true });
      for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
      const kms = await open();
      if (keysBefore > 0) await createKeyId(kms);
      if (keysBefore > 0) await kms.close();
      const writer = keysBefore > 0 ? await open() : kms;
      await createKeyId(writer);
      // The log is not in the database file yet.
      const copy = join(directory, `copy-${keysBefore}.db`);
      copyFileSync(path, copy);
      await expect(open({ store: sqlStore({ path: copy }) })).rejects.toMatchObject(rolledBack);
      await writer.close();
    }
  });
});

test("a copy without its write-ahead log and without an anchor: an empty one is refused beside its audit file", async () => {
  const store = sqlStore({ path });
  const writer = await openKms({ store });
  await createKeyId(writer);
  const copy = join(directory, "copy.db");
  copyFileSync(path, copy);
  copyFileSync(`${path}.audit.jsonl`, `${copy}.audit.jsonl`);
  await expect(openKms({ store: sqlStore({ path: copy }) })).rejects.toMatchObject({ code: "ERR_AUDIT" });
  await writer.close();
});

describe("the anchor", () => {
  test("of a store with keys keeps an empty store from being begun in its place", async () => {
    const kms = await open();
    await createKeyId(kms);
    await kms.close();
    const empty = memoryStore();
    await expect(openKms({ store: empty, anchor: { file: anchorPath } })).rejects.toMatchObject(rolledBack);
    await empty.open();
    expect(await empty.read((rows) => rows.metas())).toEqual([]);
    await (await open()).close();
  });

  test("follows every change before it is acknowledged, in a file of its owner's", async () => {
    await using kms = await open();
    const seen = new Set<string>();
    const keyId = await createKeyId(kms);
    seen.add(readFileSync(anchorPath, "utf8"));
    await kms.disableKey({ keyId });
    seen.add(readFileSync(anchorPath, "utf8"));
    await kms.enableKey({ keyId });
    seen.add(readFileSync(anchorPath, "utf8"));
    expect(seen.size).toBe(3);
    expect(statSync(anchorPath).mode & 0o077).toBe(0);
  });

  test("that is gone, changed, older or another store's is refused", async () => {
    const kms = await open();
    await createKeyId(kms);
    await kms.close();
    const text = readFileSync(anchorPath, "utf8");
    rmSync(anchorPath);
    await expect(open()).rejects.toMatchObject(rolledBack);
    for (const other of [text.replace(/"epoch":\d+/, '"epoch":1'), text.replace(/"mac":"./, '"mac":"z'), "nonsense"]) {
      writeFileSync(anchorPath, other);
      await expect(open(), other).rejects.toMatchObject(rolledBack);
    }
    writeFileSync(anchorPath, text);
    await expect(open({ store: memoryStore() })).rejects.toMatchObject(rolledBack);
    await (await open()).close();
    expect(existsSync(anchorPath)).toBe(true);
  });

  test("may be two functions, of one process or of many", async () => {
    let text: string | undefined;
    const anchor: AnchorOption = {
      read: async () => text,
      write: async (next) => {
        text = next;
      },
    };
    const store = memoryStore();
    const [one, other] = [await openKms({ store, anchor }), await openKms({ store, anchor })];
    await Promise.all(Array.from({ length: 20 }, (_, i) => createKeyId(i % 2 === 0 ? one : other)));
    const epoch = () => JSON.parse(text ?? "{}").epoch;
    const before = epoch();
    await createKeyId(one);
    expect(epoch()).toBeGreaterThan(before);
    await Promise.all([one.close(), other.close()]);
    text = JSON.stringify({ ...JSON.parse(text ?? ""), epoch: 10_000 });
    await expect(openKms({ store, anchor })).rejects.toMatchObject(rolledBack);
  });

  test("that cannot be read or written fails the call, for every thrown value, and is updated later", async () => {
    let broken: unknown;
    let text: string | undefined;
    const anchor: AnchorOption = {
      read: () => text,
      write: (next) => {
        if (broken !== undefined) throw broken;
        text = next;
      },
    };
    const store = memoryStore();
    await using kms = await openKms({ store, anchor });
    for (const thrown of [new Error("disk gone"), "text", { code: "EIO" }, null]) {
      broken = thrown;
      await expect(kms.createKey({})).rejects.toMatchObject({
        code: "ERR_STORE",
        message: expect.stringContaining("anchor"),
      });
    }
    broken = undefined;
    await kms.createKey({});
    expect((await kms.listKeys()).totalCount).toBe(5);
    await (await openKms({ store, anchor })).close();
    const unreadable: AnchorOption = {
      read: () => Promise.reject(new Error("no")),
      write: () => undefined,
    };
    await expect(openKms({ store, anchor: unreadable })).rejects.toMatchObject({ code: "ERR_STORE" });
  });

  test("goes on under a new root key", async () => {
    const kms = await open();
    await createKeyId(kms);
    await kms.close();
    const newRootKey = new Uint8Array(32).fill(9);
    const anchor = { file: anchorPath };
    await rewrapStore({ store: sqlStore({ path }), rootKey, newRootKey, anchor, audit: false });
    await (await open({ rootKey: newRootKey })).close();
  });

  test("option is checked before anything is opened", async () => {
    const refused = { code: "ERR_ARGUMENT", message: expect.stringContaining("anchor") };
    const read = () => undefined;
    for (const anchor of [
      {},
      { file: "" },
      { file: 1 },
      { read },
      { file: "a", read, write: read },
      { path: "x" },
      5,
    ]) {
      await expect(Kms.open({ store: memoryStore(), rootKey, anchor: anchor as never })).rejects.toMatchObject(refused);
    }
  });
});
