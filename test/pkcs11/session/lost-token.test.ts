import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Kms } from "lanelock/kms";
import { pkcs11 } from "lanelock/pkcs11";
import { memoryStore } from "lanelock/stores";
import { afterAll, expect, test } from "vitest";
import { rootKey, TestClock } from "../../kms/open-kms.ts";
import { createFaultyToken } from "../../tokens/faulty-token.ts";
import { lookAt } from "../objects/token-objects.ts";

// What the life cycle of keys makes of a token that is not there: nothing is lost, and nothing is left on it in the end.

const faulty = createFaultyToken("lost");
afterAll(() => faulty.dispose());

test("a key whose deletion is due while the token is away is destroyed when it is back", async () => {
  const time = new TestClock();
  const hsm = pkcs11(faulty.options);
  await using kms = await Kms.open({ store: memoryStore(), rootKey, clock: time.clock, sweepSeconds: false, hsm });
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  const other = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata.keyId;
  await kms.encrypt({ keyId, plaintext: new Uint8Array(5), algorithm: "AES_CBC" });
  await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
  time.advance({ days: 8 });
  const objects = () =>
    lookAt(faulty.options)
      .labels()
      .filter((label) => label.includes(keyId));
  expect(objects()).toHaveLength(2);

  faulty.set("removed", 1);
  await kms.sweep().catch((error: unknown) => expect(error).toMatchObject({ code: "ERR_PROVIDER" }));
  // Its time is over all the same.
  await expect(kms.encrypt({ keyId, plaintext: new Uint8Array(1) })).rejects.toMatchObject({
    code: "Forbidden.KeyNotFound",
  });
  faulty.set("removed", 0);
  // The login went with the token, and without one nobody sees the objects.
  await kms.encrypt({ keyId: other, plaintext: new Uint8Array(1) });
  expect(objects()).toHaveLength(2);
  await kms.sweep();
  expect(objects()).toEqual([]);
});

test("a key that cannot be made, rotated or get a new mode leaves neither row nor object, and what is there works on", async () => {
  const hsm = pkcs11(faulty.options);
  await using kms = await Kms.open({ store: memoryStore(), rootKey, sweepSeconds: false, hsm });
  const { keyId, primaryKeyVersion } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  const plaintext = new Uint8Array(randomBytes(16));
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  const before = lookAt(faulty.options).labels();

  faulty.set("removed", 1);
  for (const attempt of [
    () => kms.createKey({ protectionLevel: "HSM" }),
    () => kms.createKey({ protectionLevel: "HSM", keySpec: "Aliyun_SM4" }),
    () => kms.createKey({ protectionLevel: "HSM", keySpec: "EC_P256" }),
    () => kms.rotateKey({ keyId }),
    () => kms.encrypt({ keyId, plaintext, algorithm: "AES_ECB" }),
    () => kms.encrypt({ keyId, plaintext }),
    () => kms.decrypt({ ciphertextBlob }),
  ]) {
    await expect(attempt()).rejects.toMatchObject({
      code: "ERR_PROVIDER",
      cause: { ckr: expect.stringMatching(/^CKR_/), call: expect.stringMatching(/^C_/) },
    });
  }
  faulty.set("removed", 0);
  expect(Buffer.from((await kms.decrypt({ ciphertextBlob })).plaintext)).toEqual(Buffer.from(plaintext));
  expect(lookAt(faulty.options).labels()).toEqual(before);
  expect((await kms.listKeys({})).totalCount).toBe(1);
  expect((await kms.describeKey({ keyId })).keyMetadata.primaryKeyVersion).toBe(primaryKeyVersion);
  await kms.encrypt({ keyId, plaintext, algorithm: "AES_ECB" });
  expect((await kms.rotateKey({ keyId })).keyVersion).toBeDefined();
});

test("a caller of the KMS may give up on a token that hangs; the next call succeeds when it answers again", async () => {
  // Slow enough to be called in the thread pool.
  faulty.set("delayMs", 20);
  const hsm = pkcs11({ ...faulty.options, sessions: { max: 1 } });
  await using kms = await Kms.open({ store: memoryStore(), rootKey, sweepSeconds: false, hsm });
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  const plaintext = new Uint8Array(randomBytes(16));
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  faulty.set("hang", 1);
  const before = faulty.get("calls");
  const [first, second] = [new AbortController(), new AbortController()];
  const inToken = kms.encrypt({ keyId, plaintext }, { signal: first.signal });
  while (faulty.get("calls") === before) await sleep(5);
  const waiting = kms.decrypt({ ciphertextBlob }, { signal: second.signal });
  const patient = kms.decrypt({ ciphertextBlob });
  second.abort(new Error("no longer wanted"));
  await expect(waiting).rejects.toThrow("no longer wanted");
  first.abort(new Error("too slow"));
  await expect(inToken).rejects.toThrow("too slow");
  faulty.set("hang", 0);
  expect(Buffer.from((await patient).plaintext)).toEqual(Buffer.from(plaintext));
  faulty.set("delayMs", 0);
});
