import { constants, createHash, createPublicKey, publicEncrypt, randomBytes, verify } from "node:crypto";
import { expect } from "vitest";

/** What a client library shows its caller of a call. */
export type Shown =
  | { readonly answer: Readonly<Record<string, unknown>> }
  | {
      /** As the library spells it, some with a suffix. */
      readonly code: string;
      readonly message: string;
      readonly status: number | undefined;
      readonly requestId: string | undefined;
    };

/** A client library: calls an operation with parameters as the service spells them. */
export interface Caller {
  /** The operations that the library has a method for; every one when absent. */
  readonly operations?: ReadonlySet<string>;
  readonly codeSuffix: string;
  call(operation: string, parameters: Readonly<Record<string, unknown>>): Promise<Shown>;
}

const REQUEST_ID = /^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[0-9A-F]{4}-[0-9A-F]{12}$/;

/** Runs every operation through a client, with a success and an error each, and checks what the client shows. */
export class Scenario {
  readonly #caller: Caller;
  readonly succeeded = new Set<string>();
  readonly refused = new Set<string>();

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  #has(operation: string): boolean {
    return this.#caller.operations?.has(operation) ?? true;
  }

  async #good(operation: string, parameters: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const shown = await this.#caller.call(operation, parameters);
    expect(shown, operation).toHaveProperty("answer");
    const { answer } = shown as { answer: Record<string, unknown> };
    expect(answer.RequestId, operation).toMatch(REQUEST_ID);
    this.succeeded.add(operation);
    return answer;
  }

  async #bad(operation: string, parameters: Record<string, unknown>, code: string, status: number): Promise<void> {
    const shown = await this.#caller.call(operation, parameters);
    expect(shown, operation).toMatchObject({ code: `${code}${this.#caller.codeSuffix}`, status });
    const { message, requestId } = shown as { message: string; requestId: string };
    expect(message.length, operation).toBeGreaterThan(10);
    expect(requestId, operation).toMatch(REQUEST_ID);
    this.refused.add(operation);
  }

  async run(): Promise<void> {
    await this.#symmetric();
    await this.#names();
    await this.#imports();
    await this.#asymmetric();
    await this.#life();
    await this.#service();
  }

  async #createKey(parameters: Record<string, unknown>): Promise<{ keyId: string; version: string }> {
    const { KeyMetadata } = await this.#good("CreateKey", parameters);
    const { KeyId, PrimaryKeyVersion } = KeyMetadata as { KeyId: string; PrimaryKeyVersion?: string };
    return { keyId: KeyId, version: PrimaryKeyVersion ?? "" };
  }

  async #symmetric(): Promise<void> {
    const { keyId, version } = await this.#createKey({ Description: "a b+c*~é &=?", KeySpec: "Aliyun_AES_256" });
    await this.#bad("CreateKey", { KeySpec: "Aliyun_AES_512" }, "InvalidParameter", 400);
    const described = await this.#good("DescribeKey", { KeyId: keyId });
    expect(described.KeyMetadata).toMatchObject({
      ...{ KeyId: keyId, Description: "a b+c*~é &=?", KeySpec: "Aliyun_AES_256", KeyState: "Enabled" },
      ...{ KeyUsage: "ENCRYPT/DECRYPT", Origin: "Aliyun_KMS", PrimaryKeyVersion: version },
    });
    expect((described.KeyMetadata as { CreationDate: string }).CreationDate).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
    );
    await this.#bad("DescribeKey", { KeyId: "key-unknown" }, "Forbidden.KeyNotFound", 404);

    // The string is what is encrypted, Base64 or not.
    const context = JSON.stringify({ tenant: "42", "a b": "c&d=é" });
    for (const plaintext of ["SGVsbG8gd29ybGQ=", "plaintext", "ü 漢字", "x".repeat(6_144)]) {
      const request = { KeyId: keyId, Plaintext: plaintext, EncryptionContext: context };
      const sealed = await this.#good("Encrypt", request);
      expect(sealed).toMatchObject({ KeyId: keyId, KeyVersionId: version });
      const blob = { CiphertextBlob: sealed.CiphertextBlob };
      const opened = await this.#good("Decrypt", { ...blob, EncryptionContext: context });
      expect(opened).toMatchObject({ KeyId: keyId, KeyVersionId: version, Plaintext: plaintext });
      await this.#bad("Decrypt", blob, "InvalidParameter", 400);
    }
    await this.#bad("Encrypt", { KeyId: keyId, Plaintext: "x".repeat(6_145) }, "InvalidParameter", 400);

    const dataKey = await this.#good("GenerateDataKey", { KeyId: keyId, NumberOfBytes: 24 });
    expect(Buffer.from(String(dataKey.Plaintext), "base64")).toHaveLength(24);
    expect(await this.#good("Decrypt", { CiphertextBlob: dataKey.CiphertextBlob })).toMatchObject({
      Plaintext: dataKey.Plaintext,
    });
    // 36 of version id, 12 of IV, 44 of Base64, 16 of tag.
    const standard = await this.#good("GenerateDataKey", { KeyId: keyId });
    expect(Buffer.from(String(standard.CiphertextBlob), "base64")).toHaveLength(108);
    await this.#bad("GenerateDataKey", { KeyId: keyId, NumberOfBytes: 1_025 }, "InvalidParameter", 400);
    const sealedKey = await this.#good("GenerateDataKeyWithoutPlaintext", { KeyId: keyId, KeySpec: "AES_128" });
    expect(sealedKey).not.toHaveProperty("Plaintext");
    await this.#bad("GenerateDataKeyWithoutPlaintext", { KeyId: "nobody" }, "Forbidden.KeyNotFound", 404);

    await this.#reEncryption(keyId, String(dataKey.CiphertextBlob), String(dataKey.Plaintext));
    await this.#rotation(keyId, version);
  }

  async #reEncryption(keyId: string, blob: string, plaintext: string): Promise<void> {
    if (!this.#has("ReEncrypt")) return;
    const other = await this.#createKey({});
    const moved = await this.#good("ReEncrypt", { CiphertextBlob: blob, DestinationKeyId: other.keyId });
    const opened = await this.#good("Decrypt", { CiphertextBlob: moved.CiphertextBlob });
    expect(opened).toMatchObject({ KeyId: other.keyId, Plaintext: plaintext });
    await this.#bad("ReEncrypt", { CiphertextBlob: blob, DestinationKeyId: "nobody" }, "Forbidden.KeyNotFound", 404);

    const { privateKey, publicKeyBlob } = rsaPair();
    const wrapping = {
      ...{ PublicKeyBlob: publicKeyBlob, WrappingKeySpec: "RSA_2048", WrappingAlgorithm: "RSAES_OAEP_SHA_256" },
    };
    const exported = await this.#good("ExportDataKey", { CiphertextBlob: blob, ...wrapping });
    expect(unwrapped(privateKey, exported.ExportedDataKey).toString("base64")).toBe(plaintext);
    const generated = await this.#good("GenerateAndExportDataKey", { KeyId: keyId, ...wrapping });
    const inner = await this.#good("Decrypt", { CiphertextBlob: generated.CiphertextBlob });
    expect(unwrapped(privateKey, generated.ExportedDataKey).toString("base64")).toBe(inner.Plaintext);
    const wrong = { ...wrapping, PublicKeyBlob: "AAAA" };
    await this.#bad("ExportDataKey", { CiphertextBlob: blob, ...wrong }, "InvalidParameter", 400);
    await this.#bad("GenerateAndExportDataKey", { KeyId: keyId, ...wrong }, "InvalidParameter", 400);
  }

  async #rotation(keyId: string, version: string): Promise<void> {
    const policy = { KeyId: keyId, EnableAutomaticRotation: true, RotationInterval: "365d" };
    await this.#good("UpdateRotationPolicy", policy);
    await this.#bad("UpdateRotationPolicy", { ...policy, RotationInterval: "1d" }, "InvalidParameter", 400);
    const { KeyMetadata } = await this.#good("DescribeKey", { KeyId: keyId });
    expect(KeyMetadata).toMatchObject({ AutomaticRotation: "Enabled", RotationInterval: "31536000s" });
    const listed = await this.#good("ListKeyVersions", { KeyId: keyId });
    expect(listed).toMatchObject({ TotalCount: 1, PageNumber: 1, PageSize: 10 });
    expect((listed.KeyVersions as { KeyVersion: unknown[] }).KeyVersion).toMatchObject([{ KeyVersionId: version }]);
    await this.#bad("ListKeyVersions", { KeyId: keyId, PageSize: 101 }, "InvalidParameter", 400);
    const one = await this.#good("DescribeKeyVersion", { KeyId: keyId, KeyVersionId: version });
    expect(one.KeyVersion).toMatchObject({ KeyId: keyId, KeyVersionId: version });
    await this.#bad("DescribeKeyVersion", { KeyId: keyId, KeyVersionId: "v" }, "Forbidden.KeyNotFound", 404);
  }

  async #names(): Promise<void> {
    const { keyId } = await this.#createKey({});
    const name = `alias/orders-${randomBytes(6).toString("hex")}`;
    await this.#good("CreateAlias", { KeyId: keyId, AliasName: name });
    await this.#bad("CreateAlias", { KeyId: keyId, AliasName: name }, "AliasAlreadyExists", 400);
    expect((await this.#good("DescribeKey", { KeyId: name })).KeyMetadata).toMatchObject({ KeyId: keyId });
    const byKey = await this.#good("ListAliasesByKeyId", { KeyId: keyId });
    expect((byKey.Aliases as { Alias: unknown[] }).Alias).toMatchObject([{ AliasName: name, KeyId: keyId }]);
    await this.#bad("ListAliasesByKeyId", { KeyId: "nobody" }, "Forbidden.KeyNotFound", 404);
    const all = await this.#good("ListAliases", { PageSize: 100 });
    expect((all.Aliases as { Alias: unknown[] }).Alias).toContainEqual(expect.objectContaining({ AliasName: name }));
    await this.#bad("ListAliases", { PageNumber: 0 }, "InvalidParameter", 400);
    const other = await this.#createKey({});
    await this.#good("UpdateAlias", { KeyId: other.keyId, AliasName: name });
    await this.#bad("UpdateAlias", { KeyId: other.keyId, AliasName: `${name}x` }, "Forbidden.AliasNotFound", 404);
    expect((await this.#good("DescribeKey", { KeyId: name })).KeyMetadata).toMatchObject({ KeyId: other.keyId });
    await this.#good("DeleteAlias", { AliasName: name });
    await this.#bad("DeleteAlias", { AliasName: name }, "Forbidden.AliasNotFound", 404);

    const tags = JSON.stringify([{ TagKey: "Project", TagValue: "orders" }]);
    await this.#good("TagResource", { KeyId: keyId, Tags: tags });
    await this.#bad("TagResource", { KeyId: keyId, Tags: "Project" }, "InvalidParameter", 400);
    const listed = await this.#good("ListResourceTags", { KeyId: keyId });
    expect((listed.Tags as { Tag: unknown[] }).Tag).toEqual([{ KeyId: keyId, TagKey: "Project", TagValue: "orders" }]);
    await this.#bad("ListResourceTags", { KeyId: "nobody" }, "Forbidden.KeyNotFound", 404);
    const filters = JSON.stringify([{ Key: "TagKey", Values: ["Project"] }]);
    const found = await this.#good("ListKeys", { PageSize: 100, Filters: filters });
    expect((found.Keys as { Key: unknown[] }).Key).toContainEqual(expect.objectContaining({ KeyId: keyId }));
    await this.#bad("ListKeys", { PageSize: 101 }, "InvalidParameter", 400);
    await this.#good("UntagResource", { KeyId: keyId, TagKeys: JSON.stringify(["Project"]) });
    await this.#bad("UntagResource", { KeyId: "nobody", TagKeys: '["a"]' }, "Forbidden.KeyNotFound", 404);
    await this.#good("UpdateKeyDescription", { KeyId: keyId, Description: "renamed" });
    await this.#bad("UpdateKeyDescription", { KeyId: "nobody", Description: "" }, "Forbidden.KeyNotFound", 404);
    expect((await this.#good("DescribeKey", { KeyId: keyId })).KeyMetadata).toMatchObject({ Description: "renamed" });
  }

  async #imports(): Promise<void> {
    const { keyId } = await this.#createKey({ Origin: "EXTERNAL" });
    const wanted = { KeyId: keyId, WrappingKeySpec: "RSA_2048", WrappingAlgorithm: "RSAES_OAEP_SHA_256" };
    const parameters = await this.#good("GetParametersForImport", wanted);
    await this.#bad("GetParametersForImport", { ...wanted, WrappingKeySpec: "RSA_512" }, "InvalidParameter", 400);
    const material = randomBytes(32);
    const publicKey = createPublicKey({
      ...{ key: Buffer.from(String(parameters.PublicKey), "base64"), format: "der", type: "spki" },
    });
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
    const wrapped = publicEncrypt({ key: publicKey, ...padding }, material).toString("base64");
    const request = { KeyId: keyId, EncryptedKeyMaterial: wrapped, ImportToken: parameters.ImportToken };
    await this.#good("ImportKeyMaterial", { ...request, KeyMaterialExpireUnix: 0 });
    await this.#bad("ImportKeyMaterial", { ...request, ImportToken: "AAAA" }, "InvalidImportToken", 400);
    await this.#good("Encrypt", { KeyId: keyId, Plaintext: "aGk=" });
    await this.#good("DeleteKeyMaterial", { KeyId: keyId });
    await this.#bad("DeleteKeyMaterial", { KeyId: "nobody" }, "Forbidden.KeyNotFound", 404);
    await this.#bad("Encrypt", { KeyId: keyId, Plaintext: "aGk=" }, "Rejected.PendingImport", 409);
  }

  async #asymmetric(): Promise<void> {
    const rsa = await this.#createKey({ KeySpec: "RSA_2048", KeyUsage: "ENCRYPT/DECRYPT" });
    const rsaVersion = await this.#onlyVersion(rsa.keyId);
    const named = { KeyId: rsa.keyId, KeyVersionId: rsaVersion, Algorithm: "RSAES_OAEP_SHA_256" };
    const plaintext = Buffer.from("hello").toString("base64");
    const sealed = await this.#good("AsymmetricEncrypt", { ...named, Plaintext: plaintext });
    expect(Buffer.from(String(sealed.CiphertextBlob), "base64")).toHaveLength(256);
    const opened = await this.#good("AsymmetricDecrypt", { ...named, CiphertextBlob: sealed.CiphertextBlob });
    expect(opened.Plaintext).toBe(plaintext);
    await this.#bad("AsymmetricEncrypt", { ...named, Plaintext: "not Base64!" }, "InvalidParameter", 400);
    await this.#bad("AsymmetricDecrypt", { ...named, CiphertextBlob: "AAAA" }, "InvalidParameter", 400);

    const ec = await this.#createKey({ KeySpec: "EC_P256", KeyUsage: "SIGN/VERIFY" });
    const ecVersion = await this.#onlyVersion(ec.keyId);
    const signer = { KeyId: ec.keyId, KeyVersionId: ecVersion, Algorithm: "ECDSA_SHA_256" };
    const message = Buffer.from("a message");
    const digest = createHash("sha256").update(message).digest("base64");
    const { PublicKey } = await this.#good("GetPublicKey", { KeyId: ec.keyId, KeyVersionId: ecVersion });
    await this.#bad("GetPublicKey", { KeyId: ec.keyId, KeyVersionId: "v" }, "Forbidden.KeyNotFound", 404);
    const { Value } = await this.#good("AsymmetricSign", { ...signer, Digest: digest });
    expect(verify("sha256", message, String(PublicKey), Buffer.from(String(Value), "base64"))).toBe(true);
    await this.#bad("AsymmetricSign", { ...signer, Digest: "AAAA" }, "InvalidParameter", 400);
    expect(await this.#good("AsymmetricVerify", { ...signer, Digest: digest, Value })).toMatchObject({ Value: true });
    const other = createHash("sha256").update("another").digest("base64");
    expect(await this.#good("AsymmetricVerify", { ...signer, Digest: other, Value })).toMatchObject({ Value: false });
    await this.#bad("AsymmetricVerify", { ...signer, Digest: digest, Value: "!" }, "InvalidParameter", 400);
    await this.#bad("CreateKeyVersion", { KeyId: ec.keyId }, "Rejected.UnsupportedOperation", 400);
  }

  async #onlyVersion(keyId: string): Promise<string> {
    const { KeyVersions } = await this.#good("ListKeyVersions", { KeyId: keyId });
    return (KeyVersions as { KeyVersion: { KeyVersionId: string }[] }).KeyVersion[0]?.KeyVersionId ?? "";
  }

  async #life(): Promise<void> {
    const { keyId } = await this.#createKey({});
    await this.#good("DisableKey", { KeyId: keyId });
    await this.#bad("Encrypt", { KeyId: keyId, Plaintext: "aGk=" }, "Rejected.Disabled", 409);
    await this.#bad("DisableKey", { KeyId: "nobody" }, "Forbidden.KeyNotFound", 404);
    await this.#good("EnableKey", { KeyId: keyId });
    await this.#bad("EnableKey", { KeyId: "nobody" }, "Forbidden.KeyNotFound", 404);
    if (this.#has("SetDeletionProtection")) {
      const { KeyMetadata } = await this.#good("DescribeKey", { KeyId: keyId });
      const { Arn } = KeyMetadata as { Arn: string };
      await this.#good("SetDeletionProtection", { ProtectedResourceArn: Arn, EnableDeletionProtection: true });
      await this.#bad(
        "ScheduleKeyDeletion",
        { KeyId: keyId, PendingWindowInDays: 7 },
        "Rejected.StateModifiedFailed",
        409,
      );
      await this.#good("SetDeletionProtection", { ProtectedResourceArn: Arn, EnableDeletionProtection: false });
      await this.#bad("SetDeletionProtection", { ProtectedResourceArn: Arn }, "MissingParameter", 400);
    }
    await this.#good("ScheduleKeyDeletion", { KeyId: keyId, PendingWindowInDays: 7 });
    await this.#bad("ScheduleKeyDeletion", { KeyId: keyId, PendingWindowInDays: 6 }, "InvalidParameter", 400);
    const { KeyMetadata } = await this.#good("DescribeKey", { KeyId: keyId });
    expect(KeyMetadata).toMatchObject({ KeyState: "PendingDeletion" });
    await this.#good("CancelKeyDeletion", { KeyId: keyId });
    await this.#bad("CancelKeyDeletion", { KeyId: keyId }, "Rejected.StateModifiedFailed", 409);
  }

  async #service(): Promise<void> {
    const { Regions } = await this.#good("DescribeRegions");
    expect(Regions).toEqual({ Region: [{ RegionId: "local" }] });
    if (this.#has("RotateKey")) {
      const { keyId, version } = await this.#createKey({});
      await this.#good("RotateKey", { KeyId: keyId });
      const { KeyMetadata } = await this.#good("DescribeKey", { KeyId: keyId });
      expect((KeyMetadata as { PrimaryKeyVersion: string }).PrimaryKeyVersion).not.toBe(version);
      await this.#bad("RotateKey", { KeyId: "nobody" }, "Forbidden.KeyNotFound", 404);
      const { Random } = await this.#good("GenerateRandom", { Length: 40 });
      expect(Buffer.from(String(Random), "base64")).toHaveLength(40);
      await this.#bad("GenerateRandom", { Length: 0 }, "InvalidParameter", 400);
    }
  }
}

function rsaPair() {
  const { generateKeyPairSync } = process.getBuiltinModule("node:crypto");
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  return { privateKey, publicKeyBlob: publicKey.export({ format: "der", type: "spki" }).toString("base64") };
}

function unwrapped(key: import("node:crypto").KeyObject, exported: unknown): Buffer {
  const { privateDecrypt } = process.getBuiltinModule("node:crypto");
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  return privateDecrypt({ key, ...padding }, Buffer.from(String(exported), "base64"));
}
