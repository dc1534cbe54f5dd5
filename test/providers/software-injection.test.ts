import crypto from "node:crypto";
import { LanelockError } from "lanelock";
import { Kms, KmsError } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterEach, describe, expect, test, vi } from "vitest";
import { rootKey } from "../kms/open-kms.ts";
import { outcome } from "../pkcs11/objects/key-objects.ts";
import { foreignErrors } from "../tokens/foreign-errors.ts";

// Each function of node:crypto that software keys use fails with what it should not throw, under a KMS. The caller must see an error of
// ours that says what failed, and the next call must succeed.

afterEach(() => vi.restoreAllMocks());

const names = [
  ...["generateKeyPair", "createPrivateKey", "createPublicKey", "createECDH"],
  ...["sign", "verify", "privateEncrypt", "publicEncrypt", "privateDecrypt", "publicDecrypt"],
] as const;

const digest = new Uint8Array(crypto.createHash("sha256").update("m").digest());
const plaintext = new Uint8Array(20).fill(7);

async function deeds(kms: Kms): Promise<Record<string, () => Promise<unknown>>> {
  const create = async (keySpec: "RSA_2048" | "EC_P256", keyUsage: "SIGN/VERIFY" | "ENCRYPT/DECRYPT") => {
    const { keyId } = (await kms.createKey({ keySpec, keyUsage })).keyMetadata;
    return { keyId, keyVersionId: (await kms.listKeyVersions({ keyId })).keyVersions[0]?.keyVersionId ?? "" };
  };
  const signing = (key: { keyId: string; keyVersionId: string }, algorithm: "RSA_PSS_SHA_256" | "ECDSA_SHA_256") => {
    return async () => {
      const { value } = await kms.asymmetricSign({ ...key, algorithm, digest });
      const { value: right } = await kms.asymmetricVerify({ ...key, algorithm, digest, value });
      if (!right) throw new Error("a good signature was called a bad one");
    };
  };
  const opening = (key: { keyId: string; keyVersionId: string }) => async () => {
    const { ciphertextBlob } = await kms.asymmetricEncrypt({ ...key, plaintext });
    return (await kms.asymmetricDecrypt({ ...key, ciphertextBlob })).plaintext;
  };
  const imported = (await kms.createKey({ origin: "EXTERNAL" })).keyMetadata.keyId;
  const wrapping = { keyId: imported, wrappingKeySpec: "RSA_2048" } as const;
  return {
    "createKey of EC": () => kms.createKey({ keySpec: "EC_P256", keyUsage: "SIGN/VERIFY" }),
    PSS: signing(await create("RSA_2048", "SIGN/VERIFY"), "RSA_PSS_SHA_256"),
    ECDSA: signing(await create("EC_P256", "SIGN/VERIFY"), "ECDSA_SHA_256"),
    OAEP: opening(await create("RSA_2048", "ENCRYPT/DECRYPT")),
    ECIES: opening(await create("EC_P256", "ENCRYPT/DECRYPT")),
    "import parameters": () => kms.getParametersForImport({ ...wrapping, wrappingAlgorithm: "RSAES_PKCS1_V1_5" }),
  };
}

/** Two of the kinds for each deed, all of them over the deeds; with LANELOCK_LONG all for each. */
function kindsFor(index: number) {
  if (process.env.LANELOCK_LONG === "1") return foreignErrors;
  return [0, 3].flatMap((step) => [
    foreignErrors[(2 * index + step) % foreignErrors.length] ?? ["undefined", undefined],
  ]);
}

const nodeCrypto = process.getBuiltinModule("node:crypto");

describe.each(names)("node:crypto's %s", (name) => {
  test("that fails is named to the caller, and is used again by the next", async () => {
    // A cache of no keys loads a key for each call, so that loading fails too.
    await using kms = await Kms.open({ store: memoryStore(), rootKey, sweepSeconds: false, cache: { maxKeys: 1 } });
    const all = await deeds(kms);
    for (const [index, [deed, work]] of Object.entries(all).entries()) {
      for (const [kind, thrown] of kindsFor(index)) {
        const broken = vi.spyOn(nodeCrypto, name).mockImplementation(() => {
          throw thrown;
        });
        const error = await outcome(work).then(
          () => undefined,
          (reason: unknown) => ({ reason }),
        );
        broken.mockRestore();
        const what = `${deed} and ${kind}`;
        if (error) {
          expect(error.reason, what).toBeInstanceOf(LanelockError);
          const { code, message } = error.reason as LanelockError;
          expect(["ERR_PROVIDER", "UnsupportedOperation"], `${what}: ${message}`).toContain(code);
          expect(message, what).toMatch(/cryptography of this platform|node:crypto of this runtime/);
        }
        await expect(outcome(work), `${what}, afterwards`).resolves.not.toThrow();
      }
    }
  });
});

test("a random generator that fails makes no key, and no KmsError of another kind", async () => {
  await using kms = await Kms.open({ store: memoryStore(), rootKey, sweepSeconds: false });
  for (const [kind, thrown] of foreignErrors) {
    const broken = vi.spyOn(globalThis.crypto, "getRandomValues").mockImplementation(() => {
      throw thrown;
    });
    const error = await kms.createKey({}).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    broken.mockRestore();
    expect(error, kind).toBeInstanceOf(LanelockError);
    expect(error instanceof KmsError ? error.code : "ERR_PROVIDER", kind).toMatch(/^(ERR_PROVIDER|InternalFailure)$/);
  }
  expect((await kms.listKeys({})).totalCount).toBe(0);
  expect((await kms.createKey({})).keyMetadata.keyState).toBe("Enabled");
});
