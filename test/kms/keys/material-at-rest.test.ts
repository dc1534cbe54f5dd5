import { createDecipheriv, createHash, hkdfSync } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Kms, type KmsOptions, rewrapStore } from "lanelock/kms";
import { memoryStore, sqlStore } from "lanelock/stores";
import LibsqlDatabase from "libsql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { slotsInUse } from "../../../src/engine/slots.ts";
import { createKeyId, openKms, rootKey } from "../open-kms.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lanelock-rest-"));
  path = join(directory, "keys.db");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const plaintext = new TextEncoder().encode("attack at dawn");
const open = (options: Partial<KmsOptions> = {}) => openKms({ store: sqlStore({ path }), ...options });

/** Runs statements on the database behind the KMS's back, through another connection. */
function sqlite<T = Record<string, unknown>>(sql: string, parameters: unknown[] = []): T[] {
  const database = new LibsqlDatabase(path, { timeout: 5_000 });
  try {
    const statement = database.prepare(sql);
    return (statement.reader ? statement.all(parameters) : [statement.run(parameters)]) as T[];
  } finally {
    database.close();
  }
}

function lengthPrefixed(...fields: (string | number)[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const bytes = Buffer.from(String(field));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

describe("material at rest", () => {
  test("is AES-256-GCM under HKDF of store, key, version and purpose: node:crypto unwraps it, and opens a blob with it", async () => {
    await using kms = await open();
    const keyId = await createKeyId(kms);
    const encryptionContext = { b: "2", a: "1" };
    const { ciphertextBlob, keyVersionId } = await kms.encrypt({ keyId, plaintext, encryptionContext });

    const [row] = sqlite<{ handle: ArrayBuffer }>('select "handle" from lanelock_key_objects where "versionId" = ?', [
      keyVersionId,
    ]);
    const [meta] = sqlite<{ value: ArrayBuffer }>("select value from lanelock_meta where name = 'store-id'");
    const storeId = Buffer.from(meta?.value ?? new ArrayBuffer()).toString();
    const salt = lengthPrefixed("lanelock store", storeId);
    const info = lengthPrefixed(storeId, keyId, keyVersionId, "key");
    const wrappingKey = Buffer.from(hkdfSync("sha256", rootKey, salt, info, 32));
    const wrapped = Buffer.from(row?.handle ?? new ArrayBuffer());
    expect(wrapped).toHaveLength(1 + 12 + 32 + 16);
    expect(wrapped[0]).toBe(1);
    const unwrap = createDecipheriv("aes-256-gcm", wrappingKey, wrapped.subarray(1, 13), { authTagLength: 16 });
    unwrap.setAAD(lengthPrefixed(1, "Aliyun_AES_256", "ENCRYPT/DECRYPT", "Aliyun_KMS", "SOFTWARE", "GCM"));
    unwrap.setAuthTag(wrapped.subarray(-16));
    const material = Buffer.concat([unwrap.update(wrapped.subarray(13, -16)), unwrap.final()]);

    const blob = Buffer.from(ciphertextBlob);
    expect(blob.subarray(0, 36).toString()).toBe(keyVersionId);
    const decipher = createDecipheriv("aes-256-gcm", material, blob.subarray(36, 48), { authTagLength: 16 });
    decipher.setAAD(createHash("sha256").update("a=1&b=2").digest());
    decipher.setAuthTag(blob.subarray(-16));
    expect(Buffer.concat([decipher.update(blob.subarray(48, -16)), decipher.final()])).toEqual(Buffer.from(plaintext));
  });

  test("a change of any column of any row is found, and a row that was moved", async () => {
    const kms = await open();
    const keyId = await createKeyId(kms);
    await kms.createAlias({ keyId, aliasName: "alias/a" });
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    const other = await createKeyId(kms);
    const otherVersion = (await kms.describeKey({ keyId: other })).keyMetadata.primaryKeyVersion;
    await kms.close();

    const uses: Readonly<Record<string, (kms: Kms) => Promise<unknown>>> = {
      lanelock_keys: (one) => one.describeKey({ keyId }),
      lanelock_versions: (one) => one.listKeyVersions({ keyId }),
      lanelock_key_objects: (one) => one.decrypt({ ciphertextBlob }),
      lanelock_aliases: (one) => one.encrypt({ keyId: "alias/a", plaintext }),
    };
    let changed = 0;
    for (const [table, use] of Object.entries(uses)) {
      const where = table === "lanelock_key_objects" ? `"versionId" <> '${otherVersion}'` : `"keyId" = '${keyId}'`;
      const [row = {}] = sqlite(`select * from ${table} where ${where}`);
      for (const [column, value] of Object.entries(row)) {
        const primaryKey =
          /^(keyId|versionId|aliasName|mode)$/.test(column) && !(table === "lanelock_keys" && column === "mode");
        if (primaryKey) continue;
        sqlite(`update ${table} set "${column}" = ? where ${where}`, [tampered(value)]);
        const opening = open();
        await expect(opening.then(use), `${table}.${column}`).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
        await (await opening.catch(() => undefined))?.close();
        sqlite(`update ${table} set "${column}" = ? where ${where}`, [restored(value)]);
        changed++;
      }
      await using opened = await open();
      await use(opened);
    }
    expect(changed).toBeGreaterThan(25);

    sqlite(`update lanelock_aliases set "keyId" = ?`, [other]);
    sqlite(`update lanelock_versions set "keyId" = ? where "keyId" = ?`, [other, keyId]);
    await using opened = await open();
    await expect(opened.describeKey({ keyId: "alias/a" })).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
    await expect(opened.decrypt({ ciphertextBlob })).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
  });

  test("wrapped material copied to another version, with a row to match, does not unwrap", async () => {
    const kms = await open();
    const keyId = await createKeyId(kms);
    const { keyVersionId: from } = await kms.encrypt({ keyId, plaintext });
    const { keyVersion } = await kms.rotateKey({ keyId });
    await kms.close();
    const copy = `update lanelock_key_objects set "handle" = (select "handle" from lanelock_key_objects where "versionId" = ?)
      where "versionId" = ?`;
    sqlite(copy, [from, keyVersion.keyVersionId]);
    await using opened = await open();
    await expect(opened.encrypt({ keyId, plaintext })).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
  });

  test("the database file is its owner's alone", async () => {
    await using kms = await open();
    await createKeyId(kms);
    for (const suffix of ["", "-wal", "-shm"]) expect(statSync(path + suffix).mode & 0o077).toBe(0);
    expect(statSync(`${path}.audit.jsonl`).mode & 0o077).toBe(0);
  });
});

function tampered(value: unknown): unknown {
  if (typeof value === "string") return `${value}x`;
  if (typeof value === "number") return value + 1;
  if (value instanceof ArrayBuffer) {
    const bytes = Buffer.from(new Uint8Array(value));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    return bytes;
  }
  return "x";
}

function restored(value: unknown): unknown {
  return value instanceof ArrayBuffer ? Buffer.from(new Uint8Array(value)) : value;
}

describe("root key", () => {
  const wrong = Uint8Array.from(rootKey, (byte) => byte ^ 1);

  test("a wrong one is rejected at open, and the right one still opens", async () => {
    const kms = await open();
    const keyId = await createKeyId(kms);
    await kms.close();
    await expect(open({ rootKey: wrong })).rejects.toMatchObject({
      code: "ERR_KEY",
      message: expect.stringContaining("not the one this store is kept under"),
    });
    await using again = await open();
    expect((await again.describeKey({ keyId })).keyMetadata.keyId).toBe(keyId);
  });

  test("the caller's is copied, neither kept nor wiped", async () => {
    const given = Uint8Array.from(rootKey);
    const opening = open({ rootKey: given });
    await (await opening).close();
    expect(given).toEqual(rootKey);
  });

  test("comes from a file that is its owner's alone: raw, base64 or hex", async () => {
    const file = join(directory, "root.key");
    const forms = [
      Buffer.from(rootKey),
      `${Buffer.from(rootKey).toString("base64")}\n`,
      Buffer.from(rootKey).toString("hex"),
    ];
    for (const form of forms) {
      writeFileSync(file, form, { mode: 0o600 });
      chmodSync(file, 0o600);
      await (await open({ rootKey: { file } })).close();
    }
    for (const mode of [0o640, 0o604, 0o644, 0o660]) {
      chmodSync(file, mode);
      await expect(open({ rootKey: { file } })).rejects.toMatchObject({
        code: "ERR_KEY",
        message: expect.stringContaining("chmod 600"),
      });
    }
  });

  test("comes from an environment variable", async () => {
    process.env.LANELOCK_TEST_ROOT = Buffer.from(rootKey).toString("base64");
    try {
      await (await open({ rootKey: { env: "LANELOCK_TEST_ROOT" } })).close();
      await (await open()).close();
    } finally {
      delete process.env.LANELOCK_TEST_ROOT;
    }
    await expect(open({ rootKey: { env: "LANELOCK_TEST_ROOT" } })).rejects.toMatchObject({ code: "ERR_KEY" });
  });

  test("is never a text of 32 characters, in a file or in an environment variable", async () => {
    const file = join(directory, "text.key");
    for (const text of ["correct horse battery staple 32!", "0123456789abcdef".repeat(2), `${"p".repeat(31)}\n`]) {
      writeFileSync(file, text, { mode: 0o600 });
      await expect(open({ rootKey: { file } })).rejects.toMatchObject({
        code: "ERR_KEY",
        message: expect.stringContaining("text"),
      });
      process.env.LANELOCK_TEST_ROOT = text;
      await expect(open({ rootKey: { env: "LANELOCK_TEST_ROOT" } }), text).rejects.toMatchObject({ code: "ERR_KEY" });
      delete process.env.LANELOCK_TEST_ROOT;
    }
    process.env.LANELOCK_TEST_ROOT = String.fromCharCode(...Array.from({ length: 32 }, (_, i) => 1 + i));
    await expect(open({ rootKey: { env: "LANELOCK_TEST_ROOT" } })).rejects.toMatchObject({ code: "ERR_KEY" });
    delete process.env.LANELOCK_TEST_ROOT;
  });

  test("anything else is refused with what it must be", async () => {
    const file = join(directory, "bad.key");
    for (const content of ["", "short", Buffer.alloc(31), Buffer.alloc(33), "z".repeat(64), Buffer.alloc(5_000)]) {
      writeFileSync(file, content, { mode: 0o600 });
      await expect(open({ rootKey: { file } })).rejects.toMatchObject({ code: "ERR_KEY" });
    }
    await expect(open({ rootKey: { file: join(directory, "absent") } })).rejects.toMatchObject({ code: "ERR_KEY" });
    await expect(open({ rootKey: new Uint8Array(31) })).rejects.toMatchObject({ code: "ERR_KEY" });
    for (const nonsense of [undefined, null, "root", 5, {}, { file: 1 }]) {
      const attempt = open({ rootKey: nonsense as never });
      await expect(attempt).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    }
  });
});

describe("rewrapStore", () => {
  const newRootKey = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);

  test("moves everything to a new root key: ciphertext, aliases, versions and the audit chain go on", async () => {
    const kms = await open();
    const keyId = await createKeyId(kms);
    await kms.createAlias({ keyId, aliasName: "alias/a" });
    const encryptionContext = { tenant: "1" };
    const first = await kms.encrypt({ keyId, plaintext, encryptionContext });
    await kms.rotateKey({ keyId });
    const second = await kms.encrypt({ keyId, plaintext });
    const external = (await kms.createKey({ origin: "EXTERNAL" })).keyMetadata.keyId;
    await kms.getParametersForImport({
      keyId: external,
      wrappingKeySpec: "RSA_2048",
      wrappingAlgorithm: "RSAES_OAEP_SHA_256",
    });
    await kms.close();
    const handles = () => sqlite('select hex("handle") as h from lanelock_key_objects').map((row) => row.h);
    const before = handles();

    await rewrapStore({ store: sqlStore({ path }), rootKey, newRootKey });

    expect(handles().some((handle) => before.includes(handle))).toBe(false);
    await expect(open()).rejects.toMatchObject({ code: "ERR_KEY" });
    await using opened = await open({ rootKey: newRootKey });
    expect((await opened.decrypt({ ...first, encryptionContext })).plaintext).toEqual(plaintext);
    expect((await opened.decrypt({ ciphertextBlob: second.ciphertextBlob })).plaintext).toEqual(plaintext);
    expect((await opened.encrypt({ keyId: "alias/a", plaintext })).keyVersionId).toBe(second.keyVersionId);
    expect(await opened.verifyAudit()).toMatchObject({ ok: true });
    await rewrapStore({ store: sqlStore({ path }), rootKey: newRootKey, newRootKey: rootKey, audit: false });
  });

  test("a process that has the store open gets ERR_KEY, and writes nothing under the old key", async () => {
    const kms = await open({ cache: { checkMilliseconds: 0 } });
    const keyId = await createKeyId(kms);
    await kms.encrypt({ keyId, plaintext });
    await rewrapStore({ store: sqlStore({ path }), rootKey, newRootKey });
    const refused = { code: "ERR_KEY", message: expect.stringContaining("rewrapStore") };
    await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject(refused);
    await expect(kms.createKey({})).rejects.toMatchObject(refused);
    await expect(kms.disableKey({ keyId })).rejects.toMatchObject(refused);
    // Its lines were written and anchored before the key was changed.
    await kms.close();
    await using opened = await open({ rootKey: newRootKey });
    expect(await opened.verify()).toMatchObject({ ok: true, problems: [] });
    expect((await opened.listKeys()).totalCount).toBe(1);
    expect((await opened.describeKey({ keyId })).keyMetadata.keyState).toBe("Enabled");
  });

  test("a wrong old key, or a new one of a wrong length, changes nothing", async () => {
    const kms = await open();
    const keyId = await createKeyId(kms);
    await kms.close();
    const store = () => sqlStore({ path });
    await expect(rewrapStore({ store: store(), rootKey: newRootKey, newRootKey })).rejects.toMatchObject({
      code: "ERR_KEY",
    });
    const short = rewrapStore({ store: store(), rootKey, newRootKey: new Uint8Array(5) });
    await expect(short).rejects.toMatchObject({ code: "ERR_KEY" });
    await using again = await open();
    await again.encrypt({ keyId, plaintext });
  });
});

describe("plaintext keys in memory", () => {
  test("are bounded in number and age, and wiped when they leave and on close", async () => {
    const before = slotsInUse().length;
    const kms = await openKms({ store: memoryStore(), cache: { maxKeys: 2, maxAgeSeconds: 0.05 }, sweepSeconds: 0.01 });
    const keyIds = [await createKeyId(kms), await createKeyId(kms), await createKeyId(kms), await createKeyId(kms)];
    const blobs: Uint8Array[] = [];
    for (const keyId of keyIds) blobs.push((await kms.encrypt({ keyId, plaintext })).ciphertextBlob);
    expect(slotsInUse().length - before).toBeLessThanOrEqual(2);
    await expect.poll(() => slotsInUse().length, { timeout: 60_000 }).toBe(before);
    for (const ciphertextBlob of blobs) expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
    await Promise.all(keyIds.map((keyId) => kms.encrypt({ keyId, plaintext })));
    await kms.close();
    expect(slotsInUse().length).toBe(before);
    await expect(kms.encrypt({ keyId: keyIds[0] ?? "", plaintext })).rejects.toMatchObject({ code: "ERR_STATE" });
  });

  test("none need be kept at all", async () => {
    const before = slotsInUse().length;
    await using kms = await openKms({ cache: { maxKeys: 0 } });
    const keyId = await createKeyId(kms);
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
    await expect.poll(() => slotsInUse().length, { timeout: 60_000 }).toBe(before);
  });
});
