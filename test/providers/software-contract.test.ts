import { expect, test } from "vitest";
import { StoreKeys } from "../../src/kms/root/store-keys.ts";
import { materialCipher, softwareProvider } from "../../src/providers/software/index.ts";
import { testProviderContract } from "../contract/provider.ts";
import { binding } from "../pkcs11/objects/key-objects.ts";

const storeId = "6f1c6e0e-2b5c-4c0e-8b8e-2f7d5f1f7a11";

testProviderContract("the software provider", {
  protectionLevel: "SOFTWARE",
  connect: () => softwareProvider(),
  host: (rootKey) => new StoreKeys(storeId, new Uint8Array(32).fill(rootKey ? 2 : 1), materialCipher),
});

test("a KeySpec that software does not have is UnsupportedOperation", async () => {
  const provider = softwareProvider();
  await provider.open(new StoreKeys(storeId, new Uint8Array(32), materialCipher));
  for (const keySpec of ["Aliyun_SM4", "Aliyun_AES_128"] as const) {
    const bound = binding(keySpec, { protectionLevel: "SOFTWARE" });
    const refused = { code: "UnsupportedOperation", message: expect.stringContaining(keySpec) };
    await expect(provider.createKey({ binding: bound })).rejects.toMatchObject(refused);
    await expect(provider.importKey({ binding: bound, material: new Uint8Array(16) })).rejects.toMatchObject(refused);
  }
});
