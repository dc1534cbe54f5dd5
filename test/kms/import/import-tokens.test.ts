import { createPublicKey, randomBytes } from "node:crypto";
import type { Kms, WrappingAlgorithm } from "lanelock/kms";
import { beforeEach, describe, expect, test } from "vitest";
import { openKms, TestClock } from "../open-kms.ts";
import {
  createExternal,
  hybrid,
  importMaterial,
  invalidMaterial,
  symmetricAlgorithms,
  wrapMaterial,
} from "./wrapped-material.ts";

const plaintext = new TextEncoder().encode("under a key brought from elsewhere");

let kms: Kms;
let time: TestClock;
beforeEach(async () => {
  time = new TestClock();
  kms = await openKms({ clock: time.clock });
  return () => kms.close();
});

const parameters = (keyId: string, wrappingAlgorithm: WrappingAlgorithm = "RSAES_OAEP_SHA_256") =>
  kms.getParametersForImport({ keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm });
const stateOf = async (keyId: string) => (await kms.describeKey({ keyId })).keyMetadata.keyState;

test("are valid for 24 hours, reusable within, and each has a key of its own", async () => {
  const keyId = await createExternal(kms);
  const [one, other] = [await parameters(keyId), await parameters(keyId)];
  expect(one.tokenExpireTime).toEqual(new Date(time.now + 24 * 3600 * 1000));
  expect(one.publicKey).not.toEqual(other.publicKey);
  expect(one.importToken).not.toEqual(other.importToken);
  const details = createPublicKey({
    key: Buffer.from(one.publicKey),
    format: "der",
    type: "spki",
  }).asymmetricKeyDetails;
  expect(details).toMatchObject({ modulusLength: 2048, publicExponent: 65537n });
  const material = randomBytes(32);
  const wrapped = wrapMaterial({ ...one, wrappingAlgorithm: "RSAES_OAEP_SHA_256" }, material);
  const request = { keyId, importToken: one.importToken, encryptedKeyMaterial: wrapped };
  await kms.importKeyMaterial(request);
  time.advance({ days: 1, milliseconds: -1 });
  await kms.importKeyMaterial(request);
  const crossed = { ...request, importToken: other.importToken };
  await expect(kms.importKeyMaterial(crossed)).rejects.toMatchObject(invalidMaterial);
  time.advance({ milliseconds: 1 });
  await expect(kms.importKeyMaterial(request)).rejects.toMatchObject({ code: "ExpiredImportToken", httpStatus: 400 });
  await kms.sweep();
  await expect(kms.importKeyMaterial(request)).rejects.toMatchObject({ code: "ExpiredImportToken" });
  await kms.encrypt({ keyId, plaintext });
});

test("of another key, changed, cut, or no tokens at all are refused", async () => {
  const [keyId, foreign] = [await createExternal(kms), await createExternal(kms)];
  const { importToken, publicKey } = await parameters(foreign);
  const encryptedKeyMaterial = wrapMaterial({ publicKey, wrappingAlgorithm: "RSAES_OAEP_SHA_256" }, randomBytes(32));
  const { importToken: own } = await parameters(keyId);
  const tokens = [
    importToken,
    own.map((byte, i) => (i === 3 ? byte ^ 1 : byte)),
    own.subarray(1),
    Uint8Array.of(...own, 48),
    new Uint8Array(0),
    new Uint8Array(36),
    new Uint8Array(1_000_000).fill(97),
  ];
  for (const token of tokens) {
    const attempt = kms.importKeyMaterial({ keyId, importToken: token, encryptedKeyMaterial });
    await expect(attempt).rejects.toMatchObject({ code: "InvalidImportToken", httpStatus: 400 });
  }
  expect(await stateOf(keyId)).toBe("PendingImport");
});

test("wrapping specs and algorithms that are not for the key are refused", async () => {
  const [aes, ec] = [await createExternal(kms), await createExternal(kms, "EC_P256")];
  const ask = (keyId: string, wrappingKeySpec: unknown, wrappingAlgorithm: unknown) =>
    kms.getParametersForImport({ keyId, wrappingKeySpec, wrappingAlgorithm } as Parameters<
      Kms["getParametersForImport"]
    >[0]);
  const refused: [Promise<unknown>, string, string][] = [
    [ask(aes, "EC_SM2", "SM2PKE"), "InvalidParameter", "WrappingKeySpec"],
    [ask(aes, "RSA_4096", "RSAES_OAEP_SHA_256"), "InvalidParameter", "WrappingKeySpec"],
    [ask(aes, undefined, "RSAES_OAEP_SHA_256"), "MissingParameter", "WrappingKeySpec"],
    [ask(aes, "RSA_2048", undefined), "MissingParameter", "WrappingAlgorithm"],
    [ask(aes, "RSA_2048", hybrid), "InvalidParameter", "WrappingAlgorithm"],
    [ask(aes, "RSA_2048", "toString"), "InvalidParameter", "WrappingAlgorithm"],
    ...symmetricAlgorithms.map((one): [Promise<unknown>, string, string] => [
      ask(ec, "RSA_2048", one),
      "InvalidParameter",
      "WrappingAlgorithm",
    ]),
  ];
  for (const [attempt, code, parameter] of refused) {
    await expect(attempt).rejects.toMatchObject({ code, message: expect.stringContaining(parameter) });
  }
});

test("a key whose material is the KMS's own takes none", async () => {
  const { keyMetadata } = await kms.createKey({});
  const { keyId } = keyMetadata;
  const importToken = new Uint8Array(36);
  const attempts = [
    parameters(keyId),
    kms.importKeyMaterial({ keyId, importToken, encryptedKeyMaterial: new Uint8Array(256) }),
    kms.deleteKeyMaterial({ keyId }),
  ];
  for (const attempt of attempts) {
    await expect(attempt).rejects.toMatchObject({
      code: "Unsupported.Origin",
      message: "This key origin is not valid for this api.",
    });
  }
  await kms.createAlias({ keyId, aliasName: "alias/own" });
  await expect(parameters("alias/own")).rejects.toMatchObject({ code: "Unsupported.Alias" });
});

test("are given in every state, and material may be deleted in every state", async () => {
  const keyId = await createExternal(kms);
  const material = randomBytes(32);
  const given = async (state: string) => {
    expect(await stateOf(keyId)).toBe(state);
    await parameters(keyId);
    await kms.deleteKeyMaterial({ keyId });
  };
  await given("PendingImport");
  await importMaterial(kms, { keyId, material });
  await given("Enabled");
  await importMaterial(kms, { keyId, material });
  await kms.disableKey({ keyId });
  await given("Disabled");
  await importMaterial(kms, { keyId, material });
  await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
  await given("PendingDeletion");
});

test.each(symmetricAlgorithms)(
  "%s: material of a wrong length is refused, nothing stored",
  async (wrappingAlgorithm) => {
    const keyId = await createExternal(kms);
    const lengths = [0, 16, 31, 33, ...(wrappingAlgorithm === "RSAES_PKCS1_V1_5" ? [] : [24, 64])];
    for (const length of lengths) {
      const attempt = importMaterial(kms, { keyId, material: randomBytes(length) }, { wrappingAlgorithm });
      await expect(attempt).rejects.toMatchObject(invalidMaterial);
      expect(await stateOf(keyId)).toBe("PendingImport");
    }
  },
);

describe("RSAES_PKCS1_V1_5", () => {
  async function token(keyId: string) {
    const { publicKey, importToken } = await parameters(keyId, "RSAES_PKCS1_V1_5");
    const wrap = (material: Uint8Array) => wrapMaterial({ publicKey, wrappingAlgorithm: "RSAES_PKCS1_V1_5" }, material);
    const submit = (encryptedKeyMaterial: Uint8Array) =>
      kms.importKeyMaterial({ keyId, importToken, encryptedKeyMaterial });
    return { wrap, submit };
  }

  test("the fifth failure ends the token, also for the right material", async () => {
    const keyId = await createExternal(kms);
    const { wrap, submit } = await token(keyId);
    const good = wrap(randomBytes(32));
    const bad = [new Uint8Array(256), wrap(randomBytes(31)), new Uint8Array(0), good.subarray(1), randomBytes(256)];
    for (const wrapped of bad) await expect(submit(wrapped)).rejects.toMatchObject(invalidMaterial);
    for (const wrapped of [good, ...bad]) {
      await expect(submit(wrapped)).rejects.toMatchObject({ code: "InvalidImportToken" });
    }
    expect(await stateOf(keyId)).toBe("PendingImport");
    await importMaterial(kms, { keyId, material: randomBytes(32) }, { wrappingAlgorithm: "RSAES_PKCS1_V1_5" });
  });

  test("four failures do not, and successes do not count", async () => {
    const keyId = await createExternal(kms);
    const { wrap, submit } = await token(keyId);
    const good = wrap(randomBytes(32));
    for (let i = 0; i < 4; i += 1) await expect(submit(new Uint8Array(256))).rejects.toMatchObject(invalidMaterial);
    for (let i = 0; i < 10; i += 1) await submit(good);
    await expect(submit(new Uint8Array(256))).rejects.toMatchObject(invalidMaterial);
    await expect(submit(good)).rejects.toMatchObject({ code: "InvalidImportToken" });
    await kms.encrypt({ keyId, plaintext });
  });

  test("well padded material that is not the key's own is a failure like any other", async () => {
    const keyId = await createExternal(kms);
    await importMaterial(kms, { keyId, material: randomBytes(32) });
    const { wrap, submit } = await token(keyId);
    for (let i = 0; i < 5; i += 1) await expect(submit(wrap(randomBytes(32)))).rejects.toMatchObject(invalidMaterial);
    await expect(submit(wrap(randomBytes(32)))).rejects.toMatchObject({ code: "InvalidImportToken" });
  });

  test("many attempts at once get no more than five answers", async () => {
    const keyId = await createExternal(kms);
    const { submit } = await token(keyId);
    const attempts = Array.from({ length: 20 }, () => submit(new Uint8Array(256)).catch((error) => error.code));
    const codes = await Promise.all(attempts);
    expect(codes.filter((code) => code === "InvalidKeyMaterial")).toHaveLength(5);
    expect(codes.filter((code) => code === "InvalidImportToken")).toHaveLength(15);
  });

  test("failures under OAEP do not end the token", async () => {
    const keyId = await createExternal(kms);
    const { publicKey, importToken } = await parameters(keyId);
    const bad = { keyId, importToken, encryptedKeyMaterial: new Uint8Array(256) };
    for (let i = 0; i < 7; i += 1) await expect(kms.importKeyMaterial(bad)).rejects.toMatchObject(invalidMaterial);
    const wrapped = wrapMaterial({ publicKey, wrappingAlgorithm: "RSAES_OAEP_SHA_256" }, randomBytes(32));
    await kms.importKeyMaterial({ keyId, importToken, encryptedKeyMaterial: wrapped });
  });
});
