import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms } from "../open-kms.ts";

/**
 * A provider that waits (a token, a key manager) uses the bytes that were passed, even if the caller changes its buffers
 * meanwhile; and it is the caller's buffers that stay as they are.
 */
describe.each(["SOFTWARE", "HSM", "EXTERNAL"] as const)("buffers given to a %s key", (protectionLevel) => {
  let kms: Awaited<ReturnType<typeof openKms>>;
  let keyId: string;
  beforeAll(async () => {
    kms = await openKms({ hsm: new NodeCryptoProvider("HSM"), external: new NodeCryptoProvider("EXTERNAL") });
    keyId = (await kms.createKey({ protectionLevel })).keyMetadata.keyId;
  });
  afterAll(() => kms.close());

  const algorithms = protectionLevel === "SOFTWARE" ? ["AES_GCM"] : ["AES_GCM", "AES_CBC", "AES_ECB"];
  const text = () => new TextEncoder().encode("sixteen bytes ok");

  test.each(algorithms)("%s: cold and warm, the plaintext is that of the moment of the call", async (algorithm) => {
    for (const temperature of ["cold", "warm", "warm"]) {
      const plaintext = text();
      const iv = algorithm === "AES_CBC" ? new Uint8Array(16).fill(7) : undefined;
      const encrypting = kms.encrypt({ keyId, plaintext, algorithm: algorithm as "AES_GCM", iv });
      plaintext.fill(0x21);
      iv?.fill(9);
      const { ciphertextBlob } = await encrypting;
      expect(
        plaintext.every((byte) => byte === 0x21),
        temperature,
      ).toBe(true);
      const opened = await kms.decrypt({ ciphertextBlob });
      expect(opened.plaintext, temperature).toEqual(text());
    }
  });

  test.each(algorithms)("%s: likewise the ciphertext", async (algorithm) => {
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: text(), algorithm: algorithm as "AES_GCM" });
    for (const temperature of ["warm", "warm"]) {
      const blob = new Uint8Array(ciphertextBlob);
      const opening = kms.decrypt({ ciphertextBlob: blob });
      blob.fill(0x21);
      expect((await opening).plaintext, temperature).toEqual(text());
      const source = new Uint8Array(ciphertextBlob);
      const moving = kms.reEncrypt({ ciphertextBlob: source, destinationKeyId: keyId });
      source.fill(0x21);
      expect((await kms.decrypt({ ciphertextBlob: (await moving).ciphertextBlob })).plaintext).toEqual(text());
    }
  });
});
