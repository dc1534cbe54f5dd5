import { LanelockError } from "../errors.ts";
import { type AuditReport, verifyAuditFiles } from "./audit/verify.ts";
import type { CallOptions } from "./call.ts";
import { MAX_CALLER_CHARACTERS } from "./limits.ts";
import { OPERATIONS } from "./operation-table.ts";
import type * as operations from "./operations/index.ts";
import type { KmsOptions } from "./options.ts";
import type { Capability } from "./ports/index.ts";
import { elements } from "./request-fields.ts";
import { type Operation, Session } from "./session.ts";
import { type SweepResult, settleDue } from "./sweep.ts";

/**
 * A key management service with Alibaba Cloud KMS's model, in this process. Methods, fields, states and errors are the
 * service's, in lower camel case; bytes are `Uint8Array`, dates `Date`. Every method rejects with `KmsError` for what the
 * service refuses, and with `LanelockError` when the store, a provider or the audit log fails.
 *
 * @example
 * await using kms = await Kms.open({ store: sqlStore({ path: "keys.db" }), rootKey: { file: "root.key" } });
 * const { keyMetadata } = await kms.createKey({ keySpec: "Aliyun_AES_256" });
 * await kms.createAlias({ keyId: keyMetadata.keyId, aliasName: "alias/orders" });
 * const encryptionContext = { tenant: "42" };
 * const { ciphertextBlob } = await kms.encrypt({ keyId: "alias/orders", plaintext, encryptionContext });
 * const { plaintext: same } = await kms.decrypt({ ciphertextBlob, encryptionContext });
 */
export class Kms implements AsyncDisposable {
  readonly #session: Session;
  readonly #caller: string;

  private constructor(session: Session, caller: string) {
    this.#session = session;
    this.#caller = caller;
  }

  /**
   * Opens a KMS on a store, creating it at the first opening.
   *
   * @throws LanelockError `ERR_ARGUMENT` for an option that is unknown or wrong, before anything is opened; `ERR_KEY` for a root key that is missing, malformed, readable by others or not this store's;
   * `ERR_STORE` for a store that cannot be opened; `ERR_AUDIT` for an audit file that cannot be written or was tampered with;
   * `ERR_PROVIDER` for a token or key manager that cannot be reached; `ERR_DEPENDENCY` for a package that is not installed.
   * @example
   * await using kms = await Kms.open({ store: sqlStore({ path: "keys.db" }), rootKey: { file: "root.key" } });
   */
  static async open(options: KmsOptions): Promise<Kms> {
    return new Kms(await Session.open(options), "local");
  }

  /**
   * The same KMS on behalf of a caller, whose name of 1 to 256 characters the audit log then holds.
   *
   * @throws LanelockError `ERR_ARGUMENT` for a name that is none
   * @example
   * await kms.as("orders-service").decrypt({ ciphertextBlob });
   */
  as(caller: string): Kms {
    if (typeof caller === "string" && caller !== "" && caller.length <= MAX_CALLER_CHARACTERS) {
      return new Kms(this.#session, caller);
    }
    throw new LanelockError("ERR_ARGUMENT", `A caller's name must be 1 to ${MAX_CALLER_CHARACTERS} characters.`);
  }

  /** Waits for calls in flight, gives back what was reserved, wipes every key, and closes audit log, providers and store. */
  close(): Promise<void> {
    return this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run<Request, Response>(
    operation: Operation<Request, Response>,
    request: Request,
    options: CallOptions | undefined,
  ): Promise<Response> {
    return this.#session.run({ operation, caller: this.#caller }, request, options);
  }

  /** Creates a CMK with its first version; with `origin: "EXTERNAL"` one that waits for imported material. */
  createKey(request: operations.CreateKeyRequest, options?: CallOptions): Promise<operations.CreateKeyResponse> {
    return this.#run(OPERATIONS.createKey, request, options);
  }

  /** Everything about a key but its material. */
  describeKey(request: operations.DescribeKeyRequest, options?: CallOptions): Promise<operations.DescribeKeyResponse> {
    return this.#run(OPERATIONS.describeKey, request, options);
  }

  /** Keys by age, paged and filtered. */
  listKeys(request: operations.ListKeysRequest = {}, options?: CallOptions): Promise<operations.ListKeysResponse> {
    return this.#run(OPERATIONS.listKeys, request, options);
  }

  enableKey(request: operations.KeyIdRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.enableKey, request, options);
  }

  /** No operation uses the key until it is enabled again; other processes obey within `cache.checkMilliseconds`. */
  disableKey(request: operations.KeyIdRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.disableKey, request, options);
  }

  /** Disables a key and deletes it, with the material of all its versions, when the window is over. */
  scheduleKeyDeletion(request: operations.ScheduleKeyDeletionRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.scheduleKeyDeletion, request, options);
  }

  /** Takes a scheduled deletion back; the key is enabled then. */
  cancelKeyDeletion(request: operations.KeyIdRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.cancelKeyDeletion, request, options);
  }

  updateKeyDescription(request: operations.UpdateKeyDescriptionRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.updateKeyDescription, request, options);
  }

  setDeletionProtection(request: operations.SetDeletionProtectionRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.setDeletionProtection, request, options);
  }

  createAlias(request: operations.AliasRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.createAlias, request, options);
  }

  /** Points an alias at another key. */
  updateAlias(request: operations.AliasRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.updateAlias, request, options);
  }

  deleteAlias(request: operations.DeleteAliasRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.deleteAlias, request, options);
  }

  listAliases(request: operations.PageFields = {}, options?: CallOptions): Promise<operations.ListAliasesResponse> {
    return this.#run(OPERATIONS.listAliases, request, options);
  }

  listAliasesByKeyId(
    request: operations.ListAliasesByKeyIdRequest,
    options?: CallOptions,
  ): Promise<operations.ListAliasesResponse> {
    return this.#run(OPERATIONS.listAliasesByKeyId, request, options);
  }

  listKeyVersions(
    request: operations.ListKeyVersionsRequest,
    options?: CallOptions,
  ): Promise<operations.ListKeyVersionsResponse> {
    return this.#run(OPERATIONS.listKeyVersions, request, options);
  }

  describeKeyVersion(
    request: operations.DescribeKeyVersionRequest,
    options?: CallOptions,
  ): Promise<operations.DescribeKeyVersionResponse> {
    return this.#run(OPERATIONS.describeKeyVersion, request, options);
  }

  /** Switches automatic rotation on or off. */
  updateRotationPolicy(request: operations.UpdateRotationPolicyRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.updateRotationPolicy, request, options);
  }

  /** Ours: gives a symmetric key a new primary version now. Old ciphertext decrypts for ever. */
  rotateKey(request: operations.KeyIdRequest, options?: CallOptions): Promise<operations.RotateKeyResponse> {
    return this.#run(OPERATIONS.rotateKey, request, options);
  }

  /** Encrypts up to 6,144 bytes under the key's primary version. */
  encrypt(request: operations.EncryptRequest, options?: CallOptions): Promise<operations.EncryptResponse> {
    return this.#run(OPERATIONS.encrypt, request, options);
  }

  /** Decrypts a blob with the key and version it names. */
  decrypt(request: operations.DecryptRequest, options?: CallOptions): Promise<operations.DecryptResponse> {
    return this.#run(OPERATIONS.decrypt, request, options);
  }

  /** Decrypts a blob and encrypts the plaintext under another key, without showing it. */
  reEncrypt(request: operations.ReEncryptRequest, options?: CallOptions): Promise<operations.ReEncryptResponse> {
    return this.#run(OPERATIONS.reEncrypt, request, options);
  }

  /** Draws a data key and encrypts it: the start of every envelope. */
  generateDataKey(
    request: operations.GenerateDataKeyRequest,
    options?: CallOptions,
  ): Promise<operations.GenerateDataKeyResponse> {
    return this.#run(OPERATIONS.generateDataKey, request, options);
  }

  generateDataKeyWithoutPlaintext(
    request: operations.GenerateDataKeyRequest,
    options?: CallOptions,
  ): Promise<operations.GenerateDataKeyWithoutPlaintextResponse> {
    return this.#run(OPERATIONS.generateDataKeyWithoutPlaintext, request, options);
  }

  /** Ours: random bytes. */
  generateRandom(
    request: operations.GenerateRandomRequest,
    options?: CallOptions,
  ): Promise<operations.GenerateRandomResponse> {
    return this.#run(OPERATIONS.generateRandom, request, options);
  }

  /** {@link generateDataKeyWithoutPlaintext}, and the data key under somebody's public key besides. */
  generateAndExportDataKey(
    request: operations.GenerateAndExportDataKeyRequest,
    options?: CallOptions,
  ): Promise<operations.GenerateAndExportDataKeyResponse> {
    return this.#run(OPERATIONS.generateAndExportDataKey, request, options);
  }

  /** Decrypts a data key and encrypts it under somebody's public key, without showing it. */
  exportDataKey(
    request: operations.ExportDataKeyRequest,
    options?: CallOptions,
  ): Promise<operations.ExportDataKeyResponse> {
    return this.#run(OPERATIONS.exportDataKey, request, options);
  }

  /** Gives an asymmetric key another version, at least 7 days after the last. */
  createKeyVersion(
    request: operations.CreateKeyVersionRequest,
    options?: CallOptions,
  ): Promise<operations.CreateKeyVersionResponse> {
    return this.#run(OPERATIONS.createKeyVersion, request, options);
  }

  /** Encrypts a little under a public key: the ciphertext is the standard's, with nothing of ours around it. */
  asymmetricEncrypt(
    request: operations.AsymmetricEncryptRequest,
    options?: CallOptions,
  ): Promise<operations.AsymmetricEncryptResponse> {
    return this.#run(OPERATIONS.asymmetricEncrypt, request, options);
  }

  asymmetricDecrypt(
    request: operations.AsymmetricDecryptRequest,
    options?: CallOptions,
  ): Promise<operations.AsymmetricDecryptResponse> {
    return this.#run(OPERATIONS.asymmetricDecrypt, request, options);
  }

  /** Signs a digest of 32 bytes as it is, or a message. */
  asymmetricSign(
    request: operations.AsymmetricSignRequest,
    options?: CallOptions,
  ): Promise<operations.AsymmetricSignResponse> {
    return this.#run(OPERATIONS.asymmetricSign, request, options);
  }

  /** Whether a signature is good; a bad one is `value: false`, no error. */
  asymmetricVerify(
    request: operations.AsymmetricVerifyRequest,
    options?: CallOptions,
  ): Promise<operations.AsymmetricVerifyResponse> {
    return this.#run(OPERATIONS.asymmetricVerify, request, options);
  }

  getPublicKey(
    request: operations.GetPublicKeyRequest,
    options?: CallOptions,
  ): Promise<operations.GetPublicKeyResponse> {
    return this.#run(OPERATIONS.getPublicKey, request, options);
  }

  /** A public key to wrap material with and a token to import it by, for a key of origin EXTERNAL; both serve for 24 hours. */
  getParametersForImport(
    request: operations.GetParametersForImportRequest,
    options?: CallOptions,
  ): Promise<operations.GetParametersForImportResponse> {
    return this.#run(OPERATIONS.getParametersForImport, request, options);
  }

  /** Gives a key of origin EXTERNAL its material, or the same again, with another expiry if that is wanted. */
  importKeyMaterial(request: operations.ImportKeyMaterialRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.importKeyMaterial, request, options);
  }

  /** Destroys imported material; the key then waits for the same material to be imported again. */
  deleteKeyMaterial(request: operations.KeyIdRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.deleteKeyMaterial, request, options);
  }

  /** Ours, with `allowSeeding`: makes a key of given material under given ids, for tests that must repeat. */
  seedKey(request: operations.SeedKeyRequest, options?: CallOptions): Promise<operations.SeedKeyResponse> {
    return this.#run(OPERATIONS.seedKey, request, options);
  }

  tagResource(request: operations.TagResourceRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.tagResource, request, options);
  }

  untagResource(request: operations.UntagResourceRequest, options?: CallOptions): Promise<void> {
    return this.#run(OPERATIONS.untagResource, request, options);
  }

  listResourceTags(
    request: operations.KeyIdRequest,
    options?: CallOptions,
  ): Promise<operations.ListResourceTagsResponse> {
    return this.#run(OPERATIONS.listResourceTags, request, options);
  }

  /** Carries out now every deletion, expiry and rotation that is due; the KMS does so by itself every minute. */
  sweep(): Promise<SweepResult> {
    return this.#session.during(() => settleDue(this.#session.core));
  }

  /** What the providers offer: every KeySpec and algorithm, where its secret is kept, and what is missing. */
  capabilities(): readonly (Capability & { readonly provider: string })[] {
    return [...this.#session.core.providers].flatMap((provider) =>
      provider.capabilities().map((capability) => ({ provider: provider.name, ...capability })),
    );
  }

  /**
   * Checks the audit files of this store, and others given, against their chains and anchors: changed, removed or reordered
   * lines, rewritten or missing files, and tails cut behind the last anchor are found.
   */
  verifyAudit(request: { readonly files?: readonly string[] } = {}): Promise<AuditReport> {
    return this.#session.during(async () => {
      const files = filesOf(request);
      const { core } = this.#session;
      await core.audit.flush();
      return verifyAuditFiles({ anchors: await core.read((rows) => rows.anchors()), keys: core.keys, files });
    });
  }
}

const MAX_FILES = 10_000;

function filesOf(request: { readonly files?: readonly string[] }): readonly string[] {
  const files: unknown = typeof request === "object" && request !== null ? request.files : null;
  const paths = files === undefined ? [] : elements(files, MAX_FILES);
  if (paths?.every(isPath)) return paths;
  throw new LanelockError("ERR_ARGUMENT", `files must be an array of at most ${MAX_FILES} paths.`);
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !value.includes("\0");
}
