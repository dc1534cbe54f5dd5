import {
  constants,
  createCipheriv,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  verify,
} from "node:crypto";
import type {
  CipherKey,
  CipherRequest,
  KeyBinding,
  KeyProvider,
  KeySpec,
  ProtectionLevel,
  ProviderHost,
} from "lanelock/kms";
import { KmsError } from "lanelock/kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KEY_MATRIX } from "../../src/kms/policy/key-matrix.ts";
import { binding as anyBinding, outcome } from "../pkcs11/objects/key-objects.ts";

/** A place of keys that the contract opens several times, as several processes would. */
export interface ProviderUnderTest {
  readonly protectionLevel: ProtectionLevel;
  /** Another provider object on the same keys. */
  connect(): KeyProvider;
  /** What a KMS of the same store lends; with `rootKey` that of the store after its root key was changed. */
  host(rootKey?: "changed"): ProviderHost;
}

const nonce = () => randomBytes(12);

/** What node:crypto makes of a request: ciphertext ‖ tag. */
function nodeGcm(material: Uint8Array, { data, iv, aad }: CipherRequest): Buffer {
  const cipher = createCipheriv("aes-256-gcm", material, iv);
  if (aad) cipher.setAAD(aad);
  return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
}

const spki = (key: Uint8Array) => createPublicKey({ key: Buffer.from(key), format: "der", type: "spki" });
const pkcs8Of = (pair: { privateKey: KeyObject }) => pair.privateKey.export({ format: "der", type: "pkcs8" });

/** The behaviour of every provider that `kms/` relies on: the same answers, and the same codes for failures. */
export function testProviderContract(name: string, subject: ProviderUnderTest): void {
  describe(`${name} as a KeyProvider`, () => {
    let provider: KeyProvider;
    beforeAll(async () => {
      provider = subject.connect();
      await provider.open(subject.host());
    });
    afterAll(() => provider.close());

    const binding = (keySpec: KeySpec, more: Partial<KeyBinding> = {}) =>
      anyBinding(keySpec, { protectionLevel: subject.protectionLevel, ...more });

    async function created(bound = binding("Aliyun_AES_256")) {
      const made = await provider.createKey({ binding: bound });
      return { bound, ...made, key: await provider.loadCipherKey({ binding: bound, ...made }) };
    }

    async function imported(material: Uint8Array): Promise<CipherKey> {
      const bound = binding("Aliyun_AES_256", { origin: "EXTERNAL" });
      const made = await provider.importKey({ binding: bound, material });
      return provider.loadCipherKey({ binding: bound, ...made });
    }

    test("names itself, its level, and every KeySpec and algorithm of that level, once", () => {
      expect(provider.name).toMatch(/./);
      expect(provider.protectionLevel).toBe(subject.protectionLevel);
      const offered = provider.capabilities().map(({ keySpec, algorithm }) => `${keySpec} ${algorithm}`);
      const wanted = Object.entries(KEY_MATRIX[subject.protectionLevel]).flatMap(([keySpec, byUsage]) =>
        Object.values(byUsage).flatMap((algorithms) => algorithms.map((algorithm) => `${keySpec} ${algorithm}`)),
      );
      expect(offered.sort()).toEqual(wanted.sort());
      for (const { custody, missing } of provider.capabilities()) expect(custody ?? missing).toMatch(/./);
    });

    test("AES-256-GCM under imported material is node:crypto's, at any length, with and without aad", async () => {
      const material = randomBytes(32);
      const given = Buffer.from(material);
      const key = await imported(given);
      expect(given.equals(material)).toBe(true);
      for (const length of [0, 1, 15, 16, 17, 32, 6_144]) {
        for (const aad of [undefined, new Uint8Array(0), randomBytes(32)]) {
          const request = { data: randomBytes(length), iv: nonce(), aad };
          const before = Buffer.from(request.data);
          const sealed = await key.encrypt(request);
          expect(Buffer.from(sealed).equals(nodeGcm(material, request))).toBe(true);
          const opened = await key.decrypt({ ...request, data: sealed });
          expect(Buffer.from(opened).equals(before)).toBe(true);
          expect(request.data.equals(before)).toBe(true);
        }
      }
    });

    test("results are the caller's own memory", async () => {
      const { key } = await created();
      const request = { data: randomBytes(40), iv: nonce() };
      const first = await key.encrypt(request);
      const copy = Buffer.from(first);
      const second = await key.encrypt(request);
      second.fill(0);
      expect(copy.equals(first)).toBe(true);
      expect(first.buffer).not.toBe(second.buffer);
      first.fill(0);
      expect(Buffer.from(await key.encrypt(request)).equals(copy)).toBe(true);
    });

    test("a forgery is ERR_AUTHENTICATION; one of an impossible length is that or ERR_LENGTH", async () => {
      const { key } = await created();
      const request = { data: randomBytes(40), iv: nonce(), aad: randomBytes(32) };
      const sealed = await key.encrypt(request);
      const forgeries: CipherRequest[] = [
        ...[0, 39, 40, 55].map((at) => ({ ...request, data: sealed.map((byte, i) => (i === at ? byte ^ 1 : byte)) })),
        { ...request, data: sealed, iv: nonce() },
        { ...request, data: sealed, aad: randomBytes(32) },
        { data: sealed, iv: request.iv },
        { ...request, data: sealed.subarray(0, -1) },
        { ...request, data: Buffer.concat([sealed, Buffer.of(0)]) },
        { ...request, data: sealed.subarray(0, 16) },
      ];
      for (const forgery of forgeries) {
        await expect(outcome(() => key.decrypt(forgery))).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
      }
      for (const length of [0, 1, 15]) {
        const short = outcome(() => key.decrypt({ ...request, data: sealed.subarray(0, length) }));
        await expect(short).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_(AUTHENTICATION|LENGTH)$/) });
      }
      expect(Buffer.from(await key.decrypt({ ...request, data: sealed })).equals(request.data)).toBe(true);
    });

    test("50 calls at once get each its own answer", async () => {
      const { key } = await created();
      const requests = Array.from({ length: 50 }, (_, i) => ({ data: Buffer.alloc(i, i), iv: nonce() }));
      const sealed = await Promise.all(requests.map((request) => key.encrypt(request)));
      const opened = await Promise.all(
        requests.map(({ iv }, i) => key.decrypt({ iv, data: sealed[i] ?? new Uint8Array() })),
      );
      expect(opened.map((bytes) => Buffer.from(bytes).toString("hex"))).toEqual(
        requests.map(({ data }) => data.toString("hex")),
      );
    });

    test("a key is found again by another object of the provider, by its handle and binding alone", async () => {
      const { bound, handle, key } = await created();
      expect(handle.length).toBeLessThanOrEqual(8_192);
      const request = { data: randomBytes(20), iv: nonce() };
      const sealed = await key.encrypt(request);
      const other = subject.connect();
      await other.open(subject.host());
      const again = await other.loadCipherKey({ binding: bound, handle: Uint8Array.from(handle) });
      expect(Buffer.from(await again.decrypt({ ...request, data: sealed })).equals(request.data)).toBe(true);
      again.dispose();
      await other.close();
    });

    test("a rewrapped handle works under the changed root key", async () => {
      const { bound, handle, key } = await created();
      const request = { data: randomBytes(20), iv: nonce() };
      const sealed = await key.encrypt(request);
      const rewrapped = provider.rewrap({ binding: bound, handle }, subject.host("changed"));
      const other = subject.connect();
      await other.open(subject.host("changed"));
      const again = await other.loadCipherKey({ binding: bound, handle: rewrapped });
      expect(Buffer.from(await again.decrypt({ ...request, data: sealed })).equals(request.data)).toBe(true);
      again.dispose();
      await other.close();
    });

    test("a handle that is damaged, or another version's, is refused", async () => {
      const { bound, handle } = await created();
      for (const damaged of [new Uint8Array(0), handle.subarray(1), Buffer.concat([handle, Buffer.of(0)])]) {
        const load = outcome(() => provider.loadCipherKey({ binding: bound, handle: damaged }));
        await expect(load).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
      }
      const moved = { ...bound, versionId: binding("Aliyun_AES_256").versionId };
      const use = outcome(async () => {
        const key = await provider.loadCipherKey({ binding: moved, handle });
        return key.encrypt({ data: randomBytes(1), iv: nonce() });
      });
      await expect(use).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_(INTEGRITY|PROVIDER)$/) });
    });

    test("a disposed key does nothing more, and may be disposed again", async () => {
      const { key } = await created();
      key.dispose();
      key.dispose();
      const request = { data: randomBytes(16), iv: nonce() };
      await expect(outcome(() => key.encrypt(request))).rejects.toMatchObject({ code: "ERR_STATE" });
      await expect(outcome(() => key.decrypt(request))).rejects.toMatchObject({ code: "ERR_STATE" });
    });

    test("destroying a key twice succeeds", async () => {
      const { bound, handle, key } = await created();
      key.dispose();
      await provider.destroyKey({ binding: bound, handle });
      await provider.destroyKey({ binding: bound, handle });
    });

    test("material of a wrong length or kind is InvalidKeyMaterial", async () => {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
      const wrong: (readonly [KeySpec, Uint8Array])[] = [
        ...[0, 16, 24, 31, 33].map((length) => ["Aliyun_AES_256", randomBytes(length)] as const),
        ["EC_P256", pkcs8Of({ privateKey })],
        ["RSA_2048", pkcs8Of(generateKeyPairSync("rsa", { modulusLength: 1_024 }))],
        ["EC_P256", randomBytes(100)],
        ["RSA_2048", new Uint8Array(0)],
      ];
      for (const [keySpec, material] of wrong) {
        const keyUsage = keySpec.startsWith("Aliyun") ? "ENCRYPT/DECRYPT" : "SIGN/VERIFY";
        const attempt = provider.importKey({ binding: binding(keySpec, { origin: "EXTERNAL", keyUsage }), material });
        await expect(attempt, `${keySpec} ${material.length}`).rejects.toMatchObject({ code: "InvalidKeyMaterial" });
        await expect(attempt).rejects.toBeInstanceOf(KmsError);
      }
    });

    test("a provider that is closed, or was never open, refuses with ERR_STATE", async () => {
      const closed = subject.connect();
      const refused = { code: "ERR_STATE" };
      const bound = binding("Aliyun_AES_256");
      await expect(outcome(() => closed.createKey({ binding: bound }))).rejects.toMatchObject(refused);
      await closed.open(subject.host());
      await closed.close();
      await closed.close();
      await expect(outcome(() => closed.createKey({ binding: bound }))).rejects.toMatchObject(refused);
    });

    test.each(["created", "imported"] as const)(
      "EC_P256 %s makes signatures that node:crypto verifies",
      async (how) => {
        const bound = binding("EC_P256", {
          keyUsage: "SIGN/VERIFY",
          origin: how === "created" ? "Aliyun_KMS" : "EXTERNAL",
        });
        const material = pkcs8Of(generateKeyPairSync("ec", { namedCurve: "P-256" }));
        const made =
          how === "created"
            ? await provider.createKey({ binding: bound })
            : await provider.importKey({ binding: bound, material });
        const key = await provider.loadAsymmetricKey({ binding: bound, ...made });
        expect(key.publicKey).toEqual(made.publicKey);
        const data = randomBytes(100);
        const request = { algorithm: "ECDSA_SHA_256", messageType: "RAW", data } as const;
        const signature = await key.sign(request);
        expect(verify("sha256", data, spki(key.publicKey), signature)).toBe(true);
        expect(await key.verify({ ...request, signature })).toBe(true);
        for (const bad of [
          new Uint8Array(0),
          randomBytes(70),
          signature.subarray(1),
          signature.map((byte) => byte ^ 1),
        ]) {
          expect(await key.verify({ ...request, signature: bad })).toBe(false);
        }
        key.dispose();
      },
    );

    test("RSA_2048 decrypts node:crypto's ciphertexts, and everything else is ERR_AUTHENTICATION", async () => {
      const bound = binding("RSA_2048", { keyUsage: "ENCRYPT/DECRYPT", origin: "EXTERNAL" });
      const material = pkcs8Of(generateKeyPairSync("rsa", { modulusLength: 2_048 }));
      const made = await provider.importKey({ binding: bound, material });
      const key = await provider.loadAsymmetricKey({ binding: bound, ...made });
      const plaintext = randomBytes(100);
      const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
      const data = publicEncrypt({ key: spki(key.publicKey), ...oaep }, plaintext);
      const algorithm = "RSAES_OAEP_SHA_256";
      expect(Buffer.from(await key.decrypt({ algorithm, data })).equals(plaintext)).toBe(true);
      const own = await key.encrypt({ algorithm, data: plaintext });
      expect(Buffer.from(await key.decrypt({ algorithm, data: own })).equals(plaintext)).toBe(true);
      const sha1 = publicEncrypt({ key: spki(key.publicKey), ...oaep, oaepHash: "sha1" }, plaintext);
      for (const bad of [
        new Uint8Array(0),
        data.subarray(1),
        data.map((byte) => byte ^ 1),
        sha1,
        Buffer.alloc(256, 0xff),
      ]) {
        const answer = outcome(() => key.decrypt({ algorithm, data: bad }));
        await expect(answer).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
      }
      key.dispose();
    });

    test("ECIES opens its own, and nothing that was changed", async () => {
      const bound = binding("EC_P256", { keyUsage: "ENCRYPT/DECRYPT" });
      const made = await provider.createKey({ binding: bound });
      const key = await provider.loadAsymmetricKey({ binding: bound, ...made });
      const algorithm = "ECIES_DH_SHA_1_XOR_HMAC";
      for (const length of [0, 1, 100, 6_144]) {
        const plaintext = randomBytes(length);
        const data = await key.encrypt({ algorithm, data: plaintext });
        expect(data).toHaveLength(length + 85);
        expect(Buffer.from(await key.decrypt({ algorithm, data })).equals(plaintext)).toBe(true);
        for (const bad of [
          data.subarray(1),
          data.subarray(0, -1),
          data.map((byte, i) => (i === 70 ? byte ^ 1 : byte)),
        ]) {
          const answer = outcome(() => key.decrypt({ algorithm, data: bad }));
          await expect(answer).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
        }
      }
      key.dispose();
    });
  });
}
