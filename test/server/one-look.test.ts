import { setTimeout as sleep } from "node:timers/promises";
import { memoryStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { startServer } from "./harness.ts";
import { send, signedPath } from "./signed.ts";

const CHECK_MS = 2_000;
const REQUESTS = 32;

test("requests that come when the last look at the store is too old share one look, and read their key from memory", async () => {
  const store = memoryStore();
  const read = store.read.bind(store);
  let reads = 0;
  store.read = (work) => {
    reads++;
    return read(work);
  };
  await using started = await startServer({}, { store, cache: { checkMilliseconds: CHECK_MS } });
  const { server, owner, kms } = started;
  const { keyMetadata } = await kms.createKey({});
  const encrypt = () => send(server.url, signedPath(owner, "Encrypt", { KeyId: keyMetadata.keyId, Plaintext: "aGk=" }));
  const { json } = await encrypt();
  const decrypt = () => send(server.url, signedPath(owner, "Decrypt", { CiphertextBlob: String(json.CiphertextBlob) }));
  for (const ask of [encrypt, decrypt]) {
    expect(await ask()).toMatchObject({ status: 200 });
    await sleep(CHECK_MS + 5);
    reads = 0;
    for (const answer of await Promise.all(Array.from({ length: REQUESTS }, ask))) {
      expect(answer).toMatchObject({ status: 200 });
    }
    // One look for the access keys and one for the keys; a machine so slow that the looks grow old meanwhile makes more.
    expect(reads).toBeLessThanOrEqual(REQUESTS / 4);
  }
});
