import { randomBytes } from "node:crypto";
import { pkcs11, pkcs11Root } from "lanelock/pkcs11";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { KeyPair } from "../../../src/asymmetric/platform.ts";
import type { CipherMode, StoredKeyObject } from "../../../src/kms/ports/index.ts";
import { Token } from "../../../src/providers/pkcs11/session/token.ts";
import { TokenError } from "../../../src/providers/pkcs11/session/token-error.ts";
import { testPair } from "../../asymmetric/test-keys.ts";
import { aesToken } from "../objects/aes-token.ts";
import { binding, host, iv, outcome } from "../objects/key-objects.ts";

// The provider and the root key on a token whose every object and answer the test can see and change.

const options = { module: "/nowhere.so", token: { label: "t" }, pin: "1234" };
const unsupported = { name: "KmsError", code: "UnsupportedOperation" };
const shut = { code: "ERR_STATE" };

afterEach(() => vi.restoreAllMocks());

let ec: Record<"EC_P256" | "EC_P256K", KeyPair>;
beforeAll(async () => {
  const [p256, p256k] = await Promise.all([testPair("EC_P256"), testPair("EC_P256K")]);
  ec = { EC_P256: p256, EC_P256K: p256k };
});

async function opened(more: object = {}, change: (scripted: ReturnType<typeof aesToken>) => void = () => {}) {
  const scripted = aesToken();
  change(scripted);
  scripted.open();
  const provider = pkcs11({ ...options, ...more });
  await provider.open(host);
  scripted.calls.length = 0;
  return { ...scripted, provider };
}
/** Lets the token have EC keys too. */
const withEc = ({ token, instead }: ReturnType<typeof aesToken>) => {
  const mechanisms = token.mechanisms as Map<number, { flags: number; minKeySize: number; maxKeySize: number }>;
  const sizes = { minKeySize: 256, maxKeySize: 256 };
  Object.assign(token, {
    mechanisms: new Map([
      ...mechanisms,
      [0x1040, { flags: 0x10000, ...sizes }],
      [0x1041, { flags: 0x800, ...sizes }],
      [0x1050, { flags: 0x80000, ...sizes }],
    ]),
    place: `an EC token ${randomBytes(4).toString("hex")}`,
  });
  Object.assign(instead, { C_GenerateKeyPairAsync: async () => ({}) });
};

describe("the provider", () => {
  test("has the module's name until it is open, once, and then the token's; what it knows ends with it", async () => {
    const { provider, close } = await opened();
    expect(pkcs11(options).name).toBe("PKCS#11 module /nowhere.so");
    expect([provider.name, provider.pool?.()]).toEqual(["a token", { open: 3, waiting: 4 }]);
    expect(provider.capabilities().length).toBe(26);
    await expect(outcome(() => provider.open(host))).rejects.toMatchObject(shut);
    await provider.close();
    expect(close()).toHaveBeenCalledTimes(1);
    expect([provider.name, provider.pool?.()]).toEqual(["PKCS#11 module /nowhere.so", undefined]);
    expect(() => provider.capabilities()).toThrow(expect.objectContaining(shut));
    await provider.close();
  });

  test("that cannot look at its token closes it", async () => {
    const scripted = aesToken();
    scripted.open();
    Object.defineProperty(scripted.token, "mechanisms", {
      get() {
        throw new TokenError("CKR_DEVICE_ERROR", "C_GetMechanismList");
      },
    });
    const failed = { code: "ERR_PROVIDER", cause: { ckr: "CKR_DEVICE_ERROR" } };
    await expect(pkcs11(options).open(host)).rejects.toMatchObject(failed);
    expect(scripted.close()).toHaveBeenCalledTimes(1);
  });

  test.each(["GCM", "CBC", "ECB"] as const)(
    "makes, finds and destroys an AES key by the label of its store, version and mode: %s",
    async (mode) => {
      const { provider, objects } = await opened();
      const bound = binding("Aliyun_AES_256", { mode });
      const { handle, custody } = await provider.createKey({ binding: bound });
      const stored = { binding: bound, handle, publicKey: undefined };
      const [attributes] = objects.values();
      expect([custody, handle[0], handle.length, attributes?.[0x11]?.length]).toEqual(["token", 1, 21, 32]);
      expect(attributes?.[3]?.toString()).toBe(`lanelock:${host.storeId}:${bound.versionId}:${mode}`);
      expect(attributes?.[0x102]).toEqual(Buffer.from(handle.subarray(1)));
      const key = await provider.loadCipherKey(stored);
      const request = {
        data: randomBytes(32),
        iv: iv(mode),
        padding: mode === "GCM" ? undefined : ("NO_PADDING" as const),
      };
      const sealed = await key.encrypt(request);
      expect(Buffer.from(await key.decrypt({ ...request, data: sealed }))).toEqual(request.data);
      expect(provider.rewrap(stored, host)).toBe(handle);
      // Another version's key stays.
      await provider.createKey({ binding: binding("Aliyun_AES_256", { mode }) });
      await provider.destroyKey(stored);
      expect([...objects.values()].map((one) => one[0x102]?.equals(handle.subarray(1)))).toEqual([false]);
    },
  );

  test.each([
    ["Aliyun_AES_256", 32],
    ["Aliyun_AES_192", 24],
    ["Aliyun_AES_128", 16],
  ] as const)("stores imported material of %s, of %i bytes alone", async (keySpec, length) => {
    const { provider, objects } = await opened();
    const material = randomBytes(length);
    await provider.importKey({ binding: binding(keySpec), material });
    expect([...objects.values()].map((one) => one[0x11])).toEqual([material]);
    await provider.createKey({ binding: binding(keySpec) });
    expect([...objects.values()].map((one) => one[0x11]?.length)).toEqual([length, length]);
    const refused = { code: "InvalidKeyMaterial" };
    const wrong = { binding: binding(keySpec), material: randomBytes(length + 1) };
    await expect(provider.importKey(wrong)).rejects.toMatchObject(refused);
  });

  test("keeps an SM4 key sealed by an AES key of its own, unless it must not leave the token", async () => {
    const { provider, objects, token } = await opened();
    const bound = binding("Aliyun_SM4");
    const material = randomBytes(16);
    const made = [
      await provider.createKey({ binding: bound }),
      await provider.importKey({ binding: bound, material: material.slice() }),
    ];
    expect(made.map(({ handle, custody }) => [custody, handle[0], handle.length])).toEqual(
      Array(2).fill(["token-wrapped", 2, 65]),
    );
    expect([...objects.values()].map((one) => one[0x11]?.length)).toEqual([32, 32]);
    const stored = (handle: Uint8Array): StoredKeyObject => ({ binding: bound, handle, publicKey: undefined });
    const request = { data: randomBytes(9), iv: randomBytes(12), aad: randomBytes(5) };
    for (const { handle } of made) {
      const key = await provider.loadCipherKey(stored(handle));
      const sealed = await key.encrypt(request);
      expect(Buffer.from(await key.decrypt({ ...request, data: sealed }))).toEqual(request.data);
    }
    vi.spyOn(Token, "open").mockResolvedValue(token);
    const strict = pkcs11({ ...options, requireOnToken: true });
    await strict.open(host);
    await expect(
      outcome(() => strict.loadCipherKey(stored(made[0]?.handle ?? new Uint8Array()))),
    ).rejects.toMatchObject(unsupported);
    await expect(outcome(() => strict.createKey({ binding: bound }))).rejects.toMatchObject(unsupported);
    await provider.destroyKey(stored(made[0]?.handle ?? new Uint8Array()));
    expect(objects.size).toBe(1);
  });

  test("destroys the AES key of an SM4 key that could not be sealed", async () => {
    const { provider, objects, instead } = await opened();
    const fail = async () => {
      throw new Error("CKR_DEVICE_MEMORY:49");
    };
    Object.assign(instead, { C_EncryptAsync: fail });
    const failed = { code: "ERR_PROVIDER", cause: { ckr: "CKR_DEVICE_MEMORY" } };
    await expect(provider.createKey({ binding: binding("Aliyun_SM4") })).rejects.toMatchObject(failed);
    expect(objects.size).toBe(0);
  });

  test("refuses what the token lacks, and says for each algorithm of the usage what it needs", async () => {
    const without = (mechanism: number) => (scripted: ReturnType<typeof aesToken>) => {
      const others = [...scripted.token.mechanisms].filter(([id]) => id !== mechanism);
      Object.assign(scripted.token, { mechanisms: new Map(others) });
    };
    const { provider, calls } = await opened({}, without(0x1082));
    const create = (more: object) => outcome(() => provider.createKey({ binding: binding("Aliyun_AES_256", more) }));
    const says = (text: string) => ({ ...unsupported, message: expect.stringContaining(text) });
    await expect(create({ mode: "CBC" })).rejects.toMatchObject(says("Aliyun_AES_256: AES_CBC needs CKM_AES_CBC."));
    await expect(create({ keySpec: "Aliyun_AES_192", mode: "CBC" })).rejects.toMatchObject(unsupported);
    await create({ mode: "GCM" });
    calls.length = 0;
    const rsa = { keySpec: "RSA_2048", mode: "NONE" };
    await expect(create({ ...rsa, keyUsage: "SIGN/VERIFY" })).rejects.toMatchObject(
      says("RSA_PSS_SHA_256 needs CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_PSS; RSA_PKCS1_SHA_256 needs "),
    );
    await expect(create({ ...rsa, keyUsage: "ENCRYPT/DECRYPT" })).rejects.toMatchObject(
      says("RSA_2048: RSAES_OAEP_SHA_256 needs CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_OAEP or CKM_RSA_X_509; RSAES"),
    );
    await expect(create({ mode: "NONE" })).rejects.toMatchObject(says("there is no such key"));
    const imported = { binding: binding("EC_P256", { mode: "NONE" as CipherMode }), material: ec.EC_P256.privateKey };
    await expect(provider.importKey(imported)).rejects.toMatchObject(unsupported);
    expect(calls).toEqual([]);
  });

  test("stores an imported private key of its spec, and no other", async () => {
    const { provider, objects } = await opened({}, withEc);
    const bound = binding("EC_P256", { keyUsage: "SIGN/VERIFY" });
    const own = ec.EC_P256.privateKey.slice();
    const { handle, publicKey, custody } = await provider.importKey({ binding: bound, material: own });
    expect([custody, Buffer.from(publicKey ?? [])]).toEqual(["token", Buffer.from(ec.EC_P256.publicKey)]);
    expect(own).toEqual(ec.EC_P256.privateKey);
    const [attributes] = objects.values();
    // CKA_EC_PARAMS is secp256r1; it may sign, and not derive.
    expect(attributes?.[0x180]?.toString("hex")).toBe("06082a8648ce3d030107");
    expect([attributes?.[0x108], attributes?.[0x10c], attributes?.[0]?.[0]]).toEqual([Buffer.of(1), Buffer.of(0), 3]);
    const wrong = { binding: bound, material: ec.EC_P256K.privateKey };
    const refused = { name: "KmsError", code: "InvalidKeyMaterial", cause: { code: "ERR_KEY" } };
    await expect(provider.importKey(wrong)).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining("EC_P256K"),
    });
    await expect(provider.importKey({ binding: bound, material: randomBytes(40) })).rejects.toMatchObject(refused);
    expect(objects.size).toBe(1);
    const key = await provider.loadAsymmetricKey({ binding: bound, handle, publicKey });
    expect(Buffer.from(key.publicKey)).toEqual(Buffer.from(ec.EC_P256.publicKey));
    const request = { algorithm: "ECDSA_SHA_256", messageType: "DIGEST", data: new Uint8Array(32) } as const;
    key.dispose();
    await expect(outcome(() => key.sign(request))).rejects.toMatchObject(shut);
    for (const stored of [
      { binding: bound, handle, publicKey: undefined },
      { binding: binding("Aliyun_AES_256"), handle, publicKey },
    ]) {
      await expect(outcome(() => provider.loadAsymmetricKey(stored))).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
    }
    await provider.destroyKey({ binding: bound, handle, publicKey });
    expect(objects.size).toBe(0);
  });
});

describe("the root key", () => {
  const rooted = () => {
    const scripted = aesToken();
    const open = scripted.open();
    return { ...scripted, open, root: pkcs11Root({ ...options, label: "root" }) };
  };
  const bytes = (value: number) => {
    const field = Buffer.alloc(8);
    field.writeUInt32LE(value);
    return field;
  };
  const yes = Buffer.of(1);
  const no = Buffer.of(0);
  /** An AES-256 key that somebody made under the label. */
  const existing = (more: Record<number, Buffer | undefined> = {}) => {
    const key: Record<number, Buffer | undefined> = {
      ...{ 0: bytes(4), 3: Buffer.from("root"), 256: bytes(0x1f), 353: bytes(32), 17: randomBytes(32) },
      ...{ 259: yes, 354: no, 260: yes, 261: yes, 258: Buffer.from("its id") },
      ...more,
    };
    return key as Record<number, Buffer>;
  };

  test("seals a secret of 32 bytes for its store alone, under one key, on one token for all who ask at once", async () => {
    const { root, objects, open, close } = rooted();
    const [one, two] = await Promise.all([root.unlock({ storeId: "one" }), root.unlock({ storeId: "two" })]);
    expect([one.secret.length, one.sealed?.[0], one.sealed?.[1], one.sealed?.length]).toEqual([32, 1, 20, 82]);
    expect(open).toHaveBeenCalledTimes(1);
    const sealed = one.sealed ?? new Uint8Array();
    expect((await root.unlock({ storeId: "one", sealed })).secret).toEqual(one.secret);
    expect(Buffer.compare(one.secret, two.secret)).not.toBe(0);
    const refused = { code: "ERR_KEY" };
    await expect(root.unlock({ storeId: "two", sealed })).rejects.toMatchObject({
      ...refused,
      cause: { code: "ERR_AUTHENTICATION" },
    });
    for (const other of [
      sealed.subarray(1),
      sealed.with(0, 2),
      sealed.subarray(0, 81),
      Uint8Array.of(...sealed, 0),
      sealed.with(1, 19),
    ]) {
      const unsealed = { ...refused, message: expect.stringContaining("did not seal") };
      await expect(root.unlock({ storeId: "one", sealed: other })).rejects.toMatchObject(unsealed);
    }
    await expect(root.unlock({ storeId: "one", sealed: sealed.with(5, 0) })).rejects.toMatchObject(refused);
    objects.clear();
    const gone = { ...refused, message: expect.stringContaining("is not on the token") };
    await expect(root.unlock({ storeId: "one", sealed })).rejects.toMatchObject(gone);
    await root.close?.();
    expect(close()).toHaveBeenCalledTimes(1);
    await root.close?.();
    expect(close()).toHaveBeenCalledTimes(1);
    await root.unlock({ storeId: "one" });
    expect(open).toHaveBeenCalledTimes(2);
  });

  test("tries again after its token could not be opened, and closes nothing then", async () => {
    const { root, open, token, close } = rooted();
    open.mockRejectedValueOnce(new Error("no token"));
    await expect(root.unlock({ storeId: "one" })).rejects.toThrow("no token");
    await root.close?.();
    expect(close()).not.toHaveBeenCalled();
    open.mockResolvedValue(token);
    expect((await root.unlock({ storeId: "one" })).secret.length).toBe(32);
  });

  test("takes a key that has its label already", async () => {
    for (const id of [Buffer.from("its id"), Buffer.alloc(255, 1)]) {
      const { root, objects } = rooted();
      objects.set("theirs", existing({ 258: id }));
      const { secret, sealed } = await root.unlock({ storeId: "one" });
      expect([sealed?.[1], objects.size]).toEqual([id.length, 1]);
      expect((await root.unlock({ storeId: "one", sealed })).secret).toEqual(secret);
    }
  });

  test.each<[string, Record<number, Buffer | undefined>]>([
    ["an object that is no secret key", { 0: bytes(3) }],
    ["a key that is not AES-256", { 256: bytes(0x10) }],
    ["a key that is not AES-256", { 353: bytes(16) }],
    ["an AES key that may leave it", { 259: no }],
    ["an AES key that may leave it", { 354: yes }],
    ["an AES key that may leave it", { 259: undefined }],
    ["an AES key that may leave it", { 354: undefined }],
    ["an AES key that may not encrypt and decrypt", { 260: no }],
    ["an AES key that may not encrypt and decrypt", { 261: no }],
    ["an AES key that may not encrypt and decrypt", { 260: undefined }],
    ["an AES key without a CKA_ID", { 258: undefined }],
    ["an AES key without a CKA_ID", { 258: Buffer.alloc(0) }],
    ["an AES key without a CKA_ID", { 258: Buffer.alloc(256) }],
  ])("takes no other: %s %o", async (what, wrong) => {
    const { root, objects } = rooted();
    objects.set("theirs", existing(wrong));
    const refused = { code: "ERR_PROVIDER", message: `The token a token has ${what} with the label "root".` };
    await expect(root.unlock({ storeId: "one" })).rejects.toMatchObject(refused);
    objects.set("another", existing());
    const two = { code: "ERR_PROVIDER", message: expect.stringContaining("2 objects") };
    await expect(root.unlock({ storeId: "one" })).rejects.toMatchObject(two);
    expect(objects.size).toBe(2);
  });

  test("needs the label of a key", () => {
    for (const label of [undefined, "", 5]) {
      const make = () => pkcs11Root({ ...options, label } as never);
      expect(make).toThrow(
        expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringContaining("label") }),
      );
    }
    expect(pkcs11Root({ ...options, label: "root" }).name).toBe('key "root" of the PKCS#11 module /nowhere.so');
  });
});
