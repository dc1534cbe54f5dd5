import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { asymmetricAlgorithms } from "../../src/asymmetric/key-specs.ts";
import { loadPrivateKey, type PrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey, type PublicKey } from "../../src/asymmetric/public-key.ts";
import { platforms } from "./platforms.ts";
import { long, testPair } from "./test-keys.ts";

const runs = long ? 20_000 : 100;
const cases = platforms.flatMap((one) =>
  (["RSA_2048", "EC_P256", "EC_P256K"] as const).map((spec) => ({ ...one, spec })),
);

describe.each(cases)("$spec on $name", ({ name, spec, platform }) => {
  let privateKey: PrivateKey;
  let publicKey: PublicKey;
  beforeAll(async () => {
    console.log(`hostile input for ${spec} on ${name}: ${runs} cases of each kind`);
    const pair = await testPair(spec, platform);
    privateKey = await loadPrivateKey(pair.privateKey, platform);
    publicKey = await importPublicKey(pair.publicKey, platform);
  });

  test("any bytes as a ciphertext have the one answer", async () => {
    const [algorithm] = asymmetricAlgorithms[spec].encryption;
    const arbitrary = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ minLength: 256, maxLength: 256 }));
    await fc.assert(
      fc.asyncProperty(arbitrary, async (data) => {
        await expect(async () => privateKey.decrypt({ algorithm, data })).rejects.toMatchObject({
          code: "ERR_AUTHENTICATION",
        });
      }),
      { numRuns: runs },
    );
  });

  test("any bytes as a signature are a bad one", async () => {
    const [algorithm] = asymmetricAlgorithms[spec].signing;
    // DER of two integers, some negative, zero, too long or longer than they say
    const integer = fc
      .tuple(fc.uint8Array({ maxLength: 34 }), fc.integer({ min: 0, max: 2 }))
      .map(([bytes, more]) => [2, bytes.length + more, ...bytes]);
    const der = fc.tuple(integer, integer).map(([r, s]) => Uint8Array.of(0x30, r.length + s.length, ...r, ...s));
    const arbitrary = fc.oneof(
      der,
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ minLength: 256, maxLength: 256 }),
    );
    const types = spec === "RSA_2048" && name === "WebCrypto" ? (["RAW"] as const) : (["RAW", "DIGEST"] as const);
    await fc.assert(
      fc.asyncProperty(arbitrary, async (signature) => {
        for (const messageType of types) {
          const input = { algorithm, messageType, data: new Uint8Array(32), signature };
          expect(await publicKey.verify(input)).toBe(false);
        }
      }),
      { numRuns: runs },
    );
  });
});

/** Raw RSA of an encoding that is nearly one: what Bleichenbacher's forgery of 2006 needed a verifier to let pass. */
test("a PKCS#1 signature whose digest is not at the end is a bad one", async () => {
  const { createPrivateKey, privateEncrypt, constants, createHash } = await import("node:crypto");
  const pair = await testPair("RSA_2048");
  const key = createPrivateKey({ key: Buffer.from(pair.privateKey), format: "der", type: "pkcs8" });
  const publicKey = await importPublicKey(pair.publicKey);
  const digest = createHash("sha256").update("x").digest();
  const info = Buffer.from("3031300d060960864801650304020105000420", "hex");
  const encode = (padding: number, tail: number) =>
    Buffer.concat([Buffer.of(0, 1), Buffer.alloc(padding, 255), Buffer.of(0), info, digest, Buffer.alloc(tail)]);
  const sign = (encoded: Buffer) => privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
  const verify = (signature: Uint8Array) =>
    publicKey.verify({ algorithm: "RSA_PKCS1_SHA_256", messageType: "DIGEST", data: digest, signature });
  expect(await verify(sign(encode(202, 0)))).toBe(true);
  expect(await verify(sign(encode(8, 194)))).toBe(false);
  expect(await verify(sign(encode(201, 1)))).toBe(false);
});

test("an RSA signature without its leading zero byte is a bad one", async () => {
  const pair = await testPair("RSA_2048");
  const key = await loadPrivateKey(pair.privateKey);
  const input = { algorithm: "RSA_PSS_SHA_256", messageType: "RAW", data: new Uint8Array(1) } as const;
  let signature: Uint8Array;
  do signature = await key.sign(input);
  while (signature[0] !== 0);
  for (const { platform } of platforms) {
    const publicKey = await importPublicKey(pair.publicKey, platform);
    expect(await publicKey.verify({ ...input, signature })).toBe(true);
    expect(await publicKey.verify({ ...input, signature: signature.subarray(1) })).toBe(false);
    expect(await publicKey.verify({ ...input, signature: Uint8Array.of(0, ...signature) })).toBe(false);
  }
});

/** A salt of another length, and each fixed byte of EMSA-PSS changed. */
test("a PSS signature with a salt that is not 32 bytes long is a bad one, over digest and message", async () => {
  const { createPrivateKey, sign, constants, createHash } = await import("node:crypto");
  const pair = await testPair("RSA_2048");
  const key = createPrivateKey({ key: Buffer.from(pair.privateKey), format: "der", type: "pkcs8" });
  const publicKey = await importPublicKey(pair.publicKey);
  const message = Buffer.from("x");
  const digest = createHash("sha256").update(message).digest();
  for (const [saltLength, good] of [
    [32, true],
    [0, false],
    [20, false],
    [31, false],
    [33, false],
    [222, false],
  ] as const) {
    const signature = sign("sha256", message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
    const algorithm = "RSA_PSS_SHA_256";
    expect(await publicKey.verify({ algorithm, messageType: "DIGEST", data: digest, signature })).toBe(good);
    expect(await publicKey.verify({ algorithm, messageType: "RAW", data: message, signature })).toBe(good);
  }
});
