import crypto from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { asymmetricAlgorithms, isAsymmetricKeySpec } from "../../src/asymmetric/key-specs.ts";
import { blamesKey } from "../../src/asymmetric/platform-failure.ts";
import { loadPrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey, loadPublicKey } from "../../src/asymmetric/public-key.ts";
import { webCrypto } from "../../src/asymmetric/runtime.ts";
import { webPlatform } from "../../src/asymmetric/web-platform.ts";
import { platforms, specs } from "./platforms.ts";
import { testPair } from "./test-keys.ts";

// What a page asks WebCrypto for. The calls are noted, and Node's WebCrypto carries them out.

interface Import {
  readonly format: string;
  readonly key: Uint8Array;
  readonly extractable: boolean;
}

function watched() {
  const asked: string[] = [];
  const imports: Import[] = [];
  const real = crypto.webcrypto.subtle as SubtleCrypto;
  const subtle = new Proxy(real, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function" || typeof property !== "string") return value;
      return (...args: unknown[]) => {
        asked.push(property);
        if (property === "importKey") {
          const [format, key, , extractable] = args as [string, Uint8Array, unknown, boolean];
          imports.push({ format, key, extractable });
        }
        return value.apply(target, args);
      };
    },
  });
  return { asked, imports, platform: webPlatform(subtle) };
}

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

test.each(["RSA_2048", "EC_P256"] as const)("the private keys of %s cannot be exported", async (spec) => {
  const { imports, platform } = watched();
  const pair = await testPair(spec);
  const key = await loadPrivateKey(pair.privateKey, platform);
  const publicKey = await importPublicKey(pair.publicKey, platform);
  const [signing, encryption] = [asymmetricAlgorithms[spec].signing[0], asymmetricAlgorithms[spec].encryption[0]];
  const message = crypto.randomBytes(20);
  const input = { algorithm: signing, messageType: "RAW", data: message } as const;
  expect(await publicKey.verify({ ...input, signature: await key.sign(input) })).toBe(true);
  const data = await publicKey.encrypt({ algorithm: encryption, data: message });
  expect(Buffer.from(await key.decrypt({ algorithm: encryption, data }))).toEqual(message);
  key.dispose();
  const secret = imports.filter(({ format }) => format === "pkcs8");
  expect(secret.length).toBeGreaterThanOrEqual(2);
  expect(secret.filter(({ extractable }) => extractable)).toEqual([]);
  // Nor is their encoding left.
  expect(secret.filter(({ key: der }) => !isZero(der))).toEqual([]);
});

test("the encodings of P-256 are wiped before the key is used", async () => {
  const { imports, platform } = watched();
  const pair = await testPair("EC_P256");
  using _key = await loadPrivateKey(pair.privateKey, platform);
  expect(imports.map(({ format }) => format)).toEqual(["pkcs8", "pkcs8"]);
  expect(imports.every(({ key }) => isZero(key))).toBe(true);
});

test("WebCrypto itself signs, verifies and agrees on P-256", async () => {
  const { asked, platform } = watched();
  const pair = await testPair("EC_P256");
  using key = await loadPrivateKey(pair.privateKey, platform);
  const publicKey = await importPublicKey(pair.publicKey, platform);
  const asks = async <T>(work: () => T | Promise<T>) => {
    asked.length = 0;
    const result = await work();
    return { result, asked: [...asked] };
  };
  const input = { algorithm: "ECDSA_SHA_256", messageType: "RAW", data: new Uint8Array(7) } as const;
  const signed = await asks(() => key.sign(input));
  expect(signed.asked).toEqual(["sign"]);
  const verified = await asks(() => publicKey.verify({ ...input, signature: signed.result }));
  expect(verified).toEqual({ result: true, asked: ["verify"] });
  const algorithm = "ECIES_DH_SHA_1_XOR_HMAC";
  const sealed = await asks(() => publicKey.encrypt({ algorithm, data: new Uint8Array(5) }));
  expect(sealed.asked).toEqual(["generateKey", "exportKey", "importKey", "deriveBits"]);
  const opened = await asks(() => key.decrypt({ algorithm, data: sealed.result }));
  expect(opened).toEqual({ result: new Uint8Array(5), asked: ["importKey", "deriveBits"] });
});

describe.each(platforms)("on $name", ({ platform }) => {
  test("a public key that was checked before loads from its DER", async () => {
    const pair = await testPair("EC_P256");
    const input = { algorithm: "ECDSA_SHA_256", messageType: "RAW", data: new Uint8Array(7) } as const;
    using key = await loadPrivateKey(pair.privateKey, platform);
    const publicKey = await loadPublicKey(pair.publicKey, platform);
    expect(await publicKey.verify({ ...input, signature: await key.sign(input) })).toBe(true);
    expect(await publicKey.verify({ ...input, data: new Uint8Array(8), signature: await key.sign(input) })).toBe(false);
  });
});

afterEach(() => vi.unstubAllGlobals());

test("a page without WebCrypto is told why", () => {
  for (const missing of [undefined, {}]) {
    vi.stubGlobal("crypto", missing);
    expect(() => webCrypto()).toThrow(
      expect.objectContaining({ code: "ERR_UNSUPPORTED", message: expect.stringContaining("HTTPS") }),
    );
  }
});

test("an error blames the key if OpenSSL, Node or WebCrypto says so", () => {
  const coded = (code: string) => Object.assign(new Error("no"), { code });
  for (const error of [
    ...[coded("ERR_OSSL_EVP_DECODE_ERROR"), coded("ERR_CRYPTO_INVALID_JWK"), coded("ERR_KEY")],
    ...[new DOMException("no", "DataError"), new DOMException("no", "OperationError")],
  ]) {
    expect(blamesKey(error)).toBe(true);
  }
  for (const error of [
    coded("ENOMEM"),
    coded("ERR_OUT_OF_RANGE"),
    new DOMException("no", "QuotaExceededError"),
    null,
  ]) {
    expect(blamesKey(error)).toBe(false);
  }
});

test("the specs of asymmetric keys are known by their names alone", () => {
  for (const spec of specs) expect(isAsymmetricKeySpec(spec)).toBe(true);
  for (const other of ["Aliyun_AES_256", "ec_p256", "toString", ["EC_P256"], undefined, null, 7]) {
    expect(isAsymmetricKeySpec(other)).toBe(false);
  }
});
