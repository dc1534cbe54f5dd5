import { execFileSync } from "node:child_process";
import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kms } from "lanelock/kms";
import { beforeEach, expect, test } from "vitest";
import { openKms } from "../open-kms.ts";

// The commands of docs/asymmetric.md, run as they stand there.

const document = readFileSync(new URL("../../../docs/asymmetric.md", import.meta.url), "utf8");
const [forSymmetric = "", forPrivate = ""] = [...document.matchAll(/```sh\n(.*?)```/gs)].map(
  ([, block]) => block ?? "",
);
const message = new TextEncoder().encode("by hand");

let folder: string;
let kms: Kms;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "lanelock-by-hand-"));
  kms = await openKms();
  return async () => {
    await kms.close();
    rmSync(folder, { recursive: true });
  };
});

async function importByHand(
  commands: string,
  fields: Pick<Parameters<Kms["createKey"]>[0], "keySpec">,
): Promise<string> {
  const { keyId } = (await kms.createKey({ ...fields, origin: "EXTERNAL" })).keyMetadata;
  const { publicKey, importToken } = await kms.getParametersForImport({
    keyId,
    wrappingKeySpec: "RSA_2048",
    wrappingAlgorithm: fields.keySpec ? "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD" : "RSAES_OAEP_SHA_256",
  });
  writeFileSync(join(folder, "wrapping.der"), publicKey);
  execFileSync("bash", ["-euo", "pipefail", "-c", commands], { cwd: folder, stdio: "pipe" });
  const encryptedKeyMaterial = readFileSync(join(folder, "wrapped.bin"));
  await kms.importKeyMaterial({ keyId, importToken, encryptedKeyMaterial, keyMaterialExpireUnix: 0 });
  return keyId;
}

test("a symmetric key wrapped by hand as the documentation shows", async () => {
  const keyId = await importByHand(forSymmetric, {});
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: message });
  const hex = readFileSync(join(folder, "material.bin")).toString("hex");
  expect(hex).toHaveLength(64);
  expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(message);
});

test("a private key wrapped by hand as the documentation shows", async () => {
  const keyId = await importByHand(forPrivate, { keySpec: "EC_P256" });
  const { keyVersions } = await kms.listKeyVersions({ keyId });
  const keyVersionId = keyVersions[0]?.keyVersionId ?? "";
  const { value } = await kms.asymmetricSign({ keyId, keyVersionId, message });
  const command = "openssl pkey -inform DER -in private.der -pubout";
  const pem = execFileSync("bash", ["-c", command], { cwd: folder, encoding: "utf8" });
  expect((await kms.getPublicKey({ keyId, keyVersionId })).publicKey).toBe(pem);
  expect(verify("sha256", message, createPublicKey(pem), value)).toBe(true);
});
