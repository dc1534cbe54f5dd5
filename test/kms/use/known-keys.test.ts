import type { Kms } from "lanelock/kms";
import { beforeEach, expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms, TestClock } from "../open-kms.ts";

// What is known of a key, and is loaded, is used without a look at the store. What is known may also be that it must not be used.

const plaintext = new Uint8Array(16).fill(5);
const disabled = { code: "Rejected.Disabled", httpStatus: 409 };

let kms: Kms;
let time: TestClock;
beforeEach(async () => {
  time = new TestClock();
  const cache = { checkMilliseconds: 3_600_000 };
  kms = await openKms({ cache, clock: time.clock, hsm: new NodeCryptoProvider() });
  return () => kms.close();
});

test.each(["SOFTWARE", "HSM"] as const)("a symmetric key of level %s that is known to be disabled", async (level) => {
  const { keyId } = (await kms.createKey({ protectionLevel: level })).keyMetadata;
  for (let times = 0; times < 2; times++) await kms.encrypt({ keyId, plaintext });
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  await kms.decrypt({ ciphertextBlob, keyId });
  await kms.disableKey({ keyId });
  for (let times = 0; times < 3; times++) {
    // Each makes it known under another name.
    await kms.describeKey({ keyId });
    await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject(disabled);
    await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject(disabled);
    await expect(kms.decrypt({ ciphertextBlob, keyId })).rejects.toMatchObject(disabled);
    await expect(kms.generateDataKey({ keyId })).rejects.toMatchObject(disabled);
  }
  await kms.enableKey({ keyId });
  expect((await kms.decrypt({ ciphertextBlob, keyId })).plaintext).toEqual(plaintext);
});

test("a key pair that is known to be disabled", async () => {
  const { keyId } = (await kms.createKey({ keySpec: "EC_P256" })).keyMetadata;
  const [version] = (await kms.listKeyVersions({ keyId })).keyVersions;
  const request = { keyId, keyVersionId: version?.keyVersionId ?? "", message: plaintext };
  const { value } = await kms.asymmetricSign(request);
  await kms.disableKey({ keyId });
  for (let times = 0; times < 3; times++) {
    await kms.describeKey({ keyId });
    await expect(kms.asymmetricSign(request)).rejects.toMatchObject(disabled);
    await expect(kms.asymmetricVerify({ ...request, value })).rejects.toMatchObject(disabled);
  }
  await kms.enableKey({ keyId });
  expect((await kms.asymmetricVerify({ ...request, value })).value).toBe(true);
});

test("a key whose deletion comes due while it is known", async () => {
  const { keyId } = (await kms.createKey({})).keyMetadata;
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
  const pending = { code: "Rejected.PendingDeletion" };
  for (let times = 0; times < 2; times++) {
    await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject(pending);
    await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject(pending);
  }
  time.advance({ days: 7 });
  const gone = { code: "Forbidden.KeyNotFound" };
  for (let times = 0; times < 2; times++) {
    await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject(gone);
    await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject({ code: expect.any(String) });
  }
});
