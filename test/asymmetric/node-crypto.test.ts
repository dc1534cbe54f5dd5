import crypto, { type KeyObject } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { asymmetricAlgorithms, isRsa, modulusLengths, plaintextLimit } from "../../src/asymmetric/key-specs.ts";
import { generateKeyPair, loadPrivateKey, type PrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey, type PublicKey } from "../../src/asymmetric/public-key.ts";
import type { SignatureAlgorithm } from "../../src/shared/algorithms.ts";
import { platforms, specs } from "./platforms.ts";
import { long, testPair } from "./test-keys.ts";

const { RSA_PKCS1_PSS_PADDING, RSA_PKCS1_PADDING, RSA_PKCS1_OAEP_PADDING } = crypto.constants;
const message = new TextEncoder().encode("signed by lanelock, verified by OpenSSL");
const digest = new Uint8Array(crypto.createHash("sha256").update(message).digest());

function nodeOptions(algorithm: SignatureAlgorithm, key: KeyObject) {
  if (algorithm === "RSA_PSS_SHA_256") return { key, padding: RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return algorithm === "RSA_PKCS1_SHA_256" ? { key, padding: RSA_PKCS1_PADDING } : { key };
}

const cases = platforms.flatMap((one) => specs.map((spec) => ({ ...one, spec })));

describe.each(cases)("$spec on $name against node:crypto", ({ name, spec, platform }) => {
  let privateKey: PrivateKey;
  let publicKey: PublicKey;
  let nodePrivate: KeyObject;
  let nodePublic: KeyObject;

  beforeAll(async () => {
    const pair = spec === "RSA_2048" ? await generateKeyPair(spec, platform) : await testPair(spec, platform);
    privateKey = await loadPrivateKey(pair.privateKey, platform);
    publicKey = await importPublicKey(pair.publicKey, platform);
    nodePrivate = crypto.createPrivateKey({ key: Buffer.from(pair.privateKey), format: "der", type: "pkcs8" });
    nodePublic = crypto.createPublicKey(publicKey.toPem());
  });

  const inputs = [
    { messageType: "RAW", data: message },
    { messageType: "DIGEST", data: digest },
  ] as const;
  const signing = asymmetricAlgorithms[spec].signing.flatMap((algorithm) =>
    inputs.map((input) => ({ algorithm, ...input })),
  );
  const unsupported = ({ messageType }: { messageType: string }) =>
    name === "WebCrypto" && isRsa(spec) && messageType === "DIGEST";

  test.each(signing.filter((input) => !unsupported(input)))("$algorithm of $messageType", async (input) => {
    const signature = await privateKey.sign(input);
    const options = nodeOptions(input.algorithm, nodePublic);
    expect(crypto.verify("sha256", message, options, signature)).toBe(true);

    const theirs = new Uint8Array(crypto.sign("sha256", message, nodeOptions(input.algorithm, nodePrivate)));
    expect(await publicKey.verify({ ...input, signature: theirs })).toBe(true);

    const other = { ...input, data: input.data.slice() };
    other.data[0] = (other.data[0] ?? 0) ^ 1;
    expect(await publicKey.verify({ ...other, signature: theirs })).toBe(false);
    for (const bad of [theirs.subarray(1), theirs.subarray(0, -1), Uint8Array.of(...theirs, 0), new Uint8Array(0)]) {
      expect(await publicKey.verify({ ...input, signature: bad })).toBe(false);
    }
    for (let at = 0; at < theirs.length; at += 7) {
      const bad = theirs.slice();
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      expect(await publicKey.verify({ ...input, signature: bad })).toBe(false);
    }
  });

  const signatureLength = isRsa(spec) ? modulusLengths[spec] : 72;

  test.each(signing.filter(unsupported))("$algorithm of $messageType says what works", async (input) => {
    const answer = { code: "ERR_UNSUPPORTED", message: expect.stringContaining("messageType RAW") };
    await expect(async () => privateKey.sign(input)).rejects.toMatchObject(answer);
    await expect(async () =>
      publicKey.verify({ ...input, signature: new Uint8Array(signatureLength) }),
    ).rejects.toMatchObject(answer);
  });

  test.each([0, 31, 33, 64])("a digest of %i bytes is refused", async (length) => {
    const [algorithm] = asymmetricAlgorithms[spec].signing;
    const input = { algorithm, messageType: "DIGEST", data: new Uint8Array(length) } as const;
    await expect(async () => privateKey.sign(input)).rejects.toMatchObject({ code: "ERR_LENGTH" });
    await expect(async () => publicKey.verify({ ...input, signature: digest })).rejects.toMatchObject({
      code: "ERR_LENGTH",
    });
  });

  test("an algorithm of another family is refused and the message lists those that are not", async () => {
    const wrong = isRsa(spec) ? "ECDSA_SHA_256" : "RSA_PSS_SHA_256";
    const wrongCipher = isRsa(spec) ? "ECIES_DH_SHA_1_XOR_HMAC" : "RSAES_OAEP_SHA_1";
    const input = { algorithm: wrong, messageType: "RAW", data: message } as const;
    const cipher = { algorithm: wrongCipher, data: message } as const;
    const answer = { code: "ERR_ARGUMENT", message: expect.stringContaining(asymmetricAlgorithms[spec].signing[0]) };
    await expect(async () => privateKey.sign(input)).rejects.toMatchObject(answer);
    await expect(async () => publicKey.verify({ ...input, signature: digest })).rejects.toMatchObject(answer);
    await expect(async () => privateKey.decrypt(cipher)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    await expect(async () => publicKey.encrypt(cipher)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  });

  const oaep = asymmetricAlgorithms[spec].encryption.filter((algorithm) => algorithm !== "ECIES_DH_SHA_1_XOR_HMAC");

  test.each(oaep)("%s both ways, at its limits", async (algorithm) => {
    const options = {
      padding: RSA_PKCS1_OAEP_PADDING,
      oaepHash: algorithm === "RSAES_OAEP_SHA_256" ? "sha256" : "sha1",
    };
    const limit = plaintextLimit(spec, algorithm);
    for (const length of [0, 1, limit]) {
      const data = new Uint8Array(length).fill(0xa5);
      const ours = await publicKey.encrypt({ algorithm, data });
      expect(new Uint8Array(crypto.privateDecrypt({ key: nodePrivate, ...options }, ours))).toEqual(data);
      const theirs = crypto.publicEncrypt({ key: nodePublic, ...options }, data);
      expect(await privateKey.decrypt({ algorithm, data: theirs })).toEqual(data);
    }
    const tooLong = async () => publicKey.encrypt({ algorithm, data: new Uint8Array(limit + 1) });
    await expect(tooLong).rejects.toMatchObject({
      code: "ERR_LENGTH",
      message: expect.stringContaining(`${limit} bytes`),
    });
  });

  test.each(oaep)("%s has one answer to every bad ciphertext", async (algorithm) => {
    const good = await publicKey.encrypt({ algorithm, data: message });
    const changed = good.slice();
    changed[9] = (changed[9] ?? 0) ^ 1;
    const otherHash = await publicKey.encrypt({
      algorithm: algorithm === "RSAES_OAEP_SHA_256" ? "RSAES_OAEP_SHA_1" : "RSAES_OAEP_SHA_256",
      data: message,
    });
    const bad = [
      changed,
      otherHash,
      good.subarray(1),
      Uint8Array.of(...good, 0),
      new Uint8Array(0),
      good.slice().fill(255),
    ];
    // a zero before a shorter number is not the same ciphertext
    bad.push(Uint8Array.of(0, ...good), new Uint8Array(good.length));
    const answers = await Promise.all(
      bad.map(async (data) => privateKey.decrypt({ algorithm, data })).map((answer) => answer.catch((error) => error)),
    );
    for (const answer of answers) {
      expect(answer).toMatchObject({ code: "ERR_AUTHENTICATION", message: answers[0].message });
      expect(answer.cause).toBeUndefined();
    }
  });
});

test("the limits are those the service documents", () => {
  const limits = (["RSA_2048", "RSA_3072", "RSA_4096"] as const).map((spec) => [
    plaintextLimit(spec, "RSAES_OAEP_SHA_256"),
    plaintextLimit(spec, "RSAES_OAEP_SHA_1"),
  ]);
  expect(limits).toEqual([
    [190, 214],
    [318, 342],
    [446, 470],
  ]);
});

test("after dispose() a private key does nothing more", async () => {
  for (const { platform } of platforms) {
    const pair = await generateKeyPair("EC_P256", platform);
    const key = await loadPrivateKey(pair.privateKey, platform);
    key.dispose();
    key.dispose();
    const input = { algorithm: "ECDSA_SHA_256", messageType: "DIGEST", data: digest } as const;
    await expect(async () => key.sign(input)).rejects.toMatchObject({ code: "ERR_STATE" });
    const cipher = { algorithm: "ECIES_DH_SHA_1_XOR_HMAC", data: digest } as const;
    await expect(async () => key.decrypt(cipher)).rejects.toMatchObject({ code: "ERR_STATE" });
  }
});

test("calls that run when the key is disposed of end as they would have", async () => {
  const input = { algorithm: "ECDSA_SHA_256", messageType: "DIGEST", data: digest } as const;
  for (const { platform } of platforms) {
    const pair = await generateKeyPair("EC_P256K", platform);
    const publicKey = await importPublicKey(pair.publicKey, platform);
    const key = await loadPrivateKey(pair.privateKey, platform);
    const running = [key.sign(input), key.sign({ ...input, messageType: "RAW" })];
    key.dispose();
    const [overDigest = digest, overMessage = digest] = await Promise.all(running);
    expect(await publicKey.verify({ ...input, signature: overDigest })).toBe(true);
    expect(await publicKey.verify({ ...input, messageType: "RAW", signature: overMessage })).toBe(true);
  }
});

test("generating RSA leaves the event loop turning", async () => {
  for (const { platform } of long ? platforms : platforms.slice(0, 1)) {
    let turns = 0;
    let generating = true;
    const turn = () => {
      turns += 1;
      if (generating) setImmediate(turn);
    };
    setImmediate(turn);
    await generateKeyPair(long ? "RSA_4096" : "RSA_3072", platform);
    generating = false;
    expect(turns).toBeGreaterThan(10);
  }
});
