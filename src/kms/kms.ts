import { LanelockError } from "../errors.ts";
import { type AuditReport, verifyAuditFiles } from "./audit/verify.ts";
import type { CallOptions } from "./core/call.ts";
import { KeyManagement } from "./key-management.ts";
import * as operations from "./operations/index.ts";
import type { Operation } from "./operations/operation.ts";
import { MAX_CALLER_CHARACTERS } from "./policy/limits.ts";
import type { Capability } from "./ports/index.ts";
import { Gateway } from "./service/gateway.ts";
import type { KmsOptions } from "./service/options.ts";
import { Session } from "./service/session.ts";
import { type SweepResult, sweep } from "./service/sweep.ts";
import { type VerifyReport, type VerifyRequest, verifyOpen } from "./service/verify.ts";
import { elements } from "./wire/request-fields.ts";

/**
 * What a server needs of a KMS besides its operations. Not part of the package's interface.
 *
 * @returns `undefined` for anything but a KMS of this copy of the package
 */
export let gatewayOf: (kms: unknown) => Gateway | undefined;

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
export class Kms extends KeyManagement implements AsyncDisposable {
  readonly #session: Session;
  readonly #caller: string;

  static {
    gatewayOf = (kms) =>
      kms !== null && typeof kms === "object" && #session in kms ? new Gateway(kms.#session) : undefined;
  }

  private constructor(session: Session, caller: string) {
    super();
    this.#session = session;
    this.#caller = caller;
  }

  /**
   * Opens a KMS on a store, creating it at the first opening.
   *
   * @throws LanelockError `ERR_ARGUMENT` for an option that is unknown or wrong, before anything is opened; `ERR_KEY` for a root key
   * that is missing, malformed, readable by others or not this store's; `ERR_STORE` for a store that cannot be opened; `ERR_AUDIT`
   * for an audit file that cannot be written or was tampered with; `ERR_PROVIDER` for a token or key manager that cannot be
   * reached; `ERR_DEPENDENCY` for a package that is not installed.
   * @example
   * await using kms = await Kms.open({ store: sqlStore({ path: "keys.db" }), rootKey: { file: "root.key" } });
   */
  static async open(options: KmsOptions): Promise<Kms> {
    return new Kms(await Session.open(options), "local");
  }

  /**
   * The same KMS on behalf of a caller. The audit log records the caller's name, of 1 to 256 characters.
   *
   * @throws LanelockError `ERR_ARGUMENT` for a name of another length or type
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

  protected run<Request, Read, Response>(
    operation: Operation<Request, Read, Response>,
    request: Request,
    options: CallOptions | undefined,
  ): Promise<Response> {
    return this.#session.run(operation, { caller: this.#caller, request, options });
  }

  /**
   * Encrypts 0 to 6,144 bytes under the key's primary version: AES-256-GCM with a random IV of 12 bytes and a tag of 16 (SP 800-38D
   * §8.2.2), unless the key and the request say otherwise. A GCM blob is 64 bytes longer than the plaintext.
   *
   * @example
   * const { ciphertextBlob } = await kms.encrypt({ keyId: "alias/orders", plaintext, encryptionContext: { tenant: "42" } });
   */
  encrypt(request: operations.EncryptRequest, options?: CallOptions): Promise<operations.EncryptResponse> {
    return this.run(operations.encrypt, request, options);
  }

  /**
   * Decrypts a blob with the key and version it names. `InvalidParameter` for `CiphertextBlob` for every fault of it: changed, cut,
   * or made with another encryption context.
   *
   * @example
   * const { plaintext } = await kms.decrypt({ ciphertextBlob, encryptionContext: { tenant: "42" }, keyId: "alias/orders" });
   */
  decrypt(request: operations.DecryptRequest, options?: CallOptions): Promise<operations.DecryptResponse> {
    return this.run(operations.decrypt, request, options);
  }

  /**
   * Decrypts a blob and encrypts the plaintext under another key, or the same key's primary version, without showing it. With
   * `sourceKeyId` it takes what was encrypted under the public key of an RSA key.
   *
   * @example
   * const { ciphertextBlob: moved } = await kms.reEncrypt({ ciphertextBlob, destinationKeyId: "alias/archive" });
   */
  reEncrypt(request: operations.ReEncryptRequest, options?: CallOptions): Promise<operations.ReEncryptResponse> {
    return this.run(operations.reEncrypt, request, options);
  }

  /**
   * Draws a data key of 1 to 1,024 bytes, 32 unless asked, and encrypts it: the start of every envelope.
   *
   * @example
   * const { plaintext, ciphertextBlob } = await kms.generateDataKey({ keyId: "alias/orders", numberOfBytes: 32 });
   */
  generateDataKey(
    request: operations.GenerateDataKeyRequest,
    options?: CallOptions,
  ): Promise<operations.GenerateDataKeyResponse> {
    return this.run(operations.generateDataKey, request, options);
  }

  /**
   * Draws a data key like {@link generateDataKey} and answers with the encrypted key alone, for later use.
   *
   * @example
   * const { ciphertextBlob } = await kms.generateDataKeyWithoutPlaintext({ keyId: "alias/orders" });
   */
  generateDataKeyWithoutPlaintext(
    request: operations.GenerateDataKeyRequest,
    options?: CallOptions,
  ): Promise<operations.GenerateDataKeyWithoutPlaintextResponse> {
    return this.run(operations.generateDataKeyWithoutPlaintext, request, options);
  }

  /**
   * Ours: 1 to 1,024 random bytes.
   *
   * @example
   * const { random } = await kms.generateRandom({ length: 32 });
   */
  generateRandom(
    request: operations.GenerateRandomRequest,
    options?: CallOptions,
  ): Promise<operations.GenerateRandomResponse> {
    return this.run(operations.generateRandom, request, options);
  }

  /**
   * Draws a data key and answers with it encrypted twice: under the CMK, and under a recipient's RSA_2048 key.
   *
   * @example
   * const { exportedDataKey } = await kms.generateAndExportDataKey({ keyId, publicKeyBlob, ...wrapping });
   */
  generateAndExportDataKey(
    request: operations.GenerateAndExportDataKeyRequest,
    options?: CallOptions,
  ): Promise<operations.GenerateAndExportDataKeyResponse> {
    return this.run(operations.generateAndExportDataKey, request, options);
  }

  /**
   * Decrypts a data key and encrypts it under a recipient's RSA_2048 key, without showing it.
   *
   * @example
   * const { exportedDataKey } = await kms.exportDataKey({ ciphertextBlob, publicKeyBlob, ...wrapping });
   */
  exportDataKey(
    request: operations.ExportDataKeyRequest,
    options?: CallOptions,
  ): Promise<operations.ExportDataKeyResponse> {
    return this.run(operations.exportDataKey, request, options);
  }

  /**
   * Encrypts a short plaintext under a public key. The ciphertext is the standard's, without a header. The lengths that fit are at
   * {@link operations.AsymmetricEncryptRequest.plaintext}.
   *
   * @example
   * const { ciphertextBlob } = await kms.asymmetricEncrypt({ keyId, keyVersionId, plaintext });
   */
  asymmetricEncrypt(
    request: operations.AsymmetricEncryptRequest,
    options?: CallOptions,
  ): Promise<operations.AsymmetricEncryptResponse> {
    return this.run(operations.asymmetricEncrypt, request, options);
  }

  /**
   * Decrypts a ciphertext made under the public key. `InvalidParameter` for `CiphertextBlob`, whatever is wrong with it.
   *
   * @example
   * const { plaintext } = await kms.asymmetricDecrypt({ keyId, keyVersionId, ciphertextBlob });
   */
  asymmetricDecrypt(
    request: operations.AsymmetricDecryptRequest,
    options?: CallOptions,
  ): Promise<operations.AsymmetricDecryptResponse> {
    return this.run(operations.asymmetricDecrypt, request, options);
  }

  /**
   * Signs a digest of 32 bytes as it is, or a message.
   *
   * @example
   * const { value } = await kms.asymmetricSign({ keyId, keyVersionId, algorithm: "ECDSA_SHA_256", digest });
   */
  asymmetricSign(
    request: operations.AsymmetricSignRequest,
    options?: CallOptions,
  ): Promise<operations.AsymmetricSignResponse> {
    return this.run(operations.asymmetricSign, request, options);
  }

  /**
   * Verifies a signature. A bad one is `value: false`, no error.
   *
   * @example
   * const { value: good } = await kms.asymmetricVerify({ keyId, keyVersionId, digest, value });
   */
  asymmetricVerify(
    request: operations.AsymmetricVerifyRequest,
    options?: CallOptions,
  ): Promise<operations.AsymmetricVerifyResponse> {
    return this.run(operations.asymmetricVerify, request, options);
  }

  /**
   * The public key of a version, as PEM.
   *
   * @example
   * const { publicKey } = await kms.getPublicKey({ keyId, keyVersionId });
   */
  getPublicKey(
    request: operations.GetPublicKeyRequest,
    options?: CallOptions,
  ): Promise<operations.GetPublicKeyResponse> {
    return this.run(operations.getPublicKey, request, options);
  }

  /** Carries out now every deletion, expiry and rotation that is due; the KMS does so by itself every minute. */
  sweep(): Promise<SweepResult> {
    return this.#session.during(() => sweep(this.#session.core));
  }

  /** What the providers offer: every KeySpec and algorithm, where its secret is kept, and what is missing. */
  capabilities(): readonly (Capability & { readonly provider: string })[] {
    return [...this.#session.core.providers].flatMap((provider) =>
      provider.capabilities().map((capability) => ({ provider: provider.name, ...capability })),
    );
  }

  /**
   * Checks every row of the store, and the audit files: a row that was changed, removed, added or replaced by an older one is found and
   * named, and so is what {@link verifyAudit} finds. For a store that does not open use {@link verifyStore}.
   *
   * @example
   * const { ok, problems } = await kms.verify();
   */
  verify(request: VerifyRequest = {}): Promise<VerifyReport> {
    return this.#session.during(async () => verifyOpen(this.#session.core, filesOf(request)));
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

function filesOf(request: VerifyRequest): readonly string[] {
  const files: unknown = typeof request === "object" && request !== null ? request.files : null;
  const paths = files === undefined ? [] : elements(files, MAX_FILES);
  if (paths?.every(isPath)) return paths;
  throw new LanelockError("ERR_ARGUMENT", `files must be an array of at most ${MAX_FILES} paths.`);
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !value.includes("\0");
}
