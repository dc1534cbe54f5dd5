import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  verify,
} from "node:crypto";
import { pkcs11 } from "lanelock/pkcs11";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { importPublicKey } from "../../../src/asymmetric/public-key.ts";
import type { AsymmetricKeySpec, EcKeySpec, KeyUsage, RsaKeySpec } from "../../../src/kms/ports/index.ts";
import { createNssToken } from "../../tokens/nss.ts";
import { createSoftHsmToken } from "../../tokens/softhsm.ts";
import { binding, host } from "../objects/key-objects.ts";

const tokens = { SoftHSM: createSoftHsmToken("asymmetric"), NSS: createNssToken() };
const providers = { SoftHSM: pkcs11(tokens.SoftHSM), NSS: pkcs11(tokens.NSS) };
beforeAll(() => Promise.all(Object.values(providers).map((provider) => provider.open(host))));
afterAll(() => Promise.all(Object.values(providers).map((provider) => provider.close())));

const moduli = { RSA_2048: 2048, RSA_3072: 3072, RSA_4096: 4096 } as const;
const curves = { EC_P256: "prime256v1", EC_P256K: "secp256k1" } as const;
/** RSA of 3072 and 4096 bits takes a software token long; in full with LANELOCK_LONG=1. */
const isLong = process.env.LANELOCK_LONG === "1";
const isSlow = (spec: AsymmetricKeySpec) => !isLong && (spec === "RSA_3072" || spec === "RSA_4096");

const generated = new Map<AsymmetricKeySpec, { pkcs8: Buffer; publicKey: KeyObject }>();

/** A pair of node:crypto; the same one each time. */
function nodePair(spec: AsymmetricKeySpec): { pkcs8: Buffer; publicKey: KeyObject } {
  const known = generated.get(spec);
  if (known) return known;
  const pair =
    spec === "EC_P256" || spec === "EC_P256K"
      ? generateKeyPairSync("ec", { namedCurve: curves[spec] })
      : generateKeyPairSync("rsa", { modulusLength: moduli[spec] });
  const made = { pkcs8: pair.privateKey.export({ format: "der", type: "pkcs8" }), publicKey: pair.publicKey };
  generated.set(spec, made);
  return made;
}

const nodeKey = (spki: Uint8Array) => createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });

/** Whether node:crypto takes a signature of `message`. */
function nodeVerifies(
  algorithm: string,
  key: KeyObject,
  { message, signature }: { message: Buffer; signature: Uint8Array },
) {
  const padding = algorithm === "RSA_PSS_SHA_256" ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
  return verify("sha256", message, { key, ...padding }, signature);
}

describe.each(["SoftHSM", "NSS"] as const)("%s", (name) => {
  const provider = providers[name];
  const rsaSpecs = (Object.keys(moduli) as RsaKeySpec[]).filter((spec) => name === "SoftHSM" || !isSlow(spec));
  const curveSpecs: readonly EcKeySpec[] = name === "NSS" ? ["EC_P256"] : ["EC_P256", "EC_P256K"];

  /** A key brought to the token, and one of its own; by default, none of the token's own that would take it seconds. */
  async function keys(keySpec: AsymmetricKeySpec, keyUsage: KeyUsage) {
    const own = binding(keySpec, { keyUsage });
    const brought = binding(keySpec, { keyUsage, origin: "EXTERNAL" });
    const { pkcs8, publicKey } = nodePair(keySpec);
    const imported = await provider.importKey({ binding: brought, material: pkcs8 });
    expect(imported.publicKey).toEqual(new Uint8Array(publicKey.export({ format: "der", type: "spki" })));
    expect(imported.custody).toBe("token");
    const loaded = await provider.loadAsymmetricKey({ binding: brought, ...imported });
    if (isSlow(keySpec)) return [loaded];
    const created = await provider.createKey({ binding: own });
    expect(created.custody).toBe("token");
    return [loaded, await provider.loadAsymmetricKey({ binding: own, ...created })];
  }

  test.each([...rsaSpecs, ...curveSpecs])("%s signs what node:crypto verifies", async (spec) => {
    const algorithms = spec.startsWith("RSA")
      ? (["RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256"] as const)
      : (["ECDSA_SHA_256"] as const);
    for (const key of await keys(spec, "SIGN/VERIFY")) {
      for (const algorithm of algorithms) {
        const message = randomBytes(100);
        const digest = createHash("sha256").update(message).digest();
        const ofDigest = await key.sign({ algorithm, messageType: "DIGEST", data: digest });
        const ofMessage = await key.sign({ algorithm, messageType: "RAW", data: message });
        for (const signature of [ofDigest, ofMessage]) {
          expect(nodeVerifies(algorithm, nodeKey(key.publicKey), { message, signature })).toBe(true);
          expect(nodeVerifies(algorithm, nodeKey(key.publicKey), { message: digest, signature })).toBe(false);
          const request = { algorithm, messageType: "DIGEST" as const, data: digest, signature };
          expect(await key.verify(request)).toBe(true);
          expect(await key.verify({ ...request, data: randomBytes(32) })).toBe(false);
        }
      }
    }
  });

  test.each(rsaSpecs)("%s decrypts what node:crypto encrypts with OAEP, and nothing else", async (spec) => {
    const length = moduli[spec] / 8;
    for (const key of await keys(spec, "ENCRYPT/DECRYPT")) {
      for (const [algorithm, oaepHash, limit] of [
        ["RSAES_OAEP_SHA_256", "sha256", length - 66],
        ["RSAES_OAEP_SHA_1", "sha1", length - 42],
      ] as const) {
        for (const size of isSlow(spec) ? [limit] : [0, 1, limit]) {
          const message = randomBytes(size);
          const theirs = publicEncrypt({ key: nodeKey(key.publicKey), oaepHash }, message);
          expect(Buffer.from(await key.decrypt({ algorithm, data: theirs }))).toEqual(message);
          const ours = await key.encrypt({ algorithm, data: message });
          expect(Buffer.from(await key.decrypt({ algorithm, data: ours }))).toEqual(message);
        }
        if (isSlow(spec)) continue;
        const other = oaepHash === "sha256" ? "sha1" : "sha256";
        const wrong = [
          randomBytes(length).fill(1, 0, 1),
          Buffer.alloc(length, 0),
          Buffer.alloc(length, 0xff),
          randomBytes(length - 1),
          randomBytes(length + 1),
          Buffer.alloc(0),
          publicEncrypt({ key: nodeKey(key.publicKey), oaepHash: other }, randomBytes(10)),
          publicEncrypt({ key: nodeKey(key.publicKey), padding: constants.RSA_PKCS1_PADDING }, randomBytes(10)),
        ];
        // NSS decrypts each part of a private key with a password-based key before every operation.
        for (const data of name === "NSS" && !isLong ? wrong.slice(0, 3) : wrong) {
          await expect(key.decrypt({ algorithm, data })).rejects.toMatchObject({
            code: "ERR_AUTHENTICATION",
            message: "The ciphertext is not one that this key and algorithm decrypt",
          });
        }
      }
    }
  });

  test.each(curveSpecs)("%s decrypts ECIES with the ECDH on the token", async (spec) => {
    const algorithm = "ECIES_DH_SHA_1_XOR_HMAC";
    for (const key of await keys(spec, "ENCRYPT/DECRYPT")) {
      const sender = await importPublicKey(key.publicKey);
      for (const size of [0, 1, 100, 6144]) {
        const message = randomBytes(size);
        const sealed = await sender.encrypt({ algorithm, data: message });
        expect(Buffer.from(await key.decrypt({ algorithm, data: sealed }))).toEqual(message);
      }
      const sealed = await key.encrypt({ algorithm, data: randomBytes(20) });
      for (const at of [0, 1, 64, 65, sealed.length - 1]) {
        const data = sealed.map((byte, index) => (index === at ? byte ^ 2 : byte));
        await expect(key.decrypt({ algorithm, data })).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
      }
    }
  });

  test("a key is found again after the token is opened again, and is gone once destroyed", async () => {
    const bound = binding("EC_P256", { keyUsage: "SIGN/VERIFY" });
    const created = await provider.createKey({ binding: bound });
    await provider.close();
    await provider.open(host);
    const key = await provider.loadAsymmetricKey({ binding: bound, ...created });
    const request = { algorithm: "ECDSA_SHA_256", messageType: "RAW", data: randomBytes(9) } as const;
    expect(await key.verify({ ...request, signature: await key.sign(request) })).toBe(true);
    await provider.destroyKey({ binding: bound, ...created });
    await expect(key.sign(request)).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  });

  test("material that is no key of the spec is refused", async () => {
    const { pkcs8 } = nodePair("EC_P256");
    const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey.export({ format: "der", type: "pkcs8" });
    const rsa1024 = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({
      format: "der",
      type: "pkcs8",
    });
    const wrong = [pkcs8, p384, rsa1024, pkcs8.subarray(0, -1), randomBytes(200), Buffer.alloc(0)];
    for (const material of wrong) {
      const attempt = provider.importKey({ binding: binding("RSA_2048", { keyUsage: "SIGN/VERIFY" }), material });
      await expect(attempt).rejects.toMatchObject({ code: "InvalidKeyMaterial" });
    }
    expect(createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }).type).toBe("private");
  });
});

test("what a token lacks is refused with its name and the missing mechanism", async () => {
  for (const keyUsage of ["SIGN/VERIFY", "ENCRYPT/DECRYPT"] as const) {
    const bound = binding("EC_P256K", { keyUsage });
    const { pkcs8 } = nodePair("EC_P256K");
    for (const attempt of [
      providers.NSS.createKey({ binding: bound }),
      providers.NSS.importKey({ binding: bound, material: pkcs8 }),
    ]) {
      await expect(attempt).rejects.toMatchObject({
        code: "UnsupportedOperation",
        message: expect.stringMatching(
          /NSS 3 "NSS Certificate DB".*EC_P256K: .* needs CKM_EC_KEY_PAIR_GEN with secp256k1/,
        ),
      });
    }
  }
});
