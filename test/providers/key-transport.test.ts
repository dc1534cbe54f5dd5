import { randomBytes } from "node:crypto";
import { aesGcm } from "lanelock";
import type {
  KeyBinding,
  KeySpec,
  MaterialCipher,
  MaterialWrapper,
  UnwrapMaterial,
  WrappingAlgorithm,
  WrappingPair,
} from "lanelock/kms";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { importPrivateKey, PrivateKey } from "../../src/asymmetric/private-key.ts";
import { slotsInUse } from "../../src/engine/slots.ts";
import { StoreKeys } from "../../src/kms/root/store-keys.ts";
import { softwareKeyTransport as transport } from "../../src/providers/software/key-transport.ts";
import { OpenSsl } from "../asymmetric/openssl.ts";
import { specs } from "../asymmetric/platforms.ts";
import { wipedDuring } from "../reference/wiped.ts";

const cipher: MaterialCipher = {
  seal({ key, nonce, data, aad }) {
    using aead = aesGcm(key);
    return aead.seal(nonce, data, { aad });
  },
  open({ key, nonce, data, aad }) {
    using aead = aesGcm(key);
    return aead.open(nonce, data, { aad });
  },
};
const wrapper = new StoreKeys("store-1", randomBytes(32), cipher);
const binding: KeyBinding = {
  purpose: "import",
  keyId: "key-llk123456789012345678",
  versionId: "key-llk123456789012345678-0123456789",
  keySpec: "RSA_2048",
  keyUsage: "ENCRYPT/DECRYPT",
  origin: "Aliyun_KMS",
  protectionLevel: "SOFTWARE",
  mode: "NONE",
};
const invalid = {
  code: "InvalidKeyMaterial",
  httpStatus: 400,
  message: "The key material is not wrapped as the import token says, does not fit the key, or belongs to another key.",
};

const openssl = new OpenSsl();
let pair: WrappingPair;
beforeAll(async () => {
  pair = await transport.createPair(wrapper, { binding, wrappingAlgorithm: "RSAES_PKCS1_V1_5" });
  openssl.write("wrapping.der", pair.publicKey);
});
afterAll(() => openssl[Symbol.dispose]());

const paddings = {
  RSAES_OAEP_SHA_256: ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"],
  RSAES_OAEP_SHA_1: ["rsa_padding_mode:oaep", "rsa_oaep_md:sha1"],
  RSAES_PKCS1_V1_5: ["rsa_padding_mode:pkcs1"],
};

function wrapRsa(algorithm: keyof typeof paddings, material: Uint8Array): Uint8Array<ArrayBuffer> {
  const options = paddings[algorithm].flatMap((option) => ["-pkeyopt", option]);
  openssl.write("material", material);
  const files = ["-keyform", "DER", "-inkey", "wrapping.der", "-in", "material", "-out", "wrapped"];
  openssl.run("pkeyutl", "-encrypt", "-pubin", ...files, ...options);
  return openssl.read("wrapped");
}

/** As the README does it: a fresh AES key under RSA-OAEP, and the private key under that. */
function wrapInTwoParts(privateKey: Uint8Array, aesKey: Uint8Array = randomBytes(32)): Uint8Array<ArrayBuffer> {
  const ephemeral = wrapRsa("RSAES_OAEP_SHA_256", aesKey);
  openssl.write("private.der", privateKey);
  const hex = Buffer.from(aesKey).toString("hex");
  openssl.run("enc", `-aes-${aesKey.length * 8}-ecb`, "-K", hex, "-in", "private.der", "-out", "encrypted");
  return Uint8Array.of(...ephemeral, ...openssl.read("encrypted"));
}

const unwrap = (keySpec: KeySpec, wrappingAlgorithm: WrappingAlgorithm, encryptedKeyMaterial: Uint8Array) =>
  transport.unwrap(wrapper, { binding, handle: pair.handle, wrappingAlgorithm, encryptedKeyMaterial, keySpec });

const symmetric = [
  { keySpec: "Aliyun_AES_256", length: 32 },
  { keySpec: "Aliyun_AES_192", length: 24 },
  { keySpec: "Aliyun_AES_128", length: 16 },
  { keySpec: "Aliyun_SM4", length: 16 },
] as const;

describe.each(Object.keys(paddings) as (keyof typeof paddings)[])("%s", (algorithm) => {
  test.each(symmetric)("$keySpec wrapped by OpenSSL comes in", async ({ keySpec, length }) => {
    const material = new Uint8Array(randomBytes(length));
    expect(await unwrap(keySpec, algorithm, wrapRsa(algorithm, material))).toEqual({ material });
  });

  test.each(symmetric)("$keySpec of any other length is refused", async ({ keySpec, length }) => {
    for (const other of [0, 1, 15, 16, 17, 24, 31, 32, 33, 64].filter((candidate) => candidate !== length)) {
      const wrapped = wrapRsa(algorithm, randomBytes(other));
      await expect(unwrap(keySpec, algorithm, wrapped)).rejects.toMatchObject(invalid);
    }
  });

  test("whatever is wrong, the answer is the same and has no cause", async () => {
    const good = wrapRsa(algorithm, randomBytes(32));
    const flipped = good.slice();
    flipped[100] = (flipped[100] ?? 0) ^ 1;
    const otherPadding = algorithm === "RSAES_PKCS1_V1_5" ? "RSAES_OAEP_SHA_256" : "RSAES_PKCS1_V1_5";
    const bad = [
      flipped,
      good.subarray(1),
      Uint8Array.of(...good, 0),
      new Uint8Array(0),
      new Uint8Array(256),
      new Uint8Array(256).fill(255),
      new Uint8Array(1_000_000),
      wrapRsa(otherPadding, randomBytes(32)),
    ];
    for (const wrapped of bad) {
      const error = await unwrap("Aliyun_AES_256", algorithm, wrapped).catch((reason) => reason);
      expect(error).toMatchObject(invalid);
      expect(error.cause).toBeUndefined();
    }
  });

  test("a private key does not come in this way", async () => {
    const wrapped = wrapRsa(algorithm, randomBytes(32));
    await expect(unwrap("EC_P256", algorithm, wrapped)).rejects.toMatchObject(invalid);
  });
});

describe("RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD", () => {
  const algorithm = "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD";

  test.each(specs)("%s wrapped by OpenSSL comes in, with its public key", async (keySpec) => {
    const privateKey = openssl.privateKey(keySpec);
    openssl.run("pkey", "-inform", "DER", "-in", "generated.der", "-pubout", "-outform", "DER", "-out", "public.der");
    const unwrapped = await unwrap(keySpec, algorithm, wrapInTwoParts(privateKey));
    expect(unwrapped).toEqual({ material: privateKey, publicKey: openssl.read("public.der") });
  });

  test("whatever is wrong, the answer is the same and has no cause", async () => {
    const privateKey = openssl.privateKey("EC_P256");
    const good = wrapInTwoParts(privateKey);
    const flippedAt = (at: number) => good.map((byte, index) => (index === at ? byte ^ 1 : byte));
    const bad = [
      flippedAt(0),
      flippedAt(255),
      flippedAt(256),
      flippedAt(good.length - 1),
      good.subarray(0, 255),
      good.subarray(0, 256),
      good.subarray(0, 257),
      good.subarray(0, good.length - 16),
      new Uint8Array(0),
      new Uint8Array(1_000_000),
      wrapInTwoParts(privateKey, randomBytes(16)),
      wrapInTwoParts(new Uint8Array(0)),
      wrapInTwoParts(privateKey.subarray(1)),
      wrapInTwoParts(openssl.privateKey("EC_P256K")),
      wrapInTwoParts(openssl.privateKey("RSA_2048")),
    ];
    for (const wrapped of bad) {
      const error = await unwrap("EC_P256", algorithm, wrapped).catch((reason) => reason);
      expect(error).toMatchObject(invalid);
      expect(error.cause).toBeUndefined();
    }
  });

  test("a symmetric key in PKCS#8's place is refused", async () => {
    await expect(unwrap("EC_P256", algorithm, wrapInTwoParts(randomBytes(32)))).rejects.toMatchObject(invalid);
  });
});

describe("secrets are wiped", () => {
  const isZero = (bytes: Uint8Array) => bytes.length > 0 && bytes.every((byte) => byte === 0);

  /** The wrapper, with every private key that it is handed or gives kept for the test to look at. */
  function watched() {
    const seen: Uint8Array[] = [];
    const keep = <T extends Uint8Array>(bytes: T): T => {
      seen.push(bytes);
      return bytes;
    };
    const watching: MaterialWrapper = {
      wrap: (under, privateKey) => wrapper.wrap(under, keep(privateKey)),
      unwrap: (under, handle) => keep(wrapper.unwrap(under, handle)),
    };
    return { seen, watching };
  }

  /** What RSA decrypted while `work` ran, and the private keys of the wrapping pair that it used. */
  async function decryptedBy(request: Omit<UnwrapMaterial, "binding" | "handle">, accepted: boolean) {
    const { seen, watching } = watched();
    const real = PrivateKey.prototype.decrypt;
    const decrypt = vi.spyOn(PrivateKey.prototype, "decrypt");
    const slots = slotsInUse().length;
    try {
      const work = transport.unwrap(watching, { binding, handle: pair.handle, ...request });
      await (accepted ? work : expect(work).rejects.toMatchObject(invalid));
      expect(slotsInUse().length, "slots of the engine").toBe(slots);
      for (const key of decrypt.mock.contexts) {
        const again = () => real.call(key, { algorithm: "RSAES_OAEP_SHA_256", data: new Uint8Array(256) });
        expect(again).toThrow("disposed of");
      }
      return [...seen, ...(await Promise.all(decrypt.mock.results.map(({ value }) => value as Promise<Uint8Array>)))];
    } finally {
      decrypt.mockRestore();
    }
  }

  test("the private key of a new wrapping pair, once it is wrapped", async () => {
    const { seen, watching } = watched();
    await transport.createPair(watching, { binding, wrappingAlgorithm: "RSAES_OAEP_SHA_256" });
    expect(seen.map(isZero)).toEqual([true]);
  });

  test.each([
    ["taken", 32],
    ["refused", 31],
  ] as const)("the wrapping key and a symmetric key that is %s", async (outcome, length) => {
    const wrappingAlgorithm = "RSAES_OAEP_SHA_256";
    const encryptedKeyMaterial = wrapRsa(wrappingAlgorithm, randomBytes(length));
    const request = { keySpec: "Aliyun_AES_256", wrappingAlgorithm, encryptedKeyMaterial } as const;
    expect((await decryptedBy(request, outcome === "taken")).map(isZero)).toEqual([true, true]);
  });

  test.each([
    ["taken", 32, "EC_P256"],
    ["for another kind of key", 32, "EC_P256K"],
    ["too short", 16, "EC_P256"],
  ] as const)("the wrapping key and an ephemeral AES key: %s", async (outcome, length, keySpec) => {
    const encryptedKeyMaterial = wrapInTwoParts(openssl.privateKey("EC_P256"), randomBytes(length));
    const wrappingAlgorithm = "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD";
    const request = { keySpec, wrappingAlgorithm, encryptedKeyMaterial } as const;
    expect((await decryptedBy(request, outcome === "taken")).map(isZero)).toEqual([true, true]);
  });
});

test("a private key of another kind than the version's is wiped, as it is written here and as it was wrapped", async () => {
  openssl.privateKey("EC_P256");
  // Without its public key, which is added here, so that the two are not the same bytes.
  const files = ["-inform", "DER", "-outform", "DER"];
  openssl.run("ec", ...files, "-no_public", "-in", "generated.der", "-out", "short.der");
  openssl.run("pkcs8", "-topk8", "-nocrypt", ...files, "-in", "short.der", "-out", "wrapped.der");
  const wrapped = openssl.read("wrapped.der");
  const { privateKey } = await importPrivateKey(wrapped);
  const encryptedKeyMaterial = wrapInTwoParts(wrapped);
  const wiped = await wipedDuring(() =>
    expect(unwrap("EC_P256K", "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD", encryptedKeyMaterial)).rejects.toMatchObject(
      invalid,
    ),
  );
  expect(privateKey).not.toEqual(wrapped);
  expect(wiped.slice(-2)).toEqual([privateKey, wrapped]);
});

test("a handle opens for its own token only", async () => {
  const encryptedKeyMaterial = wrapRsa("RSAES_OAEP_SHA_256", randomBytes(32));
  const request = { handle: pair.handle, wrappingAlgorithm: "RSAES_OAEP_SHA_256", encryptedKeyMaterial } as const;
  for (const other of [
    { versionId: `${binding.keyId}-abcdefghij` },
    { keyId: "key-other" },
    { purpose: "key" as const },
  ]) {
    const foreign = { ...request, keySpec: "Aliyun_AES_256", binding: { ...binding, ...other } } as const;
    await expect(transport.unwrap(wrapper, foreign)).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
  }
});

describe("data keys on their way out", () => {
  beforeAll(() => {
    openssl.privateKey("RSA_2048");
    openssl.run("pkey", "-in", "generated.pem", "-pubout", "-outform", "DER", "-out", "recipient.der");
  });

  test.each(["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"] as const)("OpenSSL opens %s", async (algorithm) => {
    for (const length of [1, 32, algorithm === "RSAES_OAEP_SHA_256" ? 190 : 214]) {
      const data = new Uint8Array(randomBytes(length));
      openssl.write("exported", await transport.wrapFor({ publicKey: openssl.read("recipient.der"), algorithm, data }));
      const options = paddings[algorithm].flatMap((option) => ["-pkeyopt", option]);
      openssl.run("pkeyutl", "-decrypt", "-inkey", "generated.pem", "-in", "exported", "-out", "opened", ...options);
      expect(openssl.read("opened")).toEqual(data);
    }
  });

  test("a key of another kind, a malformed one and a data key that is too long are named", async () => {
    const publicKey = openssl.read("recipient.der");
    const refused = { code: "InvalidParameter", message: expect.stringContaining("PublicKeyBlob") };
    const wrap = (key: Uint8Array, length = 32) =>
      transport.wrapFor({ publicKey: key, algorithm: "RSAES_OAEP_SHA_256", data: new Uint8Array(length) });
    for (const spec of ["RSA_3072", "EC_P256"] as const) {
      openssl.privateKey(spec);
      openssl.run("pkey", "-in", "generated.pem", "-pubout", "-outform", "DER", "-out", "other.der");
      await expect(wrap(openssl.read("other.der"))).rejects.toMatchObject(refused);
    }
    await expect(wrap(publicKey.subarray(1))).rejects.toMatchObject(refused);
    await expect(wrap(new Uint8Array(0))).rejects.toMatchObject(refused);
    await expect(wrap(publicKey, 191)).rejects.toMatchObject(refused);
  });
});
