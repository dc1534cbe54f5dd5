import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyStore, Kms } from "lanelock/kms";
import { memoryStore, sqlStore } from "lanelock/stores";
import LibsqlDatabase from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PostgresServer } from "../../stores/postgres-server.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { createKeyId, openKms, TestClock } from "../open-kms.ts";

const plaintext = new Uint8Array(8);

async function handlesOf(store: KeyStore, kms: Kms, keyId: string): Promise<Buffer[]> {
  const { keyVersions } = await kms.listKeyVersions({ keyId });
  const rows = await store.read(async (tx) => {
    const all = [];
    for (const { keyVersionId } of keyVersions) all.push(...(await tx.keyObjects(keyVersionId)));
    return all;
  });
  return rows.map((row) => Buffer.from(row.handle));
}

describe("deletion", () => {
  test("happens at the end of the window, not a millisecond before, by any first use of the key", async () => {
    const time = new TestClock();
    await using kms = await openKms({ clock: time.clock });
    const keyId = await createKeyId(kms);
    await kms.createAlias({ keyId, aliasName: "alias/a" });
    await kms.tagResource({ keyId, tags: [{ tagKey: "k", tagValue: "v" }] });
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
    const { keyMetadata } = await kms.describeKey({ keyId });
    expect(keyMetadata).toMatchObject({ keyState: "PendingDeletion", deleteDate: new Date(time.now + 7 * 86_400_000) });
    time.advance({ days: 7, milliseconds: -1 });
    await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject({ code: "Rejected.PendingDeletion" });
    time.advance({ milliseconds: 1 });
    const gone = { code: "Forbidden.KeyNotFound", httpStatus: 404 };
    await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject(gone);
    await expect(kms.cancelKeyDeletion({ keyId })).rejects.toMatchObject(gone);
    await expect(kms.describeKey({ keyId: "alias/a" })).rejects.toMatchObject(gone);
    expect((await kms.listKeys()).totalCount).toBe(0);
    expect((await kms.listAliases()).totalCount).toBe(0);
    const successor = await createKeyId(kms);
    await kms.createAlias({ keyId: successor, aliasName: "alias/a" });
  });

  test("a list shows no key whose time has come", async () => {
    const time = new TestClock();
    await using kms = await openKms({ clock: time.clock });
    const keyId = await createKeyId(kms);
    await createKeyId(kms);
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
    time.advance({ days: 8 });
    expect(await kms.listKeys()).toMatchObject({ totalCount: 1 });
  });

  test("a protected key is not scheduled for it, and says so", async () => {
    await using kms = await openKms();
    const keyId = await createKeyId(kms);
    const on = { enableDeletionProtection: true, deletionProtectionDescription: "pays the bills" };
    await kms.setDeletionProtection({ protectedResourceArn: `acs:kms:local:0:key/${keyId}`, ...on });
    expect((await kms.describeKey({ keyId })).keyMetadata).toMatchObject({
      deletionProtection: "Enabled",
      deletionProtectionDescription: "pays the bills",
    });
    await expect(kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 })).rejects.toMatchObject({
      code: "Rejected.StateModifiedFailed",
      httpStatus: 409,
      message: expect.stringContaining("deletion protection"),
    });
    await kms.setDeletionProtection({ keyId, enableDeletionProtection: false });
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
  });

  test("SQLite: the material is in none of the live files afterwards, and was in them before", async () => {
    const directory = mkdtempSync(join(tmpdir(), "lanelock-deletion-"));
    const path = join(directory, "keys.db");
    const time = new TestClock();
    const store = sqlStore({ path });
    const kms = await openKms({ store, clock: time.clock });
    const files = () => readdirSync(directory).map((name) => readFileSync(join(directory, name)));
    const keyId = await createKeyId(kms);
    for (let i = 0; i < 40; i++) await createKeyId(kms);
    for (let i = 0; i < 3; i++) await kms.rotateKey({ keyId });
    const handles = await handlesOf(store, kms, keyId);
    expect(handles).toHaveLength(4);
    for (const handle of handles) expect(files().some((file) => file.includes(handle))).toBe(true);
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
    time.advance({ days: 7 });
    expect(await kms.sweep()).toEqual({ settled: 1, failed: 0 });
    expect(existsSync(`${path}-wal`)).toBe(true);
    for (const handle of handles) expect(files().some((file) => file.includes(handle))).toBe(false);
    // Other keys are untouched.
    expect((await kms.listKeys()).totalCount).toBe(40);
    await kms.close();
    for (const handle of handles) expect(files().some((file) => file.includes(handle))).toBe(false);
    rmSync(directory, { recursive: true });
  });

  test("SQLite: while a reader is open, the material stays in the log; the next sweep of any process scrubs it", async () => {
    const directory = mkdtempSync(join(tmpdir(), "lanelock-deletion-"));
    const path = join(directory, "keys.db");
    const time = new TestClock();
    const store = sqlStore({ path });
    const options = { clock: time.clock, audit: false } as const;
    await using kms = await openKms({ store, ...options });
    await using other = await openKms({ store: sqlStore({ path }), ...options });
    const holds = (handle: Buffer) =>
      readdirSync(directory).some((name) => readFileSync(join(directory, name)).includes(handle));
    const keyId = await createKeyId(kms);
    const [handle = Buffer.alloc(0)] = await handlesOf(store, kms, keyId);
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
    time.advance({ days: 7 });
    const reader = new LibsqlDatabase(path);
    reader.exec("begin");
    reader.prepare("select * from lanelock_keys").all();
    expect(await kms.sweep()).toMatchObject({ failed: 2 });
    await expect(kms.describeKey({ keyId })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    expect(holds(handle)).toBe(true);
    reader.exec("rollback");
    reader.close();
    expect(await other.sweep()).toEqual({ settled: 0, failed: 0 });
    expect(holds(handle)).toBe(false);
    rmSync(directory, { recursive: true });
  });

  describe("PostgreSQL", () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await PostgresServer.start();
    });
    afterAll(() => server.stop());

    test("no row and no dead row of the key is left", async () => {
      const url = server.createDatabase();
      const database = new URL(url).pathname.slice(1);
      const time = new TestClock();
      const store = sqlStore({ url });
      await using kms = await openKms({ store, clock: time.clock });
      const keyId = await createKeyId(kms);
      await kms.rotateKey({ keyId });
      const survivor = await createKeyId(kms);
      const handles = await handlesOf(store, kms, keyId);
      server.sql(database, "create extension pageinspect");
      const tuples = () =>
        server.sql(
          database,
          `select encode(t_data, 'hex') from heap_page_items(get_raw_page('lanelock_key_objects', 0)) where lp_len > 0`,
        );
      for (const handle of handles) expect(tuples()).toContain(handle.toString("hex"));
      await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
      time.advance({ days: 7 });
      expect(await kms.sweep()).toEqual({ settled: 1, failed: 0 });
      for (const handle of handles) expect(tuples()).not.toContain(handle.toString("hex"));
      const [kept] = await handlesOf(store, kms, survivor);
      expect(tuples()).toContain(kept?.toString("hex"));
    });
  });

  test("the token's objects are destroyed; while the token is gone the key counts as deleted, and it is tried again", async () => {
    const time = new TestClock();
    const hsm = new NodeCryptoProvider();
    const store = memoryStore();
    await using kms = await openKms({ hsm, store, clock: time.clock });
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, algorithm: "AES_CBC" });
    await kms.rotateKey({ keyId });
    expect(hsm.keys.size).toBe(3);
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
    time.advance({ days: 7 });
    hsm.broken = true;
    await expect(kms.describeKey({ keyId })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    await expect(kms.cancelKeyDeletion({ keyId })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    expect(await kms.sweep()).toEqual({ settled: 0, failed: 1 });
    hsm.broken = false;
    expect(await kms.sweep()).toEqual({ settled: 1, failed: 0 });
    expect(hsm.keys.size).toBe(0);
  });
});
