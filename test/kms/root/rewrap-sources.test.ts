import { rewrapStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { createKeyId, openKms, rootKey } from "../open-kms.ts";

const cause = new Error("mine");

test.each([
  ["gives 16 bytes", async () => ({ secret: new Uint8Array(16) })],
  ["gives nothing", async () => undefined as never],
  ["throws", () => Promise.reject(cause)],
])("a new root key source that %s changes nothing: the store could not be opened with it", async (_, unlock) => {
  const store = memoryStore();
  const kms = await openKms({ store });
  const keyId = await createKeyId(kms);
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: Uint8Array.of(7) });
  await kms.close();
  const newRootKey = { name: "a source", unlock };
  await expect(rewrapStore({ store, rootKey, newRootKey })).rejects.toMatchObject({
    code: "ERR_KEY",
    message: expect.stringContaining("a source"),
  });
  const again = await openKms({ store });
  expect((await again.decrypt({ ciphertextBlob })).plaintext).toEqual(Uint8Array.of(7));
  await again.close();
});
