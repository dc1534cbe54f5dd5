import crypto from "node:crypto";
import { describe, expect, test } from "vitest";
import { bitString, element, encodeDer, integer, sequence, tags } from "../../src/asymmetric/der.ts";
import { isRsaParts } from "../../src/asymmetric/key-parts.ts";
import { parsePkcs8 } from "../../src/asymmetric/pkcs8.ts";
import { generateKeyPair, importPrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey } from "../../src/asymmetric/public-key.ts";
import { platforms } from "./platforms.ts";
import { testPair } from "./test-keys.ts";

// Forms of a key that the standards allow are read, and those between two standards refused. node:crypto judges the same bytes.

const oid = {
  rsaEncryption: Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01),
  ecPublicKey: Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01),
  p256: Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07),
  p256k: Uint8Array.of(0x2b, 0x81, 0x04, 0x00, 0x0a),
};
const identifier = (bytes: Uint8Array) => element(tags.objectIdentifier, bytes);
const number = (value: number) => element(tags.integer, Uint8Array.of(value));
const invalid = (reason: string) => ({ code: "ERR_KEY", message: `The key is not valid: ${reason}` });

/** What OpenSSL reads out of a private key, in its own encoding. */
const asNodeReadsIt = (der: Uint8Array) =>
  crypto
    .createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" })
    .export({ format: "der", type: "pkcs8" });

async function ecKey() {
  const { privateKey } = await testPair("EC_P256");
  const parts = parsePkcs8(privateKey);
  if (isRsaParts(parts) || parts.point === undefined) throw new Error("not an EC key with its point");
  return { privateKey, scalar: parts.scalar, point: parts.point };
}

type Pieces = { version?: number; curve?: Uint8Array; inner?: Uint8Array; outer?: Uint8Array; attributes?: boolean };

/** RFC 5958's OneAsymmetricKey around RFC 5915's ECPrivateKey, with the optional fields that are given. */
function ecDer(scalar: Uint8Array, { version = 0, curve, inner, outer, attributes }: Pieces): Uint8Array {
  const named = curve ? [element(tags.context(0), identifier(curve))] : [];
  const point = inner ? [element(tags.context(1), bitString(inner))] : [];
  const key = sequence(number(1), element(tags.octetString, scalar), ...named, ...point);
  // friendlyName (RFC 2985): a set of one BMPString.
  const name = sequence(
    identifier(Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x14)),
    element(0x31, element(0x1e, Uint8Array.of(0, 0x61))),
  );
  return encodeDer(
    sequence(
      ...[number(version), sequence(identifier(oid.ecPublicKey), identifier(oid.p256)), element(tags.octetString, key)],
      ...(attributes ? [element(tags.context(0), name)] : []),
      ...(outer ? [element(tags.contextPrimitive(1), Uint8Array.of(0, ...outer))] : []),
    ),
  );
}

describe("a private key", () => {
  test("may have attributes, which are not kept", async () => {
    const { privateKey, scalar, point } = await ecKey();
    const der = ecDer(scalar, { inner: point, attributes: true });
    expect(asNodeReadsIt(der)).toEqual(asNodeReadsIt(privateKey));
    expect((await importPrivateKey(der)).privateKey).toEqual(privateKey);
  });

  test("may name its curve twice, and not two curves", async () => {
    const { privateKey, scalar, point } = await ecKey();
    const twice = ecDer(scalar, { curve: oid.p256, inner: point });
    expect(asNodeReadsIt(twice)).toEqual(asNodeReadsIt(privateKey));
    expect((await importPrivateKey(twice)).privateKey).toEqual(privateKey);
    const two = ecDer(scalar, { curve: oid.p256k, inner: point });
    await expect(importPrivateKey(two)).rejects.toMatchObject(invalid("it names two curves"));
  });

  test("may have its public key twice, and not two public keys", async () => {
    const { privateKey, scalar, point } = await ecKey();
    const twice = ecDer(scalar, { version: 1, inner: point, outer: point });
    expect((await importPrivateKey(twice)).privateKey).toEqual(privateKey);
    const other = crypto.createECDH("prime256v1").generateKeys();
    for (const two of [
      ecDer(scalar, { version: 1, inner: point, outer: other }),
      ecDer(scalar, { version: 1, inner: other, outer: point }),
    ]) {
      await expect(importPrivateKey(two)).rejects.toMatchObject(invalid("it holds two public keys"));
    }
  });
});

describe("an RSA key", () => {
  const modulus = Uint8Array.of(0x80, ...new Uint8Array(254), 1);
  const spki = (exponent: Uint8Array, parameters = element(tags.null)) =>
    encodeDer(
      sequence(
        sequence(identifier(oid.rsaEncryption), parameters),
        bitString(encodeDer(sequence(integer(modulus), integer(exponent)))),
      ),
    );

  test("whose parameters are a NULL with content is refused (X.690 §8.8.2)", async () => {
    const exponent = Uint8Array.of(1, 0, 1);
    await expect(importPublicKey(spki(exponent))).resolves.toBeDefined();
    const filled = importPublicKey(spki(exponent, element(tags.null, Uint8Array.of(0))));
    await expect(filled).rejects.toMatchObject(invalid("a NULL in its DER is not empty"));
  });

  // FIPS 186-5 §5.1
  test.each([
    [[1, 0, 0], "65,536, which is even and too small"],
    [[0xff, 0xff], "65,535, which is too small"],
    [[1, 0, 2], "65,538, which is even"],
    [[1, 0, 0, 0, 1], "2^32 + 1, which is too large"],
  ])("whose public exponent is %j, %s, is refused", async (exponent) => {
    const refusal = invalid("its public exponent is not an odd number from 65537 to 2^32");
    await expect(importPublicKey(spki(Uint8Array.from(exponent)))).rejects.toMatchObject(refusal);
  });
});

test("a point has the first byte of its length (SEC 1 §2.3.3)", async () => {
  const { point } = await ecKey();
  const x = point.subarray(1, 33);
  const spki = (bytes: Uint8Array) =>
    encodeDer(sequence(sequence(identifier(oid.ecPublicKey), identifier(oid.p256)), bitString(bytes)));
  const compressed = Uint8Array.of(2 + ((point[64] ?? 0) & 1), ...x);
  for (const form of [point, compressed]) await expect(importPublicKey(spki(form))).resolves.toBeDefined();
  for (const form of [
    ...[Uint8Array.of(4, ...x), Uint8Array.of(2, ...point.subarray(1)), Uint8Array.of(0), new Uint8Array(0)],
    ...[Uint8Array.of(2, ...x, 0), point.subarray(0, 64), Uint8Array.of(6, ...point.subarray(1))],
  ]) {
    const refusal = invalid("its point is neither compressed nor uncompressed");
    await expect(importPublicKey(spki(form))).rejects.toMatchObject(refusal);
  }
});

describe.each(platforms)("on $name", ({ platform }) => {
  test.each([
    ["EC_P256", "prime256v1"],
    ["EC_P256K", "secp256k1"],
  ] as const)("a generated key of %s is on the curve %s", async (spec, namedCurve) => {
    const pair = await generateKeyPair(spec, platform);
    const key = crypto.createPrivateKey({ key: Buffer.from(pair.privateKey), format: "der", type: "pkcs8" });
    expect(key.asymmetricKeyDetails).toEqual({ namedCurve });
    const publicKey = crypto.createPublicKey(key).export({ format: "der", type: "spki" });
    expect(Buffer.from(pair.publicKey)).toEqual(publicKey);
  });

  test("a key whose signatures its own public key refuses is not imported", async () => {
    const [own, other] = [await ecKey(), await ecKey()];
    const parts = { spec: "EC_P256", point: other.point } as const;
    const crossed = { ...platform, loadPublic: () => platform.loadPublic(parts) };
    await expect(importPrivateKey(own.privateKey, crossed)).rejects.toMatchObject(
      invalid("its signatures do not verify"),
    );
  });
});
