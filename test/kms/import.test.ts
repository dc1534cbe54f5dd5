import { createDecipheriv, createHash, createPrivateKey, createPublicKey, randomBytes, verify } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kms, WrappingAlgorithm } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import { specs } from "../asymmetric/platforms.ts";
import { openKms, TestClock } from "./open-kms.ts";
import { createExternal, importMaterial, privateKeyOf, wrapMaterial } from "./wrapped-material.ts";

const invalidMaterial = {
  code: "InvalidKeyMaterial",
  httpStatus: 400,
  message: "The key material is not wrapped as the import token says, does not fit the key, or belongs to another key.",
};
const plaintext = new TextEncoder().encode("under a key brought from elsewhere");
const symmetricAlgorithms: WrappingAlgorithm[] = ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1", "RSAES_PKCS1_V1_5"];
const hybrid = "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD";

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
const unixIn = (seconds: number) => Math.floor(time.now / 1000) + seconds;

describe("an imported AES key", () => {
  test("waits for its material, with one version that is its primary one", async () => {
    const { keyMetadata } = await kms.createKey({ origin: "EXTERNAL" });
    const { keyId } = keyMetadata;
    expect(keyMetadata).toMatchObject({ keyState: "PendingImport", origin: "EXTERNAL" });
    expect(keyMetadata.materialExpireTime).toBeUndefined();
    await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject({
      code: "Rejected.PendingImport",
      httpStatus: 409,
    });
    await importMaterial(kms, { keyId, material: randomBytes(32) });
    const { keyVersions } = await kms.listKeyVersions({ keyId });
    expect(keyVersions).toHaveLength(1);
    const { keyVersionId } = await kms.encrypt({ keyId, plaintext });
    expect(keyVersionId).toBe(keyVersions[0]?.keyVersionId);
    expect(keyMetadata.primaryKeyVersion).toBe(keyVersionId);
  });

  test.each(symmetricAlgorithms)("%s: node:crypto decrypts what the key encrypts", async (wrappingAlgorithm) => {
    const keyId = await createExternal(kms);
    const material = randomBytes(32);
    await importMaterial(kms, { keyId, material }, { wrappingAlgorithm });
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    const decipher = createDecipheriv("aes-256-gcm", material, ciphertextBlob.subarray(36, 48));
    decipher.setAuthTag(ciphertextBlob.subarray(-16));
    expect(new Uint8Array(decipher.update(ciphertextBlob.subarray(48, -16)))).toEqual(plaintext);
    decipher.final();
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
    expect((await kms.describeKey({ keyId })).keyMetadata).toMatchObject({ keyState: "Enabled", custody: "software" });
  });

  test("does not rotate and gets no versions", async () => {
    const keyId = await createExternal(kms);
    await importMaterial(kms, { keyId, material: randomBytes(32) });
    await expect(kms.rotateKey({ keyId })).rejects.toMatchObject({ code: "UnsupportedOperation" });
    const policy = { keyId, enableAutomaticRotation: true, rotationInterval: "30d" };
    await expect(kms.updateRotationPolicy(policy)).rejects.toMatchObject({ code: "UnsupportedOperation" });
    const rotating = { origin: "EXTERNAL", enableAutomaticRotation: true, rotationInterval: "30d" } as const;
    await expect(kms.createKey(rotating)).rejects.toMatchObject({ code: "UnsupportedOperation" });
  });

  test("a disabled key stays disabled when its material comes again", async () => {
    const keyId = await createExternal(kms);
    const material = randomBytes(32);
    await importMaterial(kms, { keyId, material });
    await kms.disableKey({ keyId });
    await importMaterial(kms, { keyId, material }, { keyMaterialExpireUnix: unixIn(60) });
    expect(await stateOf(keyId)).toBe("Disabled");
    await kms.enableKey({ keyId });
    await kms.encrypt({ keyId, plaintext });
  });
});

describe.each(specs)("an imported %s key", (keySpec) => {
  test("signs as the key that was brought, by its one version", async () => {
    const keyId = await createExternal(kms, keySpec);
    const material = await privateKeyOf(keySpec);
    await importMaterial(kms, { keyId, material }, { wrappingAlgorithm: hybrid });
    const { keyVersions } = await kms.listKeyVersions({ keyId });
    expect(keyVersions).toHaveLength(1);
    const named = { keyId, keyVersionId: keyVersions[0]?.keyVersionId ?? "" };
    const own = createPublicKey(createPrivateKey({ key: Buffer.from(material), format: "der", type: "pkcs8" }));
    const { publicKey } = await kms.getPublicKey(named);
    expect(publicKey).toBe(own.export({ format: "pem", type: "spki" }));
    const algorithm = keySpec.startsWith("RSA") ? "RSA_PKCS1_SHA_256" : "ECDSA_SHA_256";
    const { value } = await kms.asymmetricSign({ ...named, algorithm, message: plaintext });
    expect(verify("sha256", plaintext, own, value)).toBe(true);
    await expect(kms.createKeyVersion({ keyId })).rejects.toMatchObject({ code: "Unsupported.Origin" });
  });
});

describe("the same material only", () => {
  const importOver = (
    keyId: string,
    material: Uint8Array,
    wrappingAlgorithm: WrappingAlgorithm = "RSAES_OAEP_SHA_256",
  ) => importMaterial(kms, { keyId, material }, { wrappingAlgorithm });

  test.each(["while it is there", "after its deletion", "after its expiry"])("%s", async (when) => {
    const keyId = await createExternal(kms);
    const material = randomBytes(32);
    await importMaterial(kms, { keyId, material }, { keyMaterialExpireUnix: unixIn(100) });
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    if (when === "after its deletion") await kms.deleteKeyMaterial({ keyId });
    if (when === "after its expiry") time.advance({ seconds: 100 });
    const before = await stateOf(keyId);
    await expect(importOver(keyId, randomBytes(32))).rejects.toMatchObject(invalidMaterial);
    expect(await stateOf(keyId)).toBe(before);
    await importOver(keyId, material, "RSAES_OAEP_SHA_1");
    expect(await stateOf(keyId)).toBe("Enabled");
    expect((await kms.describeKey({ keyId })).keyMetadata.materialExpireTime).toBeUndefined();
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
  });

  test("a private key is the same in whatever form it comes", async () => {
    const keyId = await createExternal(kms, "EC_P256");
    const material = await privateKeyOf("EC_P256");
    await importOver(keyId, material, hybrid);
    await kms.deleteKeyMaterial({ keyId });
    await expect(importOver(keyId, await privateKeyOf("EC_P256"), hybrid)).rejects.toMatchObject(invalidMaterial);
    // PKCS#8 of version 2 with nothing behind the private key
    await importOver(
      keyId,
      material.map((byte, i) => (i === 5 ? 1 : byte)),
      hybrid,
    );
    expect(await stateOf(keyId)).toBe("Enabled");
  });

  test("no two keys share material, symmetric or not, until the first is deleted for good", async () => {
    const [one, other] = [await createExternal(kms), await createExternal(kms)];
    const material = randomBytes(32);
    await importOver(one, material);
    await expect(importOver(other, material)).rejects.toMatchObject(invalidMaterial);
    expect(await stateOf(other)).toBe("PendingImport");
    await kms.deleteKeyMaterial({ keyId: one });
    await expect(importOver(other, material)).rejects.toMatchObject(invalidMaterial);
    await kms.scheduleKeyDeletion({ keyId: one, pendingWindowInDays: 7 });
    time.advance({ days: 7 });
    await kms.sweep();
    await importOver(other, material);
    expect(await stateOf(other)).toBe("Enabled");

    const [first, second] = [await createExternal(kms, "EC_P256"), await createExternal(kms, "EC_P256")];
    const privateKey = await privateKeyOf("EC_P256");
    await importOver(first, privateKey, hybrid);
    await expect(importOver(second, privateKey, hybrid)).rejects.toMatchObject(invalidMaterial);
  });
});

describe("deletion and expiry", () => {
  test("deleted material decrypts nothing; a key that is being deleted stays so", async () => {
    const keyId = await createExternal(kms);
    const material = randomBytes(32);
    await importMaterial(kms, { keyId, material });
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    await kms.deleteKeyMaterial({ keyId });
    expect(await stateOf(keyId)).toBe("PendingImport");
    expect((await kms.describeKey({ keyId })).keyMetadata.custody).toBeUndefined();
    await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject({ code: "Rejected.PendingImport" });
    await kms.deleteKeyMaterial({ keyId });

    await importMaterial(kms, { keyId, material });
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 30 });
    const { deleteDate } = (await kms.describeKey({ keyId })).keyMetadata;
    await kms.deleteKeyMaterial({ keyId });
    expect((await kms.describeKey({ keyId })).keyMetadata).toMatchObject({ keyState: "PendingDeletion", deleteDate });
    await expect(importMaterial(kms, { keyId, material })).rejects.toMatchObject({
      code: "Rejected.StateModifiedFailed",
    });
    await kms.cancelKeyDeletion({ keyId });
    expect(await stateOf(keyId)).toBe("PendingImport");
  });

  test.each(["lazily", "by the sweep"])("expired %s, at the due time and not before", async (how) => {
    const keyId = await createExternal(kms);
    const material = randomBytes(32);
    const expires = unixIn(3600);
    await importMaterial(kms, { keyId, material }, { keyMaterialExpireUnix: expires });
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    expect((await kms.describeKey({ keyId })).keyMetadata.materialExpireTime).toEqual(new Date(expires * 1000));
    time.advance({ seconds: 3600, milliseconds: -1 });
    if (how === "by the sweep") await kms.sweep();
    await kms.decrypt({ ciphertextBlob });
    time.advance({ milliseconds: 1 });
    if (how === "by the sweep") expect(await kms.sweep()).toMatchObject({ settled: 1, failed: 0 });
    await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject({ code: "Rejected.PendingImport" });
    expect((await kms.describeKey({ keyId })).keyMetadata).toMatchObject({
      keyState: "PendingImport",
      materialExpireTime: undefined,
    });
    await importMaterial(kms, { keyId, material });
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
  });

  test("importing again moves the expiry, in either direction", async () => {
    const keyId = await createExternal(kms);
    const material = randomBytes(32);
    await importMaterial(kms, { keyId, material }, { keyMaterialExpireUnix: unixIn(60) });
    await importMaterial(kms, { keyId, material }, { keyMaterialExpireUnix: unixIn(600) });
    time.advance({ seconds: 300 });
    await kms.encrypt({ keyId, plaintext });
    await importMaterial(kms, { keyId, material }, { keyMaterialExpireUnix: unixIn(10) });
    time.advance({ seconds: 10 });
    await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject({ code: "Rejected.PendingImport" });
  });

  test.each([
    ["now", () => unixIn(0)],
    ["the past", () => unixIn(-1)],
    ["less than nothing", () => -1],
    ["no number", () => "tomorrow"],
    ["not a number", () => Number.NaN],
    ["later than any date", () => 8.64e12 + 1],
    ["for ever", () => Number.POSITIVE_INFINITY],
  ])("an expiry that is %s is refused and nothing is stored", async (_, expiry) => {
    const keyId = await createExternal(kms);
    const keyMaterialExpireUnix = expiry() as number;
    const attempt = importMaterial(kms, { keyId, material: randomBytes(32) }, { keyMaterialExpireUnix });
    await expect(attempt).rejects.toMatchObject({
      code: "InvalidParameter",
      message: expect.stringContaining("KeyMaterialExpireUnix"),
    });
    expect(await stateOf(keyId)).toBe("PendingImport");
  });
});

describe("import tokens", () => {
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

  test.each(["Enabled", "Disabled", "PendingDeletion", "PendingImport"])(
    "are given while the key is %s",
    async (state) => {
      const keyId = await createExternal(kms);
      if (state !== "PendingImport") await importMaterial(kms, { keyId, material: randomBytes(32) });
      if (state === "Disabled") await kms.disableKey({ keyId });
      if (state === "PendingDeletion") await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
      expect(await stateOf(keyId)).toBe(state);
      await parameters(keyId);
      await kms.deleteKeyMaterial({ keyId });
    },
  );

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
});

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

describe("on disk", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lanelock-import-"));
    return () => rmSync(folder, { recursive: true });
  });
  const reopen = () => openKms({ store: sqlStore({ path: join(folder, "keys.db") }), clock: time.clock });
  const onDisk = () =>
    Buffer.concat(
      readdirSync(folder)
        .filter((name) => name.startsWith("keys.db") && !name.endsWith(".jsonl"))
        .map((name) => readFileSync(join(folder, name))),
    );

  test("the wrapping key survives a restart and failures stay counted", async () => {
    let stored = await reopen();
    const keyId = await createExternal(stored);
    const wrapping = { keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_PKCS1_V1_5" } as const;
    const { publicKey, importToken } = await stored.getParametersForImport(wrapping);
    const bad = { keyId, importToken, encryptedKeyMaterial: new Uint8Array(256) };
    for (let i = 0; i < 4; i += 1) await expect(stored.importKeyMaterial(bad)).rejects.toMatchObject(invalidMaterial);
    await stored.close();
    stored = await reopen();
    const material = randomBytes(32);
    const good = wrapMaterial({ publicKey, wrappingAlgorithm: "RSAES_PKCS1_V1_5" }, material);
    await stored.importKeyMaterial({ keyId, importToken, encryptedKeyMaterial: good });
    const { ciphertextBlob } = await stored.encrypt({ keyId, plaintext });
    await expect(stored.importKeyMaterial(bad)).rejects.toMatchObject(invalidMaterial);
    await stored.close();
    stored = await reopen();
    await expect(stored.importKeyMaterial(bad)).rejects.toMatchObject({ code: "InvalidImportToken" });
    expect((await stored.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
    await stored.close();
  });

  test.each(["expires", "fails for the fifth time"])(
    "its wrapping key leaves every file when a token %s",
    async (how) => {
      const stored = await reopen();
      const keyId = await createExternal(stored);
      const wrappingAlgorithm = "RSAES_PKCS1_V1_5";
      const { publicKey, importToken } = await stored.getParametersForImport({
        keyId,
        wrappingKeySpec: "RSA_2048",
        wrappingAlgorithm,
      });
      // The handle is stored wrapped; the public key beside it goes at the same moment and can be looked for.
      const trace = Buffer.from(publicKey).subarray(40, 100);
      expect(onDisk().includes(trace)).toBe(true);
      if (how === "expires") {
        time.advance({ days: 1 });
        await stored.sweep();
      } else {
        const bad = { keyId, importToken, encryptedKeyMaterial: new Uint8Array(256) };
        for (let i = 0; i < 5; i += 1)
          await expect(stored.importKeyMaterial(bad)).rejects.toMatchObject(invalidMaterial);
      }
      expect(onDisk().includes(trace)).toBe(false);
      await stored.close();
      expect(onDisk().includes(trace)).toBe(false);
    },
  );

  test("neither material nor a bare hash of it is in any file", async () => {
    const stored = await reopen();
    const keyId = await createExternal(stored);
    const material = randomBytes(32);
    await importMaterial(stored, { keyId, material });
    await stored.close();
    const files = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
    expect(files.length).toBeGreaterThan(10_000);
    for (const hash of ["sha1", "sha256", "sha512", "md5"]) {
      expect(files.includes(createHash(hash).update(material).digest().subarray(0, 16))).toBe(false);
    }
    expect(files.includes(material.subarray(0, 16))).toBe(false);
  });

  test("an expired token is destroyed when the KMS is opened, and forgotten after a month", async () => {
    let stored = await reopen();
    const keyId = await createExternal(stored);
    const wrapping = { keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;
    const { publicKey, importToken } = await stored.getParametersForImport(wrapping);
    await stored.close();
    time.advance({ days: 2 });
    stored = await reopen();
    await stored.close();
    expect(onDisk().includes(Buffer.from(publicKey).subarray(40, 100))).toBe(false);
    time.advance({ days: 30 });
    stored = await reopen();
    await stored.sweep();
    const request = { keyId, importToken, encryptedKeyMaterial: new Uint8Array(256) };
    await expect(stored.importKeyMaterial(request)).rejects.toMatchObject({ code: "InvalidImportToken" });
    await stored.close();
  });
});

test("imports of different material at once leave one consistent key", async () => {
  const keyId = await createExternal(kms);
  const materials = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const answers = await Promise.allSettled(materials.map((material) => importMaterial(kms, { keyId, material })));
  expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const answer of answers) if (answer.status === "rejected") expect(answer.reason).toMatchObject(invalidMaterial);
  await kms.encrypt({ keyId, plaintext });
});

test("an import and a deletion at once end in one of the two orders", async () => {
  const keyId = await createExternal(kms);
  const material = randomBytes(32);
  for (let round = 0; round < 20; round += 1) {
    await importMaterial(kms, { keyId, material });
    await Promise.all([importMaterial(kms, { keyId, material }), kms.deleteKeyMaterial({ keyId })]);
    const { keyState, custody } = (await kms.describeKey({ keyId })).keyMetadata;
    expect(keyState === "Enabled" ? custody : keyState).toBe(keyState === "Enabled" ? "software" : "PendingImport");
    const encrypted = kms.encrypt({ keyId, plaintext });
    if (keyState === "Enabled") await encrypted;
    else await expect(encrypted).rejects.toMatchObject({ code: "Rejected.PendingImport" });
  }
});
