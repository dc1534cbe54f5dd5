import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { pkcs11 } from "lanelock/pkcs11";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CipherMode, CipherRequest, KeySpec } from "../../../src/kms/ports/index.ts";
import { createNssToken } from "../../tokens/nss.ts";
import { createSoftHsmToken } from "../../tokens/softhsm.ts";
import { binding, host, iv, outcome } from "../objects/key-objects.ts";
import { lookAt } from "../objects/token-objects.ts";

const tokens = { SoftHSM: createSoftHsmToken("symmetric"), NSS: createNssToken() };
const providers = { SoftHSM: pkcs11(tokens.SoftHSM), NSS: pkcs11(tokens.NSS) };
beforeAll(() => Promise.all(Object.values(providers).map((provider) => provider.open(host))));
afterAll(() => Promise.all(Object.values(providers).map((provider) => provider.close())));

const keyLengths = { Aliyun_AES_256: 32, Aliyun_AES_192: 24, Aliyun_AES_128: 16 } as const;
const specs = Object.keys(keyLengths) as (keyof typeof keyLengths)[];
const modes: readonly CipherMode[] = ["GCM", "CBC", "ECB"];
const lengths = [0, 1, 15, 16, 17, 32, 100, 6144, 65_536];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** node:crypto's answer in the form of the port: GCM has its tag behind it. */
function nodeEncrypt(mode: CipherMode, key: Uint8Array, { data, iv, aad, padding }: CipherRequest): Buffer {
  const bits = key.length * 8;
  if (mode !== "GCM") {
    const cipher = createCipheriv(`aes-${bits}-${mode.toLowerCase()}`, key, mode === "CBC" ? iv : null);
    cipher.setAutoPadding(padding === "PKCS7_PADDING");
    return Buffer.concat([cipher.update(data), cipher.final()]);
  }
  const cipher = createCipheriv(`aes-${bits as 256}-gcm`, key, iv);
  if (aad) cipher.setAAD(aad);
  return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
}

function nodeOpen(key: Uint8Array, { data, iv, aad }: CipherRequest): Buffer {
  const cipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: 16 });
  if (aad) cipher.setAAD(aad);
  cipher.setAuthTag(data.subarray(-16));
  return Buffer.concat([cipher.update(data.subarray(0, -16)), cipher.final()]);
}

describe.each(["SoftHSM", "NSS"] as const)("%s", (name) => {
  const provider = providers[name];

  async function imported(keySpec: keyof typeof keyLengths, mode: CipherMode) {
    const material = randomBytes(keyLengths[keySpec]);
    const bound = binding(keySpec, { mode, origin: "EXTERNAL" });
    const { handle, custody } = await provider.importKey({ binding: bound, material: Buffer.from(material) });
    expect(custody).toBe("token");
    return { material, key: await provider.loadCipherKey({ binding: bound, handle }) };
  }

  test.each(specs.flatMap((spec) => modes.map((mode) => [spec, mode] as const)))(
    "%s %s gives what node:crypto gives, and the reverse",
    async (spec, mode) => {
      const { material, key } = await imported(spec, mode);
      const paddings = mode === "GCM" ? [undefined] : (["PKCS7_PADDING", "NO_PADDING"] as const);
      for (const padding of paddings) {
        for (const length of lengths) {
          if (padding === "NO_PADDING" && length % 16 !== 0) continue;
          const aad = mode === "GCM" && length % 2 === 0 ? randomBytes(32) : undefined;
          const request = { data: randomBytes(length), iv: iv(mode), aad, padding };
          const given = hex(request.data);
          const sealed = await key.encrypt(request);
          expect(hex(sealed)).toBe(hex(nodeEncrypt(mode, material, request)));
          expect(hex(request.data)).toBe(given);
          expect(hex(await key.decrypt({ ...request, data: sealed }))).toBe(given);
        }
      }
    },
  );

  test("a generated key is found again after the token is opened again", async () => {
    for (const mode of modes) {
      const bound = binding("Aliyun_AES_256", { mode });
      const { handle } = await provider.createKey({ binding: bound });
      const request = { data: randomBytes(48), iv: iv(mode), padding: "NO_PADDING" as const };
      const key = await provider.loadCipherKey({ binding: bound, handle });
      const sealed = await key.encrypt(mode === "GCM" ? { data: request.data, iv: request.iv } : request);
      await provider.close();
      await provider.open(host);
      const again = await provider.loadCipherKey({ binding: bound, handle });
      const open = mode === "GCM" ? { data: sealed, iv: request.iv } : { ...request, data: sealed };
      expect(Buffer.from(await again.decrypt(open))).toEqual(request.data);
    }
  });

  test("a forgery is one answer, whatever was changed", async () => {
    const { key } = await imported("Aliyun_AES_256", "GCM");
    const request = { data: randomBytes(40), iv: iv("GCM"), aad: randomBytes(32) };
    const sealed = await key.encrypt(request);
    const flipped = (at: number) => sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
    const forgeries: CipherRequest[] = [
      { ...request, data: flipped(0) },
      { ...request, data: flipped(sealed.length - 1) },
      { ...request, data: sealed, iv: iv("GCM") },
      { ...request, data: sealed, aad: randomBytes(32) },
      { data: sealed, iv: request.iv },
      { ...request, data: sealed.subarray(0, 16) },
      { ...request, data: Buffer.concat([sealed, randomBytes(1)]) },
    ];
    for (const forgery of forgeries) {
      const { code, message } = await outcome(() => key.decrypt(forgery)).catch((error) => error);
      expect({ code, message }).toEqual({
        code: "ERR_AUTHENTICATION",
        message: "The ciphertext is not one that this key and algorithm decrypt",
      });
    }
    for (const length of [0, 1, 15]) {
      const short = outcome(() => key.decrypt({ ...request, data: sealed.subarray(0, length) }));
      await expect(short).rejects.toMatchObject({ code: "ERR_LENGTH" });
    }
    expect(Buffer.from(await key.decrypt({ ...request, data: sealed }))).toEqual(request.data);
  });

  test("every wrong padding is one answer", async () => {
    for (const mode of ["CBC", "ECB"] as const) {
      const { material, key } = await imported("Aliyun_AES_128", mode);
      const wrong = [
        Buffer.alloc(16, 0),
        Buffer.alloc(16, 17),
        Buffer.alloc(16, 255),
        Buffer.concat([Buffer.alloc(13, 9), Buffer.of(3, 2, 3)]),
        Buffer.concat([Buffer.of(15), Buffer.alloc(15, 16)]),
        Buffer.concat([Buffer.alloc(16, 7), Buffer.alloc(14, 5), Buffer.of(1, 2)]),
      ];
      for (const block of wrong) {
        const request = { data: block, iv: iv(mode), padding: "NO_PADDING" as const };
        const data = nodeEncrypt(mode, material, request);
        const { code, message } = await outcome(() =>
          key.decrypt({ ...request, data, padding: "PKCS7_PADDING" }),
        ).catch((error) => error);
        expect({ code, message }).toEqual({ code: "ERR_PADDING", message: "The padding is not valid" });
      }
    }
  });

  test("lengths that cannot be are refused before the token is asked", async () => {
    const { key } = await imported("Aliyun_AES_256", "CBC");
    const noPadding = { iv: iv("CBC"), padding: "NO_PADDING" as const };
    for (const length of [1, 15, 17]) {
      const request = { ...noPadding, data: randomBytes(length) };
      await expect(outcome(() => key.encrypt(request))).rejects.toMatchObject({ code: "ERR_LENGTH" });
      await expect(outcome(() => key.decrypt(request))).rejects.toMatchObject({ code: "ERR_LENGTH" });
    }
    const empty = { iv: iv("CBC"), data: new Uint8Array(0), padding: "PKCS7_PADDING" as const };
    await expect(outcome(() => key.decrypt(empty))).rejects.toMatchObject({ code: "ERR_LENGTH" });
  });

  test("data at the size limits of the token", async () => {
    const { material, key } = await imported("Aliyun_AES_256", "GCM");
    const request = { data: randomBytes(4 << 20), iv: iv("GCM") };
    const sealed = await key.encrypt(request);
    expect(nodeOpen(material, { ...request, data: sealed }).equals(request.data)).toBe(true);
    const opened = await key.decrypt({ ...request, data: sealed });
    expect(Buffer.from(opened).equals(request.data)).toBe(true);
  });

  test("material of a wrong length is refused and leaves nothing on the token", async () => {
    const refused = [0, 5, 15, 17, 24, 31, 33].map((length) =>
      provider.importKey({ binding: binding("Aliyun_AES_256"), material: randomBytes(length) }),
    );
    for (const attempt of refused) await expect(attempt).rejects.toMatchObject({ code: "InvalidKeyMaterial" });
  });

  test("a destroyed key is gone, and destroying it again is no error", async () => {
    const bound = binding("Aliyun_AES_256");
    const { handle } = await provider.createKey({ binding: bound });
    const key = await provider.loadCipherKey({ binding: bound, handle });
    const request = { data: randomBytes(16), iv: iv("GCM") };
    await key.encrypt(request);
    await provider.destroyKey({ binding: bound, handle });
    await provider.destroyKey({ binding: bound, handle });
    await expect(outcome(() => key.encrypt(request))).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  });

  test("a handle moved to another version or mode is refused", async () => {
    const bound = binding("Aliyun_AES_256");
    const { handle } = await provider.createKey({ binding: bound });
    const { versionId } = binding("Aliyun_AES_256");
    for (const moved of [
      { ...bound, versionId },
      { ...bound, mode: "CBC" as const },
    ]) {
      const key = await provider.loadCipherKey({ binding: moved, handle });
      const request = { data: randomBytes(16), iv: iv(moved.mode), padding: "NO_PADDING" as const };
      await expect(outcome(() => key.encrypt(request))).rejects.toMatchObject({
        code: "ERR_PROVIDER",
        message: expect.stringContaining("another label"),
      });
      // Nor does destroying it destroy what is not its own.
      await provider.destroyKey({ binding: moved, handle });
    }
    const key = await provider.loadCipherKey({ binding: bound, handle });
    expect(await key.encrypt({ data: randomBytes(16), iv: iv("GCM") })).toHaveLength(32);
    for (const damaged of [new Uint8Array(0), handle.subarray(1), Buffer.concat([handle, Buffer.of(0)])]) {
      await expect(outcome(() => provider.loadCipherKey({ binding: bound, handle: damaged }))).rejects.toMatchObject({
        code: "ERR_INTEGRITY",
      });
    }
  });

  test("after dispose nothing is done any more", async () => {
    const { key } = await imported("Aliyun_AES_256", "GCM");
    key.dispose();
    const request = { data: randomBytes(16), iv: iv("GCM") };
    await expect(outcome(() => key.encrypt(request))).rejects.toMatchObject({ code: "ERR_STATE" });
    await expect(outcome(() => key.decrypt(request))).rejects.toMatchObject({ code: "ERR_STATE" });
  });
});

test("one key imported into both tokens gives the same bytes, and each opens the other's", async () => {
  const material = randomBytes(32);
  const bound = binding("Aliyun_AES_256", { origin: "EXTERNAL" });
  const keys = await Promise.all(
    Object.values(providers).map(async (provider) => {
      const { handle } = await provider.importKey({ binding: bound, material });
      return provider.loadCipherKey({ binding: bound, handle });
    }),
  );
  const [soft, nss] = keys as [(typeof keys)[0], (typeof keys)[0]];
  const request = { data: randomBytes(50), iv: iv("GCM"), aad: randomBytes(20) };
  const sealed = await soft.encrypt(request);
  expect(Buffer.from(await nss.encrypt(request))).toEqual(Buffer.from(sealed));
  expect(Buffer.from(await nss.decrypt({ ...request, data: sealed }))).toEqual(request.data);
});

test("where the token can, it refuses a key's other modes itself", async () => {
  const bound = binding("Aliyun_AES_256");
  const { handle } = await providers.SoftHSM.createKey({ binding: bound });
  const { api, inSession } = lookAt(tokens.SoftHSM);
  inSession((session) => {
    api.C_FindObjectsInit(session, [{ type: 0x102, value: Buffer.from(handle.subarray(1)) }]);
    const key = api.C_FindObjects(session) ?? Buffer.alloc(0);
    api.C_FindObjectsFinal(session);
    for (const mechanism of [0x1081, 0x1082, 0x1085, 0x1086]) {
      const begin = () => api.C_EncryptInit(session, { mechanism, parameter: Buffer.alloc(16) }, key);
      expect(begin).toThrow("CKR_MECHANISM_INVALID");
    }
    expect(() => api.C_GetAttributeValue(session, key, [{ type: 0x11 }])).toThrow("CKR_ATTRIBUTE_SENSITIVE");
    expect(() => api.C_SetAttributeValue(session, key, [{ type: 3, value: "renamed" }])).toThrow();
  });
});

test("capabilities name what each token lacks", () => {
  const missing = (name: keyof typeof providers) =>
    providers[name]
      .capabilities()
      .flatMap(({ keySpec, algorithm, missing }) => (missing ? [[keySpec, algorithm, missing]] : []));
  expect(missing("SoftHSM")).toEqual([]);
  expect(missing("NSS")).toEqual([
    ["EC_P256K", "ECIES_DH_SHA_1_XOR_HMAC", "CKM_EC_KEY_PAIR_GEN with secp256k1"],
    ["EC_P256K", "ECDSA_SHA_256", "CKM_EC_KEY_PAIR_GEN with secp256k1"],
  ]);
  const rows: readonly KeySpec[] = providers.SoftHSM.capabilities().map(({ keySpec }) => keySpec);
  expect(rows).toHaveLength(3 * 3 + 3 * 4 + 2 * 2 + 1);
});
