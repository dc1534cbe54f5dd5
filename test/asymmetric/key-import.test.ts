import crypto from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeDer, integer, sequence } from "../../src/asymmetric/der.ts";
import { isRsaParts, type RsaPrivateParts } from "../../src/asymmetric/key-parts.ts";
import { encodePkcs8, parsePkcs8 } from "../../src/asymmetric/pkcs8.ts";
import { importPrivateKey, loadPrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey } from "../../src/asymmetric/public-key.ts";
import { encodeSpki } from "../../src/asymmetric/spki.ts";
import { LanelockError } from "../../src/errors.ts";
import { OpenSsl } from "./openssl.ts";
import { platforms } from "./platforms.ts";
import { long, testPair } from "./test-keys.ts";

const refused = { code: "ERR_KEY", message: expect.stringMatching(/^The key is not valid: /) };
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const openssl = new OpenSsl();
let rsa: Uint8Array<ArrayBuffer>;
let ec: Uint8Array<ArrayBuffer>;
let ecK: Uint8Array<ArrayBuffer>;

beforeAll(() => {
  rsa = openssl.privateKey("RSA_2048");
  ecK = openssl.privateKey("EC_P256K");
  ec = openssl.privateKey("EC_P256");
});
afterAll(() => openssl[Symbol.dispose]());

const expectRefused = (der: Uint8Array) => expect(importPrivateKey(der)).rejects.toMatchObject(refused);

describe("forms of one EC key", () => {
  const pkcs8 = (...args: string[]) => {
    openssl.run("pkcs8", "-topk8", "-nocrypt", ...args, "-outform", "DER", "-out", "form.der");
    return openssl.read("form.der");
  };

  test.each(platforms)(
    "without its public key, or with it compressed, it is the same key on $name",
    async ({ platform }) => {
      openssl.run("ec", "-in", "generated.pem", "-no_public", "-out", "no-public.pem");
      openssl.run("ec", "-in", "generated.pem", "-conv_form", "compressed", "-out", "compressed.pem");
      const forms = [pkcs8("-in", "no-public.pem"), pkcs8("-in", "compressed.pem")];
      for (const form of forms) {
        expect(form).not.toEqual(ec);
        expect((await importPrivateKey(form, platform)).privateKey).toEqual(ec);
      }
    },
  );

  test("a version 2 key (RFC 5958) holds its public key behind the private one", async () => {
    const { scalar, point } = ecParts();
    const one = encodePkcs8({ spec: "EC_P256", scalar });
    const withPublic = (publicPoint: Uint8Array) => {
      const tail = Uint8Array.of(0x81, publicPoint.length + 1, 0, ...publicPoint);
      const body = Uint8Array.of(2, 1, 1, ...one.subarray(5), ...tail);
      return Uint8Array.of(0x30, 0x81, body.length, ...body);
    };
    expect(one[1]).toBeLessThan(0x80);
    const both = withPublic(point);
    expect((await importPrivateKey(both)).privateKey).toEqual(ec);
    await expectRefused(withPublic(bytes(crypto.createECDH("prime256v1").generateKeys("hex"))));
  });

  test("a key without its public key loads too", async () => {
    const { scalar } = ecParts();
    for (const { platform } of platforms) {
      using key = await loadPrivateKey(encodePkcs8({ spec: "EC_P256", scalar }), platform);
      const input = { algorithm: "ECDSA_SHA_256", messageType: "RAW", data: ec } as const;
      const signature = await key.sign(input);
      const publicKey = await importPublicKey((await importPrivateKey(ec)).publicKey);
      expect(await publicKey.verify({ ...input, signature })).toBe(true);
    }
  });

  test("traditional PEM and DER are not PKCS#8", async () => {
    openssl.run("ec", "-in", "generated.pem", "-outform", "DER", "-out", "sec1.der");
    await expectRefused(openssl.read("sec1.der"));
    await expectRefused(openssl.read("generated.pem"));
  });
});

function ecParts() {
  const parts = parsePkcs8(ec);
  if (isRsaParts(parts) || !parts.point) throw new Error("not the key of this test");
  return { scalar: parts.scalar, point: parts.point };
}

function rsaParts(): RsaPrivateParts {
  const parts = parsePkcs8(rsa);
  if (!isRsaParts(parts)) throw new Error("not the key of this test");
  return parts;
}

describe("keys that are refused", () => {
  test("every truncation, and bytes behind the end", async () => {
    for (const der of [rsa, ec, ecK]) {
      for (let length = 0; length < der.length; length += der === rsa ? 13 : 1)
        await expectRefused(der.subarray(0, length));
      await expectRefused(Uint8Array.of(...der, 0));
    }
  });

  test("every flipped bit: it is the same key, with another version number, or none", async () => {
    const sameOrRefused = async (der: Uint8Array, changed: Uint8Array) => {
      const answer = await importPrivateKey(changed).catch((error) => error);
      if ("privateKey" in answer) expect(answer.privateKey).toEqual(der);
      else expect(answer).toMatchObject(refused);
      return "privateKey" in answer;
    };
    for (const der of [ec, ecK]) {
      for (let bit = 0; bit < der.length * 8; bit += long ? 1 : 8) {
        const changed = der.slice();
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        if (await sameOrRefused(der, changed)) expect(bit).toBe(5 * 8);
      }
    }
    for (let at = 0; at < rsa.length; at += 11) {
      const changed = rsa.slice();
      changed[at] = (changed[at] ?? 0) ^ 2;
      await expectRefused(changed);
    }
  });

  test.each([
    ["RSA of 1,024 bits", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]],
    ["RSA of 2,056 bits", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2056"]],
    [
      "RSA of three primes",
      ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_primes:3"],
    ],
    [
      "RSA with exponent 3",
      ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:3"],
    ],
    ["RSA restricted to PSS", ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"]],
    ["P-384", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]],
    ["SM2", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"]],
    [
      "P-256 spelt out by its parameters",
      ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"],
    ],
    ["Ed25519", ["-algorithm", "ED25519"]],
  ])("%s", async (name, options) => {
    openssl.run("genpkey", ...options, "-out", "other.pem");
    openssl.run("pkcs8", "-topk8", "-nocrypt", "-in", "other.pem", "-outform", "DER", "-out", "other.der");
    await expectRefused(openssl.read("other.der"));
    if (name === "RSA of three primes") return;
    openssl.run("pkey", "-in", "other.pem", "-pubout", "-outform", "DER", "-out", "other.pub");
    await expect(importPublicKey(openssl.read("other.pub"))).rejects.toMatchObject(refused);
  });

  test.each(platforms)("scalars of 0, the order and above on $name", async ({ platform }) => {
    const order = {
      EC_P256: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
      EC_P256K: "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    };
    for (const spec of ["EC_P256", "EC_P256K"] as const) {
      for (const scalar of ["00".repeat(32), order[spec], "ff".repeat(32)]) {
        const der = encodePkcs8({ spec, scalar: bytes(scalar) });
        await expect(importPrivateKey(der, platform)).rejects.toMatchObject(refused);
      }
    }
  });

  test("an RSA key whose numbers do not belong together", async () => {
    const parts = rsaParts();
    const other = crypto.generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { format: "der", type: "pkcs8" },
      publicKeyEncoding: { format: "der", type: "spki" },
    });
    const otherParts = parsePkcs8(other.privateKey);
    if (!isRsaParts(otherParts)) throw new Error("not RSA");
    const names = Object.keys(parts).filter((name) => name !== "spec" && name !== "publicExponent");
    expect(names).toHaveLength(7);
    for (const name of names) {
      await expectRefused(encodePkcs8({ ...parts, [name]: otherParts[name as keyof RsaPrivateParts] }));
      await expectRefused(encodePkcs8({ ...parts, [name]: Uint8Array.of(1) }));
      await expectRefused(encodePkcs8({ ...parts, [name]: new Uint8Array(0) }));
    }
    const swapped = { ...parts, prime1: parts.prime2, prime2: parts.prime1 };
    await expectRefused(encodePkcs8(swapped));
  });

  test("DER that is laxer than DER", async () => {
    // a length in more bytes than need be, an indefinite one, an integer with a leading zero, a negative one
    await expectRefused(Uint8Array.of(0x30, 0x82, 0, ec.length - 3, ...ec.subarray(3)));
    await expectRefused(Uint8Array.of(0x30, 0x80, ...ec.subarray(3), 0, 0));
    await expectRefused(Uint8Array.of(0x30, 0x81, ec.length - 2, 2, 2, 0, 0, ...ec.subarray(6)));
    await expectRefused(Uint8Array.of(0x30, 0x81, ec.length - 3, 2, 1, 0xff, ...ec.subarray(6)));
    await expectRefused(Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff));
  });
});

describe("public keys", () => {
  test("a compressed point is the same key as the uncompressed one", async () => {
    openssl.run(
      "pkey",
      "-in",
      "generated.pem",
      "-pubout",
      "-ec_conv_form",
      "compressed",
      "-outform",
      "DER",
      "-out",
      "short.der",
    );
    const short = openssl.read("short.der");
    const key = await importPublicKey(short);
    expect(key.der).toEqual((await importPrivateKey(ec)).publicKey);
    expect(short.length).toBeLessThan(key.der.length);
  });

  test("points off the curve and at infinity are refused", async () => {
    const { point } = ecParts();
    const off = point.slice();
    off[64] = (off[64] ?? 0) ^ 1;
    for (const bad of [off, Uint8Array.of(0), new Uint8Array(65), Uint8Array.of(4, ...new Uint8Array(64))]) {
      await expect(importPublicKey(encodeSpki({ spec: "EC_P256", point: bad }))).rejects.toMatchObject(refused);
    }
    await expect(importPublicKey(encodeSpki({ spec: "EC_P256K", point }))).rejects.toMatchObject(refused);
  });

  test("every truncation is refused", async () => {
    for (const spec of ["EC_P256", "RSA_2048"] as const) {
      const { publicKey } = await testPair(spec);
      for (let length = 0; length < publicKey.length; length += 1) {
        await expect(importPublicKey(publicKey.subarray(0, length))).rejects.toMatchObject(refused);
      }
    }
  });

  test("an even modulus and exponents of 1, 65,536 and 2^32 + 1 are refused", async () => {
    const { modulus } = rsaParts();
    const even = modulus.slice();
    even[255] = (even[255] ?? 0) & 0xfe;
    const spki = (n: Uint8Array, e: Uint8Array) => encodeSpki({ spec: "RSA_2048", modulus: n, publicExponent: e });
    const bad = [
      spki(even, Uint8Array.of(1, 0, 1)),
      spki(modulus, Uint8Array.of(1)),
      spki(modulus, Uint8Array.of(1, 0, 0)),
      spki(modulus, Uint8Array.of(1, 0, 0, 0, 1)),
    ];
    for (const der of bad) await expect(importPublicKey(der)).rejects.toMatchObject(refused);
  });
});

test("every value that is not a key is refused", async () => {
  const arbitrary = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.uint8Array({ maxLength: 200 }).map((content) => encodeDer(sequence(integer(content)))),
  );
  const runs = long ? 20_000 : 300;
  console.log(`key import fuzz: ${runs} inputs`);
  await fc.assert(
    fc.asyncProperty(arbitrary, async (der) => {
      await expect(importPrivateKey(der)).rejects.toBeInstanceOf(LanelockError);
      await expect(importPublicKey(der)).rejects.toBeInstanceOf(LanelockError);
    }),
    { numRuns: runs },
  );
});

test("the caller's bytes stay as they are, Buffers too", async () => {
  for (const der of [Buffer.from(ec), Buffer.from(rsa)]) {
    const copy = Buffer.from(der);
    const { publicKey } = await importPrivateKey(der);
    await loadPrivateKey(der);
    expect(der).toEqual(copy);
    const key = await importPublicKey(Buffer.from(publicKey));
    expect(key.der).toEqual(publicKey);
  }
});
