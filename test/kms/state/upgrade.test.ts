import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type KmsOptions, verifyStore } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { importMaterial } from "../import/wrapped-material.ts";
import { openKms, rootKey } from "../open-kms.ts";
import { altered, sqliteIntruder } from "./database.ts";

const vectors = fileURLToPath(new URL("../../vectors/store-0.1/", import.meta.url));
const utf8 = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lanelock-upgrade-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe.each(["plain", "rewrapped"])("a store of lanelock 0.1, %s,", (name) => {
  const facts: { keyId: string; external: string; disabled: string; blobs: string[]; material: string } = JSON.parse(
    readFileSync(`${vectors}${name}.json`, "utf8"),
  );
  const [first, second] = facts.blobs.map((hex) => new Uint8Array(Buffer.from(hex, "hex")));
  const path = () => join(directory, "keys.db");
  const open = (options: Partial<KmsOptions> = {}) => openKms({ store: sqlStore({ path: path() }), ...options });

  beforeEach(() => {
    copyFileSync(`${vectors}${name}.db`, path());
    copyFileSync(`${vectors}${name}.db.audit.jsonl`, `${path()}.audit.jsonl`);
  });

  test("opens, keeps everything it had, and is authenticated as a whole from then on", async () => {
    const { keyId, external, disabled, material } = facts;
    const kms = await open();
    const opened = await kms.decrypt({ ciphertextBlob: first ?? new Uint8Array(), encryptionContext: { a: "1" } });
    expect(utf8(opened.plaintext)).toBe("version 1");
    expect(utf8((await kms.decrypt({ ciphertextBlob: second ?? new Uint8Array() })).plaintext)).toBe("version 2");
    expect((await kms.describeKey({ keyId: "alias/orders" })).keyMetadata.description).toBe("made by 0.1");
    expect((await kms.describeKey({ keyId: disabled })).keyMetadata.keyState).toBe("Disabled");
    expect((await kms.listResourceTags({ keyId })).tags).toEqual([{ keyId, tagKey: "team", tagValue: "red" }]);
    expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(2);
    // The same material is known again by its fingerprint, and other material is refused.
    await importMaterial(kms, { keyId: external, material: new Uint8Array(Buffer.from(material, "hex")) });
    const other = importMaterial(kms, { keyId: external, material: new Uint8Array(32).fill(6) });
    await expect(other).rejects.toMatchObject({ code: "InvalidKeyMaterial" });
    expect(await kms.verify()).toMatchObject({ ok: true, problems: [] });
    await kms.close();
    await (await open()).close();
    const report = await verifyStore({ store: sqlStore({ path: path() }), rootKey, audit: false });
    expect(report).toMatchObject({ ok: true, problems: [] });
  });

  test("is upgraded by the first of two processes", async () => {
    const both = await Promise.all([open({ audit: false }), open({ audit: false })]);
    // The store knows its log by the place where it was made.
    const files = [`${path()}.audit.jsonl`];
    for (const kms of both) expect(await kms.verify({ files })).toMatchObject({ ok: true, problems: [] });
    await Promise.all(both.map((kms) => kms.close()));
  });

  test("is refused when a row was changed, and stays as it is", async () => {
    const intruder = sqliteIntruder(path());
    const before = await intruder.snapshot();
    for (const [table, rows] of before) {
      const [row] = rows;
      if (row === undefined || !("mac" in row)) continue;
      await intruder.put(table, { ...row, mac: altered(row.mac) });
      await expect(open(), table).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
      await intruder.put(table, row);
    }
    await (await open()).close();
    await intruder.close();
  });

  test("that was upgraded cannot be taken for one that was not: its old rows and none of its state", async () => {
    const intruder = sqliteIntruder(path());
    const old = await intruder.snapshot();
    await (await open()).close();
    for (const table of ["lanelock_keys", "lanelock_aliases", "lanelock_import_tokens"]) {
      for (const row of old.get(table) ?? []) await intruder.put(table, row);
    }
    await intruder.remove("lanelock_meta", { name: "state" });
    await expect(open()).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
    // With the former check of its root key too, what was not put back betrays it.
    for (const row of old.get("lanelock_meta") ?? []) await intruder.put("lanelock_meta", row);
    await expect(open()).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
    await intruder.close();
  });
});
