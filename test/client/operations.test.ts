import { generateKeyPairSync, randomBytes } from "node:crypto";
import { kmsClient } from "lanelock/client";
import type { Kms, KmsOperations } from "lanelock/kms";
import { expect, expectTypeOf, test } from "vitest";
import { OperationsFacade } from "../../src/kms/facade/operations-facade.ts";
import { OPERATIONS } from "../../src/kms/operations/operation-table.ts";
import { wrapMaterial } from "../kms/import/wrapped-material.ts";
import { openKms } from "../kms/open-kms.ts";
import { startServer } from "../server/harness.ts";

type Client = ReturnType<typeof kmsClient>;

const methods = [OperationsFacade, Object.getPrototypeOf(OperationsFacade)].flatMap((one: { prototype: object }) =>
  Object.getOwnPropertyNames(one.prototype).filter((name) => name !== "constructor"),
);

test("a KMS and a client satisfy one type, whose methods are the service's operations", () => {
  expectTypeOf<Kms>().toExtend<KmsOperations>();
  expectTypeOf<Client>().toExtend<KmsOperations>();
  expectTypeOf<Client["encrypt"]>().toEqualTypeOf<Kms["encrypt"]>();
  expectTypeOf<Client["listKeys"]>().toEqualTypeOf<Kms["listKeys"]>();
  // @ts-expect-error: seeding is for the process that opened the KMS
  expectTypeOf<Client>().toHaveProperty("seedKey");
  expect(methods.sort()).toEqual(Object.keys(OPERATIONS).filter((name) => name !== "seedKey"));
});

/** What a call came to, with what differs from run to run replaced by its type. */
function shape(value: unknown): unknown {
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Date) return "date";
  if (typeof value === "string") {
    if (/^alias\//.test(value)) return value;
    return value
      .replace(/key-[a-z0-9]{21}(?:-[a-z0-9]{10})?|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "id")
      .replace(/-----BEGIN PUBLIC KEY-----[\s\S]*-----END PUBLIC KEY-----/, "PEM");
  }
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.map(([name, one]) => [name, shape(one)]));
}

/** Every operation, with a success and a refusal each. */
class Script {
  readonly lines: [method: string, outcome: unknown][] = [];
  readonly #kms: KmsOperations;

  constructor(kms: KmsOperations) {
    this.#kms = kms;
  }

  async #good<Name extends keyof KmsOperations>(
    name: Name,
    request: Parameters<KmsOperations[Name]>[0],
  ): Promise<Awaited<ReturnType<KmsOperations[Name]>>> {
    const call = this.#kms[name] as (request: unknown) => Promise<Awaited<ReturnType<KmsOperations[Name]>>>;
    const answer = await call.call(this.#kms, request);
    this.lines.push([name, shape(answer)]);
    return answer;
  }

  async #bad<Name extends keyof KmsOperations>(name: Name, request: unknown): Promise<void> {
    const call = this.#kms[name] as (request: unknown) => Promise<unknown>;
    const error: unknown = await call.call(this.#kms, request).then(
      () => expect.unreachable(`${name} succeeded`),
      (refusal: unknown) => refusal,
    );
    const { name: type, code, message, httpStatus } = error as Record<string, unknown>;
    this.lines.push([name, { type, code, message: shape(message), httpStatus }]);
  }

  async run(): Promise<void> {
    const { keyId } = (
      await this.#good("createKey", { description: "a b+c*~é", tags: [{ tagKey: "a", tagValue: "1" }] })
    ).keyMetadata;
    await this.#bad("createKey", { keySpec: "Aliyun_AES_512" });
    await this.#bad("createKey", { description: "x".repeat(8_193) });
    await this.#keys(keyId);
    await this.#secrets(keyId);
    await this.#asymmetric();
    await this.#imports();
    await this.#life(keyId);
  }

  async #keys(keyId: string): Promise<void> {
    await this.#good("createAlias", { keyId, aliasName: "alias/orders" });
    await this.#bad("createAlias", { keyId, aliasName: "alias/orders" });
    await this.#good("describeKey", { keyId: "alias/orders" });
    await this.#bad("describeKey", { keyId: "nobody" });
    await this.#bad("describeKey", {});
    await this.#bad("describeKey", null);
    await this.#bad("describeKey", { keyId, surprise: 1 });
    await this.#good("listKeys", { filters: [{ key: "TagKey", values: ["a"] }], pageSize: 5 });
    await this.#bad("listKeys", { pageSize: 101 });
    await this.#good("listAliases", {});
    await this.#bad("listAliases", { pageNumber: 0 });
    await this.#good("listAliasesByKeyId", { keyId });
    await this.#bad("listAliasesByKeyId", { keyId: "nobody" });
    await this.#good("updateAlias", { keyId, aliasName: "alias/orders" });
    await this.#bad("updateAlias", { keyId, aliasName: "alias/other" });
    await this.#bad("tagResource", { keyId, tags: [{ tagKey: "team é", tagValue: "" }] });
    await this.#good("tagResource", { keyId, tags: [{ tagKey: "team", tagValue: "payments" }] });
    await this.#bad("tagResource", { keyId, tags: [{ tagKey: "aliyun", tagValue: "" }] });
    await this.#good("listResourceTags", { keyId });
    await this.#bad("listResourceTags", { keyId: "nobody" });
    await this.#good("untagResource", { keyId, tagKeys: ["team"] });
    await this.#bad("untagResource", { keyId: "nobody", tagKeys: ["team"] });
    await this.#good("updateKeyDescription", { keyId, description: "" });
    await this.#bad("updateKeyDescription", { keyId });
    await this.#good("updateRotationPolicy", { keyId, enableAutomaticRotation: true, rotationInterval: "365d" });
    await this.#bad("updateRotationPolicy", { keyId, enableAutomaticRotation: true, rotationInterval: "1d" });
    const { keyVersion } = await this.#good("rotateKey", { keyId });
    await this.#bad("rotateKey", { keyId: "nobody" });
    await this.#good("listKeyVersions", { keyId });
    await this.#bad("listKeyVersions", { keyId, pageSize: 0 });
    await this.#good("describeKeyVersion", { keyId, keyVersionId: keyVersion.keyVersionId });
    await this.#bad("describeKeyVersion", { keyId, keyVersionId: "v" });
    await this.#good("describeKey", { keyId });
  }

  async #secrets(keyId: string): Promise<void> {
    const encryptionContext = { tenant: "42", "a b": "c&d=é" };
    const plaintext = Uint8Array.from({ length: 300 }, (_, index) => index);
    const { ciphertextBlob } = await this.#good("encrypt", { keyId, plaintext, encryptionContext });
    await this.#bad("encrypt", { keyId, plaintext: "text" });
    await this.#bad("encrypt", { keyId, plaintext, dryRun: true });
    const opened = await this.#good("decrypt", { ciphertextBlob, encryptionContext });
    expect(opened.plaintext).toEqual(plaintext);
    await this.#bad("decrypt", { ciphertextBlob });
    // Its end: at the beginning stands the version's id, of which any other may or may not have the form of one.
    await this.#bad("decrypt", { ciphertextBlob: ciphertextBlob.subarray(0, -1), encryptionContext });
    const moved = await this.#good("reEncrypt", {
      ...{ ciphertextBlob, sourceEncryptionContext: encryptionContext },
      ...{ destinationKeyId: keyId, destinationEncryptionContext: { b: "2" } },
    });
    const again = await this.#good("decrypt", { ...moved, keyVersionId: undefined, encryptionContext: { b: "2" } });
    expect(again.plaintext).toEqual(plaintext);
    await this.#bad("reEncrypt", { ciphertextBlob, destinationKeyId: "nobody" });
    const empty = await this.#good("encrypt", { keyId, plaintext: new Uint8Array() });
    expect((await this.#good("decrypt", { ciphertextBlob: empty.ciphertextBlob })).plaintext).toHaveLength(0);

    const dataKey = await this.#good("generateDataKey", { keyId, numberOfBytes: 24, dataKeyEncoding: "base64" });
    expect(dataKey.plaintext).toHaveLength(24);
    await this.#bad("generateDataKey", { keyId, numberOfBytes: 1_025 });
    await this.#good("generateDataKeyWithoutPlaintext", { keyId, keySpec: "AES_128" });
    await this.#bad("generateDataKeyWithoutPlaintext", { keyId: "nobody" });
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const publicKeyBlob = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
    const wrapping = { publicKeyBlob, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;
    const blob = dataKey.ciphertextBlob;
    await this.#good("exportDataKey", { ciphertextBlob: blob, dataKeyEncoding: "base64", ...wrapping });
    await this.#bad("exportDataKey", { ciphertextBlob: blob, ...wrapping, publicKeyBlob: new Uint8Array(3) });
    await this.#good("generateAndExportDataKey", { keyId, ...wrapping });
    await this.#bad("generateAndExportDataKey", { keyId, ...wrapping, wrappingKeySpec: "RSA_512" });
    expect((await this.#good("generateRandom", { length: 7 })).random).toHaveLength(7);
    await this.#bad("generateRandom", { length: 0 });
  }

  async #asymmetric(): Promise<void> {
    const signer = (await this.#good("createKey", { keySpec: "EC_P256", keyUsage: "SIGN/VERIFY" })).keyMetadata.keyId;
    const { keyVersions } = await this.#good("listKeyVersions", { keyId: signer });
    const keyVersionId = keyVersions[0]?.keyVersionId ?? "";
    const key = { keyId: signer, keyVersionId, algorithm: "ECDSA_SHA_256" } as const;
    const digest = new Uint8Array(32).fill(7);
    const { value } = await this.#good("asymmetricSign", { ...key, digest });
    await this.#bad("asymmetricSign", { ...key, digest: digest.subarray(1) });
    expect(await this.#good("asymmetricVerify", { ...key, digest, value })).toMatchObject({ value: true });
    const other = new Uint8Array(32);
    expect(await this.#good("asymmetricVerify", { ...key, digest: other, value })).toMatchObject({ value: false });
    await this.#bad("asymmetricVerify", { ...key, digest });
    await this.#good("getPublicKey", { keyId: signer, keyVersionId });
    await this.#bad("getPublicKey", { keyId: signer, keyVersionId: "v" });
    await this.#bad("createKeyVersion", { keyId: signer });
    const ecies = (await this.#good("createKey", { keySpec: "EC_P256", keyUsage: "ENCRYPT/DECRYPT" })).keyMetadata
      .keyId;
    const version = (await this.#good("listKeyVersions", { keyId: ecies })).keyVersions[0]?.keyVersionId ?? "";
    const box = { keyId: ecies, keyVersionId: version, algorithm: "ECIES_DH_SHA_1_XOR_HMAC" } as const;
    const { ciphertextBlob } = await this.#good("asymmetricEncrypt", { ...box, plaintext: digest });
    await this.#bad("asymmetricEncrypt", { ...box, algorithm: "RSAES_OAEP_SHA_256", plaintext: digest });
    expect((await this.#good("asymmetricDecrypt", { ...box, ciphertextBlob })).plaintext).toEqual(digest);
    await this.#bad("asymmetricDecrypt", { ...box, ciphertextBlob: ciphertextBlob.subarray(1) });
  }

  async #imports(): Promise<void> {
    const { keyId } = (await this.#good("createKey", { origin: "EXTERNAL" })).keyMetadata;
    const wanted = { keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;
    const { publicKey, importToken } = await this.#good("getParametersForImport", wanted);
    await this.#bad("getParametersForImport", { ...wanted, wrappingKeySpec: "RSA_512" });
    const material = { publicKey, wrappingAlgorithm: wanted.wrappingAlgorithm };
    const encryptedKeyMaterial = wrapMaterial(material, randomBytes(32));
    await this.#good("importKeyMaterial", { keyId, importToken, encryptedKeyMaterial });
    await this.#bad("importKeyMaterial", { keyId, importToken: new Uint8Array(3), encryptedKeyMaterial });
    await this.#good("deleteKeyMaterial", { keyId });
    await this.#bad("deleteKeyMaterial", { keyId: "nobody" });
  }

  async #life(keyId: string): Promise<void> {
    await this.#good("disableKey", { keyId });
    await this.#bad("disableKey", { keyId: "alias/orders" });
    await this.#bad("encrypt", { keyId, plaintext: new Uint8Array(3) });
    await this.#good("enableKey", { keyId });
    await this.#bad("enableKey", { keyId: "nobody" });
    await this.#good("setDeletionProtection", { protectedResourceArn: keyId, enableDeletionProtection: true }).catch(
      () => this.#good("setDeletionProtection", { keyId, enableDeletionProtection: true } as never),
    );
    await this.#bad("scheduleKeyDeletion", { keyId, pendingWindowInDays: 7 });
    await this.#bad("setDeletionProtection", {});
    await this.#good("setDeletionProtection", { protectedResourceArn: keyId, enableDeletionProtection: false }).catch(
      () => this.#good("setDeletionProtection", { keyId, enableDeletionProtection: false } as never),
    );
    await this.#good("scheduleKeyDeletion", { keyId, pendingWindowInDays: 7 });
    await this.#good("describeKey", { keyId });
    await this.#good("cancelKeyDeletion", { keyId });
    await this.#bad("cancelKeyDeletion", { keyId });
    await this.#good("deleteAlias", { aliasName: "alias/orders" });
    await this.#bad("deleteAlias", { aliasName: "alias/orders" });
  }
}

test("every operation answers and refuses through the client as it does in process", async () => {
  await using kms = await openKms();
  const inProcess = new Script(kms);
  await inProcess.run();
  await using running = await startServer();
  const client = kmsClient({ endpoint: running.server.url, credentials: running.owner });
  const overHttp = new Script(client);
  await overHttp.run();
  expect(overHttp.lines).toEqual(inProcess.lines);
  const succeeded = new Set(overHttp.lines.map(([name]) => name));
  expect(methods.filter((name) => !succeeded.has(name))).toEqual([]);
});
