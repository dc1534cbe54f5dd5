import { describe, expect, test } from "vitest";
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

describe("the material of a key is wiped", () => {
  /** Keeps every array of material that the provider wraps or unwraps, for the test to look at. */
  class WatchedKeys extends StoreKeys {
    readonly seen: Uint8Array[] = [];

    override wrap(...[bound, material]: Parameters<StoreKeys["wrap"]>) {
      this.seen.push(material);
      return super.wrap(bound, material);
    }

    override unwrap(...parameters: Parameters<StoreKeys["unwrap"]>) {
      const material = super.unwrap(...parameters);
      this.seen.push(material);
      return material;
    }
  }
  const watchedKeys = () => new WatchedKeys(storeId, new Uint8Array(32).fill(1), materialCipher);

  test.each(["Aliyun_AES_256", "EC_P256"] as const)(
    "%s, once it is wrapped, loaded or wrapped again",
    async (keySpec) => {
      const provider = softwareProvider();
      const keys = watchedKeys();
      await provider.open(keys);
      /** How much material the call had in hand; all of it must be zero by now. */
      const wiped = () =>
        keys.seen.splice(0).map((material) => material.length > 0 && material.every((byte) => byte === 0));
      const bound = binding(keySpec, { protectionLevel: "SOFTWARE" });
      const { handle, publicKey } = await provider.createKey({ binding: bound });
      expect(wiped()).toEqual([true]);
      const stored = { binding: bound, handle, publicKey };
      const key = await (publicKey ? provider.loadAsymmetricKey(stored) : provider.loadCipherKey(stored));
      expect(wiped()).toEqual([true]);
      key.dispose();
      provider.rewrap(stored, new StoreKeys(storeId, new Uint8Array(32).fill(2), materialCipher));
      expect(wiped()).toEqual([true]);
      if (publicKey) return;
      const material = new Uint8Array(32).fill(7);
      await provider.importKey({ binding: bound, material });
      expect(wiped()).toEqual([true]);
      // It is a copy: the caller's is the caller's to wipe.
      expect(material).toEqual(new Uint8Array(32).fill(7));
    },
  );
});
