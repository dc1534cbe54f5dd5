import { randomBytes } from "node:crypto";
import type { AuditEvent, Kms } from "lanelock/kms";
import { expect, test } from "vitest";
import { createExternal, wrapMaterial } from "../import/wrapped-material.ts";
import { openKms } from "../open-kms.ts";

async function watched(work: (kms: Kms) => Promise<void>): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  const kms = await openKms({ audit: (batch) => void events.push(...[batch].flat()), allowSeeding: true });
  await work(kms);
  await kms.close();
  return events;
}

const logged = (events: AuditEvent[]) => events.map(({ operation, outcome }) => `${operation} ${outcome}`);

test("every use of an asymmetric key is logged, with key, version and outcome", async () => {
  let named = { keyId: "", keyVersionId: "" };
  const events = await watched(async (kms) => {
    const { keyId } = (await kms.createKey({ keySpec: "EC_P256" })).keyMetadata;
    const { keyVersions } = await kms.listKeyVersions({ keyId });
    named = { keyId, keyVersionId: keyVersions[0]?.keyVersionId ?? "" };
    const digest = randomBytes(32);
    const { value } = await kms.as("alice").asymmetricSign({ ...named, digest });
    await kms.as("bob").asymmetricVerify({ ...named, digest, value });
    await kms.getPublicKey(named);
    await kms.asymmetricEncrypt({ ...named, plaintext: digest }).catch(() => undefined);
    await kms.createKeyVersion({ keyId }).catch(() => undefined);
  });
  expect(logged(events)).toEqual([
    "CreateKey OK",
    "ListKeyVersions OK",
    "AsymmetricSign OK",
    "AsymmetricVerify OK",
    "GetPublicKey OK",
    "AsymmetricEncrypt Rejected.UnsupportedOperation",
    "CreateKeyVersion Rejected.UnsupportedOperation",
  ]);
  expect(events[2]).toMatchObject({ caller: "alice", ...named });
  expect(events[3]).toMatchObject({ caller: "bob", ...named });
});

test("imports are logged with each counted attempt, and nothing secret is in any event", async () => {
  const material = randomBytes(32);
  let importToken = new Uint8Array(0);
  const events = await watched(async (kms) => {
    const keyId = await createExternal(kms);
    const wrapping = { keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_PKCS1_V1_5" } as const;
    const token = await kms.getParametersForImport(wrapping);
    importToken = new Uint8Array(token.importToken);
    const bad = { keyId, importToken, encryptedKeyMaterial: new Uint8Array(256) };
    await kms.importKeyMaterial(bad).catch(() => undefined);
    const encryptedKeyMaterial = wrapMaterial({ ...wrapping, publicKey: token.publicKey }, material);
    await kms.importKeyMaterial({ keyId, importToken, encryptedKeyMaterial });
    await kms.deleteKeyMaterial({ keyId });
  });
  expect(logged(events)).toEqual([
    "CreateKey OK",
    "GetParametersForImport OK",
    "CountImportAttempt OK",
    "FailImportAttempt OK",
    "ImportKeyMaterial InvalidKeyMaterial",
    "CountImportAttempt OK",
    "ImportKeyMaterial OK",
    "UncountImportAttempt OK",
    "DeleteKeyMaterial OK",
  ]);
  const text = JSON.stringify(events);
  for (const secret of [material, Buffer.from(importToken)]) {
    for (const encoding of ["hex", "base64", "latin1"] as const) expect(text).not.toContain(secret.toString(encoding));
  }
  expect(text).not.toContain(new TextDecoder().decode(importToken));
});
