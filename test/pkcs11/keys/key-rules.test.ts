import { createCipheriv, randomBytes } from "node:crypto";
import { LanelockError } from "lanelock";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { CipherKey } from "../../../src/kms/ports/index.ts";
import { aesMechanisms, TokenCipherKey } from "../../../src/providers/pkcs11/keys/aes-key.ts";
import { keyLengths, requireKeyLength } from "../../../src/providers/pkcs11/keys/key-material.ts";
import { judgeRefusal } from "../../../src/providers/pkcs11/keys/refused-ciphertext.ts";
import { decryptOaep } from "../../../src/providers/pkcs11/keys/rsa-decryption.ts";
import { sealSm4Key, TokenWrappedSm4Key } from "../../../src/providers/pkcs11/keys/sm4.ts";
import { generateAesKey } from "../../../src/providers/pkcs11/objects/secret-keys.ts";
import { TokenObject } from "../../../src/providers/pkcs11/objects/token-object.ts";
import { TokenError } from "../../../src/providers/pkcs11/session/token-error.ts";
import { aesToken } from "../objects/aes-token.ts";
import { binding, iv, outcome } from "../objects/key-objects.ts";

// A token's keys, on a token whose every answer the test can change.

afterEach(() => vi.restoreAllMocks());

type Mode = keyof typeof aesMechanisms;
async function keyOf(mode: Mode = "GCM") {
  const scripted = aesToken();
  const [id, label] = [randomBytes(20), "label"];
  await generateAesKey(scripted.token, { id, label, mechanism: aesMechanisms[mode], length: 32 });
  const object = new TokenObject(scripted.token, { objectClass: 4, keyType: 0x1f, id, label });
  const key = new TokenCipherKey(object, { mode, mechanism: aesMechanisms[mode] });
  const value = [...scripted.objects.values()][0]?.[0x11] ?? Buffer.alloc(0);
  scripted.calls.length = 0;
  return { ...scripted, key, object, value };
}
const made = (calls: unknown[][], name: string) => calls.filter(([one]) => one === name).map((call) => call.slice(2));
const failed = { name: "LanelockError", code: "ERR_PROVIDER" };

describe.each([undefined, "now"] as const)("a key whose token is called %s", (quick) => {
  const quickKey = async (mode: Mode = "GCM") => {
    const all = await keyOf(mode);
    all.token.pace.quick = quick;
    return all;
  };

  test.each(["GCM", "CBC", "ECB"] as const)("%s seals and opens as node:crypto does", async (mode) => {
    const { key, value } = await quickKey(mode);
    for (const length of mode === "GCM" ? [0, 1, 33] : [0, 16, 48]) {
      const request = {
        data: randomBytes(length),
        iv: iv(mode),
        padding: mode === "GCM" ? undefined : ("NO_PADDING" as const),
      };
      const sealed = await key.encrypt(request);
      const cipher = createCipheriv(`aes-256-${mode.toLowerCase()}`, value, mode === "ECB" ? null : request.iv);
      if (mode !== "GCM") cipher.setAutoPadding(false);
      const wanted = [cipher.update(request.data), cipher.final()];
      const tag = mode === "GCM" ? (cipher as unknown as { getAuthTag(): Buffer }).getAuthTag() : Buffer.alloc(0);
      expect(Buffer.from(sealed)).toEqual(Buffer.concat([...wanted, tag]));
      expect(Buffer.from(await key.decrypt({ ...request, data: sealed }))).toEqual(request.data);
    }
  });

  test.each(["CBC", "ECB"] as const)("%s pads in this process, and wipes what it padded", async (mode) => {
    const { key, calls } = await quickKey(mode);
    for (const length of [0, 1, 16, 17]) {
      const request = { data: randomBytes(length), iv: iv(mode), padding: "PKCS7_PADDING" as const };
      const sealed = await key.encrypt(request);
      expect(sealed.length).toBe(16 * Math.floor(length / 16) + 16);
      expect(Buffer.from(await key.decrypt({ ...request, data: sealed }))).toEqual(request.data);
    }
    const inputs = [...made(calls, "C_Encrypt"), ...made(calls, "C_EncryptAsync")].map(([input]) => input as Buffer);
    expect(inputs.map((input) => input.every((byte) => byte === 0))).toEqual(Array(4).fill(true));
  });

  test("wipes what it padded for an operation that fails too", async () => {
    const { key, calls, instead } = await quickKey("CBC");
    const fail = () => {
      throw new Error("CKR_DEVICE_MEMORY:49");
    };
    Object.assign(instead, { C_Encrypt: fail, C_EncryptAsync: async () => fail() });
    const request = { data: randomBytes(5), iv: iv("CBC"), padding: "PKCS7_PADDING" as const };
    await expect(outcome(() => key.encrypt(request))).rejects.toMatchObject({
      ...failed,
      cause: { ckr: "CKR_DEVICE_MEMORY" },
    });
    const [[input] = []] = [...made(calls, "C_Encrypt"), ...made(calls, "C_EncryptAsync")];
    expect((input as Buffer).every((byte) => byte === 0)).toBe(true);
  });

  test("wipes the token's output once the plaintext is copied from it", async () => {
    const { key, calls } = await quickKey();
    const request = { data: randomBytes(40), iv: iv("GCM"), aad: randomBytes(3) };
    const sealed = await key.encrypt(request);
    expect(Buffer.from(await key.decrypt({ ...request, data: sealed }))).toEqual(request.data);
    const [[, output] = []] = [...made(calls, "C_Decrypt"), ...made(calls, "C_DecryptAsync")];
    expect((output as Buffer).every((byte) => byte === 0)).toBe(true);
  });

  test.each([15, 17, 31, 33])("refuses an output of %i bytes in place of another length", async (length) => {
    const { key, instead } = await quickKey("CBC");
    const give = (_: unknown, __: unknown, into: Buffer) => Buffer.concat([into, into, into]).subarray(0, length);
    Object.assign(instead, {
      C_Encrypt: give,
      C_EncryptAsync: async (...args: [unknown, unknown, Buffer]) => give(...args),
    });
    const request = { data: new Uint8Array(32), iv: iv("CBC"), padding: "NO_PADDING" as const };
    const wrong = {
      ...failed,
      message: expect.stringContaining(`${length} bytes instead of 32`),
      cause: { ckr: "CKR_OK" },
    };
    await expect(outcome(() => key.encrypt(request))).rejects.toMatchObject(wrong);
    const gcm = await quickKey();
    Object.assign(gcm.instead, {
      C_Decrypt: give,
      C_DecryptAsync: async (...args: [unknown, unknown, Buffer]) => give(...args),
    });
    const sealed = { data: new Uint8Array(48), iv: iv("GCM") };
    await expect(outcome(() => gcm.key.decrypt(sealed))).rejects.toMatchObject(wrong);
  });
});

describe("a key", () => {
  test("gives the token as much room as the result has, or the ciphertext", async () => {
    for (const [mode, encrypting, decrypting] of [
      ["GCM", 48, 48],
      ["CBC", 32, 32],
    ] as const) {
      const { key, calls } = await keyOf(mode);
      const request = {
        data: randomBytes(32),
        iv: iv(mode),
        padding: mode === "GCM" ? undefined : ("NO_PADDING" as const),
      };
      await key.decrypt({ ...request, data: await key.encrypt(request) });
      expect(made(calls, "C_EncryptAsync").map(([, room]) => (room as Buffer).length)).toEqual([encrypting]);
      expect(made(calls, "C_DecryptAsync").map(([, room]) => (room as Buffer).length)).toEqual([decrypting]);
    }
  });

  test("gives each mode its parameter", async () => {
    const parameterOf = async (mode: Mode, aad?: Uint8Array) => {
      const { key, calls } = await keyOf(mode);
      const request = { data: new Uint8Array(16), iv: new Uint8Array(mode === "CBC" ? 16 : 12).fill(3), aad };
      await key.encrypt(mode === "GCM" ? request : { ...request, padding: "NO_PADDING" });
      return made(calls, "C_EncryptInit")[0]?.[0];
    };
    expect(await parameterOf("ECB")).toEqual({ mechanism: 0x1081 });
    expect(await parameterOf("CBC")).toEqual({ mechanism: 0x1082, parameter: Buffer.alloc(16, 3) });
    // CK_GCM_PARAMS of PKCS#11 v2.40 with ulIvBits, whose lengths of IV and tag are in bits.
    const gcm = { type: 7, iv: new Uint8Array(12).fill(3), ivBits: 96, tagBits: 128 };
    expect(await parameterOf("GCM")).toEqual({ mechanism: 0x1087, parameter: gcm });
    expect(await parameterOf("GCM", new Uint8Array(0))).toEqual({ mechanism: 0x1087, parameter: gcm });
    const aad = Uint8Array.of(1, 2);
    expect(await parameterOf("GCM", aad)).toEqual({ mechanism: 0x1087, parameter: { ...gcm, aad } });
  });

  test("asks the token for nothing that cannot be", async () => {
    const [gcm, cbc] = [await keyOf("GCM"), await keyOf("CBC")];
    const refused = { code: "ERR_LENGTH" };
    await expect(outcome(() => gcm.key.decrypt({ data: new Uint8Array(15), iv: iv("GCM") }))).rejects.toMatchObject(
      refused,
    );
    for (const length of [1, 15, 17]) {
      const request = { data: new Uint8Array(length), iv: iv("CBC"), padding: "NO_PADDING" as const };
      for (const call of [() => cbc.key.encrypt(request), () => cbc.key.decrypt(request)]) {
        await expect(outcome(call)).rejects.toMatchObject(refused);
      }
      await expect(outcome(() => cbc.key.decrypt({ ...request, padding: "PKCS7_PADDING" }))).rejects.toMatchObject(
        refused,
      );
    }
    const empty = { data: new Uint8Array(0), iv: iv("CBC"), padding: "PKCS7_PADDING" as const };
    await expect(outcome(() => cbc.key.decrypt(empty))).rejects.toMatchObject(refused);
    expect(await cbc.key.encrypt({ ...empty, padding: "NO_PADDING" })).toEqual(new Uint8Array(0));
    gcm.key.dispose();
    for (const call of [() => gcm.key.encrypt(empty), () => gcm.key.decrypt(empty)]) {
      await expect(outcome(call)).rejects.toMatchObject({ code: "ERR_STATE" });
    }
    expect([gcm.calls, cbc.calls]).toEqual([[], []]);
  });

  test("counts as quick up to 16 KiB", async () => {
    const { key, token } = await keyOf();
    for (const length of [16_384, 16_385]) await key.encrypt({ data: new Uint8Array(length), iv: iv("GCM") });
    expect(token.pace.calledInThreadPool).toHaveBeenCalledTimes(1);
  });

  test.each([undefined, "now"] as const)("tells a forgery from a token that fails, called %s", async (quick) => {
    const { key, token, calls, instead } = await keyOf();
    token.pace.quick = quick;
    const request = { data: randomBytes(20), iv: iv("GCM") };
    const sealed = await key.encrypt(request);
    const forged = { ...request, data: sealed.map((byte, at) => (at === 3 ? byte ^ 1 : byte)) };
    await expect(outcome(() => key.decrypt(forged))).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
    // The forgery, the token's own ciphertext, and the forgery again.
    expect(calls.filter(([name]) => /^C_Decrypt(Async)?$/.test(String(name))).length).toBe(3);
    const fail = () => {
      throw new Error("CKR_GENERAL_ERROR:5");
    };
    Object.assign(instead, { C_Decrypt: fail, C_DecryptAsync: async () => fail() });
    const error = { ...failed, cause: { ckr: "CKR_GENERAL_ERROR" } };
    await expect(outcome(() => key.decrypt({ ...request, data: sealed }))).rejects.toMatchObject(error);
  });
});

describe("a refused ciphertext", () => {
  const refusal = (ckr = "CKR_ENCRYPTED_DATA_INVALID", call = "C_Decrypt") => new TokenError(ckr, call);
  const judged = async (error: unknown, probe: () => Promise<boolean>, second: unknown = refusal()) => {
    const [probing, again] = [vi.fn(probe), vi.fn(() => Promise.reject(second))];
    const reason = await judgeRefusal(error, { probe: probing, again }).catch((one: unknown) => one);
    return { reason, asked: [probing.mock.calls.length, again.mock.calls.length] };
  };
  const well = async () => true;

  test("is a forgery if the token is well, and refuses it again", async () => {
    expect(await judged(refusal(), well)).toMatchObject({ reason: { code: "ERR_AUTHENTICATION" }, asked: [1, 1] });
    const opened = { probe: well, again: async () => "opened" };
    expect(await judgeRefusal(refusal(), opened)).toBe("opened");
  });

  test("is the token's failure where it is not well, or fails otherwise the second time", async () => {
    const first = refusal();
    expect(await judged(first, async () => false)).toEqual({ reason: first, asked: [1, 0] });
    expect(await judged(first, () => Promise.reject(new Error("x")))).toEqual({ reason: first, asked: [1, 0] });
    for (const second of [refusal("CKR_DEVICE_REMOVED"), new Error("x")]) {
      expect(await judged(first, well, second)).toEqual({ reason: second, asked: [1, 1] });
    }
  });

  test.each<readonly [string, Error]>([
    ["of another call", refusal("CKR_ENCRYPTED_DATA_INVALID", "C_DecryptInit")],
    ["that is no error of PKCS#11", new LanelockError("ERR_PROVIDER", "x")],
    ["of a token that is lost", refusal("CKR_DEVICE_REMOVED")],
    ...["CKR_HOST_MEMORY", "CKR_DEVICE_MEMORY", "CKR_FUNCTION_CANCELED", "CKR_BUFFER_TOO_SMALL"].map(
      (name) => [name, refusal(name)] as const,
    ),
  ])("is no forgery, and the token is not asked again, for a failure %s", async (_, error) => {
    expect(await judged(error, well)).toEqual({ reason: error, asked: [0, 0] });
  });
});

describe("an SM4 key that the token's AES wraps", () => {
  const bound = binding("Aliyun_SM4");
  const material = randomBytes(16);
  /** A wrapping key in memory, whose answers are kept; it answers at once or later. */
  function wrapping(later: boolean) {
    const given: Uint8Array[] = [];
    const answer = <T>(value: T) => (later ? Promise.resolve(value) : value);
    const key: CipherKey = {
      encrypt: ({ data, aad }) => answer(Buffer.concat([Buffer.from(data), Buffer.from(aad ?? []).subarray(0, 16)])),
      decrypt: ({ data }) => {
        const own = Uint8Array.from(data.subarray(0, 16));
        given.push(own);
        return answer(own);
      },
      dispose: vi.fn(),
    };
    return { key, given };
  }

  test.each([true, false])(
    "is in this process for one operation, and wiped, also if that fails: later %s",
    async (later) => {
      const { key, given } = wrapping(later);
      const sealed = await sealSm4Key(key, { binding: bound, material, iv: randomBytes(12) });
      const sm4 = new TokenWrappedSm4Key(key, { binding: bound, sealed });
      const request = { data: randomBytes(20), iv: randomBytes(12), aad: randomBytes(4) };
      const ciphertext = await sm4.encrypt(request);
      expect(Buffer.from(await sm4.decrypt({ ...request, data: ciphertext }))).toEqual(request.data);
      const forged = { ...request, data: ciphertext.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) };
      await expect(outcome(() => sm4.decrypt(forged))).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
      const without = { ...request, aad: undefined };
      expect(Buffer.from(await sm4.decrypt({ ...without, data: await sm4.encrypt(without) }))).toEqual(request.data);
      expect(given.map((one) => one.every((byte) => byte === 0))).toEqual(Array(5).fill(true));
      sm4.dispose();
      expect(key.dispose).toHaveBeenCalledTimes(1);
    },
  );

  test("is sealed for its key and version: its IV, the ciphertext, and their ids as AAD", async () => {
    const encrypt = vi.fn(async ({ data }: { data: Uint8Array }) => new Uint8Array(data));
    const nonce = randomBytes(12);
    const key = { encrypt, decrypt: vi.fn(), dispose: () => {} } as unknown as CipherKey;
    const sealed = await sealSm4Key(key, {
      binding: { ...bound, keyId: "key", versionId: "ver-1" },
      material,
      iv: nonce,
    });
    expect(sealed).toEqual(Buffer.concat([nonce, material]));
    const aad = Buffer.from("\0\0\0\x03key\0\0\0\x05ver-1", "latin1");
    expect(encrypt.mock.calls).toEqual([[{ iv: nonce, data: material, aad }]]);
  });

  test("that this token did not seal is ERR_INTEGRITY; another failure passes", async () => {
    const refused = new LanelockError("ERR_AUTHENTICATION", "x");
    const failure = new LanelockError("ERR_PROVIDER", "x");
    const sm4 = (error: Error) => {
      const key = { decrypt: () => Promise.reject(error) } as unknown as CipherKey;
      return new TokenWrappedSm4Key(key, { binding: bound, sealed: Buffer.alloc(44) });
    };
    const request = { data: new Uint8Array(16), iv: new Uint8Array(12) };
    const wanted = { code: "ERR_INTEGRITY", cause: refused };
    await expect(outcome(() => sm4(refused).encrypt(request))).rejects.toMatchObject(wanted);
    await expect(outcome(() => sm4(failure).encrypt(request))).rejects.toBe(failure);
  });
});

test("material must have the length of its KeySpec", () => {
  expect(keyLengths).toEqual({ Aliyun_AES_256: 32, Aliyun_AES_192: 24, Aliyun_AES_128: 16, Aliyun_SM4: 16 });
  requireKeyLength("Aliyun_AES_192", new Uint8Array(24));
  const refused = expect.objectContaining({ code: "InvalidKeyMaterial" });
  for (const length of [0, 23, 25, 32]) {
    expect(() => requireKeyLength("Aliyun_AES_192", new Uint8Array(length))).toThrow(refused);
  }
});

test("an RSA ciphertext that is not below the modulus, or has another length, does not reach the token", async () => {
  const { object, calls } = await keyOf();
  const modulus = new Uint8Array(256).fill(0x80);
  const parts = { spec: "RSA_2048", modulus, publicExponent: Uint8Array.of(1, 0, 1) };
  const key = { object, parts, publicKey: undefined } as never;
  const algorithm = "RSAES_OAEP_SHA_256";
  for (const data of [modulus, modulus.with(255, 0x81), modulus.subarray(1), new Uint8Array(257)]) {
    for (const onToken of [true, false]) {
      const refused = { code: "ERR_AUTHENTICATION" };
      await expect(outcome(() => decryptOaep(key, { algorithm, data }, onToken))).rejects.toMatchObject(refused);
    }
  }
  expect(calls).toEqual([]);
});
