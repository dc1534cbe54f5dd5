import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { type KeyStore, type Kms, KmsError } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OPERATIONS } from "../../../src/kms/operations/operation-table.ts";
import { createExternal, importMaterial, wrapMaterial } from "../import/wrapped-material.ts";
import { openKms } from "../open-kms.ts";
import { generationOf } from "../trusted-rows.ts";
import { anyBlob, anyField, type Given, Hostility } from "./hostile-requests.ts";

const LONG = process.env.LANELOCK_LONG === "1";
const CASES = LONG ? 100_000 : 2_000;
/** A store with more keys than this is left for a new one. */
const MOST_KEYS = 60;

type Fields = Readonly<Record<string, unknown>>;
type OperationName = keyof typeof OPERATIONS;

/** A KMS in which every operation has a request that succeeds. */
interface Bench {
  readonly kms: Kms;
  readonly store: KeyStore;
  readonly valid: Readonly<Record<OperationName, Fields>>;
  readonly blobs: readonly Uint8Array[];
}

const { publicKey: recipient } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicKeyBlob = new Uint8Array(recipient.export({ format: "der", type: "spki" }));

async function asymmetric(kms: Kms, keyUsage: "SIGN/VERIFY" | "ENCRYPT/DECRYPT") {
  const { keyId } = (await kms.createKey({ keySpec: "EC_P256", keyUsage })).keyMetadata;
  const [version] = (await kms.listKeyVersions({ keyId })).keyVersions;
  return { keyId, keyVersionId: version?.keyVersionId ?? "" };
}

async function makeBench(): Promise<Bench> {
  const store = memoryStore();
  const kms = await openKms({ store, allowSeeding: true });
  const { keyId, primaryKeyVersion } = (await kms.createKey({ description: "the key" })).keyMetadata;
  const other = (await kms.createKey({})).keyMetadata.keyId;
  await kms.createAlias({ keyId, aliasName: "alias/a" });
  await kms.tagResource({ keyId, tags: [{ tagKey: "t", tagValue: "v" }] });
  const dying = (await kms.createKey({})).keyMetadata.keyId;
  await kms.scheduleKeyDeletion({ keyId: dying, pendingWindowInDays: 7 });
  const [data, encryptionContext] = [new Uint8Array(32).fill(5), { tenant: "42" }];
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: data, encryptionContext });
  const plain = await kms.encrypt({ keyId: other, plaintext: data });
  const imported = await createExternal(kms);
  await importMaterial(kms, { keyId: imported, material: data });
  const wrapping = { keyId: imported, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;
  const token = await kms.getParametersForImport(wrapping);
  const encryptedKeyMaterial = wrapMaterial({ ...wrapping, publicKey: token.publicKey }, data);
  const [signer, reader] = [await asymmetric(kms, "SIGN/VERIFY"), await asymmetric(kms, "ENCRYPT/DECRYPT")];
  const { value } = await kms.asymmetricSign({ ...signer, digest: data });
  const sealed = await kms.asymmetricEncrypt({ ...reader, plaintext: data });
  const to = { publicKeyBlob, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256", encryptionContext };
  const page = { pageNumber: 1, pageSize: 10 };
  const dataKey = { keyId: "alias/a", numberOfBytes: 32, keySpec: undefined, encryptionContext };
  const valid: Record<OperationName, Fields> = {
    createKey: { description: "", keySpec: "Aliyun_AES_256", keyUsage: undefined, origin: undefined, tags: [] },
    createKeyVersion: { keyId: signer.keyId },
    describeKey: { keyId: "alias/a" },
    listKeys: { ...page, filters: [{ key: "KeyState", values: ["Enabled"] }] },
    enableKey: { keyId },
    disableKey: { keyId: other },
    scheduleKeyDeletion: { keyId: other, pendingWindowInDays: 7 },
    cancelKeyDeletion: { keyId: dying },
    updateKeyDescription: { keyId, description: "d" },
    setDeletionProtection: { keyId, enableDeletionProtection: false, deletionProtectionDescription: "" },
    createAlias: { keyId, aliasName: "alias/new" },
    updateAlias: { keyId, aliasName: "alias/a" },
    deleteAlias: { aliasName: "alias/new" },
    listAliases: page,
    listAliasesByKeyId: { keyId, ...page },
    listKeyVersions: { keyId, ...page },
    describeKeyVersion: { keyId, keyVersionId: primaryKeyVersion },
    updateRotationPolicy: { keyId, enableAutomaticRotation: true, rotationInterval: "7d" },
    rotateKey: { keyId },
    encrypt: {
      keyId,
      plaintext: data,
      encryptionContext,
      algorithm: undefined,
      paddingMode: undefined,
      dryRun: undefined,
    },
    decrypt: { ciphertextBlob, encryptionContext, keyId: undefined, dryRun: undefined },
    reEncrypt: {
      ...{ ciphertextBlob, sourceEncryptionContext: encryptionContext, destinationKeyId: keyId, keyId: undefined },
      ...{ sourceKeyId: undefined, sourceKeyVersionId: undefined, sourceEncryptionAlgorithm: undefined },
    },
    generateDataKey: dataKey,
    generateDataKeyWithoutPlaintext: dataKey,
    generateRandom: { length: 16 },
    generateAndExportDataKey: { ...to, keyId, numberOfBytes: 32 },
    exportDataKey: { ...to, ciphertextBlob },
    asymmetricEncrypt: { ...reader, plaintext: data },
    asymmetricDecrypt: { ...reader, ciphertextBlob: sealed.ciphertextBlob },
    asymmetricSign: { ...signer, digest: data },
    asymmetricVerify: { ...signer, digest: data, value },
    getPublicKey: signer,
    getParametersForImport: wrapping,
    importKeyMaterial: {
      keyId: imported,
      importToken: token.importToken,
      encryptedKeyMaterial,
      keyMaterialExpireUnix: 0,
    },
    deleteKeyMaterial: { keyId: imported },
    seedKey: { keyId: "seeded", keyVersionId: "0".repeat(36), keySpec: "Aliyun_AES_256", material: data.map(() => 6) },
    tagResource: { keyId, tags: [{ tagKey: "t", tagValue: "w" }] },
    untagResource: { keyId, tagKeys: ["t"] },
    listResourceTags: { keyId },
  };
  return { kms, store, valid, blobs: [ciphertextBlob, plain.ciphertextBlob, sealed.ciphertextBlob] };
}

interface Contents {
  readonly counter: number;
  readonly keys: number;
  readonly rows: string;
}

/** Everything a failed call must leave as it was. */
async function contents({ store }: Bench): Promise<Contents> {
  const counter = await generationOf(store);
  const everything = { offset: 0, limit: Number.MAX_SAFE_INTEGER };
  return store.read(async (rows) => {
    const keys = (await rows.keys(everything)).rows;
    const parts: unknown[] = [keys, (await rows.aliases(everything)).rows, await rows.importTokens({})];
    for (const { keyId } of keys) parts.push((await rows.versions(keyId, everything)).rows, await rows.tags(keyId));
    const rowsText = JSON.stringify(parts, (_, value: unknown) => (value instanceof Uint8Array ? value.join() : value));
    return { counter, keys: keys.length, rows: rowsText };
  });
}

/** The contents after a call. Rows change in committed transactions alone, which move the generation; now and then they are read anyway. */
async function contentsAfter(before: Contents): Promise<Contents> {
  const unmoved = (await generationOf(bench.store)) === before.counter;
  return unmoved && Math.random() > 1 / 16 ? before : contents(bench);
}

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});
afterAll(() => bench.kms.close());

interface Case {
  readonly name: OperationName;
  /** Fields that are replaced: which, counted through the request's own, and by what. */
  readonly fields: readonly (readonly [at: number, Given])[];
  /** In place of the whole request. */
  readonly instead: Given | undefined;
  readonly blob: Given | undefined;
}

const NAMES = Object.keys(OPERATIONS) as OperationName[];
const BLOB_FIELDS = new Set(["ciphertextBlob", "publicKeyBlob", "encryptedKeyMaterial", "value"]);

function cases(): fc.Arbitrary<Case> {
  const known = Object.values(bench.valid).flatMap((request) => Object.values(request));
  const field = anyField(known);
  return fc.record({
    name: fc.constantFrom(...NAMES),
    fields: fc.array(fc.tuple(fc.nat(20), field), { maxLength: 3 }),
    instead: seldom(12, field),
    blob: seldom(3, anyBlob(bench.blobs)),
  });
}

/** Once in `times`. */
function seldom(times: number, arbitrary: fc.Arbitrary<Given>): fc.Arbitrary<Given | undefined> {
  return fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

/** The request of a case, and whether reading it may throw. */
function requestOf({ name, fields, instead, blob }: Case): Given {
  // An object may inherit getters that throw unless it is what they are made for.
  if (instead !== undefined) return { value: instead.value, throws: true };
  const request: Record<string, unknown> = { ...bench.valid[name] };
  const names = Object.keys(request);
  let throws = false;
  for (const [at, given] of fields) {
    request[names[at % names.length] ?? "keyId"] = given.value;
    throws ||= given.throws;
  }
  for (const one of names) if (blob !== undefined && BLOB_FIELDS.has(one)) request[one] = blob.value;
  return { value: request, throws };
}

/** Refusals that say nothing of what was asked are for what the caller's own code threw, and nothing else. */
function check(error: unknown, { name, throws }: { name: string; throws: boolean }): string {
  if (!(error instanceof KmsError))
    throw new Error(`${name} failed with something other than a KmsError: ${error}`, { cause: error });
  expect(error.message).toMatch(/.{10}/);
  expect(error.httpStatus).toBeGreaterThanOrEqual(400);
  const own = throws && (error.cause instanceof Hostility || error.cause instanceof TypeError);
  if (error.code === "InternalFailure" && !own) throw new Error(`${name} failed inside`, { cause: error.cause });
  return error.code;
}

test(`${CASES} requests of any shape are answered or refused in the service's terms, and a refusal changes nothing`, async () => {
  console.log(`kms fuzz: ${CASES} cases (100,000 with LANELOCK_LONG=1)`);
  const answers = new Map<string, number>();
  let before = await contents(bench);
  await fc.assert(
    fc.asyncProperty(cases(), async (one) => {
      const { value, throws } = requestOf(one);
      let answer = "answered";
      try {
        await Reflect.apply(bench.kms[one.name], bench.kms, [value]);
      } catch (error) {
        answer = check(error, { name: one.name, throws });
      }
      const after = await contentsAfter(before);
      if (answer !== "answered" && after.rows !== before.rows)
        throw new Error(`a refused ${one.name} changed the store`);
      before = after;
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      if (before.keys > MOST_KEYS) {
        await bench.kms.close();
        bench = await makeBench();
        before = await contents(bench);
      }
    }),
    { numRuns: CASES, endOnFailure: true },
  );

  console.log([...answers].map(([answer, count]) => `${answer} ${count}`).join(", "));
  expect(answers.get("answered")).toBeGreaterThan(CASES / 20);
  expect(answers.get("InvalidParameter")).toBeGreaterThan(CASES / 20);
  expect(answers.size).toBeGreaterThan(8);
  // It works as before.
  const { keyId } = (await bench.kms.createKey({})).keyMetadata;
  const { ciphertextBlob } = await bench.kms.encrypt({ keyId, plaintext: new Uint8Array(3) });
  expect((await bench.kms.decrypt({ ciphertextBlob })).plaintext).toEqual(new Uint8Array(3));
}, 3_600_000);

test("the request that the fuzz starts from succeeds, for every operation", async () => {
  const fresh = await makeBench();
  for (const name of NAMES) {
    const call: Promise<unknown> = Reflect.apply(fresh.kms[name], fresh.kms, [fresh.valid[name]]);
    // A second version within 7 days of the first is refused at the last moment.
    const allowed = name === "createKeyVersion" ? ["Rejected.UnsupportedOperation"] : [];
    const answer = await call.then(
      () => [],
      (error) => [error.code],
    );
    expect(answer, name).toEqual(allowed);
  }
  await fresh.kms.close();
});
