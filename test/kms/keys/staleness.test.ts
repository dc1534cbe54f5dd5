import type { KeyStore, Kms, KmsOptions } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

vi.mock("../../../src/shared/timers.ts", () => import("../../shared/late-timers.ts"));

/**
 * The rule of docs/kms.md, "Several processes on one store", by a clock that stands until the test moves it: what a KMS read is
 * used for `checkMilliseconds` after it last saw the store's generation, and not after that. Two `Kms` on one store know no
 * more of each other than two processes do.
 */
beforeEach(() => vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => vi.useRealTimers());

const plaintext = new Uint8Array(8);
const disabled = { code: "Rejected.Disabled" };

async function twoOn(store: KeyStore, options: Partial<KmsOptions> = {}) {
  const [one, other] = [await openKms({ store, ...options }), await openKms({ store, ...options })];
  return {
    ...{ one, other },
    async [Symbol.asyncDispose]() {
      await Promise.all([one.close(), other.close()]);
    },
  };
}

/** Has `kms` know the key, and see the generation now. */
async function warm(kms: Kms, keyId: string): Promise<Uint8Array> {
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  vi.advanceTimersByTime(250);
  await kms.encrypt({ keyId, plaintext });
  await kms.decrypt({ ciphertextBlob });
  return ciphertextBlob;
}

describe("a change by another process", () => {
  test("may be missed by calls within 250 ms of the last check, and is obeyed by every later one", async () => {
    await using both = await twoOn(memoryStore());
    const keyId = await createKeyId(both.one);
    const ciphertextBlob = await warm(both.other, keyId);
    vi.advanceTimersByTime(100);
    await both.one.disableKey({ keyId });
    vi.advanceTimersByTime(149);
    await both.other.encrypt({ keyId, plaintext });
    await both.other.decrypt({ ciphertextBlob });
    vi.advanceTimersByTime(1);
    await expect(both.other.encrypt({ keyId, plaintext })).rejects.toMatchObject(disabled);
    await expect(both.other.decrypt({ ciphertextBlob })).rejects.toMatchObject(disabled);
  });

  test("is obeyed 250 ms after the change at the latest, whenever the last check was", async () => {
    for (let sinceCheck = 0; sinceCheck <= 250; sinceCheck += 50) {
      await using both = await twoOn(memoryStore());
      const keyId = await createKeyId(both.one);
      const ciphertextBlob = await warm(both.other, keyId);
      vi.advanceTimersByTime(sinceCheck);
      await both.one.disableKey({ keyId });
      vi.advanceTimersByTime(250);
      await expect(both.other.decrypt({ ciphertextBlob })).rejects.toMatchObject(disabled);
      await expect(both.other.encrypt({ keyId, plaintext })).rejects.toMatchObject(disabled);
    }
  });

  test("is obeyed at once with checkMilliseconds 0", async () => {
    await using both = await twoOn(memoryStore(), { cache: { checkMilliseconds: 0 } });
    const keyId = await createKeyId(both.one);
    const { ciphertextBlob } = await both.other.encrypt({ keyId, plaintext });
    await both.one.disableKey({ keyId });
    await expect(both.other.encrypt({ keyId, plaintext })).rejects.toMatchObject(disabled);
    await expect(both.other.decrypt({ ciphertextBlob })).rejects.toMatchObject(disabled);
  });

  test("is obeyed 250 ms after a check began, however long that took", async () => {
    const store = memoryStore();
    const read = store.read.bind(store);
    let meanwhile = async () => {};
    store.read = async (work) => {
      const answer = await read(work);
      await meanwhile();
      return answer;
    };
    await using both = await twoOn(store);
    const keyId = await createKeyId(both.one);
    const ciphertextBlob = await warm(both.other, keyId);
    vi.advanceTimersByTime(250);
    // The generation is on its way while the key is disabled, and arrives 200 ms later.
    meanwhile = async () => {
      meanwhile = async () => {};
      await both.one.disableKey({ keyId });
      vi.advanceTimersByTime(200);
    };
    await expect(both.other.encrypt({ keyId, plaintext })).rejects.toMatchObject(disabled);
    vi.advanceTimersByTime(50);
    await expect(both.other.decrypt({ ciphertextBlob })).rejects.toMatchObject(disabled);
  });
});

test("a key that was being read while the process changed it is not remembered", async () => {
  const store = memoryStore();
  const read = store.read.bind(store);
  let meanwhile = async () => {};
  store.read = async (work) => {
    const answer = await read(work);
    await meanwhile();
    return answer;
  };
  await using kms = await openKms({ store });
  const keyId = await createKeyId(kms);
  await kms.createAlias({ keyId, aliasName: "alias/a" });
  await warm(kms, keyId);
  // The row of the alias's key is on its way while the key is disabled.
  meanwhile = async () => {
    meanwhile = async () => {};
    await kms.disableKey({ keyId });
  };
  await kms.describeKey({ keyId: "alias/a" });
  await expect(kms.encrypt({ keyId: "alias/a", plaintext })).rejects.toMatchObject(disabled);
});

test("a change by the process itself is obeyed at once", async () => {
  await using kms = await openKms();
  const keyId = await createKeyId(kms);
  const ciphertextBlob = await warm(kms, keyId);
  await kms.disableKey({ keyId });
  await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject(disabled);
  await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject(disabled);
  await expect(kms.decrypt({ ciphertextBlob, keyId })).rejects.toMatchObject(disabled);
});
