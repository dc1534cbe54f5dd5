import crypto from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { platformError } from "../../src/asymmetric/platform-failure.ts";
import { generateKeyPair, loadPrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey } from "../../src/asymmetric/public-key.ts";
import { resultBytes } from "../../src/asymmetric/runtime.ts";
import { platform as thisPlatform } from "../../src/asymmetric/this-platform.ts";
import { isPromise } from "../../src/shared/maybe-promise.ts";
import { platforms } from "./platforms.ts";
import { testPair } from "./test-keys.ts";

const undecryptable = { code: "ERR_AUTHENTICATION" };
const publicKeyOf = (der: Uint8Array) => crypto.createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });

describe.each(platforms)("on $name", ({ platform }) => {
  // RFC 8017 §7.1.2 step 1b: OpenSSL would put the missing zeros before it.
  test("an RSA ciphertext without its leading zero byte is refused", async () => {
    const pair = await testPair("RSA_2048");
    const oaep = { key: publicKeyOf(pair.publicKey), oaepHash: "sha256" };
    let data: Uint8Array;
    do data = crypto.publicEncrypt(oaep, Buffer.from("text"));
    while (data[0] !== 0);
    using key = await loadPrivateKey(pair.privateKey, platform);
    const decrypt = async (bytes: Uint8Array) => key.decrypt({ algorithm: "RSAES_OAEP_SHA_256", data: bytes });
    expect(Buffer.from(await decrypt(data)).toString()).toBe("text");
    await expect(decrypt(data.subarray(1))).rejects.toMatchObject(undecryptable);
    await expect(decrypt(Uint8Array.of(0, ...data))).rejects.toMatchObject(undecryptable);
  });

  test("an EC key has no raw RSA operation", async () => {
    const pair = await generateKeyPair("EC_P256", platform);
    using key = await loadPrivateKey(pair.privateKey, platform);
    await expect(key.decryptPkcs1(new Uint8Array(256), 32)).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
  });
});

describe("PKCS#1 v1.5", () => {
  const [{ platform }] = platforms as unknown as [(typeof platforms)[number]];
  const pkcs1 = (spki: Uint8Array, message: Uint8Array) =>
    crypto.publicEncrypt({ key: publicKeyOf(spki), padding: crypto.constants.RSA_PKCS1_PADDING }, message);

  test("what the key's operation gave is wiped, whether it unpads or not", async () => {
    const pair = await testPair("RSA_2048");
    const raw: Uint8Array[] = [];
    const kept = {
      ...platform,
      async loadPrivate(parts: Parameters<typeof platform.loadPrivate>[0]) {
        const operations = await platform.loadPrivate(parts);
        const rawDecrypt = async (ciphertext: Uint8Array) => {
          const encoded = await operations.rawDecrypt(ciphertext);
          raw.push(encoded);
          return encoded;
        };
        return { ...operations, rawDecrypt };
      },
    };
    using key = await loadPrivateKey(pair.privateKey, kept);
    const message = crypto.randomBytes(32);
    expect(Buffer.from(await key.decryptPkcs1(pkcs1(pair.publicKey, message), 32))).toEqual(message);
    await expect(key.decryptPkcs1(pkcs1(pair.publicKey, message), 16)).rejects.toMatchObject(undecryptable);
    expect(raw.map((encoded) => encoded.length)).toEqual([256, 256]);
    expect(raw.every((encoded) => encoded.every((byte) => byte === 0))).toBe(true);
  });

  test("a ciphertext of another length than the modulus is refused before the key is used", async () => {
    const pair = await testPair("RSA_2048");
    let ciphertext: Uint8Array;
    do ciphertext = pkcs1(pair.publicKey, new Uint8Array(32));
    while (ciphertext[0] !== 0);
    using key = await loadPrivateKey(pair.privateKey, platform);
    expect(await key.decryptPkcs1(ciphertext, 32)).toEqual(new Uint8Array(32));
    await expect(key.decryptPkcs1(ciphertext.subarray(1), 32)).rejects.toMatchObject(undecryptable);
  });
});

// As Bun is.
test("without secp256k1 in the platform, that curve alone is computed in JavaScript", async () => {
  const real = process.getBuiltinModule.bind(process);
  const bare = new Proxy(crypto, {
    get: (target, name) => (name === "getCurves" ? () => ["prime256v1"] : Reflect.get(target, name, target)),
  });
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((id: string) =>
    id === "node:crypto" ? bare : real(id as "fs")) as typeof process.getBuiltinModule);
  const platform = thisPlatform();
  vi.restoreAllMocks();
  const input = { algorithm: "ECDSA_SHA_256", messageType: "RAW", data: new Uint8Array(3) } as const;
  for (const [spec, curve, later] of [
    ["EC_P256", "prime256v1", false],
    ["EC_P256K", "secp256k1", true],
  ] as const) {
    const pair = await generateKeyPair(spec, platform);
    expect(publicKeyOf(pair.publicKey).asymmetricKeyDetails).toEqual({ namedCurve: curve });
    using key = await loadPrivateKey(pair.privateKey, platform);
    const signature = key.sign(input);
    expect(isPromise(signature)).toBe(later);
    expect(crypto.verify("sha256", input.data, publicKeyOf(pair.publicKey), await signature)).toBe(true);
    const publicKey = await importPublicKey(pair.publicKey, platform);
    expect(await publicKey.verify({ ...input, signature: await signature })).toBe(true);
  }
  // WebCrypto has no raw RSA.
  const rsa = await testPair("RSA_2048");
  using key = await loadPrivateKey(rsa.privateKey, platform);
  await expect(key.decryptPkcs1(new Uint8Array(256), 32)).rejects.toMatchObject(undecryptable);
});

describe("failures of the platform", () => {
  test("to support something keep their cause", () => {
    const cause = new DOMException("Unrecognized name.", "NotSupportedError");
    expect(platformError(cause)).toMatchObject({ code: "ERR_UNSUPPORTED", cause });
  });

  test("are told from their name, if it can be read", () => {
    const thrown = Object.defineProperty({}, "name", {
      get() {
        throw new Error("no name");
      },
    });
    expect(platformError(thrown)).toMatchObject({ code: "ERR_PROVIDER", cause: thrown });
  });
});

test("a result that shares its memory with others is copied", () => {
  const shared = Buffer.from("abc");
  expect(shared.buffer.byteLength).toBeGreaterThan(3);
  const result = resultBytes(shared);
  expect([...result]).toEqual([0x61, 0x62, 0x63]);
  expect(result.buffer).not.toBe(shared.buffer);
  const alone = Uint8Array.of(1, 2);
  expect(resultBytes(alone).buffer).toBe(alone.buffer);
});
