import { ECDH } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { openEcies } from "../../src/asymmetric/ecies.ts";
import { generateKeyPair, loadPrivateKey, type PrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey, type PublicKey } from "../../src/asymmetric/public-key.ts";
import { platforms } from "./platforms.ts";
import { long } from "./test-keys.ts";

const algorithm = "ECIES_DH_SHA_1_XOR_HMAC";
const refused = {
  code: "ERR_AUTHENTICATION",
  message: "The ciphertext is not one that this key and algorithm decrypt",
};

/** The least x that no point of the curve has. */
function xWithoutPoint(spec: "EC_P256" | "EC_P256K"): string {
  for (let x = 1; ; x += 1) {
    const hex = x.toString(16).padStart(64, "0");
    try {
      ECDH.convertKey(`02${hex}`, spec === "EC_P256" ? "prime256v1" : "secp256k1", "hex", "hex");
    } catch {
      return hex;
    }
  }
}

const cases = platforms.flatMap((one) => (["EC_P256", "EC_P256K"] as const).map((spec) => ({ ...one, spec })));

describe.each(cases)("$spec on $name", ({ spec, platform }) => {
  let privateKey: PrivateKey;
  let publicKey: PublicKey;

  beforeAll(async () => {
    const pair = await generateKeyPair(spec, platform);
    privateKey = await loadPrivateKey(pair.privateKey, platform);
    publicKey = await importPublicKey(pair.publicKey, platform);
  });

  const decrypt = async (data: Uint8Array) => privateKey.decrypt({ algorithm, data });
  const encrypt = async (length: number) => publicKey.encrypt({ algorithm, data: new Uint8Array(length).fill(7) });

  test.each([0, 1, 20, 6144])("round trip of %i bytes, 85 bytes longer", async (length) => {
    const ciphertext = await encrypt(length);
    expect(ciphertext).toHaveLength(length + 85);
    expect(await decrypt(ciphertext)).toEqual(new Uint8Array(length).fill(7));
  });

  test("a plaintext of 6,145 bytes is too long, and so is a ciphertext of one", async () => {
    await expect(encrypt(6145)).rejects.toMatchObject({ code: "ERR_LENGTH" });
    const tooLong = new Uint8Array(6145 + 85);
    tooLong.set((await encrypt(6144)).subarray(0, 65));
    await expect(decrypt(tooLong)).rejects.toMatchObject(refused);
  });

  test("two encryptions of one plaintext share nothing", async () => {
    const [one, other] = [await encrypt(40), await encrypt(40)];
    expect(one.subarray(1, 65)).not.toEqual(other.subarray(1, 65));
    expect(one.subarray(65)).not.toEqual(other.subarray(65));
  });

  test("every truncation and every flipped bit has the one answer", async () => {
    const ciphertext = await encrypt(12);
    for (let length = 0; length < ciphertext.length; length += 1) {
      await expect(decrypt(ciphertext.subarray(0, length))).rejects.toMatchObject(refused);
    }
    for (let bit = 0; bit < ciphertext.length * 8; bit += long ? 1 : 7) {
      const changed = ciphertext.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await expect(decrypt(changed)).rejects.toMatchObject(refused);
    }
    await expect(decrypt(Uint8Array.of(...ciphertext, 0))).rejects.toMatchObject(refused);
  });

  test("invalid points get the same answer and never reach the private key", async () => {
    const rest = (await encrypt(12)).subarray(65);
    const field =
      spec === "EC_P256"
        ? "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
        : `${"f".repeat(55)}efffffc2f`;
    const points = [
      "00",
      `04${"00".repeat(64)}`,
      `04${"00".repeat(31)}01${"00".repeat(31)}01`,
      `04${field}${"00".repeat(31)}01`,
      `02${field}`,
      `02${"ff".repeat(32)}`,
      // hybrid form, which SEC 1 does not have
      `06${Buffer.from((await encrypt(0)).subarray(1, 65)).toString("hex")}`,
      `02${xWithoutPoint(spec)}`,
    ];
    for (const point of points) {
      const ciphertext = Uint8Array.from(Buffer.concat([Buffer.from(point, "hex"), rest]));
      await expect(decrypt(ciphertext)).rejects.toMatchObject(refused);
      const neverCalled = async (): Promise<Uint8Array> => expect.unreachable("ECDH with an invalid point");
      await expect(openEcies({ spec, ciphertext }, neverCalled)).rejects.toMatchObject(refused);
    }
  });

  test("a failure of the token is not reported as a bad ciphertext", async () => {
    const ciphertext = await encrypt(12);
    const failing = async (): Promise<Uint8Array> => {
      throw new RangeError("CKR_DEVICE_REMOVED");
    };
    await expect(openEcies({ spec, ciphertext }, failing)).rejects.toThrow("CKR_DEVICE_REMOVED");
    const short = async () => new Uint8Array(31);
    await expect(openEcies({ spec, ciphertext }, short)).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  });

  test("the shared secret handed over is wiped, the ciphertext is not touched", async () => {
    const ciphertext = await encrypt(12);
    const copy = ciphertext.slice();
    const sharedX = new Uint8Array(32).fill(9);
    await expect(openEcies({ spec, ciphertext }, async () => sharedX)).rejects.toMatchObject(refused);
    expect(sharedX).toEqual(new Uint8Array(32));
    await decrypt(ciphertext);
    expect(ciphertext).toEqual(copy);
  });
});

test("the other platform decrypts", async () => {
  for (const spec of ["EC_P256", "EC_P256K"] as const) {
    for (const [from, to] of [platforms, platforms.toReversed()]) {
      const pair = await generateKeyPair(spec, from?.platform);
      const publicKey = await importPublicKey(pair.publicKey, from?.platform);
      const privateKey = await loadPrivateKey(pair.privateKey, to?.platform);
      const data = new TextEncoder().encode("across");
      const ciphertext = await publicKey.encrypt({ algorithm, data });
      expect(await privateKey.decrypt({ algorithm, data: ciphertext })).toEqual(data);
    }
  }
});
