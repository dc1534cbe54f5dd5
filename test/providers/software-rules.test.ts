import crypto, { randomBytes } from "node:crypto";
import { LanelockError } from "lanelock";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { KeyPair } from "../../src/asymmetric/platform.ts";
import { PrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey, PublicKey } from "../../src/asymmetric/public-key.ts";
import { slotsInUse } from "../../src/engine/slots.ts";
import type { WrappingAlgorithm } from "../../src/kms/ports/index.ts";
import { StoreKeys } from "../../src/kms/root/store-keys.ts";
import {
  materialCipher,
  softwareProvider,
  softwareKeyTransport as transport,
} from "../../src/providers/software/index.ts";
import { testPair } from "../asymmetric/test-keys.ts";
import { binding, outcome } from "../pkcs11/objects/key-objects.ts";

// Where a software key is while it is used, when it is given back, and which failures pass unchanged.

const storeId = "6f1c6e0e-2b5c-4c0e-8b8e-2f7d5f1f7a11";
const keys = new StoreKeys(storeId, new Uint8Array(32).fill(1), materialCipher);
const software = { protectionLevel: "SOFTWARE" } as const;
const invalid = { code: "InvalidKeyMaterial" };
/** Long enough that the platform's AES would be the faster. */
const long = randomBytes(2 ** 18);

let rsa: KeyPair;
let ec: KeyPair;
beforeAll(async () => {
  [rsa, ec] = await Promise.all([testPair("RSA_2048"), testPair("EC_P256")]);
});
afterEach(() => vi.restoreAllMocks());

async function opened() {
  const provider = softwareProvider();
  await provider.open(keys);
  return provider;
}

describe("an AES key", () => {
  test("is in one slot of the engine while it is loaded, and in no key of the platform", async () => {
    const provider = await opened();
    const bound = binding("Aliyun_AES_256", software);
    const { handle } = await provider.createKey({ binding: bound });
    const platform = vi.spyOn(crypto, "createSecretKey");
    const before = slotsInUse().length;
    const key = await provider.loadCipherKey({ binding: bound, handle, publicKey: undefined });
    expect(slotsInUse().length).toBe(before + 1);
    const [iv, aad] = [randomBytes(12), randomBytes(20)];
    for (const bind of [aad, undefined]) {
      const ciphertext = await key.encrypt({ iv, data: long, aad: bind });
      expect(Buffer.compare(await key.decrypt({ iv, data: ciphertext, aad: bind }), long)).toBe(0);
    }
    // What it says of itself: its results are there at once.
    expect(key.synchronous).toBe(true);
    expect(key.encrypt({ iv, data: aad, aad })).toBeInstanceOf(Uint8Array);
    key.dispose();
    expect(slotsInUse().length).toBe(before);
    expect(platform).not.toHaveBeenCalled();
  });

  test("that wraps material is in the engine for one call, whether it opens or not", () => {
    const platform = vi.spyOn(crypto, "createSecretKey");
    const before = slotsInUse().length;
    const input = { key: randomBytes(32), nonce: randomBytes(12), aad: randomBytes(5) };
    const data = materialCipher.seal({ ...input, data: long });
    expect(Buffer.compare(materialCipher.open({ ...input, data }), long)).toBe(0);
    data[0] = (data[0] ?? 0) ^ 1;
    expect(() => materialCipher.open({ ...input, data })).toThrow(
      expect.objectContaining({ code: "ERR_AUTHENTICATION" }),
    );
    expect(() => materialCipher.seal({ ...input, nonce: new Uint8Array(0), data })).toThrow(LanelockError);
    expect(slotsInUse().length).toBe(before);
    expect(platform).not.toHaveBeenCalled();
  });
});

describe("a pair of keys", () => {
  const load = async () => {
    const provider = await opened();
    const bound = binding("EC_P256", software);
    const { handle, publicKey } = await provider.importKey({ binding: bound, material: ec.privateKey });
    return { provider, stored: { binding: bound, handle, publicKey } };
  };
  const decryption = { algorithm: "ECIES_DH_SHA_1_XOR_HMAC", data: new Uint8Array(100) } as never;
  const signing = { algorithm: "ECDSA_SHA_256", messageType: "DIGEST", data: new Uint8Array(32) } as const;

  test("does not load without its public key", async () => {
    const { provider, stored } = await load();
    const refused = { code: "UnsupportedOperation", message: expect.stringContaining("EC_P256") };
    const without = { ...stored, publicKey: undefined };
    await expect(outcome(() => provider.loadAsymmetricKey(without))).rejects.toMatchObject(refused);
  });

  test("signs nothing once it is disposed of", async () => {
    const { provider, stored } = await load();
    const key = await provider.loadAsymmetricKey(stored);
    expect((await key.sign(signing)).length).toBeGreaterThan(60);
    key.dispose();
    await expect(outcome(() => key.sign(signing))).rejects.toMatchObject({ code: "ERR_STATE" });
  });

  test.each([
    [
      "at once",
      (error: Error) => () => {
        throw error;
      },
    ],
    ["later", (error: Error) => () => Promise.reject(error)],
  ] as const)(
    "refuses what the platform cannot do, %s, as the service does; other failures pass",
    async (_, failing) => {
      const { provider, stored } = await load();
      const key = await provider.loadAsymmetricKey(stored);
      const cannot = new LanelockError("ERR_UNSUPPORTED", "Use a digest.");
      const failed = new LanelockError("ERR_PROVIDER", "The platform failed.");
      const signature = { ...signing, signature: new Uint8Array(70) };
      const calls = [
        [PrivateKey.prototype, "sign", () => key.sign(signing)],
        [PrivateKey.prototype, "decrypt", () => key.decrypt(decryption)],
        [PublicKey.prototype, "encrypt", () => key.encrypt(decryption)],
        [PublicKey.prototype, "verify", () => key.verify(signature)],
      ] as const;
      for (const [prototype, name, call] of calls) {
        const spy = vi.spyOn(prototype as never, name as never) as unknown as ReturnType<typeof vi.fn>;
        spy.mockImplementation(failing(cannot));
        const refused = { name: "KmsError", code: "UnsupportedOperation", cause: cannot };
        const explained = { ...refused, message: expect.stringContaining("Use a digest.") };
        await expect(outcome<unknown>(call), name).rejects.toMatchObject(explained);
        spy.mockImplementation(failing(failed));
        await expect(outcome<unknown>(call), name).rejects.toBe(failed);
      }
      key.dispose();
    },
  );
});

describe("key transport", () => {
  const bound = () => binding("RSA_2048", { ...software, purpose: "import" });
  const pair = async (wrappingAlgorithm: WrappingAlgorithm) => {
    const own = bound();
    return { own, ...(await transport.createPair(keys, { binding: own, wrappingAlgorithm })) };
  };

  test("makes a pair of RSA_2048, tries raw RSA for PKCS #1 v1.5 alone, and disposes of the key", async () => {
    const tried = vi.spyOn(PrivateKey.prototype, "decryptPkcs1");
    const disposed = vi.spyOn(PrivateKey.prototype, "dispose");
    const oaep = await pair("RSAES_OAEP_SHA_256");
    expect([tried.mock.calls.length, disposed.mock.calls.length]).toEqual([0, 0]);
    const pkcs1 = await pair("RSAES_PKCS1_V1_5");
    expect([tried.mock.calls.length, disposed.mock.calls.length]).toEqual([1, 1]);
    for (const { own, handle, publicKey } of [oaep, pkcs1]) {
      expect((await importPublicKey(publicKey)).spec).toBe("RSA_2048");
      const privateKey = crypto.createPrivateKey({
        key: Buffer.from(keys.unwrap(own, handle)),
        format: "der",
        type: "pkcs8",
      });
      expect(crypto.createPublicKey(privateKey).export({ format: "der", type: "spki" })).toEqual(
        Buffer.from(publicKey),
      );
    }
  });

  test("makes no pair for PKCS #1 v1.5 where the platform has no raw RSA, and keeps nothing of it", async () => {
    const wrap = vi.spyOn(keys, "wrap");
    const disposed = vi.spyOn(PrivateKey.prototype, "dispose");
    const decrypting = vi.spyOn(PrivateKey.prototype, "decryptPkcs1");
    decrypting.mockRejectedValueOnce(new LanelockError("ERR_UNSUPPORTED", "No raw RSA."));
    const refused = { code: "UnsupportedOperation", message: expect.stringContaining("No raw RSA.") };
    await expect(pair("RSAES_PKCS1_V1_5")).rejects.toMatchObject(refused);
    decrypting.mockRejectedValueOnce(new LanelockError("ERR_PROVIDER", "The platform failed."));
    await expect(pair("RSAES_PKCS1_V1_5")).rejects.toMatchObject({ code: "ERR_PROVIDER" });
    expect([wrap.mock.calls.length, disposed.mock.calls.length]).toEqual([0, 2]);
  });

  const wrapping = async (wrappingAlgorithm: WrappingAlgorithm, encryptedKeyMaterial: Uint8Array, keySpec: string) => {
    const own = bound();
    const handle = keys.wrap(own, rsa.privateKey);
    const request = { binding: own, handle, wrappingAlgorithm, encryptedKeyMaterial, keySpec };
    return transport.unwrap(keys, request as never);
  };
  const publicKey = () => crypto.createPublicKey({ key: Buffer.from(rsa.publicKey), format: "der", type: "spki" });
  const oaep = (data: Uint8Array) => crypto.publicEncrypt({ key: publicKey(), oaepHash: "sha256" }, data);

  test.each([
    ["ERR_PROVIDER", "ERR_PROVIDER"],
    ["ERR_DEPENDENCY", "ERR_DEPENDENCY"],
    ["ERR_UNSUPPORTED", "UnsupportedOperation"],
    ["ERR_AUTHENTICATION", "InvalidKeyMaterial"],
    ["ERR_STATE", "InvalidKeyMaterial"],
    ["ERR_ARGUMENT", "InvalidKeyMaterial"],
  ] as const)("tells a failure of the platform from bad material, and nothing else: %s is %s", async (code, wanted) => {
    const failure = new LanelockError(code, "This is why.");
    vi.spyOn(PrivateKey.prototype, "decrypt").mockRejectedValue(failure);
    const disposed = vi.spyOn(PrivateKey.prototype, "dispose");
    const error = await wrapping("RSAES_OAEP_SHA_256", new Uint8Array(256), "Aliyun_AES_256").catch((reason) => reason);
    expect(error.code).toBe(wanted);
    if (wanted === code) expect(error).toBe(failure);
    else expect(error.cause).toBeUndefined();
    expect(/This is why/.test(error.message)).toBe(wanted !== "InvalidKeyMaterial");
    expect(disposed).toHaveBeenCalledTimes(1);
  });

  test("disposes of the wrapping key and of the AES key under it, which is in the engine alone", async () => {
    const disposed = vi.spyOn(PrivateKey.prototype, "dispose");
    const platform = vi.spyOn(crypto, "createSecretKey");
    const ephemeral = randomBytes(32);
    const aes = crypto.createCipheriv("aes-256-ecb", ephemeral, null);
    const wrapped = Buffer.concat([oaep(ephemeral), aes.update(rsa.privateKey), aes.final()]);
    const before = slotsInUse().length;
    const algorithm = "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD";
    const material = await wrapping(algorithm, wrapped, "RSA_2048");
    expect(Buffer.compare(material.material, rsa.privateKey)).toBe(0);
    const another = crypto.createCipheriv("aes-256-ecb", ephemeral, null);
    const noKey = Buffer.concat([oaep(ephemeral), another.update(long), another.final()]);
    await expect(wrapping(algorithm, noKey, "RSA_2048")).rejects.toMatchObject(invalid);
    expect(slotsInUse().length).toBe(before);
    expect(disposed).toHaveBeenCalledTimes(2);
    expect(platform).not.toHaveBeenCalled();
  });

  test("does not decrypt a private key under PKCS #1 v1.5 at all", async () => {
    const tried = vi.spyOn(PrivateKey.prototype, "decryptPkcs1");
    const wrapped = crypto.publicEncrypt(
      { key: publicKey(), padding: crypto.constants.RSA_PKCS1_PADDING },
      randomBytes(32),
    );
    await expect(wrapping("RSAES_PKCS1_V1_5", wrapped, "EC_P256")).rejects.toMatchObject(invalid);
    expect(tried).not.toHaveBeenCalled();
    expect((await wrapping("RSAES_PKCS1_V1_5", wrapped, "Aliyun_AES_256")).material).toHaveLength(32);
  });

  test("to another blames its public key for what is wrong with it, and the platform for what fails", async () => {
    const request = { publicKey: rsa.publicKey, algorithm: "RSAES_OAEP_SHA_256", data: new Uint8Array(32) } as const;
    const failed = new LanelockError("ERR_PROVIDER", "The platform failed.");
    const encrypting = vi.spyOn(PublicKey.prototype, "encrypt").mockImplementationOnce(() => {
      throw failed;
    });
    await expect(transport.wrapFor(request)).rejects.toBe(failed);
    encrypting.mockRestore();
    const importing = vi.spyOn(crypto, "createPublicKey").mockImplementation(() => {
      throw new Error("out of memory");
    });
    await expect(transport.wrapFor({ ...request, publicKey: ec.publicKey })).rejects.toMatchObject({
      code: "ERR_PROVIDER",
    });
    importing.mockRestore();
    const named = { code: "InvalidParameter", message: expect.stringContaining("PublicKeyBlob") };
    await expect(transport.wrapFor({ ...request, publicKey: ec.publicKey })).rejects.toMatchObject(named);
    await expect(transport.wrapFor({ ...request, publicKey: new Uint8Array(9) })).rejects.toMatchObject(named);
  });
});
