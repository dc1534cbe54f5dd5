import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { pkcs11 } from "lanelock/pkcs11";
import { afterAll, beforeAll, expect, test } from "vitest";
import { node26Sm4Gcm } from "../../reference/other-nodes.ts";
import { createFaultyToken, vendorMechanisms } from "../../tokens/faulty-token.ts";
import { binding, host, iv, outcome } from "../objects/key-objects.ts";
import { lookAt } from "../objects/token-objects.ts";

const { CK_PARAMS_AES_GCM, CK_PARAMS_AES_GCM_v240 } = createRequire(import.meta.url)(
  "pkcs11js",
) as typeof import("pkcs11js");
type Parameter = Buffer | { type: number; iv: Buffer; ivBits?: number; aad?: Buffer; tagBits: number };

// No token with SM4 is at hand: this one is a double over SoftHSM, whose SM4-GCM is that of Node 26's OpenSSL, and which takes
// the key type, the template and CK_GCM_PARAMS only as they must be.
const token = createFaultyToken("vendor");
const provider = pkcs11({ ...token.options, vendorMechanisms, requireOnToken: true });
beforeAll(() => provider.open(host));
afterAll(() => provider.close());

test("SM4 runs on the token where it lists the vendor's mechanisms", async () => {
  expect(provider.capabilities()).toContainEqual({ keySpec: "Aliyun_SM4", algorithm: "SM4_GCM", custody: "token" });
  const material = randomBytes(16);
  const brought = binding("Aliyun_SM4", { origin: "EXTERNAL" });
  const imported = await provider.importKey({ binding: brought, material: Buffer.from(material) });
  expect(imported.custody).toBe("token");
  const key = await provider.loadCipherKey({ binding: brought, handle: imported.handle });
  for (const length of [0, 1, 16, 100]) {
    const aad = randomBytes(length);
    const request = { data: randomBytes(length), iv: iv("GCM"), aad };
    const [theirs] = node26Sm4Gcm([{ key: material, nonce: request.iv, plaintext: request.data, aad }]);
    const sealed = await key.encrypt(request);
    expect(Buffer.from(sealed)).toEqual(Buffer.from(theirs ?? []));
    expect(Buffer.from(await key.decrypt({ ...request, data: sealed }))).toEqual(request.data);
    const forged = sealed.map((byte, at) => (at === sealed.length - 1 ? byte ^ 1 : byte));
    await expect(outcome(() => key.decrypt({ ...request, data: forged }))).rejects.toMatchObject({
      code: "ERR_AUTHENTICATION",
    });
  }
});

test("an SM4 key of the token's own is found again and destroyed", async () => {
  const bound = binding("Aliyun_SM4");
  const { handle, custody } = await provider.createKey({ binding: bound });
  expect(custody).toBe("token");
  const request = { data: randomBytes(20), iv: iv("GCM") };
  const sealed = await (await provider.loadCipherKey({ binding: bound, handle })).encrypt(request);
  await provider.close();
  await provider.open(host);
  const again = await provider.loadCipherKey({ binding: bound, handle });
  expect(Buffer.from(await again.decrypt({ ...request, data: sealed }))).toEqual(request.data);
  await provider.destroyKey({ binding: bound, handle });
  await expect(outcome(() => again.encrypt(request))).rejects.toMatchObject({ code: "ERR_PROVIDER" });
});

test("a key that was wrapped before the vendor's mechanisms were configured stays usable, unless requireOnToken is set", async () => {
  const bound = binding("Aliyun_SM4");
  const before = pkcs11(token.options);
  await before.open(host);
  const { handle, custody } = await before.createKey({ binding: bound });
  expect(custody).toBe("token-wrapped");
  const request = { data: randomBytes(20), iv: iv("GCM") };
  const sealed = await (await before.loadCipherKey({ binding: bound, handle })).encrypt(request);
  await before.close();

  const since = pkcs11({ ...token.options, vendorMechanisms });
  await since.open(host);
  const key = await since.loadCipherKey({ binding: bound, handle });
  expect(Buffer.from(await key.decrypt({ ...request, data: sealed }))).toEqual(request.data);
  await since.close();
  await expect(outcome(() => provider.loadCipherKey({ binding: bound, handle }))).rejects.toMatchObject({
    code: "UnsupportedOperation",
    message: expect.stringContaining("requireOnToken"),
  });
});

test("the double refuses what a strict token would: wrong parameters, templates and keys", async () => {
  const bound = binding("Aliyun_SM4");
  const { handle } = await provider.createKey({ binding: bound });
  const { api, inSession } = lookAt(token.options);
  inSession((session) => {
    api.C_FindObjectsInit(session, [{ type: 0x102, value: Buffer.from(handle.subarray(1)) }]);
    const key = api.C_FindObjects(session) ?? Buffer.alloc(0);
    api.C_FindObjectsFinal(session);
    const gcm = { type: CK_PARAMS_AES_GCM_v240, iv: Buffer.alloc(12), ivBits: 96, tagBits: 128 };
    const begin = (parameter?: Parameter) => () =>
      api.C_EncryptInit(session, { mechanism: vendorMechanisms.SM4_GCM, ...(parameter ? { parameter } : {}) }, key);
    const { ivBits, ...olderStructure } = gcm;
    expect(ivBits).toBe(96);
    const wrong: (Parameter | undefined)[] = [
      undefined,
      Buffer.alloc(12),
      { ...olderStructure, type: CK_PARAMS_AES_GCM },
      { ...gcm, ivBits: 12 },
      { ...gcm, iv: Buffer.alloc(16), ivBits: 128 },
      { ...gcm, tagBits: 96 },
      { ...gcm, aad: Buffer.alloc(8193) },
    ];
    for (const parameter of wrong) expect(begin(parameter)).toThrow("CKR_MECHANISM_PARAM_INVALID");
    expect(begin(gcm)).not.toThrow();
    const make = (more: { type: number; value: number | boolean | Buffer }[]) => () =>
      api.C_GenerateKey(session, { mechanism: vendorMechanisms.SM4_KEY_GEN }, more);
    const type = { type: 0x100, value: vendorMechanisms.SM4_KEY_TYPE };
    expect(make([])).toThrow("CKR_TEMPLATE_INCONSISTENT");
    expect(make([{ type: 0x100, value: 0x1f }])).toThrow("CKR_TEMPLATE_INCONSISTENT");
    expect(make([type, { type: 0x161, value: 16 }])).toThrow("CKR_TEMPLATE_INCONSISTENT");
  });
});
