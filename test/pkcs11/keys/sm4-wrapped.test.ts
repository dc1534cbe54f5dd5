import { randomBytes } from "node:crypto";
import { pkcs11 } from "lanelock/pkcs11";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { node26Sm4Gcm } from "../../reference/other-nodes.ts";
import { createNssToken } from "../../tokens/nss.ts";
import { createSoftHsmToken } from "../../tokens/softhsm.ts";
import { binding, host, iv, outcome } from "../objects/key-objects.ts";

const tokens = { SoftHSM: createSoftHsmToken("sm4"), NSS: createNssToken() };
const providers = { SoftHSM: pkcs11(tokens.SoftHSM), NSS: pkcs11(tokens.NSS) };
beforeAll(() => Promise.all(Object.values(providers).map((provider) => provider.open(host))));
afterAll(() => Promise.all(Object.values(providers).map((provider) => provider.close())));

describe.each(["SoftHSM", "NSS"] as const)("%s", (name) => {
  const provider = providers[name];

  test("an imported SM4 key gives what Node 26's SM4-GCM gives, and the reverse", async () => {
    const bound = binding("Aliyun_SM4", { origin: "EXTERNAL" });
    const material = randomBytes(16);
    const { handle, custody } = await provider.importKey({ binding: bound, material: Buffer.from(material) });
    expect(custody).toBe("token-wrapped");
    expect(Buffer.from(handle).includes(material)).toBe(false);
    const key = await provider.loadCipherKey({ binding: bound, handle });
    const requests = [0, 1, 16, 100, 6144].map((length) => ({
      data: randomBytes(length),
      iv: iv("GCM"),
      aad: length === 1 ? undefined : randomBytes(32),
    }));
    const theirs = node26Sm4Gcm(
      requests.map(({ data, iv, aad }) => ({
        key: material,
        nonce: iv,
        plaintext: data,
        aad: aad ?? new Uint8Array(0),
      })),
    );
    for (const [index, request] of requests.entries()) {
      const sealed = await key.encrypt(request);
      expect(Buffer.from(sealed)).toEqual(Buffer.from(theirs[index] ?? []));
      expect(Buffer.from(await key.decrypt({ ...request, data: sealed }))).toEqual(request.data);
      const forged = sealed.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
      const opening = outcome(() => key.decrypt({ ...request, data: forged }));
      await expect(opening).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
    }
  });

  test("a generated key is found again, is bound to its key and version, and dies with its wrapping key", async () => {
    const bound = binding("Aliyun_SM4");
    const { handle, custody } = await provider.createKey({ binding: bound });
    expect(custody).toBe("token-wrapped");
    const request = { data: randomBytes(33), iv: iv("GCM"), aad: randomBytes(32) };
    const sealed = await (await provider.loadCipherKey({ binding: bound, handle })).encrypt(request);
    await provider.close();
    await provider.open(host);
    const again = await provider.loadCipherKey({ binding: bound, handle });
    expect(Buffer.from(await again.decrypt({ ...request, data: sealed }))).toEqual(request.data);

    const otherKey = await provider.loadCipherKey({ binding: { ...bound, keyId: "key-another" }, handle });
    await expect(outcome(() => otherKey.encrypt(request))).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
    const damaged = handle.map((byte, at) => (at === handle.length - 1 ? byte ^ 1 : byte));
    const broken = await provider.loadCipherKey({ binding: bound, handle: damaged });
    await expect(outcome(() => broken.encrypt(request))).rejects.toMatchObject({ code: "ERR_INTEGRITY" });

    await provider.destroyKey({ binding: bound, handle });
    const gone = outcome(() => again.decrypt({ ...request, data: sealed }));
    await expect(gone).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  });
});

test("requireOnToken refuses a key that would be used outside the token", async () => {
  const strict = pkcs11({ ...tokens.NSS, requireOnToken: true });
  await strict.open(host);
  const attempt = strict.createKey({ binding: binding("Aliyun_SM4") });
  await expect(attempt).rejects.toMatchObject({
    code: "UnsupportedOperation",
    message: expect.stringContaining("requireOnToken"),
  });
  // Nor does it use one that was made before the option was set; destroying it is allowed.
  const bound = binding("Aliyun_SM4");
  const { handle } = await providers.NSS.createKey({ binding: bound });
  await expect(outcome(() => strict.loadCipherKey({ binding: bound, handle }))).rejects.toMatchObject({
    code: "UnsupportedOperation",
    message: expect.stringMatching(/NSS Certificate DB.*requireOnToken/),
  });
  await strict.destroyKey({ binding: bound, handle });
  await strict.close();
});

test("a vendor's mechanisms that the token does not list are refused by name, not replaced", async () => {
  const vendorMechanisms = { SM4_KEY_GEN: 0x80000101, SM4_GCM: 0x80000107, SM4_KEY_TYPE: 0x80000102 };
  const provider = pkcs11({ ...tokens.SoftHSM, vendorMechanisms });
  await provider.open(host);
  const attempt = provider.createKey({ binding: binding("Aliyun_SM4") });
  await expect(attempt).rejects.toMatchObject({
    code: "UnsupportedOperation",
    message: expect.stringContaining("vendorMechanisms.SM4_GCM (0x80000107)"),
  });
  await provider.close();
});
