import { LanelockError } from "lanelock";
import { KmsError } from "lanelock/kms";
import { expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms } from "../open-kms.ts";
import { wrapMaterial } from "./wrapped-material.ts";

test("an attempt that says nothing of the padding does not count, however often it fails", async () => {
  const hsm = new NodeCryptoProvider();
  const take = hsm.importKey.bind(hsm);
  await using kms = await openKms({ hsm });
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM", origin: "EXTERNAL" })).keyMetadata;
  const wrapping = { wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_PKCS1_V1_5" } as const;
  const { publicKey, importToken } = await kms.getParametersForImport({ keyId, ...wrapping });
  const encryptedKeyMaterial = wrapMaterial({ publicKey, ...wrapping }, new Uint8Array(32).fill(1));
  const attempt = () => kms.importKeyMaterial({ keyId, importToken, encryptedKeyMaterial });
  for (const error of [
    new LanelockError("ERR_PROVIDER", "The token is gone."),
    new KmsError("UnsupportedOperation", "This action is not supported."),
  ]) {
    hsm.importKey = () => Promise.reject(error);
    for (let times = 0; times < 6; times++) await expect(attempt()).rejects.toMatchObject({ code: error.code });
  }
  hsm.importKey = take;
  await attempt();
  expect((await kms.describeKey({ keyId })).keyMetadata.keyState).toBe("Enabled");
});
