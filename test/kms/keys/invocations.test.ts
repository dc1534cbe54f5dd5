import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyStore, Kms } from "lanelock/kms";
import { memoryStore, sqlStore } from "lanelock/stores";
import { describe, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";
import { trustedRows } from "../trusted-rows.ts";

const LIMIT = 2 ** 32;
/** 10,000 with LANELOCK_LONG=1. */
const SHOTS = process.env.LANELOCK_LONG === "1" ? 10_000 : 100;
const plaintext = new Uint8Array(1);

async function reserved(store: KeyStore, versionId: string): Promise<number> {
  return (await store.read((rows) => rows.counter({ versionId, mode: "GCM" })))?.count ?? 0;
}

/** Another process takes invocations. */
async function reserve(store: KeyStore, versionId: string, amount: number): Promise<void> {
  await (await trustedRows(store)).reserve({ versionId, mode: "GCM", amount, limit: LIMIT });
}

async function primary(kms: Kms, keyId: string): Promise<string> {
  return (await kms.describeKey({ keyId })).keyMetadata.primaryKeyVersion ?? "";
}

describe("invocations of a GCM key", () => {
  test("are reserved before use, in growing blocks, and the rest is given back on close", async () => {
    const store = memoryStore();
    await store.open();
    const kms = await openKms({ store });
    const keyId = await createKeyId(kms);
    const versionId = await primary(kms, keyId);
    expect(await reserved(store, versionId)).toBe(0);
    await kms.encrypt({ keyId, plaintext });
    expect(await reserved(store, versionId)).toBe(64);
    for (let i = 0; i < 999; i++) await kms.encrypt({ keyId, plaintext });
    const held = await reserved(store, versionId);
    expect(held).toBeGreaterThanOrEqual(1_000);
    expect(held).toBeLessThan(5_000);
    await kms.close();
    expect(await reserved(store, versionId)).toBe(1_000);
  });

  test(`${SHOTS} one-shot encryptions use 64 each, of which 10,000 are less than a million, if none gives back`, async () => {
    const store = memoryStore();
    await store.open();
    const kms = await openKms({ store });
    const keyId = await createKeyId(kms);
    const versionId = await primary(kms, keyId);
    await kms.close();
    for (let i = 0; i < SHOTS; i++) {
      // A process that is killed gives nothing back: its KMS is left open.
      const killed = await openKms({ store });
      await killed.encrypt({ keyId, plaintext });
    }
    expect(await reserved(store, versionId)).toBe(64 * SHOTS);
    expect(64 * 10_000).toBeLessThan(1_000_000);
  });

  test(`${SHOTS} one-shot encryptions that end well are counted one by one, in the database file`, async () => {
    const directory = mkdtempSync(join(tmpdir(), "lanelock-shots-"));
    const path = join(directory, "keys.db");
    const open = () => openKms({ store: sqlStore({ path }), audit: false });
    const first = await open();
    const keyId = await createKeyId(first);
    const versionId = await primary(first, keyId);
    await first.close();
    for (let i = 0; i < SHOTS; i++) {
      const kms = await open();
      await kms.encrypt({ keyId, plaintext });
      await kms.close();
    }
    const store = sqlStore({ path });
    await store.open();
    expect(await reserved(store, versionId)).toBe(SHOTS);
    await store.close();
    rmSync(directory, { recursive: true });
  });

  test("if the reservation cannot be written, Encrypt fails, and Decrypt does not", async () => {
    const store = memoryStore();
    let full = false;
    const write = store.write.bind(store);
    store.write = async (work) => {
      if (full) throw Object.assign(new Error("disk full"), { code: "SQLITE_FULL" });
      return write(work);
    };
    await using kms = await openKms({ store });
    const keyId = await createKeyId(kms);
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    full = true;
    let done = 0;
    const failure = (async () => {
      for (;;) {
        await kms.encrypt({ keyId, plaintext });
        done++;
      }
    })();
    await expect(failure).rejects.toMatchObject({ code: "ERR_STORE" });
    expect(done).toBeLessThan(64);
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
    full = false;
    await kms.encrypt({ keyId, plaintext });
  });

  test("a version nearing the limit rotates by itself; one at the limit does before it encrypts", async () => {
    const store = memoryStore();
    await store.open();
    await using kms = await openKms({ store });
    const keyId = await createKeyId(kms);
    const first = await primary(kms, keyId);
    await reserve(store, first, LIMIT - LIMIT / 16);
    expect((await kms.encrypt({ keyId, plaintext })).keyVersionId).toBe(first);
    await expect.poll(() => primary(kms, keyId), { timeout: 60_000 }).not.toBe(first);

    const second = await primary(kms, keyId);
    await reserve(store, second, LIMIT);
    const { keyVersionId, ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    expect([first, second]).not.toContain(keyVersionId);
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
  });

  test("the last few are used, one by one", async () => {
    const store = memoryStore();
    await store.open();
    await using kms = await openKms({ store });
    const keyId = await createKeyId(kms);
    const versionId = await primary(kms, keyId);
    await reserve(store, versionId, LIMIT - 3);
    await kms.encrypt({ keyId, plaintext });
    expect(await reserved(store, versionId)).toBeGreaterThan(LIMIT - 3);
    expect(await reserved(store, versionId)).toBeLessThanOrEqual(LIMIT);
  });
});
