import { LanelockError } from "../errors.ts";
import { type AuditReport, verifyAuditFiles } from "./audit/verify.ts";
import { type KmsOperations, OperationsFacade } from "./facade/operations-facade.ts";
import * as operations from "./operations/index.ts";
import type { Operation } from "./operations/operation.ts";
import { runnable } from "./operations/operation-table.ts";
import { MAX_CALLER_CHARACTERS } from "./policy/limits.ts";
import type { CallOptions } from "./ports/call-options.ts";
import type { Capability } from "./ports/index.ts";
import { Gateway } from "./service/gateway.ts";
import type { KmsOptions } from "./service/options.ts";
import { Session } from "./service/session.ts";
import { checkedSweep, type SweepResult } from "./service/sweep.ts";
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
export class Kms extends OperationsFacade implements KmsOperations, AsyncDisposable {
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
    return this.#session.run(runnable(operation), { caller: this.#caller, request, options });
  }

  /**
   * Ours, with `allowSeeding`: makes a key of given material under given ids, for tests that must repeat.
   *
   * @example
   * await kms.seedKey({ keyId: "key-test", keyVersionId, keySpec: "Aliyun_AES_256", material: new Uint8Array(32) });
   */
  seedKey(request: operations.SeedKeyRequest, options?: CallOptions): Promise<operations.SeedKeyResponse> {
    return this.run(operations.seedKey, request, options);
  }

  /**
   * Carries out now every deletion, expiry and rotation that is due; the KMS does so by itself every minute.
   *
   * @throws LanelockError `ERR_INTEGRITY` when the row of a key is gone or is not the latest
   */
  sweep(): Promise<SweepResult> {
    return this.#session.during(() => checkedSweep(this.#session.core));
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
