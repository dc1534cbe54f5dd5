import { toHex } from "../../shared/encoding.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import type { ContextBinding } from "../wire/context.ts";

/** One operation in the audit log. Holds no secret, no plaintext and no text of an encryption context. */
export interface AuditEvent {
  /** By the KMS's clock. */
  readonly time: Date;
  /** The caller: the name given to `kms.as(…)`, or `system` for due transitions. */
  readonly caller: string;
  /** The service's name of the operation: `Encrypt`. */
  readonly operation: string;
  readonly keyId?: string | undefined;
  readonly keyVersionId?: string | undefined;
  /** HMAC of the encryption context, 32 hex digits: equal contexts have equal digests, and nobody can guess one without the root key. */
  readonly contextDigest?: string | undefined;
  /** `OK`, or the code of the error. */
  readonly outcome: string;
  /** More about the event, such as how many bytes were cut from a torn log, or how many events were lost. */
  readonly note?: string | undefined;
}

/** An event while its operation runs: cheap to make and to fill in, and turned into an {@link AuditEvent} in batches. */
export interface PendingEvent {
  readonly at: number;
  readonly caller: string;
  readonly operation: string;
  keyId: string | undefined;
  keyVersionId: string | undefined;
  context: ContextBinding | undefined;
  outcome: string;
  note: string | undefined;
}

export function pendingEvent(at: number, caller: string, operation: string): PendingEvent {
  return {
    at,
    caller,
    operation,
    keyId: undefined,
    keyVersionId: undefined,
    context: undefined,
    outcome: "OK",
    note: undefined,
  };
}

/** 16 bytes are enough: only a holder of the root key could search for collisions. */
const DIGEST_LENGTH = 16;

export function contextDigest(keys: StoreKeys, context: ContextBinding): string {
  context.digest ??= toHex(keys.keyedDigest("context-digest", context.aad).subarray(0, DIGEST_LENGTH));
  return context.digest;
}

export function finishedEvent(keys: StoreKeys, pending: PendingEvent): AuditEvent {
  const { at, caller, operation, keyId, keyVersionId, context, outcome, note } = pending;
  return {
    time: new Date(at),
    caller,
    operation,
    ...(keyId !== undefined && { keyId }),
    ...(keyVersionId !== undefined && { keyVersionId }),
    ...(context !== undefined && { contextDigest: contextDigest(keys, context) }),
    outcome,
    ...(note !== undefined && { note }),
  };
}
