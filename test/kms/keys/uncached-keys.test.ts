import { memoryStore, sqlStore } from "lanelock/stores";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { slotsInUse } from "../../../src/engine/slots.ts";
import { PostgresServer } from "../../stores/postgres-server.ts";
import { createKeyId, openKms } from "../open-kms.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

const plaintext = new TextEncoder().encode("attack at dawn");
const stores = [
  ["memory", () => memoryStore()],
  ["PostgreSQL", () => sqlStore({ url: server.createDatabase() })],
] as const;

/** A database that has to be waited for leaves a key time to go between its loading and its use. */
describe.each(stores)("a store in %s with less room in the cache than keys in use", (_name, store) => {
  test.each([0, 1, 2])("room for %i: every call has its key until it ends, and it is wiped then", async (maxKeys) => {
    const before = slotsInUse().length;
    const kms = await openKms({ store: store(), cache: { maxKeys } });
    const keyIds = [await createKeyId(kms), await createKeyId(kms), await createKeyId(kms), await createKeyId(kms)];
    const calls = Array.from({ length: 40 }, async (_, i) => {
      const keyId = keyIds[i % keyIds.length] ?? "";
      const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
      const opened = await kms.decrypt({ ciphertextBlob, keyId });
      expect(opened.plaintext).toEqual(plaintext);
      const made = await kms.generateDataKey({ keyId });
      expect((await kms.decrypt({ ciphertextBlob: made.ciphertextBlob })).plaintext).toEqual(made.plaintext);
    });
    await Promise.all(calls);
    await expect.poll(() => slotsInUse().length - before, { timeout: 60_000 }).toBeLessThanOrEqual(maxKeys);
    await kms.close();
    expect(slotsInUse().length).toBe(before);
  });
});
