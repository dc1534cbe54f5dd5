import { createECDH } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sealEcies } from "../../src/asymmetric/ecies.ts";
import { encodePkcs8 } from "../../src/asymmetric/pkcs8.ts";
import { loadPrivateKey } from "../../src/asymmetric/private-key.ts";
import { platforms } from "./platforms.ts";

interface Vector {
  curve: "secp256r1" | "secp256k1";
  variant: string;
  privateKeyHex: string;
  publicKeyHex: string;
  ephemeralPrivateHex: string | null;
  sharedSecretZHex: string;
  plaintextHex: string;
  ciphertextHex: string;
}

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const read = (name: string) => JSON.parse(readFileSync(new URL(`../vectors/ecies/${name}`, import.meta.url), "utf8"));
const given: Vector[] = read("ecies-secp256r1.json").vectors;
const made: Vector[] = read("ecies-bouncycastle.json").map((vector: Vector) => ({ ...vector, variant: "sec1" }));
const sec1 = [...given, ...made].filter(({ variant }) => variant === "sec1");
const others = given.filter(({ variant }) => variant !== "sec1");
const algorithm = "ECIES_DH_SHA_1_XOR_HMAC";

const load = ({ curve, privateKeyHex }: Vector, platform: (typeof platforms)[number]["platform"]) => {
  const spec = curve === "secp256r1" ? "EC_P256" : "EC_P256K";
  return loadPrivateKey(encodePkcs8({ spec, scalar: bytes(privateKeyHex) }), platform);
};

test("there are vectors of both curves, every variant and a shared secret that starts with a zero byte", () => {
  expect(sec1.map(({ curve }) => curve)).toEqual(expect.arrayContaining(["secp256r1", "secp256k1"]));
  expect(sec1).toHaveLength(21);
  expect(others).toHaveLength(9);
  expect(sec1.filter(({ sharedSecretZHex }) => sharedSecretZHex.startsWith("00"))).toHaveLength(2);
});

describe.each(platforms)("$name", ({ platform }) => {
  test.each(sec1)("decrypts SEC 1 on $curve to $plaintextHex", async (vector) => {
    using key = await load(vector, platform);
    const plaintext = await key.decrypt({ algorithm, data: bytes(vector.ciphertextHex) });
    expect(plaintext).toEqual(bytes(vector.plaintextHex));
  });

  test.each(sec1)("decrypts SEC 1 on $curve with R compressed", async (vector) => {
    using key = await load(vector, platform);
    const uncompressed = bytes(vector.ciphertextHex);
    const compressed = Uint8Array.of(2 + ((uncompressed[64] ?? 0) & 1), ...uncompressed.subarray(1, 33));
    const data = Uint8Array.of(...compressed, ...uncompressed.subarray(65));
    expect(await key.decrypt({ algorithm, data })).toEqual(bytes(vector.plaintextHex));
  });

  test.each(others)("refuses $variant of $plaintextHex", async (vector) => {
    using key = await load(vector, platform);
    await expect(async () => key.decrypt({ algorithm, data: bytes(vector.ciphertextHex) })).rejects.toMatchObject({
      code: "ERR_AUTHENTICATION",
    });
  });

  test.each(sec1)("finds the public key on $curve", async ({ curve, privateKeyHex, publicKeyHex }) => {
    const spec = curve === "secp256r1" ? "EC_P256" : "EC_P256K";
    expect(await platform.publicPoint(spec, bytes(privateKeyHex))).toEqual(bytes(publicKeyHex));
  });
});

test.each(sec1)("encrypts with the vector's ephemeral key on $curve to the same bytes", async (vector) => {
  const ephemeral = createECDH(vector.curve === "secp256r1" ? "prime256v1" : "secp256k1");
  ephemeral.setPrivateKey(vector.ephemeralPrivateHex ?? "", "hex");
  const sharedX = new Uint8Array(ephemeral.computeSecret(vector.publicKeyHex, "hex"));
  expect(sharedX).toEqual(bytes(vector.sharedSecretZHex));
  const plaintext = bytes(vector.plaintextHex);
  expect(sealEcies({ ephemeralPoint: ephemeral.getPublicKey(), sharedX, plaintext })).toEqual(
    bytes(vector.ciphertextHex),
  );
});
