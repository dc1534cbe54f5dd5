import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { type Kms, KmsError } from "lanelock/kms";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createExternal, importMaterial, wrapMaterial } from "../import/wrapped-material.ts";
import { openKms } from "../open-kms.ts";

const runs = process.env.LANELOCK_LONG === "1" ? 20_000 : 150;

type Fields = Record<string, unknown>;

let kms: Kms;
/** A request of each operation that succeeds; the fuzz replaces some of its fields. */
let valid: Record<string, Fields>;

async function namedKey(keySpec: "EC_P256" | "EC_P256K", keyUsage: "SIGN/VERIFY" | "ENCRYPT/DECRYPT") {
  const { keyId } = (await kms.createKey({ keySpec, keyUsage })).keyMetadata;
  const { keyVersions } = await kms.listKeyVersions({ keyId });
  return { keyId, keyVersionId: keyVersions[0]?.keyVersionId ?? "" };
}

beforeAll(async () => {
  kms = await openKms({ allowSeeding: true });
  const signer = await namedKey("EC_P256", "SIGN/VERIFY");
  const reader = await namedKey("EC_P256K", "ENCRYPT/DECRYPT");
  const data = new Uint8Array(32).fill(5);
  const { value } = await kms.asymmetricSign({ ...signer, digest: data });
  const { ciphertextBlob } = await kms.asymmetricEncrypt({ ...reader, plaintext: data });
  const keyId = await createExternal(kms);
  await importMaterial(kms, { keyId, material: data });
  const wrapping = { keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;
  const { importToken, publicKey } = await kms.getParametersForImport(wrapping);
  const encryptedKeyMaterial = wrapMaterial({ ...wrapping, publicKey }, data);
  const { publicKey: recipient } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const publicKeyBlob = new Uint8Array(recipient.export({ format: "der", type: "spki" }));
  const { wrappingKeySpec, wrappingAlgorithm } = wrapping;
  const dataKey = await kms.generateDataKey({ keyId });
  const ecdsa = { ...signer, algorithm: "ECDSA_SHA_256", digest: data, message: undefined, messageType: undefined };
  const ecies = { ...reader, algorithm: "ECIES_DH_SHA_1_XOR_HMAC", dryRun: undefined };
  const to = {
    publicKeyBlob,
    wrappingKeySpec,
    wrappingAlgorithm,
    encryptionContext: undefined,
    dataKeyEncoding: undefined,
  };
  const seed = {
    keyId: "seeded",
    keyVersionId: "0".repeat(36),
    keySpec: "Aliyun_AES_256",
    material: data.map(() => 6),
  };
  valid = {
    asymmetricSign: ecdsa,
    asymmetricVerify: { ...ecdsa, value },
    asymmetricEncrypt: { ...ecies, plaintext: data },
    asymmetricDecrypt: { ...ecies, ciphertextBlob },
    getPublicKey: signer,
    importKeyMaterial: { keyId, importToken, encryptedKeyMaterial, keyMaterialExpireUnix: 0 },
    exportDataKey: { ...to, ciphertextBlob: dataKey.ciphertextBlob },
    generateAndExportDataKey: { ...to, keyId, numberOfBytes: undefined, keySpec: undefined },
    seedKey: { ...seed, keyUsage: undefined, protectionLevel: undefined, importMode: undefined, description: "" },
  };
});
afterAll(() => kms.close());

const odd: unknown[] = [
  ...[
    undefined,
    null,
    Number.NaN,
    -1,
    2 ** 53,
    1n,
    "",
    "__proto__",
    "toString",
    "x".repeat(10_000),
    "\u0000",
    "\ud800",
  ],
  ...[Symbol("x"), () => 0, [], {}, new Date(Number.NaN), new Uint16Array(4), new ArrayBuffer(8), new Uint8Array(0)],
  ...[new Uint8Array(new SharedArrayBuffer(32)), Object.create(Uint8Array.prototype), new Proxy(new Uint8Array(3), {})],
];

const names = [
  ...["asymmetricSign", "asymmetricVerify", "asymmetricEncrypt", "asymmetricDecrypt", "getPublicKey"],
  ...["importKeyMaterial", "exportDataKey", "generateAndExportDataKey", "seedKey"],
];

test.each(names)("%s takes anything and fails in its own terms", async (name) => {
  const request = valid[name] ?? {};
  const others = Object.values(valid).flatMap((fields) => Object.values(fields));
  const replacement = fc.oneof(
    fc.nat().map((index) => odd[index % odd.length]),
    fc.nat().map((index) => others[index % others.length]),
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: "binary" }),
    fc.double(),
  );
  const changes = fc.array(fc.tuple(fc.constantFrom(...Object.keys(request)), replacement), { maxLength: 3 });
  const operation = kms[name as "asymmetricSign"];
  const answers = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(changes, async (changed) => {
      let answer = "answered";
      try {
        await Reflect.apply(operation, kms, [{ ...request, ...Object.fromEntries(changed) }]);
      } catch (error) {
        expect(error).toBeInstanceOf(KmsError);
        answer = (error as KmsError).code;
      }
      expect(answer).not.toBe("InternalFailure");
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }),
    { numRuns: runs },
  );
  console.log(`${name}: ${[...answers].map(([answer, count]) => `${answer} ${count}`).join(", ")}`);
  expect(answers.get("answered")).toBeGreaterThan(runs / 20);
  // In few cases chance may leave the rarer refusals out.
  expect(answers.size).toBeGreaterThan(runs < 1_000 ? 1 : 2);
});
