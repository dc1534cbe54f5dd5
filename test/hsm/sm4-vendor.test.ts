import { randomBytes } from "node:crypto";
import { pkcs11 } from "lanelock/pkcs11";
import { afterAll, beforeAll, expect, test } from "vitest";
import { node26Sm4Gcm } from "../reference/other-nodes.ts";
import { createFaultyToken, vendorMechanisms } from "../tokens/faulty-token.ts";
import { binding, host, iv, outcome } from "./key-objects.ts";

// No token with SM4 is at hand: this one is a double over SoftHSM, whose SM4-GCM is that of Node 26's OpenSSL, and which takes
// the key type, the template and CK_GCM_PARAMS only as they must be.
const token = createFaultyToken("vendor");
const provider = pkcs11({ ...token.options, vendorMechanisms, requireOnToken: true });
beforeAll(() => provider.open(host));
afterAll(() => provider.close());

test("SM4 is worked on the token where it lists the vendor's mechanisms", async () => {
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
