import type { KeySpec, Kms, PaddingMode, ProtectionLevel, SymmetricAlgorithm } from "lanelock/kms";
import { describe, expect, test } from "vitest";
import { KEY_MATRIX } from "../../../src/kms/policy/key-matrix.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms } from "../open-kms.ts";

const open = () => openKms({ hsm: new NodeCryptoProvider("HSM"), external: new NodeCryptoProvider("EXTERNAL") });

const AES = ["AES_GCM", "AES_CBC", "AES_ECB"];
/** The product's table, typed in from `architecture.md`. */
const SYMMETRIC: Readonly<Record<ProtectionLevel, Readonly<Record<string, readonly string[]>>>> = {
  SOFTWARE: { Aliyun_AES_256: ["AES_GCM"] },
  HSM: { Aliyun_AES_256: AES, Aliyun_AES_192: AES, Aliyun_AES_128: AES, Aliyun_SM4: ["SM4_GCM"] },
  EXTERNAL: { Aliyun_AES_256: AES },
};
const LEVELS = ["SOFTWARE", "HSM", "EXTERNAL"] as const;
const SPECS = ["Aliyun_AES_256", "Aliyun_AES_192", "Aliyun_AES_128", "Aliyun_SM4"] as const;
const ASYMMETRIC = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_P256", "EC_P256K"] as const;
const ALGORITHMS: readonly SymmetricAlgorithm[] = ["AES_GCM", "AES_CBC", "AES_ECB", "SM4_GCM"];
const unsupported = { code: "UnsupportedOperation", httpStatus: 400 };

describe("protection levels", () => {
  const cells = LEVELS.flatMap((level) => SPECS.map((spec) => [level, spec] as const));

  test.each(cells)("%s %s takes the algorithms of the table, with every padding, and no other", async (level, spec) => {
    await using kms = await open();
    const algorithms = SYMMETRIC[level][spec];
    if (algorithms === undefined) {
      await expect(kms.createKey({ keySpec: spec, protectionLevel: level })).rejects.toMatchObject(unsupported);
      return;
    }
    const { keyId } = (await kms.createKey({ keySpec: spec, protectionLevel: level })).keyMetadata;
    for (const algorithm of ALGORITHMS) {
      if (algorithms.includes(algorithm)) await roundTrips(kms, keyId, algorithm);
      else {
        const attempt = kms.encrypt({ keyId, plaintext: new Uint8Array(16), algorithm });
        await expect(attempt).rejects.toMatchObject(unsupported);
      }
    }
  });

  async function roundTrips(kms: Kms, keyId: string, algorithm: SymmetricAlgorithm) {
    const paddings: readonly (PaddingMode | undefined)[] = algorithm.endsWith("GCM")
      ? [undefined]
      : [undefined, "PKCS7_PADDING", "NO_PADDING"];
    for (const paddingMode of paddings) {
      for (const length of paddingMode === "NO_PADDING" ? [0, 16, 6_144] : [0, 1, 16, 6_144]) {
        const plaintext = crypto.getRandomValues(new Uint8Array(length));
        const sealed = await kms.encrypt({ keyId, plaintext, algorithm, paddingMode });
        expect((await kms.decrypt({ ciphertextBlob: sealed.ciphertextBlob })).plaintext).toEqual(plaintext);
        expect(sealed.iv?.length).toBe(algorithm === "AES_CBC" ? 16 : undefined);
      }
    }
  }

  test("asymmetric keys: SOFTWARE and HSM, one usage each; EXTERNAL has none", () => {
    for (const spec of ASYMMETRIC) {
      const usages = spec.startsWith("RSA")
        ? {
            "ENCRYPT/DECRYPT": ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"],
            "SIGN/VERIFY": ["RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256"],
          }
        : { "ENCRYPT/DECRYPT": ["ECIES_DH_SHA_1_XOR_HMAC"], "SIGN/VERIFY": ["ECDSA_SHA_256"] };
      expect(KEY_MATRIX.SOFTWARE[spec]).toEqual(usages);
      expect(KEY_MATRIX.HSM[spec]).toEqual(usages);
      expect(KEY_MATRIX.EXTERNAL[spec]).toBeUndefined();
    }
  });

  const refused: readonly (readonly [string, Parameters<Kms["createKey"]>[0]])[] = [
    ["a symmetric key that signs", { keyUsage: "SIGN/VERIFY" }],
    ["an external manager's imported key", { protectionLevel: "EXTERNAL", origin: "EXTERNAL" }],
    ["an asymmetric external key", { protectionLevel: "EXTERNAL", keySpec: "RSA_2048" }],
    ["rotation of imported material", { origin: "EXTERNAL", enableAutomaticRotation: true, rotationInterval: "30d" }],
    ["rotation of an asymmetric key", { keySpec: "EC_P256", enableAutomaticRotation: true, rotationInterval: "30d" }],
  ];
  test.each(refused)("%s is refused", async (_name, request) => {
    await using kms = await open();
    await expect(kms.createKey(request)).rejects.toMatchObject(unsupported);
    expect((await kms.listKeys()).totalCount).toBe(0);
  });

  test("without its provider a level says which option is missing", async () => {
    await using kms = await openKms();
    for (const [protectionLevel, option] of [
      ["HSM", "hsm"],
      ["EXTERNAL", "external"],
    ] as const) {
      const attempt = kms.createKey({ protectionLevel });
      await expect(attempt).rejects.toMatchObject({ ...unsupported, message: expect.stringContaining(`"${option}"`) });
    }
  });
});

describe("modes", () => {
  const wrong: readonly (readonly [string, object])[] = [
    ["an IV with GCM", { algorithm: "AES_GCM", iv: new Uint8Array(12) }],
    ["an IV with ECB", { algorithm: "AES_ECB", iv: new Uint8Array(16) }],
    ["a CBC IV of 12 bytes", { algorithm: "AES_CBC", iv: new Uint8Array(12) }],
    ["padding with GCM", { paddingMode: "PKCS7_PADDING" }],
    ["half a block without padding", { algorithm: "AES_CBC", paddingMode: "NO_PADDING", plaintext: new Uint8Array(8) }],
    ["a context with CBC", { algorithm: "AES_CBC", encryptionContext: { a: "1" } }],
    ["a context with ECB", { algorithm: "AES_ECB", encryptionContext: { a: "1" } }],
  ];
  test.each(wrong)("%s is refused", async (_name, fields) => {
    await using kms = await open();
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const attempt = kms.encrypt({ keyId, plaintext: new Uint8Array(16), ...fields });
    await expect(attempt).rejects.toMatchObject({ code: "InvalidParameter" });
  });

  test("the caller's IV of CBC is used, and is in the self-describing blob", async () => {
    await using kms = await open();
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const iv = crypto.getRandomValues(new Uint8Array(16));
    const {
      ciphertextBlob,
      keyVersionId,
      iv: answered,
    } = await kms.encrypt({
      keyId,
      plaintext: new Uint8Array(16),
      algorithm: "AES_CBC",
      paddingMode: "NO_PADDING",
      iv,
    });
    expect(answered).toEqual(iv);
    expect([...ciphertextBlob.subarray(0, 3)]).toEqual([0x24, 2, 3]);
    expect(new TextDecoder().decode(ciphertextBlob.subarray(3, 39))).toBe(keyVersionId);
    expect(ciphertextBlob.subarray(39, 55)).toEqual(iv);
    expect(ciphertextBlob).toHaveLength(3 + 36 + 16 + 16);
    const ecb = await kms.encrypt({ keyId, plaintext: new Uint8Array(1), algorithm: "AES_ECB" });
    expect([...ecb.ciphertextBlob.subarray(0, 3)]).toEqual([0x24, 1, 4]);
    expect(ecb.ciphertextBlob).toHaveLength(3 + 36 + 16);
  });

  test("a GCM blob has one encoding: under the instance API's header it does not open", async () => {
    await using kms = await open();
    for (const [protectionLevel, keySpec, algorithm] of [
      ["SOFTWARE", "Aliyun_AES_256", 2],
      ["HSM", "Aliyun_SM4", 5],
    ] as const) {
      const { keyId } = (await kms.createKey({ protectionLevel, keySpec: keySpec as KeySpec })).keyMetadata;
      const encryptionContext = { a: "1" };
      const plaintext = Uint8Array.of(1, 2, 3);
      const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, encryptionContext });
      expect((await kms.decrypt({ ciphertextBlob, encryptionContext })).plaintext).toEqual(plaintext);
      for (const header of [
        [0x24, 0, algorithm],
        [0x24, 0, algorithm === 2 ? 5 : 2],
        [0x24, 1, algorithm],
        [0x24, 0x10, algorithm],
        [0x24, 0, 0],
        [0x24, 0, 6],
      ]) {
        const relabelled = Uint8Array.from([...header, ...ciphertextBlob]);
        const attempt = kms.decrypt({ ciphertextBlob: relabelled, encryptionContext });
        await expect(attempt).rejects.toMatchObject({ code: "InvalidParameter" });
      }
    }
  });

  test("no two modes share a key: neither relabelling nor ECB opens GCM", async () => {
    const hsm = new NodeCryptoProvider();
    await using kms = await openKms({ hsm });
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const secret = new TextEncoder().encode("sixteen byte txt");
    const { ciphertextBlob, keyVersionId } = await kms.encrypt({ keyId, plaintext: secret });
    const iv = ciphertextBlob.subarray(36, 48);
    // GCM's keystream for block 1 is E(IV ‖ 2): with one key for both modes, ECB of that block would give it away.
    const counter = Uint8Array.from([...iv, 0, 0, 0, 2]);
    const ecb = await kms.encrypt({ keyId, plaintext: counter, algorithm: "AES_ECB", paddingMode: "NO_PADDING" });
    const guessed = ecb.ciphertextBlob.subarray(39).map((byte, i) => byte ^ (ciphertextBlob[48 + i] ?? 0));
    expect(guessed).not.toEqual(secret);
    await kms.encrypt({ keyId, plaintext: secret, algorithm: "AES_CBC" });
    const materials = [...hsm.keys.values()].map((key) => `${key.binding.mode} ${key.material.toString("hex")}`);
    expect(new Set(materials.map((one) => one.split(" ")[1])).size).toBe(3);
    expect([...hsm.keys.values()].every((key) => key.binding.versionId === keyVersionId)).toBe(true);
    const body = ciphertextBlob.subarray(36);
    for (const [padding, algorithm] of [
      [2, 3],
      [2, 4],
    ] as const) {
      const relabelled = Uint8Array.from([
        0x24,
        padding,
        algorithm,
        ...Buffer.from(keyVersionId),
        ...body.subarray(12, 28),
      ]);
      const opened = kms.decrypt({ ciphertextBlob: relabelled }).then(
        ({ plaintext }) => plaintext,
        () => new Uint8Array(),
      );
      expect(await opened).not.toEqual(secret);
    }
  });

  test("a forged blob of a mode that no one has used is no better than any other, and keeps no one from using it", async () => {
    await using kms = await open();
    for (const protectionLevel of ["HSM", "EXTERNAL"] as const) {
      const { keyId, primaryKeyVersion = "" } = (await kms.createKey({ protectionLevel })).keyMetadata;
      for (const [code, algorithm] of [
        [3, "AES_CBC"],
        [4, "AES_ECB"],
      ] as const) {
        const header = [0x24, 1, code, ...Buffer.from(primaryKeyVersion)];
        const forged = Uint8Array.from([...header, ...Array<number>(32).fill(7)]);
        const attempt = () => kms.decrypt({ ciphertextBlob: forged });
        const refusal = { code: "InvalidParameter", message: 'The specified parameter "CiphertextBlob" is not valid.' };
        await expect(attempt()).rejects.toMatchObject(refusal);
        const first = expect(attempt()).rejects.toMatchObject(refusal);
        const plaintext = new Uint8Array(5);
        const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, algorithm });
        await first;
        expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
      }
    }
  });

  test("several processes that use a mode first at once agree on one key object", async () => {
    const hsm = new NodeCryptoProvider();
    await using kms = await openKms({ hsm });
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const blobs = await Promise.all(
      Array.from({ length: 8 }, () => kms.encrypt({ keyId, plaintext: new Uint8Array(5), algorithm: "AES_CBC" })),
    );
    expect(hsm.keys.size).toBe(2);
    for (const { ciphertextBlob } of blobs) {
      expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(new Uint8Array(5));
    }
  });

  test("imported material is valid only for the mode it was created for", async () => {
    await using kms = await open();
    const request = { protectionLevel: "HSM", origin: "EXTERNAL", importMode: "CBC" } as const;
    const { keyMetadata } = await kms.createKey(request);
    expect(keyMetadata).toMatchObject({ keyState: "PendingImport", origin: "EXTERNAL" });
    await expect(kms.createKey({ ...request, protectionLevel: "SOFTWARE" })).rejects.toMatchObject({
      code: "InvalidParameter",
    });
    await expect(kms.createKey({ importMode: "CBC", protectionLevel: "HSM" })).rejects.toMatchObject({
      code: "InvalidParameter",
    });
  });

  test("a blob of another mode than that of the imported material is refused", async () => {
    await using kms = await openKms({ hsm: new NodeCryptoProvider(), allowSeeding: true });
    const ids = { keyId: "seeded", keyVersionId: "0".repeat(36) };
    const material = new Uint8Array(32).fill(9);
    await kms.seedKey({ ...ids, keySpec: "Aliyun_AES_256", protectionLevel: "HSM", importMode: "CBC", material });
    const version = Buffer.from(ids.keyVersionId);
    const cbc = await kms.encrypt({ keyId: ids.keyId, plaintext: new Uint8Array(5), algorithm: "AES_CBC" });
    expect((await kms.decrypt({ ciphertextBlob: cbc.ciphertextBlob })).plaintext).toEqual(new Uint8Array(5));
    // Warm and cold alike. The answer is that of a forgery, so it does not reveal which modes exist.
    for (const blob of [
      Buffer.concat([version, Buffer.alloc(12 + 5 + 16)]),
      Buffer.concat([Buffer.of(0x24, 1, 4), version, Buffer.alloc(16)]),
    ]) {
      await expect(kms.decrypt({ ciphertextBlob: new Uint8Array(blob) })).rejects.toMatchObject({
        code: "InvalidParameter",
        message: 'The specified parameter "CiphertextBlob" is not valid.',
      });
    }
  });

  test("a provider that fails is not a ciphertext that fails", async () => {
    const hsm = new NodeCryptoProvider();
    await using kms = await openKms({ hsm });
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: new Uint8Array(5) });
    hsm.broken = true;
    await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject({ code: "ERR_PROVIDER" });
    await expect(kms.encrypt({ keyId, plaintext: new Uint8Array(5) })).rejects.toMatchObject({ code: "ERR_PROVIDER" });
    await expect(kms.createKey({ protectionLevel: "HSM" })).rejects.toMatchObject({ code: "ERR_PROVIDER" });
    hsm.broken = false;
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(new Uint8Array(5));
    expect((await kms.listKeys()).totalCount).toBe(1);
  });
});
